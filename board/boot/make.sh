#!/bin/sh
# board/boot/make.sh ARCH BOOT: what U-Boot reads, into the folder BOOT that becomes the first partition.
# Needs Debian's u-boot-tools. The date inside is SOURCE_DATE_EPOCH.
set -eu

arch=${1:?usage: board/boot/make.sh amd64|arm64 BOOT} boot=${2:?}
here=$(dirname "$0")

mkimage -q -A arm64 -O linux -T script -C none -n boot.cmd -d "$here/boot.cmd" "$boot/boot.scr" >/dev/null
# A Pi's U-Boot asks for a key before it starts, and has a prompt when nothing starts, unless its
# environment says otherwise. It is read from the first partition; the size is its own.
if [ "$arch" = arm64 ]; then
	mkenvimage -s 0x4000 -o "$boot/uboot.env" "$here/uboot.env.txt"
fi
