#!/bin/sh
# Tickets on paper: issued, rasterised, read back, shown, let in, taken back; and what is refused.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

EVENT=$DIR/event
demo_event "$EVENT"
grep -q '^item = ' "$EVENT/event.ini" || echo 'item = 99' >>"$EVENT/event.ini"
AT=2016-12-08T20:00:00+01:00

issue()
{
	run "$PARVIS" ticket issue --event "$EVENT" "$@"
}

# codes FILE: the codes of a list, one a line.
codes()
{
	sed '1d; s/,.*//' "$1"
}

# rasterise FILE.pdf DPI: pages as $DIR/page-*.png
rasterise()
{
	rm -f "$DIR"/page-*.png
	pdftoppm -r "$2" -gray -png "$1" "$DIR/page"
}

run "$PARVIS" ticket --help
says "ticket --help" 0 out '^usage: parvis ticket issue'
run "$PARVIS" ticket
says "ticket without arguments is wrong use" 2 err '^usage: parvis ticket issue'

# --- two hundred, read back ----------------------------------------------------------------------

issue --count 200 --venue numa --out "$DIR/many.pdf" --codes "$DIR/many.csv"
says "two hundred tickets" 0 out '^200 tickets, 200 pages, [0-9]+ a second$'
is "every code differs" 200 "$(codes "$DIR/many.csv" | sort -u | wc -l | xargs)"
is "only the owner reads them" "600 600" \
	"$(stat -c %a "$DIR/many.pdf" "$DIR/many.csv" | xargs)"
is "nothing else is left" "" "$(find "$DIR" -name 'many*.??????' | grep -v '\.pdf$\|\.csv$')"
if command -v pdftoppm >/dev/null; then
	rasterise "$DIR/many.pdf" 100
	"$PARVIS" decode "$DIR"/page-*.png | sed 's/^[^ ]*: //; s/^[^\t]*\t//' >"$DIR/read"
	codes "$DIR/many.csv" | cmp -s - "$DIR/read"
	is "all are read back from pages of 100 pixels an inch" 0 $?

	cp "$DIR/page-001.png" "$DIR/first.png"
	cat >"$DIR/door.script" <<-EOS
		at 20:00:00
		show first.png
		wait ADMIT
		expect lamp green
		expect present 1
	EOS
	run "$KIOSK" --event "$EVENT" --venue numa --data "$DIR/data" --script "$DIR/door.script" \
		--offscreen
	is "a page held to the lens opens the door" 0 $status
	[ $status = 0 ] || sed 's/^/# /' "$DIR/err"

	issue --count 8 --layout sheet --out "$DIR/sheet.pdf" --codes "$DIR/sheet.csv"
	says "eight on a sheet" 0 out '^8 tickets, 1 pages'
	: >"$DIR/read"
	for y in 0 1 2 3; do
		for x in 0 1; do
			pdftoppm -r 150 -gray -png -singlefile -x $((x * 620)) -y $((y * 438)) -W 620 \
				-H 438 "$DIR/sheet.pdf" "$DIR/cell"
			"$PARVIS" decode "$DIR/cell.png" >>"$DIR/read"
		done
	done
	codes "$DIR/sheet.csv" | cmp -s - "$DIR/read"
	is "each is read back where the guillotine leaves it" 0 $?
else
	skip "pages are read back" "there is no pdftoppm"
fi

# --- pictures ------------------------------------------------------------------------------------

issue --count 3 --format png --out "$DIR/png" --codes "$DIR/png.csv"
says "pictures" 0 out '^3 tickets, 3 files'
is "in a directory that is the owner's" 700 "$(stat -c %a "$DIR/png")"
"$PARVIS" decode "$DIR/png/ticket-000002.png" >"$DIR/read"
is "are read back" "$(codes "$DIR/png.csv" | sed -n 2p)" "$(cat "$DIR/read")"
issue --count 1 --format png --out "$DIR/png"
says "a directory with something in it is left alone" 3 err 'not empty'
is "as it was" 3 "$(find "$DIR/png" -type f | wc -l)"
issue --count 2 --format svg --out "$DIR/svg"
says "vectors" 0 out '^2 tickets, 2 files'
head -c 200 "$DIR/svg/ticket-000001.svg" | grep -q '<svg'
is "are SVG" 0 $?

# --- names ---------------------------------------------------------------------------------------

{
	echo 'name,type,venue,mail'
	echo 'Amina Diallo,Délégation OGP,,a@example.org'
	echo '"Müller, Zoë",2,laruche,'
	echo 'أمينة,,numa,'
} >"$DIR/people.csv"
issue --names "$DIR/people.csv" --out "$DIR/people.pdf" --codes "$DIR/people-codes.csv" \
	--from 2016-12-08T19:00+01:00 --until 2016-12-08T21:00+01:00
says "a list of people" 0 out '^3 tickets'
second=$(sed -n '3s/,.*//p' "$DIR/people-codes.csv")
is "the list has their names, types and venues" '"Müller, Zoë",Intervenant·e,laruche' \
	"$(sed -n '3s/^[^,]*,//p' "$DIR/people-codes.csv")"
run "$PARVIS" roster import --event "$EVENT" "$DIR/people-codes.csv"
says "the roster takes it" 0 out '3 '
run "$PARVIS" ticket show --event "$EVENT" --at $AT --json -- "$second"
says "show: signed" 0 out '"kind":"signed"'
says "show: its type" 0 out '"item":2,"item_name":"Intervenant·e"'
says "show: its venue" 0 out '"subevent":14,.*"venue":"laruche"'
says "show: which key" 0 out '"key":"fc4240477c307df6'
says "show: its limits" 0 out '"valid_from":"2016-12-08T19:00:00\+01:00","valid_until":"2016-12-08T21'
says "show: on the roster, by name" 0 out '"on_roster":true,"name":"Müller, Zoë","revoked":false'
says "show: good" 0 out '"verdict":"ADMIT"'
run "$PARVIS" ticket show --event "$EVENT" --at 2016-12-08T22:00+01:00 -- "$second"
says "show: too late" 1 out '^  now +EXPIRED$'
says "show: the short code" 1 out '^  short code +[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$'

run "$PARVIS" ticket revoke --event "$EVENT" -- "$second"
is "revoke" 0 $status
run "$PARVIS" ticket show --event "$EVENT" --at $AT -- "$second"
says "show: revoked" 1 out '^  now +REVOKED$'
run "$PARVIS" ticket revoke --event "$EVENT" --restore -- "$second"
run "$PARVIS" ticket show --event "$EVENT" --at $AT -- "$second"
says "and good again" 0 out '^  now +ADMIT$'
# One character of the signature differs: the 30th from the start, for the text is reversed.
forged=$(echo "$second" | awk '{ c = substr($0, 30, 1)
	print substr($0, 1, 29) (c == "A" ? "B" : "A") substr($0, 31) }')
run "$PARVIS" ticket show --event "$EVENT" -- "$forged"
says "show: forged" 1 out '^  now +FORGED$'
run "$PARVIS" ticket show --event "$EVENT" -- "$(printf 'x\033[31my')"
says "show: no terminal is fooled" 1 out '^x\\x1[bB]\[31my$'

# --- staff ---------------------------------------------------------------------------------------

issue --count 1 --staff --out "$DIR/staff.pdf" --codes "$DIR/staff.csv"
says "a staff card" 0 out '^1 staff cards'
run "$PARVIS" ticket show --event "$EVENT" --json -- "$(codes "$DIR/staff.csv")"
says "is one" 0 out '"kind":"staff".*"verdict":"STAFF"'
issue --count 1 --staff --venue numa --out "$DIR/no.pdf"
says "and is for every venue" 2 err 'leave --venue out'

# --- what is refused, and leaves nothing ---------------------------------------------------------

printf 'name,type,venue\nA,Nothing,\n,,\nB,,nowhere\n' >"$DIR/wrong.csv"
issue --names "$DIR/wrong.csv" --out "$DIR/no.pdf" --codes "$DIR/no.csv"
says "a type that the event does not have, with its line" 1 err 'wrong.csv:2: "Nothing" is no type'
says "a venue that it does not have" 1 err 'wrong.csv:4: "nowhere" is no venue'
printf 'code\nA\n' >"$DIR/wrong.csv"
issue --names "$DIR/wrong.csv" --out "$DIR/no.pdf" --codes "$DIR/no.csv"
says "a list without names" 1 err 'wrong.csv:1: the heading has no column "name"'
issue --count 1 --venue nowhere --out "$DIR/no.pdf"
says "an unknown venue" 2 err 'no such venue'
issue --count 1 --item 4711 --out "$DIR/no.pdf"
says "an unknown type" 2 err 'no \[item\] of that number'
issue --count 1 --from 2016-12-08T21:00 --until 2016-12-08T20:00 --out "$DIR/no.pdf"
says "limits the wrong way round" 2 err 'must be later'
for count in 0 -1 1000001 x 1x ''; do
	issue --count "$count" --out "$DIR/no.pdf"
	says "\"$count\" tickets" 2 err '^usage'
done
issue --count 1 --format png --layout sheet --out "$DIR/no.pdf"
says "pictures have no layout" 2 err '^usage'
chmod 644 "$EVENT/keys/issuing.key"
issue --count 1 --out "$DIR/no.pdf"
says "a key that others can read" 1 err 'issuing.key'
chmod 600 "$EVENT/keys/issuing.key"
sed -i 's/fc4240477c307df6df42fb03cbf46f7f208943c8ce8887412bf816ead28f72ff //' "$EVENT/event.ini"
issue --count 1 --out "$DIR/no.pdf"
says "a key that the doors do not know" 1 err 'event.ini: \[keys\] ticket does not have'
cp assets/demo/event.ini "$EVENT/event.ini"
issue --count 1 --out "$DIR/nowhere/no.pdf"
says "a folder that is not there" 3 err 'nowhere/no.pdf: No such file'

# No process may write more than this: the disk is as good as full.
(
	trap '' XFSZ
	ulimit -f 100
	"$PARVIS" ticket issue --event "$EVENT" --count 100 --out "$DIR/no.pdf" \
		--codes "$DIR/no.csv" >"$DIR/out" 2>"$DIR/err"
)
status=$?
says "a disk that fills" 3 err 'no.pdf: File too large'
"$PARVIS" ticket issue --event "$EVENT" --count 1000000 --out "$DIR/no.pdf" \
	--codes "$DIR/no.csv" >"$DIR/out" 2>"$DIR/err" &
pid=$!
tries=0
until [ -n "$(find "$DIR" -name 'no.pdf.*' -size +0)" ] || [ $tries -gt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
kill -TERM $pid
wait $pid
status=$?
says "one that is stopped" 3 err 'no.pdf: Operation canceled'
is "none of these has left anything" "" "$(find "$DIR" -name 'no.*')"

done_testing
