#!/bin/sh
# board/image/llvm.sh ARCH ROOT: a library in LLVM's place, in a box's root whose packages of LLVM and Z3,
# a third of it, have been taken away. Mesa is one library with the drivers of all graphics, linked with
# LLVM for the sake of some: AMD's, and llvmpipe. A Pi's, Intel's and softpipe (GALLIUM_DRIVER in
# parvis-kiosk.service) have compilers of their own. What stands here for LLVM has the names that Mesa
# knows, and ends the program that calls one, with a word why.
set -eu

arch=${1:?usage: board/image/llvm.sh ARCH ROOT} root=${2:?}
case $arch in
amd64) tool=x86_64-linux-gnu ;;
arm64) tool=aarch64-linux-gnu ;;
esac
libraries=$root/usr/lib/$tool
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# needing LIBRARY: which files of the root ask for it
needing() {
	find "$root/usr" -type f \( -name '*.so*' -o -perm -u+x \) \
		-exec "$tool-readelf" --dynamic --wide {} + 2>/dev/null |
		awk -v library="$1" '/^File: / { file = $2 }
			/\(NEEDED\)/ && index($0, "[" library) { sub(".*/", "", file); print file }' | LC_ALL=C sort
}

set -- "$libraries"/libgallium-*.so
mesa=$1
name=$("$tool-readelf" --dynamic --wide "$mesa" | sed -n 's/.*(NEEDED).*\[\(libLLVM.*\)\]/\1/p')
if [ -z "$name" ]; then
	echo "board/image/llvm.sh: Mesa needs no LLVM any more: this step can go" >&2
	exit 1
fi
others=$(needing libLLVM | grep -vxF "$(basename "$mesa")"; needing libz3) || true
if [ -n "$others" ]; then
	echo "board/image/llvm.sh: LLVM is also asked for by $others" >&2
	exit 1
fi

# Mesa asks the first two when it is loaded, whatever then draws.
cat >"$work/none.c" <<'C'
#include <stdlib.h>
#include <unistd.h>

int LLVMIsMultithreaded(void);
void LLVMLinkInMCJIT(void);
void none(void);

int LLVMIsMultithreaded(void)
{
	return 1;
}

void LLVMLinkInMCJIT(void)
{
}

void none(void)
{
	static const char why[] = "Mesa asks for LLVM, which a box does not have (board/image/llvm.sh)\n";
	if (write(2, why, sizeof why - 1) < 0)
		abort();
	abort();
}
C
"$tool-nm" --dynamic --undefined-only "$mesa" |
	sed -n 's/^ *U \(.*\)@LLVM_.*$/\1/p' | grep -vxE 'LLVMIsMultithreaded|LLVMLinkInMCJIT' |
	sed 's/.*/-Wl,--defsym=&=none/' >"$work/names"
echo "$("$tool-nm" --dynamic --undefined-only "$mesa" |
	sed -n 's/.*@\(LLVM_.*\)$/\1/p' | sort -u) { global: *; };" >"$work/version"
"$tool-gcc" -shared -fPIC -O2 -Wall -Wextra -Werror -Wl,--build-id=none -Wl,-soname,"$name" \
	-Wl,--version-script="$work/version" @"$work/names" -o "$libraries/$name" "$work/none.c"
chmod 644 "$libraries/$name"
echo "$name: $(wc -l <"$work/names") names"
