#!/bin/sh
# The choice between a box's two systems, by the real U-Boot with the real start script on a virtual PC:
# every way in which a cut can tear the two copies of the state, every state, damage, empty slots.
# tests/system/slots/torn.c has the cases. Then the state that parvis-slot writes is what U-Boot writes.
# Speaks TAP. Debian 13's U-Boot is fetched by mmdebstrap, or PARVIS_UBOOT names its ROM.
set -u
. tests/system/lib/chroot.sh

B=${B:-build/release}
echo "1..2"
skip() {
	echo "ok 1 - the choice of a slot # SKIP $1"
	echo "ok 2 - U-Boot's bytes # SKIP $1"
	exit 0
}
for tool in qemu-system-x86_64 mkimage mcopy mkfs.vfat sfdisk mke2fs objcopy; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-slots-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

rom=${PARVIS_UBOOT:-build/image/amd64/u-boot.rom}
if [ ! -e "$rom" ]; then
	rom=build/uboot/usr/lib/u-boot/qemu-x86/u-boot.rom
	[ -e "$rom" ] || mmdebstrap --quiet --mode=auto --variant=extract --include=u-boot-qemu trixie \
		build/uboot "$(chroot_mirror)" 2>"$work/err" || skip "no U-Boot: $(tail -n 1 "$work/err")"
fi

# It is held at its prompt between the cases, for which it has to wait for a key.
LC_ALL=C sed 's/bootdelay=[0-9]/bootdelay=9/' "$rom" >"$work/rom"
rom=$work/rom

# A disk as a box's, but small: the boot partition, two slots of a mebibyte with a kernel each.
slot_a=$((16 * 1024 * 1024))
slot_b=$((17 * 1024 * 1024))
disk=$work/disk
make_disk() {
	truncate -s 18M "$disk" &&
		printf '%s\n' 'label: dos' 'label-id: 0x50415256' 'start=8MiB, size=8MiB, type=c, bootable' \
			'start=16MiB, size=1MiB, type=83' 'start=17MiB, size=1MiB, type=83' |
		sfdisk --quiet "$disk" &&
		truncate -s 8M "$work/boot" && mkfs.vfat -n BOOT "$work/boot" >/dev/null &&
		mkdir "$work/files" && sh board/boot/make.sh amd64 "$work/files" &&
		mcopy -i "$work/boot" "$work/files/boot.scr" ::boot.scr &&
		dd if="$work/boot" of="$disk" bs=1M seek=8 conv=notrunc status=none || return 1
	for slot in A B; do
		mkdir -p "$work/$slot/boot" &&
			cc -m32 -c -DNAME="\"\\r\\n@@system $slot \"" -o "$work/$slot.o" \
				tests/system/slots/kernel.S &&
			objcopy -O binary -j .text "$work/$slot.o" "$work/$slot/boot/vmlinuz" &&
			echo nothing >"$work/$slot/boot/initrd.img" &&
			truncate -s 1M "$work/$slot.ext4" &&
			mke2fs -q -t ext4 -O ^has_journal -d "$work/$slot" "$work/$slot.ext4" || return 1
	done
	dd if="$work/A.ext4" of="$disk" bs=1M seek=16 conv=notrunc status=none &&
		dd if="$work/B.ext4" of="$disk" bs=1M seek=17 conv=notrunc status=none
}
if ! make_disk || ! ${CC:-cc} -std=c17 -O2 -g -D_GNU_SOURCE -Ifirmware -I. \
	-DPARTITION_AT_A=${slot_a}LL -DPARTITION_AT_B=${slot_b}LL -o "$work/torn" \
	tests/system/slots/torn.c "$B/libparvis.a"; then
	echo "Bail out! the disk cannot be made"
	exit 1
fi

failed=0
qemu() {
	"$@" qemu-system-x86_64 -M pc -accel tcg,thread=single -icount shift=1 -nodefaults -display none -m 256 \
		-bios "$rom" \
		-drive "file=$disk,if=none,id=disk,format=raw,cache=writethrough" \
		-device virtio-blk-pci,drive=disk -serial stdio
}
if qemu "$work/torn" "$disk"; then
	echo "ok 1 - the choice of a slot: U-Boot's is always the one that may start, and both copies are whole"
else
	echo "not ok 1 - the choice of a slot"
	failed=1
fi

# What U-Boot has written last, it reads and writes again as parvis-slot does.
said=$("$B/parvis-slot" --disk "$disk" status)
if echo "$said" | grep -q '^copy 1: whole, in force' && echo "$said" | grep -q '^copy 2: whole$'; then
	echo "ok 2 - U-Boot's bytes are parvis-slot's"
else
	echo "$said" | sed 's/^/# /'
	echo "not ok 2 - U-Boot's bytes are parvis-slot's"
	failed=1
fi
exit $failed
