/* Boxes of an event as a broker and a collector see them, as many as are asked for, over one
 * connection: signed rows at a given rate, sent again until they are acknowledged.
 *
 *   boxes URL EVENT VENUES BOXES ROWS RATE BATCH [KEY-FILE]
 *
 * VENUES: venue-1 … are spoken for in turn; or names with commas. ROWS of all boxes together; RATE
 * a second, 0: as fast as it goes; BATCH rows a message. KEY-FILE: the device.key of a single box.
 * Ends when all is acknowledged, or after 60 s without an acknowledgement: status 1. Prints what it
 * has measured as one JSON object: lag is from publishing a batch to its acknowledgement. */
#include "base/text.h"
#include "port/broker.h"
#include "port/clock.h"
#include "sync/message.h"
#include "tests/fake/chain_maker.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVE_UP_MS 60000
#define AGAIN_MS   5000

/* Its key is opened when it is needed: ten thousand in locked memory are more than a system gives.
 */
struct box {
	struct chain_maker maker;
	uint8_t seed[32];
	struct row *rows; /* not acknowledged yet */
	size_t count, sent;
	int64_t sent_ms;
};

struct boxes {
	struct broker *broker;
	const char *event;
	struct box *at;
	size_t count, batch, next;
	uint64_t wanted, made, acked, wire, messages;
	double rate;
	bool up;
	int64_t started_ms, acked_ms;
	int32_t *lags;
	size_t lag_count, lag_room;
};

static int64_t now_ms(void)
{
	return clock_now(0).mono_ms;
}

static void open_key(struct box *b)
{
	int error = device_key_from_seed(&b->maker.key, b->seed);
	CHECK(!error);
}

static void open_box(struct box *b, size_t index, const char *venue, const char *key_file)
{
	uint8_t seed[32] = "a box of a test";
	char hex[65] = "";
	FILE *f = key_file ? fopen(key_file, "r") : NULL;
	memcpy(seed + 16, &index, sizeof(index));
	chain_maker_open(&b->maker, 1, (uint32_t)(now_ms() % 1000000 + 1), venue, "main");
	chain_maker_close(&b->maker);
	if (key_file)
		CHECK(f && fread(hex, 1, 64, f) == 64 && text_unhex(seed, sizeof(seed), hex, 64));
	if (f)
		fclose(f);
	memcpy(b->seed, seed, sizeof(b->seed));
	open_key(b);
	device_key_id(b->maker.key, b->maker.last.device);
	chain_maker_close(&b->maker);
	b->maker.last.at.wall_ms = clock_now(0).wall_ms;
}

/* False where too much is under way, or nothing is connected. */
static bool publish(struct boxes *all, const struct topic *t, const char *text, size_t len)
{
	char topic[TOPIC_SIZE];
	int id;
	topic_write(t, topic);
	if (broker_publish(all->broker, topic, text, len, 1, t->kind == TOPIC_STATE, &id))
		return false;
	all->wire += len + strlen(topic) + 7;
	all->messages++;
	return true;
}

static void say_state(struct boxes *all, struct box *b)
{
	struct message_state m = { .online = true,
		.program = "test",
		.epoch = b->maker.last.epoch,
		.wall_ms = clock_now(0).wall_ms,
		.trust = TRUST_SYNCED };
	struct topic t = { .kind = TOPIC_STATE };
	size_t len;
	memcpy(m.venue, b->maker.venue, sizeof(m.venue));
	memcpy(m.door, b->maker.door, sizeof(m.door));
	open_key(b);
	device_key_public(b->maker.key, m.key);
	chain_maker_close(&b->maker);
	memcpy(t.device, b->maker.last.device, sizeof(t.device));
	text_copy(t.event, sizeof(t.event), all->event);
	char *text = message_write_state(&m, &len);
	CHECK(text);
	bool said = publish(all, &t, text, len); /* the next connection says it again */
	(void)said;
	free(text);
}

static void send_rows(struct boxes *all, struct box *b)
{
	struct topic t = { .kind = TOPIC_EV };
	size_t len, used = 0;
	open_key(b);
	struct batch batch = chain_maker_batch(&b->maker, b->rows, b->count);
	chain_maker_close(&b->maker);
	char *text = message_write_batch(&batch, &len, &used);
	CHECK(text && used == b->count);
	memcpy(t.device, b->maker.last.device, sizeof(t.device));
	text_copy(t.event, sizeof(t.event), all->event);
	b->sent = publish(all, &t, text, len) ? b->count : 0;
	free(text);
	b->sent_ms = now_ms();
}

static void make_row(struct boxes *all)
{
	for (size_t tried = 0; tried < all->count; tried++) {
		struct box *b = &all->at[all->next];
		if (b->count == all->batch && !b->sent)
			send_rows(all, b);
		if (b->count == all->batch) { /* waits for its acknowledgement */
			all->next = (all->next + 1) % all->count;
			continue;
		}
		struct row row = { .kind = ROW_SCAN,
			.verdict = VERDICT_ADMIT,
			.direction = DIRECTION_IN,
			.registered = true,
			.at = clock_now(0) };
		chain_maker_ticket(row.ticket, (uint32_t)all->made + 1);
		chain_maker_append(&b->maker, &row);
		b->rows[b->count++] = row;
		all->made++;
		if (b->count == all->batch) {
			send_rows(all, b);
			all->next = (all->next + 1) % all->count;
		}
		return;
	}
}

static void take_lag(struct boxes *all, int64_t lag)
{
	if (all->lag_count == all->lag_room) {
		all->lag_room = all->lag_room ? all->lag_room * 2 : 4096;
		all->lags = realloc(all->lags, all->lag_room * sizeof(*all->lags));
		CHECK(all->lags);
	}
	all->lags[all->lag_count++] = (int32_t)lag;
}

static void take_ack(struct boxes *all, const struct broker_news *n)
{
	static struct message_chains m;
	struct message_why why;
	struct topic t;
	if (!topic_read(&t, n->topic) || t.kind != TOPIC_ACK ||
		!message_read_chains(&m, n->payload, n->size, &why))
		return;
	for (size_t i = 0; i < all->count; i++) {
		struct box *b = &all->at[i];
		if (memcmp(b->maker.last.device, t.device, sizeof(t.device)) || !b->sent)
			continue;
		for (uint32_t c = 0; c < m.count; c++) {
			if (m.at[c].chain.epoch != b->maker.last.epoch ||
				!ranges_have(&m.at[c].have, b->rows[b->sent - 1].seq))
				continue;
			take_lag(all, now_ms() - b->sent_ms);
			all->acked += b->sent;
			all->acked_ms = now_ms();
			b->count = b->sent = 0;
			break;
		}
		return;
	}
}

/* Sorted by device, an acknowledgement finds its box; a test's few thousand need no more than a
 * look at each. */
static void take_news(struct boxes *all)
{
	struct broker_news n;
	int id;
	char filter[TOPIC_SIZE];
	while (!broker_next(all->broker, &n)) {
		if (n.kind == BROKER_UP) {
			all->up = true;
			topic_filter(TOPIC_ACK, all->event, NULL, filter);
			CHECK(!broker_subscribe(all->broker, filter, 1, &id));
			for (size_t i = 0; i < all->count && i < 2000; i++)
				say_state(all, &all->at[i]);
		}
		if (n.kind == BROKER_DOWN)
			all->up = false;
		if (n.kind == BROKER_MESSAGE)
			take_ack(all, &n);
		if (n.kind == BROKER_MESSAGE)
			free(n.payload);
	}
}

static void work(struct boxes *all)
{
	int64_t now = now_ms();
	double due = all->rate > 0 ? all->rate * (double)(now - all->started_ms) / 1000
				   : (double)all->made + 5000;
	uint64_t until = due < (double)all->wanted ? (uint64_t)due : all->wanted;
	for (int i = 0; i < 5000 && all->up && all->made < until; i++)
		make_row(all);
	for (size_t i = 0; all->up && i < all->count; i++) {
		struct box *b = &all->at[i];
		if ((b->sent && now - b->sent_ms > AGAIN_MS) ||
			(!b->sent && b->count && all->made == all->wanted))
			send_rows(all, b);
	}
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

static void tell(const struct boxes *all)
{
	double seconds = (double)(now_ms() - all->started_ms) / 1000;
	if (all->lag_count)
		qsort(all->lags, all->lag_count, sizeof(*all->lags), by_size);
	printf("{\"rows\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"seconds\":%.2f,\"rows_s\":%.0f,"
	       "\"messages\":%" PRIu64 ",\"bytes_a_row\":%.1f,\"lag_p50_ms\":%d,"
	       "\"lag_p99_ms\":%d,\"lag_max_ms\":%d}\n",
		all->made, all->acked, seconds, (double)all->acked / seconds, all->messages,
		(double)all->wire / (double)(all->made ? all->made : 1),
		all->lag_count ? all->lags[all->lag_count / 2] : -1,
		all->lag_count ? all->lags[all->lag_count * 99 / 100] : -1,
		all->lag_count ? all->lags[all->lag_count - 1] : -1);
}

static void open_boxes(struct boxes *all, char **argv, const char *key_file)
{
	char venue[ID_SIZE];
	unsigned long venues = strtoul(argv[3], NULL, 10);
	const char *name = argv[3];
	for (size_t i = 0; i < all->count; i++) {
		struct box *b = &all->at[i];
		size_t n = strcspn(name, ",");
		if (venues)
			snprintf(venue, sizeof(venue), "venue-%lu", i % venues + 1);
		else
			snprintf(venue, sizeof(venue), "%.*s", (int)n, name);
		name = !venues && name[n] ? name + n + 1 : argv[3];
		open_box(b, i, venue, key_file);
		b->rows = calloc(all->batch, sizeof(*b->rows));
		CHECK(b->rows);
	}
}

int main(int argc, char **argv)
{
	struct boxes all = { 0 };
	char id[32];
	if (argc < 8)
		return 2;
	all.event = argv[2];
	all.count = strtoul(argv[4], NULL, 10);
	all.wanted = strtoull(argv[5], NULL, 10);
	all.rate = strtod(argv[6], NULL);
	all.batch = strtoul(argv[7], NULL, 10);
	CHECK(all.count && all.batch && all.batch <= BATCH_ROWS_MAX);
	all.at = calloc(all.count, sizeof(*all.at));
	CHECK(all.at);
	open_boxes(&all, argv, argc > 8 ? argv[8] : NULL);
	snprintf(id, sizeof(id), "boxes-%ld", (long)getpid());
	const char *urls[] = { argv[1] };
	const struct broker_setup setup = { .urls = urls, .url_count = 1, .client_id = id };
	if (broker_open(&all.broker, &setup))
		return 2;
	all.started_ms = all.acked_ms = now_ms();
	while (all.acked < all.wanted && now_ms() - all.acked_ms < GIVE_UP_MS) {
		struct pollfd p = { .fd = broker_fd(all.broker), .events = POLLIN };
		poll(&p, 1, 10);
		take_news(&all);
		work(&all);
	}
	tell(&all);
	broker_close(all.broker, true);
	for (size_t i = 0; i < all.count; i++) {
		free(all.at[i].rows);
	}
	free(all.at);
	free(all.lags);
	return all.acked < all.wanted;
}
