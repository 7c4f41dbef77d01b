/* Anything that anybody may say to a box and to a collector, in any order, and time passing.
 * Neither may stumble, spin or say what it would not take itself.
 *
 * The input is lines: a letter for the topic (s state, c count, e ev, h have, a ack, f fleet; a
 * capital: of the box itself), then the payload; "t" lets time pass, "u" and "d" are the link. */
#include "sync/box.h"
#include "sync/collector.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 200

static const char venues[2][ID_SIZE] = { "hall", "ruche" };
static const uint32_t capacities[2];
static struct when now;
static int64_t box_timer_ms, collector_timer_ms;
static unsigned effects;

static void look(const char *topic, const void *payload, size_t size)
{
	static union {
		struct message_state state;
		struct message_count count;
		struct message_chains chains;
		struct message_fleet fleet;
	} m;
	struct message_why why;
	struct topic t;
	CHECK(topic_read(&t, topic));
	CHECK(t.kind != TOPIC_STATE || message_read_state(&m.state, payload, size, &why));
	CHECK(t.kind != TOPIC_COUNT || message_read_count(&m.count, payload, size, &why));
	CHECK((t.kind != TOPIC_HAVE && t.kind != TOPIC_ACK) ||
		message_read_chains(&m.chains, payload, size, &why));
	CHECK(t.kind != TOPIC_FLEET || message_read_fleet(&m.fleet, payload, size, &why));
}

static void take(void *context, const struct sync_effect *e)
{
	(void)context;
	effects++;
	if (e->kind == SYNC_PUBLISH)
		look(e->topic, e->payload, e->size);
	CHECK(e->kind != SYNC_TIMER || e->at_ms > now.mono_ms);
	if (e->kind == SYNC_TIMER)
		box_timer_ms = e->at_ms;
}

static void take_collector(void *context, const struct collector_effect *e)
{
	(void)context;
	effects++;
	if (e->kind == COLLECT_PUBLISH)
		look(e->topic, e->payload, e->size);
	CHECK(e->kind != COLLECT_TIMER || e->at_ms > now.mono_ms);
	if (e->kind == COLLECT_TIMER)
		collector_timer_ms = e->at_ms;
}

static void sign(void *context, const uint8_t bytes[HEAD_BYTES], uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	(void)context, (void)bytes;
	memset(out, 0, DEVICE_SIGNATURE_SIZE);
}

static void give(
	struct sync_box *b, struct collector *c, struct sync_input *in, struct collector_input *col)
{
	in->now = col->now = now;
	effects = 0;
	sync_box_step(b, in, take, NULL);
	collector_step(c, col, take_collector, NULL);
	/* One message is never the cause of a storm. */
	CHECK(effects < 200);
}

/* The device is the one that the payload names, where it names one. */
static void write_topic(char letter, const uint8_t *line, size_t len, char out[TOPIC_SIZE])
{
	static const struct {
		char letter;
		enum topic_kind kind;
	} kinds[] = { { 's', TOPIC_STATE }, { 'c', TOPIC_COUNT }, { 'e', TOPIC_EV },
		{ 'h', TOPIC_HAVE }, { 'a', TOPIC_ACK }, { 'f', TOPIC_FLEET } };
	static struct message_chains m;
	static struct message_state state;
	struct message_why why;
	struct topic t = { .kind = TOPIC_FLEET, .event = "e", .venue = "hall" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((letter | 0x20) == kinds[i].letter)
			t.kind = kinds[i].kind;
	memset(t.device, letter & 0x20 ? 2 : 1, sizeof(t.device));
	if (t.kind == TOPIC_HAVE && message_read_chains(&m, line, len, &why))
		memcpy(t.device, m.sender, sizeof(t.device));
	if (t.kind == TOPIC_STATE && message_read_state(&state, line, len, &why))
		device_id_of(state.key, t.device);
	topic_write(&t, out);
}

static void take_line(struct sync_box *b, struct collector *c, const uint8_t *line, size_t len)
{
	char topic[TOPIC_SIZE];
	struct sync_input in = { .kind = SYNC_MESSAGE };
	struct collector_input col = { .kind = COLLECT_MESSAGE };
	if (line[0] == 't') {
		int64_t due = box_timer_ms < collector_timer_ms ? box_timer_ms : collector_timer_ms;
		int64_t by = due > now.mono_ms && len < 2 ? due - now.mono_ms : 5000;
		now.mono_ms += by;
		now.wall_ms += by;
		in.kind = SYNC_TICK;
		col.kind = COLLECT_TICK;
	} else if (line[0] == 'u' || line[0] == 'd') {
		in.kind = line[0] == 'u' ? SYNC_UP : SYNC_DOWN;
		col.kind = line[0] == 'u' ? COLLECT_UP : COLLECT_DOWN;
	} else {
		write_topic((char)line[0], line + 1, len - 1, topic);
		in.topic = col.topic = topic;
		in.payload = col.payload = line + 1;
		in.size = col.size = len - 1;
		in.retained = col.retained = line[0] == 'C' || line[0] == 'S';
	}
	give(b, c, &in, &col);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sync_setup setup = { .event = "e",
		.venue = "hall",
		.door = "main",
		.program = "fuzz",
		.reach = REACH_EVENT,
		.self = { .epoch = 7 },
		.sign = sign,
		.seed = 1,
		.venues = venues,
		.venue_count = 2 };
	struct collector_setup col = { .event = "e",
		.id = { 9 },
		.seed = 1,
		.venues = venues,
		.capacities = capacities,
		.venue_count = 2 };
	struct sync_box *b;
	struct collector *c;
	now = (struct when){ .wall_ms = 1481220000000, .mono_ms = 1000, .trust = TRUST_FREE };
	box_timer_ms = collector_timer_ms = 0;
	memset(setup.self.device, 1, sizeof(setup.self.device));
	CHECK(!sync_box_open(&b, &setup) && !collector_open(&c, &col));
	take_line(b, c, (const uint8_t *)"u", 1);
	for (unsigned steps = 0; size && steps < STEPS_MAX; steps++) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) : size;
		if (len)
			take_line(b, c, data, len);
		len += end != NULL;
		data += len;
		size -= len;
	}
	sync_box_close(b);
	collector_close(c);
	return 0;
}
