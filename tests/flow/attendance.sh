#!/bin/sh
# Who came: lists of six sellers are imported, two boxes have an evening, their rows are collected, and
# everybody who came in by their code is told with moment, venue and source; nobody else.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

EVENT=$DIR/event
DATA=tests/data/csv
mkdir "$EVENT"
cp assets/demo/event.ini "$EVENT"
printf '\n[badges]\nwalk_in = yes\n' >>"$EVENT/event.ini"

attend()
{
	"$PARVIS" attendance --event "$EVENT" "$@" >"$DIR/out" 2>"$DIR/err"
	status=$?
}

# has NAME REGEX: a line of the output
has()
{
	if [ "$status" = 0 ] && grep -qE -- "$2" "$DIR/out"; then
		ok "$1"
	else
		not_ok "$1" "status $status, or no line like: $2" "$DIR/err" "$DIR/out"
	fi
}

# --- before --------------------------------------------------------------------------------------

signed=$(ticket attendance001 1 0)
cat >"$DIR/mine.csv" <<END
code,name,email,type,venue
$signed,"Zoé ""Zo"" Signée",zoe@example.org,Entrée libre,numa
mine-0000000000000001,"=HYPERLINK(""http://example.org"")",@evil,@Sport,numa
mine-0000000000000002," -2+3",b@example.org,Libre,numa
mine-0000000000000003,Taken Back,c@example.org,Libre,numa
mine-0000000000000004,Only Refused,d@example.org,Libre,laruche
END
attend
is "without a store it says what to do" "3 1" "$status $(grep -c 'parvis collect' "$DIR/err")"
for file in pretix eventbrite helloasso weezevent billetweb-bom; do
	"$PARVIS" roster import --event "$EVENT" "$DATA/$file.csv" >"$DIR/out" 2>&1 ||
		not_ok "$file is imported" "$DIR/out"
done
"$PARVIS" roster import --event "$EVENT" "$DIR/mine.csv" >"$DIR/out" 2>&1 ||
	not_ok "mine.csv is imported" "$DIR/out"
registered=$("$PARVIS" roster list --event "$EVENT" --csv | sed 1d | wc -l | tr -d ' ')

# --- the evening ---------------------------------------------------------------------------------

cat >"$DIR/numa.script" <<END
at 19:04:10
code $signed
wait ADMIT
at 19:05:00
code mine-0000000000000001
wait ADMIT
at 19:06:00
code mine-0000000000000002
wait ADMIT
at 19:06:30
code $signed
wait ALREADY_IN
at 19:07:00
code =Ab+signed|looking/secret0123456789abcdef
wait ADMIT
at 19:08:00
code 1000000000000000000001
wait ADMIT
at 19:09:00
code 1234500000
wait ADMIT
at 19:10:00
code 3760000000000
wait ADMIT
at 19:11:00
code BW00000000
wait ADMIT
at 19:12:00
code mine-0000000000000004
wait WRONG_VENUE
at 19:13:00
code $(ticket attendance002 1 0)
wait ADMIT
at 19:14:00
tap Je n’ai pas de billet
tap z
tap Entrer
wait ADMIT
expect walk_ins 1
at 19:31:00
code mine-0000000000000003
wait ADMIT
at 19:31:20
press volunteer
tap 2
tap 0
tap 1
tap 6
tap Valider
expect screen headcount
expect present 11
tap Annuler le dernier
expect present 10
END
cat >"$DIR/garden.script" <<END
at 20:10:00
code $signed
wait EXIT
END
cat >"$DIR/laruche.script" <<END
at 20:30:00
code 1000000000000000000001
wait ADMIT
END
# play SCRIPT VENUE DATA [OPTION...]
play()
{
	script=$1 venue=$2 data=$3
	shift 3
	"$KIOSK" --event "$EVENT" --venue "$venue" --data "$DIR/$data" --script "$DIR/$script.script" \
		--offscreen "$@" >"$DIR/out" 2>"$DIR/err" && ok "an evening: $script" ||
		not_ok "an evening: $script" "$DIR/err"
}
play numa numa box1
play garden numa box1 --doorway exit --door garden
play laruche laruche box2
"$PARVIS" collect --event "$EVENT" "$DIR/box1" "$DIR/box2" >"$DIR/out" 2>&1
status=$?
[ -s "$EVENT/night.db" ] && ok "their rows are collected" || not_ok "their rows are collected" "$DIR/out"

# --- CSV -----------------------------------------------------------------------------------------

attend
is "it is made, and says how many" \
	"0 8 of $registered registered came; 1 entries of walk-ins; 1 tickets came in that are not registered here" \
	"$status $(cat "$DIR/err")"
is "everybody who is registered has a line" "$((registered + 1))" "$(wc -l <"$DIR/out" | tr -d ' ')"
is "those who came are yes, nobody else" "8 $((registered - 8))" \
	"$(grep -c ',"yes","2016' "$DIR/out") $(grep -c ',"no","","","0",' "$DIR/out")"
has "one who came: moment, venue, source" \
	'^"[^"]*","Zoé ""Zo"" Signée","zoe@example.org","Entrée libre","numa","mine.csv","yes","2016-12-08T19:04:10\+01:00","numa","1",""'
has "one who came to two venues" \
	'^"1000000000000000000001","Anne-Lise Martin",.*,"eventbrite.csv","yes","2016-12-08T19:08:00\+01:00","numa laruche","2",""'
has "one of HelloAsso" '^"1234500000",.*"helloasso.csv","yes","2016-12-08T19:09'
has "one of Weezevent" '^"3760000000000",.*"weezevent.csv","yes","2016-12-08T19:10'
has "one of Billetweb" '^"BW00000000",.*"billetweb-bom.csv","yes","2016-12-08T19:11'
has "an entry that was taken back is none" '^"mine-0000000000000003",.*,"no","","","0",""'
has "nor is a refusal" '^"mine-0000000000000004",.*,"no","","","0",""'
has "no name is a formula" "\"'=HYPERLINK\\(\"\"http://example.org\"\"\\)\",\"'@evil\",\"'@Sport\""
is "nowhere does a cell begin like one" "0" "$(grep -cE "(^|[,;])\" *[=+@|%-]" "$DIR/out")"
cp "$DIR/out" "$DIR/first"
attend
cmp -s "$DIR/first" "$DIR/out" && ok "again: the same bytes" || not_ok "again: the same bytes" "they differ"
attend --came
is "--came: nobody else" 9 "$(wc -l <"$DIR/out" | tr -d ' ')"
attend --source mine.csv
is "--source: nobody else" "6 3 of 5" \
	"$(wc -l <"$DIR/out" | tr -d ' ') $(cut -c 1-6 "$DIR/err")"
attend --out "$DIR/who.csv"
is "a file is for its owner alone" "0 600" "$status $(stat -c %a "$DIR/who.csv")"
cmp -s "$DIR/first" "$DIR/who.csv" && ok "and has the same" || not_ok "and has the same" "it differs"
attend --out "$DIR/no/such.csv"
is "a file that cannot be made" 3 "$status"
"$PARVIS" attendance --event "$EVENT" >/dev/full 2>"$DIR/err"
is "a full disk" 3 $?

# --- the sellers' columns ------------------------------------------------------------------------

# A file in a seller's columns is one that the import takes for that seller's, with the same codes.
for seller in pretix eventbrite helloasso weezevent billetweb; do
	attend --as $seller --source "$(case $seller in billetweb) echo $seller-bom ;; *) echo $seller ;; esac).csv"
	mkdir "$DIR/$seller"
	cp assets/demo/event.ini "$DIR/$seller"
	cp "$DIR/out" "$DIR/$seller.csv"
	"$PARVIS" roster import --event "$DIR/$seller" "$DIR/$seller.csv" >"$DIR/import" 2>&1
	is "--as $seller is read as $seller's" "0 1" "$? $(grep -c "read as $seller " "$DIR/import")"
	codes='s/^"\(\("",\)*[^"]*\)",.*/\1/p'
	"$PARVIS" roster list --event "$DIR/$seller" --csv | sed 1d | sed -n "$codes" | sort >"$DIR/a"
	"$PARVIS" roster list --event "$EVENT" --csv | grep "\"${seller}[a-z-]*.csv\"" |
		sed -n "$codes" | sort >"$DIR/b"
	[ -s "$DIR/a" ] && cmp -s "$DIR/a" "$DIR/b" && ok "… with the same codes" ||
		not_ok "… with the same codes" "$DIR/import" "$(diff "$DIR/a" "$DIR/b" | head -5)"
	is "… and with names" yes \
		"$("$PARVIS" roster list --event "$DIR/$seller" --csv | sed 1d | grep -qvE '^"[^"]*","",' && echo yes)"
done
attend --as eventbrite --source eventbrite.csv
has "in Eventbrite's words" '^"1000000000000000000001",.*,"Checked In",'
is "… and for the others, too" 1 "$(grep -c '"1000000000000000791901".*,"Attending",' "$DIR/out")"

# --- JSON ----------------------------------------------------------------------------------------

attend --format json
python3 - "$DIR/out" "$registered" >"$DIR/checked" 2>&1 <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["event"] == "civictech-2016" and d["registered"] == int(sys.argv[2]) == len(d["people"])
assert (d["came"], d["walk_ins"], d["unregistered"]) == (8, 1, 1), d
who = {p["code"]: p for p in d["people"]}
e = who["1000000000000000000001"]
assert e["came"] and e["first_entry"] == "2016-12-08T18:08:00.000Z", e
assert e["venues"] == ["numa", "laruche"] and e["entries"] == 2 and e["source"] == "eventbrite.csv", e
assert who["mine-0000000000000001"]["name"] == '=HYPERLINK("http://example.org")'
n = who["mine-0000000000000003"]
assert not n["came"] and n["first_entry"] is None and n["venues"] == [] and n["entries"] == 0, n
assert sum(p["came"] for p in d["people"]) == 8
END
is "JSON: whole, and the same" "0 " "$? $(cat "$DIR/checked")"

# --- pretix --------------------------------------------------------------------------------------

attend --format pretix --list 7
cp "$DIR/out" "$DIR/redeem"
python3 - "$DIR/redeem" "$DIR" "$signed" >"$DIR/checked" 2>&1 <<'END'
import json, sqlite3, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
logs = set()
for box in "box1", "box2":
    db = sqlite3.connect(sys.argv[2] + "/" + box + "/log.db")
    logs.add(db.execute("SELECT count(*) FROM entry").fetchone()[0])
assert len(rows) == 10, len(rows) # eight people, one of them twice, one goes out
assert len({r["nonce"] for r in rows}) == 10
mine = sorted((r for r in rows if r["secret"] == sys.argv[3]), key=lambda r: r["datetime"])
assert [(r["type"], r["datetime"]) for r in mine] == [
    ("entry", "2016-12-08T18:04:10.000Z"), ("exit", "2016-12-08T19:10:00.000Z")], mine
for r in rows:
    assert r["lists"] == [7] and r["force"] is True and r["source_type"] == "barcode", r
    device, epoch, seq = r["nonce"].split("-")
    assert len(bytes.fromhex(device)) == 16 and int(epoch) >= 0 and int(seq) > 0, r
END
is "pretix: a body for each entry and exit, each with a nonce of its own" "0 " "$? $(cat "$DIR/checked")"
attend --format pretix --list 7
cmp -s "$DIR/redeem" "$DIR/out" && ok "again: the same nonces" || not_ok "again: the same nonces" "they differ"

# --- wrong use -----------------------------------------------------------------------------------

for options in "--as nobody" "--format xml" "--as pretix --format json" "--list 7" "more" \
	"--format pretix --list x" "--format pretix --list -1"; do
	# shellcheck disable=SC2086
	attend $options
	is "wrong use: $options" "2 " "$status $(cat "$DIR/out")"
done
"$PARVIS" attendance >"$DIR/out" 2>&1
is "without an event" 2 $?
rm "$EVENT/people.db"
attend --out "$DIR/nobody.csv"
is "nobody was imported: nothing is written" "1 1 no" \
	"$status $(grep -c 'roster import' "$DIR/err") $([ -e "$DIR/nobody.csv" ] && echo yes || echo no)"
done_testing
