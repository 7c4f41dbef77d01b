/* Where this program's assets are: fonts, sounds, the demo event. Any thread. */
#ifndef PARVIS_BASE_ASSETS_H
#define PARVIS_BASE_ASSETS_H

#include "base/cc.h"

#include <limits.h>
#include <stdbool.h>

/* Beside an installed program, or in the tree that it was built from. False where neither is; out
 * is then undefined. */
NODISCARD bool assets_find(char out[PATH_MAX]);

#endif
