/* Answers of a pretix server, one after the other: asked again where that may help, page by page to
 * the end. Says on standard error what went wrong, without token, code or name. One thread. */
#ifndef PARVIS_CLI_PRETIX_FETCH_H
#define PARVIS_CLI_PRETIX_FETCH_H

#include "base/cc.h"
#include "event/pretix.h"
#include "port/http.h"

#include <stdbool.h>

#define PRETIX_PAGES_MAX   100000
#define PRETIX_WAIT_MAX_S  120 /* longer than this nobody waits for a server that asks for it */
#define PRETIX_RETRIES_MAX 20

struct pretix_fetch {
	struct http *http;
	char base[256];   /* /api/v1/organizers/ORG/, mostly with events/EVENT/ */
	unsigned retries; /* after the first try of each page */
	int64_t started_ms;
	bool shows; /* progress, after two seconds */
	bool shown; /* a line of progress is on the terminal */
};

/* Reads one page; as the readers of event/pretix.h. */
typedef int pretix_read_page(void *context, const struct http_answer *answer,
	struct pretix_page *page, char why[PRETIX_WHY_SIZE]);

/* Gets `what` (such as "items/" or "orders/?page_size=1"). 0 for an answer of status 200 alone.
 * -ENOENT where the server has no such thing, which is told unless `optional`; -EPERM for any other
 * refusal, -EAGAIN when the retries are used up, otherwise as http_get(): all of these told. */
NODISCARD int pretix_fetch(
	struct pretix_fetch *f, const char *what, bool optional, struct http_answer *out);

/* Posts JSON to `what`; asked again where no answer came, or one of status 408, 429 or 5xx: for
 * what may be posted twice. 0 for any other answer: what it says is the caller's to judge. -EAGAIN
 * when the retries are used up; out->status is then the last answer's, or 0 where there was none.
 * Otherwise as http_post(). Failures are told. */
NODISCARD int pretix_post(struct pretix_fetch *f, const char *what, const char *json, size_t len,
	struct http_answer *out);

/* Tells that the server refuses, with its reason and what may help. */
void pretix_refused(struct pretix_fetch *f, const char *what, const struct http_answer *a);

/* Reads all pages of what?query (query may be ""). As above, and -EBADMSG for an answer that is not
 * as documented, told; what `read` returns otherwise ends it, untold. `generated` (may be NULL)
 * gets the moment that the first page carries, fit to stand in a query; "" where it has none. */
NODISCARD int pretix_fetch_all(struct pretix_fetch *f, const char *what, const char *query,
	bool optional, pretix_read_page *read, void *context, char generated[64]);

/* A moment of X-Page-Generated as a value in a query; "" for what is none. */
void pretix_moment(char out[64], const char *generated);

/* Ends the line of progress. */
void pretix_fetch_quiet(struct pretix_fetch *f);

#endif
