/* A collector at work: the state machine of sync/collector.h between a broker and the organiser's
 * store. What is acknowledged has been committed before: the machine gives the acknowledgement only
 * for what COLLECT_STORED tells it. One thread. */
#ifndef PARVIS_CLI_COLLECTING_H
#define PARVIS_CLI_COLLECTING_H

#include "base/cc.h"
#include "event/boxes.h"
#include "event/event.h"
#include "port/broker.h"
#include "store/night.h"
#include "sync/collector.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define COLLECTING_BATCHES_MAX 256
#define COLLECTING_FILTERS_MAX 16

struct collecting_setup {
	const struct event *event;
	const char *event_dir, *store;
	const char *const *urls;
	size_t url_count;
	const char *ca, *certificate, *key; /* PEM files; NULL: none */
	bool any_box;                       /* also those that are not in the list of boxes */
};

/* What has happened since the start. */
struct collecting_totals {
	uint64_t fresh, known, contradicting, refused, commits;
};

struct collecting {
	struct collecting_setup setup;
	struct collector *collector;
	struct broker *broker;
	struct night *night;
	struct collecting_totals totals;
	bool up, ever_up;
	size_t url_index;
	int64_t granted_ms,
		stored_ms; /* monotonic: all subscribed since; the last rows; 0 = never */
	int64_t started_ms;

	struct boxes boxes;
	bool listed;
	struct timespec boxes_changed;
	off_t boxes_size;

	bool room_made; /* the broker has taken something */
	bool timer_set;
	int64_t timer_ms;
	struct {
		int ours, theirs;
	} filters[COLLECTING_FILTERS_MAX];
	size_t filter_count;

	/* A STORE under way: the machine's own, until it is answered. */
	bool storing;
	int store_id;
	int64_t store_after_ms; /* not before: the store has failed */
	const struct batch *batches;
	size_t batch_count;

	/* A FETCH under way; count 0: none. */
	struct collecting_fetch {
		struct chain chain;
		uint64_t first, count;
	} fetch;

	char (*venues)[ID_SIZE]; /* of the machine's setup */
	uint32_t *capacities;
};

/* Opens store and broker, and folds what is in the store. An exit status, what is wrong being told.
 * collecting_close() is right after either. The event and its venues must outlive it. */
NODISCARD int collecting_open(struct collecting *c, const struct collecting_setup *setup);
void collecting_close(struct collecting *c);

/* Waits until something comes, `limit_ms` at most, and does what is to be done. */
void collecting_step(struct collecting *c, int limit_ms);

enum boxes_standing collecting_standing(
	const struct collecting *c, const uint8_t device[DEVICE_ID_SIZE]);

#endif
