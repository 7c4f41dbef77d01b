#!/bin/sh
# The arm64 image, started: in QEMU's machine virt, by U-Boot and the same script as on a Raspberry Pi, to
# the screen that waits for guests (tests/system/vm/virt.py). What only a Pi's own firmware reads is
# image_pi.sh's to look at. Needs `make image ARCH=arm64`, programs and tools of this tree, and
# qemu-system-aarch64. Speaks TAP.
#
#   PARVIS_IMAGE    the image (build/image/arm64/parvis-arm64.img)
#   PARVIS_SYSTEM   where screenshots and journals go (build/system)
set -u

PARVIS_IMAGE=${PARVIS_IMAGE:-build/image/arm64/parvis-arm64.img}
PARVIS_SYSTEM=${PARVIS_SYSTEM:-build/system}/virt
export PARVIS_IMAGE PARVIS_SYSTEM PYTHONDONTWRITEBYTECODE=1

skip() {
	echo "1..1"
	echo "ok 1 - the arm64 image # SKIP $1"
	exit 0
}

for tool in qemu-system-aarch64 mcopy mmd /usr/bin/python3; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
[ -e "$PARVIS_IMAGE" ] || skip "there is no $PARVIS_IMAGE; make image ARCH=arm64 first"
mkdir -p "$PARVIS_SYSTEM"
exec unshare --net /usr/bin/python3 tests/system/vm/virt.py
