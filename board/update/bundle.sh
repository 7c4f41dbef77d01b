#!/bin/sh
# board/update/bundle.sh ARCH VERSION ROOTFS BUNDLE KEYS: a signed update of the system ROOTFS, a slot's
# file system, for boxes of ARCH. Needs rauc and squashfs-tools. What signs is KEYS/signer.key.pem; the
# bundle is verified with KEYS/ca.cert.pem before it gets its name.
set -eu

arch=${1:?usage: board/update/bundle.sh ARCH VERSION ROOTFS BUNDLE KEYS}
version=${2:?} rootfs=${3:?} bundle=${4:?} keys=${5:?}
here=$(dirname "$0")

work=$(mktemp -d "$bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
ln "$rootfs" "$work/in/rootfs.ext4" 2>/dev/null || cp --sparse=always "$rootfs" "$work/in/rootfs.ext4"
cat >"$work/in/manifest.raucm" <<MANIFEST
[update]
compatible=parvis-$arch
version=$(sh "$here/version.sh" "$version")
[bundle]
format=verity
[image.rootfs]
filename=rootfs.ext4
MANIFEST
rauc bundle --cert="$keys/signer.cert.pem" --key="$keys/signer.key.pem" --keyring="$keys/ca.cert.pem" \
	--mksquashfs-args="-comp zstd -Xcompression-level ${PARVIS_COMPRESSION:-19} -b 1M" "$work/in" "$work/bundle" \
	>"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
mv "$work/bundle" "$bundle"
