# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # refuse() ends all; what is known is shared
# Sourced by flash.sh: which disks there are, what is on them, and which may not be written to. All of
# it is asked of lsblk, so that LVM, LUKS, md and swap are seen wherever they lie.

columns=NAME,PATH,TYPE,SIZE,RM,RO,HOTPLUG,TRAN,MODEL,SERIAL,FSTYPE,LABEL,PTTYPE,MOUNTPOINTS
large_disk=600000000000 # bytes; more than any card or stick one would make a box of
most_disk=2199022206976 # bytes; what a partition table of this kind can tell, 2^32 - 1 sectors

# Rows of `lsblk -P` for one disk and all that lies on it, first the disk itself, become lines of a key,
# a tab and a value.
disk_facts()
{
	LC_ALL=C awk '
	function unescape(s,    out, code) {
		out = ""
		while (match(s, /\\x[0-9a-f][0-9a-f]/)) {
			code = substr(s, RSTART + 2, 2)
			out = out substr(s, 1, RSTART - 1) (code in plain ? plain[code] : "?")
			s = substr(s, RSTART + 4)
		}
		return out s
	}
	function field(key) {
		if (!match($0, "(^| )" key "=\"[^\"]*\""))
			return ""
		return substr($0, RSTART, RLENGTH - 1)
	}
	function value(key,    s) {
		s = field(key)
		sub(/^[^"]*"/, "", s)
		return s
	}
	function text(key,    s) {
		s = unescape(value(key))
		gsub(/[^ -~]/, "?", s)
		gsub(/^ +| +$/, "", s)
		return s
	}
	function add(list, s) {
		return list == "" ? s : list ", " s
	}
	# Where people, or their desktops, put disks that come and go.
	function guest(mount) {
		return mount ~ /^\/(media|mnt|run\/media)\//  || mount == "/mnt"
	}
	BEGIN {
		plain["20"] = " "; plain["22"] = "\""; plain["24"] = "$"; plain["5c"] = "\\"
		plain["60"] = "`"
	}
	NR == 1 {
		print "path\t" value("PATH")
		print "type\t" value("TYPE")
		print "bytes\t" value("SIZE")
		print "read_only\t" value("RO")
		print "comes_off\t" (value("RM") == 1 || value("TRAN") == "usb" ||
			value("NAME") ~ /^mmcblk[0-9]+$/ && value("HOTPLUG") == 1)
		print "model\t" text("MODEL")
		print "serial\t" text("SERIAL")
		table = value("PTTYPE")
	}
	{
		kind = value("TYPE")
		if (NR > 1 && kind != "part")
			held = add(held, value("NAME") " (" kind ")")
		if (value("FSTYPE") != "") {
			label = text("LABEL")
			on_it = add(on_it, value("FSTYPE") (label == "" ? "" : " \"" label "\""))
			labels = labels " " label
		}
		count = split(value("MOUNTPOINTS"), mounts, /\\x0a/)
		for (i = 1; i <= count; i++) {
			if (mounts[i] == "")
				continue
			shown = unescape(mounts[i])
			if (mounts[i] == "[SWAP]")
				system_has = add(system_has, "swap")
			else if (guest(mounts[i])) {
				mounted = add(mounted, shown)
				nodes = nodes " " value("PATH")
			} else
				system_has = add(system_has, shown)
		}
	}
	END {
		if (toupper(labels) ~ / BOOT.* ROOTA.* ROOTB.* DATA/)
			on_it = "a Parvis box"
		if (on_it == "")
			on_it = table != "" ? "a partition table (" table ")" : "nothing known"
		print "on_it\t" on_it
		print "system\t" system_has
		print "mounted\t" mounted
		print "nodes\t" nodes
		print "held\t" held
	}'
}

# look_at PATH: sets disk_*; fails where lsblk does not know it.
look_at()
{
	facts=$(lsblk -P -b -o "$columns" "$1" 2>/dev/null) && [ -n "$facts" ] || return 1
	facts=$(printf '%s\n' "$facts" | disk_facts)
	while IFS='	' read -r key value; do
		case $key in
		path) disk_path=$value ;;
		type) disk_type=$value ;;
		bytes) disk_bytes=$value ;;
		read_only) disk_read_only=$value ;;
		comes_off) disk_comes_off=$value ;;
		model) disk_model=$value ;;
		serial) disk_serial=$value ;;
		on_it) disk_on_it=$value ;;
		system) disk_system=$value ;;
		mounted) disk_mounted=$value ;;
		nodes) disk_nodes=$value ;;
		held) disk_held=$value ;;
		esac
	done <<-EOF
		$facts
	EOF
	# Soldered storage has boot areas of its own, an SD card has none; both call themselves mmcblk.
	if [ "${disk_path#/dev/mmcblk}" != "$disk_path" ] && lsblk -dn "${disk_path}boot0" >/dev/null 2>&1; then
		disk_comes_off=0
	fi
	[ -z "$disk_model" ] && disk_model="no name"
	return 0
}

# The one line that a person knows a disk by.
disk_line()
{
	printf '%-14s %9s  %s' "$disk_path" "$(size_text "$disk_bytes")" "$disk_model"
	[ -z "$disk_serial" ] || printf ', serial %s' "$disk_serial"
	printf '; on it: %s' "$disk_on_it"
	[ -z "$disk_mounted" ] || printf '; mounted at %s' "$disk_mounted"
	[ "$disk_read_only" != 1 ] || printf '; read-only'
	echo
}

# Prints the disks that may be written to.
list_disks()
{
	listed=0
	for path in $(lsblk -dpno PATH 2>/dev/null); do
		look_at "$path" || continue
		[ "$disk_type" = disk ] && [ "$disk_comes_off" = 1 ] && [ "$disk_bytes" -gt 0 ] &&
			[ -z "$disk_system" ] || continue
		disk_line
		listed=$((listed + 1))
	done
	[ $listed -gt 0 ] ||
		say "There is no SD card and no USB stick in this computer. Put one in, and look again."
}

# The last word is the kernel's: nothing of the disk may be in use.
unused()
{
	blockdev --rereadpt "$1" 2>/dev/null && return 0
	# A loop device without partitions does not know the question.
	[ "$disk_type" = loop ] && ! blockdev --rereadpt "$1" 2>&1 | grep -q busy
}

# loops_over PATH: loop devices that somebody has laid over a disk.
loops_over()
{
	losetup -n -O NAME -j "$1" 2>/dev/null | tr -d ' '
}

list_hint="'./flash.sh --list' tells which disks there are."

# Refuses what is no disk, or returns. $1: bytes that it has to have.
judge_disk()
{
	[ -e "$device" ] || refuse disk "there is no $(printable "$device")." "$list_hint"
	[ -b "$device" ] ||
		refuse disk "$(printable "$device") is no disk but a file of another kind." "$list_hint"
	look_at "$device" || refuse disk "$device: lsblk knows nothing of it." "$list_hint"
	device=$disk_path # by its own name, where it was given by a link
	judge_facts "$1"
}

# Refuses a disk by what lsblk has said of it.
judge_facts()
{
	case $disk_type in
	disk) ;;
	loop) [ -n "$loop_allowed" ] ||
		refuse disk "$device is a loop device." "With --loop it may be written to as well." ;;
	part) refuse disk "$device is a part of a disk." "Name the whole disk; $list_hint" ;;
	*) refuse disk "$device is no disk (it is of the kind '$disk_type')." "$list_hint" ;;
	esac
	[ -z "$disk_system" ] ||
		refuse disk "$device is this computer's own disk: it holds $disk_system." "$list_hint"
	[ -z "$disk_held" ] || refuse disk "$device is in use by $disk_held." \
		"Stop that first (vgchange -an, cryptsetup close, mdadm --stop), if it is not this computer's own."
	[ "$disk_type" = loop ] || [ "$disk_comes_off" = 1 ] ||
		refuse disk "$device is built into this computer; only cards and sticks are written to." "$list_hint"
	[ "$disk_bytes" -gt 0 ] || refuse disk "there is no card in $device." "Put one in."
	[ "$disk_read_only" != 1 ] ||
		refuse disk "$device is read-only." "Move the little lock on the card's or adapter's side."
	[ "$disk_bytes" -ge "$1" ] || refuse disk "$device is too small: it has $(size_text "$disk_bytes"), \
and $(size_text "$1") are needed." "Take a larger card."
	[ "$disk_bytes" -le $most_disk ] ||
		refuse disk "$device is too large ($(size_text "$disk_bytes")): no box starts from more than 2 TB." \
			"Take a smaller one."
}

# Refuses a disk that somebody uses, or lets go of it where that was asked for.
judge_use()
{
	holder=$(findmnt -nvo SOURCE -T "$image" 2>/dev/null || true)
	case " $disk_nodes " in
	*" $holder "*) [ -z "$holder" ] || refuse disk "the image $(printable "$image") lies on $device itself." \
		"Copy it to this computer first." ;;
	esac
	if [ -n "$disk_mounted" ] && [ -z "$yes" ]; then
		refuse disk "$device is mounted at $disk_mounted." \
			"Unmount it (umount$disk_nodes), or say --yes and it is unmounted for you."
	fi
}
