#!/bin/sh
# The machine is killed while it runs and while it starts, and switched on again
# (tests/system/vm/power.py): PARVIS_KILLS (20), PARVIS_COLD_CUTS (3). Speaks TAP.
exec sh tests/system/lib/machine.sh power "power cuts of the whole machine"
