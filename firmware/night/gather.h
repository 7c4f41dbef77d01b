/* Puts together what many sources have of a night: sticks' sealed copies, data directories as they
 * were copied (log.db with or without its -wal, whole or damaged; peers.db), other stores. Every
 * chain and every signature is looked at; what is good goes into the store, what is not is marked,
 * and what is missing is known by number. Any number of sources, in any order, repeated.
 *
 * One thread. */
#ifndef PARVIS_NIGHT_GATHER_H
#define PARVIS_NIGHT_GATHER_H

#include "event/boxes.h"
#include "event/issuer.h"
#include "night/sealed.h"
#include "store/night.h"

#define GATHER_TEXT_SIZE 200

enum gather_kind {
	GATHER_FOLDER, /* has nothing itself */
	GATHER_LOG,    /* log.db */
	GATHER_PEERS,  /* peers.db */
	GATHER_SEALED,
	GATHER_STORE,
	GATHER_UNKNOWN, /* a file that is none of these */
	GATHER_KINDS
};

/* "log", "peers", "sealed", …; "sealed copy", … for people. */
extern const char *const gather_kind_names[GATHER_KINDS];

/* Something that is not as it should be. */
struct gather_finding {
	bool located; /* in the rows first … last of a chain */
	struct chain chain;
	uint64_t first, last;
	enum row_flaw flaw;
	char text[GATHER_TEXT_SIZE];
};

/* What one file gave. */
struct gather_source {
	enum gather_kind kind;
	char why[GATHER_TEXT_SIZE]; /* nothing could be read: why; "" */
	bool of_box;                /* a sealed copy: `box` wrote it */
	uint8_t box[DEVICE_ID_SIZE];
	uint64_t rows; /* that it has and that are as they were written */
	struct night_taken taken;
	uint64_t findings;
};

struct gather_setup {
	struct night *store;         /* open for writing */
	const struct issuer *issuer; /* NULL: sealed copies cannot be opened */
	const char *event_id;
	int64_t now_ms;
	void *context;
	/* A finding in the file that is being read. May be NULL. */
	void (*finding)(void *context, const char *path, const struct gather_finding *f);
	/* A file has been read. May be NULL. */
	void (*source)(void *context, const char *path, const struct gather_source *s);
};

struct gather;

NODISCARD int gather_open(struct gather **out, const struct gather_setup *setup);
void gather_close(struct gather *g);

/* Takes a file, or every file of these kinds in a folder and in folders in it, in the order of
 * their names. -ENOENT, -EACCES, …: the source itself cannot be reached; what is wrong inside is
 * told as findings. Otherwise an error is the store's (night_why()). */
NODISCARD int gather_take(struct gather *g, const char *path);

/* Looks at all that the store has now: whether every row is what its hash says and follows the one
 * before, whichever sources they came from. Tells findings with the path "". */
NODISCARD int gather_verify(struct gather *g);

/* What is missing: told in the order of (device, epoch). */
struct gather_missing {
	struct chain chain; /* epoch 0: nothing at all was heard of this box */
	uint64_t first, last;
};
NODISCARD int gather_missing(struct gather *g, const struct boxes *boxes,
	int (*take)(void *context, const struct gather_missing *m), void *context);

#endif
