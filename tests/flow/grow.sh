#!/bin/sh
# parvis-grow on the image of a card that is larger than what was written to it: the real sfdisk; the
# kernel, which knows no partition of a file, is stood in for.
. tests/fake/tap.sh

mkdir -p "$DIR/bin" "$DIR/data" "$DIR/sys/card/card4"
ln -s card/card4 "$DIR/sys/card4"
cat >"$DIR/bin/findmnt" <<END
#!/bin/sh
echo "$DIR/card4"
END
cat >"$DIR/bin/partx" <<END
#!/bin/sh
echo "\$*" >>"$DIR/told"
[ ! -e "$DIR/cut" ]
END
cat >"$DIR/bin/resize2fs" <<END
#!/bin/sh
echo "grown \$1" >>"$DIR/told"
END
chmod 755 "$DIR"/bin/*

mib=2048 # sectors
lay_out() {
	truncate -s 40M "$DIR/card"
	printf '%s\n' 'label: dos' 'label-id: 0x50415256' 'start=8MiB, size=8MiB, type=c, bootable' \
		'start=16MiB, size=4MiB, type=83' 'start=20MiB, size=4MiB, type=83' \
		'start=24MiB, size=8MiB, type=83' | sfdisk --quiet "$DIR/card"
	sysfs 8
}
# sysfs MIB: what the kernel says of a data partition of so many
sysfs() {
	echo $(($(stat -c %s "$DIR/card") / 512)) >"$DIR/sys/card/size"
	echo 4 >"$DIR/sys/card/card4/partition"
	echo $((24 * mib)) >"$DIR/sys/card/card4/start"
	echo $(($1 * mib)) >"$DIR/sys/card/card4/size"
}
# grow: what was done
grow() {
	rm -f "$DIR/told"
	PATH=$DIR/bin:$PATH PARVIS_GROW_DATA=$DIR/data PARVIS_GROW_SYS=$DIR/sys \
		sh board/system/parvis-grow >"$DIR/out" 2>&1 || printf 'status %s, ' $?
	sed "s|$DIR/||" "$DIR/told" 2>/dev/null | tr '\n' ',' | sed 's/,$//; s/,/, /'
}
table() {
	sfdisk --dump "$DIR/card" | sed -n 's/^label-id: //p; s/.*card\([1-4]\) : start= *\([0-9]*\), size= *\([0-9]*\).*/\1 \2 \3/p' |
		awk 'NR > 1 { printf " %d:%d+%d", $1, $2 / 2048, $3 / 2048; next } { printf "%s", $0 }'
}

lay_out
touch "$DIR/cut"
is "a start that is cut off before the kernel knows" \
	"status 1, --update --nr 4 card" "$(grow)"
rm "$DIR/cut"
is "has made the partition larger, and nothing else" "0x50415256 1:8+8 2:16+4 3:20+4 4:24+16" "$(table)"
sysfs 16
is "the next has its file system grown" "grown card4" "$(grow)"
is "after that nothing is done" "" "$(grow)"
truncate -s 64M "$DIR/card"
sysfs 16
is "a copy on a larger card is grown again" "--update --nr 4 card, grown card4" "$(grow)"
is "to its end" "0x50415256 1:8+8 2:16+4 3:20+4 4:24+40" "$(table)"
is "as it is noted" $((64 * mib)) "$(cat "$DIR/data/disk-sectors")"
done_testing
