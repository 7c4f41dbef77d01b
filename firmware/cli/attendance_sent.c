#include "cli/attendance_sent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct word {
	char nonce[SENT_NONCE_SIZE];
	size_t line; /* a later one is true */
	bool taken;
};

struct sent {
	int fd;
	struct word *words; /* in the order of nonce and line */
	size_t count, room;
};

static int add(struct sent *s, const char *nonce, bool taken)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 1024;
		struct word *grown = reallocarray(s->words, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->words = grown;
		s->room = room;
	}
	struct word *w = &s->words[s->count];
	*w = (struct word){ .line = s->count, .taken = taken };
	memcpy(w->nonce, nonce, SENT_NONCE_SIZE);
	s->count++;
	return 0;
}

static int by_nonce(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	int order = strcmp(x->nonce, y->nonce);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* *whole: the file ends in a whole line. */
static int read_lines(struct sent *s, bool *whole)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	int copy = dup(s->fd), error = 0;
	AUTO_FILE f = copy < 0 ? NULL : fdopen(copy, "r");
	if (!f)
		return -errno;
	*whole = true;
	for (ssize_t n; !error && (n = getline(&line, &room, f)) > 0;) {
		char nonce[SENT_NONCE_SIZE] = "", word[8] = "";
		*whole = line[n - 1] == '\n';
		if (*whole && sscanf(line, "%63s %7s", nonce, word) == 2)
			error = add(s, nonce, !strcmp(word, "ok"));
	}
	if (!error && ferror(f))
		error = -EIO;
	if (s->count)
		qsort(s->words, s->count, sizeof(*s->words), by_nonce);
	return error;
}

static int write_line(struct sent *s, const char *line)
{
	size_t len = strlen(line);
	ssize_t n;
	do
		n = write(s->fd, line, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -ENOSPC;
}

static int open_and_read(struct sent *s, const char *path)
{
	bool whole = true;
	s->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return -errno;
	if (flock(s->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	int error = read_lines(s, &whole);
	return error || whole ? error : write_line(s, "\n");
}

int sent_open(struct sent **out, const char *event_dir, const char *name)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/pretix-%s.sent", event_dir, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	struct sent *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	int error = open_and_read(s, path);
	if (error)
		sent_close(s);
	else
		*out = s;
	return error;
}

void sent_close(struct sent *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)fsync(s->fd);
	cc_close_fd(&s->fd);
	free(s->words);
	free(s);
}

bool sent_has(const struct sent *s, const char *nonce)
{
	size_t low = 0, high = s->count;
	while (low < high) { /* the first that is after it */
		size_t middle = (low + high) / 2;
		if (strcmp(s->words[middle].nonce, nonce) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && !strcmp(s->words[low - 1].nonce, nonce) && s->words[low - 1].taken;
}

int sent_note(struct sent *s, const char *nonce, const char *word)
{
	char line[SENT_NONCE_SIZE + 80];
	snprintf(line, sizeof(line), "%s %.64s\n", nonce, word);
	return write_line(s, line);
}
