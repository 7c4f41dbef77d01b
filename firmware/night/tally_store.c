#include "night/tally.h"

#include "store/people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct tally *tally;
	struct night *night;
	struct night_chain *chains;
	size_t count, room, at;
	bool begun;
};

static int keep_chain(void *context, const struct night_chain *chain)
{
	struct reading *r = context;
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 64;
		void *grown = realloc(r->chains, room * sizeof(*r->chains));
		if (!grown)
			return -ENOMEM;
		r->chains = grown;
		r->room = room;
	}
	r->chains[r->count++] = *chain;
	return 0;
}

static int keep_receipt(
	void *context, uint64_t first, uint64_t last, int64_t received_ms, const char *source)
{
	return tally_receipt(context, first, last, received_ms, source);
}

static int chain_order(const struct chain *a, const uint8_t *device, uint32_t epoch)
{
	int order = memcmp(a->device, device, DEVICE_ID_SIZE);
	return order ? order : (a->epoch > epoch) - (a->epoch < epoch);
}

static int announce(struct reading *r)
{
	const struct night_chain *chain = &r->chains[r->at];
	uint64_t promised = 0;
	int error = night_promised(r->night, &chain->chain, &promised);
	if (!error)
		error = tally_chain(r->tally, chain, promised);
	if (!error)
		error = night_receipts(r->night, &chain->chain, keep_receipt, r->tally);
	return error;
}

/* Chains of which there is a promise and no row are told too. */
static int announce_up_to(struct reading *r, const uint8_t *device, uint32_t epoch)
{
	int error = 0;
	while (!error && r->at < r->count &&
		chain_order(&r->chains[r->at].chain, device, epoch) < 0) {
		if (!r->begun)
			error = announce(r);
		r->at++;
		r->begun = false;
	}
	if (!error && !r->begun && r->at < r->count &&
		!chain_order(&r->chains[r->at].chain, device, epoch)) {
		error = announce(r);
		r->begun = true;
	}
	return error;
}

static int take_row(void *context, const struct row *row)
{
	struct reading *r = context;
	int error = announce_up_to(r, row->device, row->epoch);
	return error ? error : tally_row(r->tally, row);
}

static int take_group(void *context, const struct people_group *g)
{
	tally_registered(context, g->venue, g->registered - g->revoked);
	return 0;
}

static int take_registered(struct tally *t, const struct event *e, const char *event_dir)
{
	struct people *people;
	int error = people_open(&people, event_dir, e);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = people_groups(people, take_group, t);
	people_close(people);
	return error;
}

static int fold(struct reading *r)
{
	uint8_t last[DEVICE_ID_SIZE];
	memset(last, 0xff, sizeof(last));
	int error = night_chains(r->night, keep_chain, r);
	if (!error)
		error = night_each(r->night, NIGHT_BY_CHAIN, take_row, r);
	return error ? error : announce_up_to(r, last, UINT32_MAX);
}

int tally_night(struct figures **out, struct night *n, const struct event *e, const char *event_dir)
{
	struct reading r = { .night = n };
	int error = tally_open(&r.tally, e, NULL);
	if (!error)
		error = take_registered(r.tally, e, event_dir);
	if (!error)
		error = fold(&r);
	if (!error)
		error = tally_finish(r.tally, out);
	tally_close(r.tally);
	free(r.chains);
	return error;
}
