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
demo_event "$EVENT"
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
more_than_none()
{
	[ "0$(rows "$1")" -gt 0 ]
}
has_rows()
{
	[ "$(rows "$1")" = "$2" ]
}

collect first
timeout 120 "$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 1200 0 10 >"$DIR/boxes" 2>&1
is "every row is acknowledged" 0 $?
is "and is in the store, once" 1200 "$(rows "$EVENT/night.db")"
kill -TERM $collector
ended $collector
is "told to end, it ends well" 0 $?
is "a line tells of all of it" 1 "$(grep -c '^12 boxes, .* 1200 rows' "$DIR/first.out")"

# Killed again and again while rows come: what was acknowledged is there, what was not is sent again.
timeout 120 "$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 2400 300 10 >"$DIR/boxes" 2>&1 &
boxes=$!
at_end "kill -9 $boxes 2>/dev/null"
kills=0
while [ $kills -lt 5 ]; do
	collect killed
	before=$(rows "$EVENT/night.db")
	more_rows() { [ "0$(rows "$EVENT/night.db")" -gt "0$before" ]; }
	until_true more_rows
	kill -9 $collector
	ended $collector
	kills=$((kills + 1))
done
collect last
ended $boxes
is "killed five times, every row is acknowledged in the end" 0 $?
is "and is in the store, once" 3600 "$(rows "$EVENT/night.db")"
is "all of them different" 3600 "$(sqlite3 -readonly "$EVENT/night.db" \
	'SELECT count(*) FROM (SELECT DISTINCT device, epoch, seq FROM night)' 2>/dev/null)"

# A second one with a store of its own, while the broker comes and goes.
second=$collector
collect second --store "$DIR/second.db" --json
third=$collector
until_true grep -q "taking rows" "$DIR/second.err"
timeout 120 "$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 600 200 10 >"$DIR/boxes" 2>&1 &
boxes=$!
at_end "kill -9 $boxes 2>/dev/null"
until_true more_than_none "$DIR/second.db"
kill_server broker
start_mosquitto broker
ended $boxes
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
timeout 120 "$TOOLS/boxes" "$URL" $ID numa,liberte,jardin 12 600 0 10 >"$DIR/boxes" 2>&1
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
ended $collector
kill -TERM $second $third
ended $second
ended $third
is "the JSON is some" 0 "$(tail -1 "$DIR/second.out" | node -e '
	const o = JSON.parse(require("fs").readFileSync(0)); process.exit(o.rows === '"$((second_before + 600))"' && o.boxes.length >= 12 ? 0 : 1)
	' >&2; echo $?)"

# --- --once ----------------------------------------------------------------------------------------

# once NAME [OPTION...]: in the background; its process is $once.
once()
{
	name=$1
	shift
	timeout 120 "$PARVIS" collect --event "$EVENT" --once --patience 10 "$@" \
		>"$DIR/$name.out" 2>"$DIR/$name.err" &
	once=$!
	at_end "kill -9 $once 2>/dev/null"
}

# Boxes that are gone without a word: what the broker retains says that they are online.
once nothing --broker "$URL" --store "$DIR/nothing.db"
nothing=$once

# Rows that another collector has acknowledged, of a box that is gone.
collect part --store "$DIR/part.db"
part=$collector
until_true grep -q "taking rows" "$DIR/part.err"
timeout 120 "$TOOLS/boxes" "$URL" $ID jardin 1 60 20 10 >"$DIR/boxes" 2>&1 &
boxes=$!
at_end "kill -9 $boxes 2>/dev/null"
until_true more_than_none "$DIR/part.db"
kill -9 $part
ended $part
collect rest --store "$DIR/rest.db"
ended $boxes
is "the rows of a box that is gone are with two collectors" 0 $?
kill -TERM $collector
ended $collector
missing=$((60 - $(rows "$DIR/rest.db")))
once rest_once --broker "$URL" --store "$DIR/rest.db"
rest=$once

once nobody --broker "mqtt://127.0.0.1:$("$TOOLS/port" free)"
nobody=$once

# An access list that is silent, as mosquitto's is; and a broker that goes away.
echo "topic write parvis/1/#" >"$DIR/silent.acl"
start_mosquitto silent "allow_anonymous true" "acl_file $DIR/silent.acl"
once deaf --broker "mqtt://127.0.0.1:$(server_port silent)" --store "$DIR/deaf.db"
deaf=$once
start_mosquitto short
once cut --broker "mqtt://127.0.0.1:$(server_port short)" --store "$DIR/cut.db"
cut=$once
until_true grep -q "taking rows" "$DIR/cut.err"
kill_server short

ended $nothing
is "--once ends by itself where there is nothing to be had" 0 $?
ended $rest
is "where rows do not come it ends too" 1 $?
is "and says whose" 1 "$(grep -c "not here: $missing rows of jardin/main (.*), which is said to be online" \
	"$DIR/rest_once.err")"
ended $nobody
is "without a broker it fails" 3 $?
is "and says so" 1 "$(grep -c "no broker was reached" "$DIR/nobody.err")"
ended $deaf
is "so it does where the broker's access list lets it hear nothing" 3 $?
is "and says that" 1 "$(grep -c "does not let us hear" "$DIR/deaf.err")"
ended $cut
is "or where it is cut off for good" 3 $?
is "and says that too" 1 "$(grep -c "was lost and did not come back" "$DIR/cut.err")"
timeout 60 "$PARVIS" collect --event "$EVENT" --broker "$URL" --patience 10 >"$DIR/out" 2>"$DIR/err"
is "patience is of --once" 2 $?
"$PARVIS" collect --event "$EVENT" --broker mqtt://u:geheim@h --once >"$DIR/out" 2>"$DIR/err"
is "an address with a password is refused" 1 $?
is "and the password not repeated" "" "$(grep -h geheim "$DIR/out" "$DIR/err")"
"$PARVIS" collect --broker "$URL" >"$DIR/out" 2>"$DIR/err"
is "without an event it is wrong use" 2 $?
timeout 60 "$PARVIS" collect --event "$EVENT" --broker "$URL" --once \
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
timeout 120 "$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 "$DIR/numa.key" >"$DIR/boxes" 2>&1
is "a box of the list is taken" 0 $?
"$PARVIS" kiosk revoke --event "$EVENT" numa/main >"$DIR/out" 2>"$DIR/err"
timeout 8 "$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 "$DIR/numa.key" >"$DIR/boxes" 2>&1
is "shut out while the collector runs, it is not" 124 $?
timeout 8 "$TOOLS/boxes" "$URL" $ID numa 1 20 0 10 >"$DIR/boxes" 2>&1
is "nor is one that is not on the list" 124 $?
timeout 120 "$TOOLS/boxes" "$URL" $ID liberte 1 20 0 10 "$DIR/liberte.key" >"$DIR/boxes" 2>&1
is "another one is" 0 $?
is "what was committed before stays" $((first_before + 640)) "$(rows "$EVENT/night.db")"
is "the collector says why" "1 1" "$(grep -c -m1 'refused: .* it is shut out' "$DIR/listed.err") $(grep -c -m1 \
	'refused: .* no box of this event' "$DIR/listed.err")"
kill -TERM $collector
ended $collector
is "and ends" 0 $?
done_testing
