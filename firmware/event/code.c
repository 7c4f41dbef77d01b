#include "event/code.h"

#include "event/sig1.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* The longest text that is taken for a seller's code. */
#define OPAQUE_MAX 512

/* 9999-12-31T23:59:59Z: later limits are as good as this one, and arithmetic in milliseconds stays
 * far from its edge. */
#define LIMIT_MAX_S 253402300799

/* How the texts begin that other things put into QR codes. Case does not matter. */
static const char *const other_kinds[] = {
	"www.",
	"mailto:",
	"matmsg:",
	"smtp:",
	"tel:",
	"telprompt:",
	"sms:",
	"smsto:",
	"mms:",
	"mmsto:",
	"facetime:",
	"skype:",
	"geo:",
	"maps:",
	"wifi:",
	"dpp:",
	"begin:",
	"mecard:",
	"mebkm:",
	"bizcard:",
	"urlto:",
	"market:",
	"intent:",
	"itms:",
	"otpauth:",
	"otpauth-migration:",
	"bitcoin:",
	"bitcoincash:",
	"ethereum:",
	"litecoin:",
	"lightning:",
	"lnurl",
	"upi:",
	"hc1:",
	"lpa:",
	"fido:",
	"javascript:",
	"vbscript:",
	"data:",
	"file:",
	"about:",
	"blob:",
	"{",
	"<",
	/* What programs hand scanners: Newland, Netum and their kin, modems. */
	"@set",
	"@fac",
	"@fil",
	"%%speccode",
	"^#sc^",
	"at+",
};

void code_hash(const struct event *e, const char *text, size_t len, uint8_t out[TICKET_HASH_SIZE])
{
	int failed = crypto_generichash(out, TICKET_HASH_SIZE, (const unsigned char *)text, len,
		e->hash_key, sizeof(e->hash_key));
	CHECK(!failed);
}

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && !strncasecmp(text, with, n);
}

/* NLS and seven digits: Newland's scanners take it as an order. */
static bool is_newland_order(const char *text, size_t len)
{
	if (len < 10 || !begins(text, len, "NLS"))
		return false;
	for (size_t i = 3; i < 10; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* letters://: an address of whatever scheme. */
static bool is_address(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && (((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z') ||
				  (n > 0 && strchr("0123456789+-.", text[n]))))
		n++;
	return n > 0 && begins(text + n, len - n, "://");
}

static bool is_other_kind(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(other_kinds); i++)
		if (begins(text, len, other_kinds[i]))
			return true;
	return is_newland_order(text, len) || is_address(text, len);
}

static bool could_be_opaque(const char *text, size_t len)
{
	if (len < 1 || len > OPAQUE_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return !is_other_kind(text, len);
}

static bool has_item(const struct event *e, int64_t id)
{
	for (uint32_t i = 0; i < e->item_count; i++)
		if (e->items[i].id == id)
			return true;
	return e->item_count == 0;
}

/* A limit before 1970 is a limit all the same, not the 0 that means none. */
static int64_t limit(int64_t seconds)
{
	if (seconds < 0)
		return 1;
	return seconds > LIMIT_MAX_S ? LIMIT_MAX_S : seconds;
}

static void fill_signed(const struct event *e, const struct sig1_payload *p, struct ticket *out)
{
	bool staff = e->staff_item && p->item == e->staff_item;
	out->kind = staff ? TICKET_STAFF : TICKET_SIGNED;
	out->foreign_item = !staff && !has_item(e, p->item);
	out->valid_from_s = limit(p->valid_from_s);
	out->valid_until_s = limit(p->valid_until_s);
	if (staff || p->subevent == 0)
		return;
	const struct event_venue *venue = event_venue_of_subevent(e, p->subevent);
	if (venue)
		memcpy(out->venue, venue->id, sizeof(out->venue));
	else
		out->foreign_venue = true;
}

/* What a key of the event signed but that breaks the format's rules is refused as forged: of all
 * refusals the one that no volunteer can override and that no roster takes back. */
static void read_signed(const struct event *e, const char *text, size_t len, struct ticket *out)
{
	struct sig1_payload payload;
	switch (sig1_read((const uint8_t(*)[32])e->keys, e->key_count, text, len, &payload)) {
	case SIG1_NOT_ONE:
		break;
	case SIG1_FORGED:
	case SIG1_MALFORMED:
		out->kind = TICKET_FORGED;
		break;
	case SIG1_GOOD:
		fill_signed(e, &payload, out);
		break;
	}
}

void code_read(const struct event *e, const char *text, size_t len, struct ticket *out)
{
	*out = (struct ticket){ .kind = TICKET_NOT_ONE };
	code_hash(e, text, len, out->hash);
	if (len == strlen(CODE_TEST) && !memcmp(text, CODE_TEST, len)) {
		out->kind = TICKET_TEST;
		return;
	}
	read_signed(e, text, len, out);
	if (out->kind == TICKET_NOT_ONE && could_be_opaque(text, len))
		out->kind = TICKET_UNKNOWN;
}
