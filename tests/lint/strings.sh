#!/bin/sh
# The compiler of the strings: what it takes, and what it refuses with file:line.
set -u
dir=$(mktemp -d "${TMPDIR:-/tmp}/parvis-strings-XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

report()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
	fi
}

# refuses NAME SED-SCRIPT PATTERN: French changed by the script is refused with such a complaint.
refuses()
{
	cp assets/strings/* "$dir/"
	sed "$2" assets/strings/fr.po >"$dir/fr.po"
	rm -f "$dir/out.h"
	sh assets/strings/compile.sh "$dir/out.h" "$dir" >"$dir/said" 2>&1
	[ $? -ne 0 ] && [ ! -e "$dir/out.h" ] && grep -Eq "fr\.po:[0-9]+: .*$3" "$dir/said"
	report $? "$1"
}

sh assets/strings/compile.sh "$dir/out.h" assets/strings && grep -q STRING_SCAN_TITLE "$dir/out.h"
report $? "the strings compile"


refuses "a missing string" '/^msgctxt "scan.title"/,/^$/d' 'scan\.title is missing'
refuses "an empty translation" 's/^msgstr "Aide"/msgstr ""/' 'has no translation'
refuses "a fuzzy translation" 's/^msgctxt "scan.title"/#, fuzzy\n&/' 'scan\.title is fuzzy'
refuses "a lost placeholder" 's/^msgstr "Bienvenue, %1$s"/msgstr "Bienvenue"/' 'placeholders differ'
refuses "another placeholder" 's/^msgstr "Bienvenue, %1$s"/msgstr "Bienvenue, %2$s"/' \
	'placeholders differ'
refuses "a bare conversion" 's/^msgstr "Aide"/msgstr "Aide %d"/' 'only %1'
refuses "a string nobody knows" 's/^msgctxt "scan.title"/msgctxt "scan.titel"/' 'scan\.titel is not in'
refuses "a string told twice" 's/^msgctxt "scan.body_scanner"/msgctxt "scan.body"/' 'is there twice'
refuses "another English" 's/^msgid "Help"/msgid "Aid"/' 'msgid is not that'
refuses "an open quote" 's/^msgstr "Aide"/msgstr "Aide/' 'quotes'
refuses "a line of nonsense" 's/^msgstr "Aide"/msgster "Aide"/' 'not understood'
refuses "code in the plural rule" 's/plural=(n > 1)/plural=system(n)/' 'Plural-Forms'

echo "1..$n"
exit $failed
