#!/bin/sh
# Makes the manifest of an image and signs it; board/flash/image.sh tells what that is.
#
#   sign.sh IMAGE ARCHITECTURE VERSION CERTIFICATE KEY
#
# IMAGE is the image as it lies on a disk, not compressed. CERTIFICATE and KEY (PEM) are the signer's, whom
# the release authority has certified. Writes IMAGE.manifest and IMAGE.manifest.sig. With an RSA key the
# same image gives the same signature.
set -eu
if [ $# != 5 ] || { [ "$2" != arm64 ] && [ "$2" != amd64 ]; }; then
	echo "usage: $0 IMAGE arm64|amd64 VERSION CERTIFICATE KEY" >&2
	exit 2
fi
image=$1 manifest=$1.manifest
bytes=$(stat -Lc %s "$image")
if [ $((bytes % 1048576)) != 0 ]; then
	echo "$0: $image: its size is no multiple of 1 MiB" >&2
	exit 1
fi
rm -f "$manifest" "$manifest.sig"
{
	echo "parvis-image 1"
	echo "version $3"
	echo "architecture $2"
	echo "bytes $bytes"
	echo "sha256 $(sha256sum <"$image" | cut -d' ' -f1)"
} >"$manifest"
openssl cms -sign -binary -noattr -md sha256 -in "$manifest" -signer "$4" -inkey "$5" \
	-outform DER -out "$manifest.sig"
