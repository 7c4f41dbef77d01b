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

# A signed ticket of the demo event: ticket SEED ITEM SUBEVENT [FROM UNTIL]
ticket()
{
	"$TOOLS/ticket" "$@"
}

paint()
{
	"$TOOLS/paint" "$@"
}
