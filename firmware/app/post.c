#include "app/post.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct post {
	pthread_mutex_t lock;
	int fd;
	bool open;
	struct post_state state;
	bool waiting;
	struct post_orders orders;
	void (*wake)(void *context);
	void *wake_context;
};

int post_open(struct post **out)
{
	struct post *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd < 0) {
		int error = -errno;
		free(p);
		return error;
	}
	pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return 0;
}

void post_close(struct post *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	close(p->fd);
	free(p);
}

void post_committed(struct post *p, const struct post_state *state)
{
	pthread_mutex_lock(&p->lock);
	p->state = *state;
	p->open = true;
	pthread_mutex_unlock(&p->lock);
	uint64_t one = 1;
	ssize_t n = write(p->fd, &one, sizeof(one));
	(void)n; /* full at 2^64 - 1: it is readable then, which is all that is meant */
}

bool post_take_orders(struct post *p, struct post_orders *out)
{
	pthread_mutex_lock(&p->lock);
	bool any = p->waiting;
	*out = p->orders;
	p->orders = (struct post_orders){ 0 };
	p->waiting = false;
	pthread_mutex_unlock(&p->lock);
	return any;
}

void post_on_order(struct post *p, void (*wake)(void *context), void *context)
{
	pthread_mutex_lock(&p->lock);
	p->wake = wake;
	p->wake_context = context;
	pthread_mutex_unlock(&p->lock);
}

bool post_look(struct post *p, struct post_state *out)
{
	uint64_t count;
	ssize_t n = read(p->fd, &count, sizeof(count));
	(void)n; /* nothing new is no error */
	pthread_mutex_lock(&p->lock);
	bool open = p->open;
	*out = p->state;
	pthread_mutex_unlock(&p->lock);
	return open;
}

void post_order(struct post *p, const struct post_orders *orders)
{
	pthread_mutex_lock(&p->lock);
	p->orders.new_epoch |= orders->new_epoch;
	p->orders.peers |= orders->peers;
	if (orders->seen_stamp > p->orders.seen_stamp)
		p->orders.seen_stamp = orders->seen_stamp;
	bool wake = !p->waiting && p->wake;
	p->waiting = true;
	if (wake)
		p->wake(p->wake_context);
	pthread_mutex_unlock(&p->lock);
}

int post_fd(const struct post *p)
{
	return p->fd;
}
