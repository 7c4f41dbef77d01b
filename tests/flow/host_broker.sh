#!/bin/sh
# The internet is gone, and one box of the venue is the broker of its house: two real kiosks, the
# list of brokers beginning with one that is not there. The mosquitto that the box runs is begun anew
# when it dies, and is gone when the box is, killed or not.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh
# shellcheck source=tests/fake/kiosks.sh
. tests/fake/kiosks.sh

if ! have_mosquitto; then
	skip "a broker of the house" "mosquitto is not installed"
	done_testing
fi

cp -r assets/demo "$EVENT"
"$TOOLS/port" free 2 >"$DIR/ports"
port=$(head -1 "$DIR/ports")
away=mqtt://127.0.0.1:$(tail -1 "$DIR/ports") # nobody listens there
house=mqtt://127.0.0.1:$port

# does NAME WHAT LINE...
does()
{
	door=$1 what=$2
	shift 2
	if tells "$door" "$@"; then ok "$what"; else not_ok "$what"; fi
}

# The processes that are the broker of box a: those that were given its configuration.
brokers()
{
	grep -lzF "$DIR/a/data/broker" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 |
		while read -r pid; do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = mosquitto ] && echo "$pid"
		done
}
# until_brokers N: waits until there are so many.
until_brokers()
{
	tries=0
	while [ "$(brokers | wc -l)" != "$1" ] && [ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	brokers | wc -l
}
host()
{
	start_kiosk a --venue numa --broker "$away" --host-broker "$port"
}

host
start_kiosk b --venue numa --broker "$away" --broker "$house"
does a "the box that is the broker reaches it" "wait link up 45s" "wait doors 1 60s"
does b "the other box finds it behind one that is not there" "wait link up 45s" "wait doors 1 60s"
one=$(ticket house00001 1 0)
does a "a guest comes in by the one" "code $one" "wait ADMIT"
does b "and is not let in twice by the other" "wait present 1 30s" "code $one" "wait ALREADY_IN"

is "one mosquitto runs" 1 "$(until_brokers 1)"
first=$(brokers)
kill -KILL "$first"
two=$(ticket house00002 1 0)
does b "it is killed: the door goes on" "wait link down 45s" "code $two" "wait ADMIT"
does a "it is begun anew, and the doors meet again" "wait link up 60s" "wait present 2 60s"
is "another mosquitto runs" 1 "$(until_brokers 1)"
is "which is not the first" 1 "$([ "$(brokers)" != "$first" ] && echo 1)"

kill_kiosk a
is "the box is killed: its mosquitto is gone" 0 "$(until_brokers 0)"
does b "the other door goes on" "wait link down 45s" "code $(ticket house00003 1 0)" "wait ADMIT"
host
does a "the box is back, with all guests" "wait link up 60s" "wait present 3 60s"
end_kiosk a
is "the box ends: its mosquitto is gone" 0 "$(until_brokers 0)"
end_kiosk b
is "nothing of a guest is in the broker's files" "" "$(grep -rlF "$one" "$DIR/a/data/broker")"
done_testing
