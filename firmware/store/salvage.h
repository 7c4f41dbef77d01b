/* Reads a log.db that may be damaged or was changed by somebody: everything that can be read, each
 * row judged, and each place where something is not as it was written. Reads only; the file may be
 * in use, or a copy with or without its -wal. Any thread. */
#ifndef PARVIS_STORE_SALVAGE_H
#define PARVIS_STORE_SALVAGE_H

#include "store/row_line.h"

struct salvage {
	void *context;
	/* A row, in the order of its number; fault FLAW_NONE: it is as it was written. Non-zero
	 * ends the reading and is returned. */
	int (*row)(void *context, const struct row *row, enum row_flaw fault);
	/* Rows that are not there, and what is wrong with the file; `what` may be more than the
	 * fault's text. chain NULL: of the file. */
	int (*fault)(void *context, const struct chain *chain, uint64_t first, uint64_t last,
		enum row_flaw fault, const char *what);
	/* The number that a chain had reached when the file was written. */
	int (*promise)(void *context, const struct chain *chain, uint64_t last);
};

/* -ENOENT: no such file; -EBADMSG: nothing of it can be read as a log; otherwise -errno. */
NODISCARD int salvage_log(const char *path, const struct salvage *to);

/* What a SQLite file is by its application: "log", "night", "peers", or NULL. */
const char *salvage_kind(const char *path);

#endif
