#!/bin/sh
# Two real kiosks at two doors of one venue, and a real mosquitto between them: they know each
# other's guests; what they did while they could not talk is told calmly; nothing is lost.
. tests/fake/tap.sh
. tests/fake/servers.sh
. tests/fake/kiosks.sh

if ! have_mosquitto; then
	skip "two doors" "mosquitto is not installed"
	done_testing
fi

cp -r assets/demo "$EVENT"
start_mosquitto broker || exit 1
url=mqtt://127.0.0.1:$(server_port broker)

now_ms()
{
	date +%s%3N
}

# does NAME WHAT LINE...
does()
{
	door=$1 what=$2
	shift 2
	if tells "$door" "$@"; then ok "$what"; else not_ok "$what"; fi
}

start_kiosk a --venue numa --broker "$url"
start_kiosk b --venue numa --broker "$url"
does a "the first door is connected" "wait link up 20s" "wait doors 1 45s"
does b "and so is the second" "wait link up 20s" "wait doors 1 45s"

# --- they know each other's guests ---

one=$(ticket doors00001 1 0)
does a "a ticket comes in by one door" "code $one" "wait ADMIT"
begun=$(now_ms)
does b "the other has heard of it" "wait present 1 5s"
took=$(($(now_ms) - begun))
[ "$took" -le 2000 ]
case $? in
0) ok "within two seconds ($took ms)" ;;
*) not_ok "within two seconds" "it took $took ms" ;;
esac
does b "and does not take it" "code $one" "wait ALREADY_IN"
does b "nor counts it" "expect present 1"

# --- the broker dies ---

kill_server broker
does a "the broker is killed: the door says so" "wait link down 45s"
does b "on both sides" "wait link down 45s"
two=$(ticket doors00002 1 0)
three=$(ticket doors00003 1 0)
does a "the door goes on" "code $two" "wait ADMIT" "code $three" "wait ADMIT" "expect present 3"
does b "and takes a ticket that the other has, since nobody can know" "code $two" "wait ADMIT"
start_mosquitto broker
does a "the broker is back" "wait link up 45s" "wait present 4 60s"
does b "the figures agree" "wait link up 45s" "wait present 4 60s"
does a "and this door shows the pair" "wait pairs 1 20s"
does b "and so does the other" "wait pairs 1 20s"

# --- a kiosk dies ---

four=$(ticket doors00004 1 0)
does a "a guest comes in, and the kiosk is killed" "code $four" "wait ADMIT"
kill_kiosk a
five=$(ticket doors00005 1 0)
does b "the other door goes on" "wait present 5 30s" "code $five" "wait ADMIT"
start_kiosk a --venue numa --broker "$url"
does a "the killed one comes back with all its guests, and hears of the other's" \
	"wait link up 45s" "wait present 6 60s" "code $five" "wait ALREADY_IN"

# --- a box is put back to an older copy of its disk ---

end_kiosk a
cp -r "$DIR/a/data" "$DIR/a/old"
start_kiosk a --venue numa --broker "$url"
six=$(ticket doors00006 1 0)
seven=$(ticket doors00007 1 0)
does a "two more guests" "wait link up 45s" "code $six" "wait ADMIT" "code $seven" "wait ADMIT"
does b "of whom the other door hears" "wait present 8 60s"
end_kiosk a
rm -rf "$DIR/a/data"
mv "$DIR/a/old" "$DIR/a/data"
start_kiosk a --venue numa --broker "$url"
does a "put back to an older copy of its disk, it gets its rows back from the other" \
	"wait link up 45s" "wait present 8 60s"
does a "and knows its guests" "code $six" "wait ALREADY_IN" "code $seven" "wait ALREADY_IN"
eight=$(ticket doors00008 1 0)
does a "new rows are under new numbers" "code $eight" "wait ADMIT" "expect present 9"
does b "and are heard" "wait present 9 30s" "code $eight" "wait ALREADY_IN"
does a "in the end both have the same figures" "wait present 9 10s" "expect pairs 1"
does b "of people, and of pairs" "expect present 9" "expect pairs 1"

for door in a b; do
	end_kiosk $door
	"$PARVIS" log --verify --data "$DIR/$door/data" >"$DIR/verify" 2>&1
	is "the log of door $door is whole" 0 $?
	grep -v "sync: connected\|sync: not connected\|interrupted\|new epoch" "$DIR/$door/err" \
		>"$DIR/odd"
	is "and door $door had nothing else to say" "" "$(cat "$DIR/odd")"
done
grep -rl "$one" "$DIR/broker" "$DIR/a/err" "$DIR/b/err" "$DIR/a/out" >"$DIR/leaks"
is "no code is in any log" "" "$(cat "$DIR/leaks")"
done_testing
