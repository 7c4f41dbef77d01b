/* What a box has heard in counts since it was turned on. Of rows that nobody has any more, whoever
 * was told of them in time still knows; and of a venue whose boxes are lost, nobody else does.
 * Counts are many, and are read only if somebody asks. */
#include "tests/sim/box.h"

#include <string.h>

struct told_chain {
	struct chain chain;
	uint64_t rows;
};

struct heard_count {
	struct heard_count *next;
	const char *topic;
	const void *payload;
	size_t size;
};

static struct told_chain *told_of(const struct box_model *b, const struct chain *chain)
{
	for (size_t i = 0; i < b->told_count; i++)
		if (chain_same(&b->told[i].chain, chain))
			return &b->told[i];
	return NULL;
}

static void note_chain(struct box_model *b, const struct chain *chain, uint64_t rows)
{
	struct told_chain *t = told_of(b, chain);
	if (!t && b->told_count == b->told_room) {
		size_t room = b->told_room ? 2 * b->told_room : 16;
		struct told_chain *told = sim_alloc(b->party.sim, room * sizeof(*told));
		if (b->told_count)
			memcpy(told, b->told, b->told_count * sizeof(*told));
		b->told = told;
		b->told_room = room;
	}
	if (!t) {
		t = &b->told[b->told_count++];
		*t = (struct told_chain){ .chain = *chain };
	}
	if (rows > t->rows)
		t->rows = rows;
}

static void read_count(struct box_model *b, const struct heard_count *count)
{
	static struct message_count m;
	const struct sim *s = b->party.sim;
	struct topic t;
	struct message_why why;
	if (!topic_read(&t, count->topic) || strcmp(t.event, SIM_EVENT) ||
		!memcmp(t.device, b->device, sizeof(b->device)) ||
		!message_read_count(&m, count->payload, count->size, &why))
		return;
	for (int v = 0; v < s->venue_count; v++)
		b->told_venue[v] |= !strcmp(s->venues[v], m.venue);
	for (uint32_t i = 0; i < m.counters; i++) {
		struct chain chain = { .epoch = m.at[i].epoch };
		memcpy(chain.device, t.device, sizeof(chain.device));
		note_chain(b, &chain, m.at[i].rows);
	}
}

static void read_counts(struct box_model *b)
{
	for (; b->unread; b->unread = b->unread->next)
		read_count(b, b->unread);
}

void box_forget_told(struct box_model *b)
{
	memset(b->told_venue, 0, sizeof(b->told_venue));
	b->told_count = 0;
	b->unread = NULL;
}

void box_note_told(struct box_model *b, const char *topic, const void *payload, size_t size)
{
	size_t n = strlen(topic);
	if (!size || n < 6 || strcmp(topic + n - 6, "/count"))
		return;
	struct heard_count *count = sim_alloc(b->party.sim, sizeof(*count));
	*count = (struct heard_count){ b->unread, topic, payload, size };
	b->unread = count;
}

bool box_was_told_venue(struct box_model *b, int venue)
{
	read_counts(b);
	return b->told_venue[venue];
}

bool box_was_told(struct box_model *b, const struct fact *fact)
{
	read_counts(b);
	struct chain chain = chain_of(&fact->row);
	const struct told_chain *t = told_of(b, &chain);
	return fact->committed && t && fact->row.seq <= t->rows;
}
