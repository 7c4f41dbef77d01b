#!/bin/sh
# Power cuts below the file system of a box (tests/system/lib/cut.sh) that becomes one bundle after
# the other, with guests between. swap_writer plays it; cut_swap rebuilds the disk as a cut after
# every write of every swap would have left it, and as many others, mounts each, and looks for a
# box that works: the last one that was reported as adopted, or the one being adopted, with every
# green row. Speaks TAP; the bundles are made by `parvis kiosk provision`.
#
#   PARVIS_SWAP_CUTS   how many cuts (400), or as many more as the writes of the swaps ask for
#   TMPDIR             where the disks lie; in memory (/dev/shm) it is ten times as fast
set -u
. tests/system/lib/cut.sh

B=${B:-build/release}
cuts=${PARVIS_SWAP_CUTS:-400}
cut_start "power cuts in the swap" 3

# Serials 1 to 4 of one door; the last is what a box must still take after a cut. The demo's own
# key, which its event.ini lists.
bundles() {
	cp -r assets/demo "$work/event" && rm -f "$work"/event/roster.db* &&
		mkdir -m 700 "$work/event/keys" || return 1
	key=b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e
	(umask 077 && echo $key >"$work/event/keys/issuing.key")
	"$B/parvis" roster import --event "$work/event" assets/demo/roster.csv || return 1
	for serial in 1 2 3 4; do
		"$B/parvis" kiosk provision --event "$work/event" --venue numa --door main \
			--out "$work/$serial.parvis" || return 1
	done
}

# record WRITER SEED: 0, or 2 where the evening could not be recorded
record() {
	plug_in || return 2
	"$work/$1" "$work/mnt/data" "$2" 8 "$work/log" "$work/1.parvis" "$work/2.parvis" \
		"$work/3.parvis" >"$work/notes" || return 2
	let_go
}

# replay CUTS SEED: 0 always a box, 1 a cut was bad, 2 it could not be tried
replay() {
	"$work/cut_swap" "$work/log" "$work/base.img" "$work/notes" "$work/work.img" \
		"$work/check" "$1" "$2" "$work/4.parvis" 2>"$work/err"
	replayed=$?
	sort "$work/err" | uniq -c | sed 's/^ */# /' # a broken box says so, time and again
	return $replayed
}

no_files=-Wl,--wrap=box_files_sync
no_names=-Wl,--wrap=box_files_sync_dir
if ! build writer swap_writer || ! build no_files swap_writer $no_files ||
	! build no_names swap_writer $no_names || ! build cut_swap cut_swap; then
	echo "Bail out! the helpers do not build"
	exit 1
fi
if ! bundles >"$work/bundles.out" 2>&1; then
	sed 's/^/# /' "$work/bundles.out"
	echo "Bail out! there are no bundles"
	exit 1
fi

record writer 1 && replay "$cuts" 1
verdict 1 "ext4: a cut at any write of a swap leaves a working box, and nothing green is lost" 0 $?
record no_files 2 && replay 60 2
verdict 2 "ext4: a swap that leaves its files' bytes to chance is seen to break the box" 1 $?
record no_names 3 && replay 60 3
verdict 3 "ext4: a swap that leaves its names to chance is seen to be forgotten" 1 $?
exit "$failed"
