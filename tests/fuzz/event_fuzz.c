/* Any bytes as event.ini: each problem is safe to print, and what is accepted keeps the promises of
 * event/event.h. */
#include "event/event.h"

#include "base/cc.h"
#include "base/text.h"
#include "event/pin.h"

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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event *e = NULL;
	unsigned fatal_count = 0;
	int result = event_parse(
		&e, "fuzz.ini", (const char *)data, size, look_at_problem, &fatal_count);
	CHECK((result == 0) == (fatal_count == 0));
	CHECK((result == 0) == (e != NULL));
	if (e)
		look_at_event(e);
	event_free(e);
	return 0;
}
