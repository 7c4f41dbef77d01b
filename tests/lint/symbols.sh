#!/bin/sh
# No two source files of the programs define the same name: tests link rooms, app and the command
# line in other groups than the programs do, and would find it out late.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

# Those whose source is still there: build/ keeps what a file left when it was moved.
objects()
{
	find "$1" -name '*.o' | while IFS= read -r object; do
		source=${object#"$B/"}
		source=${source%.o}
		if [ -e "$source.c" ] || [ -e "$source.cpp" ]; then
			echo "$object"
		fi
	done
}

# twice DIR: names that objects below DIR define more than once, with their objects.
twice()
{
	objects "$1" | xargs -r nm -A --defined-only -g |
		awk '$2 != "V" && $2 != "W" && $2 != "u" && $3 != "main" { sub(/:.*/, "", $1)
			if ($3 in where) print $3 ": " where[$3] " and " $1
			else where[$3] = $1 }'
}

is "a name is defined once" "" "$(twice "$B/firmware"; twice "$B/ui")"
is "looking at all there are" "" "$([ "$(objects "$B/firmware" | wc -l)" -gt 200 ] || echo "too few objects")"

# It would notice.
mkdir -p "$DIR/planted"
for name in one two; do
	echo 'int planted;' >"$DIR/planted/$name.c"
	cp "$B/firmware/base/text.o" "$DIR/planted/$name.o"
done
B=$DIR/nothing
is "a name that is defined twice is found" "" "$([ -n "$(twice "$DIR/planted")" ] || echo "it is not")"
done_testing
