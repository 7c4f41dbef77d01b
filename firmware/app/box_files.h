/* How a box changes its folders: each of these is one step that a power cut can come before or
 * after. Chosen at link time, so that a test can record the steps and cut between any two. */
#ifndef PARVIS_APP_BOX_FILES_H
#define PARVIS_APP_BOX_FILES_H

#include "base/cc.h"

/* A new directory for the owner alone; one that is there already is no error. */
NODISCARD int box_files_make_dir(const char *path);

/* A new file for the owner alone, open for reading and writing: a descriptor, or -errno. */
NODISCARD int box_files_create(const char *path);

/* Makes the bytes of a file that was created so last; `path` is its name. */
NODISCARD int box_files_sync(int fd, const char *path);

/* Makes the names in a directory last. */
NODISCARD int box_files_sync_dir(const char *path);

NODISCARD int box_files_rename(const char *from, const char *to);

/* A file or an empty directory; one that is not there is no error. */
NODISCARD int box_files_remove(const char *path);

#endif
