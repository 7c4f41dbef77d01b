#!/bin/sh
# Every seller's export, as an organiser hands it in: good ones are taken, again and changed, broken
# ones are refused with the line and the remedy, and nothing of them is kept.
. tests/fake/tap.sh
DATA=tests/data/csv
EVENT=$DIR/event

fresh()
{
	rm -rf "$EVENT"
	mkdir "$EVENT"
	cp assets/demo/event.ini "$EVENT/"
}

import()
{
	"$PARVIS" roster import --event "$EVENT" "$@" >"$DIR/out" 2>"$DIR/err"
	status=$?
}

# Of the one whose name or code is given: COLUMN of the CSV listing, without quotes.
field()
{
	"$PARVIS" roster find --event "$EVENT" --csv "$2" | sed -n 2p | sed 's/^"//; s/"$//' |
		awk -F'","' -v n="$1" '{ gsub(/""/, "\"", $n); print $n }'
}
verdict()
{
	"$PARVIS" check --event "$EVENT" --venue "${2:-numa}" --at 2016-12-08T19:30:00+01:00 \
		-- "$1" 2>&1 | head -1
}
# verdict_is NAME WORD CODE [VENUE]
verdict_is()
{
	case $(verdict "$3" "${4:-numa}") in
	*"$2"*) ok "$1" ;;
	*) not_ok "$1" "expected $2, got: $(verdict "$3" "${4:-numa}")" ;;
	esac
}

# --- every dialect -------------------------------------------------------------------------------

# taken FILE DIALECT ROWS REVOKED
taken()
{
	fresh
	import "$DATA/$1"
	says "$1 is read as $2" 0 out ": read as $2 \("
	says "$1: $3 rows, $4 revoked" 0 out ": $3 registrations: $3 new, 0 updated, 0 unchanged, $4 revoked, 0 restored$"
	import "$DATA/$1"
	says "$1 again changes nothing" 0 out ": $3 registrations: 0 new, 0 updated, $3 unchanged, 0 revoked, 0 restored$"
}

taken pretix.csv pretix 28 0
verdict_is "a secret with = is undone" ADMIT '=Ab+signed|looking/secret0123456789abcdef'
verdict_is "one with + too" ADMIT '+begins/with+plus0123456789abcdefghij'
verdict_is "and one with |" ADMIT '|pipe|first|0123456789abcdefghijkl'
taken pretix-fr.csv pretix 28 0
is "a name of many parts" "🎈 Zoé D'Été; dite \"Zaza\"" "$(field 2 zaza)"
is "one letter is a name" O "$(field 2 6fk9)"
taken eventbrite.csv eventbrite 28 2
verdict_is "who is not attending" REVOKED 1000000000000001583801
taken luma.csv luma 27 1
says "who has no code is left out" 0 out ': 1 without a code were left out'
verdict_is "an address is a code" ADMIT 'https://lu.ma/check-in/evt-Ab3?pk=g-0000000000000005'
verdict_is "who is pending" REVOKED 'https://lu.ma/check-in/evt-Ab3?pk=g-0000000000000002'
taken helloasso.csv helloasso 28 1
is "names in the file's order" "Martin Anne-Lise" "$(field 2 martin)"
taken weezevent.csv weezevent 28 0
is "names in the file's order here too" "Anne-Lise Martin" "$(field 2 martin)"
taken billetweb-bom.csv billetweb 28 1
is "a session is a venue by name" laruche "$(field 4 BW00000031)"
is "and by what its name holds" numa "$(field 4 BW00000062)"
taken billetweb-comma.csv billetweb 28 1
taken billetweb-cp1252.csv billetweb 3 0
says "CP1252 is told" 0 out 'in CP1252'
is "and read" "L’Été Françoise" "$(field 2 francoise)"
taken hievents.csv hievents 28 1
taken generic.csv generic 28 0
is "leading zeros stay" 0000000000000001 "$(field 1 'Łukasz')"

fresh
import --map "code=jeton,name=PERSONNE,venue=ou" "$DATA/unknown.csv"
says "unknown headers are mapped" 0 out ': 28 registrations: 28 new'
is "to a name" "김" "$(field 2 TOKEN-000000000024 | sed 's/.* //')"
is "and a venue" laruche "$(field 4 TOKEN-000000000001)"
import --map "code=nowhere" "$DATA/unknown.csv"
says "a header that is not there is told" 1 err 'has no column "nowhere"'
import --map "colour=jeton" "$DATA/unknown.csv"
says "and a field that is none" 1 err 'is not FIELD=HEADER'
import --dialect weezevent --map code=jeton "$DATA/unknown.csv"
says "a dialect can be told" 0 out 'read as weezevent \(as told'
import --dialect tickets "$DATA/unknown.csv"
says "but must be one" 2 err '^usage'
import --venue nowhere "$DATA/generic.csv"
says "a venue must be one" 2 err 'no such venue'
fresh
import --venue lai18 "$DATA/generic.csv"
is "a venue for all rows" lai18 "$(field 4 00000000000000)"

# --- broken ones ---------------------------------------------------------------------------------

# refused FILE REGEX
refused()
{
	fresh
	printf 'code,name\nKEPT-0123456789abcdefgh,Kept\n' >"$DIR/kept.csv"
	import "$DIR/kept.csv"
	sum=$(sha256sum <"$EVENT/people.db"; sha256sum <"$EVENT/roster.db")
	import "$1"
	says "${1##*/} is refused" 1 err "$2"
	says "${1##*/}: nothing was taken" 1 err 'nothing was taken'
	is "${1##*/}: which is true" "$sum" \
		"$(sha256sum <"$EVENT/people.db"; sha256sum <"$EVENT/roster.db")"
	is "${1##*/}: nothing is left" "event.ini people.db roster.db roster.lock" \
		"$(ls -A "$EVENT" | tr '\n' ' ' | sed 's/ $//')"
}

refused $DATA/pretix-no-secret.csv ':1: an export of pretix, but there is no column Secret'
refused $DATA/eventbrite-no-barcode.csv ':1: an export of eventbrite, but there is no column Barcode #'
refused $DATA/eventbrite-e-notation.csv ':5: a spreadsheet has shortened the code'
refused $DATA/broken-half.csv ':4: the file ends within this row, after 2 of 3 cells'
refused $DATA/broken-cut-row.csv ':4: 3 cells where the heading has 13: the row was cut short'
refused $DATA/broken-open-quote.csv ':3: a quote that opens here is never closed'
refused $DATA/broken-twice.csv ':5: the same code as on line 2: keep one'
refused $DATA/broken-mixed.csv ':3: not UTF-8: export the file again'
refused $DATA/broken-utf16.csv ':1: UTF-16: export the file again'
refused $DATA/broken-no-code.csv ':1: the heading has no column "code"'
refused $DATA/broken-e-notation.csv ':2: a spreadsheet has shortened the code'
refused $DATA/broken-venue.csv ':3: "atlantis" is no venue of the event: there are numa'
{ printf 'code,name\nA,b\nB,"'; head -c 1048576 /dev/zero | tr '\0' x; printf '"\n'; } >"$DIR/long.csv"
refused "$DIR/long.csv" ':3: a cell longer than 4096 bytes begins here'

# --- changes -------------------------------------------------------------------------------------

fresh
line() { printf 'Order #,Attendee Status,First Name,Barcode #,Ticket Type\n1,%s,%s,%s,Free\n' "$@"; }
CODE=55500000000000000000001
line Attending Ada $CODE >"$DIR/a.csv"
import "$DIR/a.csv"
verdict_is "registered" ADMIT $CODE
line Refunded Ada $CODE >"$DIR/a.csv"
import "$DIR/a.csv"
says "a cancelled one is revoked" 0 out ' 0 new, 0 updated, 0 unchanged, 1 revoked, 0 restored$'
verdict_is "at the door too" REVOKED $CODE
line Attending Adah $CODE >"$DIR/a.csv"
import "$DIR/a.csv"
says "back again under another name" 0 out ' 0 new, 1 updated, 0 unchanged, 0 revoked, 1 restored$'
verdict_is "and admitted" ADMIT $CODE
is "the name is the new one" Adah "$(field 2 ada)"
"$PARVIS" roster revoke --event "$EVENT" $CODE >/dev/null
import "$DIR/a.csv"
verdict_is "what was revoked by hand stays so" REVOKED $CODE
"$PARVIS" roster revoke --event "$EVENT" --restore $CODE >/dev/null
verdict_is "until it is restored by hand" ADMIT $CODE
(cat "$DIR/a.csv" | "$PARVIS" roster import --event "$EVENT" - >"$DIR/out" 2>"$DIR/err")
says "from a pipe" 0 out '^standard input: 1 registrations: 0 new, 0 updated, 1 unchanged'

# --- list, find, stats ---------------------------------------------------------------------------

fresh
import $DATA/billetweb-bom.csv $DATA/hievents.csv
"$PARVIS" roster list --event "$EVENT" --venue laruche --json >"$DIR/list.json"
is "a venue's list has those for every venue too" 37 "$(grep -c '"code"' "$DIR/list.json")"
if command -v python3 >/dev/null; then
	python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$DIR/list.json" &&
		ok "it is JSON" || not_ok "it is JSON"
else
	skip "it is JSON" "no python3"
fi
"$PARVIS" roster list --event "$EVENT" --csv >"$DIR/all.csv"
"$PARVIS" roster stats --event "$EVENT" >"$DIR/out"
status=$?
says "figures by venue" 0 out '^laruche: 9 registered, 0 revoked$'
says "and of all" 0 out '^all: 54 registered, 2 revoked$'
says "and by source" 0 out '^  from hievents.csv: 27$'
"$PARVIS" roster stats --event "$EVENT" --json >"$DIR/out"
status=$?
says "as JSON" 0 out '^\{"registered":54,"revoked":2,"venues":\[\{"venue":"","registered":27'
"$PARVIS" roster find --event "$EVENT" nobody >"$DIR/out"
is "nobody is an answer" 1 $?
fresh
"$PARVIS" roster list --event "$EVENT" >"$DIR/out" 2>"$DIR/err"
status=$?
says "before any import" 1 err 'nobody was imported yet'
import "$DIR/all.csv"
says "what list --csv writes can be imported" 0 out ': 56 registrations: 56 new, 0 updated, 0 unchanged, 2 revoked'

# --- who may read what ---------------------------------------------------------------------------

is "people.db is the organiser's alone" 600 "$(stat -c %a "$EVENT/people.db")"
is "names are there" 1 "$(LC_ALL=C grep -c 'Anne-Lise' "$EVENT/people.db" | sed 's/^[1-9].*/1/')"
for secret in Anne-Lise Ольга 花子 BW00000031 A-1000000 b0@example.org; do
	is "roster.db does not hold $secret" 0 "$(LC_ALL=C grep -c -- "$secret" "$EVENT/roster.db")"
done

done_testing
