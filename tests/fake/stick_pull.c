#include "tests/fake/stick_pull.h"

#include "app/stick_files.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static size_t count, fail_at = SIZE_MAX;
static enum stick_pull fail_how;
static int fail_with;
static bool is_out, is_hasty;
static bool is_first; /* the step that fails is the one that was to */

static int file = -1; /* the one that was created last */
static char path[PATH_MAX];
static off_t synced; /* its bytes that are durable */

/* The last rename, until its directory is synced: what stood there before. FAT gives the new name
 * its file's size and place when the file is synced. */
static bool is_renamed, is_placed;
static char from_path[PATH_MAX], to_path[PATH_MAX];
static char *before;
static size_t before_size;

static void forget_rename(void)
{
	free(before);
	before = NULL;
	is_renamed = false;
}

void stick_pull_begin(void)
{
	count = 0;
	fail_at = SIZE_MAX;
	is_out = is_hasty = false;
	file = -1;
	forget_rename();
}

size_t stick_pull_steps(void)
{
	return count;
}

void stick_pull_at(size_t step, enum stick_pull how, int error)
{
	fail_at = step;
	fail_how = how;
	fail_with = error;
}

bool stick_pull_hasty(void)
{
	return is_hasty;
}

static void lose(void)
{
	if (file >= 0 && ftruncate(file, synced))
		abort();
	if (!is_renamed)
		return;
	if (rename(to_path, from_path))
		abort();
	if (before)
		store_bench_write(to_path, before, before_size);
}

/* Whether the next step fails. */
static bool fails(void)
{
	is_first = !is_out && count++ == fail_at;
	is_out = is_out || (is_first && fail_how != STICK_PULL_ERROR);
	return is_first || is_out;
}

/* What a step gives that failed. */
static int failed(void)
{
	if (is_first && fail_how == STICK_PULL_LOSES)
		lose();
	return -fail_with;
}

int stick_files_create(const char *new_path)
{
	if (fails())
		return failed();
	snprintf(path, sizeof(path), "%s", new_path);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	synced = 0;
	return file < 0 ? -errno : file;
}

int stick_files_sync(int fd)
{
	struct stat st;
	if (fails())
		return failed();
	if (fstat(fd, &st))
		return -errno;
	synced = st.st_size;
	is_placed = true;
	return 0;
}

int stick_files_sync_dir(const char *dir)
{
	(void)dir;
	if (fails())
		return failed();
	is_hasty |= is_renamed && !is_placed;
	forget_rename();
	return 0;
}

int stick_files_rename(const char *from, const char *to)
{
	struct stat st;
	if (fails())
		return failed();
	is_hasty |= !stat(from, &st) && st.st_size != synced;
	forget_rename();
	before = store_bench_read(to, &before_size);
	snprintf(from_path, sizeof(from_path), "%s", from);
	snprintf(to_path, sizeof(to_path), "%s", to);
	is_renamed = !rename(from, to);
	is_placed = false;
	return is_renamed ? 0 : -errno;
}

int stick_files_remove(const char *old)
{
	if (fails())
		return failed();
	return unlink(old) && errno != ENOENT ? -errno : 0;
}

int stick_files_there(int fd, const char *dir)
{
	(void)fd, (void)dir;
	return fails() ? failed() : 0;
}

/* The writer's own: half of it arrives when it fails. Other files' writes are let through. */
ssize_t stick_pull_write(int fd, const void *bytes, size_t size, off_t at)
{
	if (fd != file || fd < 0 || !fails())
		return syscall(SYS_pwrite64, fd, bytes, size, at);
	ssize_t half = is_first ? syscall(SYS_pwrite64, fd, bytes, size / 2, at) : 0;
	(void)half;
	errno = -failed();
	return -1;
}
