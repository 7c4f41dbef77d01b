/* How a sealed copy comes onto a stick: each of these, and each pwrite() of the writer, is one step
 * at which the stick can be pulled. Chosen at link time, so that a test can fail any of them. */
#ifndef PARVIS_APP_STICK_FILES_H
#define PARVIS_APP_STICK_FILES_H

#include "base/cc.h"

/* An empty file, open for writing; one of that name is emptied. A descriptor, or -errno. */
NODISCARD int stick_files_create(const char *path);

/* Makes the bytes of a file last. */
NODISCARD int stick_files_sync(int fd);

/* Makes the names in a directory last. */
NODISCARD int stick_files_sync_dir(const char *path);

NODISCARD int stick_files_rename(const char *from, const char *to);

/* One that is not there is no error. */
NODISCARD int stick_files_remove(const char *path);

/* Whether the file is still in this directory's file system: a stick that was pulled out, or
 * another in its place, is not. 0, -ENODEV or what the system says. */
NODISCARD int stick_files_there(int fd, const char *dir);

#endif
