#!/bin/sh
# Importing a million registrations, against `sqlite3 .import` of the same file in the same run:
# times, their ratio and the memory. BENCH_ROSTER (1000000) changes the size.
set -eu
: "${B:=build/release}"
rows=${BENCH_ROSTER:-1000000}
dir=$(mktemp -d "${TMPDIR:-/tmp}/parvis-bench-XXXXXX")
trap 'rm -rf "$dir"' EXIT
command -v sqlite3 >/dev/null || { echo "# skipped: no sqlite3"; exit 0; }
cp assets/demo/event.ini "$dir/"
awk -v n="$rows" 'BEGIN {
	srand(1)
	a = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	split("numa,laruche,", venues, ",")
	print "code,name,type,venue"
	for (i = 0; i < n; i++) {
		code = ""
		for (k = 0; k < 16; k++)
			code = code substr(a, int(rand() * length(a)) + 1, 1)
		print code ",Prénom Nom" i ",visitor," venues[i % 3 + 1]
	}
}' >"$dir/people.csv"

now() { date +%s%N; }
# peak PROGRAM...: runs it; its VmHWM in KiB goes to $dir/peak.
peak()
{
	"$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null \
			>"$dir/peak.new" && [ -s "$dir/peak.new" ] && mv "$dir/peak.new" "$dir/peak"
		sleep 0.05
	done
	wait "$pid"
}

t0=$(now)
sqlite3 "$dir/plain.db" '.mode csv' ".import $dir/people.csv t"
t1=$(now)
peak "$B/parvis" roster import --event "$dir" "$dir/people.csv"
t2=$(now)
first=$(cat "$dir/peak")
peak "$B/parvis" roster import --event "$dir" "$dir/people.csv"
t3=$(now)
awk -v a="$t0" -v b="$t1" -v c="$t2" -v d="$t3" -v m="$first" -v m2="$(cat "$dir/peak")" -v n="$rows" '
BEGIN {
	printf "roster_rows %d rows\n", n
	printf "sqlite3_import %.2f s\n", (b - a) / 1e9
	printf "roster_import %.2f s\n", (c - b) / 1e9
	printf "roster_import_ratio %.2f times\n", (c - b) / (b - a)
	printf "roster_import_again %.2f s\n", (d - c) / 1e9
	printf "roster_import_memory %.1f MiB\n", m / 1024
	printf "roster_import_again_memory %.1f MiB\n", m2 / 1024
}'
