#include "app/porter.h"

#include "base/log.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "event/name_index.h"
#include "event/pin.h"
#include "store/log.h"
#include "store/peers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A PIN and a search under way, and the ends of the sessions before and after. */
#define QUESTIONS_MAX 8

enum question { QUESTION_PIN, QUESTION_SEARCH, QUESTION_FORGET };

struct porter_question {
	enum question question;
	char text[TICKET_NAME_SIZE];
};

struct porter {
	struct porter_setup setup;
	struct mailbox *in, *out;
	pthread_t thread;
	atomic_bool stopping;
	struct name_index *names; /* NULL: closed */
};

static void forget(struct porter *p)
{
	name_index_close(p->names);
	p->names = NULL;
}

static void check_pin(struct porter *p, const char *pin, struct porter_reply *reply)
{
	reply->answer = PORTER_PIN;
	reply->good = pin_matches(p->setup.pin_hash, pin);
	if (!reply->good || !p->setup.search)
		return;
	forget(p);
	int error = name_index_open(&p->names, p->setup.event_dir, pin);
	if (error && error != -ENOENT)
		log_error("%s/" NAME_INDEX_FILE ": %s: nobody can be searched by name",
			p->setup.event_dir,
			error == -EKEYREJECTED ? "sealed with another PIN, or altered"
					       : strerror(-error));
	reply->can_search = !error;
}

/* Whoever cannot be looked up in the log is not shown at all, rather than as not here. */
static int look_up(struct porter *p, struct porter_reply *reply)
{
	struct log *log;
	int error = log_open_reader(&log, p->setup.data_dir);
	if (error)
		return error;
	struct peers *peers = NULL;
	if (peers_open_reader(&peers, p->setup.data_dir))
		peers = NULL; /* without the other doors, then */
	for (uint8_t i = 0; !error && i < reply->count; i++) {
		struct log_known others = { .stamp = 0 };
		const uint8_t *hash = reply->found[i].ticket.hash;
		if (peers && peers_prior(peers, hash, &others.prior, &others.stamp))
			others.stamp = 0;
		error = log_prior(log, hash, &others, &reply->found[i].prior);
	}
	peers_close(peers);
	log_close(log);
	return error;
}

static void search(struct porter *p, const char *text, struct porter_reply *reply)
{
	struct name_row rows[SCREEN_FOUND_MAX] = { 0 };
	reply->answer = PORTER_FOUND;
	size_t total = p->names ? name_index_find(p->names, text, rows, ARRAY_LEN(rows)) : 0;
	reply->total = (uint32_t)total;
	reply->count = (uint8_t)(total < ARRAY_LEN(rows) ? total : ARRAY_LEN(rows));
	for (size_t i = 0; i < reply->count; i++) {
		reply->found[i].ticket = rows[i].ticket;
		memcpy(reply->found[i].type, rows[i].type, sizeof(rows[i].type));
	}
	explicit_bzero(rows, sizeof(rows));
	int error = reply->count ? look_up(p, reply) : 0;
	if (!error)
		return;
	log_error("%s: who is in cannot be looked up: %s", p->setup.data_dir, strerror(-error));
	explicit_bzero(reply, sizeof(*reply));
	reply->answer = PORTER_FOUND;
}

static void *porter_main(void *argument)
{
	struct porter *p = argument;
	struct porter_question q;
	struct porter_reply reply;
	int full = 0;
	while (!full && !mailbox_wait(p->in, &q, -1) && !atomic_load(&p->stopping)) {
		memset(&reply, 0, sizeof(reply));
		if (q.question == QUESTION_PIN)
			check_pin(p, q.text, &reply);
		else if (q.question == QUESTION_SEARCH)
			search(p, q.text, &reply);
		else
			forget(p);
		if (q.question != QUESTION_FORGET)
			full = mailbox_put(p->out, &reply);
		explicit_bzero(&q, sizeof(q));
		explicit_bzero(&reply, sizeof(reply));
	}
	forget(p);
	return NULL;
}

int porter_start(struct porter **out, const struct porter_setup *setup)
{
	struct porter *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->setup = *setup;
	int error = mailbox_open(&p->in, sizeof(struct porter_question), QUESTIONS_MAX);
	if (!error)
		error = mailbox_open(&p->out, sizeof(struct porter_reply), QUESTIONS_MAX);
	if (!error)
		error = -pthread_create(&p->thread, NULL, porter_main, p);
	if (error) {
		mailbox_close(p->in);
		mailbox_close(p->out);
		free(p);
		return error;
	}
	*out = p;
	return 0;
}

static int ask(struct porter *p, enum question question, const char *text)
{
	struct porter_question q = { .question = question };
	text_copy(q.text, sizeof(q.text), text);
	int error = mailbox_put(p->in, &q);
	explicit_bzero(&q, sizeof(q));
	return error;
}

void porter_stop(struct porter *p)
{
	if (!p)
		return;
	atomic_store(&p->stopping, true);
	int full = ask(p, QUESTION_FORGET, "");
	(void)full; /* then it wakes up anyway */
	pthread_join(p->thread, NULL);
	mailbox_close(p->in);
	mailbox_close(p->out);
	free(p);
}

int porter_ask(struct porter *p, const char *pin)
{
	return ask(p, QUESTION_PIN, pin);
}

int porter_search(struct porter *p, const char *text)
{
	return ask(p, QUESTION_SEARCH, text);
}

void porter_forget(struct porter *p)
{
	int error = ask(p, QUESTION_FORGET, "");
	CHECK(!error); /* a session ends once for each right PIN */
}

int porter_answer(struct porter *p, struct porter_reply *out, int timeout_ms)
{
	return mailbox_wait(p->out, out, timeout_ms);
}

int porter_fd(const struct porter *p)
{
	return mailbox_fd(p->out);
}
