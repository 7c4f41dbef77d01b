#!/bin/sh
# No stolen box gives anybody's name away: 10,000 planted names and e-mail addresses are not in any
# byte that an evening leaves, nor in the program's memory once the volunteers' session is over.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/planted.sh
. tests/fake/planted.sh

PLANTED=$TOOLS/planted
PEOPLE=10000
EVENT=$DIR/event
WORDS=$DIR/words

planted_people $PEOPLE >"$DIR/people.csv"
awk -F, 'NR > 1 {
	sub(/\.example$/, "", $4)
	print $2; print $3; print $4; print tolower($2); print tolower($3)
}' "$DIR/people.csv" >"$WORDS"
is "as many names as were promised" $PEOPLE "$(sed 1d "$DIR/people.csv" | wc -l | tr -d ' ')"

# --- the organiser's side ------------------------------------------------------------------------

demo_event "$EVENT"
rm -f "$EVENT/roster.csv"
if "$PARVIS" roster import --event "$EVENT" "$DIR/people.csv" >"$DIR/out" 2>"$DIR/err"; then
	ok "they are imported"
else
	not_ok "they are imported" "$DIR/out" "$DIR/err"
fi

# finds NAME STATUS FILE...
finds()
{
	name=$1 wanted=$2
	shift 2
	"$PLANTED" "$WORDS" "$@" >"$DIR/found" 2>&1
	got=$?
	if [ $got = "$wanted" ]; then
		ok "$name ($(tail -1 "$DIR/found"))"
	else
		not_ok "$name" "exit status $got instead of $wanted" "$DIR/found"
	fi
}
finds "the organiser's own file has them: the search can see" 1 "$EVENT/people.db"
finds "the roster has not" 0 "$EVENT/roster.db"

# provision SEARCH: the bundle $DIR/SEARCH.parvis
provision()
{
	sed -i '/^search = /d' "$EVENT/event.ini"
	sed -i "/^\[staff\]/a search = $1" "$EVENT/event.ini"
	echo 2016 | "$PARVIS" kiosk provision --event "$EVENT" --venue numa --door main --pin-stdin \
		--out "$DIR/$1.parvis" >"$DIR/out" 2>"$DIR/err"
}

# The PIN, from the first screen.
session()
{
	cat <<-END
		tap Bénévole
		tap 2
		tap 0
		tap 1
		tap 6
		tap Valider
		expect screen headcount
	END
}

# search LETTERS: to the list.
search()
{
	echo "tap Chercher"
	echo "$1" | sed 's/./tap &\n/g'
	echo "tap Voir la liste"
}

# admitted LETTERS VERDICT TIME: this guest is found by name and touched; when the answer is over.
admitted()
{
	search "x$1"
	echo "tap X$1" # not the whole name: the script is in memory too
	echo "wait $2"
	echo "at $3"
	echo "expect screen headcount"
}

# play SEARCH WHAT [OPTION...] <SCRIPT
play()
{
	run=$DIR/run-$1-$2
	data=$DIR/data-$1 bundle=$DIR/$1.parvis
	shift 2
	cat >"$run.script"
	# What it printed is looked at too; the script, which names guests, is the test's own.
	"$KIOSK" --data "$data" --bundle "$bundle" --offscreen --script "$run.script" "$@" \
		>"$run.out" 2>"$run.err"
	status=$?
}

# evening SEARCH: the first run is cut off while its rows are in the write-ahead log.
evening()
{
	{
		echo "tap Devenir cette porte"
		echo "at 19:00:10"
		for i in 0000 0002 0004 0006 0008; do
			echo "code c${i}qzkwv73hd9t"
			echo "wait ADMIT"
		done
		echo "code c0001qzkwv73hd9t"
		echo "wait WRONG_VENUE"
		echo "at 19:10:00"
		session
		if [ "$1" = yes ]; then
			admitted babababa ALREADY_IN 19:10:30
			admitted babakeba ADMIT 19:11:00
			echo "expect in 6"
			search qbabakevi
		fi
		echo "cut"
	} >"$DIR/script"
	play "$1" cut <"$DIR/script"
	is "search $1: the first half of an evening" 0 "$status"
	[ $status = 0 ] || sed 's/^/# /' "$DIR/run-$1-cut.err"
	find "$DIR/data-$1" -type f >"$DIR/files"
	is "search $1: … is in the write-ahead log" 1 "$(grep -c 'log.db-wal$' "$DIR/files")"
	looked_at "$1" "cut off"
	{
		echo "at 20:00:00"
		session
		[ "$1" = no ] || admitted babakedo ADMIT 20:00:30
		echo "code c0020qzkwv73hd9t"
		echo "wait ADMIT"
	} >"$DIR/script"
	play "$1" end <"$DIR/script"
	is "search $1: the second half" 0 "$status"
	[ $status = 0 ] || sed 's/^/# /' "$DIR/run-$1-end.err"
	looked_at "$1" "ended"
}

# looked_at SEARCH WHEN: every file of the box, the bundle, and what was printed.
looked_at()
{
	find "$DIR/data-$1" "$DIR/$1.parvis" "$DIR"/run-"$1"-*.out "$DIR"/run-"$1"-*.err -type f \
		>"$DIR/files"
	xargs -d '\n' "$PLANTED" "$WORDS" <"$DIR/files" >"$DIR/found" 2>&1
	got=$?
	what="search $1, $2: 0 of $((PEOPLE * 5)) words"
	if [ $got = 0 ]; then
		ok "$what in $(wc -l <"$DIR/files" | tr -d ' ') files ($(tail -1 "$DIR/found"))"
	else
		not_ok "$what" "exit status $got" "$DIR/found"
	fi
}

sed -i "/^\[staff\]/a search = yes" "$EVENT/event.ini"
is "event check says that there is a search" 1 \
	"$("$PARVIS" event check "$EVENT" | grep -c 'search by name')"
# unsealed WHY OPTION... <PIN
unsealed()
{
	why=$1
	shift
	"$PARVIS" kiosk provision --event "$EVENT" --venue numa --door main --out "$DIR/none.parvis" \
		"$@" >"$DIR/out" 2>"$DIR/err"
	is "no bundle: $why" "1 1" "$? $(grep -c "$why" "$DIR/err")"
}
unsealed "add --pin-stdin" </dev/null
unsealed "no PIN on standard input" --pin-stdin </dev/null
echo 2017 >"$DIR/pin"
unsealed "not the PIN of event.ini" --pin-stdin <"$DIR/pin"
is "… and no file of one" "" "$(find "$DIR" -name 'none.parvis*')"

for search in no yes; do
	provision $search
	if [ -s "$DIR/$search.parvis" ]; then
		ok "search $search: a bundle"
	else
		not_ok "search $search: a bundle" "$DIR/err"
		done_testing
	fi
	evening $search
done
is "the index is in the bundle where it was chosen, and only there" "0 1" \
	"$(grep -ac names.idx "$DIR/no.parvis") $(grep -ac names.idx "$DIR/yes.parvis")"
is "the box has it too" "names.idx" "$(cd "$DIR/data-yes/box/1" && ls names.idx)"
is "those found by name are a volunteer's rows" 3 \
	"$("$PARVIS" log --data "$DIR/data-yes" 2>/dev/null | grep -c '"source": *"touch".*volunteer\|touch.*volunteer')"

{
	session
	echo "tap Chercher"
} >"$DIR/script"
play no none <"$DIR/script"
is "nobody searches where it was not chosen" "1 1" \
	"$status $(grep -c 'no control .Chercher' "$DIR/run-no-none.err")"

# A single name among all these bytes would be seen.
cp "$DIR/data-yes/box/1/roster.db" "$DIR/one"
printf 'Xgarinupero' | dd of="$DIR/one" bs=1 seek=4000 conv=notrunc 2>/dev/null
finds "one name in clear in a roster is found" 1 "$DIR/one"
printf 'X\0g\0a\0r\0i\0n\0u\0p\0e\0r\0o\0' | dd of="$DIR/one" bs=1 seek=4000 conv=notrunc 2>/dev/null
finds "… in UTF-16 too" 1 "$DIR/one"

# --- while it runs -------------------------------------------------------------------------------

case $KIOSK in
/*) kiosk=$KIOSK ;;
*) kiosk=$PWD/$KIOSK ;;
esac
mkdir "$DIR/core"

# live <SCRIPT: plays it, and waits until all of it is done. The script comes through a pipe that does
# not end, so that there is all the time it takes to look around. Sets $pid; `over` ends it.
live()
{
	{
		cat
		echo "shot done.png"
	} >"$DIR/live.script"
	rm -f "$DIR/live.pipe"
	mkfifo "$DIR/live.pipe"
	sleep 100000 <>"$DIR/live.pipe" &
	keeper=$!
	at_end "kill $keeper 2>/dev/null"
	cat "$DIR/live.script" >"$DIR/live.pipe" &
	rm -rf "$DIR/live"
	(
		cd "$DIR/core" || exit 3
		ulimit -c unlimited 2>/dev/null
		exec "$kiosk" --data "$DIR/data-yes" --offscreen --script "$DIR/live.pipe" \
			--shots "$DIR/live"
	) >"$DIR/live.out" 2>"$DIR/live.err" &
	pid=$!
	at_end "kill -KILL $pid 2>/dev/null"
	for _ in $(seq 1200); do
		[ ! -s "$DIR/live/done.png" ] || break
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
}
# over SIGNAL
over()
{
	kill "-$1" $pid
	wait $pid 2>/dev/null
	kill $keeper 2>/dev/null
	wait $keeper 2>/dev/null
}

# remembers NAME STATUS
remembers()
{
	"$PLANTED" "$WORDS" --memory $pid >"$DIR/found" 2>&1
	got=$?
	if [ $got = 3 ]; then
		skip "$1" "another program's memory cannot be read here"
	elif [ $got = "$2" ]; then
		ok "$1 ($(tail -1 "$DIR/found"))"
	else
		not_ok "$1" "exit status $got instead of $2" "$DIR/found" "$DIR/live.err"
	fi
}

{
	echo "at 21:00:00"
	session
	search xbabakepe
} >"$DIR/script"
live <"$DIR/script"
case $B in
*asan* | *tsan*) skip "names in memory while somebody searches" "a sanitizer keeps copies" ;;
*) remembers "while somebody searches, the names are in memory" 1 ;;
esac
locked=$(awk '/^VmLck/ { print $2 }' /proc/$pid/status 2>/dev/null)
limit=$(awk '/^Max locked memory/ { print $4 }' /proc/$pid/limits 2>/dev/null)
case $limit in
unlimited | ???????*) is "… and locked, away from swap" yes "$([ "${locked:-0}" -ge 1000 ] && echo yes)" ;;
*) skip "… and locked, away from swap" "no more than ${limit:-?} bytes can be locked here" ;;
esac
is "a core dump is not allowed" "1 1" \
	"$(awk '/^Max core file size/ { print $5, $6 }' /proc/$pid/limits 2>/dev/null)"
over SEGV
is "… and none is made" "" "$(ls "$DIR/core")"

{
	echo "at 21:30:00"
	session
	admitted babakepe ADMIT 21:30:30
	echo "tap Quitter"
	echo "expect screen scan"
	echo "code PARVIS-TEST"
	echo "wait TEST_OK"
	echo "at 21:31:00"
} >"$DIR/script"
live <"$DIR/script"
case $B in
*asan* | *tsan*) skip "no name in memory" "a sanitizer keeps copies" ;;
*) remembers "after the session no name is in memory" 0 ;;
esac
over KILL

done_testing
