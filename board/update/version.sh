#!/bin/sh
# board/update/version.sh VERSION: the version of an image or of the running system, VERSION+STAMP, as
# RAUC compares it: by semantic versioning, which looks at nothing behind a plus.
set -eu

printf '%s\n' "${1:?usage: board/update/version.sh VERSION+STAMP}" | tr + -
