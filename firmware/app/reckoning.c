#include "app/reckoning.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS      60000
#define MINUTES        64 /* more than the twenty that are asked for: a ring by wall time */
#define FIRST_CAPACITY 1024

/* A ticket by the start of its keyed hash, which is as good as chance: among a million tickets, two
 * of the same eight bytes are one chance in 37 million. */
struct guest {
	uint64_t ticket; /* 0 = a free place */
	int32_t entries; /* less those that were undone */
	uint32_t chain;  /* of an entry: enough to tell two apart */
	bool twice;      /* there were entries by two chains */
};

struct reckoning {
	struct headcount count;
	struct guest *guests; /* a hash table with open addressing, a power of two in size */
	size_t capacity, used;
	int64_t people;
	struct {
		int64_t minute;
		uint32_t entries;
	} minutes[MINUTES];
};

int reckoning_open(struct reckoning **out, const char *venue)
{
	struct reckoning *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->capacity = FIRST_CAPACITY;
	t->guests = calloc(t->capacity, sizeof(*t->guests));
	if (!t->guests) {
		free(t);
		return -ENOMEM;
	}
	headcount_init(&t->count, venue, 0);
	*out = t;
	return 0;
}

void reckoning_close(struct reckoning *t)
{
	if (!t)
		return;
	free(t->guests);
	free(t);
}

static struct guest *place_of(struct guest *guests, size_t capacity, uint64_t ticket)
{
	size_t i = (size_t)ticket & (capacity - 1);
	while (guests[i].ticket && guests[i].ticket != ticket)
		i = (i + 1) & (capacity - 1);
	return &guests[i];
}

static int grow(struct reckoning *t)
{
	size_t capacity = t->capacity * 2;
	struct guest *guests = calloc(capacity, sizeof(*guests));
	if (!guests)
		return -ENOMEM;
	for (size_t i = 0; i < t->capacity; i++)
		if (t->guests[i].ticket)
			*place_of(guests, capacity, t->guests[i].ticket) = t->guests[i];
	free(t->guests);
	t->guests = guests;
	t->capacity = capacity;
	return 0;
}

/* The guest of a row; NULL where it has no ticket, or *error. */
static struct guest *find_guest(struct reckoning *t, const struct row *row, int *error)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	uint64_t ticket;
	*error = 0;
	if (!memcmp(row->ticket, none, sizeof(none)))
		return NULL;
	if (t->used >= t->capacity / 2)
		*error = grow(t);
	if (*error)
		return NULL;
	memcpy(&ticket, row->ticket, sizeof(ticket));
	ticket += ticket == 0;
	struct guest *g = place_of(t->guests, t->capacity, ticket);
	t->used += g->ticket == 0;
	g->ticket = ticket;
	return g;
}

static int count_guest(struct reckoning *t, const struct row *row, int step, bool *again)
{
	int error;
	struct guest *g = find_guest(t, row, &error);
	if (!g) {
		t->people += error ? 0 : step;
		return error;
	}
	uint32_t chain;
	memcpy(&chain, row->device, sizeof(chain));
	chain ^= row->epoch;
	if (step > 0) {
		g->twice |= g->entries > 0 && g->chain != chain;
		g->chain = chain;
	}
	int before = g->entries > 0;
	g->entries += step;
	t->people += (g->entries > 0) - before;
	*again = g->twice;
	return 0;
}

static void count_minute(struct reckoning *t, const struct row *row)
{
	int64_t minute = row->at.wall_ms / MINUTE_MS;
	size_t i = (size_t)(minute < 0 ? 0 : minute) % MINUTES;
	if (minute < t->minutes[i].minute)
		return; /* an hour later than somebody else's clock */
	if (minute > t->minutes[i].minute)
		t->minutes[i].entries = 0;
	t->minutes[i].minute = minute;
	t->minutes[i].entries++;
}

/* How often the guest of a row has come in by it: 1, 0, or −1 where an entry is taken back. */
static int step_of(const struct row *row)
{
	if (row->kind == ROW_UNDO)
		return row->direction == DIRECTION_IN && row->amount > 0 ? -1 : 0;
	return row->kind != ROW_ADJUST && headcount_effect(row) > 0;
}

int reckoning_row(struct reckoning *t, const struct row *row, bool *again)
{
	*again = false;
	headcount_apply(&t->count, row);
	if (strcmp(row->venue, t->count.venue) || row->kind == ROW_ADJUST ||
		(row->direction == DIRECTION_NONE && row->kind != ROW_UNDO))
		return 0;
	int step = step_of(row);
	if (step > 0)
		count_minute(t, row);
	return count_guest(t, row, step, again);
}

void reckoning_figures(const struct reckoning *t, int64_t now_ms, struct reckoning_figures *out)
{
	int64_t now = now_ms / MINUTE_MS;
	*out = (struct reckoning_figures){
		.present = headcount_present(&t->count), .people = t->people, .entries = t->count.in
	};
	for (size_t i = 0; i < MINUTES; i++) {
		int64_t age = now - t->minutes[i].minute;
		if (age >= 0 && age < 10)
			out->last_ten += t->minutes[i].entries;
		else if (age >= 10 && age < 20)
			out->ten_before += t->minutes[i].entries;
	}
}
