#include "cli/collecting.h"

#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/collect_discovery.h"
#include "cli/folder.h"
#include "port/clock.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEWS_AT_ONCE   512  /* half of what the machine keeps until it is stored */
#define STORES_MAX     8    /* in one step: more than it can have */
#define UNDER_WAY      1024 /* acknowledgements that the broker has not taken yet */
#define UNDER_WAY_MORE 64   /* what else is said */
#define RETRY_MS       1000

static int64_t mono_ms(void)
{
	return clock_now(0).mono_ms;
}

/* --- the list of boxes -------------------------------------------------------------------------
 */

enum boxes_standing collecting_standing(
	const struct collecting *c, const uint8_t device[DEVICE_ID_SIZE])
{
	enum boxes_standing s = c->listed ? boxes_standing(&c->boxes, device) : BOXES_GOOD;
	return s == BOXES_UNKNOWN && c->setup.any_box ? BOXES_GOOD : s;
}

static bool is_known(void *context, const uint8_t device[DEVICE_ID_SIZE])
{
	return collecting_standing(context, device) == BOXES_GOOD;
}

/* Read again whenever it has changed: a box is shut out while we run. What cannot be read any more
 * leaves the list as it was. */
static void look_at_boxes(struct collecting *c)
{
	char path[4096];
	struct stat st;
	struct boxes fresh;
	snprintf(path, sizeof(path), "%s/" BOXES_FILE, c->setup.event_dir);
	if (stat(path, &st) || (c->listed && st.st_size == c->boxes_size &&
				       st.st_mtim.tv_sec == c->boxes_changed.tv_sec &&
				       st.st_mtim.tv_nsec == c->boxes_changed.tv_nsec))
		return;
	int error = boxes_load(&fresh, c->setup.event_dir);
	c->boxes_changed = st.st_mtim;
	c->boxes_size = st.st_size;
	if (error) {
		log_warning("%s: %s: what was known of boxes holds", path, strerror(-error));
		return;
	}
	boxes_free(&c->boxes);
	c->boxes = fresh;
	c->listed = true;
	collector_set_known(c->collector, is_known, c);
}

/* --- effects -----------------------------------------------------------------------------------
 */

static void take_store(struct collecting *c, const struct collector_effect *e)
{
	CHECK(!c->storing);
	c->batches = e->batches;
	c->batch_count = e->batch_count;
	c->store_id = e->id;
	c->storing = true;
}

static void tell_refused(struct collecting *c, const struct collector_effect *e)
{
	char device[2 * DEVICE_ID_SIZE + 1];
	enum boxes_standing standing = collecting_standing(c, e->chain.device);
	text_hex(device, e->chain.device, sizeof(e->chain.device));
	if (c->totals.refused++ < 20 || c->totals.refused % 1000 == 0)
		log_warning("refused: rows of %s: %s (%llu messages so far)", device,
			standing == BOXES_REVOKED   ? "it is shut out"
			: standing == BOXES_UNKNOWN ? "it is no box of this event"
						    : batch_wrong_texts[e->why],
			(unsigned long long)c->totals.refused);
}

static void subscribe(struct collecting *c, const struct collector_effect *e)
{
	int theirs = 0;
	if (c->filter_count == COLLECTING_FILTERS_MAX ||
		broker_subscribe(c->broker, e->topic, e->qos, &theirs))
		return; /* gone again: the next connection subscribes anew */
	c->filters[c->filter_count].ours = e->id;
	c->filters[c->filter_count++].theirs = theirs;
}

static void on_effect(void *context, const struct collector_effect *e)
{
	struct collecting *c = context;
	int id;
	switch (e->kind) {
	case COLLECT_PUBLISH:
		/* A connection that is gone: what it should have heard is said again. */
		if (broker_publish(
			    c->broker, e->topic, e->payload, e->size, e->qos, e->retain, &id))
			log_debug("%s was not sent", e->topic);
		break;
	case COLLECT_SUBSCRIBE:
		subscribe(c, e);
		break;
	case COLLECT_TIMER:
		c->timer_ms = e->at_ms;
		c->timer_set = true;
		break;
	case COLLECT_STORE:
		take_store(c, e);
		break;
	case COLLECT_FETCH:
		c->fetch = (struct collecting_fetch){ e->chain, e->first, e->count };
		break;
	case COLLECT_REFUSED:
		tell_refused(c, e);
		break;
	case COLLECT_STATUS:
		break;
	}
}

static void step(struct collecting *c, struct collector_input *in)
{
	in->now = clock_now(0);
	in->under_way = c->broker ? broker_under_way(c->broker) : 0;
	collector_step(c->collector, in, on_effect, c);
}

/* --- the store ---------------------------------------------------------------------------------
 */

static int reopen(struct collecting *c)
{
	char why[NIGHT_WHY_SIZE] = "";
	struct night *night = NULL;
	night_close(c->night);
	c->night = NULL;
	int error = night_open(&night, c->setup.store, c->setup.event->id, NIGHT_WRITE, why);
	if (error)
		log_warning("the store: %s", *why ? why : strerror(-error));
	else
		c->night = night;
	return error;
}

/* What is held of each chain that the batches touch. */
static void tell_held(struct collecting *c)
{
	for (size_t i = 0; i < c->batch_count; i++) {
		const struct row *first = c->batches[i].rows;
		struct collector_input in = { .kind = COLLECT_CHAIN };
		memcpy(in.chain.device, first->device, sizeof(in.chain.device));
		in.chain.epoch = first->epoch;
		if (!night_held(c->night, &in.chain, &in.held))
			step(c, &in);
	}
}

/* Commits what is under way, and lets it be acknowledged only then. A store that fails is tried
 * again, with a new connection, for as long as it takes: nothing is acknowledged meanwhile. */
static void run_store(struct collecting *c)
{
	struct night_taken taken = { 0 };
	if (!c->storing || mono_ms() < c->store_after_ms)
		return;
	int error = c->night ? night_take(c->night, c->batches, c->batch_count, "broker",
				       clock_now(0).wall_ms, &taken)
			     : -ENOTCONN;
	if (error) {
		if (c->night)
			log_warning("the store did not take rows, and is tried again: %s",
				night_why(c->night) && *night_why(c->night) ? night_why(c->night)
									    : strerror(-error));
		c->store_after_ms = mono_ms() + RETRY_MS;
		if (!reopen(c))
			log_info("the store is open again");
		return;
	}
	c->totals.fresh += taken.fresh;
	c->totals.known += taken.known;
	c->totals.contradicting += taken.contradicting;
	c->totals.commits++;
	if (taken.fresh)
		c->stored_ms = mono_ms();
	tell_held(c);
	c->storing = false; /* the answer may bring the next */
	struct collector_input in = { .kind = COLLECT_STORED, .id = c->store_id };
	step(c, &in);
}

/* What a box lacks. Where the store cannot be read it is told nothing, and asks again. */
static void run_fetch(struct collecting *c)
{
	struct row rows[BATCH_ROWS_MAX];
	struct batch batch = { .rows = rows };
	struct collecting_fetch f = c->fetch;
	if (!f.count)
		return;
	c->fetch.count = 0; /* the answer may bring the next */
	int error = c->night ? night_stretch(c->night, &f.chain, f.first, f.count, rows, &batch)
			     : -ENOTCONN;
	if (error) {
		log_debug("rows to give back: %s", strerror(-error));
		batch.count = 0;
	}
	step(c, &(struct collector_input){
			.kind = COLLECT_FETCHED, .chain = f.chain, .batch = &batch });
}

static int take_chain(void *context, const struct night_chain *chain)
{
	struct collector_input in = {
		.kind = COLLECT_CHAIN, .chain = chain->chain, .held = chain->held
	};
	step(context, &in);
	return 0;
}

static int take_row(void *context, const struct row *row)
{
	struct collector_input in = { .kind = COLLECT_ROW, .row = row };
	step(context, &in);
	return 0;
}

/* --- the broker --------------------------------------------------------------------------------
 */

static void on_granted(struct collecting *c, const struct broker_news *n)
{
	for (size_t i = 0; i < c->filter_count; i++) {
		if (c->filters[i].theirs != n->id)
			continue;
		struct collector_input in = {
			.kind = COLLECT_GRANTED, .id = c->filters[i].ours, .refused = n->refused
		};
		c->filters[i] = c->filters[--c->filter_count];
		if (n->refused)
			log_warning("the broker does not let us hear: its access list");
		if (!c->filter_count) {
			c->granted_ms = mono_ms();
			log_info("taking rows from %s", c->setup.urls[c->url_index]);
		}
		step(c, &in);
		return;
	}
}

static void on_news(struct collecting *c, struct broker_news *n)
{
	struct collector_input in = { .kind = COLLECT_DOWN };
	switch (n->kind) {
	case BROKER_UP:
		c->up = c->ever_up = true;
		c->url_index = n->url_index;
		c->filter_count = 0;
		c->granted_ms = 0;
		in.kind = COLLECT_UP;
		step(c, &in);
		if (c->setup.event->discovery)
			collect_discovery(c->broker, c->setup.event);
		break;
	case BROKER_DOWN:
		if (c->up || !c->ever_up)
			log_warning("%s: %s", n->refused ? "the broker refuses us" : "no broker",
				n->why);
		c->up = false;
		in.refused = n->refused;
		step(c, &in);
		break;
	case BROKER_MESSAGE:
		in = (struct collector_input){ .kind = COLLECT_MESSAGE,
			.topic = n->topic,
			.payload = n->payload,
			.size = n->size,
			.retained = n->retained };
		step(c, &in);
		free(n->payload);
		break;
	case BROKER_GRANTED:
		on_granted(c, n);
		break;
	case BROKER_PUBLISHED:
		c->room_made = true;
		break;
	}
}

static int until_due(const struct collecting *c, int limit_ms)
{
	int64_t now = mono_ms(), wait = limit_ms;
	if (c->timer_set && c->timer_ms - now < wait)
		wait = c->timer_ms - now;
	if (c->storing && c->store_after_ms - now < wait)
		wait = c->store_after_ms - now;
	if (c->fetch.count)
		wait = 0;
	return wait < 0 ? 0 : (int)wait;
}

void collecting_step(struct collecting *c, int limit_ms)
{
	struct broker_news n;
	struct pollfd p = { .fd = broker_fd(c->broker), .events = POLLIN };
	if (poll(&p, 1, until_due(c, limit_ms)) < 0 && errno != EINTR)
		log_warning("poll: %s", strerror(errno));
	look_at_boxes(c);
	/* As many as there are, so that one COMMIT is for all of them. */
	for (int i = 0; i < NEWS_AT_ONCE && !broker_next(c->broker, &n); i++)
		on_news(c, &n);
	for (int i = 0; i < STORES_MAX && c->storing; i++)
		run_store(c);
	run_fetch(c);
	if (c->room_made || (c->timer_set && mono_ms() >= c->timer_ms)) {
		struct collector_input in = { .kind = COLLECT_TICK };
		c->timer_set = c->room_made = false;
		step(c, &in);
	}
}

/* --- opening -----------------------------------------------------------------------------------
 */

static int open_machine(struct collecting *c)
{
	const struct event *e = c->setup.event;
	struct collector_setup s = { .venue_count = e->venue_count,
		.batches_max = COLLECTING_BATCHES_MAX,
		.under_way_max = UNDER_WAY };
	c->venues = calloc(e->venue_count, sizeof(*c->venues));
	c->capacities = calloc(e->venue_count, sizeof(*c->capacities));
	int error = c->venues && c->capacities ? 0 : -ENOMEM;
	for (uint32_t i = 0; !error && i < e->venue_count; i++) {
		memcpy(c->venues[i], e->venues[i].id, ID_SIZE);
		c->capacities[i] = e->venues[i].capacity_seats;
	}
	text_copy(s.event, sizeof(s.event), e->id);
	randombytes_buf(s.id, sizeof(s.id));
	randombytes_buf(&s.seed, sizeof(s.seed));
	s.venues = (const char(*)[ID_SIZE])c->venues;
	s.capacities = c->capacities;
	return error ? error : collector_open(&c->collector, &s);
}

static int open_store(struct collecting *c)
{
	char why[NIGHT_WHY_SIZE] = "";
	int error = night_open(&c->night, c->setup.store, c->setup.event->id, NIGHT_WRITE, why);
	if (!error)
		error = night_chains(c->night, take_chain, c);
	if (!error)
		error = night_each(c->night, NIGHT_BY_CHAIN, take_row, c);
	if (!error)
		return CLI_OK;
	if (!*why && c->night)
		snprintf(why, sizeof(why), "%s", night_why(c->night));
	fprintf(stderr, "parvis: the store: %s\n", *why ? why : strerror(-error));
	return error == -EKEYREJECTED || error == -EBADMSG ? CLI_NO : CLI_FAILED;
}

static int open_broker(struct collecting *c)
{
	uint8_t random[8];
	char id[32] = "collector-";
	randombytes_buf(random, sizeof(random));
	text_hex(id + strlen(id), random, sizeof(random));
	const struct broker_setup s = { .urls = c->setup.urls,
		.url_count = c->setup.url_count,
		.client_id = id,
		.ca = c->setup.ca,
		.certificate = c->setup.certificate,
		.key = c->setup.key,
		.under_way_max = UNDER_WAY + UNDER_WAY_MORE };
	int error = broker_open(&c->broker, &s);
	if (!error)
		return CLI_OK;
	fprintf(stderr, "parvis: --broker: %s\n", strerror(-error));
	return error == -EINVAL ? CLI_NO : CLI_FAILED;
}

int collecting_open(struct collecting *c, const struct collecting_setup *setup)
{
	*c = (struct collecting){ .setup = *setup, .started_ms = mono_ms() };
	int error = sodium_init() < 0 ? -EIO : open_machine(c);
	if (error) {
		fprintf(stderr, "parvis: %s\n", strerror(-error));
		return CLI_FAILED;
	}
	look_at_boxes(c);
	collector_set_known(c->collector, is_known, c);
	int result = open_store(c);
	return result == CLI_OK ? open_broker(c) : result;
}

void collecting_close(struct collecting *c)
{
	broker_close(c->broker, true);
	int error = c->night ? night_settle(c->night) : 0;
	if (error && error != -EBUSY)
		log_warning("the store is not in its final form: %s", strerror(-error));
	night_close(c->night);
	collector_close(c->collector);
	boxes_free(&c->boxes);
	free(c->venues);
	free(c->capacities);
	*c = (struct collecting){ 0 };
}
