#!/bin/sh
# The documents speak of what is there: every file, folder, make target and link that they name.
# shellcheck disable=SC2016 # backticks are what is searched for
set -u

number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-docs.XXXXXX")
trap 'rm -rf "$work"' EXIT

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

# Prints what document $1 names and is not in this tree. A path starts at the root or in firmware/;
# X, *, … and capitals stand for anything.
missing_paths() {
	grep -o '`[^`]*`' "$1" | tr -d '`' | tr ' ' '\n' | grep -E '^[a-z.]+/[a-z0-9_./-]+$' |
		grep -vE '^(build|dev|etc|usr|var|srv|tmp)/' | sort -u |
		while read -r path; do
			[ -e "$path" ] || [ -e "firmware/$path" ] || echo "there is no $path"
		done
	grep -oE '\]\([^)#]+\)' "$1" | sed 's/^](//; s/)$//' | grep -v '://' | sort -u |
		while read -r path; do
			[ -e "$path" ] || echo "there is no $path, which is linked"
		done
}
missing_targets() {
	grep -oE '(`|^)make [a-z][a-z0-9-]*' "$1" | sed 's/.*make //' | sort -u |
		while read -r target; do
			grep -qE "^$target:" Makefile || echo "there is no make $target"
		done
}

printf 'See `door/nothing.c` and [this](missing.md).\n' >"$work/x.md"
said=$(missing_paths "$work/x.md" | wc -l)
[ "$said" = 2 ] && said= || said="found $said of 2"
result "$said" "a file that is not there is noticed"
printf '`make nonsense`\n' >"$work/x.md"
said=$(missing_targets "$work/x.md")
[ -n "$said" ] && said= || said="missed"
result "$said" "a make target that is not there is noticed"

for document in *.md; do
	result "$(missing_paths "$document")" "$document: files and links"
	result "$(missing_targets "$document")" "$document: make targets"
done
echo "1..$number"
exit $failed
