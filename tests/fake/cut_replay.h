/* The disks that a power cut could have left. A replay walks the journal of a cut_disk from the
 * state at which its recording began; at each step it can build the disk as it might be found if
 * the power went right there.
 *
 * What a file's last sync covers is on every such disk, and so are names from before the last sync
 * of the directory. Of everything later, the kind of cut says what happened to it; names are kept
 * or lost each by itself, in every kind that is not KEPT or LOST. No cut changes a byte that
 * nobody was writing: SQLite calls this powersafe overwrite, and the Unix VFS claims it. */
#ifndef PARVIS_TESTS_CUT_REPLAY_H
#define PARVIS_TESTS_CUT_REPLAY_H

#include "tests/fake/cut_disk.h"

enum cut_kind {
	CUT_KEPT,    /* all of it reached the medium */
	CUT_LOST,    /* none did */
	CUT_SECTORS, /* each sector of 512 bytes by itself; the file's new size too, or not */
	CUT_WRITES,  /* each write as a whole: reordered */
	CUT_TORN, /* all but the newest write, which is torn at 512 or 4,096 bytes or at any byte */
	CUT_JUNK, /* each sector old, new, or nonsense where the write would have gone */
	CUT_KIND_COUNT
};

extern const char *const cut_kind_names[CUT_KIND_COUNT];

struct cut_replay;

/* The recorded disk stays the caller's and must not change meanwhile. Release with
 * cut_replay_free(). */
struct cut_replay *cut_replay_new(const struct cut_disk *recorded);

/* NULL is allowed. */
void cut_replay_free(struct cut_replay *r);

/* Does one more operation of the journal; false at its end. */
bool cut_replay_step(struct cut_replay *r);

/* How many operations were done, and how many of them a cut could undo. */
size_t cut_replay_done(const struct cut_replay *r);
size_t cut_replay_pending(const struct cut_replay *r);

/* Counts up whenever something became durable: between two equal figures, CUT_LOST gives the same
 * disk. */
size_t cut_replay_durable(const struct cut_replay *r);

/* Clears `out` and makes it the disk after this cut. */
void cut_replay_image(
	const struct cut_replay *r, enum cut_kind kind, uint64_t seed, struct cut_disk *out);

/* No cut, but the program was killed and starts anew: clears `out`, makes it the disk as it is with
 * what is durable, begins a recording and does again in it what is pending. */
void cut_replay_go_on(const struct cut_replay *r, struct cut_disk *out);

#endif
