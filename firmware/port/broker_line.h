/* One connection to one broker, from dialling to its end: a line that was lost is closed, and the
 * next is a new one, so nothing of an old connection can turn up on another. One thread dials,
 * turns and closes; line_publish() and its like may be called by one other while the line is up. */
#ifndef PARVIS_PORT_BROKER_LINE_H
#define PARVIS_PORT_BROKER_LINE_H

#include "port/broker_address.h"
#include "port/broker_news.h"

#include <stdatomic.h>

struct line;

struct line_setup {
	struct broker_address address;
	size_t url_index;
	bool ipv4_only;
	const struct broker_setup *setup;
	struct news_queue *news;
	const atomic_bool *stopping;
};

/* Why there is none, or no longer: as in the news. */
struct line_end {
	bool refused, timed_out;
	char why[160];
};

/* Connects, which takes as long as it takes to find the host's address, and then up to ten seconds.
 * NULL: no. */
struct line *line_dial(const struct line_setup *s, struct line_end *end);

/* From now on messages go to the news. */
void line_announce(struct line *l);

/* Waits up to wait_ms for something to do, and does it. False: the line is dead; line_ended(). */
NODISCARD bool line_turn(struct line *l, int wait_ms);
void line_ended(const struct line *l, struct line_end *end);

size_t line_url_index(const struct line *l);

/* As those of broker.h. */
NODISCARD int line_publish(struct line *l, const char *topic, const void *payload, size_t size,
	int qos, bool retain, int *id);
unsigned line_under_way(const struct line *l);
NODISCARD int line_subscribe(struct line *l, const char *topic, int qos, int *id);
NODISCARD int line_unsubscribe(struct line *l, const char *topic);

/* Sends what waits and then the good-bye, in the thread that turns; or ends without one. Either
 * makes line_turn() give false soon. */
void line_say_goodbye(struct line *l);
void line_cut(struct line *l);

/* NULL is allowed. */
void line_close(struct line *l);

#endif
