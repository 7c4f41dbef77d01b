#!/bin/sh
# board/update/bundle.sh ARCH VERSION ROOTFS BUNDLE KEYS: a signed update of the system ROOTFS, a slot's
# file system, for boxes of ARCH. Needs rauc, squashfs-tools, cryptsetup-bin and openssl. What signs is
# KEYS/signer.key.pem; the bundle is verified with KEYS/ca.cert.pem before it gets its name.
#
# `rauc bundle` gives another file every time: its salt is random, and its signature tells the hour. So a
# bundle is put together here, as RAUC's reference ("Bundle Formats", verity) has it: a squashfs, the hashes
# of its blocks, the manifest with the hash of these in a CMS signature, the signature's length. The salt
# is the squashfs's own hash. With an RSA key the same system gives the same bundle.
set -eu

arch=${1:?usage: board/update/bundle.sh ARCH VERSION ROOTFS BUNDLE KEYS}
version=${2:?} rootfs=${3:?} bundle=${4:?} keys=${5:?}
here=$(dirname "$0")

work=$(mktemp -d "$bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT

hash_of() {
	sha256sum "$1" | cut -c 1-64
}

mkdir "$work/in"
ln "$rootfs" "$work/in/rootfs.ext4" 2>/dev/null || cp --sparse=always "$rootfs" "$work/in/rootfs.ext4"
cat >"$work/in/manifest.raucm" <<MANIFEST
[update]
compatible=parvis-$arch
version=$(sh "$here/version.sh" "$version")

[bundle]
format=verity

[image.rootfs]
sha256=$(hash_of "$rootfs")
size=$(stat -c %s "$rootfs")
filename=rootfs.ext4
MANIFEST

# xz, since a bundle comes over a venue's network; a box reads it once. Tests have a quicker one. The dates
# are the squashfs's own.
# shellcheck disable=SC2086 # words are wanted
env -u SOURCE_DATE_EPOCH mksquashfs "$work/in" "$work/bundle" -all-root -noappend -no-progress -no-xattrs \
	-all-time 0 -mkfs-time 0 -root-mode 755 -comp ${PARVIS_COMPRESSION:-xz} -b 1M >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
size=$(stat -c %s "$work/bundle")
salt=$(hash_of "$work/bundle")
hash=$(veritysetup format --no-superblock --hash=sha256 --data-block-size=4096 --hash-block-size=4096 \
	--salt="$salt" --data-blocks=$((size / 4096)) --hash-offset="$size" "$work/bundle" "$work/bundle" |
	sed -n 's/^Root hash:[[:space:]]*//p')
sed "s/^format=verity/&\nverity-hash=${hash:?veritysetup gave no hash}\nverity-salt=$salt\nverity-size=$((
	$(stat -c %s "$work/bundle") - size))/" "$work/in/manifest.raucm" >"$work/manifest"
openssl cms -sign -binary -nodetach -noattr -md sha256 -in "$work/manifest" -outform DER \
	-signer "$keys/signer.cert.pem" -inkey "$keys/signer.key.pem" -out "$work/signature"
cat "$work/signature" >>"$work/bundle"
# 64 bits, the highest first; a signature takes no more than 16 of them.
length=$(stat -c %s "$work/signature")
# shellcheck disable=SC2059 # octal numbers of bytes
printf "$(printf '\\0\\0\\0\\0\\0\\0\\%o\\%o' $((length / 256)) $((length % 256)))" >>"$work/bundle"

rauc info --keyring="$keys/ca.cert.pem" "$work/bundle" >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
mv "$work/bundle" "$bundle"
