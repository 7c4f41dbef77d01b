#!/bin/sh
# The volunteers' list of venues in the whole kiosk: of the demo event, and of one with ten thousand.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

# play NAME EVENT VENUE: plays $DIR/NAME.script; sets $status
play()
{
	"$KIOSK" --event "$2" --venue "$3" --data "$DIR/$1.data" --shots "$DIR/$1.shots" \
		--script "$DIR/$1.script" --offscreen >"$DIR/$1.out" 2>"$DIR/$1.err"
	status=$?
}

pin="press volunteer
tap 2
tap 0
tap 1
tap 6
tap Valider"

# Nobody spoke for any other venue: it says so, and the way back leads to the figures.
cat >"$DIR/demo.script" <<EOF
at 19:04:10
code PARVIS-TEST
wait TEST_OK
at 19:05:00
$pin
expect screen headcount
tap Tous les lieux
expect screen fleet
shot fleet.png
tap Retour
expect screen headcount
tap Tous les lieux
at 19:06:10
expect screen scan
EOF
play demo assets/demo numa
is "every venue is one touch from the figures" 0 $status
[ -s "$DIR/demo.shots/fleet.png" ]
is "and can be seen" 0 $?

mkdir "$DIR/many"
{
	sed '/^\[venue /,$d' assets/demo/event.ini
	echo "[staff]"
	grep '^pin = ' assets/demo/event.ini
	awk 'BEGIN { for (i = 0; i < 10000; i++)
		printf "[venue v%05d]\nname = Maison %d\naddress = %d rue de la République\n" \
			"capacity = %d\nlat = %.5f\nlon = %.5f\nsubevent = %d\n", i, i, i,
			20 + i % 300, 48.8 + i % 97 / 970, 2.25 + i % 89 / 523, i + 1 }'
} >"$DIR/many/event.ini"
"$PARVIS" event check "$DIR/many" >"$DIR/check" 2>&1
is "an event may have ten thousand venues" "0 yes" \
	"$? $(grep -q '10000 venues' "$DIR/check" && echo yes)"
cat >"$DIR/many.script" <<EOF
at 19:05:00
$pin
tap Tous les lieux
expect screen fleet
shot first.png
tap Suivants
tap Suivants
shot third.png
tap Précédents
tap Retour
expect screen headcount
EOF
play many "$DIR/many" v04711
is "and they are turned through" 0 $status

done_testing
