#!/bin/sh
# An evening at a door with the image that ships (tests/system/vm/evening.py). Speaks TAP.
#
#   PARVIS_SCENARIOS   which of them (all)
# shellcheck disable=SC2086 # words are wanted
exec sh tests/system/lib/machine.sh evening "an evening at the door" ${PARVIS_SCENARIOS:-}
