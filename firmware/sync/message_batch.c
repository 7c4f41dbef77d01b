/* Rows as JSON. What the rows of a batch have in common is said once, in "all"; a row says what is
 * different. Typically that leaves its stamp and its ticket, 80 bytes. */
#include "sync/message_parts.h"

#include "store/log.h"

#include <stdlib.h>
#include <string.h>

#define I(n) ((json_int_t)(n))

static const char *const members[] = { "v", "device", "epoch", "first", "before", "hash", "key",
	"signature", "all", "rows", NULL };
static const char *const all_members[] = { "venue", "door", "boot", "boot_ms", "trust", "source",
	"kind", "verdict", "direction", "registered", "operator", NULL };
static const char *const row_members[] = { "stamp", "wall_ms", "mono_ms", "ticket", "time_doubt",
	"overridden", "from_venue", "amount", "undoes", "venue", "door", "boot", "trust", "source",
	"kind", "verdict", "direction", "registered", "operator", NULL };

/* [0], which is none, is no word. */
static const char *const source_words[SOURCE_COUNT] = {
	[SOURCE_CAMERA] = "camera",
	[SOURCE_SCANNER] = "scanner",
	[SOURCE_TOUCH] = "touch",
	[SOURCE_BUTTON] = "button",
};

/* Wall time at monotonic 0: the same for all rows of a boot while nobody sets the clock. */
static int64_t boot_ms_of(const struct when *at)
{
	int64_t ms;
	return __builtin_sub_overflow(at->wall_ms, at->mono_ms, &ms) ? 0 : ms;
}

/* --- writing --- */

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Whether every value has a word: a row of ours always has. */
static bool can_be_said(const struct row *r)
{
	return (size_t)r->kind < ARRAY_LEN(row_kind_names) && row_kind_names[r->kind] &&
	       (size_t)r->source < SOURCE_COUNT && source_words[r->source] &&
	       (size_t)r->verdict < VERDICT_COUNT && (size_t)r->direction <= DIRECTION_OUT &&
	       (size_t)r->at.trust < TRUST_COUNT;
}

static bool set(json_t *o, const char *name, json_t *value)
{
	return !json_object_set_new(o, name, value);
}

/* What "all" can say, where it differs from `all` (NULL: everything). */
static bool set_common(json_t *o, const struct row *r, const struct row *all)
{
	bool ok = true;
	if (!all || strcmp(r->venue, all->venue) != 0)
		ok &= set(o, "venue", json_string(r->venue));
	if (!all || strcmp(r->door, all->door) != 0)
		ok &= set(o, "door", json_string(r->door));
	if (!all || memcmp(r->boot, all->boot, BOOT_ID_SIZE) != 0)
		ok &= set(o, "boot", message_json_hex(r->boot, BOOT_ID_SIZE));
	if (!all || r->at.trust != all->at.trust)
		ok &= set(o, "trust", json_string(trust_names[r->at.trust]));
	if (!all || r->source != all->source)
		ok &= set(o, "source", json_string(source_words[r->source]));
	if (!all || r->kind != all->kind)
		ok &= set(o, "kind", json_string(row_kind_names[r->kind]));
	if (!all || r->verdict != all->verdict)
		ok &= set(o, "verdict", json_string(verdict_names[r->verdict]));
	if (!all || r->direction != all->direction)
		ok &= set(o, "direction", json_string(row_direction_names[r->direction]));
	if (!all || r->registered != all->registered)
		ok &= set(o, "registered", json_boolean(r->registered));
	if (!all || strcmp(r->operator, all->operator) != 0)
		ok &= set(o, "operator", json_string(r->operator));
	return ok;
}

static bool set_times(json_t *o, const struct row *r, int64_t boot_ms)
{
	bool ok = set(o, "stamp", message_json_stamp(r->hlc));
	int64_t wall_ms;
	if (r->at.wall_ms != (int64_t)(r->hlc >> 16))
		ok &= set(o, "wall_ms", json_integer(r->at.wall_ms));
	if (__builtin_add_overflow(boot_ms, r->at.mono_ms, &wall_ms) || wall_ms != r->at.wall_ms)
		ok &= set(o, "mono_ms", json_integer(r->at.mono_ms));
	return ok;
}

static json_t *write_row(const struct row *r, const struct row *all)
{
	json_t *o = can_be_said(r) ? json_object() : NULL;
	bool ok = o && set_times(o, r, boot_ms_of(&all->at)) && set_common(o, r, all);
	if (ok && !is_zero(r->ticket, TICKET_HASH_SIZE))
		ok = set(o, "ticket", message_json_hex(r->ticket, TICKET_HASH_SIZE));
	if (ok && r->time_doubt)
		ok = set(o, "time_doubt", json_true());
	if (ok && r->overridden)
		ok = set(o, "overridden", json_true());
	if (ok && *r->from_venue)
		ok = set(o, "from_venue", json_string(r->from_venue));
	if (ok && r->amount)
		ok = set(o, "amount", json_integer(r->amount));
	if (ok && r->undoes)
		ok = set(o, "undoes", json_integer((json_int_t)r->undoes));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *write_all(const struct row *first)
{
	json_t *o = can_be_said(first) ? json_object() : NULL;
	if (o && set_common(o, first, NULL) &&
		set(o, "boot_ms", json_integer(boot_ms_of(&first->at))))
		return o;
	json_decref(o);
	return NULL;
}

/* The message without rows. The hash is put in when it is known which row is the last. */
static json_t *write_head(const struct batch *b)
{
	const struct row *first = &b->rows[0];
	json_t *o = json_pack("{s:i, s:o, s:I, s:I, s:o, s:o, s:o}", "v", MESSAGE_VERSION, "device",
		message_json_hex(first->device, DEVICE_ID_SIZE), "epoch", I(first->epoch), "first",
		I(first->seq), "before", message_json_hex(first->before, ROW_HASH_SIZE), "hash",
		message_json_hex(first->hash, ROW_HASH_SIZE), "all", write_all(first));
	if (!o || !b->is_signed)
		return o;
	if (set(o, "key", message_json_hex(b->key, DEVICE_KEY_SIZE)) &&
		set(o, "signature", message_json_hex(b->signature, DEVICE_SIGNATURE_SIZE)))
		return o;
	json_decref(o);
	return NULL;
}

/* As many rows as there is room for; at least one. */
static json_t *write_rows(const struct batch *b, size_t room, size_t *used)
{
	json_t *rows = json_array();
	for (*used = 0; rows && *used < b->count; ++*used) {
		json_t *row = write_row(&b->rows[*used], &b->rows[0]);
		size_t size = row ? json_dumpb(row, NULL, 0, JSON_COMPACT) + 1 : 0;
		if (row && *used && size > room) {
			json_decref(row);
			break;
		}
		room -= size < room ? size : room;
		if (!row || json_array_append_new(rows, row)) {
			json_decref(rows);
			return NULL;
		}
	}
	return rows;
}

char *message_write_batch(const struct batch *b, size_t *len, size_t *used)
{
	CHECK(b->count >= 1 && b->count <= BATCH_ROWS_MAX);
	json_t *o = write_head(b);
	size_t size = o ? json_dumpb(o, NULL, 0, JSON_COMPACT) + sizeof(",\"rows\":[]") : 0;
	json_t *rows =
		o && size < MESSAGE_EV_MAX ? write_rows(b, MESSAGE_EV_MAX - size, used) : NULL;
	if (!rows) {
		json_decref(o);
		return NULL;
	}
	const struct row *last = &b->rows[*used - 1];
	bool ok =
		set(o, "rows", rows) && set(o, "hash", message_json_hex(last->hash, ROW_HASH_SIZE));
	if (!ok) {
		json_decref(o);
		return NULL;
	}
	return message_dump(o, len);
}

/* --- reading --- */

/* Members that "all" must have and a row may. */
static void take_common(struct taking *t, struct row *r, bool all)
{
	if (all || message_has(t, "venue"))
		message_id(t, "venue", true, r->venue);
	if (all || message_has(t, "door"))
		message_id(t, "door", true, r->door);
	if (all || message_has(t, "boot"))
		message_hex(t, "boot", r->boot, BOOT_ID_SIZE);
	if (all || message_has(t, "trust"))
		r->at.trust = message_trust(t);
	if (all || message_has(t, "source"))
		r->source = (enum source)message_word(t, "source", source_words, SOURCE_COUNT);
	if (all || message_has(t, "kind"))
		r->kind = (enum row_kind)message_word(
			t, "kind", row_kind_names, ARRAY_LEN(row_kind_names));
	if (all || message_has(t, "verdict"))
		r->verdict = (enum verdict)message_word(t, "verdict", verdict_names, VERDICT_COUNT);
	if (all || message_has(t, "direction"))
		r->direction = (enum direction)message_word(
			t, "direction", row_direction_names, ARRAY_LEN(row_direction_names));
	if (all || message_has(t, "registered"))
		r->registered = message_bool(t, "registered");
	if (all || message_has(t, "operator"))
		message_text(t, "operator", r->operator, sizeof(r->operator));
}

static void take_times(struct taking *t, struct row *r, int64_t boot_ms)
{
	r->hlc = message_stamp(t, "stamp");
	r->at.wall_ms = (int64_t)(r->hlc >> 16);
	if (message_has(t, "wall_ms"))
		r->at.wall_ms = message_integer(t, "wall_ms", -ROW_MS_MAX, ROW_MS_MAX);
	if (message_has(t, "mono_ms"))
		r->at.mono_ms = message_integer(t, "mono_ms", -ROW_MS_MAX, ROW_MS_MAX);
	else
		r->at.mono_ms = r->at.wall_ms - boot_ms;
}

static void take_row(struct taking *t, struct row *r, int64_t boot_ms)
{
	take_common(t, r, false);
	take_times(t, r, boot_ms);
	if (message_has(t, "ticket"))
		message_hex(t, "ticket", r->ticket, TICKET_HASH_SIZE);
	if (message_has(t, "time_doubt"))
		r->time_doubt = message_bool(t, "time_doubt");
	if (message_has(t, "overridden"))
		r->overridden = message_bool(t, "overridden");
	if (message_has(t, "from_venue"))
		message_id(t, "from_venue", true, r->from_venue);
	if (message_has(t, "amount"))
		r->amount = message_integer(t, "amount", -ROW_AMOUNT_MAX, ROW_AMOUNT_MAX);
	if (message_has(t, "undoes"))
		r->undoes = message_natural(t, "undoes");
}

/* What a row starts as: all zero but for what the rows have in common. Padding too, so that equal
 * rows are equal bytes. */
static void take_rows(struct batch *out, struct row rows[BATCH_ROWS_MAX], const struct row *all,
	const json_t *array, int64_t boot_ms, struct taking *whole)
{
	size_t count = json_array_size(array);
	for (size_t i = 0; whole->ok && i < count; i++) {
		struct taking t;
		message_begin(&t, json_array_get(array, i), "ev: row", row_members, whole->why);
		memcpy(&rows[i], all, sizeof(rows[i]));
		rows[i].seq = all->seq + i;
		if (i)
			memcpy(rows[i].before, rows[i - 1].hash, ROW_HASH_SIZE);
		take_row(&t, &rows[i], boot_ms);
		whole->ok = t.ok;
		if (t.ok)
			log_row_hash(&rows[i], rows[i].hash);
	}
	out->rows = rows;
	out->count = count;
}

static void take_signature(struct taking *t, struct batch *out)
{
	out->is_signed = message_has(t, "key") || message_has(t, "signature");
	if (!out->is_signed)
		return;
	message_hex(t, "key", out->key, DEVICE_KEY_SIZE);
	message_hex(t, "signature", out->signature, DEVICE_SIGNATURE_SIZE);
}

static void take_head(struct taking *t, struct row *all, int64_t *boot_ms)
{
	message_hex(t, "device", all->device, DEVICE_ID_SIZE);
	all->epoch = (uint32_t)message_integer(t, "epoch", 1, UINT32_MAX);
	all->seq = (uint64_t)message_integer(t, "first", 1, EXACT_MAX - BATCH_ROWS_MAX);
	message_hex(t, "before", all->before, ROW_HASH_SIZE);
	if (!t->ok)
		return;
	struct taking common;
	message_begin(&common, json_object_get(t->object, "all"), "ev: all", all_members, t->why);
	take_common(&common, all, true);
	*boot_ms = message_integer(&common, "boot_ms", -2 * ROW_MS_MAX, 2 * ROW_MS_MAX);
	t->ok = common.ok;
}

bool message_read_batch(struct batch *out, struct row rows[BATCH_ROWS_MAX], const void *json,
	size_t len, struct message_why *why)
{
	struct taking t;
	struct row all;
	int64_t boot_ms = 0;
	uint8_t hash[ROW_HASH_SIZE] = { 0 };
	memset(&all, 0, sizeof(all));
	memset(out, 0, sizeof(*out));
	json_t *root = message_load(&t, json, len, MESSAGE_EV_MAX, "ev", members, why);
	take_head(&t, &all, &boot_ms);
	message_hex(&t, "hash", hash, sizeof(hash));
	take_signature(&t, out);
	const json_t *array = message_array(&t, "rows", BATCH_ROWS_MAX);
	if (t.ok && !json_array_size(array))
		message_wrong(&t, "rows", "is empty");
	take_rows(out, rows, &all, array, boot_ms, &t);
	if (t.ok && memcmp(hash, rows[out->count - 1].hash, sizeof(hash)) != 0)
		message_wrong(&t, "hash", "is not that of the last row");
	json_decref(root);
	return t.ok;
}
