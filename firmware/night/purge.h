/* Letting go: files with people's names, e-mail addresses and codes are overwritten and removed,
 * and what is left is searched for what should be gone.
 *
 * Overwriting does what it says on a disk that writes in place. A flash card writes elsewhere and
 * keeps the old pages until it needs them: against whoever reads the chips only that helps which
 * never lay there in the clear. So keys go first: without the hash key and the codes, what a box
 * has of names is sealed, and its rows are numbers. One thread. */
#ifndef PARVIS_NIGHT_PURGE_H
#define PARVIS_NIGHT_PURGE_H

#include "base/cc.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than this of one file is removed without being overwritten. */
#define PURGE_OVERWRITE_MAX (INT64_C(64) << 20)

/* Overwrites with zeros, syncs and truncates what is open, for example after its name was taken by
 * another file. */
NODISCARD int purge_open_file(int fd);

/* Overwrites with zeros, syncs, truncates and removes a file. -ENOENT, -EACCES, -EIO, … A link is
 * removed, what it leads to is left alone. */
NODISCARD int purge_file(int dir_fd, const char *name, int64_t *bytes);

/* What identifies people: their codes, addresses and whole names. */
struct purge_words;

/* From DIR/people.db. -ENOENT: nobody is there; otherwise as people_open(). *out only on success.
 */
NODISCARD int purge_words_read(
	struct purge_words **out, const char *event_dir, const struct event *e, uint64_t *people);
void purge_words_free(struct purge_words *w);

/* Whether a file has one of them, as UTF-8 or, where it is ASCII, as UTF-16. */
NODISCARD int purge_words_in(const struct purge_words *w, int fd, bool *found);

/* Whether a text has one of them. */
bool purge_words_in_text(const struct purge_words *w, const char *text, size_t len);

/* Each file below a directory, deepest first, links and devices left out; `path` is relative to it.
 * Non-zero from `take` stops and is returned. Directories are given after what is in them. */
NODISCARD int purge_walk(int dir_fd,
	int (*take)(void *context, int dir_fd, const char *name, const char *path, bool directory),
	void *context);

#endif
