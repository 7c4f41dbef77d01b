#!/bin/sh
# The organiser's commands before the night: parvis event, roster and check, on the demo event.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

# Published test tickets of pretix: valid, not before, not after, a bad signature, another item.
V1=E4BibyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA
V2='==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA'
V3=Ok4EsqDRCr2cL6yDRtqeP7j5Usr1Vj1Db7J0izOuRGx6Qn0BS1ISW2nxlW8PXkYRk7PJhIBmsK1V1ucq5obBoBAMG4p9jCPKBAheRdFV0REVDZUCKAEAVAQA
V4=EU9dJn3k5jzwfY4JQAKrTOVFmo+BvZKwH6UAIFOz3XTxABa7tmjU5UoLD8hJr3440uY7IFEHzau1DVk0sP994bgnzLNswAAKBARdUdGMmNVSHVUCKAEAVAQA
V5=OUmw2Ro3YOMQ4ktAlAIsDVe4Xsr1KXla/0SZVN34qIZWtUX0hx1DXDHxaCatGTNzOeCMjHQABR5E6ESCOOx1g7AIkBhVkdDdJJTVSZWCKAEAPAQA
V6=EFAKEyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA

EVENT=$DIR/event
cp -r assets/demo "$EVENT"
rm -f "$EVENT"/roster.db*
ls "$EVENT" >"$DIR/before"

# verdict CODE [OPTION...]
verdict()
{
	code=$1
	shift
	"$PARVIS" check --event "$EVENT" "$@" -- "$code" | sed 's/ .*//'
}

# --- event ---------------------------------------------------------------------------------------

for command in event roster check; do
	run "$PARVIS" "$command" --help
	says "$command --help" 0 out "^usage: parvis $command"
	run "$PARVIS" "$command"
	says "$command without arguments is wrong use" 2 err "^usage: parvis $command"
done

for command in "event check" "event pin" "roster import" "roster revoke" \
	"check --event $EVENT --venue numa" "log --data $DIR" "headcount --json" "decode --json"; do
	# shellcheck disable=SC2086 # a command and its options
	run "$PARVIS" $command --help
	says "$command --help" 0 out "^usage: parvis ${command%% *}"
done
run "$PARVIS" check --event "$EVENT" --venue numa -- --help
says "but a code of that name is a code" 0 out '^UNKNOWN'

run "$PARVIS" event check assets/demo
says "the demo event is good" 0 out '10 venues, 3 ticket types, 3 keys, languages fr en'
is "and nothing is said against it" "" "$(cat "$DIR/err")"

mkdir "$DIR/bad"
sed 's/^capacity = 200/capacity = lots/; s/^timezone.*/timezone = Mars/; s/^lat = 48.8683/latt = 1/' \
	assets/demo/event.ini >"$DIR/bad/event.ini"
run "$PARVIS" event check "$DIR/bad"
says "a bad capacity is told with line, section and key" 1 err \
	'/event.ini:[0-9]+: \[venue numa\] capacity: "lots" is no number of people: write'
says "so is a bad time zone" 1 err '/event.ini:[0-9]+: \[event\] timezone: "Mars" is no time zone'
says "and a misspelt key, with what was meant" 1 err '\[venue numa\] latt: .* did you mean lat\?'
run "$PARVIS" event check "$DIR/nowhere"
says "a folder that is not there" 3 err 'nowhere/event.ini: No such file'

echo 4711 | "$PARVIS" event pin >"$DIR/out" 2>"$DIR/err"
status=$?
says "a PIN becomes a line for [staff]" 0 out '^pin = [$]argon2id[$]v=19[$]m=[0-9]+,t=[0-9]+,p=1[$]'
mkdir "$DIR/pin"
grep -v '^pin = ' assets/demo/event.ini >"$DIR/pin/event.ini"
cat "$DIR/out" >>"$DIR/pin/event.ini"
run "$PARVIS" event check "$DIR/pin"
says "which the event takes" 0 out 'PIN set'
for pin in 123 1234567890123 12a4 ''; do
	echo "$pin" | "$PARVIS" event pin >"$DIR/out" 2>"$DIR/err"
	status=$?
	says "\"$pin\" is no PIN" 1 err 'a PIN is 4 to 12 digits'
done
run "$PARVIS" event pin
says "no PIN at all" 1 err 'no PIN on standard input'

# --- check ---------------------------------------------------------------------------------------

is "V1 is admitted at its venue" ADMIT "$(verdict "$V1" --venue laruche)"
is "V1 is for another venue at Numa" WRONG_VENUE "$(verdict "$V1" --venue numa)"
is "V2 is admitted everywhere" ADMIT "$(verdict "$V2" --venue lai18)"
is "V3 before its time" NOT_YET "$(verdict "$V3" --venue numa --at 2023-02-03T22:59:59Z)"
is "V3 in its time" ADMIT "$(verdict "$V3" --venue numa --at 2023-02-03T23:01:01Z)"
is "V4 in its time" ADMIT "$(verdict "$V4" --venue numa --at 2023-02-03T10:59:59Z)"
is "V4 after its time" EXPIRED "$(verdict "$V4" --venue numa --at 2023-02-03T11:01:01Z)"
is "V5 is of an item that is not sold here" UNKNOWN "$(verdict "$V5" --venue laruche)"
is "V6 is forged" FORGED "$(verdict "$V6" --venue laruche)"
is "the test code" TEST_OK "$(verdict PARVIS-TEST --venue numa)"
is "a web address" NOT_A_TICKET "$(verdict https://example.org --venue numa)"
is "an opaque code without a roster" UNKNOWN "$(verdict abc --venue numa)"

run "$PARVIS" check --event "$EVENT" --venue laruche "$V1" PARVIS-TEST
says "each code gets its verdict" 0 out '^ADMIT'
run "$PARVIS" check --event "$EVENT" --venue laruche "$V1" "$V6"
says "and a refusal is an answer, not a failure" 0 out '^FORGED'
is "with a line for each" 2 "$(wc -l <"$DIR/out")"
run "$PARVIS" check --event "$EVENT" --venue laruche --json "$V1"
says "JSON tells code and verdict" 0 out "^\{\"code\":\"$V1\",\"verdict\":\"ADMIT\",.*\"venue\":\"laruche\""
run "$PARVIS" check --event "$EVENT" --venue numa --json --at 2023-02-03T22:59:59Z "$V3"
says "and the limits, in the event's time" 0 out '"valid_from":"2023-02-04T00:00:00\+01:00","valid_until":null'
run "$PARVIS" check --event "$EVENT" --venue nowhere abc
says "an unknown venue names those that there are" 2 err ' numa liberte .* lai18$'
run "$PARVIS" check --event "$EVENT" --venue numa --at yesterday abc
says "a time that is none" 2 err 'takes a moment like 2016'
run "$PARVIS" check --event "$DIR/bad" --venue numa abc
says "a bad event answers nothing" 1 err 'capacity: "lots"'
is "on standard output" "" "$(cat "$DIR/out")"
"$PARVIS" check --event "$EVENT" --venue laruche "$V1" >/dev/full 2>"$DIR/err"
status=$?
says "a full disk under the answer" 3 err '^parvis check: standard output: No space left on device'
is "nothing was recorded" "$(cat "$DIR/before")" "$(ls "$EVENT")"

printf 'a\033[31mb\n\377\376\000x\n\n\342\200\256abc\177\n\302\233m\n' >"$DIR/hostile"
for form in --json ""; do
	# shellcheck disable=SC2086 # an empty form is no argument
	"$PARVIS" check --event "$EVENT" --venue numa $form - <"$DIR/hostile" >"$DIR/out" 2>"$DIR/err"
	status=$?
	says "hostile bytes are refused ${form:-plainly}" 0 out NOT_A_TICKET
	is "one line each" 5 "$(wc -l <"$DIR/out")"
	is "no control byte comes out" 0 "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$DIR/out" | wc -c)"
	is "no override or C1 control either" 0 \
		"$(LC_ALL=C grep -c "$(printf '\342\200\256\|\302\233')" "$DIR/out")"
done
"$PARVIS" check --event "$EVENT" --venue numa --json - <"$DIR/hostile" >"$DIR/out"
is "what is not UTF-8 is told in hex" 1 "$(grep -c '"code_hex":"fffe0078"' "$DIR/out")"

# --- wrong use -----------------------------------------------------------------------------------

# A value is nobody's to read, and a name that is hostile acts on no terminal.
hostile=$(printf -- '--col\033[31mour\n=s3cret')
for command in "event new" "event show" "event broker" "roster import" "roster import --pretix x" \
	"roster list" "kiosk provision" "kiosk serve" "kiosk revoke" "ticket issue" "ticket show" \
	"ticket revoke" "check --event $EVENT" decode headcount log collect "collect --broker x" report \
	open-data attendance person purge; do
	# shellcheck disable=SC2086 # a command and its options
	run "$PARVIS" $command "$hostile" --event x
	is "an option that \"parvis $command\" does not have is named" \
		"2 parvis ${command%% --*}: --col\\x1b[31mour\\n: there is no such option" \
		"$status $(head -n 1 "$DIR/err")"
	is "escaped, without its value, before the usage" "0 0" \
		"$(LC_ALL=C grep -c "$(printf '\033')\|s3cret" "$DIR/err") $(wc -c <"$DIR/out")"
	says "which follows" 2 err '^usage: parvis|^From pretix itself'
	# shellcheck disable=SC2086
	run "$PARVIS" $command --help
	says "\"parvis $command --help\" is no wrong use" 0 out '^usage: parvis'
	is "and tells no error" "" "$(cat "$DIR/err")"
done

# wrong WHAT COMMAND...: it is wrong use, and that is what it says first.
wrong()
{
	what=$1
	shift
	run "$PARVIS" "$@"
	is "$*" "2 parvis $what" "$status $(head -n 1 "$DIR/err")"
}

wrong "report: --event DIR is missing" report --out x
wrong "report: --out: its value is missing" report --event x --out
wrong "report: it takes options only" report --event x y
wrong "report: it takes options only" report --event x -- --help
wrong "report: -e: there is no such option" report -event x
wrong "log: --json takes no value" log --data x --json=yes
wrong "log: --json, --csv and --verify exclude each other" log --data x --json --verify
wrong "person: --e can be --event --email --email-stdin --erase" person --e x
wrong "person: give --email, --email-stdin, --code or --code-stdin, one of them" \
	person --event x --code a --email b
wrong "person: a code has 1 to 2953 characters" person --event x --code ''
wrong "purge: --event DIR is missing" purge --box x --stick y
wrong "check: CODE is missing" check --ev x --ven y
wrong "decode: IMAGE is missing" decode --json
wrong "event new: it makes one DIR" event new a b
wrong "event show: it takes one DIR" event show --json
wrong "event broker: --host NAME is missing" event broker --event x --out y
wrong "event broker: --port takes a port, 1 to 65535" event broker --port 65536
wrong "kiosk provision: --door NAME is missing" kiosk provision --event x --venue y
wrong "kiosk serve: --listen ADDRESS:PORT is missing" kiosk serve --event x
wrong "kiosk revoke: it takes one VENUE/DOOR or DEVICE" kiosk revoke --event x
wrong "roster import: FILE is missing" roster import --event x
wrong "roster find: it takes one TEXT" roster find --event x a b
wrong "roster list: --json and --csv exclude each other" roster list --event x --json --csv
wrong "roster import: --timeout takes seconds, 1 to 600" roster import --pretix x --timeout 601
wrong "roster import: --organizer takes a short name: letters, digits, - . _" \
	roster import --pretix x --organizer a/b
wrong "roster import: give --token-file or --token, one of them" \
	roster import --event x --pretix y --organizer z --pretix-event z
wrong "attendance: --retries takes a number, 0 to 20" attendance --event x --retries 21
wrong "ticket revoke: CODE is missing" ticket revoke --event x
wrong "ticket issue: give --names or --count, one of them" ticket issue --event x --out y
wrong "ticket issue: --count takes a number, 1 to 1000000" ticket issue --count 0
wrong "ticket issue: --layout is of a PDF" \
	ticket issue --event x --out y --count 1 --format png --layout page
wrong "collect: name at least one source" collect --event x
wrong "collect: --seconds takes a number of seconds, 0 to 99999" collect --seconds ' 1' --event x
wrong "collect: --patience takes seconds, 10 to 86400" collect --broker x --patience 9
wrong "collect: --tls-cert and --tls-key go together" collect --event x --broker y --tls-key z

run "$PARVIS" "$(printf 'ro\033ster')"
is "a command that there is not is named, escaped" '2 parvis: ro\x1bster: there is no such command' \
	"$status $(head -n 1 "$DIR/err")"
run "$KIOSK" "$hostile"
is "the kiosk names a wrong option, too" \
	"2 parvis-kiosk: --col\\x1b[31mour\\n: there is no such option" "$status $(cat "$DIR/err")"
run "$KIOSK" --size 800
says "and what a wrong value should be" 2 err '^parvis-kiosk: --size takes WIDTHxHEIGHT in pixels, such as 800x480$'
run "$B/parvis-slot" "$hostile" status
is "so does parvis-slot" '2 parvis-slot: --col\x1b[31mour\n: there is no such option' \
	"$status $(head -n 1 "$DIR/err")"

# --- roster --------------------------------------------------------------------------------------

run "$PARVIS" roster import --event "$EVENT" assets/demo/roster.csv
says "the demo's people are imported" 0 out ': 78 registrations: 78 new, 0 updated, 0 unchanged, 0 revoked, 0 restored$'
run "$PARVIS" roster import --event "$EVENT" assets/demo/roster.csv
says "a second time changes nothing" 0 out ': 78 registrations: 0 new, 0 updated, 78 unchanged, 0 revoked, 0 restored$'
row=$(grep -m1 ',numa$' assets/demo/roster.csv)
code=${row%%,*}
name=$(echo "$row" | cut -d, -f2)
is "one of them is admitted" ADMIT "$(verdict "$code" --venue numa)"
is "and is for another venue elsewhere" WRONG_VENUE "$(verdict "$code" --venue lai18)"
run "$PARVIS" check --event "$EVENT" --venue numa --json "$code"
says "JSON tells the name" 0 out "\"kind\":\"roster\",\"venue\":\"numa\",\"name\":\"$name\""
is "no code stands in the file" 0 "$(LC_ALL=C grep -c "$code" "$EVENT/roster.db")"
is "nor does the name" 0 "$(LC_ALL=C grep -c "$name" "$EVENT/roster.db")"

printf 'code;name\r\nNEW-1;Ada\r\n%s;Changed\r\n' "$code" >"$DIR/more.csv"
run "$PARVIS" roster import --event "$EVENT" "$DIR/more.csv"
says "new and changed are told apart" 0 out ': 2 registrations: 1 new, 1 updated, 0 unchanged, 0 revoked, 0 restored$'
is "the new one is admitted" ADMIT "$(verdict NEW-1 --venue numa)"

printf 'code,venue\nNEW-2,\nNEW-3,nowhere\nNEW-2,\n' >"$DIR/wrong.csv"
run "$PARVIS" roster import --event "$EVENT" "$DIR/wrong.csv"
says "a wrong row is told with its line" 1 err '/wrong.csv:3: "nowhere" is no venue of the event'
says "and every other one too" 1 err '/wrong.csv:4: the same code as on line 2'
says "and that nothing was taken" 1 err '/wrong.csv: nothing was taken'
is "which is true" UNKNOWN "$(verdict NEW-2 --venue numa)"
printf 'code\nNEW-4\n' >"$DIR/good.csv"
run "$PARVIS" roster import --event "$EVENT" "$DIR/good.csv" "$DIR/wrong.csv" "$DIR/nowhere.csv"
says "each file for itself" 3 out '/good.csv: 1 registrations: 1 new'
is "the good one was taken" ADMIT "$(verdict NEW-4 --venue numa)"
printf 'code\nNEW-5\n' | "$PARVIS" roster import --event "$EVENT" - >"$DIR/out" 2>"$DIR/err"
status=$?
says "a file from standard input" 0 out '1 registrations: 1 new'

run "$PARVIS" roster revoke --event "$EVENT" NEW-1 "$V1"
says "codes are revoked" 0 out '^2 codes revoked$'
is "one of the roster" REVOKED "$(verdict NEW-1 --venue numa)"
is "and a signed ticket" REVOKED "$(verdict "$V1" --venue laruche)"
run "$PARVIS" roster revoke --event "$EVENT" --restore NEW-1 "$V1"
says "and good again" 0 out '^2 codes restored$'
is "the one of the roster" ADMIT "$(verdict NEW-1 --venue numa)"
is "and the signed one" ADMIT "$(verdict "$V1" --venue laruche)"
run "$PARVIS" roster revoke --event "$EVENT" NEW-1 ""
says "an empty code revokes nothing" 2 err 'code 2: a code has 1 to 2953 bytes, not 0'
is "not even the one before" ADMIT "$(verdict NEW-1 --venue numa)"
printf '\357\273\277%s\r\n%s\r\n' NEW-1 NEW-4 | "$PARVIS" roster revoke --event "$EVENT" - >"$DIR/out"
is "codes of a file with a byte order mark and CRLF are revoked" "REVOKED REVOKED" \
	"$(verdict NEW-1 --venue numa) $(verdict NEW-4 --venue numa)"
"$PARVIS" roster revoke --event "$EVENT" --restore NEW-1 NEW-4 >"$DIR/out"
run "$PARVIS" roster import --event "$EVENT" --restore "$DIR/good.csv"
says "an option of another command is wrong use" 2 err '^usage'

echo junk >"$EVENT/roster.db"
run "$PARVIS" check --event "$EVENT" --venue numa abc
says "a roster that is none is told, not taken for empty" 3 err '/roster.db: damaged, .*: remove it and'
rm "$EVENT/roster.db"
"$PARVIS" roster import --event "$EVENT" "$DIR/good.csv" >"$DIR/out"
sed -i 's/^id = .*/id = another/; s/^hash = .*//' "$EVENT/event.ini"
run "$PARVIS" check --event "$EVENT" --venue numa abc
says "so is one that another event has left" 3 err '/roster.db: it was made for another event id'

done_testing
