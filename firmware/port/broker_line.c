#include "port/broker_line.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DIAL_MS         10000
#define KEEPALIVE_S     15
#define UNDER_WAY_MAX   32
#define ROOM_WAIT_MS    5000  /* before a message is dropped: less than the keepalive */
#define USER_TIMEOUT_MS 30000 /* sent, and not acknowledged by the other host */
#define SYSTEM_CA       "/etc/ssl/certs"

enum line_state { LINE_DIALLING, LINE_UP, LINE_OVER };

struct line {
	struct line_setup s;
	struct mosquitto *m;
	atomic_int state; /* enum line_state */
	atomic_int under_way;
	atomic_bool announced;
	bool refused;      /* by the turning thread only */
	bool told_dropped; /* the same */
	char why[160];     /* the same */
	pthread_mutex_t said_lock;
	char said[128]; /* what the library said last of TLS */
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void put(struct line *l, const struct broker_news *n)
{
	if (news_queue_put(l->s.news, n, 0))
		log_error("broker: no memory for its news");
}

/* --- what the library calls -------------------------------------------------------------------
 */

static void on_connect(struct mosquitto *m, void *context, int code)
{
	(void)m;
	struct line *l = context;
	if (!code) {
		atomic_store(&l->state, LINE_UP);
		return;
	}
	/* 3 is a broker that is not ready; the others do not want us, now or later. */
	l->refused = code != 3;
	text_copy(l->why, sizeof(l->why), mosquitto_connack_string(code));
	atomic_store(&l->state, LINE_OVER);
}

static void on_publish(struct mosquitto *m, void *context, int id)
{
	(void)m;
	struct line *l = context;
	struct broker_news n = { .kind = BROKER_PUBLISHED, .id = id };
	atomic_fetch_sub(&l->under_way, 1);
	put(l, &n);
}

static void on_subscribe(struct mosquitto *m, void *context, int id, int count, const int *granted)
{
	(void)m;
	struct line *l = context;
	struct broker_news n = { .kind = BROKER_GRANTED, .id = id };
	for (int i = 0; i < count; i++)
		n.refused |= granted[i] > 2;
	put(l, &n);
}

static void on_message(struct mosquitto *m, void *context, const struct mosquitto_message *in)
{
	(void)m;
	struct line *l = context;
	struct broker_news n = {
		.kind = BROKER_MESSAGE, .retained = in->retain, .size = (size_t)in->payloadlen
	};
	if (!atomic_load(&l->announced))
		return;
	if (n.size > BROKER_PAYLOAD_MAX || !text_copy(n.topic, sizeof(n.topic), in->topic)) {
		log_warning("broker: a message of %zu bytes is dropped", n.size);
		return;
	}
	n.payload = malloc(n.size + 1);
	if (!n.payload)
		return;
	if (n.size)
		memcpy(n.payload, in->payload, n.size);
	n.payload[n.size] = '\0';
	if (!news_queue_put(l->s.news, &n, ROOM_WAIT_MS))
		return;
	free(n.payload);
	if (!l->told_dropped)
		log_warning("broker: messages come faster than they can be taken; some are lost");
	l->told_dropped = true;
}

/* Any thread that is inside the library. Of all that it says only TLS's own words are kept. */
static void on_log(struct mosquitto *m, void *context, int level, const char *text)
{
	(void)m, (void)level;
	struct line *l = context;
	if (strncmp(text, "OpenSSL Error", 13) && !strstr(text, "host name verification"))
		return;
	pthread_mutex_lock(&l->said_lock);
	text_printable(l->said, sizeof(l->said), text, strlen(text));
	pthread_mutex_unlock(&l->said_lock);
}

/* --- dialling ---------------------------------------------------------------------------------
 */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
	mosquitto_lib_init();
}

/* Notes why the line is over. */
static void end_of(struct line *l, int code, int error)
{
	char said[sizeof(l->said)];
	pthread_mutex_lock(&l->said_lock);
	memcpy(said, l->said, sizeof(said));
	pthread_mutex_unlock(&l->said_lock);
	atomic_store(&l->state, LINE_OVER);
	if (*said || code == MOSQ_ERR_TLS)
		l->refused = true;
	if (*l->why)
		return;
	const char *why = code == MOSQ_ERR_ERRNO ? strerror(error) : mosquitto_strerror(code);
	snprintf(l->why, sizeof(l->why), "%s%s%s", *said ? "TLS: " : why, said, "");
}

static int set_tls(struct line *l)
{
	const struct broker_setup *s = l->s.setup;
	if (!l->s.address.tls)
		return MOSQ_ERR_SUCCESS;
	int code = mosquitto_tls_set(
		l->m, s->ca, s->ca ? NULL : SYSTEM_CA, s->certificate, s->key, NULL);
	return code ? code : mosquitto_tls_opts_set(l->m, 1, NULL, NULL);
}

static int set_up(struct line *l)
{
	const struct broker_setup *s = l->s.setup;
	mosquitto_connect_callback_set(l->m, on_connect);
	mosquitto_publish_callback_set(l->m, on_publish);
	mosquitto_subscribe_callback_set(l->m, on_subscribe);
	mosquitto_message_callback_set(l->m, on_message);
	mosquitto_log_callback_set(l->m, on_log);
	int code = mosquitto_threaded_set(l->m, true);
	/* It would keep all but 20 to itself: a far broker takes 20 in each round trip then. */
	if (!code && s->under_way_max)
		code = mosquitto_int_option(l->m, MOSQ_OPT_SEND_MAXIMUM, (int)s->under_way_max);
	if (!code)
		code = mosquitto_int_option(l->m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
	if (!code)
		code = mosquitto_int_option(l->m, MOSQ_OPT_TCP_NODELAY, 1);
	if (!code)
		code = set_tls(l);
	if (!code && s->will_topic)
		code = mosquitto_will_set(l->m, s->will_topic, (int)s->will_size, s->will, 1, true);
	return code;
}

/* A peer that is gone without a word is found by what it does not acknowledge, too. */
static void set_socket(const struct line *l)
{
	int fd = mosquitto_socket(l->m);
	unsigned ms = USER_TIMEOUT_MS;
	if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)))
		log_debug("broker: TCP_USER_TIMEOUT: %s", strerror(errno));
}

static bool dial(struct line *l, struct line_end *end)
{
	const struct broker_setup *s = l->s.setup;
	int code = set_up(l);
	if (!code)
		code = mosquitto_connect_bind_async(l->m, l->s.address.host, l->s.address.port,
			s->keepalive_s ? s->keepalive_s : KEEPALIVE_S,
			l->s.ipv4_only ? "0.0.0.0" : NULL);
	if (code) {
		end_of(l, code, errno);
		return false;
	}
	set_socket(l);
	int64_t until = now_ms() + DIAL_MS;
	while (atomic_load(&l->state) == LINE_DIALLING) {
		if (now_ms() >= until || atomic_load(l->s.stopping)) {
			end->timed_out = true;
			text_copy(l->why, sizeof(l->why), "no answer");
			return false;
		}
		bool alive = line_turn(l, 200);
		(void)alive; /* the state says so too */
	}
	return atomic_load(&l->state) == LINE_UP;
}

struct line *line_dial(const struct line_setup *s, struct line_end *end)
{
	pthread_once(&once, init_library);
	*end = (struct line_end){ .refused = false };
	struct line *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->s = *s;
	pthread_mutex_init(&l->said_lock, NULL);
	l->m = mosquitto_new(s->setup->client_id, !s->setup->keep_session, l);
	if (l->m && dial(l, end))
		return l;
	line_ended(l, end);
	line_close(l);
	return NULL;
}

/* --- a line that is up ------------------------------------------------------------------------
 */

void line_announce(struct line *l)
{
	atomic_store(&l->announced, true);
}

bool line_turn(struct line *l, int wait_ms)
{
	errno = 0;
	int code = mosquitto_loop(l->m, wait_ms, 1);
	if (code)
		end_of(l, code, errno);
	return !code;
}

void line_ended(const struct line *l, struct line_end *end)
{
	end->refused = l->refused;
	text_copy(end->why, sizeof(end->why), *l->why ? l->why : "out of memory");
}

size_t line_url_index(const struct line *l)
{
	return l->s.url_index;
}

static int error_of(int code)
{
	switch (code) {
	case MOSQ_ERR_SUCCESS:
		return 0;
	case MOSQ_ERR_NOMEM:
		return -ENOMEM;
	case MOSQ_ERR_INVAL:
	case MOSQ_ERR_MALFORMED_UTF8:
		return -EINVAL;
	case MOSQ_ERR_PAYLOAD_SIZE:
	case MOSQ_ERR_OVERSIZE_PACKET:
		return -EMSGSIZE;
	default:
		return -ENOTCONN;
	}
}

unsigned line_under_way(const struct line *l)
{
	int count = atomic_load(&l->under_way);
	return count > 0 ? (unsigned)count : 0;
}

static int most_under_way(const struct line *l)
{
	unsigned most = l->s.setup->under_way_max;
	return most ? (int)most : UNDER_WAY_MAX;
}

int line_publish(struct line *l, const char *topic, const void *payload, size_t size, int qos,
	bool retain, int *id)
{
	if (size > BROKER_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (atomic_load(&l->state) != LINE_UP)
		return -ENOTCONN;
	if (atomic_fetch_add(&l->under_way, 1) >= most_under_way(l)) {
		atomic_fetch_sub(&l->under_way, 1);
		return -EAGAIN;
	}
	int error = error_of(mosquitto_publish(l->m, id, topic, (int)size, payload, qos, retain));
	if (error)
		atomic_fetch_sub(&l->under_way, 1);
	return error;
}

int line_subscribe(struct line *l, const char *topic, int qos, int *id)
{
	return error_of(mosquitto_subscribe(l->m, id, topic, qos));
}

int line_unsubscribe(struct line *l, const char *topic)
{
	return error_of(mosquitto_unsubscribe(l->m, NULL, topic));
}

void line_say_goodbye(struct line *l)
{
	if (mosquitto_disconnect(l->m))
		line_cut(l);
}

void line_cut(struct line *l)
{
	int fd = mosquitto_socket(l->m);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

void line_close(struct line *l)
{
	if (!l)
		return;
	if (l->m)
		mosquitto_destroy(l->m);
	pthread_mutex_destroy(&l->said_lock);
	free(l);
}
