#!/bin/sh
# The arm64 image has what a Raspberry Pi 3, 4, 400, CM3, CM4 and Zero 2 W start from: compared with the
# list board/image/pi.list. Of the image in build/image/arm64 (make image ARCH=arm64), nothing is started.
# Needs root (the initial RAM disk is listed by the box's own tool), sfdisk, mtools and debugfs.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

made=build/image/arm64
image=$made/parvis-arm64.img
list=board/image/pi.list
# shellcheck source=board/image/layout.sh
. board/image/layout.sh

for tool in sfdisk mcopy debugfs; do
	command -v $tool >/dev/null || {
		skip "what a Pi needs" "there is no $tool"
		done_testing
	}
done
if [ ! -e "$image" ] || [ "$(id -u)" != 0 ]; then
	skip "what a Pi needs" "there is no $image, or this is not root"
	done_testing
fi

# named KIND: what the list says of it
named() {
	sed -n "s/^$1 *\([^ ]*\).*/\1/p" "$list"
}

# --- the disk

sfdisk --dump "$image" >"$DIR/table"
is "an MBR with the signature that /data is found by" "label-id: 0x$disk_signature" \
	"$(grep label-id "$DIR/table")"
is "four partitions: FAT, active, where a Pi's firmware looks for it; two systems; data" \
	"$((boot_start * 2048)) c *
$((root_a_start * 2048)) 83
$((root_b_start * 2048)) 83
$((data_start * 2048)) 83" "$(sed -n 's/.*start= *\([0-9]*\),.*type=\([0-9a-f]*\)\(, bootable\)*.*/\1 \2\3/p' \
		"$DIR/table" | sed 's/, bootable/ */')"
written=$(($(stat -c '%b * %B' "$image" | sed 's/.*/(&)/') / 1048576))
[ "$written" -le 900 ]
is "at most 900 MiB of it are written ($written)" 0 $?

# --- the first partition

mkdir "$DIR/boot"
mcopy -s -n -i "$image@@${boot_start}M" '::*' "$DIR/boot/"
is "it can be read as FAT" 0 $?
for file in $(named firmware); do
	[ -s "$DIR/boot/$file" ]
	is "$file is there" 0 $?
done
for setting in $(named setting); do
	is "config.txt: $setting" "$setting" "$(grep -x "$setting" "$DIR/boot/config.txt")"
done
sed -n 's/^board *//p' "$list" | while read -r board model; do
	tr '\0' '\n' <"$DIR/boot/$board.dtb" | grep -aq "$model\$" || echo "$board $model"
done >"$DIR/other"
is "each board has its device tree, of its name" "" "$(cat "$DIR/other")"
is "start.elf and start4.elf are of one version with their fixup files" 2 \
	"$(find "$DIR/boot" -name 'fixup*.dat' -size +1k | wc -l)"
is "U-Boot is an arm64 program for every Pi" 0 \
	"$(strings -n 8 "$DIR/boot/u-boot.bin" | grep -q 'bcm2711' && echo 0 || echo 1)"
cmp -s "$DIR/boot/u-boot.bin" build/image/arm64/u-boot.bin
is "and not QEMU's" 1 $?
is "boot.scr is U-Boot's script, whole" "$(sed -n '$=' board/boot/boot.cmd)" \
	"$(tail -c +73 "$DIR/boot/boot.scr" | sed -n '$=')"

# --- slot A

dd if="$image" of="$DIR/root" bs=1M skip="$root_a_start" count="$slot_size" conv=sparse status=none
for file in vmlinuz initrd.img; do
	debugfs -R "stat /boot/$file" "$DIR/root" 2>/dev/null | grep -q 'Type:'
	is "slot A: /boot/$file" 0 $?
done
is "slot B is empty" 0 "$(dd if="$image" bs=1M skip="$root_b_start" count=1 status=none | tr -d '\0' | wc -c)"
kernel=$(debugfs -R "ls -p /usr/lib/modules" "$DIR/root" 2>/dev/null | cut -d/ -f6 | grep '^[0-9]')
debugfs -R "dump /usr/lib/modules/$kernel/modules.builtin $DIR/builtin" "$DIR/root" 2>/dev/null
debugfs -R "dump /usr/lib/modules/$kernel/modules.dep $DIR/dep" "$DIR/root" 2>/dev/null
chroot "$made/root" lsinitramfs "/boot/initrd.img-$kernel" >"$DIR/initrd"

# Modules' names have - and _ for one another. there MODULE FILE...
there() {
	module=$(echo "$1" | sed 's/[-_]/[-_]/g')
	shift
	grep -qE "(^|/)$module\.ko(\.xz)?:?( |\$)" "$@"
}
for driver in $(named driver); do
	there "$driver" "$DIR/initrd" "$DIR/builtin"
	is "the kernel or its initial RAM disk has $driver" 0 $?
done
for module in $(named module); do
	there "$module" "$DIR/dep" "$DIR/builtin"
	is "the root has $module" 0 $?
done
! there no-such-driver "$DIR/initrd" "$DIR/builtin" "$DIR/dep"
is "a driver that is not there is noticed" 0 $?
done_testing
