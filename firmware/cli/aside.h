/* Results that come into being whole or not at all: a file or a directory of files, made under
 * another name beside its place (`path.XXXXXX`, readable by its owner alone) and renamed when all
 * is written. One thread. */
#ifndef PARVIS_CLI_ASIDE_H
#define PARVIS_CLI_ASIDE_H

#include "base/cc.h"

#include <limits.h>
#include <stdbool.h>

/* All zero: none. */
struct aside {
	char path[PATH_MAX], made[PATH_MAX]; /* made: "" where there is nothing to undo */
	FILE *file;                          /* of a file; in a directory, the one being written */
	int dir_fd;
	bool directory;
};

/* Begins. -ENAMETOOLONG, -EISDIR or -ENOTDIR where something of the other kind has the name,
 * -ENOTEMPTY for a directory with anything in it; otherwise what the system says. A file that has
 * the name is replaced at the end. */
NODISCARD int aside_open_file(struct aside *a, const char *path);
NODISCARD int aside_open_directory(struct aside *a, const char *path);

/* Within a directory: a new file, a->file, until the next call that ends it. */
NODISCARD int aside_begin(struct aside *a, const char *name);
NODISCARD int aside_end(struct aside *a);

/* Appends to a->file; a writer as ui/paper/paper.h has them. context: the struct aside. */
NODISCARD int aside_write(void *context, const void *bytes, size_t len);

/* Makes it durable and gives it its name. On failure nothing has that name anew. */
NODISCARD int aside_commit(struct aside *a);

/* Removes what was not committed, and frees. All zero is allowed. */
void aside_close(struct aside *a);

#endif
