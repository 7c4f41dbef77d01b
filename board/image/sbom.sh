#!/bin/sh
# board/image/sbom.sh ARCH VERSION ROOT PACKAGES: the software bill of materials of a box's root, a
# CycloneDX 1.6 document as JSON. PACKAGES is the list of its packages (name, version, architecture,
# source, source's version). Needs jq. The document's number is a hash of what it tells: the same
# packages give the same document.
set -eu

arch=$1 version=$2 root=$3 packages=$4
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# A random number's form (RFC 9562), with a hash in place of the random bits.
number=$({
	echo "$arch $version $created"
	cat "$packages"
} | sha256sum | sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/')

# Which copyright notice a package came with: the terms are told there, in full. One that is a link, or
# that a package shares with another of its source, is not found under its own name.
notices=$(mktemp)
trap 'rm -f "$notices"' EXIT
cut -f 1 "$packages" | while read -r name; do
	notice=$root/usr/share/doc/$name/copyright
	if [ -f "$notice" ] && [ ! -L "$notice" ]; then
		printf '%s\t%s\n' "$name" "$(sha256sum <"$notice" | cut -d ' ' -f 1)"
	fi
done >"$notices"

jq -n --rawfile packages "$packages" --rawfile notices "$notices" --arg arch "$arch" \
	--arg version "$version" --arg created "$created" --arg number "$number" '
def lines: split("\n") | map(select(. != "") | split("\t"));
def property(name; value): { name: "parvis:\(name)", value: value };
($notices | lines | map({ (.[0]): .[1] }) | add // {}) as $notice |
[$packages | lines[] | {
	name: .[0], version: .[1], source: .[3], source_version: .[4],
	ours: (.[0] | test("^parvis(-|$)")),
	purl: "pkg:deb/debian/\(.[0] | @uri)@\(.[1] | @uri)?arch=\(.[2])&distro=trixie"
}] as $all |
{
	"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
	bomFormat: "CycloneDX",
	specVersion: "1.6",
	serialNumber: "urn:uuid:\($number)",
	version: 1,
	metadata: {
		timestamp: $created,
		component: {
			type: "operating-system",
			"bom-ref": "image",
			name: "parvis-image-\($arch)",
			version: $version
		}
	},
	components: [$all[] | {
		type: (if .ours then "application" else "library" end),
		"bom-ref": .purl,
		publisher: (if .ours then "The Parvis authors" else "Debian" end),
		name: .name,
		version: .version,
		purl: .purl,
		properties: ([property("source"; "\(.source) \(.source_version)")] +
			if $notice[.name] then [property("copyright-notice-sha256"; $notice[.name])] else [] end)
	}],
	dependencies: [{ ref: "image", dependsOn: [$all[].purl] }]
}'
