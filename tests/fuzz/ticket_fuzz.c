/* Any bytes as a code; and any bytes as the payload of a ticket that the event's key did sign,
 * since no search would find its way past the signature. */
#include "event/code.h"

#include "base/cc.h"
#include "base/text.h"
#include "event/issuer.h"
#include "tests/fake/sign.h"

#include <string.h>

#define PAYLOAD_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_venue venue = { .id = "numa", .subevent = 11 };
static struct event_item item = { .id = 1 };
static struct event event = {
	.venues = &venue, .venue_count = 1, .items = &item, .item_count = 1, .staff_item = 9
};
static struct issuer *issuer;

static void look_at(const struct ticket *t)
{
	CHECK(t->kind < TICKET_KIND_COUNT && t->kind != TICKET_ROSTER);
	CHECK(!*t->venue || !strcmp(t->venue, "numa"));
	CHECK(!(*t->venue && t->foreign_venue));
	CHECK(!*t->name && !t->revoked);
	CHECK(t->valid_from_s >= 0 && t->valid_from_s <= 253402300799);
	CHECK(t->valid_until_s >= 0 && t->valid_until_s <= 253402300799);
	if (t->kind != TICKET_SIGNED)
		CHECK(!*t->venue && !t->foreign_venue && !t->foreign_item);
	if (t->kind != TICKET_SIGNED && t->kind != TICKET_STAFF)
		CHECK(!t->valid_from_s && !t->valid_until_s);
}

static void as_code(const uint8_t *data, size_t size)
{
	struct ticket t;
	code_read(&event, (const char *)data, size, &t);
	look_at(&t);
}

/* Whatever was read can be written, and reads the same. */
static void write_again(const struct sig1_payload *p)
{
	char text[SIG1_WRITTEN_SIZE];
	struct sig1_payload again;
	size_t len = sig1_write(issuer, p, text);
	enum sig1_result result =
		sig1_read((const uint8_t(*)[32])event.keys, event.key_count, text, len, &again);
	CHECK(result == SIG1_GOOD && !strcmp(p->seed, again.seed));
	CHECK(p->item == again.item && p->variation == again.variation &&
		p->subevent == again.subevent && p->valid_from_s == again.valid_from_s &&
		p->valid_until_s == again.valid_until_s);
}

static void as_payload(const uint8_t *data, size_t size)
{
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload p;
	struct ticket t;
	size_t len = sign_payload(text, SIGN_DEMO_SEED, data, size);
	enum sig1_result result =
		sig1_read((const uint8_t(*)[32])event.keys, event.key_count, text, len, &p);
	CHECK(result == SIG1_GOOD || result == SIG1_MALFORMED);
	if (result == SIG1_GOOD) {
		CHECK(text_is_utf8(p.seed, strlen(p.seed)));
		write_again(&p);
	}
	code_read(&event, text, len, &t);
	look_at(&t);
	CHECK(t.kind == (result != SIG1_GOOD  ? TICKET_FORGED
				: p.item == 9 ? TICKET_STAFF
					      : TICKET_SIGNED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!event.key_count) {
		uint8_t seed[32];
		bool ready = text_unhex(seed, sizeof(seed), SIGN_DEMO_SEED, 64) &&
			     !issuer_from_seed(&issuer, seed);
		CHECK(ready);
		issuer_public(issuer, event.keys[0]);
		event.key_count = 1;
	}
	as_code(data, size);
	if (size <= PAYLOAD_MAX)
		as_payload(data, size);
	return 0;
}
