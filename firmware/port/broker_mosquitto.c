/* The list of brokers, and which one is ours now.
 *
 *   keeper   dials the list from the best on; serves the line that is up; begins anew when it dies
 *   scout    while the line is to a lesser broker: dials the better ones now and then, and hands a
 *            line that is up to the keeper, which lets go of the old one only then
 *
 * `lock` guards what both and the caller share; it is never held during a call that can wait. */
#include "port/broker.h"

#include "base/log.h"
#include "base/text.h"
#include "port/broker_line.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define BETTER_EVERY_S 60
#define WAIT_FIRST_MS  500
#define WAIT_MAX_MS    20000
#define STEADY_MS      30000 /* a line that has held so long was a good one */
#define GOODBYE_MS     2000
#define JOIN_S         4
#define TURN_MS        500
#define UNDER_WAY_MOST 60000 /* a message's number has 16 bits */

struct broker {
	struct broker_setup setup; /* its strings are `strings`' */
	char *strings[6 + BROKER_URLS_MAX];
	size_t string_count;
	const char *url_texts[BROKER_URLS_MAX];
	struct broker_address addresses[BROKER_URLS_MAX];
	bool ipv4_only[BROKER_URLS_MAX]; /* the keeper's: after an attempt without any answer */
	struct news_queue *news;
	pthread_mutex_t lock;
	pthread_cond_t change;
	pthread_t keeper, scout;
	bool has_scout;
	atomic_bool stopping;
	bool polite;
	unsigned holders;     /* who still needs this memory: caller and threads */
	struct line *line;    /* the one that is up; NULL */
	unsigned users;       /* calls under way on it */
	int generation;       /* of the line */
	int seen;             /* of the last BROKER_UP that was taken; 0 after a DOWN */
	struct line *offered; /* by the scout */
	unsigned failures;    /* in a row; the keeper's */
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Anything from ms/2 to ms: a thousand boxes that lost one broker do not come back as one. */
static int64_t jitter(int64_t ms)
{
	uint32_t chance = 0;
	ssize_t n = getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	(void)n; /* without chance there is no jitter */
	return ms / 2 + (int64_t)(chance % (uint32_t)(ms / 2 + 1));
}

/* With the lock held: waits until something changes or the time has come. False: it has. */
static bool wait_change(struct broker *b, int64_t until_ms)
{
	struct timespec t = { .tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000L };
	return !pthread_cond_timedwait(&b->change, &b->lock, &t);
}

static void release(struct broker *b)
{
	pthread_mutex_lock(&b->lock);
	bool last = --b->holders == 0;
	pthread_mutex_unlock(&b->lock);
	if (!last)
		return;
	line_close(b->offered);
	news_queue_close(b->news);
	for (size_t i = 0; i < b->string_count; i++)
		free(b->strings[i]);
	pthread_cond_destroy(&b->change);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static void tell(struct broker *b, const struct broker_news *n)
{
	if (news_queue_put(b->news, n, 0))
		log_error("broker: no memory for its news");
}

/* --- dialling ---------------------------------------------------------------------------------
 */

static struct line *dial(struct broker *b, size_t i, struct line_end *end)
{
	struct line_setup s = { .address = b->addresses[i],
		.url_index = i,
		.ipv4_only = b->ipv4_only[i],
		.setup = &b->setup,
		.news = b->news,
		.stopping = &b->stopping };
	return line_dial(&s, end);
}

static void tell_down(struct broker *b, size_t i, const struct line_end *end)
{
	struct broker_news n = { .kind = BROKER_DOWN, .url_index = i, .refused = end->refused };
	text_copy(n.why, sizeof(n.why), end->why);
	tell(b, &n);
}

static struct line *take_offered(struct broker *b)
{
	pthread_mutex_lock(&b->lock);
	struct line *l = b->offered;
	b->offered = NULL;
	pthread_mutex_unlock(&b->lock);
	return l;
}

/* Tries each in order; NULL: none. */
static struct line *sweep(struct broker *b)
{
	for (size_t i = 0; i < b->setup.url_count && !atomic_load(&b->stopping); i++) {
		struct line *l = take_offered(b);
		if (l)
			return l;
		struct line_end end;
		l = dial(b, i, &end);
		if (l)
			return l;
		/* A host with an IPv6 address that leads nowhere may have another. */
		b->ipv4_only[i] =
			end.timed_out && !b->ipv4_only[i] && !strchr(b->addresses[i].host, ':');
		log_debug("broker: %s: %s", b->url_texts[i], end.why);
		if (!atomic_load(&b->stopping))
			tell_down(b, i, &end);
	}
	return NULL;
}

/* --- the keeper -------------------------------------------------------------------------------
 */

static void put_up(struct broker *b, struct line *l)
{
	struct broker_news n = { .kind = BROKER_UP, .url_index = line_url_index(l) };
	pthread_mutex_lock(&b->lock);
	b->line = l;
	n.id = ++b->generation;
	/* In the lock, so that nothing of the line comes before it. */
	tell(b, &n);
	line_announce(l);
	pthread_cond_broadcast(&b->change);
	pthread_mutex_unlock(&b->lock);
}

static void put_down(struct broker *b, const struct line_end *end)
{
	pthread_mutex_lock(&b->lock);
	struct line *l = b->line;
	b->line = NULL;
	while (b->users)
		pthread_cond_wait(&b->change, &b->lock);
	pthread_mutex_unlock(&b->lock);
	size_t i = line_url_index(l);
	line_close(l);
	tell_down(b, i, end);
}

static bool is_better_offered(struct broker *b, const struct line *l)
{
	pthread_mutex_lock(&b->lock);
	bool offered = b->offered != NULL;
	bool better = offered && line_url_index(b->offered) < line_url_index(l);
	pthread_mutex_unlock(&b->lock);
	if (offered && !better)
		line_close(take_offered(b));
	return better;
}

/* Serves the line until it is dead, a better one is there or everything ends. */
static void serve(struct broker *b, struct line *l)
{
	struct line_end end = { .why = "a better broker is back" };
	int64_t goodbye_ms = 0, since = now_ms();
	put_up(b, l);
	for (;;) {
		if (!line_turn(l, TURN_MS)) {
			line_ended(l, &end);
			break;
		}
		if (atomic_load(&b->stopping) && !goodbye_ms)
			goodbye_ms = now_ms() + (b->polite ? GOODBYE_MS : 0);
		if (goodbye_ms && now_ms() >= goodbye_ms)
			break;
		if (is_better_offered(b, l))
			break;
	}
	if (now_ms() - since >= STEADY_MS)
		b->failures = 0;
	put_down(b, &end);
}

static void pause_between(struct broker *b)
{
	int64_t wait = WAIT_MAX_MS;
	if (b->failures < 6)
		wait = (int64_t)WAIT_FIRST_MS << b->failures;
	b->failures++;
	int64_t until = now_ms() + jitter(wait);
	pthread_mutex_lock(&b->lock);
	while (!atomic_load(&b->stopping) && !b->offered)
		if (!wait_change(b, until))
			break;
	pthread_mutex_unlock(&b->lock);
}

static void *keeper_main(void *argument)
{
	struct broker *b = argument;
	while (!atomic_load(&b->stopping)) {
		struct line *l = take_offered(b);
		if (!l)
			l = sweep(b);
		if (l && atomic_load(&b->stopping)) {
			line_close(l);
			break;
		}
		if (l)
			serve(b, l);
		pause_between(b);
	}
	release(b);
	return NULL;
}

/* --- the scout --------------------------------------------------------------------------------
 */

/* Waits until the line has been to a lesser broker for a while; gives its place in the list, or 0
 * at the end. */
static size_t wait_for_lesser(struct broker *b)
{
	int64_t every = (b->setup.better_every_s ? b->setup.better_every_s : BETTER_EVERY_S) * 1000;
	pthread_mutex_lock(&b->lock);
	int64_t until = now_ms() + jitter(every);
	size_t lesser = 0;
	while (!atomic_load(&b->stopping) && !lesser) {
		if (wait_change(b, until))
			continue;
		if (b->line)
			lesser = line_url_index(b->line);
		until = now_ms() + jitter(every);
	}
	pthread_mutex_unlock(&b->lock);
	return lesser;
}

static void *scout_main(void *argument)
{
	struct broker *b = argument;
	size_t lesser;
	while ((lesser = wait_for_lesser(b))) {
		struct line *l = NULL;
		struct line_end end;
		for (size_t i = 0; i < lesser && !l && !atomic_load(&b->stopping); i++)
			l = dial(b, i, &end);
		if (!l)
			continue;
		pthread_mutex_lock(&b->lock);
		struct line *old = b->offered;
		b->offered = l;
		pthread_cond_broadcast(&b->change);
		pthread_mutex_unlock(&b->lock);
		line_close(old);
	}
	release(b);
	return NULL;
}

/* --- opening and closing ----------------------------------------------------------------------
 */

static int keep_string(struct broker *b, const char **out, const char *text, size_t size)
{
	*out = NULL;
	if (!text)
		return 0;
	char *copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	b->strings[b->string_count++] = copy;
	*out = copy;
	return 0;
}

static int copy_text(struct broker *b, const char **out, const char *text)
{
	return keep_string(b, out, text, text ? strlen(text) + 1 : 0);
}

static int copy_setup(struct broker *b, const struct broker_setup *s)
{
	if (!s->url_count || s->url_count > BROKER_URLS_MAX || !s->client_id ||
		s->under_way_max > UNDER_WAY_MOST)
		return -EINVAL;
	b->setup = *s;
	int error = 0;
	for (size_t i = 0; i < s->url_count && !error; i++) {
		error = broker_address_read(&b->addresses[i], s->urls[i]);
		if (!error)
			error = copy_text(b, &b->url_texts[i], s->urls[i]);
	}
	b->setup.urls = b->url_texts;
	if (!error)
		error = copy_text(b, &b->setup.client_id, s->client_id);
	if (!error)
		error = copy_text(b, &b->setup.ca, s->ca);
	if (!error)
		error = copy_text(b, &b->setup.certificate, s->certificate);
	if (!error)
		error = copy_text(b, &b->setup.key, s->key);
	const char *will = NULL;
	if (!error)
		error = copy_text(b, &b->setup.will_topic, s->will_topic);
	if (!error && s->will_topic)
		error = keep_string(b, &will, s->will, s->will_size);
	b->setup.will = will;
	return error;
}

static int start_threads(struct broker *b)
{
	int error = -pthread_create(&b->keeper, NULL, keeper_main, b);
	if (error)
		return error;
	b->holders++;
	if (b->setup.url_count < 2)
		return 0;
	b->has_scout = !pthread_create(&b->scout, NULL, scout_main, b);
	b->holders += b->has_scout;
	if (!b->has_scout)
		log_warning("broker: nobody looks for a better one: no thread");
	return 0;
}

int broker_open(struct broker **out, const struct broker_setup *setup)
{
	struct broker *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->change, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&b->lock, NULL);
	b->holders = 1;
	int error = copy_setup(b, setup);
	if (!error)
		error = news_queue_open(&b->news);
	if (!error) {
		pthread_mutex_lock(&b->lock); /* the threads' first release() comes after this */
		error = start_threads(b);
		pthread_mutex_unlock(&b->lock);
	}
	if (error) {
		release(b);
		return error;
	}
	*out = b;
	return 0;
}

/* A thread that is looking for a host's address cannot be asked to stop: it is left to itself. */
static void join(pthread_t thread)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_S;
	if (pthread_timedjoin_np(thread, NULL, &until))
		pthread_detach(thread);
}

void broker_close(struct broker *b, bool polite)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->polite = polite;
	atomic_store(&b->stopping, true);
	if (b->line && polite)
		line_say_goodbye(b->line);
	else if (b->line)
		line_cut(b->line);
	pthread_cond_broadcast(&b->change);
	pthread_mutex_unlock(&b->lock);
	news_queue_end(b->news);
	join(b->keeper);
	if (b->has_scout)
		join(b->scout);
	release(b);
}

/* --- what the caller does ---------------------------------------------------------------------
 */

static struct line *hold_line(struct broker *b)
{
	pthread_mutex_lock(&b->lock);
	struct line *l = b->seen == b->generation ? b->line : NULL;
	b->users += l != NULL;
	pthread_mutex_unlock(&b->lock);
	return l;
}

static void let_go(struct broker *b)
{
	pthread_mutex_lock(&b->lock);
	if (!--b->users)
		pthread_cond_broadcast(&b->change);
	pthread_mutex_unlock(&b->lock);
}

int broker_publish(struct broker *b, const char *topic, const void *payload, size_t size, int qos,
	bool retain, int *id)
{
	struct line *l = hold_line(b);
	if (!l)
		return -ENOTCONN;
	int error = line_publish(l, topic, payload, size, qos, retain, id);
	let_go(b);
	return error;
}

unsigned broker_under_way(struct broker *b)
{
	struct line *l = hold_line(b);
	if (!l)
		return 0;
	unsigned count = line_under_way(l);
	let_go(b);
	return count;
}

int broker_subscribe(struct broker *b, const char *topic, int qos, int *id)
{
	struct line *l = hold_line(b);
	if (!l)
		return -ENOTCONN;
	int error = line_subscribe(l, topic, qos, id);
	let_go(b);
	return error;
}

int broker_unsubscribe(struct broker *b, const char *topic)
{
	struct line *l = hold_line(b);
	if (!l)
		return -ENOTCONN;
	int error = line_unsubscribe(l, topic);
	let_go(b);
	return error;
}

int broker_next(struct broker *b, struct broker_news *out)
{
	int error = news_queue_get(b->news, out);
	if (error)
		return error;
	if (out->kind == BROKER_UP)
		b->seen = out->id;
	else if (out->kind == BROKER_DOWN)
		b->seen = 0;
	return 0;
}

int broker_fd(const struct broker *b)
{
	return news_queue_fd(b->news);
}
