#!/bin/sh
# Every header brings what it needs: it compiles alone, as C and, where C++ includes it, as C++.
set -u

: "${B:=build/release}"
number=0 failed=0
flags=$(pkg-config --cflags sdl2 pangocairo libpq 2>/dev/null | sed 's/-I/-isystem /g')
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-headers.XXXXXX")
trap 'rm -rf "$work"' EXIT

# compiles HEADER COMPILER OPTION...
compiles() {
	header=$1
	shift
	# shellcheck disable=SC2086 # one word an option
	printf '#include "%s"\n' "$header" | "$@" -D_GNU_SOURCE -Ifirmware -I. "-I$B/generated" \
		-Wall -Wextra -Werror -fsyntax-only $flags - 2>"$work/said"
}
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		sed 's/^/# /' "$work/said" | head -n 12
		echo "not ok $number - $2"
		failed=1
	fi
}

mkdir -p "$work/planted"
echo 'size_t f(uint8_t x);' >"$work/planted/lacking.h"
if compiles "$work/planted/lacking.h" gcc -std=c17 -x c; then
	result 1 "a header that lacks an include is found"
else
	result 0 "a header that lacks an include is found"
fi

for file in $(find firmware ui tests -name '*.h' | sort); do
	compiles "${file#firmware/}" gcc -std=c17 -x c
	result $? "$file"
done
# shellcheck disable=SC2013 # a header's name is one word
for file in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' firmware/*/*.cpp | sort -u); do
	compiles "$file" g++ -std=c++20 -x c++
	result $? "$file as C++"
done
echo "1..$number"
exit $failed
