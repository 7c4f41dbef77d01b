#!/bin/sh
# The kiosk and the kernel's real drivers: a small Debian 13 is booted in QEMU, with this tree built
# for it, and there gpio-sim is the lamps and the buttons, vivid and v4l2loopback are cameras, and
# uinput is a hand scanner. What is tested is in tests/system/guest/; it speaks TAP over a serial line.
# Needs root (for the builder), mmdebstrap and qemu-system-x86_64; no KVM. Alone, from the tree's top:
#   tests/run.sh -t 3600 tests/system/guest.sh
#
#   PARVIS_GUEST        where the builder lies, made once (build/guest13)
#   PARVIS_GUEST_TESTS  which of them: lamps camera scanner
set -u
. tests/system/lib/chroot.sh
. tests/system/lib/builder.sh

tests=${PARVIS_GUEST_TESTS:-lamps camera scanner}
limit=1200 # seconds, of a guest that takes 100 where nothing else runs
number=0 failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - guest: $2"
	else
		echo "not ok $number - guest: $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - the kernel's own drivers # SKIP $1"
	exit 0
}
give_up() {
	echo "1..$number"
	exit 1
}

why=$(builder_missing)
[ -z "$why" ] || skip "$why"
command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"

builder_make
result $? "a system with a kernel to build in"
[ $failed = 0 ] || give_up
builder_drivers
result $? "drivers that Debian's kernel has not are built for it"
[ $failed = 0 ] || give_up

builder_build "make --no-print-directory -s -j$(nproc) programs tools \
		build/release/tests/unit/scanner_test &&
		sh tests/system/guest/pack.sh /src/guest.cpio"
result $? "the tree is built for it"
[ $failed = 0 ] || give_up

work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-guest-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
: >"$work/tap"
# The processor is the least that Debian's libraries have a fast path for. The kernel's words go to
# the first serial line, the tests' to the second.
timeout -k 10 "$limit" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -smp 2 -m 1024 \
	-cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt -nodefaults -no-reboot -display none \
	-kernel "$(echo "$builder"/boot/vmlinuz-*)" -initrd "$builder/src/guest.cpio" \
	-append "console=ttyS0 quiet mitigations=off panic=-1 rdinit=/init TESTS=\"$tests\"" \
	-serial "file:$work/kernel" -serial "file:$work/tap" </dev/null
result $? "it starts, and switches itself off"
cat "$work/tap"
[ "$(grep -c '^1\.\.[1-9]' "$work/tap")" = "$(echo "$tests" | wc -w)" ] &&
	grep -q '^# done' "$work/tap"
result $? "every test of it came to its end"
grep -q '^not ok' "$work/tap" && failed=1
[ $failed = 0 ] || tail -n 40 "$work/kernel" | tr -d '\r' | sed 's/^/# /'
echo "1..$number"
exit $failed
