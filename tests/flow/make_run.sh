#!/bin/sh
# The demo evening as `make run` plays it where there is no display.
set -u

: "${B:=build/release}"
number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-make-run.XXXXXX")
trap 'rm -rf "$work"' EXIT

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		sed 's/^/# /' "$work/out" "$work/err"
		echo "not ok $number - $2"
		failed=1
	fi
}

HEADLESS=1 SHOTS="$work/shots" board/run.sh >"$work/out" 2>"$work/err"
result $? "the evening goes as its script says"
verdicts=$(grep -c '^{"t":"2016-12-0[89]T.*"verdict":"[A-Z_]*","source":"[a-z]*"' "$work/out")
[ "$verdicts" -ge 10 ]
result $? "each verdict is a line of JSON ($verdicts)"
grep -q '"verdict":"ADMIT"' "$work/out" && grep -q '"verdict":"ALREADY_IN"' "$work/out" &&
	grep -q '"source":"camera"' "$work/out"
result $? "the camera admits, and notices who is inside already"
grep -qF "$work/shots" "$work/out"
result $? "it says where the pictures are"
# shellcheck disable=SC2013 # a picture's name is one word
for shot in $(sed -n 's/^ *shot  *//p' assets/demo/evening.script); do
	head -c 8 "$work/shots/$shot" 2>/dev/null | od -An -tx1 |
		grep -q '89 50 4e 47 0d 0a 1a 0a'
	result $? "$shot is a PNG picture"
done

# A line that does not hold is named, and the status says so.
printf 'at 19:04:10\nexpect present 7\n' >"$work/wrong.script"
"$B/parvis-kiosk" --event assets/demo --venue numa --data "$work/data" --offscreen \
	--script "$work/wrong.script" --shots "$work" >"$work/out" 2>"$work/err"
[ $? = 1 ] && grep -qF "wrong.script:2:" "$work/err"
result $? "an expectation that fails ends the evening with status 1, naming its line"
echo "1..$number"
exit $failed
