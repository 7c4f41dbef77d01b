#!/bin/sh
# What the sync costs, all of it in one run on one machine: rows a second into SQLite and into a real
# PostgreSQL, against what these take by themselves; one collector with ten thousand venues, each
# check-in a message of its own, and in messages of fifty; bytes of MQTT for a check-in; what a kiosk
# costs with 12 and with 10000 venues; and what a million venues would take, worked out from that.
#
# BENCH_SYNC_SECONDS: 600, of the collector's long run; BENCH_SYNC_ROWS: 500000, into the stores;
# BENCH_SYNC_VENUES: 10000; BENCH_SYNC_RATE: rows a second, 2000; BENCH_SYNC_PARTS: which of "store
# collector postgresql kiosk" to measure. Broker, boxes and collector share the cores.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_mosquitto; then
	echo "skipped: there is no mosquitto"
	exit 0
fi
seconds=${BENCH_SYNC_SECONDS:-600} venues=${BENCH_SYNC_VENUES:-10000} rate=${BENCH_SYNC_RATE:-2000}
rows=${BENCH_SYNC_ROWS:-500000} parts=${BENCH_SYNC_PARTS:-store collector postgresql kiosk}
event_id=civictech-2016

# event NAME VENUES
event()
{
	mkdir -p "$DIR/$1"
	{
		awk '/^\[venue/ { skip = 1 } /^\[/ && !/^\[venue/ { skip = 0 } !skip' assets/demo/event.ini
		seq "$2" | sed 's/.*/[venue venue-&]\nname = Venue &\ncapacity = 200/'
	} >"$DIR/$1/event.ini"
}

wants()
{
	case " $parts " in *" $1 "*) true ;; *) false ;; esac
}

# of NAME: a figure of the newest JSON object in $DIR/said.
of()
{
	tail -1 "$DIR/said" | tr -s ',{}' '[\n*]' | sed -n "s/^\"$1\"://p"
}

# reckon EXPRESSION: with awk's arithmetic.
reckon()
{
	awk "BEGIN { print $* }"
}

# took COMMAND...: its seconds, in $seconds_taken.
took()
{
	took_from=$(date +%s.%N)
	"$@" || exit 1
	seconds_taken=$(reckon "$(date +%s.%N) - $took_from")
}

# --- rows into the stores ---

# compare STORE'S-NAME REFERENCE'S-NAME: take_rows' figure against the reference's $seconds_taken.
compare()
{
	awk -v store="$1" -v reference="$2" -v n="$rows" -v ours="$(of rows_s)" -v s="$seconds_taken" 'BEGIN {
		printf "store_%s %d rows/s, %.2f of %s (%d rows/s)\n", store, ours, ours * s / n, reference, n / s }'
}

import_csv()
{
	sqlite3 "$DIR/plain.db" ".import --csv --skip 1 $DIR/rows.csv entry"
}

sqlite_store()
{
	"$TOOLS/take_rows" "$DIR/rows.db" "$event_id" 200 "$rows" >"$DIR/said" || exit 1
	columns=$(sqlite3 "$DIR/rows.db" "SELECT group_concat(name) FROM pragma_table_info('night')")
	sqlite3 -csv -header "$DIR/rows.db" "SELECT * FROM night" >"$DIR/rows.csv"
	sqlite3 "$DIR/plain.db" "PRAGMA journal_mode = WAL;
		CREATE TABLE entry ($columns, PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID" >/dev/null
	took import_csv
	compare sqlite "sqlite3's .import of the same rows"
	rm -f "$DIR"/rows.* "$DIR"/plain.db* "$DIR"/rows-receipts.db
}

sql()
{
	"$pg_bin/psql" -q -X -v ON_ERROR_STOP=1 -h "$DIR/copying/socket" -U parvis -d postgres "$@"
}

copy_into()
{
	sql -c "COPY $1 FROM STDIN (FORMAT binary)" <"$DIR/rows.bin"
}

# A table with the same columns and the same key, in one transaction of the server's own; and one
# without a key, which could not refuse a row that comes twice.
postgresql_store()
{
	if ! have_postgresql || ! start_postgresql copying; then
		echo "store_postgresql skipped: PostgreSQL is not installed, or does not start"
		return
	fi
	"$TOOLS/take_rows" "$POSTGRESQL_URL" "$event_id" 200 "$rows" >"$DIR/said" || exit 1
	postgresql_rate=$(of rows_s)
	sql -c "COPY parvis.entry TO STDOUT (FORMAT binary)" >"$DIR/rows.bin"
	sql -c "CREATE TABLE keyed (LIKE parvis.entry INCLUDING INDEXES); CREATE TABLE heap (LIKE parvis.entry);
		CHECKPOINT"
	took copy_into keyed
	compare postgresql "a bare COPY of the same rows"
	sql -c "CHECKPOINT"
	took copy_into heap
	compare postgresql "a bare COPY into a table without a key"
	kill -INT "$(server_pid copying)"
	rm -f "$DIR/rows.bin"
}

# --- a collector and ten thousand venues ---

# cpu PID: seconds that it has used.
cpu()
{
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"
}

# memory PID: KiB, at most.
memory()
{
	awk '/VmHWM/ { print $2 }' "/proc/$1/status"
}

# collect EVENT [STORE]: in the background; its process is $collector.
collect()
{
	: >"$DIR/collect.err"
	"$PARVIS" collect --event "$DIR/$1" --broker "$url" --store "${2:-$DIR/$1}" >"$DIR/collect.out" \
		2>"$DIR/collect.err" &
	collector=$!
	at_end "kill -9 $collector 2>/dev/null"
	tries=0
	until grep -qs "taking rows" "$DIR/collect.err" || [ $tries -ge 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

end_collector()
{
	kill -TERM $collector
	wait $collector
}

# load NAME BOXES ROWS RATE BATCH: what the boxes saw, and what it cost. $cost and $broker_cost are
# seconds of a core for a row.
load()
{
	cpu_before=$(cpu $collector) broker_before=$(cpu "$(server_pid broker)")
	"$TOOLS/boxes" "$url" "$event_id" "$venues" "$2" "$3" "$4" "$5" >"$DIR/said" 2>"$DIR/boxes.err" ||
		cat "$DIR/boxes.err"
	cost=$(reckon "($(cpu $collector) - $cpu_before) / $(of acked)")
	broker_cost=$(reckon "($(cpu "$(server_pid broker)") - $broker_before) / $(of acked)")
	printf '%s %s rows/s for %s s, %s of %s rows acknowledged, %s messages sent again; lag p50 %s ms, p99 %s ms, most %s ms\n' \
		"$1" "$(of rows_s)" "$(of seconds)" "$(of acked)" "$3" "$(of again)" \
		"$(of lag_p50_ms)" "$(of lag_p99_ms)" "$(of lag_max_ms)"
	awk -v name="$1" -v c="$cost" -v b="$broker_cost" -v m="$(memory $collector)" 'BEGIN {
		printf "%s_cost %.0f us of a core a row in the collector, %.0f us in mosquitto; collector %.0f MiB\n",
			name, c * 1e6, b * 1e6, m / 1024 }'
	echo "$1_wire $(of bytes_a_row) bytes of MQTT a check-in to the broker, $(of ack_bytes_a_row) back"
}

collectors()
{
	event large "$venues"
	collect large
	load "single" "$venues" $((rate * seconds)) "$rate" 1
	single_cost=$cost single_broker=$broker_cost single_memory=$(memory $collector)
	single_bytes=$(reckon "$(of bytes_a_row) + $(of ack_bytes_a_row)")
	load "single_at_most" "$venues" $((rate * 20)) 0 1
	load "fifty" 1000 $((rate * 20)) "$rate" 50
	load "fifty_at_most" 1000 $((rate * 200)) 0 50
	end_collector
	rm -f "$DIR"/large/night*
}

# The same into PostgreSQL, for a tenth of the time.
collectors_postgresql()
{
	have_postgresql && start_postgresql postgresql || return
	event large "$venues"
	collect large "$POSTGRESQL_URL"
	load "single_postgresql" "$venues" $((rate * seconds / 10)) "$rate" 1
	load "fifty_at_most_postgresql" 1000 $((rate * 100)) 0 50
	end_collector
}

# An event is a collector's; a million venues are as many events of $venues as it takes, each with a
# collector, a broker's share and a store of its own. Without TLS.
million()
{
	awk -v venues="$venues" -v rate="$rate" -v c="$single_cost" -v b="$single_broker" \
		-v m="$single_memory" -v bytes="$single_bytes" -v pg="${postgresql_rate:-0}" 'BEGIN {
		n = 1000000 / venues
		rows = rate * n
		printf "million_venues %d events of %d venues, a collector each: %d rows/s, every one a message\n",
			n, venues, rows
		printf "million_collectors %.0f cores, %.1f GiB\n", rows * c, n * m / 1048576
		printf "million_brokers %.0f cores of mosquitto, which uses one: at least %d of them\n", rows * b,
			(rows * b > n ? rows * b : n)
		printf "million_wire %.0f MB/s of MQTT\n", rows * bytes / 1e6
		if (pg)
			printf "million_store %.1f times this machine'"'"'s PostgreSQL, in large transactions\n", rows / pg
	}'
}

# --- a kiosk that listens to such a fleet, with nobody at its door ---

kiosks()
{
	event large "$venues"
	event small 12
	for size in small large; do
		collect $size
		mkfifo "$DIR/$size.in"
		sleep 1000 <>"$DIR/$size.in" &
		keeper=$!
		at_end "kill $keeper 2>/dev/null"
		"$KIOSK" --event "$DIR/$size" --venue venue-1 --door a --data "$DIR/$size.data" --offscreen \
			--mute --broker "$url" --script "$DIR/$size.in" >"$DIR/$size.out" 2>"$DIR/$size.err" &
		kiosk=$!
		at_end "kill -9 $kiosk 2>/dev/null"
		sleep 60 # every page of the fleet has come once
		before=$(cpu $kiosk)
		sleep 20
		echo "kiosk_$(grep -c '^\[venue' "$DIR/$size/event.ini")_venues $(reckon "$(memory $kiosk) / 1024") MiB," \
			"$(reckon "($(cpu $kiosk) - $before) * 5") % of a core when nobody comes"
		end_collector
		kill -9 $kiosk $keeper
		wait $kiosk 2>/dev/null
	done
}

start_mosquitto broker "allow_anonymous true" "max_queued_messages 100000" || exit 1
url=mqtt://127.0.0.1:$(server_port broker)
if wants store; then
	sqlite_store
	postgresql_store
fi
if wants collector; then
	collectors
	million
fi
if wants postgresql; then collectors_postgresql; fi
if wants kiosk; then kiosks; fi
