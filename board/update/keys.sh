#!/bin/sh
# board/update/keys.sh: prints the folder of the keys that images and bundles are signed with.
# PARVIS_KEYS names it: ca.cert.pem, which boxes trust, signer.cert.pem, which that one vouches for, and
# signer.key.pem. Without it a development authority is made in build/keys/, once: whoever builds has
# one of their own, and its boxes take no other's bundles.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
keys=${PARVIS_KEYS:-$here/../../build/keys}

complain() {
	echo "board/update/keys.sh: $1" >&2
	exit 1
}

# Valid from the year 2000 on: a box whose clock was never set must be able to verify, too.
sign() {
	name=$1
	shift
	openssl ca -batch -notext -config "$work/ca.conf" -startdate 20000101000000Z -enddate \
		20991231000000Z -in "$work/$name.csr" -out "$work/$name.cert.pem" -extensions "$name" \
		-keyfile "$work/ca.key.pem" "$@" 2>"$work/log" || complain "$(cat "$work/log")"
}

make_authority() {
	work=$keys.new
	rm -rf "$work"
	mkdir -p "$work"
	: >"$work/index"
	cat >"$work/ca.conf" <<-CONF
		[ca]
		default_ca = this
		[this]
		database = $work/index
		new_certs_dir = $work
		rand_serial = yes
		default_md = sha256
		policy = any
		unique_subject = no
		[any]
		commonName = supplied
		[req]
		distinguished_name = name
		[name]
		[ca_made]
		basicConstraints = critical,CA:TRUE
		keyUsage = critical,keyCertSign
		subjectKeyIdentifier = hash
		[signer]
		basicConstraints = critical,CA:FALSE
		keyUsage = critical,digitalSignature
		extendedKeyUsage = emailProtection,codeSigning
		authorityKeyIdentifier = keyid
	CONF
	for who in ca signer; do
		openssl req -new -config "$work/ca.conf" -newkey rsa:3072 -nodes -subj \
			"/CN=Parvis development $who" -keyout "$work/$who.key.pem" \
			-out "$work/$who.csr" 2>"$work/log" || complain "$(cat "$work/log")"
	done
	cp "$work/ca.csr" "$work/ca_made.csr"
	sign ca_made -selfsign
	mv "$work/ca_made.cert.pem" "$work/ca.cert.pem"
	sign signer -cert "$work/ca.cert.pem"
	chmod 644 "$work"/*.cert.pem
	mkdir -p "$keys"
	chmod 755 "$keys"
	mv "$work"/ca.cert.pem "$work"/ca.key.pem "$work"/signer.cert.pem "$work"/signer.key.pem "$keys/"
	rm -rf "$work"
}

if [ -z "${PARVIS_KEYS:-}" ] && [ ! -e "$keys/signer.key.pem" ]; then
	command -v openssl >/dev/null || complain "openssl is needed"
	umask 077
	make_authority
fi
for file in ca.cert.pem signer.cert.pem signer.key.pem; do
	[ -r "$keys/$file" ] || complain "there is no $keys/$file"
done
(cd "$keys" && pwd)
