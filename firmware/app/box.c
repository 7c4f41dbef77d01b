#include "app/box.h"

#include "app/box_files.h"
#include "base/log.h"
#include "base/text.h"
#include "store/roster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE  (PATH_MAX + 64)
#define NUMBER_MAX 999999999
#define BUNDLE     "bundle"
#define POINTER    "current"
#define ASIDE      "current.new"

/* --- names -------------------------------------------------------------------------------------
 */

static void path_of(char out[PATH_SIZE], const char *data_dir, const char *name)
{
	snprintf(out, PATH_SIZE, "%.*s/box%s%s", PATH_MAX - 1, data_dir, *name ? "/" : "", name);
}

static void folder_of(char out[PATH_SIZE], const char *data_dir, uint32_t number)
{
	char name[16];
	snprintf(name, sizeof(name), "%u", number);
	path_of(out, data_dir, name);
}

/* Digits alone, without a leading 0. */
static bool read_number(const char *text, size_t len, uint32_t *out)
{
	uint32_t value = 0;
	if (!len || len > 9 || *text == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	*out = value;
	return true;
}

/* The highest folder below `below`; 0: there is none. */
static uint32_t highest(const char *data_dir, uint32_t below)
{
	char path[PATH_SIZE];
	uint32_t best = 0, number;
	path_of(path, data_dir, "");
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	for (const struct dirent *d; (d = readdir(dir));)
		if (read_number(d->d_name, strlen(d->d_name), &number) && number > best &&
			number < below)
			best = number;
	closedir(dir);
	return best;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static void log_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		log_error("%s", text);
}

static int open_file(const char *dir, const char *name)
{
	char path[PATH_SIZE + 32];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* Whether a file of the folder is, byte for byte, the part of that name. */
static int compare_part(const char *dir, const struct bundle *b, int bundle, enum bundle_part part)
{
	const struct bundle_slice *s = &b->parts[part];
	char ours[4096], theirs[sizeof(ours)];
	AUTO_FD fd = open_file(dir, bundle_part_names[part]);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) || (uint64_t)st.st_size != s->size)
		return -EBADMSG;
	for (uint64_t at = 0; at < s->size; at += sizeof(ours)) {
		size_t n = s->size - at < sizeof(ours) ? (size_t)(s->size - at) : sizeof(ours);
		if (pread(fd, ours, n, (off_t)at) != (ssize_t)n ||
			pread(bundle, theirs, n, (off_t)(s->offset + at)) != (ssize_t)n ||
			memcmp(ours, theirs, n))
			return -EBADMSG;
	}
	return 0;
}

static int check_roster(const char *dir, const struct bundle *b, const struct event *e)
{
	struct roster *r = NULL;
	if (!b->parts[BUNDLE_ROSTER].present)
		return 0;
	int error = roster_open(&r, dir, e);
	roster_close(r);
	return error;
}

static int read_contents(struct box *box, int fd)
{
	struct event *e = NULL;
	enum bundle_wrong wrong =
		bundle_contents(&box->bundle, fd, &e, &box->settings, log_problem, NULL);
	if (wrong)
		return -EBADMSG;
	text_copy(box->event_title, sizeof(box->event_title), e->title);
	text_copy(box->venue_name, sizeof(box->venue_name),
		event_venue(e, box->settings.venue)->name);
	int error = check_roster(box->dir, &box->bundle, e);
	event_free(e);
	return error;
}

/* A folder as it must be: the bundle and every part of it. */
static int open_folder(struct box *out, const char *data_dir, uint32_t number)
{
	struct box box = { .number = number };
	char dir[PATH_SIZE];
	folder_of(dir, data_dir, number);
	if (!text_copy(box.dir, sizeof(box.dir), dir))
		return -ENAMETOOLONG;
	AUTO_FD fd = open_file(dir, BUNDLE);
	if (fd < 0)
		return fd == -ENOENT ? -EBADMSG : fd;
	enum bundle_wrong wrong = bundle_verify(&box.bundle, fd);
	if (wrong)
		return -EBADMSG;
	for (int i = 0; i < BUNDLE_PARTS; i++)
		if (box.bundle.parts[i].present &&
			compare_part(dir, &box.bundle, fd, (enum bundle_part)i))
			return -EBADMSG;
	int error = read_contents(&box, fd);
	if (!error)
		*out = box;
	return error;
}

static int read_pointer(const char *data_dir, uint32_t *out)
{
	char path[PATH_SIZE], text[16];
	path_of(path, data_dir, POINTER);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	if (n < 2 || text[n - 1] != '\n' || !read_number(text, (size_t)n - 1, out))
		return -EBADMSG;
	return 0;
}

int box_open(struct box *out, const char *data_dir)
{
	uint32_t number = 0;
	int error = read_pointer(data_dir, &number);
	if (error && error != -EBADMSG)
		return error;
	if (!error && !open_folder(out, data_dir, number))
		return 0;
	for (uint32_t n = highest(data_dir, NUMBER_MAX); n; n = highest(data_dir, n)) {
		if (n == number || open_folder(out, data_dir, n))
			continue;
		log_warning("%s/box/%u is damaged: this box is %u again", data_dir, number, n);
		return 0;
	}
	log_error("%s/box: no bundle in it is whole", data_dir);
	return -EBADMSG;
}

/* --- changing ----------------------------------------------------------------------------------
 */

static int copy_bytes(int from, int to)
{
	char bytes[65536];
	off_t at = 0;
	ssize_t n;
	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0) {
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(to, bytes + done, (size_t)(n - done))) < 0)
				return -errno;
		at += n;
		if (at > (off_t)BUNDLE_ROSTER_MAX + (4 << 20))
			return -EFBIG;
	}
	return n < 0 ? -errno : 0;
}

/* The bundle is copied first, and the copy is what is verified: a stick may give other bytes each
 * time that it is read. Gives the copy's descriptor. */
static int take_bundle(struct bundle *b, const char *dir, int from, const uint8_t *hash)
{
	char path[PATH_SIZE + 32];
	snprintf(path, sizeof(path), "%s/%s", dir, BUNDLE);
	int fd = box_files_create(path);
	if (fd < 0)
		return fd;
	int error = copy_bytes(from, fd);
	if (!error)
		error = box_files_sync(fd, path);
	if (!error && (bundle_verify(b, fd) || memcmp(b->hash, hash, BUNDLE_HASH_SIZE)))
		error = -EBADMSG;
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int unpack(const struct bundle *b, int from, const char *dir, enum bundle_part part)
{
	char path[PATH_SIZE + 32];
	snprintf(path, sizeof(path), "%s/%s", dir, bundle_part_names[part]);
	AUTO_FD fd = box_files_create(path);
	if (fd < 0)
		return fd;
	/* The event's date is a moment that has surely passed: what an unset clock is told by. */
	struct timespec made = { .tv_sec = b->created_ms / 1000 };
	struct timespec times[2] = { made, made };
	int error = bundle_copy(b, from, part, fd);
	if (!error && futimens(fd, times))
		error = -errno;
	return error ? error : box_files_sync(fd, path);
}

static int fill(const char *dir, int from, const uint8_t *hash)
{
	struct bundle b;
	AUTO_FD fd = take_bundle(&b, dir, from, hash);
	if (fd < 0)
		return fd;
	int error = 0;
	for (int i = 0; !error && i < BUNDLE_PARTS; i++)
		if (b.parts[i].present)
			error = unpack(&b, fd, dir, (enum bundle_part)i);
	return error ? error : box_files_sync_dir(dir);
}

static int point(const char *data_dir, uint32_t number)
{
	char aside[PATH_SIZE], pointer[PATH_SIZE], box[PATH_SIZE];
	path_of(aside, data_dir, ASIDE);
	path_of(pointer, data_dir, POINTER);
	path_of(box, data_dir, "");
	int error = box_files_remove(aside);
	if (error)
		return error;
	AUTO_FD fd = box_files_create(aside);
	if (fd < 0)
		return fd;
	if (dprintf(fd, "%u\n", number) < 0)
		return -errno;
	error = box_files_sync(fd, aside);
	if (!error)
		error = box_files_rename(aside, pointer);
	return error ? error : box_files_sync_dir(box);
}

static void remove_folder(const char *dir)
{
	char path[PATH_SIZE + 300];
	DIR *d = opendir(dir);
	if (!d)
		return;
	int error = 0;
	for (const struct dirent *e; (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		int failed = box_files_remove(path);
		error = failed ? failed : error;
	}
	closedir(d);
	int failed = box_files_remove(dir);
	if (failed || error)
		log_warning(
			"%s: could not be removed: %s", dir, strerror(failed ? -failed : -error));
}

static int make_folder(char dir[PATH_SIZE], const char *data_dir, uint32_t *number)
{
	char box[PATH_SIZE];
	path_of(box, data_dir, "");
	int error = box_files_make_dir(data_dir);
	if (!error)
		error = box_files_make_dir(box);
	if (!error)
		error = box_files_sync_dir(data_dir);
	if (error)
		return error;
	*number = highest(data_dir, UINT32_MAX) + 1;
	if (*number >= NUMBER_MAX)
		return -EOVERFLOW;
	folder_of(dir, data_dir, *number);
	return box_files_make_dir(dir);
}

int box_adopt(struct box *out, const char *data_dir, int fd, const uint8_t hash[BUNDLE_HASH_SIZE])
{
	char dir[PATH_SIZE], box[PATH_SIZE];
	uint32_t number;
	struct box next;
	if (strlen(data_dir) + 32 > PATH_MAX)
		return -ENAMETOOLONG;
	int error = make_folder(dir, data_dir, &number);
	if (error)
		return error;
	path_of(box, data_dir, "");
	error = fill(dir, fd, hash);
	if (!error)
		error = box_files_sync_dir(box);
	if (!error)
		error = open_folder(&next, data_dir, number);
	if (!error)
		error = point(data_dir, number);
	if (error) {
		/* A pointer that may have been renamed already must not dangle. */
		uint32_t now = 0;
		if (read_pointer(data_dir, &now) || now != number)
			remove_folder(dir);
		return error;
	}
	*out = next;
	return 0;
}

int box_go_back(struct box *out, const char *data_dir, uint32_t number)
{
	struct box back;
	int error = open_folder(&back, data_dir, number);
	if (!error)
		error = point(data_dir, number);
	if (!error)
		*out = back;
	return error;
}

struct screen_box box_screen(const struct box *b)
{
	return (struct screen_box){ .event_title = b->event_title,
		.venue_name = b->venue_name,
		.door = b->settings.door,
		.registrations = b->settings.registrations,
		.serial = b->bundle.serial,
		.short_hash = b->bundle.short_hash };
}

void box_tidy(const char *data_dir, uint32_t keep)
{
	char path[PATH_SIZE];
	for (uint32_t n = highest(data_dir, UINT32_MAX); n; n = highest(data_dir, n)) {
		if (n == keep)
			continue;
		folder_of(path, data_dir, n);
		remove_folder(path);
	}
	path_of(path, data_dir, ASIDE);
	int error = box_files_remove(path);
	if (error && error != -ENOTDIR)
		log_warning("%s: could not be removed: %s", path, strerror(-error));
}
