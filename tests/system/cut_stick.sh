#!/bin/sh
# A stick that is pulled out, below its file system (tests/system/lib/cut.sh): stick_writer copies a
# log to it and adds to the copy, session after session; cut_stick rebuilds the disk as it would have
# been left after every write, mounts each, and reads the copy. Speaks TAP.
#
#   PARVIS_STICK_CUTS   how many cuts at most (900)
#   TMPDIR              where the disks lie; in memory (/dev/shm) it is ten times as fast
set -u
. tests/system/lib/cut.sh

B=${B:-build/release}
cuts=${PARVIS_STICK_CUTS:-900}
cut_start "sticks that are pulled out" 3

# record WRITER: 0, or 2 where it could not be recorded
record() {
	plug_in || return 2
	rm -rf "$work/data"
	"$work/$1" "$work/mnt" "$work/data" "$work/log" 3 >"$work/notes" || return 2
	let_go
}

# replay CUTS SEED: 0 always a copy, 1 a cut was bad, 2 it could not be tried
replay() {
	"$work/cut_stick" "$work/log" "$work/base.img" "$work/notes" "$work/work.img" \
		"$work/check" "$1" "$2"
}

no_bytes=-Wl,--wrap=stick_files_sync
no_names=-Wl,--wrap=stick_files_rename,--wrap=stick_files_sync_dir
if ! build writer stick_writer || ! build no_bytes stick_writer $no_bytes ||
	! build no_names stick_writer $no_names || ! build cut_stick cut_stick; then
	echo "Bail out! the helpers do not build"
	exit 1
fi

record writer && replay "$cuts" 1
verdict 1 "ext4: a stick pulled out at any write has the older copy or a newer one" 0 $?
record no_bytes && replay "$cuts" 2
verdict 2 "ext4: a copy that leaves its bytes to chance is seen to lose what was told" 1 $?
record no_names && replay "$cuts" 3
verdict 3 "ext4: a copy that leaves its name to chance is seen to be missing" 1 $?
exit "$failed"
