#include "event/pretix_keys.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_LEN 64

struct line {
	uint8_t key[32];
	const char *source;
	size_t source_len;
};

/* -ENOENT: there is none. *out is terminated. */
static int read_file(const char *path, char **out, size_t *out_len)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > PRETIX_KEYS_MAX)
		return -EINVAL;
	AUTO_FREE char *text = malloc(PRETIX_KEYS_MAX + 2);
	size_t len = 0;
	ssize_t n;
	if (!text)
		return -ENOMEM;
	while (len <= PRETIX_KEYS_MAX && (n = read(fd, text + len, PRETIX_KEYS_MAX + 1 - len)))
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	if (len > PRETIX_KEYS_MAX || memchr(text, '\0', len))
		return -EINVAL;
	text[len] = '\0';
	*out = text;
	*out_len = len;
	text = NULL;
	return 0;
}

static bool is_source(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len >= 1 && len <= PRETIX_KEYS_SOURCE_MAX;
}

static bool read_line(const char *text, size_t len, struct line *out)
{
	if (len < HEX_LEN + 2 || text[HEX_LEN] != ' ' ||
		!text_unhex(out->key, sizeof(out->key), text, HEX_LEN))
		return false;
	out->source = text + HEX_LEN + 1;
	out->source_len = len - HEX_LEN - 1;
	return is_source(out->source, out->source_len) &&
	       crypto_core_ed25519_is_valid_point(out->key);
}

/* Calls `take` with every key. 0, or the number of the line that is none or was not taken. */
static unsigned each_line(
	const char *text, bool (*take)(void *context, const struct line *line), void *context)
{
	unsigned number = 1;
	for (const char *p = text; *p; number++) {
		size_t len = strcspn(p, "\n");
		struct line line;
		bool bare = len == 0 || *p == '#';
		if (!bare && (!read_line(p, len, &line) || !take(context, &line)))
			return number;
		p += len + (p[len] == '\n');
	}
	return 0;
}

static bool path_of(char path[PATH_MAX], const char *dir, const char *suffix)
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s", dir, PRETIX_KEYS_FILE, suffix);
	return n > 0 && n < PATH_MAX;
}

/* --- loading ---------------------------------------------------------------------------------- */

struct ring {
	uint8_t keys[EVENT_KEYS_MAX][32];
	uint32_t count;
	bool full;
};

static bool add(void *context, const struct line *line)
{
	struct ring *r = context;
	for (uint32_t i = 0; i < r->count; i++)
		if (!memcmp(r->keys[i], line->key, sizeof(line->key)))
			return true;
	r->full = r->count == EVENT_KEYS_MAX;
	if (!r->full)
		memcpy(r->keys[r->count++], line->key, sizeof(line->key));
	return !r->full;
}

static void tell(event_problem *problem, void *context, const char *path, unsigned line,
	const struct ring *ring)
{
	char text[PATH_MAX + 256], safe[PATH_MAX + 256];
	if (ring->full)
		snprintf(text, sizeof(text),
			"%s:%u: more than %d keys with those of event.ini: remove what is not used",
			path, line, EVENT_KEYS_MAX);
	else
		snprintf(text, sizeof(text),
			"%s:%u: no key and source: remove the file and import from pretix again",
			path, line);
	text_printable(safe, sizeof(safe), text, strlen(text));
	problem(context, true, safe);
}

int pretix_keys_load(struct event *e, const char *dir, event_problem *problem, void *context)
{
	char path[PATH_MAX];
	AUTO_FREE char *text = NULL;
	size_t len;
	struct ring ring = { .count = e->key_count };
	if (!path_of(path, dir, ""))
		return -ENAMETOOLONG;
	int error = read_file(path, &text, &len);
	if (error == -ENOENT)
		return 0;
	if (error && error != -EINVAL)
		return error;
	memcpy(ring.keys, e->keys, sizeof(ring.keys));
	unsigned wrong = error ? 1 : each_line(text, add, &ring);
	if (wrong) {
		tell(problem, context, path, wrong, &ring);
		return -EINVAL;
	}
	/* From all these keys together another hash key would be derived: whoever writes the event
	 * down for a box has to write this one, too. */
	e->hash_key_given = e->hash_key_given || ring.count > e->key_count;
	memcpy(e->keys, ring.keys, sizeof(ring.keys));
	e->key_count = ring.count;
	return 0;
}

/* --- saving ----------------------------------------------------------------------------------- */

struct draft {
	char *text;
	size_t len;
	bool overfull;
	const char *source;
};

static void write_text(struct draft *d, const char *text, size_t len)
{
	d->overfull |= d->len + len > PRETIX_KEYS_MAX;
	if (d->overfull)
		return;
	memcpy(d->text + d->len, text, len);
	d->len += len;
}

static void write_key(struct draft *d, const uint8_t key[32], const char *source, size_t len)
{
	char hex[HEX_LEN + 1];
	text_hex(hex, key, 32);
	write_text(d, hex, HEX_LEN);
	write_text(d, " ", 1);
	write_text(d, source, len);
	write_text(d, "\n", 1);
}

static bool keep_other(void *context, const struct line *line)
{
	struct draft *d = context;
	if (line->source_len != strlen(d->source) ||
		memcmp(line->source, d->source, line->source_len) != 0)
		write_key(d, line->key, line->source, line->source_len);
	return true;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int put_in_place(const char *dir, const char *path, const char *text, size_t len)
{
	char aside[PATH_MAX];
	if (!path_of(aside, dir, ".new"))
		return -ENAMETOOLONG;
	int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	int error = write_all(fd, text, len);
	close(fd);
	if (!error && rename(aside, path))
		error = -errno;
	if (error) {
		unlink(aside);
		return error;
	}
	AUTO_FD folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 || fsync(folder) ? -errno : 0;
}

int pretix_keys_save(const char *dir, const char *source, const uint8_t (*keys)[32], uint32_t count,
	bool *changed)
{
	static const char head[] =
		"# Keys of signed tickets, written by parvis roster import --pretix.\n";
	char path[PATH_MAX];
	AUTO_FREE char *old = NULL;
	size_t old_len = 0;
	struct draft d = { .source = source };
	if (!path_of(path, dir, "") || !is_source(source, strlen(source)) || sodium_init() < 0)
		return -EINVAL;
	int error = read_file(path, &old, &old_len);
	if (error && error != -ENOENT)
		return error;
	AUTO_FREE char *text = malloc(PRETIX_KEYS_MAX);
	if (!text)
		return -ENOMEM;
	d.text = text;
	write_text(&d, head, sizeof(head) - 1);
	if (old && each_line(old, keep_other, &d))
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++)
		write_key(&d, keys[i], source, strlen(source));
	if (d.overfull)
		return -ENOSPC;
	*changed = old ? d.len != old_len || memcmp(old, text, d.len) != 0 : count > 0;
	return *changed ? put_in_place(dir, path, text, d.len) : 0;
}
