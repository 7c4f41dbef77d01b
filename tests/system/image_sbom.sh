#!/bin/sh
# The SBOM that board/image/sbom.sh makes of a list of packages, judged by CycloneDX's own schema out of
# npm: of images that lie in build/image/, else of this machine's packages.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

if ! command -v npm >/dev/null || ! command -v jq >/dev/null; then
	skip "the SBOM" "there is no npm or no jq"
	done_testing
fi
mkdir "$DIR/npm"
if ! (cd "$DIR/npm" && npm init -y && timeout 300 npm install --no-audit --no-fund \
	@cyclonedx/cyclonedx-library@10 ajv@8 ajv-formats@3 ajv-formats-draft2019@1) \
	>"$DIR/npm.log" 2>&1; then
	skip "the SBOM" "npm cannot be reached"
	done_testing
fi
cp tests/system/image_sbom.mjs "$DIR/npm"

# shellcheck disable=SC2016 # dpkg-query's own
dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' |
	LC_ALL=C sort >"$DIR/packages"
SOURCE_DATE_EPOCH=1795305600
export SOURCE_DATE_EPOCH
sh board/image/sbom.sh amd64 0.1.0+1 / "$DIR/packages" >"$DIR/here.cdx.json"
is "it is made" 0 $?
sh board/image/sbom.sh amd64 0.1.0+1 / "$DIR/packages" >"$DIR/again.cdx.json"
cmp -s "$DIR/here.cdx.json" "$DIR/again.cdx.json"
is "twice, it is the same" 0 $?
is "every package is in it" "$(wc -l <"$DIR/packages")" "$(jq '.components | length' "$DIR/here.cdx.json")"
is "with versions, under names of their own" "$(wc -l <"$DIR/packages")" \
	"$(jq '[.components[] | select(.version != "") | .purl] | unique | length' "$DIR/here.cdx.json")"

set -- "$DIR/here.cdx.json"
for made in build/image/*/parvis-*.cdx.json; do
	[ ! -s "$made" ] || set -- "$@" "$PWD/$made"
done
(cd "$DIR/npm" && node image_sbom.mjs "$@") >"$DIR/valid" 2>&1
is "each is valid CycloneDX" "0 $#" "$? $(grep -c ' valid$' "$DIR/valid")"

jq '.components[0] += { flavour: "sweet" }' "$DIR/here.cdx.json" >"$DIR/spoilt.cdx.json"
(cd "$DIR/npm" && node image_sbom.mjs "$DIR/spoilt.cdx.json") >"$DIR/valid" 2>&1
is "what the standard does not know is noticed" 1 $?
done_testing
