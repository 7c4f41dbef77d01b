/* The organiser's registrations in the clear: DIR/people.db, 0600. It never goes to a box: what a
 * door needs is derived from it into DIR/roster.db, which holds neither codes nor names. One
 * thread at a time; sqlite3 inside.
 *
 * An import is sorted by the codes' hashes in bounded memory, then merged with the old file into a
 * new one and into a new roster, each written aside from beginning to end. Both take their names
 * when all is durable; a power cut in between leaves a roster that is ahead, and the next import
 * derives it anew. */
#ifndef PARVIS_STORE_PEOPLE_H
#define PARVIS_STORE_PEOPLE_H

#include "base/cc.h"
#include "event/event.h"

#include <stddef.h>
#include <stdint.h>

/* Of one import: where more of its codes are weak, none is stretched (store/seal.h): a million
 * would take hours. */
#define PEOPLE_STRETCHED_MAX 20000

/* Why a code is not good: bits of person.revoked. The seller's files set and clear the first,
 * people_import_revoke() the other. */
#define PEOPLE_BY_SELLER 1U
#define PEOPLE_BY_HAND   2U

struct person {
	const char *code; /* 1 … CODE_MAX bytes, terminated, no NUL inside */
	size_t code_len;
	const char *name, *email, *type, *venue, *source; /* terminated, may be "" */
	uint64_t line; /* of the source, from 1; 0 = unknown. Not kept */
	unsigned revoked;
	bool known; /* somebody is registered; else the code is only revoked */
};

/* --- reading ---------------------------------------------------------------------------------- */

struct people;

/* -ENOENT: nobody was imported yet. -EBADMSG: no file of ours, or of a newer version.
 * -EKEYREJECTED: made with another hash key of the event. */
NODISCARD int people_open(struct people **out, const char *event_dir, const struct event *e);

void people_close(struct people *p);

/* Gives every row, those only revoked included, by venue, name and code. Non-zero from `take` stops
 * and is returned. The strings are valid during the call. */
NODISCARD int people_each(
	struct people *p, int (*take)(void *context, const struct person *who), void *context);

/* How many people are registered alike, and how many of them are revoked. */
struct people_group {
	const char *venue, *type, *source;
	uint64_t registered, revoked;
};

/* Gives every group, by venue, type and source. Otherwise as people_each(). */
NODISCARD int people_groups(
	struct people *p, int (*take)(void *context, const struct people_group *g), void *context);

/* --- importing -------------------------------------------------------------------------------- */

struct people_import;

/* What became of the codes of an import. `revoked` and `restored` count changes; a registration
 * that is new and not good is counted in both added and revoked. */
struct people_report {
	uint64_t added, updated, same, revoked, restored, forgotten;
	uint64_t weak;  /* of the people then known */
	bool stretched; /* the roster's weak codes are */
};

/* source: what the rows came from, for people.source. -EBUSY while another import runs; -ESTALE
 * where there is a roster.db without people.db: what it holds would be lost. Otherwise as
 * people_open(). */
NODISCARD int people_import_open(struct people_import **out, const char *event_dir,
	const struct event *e, const char *source);

/* Without people_import_commit() nothing changes. NULL is allowed. */
void people_import_close(struct people_import *i);

/* Takes a copy. Of `revoked` only PEOPLE_BY_SELLER is looked at. -EINVAL, -ENAMETOOLONG for a code
 * that is none; -EMSGSIZE where the strings have more than 4 KiB. */
NODISCARD int people_import_put(struct people_import *i, const struct person *who);

/* Takes a code, known or not, back by hand, or makes it good again, whoever took it back. */
NODISCARD int people_import_revoke(
	struct people_import *i, const char *code, size_t len, bool revoked);

/* Leaves a code out of both new files, whatever else the import or the old ones say of it. A code
 * taken back is so no longer. The old file's bytes are the caller's to overwrite. */
NODISCARD int people_import_forget(struct people_import *i, const char *code, size_t len);

/* Tells every code that was put twice, in the order of the lines, and gives how many there are. At
 * most the first 100 are told. */
NODISCARD int people_import_twice(struct people_import *i,
	void (*tell)(void *context, uint64_t line, uint64_t earlier), void *context,
	uint64_t *count);

/* -EEXIST where a code was put twice. progress (may be NULL) is called now and then with how many
 * rows are written. */
NODISCARD int people_import_commit(struct people_import *i,
	void (*progress)(void *context, uint64_t rows), void *context, struct people_report *out);

#endif
