#!/bin/sh
# Ways out of the box, tried on the image that ships (tests/system/vm/breakout.py). Speaks TAP.
#
#   PARVIS_PARTS     which of them (all)
#   PARVIS_PUBLISH   a file that is to have board/BREAKOUT.md with what came
# shellcheck disable=SC2086 # words are wanted
exec sh tests/system/lib/machine.sh breakout "ways out of a box" ${PARVIS_PARTS:-}
