#include "tests/fake/gpio_fake.h"

#include "port/gpio.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EDGES_MAX 64

struct gpio_line {
	unsigned number;
	bool output, on, lost;
	int fd; /* of an input: readable while edges wait or the line is lost */
	struct gpio_edge edges[EDGES_MAX];
	unsigned first, waiting;
};

/* Lamps, buttons and the test may each be a thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gpio_line *lines[GPIO_FAKE_LINES];
static bool broken[GPIO_FAKE_LINES];
static bool absent;

static void wake(struct gpio_line *l)
{
	uint64_t one = 1;
	if (l->fd >= 0 && write(l->fd, &one, sizeof(one)) < 0)
		abort();
}

static void lose(struct gpio_line *l)
{
	l->lost = true;
	wake(l);
}

void gpio_fake_reset(void)
{
	pthread_mutex_lock(&lock);
	memset(broken, 0, sizeof(broken));
	absent = false;
	pthread_mutex_unlock(&lock);
}

void gpio_fake_present(bool present)
{
	pthread_mutex_lock(&lock);
	absent = !present;
	for (unsigned i = 0; absent && i < GPIO_FAKE_LINES; i++)
		if (lines[i])
			lose(lines[i]);
	pthread_mutex_unlock(&lock);
}

void gpio_fake_break(unsigned line, bool is_broken)
{
	pthread_mutex_lock(&lock);
	broken[line] = is_broken;
	if (is_broken && lines[line])
		lose(lines[line]);
	pthread_mutex_unlock(&lock);
}

int gpio_fake_level(unsigned line)
{
	pthread_mutex_lock(&lock);
	struct gpio_line *l = lines[line];
	int level = l && l->output ? l->on : -1;
	pthread_mutex_unlock(&lock);
	return level;
}

bool gpio_fake_is_open(unsigned line)
{
	pthread_mutex_lock(&lock);
	bool open = lines[line];
	pthread_mutex_unlock(&lock);
	return open;
}

void gpio_fake_edge(unsigned line, bool on, int64_t ms)
{
	pthread_mutex_lock(&lock);
	struct gpio_line *l = lines[line];
	if (l && l->waiting < EDGES_MAX) {
		l->edges[(l->first + l->waiting++) % EDGES_MAX] = (struct gpio_edge){ on, ms };
		wake(l);
	}
	pthread_mutex_unlock(&lock);
}

static int claim(struct gpio_line *l, const struct pin *pin)
{
	if (absent || strcmp(pin->chip, GPIO_FAKE_CHIP))
		return -ENOENT;
	if (pin->line >= GPIO_FAKE_LINES)
		return -EINVAL;
	if (broken[pin->line])
		return -EIO;
	if (lines[pin->line])
		return -EBUSY;
	l->number = pin->line;
	lines[pin->line] = l;
	return 0;
}

static int open_line(struct gpio_line **out, const struct pin *pin, bool output)
{
	struct gpio_line *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->output = output;
	l->fd = output ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	pthread_mutex_lock(&lock);
	int error = claim(l, pin);
	pthread_mutex_unlock(&lock);
	if (error) {
		if (l->fd >= 0)
			close(l->fd);
		free(l);
		return error;
	}
	*out = l;
	return 0;
}

int gpio_output(struct gpio_line **out, const struct pin *pin)
{
	return open_line(out, pin, true);
}

int gpio_input(struct gpio_line **out, const struct pin *pin, unsigned debounce_ms)
{
	(void)debounce_ms; /* the bare chip: bounce comes through */
	return open_line(out, pin, false);
}

int gpio_set(struct gpio_line *line, bool on)
{
	pthread_mutex_lock(&lock);
	bool lost = line->lost;
	if (!lost)
		line->on = on;
	pthread_mutex_unlock(&lock);
	return lost ? -ENODEV : 0;
}

int gpio_fd(const struct gpio_line *line)
{
	return line->fd;
}

int gpio_read_edge(struct gpio_line *line, struct gpio_edge *out)
{
	int result = -EAGAIN;
	pthread_mutex_lock(&lock);
	if (line->lost) {
		result = -ENODEV;
	} else if (line->waiting) {
		uint64_t one;
		ssize_t n = read(line->fd, &one, sizeof(one));
		CHECK(n == (ssize_t)sizeof(one));
		*out = line->edges[line->first];
		line->first = (line->first + 1) % EDGES_MAX;
		line->waiting--;
		result = 0;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

void gpio_close(struct gpio_line *line)
{
	if (!line)
		return;
	pthread_mutex_lock(&lock);
	lines[line->number] = NULL;
	pthread_mutex_unlock(&lock);
	if (line->fd >= 0)
		close(line->fd);
	free(line);
}
