#!/bin/sh
# tests/system/lib/machine.sh PROGRAM WHAT [ARGUMENT...]: runs tests/system/vm/PROGRAM.py, which boots the
# image, with all that it needs, and without a network: the machine sees this host's loopback in a
# namespace of its own, and nothing else.
#
#   PARVIS_IMAGE    the image (build/image/amd64/parvis-amd64.img, of `make image ARCH=amd64`)
#   PARVIS_GUEST    where the builder lies, made once (build/guest13)
#   PARVIS_SYSTEM   where screenshots, journals and disks go (build/system)
set -u
. tests/system/lib/chroot.sh
. tests/system/lib/builder.sh

program=$1 what=$2
shift 2
image=${PARVIS_IMAGE:-build/image/amd64/parvis-amd64.img}

skip() {
	echo "1..1"
	echo "ok 1 - $what # SKIP $1"
	exit 0
}
give_up() {
	echo "not ok 1 - $what: $1"
	echo "1..1"
	exit 1
}

why=$(builder_missing)
[ -z "$why" ] || skip "$why"
for tool in qemu-img mcopy mkfs.vfat mke2fs ip /usr/bin/python3 /usr/sbin/mosquitto; do
	command -v "$tool" >/dev/null || skip "there is no $tool"
done
[ -e "$image" ] || skip "there is no $image; make image ARCH=amd64 first"
system=${PARVIS_SYSTEM:-build/system}
mkdir -p "$system/$program"
# Several of these may be started at once: one makes the builder and the tools.
exec 9>"$system/lock"
flock 9
builder_make >&2 || give_up "there is no builder"
builder_drivers >&2 || give_up "the drivers do not build"
builder_tools >&2 || give_up "the tools do not build"
exec 9>&-

export PARVIS_GUEST="$builder" PARVIS_IMAGE="$image" PARVIS_SYSTEM="$system/$program"
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
	/usr/bin/python3 "tests/system/vm/$program.py" "$@"
