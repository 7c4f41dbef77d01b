/* What the sync's state machine wants done: publishing, reading and keeping rows, orders to the
 * clerk. Nothing here waits. */
#include "app/courier_parts.h"

#include "base/log.h"
#include "base/text.h"
#include "port/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct when courier_now(const struct courier *c)
{
	return clock_now(c->setup.clock_floor_ms);
}

/* --- publishing -------------------------------------------------------------------------------
 */

static void note_id(struct courier *c, int broker_id, int box_id)
{
	for (size_t i = 0; i < IDS_MAX; i++) {
		if (c->ids[i].broker)
			continue;
		c->ids[i].broker = broker_id;
		c->ids[i].box = box_id;
		return;
	}
	log_warning("sync: the broker answers nothing");
}

bool courier_take_id(struct courier *c, int broker_id, int *box_id)
{
	for (size_t i = 0; i < IDS_MAX; i++) {
		if (!c->ids[i].broker || c->ids[i].broker != broker_id)
			continue;
		c->ids[i].broker = 0;
		*box_id = c->ids[i].box;
		return true;
	}
	return false;
}

static int publish(struct courier *c, int id, const char *topic, const void *payload, size_t size,
	int qos, bool retain)
{
	int broker_id = 0;
	int error = broker_publish(c->broker, topic, payload, size, qos, retain, &broker_id);
	if (!error)
		note_id(c, broker_id, id);
	return error;
}

static void keep_letter(struct courier *c, const struct sync_effect *e)
{
	struct letter *l = c->letter_count < LETTERS_MAX ? malloc(sizeof(*l) + e->size) : NULL;
	if (!l) {
		log_warning("sync: too much is to be said at once; it will be said again");
		return;
	}
	*l = (struct letter){ .id = e->id, .qos = e->qos, .retain = e->retain, .size = e->size };
	text_copy(l->topic, sizeof(l->topic), e->topic);
	memcpy(l->payload, e->payload, e->size);
	*c->letters_end = l;
	c->letters_end = &l->next;
	c->letter_count++;
}

static void drop_letter(struct courier *c)
{
	struct letter *l = c->letters;
	c->letters = l->next;
	if (!c->letters)
		c->letters_end = &c->letters;
	c->letter_count--;
	free(l);
}

void courier_send_letters(struct courier *c)
{
	while (c->letters) {
		const struct letter *l = c->letters;
		int error = publish(c, l->id, l->topic, l->payload, l->size, l->qos, l->retain);
		if (error == -EAGAIN)
			return;
		drop_letter(c);
	}
}

void courier_forget_link(struct courier *c)
{
	memset(c->ids, 0, sizeof(c->ids));
	while (c->letters)
		drop_letter(c);
}

/* --- the box's effects ------------------------------------------------------------------------
 */

static void add_job(struct courier *c, const struct job *j)
{
	if (c->job_count == JOBS_MAX) {
		log_warning("sync: too much is asked for at once; it will be asked for again");
		return;
	}
	c->jobs[(c->first_job + c->job_count++) % JOBS_MAX] = *j;
}

static void do_publish(struct courier *c, const struct sync_effect *e)
{
	int error = c->letters
			    ? -EAGAIN
			    : publish(c, e->id, e->topic, e->payload, e->size, e->qos, e->retain);
	if (error == -EAGAIN)
		keep_letter(c, e);
	else if (error && error != -ENOTCONN)
		log_warning("sync: cannot publish: %s", strerror(-error));
}

static void do_subscribe(struct courier *c, const struct sync_effect *e)
{
	int broker_id = 0;
	int error = broker_subscribe(c->broker, e->topic, 1, &broker_id);
	if (!error)
		note_id(c, broker_id, e->id);
	else if (error != -ENOTCONN)
		log_warning("sync: cannot subscribe: %s", strerror(-error));
}

static void do_store(struct courier *c, const struct sync_effect *e)
{
	struct job j = { .id = e->id, .chain = { .epoch = e->batch->rows[0].epoch } };
	uint64_t fresh = 0;
	memcpy(j.chain.device, e->batch->rows[0].device, sizeof(j.chain.device));
	int error = shelf_store(c->shelf, e->batch, &j.held, &fresh);
	j.twin = error == -EBADMSG;
	j.failed = error != 0;
	if (error)
		log_warning("sync: rows of another box cannot be kept: %s",
			j.twin ? "they contradict what is held" : strerror(-error));
	add_job(c, &j);
	struct post_orders orders = { .peers = true };
	if (fresh)
		post_order(c->setup.post, &orders);
}

static void do_safe(struct courier *c, const struct sync_effect *e)
{
	int error = shelf_safe(c->shelf, &e->chain, e->ranges);
	if (error) /* the collector will say it again */
		log_warning("sync: peers.db cannot be written: %s", strerror(-error));
}

static void take_effect(void *context, const struct sync_effect *e)
{
	struct courier *c = context;
	struct job fetch = {
		.fetch = true, .id = e->id, .chain = e->chain, .first = e->first, .count = e->count
	};
	struct post_orders orders = { .new_epoch = e->kind == SYNC_NEW_EPOCH };
	int error;
	switch (e->kind) {
	case SYNC_PUBLISH:
		do_publish(c, e);
		break;
	case SYNC_SUBSCRIBE:
		do_subscribe(c, e);
		break;
	case SYNC_UNSUBSCRIBE:
		error = broker_unsubscribe(c->broker, e->topic);
		(void)error; /* without a connection there is nothing to end */
		break;
	case SYNC_TIMER:
		c->timer_ms = e->at_ms;
		break;
	case SYNC_FETCH:
		add_job(c, &fetch);
		break;
	case SYNC_STORE:
		do_store(c, e);
		break;
	case SYNC_SAFE:
		do_safe(c, e);
		break;
	case SYNC_FLEET:
		c->fleet_changed = true;
		break;
	case SYNC_STATUS:
		c->status_changed = true;
		break;
	case SYNC_NEW_EPOCH:
		log_warning("sync: this box has lost rows that others have: a new epoch begins");
		post_order(c->setup.post, &orders);
		break;
	case SYNC_SEEN_STAMP:
		orders.seen_stamp = e->stamp;
		post_order(c->setup.post, &orders);
		break;
	case SYNC_REFUSED:
		log_warning("sync: something was refused: %s", e->why ? e->why : "no reason");
		break;
	}
}

void courier_give(struct courier *c, struct sync_input *input)
{
	input->now = courier_now(c);
	sync_box_step(c->box, input, take_effect, c);
}

static void do_job(struct courier *c, const struct job *j)
{
	struct batch batch = { .rows = c->rows };
	struct sync_input in = { .kind = SYNC_STORED,
		.id = j->id,
		.chain = j->chain,
		.held = j->held,
		.failed = j->failed,
		.twin = j->twin };
	if (j->fetch) {
		int error = shelf_fetch(c->shelf, &j->chain, j->first, j->count, c->rows, &batch);
		if (error)
			log_warning("sync: rows cannot be read: %s", strerror(-error));
		if (error)
			batch.count = 0;
		in.kind = SYNC_FETCHED;
		in.batch = &batch;
	}
	courier_give(c, &in);
}

void courier_jobs(struct courier *c)
{
	while (c->job_count) {
		struct job j = c->jobs[c->first_job];
		c->first_job = (c->first_job + 1) % JOBS_MAX;
		c->job_count--;
		do_job(c, &j);
	}
}
