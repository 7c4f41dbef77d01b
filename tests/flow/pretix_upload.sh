#!/bin/sh
# parvis attendance --upload-pretix: entries and exits go back to a stand-in for pretix that looks at every
# request as the documentation has it. Each is there once, however often it was sent, whatever has failed
# on the way; what is refused is told and asked again; the token is in no argument and no file.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

TOKEN=e1l6gq2ye72thbwkacj7jbri7a7tvxe614ojv8
EVENT=$DIR/event
S=$DIR/server
mkdir "$EVENT" "$S"
cp assets/demo/event.ini "$EVENT"
(umask 077 && echo "$TOKEN" >"$DIR/token")

# --- an evening ----------------------------------------------------------------------------------

{
	echo code,name,venue
	for i in 1 2 3 4 5 6 7 8; do
		echo "mine-000000000000000$i,Guest $i,numa"
	done
} >"$DIR/people.csv"
"$PARVIS" roster import --event "$EVENT" "$DIR/people.csv" >"$DIR/out" 2>&1 ||
	not_ok "they are imported" "$DIR/out"
for i in 1 2 3 4 5 6 7; do
	echo "at 19:0$i:00"
	echo "code mine-000000000000000$i"
	echo "wait ADMIT"
done >"$DIR/numa.script"
printf 'at 20:00:00\ncode mine-0000000000000001\nwait EXIT\n' >"$DIR/garden.script"
printf 'at 20:30:00\ncode mine-0000000000000001\nwait READMIT\n' >"$DIR/back.script"
# play SCRIPT [OPTION...]
play()
{
	script=$1
	shift
	"$KIOSK" --event "$EVENT" --venue numa --data "$DIR/box" --script "$DIR/$script.script" \
		--offscreen "$@" >"$DIR/out" 2>"$DIR/err"
	is "an evening: $script" 0 $?
}
play numa
play garden --doorway exit --door garden
play back
"$PARVIS" collect --event "$EVENT" "$DIR/box" >"$DIR/out" 2>&1
is "its rows are collected" yes "$([ -s "$EVENT/night.db" ] && echo yes)"

# --- the server ----------------------------------------------------------------------------------

"$TOOLS/pretix_standin" "$S" "$TOKEN" &
server=$!
at_end "kill $server 2>/dev/null"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ -f "$S/port" ] || sleep 0.2
done
URL=http://127.0.0.1:$(cat "$S/port")

upload()
{
	"$PARVIS" attendance --event "$EVENT" --upload-pretix "$URL" --organizer city --list 7 \
		--token-file "$DIR/token" "$@" >"$DIR/out" 2>"$DIR/err"
	status=$?
}

asked()
{
	grep -c '^/api/v1/organizers/city/checkinrpc/redeem/$' "$S/log"
}

# said NAME STATUS TAKEN BEFORE REFUSED LEFT
said()
{
	is "$1" "$2 9 rows: $3 taken by pretix now, $4 before, $5 refused, $6 left for another time" \
		"$status $(tail -1 "$DIR/err")"
}

echo 7 >"$S/lists"
cat >"$S/redeem" <<END
mine-0000000000000001 ok
mine-0000000000000002 ok
mine-0000000000000003 unpaid
mine-0000000000000004 questions
mine-0000000000000005 rules
mine-0000000000000006 ok
END
upload
said "what is refused does not keep the others" 1 5 0 4 0
is "each that was taken is there once" 5 "$(sort -u "$S/checkins" | wc -l | tr -d ' ')"
is "… in and out and in again, at their moments" \
	"entry 2016-12-08T18:01:00.000Z exit 2016-12-08T19:00:00.000Z entry 2016-12-08T19:30:00.000Z " \
	"$(sed -n 's/^mine-0000000000000001 \([^ ]* [^ ]*\) .*/\1/p' "$S/checkins" | tr '\n' ' ')"
is "who did not come is not told of" 0 "$(grep -c mine-0000000000000008 "$S/checkins")"
is "each refused row is told with its reason" \
	'"mine-0000000000000003" "unpaid" "mine-0000000000000004" "incomplete" "mine-0000000000000005" "rules" "mine-0000000000000007" "invalid" ' \
	"$(sed 1d "$DIR/out" | sort | awk -F, '{ printf "%s %s ", $1, $5 }')"
is "… and the server's explanation" 1 "$(grep -c '"rules","Not before 20:00"' "$DIR/out")"
is "no code is in what is kept" "9 0" \
	"$(cat "$EVENT"/pretix-7-*.sent | wc -l | tr -d ' ') $(cat "$EVENT"/pretix-7-*.sent | grep -c mine-)"

before=$(asked)
sed -i 's/questions/ok/' "$S/redeem"
upload --out "$DIR/refused.csv"
said "again: only the refused are asked" 1 1 5 3 0
is "… and no other" "$((before + 4)) 4" "$(asked) $(wc -l <"$DIR/refused.csv" | tr -d ' ')"
is "a file of them is for its owner alone" 600 "$(stat -c %a "$DIR/refused.csv")"
echo 'mine-0000000000000007 ok' >>"$S/redeem"
sed -i 's/unpaid/ok/; s/rules/ok/' "$S/redeem"
upload
said "when nothing is refused any more" 0 3 6 0 0
upload
said "and once more: nothing is sent" 0 0 9 0 0
is "nine rows, nine check-ins" "9 9" \
	"$(wc -l <"$S/checkins" | tr -d ' ') $(sort -u "$S/checkins" | wc -l | tr -d ' ')"

# --- bad days ------------------------------------------------------------------------------------

fresh()
{
	rm -f "$EVENT"/pretix-7-*.sent "$S/checkins" "$S/log" "$S/redeem.how"
}

fresh
printf 'times 2\nstatus 429\nheader Retry-After: 1\n' >"$S/redeem.how"
start=$(date +%s)
upload
said "429: it waits as long as it is asked to" 0 9 0 0 0
is "… and asks again" "11 yes" "$(asked) $([ $(($(date +%s) - start)) -ge 2 ] && echo yes)"
fresh
printf 'times 1\nstatus 503\n' >"$S/redeem.how"
upload
said "503: again, later" 0 9 0 0 0
fresh
printf 'status 500\n' >"$S/redeem.how"
upload --retries 0
said "a server that answers nothing is not asked for ever" 3 0 0 0 9
is "… three rows, no more" 3 "$(asked)"
fresh
printf 'times 1\nstatus 500\n' >"$S/redeem.how"
upload --retries 0
said "a row that it cannot bear does not keep the others" 3 8 0 0 1
upload
said "… and is sent the next time" 0 1 8 0 0
fresh
# The check-in is made and its answer is lost: nobody but the nonce can tell.
printf 'times 2\ncut 1\n' >"$S/redeem.how"
upload
said "answers that are lost" 0 9 0 0 0
is "… make no second check-in" "11 9 9" \
	"$(asked) $(wc -l <"$S/checkins" | tr -d ' ') $(cut -d' ' -f4 "$S/checkins" | sort -u | wc -l | tr -d ' ')"

fresh
printf 'slow 300\n' >"$S/redeem.how"
"$PARVIS" attendance --event "$EVENT" --upload-pretix "$URL" --organizer city --list 7 \
	--token-file "$DIR/token" >"$DIR/out" 2>"$DIR/err" &
uploader=$!
for _ in $(seq 100); do
	[ "$(wc -l 2>/dev/null <"$S/checkins" || echo 0)" -lt 3 ] || break
	sleep 0.1
done
is "its arguments do not have the token" "" "$(tr '\0' ' ' <"/proc/$uploader/cmdline" | grep "$TOKEN")"
is "nor its environment" "" "$(tr '\0' ' ' <"/proc/$uploader/environ" | grep "$TOKEN")"
upload
is "a second one at a time" "3 1" "$status $(grep -c 'another upload is running' "$DIR/err")"
kill -9 $uploader
wait $uploader 2>/dev/null
rm "$S/redeem.how"
upload
is "killed, and started again: it goes on" "0 yes" \
	"$status $(sed -n 's/^9 rows: [0-6] taken by pretix now, [3-9] before, 0 refused, 0 left.*/yes/p' "$DIR/err")"
is "… and each is there once" "9 9" \
	"$(wc -l <"$S/checkins" | tr -d ' ') $(cut -d' ' -f4 "$S/checkins" | sort -u | wc -l | tr -d ' ')"
# A power cut leaves half a line.
printf 'half a li' >>"$(ls "$EVENT"/pretix-7-*.sent)"
upload
said "half a line in its notes" 0 0 9 0 0

# --- refusals of everything ----------------------------------------------------------------------

fresh
echo 8 >"$S/lists"
upload
said "a list that is not there ends it" 1 0 0 0 9
is "… at the first row, and it says so" "1 1" "$(asked) $(grep -c 'status 400' "$DIR/err")"
echo 7 >"$S/lists"
echo wrong >"$DIR/wrong"
upload --token-file "$DIR/wrong"
said "a wrong token" 1 0 0 0 9
is "… and it says so" "1" "$(grep -c 'status 401.*does not know the token' "$DIR/err")"
printf 'status 302\nheader Location: http://127.0.0.1:1/\n' >"$S/redeem.how"
upload
said "a redirection is not followed" 1 0 0 0 9
fresh
upload --token-file - <"$DIR/token"
said "the token by standard input" 0 9 0 0 0
is "the token is in no file, and nothing said it" "" \
	"$(grep -rl "$TOKEN" "$EVENT" "$DIR/out" "$DIR/err")"
is "no codes are left beside people.db" "" \
	"$(grep -rl mine-0000000000000001 "$EVENT" | grep -v people.db)"
kill $server
upload --retries 0
said "nobody listens, and nothing is left to say" 0 0 9 0 0
rm "$EVENT"/pretix-7-*.sent
upload --retries 0
said "nobody listens" 3 0 0 0 9

for options in "--format csv" "--as pretix" "--came" "--list x" "--organizer a/b" "--timeout 0" "--retries 99"; do
	# shellcheck disable=SC2086
	upload $options
	is "wrong use: $options" 2 "$status"
done
"$PARVIS" attendance --event "$EVENT" --upload-pretix "$URL" --organizer city --list 7 >"$DIR/out" 2>&1
is "wrong use: no token" 2 $?
"$PARVIS" attendance --event "$EVENT" --organizer city >"$DIR/out" 2>&1
is "wrong use: nothing to send to" 2 $?
"$PARVIS" attendance --event "$EVENT" --upload-pretix http://192.0.2.1 --organizer city --list 7 \
	--token-file "$DIR/token" >"$DIR/out" 2>&1
is "in the clear only to this machine" 2 $?
done_testing
