#!/bin/sh
# `make install DESTDIR=` puts all that the programs need where they look for it, and `make
# uninstall` takes it away again.
set -u

: "${B:=build/release}"
number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		sed 's/^/# /' "$work/said"
		echo "not ok $number - $2"
		failed=1
	fi
}

to="$work/root"
# Nothing is built here: what is installed is what was tested.
make --no-print-directory VARIANT="${B##*/}" -o all install DESTDIR="$to" PREFIX=/usr \
	>"$work/said" 2>&1
result $? "make install"
for file in usr/bin/parvis usr/bin/parvis-kiosk usr/libexec/parvis-reader usr/share/man/man1/parvis.1 \
	usr/share/man/man1/parvis-kiosk.1 usr/share/man/man7/parvis-sync.7 \
	usr/share/parvis/sync/ev.schema.json usr/share/parvis/demo/event.ini etc/parvis/pins.ini; do
	[ -s "$to/$file" ]
	result $? "/$file"
done

cd "$work" || exit 1
PATH="$to/usr/bin:$PATH"
parvis event check "$to/usr/share/parvis/demo" >"$work/said" 2>&1
result $? "the installed demo event is good"
printf 'code PARVIS-TEST\nwait TEST_OK\nexpect present 0\nshot test.png\n' >test.script
parvis-kiosk --script test.script --shots . --offscreen --mute >"$work/said" 2>&1 &&
	[ -s test.png ]
result $? "the installed kiosk rehearses, with its own fonts and event"

cd - >/dev/null || exit 1
echo "# edited" >>"$to/etc/parvis/pins.ini"
make --no-print-directory VARIANT="${B##*/}" -o all install DESTDIR="$to" PREFIX=/usr \
	>"$work/said" 2>&1
grep -q "^# edited" "$to/etc/parvis/pins.ini"
result $? "installing again keeps an edited pin map"
make --no-print-directory uninstall DESTDIR="$to" PREFIX=/usr >"$work/said" 2>&1
left=$(find "$to" -type f | grep -v '/etc/parvis/pins.ini$')
echo "$left" >>"$work/said"
[ -z "$left" ]
result $? "make uninstall leaves nothing but the pin map"
echo "1..$number"
exit $failed
