#include "store/people_seal.h"

#include "base/mailbox.h"
#include "store/roster.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define BATCHES 4

struct people_seal {
	struct roster *roster;
	struct mailbox *full, *empty;
	struct row_batch *batches;
	pthread_t thread;
	bool running, finished;
	bool whole; /* set before the thread is told of the end */
	int error;  /* the thread's, until it was joined */
};

static int seal_rows(struct roster *roster, const struct people_row *rows, size_t count)
{
	struct roster_person people[ROSTER_GROUP];
	for (size_t i = 0; i < count; i++)
		people[i] = (struct roster_person){ .code = rows[i].text[ROW_CODE],
			.code_len = rows[i].length[ROW_CODE],
			.name = rows[i].text[ROW_NAME],
			.type = rows[i].text[ROW_TYPE],
			.venue = rows[i].text[ROW_VENUE],
			.known = rows[i].known,
			.revoked = rows[i].revoked != 0,
			.hash = rows[i].hash,
			.secret = rows[i].has_secret ? rows[i].secret : NULL };
	return roster_add_many(roster, people, count);
}

static int seal_batch(struct roster *roster, const struct row_batch *b)
{
	struct people_row rows[ROSTER_GROUP];
	size_t at = 0, count;
	int error = 0;
	do {
		count = 0;
		while (count < ROSTER_GROUP && batch_take(b, &at, &rows[count]))
			count++;
		error = seal_rows(roster, rows, count);
	} while (!error && count == ROSTER_GROUP);
	return error;
}

static void *seal_all(void *context)
{
	struct people_seal *s = context;
	struct row_batch *b = NULL;
	while (mailbox_wait(s->full, &b, -1) == 0 && b) {
		if (!s->error)
			s->error = seal_batch(s->roster, b);
		int error = mailbox_put(s->empty, &b);
		CHECK(!error); /* there is room for every batch */
	}
	if (!s->error && s->whole)
		s->error = roster_flush(s->roster);
	return NULL;
}

int people_seal_begin(struct people_seal **out, struct roster *roster)
{
	struct people_seal *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->roster = roster;
	int error = mailbox_open(&s->full, sizeof(struct row_batch *), BATCHES + 1);
	if (!error)
		error = mailbox_open(&s->empty, sizeof(struct row_batch *), BATCHES);
	if (!error && !(s->batches = calloc(BATCHES, sizeof(*s->batches))))
		error = -ENOMEM;
	for (size_t i = 0; !error && i < BATCHES; i++) {
		struct row_batch *b = &s->batches[i];
		error = mailbox_put(s->empty, &b);
	}
	if (!error)
		error = -pthread_create(&s->thread, NULL, seal_all, s);
	s->running = !error;
	if (error) {
		int nothing = people_seal_end(s);
		CHECK(!nothing);
		return error;
	}
	*out = s;
	return 0;
}

int people_seal_batch(struct people_seal *s, struct row_batch **out)
{
	int error = mailbox_wait(s->empty, out, -1);
	if (!error)
		(*out)->used = 0;
	return error;
}

void people_seal_hand_over(struct people_seal *s, const struct row_batch *b)
{
	int error = mailbox_put(s->full, &b);
	CHECK(!error); /* there is room for every batch and the end */
}

void people_seal_finish(struct people_seal *s, bool whole)
{
	if (s->finished)
		return;
	s->finished = true;
	s->whole = whole;
	people_seal_hand_over(s, NULL);
}

int people_seal_end(struct people_seal *s)
{
	if (!s)
		return 0;
	if (s->running) {
		people_seal_finish(s, false);
		pthread_join(s->thread, NULL);
	}
	int error = s->error;
	mailbox_close(s->full);
	mailbox_close(s->empty);
	free(s->batches);
	free(s);
	return error;
}
