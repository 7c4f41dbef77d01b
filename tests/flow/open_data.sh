#!/bin/sh
# The data set that may be published: it keeps to the standards, says the same twice, and nobody can
# work out of it a count below 11; the attack that shows this breaks a release that only hides them.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

SCHEMA=assets/open-data/attendance.schema.json
attack() { node tests/flow/open_data_attack.mjs "$1" >"$DIR/out" 2>&1; }

# night GUESTS: an event's folder with its store
night()
{
	cp -r assets/demo "$DIR/event$1"
	"$TOOLS/night_rows" "$DIR/event$1" "$1" whole >/dev/null
}

if ! command -v node >/dev/null; then
	skip "open data" "there is no node"
	done_testing
fi
guests="60 700 2900 12000"
for g in $guests; do
	night "$g"
	"$PARVIS" open-data --event "$DIR/event$g" --out "$DIR/open$g" --publisher 'Ville "de" Paris' \
		>"$DIR/out" 2>"$DIR/err"
	is "$g guests: a package" 0 $?
	sed 's/^/# /' "$DIR/out"
	node tests/flow/open_data_check.mjs "$DIR/open$g" >"$DIR/out" 2>&1
	[ $? = 0 ] && ok "… that keeps to the standards" || not_ok "… that keeps to the standards" "$DIR/out"
	attack "$DIR/open$g"
	[ $? = 0 ] && ok "… of which nothing small can be proven: $(tail -1 "$DIR/out")" ||
		not_ok "… of which nothing small can be proven" "$DIR/out"
	"$TOOLS/open_unsafe" "$DIR/event$g" "$DIR/unsafe$g"
	attack "$DIR/unsafe$g"
	[ $? = 1 ] && ok "… where a release that only hides them is broken: $(tail -1 "$DIR/out")" ||
		not_ok "… where a release that only hides them is broken" "$DIR/out"
done
"$PARVIS" open-data --event "$DIR/event2900" --out "$DIR/again" --publisher 'Ville "de" Paris' >/dev/null
diff -r "$DIR/open2900" "$DIR/again" >"$DIR/out"
is "the same store gives the same bytes" 0 $?
cmp -s "$SCHEMA" "$DIR/again/attendance.schema.json"
is "the schema is the published one" 0 $?

# Whoever changes one published figure into a true small one is caught by the same attack.
cp -r "$DIR/open2900" "$DIR/small"
sed -i '0,/,,suppressed/s//,5,published/' "$DIR/small/attendance.csv"
attack "$DIR/small"
is "a small count among the published is found" 1 $?
sed -i 's/,10,published/,12,published/' "$DIR/small/attendance.csv"
node tests/flow/open_data_check.mjs "$DIR/small" >"$DIR/out" 2>&1
is "… and bytes that are not those of the descriptor" 1 $?

"$PARVIS" open-data --event "$DIR/event60" --out "$DIR/open60" >"$DIR/out" 2>"$DIR/err"
is "a directory with something in it is left alone" "3 1" "$? $(grep -c 'not empty' "$DIR/err")"
"$PARVIS" open-data --event "$DIR/event60" >"$DIR/out" 2>"$DIR/err"
is "without --out" 2 $?

if [ -z "${PARVIS_LONG:-}" ]; then
	skip "the standards' own JSON Schemas, through ajv" "short form: they come from npm"
elif ! (cd "$DIR" && npm install --silent --no-audit --no-fund --prefix "$DIR/npm" datapackage@1.1.10 \
	ajv@6 	>"$DIR/out" 2>&1); then
	skip "the standards' own JSON Schemas, through ajv" "npm cannot be reached"
else
	node tests/flow/open_data_profiles.mjs "$DIR/npm/node_modules" "$DIR/open2900" >"$DIR/out" 2>&1
	[ $? = 0 ] && ok "valid by the standards' own JSON Schemas, through ajv" ||
		not_ok "valid by the standards' own JSON Schemas, through ajv" "$DIR/out"
	sed 's/^/# /' "$DIR/out"
fi
done_testing
