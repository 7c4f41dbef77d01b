#!/bin/bash
# Runs test programs and adds up what they say.
#
#   tests/run.sh [-j JOBS] [-t SECONDS] PROGRAM...
#
# A program is a cmocka program, a fuzzer (its corpus, then FUZZ_SECONDS of search), a replayer of
# a fuzzer's corpus or a shell script, and speaks TAP. The folder it was built in says how it is
# run: build/asan and build/tsan are slow, so PARVIS_SHORT=1 asks heavy tests for their short form.
# Scripts find the build to look at in $B.
#
# Not a pass: a line `not ok`; a status other than 0 without one; a plan that does not add up;
# silence; running longer than SECONDS; a process left behind. Every failure and the reason of
# every skip is shown. The last line is `N passed, N failed` with `, N skipped` where there are
# any; the status is 1 where anything failed or nothing ran.
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
limit=${TEST_SECONDS:-420}
jobs=$(nproc)
: "${B:=build/release}"
export B

# --- one program, in a session of its own --------------------------------------------------------

# Sets argv to the command that runs program $1.
command_of() {
	local name
	name=$(basename "$1")
	case $1 in
	*_fuzz) argv=(tests/fuzz/run.sh "$1") ;;
	*_replay) argv=("$1" "tests/fuzz/corpus/${name%_replay}") ;;
	*.sh) if [ -x "$1" ]; then argv=("$1"); else argv=(sh "$1"); fi ;;
	*) argv=("$1") ;;
	esac
	# Its shadow memory has no room under the widest address randomisation.
	case $1 in
	*build/tsan/*) argv=(setarch -R "${argv[@]}") ;;
	esac
}

# The processes of session $1, apart from zombies: state and session follow the name in brackets.
left_behind() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" '{
		pid = $1
		sub(/^.*\) /, "")
		if ($4 == session && $1 != "Z")
			print pid
	}'
}

# Exit of a process takes a moment; what is there after a second stays.
wait_for_end() {
	local try rest
	for try in 1 2 3 4 5 6 7 8 9 10; do
		rest=$(left_behind "$1")
		[ -n "$rest" ] || return 0
		sleep 0.1
	done
	echo "not ok - $2 left processes behind: $(echo "$rest" | xargs)"
	for try in $rest; do kill -KILL "$try" 2>/dev/null; done
}

run_one() {
	local program=$1 out=$2 status start session
	local -a argv
	case $program in
	*build/asan/* | *build/tsan/* | *build/fuzz/*) export PARVIS_SHORT=1 ;;
	esac
	case $program in
	build/*/tests/*) export B=${program%%/tests/*} ;;
	esac
	export CMOCKA_MESSAGE_OUTPUT=TAP
	export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1:detect_stack_use_after_return=1}
	export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
	export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$here/tests/lsan.supp:print_suppressions=0}
	export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:suppressions=$here/tests/tsan.supp}
	command_of "$program"
	start=$(date +%s)
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid -w sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$out.session" \
		timeout -k 10 "$limit" "${argv[@]}" </dev/null >"$out" 2>&1
	status=$?
	session=$(cat "$out.session")
	rm -f "$out.session"
	{
		echo
		wait_for_end "$session" "$program"
		case $status in
		124 | 137) echo "not ok - $program took longer than $limit s, or was killed" ;;
		esac
		echo "#status $status"
		echo "#seconds $(($(date +%s) - start))"
	} >>"$out"
}

# --- what it said --------------------------------------------------------------------------------

# Prints `passed failed skipped` for one output, and to stderr what a person should see of it.
judge() {
	awk -v program="$1" '
	function tell(line) { print line > "/dev/stderr" }
	# A service log line may be cut in half by a test point, never the other way round.
	{ line[NR] = $0 }
	/^1\.\.[0-9]+/ { planned += substr($0, 4); plans++; next }
	/^# skipped: / { reason = substr($0, 12); next }
	/^(not )?ok( |$)/ {
		if (/# *[Ss][Kk][Ii][Pp]/) {
			skipped++
			what = $0
			sub(/^(not )?ok [0-9]* *-? */, "", what)
			sub(/# *[Ss][Kk][Ii][Pp] */, "", what)
			tell("  skipped: " program ": " what (reason == "" ? "" : ": " reason))
		} else if (/^not /) {
			failed++
		} else {
			passed++
		}
		if (/^(not )?ok +[0-9]/)
			numbered++
		reason = ""
		next
	}
	/^#status / { status = $2 }
	/^#seconds / { seconds = $2 }
	END {
		if (plans && planned != numbered) {
			line[++NR] = "not ok - the plan was " planned ", " numbered + 0 " came"
			failed++
		}
		if (status != 0 && failed == 0) {
			line[++NR] = "not ok - ended with status " status
			failed++
		}
		if (passed + failed + skipped == 0) {
			line[++NR] = "not ok - said nothing of any test"
			failed++
		}
		if (failed) {
			tell("--- FAILED " program " (" seconds " s)")
			for (i = NR > 400 ? NR - 400 : 1; i <= NR; i++)
				tell("    " line[i])
		} else {
			tell(sprintf("ok %-52s %4d passed %3d skipped %4d s", program, passed, skipped, seconds))
		}
		print passed + 0, failed + 0, skipped + 0
	}' "$2"
}

if [ "${1:-}" = --one ]; then
	shift
	cd "$here" || exit 2
	limit=$3
	run_one "$1" "$2"
	judge "$1" "$2" >"$2.sum" 2>"$2.said"
	cat "$2.said"
	rm -f "$2.said"
	exit 0
fi

while getopts j:t: option; do
	case $option in
	j) jobs=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
cd "$here" || exit 2

logs=${TEST_OUTPUT:-build/test-output}/$$
mkdir -p "$logs"
find "${logs%/*}" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} +
trap 'rm -f "$logs"/*.sum' EXIT

for program in "$@"; do
	printf '%s\0%s\0%s\0' "$program" "$logs/$(echo "$program" | tr / _).tap" "$limit"
done | xargs -0 -r -n 3 -P "$jobs" "$0" --one

passed=0 failed=0 skipped=0 judged=0
for sum in "$logs"/*.sum; do
	[ -e "$sum" ] || continue
	read -r p f s <"$sum" || continue
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) judged=$((judged + 1))
done
if [ "$judged" != "$#" ]; then
	echo "not ok - of $# programs only $judged were judged"
	failed=$((failed + $# - judged))
fi
if [ $((passed + failed + skipped)) = 0 ]; then
	echo "There was nothing to run."
	failed=1
fi

closing="$passed passed, $failed failed"
[ "$skipped" = 0 ] || closing="$closing, $skipped skipped"
echo "The whole output is in $logs/"
echo "$closing"
[ "$failed" = 0 ]
