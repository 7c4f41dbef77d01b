#include "port/broker_news.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_MAX 512
#define BYTES_MAX    (4 << 20)

struct item {
	struct item *next;
	struct broker_news news;
};

struct news_queue {
	pthread_mutex_t lock;
	pthread_cond_t room;
	int fd; /* readable while the list is not empty */
	struct item *first, **end;
	struct item *last;
	size_t messages, bytes;
	bool ended;
};

int news_queue_open(struct news_queue **out)
{
	struct news_queue *q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		int error = -errno;
		free(q);
		return error;
	}
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->room, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&q->lock, NULL);
	q->end = &q->first;
	*out = q;
	return 0;
}

void news_queue_close(struct news_queue *q)
{
	if (!q)
		return;
	for (struct item *i = q->first, *next; i; i = next) {
		next = i->next;
		free(i->news.payload);
		free(i);
	}
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	close(q->fd);
	free(q);
}

/* With the lock held. An empty queue takes a message of any size. */
static bool is_full(const struct news_queue *q, const struct broker_news *n)
{
	return n->kind == BROKER_MESSAGE && q->messages &&
	       (q->messages >= MESSAGES_MAX || q->bytes + n->size > BYTES_MAX);
}

static bool wait_for_room(struct news_queue *q, const struct broker_news *n, int wait_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (wait_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (is_full(q, n) && !q->ended)
		if (pthread_cond_timedwait(&q->room, &q->lock, &until))
			break;
	return !is_full(q, n);
}

int news_queue_put(struct news_queue *q, const struct broker_news *n, int wait_ms)
{
	struct item *fresh = malloc(sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	*fresh = (struct item){ .news = *n };
	pthread_mutex_lock(&q->lock);
	if (!wait_for_room(q, n, wait_ms)) {
		pthread_mutex_unlock(&q->lock);
		free(fresh);
		return -ETIMEDOUT;
	}
	if (n->kind == BROKER_DOWN && q->last && q->last->news.kind == BROKER_DOWN) {
		/* One attempt after another that nobody has heard of yet: the last says it all. */
		q->last->news = *n;
		pthread_mutex_unlock(&q->lock);
		free(fresh);
		return 0;
	}
	if (!q->first) {
		uint64_t one = 1;
		ssize_t written = write(q->fd, &one, sizeof(one));
		CHECK(written == (ssize_t)sizeof(one));
	}
	*q->end = fresh;
	q->end = &fresh->next;
	q->last = fresh;
	q->messages += n->kind == BROKER_MESSAGE;
	q->bytes += n->size;
	pthread_mutex_unlock(&q->lock);
	return 0;
}

int news_queue_get(struct news_queue *q, struct broker_news *out)
{
	pthread_mutex_lock(&q->lock);
	struct item *i = q->first;
	if (!i) {
		pthread_mutex_unlock(&q->lock);
		return -EAGAIN;
	}
	q->first = i->next;
	if (!q->first) {
		uint64_t count;
		ssize_t n = read(q->fd, &count, sizeof(count));
		CHECK(n == (ssize_t)sizeof(count));
		q->end = &q->first;
		q->last = NULL;
	}
	q->messages -= i->news.kind == BROKER_MESSAGE;
	q->bytes -= i->news.size;
	pthread_cond_signal(&q->room);
	pthread_mutex_unlock(&q->lock);
	*out = i->news;
	free(i);
	return 0;
}

void news_queue_end(struct news_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->lock);
}

int news_queue_fd(const struct news_queue *q)
{
	return q->fd;
}
