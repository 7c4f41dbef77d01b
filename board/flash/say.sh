# shellcheck shell=sh
# Sourced by flash.sh: what it says to people, and how it ends.

say()
{
	printf '%s\n' "$*" >&2
}

# refuse WHOSE-FAULT WHY [WHAT TO DO]: does not return. --help tells the statuses.
refuse()
{
	case $1 in
	usage) status=2 ;;
	disk) status=3 ;;
	image) status=4 ;;
	bundle) status=5 ;;
	consent) status=6 ;;
	computer) status=7 ;;
	*) status=1 ;;
	esac
	clear_line
	say "flash.sh: $2"
	[ -z "${3:-}" ] || say "          $3"
	exit "$status"
}

# Bytes of text that a person may see: what a disk or a file says of itself is not trusted.
printable()
{
	printf '%s' "$1" | LC_ALL=C tr -c ' -~' '?'
}

size_text()
{
	awk -v b="$1" 'BEGIN {
		if (b >= 1e12) printf "%.1f TB", b / 1e12
		else if (b >= 1e9) printf "%.1f GB", b / 1e9
		else printf "%.0f MB", b / 1e6
	}'
}

time_text()
{
	if [ "$1" -ge 90 ]; then
		echo "$((($1 + 30) / 60)) min"
	else
		echo "$1 s"
	fi
}

shown_line="" told_tenth=-1

clear_line()
{
	[ -z "$shown_line" ] || printf '\r%*s\r' 70 '' >&2
	shown_line=""
}

# progress WHAT SINCE FIRST AT END: the last three in MiB, SINCE in seconds. A terminal sees it move,
# a file gets a line for each tenth.
progress()
{
	now=$(date +%s)
	took=$((now - $2))
	[ "$took" -gt 0 ] || took=1
	moved=$(($4 - $3))
	line="$1: $4 of $5 MiB, $((moved / took)).$((moved * 10 / took % 10)) MiB/s"
	if [ "$moved" -gt 0 ]; then
		line="$line, $(time_text $((($5 - $4) * took / moved))) left"
	fi
	if [ -t 2 ]; then
		printf '\r  %-66s' "$line" >&2
		shown_line=$line
	elif [ $(($4 * 10 / $5)) != "$told_tenth" ]; then
		told_tenth=$(($4 * 10 / $5))
		say "  $line"
	fi
}
