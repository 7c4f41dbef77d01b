#!/bin/sh
# Every message of an evening against the JSON Schemas, by Python's validator.
. tests/fake/tap.sh

python=
for each in python3 /usr/bin/python3; do
	[ -z "$python" ] && "$each" -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null &&
		python=$each
done
if [ -z "$python" ]; then
	skip "messages are what the schemas say" "there is no jsonschema for Python (Debian: python3-jsonschema)"
	done_testing
fi

"$TOOLS/sync_say" >"$DIR/said"
is "every kind of message is valid" "state count ev have ack fleet" \
	"$("$python" tests/flow/sync_schema.py check <"$DIR/said" 2>"$DIR/err" || cat "$DIR/err")"
is "and we take each" "taken" "$("$TOOLS/sync_say" read <"$DIR/said" | sort -u)"
"$python" tests/flow/sync_schema.py spoil <"$DIR/said" >"$DIR/spoilt"
"$TOOLS/sync_say" read <"$DIR/spoilt" >"$DIR/judged"
is "of $(wc -l <"$DIR/spoilt") that were changed, we take none that the schema refuses" "some 0" \
	"$("$python" tests/flow/sync_schema.py agree "$DIR/judged" <"$DIR/spoilt" 2>&1)"
page=$(mandoc -T utf8 -O width=100 board/man/parvis-sync.7 2>/dev/null | sed 's/.\x08//g')
is "the manual page tells of every member" "" "$("$python" tests/flow/sync_schema.py members |
	while read -r member; do
		[ -z "$page" ] || printf '%s\n' "$page" | grep -qwF -e "$member" || echo "$member"
	done)"
done_testing
