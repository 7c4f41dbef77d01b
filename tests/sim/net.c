/* The wire and the client: what port/broker_mosquitto.c and TCP are between them. A connection
 * carries packets in order (but where a fault says otherwise), late, or not at all. */
#include "tests/sim/sim.h"

#include <string.h>

#define KEEPALIVE_MS   15000
#define CONNECT_MAX_MS 10000
#define BETTER_MS      60000
#define BACKOFF_MAX_MS 30000

static struct link *link_of(const struct conn *c)
{
	return &c->party->sim->links[c->party->number][c->broker];
}

static bool is_cut(const struct conn *c, bool to_broker)
{
	const struct link *l = link_of(c);
	return to_broker ? l->cut_up : l->cut_down;
}

static void arrive(struct conn *c, bool to_broker, const struct packet *packet)
{
	struct sim *s = c->party->sim;
	if (to_broker) {
		if (!c->broker_open)
			return;
		c->broker_heard_ms = s->now_ms;
		broker_packet(c, packet);
	} else if (c->client_open) {
		c->client_heard_ms = s->now_ms;
		client_packet(c, packet);
	}
}

static void release_held(struct sim *s, void *who, uint64_t to_broker, void *what)
{
	(void)what;
	struct conn *c = who;
	struct lane *lane = to_broker ? &c->up : &c->down;
	lane->waiting = false;
	if (!(to_broker ? c->broker_open : c->client_open))
		return;
	if (is_cut(c, to_broker)) {
		lane->waiting = true;
		sim_at(s, s->now_ms + 500, release_held, c, to_broker, NULL);
		return;
	}
	struct held_packet *h = lane->held;
	lane->held = NULL;
	lane->held_end = &lane->held;
	for (; h; h = h->next)
		arrive(c, to_broker, h->packet);
}

static void deliver(struct sim *s, void *who, uint64_t to_broker, void *what)
{
	struct conn *c = who;
	struct lane *lane = to_broker ? &c->up : &c->down;
	if (!lane->held && !is_cut(c, to_broker)) {
		arrive(c, to_broker, what);
		return;
	}
	/* TCP sends it again until it gets through, or until one of the two gives up. */
	struct held_packet *h = sim_alloc(s, sizeof(*h));
	h->packet = what;
	if (!lane->held)
		lane->held_end = &lane->held;
	*lane->held_end = h;
	lane->held_end = &h->next;
	if (!lane->waiting) {
		lane->waiting = true;
		sim_at(s, s->now_ms + 500, release_held, c, to_broker, NULL);
	}
}

static void reset(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)s;
	(void)tag;
	(void)what;
	conn_close_broker(who, false);
	conn_close_client(who, false);
}

void conn_send(struct conn *c, bool to_broker, const struct packet *packet)
{
	struct sim *s = c->party->sim;
	const struct link *l = link_of(c);
	struct lane *lane = to_broker ? &c->up : &c->down;
	int64_t at_ms = s->now_ms + chance_between(s, 1, 20) + l->slow_ms;
	if (l->jitter_ms)
		at_ms += chance_between(s, 0, l->jitter_ms);
	if (chance_of(s, l->stall_per_mille))
		at_ms += chance_between(s, 1000, 20000);
	bool jumps = packet->kind == PACKET_PUBLISH && chance_of(s, l->reorder_per_mille);
	if (jumps)
		at_ms += chance_between(s, 200, 8000);
	else if (at_ms < lane->last_ms)
		at_ms = lane->last_ms;
	if (!jumps)
		lane->last_ms = at_ms;
	sim_at(s, at_ms, deliver, c, to_broker, (void *)packet);
	if (packet->kind == PACKET_PUBLISH && chance_of(s, l->twice_per_mille))
		sim_at(s, at_ms + chance_between(s, 0, 15000), deliver, c, to_broker,
			(void *)packet);
	if (c->established && chance_of(s, l->reset_per_mille))
		sim_at(s, s->now_ms + 1, reset, c, 0, NULL);
}

/* --- the ends of a connection --- */

static void hear_end(struct sim *s, void *who, uint64_t client, void *what)
{
	(void)what;
	struct conn *c = who;
	if (!(client ? c->client_open : c->broker_open))
		return;
	if (is_cut(c, !client)) {
		sim_at(s, s->now_ms + 700, hear_end, c, client, NULL);
		return;
	}
	if (client)
		conn_close_client(c, false);
	else
		conn_close_broker(c, false);
}

void conn_close_client(struct conn *c, bool tell)
{
	struct sim *s = c->party->sim;
	if (!c->client_open)
		return;
	c->client_open = false;
	if (tell && c->broker_open)
		sim_at(s, s->now_ms + 30, hear_end, c, false, NULL);
	client_lost(c, false);
}

void conn_close_broker(struct conn *c, bool tell)
{
	struct sim *s = c->party->sim;
	if (!c->broker_open)
		return;
	c->broker_open = false;
	if (tell && c->client_open)
		sim_at(s, s->now_ms + 30, hear_end, c, true, NULL);
	broker_lost(c);
}

/* --- the client --- */

static void attempt(struct sim *s, void *who, uint64_t life, void *what);

static void watch(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)tag;
	(void)what;
	struct conn *c = who;
	if (c->broker_open && s->now_ms - c->broker_heard_ms > KEEPALIVE_MS * 3 / 2) {
		TRACE(s, "broker %d gives %s up", c->broker, c->party->name);
		conn_close_broker(c, true);
	}
	if (c->client_open && s->now_ms - c->client_heard_ms > KEEPALIVE_MS * 3 / 2) {
		TRACE(s, "%s hears nothing of broker %d", c->party->name, c->broker);
		conn_close_client(c, true);
	}
	if (!c->broker_open && !c->client_open)
		return;
	static const struct packet ping = { .kind = PACKET_PING };
	if (c->client_open && c->established)
		conn_send(c, true, &ping);
	sim_at(s, s->now_ms + KEEPALIVE_MS / 2, watch, c, 0, NULL);
}

static void give_up(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)s;
	(void)tag;
	(void)what;
	struct conn *c = who;
	if (c->client_open && !c->established)
		conn_close_client(c, true);
}

static void try_better(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)tag;
	struct party *p = who;
	if (!p->running || p->conn != what || !p->up)
		return;
	const struct link *l = &s->links[p->number][p->brokers[0]];
	if (!s->brokers[p->brokers[0]].up || l->cut_up || l->cut_down) {
		sim_at(s, s->now_ms + BETTER_MS, try_better, p, 0, what);
		return;
	}
	TRACE(s, "%s goes back to broker %d", p->name, p->brokers[0]);
	static const struct packet bye = { .kind = PACKET_DISCONNECT };
	p->attempt = 0;
	p->backoff_ms = 100;
	conn_send(p->conn, true, &bye);
	conn_close_client(p->conn, true);
}

static void attempt(struct sim *s, void *who, uint64_t life, void *what)
{
	(void)what;
	struct party *p = who;
	if (!p->running || p->life != life || p->conn)
		return;
	struct conn *c = sim_alloc(s, sizeof(*c));
	struct packet *connect = sim_alloc(s, sizeof(*connect));
	c->party = p;
	c->life = p->life;
	c->broker = p->brokers[p->attempt % p->broker_count];
	p->attempt++;
	c->client_open = c->broker_open = true;
	c->client_heard_ms = c->broker_heard_ms = s->now_ms;
	c->connect = connect;
	p->conn = c;
	char topic[TOPIC_SIZE];
	connect->kind = PACKET_CONNECT;
	connect->clean = !p->keeps_session;
	connect->will =
		p->hooks->will ? p->hooks->will(p->owner, topic, &connect->will_size) : NULL;
	if (connect->will)
		connect->will_topic = sim_copy(s, topic, strlen(topic));
	conn_send(c, true, connect);
	sim_at(s, s->now_ms + CONNECT_MAX_MS, give_up, c, 0, NULL);
	sim_at(s, s->now_ms + KEEPALIVE_MS / 2, watch, c, 0, NULL);
}

void client_lost(struct conn *c, bool refused)
{
	struct party *p = c->party;
	struct sim *s = p->sim;
	if (p->conn != c)
		return;
	p->conn = NULL;
	if (!s->client_resends)
		p->unacked_count = 0;
	bool was_up = p->up;
	p->up = false;
	if (!p->running || p->life != c->life)
		return;
	if (was_up || refused) {
		TRACE(s, "%s is down%s", p->name, refused ? ", refused" : "");
		p->hooks->down(p->owner, refused);
	}
	if (was_up)
		p->attempt = 0;
	p->backoff_ms = p->backoff_ms < 1000 ? 1000 : 2 * p->backoff_ms;
	if (p->backoff_ms > BACKOFF_MAX_MS)
		p->backoff_ms = BACKOFF_MAX_MS;
	/* The next of the list is tried at once; the list, again after a while. */
	int64_t wait_ms = p->attempt % p->broker_count ? 50 : p->backoff_ms;
	sim_at(s, s->now_ms + wait_ms + chance_between(s, 0, 500), attempt, p, p->life, NULL);
}

static void came_up(struct conn *c, const struct packet *packet)
{
	struct party *p = c->party;
	struct sim *s = p->sim;
	if (packet->refused) {
		c->client_open = false;
		client_lost(c, true);
		return;
	}
	c->established = true;
	p->up = true;
	p->backoff_ms = 0;
	bool local = s->brokers[c->broker].local;
	TRACE(s, "%s is up at broker %d", p->name, c->broker);
	p->hooks->up(p->owner, local);
	if (c->broker != p->brokers[0])
		sim_at(s, s->now_ms + BETTER_MS, try_better, p, 0, c);
	size_t n = p->unacked_count;
	for (size_t i = 0; i < n && s->client_resends && p->conn == c; i++) {
		struct packet *again = sim_alloc(s, sizeof(*again));
		const struct unacked *u = &p->unacked[i];
		*again = (struct packet){ .kind = PACKET_PUBLISH,
			.id = -1,
			.qos = 1,
			.retain = u->retain,
			.topic = u->topic,
			.payload = u->payload,
			.size = u->size };
		conn_send(c, true, again);
	}
	if (s->client_resends)
		p->unacked_count -= n;
}

static void was_published(struct party *p, int id)
{
	for (size_t i = 0; i < p->unacked_count; i++)
		if (p->unacked[i].id == id) {
			p->unacked[i] = p->unacked[--p->unacked_count];
			p->hooks->published(p->owner, id);
			return;
		}
}

void client_packet(struct conn *c, const struct packet *packet)
{
	struct party *p = c->party;
	struct sim *s = p->sim;
	if (p->conn != c || !p->running || p->life != c->life)
		return;
	if (packet->kind == PACKET_CONNACK)
		came_up(c, packet);
	else if (packet->kind == PACKET_SUBACK)
		p->hooks->granted(p->owner, packet->id, packet->refused);
	else if (packet->kind == PACKET_PUBACK)
		was_published(p, packet->id);
	else if (packet->kind == PACKET_PUBLISH) {
		if (packet->qos) {
			struct packet *ack = sim_alloc(s, sizeof(*ack));
			*ack = (struct packet){ .kind = PACKET_PUBACK, .id = packet->id };
			conn_send(c, true, ack);
		}
		s->deliveries++;
		p->hooks->message(
			p->owner, packet->topic, packet->payload, packet->size, packet->retain);
	}
}

void party_start(struct party *p)
{
	p->running = true;
	p->life++;
	p->attempt = 0;
	p->backoff_ms = 0;
	p->unacked_count = 0;
	sim_at(p->sim, p->sim->now_ms + chance_between(p->sim, 50, 800), attempt, p, p->life, NULL);
}

void party_stop(struct party *p, bool polite)
{
	struct conn *c = p->conn;
	p->running = false;
	p->life++;
	p->up = false;
	p->conn = NULL;
	p->unacked_count = 0;
	if (!c || !c->client_open)
		return;
	static const struct packet bye = { .kind = PACKET_DISCONNECT };
	if (polite)
		conn_send(c, true, &bye);
	/* A power cut says nothing; the broker finds out by itself. */
	c->client_open = false;
	if (polite || chance_of(p->sim, 300))
		sim_at(p->sim, p->sim->now_ms + 60, hear_end, c, false, NULL);
}

static void note_unacked(struct party *p, const struct unacked *u)
{
	if (p->unacked_count == p->unacked_room) {
		size_t room = p->unacked_room ? 2 * p->unacked_room : 16;
		struct unacked *more = sim_alloc(p->sim, room * sizeof(*more));
		if (p->unacked_count)
			memcpy(more, p->unacked, p->unacked_count * sizeof(*more));
		p->unacked = more;
		p->unacked_room = room;
	}
	p->unacked[p->unacked_count++] = *u;
}

bool party_publish(struct party *p, int id, const char *topic, const void *payload, size_t size,
	int qos, bool retain)
{
	struct sim *s = p->sim;
	if (!p->up)
		return false;
	struct packet *packet = sim_alloc(s, sizeof(*packet));
	*packet = (struct packet){ .kind = PACKET_PUBLISH,
		.id = id,
		.qos = qos,
		.retain = retain,
		.topic = sim_copy(s, topic, strlen(topic)),
		.payload = sim_copy(s, payload, size),
		.size = size };
	size_t n = strlen(topic);
	bool rows = n > 3 && !strcmp(topic + n - 3, "/ev");
	p->published++;
	p->published_rows += rows;
	s->messages++;
	s->row_messages += rows;
	if (qos)
		note_unacked(p, &(struct unacked){
					id, rows, packet->topic, packet->payload, size, retain });
	conn_send(p->conn, true, packet);
	return true;
}

void party_subscribe(struct party *p, int id, const char *filter)
{
	struct sim *s = p->sim;
	if (!p->up)
		return;
	struct packet *packet = sim_alloc(s, sizeof(*packet));
	*packet = (struct packet){
		.kind = PACKET_SUBSCRIBE, .id = id, .topic = sim_copy(s, filter, strlen(filter))
	};
	conn_send(p->conn, true, packet);
}

void party_unsubscribe(struct party *p, const char *filter)
{
	struct sim *s = p->sim;
	if (!p->up)
		return;
	struct packet *packet = sim_alloc(s, sizeof(*packet));
	*packet = (struct packet){ .kind = PACKET_UNSUBSCRIBE,
		.topic = sim_copy(s, filter, strlen(filter)) };
	conn_send(p->conn, true, packet);
}
