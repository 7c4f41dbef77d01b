# Sourced by shell tests: a directory of their own, TAP, and the programs under test.
# shellcheck shell=sh
set -u
: "${B:=build/release}"
KIOSK=$B/parvis-kiosk
PARVIS=$B/parvis
TOOLS=build/release/tests/tools
DIR=$(mktemp -d "${TMPDIR:-/tmp}/parvis-test-XXXXXX") || exit 3
tap_n=0
tap_failed=0
tap_undo=""

# What has to be undone at the end (unmounting, ending a process): last first.
at_end()
{
	tap_undo="$*
$tap_undo"
}

tap_end()
{
	printf '%s\n' "$tap_undo" | while IFS= read -r undo; do
		[ -z "$undo" ] || sh -c "$undo"
	done
	rm -rf "$DIR"
}
trap tap_end EXIT
trap 'exit 130' INT TERM

ok()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

not_ok()
{
	tap_n=$((tap_n + 1))
	tap_failed=1
	echo "not ok $tap_n - $1"
	shift
	for why in "$@"; do
		[ -f "$why" ] && sed 's/^/# /' "$why" | head -40 || printf '# %s\n' "$why"
	done
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# is NAME EXPECTED ACTUAL
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "expected: $2" "     got: $3"
	fi
}

# run COMMAND...: its output is in $DIR/out and $DIR/err, its status in $status.
run()
{
	"$@" >"$DIR/out" 2>"$DIR/err" </dev/null
	status=$?
}

# says NAME STATUS out|err PATTERN: the last command ended so and wrote that (grep -E).
says()
{
	if [ "$status" = "$2" ] && LC_ALL=C grep -qE -- "$4" "$DIR/$3"; then
		ok "$1"
	else
		not_ok "$1" "status $status, expected $2, and in $3: $4" "$DIR/out" "$DIR/err"
	fi
}

done_testing()
{
	echo "1..$tap_n"
	exit $tap_failed
}

# The status of a process in the background, which gets SECONDS (120) to end: then it is killed, and
# the status is 124. ended PID [SECONDS]
ended()
{
	ended_in=$((${2:-120} * 10))
	while kill -0 "$1" 2>/dev/null; do
		ended_in=$((ended_in - 1))
		if [ $ended_in -lt 0 ]; then
			kill -9 "$1"
			wait "$1" 2>/dev/null
			echo "# process $1 was given ${2:-120} s to end, and did not"
			return 124
		fi
		sleep 0.1
	done
	wait "$1" 2>/dev/null
}

# The demo event as its organiser has it, with the key that its event.ini lists. The key is public
# knowledge (assets/demo/README.md). demo_event DIR [SEED]
DEMO_SEED=b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e
demo_event()
{
	cp -r assets/demo "$1"
	rm -f "$1"/roster.db* "$1"/people.db*
	mkdir -m 700 "$1/keys"
	(umask 077 && echo "${2:-$DEMO_SEED}" >"$1/keys/issuing.key")
}

# A signed ticket of the demo event: ticket SEED ITEM SUBEVENT [FROM UNTIL]
ticket()
{
	"$TOOLS/ticket" "$@"
}

paint()
{
	"$TOOLS/paint" "$@"
}
