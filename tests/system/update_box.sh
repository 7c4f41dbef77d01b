#!/bin/sh
# Updates of a booted box: from a stick, when no event is on, proven or given up after three starts
# (tests/system/vm/update_box.py). Bundles are made here and signed with the keys that the image was made
# with. Speaks TAP.
#
#   PARVIS_KEYS      where these are (build/keys)
#   PARVIS_UPDATER   where the Debian that makes bundles lies, made once (build/updater)
. tests/system/lib/chroot.sh
. tests/system/lib/updater.sh

[ "$(id -u)" != 0 ] || updater_make >&2
export PARVIS_UPDATER="$updater"
exec sh tests/system/lib/machine.sh update_box "updates of a booted box"
