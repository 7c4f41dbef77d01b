#!/bin/sh
# board/image/sbom.sh ARCH VERSION ROOT PACKAGES: an SPDX 2.3 document, as JSON, of a box's root. PACKAGES
# is its list of packages (name, version, architecture, source, source's version). Needs jq. What is
# the same in two roots is the same in two documents: the document's name is a hash of its packages.
set -eu

arch=$1 version=$2 root=$3 packages=$4
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
hash=$(sha256sum <"$packages" | cut -c 1-40)

# Which copyright notice a package came with, by its hash: licences are told there, in full.
notices=$(mktemp)
trap 'rm -f "$notices"' EXIT
cut -f 1 "$packages" | while read -r name; do
	notice=$root/usr/share/doc/$name/copyright
	[ ! -f "$notice" ] || printf '%s\t%s\n' "$name" "$(sha256sum <"$notice" | cut -d ' ' -f 1)"
done >"$notices"

jq -n --rawfile packages "$packages" --rawfile notices "$notices" --arg arch "$arch" \
	--arg version "$version" --arg created "$created" --arg hash "$hash" '
def lines: split("\n") | map(select(. != "") | split("\t"));
def id: gsub("[^A-Za-z0-9.-]"; "-");
def uri: @uri | gsub("%3A"; ":");
($notices | lines | map({ (.[0]): .[1] }) | add) as $notice |
($packages | lines) as $all |
{
	spdxVersion: "SPDX-2.3",
	dataLicense: "CC0-1.0",
	SPDXID: "SPDXRef-DOCUMENT",
	name: "parvis-\($arch)-\($version)",
	documentNamespace: "https://spdx.org/spdxdocs/parvis-\($arch)-\($version)-\($hash)",
	creationInfo: { created: $created, creators: ["Tool: parvis-board-image-\($version)"] },
	documentDescribes: ["SPDXRef-Image"],
	packages: ([{
		SPDXID: "SPDXRef-Image",
		name: "parvis-image",
		versionInfo: $version,
		primaryPackagePurpose: "OPERATING-SYSTEM",
		downloadLocation: "NOASSERTION",
		filesAnalyzed: false,
		licenseConcluded: "NOASSERTION",
		licenseDeclared: "NOASSERTION",
		copyrightText: "NOASSERTION"
	}] + [$all[] | {
		SPDXID: "SPDXRef-Package-\(.[0] | id)-\(.[2] | id)",
		name: .[0],
		versionInfo: .[1],
		supplier: (if .[0] | startswith("parvis") then "Organization: The Parvis authors"
			else "Organization: Debian" end),
		downloadLocation: "NOASSERTION",
		filesAnalyzed: false,
		sourceInfo: "built from the source package \(.[3]) \(.[4])",
		licenseConcluded: "NOASSERTION",
		licenseDeclared: "NOASSERTION",
		copyrightText: "NOASSERTION",
		externalRefs: [{
			referenceCategory: "PACKAGE-MANAGER",
			referenceType: "purl",
			referenceLocator: "pkg:deb/debian/\(.[0] | uri)@\(.[1] | uri)?arch=\(.[2])&distro=trixie"
		}]
	} + (if $notice[.[0]] then
		{ comment: "copyright notice /usr/share/doc/\(.[0])/copyright, sha256 \($notice[.[0]])" }
	else {} end)]),
	relationships: ([{
		spdxElementId: "SPDXRef-DOCUMENT",
		relationshipType: "DESCRIBES",
		relatedSpdxElement: "SPDXRef-Image"
	}] + [$all[] | {
		spdxElementId: "SPDXRef-Image",
		relationshipType: "CONTAINS",
		relatedSpdxElement: "SPDXRef-Package-\(.[0] | id)-\(.[2] | id)"
	}])
}'
