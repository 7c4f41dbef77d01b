#!/bin/sh
# Debian 13: this tree, copied into a fresh system, builds there with what board/packages lists, and
# its tests and its demo evening pass. Needs root and mmdebstrap, and the package mirror that this
# host's own apt uses. The system is made once, in build/debian13 or $PARVIS_CHROOT; what
# board/packages lists is brought up to date in it each time.
set -u

release=trixie
root=${PARVIS_CHROOT:-build/debian13}
number=0 failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - Debian 13 # SKIP $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root"
command -v mmdebstrap >/dev/null || skip "there is no mmdebstrap"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
	sort -u | head -n 1)
[ -n "$mirror" ] || skip "this host's apt has no Debian mirror; apt-get update first?"

packages=$(sed 's/#.*//' board/packages/build.txt board/packages/run.txt board/packages/test.txt |
	xargs)

if [ ! -e "$root/parvis-made" ]; then
	rm -rf "$root"
	mkdir -p "$(dirname "$root")"
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	mmdebstrap --quiet --mode=root --variant=minbase --include=make \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} "$release" "$root" "$mirror" &&
		cp /etc/resolv.conf "$root/etc/resolv.conf" && touch "$root/parvis-made"
	result $? "a fresh Debian 13"
	[ $failed = 0 ] || exit 1
fi
root=$(cd "$root" && pwd)

# The tree as git knows it, with what is not committed yet; only objects of earlier runs stay.
mkdir -p "$root/src/parvis"
find "$root/src/parvis" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git ls-files -co --exclude-standard -z | tar --null --ignore-failed-read -T - -cf - |
	tar -C "$root/src/parvis" -xf -
result $? "the tree is copied in"

# inside COMMAND: in mounts and processes of its own, which end with it.
inside() {
	unshare --mount --pid --fork --kill-child --ipc --uts sh -c '
		mount --make-rprivate / &&
		mount -t proc proc "$1/proc" &&
		mount --rbind /dev "$1/dev" &&
		mount -t tmpfs tmpfs "$1/tmp" &&
		exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive sh -c "cd /src/parvis && $2"' sh "$root" "$1" </dev/null
}

inside "apt-get -q update" && inside "board/deps.sh test"
result $? "board/deps.sh finds every package: $packages"
inside "make --no-print-directory -s -j$(nproc) VARIANT=release programs tests"
result $? "it builds with gcc"
inside "make --no-print-directory -s -j$(nproc) VARIANT=clang objects"
result $? "it builds with clang"
tests=$(cd "$root/src/parvis" && ls tests/unit/*_test.c tests/screens/*_test.c 2>/dev/null |
	sed 's|\(.*\)\.c$|build/release/\1|' | xargs)
inside "PARVIS_SHORT=1 tests/run.sh $tests"
result $? "its unit and screen tests pass"
inside "SHOTS=/tmp/shots board/run.sh"
result $? "its demo evening goes as its script says"
echo "1..$number"
exit $failed
