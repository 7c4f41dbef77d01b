#include "cli/reply.h"

#include "base/text.h"
#include "base/when.h"
#include "cli/cli.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[TICKET_NOT_ONE] = "none",
	[TICKET_UNKNOWN] = "unknown",
	[TICKET_FORGED] = "forged",
	[TICKET_SIGNED] = "signed",
	[TICKET_ROSTER] = "roster",
	[TICKET_TEST] = "test",
	[TICKET_STAFF] = "staff",
};
static_assert(ARRAY_LEN(kind_names) == TICKET_KIND_COUNT, "every kind needs its name");

const char *reply_kind(enum ticket_kind kind)
{
	return kind_names[kind];
}

/* A copy in which what is not UTF-8 is U+FFFD. *whole tells whether there was none of it. */
static char *as_utf8(const char *text, size_t len, size_t *out_len, bool *whole)
{
	char *out = calloc(3 * len + 1, 1);
	uint32_t c;
	*out_len = 0;
	*whole = true;
	if (!out)
		return NULL;
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = text_decode_utf8(text + i, len - i, &c);
		memcpy(out + *out_len, n ? text + i : "\xef\xbf\xbd", n ? n : 3);
		*out_len += n ? n : 3;
		*whole = *whole && n;
	}
	return out;
}

static json_t *hex_of(const char *bytes, size_t len)
{
	AUTO_FREE char *hex = malloc(2 * len + 1);
	if (!hex)
		return NULL;
	text_hex(hex, (const uint8_t *)bytes, len);
	return json_string(hex);
}

json_t *reply_moment(int64_t seconds)
{
	char iso[WHEN_ISO_SIZE];
	if (seconds == 0)
		return json_null();
	when_iso(seconds * 1000, iso);
	return json_string(iso);
}

json_t *reply_text(const char *text)
{
	return *text ? json_string(text) : json_null();
}

int reply_code(json_t *o, const char *code, size_t len)
{
	size_t utf8_len;
	bool whole;
	AUTO_FREE char *utf8 = as_utf8(code, len, &utf8_len, &whole);
	if (!utf8 || json_object_set_new(o, "code", json_stringn_nocheck(utf8, utf8_len)))
		return -1;
	return whole ? 0 : json_object_set_new(o, "code_hex", hex_of(code, len));
}

/* JSON escapes what lies below U+0020 alone; a terminal obeys more than that. */
static void print_safe_json(const char *json)
{
	uint32_t c;
	const char *end = json + strlen(json);
	for (size_t n; json < end; json += n) {
		n = text_decode_utf8(json, (size_t)(end - json), &c);
		CHECK(n > 0);
		if (!text_is_hazard(c))
			fwrite(json, 1, n, stdout);
		else if (c < 0x10000)
			printf("\\u%04x", (unsigned)c);
		else
			printf("\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
				(unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	}
	putchar('\n');
}

int reply_print(json_t *o)
{
	AUTO_FREE char *json = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (!json) {
		fputs("parvis: not enough memory\n", stderr);
		return CLI_FAILED;
	}
	print_safe_json(json);
	return CLI_OK;
}
