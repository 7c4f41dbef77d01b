#!/bin/sh
# The Debian packages: they build, lintian finds no error, a fresh Debian 12 installs them with apt
# alone, what is installed plays a rehearsal, and purging them leaves nothing. Needs root, mmdebstrap
# and the package mirror that this host's own apt uses. The system is made once, in build/packages12.
set -u
. tests/system/lib/chroot.sh

root=${PARVIS_CHROOT:-build/packages12}
number=0 failed=0
said=$(mktemp "${TMPDIR:-/tmp}/parvis-packages.XXXXXX")
trap 'rm -f "$said"' EXIT

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		tail -n 30 "$said" | sed 's/^/# /'
		echo "not ok $number - $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - packages # SKIP $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root"
for tool in mmdebstrap dh lintian; do
	command -v $tool >/dev/null || skip "there is no $tool"
done
[ -n "$(chroot_mirror)" ] || skip "this host's apt has no Debian mirror; apt-get update first?"

unset MAKEFLAGS MAKELEVEL
make --no-print-directory deb >"$said" 2>&1
result $? "the packages build"
[ $failed = 0 ] || exit 1
lintian --allow-root --fail-on error build/deb/*.changes >"$said" 2>&1
result $? "lintian finds no error"

for unit in board/debian/*.service; do
	limit=15
	case $unit in
	*/parvis-kiosk.service) limit=20 ;;
	*parvis-reader.service) limit=10 ;;
	esac
	systemd-analyze security --offline=yes --threshold=$limit "$unit" >"$said" 2>&1
	result $? "${unit##*/} is exposed to no more than $limit tenths"
done

if [ ! -e "$root/parvis-made" ]; then
	chroot_make "$root" bookworm ca-certificates >"$said" 2>&1 && touch "$root/parvis-made"
	result $? "a fresh system"
	[ $failed = 0 ] || exit 1
fi
root=$(cd "$root" && pwd)
mkdir -p "$root/src/parvis"
cp build/deb/parvis_*.deb build/deb/parvis-common_*.deb build/deb/parvis-kiosk_*.deb \
	build/deb/parvis-box_*.deb "$root/src/parvis/"
chroot_run "$root" "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	bash-completion ./parvis*.deb" \
	>"$said" 2>&1
result $? "apt installs them"
chroot_run "$root" "getent passwd parvis-kiosk && getent passwd parvis-read" >"$said" 2>&1
result $? "kiosk and reading process have users of their own"
chroot_run "$root" "PARVIS_OPTIONS=/dev/null /usr/libexec/parvis-firewall --print >/tmp/rules &&
	nft --check --file /tmp/rules" >"$said" 2>&1
result $? "the kernel would take the firewall's rules"
chroot_run "$root" "printf '\\011\\004\\0\\0\\0\\003\\001\\001\\0' >/tmp/keyboard &&
	! /usr/libexec/parvis-usb device 046d:c31c /tmp/keyboard &&
	/usr/libexec/parvis-usb device 0c2e:0b6a /tmp/keyboard" >"$said" 2>&1
result $? "a keyboard is refused, a scanner is not"
chroot_run "$root" "parvis event check /usr/share/parvis/demo" >"$said" 2>&1
result $? "the installed command works"
cat >"$root/src/parvis/test.script" <<-'EOF'
	code PARVIS-TEST
	wait TEST_OK
	expect present 0
EOF
chroot_run "$root" "parvis-kiosk --script test.script --offscreen --mute" >"$said" 2>&1
result $? "the installed kiosk rehearses"
chroot_run "$root" "bash -ic '. /usr/share/bash-completion/bash_completion; _completion_loader parvis; \
	COMP_WORDS=(parvis ev); COMP_CWORD=1; _parvis parvis ev; test \"\$COMPREPLY\" = event'" \
	>"$said" 2>&1
result $? "the shell completes its commands"
chroot_run "$root" "man -w parvis parvis-kiosk" >"$said" 2>&1 ||
	chroot_run "$root" "ls /usr/share/man/man1/parvis.1.gz" >"$said" 2>&1
result $? "its manual pages are there"
chroot_run "$root" "DEBIAN_FRONTEND=noninteractive apt-get purge -y -q parvis parvis-box parvis-common \
	parvis-kiosk && apt-get autoremove --purge -y -q" >"$said" 2>&1
result $? "apt purges them"
find "$root" -xdev -name '*parvis*' | sed "s|^$root||" |
	grep -v -e '^/parvis-made' -e '^/src' -e '^/var/lib/apt/' -e '^/var/cache/apt/' -e '^/var/log/' >"$said"
[ ! -s "$said" ]
result $? "nothing of them is left"
rm -f "$root"/src/parvis/parvis*.deb "$root/src/parvis/test.script"
echo "1..$number"
exit $failed
