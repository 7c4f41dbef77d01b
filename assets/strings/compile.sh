#!/bin/sh
# Makes C tables of the PO files of a folder: compile.sh OUT.h FOLDER
# Fails, naming file:line, unless every language has every string, with the same placeholders.
set -eu
out=$1
folder=$2
trap 'rm -f "$out.new"' EXIT
LC_ALL=C awk -f "$folder/strings.awk" "$folder/en.po" \
	$(ls "$folder"/*.po | grep -v '/en\.po$') >"$out.new"
mv "$out.new" "$out"
