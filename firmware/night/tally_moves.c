/* Moves between venues, counted by pair: of ten thousand venues few pairs ever meet, so there is a
 * table of those that do, by open addressing. */
#include "night/tally_parts.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 256 /* a power of two */

static uint32_t spread(uint16_t from, uint16_t to)
{
	return ((uint32_t)from << 16 | to) * 2654435761U;
}

static struct tally_move *find(
	struct tally_move *at, uint32_t room, uint16_t from, uint16_t to, uint32_t hash)
{
	uint32_t i = hash >> 8 & (room - 1);
	while (at[i].used && (at[i].from != from || at[i].to != to))
		i = (i + 1) & (room - 1);
	return &at[i];
}

static int grow(struct tally_moves *m)
{
	uint32_t room = m->room ? m->room * 2 : FIRST_ROOM;
	struct tally_move *at = calloc(room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->room; i++) {
		const struct tally_move *old = &m->at[i];
		if (old->used)
			*find(at, room, old->from, old->to, spread(old->from, old->to)) = *old;
	}
	free(m->at);
	m->at = at;
	m->room = room;
	return 0;
}

int tally_move(struct tally *t, uint16_t from, uint16_t to, bool back)
{
	struct tally_moves *m = &t->moves;
	int error = m->count >= m->room / 2 && m->room < MOVES_ROOM_MAX ? grow(m) : 0;
	if (error)
		return error;
	struct tally_move *move = find(m->at, m->room, from, to, spread(from, to));
	if (!move->used && m->count >= m->room / 2) /* nobody's night: somebody makes up rows */
		return 0;
	m->count += !move->used;
	*move = (struct tally_move){ from, to, true, move->count + (back ? UINT32_MAX : 1) };
	return 0;
}

static int by_venues(const void *a, const void *b)
{
	const struct figures_move *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Those past the last venue are counted together, and come after it. */
static uint32_t place_of(const struct tally *t, uint16_t venue)
{
	return venue == FIGURES_VENUES_MAX ? t->venue_count : venue;
}

int tally_hand_over_moves(struct tally *t, struct figures *f)
{
	const struct tally_moves *m = &t->moves;
	f->moves = calloc((size_t)m->count + 1, sizeof(*f->moves));
	if (!f->moves)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->room; i++)
		if (m->at[i].used && m->at[i].count)
			f->moves[f->move_count++] =
				(struct figures_move){ place_of(t, m->at[i].from),
					place_of(t, m->at[i].to), m->at[i].count };
	if (f->move_count)
		qsort(f->moves, f->move_count, sizeof(*f->moves), by_venues);
	return 0;
}
