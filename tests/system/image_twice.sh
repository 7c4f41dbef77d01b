#!/bin/sh
# The same commit gives the same image: it is made twice from clones, the second time in another folder,
# by a host of another name, time zone, locale and umask; where they differ, the first difference is
# named. Needs root, mmdebstrap and the package mirror that this host's own apt uses.
#
#   PARVIS_ARCH       amd64 or arm64 (amd64)
#   PARVIS_CACHED=1   both take the workshop and Debian's packages from build/image/cache: a tenth of
#                     the work, and what is put together afterwards is still done twice
set -u

arch=${PARVIS_ARCH:-amd64}
number=0 failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $arch: $2"
	else
		sed 's/^/# /' "$work/said"
		echo "not ok $number - $arch: $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - the image twice # SKIP $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root"
command -v mmdebstrap >/dev/null || skip "there is no mmdebstrap"
git rev-parse HEAD >/dev/null 2>&1 || skip "this is no git tree"

work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-twice.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
top=$PWD
keys=$(sh board/update/keys.sh) || exit 1

# clone TREE: of what is committed
clone() {
	mkdir -p "$(dirname "$1")"
	git clone -q --no-local . "$1" || exit 1
	mkdir -p "$1/build/image"
	if [ -n "${PARVIS_CACHED:-}" ]; then
		ln -s "$top/build/image/cache" "$1/build/image/cache"
		cp -a "$top/build/image/ccache" "$1/build/image/ccache"
	fi
}

# image TREE COMMAND...: made in TREE by COMMAND
image() {
	tree=$1
	shift
	(cd "$tree" && PARVIS_KEYS=$keys "$@" sh board/image/make.sh "$arch") >"$work/log" 2>&1
	status=$?
	tail -n 20 "$work/log" >"$work/said"
	return $status
}

clone "$work/one"
image "$work/one" env
result $? "it is made"
[ $failed = 0 ] || exit 1
debugfs -R "stat /usr/lib/clock-epoch" "$work/one/build/image/$arch/rootfs.ext4" >"$work/said" 2>&1
grep -q "mtime: 0x$(printf '%x' "$(git log -1 --format=%ct)")" "$work/said"
result $? "its clock starts no earlier than its commit"
(
	umask 077
	clone "$work/elsewhere/and/two"
	image "$work/elsewhere/and/two" env TZ=Pacific/Auckland LANG=fr_FR.UTF-8 LC_ALL=C.UTF-8 \
		unshare --uts sh -c 'hostname elsewhere && exec "$@"' sh
)
result $? "it is made once more, elsewhere"
[ $failed = 0 ] || exit 1

one=$work/one/build/image/$arch two=$work/elsewhere/and/two/build/image/$arch

# tree_of ROOT: every path with its kind, mode, owner, size, target and contents
tree_of() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %l\n' | LC_ALL=C sort &&
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}

# What makes them differ, from the inside out.
: >"$work/said"
for part in packages cdx.json; do
	cmp "$one/parvis-$arch.$part" "$two/parvis-$arch.$part" >>"$work/said" 2>&1
done
if ! cmp -s "$one/rootfs.ext4" "$two/rootfs.ext4"; then
	tree_of "$one/root" >"$work/one.tree"
	tree_of "$two/root" >"$work/two.tree"
	diff "$work/one.tree" "$work/two.tree" | head -n 20 >>"$work/said"
	cmp "$one/rootfs.ext4" "$two/rootfs.ext4" >>"$work/said" 2>&1
fi
for part in boot.vfat data.ext4; do
	cmp "$one/$part" "$two/$part" >>"$work/said" 2>&1
done
cmp "$one/parvis-$arch.img" "$two/parvis-$arch.img" >>"$work/said" 2>&1
result $? "the two are the same, byte for byte"
cmp "$one/parvis-$arch.img.manifest.sig" "$two/parvis-$arch.img.manifest.sig" >>"$work/said" 2>&1
result $? "and so is what is signed"
cmp "$one/parvis-$arch.raucb" "$two/parvis-$arch.raucb" >>"$work/said" 2>&1
result $? "and the update bundle"

# A test that would not notice is none.
cp "$two/boot.vfat" "$work/spoilt"
printf x | dd of="$work/spoilt" bs=1 seek=100000000 conv=notrunc status=none
! cmp -s "$one/boot.vfat" "$work/spoilt"
result $? "one byte more or less is noticed"
echo "1..$number"
exit $failed
