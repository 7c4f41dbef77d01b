/* Any bytes as an answer of a pretix server: the first chooses what was asked for. What is taken
 * from it holds to event/pretix.h, and what is said of it is safe on a terminal. */
#include "event/pretix.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_text(const char *text, size_t capacity, bool joiners)
{
	uint32_t c;
	size_t len = strnlen(text, capacity);
	CHECK(len < capacity);
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, &c);
		CHECK(n > 0);
		CHECK(!text_is_hazard(c) || (joiners && (c == 0x200c || c == 0x200d)));
	}
}

static int look_at_position(void *context, const struct pretix_position *p)
{
	(void)context;
	CHECK(p->id >= 1 && p->item >= 1 && p->subevent >= 0);
	CHECK(p->code_len >= 1 && p->code_len <= CODE_MAX && strlen(p->code) == p->code_len);
	CHECK(p->standing >= PRETIX_GOOD && p->standing <= PRETIX_GONE);
	look_at_text(p->name, sizeof(p->name), true);
	look_at_text(p->email, sizeof(p->email), true);
	return 0;
}

static int look_at_list(void *context, const struct pretix_list *l)
{
	(void)context;
	CHECK(l->id >= 1 && l->subevent >= 0 && l->product_count <= PRETIX_PRODUCTS_MAX);
	look_at_text(l->name, sizeof(l->name), true);
	return 0;
}

static int look_at_item(void *context, int64_t id, const char *name)
{
	(void)context;
	CHECK(id >= 1);
	look_at_text(name, EVENT_TEXT_SIZE, true);
	return 0;
}

static int look_at_secret(void *context, const char *code, size_t len, bool bad)
{
	(void)context;
	(void)bad;
	CHECK(len >= 1 && len <= CODE_MAX && strlen(code) == len);
	return 0;
}

static int read_keys(const char *json, size_t len, char why[PRETIX_WHY_SIZE])
{
	uint8_t keys[EVENT_KEYS_MAX][32];
	uint32_t count = 0;
	int result = pretix_read_event(json, len, keys, &count, why);
	CHECK(count <= EVENT_KEYS_MAX);
	return result;
}

static int read_redeem(const char *json, size_t len, char why[PRETIX_WHY_SIZE])
{
	struct pretix_redeem r;
	int result = pretix_read_redeem(json, len, &r, why);
	CHECK(r.result >= PRETIX_REDEEMED && r.result <= PRETIX_NOT_TAKEN);
	CHECK(result || (r.result == PRETIX_REDEEMED) == !*r.reason);
	look_at_text(r.reason, sizeof(r.reason), false);
	look_at_text(r.explanation, sizeof(r.explanation), false);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[PRETIX_WHY_SIZE] = "", detail[PRETIX_WHY_SIZE];
	struct pretix_page page = { 0 };
	uint8_t key[32];
	int result = 0;
	if (size < 1)
		return 0;
	const char *json = (const char *)data + 1;
	size_t len = size - 1;
	switch (data[0] % 8) {
	case 0:
		result = read_keys(json, len, why);
		break;
	case 1:
		result = pretix_read_lists(json, len, &page, look_at_list, NULL, why);
		break;
	case 2:
		result = pretix_read_items(json, len, "fr", &page, look_at_item, NULL, why);
		break;
	case 3:
		result = pretix_read_positions(json, len, &page, look_at_position, NULL, why);
		break;
	case 4:
		result = pretix_read_orders(json, len, &page, look_at_position, NULL, why);
		break;
	case 5:
		result = pretix_read_secrets(json, len, &page, look_at_secret, NULL, why);
		break;
	case 6:
		pretix_read_detail(json, len, detail);
		look_at_text(detail, sizeof(detail), false);
		result = read_redeem(json, len, why);
		break;
	default:
		(void)!pretix_read_key(json, len, key);
		break;
	}
	CHECK(result == 0 || result == -EBADMSG);
	CHECK(result == 0 || *why);
	look_at_text(why, sizeof(why), false);
	CHECK(page.more == (*page.query != '\0'));
	for (const char *p = page.query; *p; p++)
		CHECK(*p > ' ' && *p < 0x7f && *p != '#' && *p != '"');
	return 0;
}
