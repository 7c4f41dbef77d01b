#!/bin/sh
# What others see of an event: Debian's mosquitto_sub against the documented topics and schemas, what
# Home Assistant is told, and Debian's Prometheus exporter with the configuration that is written.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh
# shellcheck source=tests/fake/kiosks.sh
. tests/fake/kiosks.sh

if ! have_mosquitto || ! command -v mosquitto_sub >/dev/null; then
	skip "what others see" "there is no mosquitto"
	done_testing
fi
ID=civictech-2016
cp -r assets/demo "$EVENT"
mkdir -m 700 "$EVENT/keys"
start_mosquitto broker
port=$(server_port broker)
URL=mqtt://127.0.0.1:$port
printf '[sync]\nbrokers = %s\ndiscovery = yes\n' "$URL" >>"$EVENT/event.ini"

until_true()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.1
	done
}

mosquitto_sub -h 127.0.0.1 -p "$port" -q 1 -t "parvis/1/$ID/#" -F "%t	%p" >"$DIR/heard" 2>"$DIR/sub.err" &
at_end "kill $! 2>/dev/null"
"$PARVIS" collect --event "$EVENT" --broker "$URL" >"$DIR/collect.out" 2>"$DIR/collect.err" &
collector=$!
at_end "kill -9 $collector 2>/dev/null"
until_true grep -q "taking rows" "$DIR/collect.err"

# The exporter listens to the fleet with what `parvis event broker` has written for this event.
"$PARVIS" event broker --event "$EVENT" --host 127.0.0.1 --out "$DIR/broker-files" >"$DIR/out" 2>"$DIR/err"
config=$DIR/broker-files/prometheus-mqtt-exporter.yaml
is "the exporter's configuration has each venue" "$(grep -c '^\[venue' "$EVENT/event.ini")" \
	"$(grep -c 'prom_name: parvis_present$' "$config")"
exporter=$(command -v prometheus-mqtt-exporter)
if [ -n "$exporter" ]; then
	sed "s,server: .*,server: tcp://127.0.0.1:$port,; /_cert:\|_key:/d" "$config" >"$DIR/exporter.yaml"
	metrics=$("$TOOLS/port" free)
	"$exporter" -config "$DIR/exporter.yaml" -listen-address 127.0.0.1 -listen-port "$metrics" \
		>"$DIR/exporter.log" 2>&1 &
	at_end "kill $! 2>/dev/null"
fi

timeout 120 "$TOOLS/boxes" "$URL" $ID numa,liberte 4 400 0 10 >"$DIR/boxes" 2>&1
is "rows are acknowledged" 0 $?
whole_fleet() { grep -q '/fleet	.*"entries":400' "$DIR/heard"; }
until_true whole_fleet
is "the fleet tells of all of them" 0 $?
python=
for each in python3 /usr/bin/python3; do
	[ -z "$python" ] && "$each" -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null &&
		python=$each
done
# A line that is still being written is not looked at.
sed '$d' "$DIR/heard" >"$DIR/whole"
if [ -n "$python" ]; then
	is "mosquitto_sub hears what the schemas say, on the documented topics" "state ev ack fleet" \
		"$("$python" tests/flow/sync_schema.py check <"$DIR/whole" 2>"$DIR/err" || cat "$DIR/err")"
else
	skip "mosquitto_sub hears what the schemas say" "there is no jsonschema for Python"
fi

timeout 10 mosquitto_sub -h 127.0.0.1 -p "$port" -C 11 -t 'homeassistant/#' -F "%t	%p" >"$DIR/discovery" 2>&1
is "Home Assistant finds a sensor for each venue and one for the event" 11 \
	"$(grep -c '^homeassistant/sensor/parvis_civictech-2016/[a-z0-9_-]*/config	{' "$DIR/discovery")"
is "which reads a figure that is there" ok "$(node -e '
	const fs = require("fs");
	const tell = fs.readFileSync(process.argv[1], "utf8").trim().split("\n").map((l) => l.split("\t"));
	const fleet = fs.readFileSync(process.argv[2], "utf8").trim().split("\n").map((l) => l.split("\t"))
		.filter(([t]) => t.endsWith("/fleet")).pop();
	const message = JSON.parse(fleet[1]);
	for (const [topic, payload] of tell) {
		const c = JSON.parse(payload);
		for (const member of ["name", "unique_id", "state_topic", "value_template", "device"])
			if (!(member in c)) throw new Error(topic + ": no " + member);
		if (c.state_topic !== fleet[0]) throw new Error(c.state_topic);
		const venue = /selectattr\(.venue., .eq., .([a-z0-9_-]+).\)/.exec(c.value_template);
		const figure = venue ? message.venues.find((v) => v.venue === venue[1]).present : message.present;
		if (typeof figure !== "number") throw new Error(topic);
	}
	console.log("ok")' "$DIR/discovery" "$DIR/whole" 2>&1)"

if [ -n "$exporter" ]; then
	exported()
	{
		curl -s "http://127.0.0.1:$metrics/metrics" >"$DIR/metrics" 2>/dev/null
		grep -q '^parvis_event_entries{.*} 400 ' "$DIR/metrics"
	}
	until_true exported
	is "Debian's Prometheus exporter reads the figures with no code of ours" "10 200" \
		"$(grep -c '^parvis_present{' "$DIR/metrics") $(sed -n \
		's/^parvis_entries{.*venue="numa"} \([0-9]*\) .*/\1/p' "$DIR/metrics")"
else
	skip "Debian's Prometheus exporter reads the figures" "there is no prometheus-mqtt-exporter"
fi

# --- real kiosks, by the event's own [sync] --------------------------------------------------------

start_kiosk main --venue numa
start_kiosk side --venue numa
tells main "wait link up 60s" "wait doors 1 60s" "code $(ticket plug000001 1 0)" "wait ADMIT" "wait queued 0 60s"
is "a kiosk has its guest with the collector" 0 $?
tells side "wait present 1 30s" "code $(ticket plug000002 1 0)" "wait ADMIT" "wait queued 0 60s"
is "and the other door too" 0 $?
# kind PART: what mosquitto_sub heard on such topics of the kiosks' own devices.
devices=$(grep '/state	.*"program":"[^t]' "$DIR/heard" | sed 's,.*/d/\([0-9a-f]*\)/state.*,\1,' | sort -u)
of_kiosks()
{
	for device in $devices; do
		sed '$d' "$DIR/heard" | grep "^[^	]*$device"
	done
}
both_say()
{
	[ "$(of_kiosks | grep -c "$1")" -ge 2 ]
}
is "there are two of them" 2 "$(echo "$devices" | grep -c .)"
until_true both_say '/count	.*"entries":2'
is "both count both guests" 0 $?
until_true both_say '/v/numa/'
is "and say what they have" 0 $?
of_kiosks >"$DIR/kiosks"
if [ -n "$python" ]; then
	is "every message of theirs is what the schemas say, counts and haves too" "state count ev have ack" \
		"$("$python" tests/flow/sync_schema.py check <"$DIR/kiosks" 2>"$DIR/err" || cat "$DIR/err")"
else
	skip "every message of theirs is what the schemas say" "there is no jsonschema for Python"
fi
is "we take each" "taken" "$("$TOOLS/sync_say" read <"$DIR/kiosks" | sort -u)"
end_kiosk main
end_kiosk side
kill -TERM $collector
ended $collector
is "the collector ends" 0 $?
done_testing
