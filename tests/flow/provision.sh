#!/bin/sh
# From an event folder to boxes that know their door: ten venues, ten bundles, ten boxes; what a box
# refuses, named on its screen; adoption killed again and again.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

EVENT=$DIR/event
STICK=$DIR/stick
mkdir "$STICK"

# event DIR [SEED]: the demo event, with a key of its own where one is given, and its roster.
event()
{
	demo_event "$@"
	"$PARVIS" roster import --event "$1" assets/demo/roster.csv >/dev/null 2>"$DIR/err" ||
		not_ok "the roster is imported" "$DIR/err"
}

# provision VENUE DOOR [OPTION...]: the bundle is $STICK/VENUE-DOOR.parvis
provision()
{
	venue=$1 door=$2
	shift 2
	"$PARVIS" kiosk provision --event "$EVENT" --venue "$venue" --door "$door" \
		--out "$STICK/$venue-$door.parvis" "$@" >"$DIR/out" 2>"$DIR/err"
}

# box NAME [OPTION...] <SCRIPT: plays the script on the box NAME; sets $status.
box()
{
	box=$1
	shift
	cat >"$DIR/script"
	"$KIOSK" --data "$DIR/$box" --offscreen --script "$DIR/script" --shots "$DIR/shots" \
		"$@" >"$DIR/out" 2>"$DIR/err"
	status=$?
}

event "$EVENT"

# --- ten of each ---------------------------------------------------------------------------------

venues=$(sed -n 's/^\[venue \(.*\)\]$/\1/p' assets/demo/event.ini)
made=0
for venue in $venues; do
	if provision "$venue" main; then
		made=$((made + 1))
	else
		not_ok "provision $venue" "$DIR/err"
	fi
done
is "a bundle for each of ten venues" 10 "$made"
"$PARVIS" kiosk show "$STICK"/*.parvis >"$DIR/shown" 2>&1
is "each has a hash and a serial of its own" "10 10" "$(sed 's/.*: \([A-Z2-7]\{4\}-[A-Z2-7]\{4\}\):.*/\1/' \
	"$DIR/shown" | sort -u | wc -l | tr -d ' ') $(grep -o 'serial [0-9]*' "$DIR/shown" | sort -u | wc -l |
	tr -d ' ')"
is "the organiser's key is in none" "" "$(grep -laF "$DEMO_SEED" "$STICK"/*.parvis)"
cut -d, -f2 assets/demo/roster.csv | sed 1d | grep -E '.{5}' >"$DIR/names"
is "a bundle is its owner's alone" 10 "$(find "$STICK" -name '*.parvis' -perm 600 | wc -l | tr -d ' ')"
is "the boxes are listed, each another device" "10 10" "$(wc -l <"$EVENT/keys/boxes" | tr -d ' ') $(cut -d' ' -f1 \
	"$EVENT/keys/boxes" | sort -u | wc -l | tr -d ' ')"
is "no name of the roster is in any" "" "$(grep -laF -f "$DIR/names" "$STICK"/*.parvis)"

good=0
for venue in $venues; do
	box "box-$venue" --bundle "$STICK/$venue-main.parvis" <<-END
		expect adopt ask
		tap Devenir cette porte
		at 19:00:10
		code PARVIS-TEST
		wait TEST_OK
	END
	if [ $status = 0 ] && [ -f "$DIR/box-$venue/box/1/event.ini" ]; then
		good=$((good + 1))
	else
		not_ok "box $venue" "$DIR/err"
	fi
done
is "ten boxes adopt theirs and open" 10 "$good"
is "a box has its venue's registrations alone" "2" "$(for v in numa liberte; do
	sha256sum <"$DIR/box-$v/box/1/roster.db"
done | sort -u | wc -l | tr -d ' ')"

is "a box has its own key, for itself alone" "600 65" "$(stat -c '%a %s' "$DIR/box-numa/box/1/device.key")"
# A box that has its event needs no bundle and asks nobody.
box box-numa <<-END
	at 19:00:20
	code PARVIS-TEST
	wait TEST_OK
END
is "the box opens by itself the next time" 0 "$status"

# --- what is refused, and why --------------------------------------------------------------------

# refuses WHAT FILE STATE: the box of numa says so on its screen, and opens as it was.
refuses()
{
	box box-numa --bundle "$2" <<-END
		expect screen adopt
		expect adopt $3
		shot $3.png
		tap Laisser tel quel
		at 19:00:30
		code PARVIS-TEST
		wait TEST_OK
	END
	if [ $status = 0 ] && [ -s "$DIR/shots/$3.png" ] && grep -q "is refused" "$DIR/err"; then
		ok "$1"
	else
		not_ok "$1" "$DIR/err"
	fi
}

cp "$STICK/numa-main.parvis" "$DIR/first.parvis"
size=$(wc -c <"$DIR/first.parvis")
head -c $((size / 2)) "$DIR/first.parvis" >"$DIR/short.parvis"
refuses "half a bundle" "$DIR/short.parvis" cut_short
{ cat "$DIR/first.parvis" && echo; } >"$DIR/long.parvis"
refuses "a byte too many" "$DIR/long.parvis" altered
{ head -c $((size - 100)) "$DIR/first.parvis" && printf X && tail -c 99 "$DIR/first.parvis"; } \
	>"$DIR/altered.parvis"
refuses "a byte that was altered" "$DIR/altered.parvis" altered
cp assets/demo/roster.csv "$DIR/other.parvis"
refuses "another kind of file" "$DIR/other.parvis" not_one
provision numa main
box box-numa --bundle "$STICK/numa-main.parvis" <<-END
	expect adopt ask
	tap Devenir cette porte
	at 19:00:40
	code PARVIS-TEST
	wait TEST_OK
END
is "an update is taken" 0 "$status"
is "by the same device" "2 1" "$(grep -c ' numa main ' "$EVENT/keys/boxes") $(grep ' numa main ' \
	"$EVENT/keys/boxes" | cut -d' ' -f1 | sort -u | wc -l | tr -d ' ')"
is "and the box before it is gone" "2 current" "$(cd "$DIR/box-numa/box" && echo *)"
refuses "one that is older" "$DIR/first.parvis" older
EVENT=$DIR/elsewhere
event "$EVENT"
sed -i 's/^id = .*/id = another-event/' "$EVENT/event.ini"
rm -f "$EVENT"/roster.db* # its hash key follows the id
STICK=$DIR provision numa main
refuses "another event's" "$DIR/numa-main.parvis" other_event
EVENT=$DIR/imitated
event "$EVENT" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
STICK=$DIR provision numa main
is "a key that the event does not list signs nothing" 1 "$(grep -c 'add [0-9a-f]\{64\}' "$DIR/err")"
key=$(grep -o 'add [0-9a-f]\{64\}' "$DIR/err" | cut -d' ' -f2)
sed -i "s/^ticket = .*/& $key/" "$EVENT/event.ini"
rm -f "$EVENT"/roster.db*
"$PARVIS" roster import --event "$EVENT" assets/demo/roster.csv >/dev/null 2>&1
i=0
while [ $i -lt 12 ]; do # past the serial in force
	STICK=$DIR provision numa main
	i=$((i + 1))
done
refuses "another organiser's for the same event" "$DIR/numa-main.parvis" other_key

box fresh --bundle "$DIR/short.parvis" <<-END
	expect adopt cut_short
	tap English
	shot fresh.png
END
is "a box without an event does not open with a bad one" 1 "$status"
is "nor keeps anything of it" "" "$(ls -A "$DIR/fresh/box" 2>/dev/null)"

# --- killed ---------------------------------------------------------------------------------------

# Adopts two bundles in turn and is killed at some moment of it: always one of the two, whole.
EVENT=$DIR/event
rounds=${PARVIS_LONG:+200}
rounds=${rounds:-20}
broken=0 i=0
cat >"$DIR/swap.script" <<-END
	expect adopt ask
	tap Devenir
END
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	provision numa main
	"$KIOSK" --data "$DIR/box-numa" --offscreen --script "$DIR/swap.script" \
		--bundle "$STICK/numa-main.parvis" >/dev/null 2>&1 &
	pid=$!
	# Between nothing and a little more than an adoption takes.
	sleep "0.$(printf '%03d' $((i * 397 % 400)))"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	box box-numa <<-END
		at 19:00:50
		code PARVIS-TEST
		wait TEST_OK
	END
	[ $status = 0 ] || broken=$((broken + 1))
	[ "$(find "$DIR/box-numa/box" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ] || broken=$((broken + 1))
done
is "killed $rounds times while it adopts, it is always a box" 0 "$broken"

# --- pairing --------------------------------------------------------------------------------------

mkdir -p "$EVENT/bundles"
cp "$STICK/liberte-main.parvis" "$STICK/numa-main.parvis" "$EVENT/bundles"
: >"$DIR/serve.out" # there before the first look at it
"$PARVIS" kiosk serve --event "$EVENT" --listen 127.0.0.1:0 >"$DIR/serve.out" 2>&1 &
server=$!
at_end "kill -9 $server 2>/dev/null"
i=0
while [ $i -lt 100 ] && [ "$(wc -l <"$DIR/serve.out")" -lt 2 ]; do
	i=$((i + 1))
	sleep 0.1
done
code=$(grep '^liberte-main' "$DIR/serve.out" | cut -d' ' -f3)
other=$(grep '^numa-main' "$DIR/serve.out" | cut -d' ' -f3)

# pairs WHAT CODE STATE: a box without an event is shown that code.
pairs()
{
	rm -rf "$DIR/paired"
	mkdir "$DIR/nowhere" 2>/dev/null
	box paired --bundle-dir "$DIR/nowhere" <<-END
		expect adopt empty
		code $2
		expect adopt $3
	END
	# The script ends before the person has decided: that is status 1 without a complaint.
	if [ $status = 1 ] && ! grep -q "$DIR/script:" "$DIR/err" && [ ! -e "$DIR/paired/box" ] &&
		[ ! -e "$DIR/paired/paired.parvis" ]; then
		ok "$1"
	else
		not_ok "$1" "$DIR/err"
	fi
}
pairs "a pairing code brings its bundle" "$code" ask
pairs "not another one" "${code%%#*}#${other##*#}" pairing
pairs "nor a file that the server does not list" "$(echo "$code" | sed 's,/liberte[^#]*,/../event.ini,')" pairing
pairs "nor one from outside of the house" "parvis-pair:http://192.0.2.1:9/a#${other##*#}" pairing
pairs "nor a file of the box" "parvis-pair:file:///etc/hostname#${other##*#}" empty
box paired --bundle-dir "$DIR/nowhere" <<-END
	code $code
	tap Devenir cette porte
	at 19:00:10
	code PARVIS-TEST
	wait TEST_OK
END
is "the box becomes what the code points to" "0 liberte" "$status $(sed -n 's/^venue=//p' \
	"$DIR/paired/box/1/kiosk.ini")"
# Who listens, or asks the server without the code, gets bytes of the bundle's size and none of its own.
url=${code#parvis-pair:}
timeout 20 node -e 'require("http").get(process.argv[1], r => r.pipe(process.stdout))' "${url%%#*}" \
	>"$DIR/on-the-way"
is "the bundle is on its way" "" "$([ "$(wc -c <"$DIR/on-the-way")" -gt \
	"$(wc -c <"$EVENT/bundles/liberte-main.parvis")" ] || ls -l "$DIR/on-the-way")"
is "and nothing of it can be read" "0 1" "$(grep -ac 'venue\|PRIVATE\|device' "$DIR/on-the-way") $(
	grep -acm1 'venue' "$EVENT/bundles/liberte-main.parvis")"
kill -TERM $server
wait $server
is "the server ends when it is told to" 0 $?

# --- a stick that comes while the door is open -----------------------------------------------------

# An update is shown for ten seconds and taken, and the door opens as the new one. No display is
# needed: SDL has one that shows nothing.
mkdir "$DIR/late"
before=$(cat "$DIR/box-numa/box/current")
SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy "$KIOSK" --data "$DIR/box-numa" \
	--bundle-dir "$DIR/late" >"$DIR/live.out" 2>"$DIR/live.err" &
live=$!
at_end "kill -9 $live 2>/dev/null"
provision numa main
cp "$STICK/numa-main.parvis" "$DIR/late/part"
mv "$DIR/late/part" "$DIR/late/numa.parvis"
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	[ "$(cat "$DIR/box-numa/box/current")" != "$before" ] &&
		[ ! -e "$DIR/box-numa/box/$before" ] && break
	kill -0 $live 2>/dev/null || break
	sleep 0.1
done
if [ -e "$DIR/box-numa/box/$before" ]; then
	not_ok "an update that comes later is taken without a touch" "$DIR/live.err"
else
	ok "an update that comes later is taken without a touch"
fi
kill -TERM $live
wait $live
is "and the door closes when it is told to" 0 $?

# --- whose pin map ----------------------------------------------------------------------------------

# One that cannot be read is told of by whoever reads it: so often, by a new box of a bundle with this pin map.
other_map()
{
	provision numa main "$@"
	rm -rf "$DIR/wired"
	echo nonsense >"$DIR/nonsense.ini"
	printf 'expect adopt ask\ntap Devenir cette porte\nat 17:40:00\nexpect present 0\n' |
		box wired --bundle "$STICK/numa-main.parvis" --mute --default-pins "$DIR/nonsense.ini"
	grep -m 1 -c nonsense.ini "$DIR/err"
}
is "a bundle's pin map counts for more than that of whoever installed the kiosk" 0 "$(other_map --pins board/pins.ini)"
is "which counts where a bundle has none" 1 "$(other_map)"

# --- the command's own refusals -------------------------------------------------------------------

provision nowhere main
is "there is no such venue" 1 $?
provision numa "Main Door"
is "that is no name of a door" 1 $?
provision numa main --lang fr,xx
is "that language is not spoken" 1 $?
provision numa main --pins /dev/null/nothing
is "there is no such pin map" 1 $?
provision numa main --printer "no uri"
is "that is no printer" 1 $?
provision numa main --pins board/pins.ini --doorway both --lang en --printer ipp://127.0.0.1/ipp
status=$?
is "all options together" "0 en both" "$status $(grep -ao 'languages = [a-z ]*' "$STICK/numa-main.parvis" |
	cut -d' ' -f3) $(grep -ao 'doorway=[a-z]*' "$STICK/numa-main.parvis" | cut -d= -f2)"
echo nonsense >"$EVENT/bundle.serial"
provision numa main
is "a serial that is no number is not guessed" 1 $?
is "no file is left beside" "" "$(find "$STICK" -type f ! -name '*.parvis')"
done_testing
