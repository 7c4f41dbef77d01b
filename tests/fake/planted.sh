# Sourced by shell tests after tap.sh: people whose names, addresses and codes are in nobody else's files,
# and a search that goes through every byte of a place for them.
# shellcheck shell=sh

# planted_people COUNT: a seller's export of so many. Two words of a name, an address and a code for
# each, which nobody else has and no other file would: syllables that tell the number. Every other
# guest is for another venue.
planted_people()
{
	awk -v people="$1" 'BEGIN {
		split("ba ke vi zo lu ga pe ri do nu", s, " ")
		print "code,first name,last name,email,type,venue"
		for (i = 0; i < people; i++) {
			n = sprintf("%04d", i); a = ""
			for (j = 1; j <= 4; j++)
				a = a s[substr(n, j, 1) + 1]
			printf "c%sqzkwv73hd9t,X%sro,Q%smel,w%sjk@planted.example,Pass %d,%s\n", n, a, a, a,
				i % 3, i % 2 ? "laruche" : "numa"
		}
	}'
}

# planted_hits NAME WANTED WORDS PLACE...: whether (1) or not (0) any byte of the files there is of the
# words, which are the lines of a file.
planted_hits()
{
	planted_name=$1 planted_wanted=$2 planted_words=$3
	shift 3
	find "$@" -type f >"$DIR/files"
	xargs -d '\n' "$TOOLS/planted" "$planted_words" <"$DIR/files" >"$DIR/found" 2>&1
	planted_got=$?
	[ $planted_got = 0 ] || planted_got=1
	if [ $planted_got = "$planted_wanted" ]; then
		ok "$planted_name: $(tail -1 "$DIR/found"), $(wc -l <"$DIR/files" | tr -d ' ') files"
	else
		not_ok "$planted_name" "exit status $planted_got instead of $planted_wanted" "$DIR/found"
	fi
}
