#!/bin/sh
# flash.sh as root, on loop devices of its own over files in a directory of its own: what it has to refuse
# with nothing written, what it has to survive, and that a disk that it calls done is the image bit for
# bit, with the bundle, the network and a clean file system. No other disk is ever named without
# --dry-run: see flash().
#
#   PARVIS_IMAGE   an image to write as well, with its manifest and signature; else what `make image`
#                  has left in build/image, if anything
# shellcheck disable=SC2034,SC2154 # statuses are read by said()
# shellcheck source=tests/fake/tap.sh source=tests/fake/box_image.sh
. tests/fake/tap.sh
. tests/fake/box_image.sh

# A copy: this takes minutes, in which somebody may build.
cp "$PARVIS" "$DIR/parvis"
PARVIS=$DIR/parvis
export PARVIS
# shellcheck disable=SC2016 # a passphrase with signs that shells know
passphrase='corre ct"ho$rse\bat'
if [ "$(id -u)" != 0 ] || ! losetup -f >/dev/null 2>&1; then
	skip "disks are flashed" "it takes root and loop devices"
	done_testing
fi

# --- disks, images, people -----------------------------------------------------------------------

# attach FILE [OPTION...]: sets $loop
attach()
{
	file=$1
	shift
	loop=$(losetup -f --show "$@" "$file") || exit 3
	at_end "losetup -d $loop 2>/dev/null"
}

# A disk with something on it, in $disk, and a copy of it in $disk.was
new_disk()
{
	disk=$DIR/disk$1
	truncate -s 64M "$disk"
	old_content
	attach "$disk"
}
old_content()
{
	head -c 3000000 /dev/urandom | dd of="$disk" conv=notrunc status=none
	dd if=/dev/urandom of="$disk" bs=1M seek=61 count=3 conv=notrunc status=none
	cp --sparse=always "$disk" "$disk.was"
}

# fresh_files DEVICE [SIZE]: a file system that the kernel does not go on writing to by itself
fresh_files()
{
	mke2fs -q -F -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 "$@"
}

# flash OPTION... [DISK]: without a terminal. The guard: a disk is one of ours, or nothing is written.
flash()
{
	guarded "$@"
	setsid -w ./flash.sh --key "$key" "$@" </dev/null >"$DIR/said" 2>&1
	status=$?
}
guarded()
{
	for last; do :; done
	case $last in
	*[0-9]p1) last=${last%p1} ;;
	esac
	case " $* " in
	*" --dry-run "*) return ;;
	esac
	case $last in
	/dev/loop[0-9]*)
		case $(losetup -n -O BACK-FILE "$last" 2>/dev/null) in
		"$DIR"/*) return ;;
		esac
		;;
	/dev/*) ;;
	*) return ;;
	esac
	echo "Bail out! this test would have written to $last ($(losetup -n -O BACK-FILE "$last" 2>&1))"
	exit 3
}

# asked QUESTION=ANSWER... -- OPTION...: with a terminal
asked()
{
	talk=$DIR/talk
	: >"$talk"
	guarded "$@"
	tests/fake/at_terminal.py "$@" >"$DIR/said" 2>&1
	status=$?
}

# said NAME STATUS WORDS
said()
{
	if [ "$status" = "$2" ] && grep -q -e "$3" "$DIR/said"; then
		ok "$1"
	else
		not_ok "$1" "expected: status $2, $3" "     got: status $status" "$DIR/said"
	fi
}

# refused NAME STATUS WORDS: and the disk is as it was
refused()
{
	if ! cmp -s "$disk" "$disk.was"; then
		not_ok "$1: and something was written" "$DIR/said"
		old_content
	else
		said "$@"
	fi
}

# whole FILE IMAGE: prints what is wrong with a disk that should be a box
whole()
{
	cmp -s -n 494 "$1" "$2" || echo "the first sector differs"
	cmp -s -i 510 -n $((data_at * 512 - 510)) "$1" "$2" || echo "a byte before the data differs"
	sectors=$(sfdisk -d "$1" | sed -n 's/.*4 : start= *[0-9]*, size= *\([0-9]*\),.*/\1/p')
	[ $((data_at + sectors)) = $(($(stat -c %s "$1") / 512)) ] || echo "the data partition ends at $sectors"
	part=$(losetup -f --show -o $((data_at * 512)) --sizelimit $((sectors * 512)) "$1")
	e2fsck -f -n "$part" >"$DIR/fsck" 2>&1 || echo "its file system is not clean"
	blocks=$(dumpe2fs -h "$part" 2>/dev/null | awk -F: '/^Block count/ { n = $2 } /^Block size/ { s = $2 }
		END { print n * s }')
	[ "$blocks" -ge $((sectors * 512 - 8192)) ] || echo "its file system has $blocks bytes"
	mkdir -p "$DIR/mnt"
	mount -o ro,noload "$part" "$DIR/mnt" || echo "it cannot be mounted"
	shift 2
	for want; do
		eval "$want" || echo "not so: $want"
	done
	umount "$DIR/mnt"
	losetup -d "$part"
}

# Neither a mount nor a loop device nor a file of flash.sh's is left.
tidy()
{
	# What was killed has children that end by themselves.
	for try in 1 2 3 4 5 6 7 8 9 10; do
		left=$(losetup -n -O NAME -j "$loop"; ls -d /run/parvis-flash.* 2>/dev/null)
		[ -n "$left" ] || return 0
		sleep 0.2
	done
	echo "left: $left"
}

img=$DIR/box.img data_at=32768
mkdir "$DIR/keys" "$DIR/bin"
authority "$DIR/keys" ours
authority "$DIR/keys" theirs
key=$DIR/keys/ours.pem
box_image "$img"
signed "$img" arm64 "$DIR/keys" ours
zstd -q "$img" -o "$img.zst"
cp -r assets/demo "$DIR/event"
rm -f "$DIR"/event/roster.db*
mkdir -m 700 "$DIR/event/keys"
echo b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e >"$DIR/event/keys/issuing.key"
chmod 600 "$DIR/event/keys/issuing.key"
"$PARVIS" roster import --event "$DIR/event" assets/demo/roster.csv >/dev/null 2>&1 &&
	"$PARVIS" kiosk provision --event "$DIR/event" --venue numa --door main \
		--out "$DIR/numa.parvis" >"$DIR/said" 2>&1
is "a bundle is made" 0 $?
new_disk 1
main=$loop

# --- the right way -------------------------------------------------------------------------------

flash --image "$img.zst" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
said "a compressed image and a bundle" 0 'was written and read back'
grep -q 'venue numa, door main' "$DIR/said"
is "it says which door the box will be" 0 $?
grep -q 'Writing: 20 of 20 MiB, .*MiB/s' "$DIR/said" && grep -q 'Reading back: 20 of 20 MiB' "$DIR/said"
is "it tells how far it is, how fast and how long" 0 $?
# shellcheck disable=SC2016 # expanded by whole()
is "bit for bit, the data grown and clean, the bundle there" "" "$(whole "$disk" "$img" \
	'cmp -s "$DIR/numa.parvis" "$DIR/mnt/provision/box.parvis"' \
	'[ "$(stat -c %a:%u "$DIR/mnt/provision/box.parvis" "$DIR/mnt/provision" | xargs)" = "600:0 700:0" ]' \
	'[ ! -e "$DIR/mnt/network" ]')"
is "nothing is left behind" "" "$(tidy)"

# Looks at every process until it is told to end.
watch_processes()
{
	while [ -e "$DIR/watch" ]; do
		for process in /proc/[0-9]*; do
			cat "$process/cmdline" "$process/environ"
		done 2>/dev/null | tr '\0' '\n' | grep -F -f "$DIR/passphrase" >>"$DIR/seen"
		echo >>"$DIR/looks"
	done
}
# The answers come from a file, so that they are in no list of processes themselves.
printf '%s\n' "$passphrase" >"$DIR/passphrase"
old_content
: >"$DIR/watch"
: >"$DIR/seen"
watch_processes &
watcher=$!
asked 'Name of the wireless network: =Café "Numa"' '[=FR' "passphrase=!cat $DIR/passphrase" \
	"Once more: =!cat $DIR/passphrase" "to go on: =${loop#/dev/}" \
	-- env LANG=de_AT.UTF-8 LC_ALL= ./flash.sh --key "$key" --image "$img" --bundle "$DIR/numa.parvis" --wifi \
	--loop "$loop"
rm "$DIR/watch"
wait $watcher
said "a plain image, a bundle and a wireless network, all asked for" 0 'was written and read back'
# shellcheck disable=SC2016 # expanded by whole()
is "the network's file is root's alone, and has what was typed" "" "$(whole "$disk" "$img" \
	'cmp -s "$DIR/numa.parvis" "$DIR/mnt/provision/box.parvis"' \
	'[ "$(stat -c %a:%u:%g "$DIR/mnt/network/wpa_supplicant-wlan0.conf")" = 600:0:0 ]' \
	'grep -q "^country=FR$" "$DIR/mnt/network/wpa_supplicant-wlan0.conf"' \
	'grep -q "ssid=436166c3a920224e756d6122$" "$DIR/mnt/network/wpa_supplicant-wlan0.conf"' \
	'grep -qF "psk=\"$passphrase\"" "$DIR/mnt/network/wpa_supplicant-wlan0.conf"')"
is "the passphrase was in no list of processes and no environment, often looked at" " yes" \
	"$(cat "$DIR/seen") $([ "$(wc -l <"$DIR/looks")" -ge 3 ] && echo yes)"
grep -qF -f "$DIR/passphrase" "$DIR/said"
is "nor on the screen" 1 $?
is "nor in a file of this computer" "" "$(tidy; grep -rlF -f "$DIR/passphrase" /run 2>/dev/null)"

truncate -s 20M "$DIR/exact"
attach "$DIR/exact"
flash --image "$img" --loop --yes "$loop"
said "a disk that is just large enough" 0 'was written and read back'
is "it is whole" "" "$(whole "$DIR/exact" "$img")"
loop=$main

# --- refused, with nothing written ---------------------------------------------------------------

old_content
root_disk=$(lsblk -nspo PATH,TYPE "$(findmnt -nvo SOURCE /)" 2>/dev/null | awk '$2 == "disk" { print $1; exit }')
if [ -n "$root_disk" ]; then
	flash --dry-run --image "$img" "$root_disk"
	said "the disk of / (looked at only)" 3 "own disk"
else
	skip "the disk of /" "/ is on no disk here"
fi
flash --image "$img" --yes "$loop"
refused "a loop device, unless it is asked for" 3 'With --loop'
flash --image "$img" --loop "$loop"
refused "no terminal to type the name on" 6 'no terminal'
asked 'to go on: =sdb' -- ./flash.sh --key "$key" --image "$img" --loop "$loop"
refused "another disk's name typed" 6 'not the name of'
asked 'to go on: =' -- ./flash.sh --key "$key" --image "$img" --loop "$loop"
refused "no name typed" 6 'not the name of'
asked 'to go on: =yes' -- ./flash.sh --key "$key" --image "$img" --loop "$loop"
refused "yes typed for a name" 6 'not the name of'
flash --image "$img" --wifi --loop --yes "$loop"
refused "no terminal to ask for the network on" 6 'no terminal'
asked 'network: =x' 'rules=FR' 'passphrase=short' -- ./flash.sh --key "$key" --image "$img" --wifi --loop "$loop"
refused "a passphrase that is none" 6 '8 to 63'
asked 'network: =x' 'rules=FR' 'passphrase=long enough' 'more=long enoogh' -- \
	./flash.sh --key "$key" --image "$img" --wifi --loop "$loop"
refused "two passphrases" 6 'differ'
asked 'network: =' -- ./flash.sh --key "$key" --image "$img" --wifi --loop "$loop"
refused "a network without a name" 6 '1 to 32'
asked 'network: =x' 'rules=France' -- ./flash.sh --key "$key" --image "$img" --wifi --loop "$loop"
refused "a country that is none" 6 'two letters'
flash --image "$img" --bogus --loop --yes "$loop"
refused "an unknown option" 2 'no option --bogus'
flash --image "$img" --loop --yes --dry-run "$loop"
refused "a dry run tells everything and writes nothing" 0 'Nothing was written'

chmod 755 "$DIR"
cp -r flash.sh "$DIR/flash.sh" && mkdir "$DIR/board" && cp -r board/flash "$DIR/board"
setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/flash.sh" --key "$key" --image "$img" --loop --yes \
	"$loop" >"$DIR/said" 2>&1
status=$?
refused "not root" 7 'takes root'

: >"$DIR/empty"
flash --image "$img" --bundle "$DIR/empty" --loop --yes "$loop"
refused "a bundle of nothing" 5 'not a good bundle'
cp "$DIR/numa.parvis" "$DIR/bad.parvis"
printf XXXX | dd of="$DIR/bad.parvis" bs=1 seek=3000 conv=notrunc status=none
flash --image "$img" --bundle "$DIR/bad.parvis" --loop --yes "$loop"
refused "a damaged bundle" 5 'not a good bundle'
flash --image "$img" --bundle /dev/zero --loop --yes "$loop"
refused "a bundle that is a device" 5 'there is no bundle'

# bad NAME WORDS COMMAND...: the image's files, changed by COMMAND, refuse the disk nothing
bad()
{
	name=$1 words=$2
	shift 2
	rm -rf "$DIR/bad"
	mkdir "$DIR/bad"
	cp --sparse=always "$img" "$img.zst" "$img.manifest" "$img.manifest.sig" "$DIR/bad"
	bad=$DIR/bad/box.img
	as=$bad
	eval "$*"
	flash --image "$as" --loop --yes "$loop"
	refused "$name" 4 "$words"
}
# shellcheck disable=SC2016 # expanded by bad()
{
	bad "an image that was cut off" 'is cut off' 'truncate -s 11M "$bad"'
	bad "an image of nothing" 'is cut off' ': >"$bad"'
	bad "an image with another checksum" 'SHA-256 is another' \
		'printf X | dd of="$bad" bs=1 seek=9000000 conv=notrunc status=none'
	bad "a corrupted zst" 'is damaged\|SHA-256 is another' \
		'as=$bad.zst; printf XXXX | dd of="$as" bs=1 seek=900000 conv=notrunc status=none'
	bad "a zst that was cut off" 'is damaged' 'as=$bad.zst; truncate -s 900000 "$as"'
	bad "no signature" 'is not signed' 'rm "$bad.manifest.sig"'
	bad "a signature of something else" 'altered after' 'echo "parvis-image 2" >"$bad.manifest"'
	bad "a damaged signature" 'is damaged' 'truncate -s 500 "$bad.manifest.sig"'
	bad "a foreign signature" 'does not vouch for' 'signed "$bad" arm64 "$DIR/keys" theirs'
	bad "an image of something else" 'no image of a box' \
		'truncate -s 0 "$bad"; truncate -s 20M "$bad"; signed "$bad" arm64 "$DIR/keys" ours'
}
flash --image "$img" --arch amd64 --loop --yes "$loop"
refused "an image for another architecture" 4 'for arm64, not for amd64'

# --- disks that may not be written to ------------------------------------------------------------

truncate -s 19M "$DIR/small"
cp "$DIR/small" "$DIR/small.was"
attach "$DIR/small"
disk=$DIR/small
flash --image "$img" --loop --yes "$loop"
refused "a disk that is too small" 3 'too small'
truncate -s 64M "$DIR/locked"
cp "$DIR/locked" "$DIR/locked.was"
attach "$DIR/locked" -r
disk=$DIR/locked
flash --image "$img" --loop --yes "$loop"
refused "a read-only disk" 3 'is read-only'
disk=$DIR/disk1 loop=$main

media=/run/media/parvis-flash-test.$$
mkdir -p "$media"
at_end "umount $media 2>/dev/null; rmdir $media; rmdir /run/media 2>/dev/null"
fresh_files "$loop" 8M
mount "$loop" "$media"
sync
cp --sparse=always "$disk" "$disk.was"
flash --image "$img" --loop "$loop"
refused "a mounted disk" 3 "mounted at $media"
cp "$img" "$img.manifest" "$img.manifest.sig" "$media" 2>/dev/null
umount "$media"
# A file system of its own that has room for the image.
fresh_files "$loop" 60M
mount "$loop" "$media"
cp "$img" "$img.manifest" "$img.manifest.sig" "$media"
sync
cp --sparse=always "$disk" "$disk.was"
flash --image "$media/box.img" --loop --yes "$loop"
refused "an image that lies on the disk itself" 3 'lies on .* itself'
tail -f "$media/box.img.manifest" >"$DIR/tail" &
sleeper=$!
flash --image "$img" --loop --yes "$loop"
refused "a mounted disk that somebody reads, in spite of --yes" 3 'cannot be unmounted'
kill $sleeper
wait $sleeper 2>/dev/null
umount "$media"
mkdir "$DIR/elsewhere"
mount "$loop" "$DIR/elsewhere"
sync
cp --sparse=always "$disk" "$disk.was"
flash --image "$img" --loop --yes "$loop"
refused "a disk that the system has mounted elsewhere, in spite of --yes" 3 'own disk: it holds'
umount "$DIR/elsewhere"
if addpart "$loop" 1 2048 40960 2>/dev/null || { losetup -d "$loop" && losetup -P "$loop" "$disk" &&
	addpart "$loop" 1 2048 40960; }; then
	at_end "umount $DIR/elsewhere 2>/dev/null; delpart $loop 1 2>/dev/null"
	fresh_files "${loop}p1"
	mount "${loop}p1" "$DIR/elsewhere"
	sync
	cp --sparse=always "$disk" "$disk.was"
	flash --image "$img" --loop --yes "$loop"
	refused "a disk with a mounted partition" 3 "holds $DIR/elsewhere"
	flash --image "$img" --loop --yes "${loop}p1"
	refused "a partition" 3 'is a part of a disk'
	umount "$DIR/elsewhere"
	delpart "$loop" 1
else
	skip "a disk with a mounted partition" "partitions cannot be added here"
fi
old_content
mkswap "$loop" >/dev/null 2>&1
cp --sparse=always "$disk" "$disk.was"
if swapon "$loop" 2>/dev/null; then
	flash --image "$img" --loop --yes "$loop"
	status_of_swap=$status
	swapoff "$loop"
	status=$status_of_swap
	refused "swap that is in use" 3 'holds swap'
else
	skip "swap that is in use" "there can be no swap here"
fi
old_content
over=$(losetup -f --show -o 1048576 "$loop")
flash --image "$img" --loop --yes "$loop"
refused "a disk under somebody's loop device" 3 "in use by $over"
losetup -d "$over"
flock "$loop" sleep 60 &
sleeper=$!
until ! flock -n "$loop" true; do sleep 0.05; done
flash --image "$img" --loop --yes "$loop"
refused "a disk that another program has locked" 3 'another flash.sh'
kill "$(cat /proc/$sleeper/task/$sleeper/children)" $sleeper 2>/dev/null
wait $sleeper 2>/dev/null

# Between the look at the disk and the name that is typed, another one takes its place.
printf '%s' "another disk" >"$DIR/file"
asked "to go on: =!nsenter -t \$ASKER -m mount --bind $DIR/file $loop; echo $loop" -- \
	unshare -m ./flash.sh --key "$key" --image "$img" --loop "$loop"
refused "the device has become a file" 3 'no disk but a file'
is "and that file is as it was" "another disk" "$(cat "$DIR/file")"
truncate -s 80M "$DIR/other"
asked "to go on: =!losetup -d $loop; losetup $loop $DIR/other; echo $loop" -- \
	./flash.sh --key "$key" --image "$img" --loop "$loop"
refused "another disk is in its place" 3 'not the disk any more'
is "and that one is as it was" 0 "$(tr -d '\0' <"$DIR/other" | wc -c)"
losetup -d "$loop"
losetup "$loop" "$disk"

# --- disks that fail -----------------------------------------------------------------------------

# A tool that stops where it is told to: $STOP/at has its name and its which use; of dd those count
# that touch the disk.
stopper()
{
	for tool in dd e2fsck resize2fs mount; do
		cat >"$DIR/bin/$tool" <<EOF
#!/bin/sh
tool=$tool real=$(command -v $tool)
EOF
		cat >>"$DIR/bin/$tool" <<'EOF'
case $tool:$* in
dd:*/proc/self/fd/9*) ;;
dd:*) exec "$real" "$@" ;;
esac
count=$(($(cat "$STOP/$tool" 2>/dev/null || echo 0) + 1))
echo $count >"$STOP/$tool"
if [ "$tool $count" = "$(cat "$STOP/at")" ]; then
	echo $$ >"$STOP/stopped"
	while [ -e "$STOP/hold" ]; do sleep 0.02; done
fi
exec "$real" "$@"
EOF
		chmod +x "$DIR/bin/$tool"
	done
}
STOP=$DIR/stop
export STOP
stopper

# start TOOL USE OPTION...: flash.sh, up to there; sets $runner
start()
{
	rm -rf "$STOP"
	mkdir "$STOP"
	echo "$1 $2" >"$STOP/at"
	: >"$STOP/hold"
	shift 2
	guarded "$@"
	PATH=$DIR/bin:$PATH env --default-signal=INT,TERM,HUP setsid ./flash.sh --key "$key" "$@" \
		</dev/null >"$DIR/said" 2>&1 &
	runner=$!
	until [ -e "$STOP/stopped" ]; do
		kill -0 $runner 2>/dev/null || break
		sleep 0.02
	done
}
# go_on: and to its end; sets $status
go_on()
{
	rm -f "$STOP/hold"
	wait $runner
	status=$?
}
# What the tool that was stopped still does comes to its end as well.
let_stopped_end()
{
	stopped=$(cat "$STOP/stopped" 2>/dev/null || echo 0)
	while [ "$stopped" != 0 ] && kill -0 "$stopped" 2>/dev/null; do sleep 0.02; done
}
# Nothing starts from it, or it is all there.
boots_nothing_half()
{
	if [ "$(dd if="$disk" bs=1 skip=510 count=2 status=none | od -An -tx1 | tr -d ' ')" = 55aa ]; then
		whole "$disk" "$img"
	fi
}

start dd 6 --image "$img" --loop --yes "$loop"
setsid -w ./flash.sh --key "$key" --image "$img" --loop --yes "$loop" </dev/null >"$DIR/second" 2>&1
second=$?
go_on
said "the first of two that run at once comes to its end" 0 'was written and read back'
is "the second is refused" "3 yes" "$second $(grep -q 'another flash.sh' "$DIR/second" && echo yes)"

# A card that has less room than it says: what is written past 32 MiB is lost.
cat >"$DIR/bin/dd" <<'EOF'
#!/bin/sh
case "$*" in
*of=/proc/self/fd/9*seek=1[0-9][0-9][0-9][0-9]*) echo "4096 bytes" >&2; cat >/dev/null; exit 0 ;;
esac
exec /usr/bin/dd "$@"
EOF
old_content
PATH=$DIR/bin:$PATH flash --image "$img" --loop --yes "$loop"
said "a card that says that it is larger than it is" 1 'less room than it says'
is "nothing starts from it" "" "$(boots_nothing_half)"
# A card that takes what is past its first GiB for its beginning again, and begins at it.
cat >"$DIR/bin/dd" <<'EOF'
#!/bin/sh
for word; do
	shift
	case $word in
	seek=?????? | skip=??????) word=${word%%=*}=$((${word#*=} % 262144)) ;;
	esac
	set -- "$@" "$word"
done
exec /usr/bin/dd "$@"
EOF
truncate -s 3G "$DIR/wraps"
was=$loop
attach "$DIR/wraps"
PATH=$DIR/bin:$PATH flash --image "$img" --loop --yes "$loop"
said "a card that begins again where it ends" 1 'less room than it says'
losetup -d "$loop"
loop=$was
# A card on which the bundle is another as soon as it lies there, which this computer's memory does not know.
cat >"$DIR/bin/umount" <<'EOF'
#!/bin/sh
/usr/bin/umount "$@" || exit
[ ! -e "$STOP/changed" ] || exit 0
: >"$STOP/changed"
start=$(LC_ALL=C sfdisk -d "$IMAGE" | sed -n 's/.*4 : start= *\([0-9]*\),.*/\1/p')
block=$(debugfs -R "blocks /provision/box.parvis" "$CARD?offset=$((start * 512))" 2>/dev/null | cut -d' ' -f1)
size=$(debugfs -R "stats -h" "$CARD?offset=$((start * 512))" 2>/dev/null | sed -n 's/^Block size: *//p')
echo changed | dd of="$CARD" bs=1 seek=$((start * 512 + block * size + 100)) conv=notrunc status=none
EOF
rm -f "$DIR/bin/dd" "$STOP/changed"
chmod +x "$DIR/bin/umount"
old_content
CARD=$disk IMAGE=$img PATH=$DIR/bin:$PATH flash --image "$img" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
said "a card that keeps another bundle than it was given" 1 'the bundle did not arrive whole'
rm "$DIR/bin/umount"
# A card that forgets one block.
cat >"$DIR/bin/dd" <<'EOF'
#!/bin/sh
/usr/bin/dd "$@" || exit
case "$*" in
*of=/proc/self/fd/9*seek=17*) echo forgotten | /usr/bin/dd of=/proc/self/fd/9 bs=4096 seek=4400 \
	conv=notrunc,fsync status=none ;;
esac
EOF
chmod +x "$DIR/bin/dd"
old_content
PATH=$DIR/bin:$PATH flash --image "$img" --loop --yes "$loop"
said "a card that forgets a block" 1 'is not what was written'
is "nothing starts from it" "" "$(boots_nothing_half)"
stopper

# The image changes after it was looked at.
rm -rf "$DIR/bad" && mkdir "$DIR/bad"
cp "$img" "$img.manifest" "$img.manifest.sig" "$DIR/bad"
start dd 1 --image "$DIR/bad/box.img" --loop --yes "$loop"
printf XXXX | dd of="$DIR/bad/box.img" bs=1 seek=15000000 conv=notrunc status=none
go_on
said "an image that changes while it is written" 1 'is not what was written'
is "nothing starts from it" "" "$(boots_nothing_half)"
cp "$img" "$DIR/bad"
start dd 1 --image "$DIR/bad/box.img" --loop --yes "$loop"
truncate -s 10M "$DIR/bad/box.img"
go_on
said "an image that becomes shorter while it is written" 1 'has become shorter'
is "nothing starts from it" "" "$(boots_nothing_half)"

# A disk without room behind it.
mkdir "$DIR/full"
mount -t tmpfs -o size=10m tmpfs "$DIR/full"
at_end "umount $DIR/full"
truncate -s 64M "$DIR/full/disk"
attach "$DIR/full/disk"
disk=$DIR/full/disk
flash --image "$img" --loop --yes "$loop"
said "a disk that can take no more" 1 'failed while it was written to'
is "nothing starts from it" "" "$(boots_nothing_half)"
losetup -d "$loop"
disk=$DIR/disk1 loop=$main

# Disks that fail by their driver: a file of FUSE's, whose server has errors, or is killed.
failing()
{
	rm -f "$DIR/fuse.disk"
	truncate -s 64M "$DIR/behind"
	: >"$DIR/fuse.disk"
	qemu-storage-daemon --blockdev "driver=file,filename=$DIR/behind,node-name=file$1" \
		${2:+--blockdev "$2"} \
		--export "type=fuse,id=x,node-name=${3:-file},mountpoint=$DIR/fuse.disk,writable=on" \
		>"$DIR/qsd" 2>&1 &
	server=$!
	until [ "$(stat -c %s "$DIR/fuse.disk" 2>/dev/null)" = 67108864 ]; do
		kill -0 $server 2>/dev/null || return 1
		sleep 0.05
	done
	# shellcheck disable=SC2086 # an option, or none
	attach "$DIR/fuse.disk" ${4:-}
}
end_failing()
{
	losetup -d "$loop" 2>/dev/null
	kill -KILL "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	umount -l "$DIR/fuse.disk" 2>/dev/null
	loop=$main
}
injected()
{
	echo "driver=blkdebug,node-name=bad,image=file,inject-error.0.event=none,inject-error.0.iotype=$1,inject-error.0.errno=5,\
inject-error.0.sector=$2,inject-error.0.once=off"
}
if command -v qemu-storage-daemon >/dev/null && failing "" "" file; then
	disk=$DIR/behind
	flash --image "$img" --loop --yes "$loop"
	said "a disk over FUSE is written" 0 'was written and read back'
	end_failing
	for use in 1:first 5:writing 6:writing 7:back 9:end 11:end; do
		failing "" "" file
		start dd "${use%:*}" --image "$img" --loop --yes "$loop"
		kill -KILL "$server"
		wait "$server" 2>/dev/null
		go_on
		said "a disk that is pulled out (use ${use%:*})" 1 'failed while\|is gone'
		is "nothing starts from it" "" "$(boots_nothing_half)"
		end_failing
	done
	failing "" "" file
	start resize2fs 1 --image "$img" --loop --yes "$loop"
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	go_on
	said "a disk that is pulled out while its data partition grows" 1 'another card'
	is "nothing starts from it" "" "$(boots_nothing_half)"
	for left in $(losetup -n -O NAME -j "$loop"); do losetup -d "$left" 2>/dev/null; done
	end_failing
	failing "" "$(injected write 20000)" bad
	flash --image "$img" --loop --yes "$loop"
	said "a disk with a bad block, when it is written" 1 'failed while it was written to (Input/output error)'
	is "nothing starts from it" "" "$(boots_nothing_half)"
	end_failing
	# Past what this computer remembers of the file behind the disk.
	failing "" "$(injected read 20000)" bad --direct-io=on
	flash --image "$img" --loop --yes "$loop"
	said "a disk with a bad block, when it is read back" 1 'failed while it was read back (Input/output error)'
	is "nothing starts from it" "" "$(boots_nothing_half)"
	end_failing
	disk=$DIR/disk1
else
	skip "disks that fail" "there is no qemu-storage-daemon with FUSE"
fi

# --- data partitions that fail -------------------------------------------------------------------

# image_with FILE: the image with FILE as its data partition, in $DIR/bad
image_with()
{
	rm -rf "$DIR/bad" && mkdir "$DIR/bad"
	cp "$img" "$DIR/bad"
	dd if="$1" of="$DIR/bad/box.img" bs=1M seek=16 conv=notrunc status=none
	signed "$DIR/bad/box.img" arm64 "$DIR/keys" ours
}
head -c 4M /dev/urandom >"$DIR/noise"
image_with "$DIR/noise"
flash --image "$DIR/bad/box.img" --loop --yes "$loop"
said "a data partition that is none" 1 'file system of its data partition is damaged'
is "nothing starts from it" "" "$(boots_nothing_half)"
mkdir "$DIR/heavy"
rm -f "$DIR/noise"
truncate -s 4M "$DIR/noise"
mke2fs -q -t ext4 -m 0 "$DIR/noise"
room=$(dumpe2fs -h "$DIR/noise" 2>/dev/null | awk -F: '/^Free blocks/ { n = $2 } /^Block size/ { print n * $2 }')
head -c $((room - 20000)) /dev/urandom >"$DIR/heavy/map"
mke2fs -q -F -t ext4 -m 0 -d "$DIR/heavy" "$DIR/noise"
image_with "$DIR/noise"
attach "$DIR/exact"
head -c 1500000 /dev/zero >"$DIR/numa.more"
# A disk with room for the bundle beside the image, but not for it and what is there already.
disk=$DIR/exact
flash --image "$DIR/bad/box.img" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
if [ "$status" = 3 ]; then
	said "a disk without room for the bundle" 3 'too small'
else
	said "a data partition without room for the bundle" 1 'bundle cannot be put'
	is "nothing starts from it" "" "$(boots_nothing_half)"
fi
disk=$DIR/disk1 loop=$main

# --- interrupted, and begun again ----------------------------------------------------------------

points="dd:1 dd:3 dd:5 dd:6 dd:8 e2fsck:1 resize2fs:1 mount:1 mount:2 e2fsck:2 dd:9 dd:11 dd:12"
for signal in INT TERM KILL HUP; do
	case $signal in
	INT) ended=130 ;;
	TERM) ended=143 ;;
	HUP) ended=129 points="dd:5 mount:1" ;;
	KILL) ended=137 ;;
	esac
	for point in $points; do
		old_content
		start "${point%:*}" "${point#*:}" --image "$img.zst" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
		kill -$signal $runner
		[ $signal = KILL ] || rm -f "$STOP/hold"
		wait $runner 2>/dev/null
		status=$?
		rm -f "$STOP/hold"
		let_stopped_end
		is "SIG$signal at $point: it ends so" "$ended" "$status"
		is "SIG$signal at $point: nothing half starts" "" "$(boots_nothing_half)"
		until flock -n "$loop" true; do sleep 0.05; done
		flash --image "$img.zst" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
		# shellcheck disable=SC2016 # expanded by whole()
		is "SIG$signal at $point: the next run makes it good" "0  " "$status $(whole "$disk" "$img" \
			'cmp -s "$DIR/numa.parvis" "$DIR/mnt/provision/box.parvis"') $(tidy)"
	done
done
old_content
start dd 6 --image "$img" --loop --yes "$loop"
kill -KILL $runner
wait $runner 2>/dev/null
rm -f "$STOP/hold"
let_stopped_end
until flock -n "$loop" true; do sleep 0.05; done
flash --image "$img" --loop --dry-run "$loop"
said "what was not finished is known again" 0 'did not finish'

# --- what `make image` has made ------------------------------------------------------------------

real=${PARVIS_IMAGE:-$(find build/image -maxdepth 2 -name 'parvis-*.img' 2>/dev/null | head -n 1)}
plain=${real%.zst}
if [ -n "$real" ] && [ -f "$plain" ] && [ -f "$plain.manifest.sig" ]; then
	key=${PARVIS_KEYS:-build/keys}/ca.cert.pem
	data_at=$(sfdisk -d "$plain" | sed -n 's/.*4 : start= *\([0-9]*\),.*/\1/p')
	truncate -s $(($(stat -c %s "$plain") + 1073741824)) "$DIR/real"
	attach "$DIR/real"
	flash --image "$real" --bundle "$DIR/numa.parvis" --loop --yes "$loop"
	said "the image of $plain" 0 'was written and read back'
	# shellcheck disable=SC2016 # expanded by whole()
	is "it is whole" "" "$(whole "$DIR/real" "$plain" \
		'cmp -s "$DIR/numa.parvis" "$DIR/mnt/provision/box.parvis"')"
else
	skip "the image that make image makes" "there is none in build/image with its signature"
fi
done_testing
