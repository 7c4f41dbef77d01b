#!/bin/sh
# The house's shape: every source file is as clang-format leaves it.
set -u

if ! command -v clang-format >/dev/null; then
	echo "1..1"
	echo "ok 1 - shape # SKIP there is no clang-format"
	exit 0
fi
# Newer versions differ in details; the shape is that of Debian 12's.
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != 14 ]; then
	echo "1..1"
	echo "ok 1 - shape # SKIP the shape is clang-format 14's, this is $version"
	exit 0
fi

number=0 failed=0
planted=$(mktemp -d "${TMPDIR:-/tmp}/parvis-format.XXXXXX")
trap 'rm -rf "$planted"' EXIT
cp .clang-format "$planted"
printf 'int f( void ){return 1;}\n' >"$planted/x.c"
number=$((number + 1))
if clang-format --dry-run -Werror "$planted/x.c" 2>/dev/null; then
	echo "not ok $number - a misshapen file is found"
	failed=1
else
	echo "ok $number - a misshapen file is found"
fi

for file in $(find firmware ui tests -name '*.[ch]' -o -name '*.cpp' | sort); do
	number=$((number + 1))
	if said=$(clang-format --dry-run -Werror "$file" 2>&1); then
		echo "ok $number - $file"
	else
		echo "$said" | head -n 12 | sed 's/^/# /'
		echo "not ok $number - $file"
		failed=1
	fi
done
echo "1..$number"
exit $failed
