# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # refuse() ends all; what is known is shared
# Sourced by flash.sh: the image, its manifest and the signature over that. The manifest is of the image
# as it lies on a disk, so that it does not matter whether and how the file is compressed:
#
#     parvis-image 1
#     version 0.1.0+20261122
#     architecture arm64
#     bytes 2415919104
#     sha256 9f86d0…
#
# IMAGE.manifest.sig is a detached CMS signature over it, by whom the release authority has certified.

MiB=1048576

# The image as it lies on a disk, to standard output.
unpack()
{
	case $1 in
	*.zst) zstd -dcq <"$1" ;;
	*.xz) xz -dcq <"$1" ;;
	*.gz) gzip -dcq <"$1" ;;
	*) cat <"$1" ;;
	esac
}

unpacker_of()
{
	case $1 in
	*.zst) echo zstd ;;
	*.xz) echo xz ;;
	*.gz) echo gzip ;;
	*) echo cat ;;
	esac
}

# Where the manifest of image $1 is: the compressed image has the same one.
manifest_of()
{
	name=$1
	for ending in .zst .xz .gz; do
		name=${name%"$ending"}
	done
	echo "$name.manifest"
}

# Looks at the signature before anything else of the image, and takes from the manifest what is promised:
# image_version, image_arch, image_bytes, image_sum.
read_manifest()
{
	image_version="of unknown version" image_arch=unknown image_bytes="" image_sum=""
	manifest=$(manifest_of "$image")
	[ -f "$image" ] && [ -r "$image" ] || refuse image "there is no image $(printable "$image")." \
		"'make image' makes one, build/image/ is where it goes."
	if [ -n "$unsigned" ]; then
		say "Warning: the signature of the image is not looked at, as --unsigned says. Whoever made this file"
		say "         decides what the box does."
		[ -f "$manifest" ] || return 0
		cp "$manifest" "$work/manifest"
	else
		check_signature
	fi
	LC_ALL=C awk '
		NR == 1 && $0 == "parvis-image 1" { next }
		NR == 2 && /^version [0-9A-Za-z.+~-]+$/ { next }
		NR == 3 && /^architecture (arm64|amd64)$/ { next }
		NR == 4 && /^bytes [1-9][0-9]*$/ && length($2) < 14 { next }
		NR == 5 && /^sha256 [0-9a-f]+$/ && length($2) == 64 { next }
		{ bad = 1 }
		END { exit bad || NR != 5 }' "$work/manifest" ||
		refuse image "$(printable "$manifest") is no manifest of an image." \
			"Take the one that came with the image."
	image_version=$(sed -n 's/^version //p' "$work/manifest")
	image_arch=$(sed -n 's/^architecture //p' "$work/manifest")
	image_bytes=$(sed -n 's/^bytes //p' "$work/manifest")
	image_sum=$(sed -n 's/^sha256 //p' "$work/manifest")
	if [ -n "$arch" ] && [ "$arch" != "$image_arch" ]; then
		refuse image "the image is for $image_arch, not for $arch." "Take the other one."
	fi
}

check_signature()
{
	beside="It comes with the image; --unsigned writes an image of your own without one."
	[ -f "$manifest" ] || refuse image "there is no $(printable "$manifest")." "$beside"
	[ -f "$manifest.sig" ] || refuse image "the image is not signed: there is no $(printable "$manifest.sig")." \
		"$beside"
	[ -n "$authority" ] ||
		refuse image "the certificate that images are signed under is not known." "Name it with --key."
	[ -f "$authority" ] || refuse image "there is no certificate $(printable "$authority")." "Name it with --key."
	# Copies: what was looked at is what is used.
	cp "$manifest" "$work/manifest" && cp "$manifest.sig" "$work/manifest.sig" ||
		refuse image "$(printable "$manifest") cannot be read."
	openssl cms -verify -binary -inform DER -in "$work/manifest.sig" -content "$work/manifest" \
		-CAfile "$authority" -no-CApath -no-CAstore -purpose any -out /dev/null 2>"$work/openssl" ||
		refuse image "the image's signature is not good: $(signature_trouble)" \
			"Do not use this image. Fetch it anew, with its .manifest and .manifest.sig, from who released it."
}

signature_trouble()
{
	if grep -q 'certificate verify error' "$work/openssl"; then
		echo "it was made by somebody whom $(printable "$authority") does not vouch for" \
			"($(sed -n 's/.*Verify error: *//p' "$work/openssl" | head -n 1))."
	elif grep -q 'verification failure\|digest\|signature' "$work/openssl"; then
		echo "the manifest was altered after it was signed."
	else
		echo "it is damaged."
	fi
}

# --- the whole file, once, before anything is written ---------------------------------------------

moved()
{
	sed -n 's/^\([0-9]*\) bytes.*/\1/p' "$work/dd"
}

# stream_image: from here on descriptor 4 gives the image; end with stream_end.
stream_image()
{
	rm -f "$work/image.pipe" "$work/unpack-failed"
	mkfifo "$work/image.pipe"
	{ unpack "$image" 2>"$work/unpack" || : >"$work/unpack-failed"; } 2>/dev/null >"$work/image.pipe" 4<&- 9<&- &
	feeder=$!
	exec 4<"$work/image.pipe"
}

stream_end()
{
	exec 4<&-
	wait "$feeder" 2>/dev/null
	feeder=""
}

# Reads all of the image. Sets image_bytes and image_sum where no manifest has told them, and has the
# first MiB in $work/head.
check_image()
{
	say "Looking at the image, all of it."
	limit=${image_bytes:-$most_disk}
	stream_image
	rm -f "$work/sum.pipe"
	mkfifo "$work/sum.pipe"
	sha256sum <"$work/sum.pipe" >"$work/sum" &
	hasher=$!
	exec 5>"$work/sum.pipe"
	LC_ALL=C dd bs=1M count=1 iflag=fullblock of="$work/head" <&4 2>"$work/dd" || true
	cat "$work/head" >&5
	total=$(moved) last=$MiB since=$(date +%s) told_tenth=-1
	while [ "$last" -gt 0 ] && [ "$total" -lt $((limit + 1)) ]; do
		LC_ALL=C dd bs=1M count=64 iflag=fullblock <&4 >&5 2>"$work/dd" ||
			refuse image "the image cannot be read: $(tail -n 1 "$work/dd")"
		last=$(moved) total=$((total + $(moved)))
		if [ "${image_bytes:-0}" -ge "$total" ]; then
			progress "Checking" "$since" 0 $((total / MiB)) $(((image_bytes + MiB - 1) / MiB))
		fi
	done
	clear_line
	exec 5>&-
	wait "$hasher"
	hasher=""
	stream_end
	sum=$(cut -d' ' -f1 "$work/sum")
	judge_image
}

judge_image()
{
	again="Fetch it anew; nothing was written."
	if [ -n "$image_bytes" ] && [ "$total" -gt "$image_bytes" ]; then
		refuse image "the image is longer than the $image_bytes bytes of its manifest." "$again"
	fi
	[ ! -e "$work/unpack-failed" ] || refuse image \
		"the image is damaged: $(printable "$(head -n 1 "$work/unpack")")" "$again"
	if [ -n "$image_bytes" ] && [ "$total" -lt "$image_bytes" ]; then
		refuse image "the image is cut off: it has $total of $image_bytes bytes." "$again"
	fi
	[ -z "$image_sum" ] || [ "$sum" = "$image_sum" ] ||
		refuse image "the image is not the one of its manifest: its SHA-256 is another." "$again"
	image_bytes=$total image_sum=$sum
	if [ "$total" -lt $((8 * MiB)) ] || [ $((total % MiB)) != 0 ]; then
		refuse image "this is no image of a box: it has $total bytes." "$again"
	fi
	read_layout
}

# A box's partitions, by the disk's signature ("PARV"): the fourth is the data's and the last. Sets
# data_first, in sectors.
read_layout()
{
	truncate -s "$image_bytes" "$work/disk" && dd if="$work/head" of="$work/disk" conv=notrunc status=none
	table=$(LC_ALL=C sfdisk -d "$work/disk" 2>/dev/null)
	data_first=$(printf '%s\n' "$table" | awk -v end=$((image_bytes / 512)) '
		/^label: dos/ { dos = 1 }
		/^label-id: 0x50415256/ { ours = 1 }
		match($0, /start= *[0-9]+/) {
			parts++
			first = substr($0, RSTART + 6, RLENGTH - 6) + 0
			match($0, /size= *[0-9]+/)
			size = substr($0, RSTART + 5, RLENGTH - 5) + 0
			match($0, /type=[0-9a-f]+/)
			kind = substr($0, RSTART + 5, RLENGTH - 5)
			if (first < 2048 || first < after || first + size > end)
				bad = 1
			after = first + size
		}
		END {
			if (dos && ours && parts == 4 && !bad && kind == "83")
				print first
		}')
	rm -f "$work/disk"
	[ -n "$data_first" ] || refuse image "this is no image of a box: its partitions are others." \
		"Images are made by 'make image'."
}
