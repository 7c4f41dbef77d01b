# Sourced by shell tests after tap.sh and servers.sh: several real kiosks at once, each fed line by
# line. Of each there is $DIR/NAME: in (a pipe), out, err, pid, data.
# shellcheck shell=sh

EVENT=$DIR/event
KIOSK_WAIT=${KIOSK_WAIT:-60} # seconds until an answer is given up

# start_kiosk NAME OPTION...: begun with $KIOSK_IN where that is set. Its descriptor is kept by a process of its own, so that the pipe never
# ends before `end_kiosk`.
start_kiosk()
{
	name=$1
	shift
	mkdir -p "$DIR/$name/data"
	rm -f "$DIR/$name/in"
	mkfifo "$DIR/$name/in"
	# A reader and a writer in one: opening does not wait for anybody, and nothing ends.
	sleep 100000 <>"$DIR/$name/in" &
	echo $! >"$DIR/$name/keeper"
	at_end "kill $! 2>/dev/null"
	# shellcheck disable=SC2086 # a command and its options
	${KIOSK_IN:-} "$KIOSK" --event "$EVENT" --door "$name" --data "$DIR/$name/data" --offscreen --mute \
		--script "$DIR/$name/in" "$@" >>"$DIR/$name/out" 2>>"$DIR/$name/err" &
	echo $! >"$DIR/$name/pid"
	at_end "kill -KILL $! 2>/dev/null"
}

# tell NAME LINE...: lines of its script.
tell()
{
	name=$1
	shift
	printf '%s\n' "$@" >>"$DIR/$name/in"
}

# Waits until it has done all that it was told. 1: it has ended, or too much time has passed.
heard()
{
	heard_mark=$((${heard_mark:-0} + 1))
	tell "$1" "say mark-$heard_mark"
	await "$1" "mark-$heard_mark"
}

# await NAME TEXT: a line of its output.
await()
{
	await_left=$((KIOSK_WAIT * 20))
	while ! grep -q "\"$2\"" "$DIR/$1/out" 2>/dev/null; do
		kill -0 "$(cat "$DIR/$1/pid")" 2>/dev/null || return 1
		await_left=$((await_left - 1))
		[ $await_left -gt 0 ] || return 1
		sleep 0.05
	done
}

# tells NAME LINE...: tells and waits; a failure is shown.
tells()
{
	tell "$@"
	heard "$1" && return 0
	tail -3 "$DIR/$1/err" | sed "s/^/# $1: /"
	return 1
}

kill_kiosk()
{
	kill -KILL "$(cat "$DIR/$1/pid")"
	wait "$(cat "$DIR/$1/pid")" 2>/dev/null
	kill "$(cat "$DIR/$1/keeper")" 2>/dev/null
	wait "$(cat "$DIR/$1/keeper")" 2>/dev/null
}

# Lets it come to the end of its script; its status.
end_kiosk()
{
	kill -TERM "$(cat "$DIR/$1/pid")" 2>/dev/null
	tell "$1" "" # it looks whether it has to end after each line
	kill "$(cat "$DIR/$1/keeper")" 2>/dev/null
	wait "$(cat "$DIR/$1/keeper")" 2>/dev/null
	wait "$(cat "$DIR/$1/pid")" 2>/dev/null
}

# How many rows its log has.
rows_of()
{
	"$PARVIS" log --csv --data "$DIR/$1/data" | tail -n +2 | wc -l
}
