#!/bin/sh
# One person: what is held about them is shown, and after their erasure their code, address and name are
# in no byte of the event's folder and the box, while everybody else's data is as it was.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/planted.sh
. tests/fake/planted.sh

EVENT=$DIR/event
BOX=$DIR/box
ADA=ada0qzkwv73hd9t
MAIL=Ada.Quellmann@planted.example

cat >"$DIR/people.csv" <<-END
	code,first name,last name,email,type,venue
	$ADA,Adelinda,Quellmann,$MAIL,Pass,numa
	bob0qzkwv73hd9t,Bob,Martin,bob@planted.example,Pass,numa
	cleo0qzkwv73hd9t,Cleo,Martin,bob@planted.example,Pass,laruche
	dora0qzkwv73hd9t,Dora,Petit,dora@planted.example,Pass,numa
END
printf '%s\n' $ADA $MAIL 'Adelinda Quellmann' Adelinda Quellmann >"$DIR/words"

person()
{
	"$PARVIS" person --event "$EVENT" --box "$BOX" "$@" >"$DIR/out" 2>"$DIR/err"
}

demo_event "$EVENT"
"$PARVIS" roster import --event "$EVENT" "$DIR/people.csv" >"$DIR/out" 2>&1
is "they are imported" 0 $?
mkdir "$EVENT/lists" "$DIR/stick"
cp "$DIR/people.csv" "$EVENT/lists/export of the seller.csv"
chmod 400 "$EVENT/lists/export of the seller.csv"
echo 2016 | "$PARVIS" kiosk provision --event "$EVENT" --venue numa --door main --pin-stdin \
	>"$DIR/out" 2>"$DIR/err"
is "a bundle" 0 $?
{
	echo "tap Devenir cette porte"
	echo "at 19:00:10"
	for code in $ADA bob0qzkwv73hd9t; do
		echo "code $code"
		echo "wait ADMIT"
	done
	echo "expect stick ready"
	printf 'press volunteer\ntap 2\ntap 0\ntap 1\ntap 6\ntap Valider\n'
	printf 'tap Clé USB\nexpect screen stick\ntap Copier le journal\nexpect stick mirror\n'
	echo "cut"
} >"$DIR/evening.script"
"$KIOSK" --data "$BOX" --bundle "$(ls "$EVENT"/bundles/*.parvis)" --stick-dir "$DIR/stick" --offscreen \
	--script "$DIR/evening.script" >"$DIR/out" 2>"$DIR/err"
is "an evening that is cut off" 0 $?
[ -s "$BOX/log.db" ] || sed 's/^/# /' "$DIR/err"
"$PARVIS" collect --event "$EVENT" "$BOX" >"$DIR/out" 2>&1
printf 'Adelinda Quellmann' >"$BOX/print.db-journal"
cp "$EVENT/people.db" "$EVENT/people.db-wal"
planted_hits "before: the search finds them" 1 "$DIR/words" "$EVENT" "$BOX"

# --- access ----------------------------------------------------------------------------------------

person --email nobody@planted.example
is "nobody like that" "1 1" "$? $(grep -c 'nothing is held' "$DIR/err")"
person --code nobody0qzkwv73hd9t --erase
is "… and nothing to erase, nor a receipt" "1 0" "$? $(find "$EVENT" -name 'erased-*' | wc -l)"
echo ada.quellmann@PLANTED.example | "$PARVIS" person --event "$EVENT" --box "$BOX" --email-stdin \
	>"$DIR/out" 2>"$DIR/err"
is "access, the address from standard input" 0 $?
is "… name and code" "1 1" "$(grep -c '^Adelinda Quellmann  Ada' "$DIR/out") $(grep -c "code $ADA" "$DIR/out")"
is "… the roster" 1 "$(grep -c 'in rows and in roster.db' "$DIR/out")"
is "… their row in the store and in the box's log, nobody else's" "1 1 2" \
	"$(grep -c 'ADMIT .*numa/main  (store' "$DIR/out") $(grep -c 'ADMIT .*numa/main  (log' "$DIR/out") $(grep -c ADMIT "$DIR/out")"
is "… the files that have them in the clear" "1 1 1" \
	"$(grep -c 'event  people.db$' "$DIR/out") $(grep -c 'export of the seller' "$DIR/out") $(grep -c 'print.db-journal' "$DIR/out")"
is "… and those where they are sealed" "1 1" \
	"$(grep -c 'event  bundles/' "$DIR/out") $(grep -c 'box .*/roster.db' "$DIR/out")"
is "… nobody else" 0 "$(grep -ciE 'bob|cleo|dora' "$DIR/out")"
echo $ADA | "$PARVIS" person --event "$EVENT" --code-stdin --json >"$DIR/out" 2>"$DIR/err"
is "by code, as JSON" "$MAIL 1 ADMIT" \
	"$(jq -r '[.registrations[0].email, (.rows | length), .rows[0].verdict] | join(" ")' "$DIR/out")"
person --code $ADA --stick "$DIR"/stick/*.parvis-log --json
is "their row in a sealed copy, too" "0 ADMIT" \
	"$? $(jq -r '.rows[] | select(.in == "stick") | .verdict' "$DIR/out")"
person --email bob@planted.example --json
is "one address, two tickets" 2 "$(jq '.registrations | length' "$DIR/out")"

# --- erasure ---------------------------------------------------------------------------------------

"$PARVIS" report --event "$EVENT" --format csv >"$DIR/report" 2>/dev/null
"$PARVIS" roster list --event "$EVENT" --json 2>/dev/null | grep -v Quellmann >"$DIR/others"
[ -s "$DIR/others" ] || "$PARVIS" roster list --event "$EVENT" | grep -v Quellmann >"$DIR/others"
iconv -t UTF-16 "$DIR/people.csv" >"$EVENT/lists/wide.csv"
person --email $MAIL --erase
is "what cannot be rewritten is told" "1 1" "$? $(grep -c 'event  lists/wide.csv' "$DIR/out")"
rm -f "$EVENT/lists/wide.csv"
planted_hits "after: event and box" 0 "$DIR/words" "$EVENT" "$BOX"
is "the rows stay" 2 "$("$PARVIS" log --data "$BOX" --csv 2>/dev/null | grep -c ADMIT)"
"$PARVIS" report --event "$EVENT" --format csv 2>/dev/null | grep ',entries,' >"$DIR/after"
grep ',entries,' "$DIR/report" >"$DIR/before"
is "entries are counted as before" "same" "$(cmp -s "$DIR/before" "$DIR/after" && echo same)"
grep -v Quellmann "$DIR/people.csv" >"$DIR/kept.csv"
is "the list has everybody else, byte for byte" "same" \
	"$(cmp "$DIR/kept.csv" "$EVENT/lists/export of the seller.csv" && echo same)"
for code in bob0qzkwv73hd9t cleo0qzkwv73hd9t dora0qzkwv73hd9t; do
	person --code $code --json
	is "$code is as it was" "0 true true" \
		"$? $(jq -r '.registrations[0] | "\(.in_people) \(.in_roster)"' "$DIR/out")"
done
receipt=$(ls "$EVENT"/erased-*.json)
is "the receipt: what was erased and rows that stay" "1 2 people.db" \
	"$(jq -r '.receipt | "\(.registrations) \(.rows_that_stay) \(.erased[0].file)"' "$receipt")"
is "… signed" 1 "$(grep -c '"signature": "[0-9a-f]\{128\}"' "$receipt")"
person --email $MAIL
is "they are nobody now" 1 $?
"$PARVIS" roster import --event "$EVENT" "$DIR/kept.csv" >"$DIR/out" 2>&1
is "imports go on" 0 $?
"$PARVIS" person --event "$EVENT" >"$DIR/out" 2>"$DIR/err"
is "of whom" 2 $?
"$PARVIS" person --event "$EVENT" --code x --email y >"$DIR/out" 2>"$DIR/err"
is "of two at a time" 2 $?
"$PARVIS" person --event "$EVENT" --code bob0qzkwv73hd9t --stick "$EVENT/event.ini" >"$DIR/out" 2>"$DIR/err"
is "what is no sealed copy" 3 $?
done_testing
