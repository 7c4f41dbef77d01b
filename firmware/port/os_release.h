/* Which system runs this program, by os-release(5): on a box of ours that is what was flashed or
 * came as an update, of which the program is a part. Any thread. */
#ifndef PARVIS_PORT_OS_RELEASE_H
#define PARVIS_PORT_OS_RELEASE_H

#include "base/cc.h"

#include <stdbool.h>

#define OS_RELEASE          "/etc/os-release"
#define SYSTEM_VERSION_SIZE 32 /* with the 0 */

/* What the file says of a system of ours: "0.1.0+20261122142022". False, and version is "": of
 * another system, not to be read, or no version. */
bool os_release_version(const char *path, char version[SYSTEM_VERSION_SIZE]);

#endif
