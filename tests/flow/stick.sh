#!/bin/sh
# The copy of the log on a stick, in the whole kiosk: asked for by a volunteer, mirrored, and every
# trouble of a stick told by its name. tests/unit/stick_copy_test.c pulls it out at every step.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

pin="press volunteer
tap 2
tap 0
tap 1
tap 6
tap Valider"

echo 2016 | "$PARVIS" event new "$DIR/night" --from assets/demo --pin-stdin >"$DIR/new" 2>&1
is "an event with a key of its own" 0 $?

# play NAME STICK: plays $DIR/NAME.script against that stick; sets $status
play()
{
	"$KIOSK" --event "$DIR/night" --venue numa --data "$DIR/data" --stick-dir "$2" \
		--shots "$DIR/$1.shots" --script "$DIR/$1.script" --offscreen \
		>"$DIR/$1.out" 2>"$DIR/$1.err"
	status=$?
}

cat >"$DIR/copy.script" <<EOF
at 19:04:10
code PARVIS-TEST
wait TEST_OK
expect stick ready
at 19:05:00
$pin
tap + 1
tap + 1
tap Clé USB
expect screen stick
shot ready.png
tap Copier le journal
expect stick mirror
shot mirror.png
tap Retour
expect screen headcount
EOF
mkdir "$DIR/stick"
play copy "$DIR/stick"
is "a volunteer copies the log to the stick that is in" 0 $status
is "and one sealed copy is on it, and nothing else" "1 1" \
	"$(ls -A "$DIR/stick" | wc -l | tr -d ' ') $(find "$DIR/stick" -name '*.parvis-log' | wc -l | tr -d ' ')"
strings "$DIR"/stick/*.parvis-log 2>/dev/null | grep -q volunteer
is "which says nothing to whoever finds it" 1 $?

# Another session: the older copy is replaced by a newer, larger one.
before=$(cat "$DIR"/stick/*.parvis-log | wc -c)
cat >"$DIR/again.script" <<EOF
at 19:10:00
$(for i in 1 2 3 4 5 6; do printf 'press plus\n'; done)
$pin
tap Clé USB
tap Copier le journal
expect stick mirror
EOF
play again "$DIR/stick"
after=$(cat "$DIR"/stick/*.parvis-log | wc -c)
is "a later copy takes the older one's place" "0 yes 1" \
	"$status $([ "$after" -gt "$before" ] && echo yes) $(ls -A "$DIR/stick" | wc -l | tr -d ' ')"

# What the organiser gets from the stick is what they would get from the box.
"$PARVIS" collect --event "$DIR/night" --store "$DIR/stick.db" "$DIR/stick" >"$DIR/said" 2>&1
is "the organiser reads it, complete and as it was written" "0 yes" \
	"$? $(grep -q 'Complete, and as it was written' "$DIR/said" && echo yes)"
"$PARVIS" collect --event "$DIR/night" --store "$DIR/box.db" "$DIR/data" >"$DIR/said" 2>&1
for store in stick box; do
	"$PARVIS" report --event "$DIR/night" --store "$DIR/$store.db" --format csv \
		--out "$DIR/$store.report.csv" >"$DIR/said" 2>&1
	# How many rows came without a signature is of the road that they took: a stick's are signed.
	grep -v 'unsigned' "$DIR/$store.report.csv" >"$DIR/$store.csv"
done
cmp "$DIR/stick.csv" "$DIR/box.csv" && [ -s "$DIR/box.csv" ]
is "and from it comes the same night, byte for byte, as from the box itself" 0 $?

cat >"$DIR/none.script" <<EOF
at 19:20:00
expect stick none
$pin
expect screen headcount
EOF
play none "$DIR/no-such-stick"
is "without a stick there is none" 0 $status

# trouble NAME STATE: a stick like this is told so, and the door goes on
trouble()
{
	cat >"$DIR/$2.script" <<EOF
at 19:30:00
$pin
tap Clé USB
tap Copier le journal
expect stick $2
shot trouble.png
tap Retour
tap + 1
EOF
	play "$2" "$DIR/$2"
	is "$1" 0 $status
}

if [ "$(id -u)" = 0 ] && mkdir "$DIR/full" "$DIR/read_only" &&
	mount -t tmpfs -o size=4k parvis-test "$DIR/full" 2>/dev/null; then
	at_end "umount '$DIR/full'"
	printf x >"$DIR/full/x"
	trouble "a stick without room" full
	mount -t tmpfs -o ro parvis-test "$DIR/read_only" && at_end "umount '$DIR/read_only'"
	trouble "a stick that is locked" read_only
else
	skip "a stick without room" "mounting needs root"
	skip "a stick that is locked" "mounting needs root"
fi

done_testing
