/* The figures of a night as a data set that may be published: a Frictionless tabular data package
 * of counts by venue and ten minutes under Licence Ouverte 2.0, with DCAT metadata in French and
 * English. What nobody may learn from it is night/release.h's business. The same figures give the
 * same bytes. One thread. */
#ifndef PARVIS_NIGHT_OPEN_DATA_H
#define PARVIS_NIGHT_OPEN_DATA_H

#include "base/cc.h"
#include "night/figures.h"
#include "night/release.h"

#define OPEN_DATA_SCHEMA "open-data/attendance.schema.json" /* in the assets folder */

/* Hiding what would tell of few people takes the square of this: a minute for a thousand venues. */
#define OPEN_DATA_VENUES_MAX 1024

struct open_data {
	const struct event *event;
	const struct figures *figures;
	const char *schema;    /* the text of OPEN_DATA_SCHEMA */
	const char *publisher; /* "" where it is not known */
	int64_t made_ms;
};

/* Takes one file of the package; non-zero (-errno) ends the writing and is what the call gives. */
typedef int open_data_file(void *context, const char *name, const char *bytes, size_t len);

/* The counts that are published, by venue of the event and ten minutes from *first_ms on, not yet
 * protected. -ENOMEM; -E2BIG for more venues than OPEN_DATA_VENUES_MAX. Release with
 * release_free(). */
NODISCARD int open_data_counts(struct release *out, int64_t *first_ms, const struct open_data *o);

/* Writes the package of counts that release_protect() has seen. -ENOMEM, -EINVAL for a schema that
 * is no JSON, or what `file` gave. */
NODISCARD int open_data_write(const struct open_data *o, const struct release *r, int64_t first_ms,
	open_data_file *file, void *context);

#endif
