#!/bin/sh
# Updates by the real RAUC with a box's own configuration, keys and recipes, between two small slots of a
# disk whose writes are logged (tests/system/lib/cut.sh): bundles that are unsigned, altered, older or
# another's are refused, a right one is installed, and cut in the midst of it at 100 points and at every
# write of the slots' state the disk always has a whole system to start.
#
# RAUC comes from a Debian 13 (tests/system/lib/updater.sh). Bundles for boxes are of the format verity,
# which needs the kernel's device mapper; where there is none, those that are installed are of the format
# plain, which takes the same road from there on, and so are those that RAUC refuses only after it has
# mounted them.
#
#   PARVIS_UPDATE_CUTS   how many cuts beside those at the state (100)
set -u
. tests/system/lib/chroot.sh
. tests/system/lib/updater.sh
. tests/system/lib/cut.sh

B=${B:-build/release}
cut_start "updates" 13

updater_make >"$work/err" 2>&1 || cut_skip "no RAUC: $(tail -n 1 "$work/err")"
root=$(cd "$updater" && pwd)

# What is seen inside: /box is $work, /tree this tree.
inside() {
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount --pid --fork --kill-child sh -c '
		mount --make-rprivate / && mkdir -p "$1/box" "$1/tree" && mount --rbind "$2" "$1/box" &&
		mount --bind . "$1/tree" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
		mount --rbind /sys "$1/sys" && mount -t tmpfs tmpfs "$1/tmp" && mount -t tmpfs tmpfs "$1/run" &&
		mkdir -p "$1/data" && mount -t tmpfs tmpfs "$1/data" && mkdir "$1/data/rauc" &&
		exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -eu -c "$3"' \
		sh "$root" "$work" "$1" </dev/null
}

at_a=$((16 * 1024 * 1024)) at_b=$((24 * 1024 * 1024))
version=0.1.0+20260102030405 # of the system that runs
newer=0.1.0+20260102030406 older=0.1.0+20260102030404
mkdir "$work/keys" "$work/others" "$work/etc"

systems() {
	for name in old new; do
		mkdir -p "$work/$name/etc" && echo "$name" >"$work/$name/etc/marker" &&
			head -c 3000000 /dev/urandom >"$work/$name/data" && truncate -s 8M "$work/$name.ext4" &&
			mke2fs -q -t ext4 -O ^has_journal -d "$work/$name" "$work/$name.ext4" || return 1
	done
}
authorities() {
	for who in keys others; do
		inside "cp -r /tree/board/update /tmp/u && mkdir -p /tmp/build && cd /tmp && mkdir -p b &&
			mv u b/ && sed -i s,../../build/keys,../../$who, b/u/keys.sh && sh b/u/keys.sh &&
			cp $who/* /box/$who/" || return 1
	done
}
# bundle NAME ARCH VERSION KEYS: of the new system, by the recipe
bundle() {
	inside "sh /tree/board/update/bundle.sh $2 $3 /box/new.ext4 /box/$1.raucb /box/$4"
}
# judged NAME ARCH VERSION: a bundle that RAUC looks into, so of the format that this kernel can mount
format=verity
[ -e /dev/mapper/control ] || format=plain
judged() {
	if [ $format = verity ]; then
		bundle "$@" keys
		return
	fi
	inside "mkdir /tmp/in && cp /box/new.ext4 /tmp/in/rootfs.ext4 && cat >/tmp/in/manifest.raucm <<-M
		[update]
		compatible=parvis-$2
		version=$(sh board/update/version.sh "$3")
		[bundle]
		format=plain
		[image.rootfs]
		filename=rootfs.ext4
		M
		rauc bundle --cert=/box/keys/signer.cert.pem --key=/box/keys/signer.key.pem \
			--keyring=/box/keys/ca.cert.pem /tmp/in /box/$1.raucb"
}
bundles() {
	bundle one amd64 $newer keys && sleep 1 && bundle two amd64 $newer keys &&
		cp "$work/one.raucb" "$work/altered.raucb" && bundle foreign amd64 $newer others &&
		judged older amd64 $older && judged arm64 arm64 $newer && judged newer amd64 $newer || return 1
	cp "$work/altered.raucb" "$work/unsigned.raucb"
	# A byte within what is signed; and the file without its signature, whose length ends it.
	size=$(stat -c %s "$work/altered.raucb")
	signature=$(od -An -tu1 -N8 -j $((size - 8)) "$work/altered.raucb" |
		awk '{ for (i = 1; i <= 8; i++) n = n * 256 + $i; print n }')
	printf 'X' | dd of="$work/altered.raucb" bs=1 seek=$((size - 8 - signature + 150)) conv=notrunc \
		status=none && truncate -s $((size - 8 - signature)) "$work/unsigned.raucb"
}

# A box's configuration; but its slots are loop devices here, and the disk has a name of its own.
configure() {
	cp "$B/parvis-slot" "$work/slot" && sh board/update/install.sh "$work/root" amd64 $version 50415256 \
		"$work/keys" && cp "$work/root/etc/rauc/"* "$work/etc/" || return 1
	cat >"$work/backend" <<-'BACKEND'
		#!/bin/sh
		[ "$1" != get-current ] || { echo A; exit; }
		[ ! -e /box/careless ] || [ "$1" != set-state ] || exit 0
		exec /box/slot --disk /box/export.img "$@"
	BACKEND
	chmod 755 "$work/backend"
	sed -i -e "s#^device=.*-02#device=$loop_a#" -e "s#^device=.*-03#device=$loop_b#" \
		-e "s#=/usr/bin/parvis-slot#=/box/backend#" "$work/etc/system.conf"
	sed "s/bundle-formats=verity/bundle-formats=$format/" "$work/etc/system.conf" >"$work/etc/install.conf"
}

# install CONFIGURATION BUNDLE: as `rauc install` on a box that runs A
install() {
	inside "cd /box && dbus-run-session sh -c 'export DBUS_SYSTEM_BUS_ADDRESS=\$DBUS_SESSION_BUS_ADDRESS
		rauc --conf=/box/etc/$1 --override-boot-slot=A service & service=\$!
		until dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
			org.freedesktop.DBus.NameHasOwner string:de.pengutronix.rauc | grep -q true; do
			kill -0 \$service; sleep 0.1; done
		rauc --conf=/box/etc/$1 install /box/$2.raucb; status=\$?
		kill \$service; exit \$status'" >"$work/out" 2>&1
}

# The disk with the old system in both slots, plugged in through the log; its slots as loop devices.
loop_a='' loop_b=''
unplug() {
	for each in $loop_a $loop_b; do losetup -d "$each"; done
	loop_a='' loop_b=''
	[ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; }
	daemon=
}
trap 'unplug; rm -rf "$work"' EXIT
plug_disk() {
	truncate -s 32M "$work/data.img" &&
		dd if="$work/old.ext4" of="$work/data.img" bs=1M seek=16 conv=notrunc status=none &&
		dd if="$work/old.ext4" of="$work/data.img" bs=1M seek=24 conv=notrunc status=none &&
		"$B/parvis-slot" --disk "$work/data.img" init AB && cp "$work/data.img" "$work/base.img" || return 1
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
	loop_a=$(losetup -f --show -o $at_a --sizelimit 8M "$work/export.img") &&
		loop_b=$(losetup -f --show -o $at_b --sizelimit 8M "$work/export.img")
}

if ! systems || ! authorities >"$work/err" 2>&1 || ! bundles >>"$work/err" 2>&1 || ! plug_disk ||
	! configure; then
	sed 's/^/# /' "$work/err"
	echo "Bail out! keys, bundles or the disk cannot be made"
	exit 1
fi

# refused NUMBER BUNDLE WORD WHAT: not installed, with that word; the disk is as it was
refused() {
	install install.conf "$2"
	status=$?
	why=$(sed -n 's/^LastError: //p' "$work/out")
	if [ $status != 0 ] && echo "$why" | grep -qi "$3" && cmp -s "$work/data.img" "$work/base.img"; then
		echo "# $why"
		echo "ok $1 updates: $4 is refused"
	else
		tail -n 12 "$work/out" | sed 's/^/# /'
		verdict "$1" "updates: $4 is refused" refused "status $status"
	fi
}
refused 1 unsigned 'signature' "an unsigned bundle"
refused 2 altered 'signature\|digest' "an altered bundle"
refused 3 older 'version' "an older bundle"
refused 4 foreign 'certificate' "a bundle of another's authority"
refused 5 arm64 'compatible' "a bundle for another kind of box"

install install.conf newer
status=$?
[ $status = 0 ] || tail -n 12 "$work/out" | sed 's/^/# /'
verdict 6 "updates: a newer bundle is installed ($format)" 0 $status
said=$("$B/parvis-slot" --disk "$work/export.img" status)
case $said in
*"A: 9 tries left"*"B: 3 tries left, first"*"next: B"*) said=right ;;
esac
verdict 7 "updates: it starts next, three times at most" right "$said"
unplug
cmp -s -n 8388608 -i 0:$at_b "$work/new.ext4" "$work/data.img"
verdict 8 "updates: its slot holds it byte for byte" 0 $?

cut() {
	"$work/cut_update" "$work/log" "$work/base.img" "${PARVIS_UPDATE_CUTS:-100}" 1 $at_a $at_b \
		"$work/old.ext4" "$work/new.ext4"
}
${CC:-cc} -std=c17 -O2 -g -D_GNU_SOURCE -Ifirmware -I. -o "$work/cut_update" \
	tests/system/update/cut_update.c "$B/libparvis-fake.a" "$B/libparvis.a" && cut
verdict 9 "updates: cut anywhere, there is a whole system in every slot that may start" 0 $?

# A backend that does not bar the slot which is being written has to be found out.
touch "$work/careless"
plug_disk && configure && install install.conf newer && unplug && cut
verdict 10 "updates: without the bar that does not hold" 1 $?

# The hashes of a bundle's blocks are the kernel's to check, where it has a device mapper; RAUC reads them
# all before it signs a bundle anew.
hold() {
	inside "rauc resign --keyring=/box/keys/ca.cert.pem --cert=/box/keys/signer.cert.pem \
		--key=/box/keys/signer.key.pem /box/$1.raucb /tmp/again.raucb" >"$work/out" 2>&1
}
cmp "$work/one.raucb" "$work/two.raucb" >"$work/out" 2>&1
verdict 11 "updates: the same system gives the same bundle, a second later" 0 $?
hold one
verdict 12 "updates: RAUC finds the hashes of its blocks right" 0 $?
printf 'X' | dd of="$work/two.raucb" bs=1 seek=1000000 conv=notrunc status=none
! hold two && grep -qi 'verification of data\|payload' "$work/out"
verdict 13 "updates: and one byte of its system wrong" 0 $?
exit "$failed"
