/* The news of a broker on their way from its threads to the one that listens: a queue of bounded
 * size. Messages wait for room, so that a listener that is behind slows the broker down; the little
 * that the connection itself has to say never waits. Any thread. */
#ifndef PARVIS_PORT_BROKER_NEWS_H
#define PARVIS_PORT_BROKER_NEWS_H

#include "port/broker.h"

struct news_queue;

NODISCARD int news_queue_open(struct news_queue **out);
void news_queue_close(struct news_queue *q);

/* Copies `n` in; the payload goes with it. Waits up to wait_ms for room where it is a message.
 * -ETIMEDOUT and -ENOMEM: it was not taken, and the payload is still the caller's. */
NODISCARD int news_queue_put(struct news_queue *q, const struct broker_news *n, int wait_ms);

/* -EAGAIN. */
NODISCARD int news_queue_get(struct news_queue *q, struct broker_news *out);

/* From now on nobody waits for room. */
void news_queue_end(struct news_queue *q);

int news_queue_fd(const struct news_queue *q);

#endif
