#!/bin/sh
# A fresh Debian 12 builds, runs and tests this tree.
exec sh tests/system/lib/debian.sh 12 bookworm
