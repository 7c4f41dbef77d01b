#!/bin/sh
# Letting go: 10,000 planted names, e-mail addresses and codes are in no byte of the event's folder, the
# store and a box's data directory after a purge, and the search that says so has found them before.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/planted.sh
. tests/fake/planted.sh

PEOPLE=10000
EVENT=$DIR/event
BOX=$DIR/box
WORDS=$DIR/words

planted_people $PEOPLE >"$DIR/people.csv"
awk -F, 'NR > 1 { sub(/\.example$/, "", $4); print $2; print $3; print $4; print $1 }' "$DIR/people.csv" >"$WORDS"
is "as many people as were promised" $PEOPLE "$(sed 1d "$DIR/people.csv" | wc -l | tr -d ' ')"

# --- a night ---------------------------------------------------------------------------------------

demo_event "$EVENT"
sed -i "/^\[staff\]/a search = yes" "$EVENT/event.ini"
"$PARVIS" roster import --event "$EVENT" "$DIR/people.csv" >"$DIR/out" 2>&1
is "they are imported" 0 $?
mkdir "$EVENT/lists"
cp "$DIR/people.csv" "$EVENT/lists/export of the seller.csv"
chmod 400 "$EVENT/lists/export of the seller.csv"
iconv -f UTF-8 -t UTF-16 "$DIR/people.csv" >"$EVENT/lists/the same from a spreadsheet.txt"
{ printf x; iconv -f UTF-8 -t UTF-16BE "$DIR/people.csv"; } >"$EVENT/lists/and at an odd place.txt"
echo 2016 | "$PARVIS" kiosk provision --event "$EVENT" --venue numa --door main --pin-stdin \
	>"$DIR/out" 2>"$DIR/err"
is "a bundle with the index of names" 0 $?
{
	echo "tap Devenir cette porte"
	echo "at 19:00:10"
	for i in 0000 0002 0004 0006 0008; do
		echo "code c${i}qzkwv73hd9t"
		echo "wait ADMIT"
	done
	echo "cut"
} >"$DIR/evening.script"
"$KIOSK" --data "$BOX" --bundle "$(ls "$EVENT"/bundles/*.parvis)" --offscreen \
	--script "$DIR/evening.script" >"$DIR/out" 2>"$DIR/err"
is "an evening that is cut off" 0 $?
[ -s "$BOX/log.db" ] || sed 's/^/# /' "$DIR/err"
"$PARVIS" collect --event "$EVENT" "$BOX" >"$DIR/out" 2>&1
is "its rows are collected" "5" "$("$PARVIS" report --event "$EVENT" --format csv 2>/dev/null |
	sed -n 's/^night,,entries,,,\([0-9]*\).*/\1/p')"
# What a printer was never asked for, and what a cut leaves beside a database.
printf 'Xbabakebaro Qbabakebamel' >"$BOX/print.db-journal"
cp "$EVENT/people.db" "$EVENT/people.db-wal"
planted_hits "before: the search finds them in the event's folder" 1 "$WORDS" "$EVENT"
planted_hits "before: … and in what the box has of a printer" 1 "$WORDS" "$BOX"

# --- not yet ---------------------------------------------------------------------------------------

sed -i 's/^opens = .*/opens = 2090-12-08T19:00:00+01:00/; s/^closes = .*/closes = 2090-12-08T23:30:00+01:00/' \
	"$EVENT/event.ini"
printf '\n[privacy]\nnames_days = 366\n' >>"$EVENT/event.ini"
"$PARVIS" purge --event "$EVENT" --box "$BOX" >"$DIR/out" 2>"$DIR/err"
is "before the days are over nothing is erased, and it says until when" "1 1" \
	"$? $(grep -c 2091-12-0 "$DIR/err")"
"$PARVIS" purge --event "$EVENT" --box "$BOX" --dry-run >"$DIR/out" 2>"$DIR/err"
is "a dry run lists what would go" "0 1" "$? $(grep -c 'export of the seller' "$DIR/out")"
is "… and erases nothing" "yes" "$([ -s "$EVENT/people.db" ] && [ -s "$BOX/print.db-journal" ] && echo yes)"

# --- not there -------------------------------------------------------------------------------------

mkdir -p "$DIR/home/photos"
echo "the only copy" >"$DIR/home/photos/diary"
"$PARVIS" purge --box "$DIR/home" >"$DIR/out" 2>"$DIR/err"
is "a folder that is no box's data is not touched" "1 1 the only copy" \
	"$? $(grep -c 'no log.db' "$DIR/err") $(cat "$DIR/home/photos/diary")"
"$PARVIS" purge --box "$EVENT" >"$DIR/out" 2>"$DIR/err"
is "nor an event's" "1 1 yes" \
	"$? $(grep -c 'give it as --event' "$DIR/err") $([ -s "$EVENT/keys/issuing.key" ] && echo yes)"
flock "$BOX/log.lock" "$PARVIS" purge --event "$EVENT" --box "$BOX" --now >"$DIR/out" 2>"$DIR/err"
is "nor a box whose program is running" "1 1 yes" \
	"$? $(grep -c 'is running' "$DIR/err") $([ -s "$EVENT/people.db" ] && echo yes)"
# What cannot be erased stays in its way; what says who people are goes last, so that it is found again.
mkdir "$EVENT/zz"
cp "$DIR/people.csv" "$EVENT/zz/list.csv"
"$PARVIS" purge --event "$EVENT" --now --dry-run >"$DIR/out" 2>"$DIR/err"
is "people.db goes after all that is found with it" "list.csv people.db" \
	"$(sed -n 's/.*"file": ".*\(list\.csv\|people\.db\)".*/\1/p' "$DIR/out" | tail -2 | tr '\n' ' ' | sed 's/ $//')"

# --- now -------------------------------------------------------------------------------------------

start=$(date +%s%N)
"$PARVIS" purge --event "$EVENT" --box "$BOX" --now >"$DIR/out" 2>"$DIR/err"
is "the purge" "0 " "$? $(cat "$DIR/err")"
took=$((($(date +%s%N) - start) / 1000000))
echo "# $took ms: $(cat "$DIR/out")"
planted_hits "after: event, store and box" 0 "$WORDS" "$EVENT" "$BOX"
is "no list is left, in UTF-16 either" "" "$(ls "$EVENT/lists" 2>/dev/null)"
is "rows stay, which are numbers now" "5" \
	"$("$PARVIS" log --data "$BOX" --csv 2>/dev/null | grep -c ADMIT)"
is "settings, names and keys of the box are gone" "" "$(cd "$BOX" && find . -path './box*' -o -name 'device.key')"
is "the event's own files are there" 3 \
	"$(cd "$EVENT" && ls event.ini keys/issuing.key night.db 2>/dev/null | wc -l | tr -d ' ')"
receipt=$(ls "$EVENT"/purged-*.json)
is "the receipt names what was erased, and for how many people" "1 1 1" \
	"$(grep -c 'people.db"' "$receipt") $(grep -c 'export of the seller' "$receipt") $(grep -c "\"people\": $PEOPLE" "$receipt")"
is "… signed" 1 "$(grep -c '"signature": "[0-9a-f]\{128\}"' "$receipt")"
"$PARVIS" purge --event "$EVENT" --now >"$DIR/out" 2>"$DIR/err"
is "once more: nothing left to do" "0 1" "$? $(grep -c '^0 files erased, 0 left' "$DIR/out")"
"$PARVIS" report --event "$EVENT" --format json >"$DIR/out" 2>"$DIR/err"
is "the report can still be made" "0" $?

# A box alone, with as much as a large event gives it.
mkdir -p "$BOX/box/1"
head -c 50000000 /dev/zero | tr '\0' 'x' >"$BOX/box/1/roster.db"
start=$(date +%s%N)
"$PARVIS" purge --box "$BOX" >"$DIR/out" 2>"$DIR/err"
status=$?
took=$((($(date +%s%N) - start) / 1000000))
is "a box alone, 50 MB: its receipt on standard output" "0 1" \
	"$status $(grep -c 'box/1/roster.db' "$DIR/out")"
is "… within two seconds ($took ms)" "yes" "$([ $took -le 2000 ] && echo yes)"
"$PARVIS" purge >"$DIR/out" 2>"$DIR/err"
is "of nothing" 2 $?
"$PARVIS" purge --box "$DIR/none" >"$DIR/out" 2>"$DIR/err"
is "of a box that is not there" 3 $?
done_testing
