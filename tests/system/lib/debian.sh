#!/bin/sh
# tests/system/lib/debian.sh NUMBER CODENAME: this tree, copied into a fresh Debian with nothing but
# git and make, runs there by `make run` alone, and its tests pass. Needs root and mmdebstrap, and
# the package mirror that this host's own apt uses. The system is made once, in build/debianNUMBER
# or $PARVIS_CHROOT; what board/packages lists is installed by the tree itself.
set -u
. tests/system/lib/chroot.sh

debian=$1 release=$2
root=${PARVIS_CHROOT:-build/debian$debian}
number=0 failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - Debian $debian: $2"
	else
		echo "not ok $number - Debian $debian: $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - Debian $debian # SKIP $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root"
command -v mmdebstrap >/dev/null || skip "there is no mmdebstrap"
[ -n "$(chroot_mirror)" ] || skip "this host's apt has no Debian mirror; apt-get update first?"

if [ ! -e "$root/parvis-made" ]; then
	chroot_make "$root" "$release" git,make && touch "$root/parvis-made"
	result $? "a fresh system"
	[ $failed = 0 ] || exit 1
fi
root=$(cd "$root" && pwd)

chroot_copy_tree "$root"
result $? "the tree is copied in"

inside() {
	chroot_run "$root" "$1"
}

inside "make run"
result $? "make run installs, builds and plays the demo evening"
inside "make deps"
result $? "make deps finds every package"
inside "make --no-print-directory -s -j$(nproc) VARIANT=clang objects"
result $? "it builds with clang"
inside "make --no-print-directory -s -j$(nproc) VARIANT=release programs tests tools"
result $? "the tests build"
tests=$(cd "$root/src/parvis" && find tests/unit tests/screens -name '*_test.c' |
	sed 's|\(.*\)\.c$|build/release/\1|' | sort | xargs)
inside "PARVIS_SHORT=1 tests/run.sh $tests tests/lint/man.sh tests/flow/install.sh"
result $? "its tests pass"
inside "xvfb-run -a sh -c 'timeout 10 board/run.sh; test \$? = 124'"
result $? "with a display, make run opens the kiosk and keeps it open"
echo "1..$number"
exit $failed
