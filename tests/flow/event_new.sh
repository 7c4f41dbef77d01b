#!/bin/sh
# Making an event: from options, after a model, never over anything, and never half of one. Asking at
# a terminal is event_ask_test.c's; staff cards are tried on the whole kiosk.
. tests/fake/tap.sh

new()
{
	"$PARVIS" event new "$@" </dev/null >"$DIR/out" 2>"$DIR/err"
	status=$?
}

# told NAME STATUS TEXT: how the last `new` ended, and what it said
told()
{
	if [ $status = "$2" ] && grep -qF -- "$3" "$DIR/err"; then
		ok "$1"
	else
		not_ok "$1" "exit $status, expected $2 and: $3" "$DIR/err"
	fi
}

modes()
{
	stat -c '%a' "$@" | tr '\n' ' '
}

full()
{
	new --id nuit --title 'La nuit des « ponts »' --opens 2030-06-01T19:00 \
		--closes 2030-06-02T02:00 --timezone Europe/Paris "$@"
}

# --- from options

full "$DIR/a" --languages 'fr en' --capacity 90 --reentry no \
	--venue 'nord;Salle Nord ; 1 rue du Nord ;40;48.8683;-2.3479' --venue 'sud;' --venue 'est;Été;;0' \
	--item '1;Entrée ; libre' --item '7;' --staff-item 8 --badges yes
is "an event is made from options" 0 $status
is "its files are its owner's alone" "700 600 700 600 " \
	"$(modes "$DIR/a" "$DIR/a/event.ini" "$DIR/a/keys" "$DIR/a/keys/issuing.key")"
is "nothing else is left beside them" "event.ini issuing.key keys " \
	"$(find "$DIR/a" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')"
"$PARVIS" event check "$DIR/a" >"$DIR/out" 2>"$DIR/err"
is "it passes its own check" 0 $?
is "without a word against it" "" "$(cat "$DIR/err")"

value()
{
	sed -n "s/^$1 = //p" "$DIR/${2:-a}/event.ini" | tr '\n' '|'
}

is "title" "La nuit des « ponts »|" "$(value title)"
is "venues are numbered from 1" "1|2|3|" "$(value subevent)"
is "names, with blanks trimmed" "Salle Nord|Été|Entrée ; libre|" "$(value name)"
is "capacities: the event's, then the venues' own" "90|40|0|" "$(value capacity)"
is "places" "48.8683|-2.3479|" "$(value 'l[ao][tn]')"
is "the type of staff cards" "8|" "$(value item)"
is "walk-ins may have a badge" "yes|" "$(value walk_in)"
is "the house speaks" "fr en|" "$(value languages)"
is "no way back in" "no|" "$(value reentry)"
undocumented=$(awk '/^[a-z]+ =/ && !seen[$1]++ && before !~ /^#/ && $1 != "closes" && $1 != "lon" &&
	$1 != "name" { print $1 } { before = $0 }' "$DIR/a/event.ini")
is "every key is explained where it first stands" "" "$undocumented"
"$PARVIS" event show "$DIR/a" --json >"$DIR/json"
is "show tells the capacity that holds" '"capacity":40 "capacity":90 "capacity":null ' \
	"$(grep -o '"capacity":[0-9a-z]*' "$DIR/json" | tr '\n' ' ')"

full "$DIR/b" --venue 'nord;'
is "two events have nothing secret in common" 4 \
	"$(cat "$DIR"/[ab]/event.ini "$DIR"/[ab]/keys/issuing.key | sed -n 's/^hash = //p; s/^ticket = //p' |
		sort -u | wc -l)"
is "nor their keys" 2 "$(cat "$DIR"/[ab]/keys/issuing.key | sort -u | wc -l)"
is "without a PIN it says so" 1 "$(grep -c 'no PIN is set' "$DIR/err")"

# --- after a model

echo 2016 | "$PARVIS" event new "$DIR/demo" --from assets/demo --pin-stdin --title 'Une autre nuit' \
	--venue 'jardin;Le jardin;;;;' >"$DIR/out" 2>"$DIR/err"
is "the demo is a model in one go" 0 $?
"$PARVIS" event check "$DIR/demo" >"$DIR/out" 2>"$DIR/err"
is "and the result is good" 0 $?
for name in demo model; do
	[ $name = demo ] && folder=$DIR/demo || folder=assets/demo
	"$PARVIS" event show "$folder" --json |
		sed 's/Une autre nuit/Nuit de la #CivicTech/; s/,{"id":"jardin".*}\]/]/; s/"staff_item":[0-9a-z]*//' \
			>"$DIR/$name.json"
done
if cmp -s "$DIR/demo.json" "$DIR/model.json"; then
	ok "everything but what was replaced is as in the model"
else
	not_ok "everything but what was replaced is as in the model" "$DIR/demo.json" "$DIR/model.json"
fi
is "a venue that was added gets the first free number" "1" \
	"$(sed -n '/^\[venue jardin\]/,/^$/s/^subevent = //p' "$DIR/demo/event.ini")"
for secret in $(sed -n 's/^ticket = //p; s/^hash = //p; s/^pin = //p' assets/demo/event.ini); do
	grep -qF "$secret" "$DIR/demo/event.ini" && echo "$secret"
done >"$DIR/shared"
is "no key and no PIN of the model is taken over" "" "$(cat "$DIR/shared")"

# --- never over anything

snapshot()
{
	find "$1" -mindepth 1 -printf '%P %m %T@ %i\n' | sort
	find "$1" -type f -exec cat {} +
}

snapshot "$DIR/a" >"$DIR/before"
full "$DIR/a" --venue 'nord;'
told "an event is not overwritten" 1 "event.ini: is there already"
rm "$DIR/b/event.ini"
full "$DIR/b" --venue 'nord;'
told "nor an issuing key" 1 "keys/issuing.key: is there already"
snapshot "$DIR/a" >"$DIR/after"
if cmp -s "$DIR/before" "$DIR/after"; then ok "nothing was touched"; else not_ok "nothing was touched"; fi

mkdir "$DIR/c" && echo x >"$DIR/c/export.csv"
full "$DIR/c" --venue 'nord;'
is "a folder that is there already is filled" 0 $status
is "what was in it stays" x "$(cat "$DIR/c/export.csv")"

mkdir -m 755 "$DIR/d" && mkdir -m 755 "$DIR/d/keys"
full "$DIR/d" --venue 'nord;'
told "a folder of keys that others may enter is refused" 1 "chmod 700"
is "and nothing is put there" "keys" "$(find "$DIR/d" -mindepth 1 -printf '%P')"

# --- never half of one

left()
{
	if [ -e "$DIR/x" ]; then not_ok "$1: nothing is left" "$(find "$DIR/x")"; else ok "$1: nothing is left"; fi
}

new "$DIR/x" --id nuit
told "what is missing is named" 2 "missing, and no terminal to ask at: --title --opens --closes --timezone --venue"
left missing
full "$DIR/x" --venue 'Nord;'
told "a bad identifier" 1 "[venue Nord]: a venue needs an identifier"
left "a bad identifier"
full "$DIR/x" --venue 'nord;' --venue 'nord;'
told "two venues of one name" 1 "[venue nord]: stands on line"
full "$DIR/x" --venue 'nord;' --badges perhaps
told "neither yes nor no" 1 '[badges] walk_in: "perhaps" is neither yes nor no'
full "$DIR/x" --venue 'nord;Nord;;many'
told "a capacity that is none" 1 '[venue nord] capacity: "many" is no number of people'
full "$DIR/x" --venue 'nord;Nord;;;48.1'
told "half a place" 1 "[venue nord] lat: stands alone"
full "$DIR/x" --venue 'nord;Nord;;;48.1;2.1;3'
told "too many parts" 1 "--venue: more than six parts"
full "$DIR/x" --venue 'nord;' --item '999;x'
told "a guest's ticket that would be a staff card" 1 "[staff] item: 999 is a guest's ticket type, [item 999]"
full "$DIR/x" --venue "nord;
pin = 1"
told "a line feed does not smuggle in a key" 1 "--venue: too long, or with characters"
full "$DIR/x" --venue 'nord;' --title "$(printf 'a\033[31m')"
told "nor does an escape sequence pass" 1 "--title: too long, or with characters"
full "$DIR/x" --venue 'nord;' --title "$(printf 'a\342\200\256b')"
told "nor what turns text around" 1 "[event] title: the invisible or control character U+202E"
full "$DIR/x" --venue 'nord;' --title "$(printf '%0400d' 0)"
told "nor a title without end" 1 "--title: too long"
full "$DIR/x" --venue 'nord;' --title "$(printf '%0200d' 0)"
told "nor one that the reader refuses" 1 "[event] title: 200 bytes are too many"
full "$DIR/x" --venue 'nord;' --from "$DIR"
told "a model that is none" 3 "event.ini"
full "$DIR/x" --venue 'nord;' --colour red
told "an option that there is not" 2 "usage: parvis event new"
full "$DIR/no/such/folder" --venue 'nord;'
told "a folder in a folder that is not there" 3 "No such file or directory"
echo 12 | "$PARVIS" event new "$DIR/x" --from assets/demo --pin-stdin >"$DIR/out" 2>"$DIR/err"
status=$?
told "a PIN that is none" 1 "a PIN is 4 to 12 digits"
left "all of these"
set --
n=0
while [ $n -lt 257 ]; do
	n=$((n + 1))
	set -- "$@" --venue "v$n;"
done
full "$DIR/x" "$@"
told "a venue too many" 1 "more than 256 venues"
left "a venue too many"

# A disk with no room left: the file system's own limit on one file, in blocks of 512 bytes.
sh -c 'ulimit -f 1; trap "" XFSZ; exec "$0" event new "$1/x" --from assets/demo' "$PARVIS" "$DIR" \
	</dev/null >"$DIR/out" 2>"$DIR/err"
status=$?
told "no room for event.ini" 3 "event.ini: File too large"
left "no room"

# Killed sooner and later: what stands under a name is whole.
n=0 half=0 made=0
while [ $n -lt 40 ]; do
	n=$((n + 1))
	timeout -s KILL "$(printf '0.%04d' $((n * 10)))" "$PARVIS" event new "$DIR/kill$n" --from assets/demo \
		</dev/null >/dev/null 2>&1
	if [ -e "$DIR/kill$n/event.ini" ]; then
		made=$((made + 1))
		"$PARVIS" event check "$DIR/kill$n" >/dev/null 2>&1 || half=$((half + 1))
	elif [ -e "$DIR/kill$n/keys/issuing.key" ]; then
		[ "$(wc -c <"$DIR/kill$n/keys/issuing.key")" = 65 ] || half=$((half + 1))
	fi
done
echo "# killed 40 times, of which $made too late"
is "killed at any moment, no event and no key is half there" 0 $half

# --- the issuing key in `event check`

full "$DIR/e" --venue 'nord;'
chmod 644 "$DIR/e/keys/issuing.key"
"$PARVIS" event check "$DIR/e" >"$DIR/out" 2>"$DIR/err"
status=$?
told "a key that others may read is found" 1 "chmod 600"
chmod 600 "$DIR/e/keys/issuing.key"
cp "$DIR/a/keys/issuing.key" "$DIR/e/keys/issuing.key"
"$PARVIS" event check "$DIR/e" >"$DIR/out" 2>"$DIR/err"
status=$?
told "a key whose tickets would be refused is found" 1 "the issuing key's public half is missing"
rm -r "$DIR/e/keys"
"$PARVIS" event check "$DIR/e" >"$DIR/out" 2>"$DIR/err"
is "a folder without the key, as on a box, is good" 0 $?

# --- show

"$PARVIS" event show assets/demo >"$DIR/out" 2>"$DIR/err"
is "show: a line for each of ten venues" 10 "$(grep -c '^[a-z0-9]* .* - ' "$DIR/out")"
"$PARVIS" roster import --event "$DIR/demo" assets/demo/roster.csv >"$DIR/out" 2>&1
"$PARVIS" event show "$DIR/demo" --json >"$DIR/json"
venue=0
for id in numa jardin; do
	"$PARVIS" event show "$DIR/demo" | awk -v id=$id '$1 == id' >"$DIR/line"
	registered=$(grep -o "\"id\":\"$id\"[^}]*" "$DIR/json" | sed 's/.*"registered"://')
	[ "${registered:-0}" -gt 0 ] && grep -q " $registered " "$DIR/line" && venue=$((venue + 1))
done
is "show: how many are registered, in both forms" 2 $venue
cp -r assets/demo "$DIR/brokers"
printf '[sync]\nbrokers = mqtts://a.example mqtt://b.example:1884\n' >>"$DIR/brokers/event.ini"
"$PARVIS" event show "$DIR/brokers" >"$DIR/out" 2>"$DIR/err"
is "show: the brokers" "brokers: mqtts://a.example mqtt://b.example:1884; every box has the rows of every venue" \
	"$(grep '^brokers' "$DIR/out")"
"$PARVIS" event show "$DIR/brokers" --json >"$DIR/json"
is "show: the brokers, in JSON" 1 "$(grep -cF '"sync":{"brokers":["mqtts://a.example","mqtt://b.example:1884"],"reach":"event","discovery":false}' \
	"$DIR/json")"
"$PARVIS" event show "$DIR/nowhere" >"$DIR/out" 2>"$DIR/err"
is "show: no event" 3 $?
"$PARVIS" event show >"$DIR/out" 2>"$DIR/err"
is "show: wrong use" 2 $?

# --- staff cards

mkdir "$DIR/staff"
awk '{ print } /^\[staff\]/ { print "item = 9" }' assets/demo/event.ini >"$DIR/staff/event.ini"
card=$(ticket staffcard 9 0)
lost=$(ticket lostcard1 9 0)
is "check knows a staff card" 1 \
	"$("$PARVIS" check --event "$DIR/staff" --venue numa --json "$card" | grep -c '"STAFF","kind":"staff"')"
is "of another event it is a type that nobody knows" 1 \
	"$("$PARVIS" check --event assets/demo --venue numa --json "$card" | grep -c '"UNKNOWN","kind":"signed"')"
"$PARVIS" roster revoke --event "$DIR/staff" "$lost" >"$DIR/out" 2>&1
cat >"$DIR/script" <<END
code $card
wait STAFF
expect present 0
expect screen result
at 19:00:05
expect screen pin
tap 2
tap 0
tap 1
tap 6
tap Valider
expect screen headcount
at 19:10:00
code $lost
wait REVOKED
expect screen result
at 19:11:00
code $(ticket staffold1 9 0 0 1000)
wait EXPIRED
at 19:12:00
code $(ticket guest0001 1 0)
wait ADMIT
expect present 1
END
"$KIOSK" --event "$DIR/staff" --venue numa --data "$DIR/data" --script "$DIR/script" --offscreen \
	>"$DIR/out" 2>"$DIR/err"
status=$?
if [ $status = 0 ]; then
	ok "a staff card opens the volunteers' screens with the PIN; a lost or an old one does not"
else
	not_ok "a staff card opens the volunteers' screens with the PIN; a lost or an old one does not" \
		"$DIR/err" "$DIR/out"
fi

done_testing
