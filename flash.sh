#!/bin/sh
# flash.sh: makes an SD card or a stick a Parvis box. `./flash.sh --help` tells how, README.md when.
# shellcheck source=board/flash/say.sh source=board/flash/disks.sh source=board/flash/image.sh
# shellcheck source=board/flash/write.sh source=board/flash/wifi.sh
# shellcheck disable=SC2015,SC2034,SC2154 # refuse() ends all; what is known is shared with the parts
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
umask 077
for part in say disks image write wifi; do
	. "$here/board/flash/$part.sh"
done

help()
{
	cat <<'EOF'
Usage: flash.sh [OPTION...] --image FILE [DISK]
       flash.sh --list
Makes an SD card or a USB stick a Parvis box. As root; everything on the disk is lost.

  DISK             such as /dev/sdb. Without it, the disks that may be written to are listed and the
                   name of one is asked for
  --image FILE     the box's system, as `make image` makes it, or compressed: .zst, .xz, .gz.
                   FILE.manifest and FILE.manifest.sig lie beside it (without the compression's ending)
  --bundle FILE    what the box is to be, by `parvis kiosk provision`; it can also come later, on a stick
  --wifi           asks for a wireless network and its passphrase, on this terminal
  --key FILE       the certificate that images are signed under; else build/keys/ca.cert.pem
  --arch NAME      refuses an image for another architecture than this one, arm64 or amd64
  --unsigned       takes an image that nobody has signed
  --dry-run        looks at everything and writes nothing; needs no root. Without DISK: at the image
                   and the bundle alone
  --yes            does not ask for the disk's name, and unmounts what is mounted of it. Needs DISK
  --loop           lets DISK be a loop device, to try this out
  --list           the cards and sticks in this computer
  --help           this

Only cards and sticks are written to, never this computer's own disks. The image is read and its
signature and SHA-256 are compared before anything is written; the disk is read back afterwards, bit for
bit. Its first MiB is written last: from a disk that was not finished nothing starts, and the next run
makes it good.

Status: 0 done; 1 the disk failed, or has to be written again; 2 wrong usage; 3 this disk is refused;
4 this image is refused; 5 this bundle is refused; 6 not confirmed; 7 this computer lacks something;
129, 130, 143 interrupted by SIGHUP, SIGINT, SIGTERM.
EOF
}

misused()
{
	refuse usage "$1" "'./flash.sh --help' tells how it is used."
}

# --- what was asked for ---------------------------------------------------------------------------

image="" bundle="" wifi="" wifi_text="" authority="" arch="" unsigned="" dry="" yes="" loop_allowed=""
device="" listing="" work="" feeder="" hasher="" hidden="" writing=""

take_options()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--image | --bundle | --key | --arch)
			[ $# -gt 1 ] && [ -n "$2" ] || misused "$1 wants something after it."
			case $1 in
			--image) image=$2 ;;
			--bundle) bundle=$2 ;;
			--key) authority=$2 ;;
			--arch) arch=$2 ;;
			esac
			shift
			;;
		--wifi) wifi=yes ;;
		--unsigned) unsigned=yes ;;
		--dry-run) dry=yes ;;
		--yes) yes=yes ;;
		--loop) loop_allowed=yes ;;
		--list) listing=yes ;;
		--help | -h)
			help
			exit 0
			;;
		-*) misused "there is no option $(printable "$1")." ;;
		*)
			[ -z "$device" ] || misused "one disk at a time, not $(printable "$device") and $(printable "$1")."
			[ -n "$1" ] || misused "the disk has no name."
			device=$1
			;;
		esac
		shift
	done
	case $arch in
	"" | arm64 | amd64) ;;
	*) misused "--arch is arm64 or amd64, not $(printable "$arch")." ;;
	esac
	[ -z "$listing" ] || return 0
	[ -n "$image" ] || misused "which image? --image FILE names it."
	[ -z "$yes" ] || [ -n "$device" ] || misused "--yes wants the disk to be named."
	if [ -z "$authority" ] && [ -f "$here/build/keys/ca.cert.pem" ]; then
		authority=$here/build/keys/ca.cert.pem
	fi
}

# Each tool, and the Debian package that has it.
need_tools()
{
	missing=""
	while read -r tool package; do
		command -v "$tool" >/dev/null || missing="$missing $package"
	done <<-EOF
		lsblk util-linux
		flock util-linux
		blockdev util-linux
		losetup mount
		unshare util-linux
		sfdisk fdisk
		e2fsck e2fsprogs
		resize2fs e2fsprogs
		openssl openssl
		sha256sum coreutils
		$(unpacker_of "$image") $(unpacker_of "$image" | sed 's/^xz$/xz-utils/; s/^cat$/coreutils/')
	EOF
	# shellcheck disable=SC2086 # one word a package
	[ -z "$missing" ] || refuse computer "programs are missing." \
		"apt install $(printf '%s\n' $missing | sort -u | tr '\n' ' ')"
}

find_parvis()
{
	for parvis in "${PARVIS:-}" "$here/build/parvis" parvis; do
		[ -n "$parvis" ] && command -v "$parvis" >/dev/null && return 0
	done
	refuse computer "the program parvis, which looks at bundles, is not there." \
		"Run make, or install the package parvis."
}

# Sets bundle_told: event, venue and door. What is put on the disk is a copy of what was looked at.
check_bundle()
{
	[ -n "$bundle" ] || return 0
	shown=$(printable "$bundle")
	[ -f "$bundle" ] && [ -r "$bundle" ] || refuse bundle "there is no bundle $shown." \
		"'parvis kiosk provision' makes them."
	find_parvis
	cp -- "$bundle" "$work/box.parvis" || refuse bundle "the bundle $shown cannot be read."
	bundle_told=$("$parvis" kiosk show "$work/box.parvis" 2>"$work/parvis") ||
		refuse bundle "$shown is not a good bundle: $(sed 's/^parvis: [^ ]*: //' "$work/parvis" | head -n 1)." \
			"Make it anew: 'parvis kiosk provision'."
	bundle_told=${bundle_told#*: }
	bundle_bytes=$(stat -c %s "$work/box.parvis")
}

# --- the end, whatever it is ----------------------------------------------------------------------

end()
{
	[ -z "$hidden" ] || stty "$hidden" <&3
	for process in $feeder $hasher; do
		kill "$process" 2>/dev/null
	done
	[ -z "$work" ] || rm -rf "$work"
}

interrupted()
{
	clear_line
	say "flash.sh: interrupted."
	[ -z "$writing" ] ||
		say "          The box cannot start from $device. Run flash.sh again: it begins anew."
	exit "$1"
}

# --- asking ---------------------------------------------------------------------------------------

choose_disk()
{
	[ -z "$device" ] || return 0
	[ -z "$dry" ] || return 0
	open_terminal || misused "there is no terminal to ask on, and no disk is named."
	say "Which disk?"
	list_disks
	[ "$listed" -gt 0 ] || exit 3
	ask "Type its name: "
	case $answer in
	"") refuse consent "no disk was named; nothing was written." ;;
	/dev/*) device=$answer ;;
	*) device=/dev/$answer ;;
	esac
}

tell_plan()
{
	say ""
	say "Disk:    $(disk_line)"
	say "Image:   $(printable "$image"), $image_arch, $image_version, $(size_text "${image_bytes:-0}")"
	say "Bundle:  ${bundle_told:-none; the box will ask for one}"
	[ -z "$wifi" ] || say "Network: a wireless one"
	if [ "$disk_bytes" -gt "$large_disk" ]; then
		say "This is a large disk. Is it somebody's backup?"
	fi
	if [ "$(head -c ${#mark} "$device" 2>/dev/null | tr -d '\0')" = "$mark" ]; then
		say "An earlier run did not finish on it; this one begins anew."
	fi
	say ""
}

# The name is typed by who has read which disk it is.
confirm()
{
	[ -z "$yes" ] || return 0
	open_terminal || refuse consent "there is no terminal to ask on; nothing was written." \
		"Run flash.sh in a terminal, or say --yes."
	ask "All that is on $disk_path will be lost. Type its name to go on: "
	[ "$answer" = "$disk_path" ] || [ "$answer" = "${disk_path#/dev/}" ] ||
		refuse consent "that is not the name of $disk_path; nothing was written." "Start again."
}

# --- doing ----------------------------------------------------------------------------------------

let_go_of_disk()
{
	if [ -n "$disk_nodes" ]; then
		# shellcheck disable=SC2086 # one word a device
		umount --all-targets $disk_nodes 2>"$work/umount" ||
			refuse disk "$device cannot be unmounted: $(head -n 1 "$work/umount")" \
				"Close what uses it, and start again."
	fi
	for loop in $(loops_over "$device"); do
		# One of ours, when it was killed, is free and lies where the data partition does.
		if findmnt -n -S "$loop" >/dev/null 2>&1 || ! left_by_us "$loop" || ! losetup -d "$loop"; then
			refuse disk "$device is in use by $loop, a loop device over it." "End that: losetup -d $loop"
		fi
	done
	look_at "$device" || refuse disk "$device is gone." "Put it in again."
	[ -z "$disk_mounted$disk_system" ] ||
		refuse disk "$device was mounted a moment ago at $disk_mounted$disk_system." "Start again."
	unused "$device" || refuse disk "$device is in use: the kernel says that it is busy." \
		"Unmount it, end what uses it (swapoff, vgchange -an, cryptsetup close), and start again."
}

left_by_us()
{
	[ "$(losetup -n -O OFFSET "$1" | tr -d ' ')" = $((data_first * 512)) ]
}

# $1: nothing, or what the wireless network's file is to have.
fill_data()
{
	say "Growing the data partition."
	grow_partition
	mkdir -p "$work/mnt"
	told=""
	[ -z "$bundle" ] || told=$work/box.parvis
	printf '%s' "$wifi_text" | unshare --mount --propagation private -- sh "$here/board/flash/data.sh" \
		"$device" "$data_first" "$data_sectors" "$work/mnt" "$told" 2>"$work/data" 9<&- ||
		refuse failed "$device: $(tail -n 1 "$work/data")." \
			"The box cannot start from it. Run flash.sh again; if it fails again, take another card."
}

write_all()
{
	writing=yes
	mark_disk
	write_image
	verify_image
	fill_data
	finish_disk
	writing=""
	exec 9<&-
	say "Done: $device was written and read back. It may be taken out."
}

# Root's temporary files are in memory; whoever only looks has the usual place.
make_work()
{
	place=${TMPDIR:-/tmp}
	if [ "$(id -u)" = 0 ] && [ -d /run ]; then
		place=/run
		for old in /run/parvis-flash.*; do
			process=${old#/run/parvis-flash.}
			[ -d "$old" ] && ! kill -0 "${process%%.*}" 2>/dev/null && rm -rf "$old"
		done
	fi
	work=$(mktemp -d "$place/parvis-flash.$$.XXXXXX") ||
		refuse computer "there is no room for temporary files in $place."
}

take_options "$@"
trap end EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
trap 'interrupted 129' HUP
if [ -n "$listing" ]; then
	list_disks
	exit 0
fi
need_tools
if [ -z "$dry" ] && [ "$(id -u)" != 0 ]; then
	refuse computer "writing to disks takes root." "sudo ./flash.sh ..., or --dry-run to look only."
fi
make_work
read_manifest
check_bundle
choose_disk
if [ -n "$device" ]; then
	judge_disk $((${image_bytes:-0} + ${bundle_bytes:-0}))
	judge_use
	known_number=$(stat -c %t:%T "$device") known_bytes=$disk_bytes known_serial=$disk_serial
fi
check_image
if [ -z "$device" ]; then
	say "The image is good: $image_arch, $image_version. Nothing was to be written."
	[ -z "$bundle" ] || say "The bundle is good: $bundle_told"
	exit 0
fi
judge_disk $((image_bytes + ${bundle_bytes:-0}))
tell_plan
if [ -n "$dry" ]; then
	say "Nothing was written, as --dry-run says."
	exit 0
fi
[ -z "$wifi" ] || ask_wifi
confirm
open_disk
let_go_of_disk
write_all
