#include "night/attendance.h"

#include "base/text.h"
#include "event/code.h"
#include "night/tally.h"
#include "store/people.h"
#include "store/sorter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 6

struct joining {
	const struct event *event;
	struct sorter *people;
	struct sorter_record next;
	bool more; /* `next` is a person who was not given yet */
	int64_t from_ms, until_ms;
	uint8_t ticket[TICKET_HASH_SIZE];
	bool open;  /* a ticket's rows are being read */
	bool badge; /* it was made for a walk-in */
	struct attendance_visit visits[ATTENDANCE_VISITS_MAX];
	size_t count;
	uint64_t dropped; /* entries of this ticket that no longer had room */
	int (*take)(void *context, const struct attendance *who);
	void *context;
	uint64_t others;
};

static int keep(void *context, const struct person *who)
{
	struct joining *j = context;
	uint8_t hash[TICKET_HASH_SIZE], record[SORTER_RECORD_MAX];
	const char *const texts[TEXTS] = { who->code, who->name, who->email, who->type, who->venue,
		who->source };
	size_t used = 1;
	if (!who->known)
		return 0;
	record[0] = who->revoked != 0;
	for (int i = 0; i < TEXTS; i++) {
		size_t len = strlen(texts[i]) + 1;
		if (len > sizeof(record) - used)
			return -EMSGSIZE;
		memcpy(record + used, texts[i], len);
		used += len;
	}
	code_hash(j->event, who->code, who->code_len, hash);
	return sorter_add(j->people, hash, record, used);
}

static int advance(struct joining *j)
{
	int got = sorter_next(j->people, &j->next);
	j->more = got == 1;
	return got < 0 ? got : 0;
}

static void add_entry(struct attendance *a, const struct attendance_visit *v)
{
	if (!a->entries++)
		a->first = v;
	for (size_t i = 0; i < a->venue_count; i++)
		if (!strcmp(a->venues[i], v->venue))
			return;
	if (a->venue_count < ATTENDANCE_VENUES_MAX)
		text_copy(a->venues[a->venue_count++], ID_SIZE, v->venue);
}

static int give(struct joining *j, bool came)
{
	const char *at = (const char *)j->next.bytes + 1, *texts[TEXTS];
	for (int i = 0; i < TEXTS; i++) {
		texts[i] = at;
		at += strlen(at) + 1;
	}
	struct attendance a = { texts[0], texts[1], texts[2], texts[3], texts[4], texts[5],
		.revoked = j->next.bytes[0], .visits = j->visits,
		.visit_count = came ? j->count : 0 };
	for (size_t i = 0; i < a.visit_count; i++)
		if (!j->visits[i].out)
			add_entry(&a, &j->visits[i]);
	a.entries += came ? j->dropped : 0;
	return j->take(j->context, &a);
}

/* Those before this ticket did not come; NULL: nobody is left who did. */
static int give_up_to(struct joining *j, const uint8_t *ticket)
{
	int error = 0;
	while (!error && j->more &&
		(!ticket || memcmp(j->next.key, ticket, TICKET_HASH_SIZE) < 0)) {
		error = give(j, false);
		if (!error)
			error = advance(j);
	}
	return error;
}

static bool came_in(const struct joining *j)
{
	for (size_t i = 0; i < j->count; i++)
		if (!j->visits[i].out)
			return true;
	return j->dropped > 0;
}

static int end_ticket(struct joining *j)
{
	if (!j->open)
		return 0;
	int error = give_up_to(j, j->ticket);
	if (error)
		return error;
	if (!j->more || memcmp(j->next.key, j->ticket, TICKET_HASH_SIZE) != 0) {
		j->others += !j->badge && came_in(j);
		return 0;
	}
	error = give(j, true);
	return error ? error : advance(j);
}

/* An undo comes after what it takes back, and mostly soon. */
static void take_back(struct joining *j, const struct row *row)
{
	for (size_t i = j->count; i--;) {
		struct attendance_visit *v = &j->visits[i];
		if (v->seq != row->undoes || v->epoch != row->epoch ||
			memcmp(v->device, row->device, DEVICE_ID_SIZE) != 0)
			continue;
		memmove(v, v + 1, (j->count - i - 1) * sizeof(*v));
		j->count--;
		return;
	}
}

/* Half of them give way at once, so that a ticket with very many rows takes no longer. */
static void make_room(struct joining *j)
{
	const size_t half = ATTENDANCE_VISITS_MAX / 2;
	if (j->count < ATTENDANCE_VISITS_MAX)
		return;
	for (size_t i = 1; i <= half; i++)
		j->dropped += !j->visits[i].out;
	memmove(&j->visits[1], &j->visits[half + 1], (j->count - half - 1) * sizeof(*j->visits));
	j->count -= half;
}

static void visit(struct joining *j, const struct row *row)
{
	make_room(j);
	struct attendance_visit *v = &j->visits[j->count++];
	*v = (struct attendance_visit){ .epoch = row->epoch,
		.seq = row->seq,
		.ms = tally_moment(row, j->from_ms, j->until_ms),
		.out = row->direction == DIRECTION_OUT };
	memcpy(v->device, row->device, DEVICE_ID_SIZE);
	text_copy(v->venue, ID_SIZE, row->venue);
}

static int take_row(void *context, const struct row *row)
{
	struct joining *j = context;
	if (!j->open || memcmp(j->ticket, row->ticket, TICKET_HASH_SIZE) != 0) {
		int error = end_ticket(j);
		if (error)
			return error;
		memcpy(j->ticket, row->ticket, TICKET_HASH_SIZE);
		j->open = true;
		j->badge = false;
		j->count = 0;
		j->dropped = 0;
	}
	if (row->kind == ROW_WALK_IN)
		j->badge = true;
	if (row->kind == ROW_UNDO)
		take_back(j, row);
	else if (row->direction == DIRECTION_IN || row->direction == DIRECTION_OUT)
		visit(j, row);
	return 0;
}

static int read_people(struct joining *j, const char *event_dir)
{
	struct people *p;
	int error = people_open(&p, event_dir, j->event);
	if (error)
		return error;
	error = people_each(p, keep, j);
	people_close(p);
	return error ? error : advance(j);
}

int attendance_each(struct night *n, const struct event *e, const char *event_dir,
	const struct figures *f, int (*take)(void *context, const struct attendance *who),
	void *context, uint64_t *others)
{
	struct joining *j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->event = e;
	j->from_ms = f->start_ms;
	j->until_ms = f->start_ms + (int64_t)f->slot_count * FIGURES_SLOT_MS;
	j->take = take;
	j->context = context;
	/* Their names are in these records: where people.db is, no further. */
	int error = sorter_open(&j->people, event_dir, 0);
	if (!error)
		error = read_people(j, event_dir);
	if (!error)
		error = night_each(n, NIGHT_BY_TICKET, take_row, j);
	if (!error)
		error = end_ticket(j);
	if (!error)
		error = give_up_to(j, NULL);
	*others = j->others;
	sorter_close(j->people);
	free(j);
	return error;
}
