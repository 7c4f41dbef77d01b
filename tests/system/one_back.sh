#!/bin/sh
# What a box keeps can be read by the version before this one, since a system that does not prove itself is
# left for the one before, after it may have written: this tree's programs make a box and an evening, the
# version before opens it, knows who is inside, lets others in, and is opened by this one again. Speaks TAP.
#
#   PARVIS_BEFORE   that version, as git knows it (the newest tag v* that is not this commit's own)
. tests/fake/tap.sh

what="data one version back"
before=${PARVIS_BEFORE:-$(git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null)}
if [ -z "$before" ]; then
	skip "$what" "no version was released before this one; PARVIS_BEFORE names one"
	done_testing
fi
old=$DIR/before
mkdir "$old"
if ! git archive "$before" | tar -C "$old" -xf - ||
	! make -C "$old" --no-print-directory -s -j2 programs >"$DIR/out" 2>&1; then
	not_ok "$what: $before builds" "$DIR/out"
	done_testing
fi
ok "$what: $before builds"

# box PROGRAMS [OPTION...] <SCRIPT: plays it on the box with the programs of a tree; its status
box() {
	programs=$1
	shift
	cat >"$DIR/script"
	"$programs/parvis-kiosk" --data "$DIR/box" --offscreen --mute --script "$DIR/script" "$@" \
		>"$DIR/out" 2>"$DIR/err"
}
ticket() {
	"$TOOLS/ticket" "back$1" 1 0
}
# good NAME STATUS
good() {
	if [ "$2" = 0 ]; then
		ok "$what: $1"
	else
		not_ok "$what: $1" "$DIR/err" "$DIR/out"
	fi
}

cp -r assets/demo "$DIR/event"
mkdir -m 700 "$DIR/event/keys"
(umask 077 && echo b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e \
	>"$DIR/event/keys/issuing.key")
"$PARVIS" roster import --event "$DIR/event" assets/demo/roster.csv >"$DIR/out" 2>"$DIR/err" &&
	"$PARVIS" kiosk provision --event "$DIR/event" --venue numa --door main \
		--out "$DIR/numa.parvis" >"$DIR/out" 2>"$DIR/err"
good "a bundle by this version" $?
box "$B" --bundle "$DIR/numa.parvis" <<END
expect adopt ask
tap Devenir cette porte
at 19:00:10
code $(ticket 1)
wait ADMIT
code $(ticket 2)
wait ADMIT
press plus
wait ADMIT
expect present 3
END
good "an evening by this version" $?
cp -r "$DIR/box" "$DIR/kept"

box "$old/build/release" <<END
at 19:10:10
expect present 3
code $(ticket 1)
wait ALREADY_IN
code $(ticket 3)
wait ADMIT
expect present 4
END
good "$before goes on with it" $?
"$old/build/release/parvis" log --verify --data "$DIR/box" >"$DIR/out" 2>"$DIR/err"
good "$before finds every row of the log whole" $?

box "$B" <<END
at 19:20:10
expect present 4
code $(ticket 3)
wait ALREADY_IN
press plus
wait ADMIT
expect present 5
END
good "this version goes on after it" $?
"$PARVIS" log --verify --data "$DIR/box" >"$DIR/out" 2>"$DIR/err"
good "and finds every row whole" $?

# A format that the version before does not know has to be found out.
rm -rf "$DIR/box" && mv "$DIR/kept" "$DIR/box"
sqlite3 "$DIR/box/log.db" 'PRAGMA user_version=1000' >"$DIR/out" 2>&1
box "$old/build/release" <<END
at 19:10:10
expect present 3
END
is "$what: a log of a format to come would be noticed" "1" "$([ $? = 0 ] && echo 0 || echo 1)"
done_testing
