#!/bin/sh
# MQTT.js and Ajv out of npm see the documented topics and payloads of a collector, its boxes and two
# real kiosks.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh
# shellcheck source=tests/fake/kiosks.sh
. tests/fake/kiosks.sh

if ! have_mosquitto || ! command -v npm >/dev/null; then
	skip "MQTT.js" "there is no mosquitto or no npm"
	done_testing
fi
mkdir "$DIR/npm"
if ! (cd "$DIR/npm" && npm init -y && timeout 300 npm install --no-audit --no-fund mqtt@5 ajv@8) \
	>"$DIR/npm.log" 2>&1; then
	skip "MQTT.js" "npm cannot be reached"
	done_testing
fi
start_mosquitto broker
URL=mqtt://127.0.0.1:$(server_port broker)
cp -r assets/demo "$EVENT"
printf '[sync]\nbrokers = %s\n' "$URL" >>"$EVENT/event.ini"
cp tests/system/npm_mqtt.mjs "$DIR/npm"
SCHEMAS=$PWD/assets/sync node "$DIR/npm/npm_mqtt.mjs" "$URL" civictech-2016 402 >"$DIR/js.out" 2>&1 &
js=$!
at_end "kill -9 $js 2>/dev/null"
tries=0
until grep -q subscribed "$DIR/js.out" || [ $tries -ge 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
"$PARVIS" collect --event "$EVENT" --broker "$URL" >"$DIR/collect.out" 2>&1 &
collector=$!
at_end "kill -9 $collector 2>/dev/null"
timeout 120 "$TOOLS/boxes" "$URL" civictech-2016 numa,liberte 4 400 0 10 >"$DIR/boxes" 2>&1
is "rows are acknowledged" 0 $?
start_kiosk main --venue numa
start_kiosk side --venue numa
tells main "wait link up 60s" "wait doors 1 60s" "code $(ticket npm0000001 1 0)" "wait ADMIT" "wait queued 0 60s"
is "a kiosk's guest is with the collector" 0 $?
tells side "wait present 1 30s" "code $(ticket npm0000002 1 0)" "wait ADMIT" "wait queued 0 60s"
is "and another's" 0 $?
ended $js 130
is "MQTT.js has heard every kind, and Ajv finds each message valid" "0 ack count ev fleet have state" \
	"$? $(tail -1 "$DIR/js.out")"
end_kiosk main
end_kiosk side
kill -TERM $collector
ended $collector
is "the collector ends" 0 $?
done_testing
