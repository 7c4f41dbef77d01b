#!/bin/sh
# The test runner itself: what it must not take for a pass.
set -u

dir=$(mktemp -d "${TMPDIR:-/tmp}/parvis-run.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export TEST_OUTPUT="$dir/output"
number=0 failed=0

# closes NAME STATUS LINE TEXT [SECONDS]: a script of that text makes the runner end with LINE.
closes() {
	name=$1 status=$2 line=$3
	printf '%s\n' "$4" >"$dir/$name.sh"
	number=$((number + 1))
	tests/run.sh -t "${5:-20}" "$dir/$name.sh" >"$dir/out" 2>&1
	got=$?
	said=$(tail -n 1 "$dir/out")
	if [ "$got" = "$status" ] && [ "$said" = "$line" ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name: status $got, '$said'"
		failed=1
	fi
}

closes good 0 "2 passed, 0 failed" 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
closes skip 0 "1 passed, 0 failed, 1 skipped" 'echo "ok 1 - a"; echo "ok 2 - b # SKIP no lamp"'
closes skip_of_cmocka 0 "0 passed, 0 failed, 1 skipped" 'echo 1..1; echo "not ok 1 # SKIP b"'
closes bad 1 "1 passed, 1 failed" 'echo "ok 1 - a"; echo "not ok 2 - b"; exit 1'
closes bad_but_status_0 1 "0 passed, 1 failed" 'echo "not ok 1 - b"'
closes status_alone 1 "1 passed, 1 failed" 'echo "ok 1 - a"; exit 3'
closes short_of_plan 1 "1 passed, 1 failed" 'echo 1..2; echo "ok 1 - a"'
closes silence 1 "0 passed, 1 failed" 'true'
closes crash 1 "1 passed, 1 failed" 'echo "ok 1 - a"; kill -SEGV $$'
closes hang 1 "0 passed, 1 failed" 'sleep 30' 1
closes left_behind 1 "1 passed, 1 failed" 'sleep 30 & echo "ok 1 - a"'
echo "1..$number"
exit $failed
