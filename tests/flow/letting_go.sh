#!/bin/sh
# The whole of letting go, with a real PostgreSQL as the store: who came, what is held about one person and
# its erasure, and then one purge of the event's folder, two boxes, two sticks and the store, after which
# no planted name, address or code is in any byte of them, nor of the database's own files.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/planted.sh
. tests/fake/planted.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_postgresql; then
	echo "1..0 # skipped: PostgreSQL is not installed"
	exit 0
fi

EVENT=$DIR/event
ADA=ada0qzkwv73hd9t
MAIL=Ada.Quellmann@planted.example

cat >"$DIR/people.csv" <<-END
	code,first name,last name,email,type,venue
	$ADA,Adelinda,Quellmann,$MAIL,Pass,numa
	bob0qzkwv73hd9t,Bobertino,Martinelli,bob@planted.example,Pass,numa
	cleo0qzkwv73hd9t,Cleopatra,Petitjean,cleo@planted.example,Pass,laruche
END
printf '%s\n' $ADA $MAIL Adelinda Quellmann >"$DIR/ada"
printf '%s\n' bob0qzkwv73hd9t bob@planted Bobertino Martinelli cleo0qzkwv73hd9t cleo@planted.example \
	Cleopatra Petitjean >"$DIR/others"

# --- a night ---------------------------------------------------------------------------------------

start_postgresql pg
is "PostgreSQL runs" 0 $?
STORE=$POSTGRESQL_URL
demo_event "$EVENT"
"$PARVIS" roster import --event "$EVENT" "$DIR/people.csv" >"$DIR/out" 2>&1
is "they are imported" 0 $?
for door in main side; do
	echo 2016 | "$PARVIS" kiosk provision --event "$EVENT" --venue numa --door $door --pin-stdin \
		>"$DIR/out" 2>"$DIR/err"
	is "a bundle for $door" 0 $?
done
# evening DOOR CODE: with a stick that takes a copy and then a mirror
evening()
{
	mkdir -p "$DIR/stick-$1"
	{
		echo "tap Devenir cette porte"
		echo "at 19:00:10"
		printf 'code %s\nwait ADMIT\n' "$2"
		echo "expect stick ready"
		printf 'press volunteer\ntap 2\ntap 0\ntap 1\ntap 6\ntap Valider\n'
		printf 'tap Clé USB\nexpect screen stick\ntap Copier le journal\nexpect stick mirror\n'
		echo "cut"
	} >"$DIR/$1.script"
	"$KIOSK" --data "$DIR/box-$1" --bundle "$(ls "$EVENT"/bundles/*"$1"*.parvis)" \
		--stick-dir "$DIR/stick-$1" --offscreen --script "$DIR/$1.script" >"$DIR/out" 2>"$DIR/err"
	is "an evening at $1" 0 $?
	[ -s "$DIR/box-$1/log.db" ] || sed 's/^/# /' "$DIR/err"
}
evening main $ADA
evening side bob0qzkwv73hd9t
"$PARVIS" collect --event "$EVENT" --store "$STORE" "$DIR/box-main" "$DIR/stick-side" \
	>"$DIR/out" 2>"$DIR/err"
is "into PostgreSQL, from a box and from a stick" "" "$(grep -i -e error -e failed "$DIR/err")"
cp "$EVENT"/bundles/*side*.parvis "$DIR/stick-side"
mkdir "$DIR/stick-main/papers"
cp "$DIR/people.csv" "$DIR/stick-main/papers/list.csv"

# --- who came --------------------------------------------------------------------------------------

"$PARVIS" attendance --event "$EVENT" --store "$STORE" --came >"$DIR/out" 2>"$DIR/err"
is "who came, from PostgreSQL" "0 2 1 1 0" \
	"$? $(sed 1d "$DIR/out" | wc -l | tr -d ' ') $(grep -c "^\"$ADA\".*\"numa\"" "$DIR/out") $(grep -c Bobertino "$DIR/out") $(grep -c Cleopatra "$DIR/out")"
"$PARVIS" collect --event "$EVENT" "$DIR/box-main" "$DIR/stick-side" >/dev/null 2>&1
"$PARVIS" attendance --event "$EVENT" --came >"$DIR/lite" 2>/dev/null
is "… the same as from a file" same "$(cmp -s "$DIR/out" "$DIR/lite" && echo same)"
rm -f "$EVENT"/night*
"$PARVIS" attendance --event "$EVENT" --store "$STORE" --format pretix --list 7 >"$DIR/out" 2>"$DIR/err"
is "… and as pretix's requests" 2 "$(grep -c '"nonce"' "$DIR/out")"

# --- one person ------------------------------------------------------------------------------------

person()
{
	echo "$MAIL" | "$PARVIS" person --event "$EVENT" --store "$STORE" --box "$DIR/box-main" \
		--box "$DIR/box-side" --stick "$DIR/stick-main" --stick "$DIR/stick-side" --email-stdin \
		"$@" >"$DIR/out" 2>"$DIR/err"
}
person --json
is "access: their row in store, log and mirror" "0 log stick store" \
	"$? $(jq -r '[.rows[].in] | unique | join(" ")' "$DIR/out")"
is "… the list on the stick" 1 "$(jq '[.in_the_clear[] | select(.in == "stick")] | length' "$DIR/out")"
is "… the bundle on a stick, where they may be sealed" 1 \
	"$(jq '[.perhaps_sealed_in[] | select(.in == "stick")] | length' "$DIR/out")"
planted_hits "before: the search finds them" 1 "$DIR/ada" "$EVENT" "$DIR/stick-main"
person --erase
is "erasure" "0 " "$? $(cat "$DIR/err")"
planted_hits "after: nowhere" 0 "$DIR/ada" "$EVENT" "$DIR/box-main" "$DIR/box-side" "$DIR/stick-main" "$DIR/stick-side" \
	"$DIR/pg"
is "the list on the stick has everybody else" "$(grep -vc Quellmann "$DIR/people.csv")" \
	"$(wc -l <"$DIR/stick-main/papers/list.csv" | tr -d ' ')"
"$PARVIS" report --event "$EVENT" --store "$STORE" --format csv 2>/dev/null >"$DIR/report"
is "entries are counted as before" 2 "$(sed -n 's/^night,,entries,,,\([0-9]*\).*/\1/p' "$DIR/report")"

# --- all of them -----------------------------------------------------------------------------------

purge()
{
	"$PARVIS" purge --event "$EVENT" --store "$STORE" --box "$DIR/box-main" --box "$DIR/box-side" \
		--stick "$DIR/stick-main" --stick "$DIR/stick-side" --now "$@" >"$DIR/out" 2>"$DIR/err"
}
# Another event's bundle is not ours to erase.
sed 's/civictech-2016/someone-else-9/' "$DIR/stick-side"/*.parvis >"$DIR/stick-side/other.parvis"
planted_hits "before: the search finds them, sealed copies apart" 1 "$DIR/others" "$EVENT" "$DIR/stick-main"
purge --dry-run
is "a dry run names what is on sticks" "0 $(basename "$DIR"/stick-side/*side*.parvis) papers/list.csv" \
	"$? $(jq -r '[.receipt.erased[] | select(.in == "stick").file] | sort | join(" ")' "$DIR/out")"
is "… and erases nothing" yes "$([ -s "$DIR/stick-main/papers/list.csv" ] && echo yes)"
purge --store "postgresql://parvis@/nowhere?host=$DIR/pg/socket"
is "a store that cannot be opened: nothing is erased" "3 yes" \
	"$? $([ -s "$EVENT/people.db" ] && [ -s "$DIR/stick-main/papers/list.csv" ] && echo yes)"
rm "$EVENT"/purged-*.json
purge
is "one purge of everything" "0 " "$? $(cat "$DIR/err")"
planted_hits "after: event, boxes, sticks and PostgreSQL's own files" 0 "$DIR/others" "$EVENT" "$DIR/box-main" \
	"$DIR/box-side" "$DIR/stick-main" "$DIR/stick-side" "$DIR/pg"
receipt=$(find "$EVENT" -name "purged-*.json" | sort | tail -1)
is "the receipt says where it looked" "store box box stick stick event" \
	"$(jq -r '[.receipt.searched[].in] | join(" ")' "$receipt")"
is "… that the store's rows were among it" "2 database" \
	"$(jq -r '.receipt.searched[] | select(.in == "store") | "\(.rows) \(.of)"' "$receipt")"
is "… what was erased on sticks" "1 1" \
	"$(jq '[.receipt.erased[] | select(.in == "stick" and .file == "papers/list.csv")] | length' "$receipt") $(jq '[.receipt.erased[] | select(.in == "stick" and (.file | endswith(".parvis")))] | length' "$receipt")"
is "… signed, without a password" "1 0" \
	"$(grep -c '"signature": "[0-9a-f]\{128\}"' "$receipt") $(grep -c 'postgresql://' "$receipt")"
is "sealed copies stay, and another event's bundle" "1 1 yes" \
	"$(find "$DIR/stick-main" -name '*.parvis-log' | wc -l) $(find "$DIR/stick-side" -name '*.parvis-log' | wc -l) $([ -s "$DIR/stick-side/other.parvis" ] && echo yes)"
"$PARVIS" collect --event "$EVENT" --store "$STORE" "$DIR/stick-main" >"$DIR/out" 2>&1
is "… and can still be read" 0 "$(grep -c -i damaged "$DIR/out")"
"$PARVIS" purge --box "$DIR/box-main" --stick "$DIR/stick-main" >"$DIR/out" 2>"$DIR/err"
is "a stick without its event" 2 $?
done_testing
