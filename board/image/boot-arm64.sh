#!/bin/sh
# board/image/boot-arm64.sh ROOT BOOT: what a Raspberry Pi's own firmware needs on the first partition of
# its card, out of Debian's packages in ROOT; a box's root keeps none of it (prune.txt).
# board/image/pi.list says what has to be there and why.
set -eu

root=$1 boot=$2
here=$(dirname "$0")
firmware=$root/usr/lib/raspi-firmware

cp "$firmware/bootcode.bin" "$boot/"
for name in start fixup start4 fixup4; do
	cp "$firmware/$name".* "$boot/"
done
cp "$root/usr/share/doc/raspi-firmware/copyright" "$boot/COPYRIGHT.txt"
cp "$root/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$boot/"
sed -n 's/^board \([^ ]*\).*/\1/p' "$here/pi.list" | while read -r board; do
	cp "$root"/usr/lib/linux-image-*/broadcom/"$board.dtb" "$boot/"
done
cp "$here/config.txt" "$boot/"
