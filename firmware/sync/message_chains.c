#include "sync/message_parts.h"

#include <string.h>

#define I(n) ((json_int_t)(n))

static const char *const members[] = { "v", "sender", "role", "epoch", "asks", "wall_ms", "trust",
	"stamp", "chains", NULL };
static const char *const chain_members[] = { "device", "epoch", "have", NULL };
static const char *const roles[] = { "box", "collector" };

static json_t *write_ranges(const struct ranges *r)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < r->count; i++) {
		json_t *range = json_pack("[I, I]", I(r->at[i].first), I(r->at[i].last));
		if (!range || json_array_append_new(array, range)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *write_chains(const struct message_chains *m)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < m->count; i++) {
		const struct message_chain *c = &m->at[i];
		json_t *chain = json_pack("{s:o, s:I, s:o}", "device",
			message_json_hex(c->chain.device, DEVICE_ID_SIZE), "epoch",
			I(c->chain.epoch), "have", write_ranges(&c->have));
		if (!chain || json_array_append_new(array, chain)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

char *message_write_chains(const struct message_chains *m, size_t *len)
{
	CHECK(m->count <= MESSAGE_CHAINS_MAX);
	return message_dump(
		json_pack("{s:i, s:o, s:s, s:I, s:b, s:I, s:s, s:o, s:o}", "v", MESSAGE_VERSION,
			"sender", message_json_hex(m->sender, sizeof(m->sender)), "role",
			roles[m->from_collector], "epoch", I(m->epoch), "asks", m->asks, "wall_ms",
			I(m->wall_ms), "trust", trust_names[m->trust], "stamp",
			message_json_stamp(m->stamp), "chains", write_chains(m)),
		len);
}

/* In order and apart from each other, so that each set has one spelling. */
static bool read_range(struct ranges *r, const json_t *pair)
{
	const json_t *first = json_array_get(pair, 0), *last = json_array_get(pair, 1);
	int64_t f = json_integer_value(first), l = json_integer_value(last);
	if (json_array_size(pair) != 2 || !json_is_integer(first) || !json_is_integer(last))
		return false;
	if (f < 1 || l < f || l > EXACT_MAX || (uint64_t)f <= ranges_highest(r) + (r->count > 0))
		return false;
	r->at[r->count++] = (struct range){ (uint64_t)f, (uint64_t)l };
	return true;
}

static void read_chain(struct message_chain *c, const json_t *object, struct taking *whole)
{
	struct taking t;
	if (!whole->ok)
		return;
	message_begin(&t, object, "chain", chain_members, whole->why);
	message_hex(&t, "device", c->chain.device, DEVICE_ID_SIZE);
	c->chain.epoch = (uint32_t)message_integer(&t, "epoch", 1, UINT32_MAX);
	const json_t *have = message_array(&t, "have", RANGES_MAX);
	for (size_t i = 0; i < json_array_size(have); i++)
		if (!read_range(&c->have, json_array_get(have, i)))
			message_wrong(&t, "have", "is not a list of ranges in order");
	whole->ok = t.ok;
}

bool message_read_chains(
	struct message_chains *out, const void *json, size_t len, struct message_why *why)
{
	struct taking t;
	memset(out, 0, sizeof(*out));
	json_t *root = message_load(&t, json, len, MESSAGE_MAX, "chains", members, why);
	message_hex(&t, "sender", out->sender, sizeof(out->sender));
	out->from_collector = message_word(&t, "role", roles, 2) == 1;
	out->epoch = (uint32_t)message_integer(&t, "epoch", 0, UINT32_MAX);
	if (t.ok && out->from_collector != (out->epoch == 0))
		message_wrong(&t, "epoch", "does not go with the role");
	out->asks = message_bool(&t, "asks");
	out->wall_ms = message_integer(&t, "wall_ms", INT64_MIN, INT64_MAX);
	out->trust = message_trust(&t);
	out->stamp = message_stamp(&t, "stamp");
	const json_t *chains = message_array(&t, "chains", MESSAGE_CHAINS_MAX);
	for (size_t i = 0; i < json_array_size(chains); i++)
		read_chain(&out->at[i], json_array_get(chains, i), &t);
	out->count = (uint32_t)json_array_size(chains);
	json_decref(root);
	return t.ok;
}
