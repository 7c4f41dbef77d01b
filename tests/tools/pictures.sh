#!/bin/sh
# Paints the demo event's pictures anew: assets/demo/pictures/. Needs `make tools` and ImageMagick.
set -eu

cd "$(dirname "$0")/../.."
tools=${B:-build/release}/tests/tools
out=assets/demo/pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# picture NAME CODE [key=value]...
picture()
{
	name=$1 code=$2
	shift 2
	"$tools/paint" "$work/$name.png" "$code" "$@"
	convert "$work/$name.png" -colorspace Gray -quality 72 -strip "$out/$name.jpg"
}

signed()
{
	"$tools/ticket" "$@"
}

picture 01-phone "$(signed demo00001 1 11)" turn=-7 slant=0.05 seed=3
picture 02-paper "$(sed -n 2p assets/demo/roster.csv | cut -d, -f1)" on=paper size=0.4 turn=9 seed=5
picture 03-dark-screen "$(signed demo00002 1 0)" on=dark size=0.5 turn=4 seed=7
picture 04-blurred "$(signed demo00003 1 11)" size=0.6 blur=2 noise=5 seed=11
picture 05-dim "$(signed demo00004 2 0)" size=0.5 light=0.35 noise=5 turn=-12 seed=13
picture 06-la-ruche "$(signed demo00005 1 14)" size=0.48 turn=3 seed=17
# One character of the signature is another.
forged=$(signed demo00006 1 11 |
	awk '{ c = substr($0, 30, 1) == "A" ? "B" : "A"; print substr($0, 1, 29) c substr($0, 31) }')
picture 07-forged "$forged" size=0.48 turn=-4 seed=19
picture 08-address "https://example.org/programme" on=paper size=0.4 turn=-15 seed=23
picture 09-test-card "PARVIS-TEST" on=paper size=0.35 seed=29
picture 10-too-early "$(signed demo00007 1 11 1481230800 0)" size=0.5 turn=6 seed=31
picture 11-delegate "$(signed demo00008 42 0)" size=0.5 turn=-3 slant=-0.06 seed=37
ls -l "$out"
