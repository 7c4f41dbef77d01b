#include "event/pretix_json.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

void pretix_json_drop(json_t **json)
{
	json_decref(*json);
}

bool pretix_json_wrong(char why[PRETIX_WHY_SIZE], const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(why, PRETIX_WHY_SIZE, format, list);
	va_end(list);
	return false;
}

/* Jansson's own words quote what they stand at, which may be a guest: the place is enough. */
json_t *pretix_json_load(const char *json, size_t len, char why[PRETIX_WHY_SIZE])
{
	json_error_t error;
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		pretix_json_wrong(
			why, "no JSON, from line %d column %d on", error.line, error.column);
	return root;
}

/* Of the next page's address the query alone is taken: where we ask is not for the answer to say.
 */
static bool take_next(struct pretix_page *page, const char *next, char why[PRETIX_WHY_SIZE])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-._~%&=+,:;@!$*'()/";
	const char *query = strchr(next, '?');
	if (!query || !query[1])
		return pretix_json_wrong(why, "next: no address of a page");
	query++;
	if (strspn(query, allowed) != strlen(query) || strlen(query) >= sizeof(page->query))
		return pretix_json_wrong(why, "next: no address of a page");
	text_copy(page->query, sizeof(page->query), query);
	page->more = true;
	return true;
}

bool pretix_json_page(
	json_t *root, struct pretix_page *page, json_t **results, char why[PRETIX_WHY_SIZE])
{
	*page = (struct pretix_page){ 0 };
	if (!json_is_object(root))
		return pretix_json_wrong(why, "not an object with count, next and results");
	json_t *count = json_object_get(root, "count");
	if (!json_is_integer(count) || json_integer_value(count) < 0)
		return pretix_json_wrong(why, "count: missing, or no number");
	page->count = (uint64_t)json_integer_value(count);
	*results = json_object_get(root, "results");
	if (!json_is_array(*results))
		return pretix_json_wrong(why, "results: missing, or no list");
	if (json_array_size(*results) > PRETIX_PAGE_MAX)
		return pretix_json_wrong(why, "results: more than %d on a page", PRETIX_PAGE_MAX);
	const char *next;
	if (!pretix_json_text(root, "next", &next, why))
		return false;
	return !next || take_next(page, next, why);
}

bool pretix_json_id_or_0(json_t *object, const char *field, int64_t *out, char why[PRETIX_WHY_SIZE])
{
	json_t *value = json_object_get(object, field);
	*out = 0;
	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return pretix_json_wrong(why, "%s: no number from 1 on", field);
	*out = json_integer_value(value);
	return true;
}

bool pretix_json_id(json_t *object, const char *field, int64_t *out, char why[PRETIX_WHY_SIZE])
{
	if (!pretix_json_id_or_0(object, field, out, why))
		return false;
	return *out || pretix_json_wrong(why, "%s: missing", field);
}

bool pretix_json_bool(json_t *object, const char *field, bool *out, char why[PRETIX_WHY_SIZE])
{
	json_t *value = json_object_get(object, field);
	if (!value || json_is_null(value))
		return true;
	if (!json_is_boolean(value))
		return pretix_json_wrong(why, "%s: neither true nor false", field);
	*out = json_is_true(value);
	return true;
}

bool pretix_json_text(
	json_t *object, const char *field, const char **out, char why[PRETIX_WHY_SIZE])
{
	json_t *value = json_object_get(object, field);
	*out = NULL;
	if (!value || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return pretix_json_wrong(why, "%s: no text", field);
	*out = json_string_value(value);
	return true;
}

bool pretix_json_code(json_t *object, const char **out, size_t *len, char why[PRETIX_WHY_SIZE])
{
	if (!pretix_json_text(object, "secret", out, why))
		return false;
	if (!*out)
		return pretix_json_wrong(why, "secret: missing");
	*len = strlen(*out);
	if (*len < 1 || *len > CODE_MAX)
		return pretix_json_wrong(
			why, "secret: %zu bytes; a code has 1 to %d", *len, CODE_MAX);
	return true;
}

void pretix_json_clean(char *out, size_t capacity, const char *text)
{
	size_t len = strlen(text), n, written = 0;
	for (size_t i = 0; i < len; i += n) {
		uint32_t c = 0;
		n = text_decode_utf8(text + i, len - i, &c);
		if (!n || written + n >= capacity)
			break;
		bool joiner = c == 0x200c || c == 0x200d;
		bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
		if (blank && written > 0)
			out[written++] = ' ';
		if (blank || (!joiner && text_is_hazard(c)))
			continue;
		memcpy(out + written, text + i, n);
		written += n;
	}
	while (written > 0 && out[written - 1] == ' ')
		written--;
	memset(out + written, 0, capacity - written);
}
