# Sourced by the tests that cut the power below ext4: ext4 on a loop device, on a file that
# qemu-storage-daemon exports over FUSE through its blklogwrites filter, which logs every write and
# flush. Needs root, a loop device, /dev/fuse and qemu-storage-daemon (Debian's qemu-system-common).
# In memory (TMPDIR=/dev/shm) the disks are ten times as fast.
# shellcheck shell=sh

# cut_start WHAT TESTS: the plan, and $work, a directory; or every test skipped, and the end.
cut_start() {
	echo "1..$2"
	cut_what=$1 cut_tests=$2
	[ "$(id -u)" = 0 ] || cut_skip "mounting needs root"
	for tool in qemu-storage-daemon mke2fs losetup mount; do
		command -v "$tool" >/dev/null || cut_skip "$tool is not installed"
	done
	[ -c /dev/fuse ] || cut_skip "there is no /dev/fuse"
	losetup -f >/dev/null 2>&1 || cut_skip "there is no loop device"
	work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-ext4-XXXXXX") || exit 1
	mkdir "$work/mnt" "$work/check"
	trap 'let_go; umount "$work/check" 2>/dev/null; rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

cut_skip() {
	n=0
	while [ "$n" -lt "$cut_tests" ]; do
		n=$((n + 1))
		echo "ok $n $cut_what # SKIP $1"
	done
	exit 0
}

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

# The disk, empty, at base.img; being written to, at mnt/; its log, at log.
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

# build PROGRAM SOURCE [OPTION...]: tests/system/SOURCE.c as $work/PROGRAM
build() {
	program=$1 source=$2
	shift 2
	# shellcheck disable=SC2046 # words are wanted
	${CC:-cc} -std=c17 -O2 -g -D_GNU_SOURCE -Ifirmware -I. -pthread -o "$work/$program" \
		"tests/system/$source.c" "$@" "$B/libparvis-fake.a" "$B/libparvis-app.a" \
		"$B/libparvis.a" $(pkg-config --cflags --libs sqlite3 libsodium inih) -lm
}

# verdict NUMBER NAME WANTED-STATUS GOT-STATUS; $failed is what the test ends with
failed=0
verdict() {
	if [ "$3" = "$4" ]; then
		echo "ok $1 $2"
	else
		echo "not ok $1 $2"
		# shellcheck disable=SC2034 # the test's
		failed=1
	fi
}
