#!/bin/sh
# Size and wording: nothing left for later in the source, no file that wants to be two, no
# function that cannot be seen whole.
set -u

lines_of_a_file=700
lines_of_a_function=80
number=0 failed=0
tree=$(mktemp -d "${TMPDIR:-/tmp}/parvis-words.XXXXXX")
trap 'rm -rf "$tree"' EXIT

result() {
	number=$((number + 1))
	if [ -z "$1" ]; then
		echo "ok $number - $2"
	else
		echo "$1" | sed 's/^/# /'
		echo "not ok $number - $2"
		failed=1
	fi
}

# Each rule prints what breaks it in tree $1. The words are split so as not to find themselves.
left_for_later() {
	grep -rnwE "TO""DO|FIX""ME|XX""X|HA""CK" "$1/firmware" "$1/ui" "$1/tests" "$1/board" \
		"$1"/*.md "$1/Makefile" 2>/dev/null
}
too_long() {
	find "$1/firmware" "$1/ui" \( -name '*.[ch]' -o -name '*.cpp' \) -exec wc -l {} + |
		awk -v most="$lines_of_a_file" '$2 != "total" && $1 > most { print $2 ": " $1 " lines" }'
}
long_functions() {
	ctags --languages=C,C++ --kinds-C=f --kinds-C++=f --fields=+ne -o - -R "$1/firmware" \
		"$1/ui" 2>/dev/null | awk -F '\t' -v most="$lines_of_a_function" '{
		first = last = 0
		for (i = 3; i <= NF; i++) {
			if ($i ~ /^line:/)
				first = substr($i, 6)
			if ($i ~ /^end:/)
				last = substr($i, 5)
		}
		if (last - first + 1 > most)
			print $2 ": " $1 "() has " last - first + 1 " lines"
	}'
}
# Typedefs are kept for function types of libraries, which none of ours needs.
renamed_types() {
	grep -rnE '^[[:space:]]*typedef[[:space:]]+(struct|enum|union)' "$1/firmware" "$1/ui" 2>/dev/null
}

# finds RULE PATH TEXT
finds() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/firmware/base" "$tree/ui"
	printf '%s\n' "$3" >"$tree/$2"
	if [ -n "$($1 "$tree")" ]; then
		result "" "planted in $2: $1 finds it"
	else
		result "missed" "planted in $2: $1 finds it"
	fi
}
many_lines() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "\tx++;" }'
}

finds left_for_later firmware/base/x.c "/* TO""DO: more */"
finds too_long ui/x.c "$(many_lines 701)"
finds renamed_types firmware/base/x.h "typedef struct foo foo;"
result "$(left_for_later .)" "nothing is left for later"
result "$(too_long .)" "no file of more than $lines_of_a_file lines"
result "$(renamed_types .)" "structs go by their own names"
if ctags --version 2>/dev/null | grep -q Universal; then
	finds long_functions firmware/base/x.c "int f(int x)
{
$(many_lines 81)
	return x;
}"
	result "$(long_functions .)" "no function of more than $lines_of_a_function lines"
else
	number=$((number + 1))
	echo "ok $number - functions # SKIP there is no Universal Ctags"
fi
echo "1..$number"
exit $failed
