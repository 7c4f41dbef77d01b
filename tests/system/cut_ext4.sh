#!/bin/sh
# Power cuts below the file system: ext4 on a loop device, on a file that qemu-storage-daemon
# exports over FUSE through its blklogwrites filter, which logs every write and flush. cut_writer
# records an evening on it; cut_ext4 rebuilds the disk as cuts would have left it, mounts each and
# looks for every row that was green. Speaks TAP; needs root, a loop device, /dev/fuse and
# qemu-storage-daemon (Debian's qemu-system-common).
#
#   PARVIS_EXT4_CUTS   how many cuts (400)
#   TMPDIR             where the disks lie; in memory (/dev/shm) it is ten times as fast
set -u

B=${B:-build/release}
cuts=${PARVIS_EXT4_CUTS:-400}

echo 1..3
skip() {
	for n in 1 2 3; do
		echo "ok $n power cuts on ext4 # SKIP $1"
	done
	exit 0
}

[ "$(id -u)" = 0 ] || skip "mounting needs root"
for tool in qemu-storage-daemon mke2fs losetup mount; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -c /dev/fuse ] || skip "there is no /dev/fuse"
losetup -f >/dev/null 2>&1 || skip "there is no loop device"

work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-ext4-XXXXXX") || exit 1
daemon=
loop=

let_go() {
	umount "$work/mnt" 2>/dev/null
	[ -z "$loop" ] || losetup -d "$loop"
	loop=
	if [ -n "$daemon" ]; then
		kill "$daemon"
		wait "$daemon"
	fi
	daemon=
}
trap 'let_go; umount "$work/check" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

build() {
	# shellcheck disable=SC2046 # words are wanted
	${CC:-cc} -std=c17 -O2 -g -D_GNU_SOURCE -Ifirmware -I. -pthread -o "$work/$1" \
		"tests/system/$1.c" "$B/libparvis-fake.a" "$B/libparvis.a" \
		$(pkg-config --cflags --libs sqlite3 libsodium) -lm
}

# The disk, empty, at base.img; being written to, at mnt/.
plug_in() {
	let_go
	rm -f "$work"/*.img "$work/log"
	truncate -s 24M "$work/data.img" &&
		mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 "$work/data.img" &&
		cp --sparse=always "$work/data.img" "$work/base.img" || return 1
	: >"$work/log"
	: >"$work/export.img"
	qemu-storage-daemon \
		--blockdev "driver=file,node-name=data,filename=$work/data.img" \
		--blockdev "driver=file,node-name=log,filename=$work/log" \
		--blockdev driver=blklogwrites,node-name=both,file=data,log=log,log-sector-size=512 \
		--export "type=fuse,id=export,node-name=both,mountpoint=$work/export.img,writable=on" &
	daemon=$!
	tries=0
	until [ -s "$work/export.img" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] && kill -0 "$daemon" || return 1
		sleep 0.1
	done
	loop=$(losetup -f --show "$work/export.img") && mount -t ext4 "$loop" "$work/mnt"
}

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

# verdict NUMBER NAME WANTED-STATUS GOT-STATUS
failed=0
verdict() {
	if [ "$3" = "$4" ]; then
		echo "ok $1 $2"
	else
		echo "not ok $1 $2"
		failed=1
	fi
}

mkdir "$work/mnt" "$work/check"
if ! build cut_writer || ! build cut_ext4; then
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
