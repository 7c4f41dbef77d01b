#!/bin/sh
# A kiosk that is watched over: it says when it is ready and that it lives, before the door and behind it.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

# The other end: each message is a line of $DIR/heard.
python3 -c '
import socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
while True:
    print(ear.recv(4096).decode().replace("\n", " "), flush=True)
' "$DIR/notify" >>"$DIR/heard" &
ear=$!
at_end "kill $ear 2>/dev/null"

# wait_for TEST...: at most 30 s
wait_for()
{
	tries=0
	until [ "$@" ] || [ $tries -ge 600 ]; do
		tries=$((tries + 1))
		sleep 0.05
		set -- "$(wc -l <"$DIR/heard")" "$2" "$3"
	done
}
heard()
{
	wc -l <"$DIR/heard"
}

# watched OPTION...: sets $kiosk
watched()
{
	: >"$DIR/heard"
	NOTIFY_SOCKET=$DIR/notify WATCHDOG_USEC=600000 SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy \
		"$KIOSK" --data "$DIR/box" "$@" >"$DIR/out" 2>"$DIR/err" &
	kiosk=$!
	at_end "kill -KILL $kiosk 2>/dev/null"
}

tries=0
until [ -S "$DIR/notify" ] || [ $tries -ge 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done

watched --event assets/demo --venue numa
wait_for "$(heard)" -ge 4
is "behind the door: ready once" "READY=1 WATCHDOG=1" "$(head -n 1 "$DIR/heard")"
is "and a sign of life again and again" "WATCHDOG=1" "$(sed 1d "$DIR/heard" | sort -u)"
kill -STOP $kiosk
until [ "$(cut -d' ' -f3 /proc/$kiosk/stat)" = T ]; do sleep 0.05; done
before=$(heard)
kill -CONT $kiosk
wait_for "$(heard)" -gt $((before + 2))
[ "$(heard)" -gt $((before + 2)) ]
is "stopped for a while, it goes on when it is let" 0 $?
kill -TERM $kiosk
wait $kiosk
is "it ends when it is told to" 0 $?

rm -rf "$DIR/box"
demo_event "$DIR/event"
mkdir -m 700 "$DIR/stick"
"$PARVIS" roster import --event "$DIR/event" assets/demo/roster.csv >/dev/null 2>&1
"$PARVIS" kiosk provision --event "$DIR/event" --venue numa --door main \
	--out "$DIR/stick/numa.parvis" >"$DIR/out" 2>&1
is "a bundle is made" 0 $?
watched --bundle-dir "$DIR/stick"
wait_for "$(heard)" -ge 4
is "before the door, where a person is asked: the same" "READY=1 WATCHDOG=1 WATCHDOG=1" \
	"$(head -n 2 "$DIR/heard" | xargs)"
kill -TERM $kiosk
wait $kiosk
kill $ear
wait $ear 2>/dev/null
done_testing
