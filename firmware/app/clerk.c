#include "app/clerk.h"

#include "app/neighbours.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "event/badge.h"
#include "event/code.h"
#include "port/clock.h"
#include "store/roster.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MS    1000
#define PROBE_BYTES 65536
#define NEWS_ROWS   100 /* of other doors, taken in before the next guest is looked at */

struct clerk {
	struct clerk_setup setup;
	struct mailbox *in, *out;
	pthread_t thread;
	atomic_bool stopping;
	struct log *log;
	struct roster *roster;
	uint32_t fault; /* what was last told */
	bool roster_broken;
	bool was_open; /* the log: there are rows to be found again */
	uint64_t registered;
	struct post_state posted;
	atomic_bool nudged; /* there is a nudge in `in`: one at most, so that a request has room */
	bool count_owed;    /* the main loop has not been told of new figures yet */
	struct neighbours *neighbours;
	bool more_news; /* … of which not all was taken in */
};

static uint32_t fault_of(int error)
{
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
		return FAULT_STORE_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return FAULT_STORE_READ_ONLY;
	default:
		return FAULT_STORE_BROKEN;
	}
}

static void tell(struct clerk *c, const struct clerk_reply *reply)
{
	/* Answers are bounded by questions, fault changes by the retry interval; a full mailbox
	 * means that nobody has listened for minutes, and then there is nobody to tell. */
	if (mailbox_put(c->out, reply) && !atomic_load(&c->stopping))
		log_error("the main loop does not take the clerk's answers");
}

static uint32_t roster_fault(const struct clerk *c)
{
	return c->roster_broken ? (uint32_t)FAULT_ROSTER : 0;
}

static void open_roster(struct clerk *c)
{
	int error = roster_open(&c->roster, c->setup.event_dir, c->setup.event);
	bool broken = error && error != -ENOENT;
	if (broken && !c->roster_broken)
		log_error("%s/roster.db: %s; opaque codes will be unknown", c->setup.event_dir,
			strerror(-error));
	c->roster_broken = broken;
}

static void post_opened(struct clerk *c)
{
	log_self(c->log, &c->posted.self);
	c->posted.openings++;
	c->posted.seq = 0;
	if (c->setup.post)
		post_committed(c->setup.post, &c->posted);
}

static void post_row(struct clerk *c, const struct row *row)
{
	struct chain self;
	log_self(c->log, &self);
	/* After a failure that has cost rows the log goes on under another epoch by itself. */
	c->posted.openings += self.epoch != c->posted.self.epoch;
	c->posted.self = self;
	c->posted.seq = row->seq;
	c->posted.latest = row->hlc;
	if (c->setup.post)
		post_committed(c->setup.post, &c->posted);
}

static int open_log(struct clerk *c)
{
	struct log_setup setup = {
		.dir = c->setup.data_dir,
		.venue = c->setup.rules.venue,
		.start_ms = c->setup.event->opens_ms,
		.existing = c->was_open,
	};
	clock_boot_id(setup.boot);
	memcpy(setup.device, c->setup.device, sizeof(setup.device));
	int error = log_open(&c->log, &setup);
	if (!error)
		post_opened(c);
	return error;
}

/* Whether the disk takes a block and keeps it: what a log that could not be written waits for. */
static int probe_disk(const char *dir)
{
	static const char zeros[PROBE_BYTES];
	AUTO_FD fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR ? 0 : -errno;
	ssize_t n = write(fd, zeros, sizeof(zeros));
	if (n != (ssize_t)sizeof(zeros))
		return n < 0 ? -errno : -ENOSPC;
	return fsync(fd) ? -errno : 0;
}

/* Takes in what has come from other doors; `most` 0: all of it. */
static void take_news(struct clerk *c, size_t most)
{
	c->more_news = false;
	if (!c->log || c->fault)
		return;
	c->count_owed |= neighbours_refresh(c->neighbours, c->log, most, &c->more_news);
	log_seen_stamp(c->log, neighbours_latest(c->neighbours));
}

/* The venue's figures: of our rows and the others'. */
static void count_all(struct clerk *c, struct log_result *out)
{
	log_headcount(c->log, &out->count, &out->registered_in);
	neighbours_sum(c->neighbours, &out->count, &out->registered_in);
}

static void tell_opened(struct clerk *c)
{
	struct clerk_reply reply = { .answer = CLERK_OPENED, .fault = roster_fault(c) };
	c->fault = 0;
	neighbours_reset(c->neighbours);
	take_news(c, 0);
	c->count_owed = false;
	count_all(c, &reply.result);
	if (c->roster && roster_count(c->roster, c->setup.rules.venue, &reply.registered))
		reply.registered = 0;
	c->registered = reply.registered;
	c->was_open = true;
	tell(c, &reply);
}

static void tell_fault(struct clerk *c, int error)
{
	uint32_t fault = fault_of(error);
	if (fault == c->fault)
		return;
	c->fault = fault;
	log_error("%s: the log cannot be written: %s", c->setup.data_dir, strerror(-error));
	struct clerk_reply reply = {
		.answer = CLERK_FAULT, .error = error, .fault = fault | roster_fault(c)
	};
	tell(c, &reply);
}

/* Brings the log into a state that can be written, if that is possible now. */
static void recover(struct clerk *c)
{
	if (c->log && !c->fault)
		return;
	int error = c->log ? probe_disk(c->setup.data_dir) : 0;
	if (!error) {
		log_close(c->log);
		c->log = NULL;
		error = open_log(c);
	}
	if (error)
		tell_fault(c, error);
	else
		tell_opened(c);
}

static int record(struct clerk *c, const struct clerk_request *q, struct clerk_reply *reply)
{
	struct log_request request = { .kind = q->want.kind,
		.source = q->want.source,
		.now = q->now,
		.rules = &c->setup.rules,
		.override = q->want.override,
		.amount = q->want.amount,
		.undoes = q->want.undoes,
		.operator= q->want.operator, };
	if (q->want.kind == ROW_SCAN && q->want.found) {
		reply->ticket = q->ticket;
		request.ticket = &reply->ticket;
	} else if (q->want.kind == ROW_SCAN) {
		code_read(c->setup.event, q->text, q->len, &reply->ticket);
		if (c->roster) {
			int error = roster_find(c->roster, q->text, q->len, &reply->ticket);
			c->roster_broken = error != 0;
			if (error)
				log_error("the roster cannot be read: %s", strerror(-error));
		}
		request.ticket = &reply->ticket;
	}
	if (q->want.kind == ROW_WALK_IN && q->want.badge) {
		badge_make(reply->badge);
		code_hash(c->setup.event, reply->badge, strlen(reply->badge), reply->ticket.hash);
		request.ticket = &reply->ticket;
	}
	if (!c->log)
		return -EIO;
	struct log_known others;
	neighbours_know(c->neighbours, request.ticket ? request.ticket->hash : NULL, &others);
	request.others = &others;
	int error = log_record(c->log, &request, &reply->result);
	if (!error)
		neighbours_add(c->neighbours, &reply->result);
	if (error || reply->result.row.direction != DIRECTION_IN)
		explicit_bzero(reply->badge, sizeof(reply->badge));
	return error;
}

static void serve(struct clerk *c, const struct clerk_request *q)
{
	struct clerk_reply reply = { .answer = CLERK_RECORDED };
	if (!c->log || c->fault)
		recover(c);
	reply.error = record(c, q, &reply);
	reply.fault = roster_fault(c);
	if (reply.error == -ENOENT && q->want.kind == ROW_UNDO) {
		reply.answer = CLERK_FAILED; /* nothing to undo is no fault of the disk */
	} else if (reply.error) {
		reply.answer = CLERK_FAILED;
		if (!c->fault)
			log_error("a row could not be made durable: %s", strerror(-reply.error));
		c->fault = c->log ? fault_of(reply.error) : c->fault;
		reply.fault |= c->fault ? c->fault : (uint32_t)FAULT_STORE_BROKEN;
	} else {
		c->fault = 0;
	}
	tell(c, &reply);
	if (reply.answer == CLERK_RECORDED)
		post_row(c, &reply.result.row);
	explicit_bzero(&reply.ticket, sizeof(reply.ticket));
}

/* --- the courier's orders ---------------------------------------------------------------------
 */

/* The main loop may not listen for a while; then it is told later, and of the newest figures. */
static void tell_count(struct clerk *c)
{
	if (!c->count_owed || !c->log)
		return;
	struct clerk_reply reply = {
		.answer = CLERK_COUNTED, .fault = roster_fault(c), .registered = c->registered
	};
	count_all(c, &reply.result);
	c->count_owed = mailbox_put(c->out, &reply) != 0;
}

static void take_orders(struct clerk *c)
{
	struct post_orders orders;
	if (!c->setup.post || !post_take_orders(c->setup.post, &orders))
		return;
	if (orders.new_epoch && c->log && !c->fault) {
		log_close(c->log);
		c->log = NULL;
		recover(c);
	}
	if (orders.seen_stamp && c->log)
		log_seen_stamp(c->log, orders.seen_stamp);
	c->more_news |= orders.peers;
}

/* The courier's thread. */
static void nudge(void *context)
{
	static const struct clerk_request nothing;
	struct clerk *c = context;
	if (atomic_exchange(&c->nudged, true))
		return;
	if (mailbox_put(c->in, &nothing)) /* full: then it has something to wake up for already */
		atomic_store(&c->nudged, false);
}

static int patience_ms(const struct clerk *c)
{
	if (c->more_news && c->log && !c->fault)
		return 0;
	return c->fault || !c->log || c->count_owed ? RETRY_MS : -1;
}

static void *clerk_main(void *argument)
{
	struct clerk *c = argument;
	struct clerk_request *q = malloc(sizeof(*q));
	CHECK(q != NULL);
	open_roster(c);
	recover(c);
	while (!atomic_load(&c->stopping)) {
		int error = mailbox_wait(c->in, q, patience_ms(c));
		if (atomic_load(&c->stopping))
			break;
		bool nudged = !error && !q->want.kind;
		if (nudged)
			atomic_store(&c->nudged, false);
		take_orders(c);
		if (!error && !nudged)
			serve(c, q);
		else
			recover(c);
		take_news(c, NEWS_ROWS);
		tell_count(c);
		explicit_bzero(&q->ticket, sizeof(q->ticket));
	}
	log_close(c->log);
	roster_close(c->roster);
	explicit_bzero(q, sizeof(*q));
	free(q);
	return NULL;
}

int clerk_start(struct clerk **out, const struct clerk_setup *setup)
{
	struct clerk *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->setup = *setup;
	int error = mailbox_open(&c->in, sizeof(struct clerk_request), 2);
	if (!error)
		error = mailbox_open(&c->out, sizeof(struct clerk_reply), 64);
	if (!error)
		error = neighbours_open(&c->neighbours, setup->data_dir, setup->rules.venue,
			setup->event->opens_ms);
	if (!error)
		error = -pthread_create(&c->thread, NULL, clerk_main, c);
	if (error) {
		mailbox_close(c->in);
		mailbox_close(c->out);
		neighbours_close(c->neighbours);
		free(c);
		return error;
	}
	if (c->setup.post)
		post_on_order(c->setup.post, nudge, c);
	*out = c;
	return 0;
}

void clerk_stop(struct clerk *c)
{
	if (!c)
		return;
	static const struct clerk_request wake;
	if (c->setup.post)
		post_on_order(c->setup.post, NULL, NULL);
	atomic_store(&c->stopping, true);
	int full = mailbox_put(c->in, &wake);
	(void)full; /* then it has something to wake up for already */
	pthread_join(c->thread, NULL);
	mailbox_close(c->in);
	mailbox_close(c->out);
	neighbours_close(c->neighbours);
	free(c);
}

int clerk_ask(struct clerk *c, const struct clerk_request *request)
{
	return mailbox_put(c->in, request);
}

int clerk_answer(struct clerk *c, struct clerk_reply *out, int timeout_ms)
{
	return mailbox_wait(c->out, out, timeout_ms);
}

int clerk_fd(const struct clerk *c)
{
	return mailbox_fd(c->out);
}
