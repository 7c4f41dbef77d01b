#!/bin/sh
# From the plug to the first guest, beside the same image booted to a bare shell; memory; sizes
# (tests/system/vm/boot_time.py). Speaks TAP.
exec sh tests/system/lib/machine.sh boot_time "boot to the first guest"
