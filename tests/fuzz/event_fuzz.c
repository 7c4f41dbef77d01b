/* Any bytes as event.ini: each problem is safe to print, and what is accepted keeps the promises of
 * event/event.h. */
#include "event/event.h"

#include "base/cc.h"
#include "base/text.h"
#include "event/draft.h"
#include "event/pin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_problem(void *context, bool fatal, const char *text)
{
	unsigned *fatal_count = context;
	uint32_t c;
	*fatal_count += fatal;
	CHECK(!strncmp(text, "fuzz.ini:", 9));
	for (size_t i = 0, n, len = strlen(text); i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, &c);
		CHECK(n > 0);
		CHECK(!text_is_hazard(c));
	}
}

static void look_at_venue(const struct event *e, const struct event_venue *v)
{
	CHECK(*v->id);
	CHECK(*v->name);
	CHECK(event_venue(e, v->id) == v);
	CHECK(v->lat >= -90 && v->lat <= 90 && v->lon >= -180 && v->lon <= 180);
	CHECK(v->subevent >= 0);
	CHECK(v->subevent == 0 || event_venue_of_subevent(e, v->subevent) == v);
	CHECK(event_walk_min(&e->venues[0], v) < 1000000);
}

static void look_at_event(const struct event *e)
{
	CHECK(*e->id && *e->title && *e->timezone);
	CHECK(e->opens_ms < e->closes_ms);
	CHECK(e->languages & 1U << e->language);
	CHECK(e->venue_count >= 1 && e->venue_count <= EVENT_VENUES_MAX);
	CHECK(e->item_count <= EVENT_ITEMS_MAX && e->key_count <= EVENT_KEYS_MAX);
	CHECK(!*e->staff_pin || pin_is_hash(e->staff_pin));
	for (uint32_t i = 0; i < e->venue_count; i++)
		look_at_venue(e, &e->venues[i]);
	for (uint32_t i = 0; i < e->item_count; i++)
		CHECK(e->items[i].id != e->staff_item);
}

/* As a model for another event, everything but keys and PIN comes out as it went in. */
static void look_at_copy(const struct event *e)
{
	struct draft *d = draft_new();
	struct event *copy = NULL;
	unsigned fatal_count = 0;
	char *text;
	size_t len;
	CHECK(d);
	bool taken = draft_take_model(d, e);
	CHECK(taken == (e->venue_count <= DRAFT_VENUES_MAX));
	if (!taken) {
		draft_free(d);
		return;
	}
	int composed = draft_compose(d, &text, &len);
	CHECK(!composed);
	int parsed = event_parse(&copy, "fuzz.ini", text, len, look_at_problem, &fatal_count);
	CHECK(!parsed && copy->venue_count == e->venue_count);
	CHECK(!strcmp(copy->title, e->title) && copy->opens_ms / 1000 == e->opens_ms / 1000);
	CHECK(copy->staff_item == e->staff_item && copy->item_count == e->item_count);
	CHECK(!copy->hash_key_given && !copy->key_count && !*copy->staff_pin);
	for (uint32_t i = 0; i < e->venue_count; i++) {
		const struct event_venue *a = &e->venues[i], *b = &copy->venues[i];
		CHECK(!strcmp(a->name, b->name) && !strcmp(a->debate, b->debate));
		CHECK(a->capacity_seats == b->capacity_seats && a->subevent == b->subevent);
		CHECK(fabs(a->lat - b->lat) < 1e-6 && fabs(a->lon - b->lon) < 1e-6);
	}
	event_free(copy);
	free(text);
	draft_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event *e = NULL;
	unsigned fatal_count = 0;
	int result = event_parse(
		&e, "fuzz.ini", (const char *)data, size, look_at_problem, &fatal_count);
	CHECK((result == 0) == (fatal_count == 0));
	CHECK((result == 0) == (e != NULL));
	if (e) {
		look_at_event(e);
		look_at_copy(e);
	}
	event_free(e);
	return 0;
}
