#!/bin/sh
# flash.sh without root and without a disk: which disks it lists and refuses, by what lsblk says of
# computers that are not here; what it says of images, signatures and bundles. Nothing is written:
# each run has --dry-run, or is refused before. tests/system/flash.sh writes to loop devices.
# shellcheck disable=SC2030,SC2031,SC2034 # subshells are apart on purpose; parts of flash.sh read variables
# shellcheck source=tests/fake/tap.sh source=tests/fake/box_image.sh
. tests/fake/tap.sh
. tests/fake/box_image.sh

PARVIS=$PWD/$PARVIS
export PARVIS

# flash OPTION...: sets $status; what it says is in $DIR/said.
flash()
{
	./flash.sh "$@" >"$DIR/out" 2>"$DIR/said" </dev/null
	status=$?
}

# said NAME STATUS WORDS: the last run ended so, and told it.
said()
{
	if [ "$status" = "$2" ] && grep -q -e "$3" "$DIR/said"; then
		ok "$1"
	else
		not_ok "$1" "expected: status $2, $3" "     got: status $status" "$DIR/said"
	fi
}

# --- usage ---------------------------------------------------------------------------------------

flash --help
is "--help tells the options and the statuses" "0 yes" "$status $(grep -q -e --dry-run "$DIR/out" &&
	grep -q 'Status: 0 done' "$DIR/out" && echo yes)"
flash
said "no image named" 2 'which image'
flash --nonsense
said "an unknown option" 2 'there is no option --nonsense'
flash --image
said "an option without what belongs to it" 2 'image wants something'
flash --image "$DIR/x.img" /dev/sdb /dev/sdc
said "two disks" 2 'one disk at a time'
flash --image "$DIR/x.img" ''
said "a disk without a name" 2 'has no name'
flash --image "$DIR/x.img" --yes
said "--yes without a disk" 2 'wants the disk to be named'
flash --image "$DIR/x.img" --arch sparc /dev/sdb
said "an architecture that no image is for" 2 'arm64 or amd64'

# --- computers, as lsblk tells of them -----------------------------------------------------------

# A fake lsblk says of each disk what is in its file.
mkdir "$DIR/bin" "$DIR/disks"
cat >"$DIR/bin/lsblk" <<'EOF'
#!/bin/sh
for last; do :; done
case $last in
/dev/*) cat "$DISKS/${last#/dev/}" 2>/dev/null ;;
*) for disk in "$DISKS"/*; do echo "/dev/${disk##*/}"; done ;;
esac
EOF
chmod +x "$DIR/bin/lsblk"
DISKS=$DIR/disks
export DISKS

# row NAME TYPE BYTES RM RO HOTPLUG TRAN MODEL FSTYPE LABEL MOUNTPOINTS
row()
{
	printf 'NAME="%s" PATH="/dev/%s" TYPE="%s" SIZE="%s" RM="%s" RO="%s" HOTPLUG="%s" TRAN="%s" ' \
		"$1" "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	printf 'MODEL="%s" SERIAL="S-%s" FSTYPE="%s" LABEL="%s" PTTYPE="dos" MOUNTPOINTS="%s"\n' \
		"$8" "$1" "$9" "${10}" "${11}"
}

{
	row nvme0n1 disk 512110190592 0 0 0 nvme 'Laptop SSD' '' '' ''
	row nvme0n1p1 part 536870912 0 0 0 nvme '' vfat ESP /boot/efi
	row nvme0n1p2 part 511571771392 0 0 0 nvme '' crypto_LUKS '' ''
	row luks-1 crypt 511571771392 0 0 0 '' '' LVM2_member '' ''
	row vg-root lvm 411571771392 0 0 0 '' '' ext4 '' /
	row vg-swap lvm 1571771392 0 0 0 '' '' swap '' '[SWAP]'
} >"$DISKS/nvme0n1"
row sda disk 1000204886016 0 0 0 sata 'Old disk' ext4 films '' >"$DISKS/sda"
{
	row sdb disk 31914983424 1 0 1 usb 'Fast \x26 \x22Furious\x22 \x1b[31m' '' '' ''
	row sdb1 part 31914000000 1 0 1 usb '' vfat 'MY PHOTOS' ''
} >"$DISKS/sdb"
{
	row sdc disk 15914983424 1 0 1 usb 'Live stick' '' '' ''
	row sdc1 part 15914000000 1 0 1 usb '' iso9660 LIVE '/run/live/medium'
} >"$DISKS/sdc"
row sdd disk 0 1 0 1 usb 'Card reader' '' '' '' >"$DISKS/sdd"
{
	row sde disk 15914983424 1 0 1 usb 'Stick' '' '' ''
	row sde1 part 15914000000 1 0 1 usb '' exfat SONGS '/media/ada/My\x20Songs'
} >"$DISKS/sde"
{
	row sdf disk 15914983424 0 0 1 usb 'Drive' '' '' ''
	row sdf1 part 15914000000 0 0 1 usb '' linux_raid_member '' ''
	row md0 raid1 15914000000 0 0 0 '' '' ext4 '' ''
} >"$DISKS/sdf"
{
	row mmcblk0 disk 15931539456 0 0 1 '' '' '' '' ''
	row mmcblk0p1 part 134217728 0 0 1 '' '' vfat boot ''
	row mmcblk0p2 part 1073741824 0 0 1 '' '' ext4 rootA ''
	row mmcblk0p3 part 1073741824 0 0 1 '' '' ext4 rootB ''
	row mmcblk0p4 part 8073741824 0 0 1 '' '' ext4 data ''
} >"$DISKS/mmcblk0"
row mmcblk1 disk 62537072640 0 0 1 '' 'DF4064' '' '' '' >"$DISKS/mmcblk1"
row mmcblk1boot0 disk 4194304 0 1 1 '' '' '' '' '' >"$DISKS/mmcblk1boot0"
row sr0 rom 1073741312 1 0 1 sata 'DVD' '' '' '' >"$DISKS/sr0"
row sdg disk 15931539456 1 1 1 usb 'Locked' '' '' '' >"$DISKS/sdg"
row sdh disk 4000787030016 0 0 1 usb 'Backup' '' '' '' >"$DISKS/sdh"
row sdi disk 15931539456 1 0 1 usb 'Swapped' swap '' '[SWAP]' >"$DISKS/sdi"
row loop0 loop 15931539456 0 0 0 '' '' '' '' '' >"$DISKS/loop0"

PATH=$DIR/bin:$PATH
flash --list
is "--list: what comes off and is not in the system's use, and nothing else" \
	"/dev/mmcblk0 /dev/sdb /dev/sde /dev/sdf /dev/sdg /dev/sdh" \
	"$(awk '{ print $1 }' "$DIR/out" | sort | xargs)"
is "a disk is told with size, model, serial and what is on it; what it says of itself draws nothing" \
	'31.9 GB Fast ? "Furious" ?[31m, serial S-sdb; on it: vfat "MY PHOTOS"' \
	"$(sed -n 's/^.dev.sdb *//p' "$DIR/out" | tr -s ' ')"
is "a box is known for one" "on it: a Parvis box" \
	"$(sed -n 's/^.dev.mmcblk0.*\(on it: .*\)/\1/p' "$DIR/out")"
is "where it is mounted" "mounted at /media/ada/My Songs" \
	"$(sed -n 's/^.dev.sde.*\(mounted at .*\)/\1/p' "$DIR/out")"
(
	DISKS=$DIR/none
	mkdir "$DISKS"
	row nvme0n1 disk 512110190592 0 0 0 nvme 'Laptop SSD' '' '' '/' >"$DISKS/nvme0n1"
	./flash.sh --list 2>"$DIR/said" >"$DIR/out"
)
is "where there is none, it says so" "0 yes" "$(wc -c <"$DIR/out") $(grep -q 'Put one in' \
	"$DIR/said" && echo yes)"

# judged NAME DISK BYTES [ASSIGNMENT]: what the parts of flash.sh decide of it
judged()
{
	(
		. board/flash/say.sh
		. board/flash/disks.sh
		loop_allowed="" yes="" image=./flash.sh device=/dev/$2
		eval "${4:-}"
		look_at "$device" && judge_facts "$3" && judge_use
	) >"$DIR/out" 2>"$DIR/said"
	status=$?
}
judged one nvme0n1 1000
said "the disk of / is refused, through LUKS and LVM" 3 'own disk: it holds /boot/efi, /, swap'
judged one sdc 1000
said "so is the stick that the system runs from" 3 'own disk: it holds /run/live/medium'
judged one sdi 1000
said "so is a stick with swap in use" 3 'own disk: it holds swap'
judged one sda 1000
said "a disk that is built in" 3 'built into this computer'
judged one mmcblk1 1000
said "storage that is soldered in" 3 'built into this computer'
judged one sdf 1000
said "a member of an array" 3 'in use by md0 (raid1)'
judged one sdd 1000
said "a reader without a card" 3 'no card in'
judged one sdg 1000
said "a card with its lock set" 3 'read-only'
judged one sdb 99000000000
said "a card that is too small" 3 'too small: it has 31.9 GB, and 99.0 GB are needed'
judged one sdh 1000
said "a disk that is too large for any box" 3 'too large'
judged one sr0 1000
said "a DVD" 3 "of the kind 'rom'"
judged one loop0 1000
said "a loop device without --loop" 3 'is a loop device'
judged one sde 1000
said "a mounted stick, and how to let go of it" 3 'mounted at /media/ada/My Songs'
judged one sde 1000 'yes=yes'
is "with --yes it may be unmounted" 0 "$status"
judged one mmcblk0 1000
is "an SD card is taken" 0 "$status"
judged one sdb 1000
is "a stick is taken" 0 "$status"
# A part of a disk, by its own name.
sed -n 2p "$DISKS/sdb" >"$DISKS/sdb1"
judged one sdb1 1000
said "a partition" 3 'is a part of a disk'
PATH=${PATH#"$DIR/bin:"}

# --- images --------------------------------------------------------------------------------------

img=$DIR/box.img
mkdir "$DIR/keys"
authority "$DIR/keys" ours
authority "$DIR/keys" theirs
box_image "$img"
signed "$img" arm64 "$DIR/keys" ours
key=$DIR/keys/ours.pem

# look [OPTION...]: at the image alone
look()
{
	flash --dry-run --key "$key" --image "$img" "$@"
}
# keep, back: the files beside the image as they were
keep()
{
	mkdir "$DIR/kept"
	cp --sparse=always "$img" "$img.manifest" "$img.manifest.sig" "$DIR/kept"
}
back()
{
	cp --sparse=always "$DIR/kept"/* "$DIR"
}
keep

look
said "a signed image is good" 0 'The image is good: arm64, 0.1.0+test'
for packer in zstd xz gzip; do
	case $packer in
	zstd) ending=zst ;;
	xz) ending=xz ;;
	gzip) ending=gz ;;
	esac
	if $packer -1 -c "$img" >"$img.$ending" 2>/dev/null; then
		flash --dry-run --key "$key" --image "$img.$ending"
		said "so is the same in $packer, with the same signature" 0 'The image is good'
		head -c 1000000 "$img.$ending" >"$DIR/short" && mv "$DIR/short" "$img.$ending"
		flash --dry-run --key "$key" --image "$img.$ending"
		said "cut off in $packer" 4 'is damaged\|is cut off'
		printf 'no such thing' >"$img.$ending"
		flash --dry-run --key "$key" --image "$img.$ending"
		said "no $packer at all" 4 'is damaged'
	else
		skip "an image in $packer" "there is no $packer"
	fi
done
zstd -q -1 -f "$img" -o "$img.zst"
ln -s "$img.zst" "$DIR/link.img.zst"
ln -s "$img.manifest" "$DIR/link.img.manifest"
ln -s "$img.manifest.sig" "$DIR/link.img.manifest.sig"
flash --dry-run --key "$key" --image "$DIR/link.img.zst"
said "an image behind a link" 0 'The image is good'
printf X | dd of="$img.zst" bs=1 seek=1000000 conv=notrunc status=none
flash --dry-run --key "$key" --image "$img.zst"
said "a byte of the zst is another" 4 'is damaged\|SHA-256 is another'
flash --dry-run --key "$key" --image "$DIR/none.img"
said "no image there" 4 'there is no image'
look --arch amd64
said "an image for another architecture" 4 'for arm64, not for amd64'
look --arch arm64
is "an image for this one" 0 "$status"

printf X | dd of="$img" bs=1 seek=10000000 conv=notrunc status=none
look
said "a byte of the image is another" 4 'SHA-256 is another'
back
truncate -s 19M "$img"
look
said "an image that was cut off" 4 'is cut off: it has 19922944 of 20971520'
back
truncate -s 21M "$img"
look
said "an image that is longer" 4 'longer than the 20971520'
back
rm "$img.manifest.sig"
look
said "no signature" 4 'is not signed'
look --unsigned
said "unsigned when it is asked for, with a warning" 0 'Warning: the signature'
printf X | dd of="$img" bs=1 seek=10000000 conv=notrunc status=none
look --unsigned
said "even then it has to be the manifest's" 4 'SHA-256 is another'
back
rm "$img.manifest"
look
said "no manifest" 4 'there is no .*manifest'
look --unsigned
said "an image of one's own, with nothing beside it" 0 'The image is good: unknown'
back
sed -i 's/0.1.0/9.9.9/' "$img.manifest"
look
said "a manifest that was altered" 4 'altered after it was signed'
back
head -c 100 /dev/urandom >"$img.manifest.sig"
look
said "a signature that is none" 4 'it is damaged'
signed "$img" arm64 "$DIR/keys" theirs
look
said "somebody else's signature" 4 'does not vouch for'
back
echo "more 1" >>"$img.manifest"
openssl cms -sign -binary -noattr -in "$img.manifest" -signer "$DIR/keys/ours-signer.pem" \
	-inkey "$DIR/keys/ours-signer.key" -outform DER -out "$img.manifest.sig"
look
said "signed, but with a line too many" 4 'is no manifest of an image'
back
flash --dry-run --key "$DIR/none.pem" --image "$img"
said "the certificate is not there" 4 'there is no certificate'
echo ", +" | sfdisk -q -N 3 --force "$img" >/dev/null 2>&1
sfdisk -q --delete "$img" 4
signed "$img" arm64 "$DIR/keys" ours
look
said "an image of something else" 4 'its partitions are others'
back
sfdisk -q --disk-id "$img" 0x12345678
signed "$img" arm64 "$DIR/keys" ours
look
said "the image of another appliance" 4 'its partitions are others'
back
truncate -s 20000000 "$img"
rm "$img.manifest"
look --unsigned
said "not a whole number of MiB" 4 'no image of a box'
back
cp "$img.manifest.sig" "$DIR/first.sig"
signed "$img" arm64 "$DIR/keys" ours
cmp -s "$img.manifest.sig" "$DIR/first.sig"
is "signing is the same each time" 0 $?

# --- bundles -------------------------------------------------------------------------------------

demo_event "$DIR/event"
"$PARVIS" roster import --event "$DIR/event" assets/demo/roster.csv >/dev/null 2>&1 &&
	"$PARVIS" kiosk provision --event "$DIR/event" --venue numa --door main \
		--out "$DIR/numa.parvis" >"$DIR/out" 2>&1
is "a bundle is made" 0 $?
look --bundle "$DIR/numa.parvis"
said "a bundle tells its venue and door" 0 'The bundle is good: .*venue numa, door main'
look --bundle "$DIR/none.parvis"
said "a bundle that is not there" 5 'there is no bundle'
look --bundle "$DIR"
said "a bundle that is a folder" 5 'there is no bundle'
: >"$DIR/empty.parvis"
look --bundle "$DIR/empty.parvis"
said "a bundle of nothing" 5 'is not a good bundle'
cp "$DIR/numa.parvis" "$DIR/bad.parvis"
printf 'XXXX' | dd of="$DIR/bad.parvis" bs=1 seek=3000 conv=notrunc status=none
look --bundle "$DIR/bad.parvis"
said "a damaged bundle" 5 'is not a good bundle'

# --- disks that are none; rights and tools -------------------------------------------------------

touch "$DIR/a file"
look "$DIR/a file"
said "a file for a disk" 3 'is no disk'
look "$DIR"
said "a folder for a disk" 3 'is no disk'
look /dev/null
said "a device that is no disk" 3 'is no disk'
look /dev/no-such-disk
said "a disk that is not there" 3 'there is no /dev/no-such-disk'
ln -s "$DIR/a file" "$DIR/link"
look "$DIR/link"
said "a link to a file" 3 'is no disk'
is "the file was not touched" 0 "$(wc -c <"$DIR/a file")"

printf '#!/bin/sh\necho 1000\n' >"$DIR/bin/id"
chmod +x "$DIR/bin/id"
rm "$DIR/bin/lsblk"
(
	PATH=$DIR/bin:$PATH
	./flash.sh --key "$key" --image "$img" /dev/no-such-disk 2>"$DIR/said"
)
status=$?
said "not root" 7 'takes root'
rm "$DIR/bin/id"
for tool in cat dirname sed tr rm mktemp awk lsblk flock unshare openssl sha256sum head sort; do
	ln -s "$(command -v $tool)" "$DIR/bin/$tool"
done
shell=$(command -v sh)
(
	PATH=$DIR/bin
	"$shell" ./flash.sh --dry-run --key "$key" --image "$img.zst" 2>"$DIR/said"
)
status=$?
said "a tool is missing" 7 'apt install.* zstd'
PARVIS=/nonexistent
mkdir "$DIR/tree" && cp -r flash.sh "$DIR/tree" && mkdir "$DIR/tree/board" &&
	cp -r board/flash "$DIR/tree/board"
if command -v parvis >/dev/null; then
	skip "parvis is missing" "it is installed here"
else
	"$DIR/tree/flash.sh" --dry-run --key "$key" --image "$img" --bundle "$DIR/numa.parvis" 2>"$DIR/said"
	status=$?
	said "the program that knows bundles is missing" 7 'install the package parvis'
fi
done_testing
