/* The numbers of chains and places, looked up once and then remembered: a box sends thousands of
 * rows from one place. */
#include "store/night_sqlite.h"
#include "store/night_statements.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint32_t mix(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

void night_forget(struct night_sqlite *n)
{
	memset(n->by_place, 0, PLACES_KEPT * sizeof(*n->by_place));
	memset(n->by_id, 0, PLACES_KEPT * sizeof(*n->by_id));
	memset(n->chains, 0, CHAINS_KEPT * sizeof(*n->chains));
}

/* --- chains ----------------------------------------------------------------------------------- */

static int find_chain(struct night_sqlite *n, const struct chain *chain, int64_t *out)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_FIND_CHAIN, &s);
	if (error)
		return error;
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	int rc = sqlite3_step(s);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	error = db_error(n->db, rc);
	sqlite3_reset(s);
	return error;
}

static int add_chain(struct night_sqlite *n, const struct chain *chain, int64_t *out)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_ADD_CHAIN, &s);
	if (error)
		return error;
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	error = db_run(s);
	*out = sqlite3_last_insert_rowid(n->db);
	return error ? error : *out >= NIGHT_CHAIN_MAX ? -EOVERFLOW : 0;
}

int night_chain_id(struct night_sqlite *n, const struct chain *chain, bool add, int64_t *out)
{
	uint32_t hash = mix(chain->device, sizeof(chain->device)) ^ chain->epoch * 2654435761u;
	struct chain_slot *slot = &n->chains[hash % CHAINS_KEPT];
	if (slot->id && slot->chain.epoch == chain->epoch &&
		!memcmp(slot->chain.device, chain->device, sizeof(chain->device))) {
		*out = slot->id;
		return 0;
	}
	int error = find_chain(n, chain, out);
	if (!error && !*out && add)
		error = add_chain(n, chain, out);
	if (!error && *out)
		*slot = (struct chain_slot){ .id = *out, .chain = *chain };
	return error;
}

int night_list_chains(struct night_sqlite *n, struct chain_list *out)
{
	struct chain_list list = { 0 };
	sqlite3_stmt *s = NULL;
	size_t room = 0;
	int rc = SQLITE_DONE;
	int error =
		db_prepare(n->db, &s, "SELECT id, device, epoch FROM chain ORDER BY device, epoch");
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		if (list.count == room) {
			room = room ? 2 * room : 64;
			struct chain_slot *more = realloc(list.at, room * sizeof(*more));
			error = more ? 0 : -ENOMEM;
			list.at = more ? more : list.at;
			if (error)
				break;
		}
		struct chain_slot *slot = &list.at[list.count++];
		*slot = (struct chain_slot){ .id = sqlite3_column_int64(s, 0) };
		slot->chain.epoch = (uint32_t)sqlite3_column_int64(s, 2);
		if (!db_take_blob(s, 1, slot->chain.device, sizeof(slot->chain.device)))
			error = -EBADMSG;
	}
	if (!error)
		error = db_error(n->db, rc);
	sqlite3_finalize(s);
	if (error) {
		free(list.at);
		return error;
	}
	*out = list;
	return 0;
}

/* --- places ----------------------------------------------------------------------------------- */

/* Zero behind the text, so that places can be compared as bytes. */
static void put_text(char *out, const char *text, size_t capacity)
{
	memcpy(out, text, strnlen(text, capacity - 1));
}

static struct place place_of(const struct row *row)
{
	struct place p = { 0 };
	memcpy(p.boot, row->boot, sizeof(p.boot));
	put_text(p.venue, row->venue, sizeof(p.venue));
	put_text(p.door, row->door, sizeof(p.door));
	put_text(p.from_venue, row->from_venue, sizeof(p.from_venue));
	put_text(p.operator, row->operator, sizeof(p.operator));
	return p;
}

static void bind_place(sqlite3_stmt *s, const struct place *p)
{
	db_bind_text(s, 1, p->venue);
	db_bind_text(s, 2, p->door);
	db_bind_text(s, 3, p->from_venue);
	db_bind_text(s, 4, p->operator);
	db_bind_blob(s, 5, p->boot, sizeof(p->boot));
}

static int find_place(struct night_sqlite *n, const struct place *p, int64_t *out)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_FIND_PLACE, &s);
	if (error)
		return error;
	bind_place(s, p);
	int rc = sqlite3_step(s);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	error = db_error(n->db, rc);
	sqlite3_reset(s);
	if (error || *out)
		return error;
	error = night_statement(n, NIGHT_ADD_PLACE, &s);
	if (error)
		return error;
	bind_place(s, p);
	error = db_run(s);
	*out = sqlite3_last_insert_rowid(n->db);
	return error;
}

int night_place_id(struct night_sqlite *n, const struct row *row, int64_t *out)
{
	struct place p = place_of(row);
	struct place_slot *slot = &n->by_place[mix(&p, sizeof(p)) % PLACES_KEPT];
	if (slot->id && !memcmp(&slot->place, &p, sizeof(p))) {
		*out = slot->id;
		return 0;
	}
	int error = find_place(n, &p, out);
	if (!error)
		*slot = (struct place_slot){ .id = *out, .place = p };
	return error;
}

static int look_place(struct night_sqlite *n, int64_t id, struct place *out)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_LOOK_PLACE, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, id);
	int rc = sqlite3_step(s);
	error = rc == SQLITE_DONE ? -EBADMSG : db_error(n->db, rc);
	if (!error && (!db_take_text(s, 0, out->venue, sizeof(out->venue)) ||
			      !db_take_text(s, 1, out->door, sizeof(out->door)) ||
			      !db_take_text(s, 2, out->from_venue, sizeof(out->from_venue)) ||
			      !db_take_text(s, 3, out->operator, sizeof(out->operator)) ||
			      !db_take_blob(s, 4, out->boot, sizeof(out->boot))))
		error = -EBADMSG;
	sqlite3_reset(s);
	return error;
}

int night_place_read(struct night_sqlite *n, int64_t id, struct row *row)
{
	struct place_slot *slot = &n->by_id[(uint64_t)id % PLACES_KEPT];
	if (!slot->id || slot->id != id) {
		struct place p = { 0 };
		int error = look_place(n, id, &p);
		if (error)
			return error;
		*slot = (struct place_slot){ .id = id, .place = p };
	}
	const struct place *p = &slot->place;
	memcpy(row->boot, p->boot, sizeof(row->boot));
	memcpy(row->venue, p->venue, sizeof(row->venue));
	memcpy(row->door, p->door, sizeof(row->door));
	memcpy(row->from_venue, p->from_venue, sizeof(row->from_venue));
	memcpy(row->operator, p->operator, sizeof(row->operator));
	return 0;
}
