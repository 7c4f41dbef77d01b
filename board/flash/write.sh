# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # refuse() ends all; what is known is shared
# Sourced by flash.sh: the bytes. Descriptor 9 is the disk, opened once and locked: whatever happens to
# its name meanwhile, no other disk is written to, and udev leaves it alone.
#
# The first MiB is written last. Until then its place says that a run was not finished, there is no
# partition table, and no computer starts from the disk. Within it the first sector comes last, and a
# sector is written whole or not at all.

disk=/proc/self/fd/9
mark="Parvis: flash.sh has begun to write this disk and was not finished. Run it again."
chunk=16 # MiB

open_disk()
{
	judge_disk $((image_bytes + ${bundle_bytes:-0}))
	(: <>"$device") 2>/dev/null || refuse disk "$device cannot be opened for writing." \
		"See that it is not read-only, and that nobody else has it."
	exec 9<>"$device"
	flock -n 9 || refuse disk "$device is being written to by another program, perhaps another flash.sh." \
		"Wait until it is done."
	# What was looked at before the name was typed must be what is there now.
	if [ "$(stat -c %t:%T "$device")" != "$known_number" ] || [ "$disk_serial" != "$known_serial" ] ||
		[ "$(stat -L -c %t:%T $disk)" != "$known_number" ] ||
		[ "$(blockdev --getsize64 $disk)" != "$known_bytes" ]; then
		refuse disk "$device is not the disk any more that it was a moment ago." "Start again."
	fi
}

# trouble DOING: what dd has said becomes the end.
trouble()
{
	why=$(sed -n 's/^dd: //p' "$work/dd" | head -n 1)
	why=${why##*: }
	if [ "$(blockdev --getsize64 "$disk" 2>/dev/null || echo 0)" = 0 ] || [ ! -b "$device" ]; then
		refuse failed "$device is gone: it was pulled out, or has failed, while $1." \
			"The box cannot start from it. Put it in again, and run flash.sh again."
	fi
	refuse failed "$device failed while $1 (${why:-no reason was given})." \
		"The box cannot start from it. Run flash.sh again; if it fails again, take another card."
}

# put FILE AT COUNT: COUNT blocks of 4 KiB of FILE to the same blocks of the disk, and reads them back.
put()
{
	LC_ALL=C dd if="$1" of=$disk bs=4096 skip=0 seek="$2" count="$3" iflag=fullblock oflag=direct \
		conv=nocreat,notrunc,fsync 2>"$work/dd" || trouble "it was written to"
	read_back "$@"
}

read_back()
{
	LC_ALL=C dd if=$disk bs=4096 skip="$2" count="$3" iflag=direct,fullblock of="$work/back" \
		2>"$work/dd" || trouble "it was read back"
	cmp -s -n $(($3 * 4096)) "$1" "$work/back" || unfaithful
}

unfaithful()
{
	refuse failed "what was read back from $device is not what was written." \
		"The box cannot start from it. The card is worn out, or has less room than it says: do not use it."
}

# A card that pretends to be larger than it is loses what is beyond, or takes it for an earlier place: each
# power of two of GiB is written to, then looked at once more, and the beginning with them.
mark_sizes()
{
	gib=1 gibs=""
	while [ $((gib * 1024 * MiB)) -lt "$disk_bytes" ]; do
		{
			echo "Parvis: this is GiB $gib of the disk."
			cat /dev/zero
		} 2>/dev/null | head -c 4096 >"$work/gib.$gib"
		put "$work/gib.$gib" $((gib * 262144)) 1
		gibs="$gibs $gib"
		gib=$((gib * 2))
	done
	for gib in $gibs; do read_back "$work/gib.$gib" $((gib * 262144)) 1; done
	[ -z "$gibs" ] || read_back "$work/marked" 0 256
}

# The disk boots nothing from here on. Its end is written to as well, so that no older partition table is
# left there.
mark_disk()
{
	{
		printf '%s\n' "$mark"
		cat /dev/zero
	} 2>/dev/null | head -c "$MiB" >"$work/marked"
	put "$work/marked" 0 256
	put "$work/marked" $((disk_bytes / 4096 - 256)) 256
	[ $((disk_bytes % 4096)) = 0 ] || LC_ALL=C dd if=/dev/zero of=$disk bs=512 seek=$((disk_bytes / 4096 * 8)) \
		count=$((disk_bytes % 4096 / 512)) conv=nocreat,notrunc,fsync 2>"$work/dd" || trouble "it was written to"
	mark_sizes
	blockdev --rereadpt "$device" 2>/dev/null || true
}

# in_chunks DOING FIRST END DO...: DO gets where it begins and how much, in MiB.
in_chunks()
{
	doing=$1 first=$2 end=$3 at=$2 since=$(date +%s) told_tenth=-1
	shift 3
	while [ "$at" -lt "$end" ]; do
		count=$((end - at))
		[ $count -le $chunk ] || count=$chunk
		"$@" "$at" "$count"
		at=$((at + count))
		progress "$doing" "$since" "$first" "$at" "$end"
	done
	clear_line
}

write_chunk()
{
	LC_ALL=C dd bs=1M count="$2" iflag=fullblock of=$disk seek="$1" oflag=direct \
		conv=nocreat,notrunc <&4 2>"$work/dd" || trouble "it was written to"
	[ "$(moved)" = $(($2 * MiB)) ] || refuse failed "the image has become shorter while it was being written." \
		"The box cannot start from $device. Run flash.sh again."
}

write_image()
{
	stream_image
	dd bs=1M count=1 iflag=fullblock of=/dev/null status=none <&4
	in_chunks "Writing" 1 $((image_bytes / MiB)) write_chunk
	stream_end
	blockdev --flushbufs $disk || trouble "it was written to"
}

read_chunk()
{
	LC_ALL=C dd if=$disk bs=1M skip="$1" count="$2" iflag=direct,fullblock 2>"$work/dd" >&5 ||
		trouble "it was read back"
	[ "$(moved)" = $(($2 * MiB)) ] || trouble "it was read back"
}

# From the disk itself, not from what this computer remembers of it.
verify_image()
{
	rm -f "$work/sum.pipe"
	mkfifo "$work/sum.pipe"
	sha256sum <"$work/sum.pipe" >"$work/sum" 9<&- &
	hasher=$!
	exec 5>"$work/sum.pipe"
	cat "$work/head" >&5
	in_chunks "Reading back" 1 $((image_bytes / MiB)) read_chunk
	exec 5>&-
	wait "$hasher"
	hasher=""
	[ "$(cut -d' ' -f1 "$work/sum")" = "$image_sum" ] || unfaithful
}

# The image's first MiB with a data partition that goes to the end of the disk, in $work/first.
grow_partition()
{
	truncate -s "$disk_bytes" "$work/disk" && dd if="$work/head" of="$work/disk" conv=notrunc status=none &&
		echo ', +' | LC_ALL=C sfdisk -q -N 4 --no-reread --no-tell-kernel --wipe never \
			--wipe-partitions never "$work/disk" >"$work/sfdisk" 2>&1 &&
		dd if="$work/disk" of="$work/first" bs=1M count=1 status=none &&
		data_sectors=$(LC_ALL=C sfdisk -d "$work/disk" | sed -n 's/.*disk4 .*size= *\([0-9]*\),.*/\1/p') &&
		[ -n "$data_sectors" ] ||
		refuse failed "the data partition cannot be grown: $(tail -n 1 "$work/sfdisk")"
	rm -f "$work/disk"
}

# Now the disk becomes a box.
finish_disk()
{
	{
		head -c 512 "$work/marked"
		tail -c +513 "$work/first"
	} >"$work/almost"
	put "$work/almost" 0 256
	put "$work/first" 0 1
	blockdev --flushbufs $disk || trouble "it was written to"
	blockdev --rereadpt "$device" 2>/dev/null || true
}
