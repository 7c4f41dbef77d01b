#!/bin/sh
# The manual pages: whole, well formed, and naming every option and command that --help names.
set -u

: "${B:=build/release}"
number=0 failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

text_of() {
	mandoc -T utf8 -O width=100 "$1" 2>/dev/null | sed 's/.\x08//g' || cat "$1"
}

# names PAGE-TEXT WORD WHERE
names() {
	printf '%s\n' "$1" | grep -qwF -e "$2"
	result $? "$3 tells of $2"
}

if ! command -v mandoc >/dev/null; then
	echo "1..1"
	echo "ok 1 - manual pages # SKIP there is no mandoc"
	exit 0
fi

for page in board/man/*.[178]; do
	said=$(mandoc -T lint -W warning "$page" 2>&1)
	[ -z "$said" ] || echo "$said" | sed 's/^/# /'
	[ -z "$said" ]
	result $? "$page is well formed"
done

options() {
	grep -oE -- '--[a-z][a-z0-9-]+' | sort -u
}

kiosk=$(text_of board/man/parvis-kiosk.1)
kiosk_options=$("$B/parvis-kiosk" --help | options)
[ -n "$kiosk_options" ]
result $? "parvis-kiosk --help lists options"
for option in $kiosk_options; do
	names "$kiosk" "$option" "parvis-kiosk(1)"
done

cli=$(text_of board/man/parvis.1)
commands=$("$B/parvis" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p')
[ -n "$commands" ]
result $? "parvis --help lists commands"
for command in $commands; do
	names "$cli" "$command" "parvis(1)"
	for option in $("$B/parvis" "$command" --help | options); do
		names "$cli" "$option" "parvis(1), $command,"
	done
done

slot=$(text_of board/man/parvis-slot.8)
for word in $("$B/parvis-slot" --help | options) \
	$("$B/parvis-slot" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
	names "$slot" "$word" "parvis-slot(8)"
done

# The other way round: an option that the page tells of exists.
for option in $(printf '%s\n' "$kiosk" | options); do
	printf '%s\n' "$kiosk_options" | grep -qxF -e "$option"
	result $? "parvis-kiosk has $option"
done
known=$({
	for command in $commands; do "$B/parvis" "$command" --help; done
	echo "--help --version"
} | options)
for option in $(printf '%s\n' "$cli" | options); do
	printf '%s\n' "$known" | grep -qxF -e "$option"
	result $? "parvis has $option"
done
echo "1..$number"
exit $failed
