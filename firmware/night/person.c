#include "night/person.h"

#include "night/purge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK     (1U << 18)
#define BYTES_MAX (2U * PERSON_WORD_MAX)

struct word {
	size_t len;
	char bytes[BYTES_MAX]; /* ASCII in lower case */
};

struct person_words {
	struct word *at;
	size_t count;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int person_words_new(struct person_words **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void person_words_free(struct person_words *w)
{
	if (!w)
		return;
	if (w->at)
		explicit_bzero(w->at, w->count * sizeof(*w->at));
	free(w->at);
	free(w);
}

/* wide: 0 as it is, 1 with a zero behind every byte, 2 before it. */
static int add(struct person_words *w, const char *text, size_t len, int wide)
{
	struct word *more = reallocarray(w->at, w->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	w->at = more;
	struct word *word = &w->at[w->count++];
	*word = (struct word){ .len = wide ? 2 * len : len };
	for (size_t i = 0; i < len; i++)
		word->bytes[wide ? 2 * i + (wide == 2) : i] = lower(text[i]);
	return 0;
}

int person_words_add(struct person_words *w, const char *text, bool *taken)
{
	size_t len = strlen(text);
	bool ascii = true;
	*taken = len >= PERSON_WORD_MIN;
	len = len < PERSON_WORD_MAX ? len : PERSON_WORD_MAX;
	for (size_t i = 0; i < len; i++)
		ascii = ascii && (unsigned char)text[i] < 0x80;
	int error = *taken ? add(w, text, len, 0) : 0;
	for (int wide = 1; *taken && ascii && !error && wide <= 2; wide++)
		error = add(w, text, len, wide);
	return error;
}

/* In bytes that are in lower case. */
static bool is_in(const struct person_words *w, const char *bytes, size_t len)
{
	for (size_t i = 0; i < w->count; i++)
		if (memmem(bytes, len, w->at[i].bytes, w->at[i].len))
			return true;
	return false;
}

bool person_words_in_text(const struct person_words *w, const char *text, size_t len)
{
	AUTO_FREE char *copy = malloc(len + 1);
	CHECK(copy != NULL);
	for (size_t i = 0; i < len; i++)
		copy[i] = lower(text[i]);
	bool found = is_in(w, copy, len);
	explicit_bzero(copy, len);
	return found;
}

int person_words_in(const struct person_words *w, int fd, bool *found)
{
	AUTO_FREE char *chunk = malloc(CHUNK + BYTES_MAX);
	size_t kept = 0;
	int error = 0;
	*found = false;
	if (!chunk)
		return -ENOMEM;
	for (ssize_t n; !*found && !error && (n = read(fd, chunk + kept, CHUNK)) != 0;) {
		if (n < 0) {
			error = errno == EINTR ? 0 : -errno;
			continue;
		}
		size_t have = kept + (size_t)n;
		for (size_t i = kept; i < have; i++)
			chunk[i] = lower(chunk[i]);
		*found = is_in(w, chunk, have);
		kept = have < BYTES_MAX ? have : BYTES_MAX;
		memmove(chunk, chunk + have - kept, kept);
	}
	explicit_bzero(chunk, CHUNK + BYTES_MAX);
	return error;
}

/* --- lists ------------------------------------------------------------------------------------ */

static int read_whole(int fd, char **out, size_t *size)
{
	struct stat st;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size > PERSON_LIST_MAX)
		return -EFBIG;
	char *text = malloc((size_t)st.st_size + 1);
	size_t have = 0;
	if (!text)
		return -ENOMEM;
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, text + have, (size_t)st.st_size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	*out = text;
	*size = have;
	return have == (size_t)st.st_size ? 0 : -EIO;
}

/* Part of a row that goes on in another line, as far as can be told. */
static bool is_part(const char *line, size_t len)
{
	bool open = false;
	for (size_t i = 0; i < len; i++)
		open = open != (line[i] == '"');
	return open;
}

/* Leaves out lines, in place. */
static int strip(const struct person_words *w, char *text, size_t *size, uint64_t *lines)
{
	size_t to = 0, next;
	if (memchr(text, 0, *size))
		return -EILSEQ;
	for (size_t at = 0; at < *size; at = next) {
		char *end = memchr(text + at, '\n', *size - at);
		next = end ? (size_t)(end - text) + 1 : *size;
		if (!person_words_in_text(w, text + at, next - at)) {
			memmove(text + to, text + at, next - at);
			to += next - at;
		} else if (at == 0 || is_part(text + at, next - at)) {
			return -EILSEQ;
		} else {
			++*lines;
		}
	}
	*size = to;
	return *lines && !person_words_in_text(w, text, to) ? 0 : -EILSEQ;
}

static int write_aside(int dir_fd, const char *aside, const char *text, size_t size, mode_t mode)
{
	AUTO_FD fd = openat(dir_fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < size;) {
		ssize_t n = write(fd, text + at, size - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) || fchmod(fd, mode & 0777) ? -errno : 0;
}

static int replace(int dir_fd, const char *name, int old, const char *text, size_t size)
{
	struct stat st;
	char aside[64];
	snprintf(aside, sizeof(aside), ".parvis-person.%ld", (long)getpid());
	if (fstat(old, &st))
		return -errno;
	int error = write_aside(dir_fd, aside, text, size, st.st_mode);
	if (!error && renameat(dir_fd, aside, dir_fd, name))
		error = -errno;
	if (error && error != -EEXIST)
		(void)unlinkat(dir_fd, aside, 0);
	if (!error && fsync(dir_fd))
		error = -errno;
	return error ? error : purge_open_file(old);
}

int person_strip(const struct person_words *w, int dir_fd, const char *name, uint64_t *lines)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	*lines = 0;
	/* One's own, read-only: it is to be changed all the same. */
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	bool was_readonly = !(st.st_mode & S_IWUSR);
	if (was_readonly && fchmodat(dir_fd, name, st.st_mode | S_IWUSR, 0))
		return -errno;
	AUTO_FD fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_whole(fd, &text, &size);
	size_t room = size;
	if (!error)
		error = strip(w, text, &size, lines);
	if (was_readonly && fd >= 0 && fchmod(fd, st.st_mode & 0777) && !error)
		error = -errno;
	if (!error)
		error = replace(dir_fd, name, fd, text, size);
	if (text)
		explicit_bzero(text, room);
	free(text);
	return error;
}
