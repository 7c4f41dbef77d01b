#!/bin/sh
# board/update/install.sh ROOT ARCH VERSION SIGNATURE KEYS: RAUC's configuration and the certificate that
# it trusts, into the root of a box. VERSION is the image's, SIGNATURE the disk's eight hex digits, KEYS
# the folder with ca.cert.pem.
set -eu

root=${1:?usage: board/update/install.sh ROOT ARCH VERSION SIGNATURE KEYS}
arch=${2:?} version=${3:?} signature=${4:?} keys=${5:?}
here=$(dirname "$0")

install -d "$root/etc/rauc"
sed -e "s/@ARCH@/$arch/" -e "s/@VERSION@/$(sh "$here/version.sh" "$version")/" \
	-e "s/@SIGNATURE@/$signature/" "$here/system.conf" >"$root/etc/rauc/system.conf"
chmod 644 "$root/etc/rauc/system.conf"
install -m 644 "$keys/ca.cert.pem" "$root/etc/rauc/updates.pem"
