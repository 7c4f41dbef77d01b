# Sourced by the guest's tests: the real kiosk, played to through a FIFO or let alone.
# Descriptors 7 and 8 are the kiosk's script and the scanner's keys: a child that kept one of them
# open would keep the other from ending.
# shellcheck shell=sh
. tests/fake/tap.sh
trap '' PIPE # a kiosk that has ended is seen by its status

# within TIMES COMMAND...: tries again and again, a twentieth of a second apart
within() {
	left=$1
	shift
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}

until_true() {
	within 400 "$@"
}

# begin NAME OPTION...: starts a kiosk that takes its script from descriptor 7
begin() {
	name=$1
	shift
	mkfifo "$DIR/$name.fifo"
	"$KIOSK" --event assets/demo --venue numa --data "$DIR/$name.data" --offscreen \
		--size 800x480 --script "$DIR/$name.fifo" --shots "$DIR/$name.shots" "$@" \
		>"$DIR/$name.out" 2>"$DIR/$name.err" 8>&- &
	pid=$!
	exec 7<>"$DIR/$name.fifo" # does not wait for a kiosk that may have ended already
}

say() {
	printf '%s\n' "$@" >&7
}

# Or will never be.
played() {
	[ -e "$DIR/$name.shots/$1.png" ] || ! kill -0 "$pid" 2>/dev/null
}

# reached NAME: waits until the script has been played so far, and no farther
reached() {
	say "shot $1.png"
	until_true played "$1"
}

# end NAME: the script is over, and all of it held
end() {
	exec 7>&-
	wait "$pid"
	status=$?
	if [ $status = 0 ]; then
		ok "$1"
	else
		not_ok "$1" "exit $status" "$DIR/$name.err" "$DIR/$name.out"
	fi
}

# live NAME OPTION...: starts a kiosk as it runs at a door, on a screen that nobody sees
live() {
	name=$1
	shift
	SDL_VIDEODRIVER=dummy "$KIOSK" --event assets/demo --venue numa --data "$DIR/$name.data" \
		--size 800x480 --mute "$@" >"$DIR/$name.out" 2>"$DIR/$name.err" 8>&- &
	pid=$!
}

has_line() {
	grep -qs "$2" "$1"
}

# plug_in LAYOUT: a hand scanner, until unplug; $node is its device. type_in TEXT makes it type.
# shellcheck disable=SC2034 # node is for others
plug_in() {
	rm -f "$DIR/keys"
	mkfifo "$DIR/keys"
	: >"$DIR/wedge.out"
	"$B/wedge" "$1" <"$DIR/keys" >"$DIR/wedge.out" 2>&1 7>&- &
	wedge=$!
	exec 8>"$DIR/keys"
	until_true has_line "$DIR/wedge.out" node
	node=$(sed -n 's/^node //p' "$DIR/wedge.out")
	typed=0
}

overheard() {
	[ "$(grep -c overheard "$DIR/wedge.out")" = "$typed" ]
}

type_in() {
	printf '%s\n' "$1" >&8
	typed=$((typed + 1))
	until_true overheard
}

# type_until TEXT COMMAND...: types it until that holds. Where this machine stops for a moment in the
# middle of a code, its halves are two codes, and a guest would hold the ticket out once more.
type_until() {
	text=$1
	shift
	for attempt in 1 2 3 4 5; do
		type_in "$text"
		if within 100 "$@"; then
			[ $attempt = 1 ] || echo "# typed $attempt times"
			return 0
		fi
	done
	return 1
}

unplug() {
	exec 8>&-
	wait "$wedge"
}
