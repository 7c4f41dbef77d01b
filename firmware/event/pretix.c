#include "event/pretix.h"

#include "base/text.h"
#include "event/pretix_json.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------------------- */

#define PEM_MAX 1024

/* RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes and no unused bit }. */
static const uint8_t spki[12] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
	0x00 };

bool pretix_read_key(const char *text, size_t len, uint8_t key[32])
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	static const char end[] = "-----END PUBLIC KEY-----";
	char pem[PEM_MAX + 1];
	uint8_t der[sizeof(spki) + 32];
	size_t pem_len, der_len;
	if (sodium_init() < 0 || sodium_base642bin((uint8_t *)pem, PEM_MAX, text, len, "\r\n ",
					 &pem_len, NULL, sodium_base64_VARIANT_ORIGINAL))
		return false;
	pem[pem_len] = '\0';
	if (strlen(pem) != pem_len || strncmp(pem, begin, strlen(begin)) != 0)
		return false;
	const char *body = pem + strlen(begin);
	const char *stop = strstr(body, end);
	if (!stop || stop[strlen(end) + strspn(stop + strlen(end), "\r\n ")])
		return false;
	if (sodium_base642bin(der, sizeof(der), body, (size_t)(stop - body), "\r\n ", &der_len,
		    NULL, sodium_base64_VARIANT_ORIGINAL))
		return false;
	if (der_len != sizeof(der) || memcmp(der, spki, sizeof(spki)) != 0 ||
		!crypto_core_ed25519_is_valid_point(der + sizeof(spki)))
		return false;
	memcpy(key, der + sizeof(spki), 32);
	return true;
}

static bool take_keys(
	json_t *root, uint8_t keys[EVENT_KEYS_MAX][32], uint32_t *count, char why[PRETIX_WHY_SIZE])
{
	json_t *valid = json_object_get(root, "valid_keys");
	json_t *list = json_object_get(valid, "pretix_sig1");
	*count = 0;
	if (!valid || json_is_null(valid) || (json_is_object(valid) && !list))
		return true;
	if (!json_is_array(list))
		return pretix_json_wrong(why, "valid_keys.pretix_sig1: no list");
	if (json_array_size(list) > EVENT_KEYS_MAX)
		return pretix_json_wrong(
			why, "valid_keys.pretix_sig1: more than %d keys", EVENT_KEYS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *text = json_array_get(list, i);
		if (!json_is_string(text) || !pretix_read_key(json_string_value(text),
						     json_string_length(text), keys[i]))
			return pretix_json_wrong(why,
				"valid_keys.pretix_sig1: number %zu is no Ed25519 public key",
				i + 1);
	}
	*count = (uint32_t)json_array_size(list);
	return true;
}

int pretix_read_event(const char *json, size_t len, uint8_t keys[EVENT_KEYS_MAX][32],
	uint32_t *key_count, char why[PRETIX_WHY_SIZE])
{
	AUTO_JSON root = pretix_json_load(json, len, why);
	if (!root)
		return -EBADMSG;
	const char *slug;
	if (!json_is_object(root)) {
		pretix_json_wrong(why, "not an object");
		return -EBADMSG;
	}
	if (!pretix_json_text(root, "slug", &slug, why))
		return -EBADMSG;
	if (!slug) {
		pretix_json_wrong(why, "slug: missing: this is no event");
		return -EBADMSG;
	}
	return take_keys(root, keys, key_count, why) ? 0 : -EBADMSG;
}

/* --- lists of records ------------------------------------------------------------------------- */

/* Reads one record and gives it on. */
struct reader {
	int (*read)(struct reader *r, json_t *record);
	const char *language;
	union {
		pretix_take_list *list;
		pretix_take_item *item;
		pretix_take_position *position;
		pretix_take_secret *secret;
	} take;
	void *context;
	char *why;
};

static int read_records(
	struct reader *r, const char *json, size_t len, struct pretix_page *page, char *why)
{
	AUTO_JSON root = pretix_json_load(json, len, why);
	json_t *results;
	r->why = why;
	if (!root || !pretix_json_page(root, page, &results, why))
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *record = json_array_get(results, i);
		int error = json_is_object(record) ? r->read(r, record) : -EBADMSG;
		if (!json_is_object(record))
			pretix_json_wrong(why, "no object");
		if (!error)
			continue;
		if (error == -EBADMSG) {
			char what[PRETIX_WHY_SIZE];
			memcpy(what, why, sizeof(what));
			pretix_json_wrong(why, "record %zu of the page: %.200s", i + 1, what);
		}
		return error;
	}
	return 0;
}

static bool take_products(json_t *record, struct pretix_list *list, char *why)
{
	json_t *products = json_object_get(record, "limit_products");
	if (!products || json_is_null(products))
		return list->all_products || pretix_json_wrong(why, "limit_products: missing");
	if (!json_is_array(products) || json_array_size(products) > PRETIX_PRODUCTS_MAX)
		return pretix_json_wrong(
			why, "limit_products: no list of at most %d", PRETIX_PRODUCTS_MAX);
	for (size_t i = 0; i < json_array_size(products); i++) {
		json_t *id = json_array_get(products, i);
		if (!json_is_integer(id))
			return pretix_json_wrong(why, "limit_products: no list of numbers");
		list->products[i] = json_integer_value(id);
	}
	list->product_count = json_array_size(products);
	return true;
}

static int read_list(struct reader *r, json_t *record)
{
	struct pretix_list list = { 0 };
	const char *name;
	if (!pretix_json_id(record, "id", &list.id, r->why) ||
		!pretix_json_text(record, "name", &name, r->why) ||
		!pretix_json_bool(record, "all_products", &list.all_products, r->why) ||
		!take_products(record, &list, r->why) ||
		!pretix_json_id_or_0(record, "subevent", &list.subevent, r->why) ||
		!pretix_json_bool(record, "include_pending", &list.include_pending, r->why))
		return -EBADMSG;
	pretix_json_clean(list.name, sizeof(list.name), name ? name : "");
	return r->take.list(r->context, &list);
}

int pretix_read_lists(const char *json, size_t len, struct pretix_page *page,
	pretix_take_list *take, void *context, char why[PRETIX_WHY_SIZE])
{
	struct reader r = { .read = read_list, .take.list = take, .context = context };
	return read_records(&r, json, len, page, why);
}

/* A multi-lingual text is an object of texts; a plain one is taken, too. */
static const char *pick(json_t *name, const char *language)
{
	json_t *best = json_object_get(name, language);
	const char *key;
	json_t *value;
	if (json_is_string(name))
		return json_string_value(name);
	if (!json_is_string(best) || !*json_string_value(best))
		best = json_object_get(name, "en");
	json_object_foreach(name, key,
		value) if (!json_is_string(best) || !*json_string_value(best)) best = value;
	return json_is_string(best) ? json_string_value(best) : "";
}

static int read_item(struct reader *r, json_t *record)
{
	char name[EVENT_TEXT_SIZE];
	int64_t id;
	if (!pretix_json_id(record, "id", &id, r->why))
		return -EBADMSG;
	pretix_json_clean(name, sizeof(name), pick(json_object_get(record, "name"), r->language));
	return r->take.item(r->context, id, name);
}

int pretix_read_items(const char *json, size_t len, const char *language, struct pretix_page *page,
	pretix_take_item *take, void *context, char why[PRETIX_WHY_SIZE])
{
	struct reader r = {
		.read = read_item, .language = language, .take.item = take, .context = context
	};
	return read_records(&r, json, len, page, why);
}

static int read_secret(struct reader *r, json_t *record)
{
	const char *code;
	size_t len;
	bool bad = true;
	if (!pretix_json_code(record, &code, &len, r->why) ||
		!pretix_json_bool(record, "blocked", &bad, r->why))
		return -EBADMSG;
	return r->take.secret(r->context, code, len, bad);
}

int pretix_read_secrets(const char *json, size_t len, struct pretix_page *page,
	pretix_take_secret *take, void *context, char why[PRETIX_WHY_SIZE])
{
	struct reader r = { .read = read_secret, .take.secret = take, .context = context };
	return read_records(&r, json, len, page, why);
}

/* --- positions -------------------------------------------------------------------------------- */

/* `blocked` is null, or the reasons for which the ticket is blocked. */
static bool take_blocked(json_t *record, bool *blocked, char *why)
{
	json_t *reasons = json_object_get(record, "blocked");
	if (json_is_array(reasons) || json_is_boolean(reasons)) {
		*blocked = json_is_true(reasons) || json_array_size(reasons) > 0;
		return true;
	}
	return !reasons || json_is_null(reasons) || pretix_json_wrong(why, "blocked: no list");
}

static bool take_times(json_t *record, bool *timed, char *why)
{
	const char *from, *until;
	if (!pretix_json_text(record, "valid_from", &from, why) ||
		!pretix_json_text(record, "valid_until", &until, why))
		return false;
	*timed = from || until;
	return true;
}

static bool take_position(
	json_t *record, enum pretix_standing order, struct pretix_position *out, char *why)
{
	bool canceled = false, blocked = false;
	const char *name, *email;
	if (!pretix_json_id(record, "id", &out->id, why) ||
		!pretix_json_code(record, &out->code, &out->code_len, why) ||
		!pretix_json_id(record, "item", &out->item, why) ||
		!pretix_json_id_or_0(record, "subevent", &out->subevent, why) ||
		!pretix_json_text(record, "attendee_name", &name, why) ||
		!pretix_json_text(record, "attendee_email", &email, why) ||
		!pretix_json_bool(record, "canceled", &canceled, why) ||
		!take_blocked(record, &blocked, why) || !take_times(record, &out->timed, why))
		return false;
	pretix_json_clean(out->name, sizeof(out->name), name ? name : "");
	pretix_json_clean(out->email, sizeof(out->email), email ? email : "");
	out->standing = canceled || order == PRETIX_GONE ? PRETIX_GONE
			: blocked                        ? PRETIX_BLOCKED
							 : order;
	return true;
}

static int read_position(struct reader *r, json_t *record)
{
	struct pretix_position position = { 0 };
	if (!take_position(record, PRETIX_GOOD, &position, r->why))
		return -EBADMSG;
	return r->take.position(r->context, &position);
}

int pretix_read_positions(const char *json, size_t len, struct pretix_page *page,
	pretix_take_position *take, void *context, char why[PRETIX_WHY_SIZE])
{
	struct reader r = { .read = read_position, .take.position = take, .context = context };
	return read_records(&r, json, len, page, why);
}

static bool judge_order(json_t *order, enum pretix_standing *out, char *why)
{
	bool valid_if_pending = false, require_approval = false;
	const char *status;
	if (!pretix_json_text(order, "status", &status, why) ||
		!pretix_json_bool(order, "valid_if_pending", &valid_if_pending, why) ||
		!pretix_json_bool(order, "require_approval", &require_approval, why))
		return false;
	if (!status)
		return pretix_json_wrong(why, "status: missing");
	if (!strcmp(status, "p"))
		*out = PRETIX_GOOD;
	else if (!strcmp(status, "n") && !require_approval)
		*out = valid_if_pending ? PRETIX_GOOD : PRETIX_PENDING;
	else
		*out = PRETIX_GONE;
	return true;
}

/* The name that a position of this order falls back to. */
static const char *name_of_another(json_t *order, json_t *position)
{
	json_t *positions = json_object_get(order, "positions");
	int64_t parent = json_integer_value(json_object_get(position, "addon_to"));
	const char *name = NULL;
	for (size_t i = 0; parent && !name && i < json_array_size(positions); i++) {
		json_t *other = json_array_get(positions, i);
		if (json_integer_value(json_object_get(other, "id")) == parent)
			name = json_string_value(json_object_get(other, "attendee_name"));
	}
	if (!name || !*name)
		name = json_string_value(
			json_object_get(json_object_get(order, "invoice_address"), "name"));
	return name ? name : "";
}

/* One position of an order. */
static int read_part(struct reader *r, json_t *order, json_t *record, enum pretix_standing standing)
{
	struct pretix_position p = { 0 };
	if (!json_is_object(record)) {
		pretix_json_wrong(r->why, "positions: no objects");
		return -EBADMSG;
	}
	if (!take_position(record, standing, &p, r->why))
		return -EBADMSG;
	if (!*p.name)
		pretix_json_clean(p.name, sizeof(p.name), name_of_another(order, record));
	return r->take.position(r->context, &p);
}

static int read_order(struct reader *r, json_t *order)
{
	enum pretix_standing standing = PRETIX_GONE;
	json_t *positions = json_object_get(order, "positions");
	if (!judge_order(order, &standing, r->why))
		return -EBADMSG;
	if (!json_is_array(positions) || json_array_size(positions) > PRETIX_POSITIONS_MAX) {
		pretix_json_wrong(r->why, "positions: missing, or no list of at most %d",
			PRETIX_POSITIONS_MAX);
		return -EBADMSG;
	}
	int error = 0;
	for (size_t i = 0; !error && i < json_array_size(positions); i++)
		error = read_part(r, order, json_array_get(positions, i), standing);
	return error;
}

int pretix_read_orders(const char *json, size_t len, struct pretix_page *page,
	pretix_take_position *take, void *context, char why[PRETIX_WHY_SIZE])
{
	struct reader r = { .read = read_order, .take.position = take, .context = context };
	return read_records(&r, json, len, page, why);
}

/* --- redeem ----------------------------------------------------------------------------------- */

static void take_text(json_t *root, const char *field, char *out, size_t capacity)
{
	const char *text = json_string_value(json_object_get(root, field));
	text_printable(out, capacity, text ? text : "", text ? strlen(text) : 0);
}

int pretix_read_redeem(
	const char *json, size_t len, struct pretix_redeem *out, char why[PRETIX_WHY_SIZE])
{
	AUTO_JSON root = pretix_json_load(json, len, why);
	const char *status = NULL;
	*out = (struct pretix_redeem){ .result = PRETIX_NOT_TAKEN };
	if (!root)
		return -EBADMSG;
	if (!json_is_object(root) || !pretix_json_text(root, "status", &status, why) || !status) {
		pretix_json_wrong(why, "status: missing");
		return -EBADMSG;
	}
	if (!strcmp(status, "ok")) {
		out->result = PRETIX_REDEEMED;
	} else if (!strcmp(status, "incomplete") || !strcmp(status, "exchange")) {
		out->result = PRETIX_INCOMPLETE;
		text_copy(out->reason, sizeof(out->reason), status);
	} else if (!strcmp(status, "error")) {
		take_text(root, "reason", out->reason, sizeof(out->reason));
		take_text(root, "reason_explanation", out->explanation, sizeof(out->explanation));
		if (!*out->reason)
			text_copy(out->reason, sizeof(out->reason), "error");
	} else {
		pretix_json_wrong(why, "status: a word that is not documented");
		return -EBADMSG;
	}
	return 0;
}

void pretix_read_detail(const char *json, size_t len, char out[PRETIX_WHY_SIZE])
{
	char ignored[PRETIX_WHY_SIZE];
	AUTO_JSON root = pretix_json_load(json, len, ignored);
	const char *detail = json_string_value(json_object_get(root, "detail"));
	text_printable(out, PRETIX_WHY_SIZE, detail ? detail : "", detail ? strlen(detail) : 0);
}
