/* What it costs a guest that the rows of an outage go out meanwhile: the time of a check-in, from
 * asking the real clerk to its answer, in rounds. Each round has a time without a broker, a
 * backlog, and a time in which the real courier sends that backlog to the broker at URL, where a
 * collector has to be; guests come every few milliseconds in both. What disturbs the machine for a
 * while disturbs both halves of a few rounds alike, so the medians of the rounds' p99 are compared.
 *
 *   drain URL DATA-DIR [ROUNDS [BACKLOG]]
 *
 * Figures: `name value unit`. Status 1 where a backlog did not get through. */
#include "app/clerk.h"
#include "app/courier.h"
#include "tests/fake/sign.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VENUE      "grandsvoisins"
#define EVENT      "assets/demo"
#define PAUSE_NS   4000000
#define GUESTS     400 /* of each half of a round, at most */
#define ROUNDS_MAX 1000
#define WAIT_MS    20000
#define DRAIN_S    60
#define REST_ROWS  250 /* so many wait at any time while guests come: the backlog is through */

struct door {
	struct event *event;
	struct post *post;
	struct clerk *clerk;
	struct device_key *key;
	const char *url, *dir;
	unsigned guests;
};

struct half {
	double us[GUESTS];
	size_t count;
	double p50_us[ROUNDS_MAX], p99_us[ROUNDS_MAX];
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		fprintf(stderr, "drain: %s\n", text);
}

static void open_door(struct door *d)
{
	static const uint8_t seed[32] = "a box that drains";
	struct clerk_setup s = { .data_dir = d->dir,
		.event_dir = EVENT,
		.rules = { .venue = VENUE, .door = "main", .reentry = true } };
	struct clerk_reply reply;
	int error = event_load(&d->event, EVENT, problem, NULL);
	if (!error)
		error = device_key_from_seed(&d->key, seed);
	if (!error)
		error = post_open(&d->post);
	CHECK(!error);
	s.event = d->event;
	s.post = d->post;
	device_key_id(d->key, s.device);
	error = clerk_start(&d->clerk, &s);
	if (!error)
		error = clerk_answer(d->clerk, &reply, WAIT_MS);
	CHECK(!error && reply.answer == CLERK_OPENED);
}

static void close_door(struct door *d)
{
	clerk_stop(d->clerk);
	post_close(d->post);
	device_key_close(d->key);
	event_free(d->event);
}

/* Microseconds. */
static double check_in(struct door *d)
{
	struct clerk_request q = { .want = { .kind = ROW_SCAN, .source = SOURCE_SCANNER } };
	struct sig1_payload p = { .item = 1 };
	struct clerk_reply reply;
	char text[SIGN_TEXT_SIZE];
	snprintf(p.seed, sizeof(p.seed), "d%08u", ++d->guests);
	q.len = sign_ticket(text, SIGN_DEMO_SEED, &p);
	CHECK(q.len < sizeof(q.text));
	memcpy(q.text, text, q.len);
	q.now = (struct when){ d->event->opens_ms + d->guests * 10, d->guests * 10, TRUST_SYNCED };
	double from = now_s();
	int error = clerk_ask(d->clerk, &q);
	do
		error = error ? error : clerk_answer(d->clerk, &reply, WAIT_MS);
	while (!error && reply.answer == CLERK_COUNTED);
	double took = now_s() - from;
	CHECK(!error && reply.answer == CLERK_RECORDED);
	return took * 1e6;
}

static void pause_until(double s)
{
	double left = s - now_s();
	if (left <= 0)
		return;
	struct timespec t = { .tv_sec = (time_t)left,
		.tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
	nanosleep(&t, NULL);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void end_round(struct half *h, unsigned round)
{
	qsort(h->us, h->count, sizeof(h->us[0]), by_size);
	h->p50_us[round] = h->us[h->count / 2];
	h->p99_us[round] = h->us[h->count * 99 / 100];
	h->count = 0;
}

static void guest_comes(struct door *d, struct half *h)
{
	double next = now_s() + PAUSE_NS / 1e9;
	h->us[h->count++] = check_in(d);
	pause_until(next);
}

static uint64_t look(struct courier *c, uint64_t queued)
{
	struct courier_news n;
	return courier_next(c, &n) && n.has_link && n.link.state == LINK_UP ? n.link.queued
									    : queued;
}

/* Gives how long it took; more than DRAIN_S: it did not get through. */
static double drain(struct door *d, struct half *h)
{
	struct courier_setup s = { .data_dir = d->dir,
		.event = d->event,
		.venue = VENUE,
		.door = "main",
		.key = d->key,
		.post = d->post,
		.urls = { d->url },
		.url_count = 1,
		.first_local = 1 };
	struct courier *c;
	uint64_t queued = UINT64_MAX;
	double from = now_s(), took = 0;
	int error = courier_start(&c, &s);
	CHECK(!error);
	while (queued > REST_ROWS && (took = now_s() - from) <= DRAIN_S) {
		if (h->count < GUESTS)
			guest_comes(d, h);
		else
			poll(NULL, 0, 5);
		queued = look(c, queued);
	}
	for (double rest = now_s() + DRAIN_S; queued && now_s() < rest; queued = look(c, queued))
		poll(NULL, 0, 20);
	courier_stop(c);
	return took;
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof(values[0]), by_size);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	static struct half offline, draining;
	static double took[ROUNDS_MAX], ratio[ROUNDS_MAX];
	if (argc < 3)
		return 2;
	struct door d = { .url = argv[1], .dir = argv[2] };
	unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20;
	unsigned backlog = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 4000, bad = 0;
	size_t fewest = GUESTS;
	CHECK(rounds && rounds <= ROUNDS_MAX && backlog > GUESTS);
	open_door(&d);
	for (unsigned r = 0; r < rounds; r++) {
		while (offline.count < GUESTS)
			guest_comes(&d, &offline);
		for (unsigned i = GUESTS; i < backlog; i++)
			check_in(&d);
		took[r] = drain(&d, &draining);
		bad += took[r] > DRAIN_S;
		fewest = draining.count < fewest ? draining.count : fewest;
		end_round(&offline, r);
		end_round(&draining, r);
		ratio[r] = draining.p99_us[r] / offline.p99_us[r];
	}
	close_door(&d);
	double p99 = median(offline.p99_us, rounds), p99_draining = median(draining.p99_us, rounds);
	printf("drained %u times %u rows in %.1f s, %zu guests or more meanwhile\n", rounds - bad,
		backlog, median(took, rounds), fewest);
	printf("checkin_offline %.0f us median, %.0f us p99\n", median(offline.p50_us, rounds),
		p99);
	printf("checkin_draining %.0f us median, %.0f us p99\n", median(draining.p50_us, rounds),
		p99_draining);
	qsort(ratio, rounds, sizeof(ratio[0]), by_size);
	printf("checkin_p99_draining %.2f of offline; half of the rounds between %.2f and %.2f\n",
		p99_draining / p99, ratio[rounds / 4], ratio[rounds * 3 / 4]);
	return bad != 0;
}
