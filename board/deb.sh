#!/bin/sh
# Builds the Debian packages of this tree into build/deb/. What is built is what git tracks, as it
# stands in the working tree; dates inside are those of the last commit, so that the same commit gives
# the same packages. A tree without git is built whole, dated by SOURCE_DATE_EPOCH. DEB_ARCH=arm64
# cross-compiles.
set -eu

version=${1:?usage: board/deb.sh VERSION}
cd "$(dirname "$0")/.."
if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh >/dev/null; then
	echo "board/deb.sh: dpkg-dev and debhelper are needed: apt install debhelper dpkg-dev" >&2
	exit 1
fi
if [ "$(dpkg-parsechangelog -l board/debian/changelog -S Version)" != "$version" ]; then
	echo "board/deb.sh: board/debian/changelog begins with another version than the Makefile's," \
		"$version" >&2
	exit 1
fi

out=build/deb
rm -rf "$out"
mkdir -p "$out/parvis-$version"
if [ -e .git ]; then
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
	files='git ls-files -z'
else
	: "${SOURCE_DATE_EPOCH:?board/deb.sh: a tree without git needs it}"
	files='find . -path ./build -prune -o -type f -print0'
fi
export SOURCE_DATE_EPOCH
# Removed and not yet committed files are still in git's list.
$files | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done; true' sh |
	tar -c --null -T - | tar -x -C "$out/parvis-$version"
mv "$out/parvis-$version/board/debian" "$out/parvis-$version/debian"
(cd "$out/parvis-$version" && dpkg-buildpackage -us -uc -b -j"$(nproc)" ${DEB_ARCH:+-a"$DEB_ARCH"})
rm -rf "$out/parvis-$version"
echo "The packages are in $out/:"
ls -l "$out"/*.deb
