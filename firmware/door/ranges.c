#include "door/ranges.h"

#include <string.h>

/* The first range that ends at `number` or after it; r->count: none. */
static uint32_t at_or_after(const struct ranges *r, uint64_t number)
{
	uint32_t low = 0, high = r->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->at[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void move(struct ranges *r, uint32_t to, uint32_t from)
{
	memmove(r->at + to, r->at + from, (r->count - from) * sizeof(r->at[0]));
}

/* Makes room at `i`. In a full set the highest range gives way; where that is what would be put in,
 * there is no room. */
static bool make_room(struct ranges *r, uint32_t i, bool *whole)
{
	*whole = r->count < RANGES_MAX;
	if (!*whole) {
		if (i == RANGES_MAX)
			return false;
		r->count--;
	}
	memmove(r->at + i + 1, r->at + i, (r->count - i) * sizeof(r->at[0]));
	r->count++;
	return true;
}

bool ranges_add(struct ranges *r, uint64_t first, uint64_t last)
{
	if (first < 1 || last < first)
		return true;
	/* What touches the new range becomes one with it. */
	uint32_t from = at_or_after(r, first - 1), to = from;
	while (to < r->count && (last == UINT64_MAX || r->at[to].first <= last + 1)) {
		if (r->at[to].first < first)
			first = r->at[to].first;
		if (r->at[to].last > last)
			last = r->at[to].last;
		to++;
	}
	bool whole = true;
	if (to == from) {
		if (!make_room(r, from, &whole))
			return false;
	} else if (to > from + 1) {
		move(r, from + 1, to);
		r->count -= to - from - 1;
	}
	r->at[from] = (struct range){ first, last };
	return whole;
}

void ranges_cut(struct ranges *r, uint64_t first, uint64_t last)
{
	uint32_t i = at_or_after(r, first);
	if (last < first)
		return;
	if (i < r->count && r->at[i].first < first && r->at[i].last > last) {
		uint64_t end = r->at[i].last;
		bool whole;
		r->at[i].last = first - 1;
		if (make_room(r, i + 1, &whole))
			r->at[i + 1] = (struct range){ last + 1, end };
		return;
	}
	if (i < r->count && r->at[i].first < first)
		r->at[i++].last = first - 1;
	uint32_t to = i;
	while (to < r->count && r->at[to].last <= last)
		to++;
	if (to < r->count && r->at[to].first <= last)
		r->at[to].first = last + 1;
	move(r, i, to);
	r->count -= to - i;
}

bool ranges_join(struct ranges *r, const struct ranges *other)
{
	bool whole = true;
	for (uint32_t i = 0; i < other->count; i++)
		whole &= ranges_add(r, other->at[i].first, other->at[i].last);
	return whole;
}

bool ranges_have_all(const struct ranges *r, uint64_t first, uint64_t last)
{
	if (last < first)
		return true;
	uint32_t i = at_or_after(r, first);
	return i < r->count && r->at[i].first <= first && r->at[i].last >= last;
}

bool ranges_have(const struct ranges *r, uint64_t number)
{
	return ranges_have_all(r, number, number);
}

uint64_t ranges_contiguous(const struct ranges *r)
{
	return r->count && r->at[0].first == 1 ? r->at[0].last : 0;
}

uint64_t ranges_highest(const struct ranges *r)
{
	return r->count ? r->at[r->count - 1].last : 0;
}

uint64_t ranges_total(const struct ranges *r)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < r->count; i++)
		total += r->at[i].last - r->at[i].first + 1;
	return total;
}

bool ranges_gap(const struct ranges *r, uint64_t from, uint64_t until, struct range *out)
{
	if (from < 1)
		from = 1;
	uint32_t i = at_or_after(r, from);
	if (i < r->count && r->at[i].first <= from) {
		if (r->at[i].last >= until)
			return false;
		from = r->at[i].last + 1;
		i++;
	}
	if (from > until)
		return false;
	out->first = from;
	out->last = i < r->count && r->at[i].first <= until ? r->at[i].first - 1 : until;
	return true;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
	return a->count == b->count && !memcmp(a->at, b->at, a->count * sizeof(a->at[0]));
}

bool ranges_missing(const struct ranges *have, const struct ranges *want, struct ranges *out)
{
	bool whole = true;
	out->count = 0;
	for (uint32_t i = 0; i < want->count; i++) {
		struct range gap;
		uint64_t from = want->at[i].first, until = want->at[i].last;
		while (from && from <= until && ranges_gap(have, from, until, &gap)) {
			whole &= ranges_add(out, gap.first, gap.last);
			from = gap.last + 1;
		}
	}
	return whole;
}
