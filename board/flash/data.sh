#!/bin/sh
# What flash.sh does within the data partition of a disk; called by it, in a mount namespace of its own,
# so that whatever ends it, nothing stays mounted.
#
#   data.sh DISK FIRST SECTORS DIR BUNDLE <WIFI
#
# DIR is a directory to mount at, BUNDLE a file or nothing, WIFI what goes into the network's file;
# nothing leaves that out. Its status is 0, or 1 with the reason on standard error.
# shellcheck disable=SC2015 # fail() ends all
set -u
disk=$1 first=$2 sectors=$3 dir=$4 bundle=$5
PATH=$PATH:/usr/sbin:/sbin
umask 077
loop=""

fail()
{
	echo "$*" >&2
	exit 1
}

let_go()
{
	umount "$dir" 2>/dev/null
	[ -z "$loop" ] || losetup -d "$loop" 2>/dev/null
}
trap let_go EXIT
trap 'exit 1' INT TERM HUP

wifi=$(cat)
loop=$(losetup --find --show --offset $((first * 512)) --sizelimit $((sectors * 512)) "$disk") ||
	fail "no loop device could be had for its data partition"

said=$(e2fsck -f -p "$loop" 2>&1)
[ $? -le 1 ] || fail "the file system of its data partition is damaged: $(echo "$said" | tail -n 1)"
said=$(resize2fs "$loop" 2>&1) || fail "its data partition's file system cannot be grown: $(echo "$said" | tail -n 1)"

options=nosuid,nodev,noexec
mount -t ext4 -o $options "$loop" "$dir" || fail "its data partition cannot be mounted"
if [ -n "$bundle" ]; then
	install -d -m 700 "$dir/provision" && rm -f "$dir"/provision/*.parvis &&
		install -m 600 "$bundle" "$dir/provision/box.parvis" ||
		fail "the bundle cannot be put on its data partition"
fi
if [ -n "$wifi" ]; then
	file=$dir/network/wpa_supplicant-wlan0.conf
	{ [ -d "$dir/network" ] || install -d -m 755 "$dir/network"; } && rm -f "$file" &&
		printf '%s\n' "$wifi" >"$file" || fail "the network's file cannot be put on its data partition"
fi
sync -f "$dir" && umount "$dir" || fail "its data partition cannot be written to its end"

# From the disk again, not from what the loop device or, below it, the disk's own has in memory.
blockdev --flushbufs "$loop" && blockdev --flushbufs "$disk" && blockdev --flushbufs "$loop" ||
	fail "what this computer remembers of it cannot be dropped"
said=$(e2fsck -f -n "$loop" 2>&1) || fail "its data partition did not come out clean: $(echo "$said" | tail -n 1)"
mount -t ext4 -o ro,$options "$loop" "$dir" || fail "its data partition cannot be mounted again"
[ -z "$bundle" ] || cmp -s "$bundle" "$dir/provision/box.parvis" || fail "the bundle did not arrive whole"
[ -z "$wifi" ] || [ "$(cat "$dir/network/wpa_supplicant-wlan0.conf")" = "$wifi" ] ||
	fail "the network's file did not arrive whole"
