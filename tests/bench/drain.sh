#!/bin/sh
# A kiosk's check-ins while the rows of an outage go out, against its check-ins without a broker: see
# tests/tools/drain.c. BENCH_DRAIN_ROUNDS: 20; BENCH_DRAIN_ROWS: 4000 a round. Broker and collector
# are elsewhere in a real night: here they run with less right to the processor, and the collector's
# store is in memory, so that the disk is the door's alone ($TMPDIR says which one).
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_mosquitto; then
	echo "skipped: there is no mosquitto"
	exit 0
fi
store=$DIR
if [ -w /dev/shm ]; then
	store=$(mktemp -d /dev/shm/parvis-bench-XXXXXX)
	at_end "rm -rf $store"
fi
MOSQUITTO_IN="nice -n 10"
start_mosquitto broker || exit 1
url=mqtt://127.0.0.1:$(server_port broker)
nice -n 10 "$PARVIS" collect --event assets/demo --broker "$url" --store "$store/night.db" --any-box \
	>"$DIR/collect.out" 2>"$DIR/collect.err" &
at_end "kill $! 2>/dev/null"
tries=0
until grep -qs "taking rows" "$DIR/collect.err" || [ $tries -ge 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
"$TOOLS/drain" "$url" "$DIR/data" "${BENCH_DRAIN_ROUNDS:-20}" "${BENCH_DRAIN_ROWS:-4000}" || {
	tail -3 "$DIR/collect.err"
	exit 1
}
