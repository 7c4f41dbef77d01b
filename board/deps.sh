#!/bin/sh
# Installs what is missing for building (build), running (run) or testing (test, test-long) Parvis, or
# for making a box's image (image), on Debian 12 or 13. The packages are listed in board/packages/.
# Quick, and asks for no rights, where everything is there.
set -eu

lists=$(dirname "$0")/packages
case ${1:-build} in
build) wanted="build" ;;
run) wanted="build run" ;;
test) wanted="build run test" ;;
test-long) wanted="build run test test-long" ;;
image) wanted="image" ;;
*)
	echo "usage: $0 [build|run|test|test-long|image]" >&2
	exit 2
	;;
esac

packages=$(for list in $wanted; do sed 's/#.*//' "$lists/$list.txt"; done)

if ! command -v dpkg-query >/dev/null; then
	echo "board/deps.sh: this is not Debian, so nothing can be installed for you. Parvis needs" >&2
	echo "what these Debian packages hold; install their like and use 'make' by itself:" >&2
	echo "$packages" | xargs >&2
	exit 1
fi

# What another installed package provides is there too: npm, for one, comes with the nodejs of its
# makers.
provided=$(dpkg-query -W -f '${db:Status-Status} ${Provides}\n' 2>/dev/null |
	sed -n 's/^installed //p' | sed 's/([^)]*)//g' | tr ', ' '\n')

is_there() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ||
		printf '%s\n' "$provided" | grep -qxF -e "$1"
}

missing=
for package in $packages; do
	is_there "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Parvis needs these packages, which are not installed yet:$missing"
if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null; then
	root=sudo
else
	echo "board/deps.sh: installing takes root, and there is no sudo. As root:" >&2
	echo "  apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

install_them() {
	# shellcheck disable=SC2086 # one word a package
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
		install --no-install-recommends $missing </dev/null
}

update() {
	$root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null
}

echo "Installing them with apt-get."
if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
	update
fi
if ! install_them; then
	echo "Not all of them could be had; fetching the current list of packages, then once more."
	update
	install_them
fi
