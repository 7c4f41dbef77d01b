#!/bin/sh
# A fresh Debian 13 builds, runs and tests this tree.
exec sh tests/system/lib/debian.sh 13 trixie
