/* A broker of MQTT 3.1.1 as far as it matters: QoS 0 and 1, kept and clean sessions, retained
 * messages, last will, an access list that denies silently, and crashes with and without memory. */
#include "tests/sim/sim.h"

#include <string.h>

bool topic_matches(const char *filter, const char *topic)
{
	for (;;) {
		if (!strcmp(filter, "#"))
			return true;
		size_t f = strcspn(filter, "/"), t = strcspn(topic, "/");
		bool any = f == 1 && *filter == '+';
		if (!any && (f != t || memcmp(filter, topic, f)))
			return false;
		filter += f;
		topic += t;
		/* "x/#" is x too. */
		if (!*topic && !strcmp(filter, "/#"))
			return true;
		if (!*filter || !*topic)
			return !*filter && !*topic;
		filter++;
		topic++;
	}
}

static bool wants(const struct session *session, const char *topic)
{
	for (const struct subscription *u = session->subscriptions; u; u = u->next)
		if (topic_matches(u->filter, topic))
			return true;
	return false;
}

static void hand_over(
	struct broker_model *b, struct session *session, const struct packet *from, bool retained)
{
	struct sim *s = b->sim;
	if (!session->conn && session->clean)
		return;
	if (session->queued >= b->queue_max || chance_of(s, b->lose_per_mille)) {
		TRACE(s, "broker %d loses a message for party %d: %s", b->number, session->party,
			from->topic);
		return;
	}
	struct packet *p = sim_alloc(s, sizeof(*p));
	*p = *from;
	p->id = ++b->next_id;
	p->qos = 1;
	p->retain = retained;
	struct queued *q = sim_alloc(s, sizeof(*q));
	q->id = p->id;
	q->packet = p;
	struct queued **end = &session->queue;
	while (*end)
		end = &(*end)->next;
	*end = q;
	session->queued++;
	if (!session->conn)
		return;
	conn_send(session->conn, false, p);
	if (chance_of(s, b->twice_per_mille))
		conn_send(session->conn, false, p);
}

static void keep_retained(struct broker_model *b, const struct packet *packet)
{
	struct sim *s = b->sim;
	struct retained *r = b->retained;
	while (r && strcmp(r->topic, packet->topic))
		r = r->next;
	if (!r) {
		r = sim_alloc(s, sizeof(*r));
		r->topic = packet->topic;
		r->first = packet;
		r->next = b->retained;
		b->retained = r;
	}
	r->packet = packet;
}

void broker_route(struct broker_model *b, const struct packet *packet)
{
	if (packet->retain)
		keep_retained(b, packet);
	for (int i = 0; i < b->sim->party_count; i++) {
		struct session *session = &b->sessions[i];
		if (session->subscriptions && (b->deaf || wants(session, packet->topic)))
			hand_over(b, session, packet, false);
	}
}

static void publish(struct broker_model *b, struct conn *c, const struct packet *packet)
{
	struct sim *s = b->sim;
	if (packet->qos && packet->id >= 0) {
		struct packet *ack = sim_alloc(s, sizeof(*ack));
		*ack = (struct packet){ .kind = PACKET_PUBACK, .id = packet->id };
		conn_send(c, false, ack);
	}
	if (b->denies[c->party->number]) {
		TRACE(s, "broker %d silently denies %s: %s", b->number, c->party->name,
			packet->topic);
		return;
	}
	broker_route(b, packet);
}

static void give_retained(struct broker_model *b, struct session *session, const char *filter)
{
	if (b->no_retained || (b->no_wildcard_retained && strpbrk(filter, "+#")))
		return;
	for (const struct retained *r = b->retained; r; r = r->next)
		if (r->packet->size && topic_matches(filter, r->topic))
			hand_over(b, session, b->stale ? r->first : r->packet, true);
}

static void unsubscribe(struct session *session, const char *filter)
{
	for (struct subscription **u = &session->subscriptions; *u;)
		if (!strcmp((*u)->filter, filter))
			*u = (*u)->next;
		else
			u = &(*u)->next;
}

static void subscribe(struct broker_model *b, struct conn *c, const struct packet *packet)
{
	struct sim *s = b->sim;
	struct packet *ack = sim_alloc(s, sizeof(*ack));
	*ack = (struct packet){
		.kind = PACKET_SUBACK, .id = packet->id, .refused = b->denies_sub[c->party->number]
	};
	if (!ack->refused) {
		unsubscribe(c->session, packet->topic);
		struct subscription *u = sim_alloc(s, sizeof(*u));
		u->filter = packet->topic;
		u->next = c->session->subscriptions;
		c->session->subscriptions = u;
	}
	conn_send(c, false, ack);
	if (!ack->refused)
		give_retained(b, c->session, packet->topic);
}

static void puback(struct session *session, int id)
{
	for (struct queued **q = &session->queue; *q; q = &(*q)->next)
		if ((*q)->id == id) {
			*q = (*q)->next;
			session->queued--;
			return;
		}
}

static void accept_connect(struct broker_model *b, struct conn *c, const struct packet *packet)
{
	struct sim *s = b->sim;
	struct session *session = &b->sessions[c->party->number];
	struct packet *ack = sim_alloc(s, sizeof(*ack));
	*ack = (struct packet){ .kind = PACKET_CONNACK, .refused = b->refuses[c->party->number] };
	conn_send(c, false, ack);
	if (ack->refused) {
		c->broker_open = false;
		return;
	}
	if (session->conn && session->conn != c)
		conn_close_broker(session->conn, true);
	if (packet->clean)
		*session = (struct session){ .party = c->party->number };
	session->party = c->party->number;
	session->clean = packet->clean;
	session->conn = c;
	c->session = session;
	for (const struct queued *q = session->queue; q; q = q->next)
		conn_send(c, false, q->packet);
}

static void no_will(struct conn *c)
{
	c->connect = NULL;
}

void broker_packet(struct conn *c, const struct packet *packet)
{
	static const struct packet pong = { .kind = PACKET_PING };
	struct broker_model *b = &c->party->sim->brokers[c->broker];
	if (!b->up) {
		conn_close_broker(c, true);
		return;
	}
	if (packet->kind == PACKET_CONNECT) {
		accept_connect(b, c, packet);
		return;
	}
	if (!c->session || c->session->conn != c)
		return;
	if (packet->kind == PACKET_PUBLISH)
		publish(b, c, packet);
	else if (packet->kind == PACKET_SUBSCRIBE)
		subscribe(b, c, packet);
	else if (packet->kind == PACKET_UNSUBSCRIBE)
		unsubscribe(c->session, packet->topic);
	else if (packet->kind == PACKET_PUBACK)
		puback(c->session, packet->id);
	else if (packet->kind == PACKET_PING)
		conn_send(c, false, &pong);
	else if (packet->kind == PACKET_DISCONNECT) {
		no_will(c);
		conn_close_broker(c, true);
	}
}

/* The connection has ended. */
void broker_lost(struct conn *c)
{
	struct sim *s = c->party->sim;
	struct broker_model *b = &s->brokers[c->broker];
	struct session *session = c->session;
	if (!session || session->conn != c)
		return;
	session->conn = NULL;
	const struct packet *connect = c->connect;
	if (session->clean)
		*session = (struct session){ .party = c->party->number, .clean = true };
	if (!b->up || !connect || !connect->will || b->denies[c->party->number])
		return;
	TRACE(s, "broker %d publishes the will of %s", b->number, c->party->name);
	struct packet *will = sim_alloc(s, sizeof(*will));
	*will = (struct packet){ .kind = PACKET_PUBLISH,
		.qos = 1,
		.retain = true,
		.topic = connect->will_topic,
		.payload = connect->will,
		.size = connect->will_size };
	broker_route(b, will);
}

void broker_crash(struct broker_model *b, bool with_memory)
{
	struct sim *s = b->sim;
	if (!b->up)
		return;
	TRACE(s, "broker %d dies %s its memory", b->number, with_memory ? "with" : "without");
	b->up = false;
	for (int i = 0; i < s->party_count; i++) {
		struct session *session = &b->sessions[i];
		struct conn *c = session->conn;
		if (c)
			conn_close_broker(c, true);
		if (!with_memory)
			*session = (struct session){ .party = i };
	}
	if (!with_memory)
		b->retained = NULL;
}

void broker_restart(struct broker_model *b)
{
	TRACE(b->sim, "broker %d is back", b->number);
	b->up = true;
}
