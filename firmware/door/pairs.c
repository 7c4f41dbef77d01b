#include "door/pairs.h"

#include <string.h>

int row_order(const struct row *a, const struct row *b)
{
	if (a->hlc != b->hlc)
		return a->hlc < b->hlc ? -1 : 1;
	int device = memcmp(a->device, b->device, sizeof(a->device));
	if (device)
		return device;
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* --- heapsort: in place, and no order of rows makes it slow -------------------------------------
 */

static void swap(struct row *a, struct row *b)
{
	struct row aside = *a;
	*a = *b;
	*b = aside;
}

static void sift_down(struct row *rows, size_t at, size_t count)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && row_order(&rows[child], &rows[child + 1]) < 0)
			child++;
		if (row_order(&rows[at], &rows[child]) >= 0)
			return;
		swap(&rows[at], &rows[child]);
	}
}

static void sort(struct row *rows, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(rows, i, count);
	for (size_t i = count; i-- > 1;) {
		swap(&rows[0], &rows[i]);
		sift_down(rows, 0, i);
	}
}

/* --- the fold --------------------------------------------------------------------------------- */

static bool same_chain(const struct row *a, const struct row *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

static bool was_undone(const struct row *rows, size_t count, const struct row *row)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == ROW_UNDO && rows[i].undoes == row->seq &&
			same_chain(&rows[i], row))
			return true;
	return false;
}

static bool counts(const struct row *row)
{
	return (row->kind == ROW_SCAN || row->kind == ROW_WALK_IN) &&
	       row->direction != DIRECTION_NONE;
}

static bool is_pair(const struct row *standing, const struct row *entry)
{
	return !same_chain(standing, entry) && !strcmp(standing->venue, entry->venue) &&
	       (entry->verdict == VERDICT_ADMIT || entry->verdict == VERDICT_READMIT);
}

static struct pair_side side_of(const struct row *row)
{
	struct pair_side side = {
		.epoch = row->epoch, .seq = row->seq, .hlc = row->hlc, .at = row->at
	};
	memcpy(side.device, row->device, sizeof(side.device));
	memcpy(side.venue, row->venue, sizeof(side.venue));
	memcpy(side.door, row->door, sizeof(side.door));
	return side;
}

size_t pairs_find(struct row *rows, size_t count, struct pair out[PAIRS_PER_TICKET])
{
	const struct row *standing = NULL; /* the newest counted row, if it is an entry */
	size_t found = 0;
	sort(rows, count);
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		if (!counts(row) || was_undone(rows, count, row))
			continue;
		bool entry = row->direction == DIRECTION_IN;
		if (entry && standing && is_pair(standing, row)) {
			if (found < PAIRS_PER_TICKET) {
				struct pair *pair = &out[found];
				memcpy(pair->ticket, row->ticket, sizeof(pair->ticket));
				pair->first = side_of(standing);
				pair->second = side_of(row);
			}
			found++;
		}
		standing = entry ? row : NULL;
	}
	return found;
}
