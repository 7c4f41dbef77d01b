/* One connection to an MQTT 3.1.1 broker at a time, out of a list in order of preference. The port
 * knows nothing of what is said over it. It has a thread of its own, since connecting can block,
 * and a second one that looks for a better broker without giving up the one that works; calls come
 * from one other thread, and what the port has to say waits behind a descriptor.
 *
 * Nothing is queued while there is no connection: broker_publish() refuses with -ENOTCONN, from the
 * moment that the connection is gone until the BROKER_UP of the next has been taken. What was under
 * way then is not sent again. Each BROKER_UP comes after a BROKER_DOWN, the first apart. */
#ifndef PARVIS_PORT_BROKER_H
#define PARVIS_PORT_BROKER_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BROKER_URLS_MAX    8
#define BROKER_URL_MAX     256
#define BROKER_TOPIC_MAX   160
#define BROKER_PAYLOAD_MAX (256 << 10) /* bytes; a longer message is dropped and logged */

struct broker;

struct broker_setup {
	/* mqtt://host[:port] or mqtts://host[:port], the best first. */
	const char *const *urls;
	size_t url_count;
	const char *client_id;
	/* For mqtts: PEM files; NULL for none. */
	const char *ca, *certificate, *key;
	/* Last will: published by the broker when we vanish. NULL = none. */
	const char *will_topic;
	const void *will;
	size_t will_size;
	bool keep_session;  /* the broker keeps what it has for us while we are away */
	int keepalive_s;    /* 0 = 15 */
	int better_every_s; /* how often a better broker is tried while on a lesser one; 0 = 60 */
	unsigned under_way_max; /* messages that the broker has not taken yet; 0 = 32; 60000 at most
				 */
};

enum broker_news_kind {
	BROKER_UP,        /* connected; `url_index` */
	BROKER_DOWN,      /* no longer, or the attempt failed: `why` */
	BROKER_MESSAGE,   /* `topic`, `payload` */
	BROKER_PUBLISHED, /* the broker has taken `id` */
	BROKER_GRANTED,   /* subscription `id`: granted, or refused where `refused` */
};

struct broker_news {
	enum broker_news_kind kind;
	int id;
	size_t url_index;
	bool refused; /* DOWN: by the broker or TLS, not by the network. GRANTED: no */
	bool retained;
	char why[160]; /* DOWN: for logs; no secret in it */
	char topic[BROKER_TOPIC_MAX];
	uint8_t *payload; /* MESSAGE: the caller's to free(); a 0 byte follows the last */
	size_t size;
};

/* Starts connecting. The setup is copied. -EINVAL for a URL that is none or a figure out of range,
 * -errno. */
NODISCARD int broker_open(struct broker **out, const struct broker_setup *setup);

/* Says good-bye (which spares the last will) if `polite`. NULL is allowed. */
void broker_close(struct broker *b, bool polite);

/* QoS 0 or 1. *id is what BROKER_PUBLISHED will name. -ENOTCONN, -EMSGSIZE, -EAGAIN where too much
 * is under way. */
NODISCARD int broker_publish(struct broker *b, const char *topic, const void *payload, size_t size,
	int qos, bool retain, int *id);

/* Messages that were published on this connection and that the broker has not taken yet. */
unsigned broker_under_way(struct broker *b);

NODISCARD int broker_subscribe(struct broker *b, const char *topic, int qos, int *id);
NODISCARD int broker_unsubscribe(struct broker *b, const char *topic);

/* The next news without waiting; -EAGAIN. */
NODISCARD int broker_next(struct broker *b, struct broker_news *out);

/* Readable while news wait. */
int broker_fd(const struct broker *b);

#endif
