#include "app/pair_book.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct suspect {
	uint8_t hash[TICKET_HASH_SIZE];
};

struct pair_book {
	char venue[ID_SIZE];
	struct suspect *suspects;
	size_t suspect_count, suspect_room;
	struct pair *pairs; /* in no order */
	size_t count, room;
};

int pair_book_open(struct pair_book **out, const char *venue)
{
	struct pair_book *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	text_copy(b->venue, sizeof(b->venue), venue);
	*out = b;
	return 0;
}

void pair_book_close(struct pair_book *b)
{
	if (!b)
		return;
	free(b->suspects);
	free(b->pairs);
	free(b);
}

static void *grown(void *array, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;
	void *p = reallocarray(array, more, size);
	if (p)
		*room = more;
	return p;
}

int pair_book_suspect(struct pair_book *b, const uint8_t ticket[TICKET_HASH_SIZE])
{
	if (b->suspect_count &&
		!memcmp(b->suspects[b->suspect_count - 1].hash, ticket, TICKET_HASH_SIZE))
		return 0;
	if (b->suspect_count == b->suspect_room) {
		void *p = grown(b->suspects, &b->suspect_room, sizeof(*b->suspects));
		if (!p)
			return -ENOMEM;
		b->suspects = p;
	}
	memcpy(b->suspects[b->suspect_count++].hash, ticket, TICKET_HASH_SIZE);
	return 0;
}

bool pair_book_next(struct pair_book *b, uint8_t ticket[TICKET_HASH_SIZE])
{
	if (!b->suspect_count)
		return false;
	memcpy(ticket, b->suspects[--b->suspect_count].hash, TICKET_HASH_SIZE);
	return true;
}

static struct pair *find(struct pair_book *b, const uint8_t ticket[TICKET_HASH_SIZE])
{
	for (size_t i = 0; i < b->count; i++)
		if (!memcmp(b->pairs[i].ticket, ticket, TICKET_HASH_SIZE))
			return &b->pairs[i];
	return NULL;
}

bool pair_book_judge(
	struct pair_book *b, const uint8_t ticket[TICKET_HASH_SIZE], struct row *rows, size_t count)
{
	struct pair found[PAIRS_PER_TICKET], *known = find(b, ticket);
	const struct pair *last = NULL;
	size_t n = pairs_find(rows, count, found);
	for (size_t i = 0; i < n && i < PAIRS_PER_TICKET; i++)
		if (!strcmp(found[i].second.venue, b->venue))
			last = &found[i];
	if (!last && known) {
		*known = b->pairs[--b->count];
		return true;
	}
	if (!last)
		return false;
	if (known) {
		bool same = known->second.hlc == last->second.hlc &&
			    known->first.hlc == last->first.hlc;
		*known = *last;
		return !same;
	}
	if (b->count == b->room) {
		void *p = grown(b->pairs, &b->room, sizeof(*b->pairs));
		if (!p)
			return false;
		b->pairs = p;
	}
	b->pairs[b->count++] = *last;
	return true;
}

/* The newest that is older than `than`; NULL: any. Pairs are few, and the list is short. */
static const struct pair *next_newest(const struct pair_book *b, const struct pair *than)
{
	const struct pair *best = NULL;
	for (size_t i = 0; i < b->count; i++) {
		const struct pair *p = &b->pairs[i];
		bool after = than && (p->second.hlc > than->second.hlc ||
					     (p->second.hlc == than->second.hlc && p >= than));
		if (!after && (!best || p->second.hlc > best->second.hlc ||
				      (p->second.hlc == best->second.hlc && p > best)))
			best = p;
	}
	return best;
}

size_t pair_book_list(const struct pair_book *b, struct pair *out, size_t most)
{
	const struct pair *p = NULL;
	for (size_t i = 0; i < most && i < b->count; i++) {
		p = next_newest(b, p);
		out[i] = *p;
	}
	return b->count;
}
