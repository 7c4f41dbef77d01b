#!/bin/sh
# The report of a night, for people and for programs: every form, both languages, the same bytes from
# the same store; page one names what is missing and what is doubtful; who cannot see reads tables.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

EVENT=$DIR/event
cp -r assets/demo "$EVENT"
cp -r assets/demo "$DIR/whole"
"$TOOLS/night_rows" "$EVENT" 2900 >"$DIR/rows" && "$TOOLS/night_rows" "$DIR/whole" 2900 whole >/dev/null
is "two nights, one with faults" 0 $?

# report OPTION...
report()
{
	"$PARVIS" report --event "$EVENT" "$@" >"$DIR/out" 2>"$DIR/err"
}

"$PARVIS" roster import --event "$EVENT" assets/demo/roster.csv >/dev/null 2>&1
for language in fr en; do
	for format in pdf html csv json; do
		report --language $language --format $format --out "$DIR/a.$language.$format"
		is "$language, $format" "0 " "$? $(cat "$DIR/err")"
		report --language $language --out "$DIR/b.$language.$format"
		cmp -s "$DIR/a.$language.$format" "$DIR/b.$language.$format"
		is "… the same bytes once more, the format by the file's name" 0 $?
	done
done

# --- HTML ----------------------------------------------------------------------------------------

# counted PATTERN FILE
counted()
{
	grep -o -- "$1" "$2" | wc -l | tr -d ' '
}

for language in fr en; do
	html=$DIR/a.$language.html
	is "$language: its language is said" 1 "$(counted "<html lang=\"$language\">" "$html")"
	is "$language: nothing is fetched from anywhere" 0 \
		"$(grep -oE '(src|href)="[^#"]|url\(|@import|<script|<link|<img|<iframe' "$html" | wc -l |
			tr -d ' ')"
	is "$language: one title of the first rank" 1 "$(counted '<h1>' "$html")"
	is "$language: every picture has a name and says what it shows" \
		"$(counted '<svg ' "$html") $(counted '<svg ' "$html")" \
		"$(counted '<title id=' "$html") $(counted '<desc id=' "$html")"
	is "$language: every table has a caption" "$(counted '<table>' "$html")" \
		"$(counted '<caption>.' "$html")"
	is "$language: rows and columns have their heads" "yes" \
		"$([ "$(counted 'scope="col"' "$html")" -gt 20 ] &&
			[ "$(counted 'scope="row"' "$html")" -gt 60 ] && echo yes)"
	if command -v xmllint >/dev/null; then
		sed 's/<meta \([^>]*\)>/<meta \1\/>/; s/<!DOCTYPE html>//' "$html" |
			xmllint --noout - 2>"$DIR/err"
		is "$language: every element is closed" "0 " "$? $(head -c 300 "$DIR/err")"
	else
		skip "$language: every element is closed" "there is no xmllint"
	fi
done

front()
{
	sed -n '1,/<section/p' "$1"
}
html=$DIR/a.fr.html
is "page one names what is missing" 1 "$(front "$html" | grep -c 'Il manque 43')"
is "… and where" 1 "$(front "$html" | grep -c 'Il manque 43.*Superpublic')"
is "… the clocks that are in doubt" 1 "$(front "$html" | grep -c 'horloges.*douteuses')"
is "… entries outside the night, tickets that came twice, the outage" 3 \
	"$(front "$html" | grep -cE 'hors de la soirée|deux fois|réseau a été coupé')"
nb=$(printf '\302\240') narrow=$(printf '\342\200\257')
is "figures are set the French way" "yes" "$(front "$html" | grep -q ">2${narrow}[0-9][0-9][0-9]<" &&
	echo yes)"
is "… and hours" "yes" "$(front "$html" | grep -q "19${nb}h${nb}00" && echo yes)"
"$PARVIS" report --event "$DIR/whole" --format html --language en >"$DIR/out"
is "of a whole night nothing is missing, and no clock is doubtful" "0" \
	"$(front "$DIR/out" | grep -cE 'missing from|in doubt|network was out')"

# --- PDF -----------------------------------------------------------------------------------------

if command -v pdfinfo >/dev/null && command -v pdftotext >/dev/null; then
	pdf=$DIR/a.fr.pdf
	pdfinfo "$pdf" >"$DIR/info" 2>&1
	is "the PDF is tagged" 1 "$(grep -c 'Tagged: *yes' "$DIR/info")"
	is "… A4, with its title" 2 "$(grep -cE 'A4|Title: .*CivicTech' "$DIR/info")"
	pdfinfo -struct "$pdf" >"$DIR/struct" 2>&1
	is "… with headings, tables and figures" "yes" "$(grep -q '^ *H1' "$DIR/struct" &&
		grep -q '^ *TH' "$DIR/struct" && grep -q '^ *Figure' "$DIR/struct" && echo yes)"
	pdftotext -l 1 "$pdf" "$DIR/text"
	is "page one of the PDF names what is missing" 1 "$(grep -c 'Il manque' "$DIR/text")"
	pdftotext "$pdf" "$DIR/text"
	is "every venue is in it" 10 "$(grep -cxE 'Numa|Liberté Living Lab|Schoollab|La Ruche|Superpublic|OtherSpace|Make.org|SenseSpace|Les Grands Voisins|LAI18' "$DIR/text" |
		awk '{ print ($1 >= 10 ? 10 : $1) }')"
else
	skip "the PDF" "there is no pdfinfo"
fi

# --- for programs --------------------------------------------------------------------------------

is "the JSON counts what is doubtful" "43" \
	"$(sed -n 's/.*"missing_rows": \([0-9]*\).*/\1/p' "$DIR/a.fr.json" | head -1)"
is "CSV: six columns on every line" 6 \
	"$(awk -F, '{ print NF }' "$DIR/a.fr.csv" | sort -u | tr -d '\n')"
entries=$(sed -n 's/^night,,entries,,,\([0-9]*\).*/\1/p' "$DIR/a.fr.csv")
sum=$(awk -F, '$1 == "venue" && $3 == "entries" { n += $6 } END { print n }' "$DIR/a.fr.csv")
is "CSV: the venues add up to the night" "$entries" "$sum"
is "CSV: no cell is a formula" 0 "$(grep -cE '(^|,)[=+@]' "$DIR/a.fr.csv")"

# Who adds up the CSV and who reads the JSON have the same night; what lies outside of the slots is
# told.
cat >"$DIR/same.py" <<'EOF'
import csv, json, sys
night = json.load(open(sys.argv[1]))
lines = list(csv.DictReader(open(sys.argv[2], newline="")))
value = {(l["section"], l["venue"], l["what"]): int(l["value"]) for l in lines if not l["from"]}
named = {"registered_came": "came", "present": "present_at_end"}
places = [("night", "", night["night"])] + [("venue", v["id"], v) for v in night["venues"]]
for section, who, of in places:
    for name, figure in of.items():
        if type(figure) is not int or name == "peak_present":
            continue
        if value.get((section, who, named.get(name, name))) != figure:
            print(section, who, name, figure)
    arrivals = sum(int(l["value"]) for l in lines if l["section"] == "arrivals" and l["venue"] == who)
    if arrivals + of["entries_outside"] != of["entries"]:
        print(section, who, "arrivals", arrivals)
for name, figure in night["doubts"].items():
    if type(figure) is int and value.get(("doubts", "", name)) != figure:
        print("doubts", name, figure)
for box in night["boxes"]:
    told = {l["what"]: int(l["value"]) for l in lines if l["section"] == "box" and l["from"] == box["box"]}
    for name in ("rows", "openings", "missing", "contradicted", "broken", "unsigned", "outages"):
        if told.get(name) != box[name]:
            print("box", box["box"], name, box[name])
EOF
is "CSV: the figures of the JSON" "" \
	"$(python3 "$DIR/same.py" "$DIR/a.fr.json" "$DIR/a.fr.csv" 2>&1 | head -5)"

# --- what cannot be ------------------------------------------------------------------------------

report --format odt
is "a format that there is not" 2 $?
report --language de
is "a language that there is not" 2 $?
report --date yesterday
is "a date that is none" 2 $?
"$PARVIS" report >"$DIR/out" 2>"$DIR/err"
is "no event" 2 $?
rm -f "$EVENT/night.db"
report --format csv
is "nothing was collected: it says what to do" "3 1" "$? $(grep -c 'parvis collect' "$DIR/err")"
report --out "$DIR/no/where.pdf"
is "a file that cannot be written" 3 $?
done_testing
