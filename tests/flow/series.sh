#!/bin/sh
# The worst case: no network and no stick. A box shows its figures and its log as QR codes, on screens of
# three sizes; pictures of them, its own and photographed ones, in any order and with repetitions, become
# the same rows as from a stick. What is not whole is not taken, and said.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

NIGHT=$DIR/night
EVENT=$NIGHT/event
"$TOOLS/night_maker" "$NIGHT" 3 90 >"$DIR/out" 2>&1
is "a night" 0 $?
sed -n '/^\[staff\]/,/^\[/p' assets/demo/event.ini | grep -E '^\[staff|^pin' >>"$EVENT/event.ini"
box=$(find "$NIGHT/data" -mindepth 1 -maxdepth 1 | sort | head -1)
name=$(basename "$box")
venue=${name%%-*} door=${name#*-}

# play SIZE CODES: shots of the figures and of the first CODES codes into $DIR/SIZE
play()
{
	{
		echo "at 23:30:00"
		printf 'press volunteer\ntap 2\ntap 0\ntap 1\ntap 6\ntap Valider\nexpect screen headcount\n'
		printf 'tap Codes QR\nexpect screen series\nshot 00-figures.png\ntap Montrer le journal\n'
		i=1
		while [ $i -le "$2" ]; do
			printf 'wait code %d 20s\nshot code-%03d.png\n' $i $i
			i=$((i + 1))
		done
		echo "expect codes $2"
		printf 'tap Retour\nexpect screen headcount\n'
	} >"$DIR/script"
	"$KIOSK" --event "$EVENT" --venue "$venue" --door "$door" --data "$box" --size "$1" \
		--script "$DIR/script" --shots "$DIR/$1" --offscreen >"$DIR/out" 2>"$DIR/err"
}

play 1280x800 1
codes=$(sed -n 's/.*expected codes 1, but it is //p' "$DIR/err")
echo "# $codes codes"
is "the log is several codes" yes "$([ "${codes:-0}" -gt 5 ] && echo yes)"
for size in 1280x800 800x480 720x1280; do
	rm -rf "${DIR:?}/$size"
	play $size "$codes"
	is "a screen of $size" "0 $((codes + 1))" "$? $(find "$DIR/$size" -name '*.png' | wc -l)"
done

# collect DIR... of pictures, into an event of its own; sets $status
collect()
{
	"$PARVIS" collect --event "$1" --camera "$2" >"$DIR/out" 2>"$DIR/err"
	status=$?
}
fresh()
{
	rm -rf "$DIR/fresh"
	cp -r "$EVENT" "$DIR/fresh"
}

# --- the same as from a stick ----------------------------------------------------------------------

fresh
stick=$(find "$NIGHT/sticks" -name "$name*")
"$PARVIS" collect --event "$DIR/fresh" "$stick" >/dev/null 2>&1
wanted=$("$PARVIS" report --event "$DIR/fresh" --format json 2>/dev/null | sha256sum)
sum=$(sha256sum <"$DIR/fresh/night.db")
rows=$(sqlite3 "$DIR/fresh/night.db" 'SELECT count(*) FROM entry')
for size in 1280x800 800x480 720x1280; do
	fresh
	collect "$DIR/fresh" "$DIR/$size"
	is "$size: the same $rows rows as from its stick" "$sum" "$(sha256sum <"$DIR/fresh/night.db")"
	is "… all of them verified" "$codes 0" \
		"$(sed -n 's/.*: all \([0-9]*\) codes are there/\1/p' "$DIR/err") $(grep -c '  !' "$DIR/out")"
	is "… and its figures are told" 1 "$(grep -c '^figures: venue=.* present=[0-9]* in=[0-9]*' "$DIR/out")"
done
is "the report says the same" "$wanted" \
	"$("$PARVIS" report --event "$DIR/fresh" --format json 2>/dev/null | sha256sum)"
collect "$DIR/fresh" "$DIR/1280x800"
is "the log of another moment is another series, of known rows" "0 new, $rows known" \
	"$(sed -n 's/.*store; //p' "$DIR/out")"

# --- photographed ----------------------------------------------------------------------------------

# Each code at another angle, more or less in focus, in another light; in the order of nobody.
mkdir "$DIR/photos"
i=0
for shot in "$DIR"/1280x800/code-*.png; do
	i=$((i + 1))
	"$TOOLS/paint" "$DIR/photos/$((i * 7919 % 1000))-$i.png" "screen:$shot" size=0.8 \
		turn=$((i % 9 - 4)) slant=0.0$((i % 6)) blur=0.$((i % 8)) light=0.$((5 + i % 5)) noise=4 \
		seed=$i x=0.5 y=0.5 width=1920 height=1080
done
cp "$DIR"/photos/*-1.png "$DIR/photos/again.png"
echo "no picture" >"$DIR/photos/readme.txt"
fresh
collect "$DIR/fresh" "$DIR/photos"
is "photographed askew and out of focus, in any order: the same rows" "$sum" \
	"$(sha256sum <"$DIR/fresh/night.db")"

# --- what is missing -------------------------------------------------------------------------------

rm "$DIR"/800x480/code-003.png
fresh
collect "$DIR/fresh" "$DIR/800x480"
is "a code that was not seen: nothing is taken, and it is said" "1 1 0" \
	"$status $(grep -c "1 of $codes codes are missing" "$DIR/err") $(sqlite3 "$DIR/fresh/night.db" 'SELECT count(*) FROM entry')"
cp "$DIR/720x1280/code-003.png" "$DIR/800x480"
collect "$DIR/fresh" "$DIR/800x480"
is "one of another showing is no help" 1 "$(grep -c "1 of $codes codes are missing" "$DIR/err")"
mkdir "$DIR/empty"
collect "$DIR/fresh" "$DIR/empty"
is "no code at all" "1 1" "$status $(grep -c 'no code of a box was seen' "$DIR/err")"
collect "$DIR/fresh" "$DIR/none"
is "no such camera" "3 1" "$status $(grep -c 'is no camera and no folder' "$DIR/err")"
"$PARVIS" collect --event "$DIR/fresh" --camera v4l2:/dev/none --seconds 1 >"$DIR/out" 2>"$DIR/err"
is "a camera that is not there, for a second" "1 1" "$? $(grep -c 'no camera (any more)' "$DIR/err")"
done_testing
