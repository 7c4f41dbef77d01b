#!/bin/sh
# parvis collect --broker with a real mosquitto and a real store: what is acknowledged is committed,
# whatever is killed in between; several at once; who is shut out.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_mosquitto; then
	skip "collecting from a broker" "there is no mosquitto"
	done_testing
fi
EVENT=$DIR/event
ID=civictech-2016
cp -r assets/demo "$EVENT"
mkdir -m 700 "$EVENT/keys"
(umask 077 && echo b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e >"$EVENT/keys/issuing.key")
start_mosquitto broker
URL=mqtt://127.0.0.1:$(server_port broker)

# collect NAME [OPTION...]: in the background; its process is $collector.
collect()
{
	name=$1
	shift
	"$PARVIS" collect --event "$EVENT" --broker "$URL" "$@" >"$DIR/$name.out" 2>"$DIR/$name.err" &
	collector=$!
	at_end "kill -9 $collector 2>/dev/null"
}
until_true()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.1
	done
}
rows()
{
	sqlite3 -readonly "$1" 'SELECT count(*) FROM entry' 2>/dev/null
}
has_rows()
{
	[ "$(rows "$1")" = "$2" ]
}

collect first
"$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 1200 0 10 >"$DIR/boxes" 2>&1
is "every row is acknowledged" 0 $?
is "and is in the store, once" 1200 "$(rows "$EVENT/night.db")"
kill -TERM $collector
wait $collector
is "told to end, it ends well" 0 $?
is "a line tells of all of it" 1 "$(grep -c '^12 boxes, .* 1200 rows' "$DIR/first.out")"

# Killed again and again while rows come: what was acknowledged is there, what was not is sent again.
"$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 2400 300 10 >"$DIR/boxes" 2>&1 &
boxes=$!
at_end "kill -9 $boxes 2>/dev/null"
kills=0
while [ $kills -lt 5 ]; do
	collect killed
	before=$(rows "$EVENT/night.db")
	more_rows() { [ "0$(rows "$EVENT/night.db")" -gt "0$before" ]; }
	until_true more_rows
	kill -9 $collector
	wait $collector 2>/dev/null
	kills=$((kills + 1))
done
collect last
wait $boxes
is "killed five times, every row is acknowledged in the end" 0 $?
is "and is in the store, once" 3600 "$(rows "$EVENT/night.db")"
is "all of them different" 3600 "$(sqlite3 -readonly "$EVENT/night.db" \
	'SELECT count(*) FROM (SELECT DISTINCT device, epoch, seq FROM night)' 2>/dev/null)"

# A second one with a store of its own, while the broker comes and goes.
second=$collector
collect second --store "$DIR/second.db" --json
third=$collector
until_true grep -q "taking rows" "$DIR/second.err"
"$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 600 200 10 >"$DIR/boxes" 2>&1 &
boxes=$!
at_end "kill -9 $boxes 2>/dev/null"
rows_came() { [ "0$(rows "$DIR/second.db")" -gt 0 ]; }
until_true rows_came
kill_server broker
start_mosquitto broker
wait $boxes
is "the broker was away for a while" 0 $?
# The boxes here take the word of either for a row; a row that only one has heard is not sent again.
in_either()
{
	sqlite3 -readonly "$EVENT/night.db" "ATTACH '$DIR/second.db' AS second; SELECT count(*) FROM
		(SELECT device, epoch, seq FROM night UNION SELECT device, epoch, seq FROM second.night)"
}
is "what was acknowledged is with one of them" 4200 "$(in_either)"
first_before=$(rows "$EVENT/night.db")
second_before=$(rows "$DIR/second.db")
"$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 600 0 10 >"$DIR/boxes" 2>&1
is "while both run, every row is acknowledged" 0 $?
until_true has_rows "$EVENT/night.db" $((first_before + 600))
is "and is with the one" $((first_before + 600)) "$(rows "$EVENT/night.db")"
until_true has_rows "$DIR/second.db" $((second_before + 600))
is "and with the other" $((second_before + 600)) "$(rows "$DIR/second.db")"
collect hidden --store "$DIR/geheim.db?password=geheim.db"
until_true grep -q "taking rows" "$DIR/hidden.err"
is "a password does not stay among the arguments" 0 "$(tr '\0' ' ' </proc/$collector/cmdline |
	grep -c 'password=geheim')"
kill -TERM $collector
wait $collector
kill -TERM $second $third
wait $second
wait $third
is "the JSON is some" 0 "$(tail -1 "$DIR/second.out" | node -e '
	const o = JSON.parse(require("fs").readFileSync(0)); process.exit(o.rows === '"$((second_before + 600))"' && o.boxes.length >= 12 ? 0 : 1)
	' >&2; echo $?)"

# --- --once ----------------------------------------------------------------------------------------

"$PARVIS" collect --event "$EVENT" --broker "$URL" --once >"$DIR/once.out" 2>"$DIR/once.err"
is "--once ends by itself where there is nothing to be had" 0 $?
"$PARVIS" collect --event "$EVENT" --broker mqtt://u:geheim@h --once >"$DIR/out" 2>"$DIR/err"
is "an address with a password is refused" 1 $?
is "and the password not repeated" "" "$(grep -h geheim "$DIR/out" "$DIR/err")"
"$PARVIS" collect --broker "$URL" >"$DIR/out" 2>"$DIR/err"
is "without an event it is wrong use" 2 $?
"$PARVIS" collect --event "$EVENT" --broker "$URL" --once \
	--store "postgresql://parvis:geheim@127.0.0.1:1/nowhere" >"$DIR/out" 2>"$DIR/err"
is "a store that is not there" 3 $?
is "its password is told nobody" "" "$(grep -h geheim "$DIR/out" "$DIR/err")"

# --- a box that is shut out ------------------------------------------------------------------------

"$PARVIS" kiosk provision --event "$EVENT" --venue numa --door main >"$DIR/out" 2>"$DIR/err"
"$PARVIS" kiosk provision --event "$EVENT" --venue liberte --door main >"$DIR/out" 2>"$DIR/err"
# The key is the only line of 64 hex digits in a bundle without a roster.
for venue in numa liberte; do
	grep -aoE '^[0-9a-f]{64}$' "$EVENT/bundles/$venue-main.parvis" | tail -1 >"$DIR/$venue.key"
	[ -s "$DIR/$venue.key" ] || grep -aoE '[0-9a-f]{64}$' "$EVENT/bundles/$venue-main.parvis" | tail -1 \
		>"$DIR/$venue.key"
done
collect listed
"$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 "$DIR/numa.key" >"$DIR/boxes" 2>&1
is "a box of the list is taken" 0 $?
"$PARVIS" kiosk revoke --event "$EVENT" numa/main >"$DIR/out" 2>"$DIR/err"
timeout 8 "$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 "$DIR/numa.key" >"$DIR/boxes" 2>&1
is "shut out while the collector runs, it is not" 124 $?
timeout 8 "$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 >"$DIR/boxes" 2>&1
is "nor is one that is not on the list" 124 $?
"$TOOLS/boxes" "$URL" $ID liberte 1 20 0 10 "$DIR/liberte.key" >"$DIR/boxes" 2>&1
is "another one is" 0 $?
is "what was committed before stays" $((first_before + 640)) "$(rows "$EVENT/night.db")"
is "the collector says why" "1 1" "$(grep -c -m1 'refused: .* it is shut out' "$DIR/listed.err") $(grep -c -m1 \
	'refused: .* no box of this event' "$DIR/listed.err")"
kill -TERM $collector
wait $collector
is "and ends" 0 $?
done_testing
