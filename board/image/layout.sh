# Sourced: how a box's disk is laid out, in MiB; the same for every board. In front of the first
# partition are the two copies of the A/B state, at sectors 2048 and 4096. The disk's signature gives
# its partitions their names (PARTUUID=SIGNATURE-04 is /data).
# shellcheck shell=sh disable=SC2034
disk_signature=50415256
boot_start=8
boot_size=128
slot_size=768
data_size=256

# The file systems' own, so that a disk made twice is the same twice.
boot_id=50415201
root_uuid=50415256-0000-4000-8000-000000000002
data_uuid=50415256-0000-4000-8000-000000000004

root_a_start=$((boot_start + boot_size))
root_b_start=$((root_a_start + slot_size))
data_start=$((root_b_start + slot_size))
disk_size=$((data_start + data_size))
