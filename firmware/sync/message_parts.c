#include "sync/message_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define STAMP_MS_MAX ((INT64_C(1) << 47) - 1)

void message_wrong(struct taking *t, const char *name, const char *how)
{
	if (t->ok)
		snprintf(t->why->text, sizeof(t->why->text), "%s: %s%s%s", t->what, name,
			*name ? " " : "", how);
	t->ok = false;
}

static bool is_known(const char *key, const char *const *names)
{
	if (!strncmp(key, "x-", 2))
		return true;
	for (; *names; names++)
		if (!strcmp(key, *names))
			return true;
	return false;
}

void message_begin(struct taking *t, const json_t *object, const char *what,
	const char *const *names, struct message_why *why)
{
	*t = (struct taking){ .object = object, .what = what, .why = why, .ok = true };
	if (!json_is_object(object)) {
		message_wrong(t, "", "is not an object");
		return;
	}
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, key, value) if (!is_known(key, names))
		message_wrong(t, "", "has a member that it should not have");
}

/* The version is looked at first: what another version's members are is not ours to judge. */
static bool is_our_version(struct taking *t, const json_t *root, struct message_why *why)
{
	json_t *v = json_object_get(root, "v");
	if (json_is_integer(v) && json_integer_value(v) == MESSAGE_VERSION)
		return true;
	why->version = json_is_integer(v);
	message_wrong(t, "v", why->version ? "is of another version" : "is not there");
	return false;
}

json_t *message_load(struct taking *t, const void *json, size_t len, size_t most, const char *what,
	const char *const *names, struct message_why *why)
{
	json_error_t error;
	*why = (struct message_why){ .version = false };
	*t = (struct taking){ .what = what, .why = why, .ok = true };
	if (len > most) {
		message_wrong(t, "", "is too long");
		return NULL;
	}
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root)) {
		message_wrong(t, "", "is not a JSON object");
	} else if (is_our_version(t, root, why)) {
		message_begin(t, root, what, names, why);
		if (t->ok)
			return root;
	}
	json_decref(root);
	return NULL;
}

bool message_has(const struct taking *t, const char *name)
{
	return t->ok && json_object_get(t->object, name);
}

static const json_t *member(struct taking *t, const char *name)
{
	if (!t->ok)
		return NULL;
	const json_t *value = json_object_get(t->object, name);
	if (!value)
		message_wrong(t, name, "is missing");
	return value;
}

int64_t message_integer(struct taking *t, const char *name, int64_t lowest, int64_t highest)
{
	const json_t *value = member(t, name);
	if (!value)
		return 0;
	int64_t n = json_integer_value(value);
	if (json_is_integer(value) && n >= lowest && n <= highest)
		return n;
	message_wrong(t, name, "is not an integer in range");
	return 0;
}

uint64_t message_natural(struct taking *t, const char *name)
{
	return (uint64_t)message_integer(t, name, 0, EXACT_MAX);
}

bool message_bool(struct taking *t, const char *name)
{
	const json_t *value = member(t, name);
	if (value && !json_is_boolean(value))
		message_wrong(t, name, "is neither true nor false");
	return json_is_true(value);
}

void message_id(struct taking *t, const char *name, bool may_be_empty, char out[ID_SIZE])
{
	const json_t *value = member(t, name);
	if (!value)
		return;
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	memset(out, 0, ID_SIZE);
	if (text && ((may_be_empty && !len) || message_is_id(text, len)))
		memcpy(out, text, len);
	else
		message_wrong(t, name, "is not an identifier");
}

static bool is_calm_text(const char *text, size_t len)
{
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, &c);
		if (!n || text_is_hazard(c))
			return false;
	}
	return true;
}

void message_text(struct taking *t, const char *name, char *out, size_t capacity)
{
	const json_t *value = member(t, name);
	if (!value)
		return;
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	memset(out, 0, capacity);
	if (text && len < capacity && is_calm_text(text, len))
		memcpy(out, text, len);
	else
		message_wrong(t, name, "is not a text of the length allowed");
}

bool message_unhex(uint8_t *out, size_t n, const char *hex, size_t len)
{
	if (len != 2 * n)
		return false;
	for (size_t i = 0; i < len; i++)
		if (hex[i] >= 'A' && hex[i] <= 'F')
			return false;
	return text_unhex(out, n, hex, len);
}

void message_hex(struct taking *t, const char *name, uint8_t *out, size_t n)
{
	const json_t *value = member(t, name);
	if (!value)
		return;
	const char *text = json_string_value(value);
	if (!text || !message_unhex(out, n, text, json_string_length(value)))
		message_wrong(t, name, "is not hex of the length required");
}

int message_word(struct taking *t, const char *name, const char *const *names, size_t count)
{
	const json_t *value = member(t, name);
	if (!value)
		return 0;
	const char *text = json_string_value(value);
	for (size_t i = 0; text && i < count; i++)
		if (names[i] && !strcmp(text, names[i]) &&
			strlen(names[i]) == json_string_length(value))
			return (int)i;
	message_wrong(t, name, "is not one of its words");
	return 0;
}

enum trust message_trust(struct taking *t)
{
	return (enum trust)message_word(t, "trust", trust_names, TRUST_COUNT);
}

uint64_t message_stamp(struct taking *t, const char *name)
{
	const json_t *value = member(t, name);
	if (!value)
		return 0;
	const json_t *ms = json_array_get(value, 0), *counter = json_array_get(value, 1);
	int64_t m = json_integer_value(ms), c = json_integer_value(counter);
	if (json_array_size(value) == 2 && json_is_integer(ms) && json_is_integer(counter) &&
		m >= 0 && m <= STAMP_MS_MAX && c >= 0 && c <= UINT16_MAX)
		return (uint64_t)m << 16 | (uint64_t)c;
	message_wrong(t, name, "is not a stamp");
	return 0;
}

const json_t *message_array(struct taking *t, const char *name, size_t most)
{
	const json_t *value = member(t, name);
	if (!value)
		return NULL;
	if (json_is_array(value) && json_array_size(value) <= most)
		return value;
	message_wrong(t, name, "is not an array of the length allowed");
	return NULL;
}

json_t *message_json_hex(const uint8_t *bytes, size_t n)
{
	char hex[2 * DEVICE_SIGNATURE_SIZE + 1];
	CHECK(2 * n < sizeof(hex));
	text_hex(hex, bytes, n);
	return json_string(hex);
}

json_t *message_json_stamp(uint64_t stamp)
{
	return json_pack("[I, I]", (json_int_t)(stamp >> 16), (json_int_t)(stamp & UINT16_MAX));
}

char *message_dump(json_t *root, size_t *len)
{
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (text)
		*len = strlen(text);
	return text;
}
