/* Boxes of an event as a broker and a collector see them, as many as are asked for, over one
 * connection: signed rows at a given rate, sent again until they are acknowledged.
 *
 *   boxes URL EVENT VENUES BOXES ROWS RATE BATCH [KEY-FILE]
 *
 * VENUES: venue-1 … are spoken for in turn; or names with commas. ROWS of all boxes together; RATE
 * a second, 0: as fast as it goes; BATCH rows a message. KEY-FILE: the device.key of a single box.
 * Every box says its state first; then the clock starts. A box waits for the acknowledgement of a
 * batch before it sends the next.
 * Ends when all is acknowledged, or after 60 s without an acknowledgement: status 1. Prints what it
 * has measured as one JSON object: lag is from the moment that the last row of a batch was made to
 * its acknowledgement, however often it was sent; `again` counts what was sent more than once. */
#include "base/text.h"
#include "port/broker.h"
#include "port/clock.h"
#include "sync/message.h"
#include "tests/fake/chain_maker.h"

#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVE_UP_MS 60000
#define AGAIN_MS   5000
#define LOOK_MS    250 /* how often it is looked for what has to be sent again */
#define UNDER_WAY  4096
#define AT_ONCE    500 /* rows between two looks at the news */

/* Its secret key is kept as it is: ten thousand in locked memory are more than a system gives. */
struct box {
	struct chain_maker maker;
	uint8_t public[DEVICE_KEY_SIZE], secret[crypto_sign_SECRETKEYBYTES];
	struct row *rows; /* not acknowledged yet */
	size_t count, sent;
	int64_t made_ms, sent_ms; /* sent_ms 0: never */
	unsigned times;           /* that it was sent */
};

struct boxes {
	struct broker *broker;
	const char *event;
	struct box *at;
	size_t count, batch, next, told; /* told: have said their states since the connection */
	uint32_t *index;                 /* by device: a box's number and one; 0: free */
	size_t index_room;
	uint64_t wanted, made, acked, wire, messages, again, heard; /* wire, heard: bytes of MQTT */
	double rate;
	bool up;
	int64_t started_ms, acked_ms, looked_ms;
	int32_t *lags;
	size_t lag_count, lag_room;
};

static int64_t now_ms(void)
{
	return clock_now(0).mono_ms;
}

static void open_box(struct box *b, size_t index, const char *venue, const char *key_file)
{
	uint8_t seed[32] = "a box of a test";
	char hex[65] = "";
	FILE *f = key_file ? fopen(key_file, "r") : NULL;
	memcpy(seed + 16, &index, sizeof(index));
	if (key_file)
		CHECK(f && fread(hex, 1, 64, f) == 64 && text_unhex(seed, sizeof(seed), hex, 64));
	if (f)
		fclose(f);
	chain_maker_open(&b->maker, 1, (uint32_t)(now_ms() % 1000000 + 1), venue, "main");
	chain_maker_close(&b->maker);
	int error = crypto_sign_seed_keypair(b->public, b->secret, seed);
	CHECK(!error);
	device_id_of(b->public, b->maker.last.device);
	b->maker.last.at.wall_ms = clock_now(0).wall_ms;
}

/* --- which box a device is --- */

static size_t slot_of(const struct boxes *all, const uint8_t device[DEVICE_ID_SIZE])
{
	uint64_t hash; /* a device's id is one already */
	memcpy(&hash, device, sizeof(hash));
	size_t i = (size_t)hash & (all->index_room - 1);
	while (all->index[i] &&
		memcmp(all->at[all->index[i] - 1].maker.last.device, device, DEVICE_ID_SIZE) != 0)
		i = (i + 1) & (all->index_room - 1);
	return i;
}

static void make_index(struct boxes *all)
{
	all->index_room = 16;
	while (all->index_room < 2 * all->count)
		all->index_room *= 2;
	all->index = calloc(all->index_room, sizeof(*all->index));
	CHECK(all->index);
	for (size_t i = 0; i < all->count; i++)
		all->index[slot_of(all, all->at[i].maker.last.device)] = (uint32_t)i + 1;
}

/* --- saying --- */

/* False where too much is under way, or nothing is connected. */
static bool publish(struct boxes *all, const struct topic *t, const char *text, size_t len)
{
	char topic[TOPIC_SIZE];
	int id;
	topic_write(t, topic);
	if (broker_publish(all->broker, topic, text, len, 1, t->kind == TOPIC_STATE, &id))
		return false;
	if (t->kind != TOPIC_EV)
		return true;
	all->wire += len + strlen(topic) + 7;
	all->messages++;
	return true;
}

static bool say_state(struct boxes *all, struct box *b)
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
	memcpy(m.key, b->public, sizeof(m.key));
	memcpy(t.device, b->maker.last.device, sizeof(t.device));
	text_copy(t.event, sizeof(t.event), all->event);
	char *text = message_write_state(&m, &len);
	CHECK(text);
	bool said = publish(all, &t, text, len);
	free(text);
	return said;
}

/* As many as the connection takes; the rest when it has taken these. */
static void say_states(struct boxes *all)
{
	while (all->up && all->told < all->count && say_state(all, &all->at[all->told]))
		all->told++;
	if (all->told == all->count && !all->started_ms)
		all->started_ms = all->acked_ms = now_ms();
}

static bool has_room(const struct boxes *all)
{
	return broker_under_way(all->broker) < UNDER_WAY;
}

static void send_rows(struct boxes *all, struct box *b)
{
	struct topic t = { .kind = TOPIC_EV };
	struct batch batch = { .rows = b->rows, .count = b->count, .is_signed = true };
	uint8_t head[HEAD_BYTES];
	size_t len, used = 0;
	batch_head_bytes(&b->rows[b->count - 1], head);
	crypto_sign_detached(batch.signature, NULL, head, sizeof(head), b->secret);
	memcpy(batch.key, b->public, sizeof(batch.key));
	char *text = message_write_batch(&batch, &len, &used);
	CHECK(text && used == b->count);
	memcpy(t.device, b->maker.last.device, sizeof(t.device));
	text_copy(t.event, sizeof(t.event), all->event);
	b->sent = publish(all, &t, text, len) ? b->count : 0;
	free(text);
	if (!b->sent)
		return;
	all->again += b->times > 0;
	b->times++;
	b->sent_ms = now_ms();
}

/* False: every box waits for an acknowledgement, or for room. */
static bool make_row(struct boxes *all)
{
	for (size_t tried = 0; tried < all->count; tried++) {
		struct box *b = &all->at[all->next];
		if (b->count == all->batch && !b->sent && has_room(all))
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
		b->made_ms = now_ms();
		if (b->count == all->batch) {
			send_rows(all, b);
			all->next = (all->next + 1) % all->count;
		}
		return true;
	}
	return false;
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

static bool has_all(const struct box *b, const struct message_chains *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->at[i].chain.epoch == b->maker.last.epoch &&
			ranges_have(&m->at[i].have, b->rows[b->sent - 1].seq))
			return true;
	return false;
}

static void take_ack(struct boxes *all, const struct broker_news *n)
{
	static struct message_chains m;
	struct message_why why;
	struct topic t;
	if (!topic_read(&t, n->topic) || t.kind != TOPIC_ACK ||
		!message_read_chains(&m, n->payload, n->size, &why))
		return;
	uint32_t number = all->index[slot_of(all, t.device)];
	struct box *b = number ? &all->at[number - 1] : NULL;
	if (!b || !b->sent || !has_all(b, &m))
		return;
	all->heard += n->size + strlen(n->topic) + 7;
	all->acked_ms = now_ms();
	take_lag(all, all->acked_ms - b->made_ms);
	all->acked += b->sent;
	b->count = b->sent = 0;
	b->times = 0;
}

static void take_news(struct boxes *all)
{
	struct broker_news n;
	int id;
	char filter[TOPIC_SIZE];
	while (!broker_next(all->broker, &n)) {
		if (n.kind == BROKER_UP) {
			all->up = true;
			all->told = 0;
			topic_filter(TOPIC_ACK, all->event, NULL, filter);
			CHECK(!broker_subscribe(all->broker, filter, 1, &id));
		}
		if (n.kind == BROKER_DOWN)
			all->up = false;
		if (n.kind == BROKER_MESSAGE)
			take_ack(all, &n);
		if (n.kind == BROKER_MESSAGE)
			free(n.payload);
	}
}

/* As a box has it: longer each time, or a collector that is behind would hear everything twice. */
static int64_t patience_ms(const struct box *b)
{
	return (int64_t)AGAIN_MS << (b->times < 5 ? b->times - 1 : 4);
}

/* What was not acknowledged in time, what found no room, and the rest at the end. */
static void send_again(struct boxes *all, int64_t now)
{
	if (now - all->looked_ms < LOOK_MS)
		return;
	all->looked_ms = now;
	for (size_t i = 0; all->up && i < all->count && has_room(all); i++) {
		struct box *b = &all->at[i];
		bool late = b->sent && now - b->sent_ms > patience_ms(b);
		bool waits = !b->sent && b->count &&
			     (b->count == all->batch || all->made == all->wanted);
		if (late || waits)
			send_rows(all, b);
	}
}

static void work(struct boxes *all)
{
	say_states(all);
	if (!all->started_ms)
		return;
	int64_t now = now_ms();
	double due = all->rate > 0 ? all->rate * (double)(now - all->started_ms) / 1000
				   : (double)(all->made + AT_ONCE);
	uint64_t until = due < (double)all->wanted ? (uint64_t)due : all->wanted;
	for (int i = 0; i < AT_ONCE && all->made < until && has_room(all); i++)
		if (!all->up || !make_row(all))
			break;
	send_again(all, now);
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

static void tell(const struct boxes *all)
{
	double seconds = (double)(all->acked_ms - all->started_ms) / 1000;
	seconds = seconds > 0.001 ? seconds : 0.001;
	if (all->lag_count)
		qsort(all->lags, all->lag_count, sizeof(*all->lags), by_size);
	printf("{\"rows\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"seconds\":%.2f,\"rows_s\":%.0f,"
	       "\"messages\":%" PRIu64 ",\"again\":%" PRIu64
	       ",\"bytes_a_row\":%.1f,\"ack_bytes_a_row\":%.1f,\"lag_p50_ms\":%d,"
	       "\"lag_p99_ms\":%d,\"lag_max_ms\":%d}\n",
		all->made, all->acked, seconds, (double)all->acked / seconds, all->messages,
		all->again, (double)all->wire / (double)(all->made ? all->made : 1),
		(double)all->heard / (double)(all->made ? all->made : 1),
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
	if (sodium_init() < 0)
		return 2;
	open_boxes(&all, argv, argc > 8 ? argv[8] : NULL);
	make_index(&all);
	snprintf(id, sizeof(id), "boxes-%ld", (long)getpid());
	const char *urls[] = { argv[1] };
	const struct broker_setup setup = {
		.urls = urls, .url_count = 1, .client_id = id, .under_way_max = UNDER_WAY
	};
	if (broker_open(&all.broker, &setup))
		return 2;
	all.acked_ms = now_ms();
	while (all.acked < all.wanted && now_ms() - all.acked_ms < GIVE_UP_MS) {
		struct pollfd p = { .fd = broker_fd(all.broker), .events = POLLIN };
		poll(&p, 1, 10);
		take_news(&all);
		work(&all);
	}
	tell(&all);
	broker_close(all.broker, true);
	for (size_t i = 0; i < all.count; i++)
		free(all.at[i].rows);
	free(all.at);
	free(all.index);
	free(all.lags);
	return all.acked < all.wanted;
}
