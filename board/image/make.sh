#!/bin/sh
# board/image/make.sh ARCH: what `make image` runs. See "The box" in ARCHITECTURE.md.
set -eu
cd "$(dirname "$0")/../.."
here=board/image
# shellcheck source=board/image/lib.sh
. "$here/lib.sh"

arch=${1:?usage: board/image/make.sh amd64|arm64}
case $arch in
amd64 | arm64) ;;
*)
	echo "board/image/make.sh: $arch: an image is for amd64 or arm64" >&2
	exit 2
	;;
esac
[ "$(id -u)" = 0 ] || {
	echo "board/image/make.sh: an image is made as root: sudo make image ARCH=$arch" >&2
	exit 1
}
umask 022
# The date that every file of a Debian root bears, whichever day it is made on.
base_epoch=1795305600
SOURCE_DATE_EPOCH=$base_epoch
export SOURCE_DATE_EPOCH LC_ALL=C

commit_epoch=$(git log -1 --format=%ct)
stamp=$(sed -n 's/^VERSION *:= *//p' Makefile)+$(date -u -d "@$commit_epoch" +%Y%m%d%H%M%S)

cache=build/image/cache
out=build/image/$arch
mkdir -p "$cache" "$out"
# shellcheck source=board/image/layout.sh
. "$here/layout.sh"
keys=$(sh board/update/keys.sh)

step_workshop() {
	native=$(words "$here/tools.txt")
	libraries=$(words board/packages/build.txt | grep -vE '^(gcc|g\+\+|pkg-config)$')
	if [ "$arch" = amd64 ]; then
		wanted="$native gcc g++ pkgconf $libraries"
		architectures=amd64
	else
		wanted="$native gcc-aarch64-linux-gnu g++-aarch64-linux-gnu pkgconf pkgconf:arm64
			$(for package in $libraries; do echo "$package:arm64"; done)"
		architectures=amd64,arm64
	fi
	workshop=$cache/workshop-$arch-$(sum "$wanted")
	[ ! -e "$workshop.made" ] || return 0
	say "a Debian 13 to build in ($arch)"
	rm -rf "$workshop"
	debian "$workshop" apt "$architectures" "$wanted"
	touch "$workshop.made"
}

step_base() {
	wanted="$(words "$here/packages.txt" "$here/packages-$arch.txt")"
	base=$cache/root-$arch-$(sum "$wanted" "$base_epoch" "$(cat "$here/exclude.txt" \
		"$here"/initramfs/*.conf "$here"/initramfs/*-"$arch" \
		"$here/base.sh" assets/fonts/fonts.conf)").tar
	[ ! -e "$base" ] || return 0
	say "the system of a box ($arch)"
	# No initial RAM disk while packages are being set up: one at the end is enough. Drivers lie there as they
	# are: unpacking those of one start takes longer than anything else in it.
	set -f --
	for path in $(words "$here/exclude.txt"); do
		set -- "$@" "--dpkgopt=path-exclude=$path"
	done
	set +f
	INITRD=No debian "$base.new.tar" essential "$arch" "$wanted" "$@" \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--essential-hook="install -d \$1/boot/firmware \$1/etc/default \$1/etc/initramfs-tools" \
		--essential-hook="cp $here/initramfs/initramfs.conf \$1/etc/initramfs-tools/" \
		--essential-hook="cp $here/initramfs/modules-$arch \$1/etc/initramfs-tools/modules" \
		--customize-hook="install -m 755 $here/initramfs/hook-$arch \$1/etc/initramfs-tools/hooks/parvis" \
		--customize-hook="find \$1/usr/lib/modules -name '*.ko.xz' -exec unxz {} +" \
		--customize-hook="install -D -m 644 assets/fonts/fonts.conf \$1/run/fonts.conf" \
		--customize-hook="cp $here/base.sh \$1/run/ && chroot \$1 sh -eu /run/base.sh" \
		--customize-hook="rm -f \$1/run/*.sh \$1/run/*.conf"
	mv "$base.new.tar" "$base"
}

# --- our own packages, from a copy of what git tracks -------------------------------------------

step_packages() {
	say "our packages"
	version=$(sed -n 's/^VERSION *:= *//p' Makefile)
	rm -rf "$workshop/src"
	mkdir -p "$workshop/src/parvis"
	git ls-files -z | tar --null --ignore-failed-read -T - -cf - |
		tar -C "$workshop/src/parvis" -xf -
	inside "$workshop" env SOURCE_DATE_EPOCH="$commit_epoch" DEB_ARCH="$arch" \
		DEB_BUILD_OPTIONS="noautodbgsym" sh -c "cd /src/parvis && board/deb.sh $version" \
		>"$out/packages.log" 2>&1 || {
		tail -n 30 "$out/packages.log" >&2
		return 1
	}
}

# --- the root of a box ---------------------------------------------------------------------------

# What board/image/root/ holds, whatever the umask of whoever checked it out.
copy_files() {
	(cd "$1" && find . -type f) | while read -r file; do
		file_mode=644
		[ ! -x "$1/$file" ] || file_mode=755
		install -D -m "$file_mode" "$1/$file" "$2/$file"
	done
}

step_root() {
	say "the root of a box"
	root=$out/root
	rm -rf "$root"
	mkdir -p "$root"
	tar -C "$root" --numeric-owner --xattrs --xattrs-include='*' -xf "$base"
	mkdir -p "$root/run/parvis-debs"
	for package in $(words "$here/ours.txt"); do
		cp "$workshop/src/parvis/build/deb/${package}_"*.deb "$root/run/parvis-debs/"
	done
	inside "$root" sh -c 'dpkg --install /run/parvis-debs/*.deb' >"$out/root.log" 2>&1 || {
		tail -n 30 "$out/root.log" >&2
		return 1
	}
	# The kiosk draws by itself (ui/scanout.h). What SDL would draw with, where it had a screen to draw on, is
	# more than a third of the root.
	# shellcheck disable=SC2016 # expanded in the root
	inside "$root" sh -c 'dpkg --purge --force-depends $(dpkg-query -W -f "\${binary:Package}\n" \
		mesa-libgallium "libllvm*" "libz3-*" libdrm-amdgpu1 "libdrm-intel*" "libdrm-nouveau*" \
		"libdrm-radeon*" "libsensors*" 2>/dev/null)' >>"$out/root.log" 2>&1
	# shellcheck disable=SC2046 # globs, to be expanded
	(cd "$root" && rm -rf $(words "$OLDPWD/$here/prune.txt"))
	inside "$workshop" depmod -b "/out/$arch/root" "$(basename "$root"/usr/lib/modules/*)"
	copy_files "$here/root" "$root"
	sed -i "s/@SIGNATURE@/$disk_signature/" "$root/etc/fstab"
	printf 'NAME=Parvis\nID=parvis\nID_LIKE=debian\nVERSION_ID=%s\nPRETTY_NAME="Parvis %s"\n' \
		"$stamp" "$stamp" >"$root/etc/os-release.new"
	mv "$root/etc/os-release.new" "$root/usr/lib/os-release"
	sh board/update/install.sh "$root" "$arch" "$stamp" "$disk_signature" "$keys"
	cp "$here/root.sh" "$root/opt/"
	inside "$root" sh -eu /opt/root.sh
	rm "$root/opt/root.sh"
	rmdir "$root/tree" "$root/out" "$root/keys"
	# What time it is at least.
	: >"$root/usr/lib/clock-epoch"
}

# Every name in order, every date the same: so the file system made of it is, too. A box's clock
# starts no earlier than the date of one file.
step_rootfs() {
	say "the file system of a slot"
	tar -C "$root" --sort=name --numeric-owner --format=posix \
		--pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' \
		--xattrs --xattrs-include='*' --mtime="@$base_epoch" \
		--exclude=./usr/lib/clock-epoch -cf "$out/rootfs.tar" .
	tar -C "$root" --numeric-owner --format=posix --owner=0 --group=0 --mtime="@$commit_epoch" \
		--pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' \
		-rf "$out/rootfs.tar" ./usr/lib/clock-epoch
	rm -f "$out/rootfs.ext4"
	# mke2fs makes no date later than this one.
	inside "$workshop" env SOURCE_DATE_EPOCH="$commit_epoch" \
		mke2fs -q -t ext4 -L root -U "$root_uuid" -m 0 \
		-E "hash_seed=$root_uuid,lazy_itable_init=0,root_owner=0:0" \
		-O '^has_journal,^orphan_file,^resize_inode' \
		-d "/out/$arch/rootfs.tar" "/out/$arch/rootfs.ext4" "${slot_size}M"
	rm -f "$out/rootfs.tar"
}

# U-Boot's script is the same everywhere. A PC has U-Boot in its ROM, which is QEMU's and so lies beside
# the image; a Pi's own files are gathered by board/image/boot-arm64.sh.
step_boot() {
	say "the boot partition"
	boot=$out/boot
	rm -rf "$boot" "$out/boot.vfat"
	mkdir -p "$boot"
	inside "$workshop" sh /tree/board/boot/make.sh "$arch" "/out/$arch/boot"
	if [ "$arch" = arm64 ]; then
		rm -rf "$out/pi"
		mkdir "$out/pi"
		tar -C "$out/pi" --wildcards -xf "$base" ./usr/lib/raspi-firmware ./usr/lib/u-boot/rpi_arm64 \
			'./usr/lib/linux-image-*/broadcom' ./usr/share/doc/raspi-firmware
		sh "$here/boot-arm64.sh" "$out/pi" "$boot"
		rm -rf "$out/pi"
	fi
	case $arch in
	amd64)
		# Debian's asks for a key for two seconds, in which it keeps a processor busy.
		LC_ALL=C sed 's/bootdelay=2/bootdelay=0/' "$workshop/usr/lib/u-boot/qemu-x86/u-boot.rom" \
			>"$out/u-boot.rom"
		;;
	arm64) cp "$workshop/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$out/" ;;
	esac
	find "$boot" -exec touch -h -d "@$base_epoch" {} +
	truncate -s "${boot_size}M" "$out/boot.vfat"
	# shellcheck disable=SC2016 # expanded by the inner shell
	inside "$workshop" sh -euc '
		cd "/out/$1/boot"
		mkfs.vfat --invariant -F 32 -n boot -i "$2" ../boot.vfat >/dev/null
		find . -mindepth 1 -type d | LC_ALL=C sort | sed "s|^\./||" | while read -r dir; do
			mmd -i ../boot.vfat "::$dir"
		done
		find . -type f | LC_ALL=C sort | sed "s|^\./||" | while read -r file; do
			mcopy -m -i ../boot.vfat "$file" "::$file"
		done' sh "$arch" "$boot_id"
}

step_data() {
	say "the data partition"
	rm -rf "$out/data" "$out/data.ext4"
	mkdir -p "$out/data/parvis" "$out/data/system" "$out/data/rauc"
	mkdir -m 700 "$out/data/network" "$out/data/provision" "$out/data/ssh"
	tar -C "$out/data" --sort=name --numeric-owner --owner=0 --group=0 --mode=go-w \
		--mtime="@$base_epoch" -cf "$out/data.tar" .
	inside "$workshop" mke2fs -q -t ext4 -L data -U "$data_uuid" -J size=16 -m 1 \
		-E "hash_seed=$data_uuid,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" \
		-d "/out/$arch/data.tar" "/out/$arch/data.ext4" "${data_size}M"
	rm -rf "$out/data" "$out/data.tar"
}

# put FILE MIB: into the disk at that place, leaving holes where there is nothing
put() {
	dd if="$1" of="$image" bs=1M seek="$2" conv=notrunc,sparse status=none
}

step_disk() {
	say "the disk"
	image=$out/parvis-$arch.img
	rm -f "$image"
	truncate -s "${disk_size}M" "$image"
	inside "$workshop" sfdisk --quiet "/out/$arch/parvis-$arch.img" <<-TABLE
		label: dos
		label-id: 0x$disk_signature
		start=${boot_start}MiB, size=${boot_size}MiB, type=c, bootable
		start=${root_a_start}MiB, size=${slot_size}MiB, type=83
		start=${root_b_start}MiB, size=${slot_size}MiB, type=83
		start=${data_start}MiB, size=${data_size}MiB, type=83
	TABLE
	put "$out/boot.vfat" "$boot_start"
	put "$out/rootfs.ext4" "$root_a_start"
	put "$out/data.ext4" "$data_start"
	# A box's own program writes what U-Boot reads first: slot A is to start, B is empty.
	inside "$root" parvis-slot --disk "/out/$arch/parvis-$arch.img" init A
	rmdir "$root/tree" "$root/out" "$root/keys"
}

# What is in the image, by name and version: a list to compare, and a CycloneDX document.
step_lists() {
	say "what is in it"
	# shellcheck disable=SC2016 # dpkg-query's own
	inside "$workshop" dpkg-query --admindir="/out/$arch/root/var/lib/dpkg" -W \
		-f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' |
		LC_ALL=C sort >"$out/parvis-$arch.packages"
	inside "$workshop" sh /tree/board/image/sbom.sh "$arch" "$stamp" "/out/$arch/root" \
		"/out/$arch/parvis-$arch.packages" >"$out/parvis-$arch.cdx.json"
}

step_sign() {
	say "signed: the update bundle and the image"
	inside "$workshop" sh /tree/board/update/bundle.sh "$arch" "$stamp" "/out/$arch/rootfs.ext4" \
		"/out/$arch/parvis-$arch.raucb" /keys
	inside "$workshop" sh /tree/board/flash/sign.sh "/out/$arch/parvis-$arch.img" "$arch" "$stamp" \
		/keys/signer.cert.pem /keys/signer.key.pem
}

step_compress() {
	say "compressed"
	inside "$workshop" zstd -q -f -T2 -9 "/out/$arch/parvis-$arch.img"
}

foreign "$arch"
step_workshop
step_packages
step_base
step_root
step_rootfs
step_boot
step_data
step_disk
step_lists
step_sign
step_compress
say "done"
printf '%-16s%s\n' 'U-Boot for QEMU' "$(ls "$out"/u-boot.*)"
printf '%-16s%s\n' image "$image" 'to send' "$image.zst" bundle "$out/parvis-$arch.raucb" \
	'signature' "$image.manifest.sig" 'what is in it' "$out/parvis-$arch.packages" \
	SBOM "$out/parvis-$arch.cdx.json"
