#!/bin/sh
# tests/system/lib/debian.sh NUMBER CODENAME: this tree, copied into a fresh Debian with nothing but
# git and make, runs there by `make run` alone, and its tests pass. Needs root and mmdebstrap, and
# the package mirror that this host's own apt uses. The system is made once, in build/debianNUMBER
# or $PARVIS_CHROOT; what board/packages lists is installed by the tree itself.
set -u

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
# shellcheck disable=SC2016 # apt's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
	sort -u | head -n 1)
[ -n "$mirror" ] || skip "this host's apt has no Debian mirror; apt-get update first?"

if [ ! -e "$root/parvis-made" ]; then
	rm -rf "$root"
	mkdir -p "$(dirname "$root")"
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	mmdebstrap --quiet --mode=root --variant=minbase --include=git,make \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
		${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} "$release" "$root" "$mirror" &&
		cp /etc/resolv.conf "$root/etc/resolv.conf" && touch "$root/parvis-made"
	result $? "a fresh system"
	[ $failed = 0 ] || exit 1
fi
root=$(cd "$root" && pwd)

# The tree as git knows it, with what is not committed yet, and no object of an earlier run: those
# can be newer than a file that has changed since.
rm -rf "$root/src/parvis"
mkdir -p "$root/src/parvis"
git ls-files -co --exclude-standard -z | tar --null --ignore-failed-read -T - -cf - |
	tar -C "$root/src/parvis" -xf -
result $? "the tree is copied in"

# inside COMMAND: in mounts and processes of its own, which end with it.
inside() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child --ipc --uts sh -c '
		mount --make-rprivate / &&
		mount -t proc proc "$1/proc" &&
		mount --rbind /dev "$1/dev" &&
		mount -t tmpfs tmpfs "$1/tmp" &&
		exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			sh -c "cd /src/parvis && $2"' sh "$root" "$1" </dev/null
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
