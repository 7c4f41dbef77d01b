#!/bin/sh
# tools.sh OUT: run in the builder, in the tree, after `make programs`: what tests in the image need
# beyond the image, for the disk that is given to it.
set -eu

out=$1
rm -rf "$out"
mkdir -p "$out"
for program in film lamps; do
	# shellcheck disable=SC2046 # words are wanted
	cc -std=c17 -O2 -D_GNU_SOURCE -Ifirmware -I. -o "$out/$program" \
		"tests/system/guest/$program.c" build/release/libparvis.a \
		$(pkg-config --cflags --libs libjpeg libpng) -lm
done
cc -std=c17 -O2 -D_GNU_SOURCE -static -o "$out/escape" tests/system/guest/escape.c
cp -r /src/modules "$out/modules"
cp tests/system/vm/setup.sh "$out"
