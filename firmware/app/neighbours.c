/* registered_in is the number of tickets of the roster that came in here, by whichever door: what
 * the log counts, and those that only other doors have let in. To know these, each ticket that
 * another door has let in has a place in a table: how many of its entries stand, and whether our
 * log has one, too. A row changes one place, so that no figure is ever counted through. */
#include "app/neighbours.h"

#include "base/log.h"
#include "base/text.h"
#include "store/peers.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAPACITY 1024
#define SLICE_ROWS     500 /* while everything is folded anew */
#define PAUSE_CALLS    64  /* after a file could not be read */

struct place {
	uint8_t ticket[TICKET_HASH_SIZE];
	int32_t entries; /* of theirs, less those that were undone */
	bool used, registered, ours;
};

struct own_chain {
	struct chain chain;
	uint64_t rows;
};

struct neighbours {
	char dir[PATH_MAX], venue[ID_SIZE];
	int64_t start_ms;
	struct peers *peers;
	int error; /* why there is none; told once */
	uint64_t cursor, latest;
	struct log *log; /* during a refresh */
	bool changed;
	size_t taken;           /* rows, in this refresh */
	unsigned pause;         /* refreshes, before it is tried again */
	struct headcount count; /* of their rows; the peak is the highest sum that was told */
	struct place *places;   /* open addressing, a power of two */
	size_t capacity, used;
	uint64_t only_theirs; /* registered tickets that came in by other doors alone */
	uint64_t own_registered;
	struct chain self;
	struct own_chain *own; /* the log's chains but for self */
	size_t own_count, own_capacity;
};

/* --- tickets ---------------------------------------------------------------------------------- */

/* Tickets are keyed hashes: any of their bytes are as good as chance. */
static struct place *place_of(
	struct place *places, size_t capacity, const uint8_t ticket[TICKET_HASH_SIZE])
{
	uint64_t start;
	memcpy(&start, ticket, sizeof(start));
	size_t i = (size_t)start & (capacity - 1);
	while (places[i].used && memcmp(places[i].ticket, ticket, TICKET_HASH_SIZE) != 0)
		i = (i + 1) & (capacity - 1);
	return &places[i];
}

static int grow(struct neighbours *n)
{
	size_t capacity = n->capacity ? 2 * n->capacity : FIRST_CAPACITY;
	struct place *places = calloc(capacity, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < n->capacity; i++)
		if (n->places[i].used)
			*place_of(places, capacity, n->places[i].ticket) = n->places[i];
	free(n->places);
	n->places = places;
	n->capacity = capacity;
	return 0;
}

static bool is_only_theirs(const struct place *p)
{
	return p->registered && p->entries > 0 && !p->ours;
}

/* One more entry of a ticket by another door, or one less. */
static int count_ticket(struct neighbours *n, const struct row *row, int step)
{
	int error = 2 * (n->used + 1) > n->capacity ? grow(n) : 0;
	if (error)
		return error;
	struct place *p = place_of(n->places, n->capacity, row->ticket);
	bool before = is_only_theirs(p);
	if (!p->used) {
		bool ours;
		error = log_entered(n->log, row->ticket, &ours);
		if (error)
			return error;
		memcpy(p->ticket, row->ticket, sizeof(p->ticket));
		p->ours = ours;
		p->used = true;
		n->used++;
	}
	p->entries += step;
	p->registered |= step > 0 && row->registered;
	n->only_theirs += is_only_theirs(p);
	n->only_theirs -= before;
	return 0;
}

static bool has_ticket(const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(row->ticket, none, sizeof(none)) != 0;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool same_chain(const struct chain *a, const struct row *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

/* A row of ours that came back: of a chain that the log has, as far as it has it. */
static bool is_in_the_log(const struct neighbours *n, const struct row *row)
{
	if (same_chain(&n->self, row))
		return true;
	for (size_t i = 0; i < n->own_count; i++)
		if (same_chain(&n->own[i].chain, row))
			return row->seq <= n->own[i].rows;
	return false;
}

static int take_row(void *context, const struct row *row)
{
	struct neighbours *n = context;
	n->taken++;
	if (row->hlc > n->latest)
		n->latest = row->hlc;
	if (is_in_the_log(n, row))
		return 0;
	bool here = !strcmp(row->venue, n->venue);
	if (here && has_ticket(row) && row->direction == DIRECTION_IN && row->kind != ROW_ADJUST) {
		int error = count_ticket(n, row, row->kind == ROW_UNDO ? -1 : 1);
		if (error)
			return error;
	}
	uint64_t rows = n->count.rows;
	int64_t present = headcount_present(&n->count), peak = n->count.peak_present,
		peak_ms = n->count.peak_ms;
	headcount_apply(&n->count, row);
	n->count.peak_present = peak; /* of a part it means nothing */
	n->count.peak_ms = peak_ms;
	n->changed |= rows != n->count.rows || present != headcount_present(&n->count);
	return 0;
}

static int take_chain(void *context, const struct log_chain *chain)
{
	struct neighbours *n = context;
	if (n->own_count == n->own_capacity) {
		size_t capacity = n->own_capacity ? 2 * n->own_capacity : 16;
		struct own_chain *own = reallocarray(n->own, capacity, sizeof(*own));
		if (!own)
			return -ENOMEM;
		n->own = own;
		n->own_capacity = capacity;
	}
	n->own[n->own_count++] = (struct own_chain){ chain->chain, chain->rows };
	return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static void forget(struct neighbours *n)
{
	peers_close(n->peers);
	n->peers = NULL;
	n->cursor = 0;
	n->used = n->own_count = 0;
	n->only_theirs = 0;
	if (n->places)
		memset(n->places, 0, n->capacity * sizeof(*n->places));
	int64_t peak = n->count.peak_present, peak_ms = n->count.peak_ms;
	headcount_init(&n->count, n->venue, n->start_ms);
	n->count.peak_present = peak;
	n->count.peak_ms = peak_ms;
}

void neighbours_reset(struct neighbours *n)
{
	forget(n);
	n->error = 0;
	n->pause = 0;
}

static void fail(struct neighbours *n, int error)
{
	if (error && error != -ENOENT && error != -EBUSY && error != n->error)
		log_warning("the rows of the other doors cannot be read: %s", strerror(-error));
	n->error = error;
}

static bool is_there(const struct neighbours *n)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/peers.db", n->dir);
	return access(path, F_OK) == 0;
}

/* Opens the file and folds all that is in it. */
static int begin(struct neighbours *n)
{
	struct headcount count;
	bool more = true;
	forget(n);
	if (!is_there(n))
		return -ENOENT;
	log_self(n->log, &n->self);
	log_headcount(n->log, &count, &n->own_registered);
	int error = log_chains(n->log, take_chain, n);
	if (!error)
		error = peers_open_reader(&n->peers, n->dir);
	while (!error && more)
		error = peers_news(n->peers, &n->cursor, SLICE_ROWS, take_row, n, &more);
	return error;
}

/* What was counted of a stretch that could not be read to its end would be counted again. */
static void settle(struct neighbours *n, int error)
{
	fail(n, error);
	if (!error || (error == -EBUSY && n->peers && !n->taken))
		return;
	forget(n);
	n->changed |= n->taken != 0;
	n->pause = error == -ENOENT ? 0 : PAUSE_CALLS;
}

bool neighbours_refresh(struct neighbours *n, struct log *log, size_t most, bool *more)
{
	n->log = log;
	n->changed = false;
	n->taken = 0;
	*more = false;
	if (n->pause && n->pause--)
		return false;
	if (n->peers && peers_has_moved(n->peers)) {
		n->changed = true;
		forget(n);
	}
	if (n->peers)
		settle(n, peers_news(
				  n->peers, &n->cursor, most ? most : SIZE_MAX, take_row, n, more));
	else
		settle(n, begin(n));
	*more = *more && n->peers;
	n->log = NULL;
	return n->changed;
}

int neighbours_open(struct neighbours **out, const char *dir, const char *venue, int64_t start_ms)
{
	struct neighbours *n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->start_ms = start_ms;
	if (!text_copy(n->dir, sizeof(n->dir), dir) ||
		!text_copy(n->venue, sizeof(n->venue), venue)) {
		free(n);
		return -ENAMETOOLONG;
	}
	forget(n);
	*out = n;
	return 0;
}

void neighbours_close(struct neighbours *n)
{
	if (!n)
		return;
	peers_close(n->peers);
	free(n->places);
	free(n->own);
	free(n);
}

/* --- what is known ---------------------------------------------------------------------------- */

void neighbours_know(
	struct neighbours *n, const uint8_t ticket[TICKET_HASH_SIZE], struct log_known *out)
{
	*out = (struct log_known){ .present = headcount_present(&n->count) };
	if (!ticket || !n->peers)
		return;
	int error = peers_prior(n->peers, ticket, &out->prior, &out->stamp);
	if (error) {
		out->stamp = 0;
		fail(n, error);
	}
}

void neighbours_sum(struct neighbours *n, struct headcount *count, uint64_t *registered_in)
{
	*registered_in += n->only_theirs;
	headcount_sum(count, &n->count);
	n->count.peak_present = count->peak_present;
	n->count.peak_ms = count->peak_ms;
}

void neighbours_add(struct neighbours *n, struct log_result *r)
{
	bool changed = r->registered_in != n->own_registered;
	if (changed && n->capacity) {
		struct place *p = place_of(n->places, n->capacity, r->row.ticket);
		bool before = is_only_theirs(p);
		p->ours = p->used && r->registered_in > n->own_registered;
		n->only_theirs += is_only_theirs(p);
		n->only_theirs -= before;
	}
	n->own_registered = r->registered_in;
	neighbours_sum(n, &r->count, &r->registered_in);
}

uint64_t neighbours_latest(const struct neighbours *n)
{
	return n->latest;
}
