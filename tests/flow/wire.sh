#!/bin/sh
# What is on the wire: an evening of two kiosks and a collector over plain text, recorded, and
# searched for every name, every e-mail address and every code that was planted.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh
# shellcheck source=tests/fake/kiosks.sh
. tests/fake/kiosks.sh

if ! have_mosquitto || ! command -v node >/dev/null; then
	skip "what is on the wire" "there is no mosquitto or no node"
	done_testing
fi
cp -r assets/demo "$EVENT"
rm -f "$EVENT"/roster.db*
mkdir -m 700 "$EVENT/keys"
printf '[badges]\nwalk_in = yes\n' >>"$EVENT/event.ini"
{
	echo "code,name,email,type,venue"
	i=0
	while [ $i -lt 20 ]; do
		echo "planted-code-$i-zq7x,Plantée Prénom$i Zqxnom$i,planted$i.zq@courriel.example,Entrée libre,numa"
		i=$((i + 1))
	done
} >"$DIR/planted.csv"
"$PARVIS" roster import --event "$EVENT" "$DIR/planted.csv" >"$DIR/out" 2>"$DIR/err"
is "the roster is planted" 0 $?

start_mosquitto broker || exit 1
: >"$DIR/record"
: >"$DIR/proxy"
node tests/tools/record_link.mjs "$(server_port broker)" "$DIR/record" >"$DIR/proxy" 2>&1 &
at_end "kill $! 2>/dev/null"
tries=0
until [ -s "$DIR/proxy" ] || [ $tries -ge 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
url=mqtt://127.0.0.1:$(cat "$DIR/proxy")
"$PARVIS" collect --event "$EVENT" --broker "$url" --any-box >"$DIR/collect.out" 2>"$DIR/collect.err" &
collector=$!
at_end "kill -9 $collector 2>/dev/null"

# does NAME WHAT LINE...
does()
{
	door=$1 what=$2
	shift 2
	if tells "$door" "$@"; then ok "$what"; else not_ok "$what" "$DIR/$door/err"; fi
}
start_kiosk a --venue numa --broker "$url"
start_kiosk b --venue numa --broker "$url"
does a "the first door is connected" "wait link up 20s" "wait doors 1 45s"
does b "and so is the second" "wait link up 20s" "wait doors 1 45s"
i=0
while [ $i -lt 20 ]; do
	door=a
	[ $((i % 2)) = 0 ] || door=b
	tells $door "code planted-code-$i-zq7x" "wait ADMIT" || not_ok "guest $i comes in" "$DIR/$door/err"
	i=$((i + 1))
done
signed=$(ticket wirezqxsigned 1 0)
does a "a signed ticket comes in" "code $signed" "wait ADMIT"
does b "a code that nobody knows does not" "code unknown-zqx-code-99" "wait UNKNOWN"
does b "both doors know of all" "wait present 21 20s"
collected() { [ "$(sqlite3 -readonly "$EVENT/night.db" 'SELECT count(*) FROM entry' 2>/dev/null)" = 22 ]; }
tries=0
until collected || [ $tries -ge 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
collected
is "and so does the collector" 0 $?
end_kiosk a
end_kiosk b
kill -TERM $collector
wait $collector

# --- the search -----------------------------------------------------------------------------------

is "the record is one of what was said" "1 1 1" "$(grep -ac -m1 'parvis/1/civictech-2016/d/[0-9a-f]*/ev' "$DIR/record") \
$(grep -ac -m1 '/count' "$DIR/record") $(grep -ac -m1 'parvis/1/civictech-2016/a/' "$DIR/record")"
{
	sed 1d "$DIR/planted.csv" | cut -d, -f1
	sed 1d "$DIR/planted.csv" | cut -d, -f2
	sed 1d "$DIR/planted.csv" | cut -d, -f2 | tr ' ' '\n' | sort -u
	sed 1d "$DIR/planted.csv" | cut -d, -f3
	echo "$signed"
	echo wirezqxsigned
	echo unknown-zqx-code-99
	printf 'planted-code-3-zq7x' | base64
	printf 'planted-code-3-zq7x' | od -An -tx1 | tr -d ' \n'
} >"$DIR/needles"
is "none of $(wc -l <"$DIR/needles") names, addresses and codes is on the wire" "" \
	"$(grep -aoiF -f "$DIR/needles" "$DIR/record" | sort | uniq -c)"
mosquitto_pub -h 127.0.0.1 -p "$(cat "$DIR/proxy")" -t control -m "Zqxnom7 planted-code-7-zq7x"
tries=0
until grep -aq control "$DIR/record" || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
is "a control that is planted is found" 2 "$(grep -aoiF -f "$DIR/needles" "$DIR/record" | wc -l | tr -d ' ')"
done_testing
