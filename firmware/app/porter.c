#include "app/porter.h"

#include "base/mailbox.h"
#include "base/text.h"
#include "event/pin.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pin_text {
	char pin[PIN_DIGITS_MAX + 1];
};

struct porter {
	char hash[128];
	struct mailbox *in, *out;
	pthread_t thread;
	atomic_bool stopping;
};

static void *porter_main(void *argument)
{
	struct porter *p = argument;
	struct pin_text asked;
	while (!mailbox_wait(p->in, &asked, -1) && !atomic_load(&p->stopping)) {
		bool good = pin_matches(p->hash, asked.pin);
		explicit_bzero(&asked, sizeof(asked));
		if (mailbox_put(p->out, &good))
			break;
	}
	return NULL;
}

int porter_start(struct porter **out, const char *pin_hash)
{
	struct porter *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	text_copy(p->hash, sizeof(p->hash), pin_hash);
	int error = mailbox_open(&p->in, sizeof(struct pin_text), 1);
	if (!error)
		error = mailbox_open(&p->out, sizeof(bool), 4);
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

void porter_stop(struct porter *p)
{
	if (!p)
		return;
	static const struct pin_text wake;
	atomic_store(&p->stopping, true);
	int full = mailbox_put(p->in, &wake);
	(void)full; /* then it wakes up anyway */
	pthread_join(p->thread, NULL);
	mailbox_close(p->in);
	mailbox_close(p->out);
	free(p);
}

int porter_ask(struct porter *p, const char *pin)
{
	struct pin_text asked = { 0 };
	text_copy(asked.pin, sizeof(asked.pin), pin);
	int error = mailbox_put(p->in, &asked);
	explicit_bzero(&asked, sizeof(asked));
	return error;
}

int porter_answer(struct porter *p, bool *good, int timeout_ms)
{
	return mailbox_wait(p->out, good, timeout_ms);
}

int porter_fd(const struct porter *p)
{
	return mailbox_fd(p->out);
}
