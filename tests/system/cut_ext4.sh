#!/bin/sh
# Power cuts below the log's file system (tests/system/lib/cut.sh). cut_writer records an evening on
# it; cut_ext4 rebuilds the disk as cuts would have left it, mounts each and looks for every row
# that was green. Speaks TAP.
#
#   PARVIS_EXT4_CUTS   how many cuts (400)
#   TMPDIR             where the disks lie; in memory (/dev/shm) it is ten times as fast
set -u
. tests/system/lib/cut.sh

B=${B:-build/release}
cuts=${PARVIS_EXT4_CUTS:-400}
cut_start "power cuts on ext4" 3

# record SEED ROWS SYNCHRONOUS: 0, or 2 where the evening could not be recorded
record() {
	plug_in || return 2
	"$work/cut_writer" "$work/mnt/data" "$1" "$2" "$3" "$work/log" >"$work/notes" || return 2
	let_go
}

# replay CUTS SEED: 0 nothing lost, 1 something lost, 2 it could not be tried
replay() {
	"$work/cut_ext4" "$work/log" "$work/base.img" "$work/notes" "$work/work.img" \
		"$work/check" "$1" "$2"
}

if ! build cut_writer cut_writer || ! build cut_ext4 cut_ext4; then
	echo "Bail out! the helpers do not build"
	exit 1
fi

record 1 400 FULL && replay "$cuts" 1
verdict 1 "ext4: nothing green is lost in $cuts cuts" 0 $?
record 2 120 NORMAL && replay 100 2
verdict 2 "ext4: synchronous=NORMAL is seen to lose" 1 $?
record 3 120 OFF && replay 100 3
verdict 3 "ext4: synchronous=OFF is seen to lose" 1 $?
exit "$failed"
