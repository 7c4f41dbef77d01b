#include "app/courier_parts.h"

#include "base/log.h"
#include "base/text.h"
#include "port/broker_address.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define RETRY_MS     2000 /* for a shelf that cannot be opened or written */
#define BEHIND_MS    200
#define NEWS_A_ROUND 64
#define NICE         10 /* a guest at the door comes before what others send */

/* --- what comes in ----------------------------------------------------------------------------
 */

static void take_up(struct courier *c, const struct broker_news *n)
{
	struct sync_input in = { .kind = SYNC_UP, .local = n->url_index >= c->setup.first_local };
	log_info("sync: connected to %s", c->setup.urls[n->url_index]);
	courier_forget_link(c);
	c->up = true;
	c->told_down = false;
	courier_give(c, &in);
}

static void take_down(struct courier *c, const struct broker_news *n)
{
	struct sync_input in = { .kind = SYNC_DOWN, .refused = n->refused };
	if (c->up || !c->told_down)
		log_info("sync: not connected to %s: %s", c->setup.urls[n->url_index], n->why);
	courier_forget_link(c);
	c->up = false;
	c->told_down = true;
	courier_give(c, &in);
}

static void take_news(struct courier *c, const struct broker_news *n)
{
	struct sync_input in = { .kind = SYNC_MESSAGE,
		.topic = n->topic,
		.payload = n->payload,
		.size = n->size,
		.retained = n->retained,
		.refused = n->refused };
	switch (n->kind) {
	case BROKER_UP:
		take_up(c, n);
		return;
	case BROKER_DOWN:
		take_down(c, n);
		return;
	case BROKER_MESSAGE:
		break;
	case BROKER_PUBLISHED:
	case BROKER_GRANTED:
		in.kind = n->kind == BROKER_GRANTED ? SYNC_GRANTED : SYNC_PUBLISHED;
		if (!courier_take_id(c, n->id, &in.id))
			return;
		break;
	}
	courier_give(c, &in);
}

static void take_broker(struct courier *c)
{
	struct broker_news n;
	for (int i = 0; i < NEWS_A_ROUND && !broker_next(c->broker, &n); i++) {
		take_news(c, &n);
		free(n.payload);
		courier_jobs(c);
	}
	courier_send_letters(c);
}

static int give_chain(void *context, const struct shelf_chain *chain)
{
	struct courier *c = context;
	struct sync_input in = { .kind = SYNC_CHAIN,
		.chain = chain->chain,
		.own = chain->own,
		.current = chain->own && chain->chain.epoch == c->state.self.epoch &&
			   !memcmp(chain->chain.device, c->state.self.device, DEVICE_ID_SIZE),
		.held = chain->held,
		.safe = chain->safe };
	courier_give(c, &in);
	return 0;
}

/* The one that is written now is among them, with or without rows: shelf_committed() was there. */
static int give_chains(struct courier *c)
{
	return shelf_chains(c->shelf, give_chain, c);
}

static void give_figures(struct courier *c)
{
	struct sync_input in = { .kind = SYNC_COMMITTED,
		.chain = c->state.self,
		.seq = c->state.seq,
		.latest = c->state.latest,
		.figures = shelf_figures(c->shelf, courier_now(c).wall_ms) };
	courier_give(c, &in);
}

static int take_post(struct courier *c)
{
	struct post_state state;
	post_look(c->setup.post, &state);
	bool reopened = state.openings != c->state.openings;
	c->state = state;
	int error = 0;
	if (reopened)
		error = shelf_reopened(c->shelf);
	if (!error)
		error = shelf_committed(c->shelf, &state);
	if (!error && reopened)
		error = give_chains(c);
	if (error)
		return error;
	give_figures(c);
	return 0;
}

/* Time passes in the figures, too: the entries of the last ten minutes. */
static void tick(struct courier *c)
{
	struct sync_input in = { .kind = SYNC_TICK };
	c->timer_ms = INT64_MAX;
	give_figures(c);
	courier_give(c, &in);
}

static void find_pairs(struct courier *c)
{
	if (!shelf_find_pairs(c->shelf))
		return;
	c->pairs_changed = true;
	give_figures(c);
}

/* --- what the main thread sees ----------------------------------------------------------------
 */

static void show(struct courier *c)
{
	if (!c->fleet_changed && !c->status_changed && !c->pairs_changed)
		return;
	struct when t = courier_now(c);
	struct link_status link;
	const struct fleet_venue *fleet = NULL;
	sync_status(c->box, &t, &link);
	size_t count = sync_fleet(c->box, &fleet);
	pthread_mutex_lock(&c->lock);
	if (c->fleet_changed && count <= c->venue_count) {
		memcpy(c->fleet, fleet, count * sizeof(*fleet));
		c->has_fleet = true;
	}
	if (c->pairs_changed) {
		c->pair_total = shelf_pairs(c->shelf, c->pairs, COURIER_PAIRS_MAX);
		c->has_pairs = true;
	}
	c->has_link |= memcmp(&c->link, &link, sizeof(link)) != 0;
	c->link = link;
	pthread_mutex_unlock(&c->lock);
	c->fleet_changed = c->status_changed = c->pairs_changed = false;
	uint64_t one = 1;
	ssize_t n = write(c->news_fd, &one, sizeof(one));
	(void)n;
}

bool courier_next(struct courier *c, struct courier_news *out)
{
	uint64_t count;
	ssize_t n = read(c->news_fd, &count, sizeof(count));
	(void)n; /* nothing new is no error */
	pthread_mutex_lock(&c->lock);
	*out = (struct courier_news){ .has_fleet = c->has_fleet,
		.has_link = c->has_link,
		.fleet = c->shown,
		.fleet_count = c->venue_count,
		.link = c->link,
		.has_pairs = c->has_pairs,
		.pairs = c->shown_pairs,
		.pair_count = c->pair_total < COURIER_PAIRS_MAX ? c->pair_total : COURIER_PAIRS_MAX,
		.pair_total = (uint32_t)c->pair_total };
	memcpy(c->shown_pairs, c->pairs, sizeof(c->pairs));
	if (c->has_fleet)
		memcpy(c->shown, c->fleet, c->venue_count * sizeof(*c->shown));
	c->has_fleet = c->has_link = c->has_pairs = false;
	pthread_mutex_unlock(&c->lock);
	return out->has_fleet || out->has_link || out->has_pairs;
}

int courier_fd(const struct courier *c)
{
	return c->news_fd;
}

/* --- the thread -------------------------------------------------------------------------------
 */

static void sign(void *context, const uint8_t bytes[HEAD_BYTES], uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	device_key_sign_head_bytes(context, bytes, out);
}

static int open_box(struct courier *c)
{
	const struct courier_setup *s = &c->setup;
	struct sync_setup setup = { .reach = s->event->reach_event ? REACH_EVENT : REACH_VENUE,
		.program = PARVIS_VERSION,
		.self = c->state.self,
		.sign = sign,
		.capacity_seats = s->capacity_seats,
		.venues = (const char(*)[ID_SIZE])c->venues,
		.venue_count = c->venue_count };
	device_key_public(s->key, setup.key);
	/* Only read: the key's own functions take it so. */
	setup.sign_context = (void *)(uintptr_t)s->key;
	text_copy(setup.event, sizeof(setup.event), s->event->id);
	text_copy(setup.venue, sizeof(setup.venue), s->venue);
	text_copy(setup.door, sizeof(setup.door), s->door);
	randombytes_buf(&setup.seed, sizeof(setup.seed));
	return sync_box_open(&c->box, &setup);
}

static int open_broker(struct courier *c)
{
	const struct courier_setup *s = &c->setup;
	char id[2 * DEVICE_ID_SIZE + 1], topic[TOPIC_SIZE];
	size_t size = 0;
	AUTO_FREE char *will = sync_box_will(c->box, topic, &size);
	text_hex(id, c->state.self.device, DEVICE_ID_SIZE);
	struct broker_setup setup = { .urls = s->urls,
		.url_count = s->url_count,
		.client_id = id,
		.ca = s->ca,
		.certificate = s->certificate,
		.key = s->tls_key,
		.will_topic = will ? topic : NULL,
		.will = will,
		.will_size = size };
	return broker_open(&c->broker, &setup);
}

static void close_all(struct courier *c)
{
	char topic[TOPIC_SIZE];
	size_t size = 0;
	int id;
	char *bye = c->up ? sync_box_goodbye(c->box, topic, &size) : NULL;
	if (bye && broker_publish(c->broker, topic, bye, size, 1, true, &id))
		log_debug("sync: no good-bye");
	free(bye);
	broker_close(c->broker, true);
	courier_forget_link(c);
	sync_box_close(c->box);
	shelf_close(c->shelf);
	c->broker = NULL;
	c->box = NULL;
	c->shelf = NULL;
	c->up = false;
	c->job_count = 0;
}

/* Opens everything, once the log is open. -EAGAIN: it is not yet. */
static int open_all(struct courier *c)
{
	if (!post_look(c->setup.post, &c->state))
		return -EAGAIN;
	c->timer_ms = INT64_MAX;
	int error = shelf_open(&c->shelf, c->setup.data_dir, c->setup.venue, c->state.self.device);
	if (!error)
		error = shelf_committed(c->shelf, &c->state);
	if (!error)
		error = open_box(c);
	if (!error)
		error = give_chains(c);
	if (!error)
		error = open_broker(c);
	if (!error)
		error = take_post(c);
	if (error)
		close_all(c);
	if (error && !c->told_shelf)
		log_error("%s: no sync: %s", c->setup.data_dir, strerror(-error));
	c->told_shelf = error != 0;
	return error;
}

static int wait_ms(const struct courier *c)
{
	if (!c->box)
		return RETRY_MS;
	if (c->behind)
		return BEHIND_MS;
	if (c->timer_ms == INT64_MAX)
		return -1;
	int64_t left = c->timer_ms - courier_now(c).mono_ms;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void one_round(struct courier *c)
{
	struct pollfd p[3] = {
		{ .fd = c->wake_fd, .events = POLLIN },
		{ .fd = post_fd(c->setup.post), .events = POLLIN },
		{ .fd = c->broker ? broker_fd(c->broker) : -1, .events = POLLIN },
	};
	int n = poll(p, ARRAY_LEN(p), wait_ms(c));
	if (n < 0 || atomic_load(&c->stopping))
		return;
	if (!c->box) {
		int error = open_all(c);
		if (error && error != -EAGAIN) /* do not come round at once for each row */
			poll(p, 1, RETRY_MS);
		return;
	}
	int error = p[1].revents || c->behind ? take_post(c) : 0;
	c->behind = error == -EAGAIN; /* committed, but not to be seen from here yet */
	courier_jobs(c);
	take_broker(c);
	if (c->timer_ms <= courier_now(c).mono_ms)
		tick(c);
	find_pairs(c);
	courier_jobs(c);
	show(c);
	if (!error || error == -EAGAIN)
		return;
	log_error("%s: rows cannot be read: %s", c->setup.data_dir, strerror(-error));
	close_all(c); /* and begin anew */
	poll(p, 1, RETRY_MS);
}

static void *courier_main(void *argument)
{
	struct courier *c = argument;
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* on Linux, this thread alone */
	while (!atomic_load(&c->stopping))
		one_round(c);
	close_all(c);
	return NULL;
}

/* --- starting and stopping --------------------------------------------------------------------
 */

static void free_courier(struct courier *c)
{
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->news_fd >= 0)
		close(c->news_fd);
	pthread_mutex_destroy(&c->lock);
	free(c->venues);
	free(c->fleet);
	free(c->shown);
	free(c);
}

static int make_room(struct courier *c)
{
	const struct event *e = c->setup.event;
	c->venue_count = e->venue_count;
	c->venues = calloc(e->venue_count, sizeof(*c->venues));
	c->fleet = calloc(e->venue_count, sizeof(*c->fleet));
	c->shown = calloc(e->venue_count, sizeof(*c->shown));
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!c->venues || !c->fleet || !c->shown)
		return -ENOMEM;
	if (c->wake_fd < 0 || c->news_fd < 0)
		return -errno;
	for (uint32_t i = 0; i < e->venue_count; i++) {
		text_copy(c->venues[i], ID_SIZE, e->venues[i].id);
		text_copy(c->fleet[i].id, ID_SIZE, e->venues[i].id);
	}
	return 0;
}

int courier_start(struct courier **out, const struct courier_setup *setup)
{
	struct broker_address address;
	for (size_t i = 0; i < setup->url_count; i++)
		if (broker_address_read(&address, setup->urls[i]))
			return -EINVAL;
	struct courier *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->setup = *setup;
	c->letters_end = &c->letters;
	c->link.state = LINK_DOWN;
	c->has_link = true;
	pthread_mutex_init(&c->lock, NULL);
	int error = make_room(c);
	if (!error)
		error = -pthread_create(&c->thread, NULL, courier_main, c);
	if (error) {
		free_courier(c);
		return error;
	}
	*out = c;
	return 0;
}

void courier_stop(struct courier *c)
{
	if (!c)
		return;
	uint64_t one = 1;
	atomic_store(&c->stopping, true);
	ssize_t n = write(c->wake_fd, &one, sizeof(one));
	(void)n;
	pthread_join(c->thread, NULL);
	free_courier(c);
}
