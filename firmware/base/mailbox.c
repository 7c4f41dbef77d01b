#include "base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The eventfd counts the items (EFD_SEMAPHORE); the mutex guards the ring. An item is in the ring
 * before the count goes up and leaves after it went down, so whoever has read the eventfd owns
 * one item for certain. */
struct mailbox {
	pthread_mutex_t lock;
	int fd;
	size_t item_size, capacity, first, used;
	unsigned char ring[];
};

int mailbox_open(struct mailbox **out, size_t item_size, size_t capacity)
{
	CHECK(item_size > 0 && capacity > 0 && capacity < SIZE_MAX / 2 / item_size);
	struct mailbox *m = calloc(1, sizeof(*m) + item_size * capacity);
	if (!m)
		return -ENOMEM;
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (m->fd < 0) {
		int error = -errno;
		free(m);
		return error;
	}
	m->item_size = item_size;
	m->capacity = capacity;
	pthread_mutex_init(&m->lock, NULL);
	*out = m;
	return 0;
}

void mailbox_close(struct mailbox *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	close(m->fd);
	explicit_bzero(m->ring, m->capacity * m->item_size);
	free(m);
}

int mailbox_put(struct mailbox *m, const void *item)
{
	int result = -EAGAIN;
	pthread_mutex_lock(&m->lock);
	if (m->used < m->capacity) {
		size_t place = (m->first + m->used) % m->capacity;
		memcpy(m->ring + place * m->item_size, item, m->item_size);
		m->used++;
		result = 0;
	}
	pthread_mutex_unlock(&m->lock);
	if (!result) {
		uint64_t one = 1;
		ssize_t n = write(m->fd, &one, sizeof(one));
		CHECK(n == (ssize_t)sizeof(one));
	}
	return result;
}

int mailbox_get(struct mailbox *m, void *item)
{
	uint64_t one;
	if (read(m->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return -EAGAIN;
	pthread_mutex_lock(&m->lock);
	CHECK(m->used > 0);
	memcpy(item, m->ring + m->first * m->item_size, m->item_size);
	explicit_bzero(m->ring + m->first * m->item_size, m->item_size);
	m->first = (m->first + 1) % m->capacity;
	m->used--;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int mailbox_wait(struct mailbox *m, void *item, int timeout_ms)
{
	int64_t end_ms = now_ms() + timeout_ms;
	for (;;) {
		if (!mailbox_get(m, item))
			return 0;
		int64_t left = timeout_ms < 0 ? -1 : end_ms - now_ms();
		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
		struct pollfd p = { .fd = m->fd, .events = POLLIN };
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

int mailbox_fd(const struct mailbox *m)
{
	return m->fd;
}
