#!/bin/sh
# pack.sh OUT: run in the builder, in the tree, after it is built: OUT becomes the guest, whole, as
# an initial ramdisk. It holds Debian's own libraries, the drivers of modules.sh, busybox, and of
# this tree what its tests in here want.
set -eu

out=$1
programs="build/release/parvis-kiosk build/release/parvis build/release/tests/tools/ticket
	build/release/tests/tools/paint build/release/tests/unit/scanner_test
	build/release/film build/release/wedge"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

for program in film wedge lamps; do
	# shellcheck disable=SC2046 # words are wanted
	cc -std=c17 -O2 -D_GNU_SOURCE -Ifirmware -I. -o "build/release/$program" \
		"tests/system/guest/$program.c" build/release/libparvis.a \
		$(pkg-config --cflags --libs libjpeg libpng xkbcommon) -lm
done

mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/root" \
	"$root/var/cache/fontconfig" "$root/parvis"
cp /usr/bin/busybox "$root/bin"
# shellcheck disable=SC2086 # words are wanted
{
	ldd $programs /usr/bin/v4l2-ctl | awk '$2 == "=>" { print $3 } $1 ~ "^/.*ld-linux" { print $1 }'
	echo /usr/bin/v4l2-ctl
	find /usr/share/fonts/opentype/inter /usr/share/fonts/truetype/inter* -type f 2>/dev/null || true
} | sort -u | xargs -d '\n' cp -L --parents -t "$root"
cp -a --parents /etc/fonts /usr/share/X11/xkb /usr/share/zoneinfo/Europe/Paris -t "$root"
[ ! -L /usr/share/X11/xkb ] || cp -a "$(readlink -f /usr/share/X11/xkb)" "$root/usr/share/"
cp -a /src/modules "$root/modules"
# shellcheck disable=SC2086
cp -a --parents $programs assets/demo assets/fonts board/pins.ini tests/fake/tap.sh \
	tests/system/guest -t "$root/parvis"
cp tests/system/guest/init "$root/init"
chmod 755 "$root/init"

(cd "$root" && find . | cpio --quiet -o -H newc) >"$out.new"
mv "$out.new" "$out"
