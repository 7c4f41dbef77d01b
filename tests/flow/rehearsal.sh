#!/bin/sh
# Rehearsals: pictures of many kinds through the reading process, the store and the screens; the
# public test vectors at their named times; lines that must fail; a cut.
. tests/fake/tap.sh

demo=assets/demo

# play NAME VENUE [OPTION...]: plays $DIR/NAME.script; sets $status, leaves NAME.out and NAME.err
play()
{
	name=$1 venue=$2
	shift 2
	"$KIOSK" --event $demo --venue "$venue" --data "$DIR/$name.data" --shots "$DIR/$name.shots" \
		--script "$DIR/$name.script" --offscreen "$@" >"$DIR/$name.out" 2>"$DIR/$name.err"
	status=$?
}

# --- a log that is none any more -----------------------------------------------------------------

mkdir "$DIR/torn.data"
printf 'SQLite format 3, and then nothing that it should be' >"$DIR/torn.data/log.db"
"$PARVIS" log --verify --data "$DIR/torn.data" >"$DIR/verify" 2>&1
is "a log that does not open does not verify" "1 yes" \
	"$? $(grep -q '^bad: the database is damaged' "$DIR/verify" && echo yes)"

# --- how a script may be written -----------------------------------------------------------------

printf '\357\273\277at 19:00:10 # doors\r\n\tcode PARVIS-TEST\r\nwait\tTEST_OK  # blue\r\nexpect present 0' \
	>"$DIR/windows.script"
play windows numa
is "a byte order mark, CRLF, tabs, comments, no end of line: all are read" 0 $status

# --- pictures ------------------------------------------------------------------------------------

t=$(ticket picture001 1 0)
paint "$DIR/phone.png" "$t" size=0.5
paint "$DIR/paper.png" "$(ticket picture002 1 0)" on=paper size=0.5 turn=12
paint "$DIR/dark.png" "$(ticket picture003 1 0)" on=dark size=0.55 turn=-5
paint "$DIR/blurred.png" "$(ticket picture004 1 0)" size=0.62 blur=2 noise=6
paint "$DIR/motion.png" "$(ticket picture005 1 0)" size=0.62 motion=4
paint "$DIR/dim.png" "$(ticket picture006 1 0)" size=0.55 light=0.3 noise=6
paint "$DIR/elsewhere.png" "$(ticket picture007 1 14)" size=0.5
paint "$DIR/address.png" "https://example.org/menu" size=0.4
paint "$DIR/opaque.png" "kx7m2pq9wz4h" on=paper size=0.4
paint "$DIR/test.png" "PARVIS-TEST" size=0.3
cat >"$DIR/pictures.script" <<EOF
at 19:00:10
show phone.png
wait ADMIT
expect lamp green
expect present 1
shot welcome.png
at 19:00:20
show paper.png
wait ADMIT
at 19:00:30
show dark.png
wait ADMIT
at 19:00:40
show blurred.png
wait ADMIT
at 19:00:50
show motion.png
wait ADMIT
at 19:01:00
show dim.png
wait ADMIT
at 19:01:10
show phone.png
wait ALREADY_IN
expect lamp amber
expect present 6
at 19:01:20
show elsewhere.png
wait WRONG_VENUE
expect lamp red
at 19:01:30
show address.png
wait NOT_A_TICKET
at 19:01:40
show opaque.png
wait UNKNOWN
at 19:01:50
show test.png
wait TEST_OK
at 19:02:00
tap Je n'ai pas de billet
wait ADMIT
expect walk_ins 1
expect present 7
at 19:02:10
press +1
wait ADMIT
expect present 8
expect refused 4
EOF
play pictures numa
is "pictures of phones, paper, dark screens, blur, motion and dim light are answered" 0 $status
[ $status = 0 ] || sed 's/^/# /' "$DIR/pictures.err"
is "each verdict is a line of JSON" 13 "$(grep -c '^{"t":"2016-12-08T19:' "$DIR/pictures.out")"
is "each verdict names its source" 11 "$(grep -c '"source":"camera"' "$DIR/pictures.out")"
is "the shot is there" yes "$([ -s "$DIR/pictures.shots/welcome.png" ] && echo yes)"
is "the command line counts the same" 8 "$("$PARVIS" headcount --data "$DIR/pictures.data" --json |
	sed 's/.*"present": *\([0-9]*\).*/\1/')"
"$PARVIS" log --verify --data "$DIR/pictures.data" >"$DIR/verify" 2>&1
is "the log verifies" 0 $?

# --- the same code held to the lens --------------------------------------------------------------

cat >"$DIR/held.script" <<EOF
show phone.png
wait ADMIT
wait ALREADY_IN 6s
EOF
play held numa
is "a code that is held to the lens counts once" 1 $status
is "and says so once" 1 "$(wc -l <"$DIR/held.out")"

# --- public vectors ------------------------------------------------------------------------------

v1=E4BibyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA
v2='==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA'
v3=Ok4EsqDRCr2cL6yDRtqeP7j5Usr1Vj1Db7J0izOuRGx6Qn0BS1ISW2nxlW8PXkYRk7PJhIBmsK1V1ucq5obBoBAMG4p9jCPKBAheRdFV0REVDZUCKAEAVAQA
v4=EU9dJn3k5jzwfY4JQAKrTOVFmo+BvZKwH6UAIFOz3XTxABa7tmjU5UoLD8hJr3440uY7IFEHzau1DVk0sP994bgnzLNswAAKBARdUdGMmNVSHVUCKAEAVAQA
v5=OUmw2Ro3YOMQ4ktAlAIsDVe4Xsr1KXla/0SZVN34qIZWtUX0hx1DXDHxaCatGTNzOeCMjHQABR5E6ESCOOx1g7AIkBhVkdDdJJTVSZWCKAEAPAQA
v6=EFAKEyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA
n=0
for v in "$v1" "$v2" "$v3" "$v4" "$v5" "$v6"; do
	n=$((n + 1))
	paint "$DIR/v$n.png" "$v" size=0.5 turn=$n
done
cat >"$DIR/vectors.script" <<EOF
show v1.png
wait ADMIT
show v2.png
wait ADMIT
show v5.png
wait UNKNOWN
show v6.png
wait FORGED
at 2023-02-03T10:59:59Z
code $v4
wait ADMIT
at 2023-02-03T11:01:01Z
show v4.png
wait EXPIRED
at 2023-02-03T22:59:59Z
show v3.png
wait NOT_YET
at 2023-02-03T23:01:01Z
show v3.png
wait ADMIT
expect present 4
EOF
play vectors laruche
case $status in
0) ok "the public vectors at their named times" ;;
*) not_ok "the public vectors at their named times" "$DIR/vectors.err" "$DIR/vectors.out" ;;
esac

# --- lines that do not hold ----------------------------------------------------------------------

# wrong LINE TEXT: a script whose second line is LINE must fail there, with TEXT
wrong()
{
	printf 'at 19:00:00\n%s\nshot late.png\n' "$1" >"$DIR/wrong.script"
	rm -rf "$DIR/wrong.data" "$DIR/wrong.shots"
	play wrong numa
	if [ $status = 1 ] && grep -q "wrong.script:2: .*$2" "$DIR/wrong.err" &&
		[ ! -e "$DIR/wrong.shots/late.png" ]; then
		ok "a line that does not hold ends the script: $1"
	else
		not_ok "a line that does not hold ends the script: $1" "exit $status" "$DIR/wrong.err"
	fi
}
wrong 'expect present 1' 'expected present 1, but it is 0'
wrong 'expect lamp green' 'expected lamp green, but it is off'
wrong 'expect screen result' 'but it is scan'
wrong 'expect weather fine' 'nothing is called weather'
wrong 'wait ADMIT 1s' 'waited 1000 ms for ADMIT'
wrong 'wait ADMITTED' 'needs a verdict'
wrong 'tap Fly me to the moon' 'no control'
wrong 'tap 1,1' 'no control at 1,1'
wrong 'press doorbell' 'volunteer, help or plus'
wrong 'show nothing.png' 'No such file'
wrong 'shot ../out.png' 'plain file name'
wrong 'at 25:00:00' 'is no time'
wrong 'dance' 'no such command'
wrong 'cut now' 'takes nothing'

# --- a cut ---------------------------------------------------------------------------------------

cat >"$DIR/cut.script" <<EOF
code $(ticket cut000001 1 0)
wait ADMIT
code $(ticket cut000002 1 0)
wait ADMIT
cut
shot never.png
EOF
play cut numa
is "after a cut nothing more is done" "" "$(ls "$DIR/cut.shots" 2>/dev/null)"
is "and both greens are in the log" 2 "$("$PARVIS" headcount --data "$DIR/cut.data" --json |
	sed 's/.*"in": *\([0-9]*\).*/\1/')"
cat >"$DIR/cut.script" <<EOF
code $(ticket cut000002 1 0)
wait ALREADY_IN
expect present 2
EOF
play cut numa
is "and the kiosk knows them when it is back" 0 $status

done_testing
