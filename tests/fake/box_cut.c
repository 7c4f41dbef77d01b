#include "tests/fake/box_cut.h"

#include "app/box_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { MAKE_DIR, CREATE, SYNC, SYNC_DIR, RENAME, REMOVE };

struct step {
	enum kind kind;
	char path[512], to[512]; /* relative to the root */
	uint8_t *bytes;          /* SYNC: the file's */
	size_t size;
};

static struct step steps[256];
static size_t count;
static char root[PATH_MAX];
static size_t cut_at = SIZE_MAX, fail_at = SIZE_MAX;
static int fail_with;

void box_cut_begin(const char *new_root)
{
	for (size_t i = 0; i < count; i++)
		free(steps[i].bytes);
	memset(steps, 0, sizeof(steps));
	count = 0;
	snprintf(root, sizeof(root), "%s", new_root);
	cut_at = fail_at = SIZE_MAX;
}

size_t box_cut_steps(void)
{
	return count;
}

void box_cut_after(size_t n)
{
	cut_at = count + n;
}

void box_cut_fail(size_t step, int error)
{
	fail_at = count + step;
	fail_with = error;
}

static void relative(char out[512], const char *path)
{
	size_t n = strlen(root);
	CHECK(!strncmp(path, root, n) && (path[n] == '/' || !path[n]));
	snprintf(out, 512, "%s", path[n] ? path + n + 1 : ".");
}

/* The next step; NULL: it is to fail. */
static struct step *next(enum kind kind, const char *path, const char *to)
{
	if (count >= cut_at)
		_exit(BOX_CUT_STATUS);
	CHECK(count < ARRAY_LEN(steps));
	if (count == fail_at) {
		fail_at = SIZE_MAX;
		return NULL;
	}
	struct step *s = &steps[count++];
	s->kind = kind;
	relative(s->path, path);
	if (to)
		relative(s->to, to);
	return s;
}

static void keep_bytes(struct step *s, const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	CHECK(fd >= 0 && !fstat(fd, &st));
	s->size = (size_t)st.st_size;
	s->bytes = malloc(s->size + 1);
	CHECK(s->bytes && pread(fd, s->bytes, s->size, 0) == st.st_size);
}

int box_files_make_dir(const char *path)
{
	if (!next(MAKE_DIR, path, NULL))
		return -fail_with;
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int box_files_create(const char *path)
{
	if (!next(CREATE, path, NULL))
		return -fail_with;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int box_files_sync(int fd, const char *path)
{
	(void)fd;
	struct step *s = next(SYNC, path, NULL);
	if (!s)
		return -fail_with;
	keep_bytes(s, path);
	return 0;
}

int box_files_sync_dir(const char *path)
{
	return next(SYNC_DIR, path, NULL) ? 0 : -fail_with;
}

int box_files_rename(const char *from, const char *to)
{
	if (!next(RENAME, from, to))
		return -fail_with;
	return rename(from, to) ? -errno : 0;
}

int box_files_remove(const char *path)
{
	if (!next(REMOVE, path, NULL))
		return -fail_with;
	return remove(path) && errno != ENOENT ? -errno : 0;
}

/* --- replay ------------------------------------------------------------------------------------
 */

/* Whether what a step did to names of a directory is durable after n steps. */
static bool names_last(size_t step, size_t n, const char *path)
{
	char dir[512];
	snprintf(dir, sizeof(dir), "%s", path);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(dir, sizeof(dir), ".");
	for (size_t i = step + 1; i < n; i++)
		if (steps[i].kind == SYNC_DIR && !strcmp(steps[i].path, dir))
			return true;
	return false;
}

/* The bytes that a file created at a step has after n steps. */
static void put_file(const char *to, size_t step, size_t n, enum box_cut_loss loss)
{
	char path[PATH_MAX * 2];
	const struct step *bytes = NULL;
	bool durable = false;
	/* What is synced later was written before: at worst it is on the disk already. */
	for (size_t i = step + 1; i < count && !bytes; i++)
		if (steps[i].kind == SYNC && !strcmp(steps[i].path, steps[step].path)) {
			bytes = &steps[i];
			durable = i < n;
		}
	snprintf(path, sizeof(path), "%s/%s", to, steps[step].path);
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	if (!bytes || (!durable && loss == BOX_CUT_EMPTIES))
		return;
	size_t size = !durable && loss == BOX_CUT_HALVES ? bytes->size / 2 : bytes->size;
	for (size_t i = 0; i < size; i++) {
		uint8_t b = bytes->bytes[i];
		if (!durable && loss == BOX_CUT_SCRAMBLES)
			b ^= 0x5a;
		CHECK(write(fd, &b, 1) == 1);
	}
}

static bool has_folder(const char *path)
{
	char dir[PATH_MAX * 2];
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	return !access(dir, F_OK);
}

static void replay(const char *to, size_t step, size_t n, enum box_cut_loss loss)
{
	const struct step *s = &steps[step];
	char path[PATH_MAX * 2], other[PATH_MAX * 2];
	bool lost = loss == BOX_CUT_FORGETS && !names_last(step, n, s->path);
	snprintf(path, sizeof(path), "%s/%s", to, s->path);
	snprintf(other, sizeof(other), "%s/%s", to, s->to);
	if (lost)
		return;
	/* Steps on what was lost with its directory do nothing: their results are not looked at. */
	int result = 0;
	if (s->kind == MAKE_DIR)
		result = mkdir(path, 0700);
	else if (s->kind == CREATE && has_folder(path))
		put_file(to, step, n, loss);
	else if (s->kind == RENAME)
		result = rename(path, other);
	else if (s->kind == REMOVE)
		result = remove(path);
	(void)result;
}

void box_cut_replay(const char *before, const char *to, size_t n, enum box_cut_loss loss)
{
	char command[PATH_MAX * 3];
	snprintf(command, sizeof(command), "rm -rf '%s' && cp -a '%s' '%s'", to, before, to);
	CHECK(!system(command));
	for (size_t i = 0; i < n; i++)
		replay(to, i, n, loss);
}
