#!/bin/sh
# Without a ticket: a first name on the glass, a badge that is photographed off the screen, goes out
# by the exit and comes in again; and the name stays nowhere.
. tests/fake/tap.sh

mkdir "$DIR/event"
cp assets/demo/event.ini assets/demo/roster.csv "$DIR/event"
printf '\n[badges]\nwalk_in = yes\n' >>"$DIR/event/event.ini"

# play NAME [OPTION...]: plays $DIR/NAME.script on the one log of this test
play()
{
	name=$1
	shift
	"$KIOSK" --event "$DIR/event" --venue numa --data "$DIR/data" --shots "$DIR" \
		--script "$DIR/$name.script" --offscreen "$@" >"$DIR/$name.out" 2>"$DIR/$name.err"
	status=$?
}

expect_good()
{
	if [ "$status" = 0 ]; then
		ok "$1"
	else
		sed 's/^/# /' "$DIR/$name.err"
		not_ok "$1"
	fi
}

cat >"$DIR/in.script" <<'END'
at 19:43:00
tap Je n’ai pas de billet
expect screen walk_in
tap z
tap o
tap é
shot keyboard.png
tap Entrer
wait ADMIT
expect screen result
expect present 1
expect walk_ins 1
shot badge.png
END
play in
expect_good "a first name and a badge"

code=$("$PARVIS" decode "$DIR/badge.png" 2>"$DIR/decode.err" | tr -d '\r\n')
case $code in
PB??????????????????????????) ok "the badge is read off the screen" ;;
*) not_ok "the badge is read off the screen" ;;
esac

cat >"$DIR/again.script" <<END
at 19:44:00
code $code
wait ALREADY_IN
expect present 1
END
play again
expect_good "whoever is in is in"

cat >"$DIR/out.script" <<END
at 20:10:00
code $code
wait EXIT
expect present 0
END
play out --doorway exit --door garden
expect_good "out by the exit, where a badge is as good as a ticket"

cat >"$DIR/back.script" <<END
at 20:30:00
code $code
wait READMIT
expect present 1
code PB0000000000000000000000000A
wait UNKNOWN
expect present 1
END
play back
expect_good "in again; a badge that nobody made is unknown"

cat >"$DIR/quick.script" <<'END'
at 20:40:00
tap Je n’ai pas de billet
tap Entrer
wait ADMIT
expect walk_ins 2
at 20:41:00
tap Je n’ai pas de billet
tap q
tap Retour
expect screen scan
expect walk_ins 2
at 20:41:10
tap Je n’ai pas de billet
tap q
code PARVIS-TEST
wait TEST_OK
expect walk_ins 2
at 20:42:00
tap Je n’ai pas de billet
tap q
at 20:44:00
expect screen scan
expect walk_ins 2
END
play quick
expect_good "without a name; back; a code in between; nobody there any more"

if [ "$(grep -rlaiE "zoé|$code" "$DIR/data" | wc -l)" = 0 ]; then
	ok "neither name nor code stays in the data directory"
else
	not_ok "neither name nor code stays in the data directory"
fi

if "$PARVIS" log --data "$DIR/data" --verify >"$DIR/verify.out" 2>&1; then
	ok "the log verifies"
else
	sed 's/^/# /' "$DIR/verify.out"
	not_ok "the log verifies"
fi

"$KIOSK" --event "$DIR/event" --script "$DIR/in.script" --offscreen --printer http://localhost \
	>"$DIR/uri.out" 2>&1
[ $? = 2 ] && grep -q 'ipp://' "$DIR/uri.out" && ok "a printer that is none" ||
	not_ok "a printer that is none"
wrong=0
for option in "--label 62" "--label 10x29" "--label 62x29x1" "--labels -1" "--labels many"; do
	# shellcheck disable=SC2086 # an option and its value
	"$KIOSK" $option >/dev/null 2>&1
	[ $? = 2 ] || wrong=$((wrong + 1))
done
if [ "$wrong" = 0 ]; then ok "sizes and numbers that are none"; else not_ok "sizes and numbers that are none"; fi

done_testing
