/* Three things can end a ticket, and none of them comes with the others: its position is cancelled,
 * blocked or no longer on the list; its code is in the list of revoked secrets; or in that of
 * blocked ones. Each has a bit of its own in the code's mark, so that a ticket is good again when
 * the last of them goes, and only then.
 *
 * A code that is not heard of any more must be found by its absence: in a full import, a position
 * that was there last time and is not now; in either kind, one that has another code now. */
#include "cli/pretix_import.h"

#include "base/text.h"
#include "store/people.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ID_TEXT_SIZE 24

int pretix_import_new(struct pretix_import *out, const struct event *e)
{
	struct pretix_import i = { .event = e };
	i.rows = json_object();
	i.items = json_object();
	int error = i.rows && i.items ? pretix_state_new(&i.last) : -ENOMEM;
	if (error)
		pretix_import_drop(&i);
	else
		*out = i;
	return error;
}

void pretix_import_drop(struct pretix_import *i)
{
	json_decref(i->rows);
	json_decref(i->items);
	pretix_state_drop(&i->last);
	pretix_state_drop(&i->next);
	free(i->lists);
	*i = (struct pretix_import){ 0 };
}

int pretix_import_list(struct pretix_import *i, const struct pretix_list *list)
{
	if (i->list_count == PRETIX_LISTS_MAX)
		return -ENOSPC;
	struct pretix_list *lists = reallocarray(i->lists, i->list_count + 1, sizeof(*i->lists));
	if (!lists)
		return -ENOMEM;
	lists[i->list_count++] = *list;
	i->lists = lists;
	return 0;
}

static void hash_number(crypto_generichash_state *s, int64_t number)
{
	crypto_generichash_update(s, (const uint8_t *)&number, sizeof(number));
}

void pretix_import_basis(const struct pretix_import *i, const char *url, char out[80])
{
	uint8_t hash[32];
	crypto_generichash_state s;
	crypto_generichash_init(&s, i->event->hash_key, sizeof(i->event->hash_key), sizeof(hash));
	crypto_generichash_update(&s, (const uint8_t *)url, strlen(url) + 1);
	for (size_t n = 0; n < i->list_count; n++) {
		const struct pretix_list *l = &i->lists[n];
		hash_number(&s, l->id);
		hash_number(&s, l->subevent);
		hash_number(&s, l->all_products + 2 * l->include_pending);
		hash_number(&s, (int64_t)l->product_count);
		for (size_t p = 0; p < l->product_count; p++)
			hash_number(&s, l->products[p]);
	}
	for (uint32_t v = 0; v < i->event->venue_count; v++) {
		const struct event_venue *venue = &i->event->venues[v];
		crypto_generichash_update(&s, (const uint8_t *)venue->id, sizeof(venue->id));
		hash_number(&s, venue->subevent);
	}
	crypto_generichash_final(&s, hash, sizeof(hash));
	text_hex(out, hash, sizeof(hash));
}

int pretix_import_begin(struct pretix_import *i, bool full)
{
	i->full = full;
	i->next = i->last;
	i->next.positions = full ? json_object() : json_copy(i->last.positions);
	i->next.marks = full ? json_object() : json_copy(i->last.marks);
	return i->next.positions && i->next.marks ? 0 : -ENOMEM;
}

/* --- positions -------------------------------------------------------------------------------- */

static bool is_on(const struct pretix_list *l, const struct pretix_position *p)
{
	bool product = l->all_products;
	for (size_t n = 0; !product && n < l->product_count; n++)
		product = l->products[n] == p->item;
	return product && (!l->subevent || l->subevent == p->subevent) &&
	       (p->standing != PRETIX_PENDING || l->include_pending);
}

/* In a full import the server has looked already. */
static bool is_ours(const struct pretix_import *i, const struct pretix_position *p)
{
	bool ours = i->full;
	for (size_t n = 0; !ours && n < i->list_count; n++)
		ours = is_on(&i->lists[n], p);
	return ours;
}

static const char *venue_of(struct pretix_import *i, int64_t subevent)
{
	const struct event_venue *venue = event_venue_of_subevent(i->event, subevent);
	if (subevent && !venue) {
		i->strange++;
		i->strange_subevent = subevent;
	}
	return venue ? venue->id : "";
}

static const char *type_of(const struct pretix_import *i, int64_t item)
{
	char id[ID_TEXT_SIZE];
	for (uint32_t n = 0; n < i->event->item_count; n++)
		if (i->event->items[n].id == item)
			return i->event->items[n].name;
	snprintf(id, sizeof(id), "%" PRId64, item);
	const char *name = json_string_value(json_object_get(i->items, id));
	return name ? name : "";
}

static int keep(struct pretix_import *i, const char *id, const struct pretix_position *p)
{
	bool blocked = p->standing == PRETIX_BLOCKED;
	json_t *row = json_pack(
		"[s, s, s, s]", p->name, p->email, type_of(i, p->item), venue_of(i, p->subevent));
	i->timed += p->timed;
	if (json_object_set_new(i->rows, p->code, row) ||
		json_object_set_new(i->next.positions, id, json_string(p->code)))
		return -ENOMEM;
	return pretix_mark_change(
		i->next.marks, p->code, blocked ? MARK_POSITION : 0, blocked ? 0 : MARK_POSITION);
}

int pretix_import_position(struct pretix_import *i, const struct pretix_position *p)
{
	char id[ID_TEXT_SIZE];
	snprintf(id, sizeof(id), "%" PRId64, p->id);
	bool ours = is_ours(i, p);
	if (ours && p->standing != PRETIX_GONE)
		return keep(i, id, p);
	bool had = json_object_get(i->next.positions, id) != NULL;
	json_object_del(i->next.positions, id);
	/* Of what was never on a list nobody needs to hear. */
	return ours || had ? pretix_mark_change(i->next.marks, p->code, MARK_POSITION, 0) : 0;
}

int pretix_import_secret(struct pretix_import *i, const char *code, int mark, bool bad)
{
	return pretix_mark_change(i->next.marks, code, bad ? mark : 0, bad ? 0 : mark);
}

/* Codes of last time that no position has now. */
static int miss(struct pretix_import *i)
{
	const char *id;
	json_t *code;
	int error = 0;
	json_t *held = json_object();
	if (!held)
		return -ENOMEM;
	json_object_foreach(i->next.positions, id,
		code) if (!error && json_object_set_new(held, json_string_value(code), json_true()))
		error = -ENOMEM;
	json_object_foreach(i->last.positions, id, code)
	{
		const char *text = json_string_value(code);
		if (!error && !json_object_get(held, text))
			error = pretix_mark_change(i->next.marks, text, MARK_POSITION, 0);
	}
	json_decref(held);
	return error;
}

/* --- the organiser's people ------------------------------------------------------------------ */

static int put_rows(const struct pretix_import *i, struct people_import *people, const char *source)
{
	const char *code;
	json_t *row;
	json_object_foreach(i->rows, code, row)
	{
		struct person who = { .code = code,
			.code_len = strlen(code),
			.source = source,
			.revoked = pretix_mark(i->next.marks, code) ? PEOPLE_BY_SELLER : 0,
			.known = true };
		if (json_unpack(row, "[s, s, s, s]", &who.name, &who.email, &who.type, &who.venue))
			return -EINVAL;
		int error = people_import_put(people, &who);
		if (error)
			return error;
	}
	return 0;
}

/* Codes without a row of this import: whether anybody knows them or not. In a full import all are
 * said again, since the file may be older than what we remember. */
static int put_marks(const struct pretix_import *i, struct people_import *people)
{
	const char *code;
	json_t *bits;
	int error = 0;
	json_object_foreach(i->next.marks, code, bits)
	{
		bool said = json_object_get(i->rows, code) ||
			    (!i->full && pretix_mark(i->last.marks, code));
		error = said ? 0 : people_import_revoke(people, code, strlen(code), true);
		if (error)
			return error;
	}
	json_object_foreach(i->last.marks, code, bits)
	{
		bool still = pretix_mark(i->next.marks, code);
		error = still ? 0 : people_import_revoke(people, code, strlen(code), false);
		if (error)
			return error;
	}
	return 0;
}

int pretix_import_apply(
	struct pretix_import *i, const char *dir, const char *source, struct people_report *report)
{
	struct people_import *people;
	int error = miss(i);
	if (!error)
		error = people_import_open(&people, dir, i->event, source);
	if (error)
		return error;
	error = put_rows(i, people, source);
	if (!error)
		error = put_marks(i, people);
	if (!error)
		error = people_import_commit(people, NULL, NULL, report);
	people_import_close(people);
	return error;
}
