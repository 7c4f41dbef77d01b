#!/bin/sh
# tests/fuzz/run.sh PROGRAM: replays a libFuzzer program's corpus, then searches for FUZZ_SECONDS
# (30). Speaks TAP. New inputs go to build/fuzz/found/NAME; what crashes it to
# build/fuzz/crashes/NAME-…, from where it belongs, once mended, into the corpus.
set -u

program=$1
name=$(basename "$program" _fuzz)
seconds=${FUZZ_SECONDS:-30}
corpus=tests/fuzz/corpus/$name
found=build/fuzz/found/$name
crashes=build/fuzz/crashes
log=$found.log
mkdir -p "$found" "$crashes"
failed=0

# fuzz N WHAT ARGUMENT...: one run of the program is test N.
fuzz() {
	number=$1 what=$2
	shift 2
	if "$program" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$crashes/$name-" "$@" >"$log" 2>&1; then
		inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "ok $number - $name: $what, $inputs inputs"
	else
		tail -n 60 "$log" | sed 's/^/# /'
		echo "not ok $number - $name: $what; the input is kept in $crashes"
		failed=1
	fi
}

echo "1..3"
files=$(find "$corpus" -type f 2>/dev/null | wc -l)
if [ "$files" -gt 0 ]; then
	echo "ok 1 - $name: $files files in the corpus"
else
	echo "not ok 1 - $name: no corpus in $corpus"
	failed=1
	corpus=$found
fi
fuzz 2 "its corpus" -runs=0 "$corpus"
fuzz 3 "$seconds s of search" -max_total_time="$seconds" "$found" "$corpus"
exit $failed
