#!/bin/sh
# Everything that can break while the door is open, broken on purpose: each fault is named on the
# screen, nothing turns green that is not durable, and all is well again when the cause has gone.
. tests/fake/tap.sh

# begin NAME OPTION...: starts a kiosk that takes its script from descriptor 7
begin()
{
	name=$1
	shift
	mkfifo "$DIR/$name.fifo"
	# shellcheck disable=SC2086 # words are wanted
	"$KIOSK" ${door---event assets/demo --venue numa} --shots "$DIR/$name.shots" --offscreen \
		--script "$DIR/$name.fifo" "$@" >"$DIR/$name.out" 2>"$DIR/$name.err" &
	pid=$!
	exec 7>"$DIR/$name.fifo"
}

say()
{
	printf '%s\n' "$@" >&7
}

# Waits until the kiosk has played so far: the shot that comes last has been taken.
reached()
{
	say "shot $1.png"
	tries=0
	while [ ! -e "$DIR/$name.shots/$1.png" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}

end()
{
	exec 7>&-
	wait "$pid"
	status=$?
	if [ $status = 0 ]; then
		ok "$1"
	else
		not_ok "$1" "exit $status" "$DIR/$name.err" "$DIR/$name.out"
	fi
}

# A directory that somebody clears or moves away still takes rows, which nobody would find again.
begin vanished --data "$DIR/vanished.data"
say "code $(ticket vanished1 1 0)" "wait ADMIT"
reached before
mv "$DIR/vanished.data" "$DIR/vanished.away"
say "code $(ticket vanished2 1 0)" "wait STORE_FAILED" "expect fault store_broken" \
	"expect screen fault"
reached during
is "a log that was moved away is not begun anew" no "$([ -e "$DIR/vanished.data" ] && echo yes || echo no)"
mv "$DIR/vanished.away" "$DIR/vanished.data"
say "expect fault none" "code $(ticket vanished2 1 0)" "wait ADMIT" "expect present 2"
end "a data directory that vanished: never green, and well again by itself when it is back"
"$PARVIS" log --verify --data "$DIR/vanished.data" >"$DIR/verify" 2>&1
is "with the rows of before" "0 2" "$? $(grep -o '^good: 2' "$DIR/verify" | cut -c7-)"

# Two writers of one log: a mistake of whoever set them up, and no failing disk.
begin first --data "$DIR/shared.data"
reached open
printf 'code PARVIS-TEST\n' >"$DIR/second.script"
"$KIOSK" --event assets/demo --offscreen --script "$DIR/second.script" --data "$DIR/shared.data" \
	>"$DIR/second.out" 2>"$DIR/second.err"
is "a second kiosk on a data directory does not start" "3 yes" \
	"$? $(grep -q 'another kiosk writes to this directory' "$DIR/second.err" && echo yes)"
say "code PARVIS-TEST" "wait TEST_OK" "expect fault none"
end "and the first goes on"

can_mount=no
mkdir "$DIR/probe"
if mount -t tmpfs -o size=64k none "$DIR/probe" 2>/dev/null; then
	umount "$DIR/probe"
	can_mount=yes
fi

if [ $can_mount = yes ]; then
	mkdir "$DIR/small"
	mount -t tmpfs -o size=1m none "$DIR/small"
	at_end "umount '$DIR/small'"
	begin full --data "$DIR/small/data"
	say "code $(ticket full00001 1 0)" "wait ADMIT" "expect fault none"
	reached before
	head -c 2m /dev/zero >"$DIR/small/filler" 2>/dev/null
	n=2
	while [ $n -lt 60 ]; do
		say "code $(ticket full$n 1 0)"
		n=$((n + 1))
	done
	say "code $(ticket fulllast 1 0)" "wait STORE_FAILED" "expect fault store_full" \
		"expect screen fault" "expect lamp red"
	reached during
	rm "$DIR/small/filler"
	say "expect fault none" "code $(ticket fulllast 1 0)" "wait ADMIT" "expect screen result"
	reached after
	end "a full disk: named on the screen, never green, and well again by itself"
	"$PARVIS" log --verify --data "$DIR/small/data" >"$DIR/verify" 2>&1
	is "and the log verifies" 0 $?
	is "and has every green, once" "$(grep -c ADMIT "$DIR/full.out")" \
		"$("$PARVIS" headcount --data "$DIR/small/data" --json |
			sed 's/.*"in": *\([0-9]*\).*/\1/')"

	mkdir "$DIR/locked"
	mount -t tmpfs -o ro,size=1m none "$DIR/locked"
	at_end "umount '$DIR/locked'"
	begin readonly --data "$DIR/locked/data"
	say "expect fault store_read_only" "expect screen fault" "code $(ticket ro1 1 0)" \
		"wait STORE_FAILED" "expect lamp red"
	reached during
	mount -o remount,rw "$DIR/locked"
	say "expect fault none" "code $(ticket ro1 1 0)" "wait ADMIT" "expect present 1"
	end "a read-only disk: named on the screen, never green, and well again by itself"

	# A box whose disk comes late, or is damaged: it does not pass for one that has no event.
	mkdir "$DIR/nowhere"
	mount -o remount,ro "$DIR/locked"
	door=''
	begin late --data "$DIR/locked/box" --bundle-dir "$DIR/nowhere"
	unset door
	say "expect adopt storage"
	reached before
	mount -o remount,rw "$DIR/locked"
	say "expect adopt empty"
	reached after
	exec 7>&-
	wait "$pid"
	is "a box without its disk says so, and goes on by itself when that is there" "yes 0" \
		"$([ -e "$DIR/late.shots/after.png" ] && echo yes) $(grep -c ':[0-9]*: ' "$DIR/late.err")"
else
	skip "a full disk" "mounting is not permitted here"
	skip "a read-only disk" "mounting is not permitted here"
	skip "a box without its disk" "mounting is not permitted here"
fi

# A reading process that dies, and one that hangs, in the middle of the evening.
paint "$DIR/a.png" "$(ticket reader1 1 0)" size=0.5
paint "$DIR/b.png" "$(ticket reader2 1 0)" size=0.5
paint "$DIR/c.png" "$(ticket reader3 1 0)" size=0.5
begin reader
say "show $DIR/a.png" "wait ADMIT"
reached before
kill -9 "$(pgrep -P "$pid")"
say "show $DIR/b.png" "wait ADMIT" "expect fault none"
reached between
kill -STOP "$(pgrep -P "$pid")"
say "show $DIR/c.png" "wait ADMIT" "expect fault none" "expect present 3"
end "a reading process that is killed, then one that hangs: both replaced, every guest admitted"

# The same of one that somebody else starts, which the kiosk may not kill; then nobody is there.
"$TOOLS/listen" "$DIR/reader.sock" "$B/parvis-reader" >"$DIR/readers" &
listen=$!
wait_for_file()
{
	tries=0
	while [ ! "$1" "$2" ] && [ $tries -lt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}
wait_for_file -S "$DIR/reader.sock"
paint "$DIR/d.png" "$(ticket reader4 1 0)" size=0.5
begin service --reader "$DIR/reader.sock"
say "show $DIR/a.png" "wait ADMIT"
reached before
is "the reading process is none of the kiosk's children" "" "$(pgrep -P "$pid")"
kill -9 "$(tail -n 1 "$DIR/readers")"
say "show $DIR/b.png" "wait ADMIT" "expect fault none"
reached between
hanging=$(tail -n 1 "$DIR/readers")
kill -STOP "$hanging"
say "show $DIR/c.png" "wait ADMIT" "expect fault none" "expect present 3"
reached after
is "one that hangs is killed by the kernel" gone "$(kill -0 "$hanging" 2>/dev/null || echo gone)"
kill "$listen"
wait "$listen" 2>/dev/null
rm "$DIR/reader.sock"
kill -9 "$(tail -n 1 "$DIR/readers")"
say "show $DIR/d.png" "wait fault decoder" "code $(ticket reader5 1 0)" "wait ADMIT" "expect present 4"
end "a reading process behind a socket that is killed, hangs, and is gone: named, and the door goes on"

# A camera that vanishes and comes back; a hand scanner that is not there.
mkdir "$DIR/cam"
begin camera --camera "files:$DIR/cam-later" --scanner "serial:$DIR/no-tty"
say "expect fault camera" "expect fault scanner" "expect screen scan"
say "code $(ticket camera1 1 0)" "wait ADMIT"
reached gone
paint "$DIR/cam/1.png" "$(ticket camera2 1 0)" size=0.5
mv "$DIR/cam" "$DIR/cam-later"
say "wait ADMIT 10s" "expect present 2"
end "a camera and a scanner that are not there: named, check-in goes on, and the camera comes back"

# No GPIO chip.
cat >"$DIR/pins.ini" <<EOF
[lamp green]
chip = $DIR/no-gpiochip
line = 17

[button help]
chip = $DIR/no-gpiochip
line = 4
EOF
begin pins --pins "$DIR/pins.ini"
say "expect fault lamps" "expect fault buttons" "code $(ticket pins1 1 0)" "wait ADMIT" \
	"expect present 1"
end "a missing GPIO chip: named on the screen, and the door goes on"

# The reference pin map, as it is delivered: its chip is not here, but it is read.
begin reference --pins board/pins.ini
say "expect fault lamps" "code $(ticket pins2 1 0)" "wait ADMIT"
end "the reference pin map is taken"

# A database that is none.
mkdir "$DIR/broken"
head -c 8192 /dev/urandom >"$DIR/broken/log.db"
cp "$DIR/broken/log.db" "$DIR/broken.copy"
begin broken --data "$DIR/broken"
say "expect fault store_broken" "expect screen fault" "code $(ticket broken1 1 0)" \
	"wait STORE_FAILED"
end "a log that is no database: named, never green"
cmp -s "$DIR/broken/log.db" "$DIR/broken.copy"
is "and left as it is" 0 $?

done_testing
