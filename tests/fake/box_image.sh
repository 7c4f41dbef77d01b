# Sourced by tests of flash.sh: a small image with the layout of a box's, and who signs it. Needs neither
# root nor a loop device.
# shellcheck shell=sh
PATH=$PATH:/usr/sbin:/sbin

# box_image FILE: 20 MiB; a FAT, two roots and the data partition, 4 MiB each, from 4 MiB on.
box_image()
{
	truncate -s 20M "$1"
	sfdisk -q "$1" <<-EOF
		label: dos
		label-id: 0x50415256
		start=8192, size=8192, type=c, bootable
		start=16384, size=8192, type=83
		start=24576, size=8192, type=83
		start=32768, size=8192, type=83
	EOF
	mkdir -p "$1.root" "$1.data"
	head -c 1500000 /dev/urandom >"$1.root/program"
	truncate -s 4M "$1.part"
	mkfs.vfat -n BOOT "$1.part" >/dev/null
	box_part "$1" 4
	for place in 8:rootA:root 12:rootB:root 16:data:data; do
		label=${place#*:}
		rm -f "$1.part"
		truncate -s 4M "$1.part"
		mke2fs -q -t ext4 -L "${label%:*}" -d "$1.${label#*:}" "$1.part"
		box_part "$1" "${place%%:*}"
	done
	rm -rf "$1.part" "$1.root" "$1.data"
}

# box_part FILE MIB: FILE.part goes there
box_part()
{
	dd if="$1.part" of="$1" bs=1M seek="$2" conv=notrunc status=none
}

# authority DIR NAME: DIR/NAME.pem with the key NAME.key, and a signer NAME-signer.pem and .key.
authority()
{
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$2" -keyout "$1/$2.key" \
		-out "$1/$2.pem" 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2 signer" -keyout "$1/$2-signer.key" \
		-out "$1/$2-signer.csr" 2>/dev/null
	openssl x509 -req -in "$1/$2-signer.csr" -CA "$1/$2.pem" -CAkey "$1/$2.key" -CAcreateserial \
		-days 30 -out "$1/$2-signer.pem" 2>/dev/null
}

# signed FILE ARCH DIR NAME: its manifest and signature
signed()
{
	board/flash/sign.sh "$1" "$2" 0.1.0+test "$3/$4-signer.pem" "$3/$4-signer.key"
}
