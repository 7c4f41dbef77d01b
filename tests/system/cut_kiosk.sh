#!/bin/sh
# Power cuts below the file system of the real kiosk (tests/system/lib/cut.sh): the program as it is
# installed plays an evening with tickets, forgeries and walk-ins; what its answers say, and when, is
# noted, and cut_ext4 rebuilds the disk as cuts would have left it and looks for every row that was
# answered. Speaks TAP.
#
#   PARVIS_KIOSK_CUTS   how many cuts (500)
#   TMPDIR              where the disks lie; in memory (/dev/shm) it is ten times as fast
set -u
. tests/system/lib/cut.sh

B=${B:-build/release}
cuts=${PARVIS_KIOSK_CUTS:-500}
guests=120
cut_start "power cuts under the kiosk" 3

# A signed ticket with one character of its signature changed.
forge() {
	sed 's/^\(.\{20\}\)A/\1C/; t; s/^\(.\{20\}\)./\1A/'
}

# Of four guests one has a ticket, one a forged one, and two have none.
evening() {
	echo "at 19:00:00"
	n=0
	while [ $n -lt $guests ]; do
		n=$((n + 4))
		printf 'code %s\nwait ADMIT\n' "$("$B/tests/tools/ticket" "cut$n" 1 0)"
		printf 'press plus\nwait ADMIT\n'
		printf 'code %s\nwait FORGED\n' "$("$B/tests/tools/ticket" "cut$n" 1 0 | forge)"
		printf 'press plus\nwait ADMIT\n'
	done
}

record() {
	plug_in || return 2
	evening >"$work/evening.script"
	"$B/parvis-kiosk" --event assets/demo --venue numa --data "$work/mnt/data" --offscreen \
		--size 800x480 --mute --script "$work/evening.script" 2>"$work/err" |
		"$work/cut_notes" "$work/log" >"$work/answers"
	"$B/parvis" log --json --data "$work/mnt/data" |
		sed 's/.*"epoch":\([0-9]*\),"seq":\([0-9]*\),.*"hash":"\([0-9a-f]*\)".*/\1 \2 \3/' >"$work/rows"
	let_go
	# Every row was answered, and every answer is a row.
	awk 'NR == FNR { hash[$1 " " $2] = $3; next }
		{ print hash[$1 " " $2], $3 }' "$work/rows" "$work/answers" >"$work/notes"
	echo "# $(wc -l <"$work/answers") answers, $(wc -l <"$work/rows") rows"
	[ "$(wc -l <"$work/notes")" = $guests ] && [ "$(wc -l <"$work/rows")" = $guests ] &&
		! grep -q '^ ' "$work/notes"
}

if ! build cut_notes cut_notes || ! build cut_ext4 cut_ext4; then
	echo "Bail out! the helpers do not build"
	exit 1
fi
if record; then
	verdict 1 "the kiosk plays an evening of $guests answers on a disk whose writes are logged" 0 0
else
	tail -n 5 "$work/err" | sed 's/^/# /'
	verdict 1 "the kiosk plays an evening of $guests answers on a disk whose writes are logged" 0 1
fi

replay() {
	"$work/cut_ext4" "$work/log" "$work/base.img" "$1" "$work/work.img" "$work/check" "$2" "$3"
}
replay "$work/notes" "$cuts" 1
verdict 2 "nothing that it answered is lost in $cuts cuts" 0 $?
# The same evening, its answers taken for given many writes earlier than they were.
awk '{ print $1, ($2 > 400000 ? $2 - 400000 : 0) }' "$work/notes" >"$work/early"
replay "$work/early" 60 2
verdict 3 "answers before their commits would be seen" 1 $?
exit "$failed"
