#include "night/purge.h"

#include "base/text.h"
#include "store/people.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY       8U /* a word is found by its first bytes; shorter ones say too little */
#define WORD_MAX  512U
#define KEPT      (2 * WORD_MAX) /* of a chunk, for what goes on in the next */
#define CHUNK     (1U << 18)
#define DEPTH_MAX 16
#define MARKS     (1U << 22) /* bits that say "perhaps": few words are looked up for nothing */

/* --- erasing -----------------------------------------------------------------------------------
 */

static int overwrite(int fd, int64_t size)
{
	static const uint8_t zeros[1 << 16];
	int64_t most = size < PURGE_OVERWRITE_MAX ? size : PURGE_OVERWRITE_MAX;
	for (int64_t at = 0; at < most;) {
		size_t n = most - at < (int64_t)sizeof(zeros) ? (size_t)(most - at) : sizeof(zeros);
		ssize_t done = pwrite(fd, zeros, n, at);
		if (done < 0 && errno != EINTR)
			return -errno;
		at += done > 0 ? done : 0;
	}
	if (fsync(fd) || ftruncate(fd, 0))
		return -errno;
	return 0;
}

int purge_open_file(int fd)
{
	struct stat st;
	return fstat(fd, &st) ? -errno : overwrite(fd, st.st_size);
}

int purge_file(int dir_fd, const char *name, int64_t *bytes)
{
	struct stat st;
	*bytes = 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	int error = 0;
	if (S_ISREG(st.st_mode)) {
		*bytes = st.st_size;
		/* One's own, read-only: it is to go all the same. */
		if (!(st.st_mode & S_IWUSR) && fchmodat(dir_fd, name, 0600, 0))
			return -errno;
		AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		error = fd < 0 ? -errno : overwrite(fd, st.st_size);
	}
	if (!error && unlinkat(dir_fd, name, 0))
		error = -errno;
	return error;
}

/* --- walking -----------------------------------------------------------------------------------
 */

struct walk {
	int (*take)(void *context, int dir_fd, const char *name, const char *path, bool directory);
	void *context;
	int depth;
};

static int walk(struct walk *w, int dir_fd, const char *prefix);

static int walk_entry(struct walk *w, int dir_fd, const char *name, const char *prefix)
{
	struct stat st;
	char path[PATH_MAX];
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (snprintf(path, sizeof(path), "%s%s", prefix, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (S_ISREG(st.st_mode))
		return w->take(w->context, dir_fd, name, path, false);
	if (!S_ISDIR(st.st_mode) || w->depth >= DEPTH_MAX)
		return 0;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	char below[PATH_MAX + 1];
	snprintf(below, sizeof(below), "%s/", path);
	w->depth++;
	int result = walk(w, fd, below);
	w->depth--;
	close(fd);
	return result ? result : w->take(w->context, dir_fd, name, path, true);
}

static int walk(struct walk *w, int dir_fd, const char *prefix)
{
	struct dirent **names;
	int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = own < 0 ? -1 : scandirat(own, ".", &names, NULL, alphasort);
	int result = n < 0 ? -errno : 0;
	for (int i = 0; i < n; i++) {
		if (!result)
			result = walk_entry(w, dir_fd, names[i]->d_name, prefix);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (own >= 0)
		close(own);
	return result;
}

int purge_walk(int dir_fd,
	int (*take)(void *context, int dir_fd, const char *name, const char *path, bool directory),
	void *context)
{
	return walk(&(struct walk){ take, context, 0 }, dir_fd, "");
}

/* --- what identifies people --------------------------------------------------------------------
 */

struct purge_words {
	char *text;
	size_t size, room;
	size_t *at; /* of each word in text, by its first bytes */
	size_t count, at_room;
	uint64_t people;
	uint8_t marks[MARKS / 8];
};

static uint32_t mark_of(const char *bytes)
{
	uint64_t key;
	memcpy(&key, bytes, KEY);
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 42) & (MARKS - 1);
}

static int grow(void **at, size_t *room, size_t needed, size_t size)
{
	size_t more = *room ? *room : 4096;
	while (more < needed)
		more *= 2;
	void *grown = more == *room ? *at : realloc(*at, more * size);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*room = more;
	return 0;
}

static int add_word(struct purge_words *w, const char *word)
{
	size_t len = strlen(word);
	if (len < KEY || len >= WORD_MAX)
		return 0;
	int error = grow((void **)&w->text, &w->room, w->size + len + 1, 1);
	if (!error)
		error = grow((void **)&w->at, &w->at_room, w->count + 1, sizeof(*w->at));
	if (error)
		return error;
	w->at[w->count++] = w->size;
	memcpy(w->text + w->size, word, len + 1);
	w->size += len + 1;
	uint32_t mark = mark_of(word);
	w->marks[mark / 8] |= (uint8_t)(1U << mark % 8);
	return 0;
}

static int take_person(void *context, const struct person *who)
{
	struct purge_words *w = context;
	w->people += who->known;
	int error = add_word(w, who->code);
	if (!error)
		error = add_word(w, who->email);
	return error || !strchr(who->name, ' ') ? error : add_word(w, who->name);
}

static int by_text(const void *a, const void *b, void *text)
{
	return strcmp(
		(const char *)text + *(const size_t *)a, (const char *)text + *(const size_t *)b);
}

int purge_words_read(
	struct purge_words **out, const char *event_dir, const struct event *e, uint64_t *people)
{
	struct people *p;
	int error = people_open(&p, event_dir, e);
	if (error)
		return error;
	struct purge_words *w = calloc(1, sizeof(*w));
	error = w ? people_each(p, take_person, w) : -ENOMEM;
	people_close(p);
	if (error) {
		purge_words_free(w);
		return error;
	}
	if (w->count)
		qsort_r(w->at, w->count, sizeof(*w->at), by_text, w->text);
	*people = w->people;
	*out = w;
	return 0;
}

void purge_words_free(struct purge_words *w)
{
	if (!w)
		return;
	if (w->text)
		explicit_bzero(w->text, w->room);
	free(w->text);
	free(w->at);
	free(w);
}

/* Whether a word begins here. */
static bool begins(const struct purge_words *w, const char *bytes, size_t left)
{
	uint32_t mark = mark_of(bytes);
	if (!(w->marks[mark / 8] & 1U << mark % 8))
		return false;
	size_t low = 0, high = w->count;
	while (low < high) { /* the first word that is not before these bytes */
		size_t mid = (low + high) / 2;
		if (strncmp(w->text + w->at[mid], bytes, KEY) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < w->count && !strncmp(w->text + w->at[low], bytes, KEY); low++) {
		size_t len = strlen(w->text + w->at[low]);
		if (len <= left && !memcmp(w->text + w->at[low], bytes, len))
			return true;
	}
	return false;
}

bool purge_words_in_text(const struct purge_words *w, const char *text, size_t len)
{
	for (size_t i = 0; i + KEY <= len; i++)
		if (begins(w, text + i, len - i))
			return true;
	return false;
}

/* A word in ASCII as UTF-16 is every second byte, in either order of bytes. */
static bool in_utf16(const struct purge_words *w, const char *text, size_t len, char *narrow)
{
	bool found = false;
	for (size_t odd = 0; !found && odd < 2; odd++) {
		size_t n = 0;
		for (size_t i = odd; i < len; i += 2)
			narrow[n++] = text[i];
		found = purge_words_in_text(w, narrow, n);
	}
	return found;
}

int purge_words_in(const struct purge_words *w, int fd, bool *found)
{
	AUTO_FREE char *chunk = malloc(CHUNK + KEPT), *narrow = malloc(CHUNK + KEPT);
	size_t kept = 0;
	*found = false;
	if (!chunk || !narrow)
		return -ENOMEM;
	for (ssize_t n; (n = read(fd, chunk + kept, CHUNK)) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size_t have = kept + (size_t)n;
		*found = purge_words_in_text(w, chunk, have) || in_utf16(w, chunk, have, narrow);
		if (*found)
			return 0;
		kept = have < KEPT ? have : KEPT;
		memmove(chunk, chunk + have - kept, kept);
	}
	return 0;
}
