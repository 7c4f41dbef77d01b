#!/bin/sh
# One collector with ten thousand simulated venues over a real mosquitto, each row in a message of its
# own; bytes on the wire; what a kiosk costs with 12 and with 10000 venues. BENCH_SYNC: seconds, 30;
# BENCH_VENUES, 10000; BENCH_RATE: rows a second, 2000.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_mosquitto; then
	echo "skipped: there is no mosquitto"
	exit 0
fi
seconds=${BENCH_SYNC:-30} venues=${BENCH_VENUES:-10000} rate=${BENCH_RATE:-2000}

# event NAME VENUES
event()
{
	mkdir -p "$DIR/$1"
	{
		awk '/^\[venue/ { skip = 1 } /^\[/ && !/^\[venue/ { skip = 0 } !skip' assets/demo/event.ini
		seq "$2" | sed 's/.*/[venue venue-&]\nname = Venue &\ncapacity = 200/'
	} >"$DIR/$1/event.ini"
}
event large "$venues"
event small 12
start_mosquitto broker "allow_anonymous true" "max_queued_messages 100000" || exit 1
url=mqtt://127.0.0.1:$(server_port broker)

# cpu PID: seconds that it has used.
cpu()
{
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"
}
memory()
{
	awk '/VmHWM/ { print $2 " KiB" }' "/proc/$1/status"
}
# collect EVENT: in the background; its process is $collector.
collect()
{
	"$PARVIS" collect --event "$DIR/$1" --broker "$url" >"$DIR/collect.out" 2>"$DIR/collect.err" &
	collector=$!
	at_end "kill -9 $collector 2>/dev/null"
	tries=0
	until grep -qs "taking rows" "$DIR/collect.err" || [ $tries -ge 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

collect large
echo "collector: $venues venues, $rate rows/s, $seconds s, a message a row:"
"$TOOLS/boxes" "$url" civictech-2016 "$venues" "$venues" $((rate * seconds)) "$rate" 1
echo "  the collector used $(cpu $collector) s of a core and $(memory $collector)"
echo "wire: 50 rows a message, as after an outage:"
"$TOOLS/boxes" "$url" civictech-2016 "$venues" 100 50000 0 50
kill -TERM $collector
wait $collector

# A kiosk that listens to such a fleet for a while, with nobody at its door.
for size in small large; do
	collect $size
	mkfifo "$DIR/$size.in"
	sleep 1000 <>"$DIR/$size.in" &
	keeper=$!
	at_end "kill $keeper 2>/dev/null"
	"$KIOSK" --event "$DIR/$size" --venue venue-1 --door a --data "$DIR/$size.data" --offscreen --mute \
		--broker "$url" --script "$DIR/$size.in" >"$DIR/$size.out" 2>"$DIR/$size.err" &
	kiosk=$!
	at_end "kill -9 $kiosk 2>/dev/null"
	sleep 5
	before=$(cpu $kiosk)
	sleep 20
	echo "kiosk, $(grep -c '^\[venue' "$DIR/$size/event.ini") venues: $(memory $kiosk)," \
		"$(echo "$(cpu $kiosk) $before" | awk '{ print ($1 - $2) * 5 }') % of a core when nobody comes"
	kill -TERM $collector
	wait $collector
	kill -9 $kiosk $keeper
	wait $kiosk 2>/dev/null
done
