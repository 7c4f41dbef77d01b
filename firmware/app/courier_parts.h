/* What courier.c and courier_effects.c share: the courier's inside. */
#ifndef PARVIS_APP_COURIER_PARTS_H
#define PARVIS_APP_COURIER_PARTS_H

#include "app/courier.h"
#include "app/shelf.h"

#include <pthread.h>
#include <stdatomic.h>

#define LETTERS_MAX 64 /* that wait for room at the broker */
#define IDS_MAX     256
#define JOBS_MAX    256

/* Something to publish for which the broker had no room. */
struct letter {
	struct letter *next;
	int id, qos;
	bool retain;
	size_t size;
	char topic[TOPIC_SIZE];
	uint8_t payload[];
};

/* What the box asked for, to be answered when it has stepped. */
struct job {
	bool fetch; /* else: STORED */
	int id;
	struct chain chain;
	uint64_t first, count;
	bool failed, twin;
	struct ranges held;
};

struct courier {
	struct courier_setup setup;
	pthread_t thread;
	atomic_bool stopping;
	int wake_fd, news_fd;

	/* The thread's own. */
	struct shelf *shelf;
	struct sync_box *box;
	struct broker *broker;
	struct post_state state;
	bool up, told_down, told_shelf, behind;
	int64_t timer_ms; /* INT64_MAX: none */
	struct {
		int broker, box;
	} ids[IDS_MAX]; /* broker 0: free */
	struct letter *letters, **letters_end;
	size_t letter_count;
	struct job jobs[JOBS_MAX];
	size_t first_job, job_count;
	bool fleet_changed, status_changed, pairs_changed;
	char (*venues)[ID_SIZE];
	struct row rows[BATCH_ROWS_MAX];

	/* Under the lock: what the main thread takes; and its own copy of it. */
	pthread_mutex_t lock;
	bool has_fleet, has_link, has_pairs;
	struct link_status link;
	struct pair pairs[COURIER_PAIRS_MAX], shown_pairs[COURIER_PAIRS_MAX];
	size_t pair_total;
	struct fleet_venue *fleet, *shown;
	size_t venue_count;
};

struct when courier_now(const struct courier *c);

/* Steps the box; its effects are carried out, and what they asked for waits for courier_jobs(). */
void courier_give(struct courier *c, struct sync_input *input);
void courier_jobs(struct courier *c);

/* Answers of the broker, by the box's own numbers. */
bool courier_take_id(struct courier *c, int broker_id, int *box_id);

/* What waited for room; and, with the connection gone, what need not be waited for. */
void courier_send_letters(struct courier *c);
void courier_forget_link(struct courier *c);

#endif
