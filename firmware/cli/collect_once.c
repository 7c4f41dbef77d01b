#include "cli/collect_once.h"

#include "base/text.h"
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>

#define QUIET_MS   3000 /* without new rows, before nothing more is expected */
#define SETTLED_MS 6000 /* after subscribing: who has rows waiting has said so */
#define NAMED_MOST 100

static bool is_settled(const struct collecting *c, int64_t now)
{
	return c->granted_ms && now - c->granted_ms >= SETTLED_MS &&
	       now - c->stored_ms >= QUIET_MS && collector_hearing(c->collector) == COLLECTOR_HEARS;
}

/* Nothing has moved for the whole of our patience: what is it that does not? */
static enum once_state what_is_stuck(const struct collecting *c)
{
	if (!c->ever_up)
		return ONCE_NO_BROKER;
	if (!c->up)
		return ONCE_CUT_OFF;
	if (c->storing)
		return ONCE_NO_STORE;
	return collector_hearing(c->collector) == COLLECTOR_HEARS ? ONCE_MISSING : ONCE_DEAF;
}

static uint64_t rows_here(const struct collecting *c)
{
	const struct collector_box *boxes = NULL;
	size_t count = collector_boxes(c->collector, &boxes);
	uint64_t rows = 0;
	for (size_t i = 0; i < count; i++)
		rows += boxes[i].rows;
	return rows;
}

enum once_state once_look(struct once *o, const struct collecting *c, int64_t mono_ms)
{
	uint64_t rows = rows_here(c);
	if (rows != o->rows || c->ever_up != o->connected || !o->moved_ms) {
		o->rows = rows;
		o->connected = c->ever_up;
		o->moved_ms = mono_ms;
	}
	if (c->up && !c->storing && is_settled(c, mono_ms) && collector_drained(c->collector))
		return ONCE_ALL_HERE;
	if (c->up && collector_hearing(c->collector) == COLLECTOR_REFUSED)
		return ONCE_DEAF;
	return mono_ms - o->moved_ms > o->patience_ms ? what_is_stuck(c) : ONCE_GOES_ON;
}

static void name_missing(const struct collecting *c)
{
	const struct collector_box *boxes = NULL;
	size_t count = collector_boxes(c->collector, &boxes), named = 0;
	for (size_t i = 0; i < count; i++) {
		char device[2 * DEVICE_ID_SIZE + 1];
		uint64_t missing = collector_missing(c->collector, i);
		if (!missing || named++ >= NAMED_MOST)
			continue;
		text_hex(device, boxes[i].device, sizeof(boxes[i].device));
		fprintf(stderr, "parvis: not here: %" PRIu64 " rows of %s/%s (%.8s), which is %s\n",
			missing, boxes[i].venue, boxes[i].door, device,
			boxes[i].online ? "said to be online" : "away");
	}
	if (named > NAMED_MOST)
		fprintf(stderr, "parvis: and rows of %zu more\n", named - NAMED_MOST);
	if (!named)
		fputs("parvis: acknowledgements do not go out\n", stderr);
}

int once_end(enum once_state state, const struct collecting *c)
{
	static const char *const failures[] = {
		[ONCE_NO_BROKER] = "no broker was reached",
		[ONCE_CUT_OFF] = "the connection to the broker was lost and did not come back",
		[ONCE_DEAF] =
			"the broker does not let us hear: its access list, or the certificate",
		[ONCE_NO_STORE] = "the store does not take what came",
	};
	if (state == ONCE_MISSING)
		name_missing(c);
	else if (state != ONCE_ALL_HERE && state != ONCE_GOES_ON)
		fprintf(stderr, "parvis: %s\n", failures[state]);
	if (state == ONCE_MISSING)
		return CLI_NO;
	if (state != ONCE_ALL_HERE)
		return CLI_FAILED;
	return c->totals.refused ? CLI_NO : CLI_OK;
}
