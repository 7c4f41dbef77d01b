/* A folder played as a camera. Three states follow each other by the monotonic clock: a picture is
 * held up, the lens is clear, and, where the folder cannot be read, the camera is gone. The folder
 * is read anew at the start of each round, so that pictures may come and go during an evening. */
#include "port/camera_kind.h"

#include "base/log.h"
#include "port/picture.h"
#include "port/wait.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILES_FRAME_MS     66 /* about 15 a second */
#define FILES_MAX          10000
#define FILES_CLEAR_WIDTH  640
#define FILES_CLEAR_HEIGHT 360
#define FILES_CLEAR_GREY   0xd0 /* a lit, empty doorway */

struct file {
	char *name;
	bool complained; /* about this file, in the log */
};

struct list {
	struct file *files;
	size_t count;
};

struct files {
	char *dir;
	struct list list;
	size_t next;            /* to be held up, in the list */
	struct picture picture; /* held up now; no pixels: the lens is clear */
	uint8_t *clear;
	int64_t phase_end_ms, frame_due_ms;
	bool gone, told;
};

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->files[i].name);
	free(list->files);
	*list = (struct list){ 0 };
}

static bool is_picture_name(const char *name)
{
	static const char *const endings[] = { ".jpg", ".jpeg", ".png" };
	size_t len = strlen(name);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(endings[i]);
		if (name[0] != '.' && len > n && !strcasecmp(name + len - n, endings[i]))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct file *left = a, *right = b;
	return strcmp(left->name, right->name);
}

static int list_add(struct list *list, size_t *capacity, const char *name)
{
	if (list->count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		struct file *files = realloc(list->files, more * sizeof(*files));
		if (!files)
			return -ENOMEM;
		list->files = files;
		*capacity = more;
	}
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	list->files[list->count++] = (struct file){ .name = copy };
	return 0;
}

static int list_read(struct list *out, const char *path)
{
	DIR *dir = opendir(path);
	if (!dir)
		return -errno;
	struct list list = { 0 };
	size_t capacity = 0;
	int error = 0;
	struct dirent *entry;
	while (!error && list.count < FILES_MAX && (entry = readdir(dir)))
		if (is_picture_name(entry->d_name))
			error = list_add(&list, &capacity, entry->d_name);
	closedir(dir);
	if (error) {
		list_free(&list);
		return error;
	}
	if (list.count)
		qsort(list.files, list.count, sizeof(list.files[0]), by_name);
	*out = list;
	return 0;
}

/* A file that the log already has a line about keeps quiet in the next round too. */
static void list_remember(struct list *list, const struct list *before)
{
	for (size_t i = 0; list->count && i < before->count; i++) {
		if (!before->files[i].complained)
			continue;
		struct file *same = bsearch(&before->files[i], list->files, list->count,
			sizeof(list->files[0]), by_name);
		if (same)
			same->complained = true;
	}
}

static int start_round(struct files *f)
{
	struct list list;
	int error = list_read(&list, f->dir);
	if (error)
		return error;
	list_remember(&list, &f->list);
	list_free(&f->list);
	f->list = list;
	f->next = 0;
	return 0;
}

static void load(struct files *f, struct file *file)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s", f->dir, file->name);
	int error =
		n > 0 && (size_t)n < sizeof(path) ? picture_load(&f->picture, path) : -ENAMETOOLONG;
	if (!error)
		file->complained = false;
	if (!error || error == -ENOENT || file->complained)
		return; /* a file taken away in mid-round is no fault */
	log_warning("camera: %s is left out: %s", path,
		error == -EINVAL ? "not a whole JPEG or PNG" : strerror(-error));
	file->complained = true;
}

/* Holds up the next picture that can be read; none in the whole folder leaves the lens clear. */
static int hold_up_next(struct files *f)
{
	if (f->next >= f->list.count) {
		int error = start_round(f);
		if (error)
			return error;
	}
	while (!f->picture.pixels && f->next < f->list.count)
		load(f, &f->list.files[f->next++]);
	return 0;
}

static int lose(struct files *f, int error, int64_t now_ms)
{
	if (!f->told)
		log_warning("camera: folder %s: %s", f->dir, strerror(-error));
	f->told = true;
	f->gone = true;
	picture_free(&f->picture);
	f->next = f->list.count;
	f->phase_end_ms = now_ms + CAMERA_RETRY_MS;
	return -ENODEV;
}

static int step_phase(struct files *f, int64_t now_ms)
{
	if (now_ms < f->phase_end_ms)
		return f->gone ? -ENODEV : 0;
	bool was_held = f->picture.pixels;
	picture_free(&f->picture);
	int error = was_held ? 0 : hold_up_next(f);
	if (error)
		return lose(f, error, now_ms);
	if (f->told)
		log_info("camera: folder %s is back", f->dir);
	f->gone = f->told = false;
	f->phase_end_ms = now_ms + CAMERA_FILE_HOLD_MS;
	return 0;
}

static int files_open(void **out, const char *where)
{
	struct files *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->dir = strdup(where);
	f->clear = malloc(FILES_CLEAR_WIDTH * FILES_CLEAR_HEIGHT);
	if (!f->dir || !f->clear) {
		free(f->dir);
		free(f->clear);
		free(f);
		return -ENOMEM;
	}
	memset(f->clear, FILES_CLEAR_GREY, FILES_CLEAR_WIDTH * FILES_CLEAR_HEIGHT);
	*out = f;
	return 0;
}

static void files_close(void *device)
{
	struct files *f = device;
	list_free(&f->list);
	picture_free(&f->picture);
	free(f->clear);
	free(f->dir);
	free(f);
}

static void describe(const struct files *f, struct camera_frame *out)
{
	const struct picture *p = &f->picture;
	if (p->pixels)
		*out = (struct camera_frame){ p->pixels, p->width, p->height, p->width, false };
	else
		*out = (struct camera_frame){ f->clear, FILES_CLEAR_WIDTH, FILES_CLEAR_HEIGHT,
			FILES_CLEAR_WIDTH, true };
}

/* Taken away while a picture of it is held up: the camera is gone at once, as if unplugged. */
static int folder_error(const struct files *f)
{
	struct stat st;
	if (stat(f->dir, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int files_frame(void *device, struct camera_frame *out, int timeout_ms)
{
	struct files *f = device;
	int64_t until_ms = wait_until(timeout_ms);
	int64_t due_ms = f->gone ? f->phase_end_ms : f->frame_due_ms;
	wait_pause(due_ms < until_ms ? due_ms : until_ms);
	int64_t now_ms = wait_now_ms();
	if (now_ms < due_ms)
		return f->gone ? -ENODEV : -ETIMEDOUT;
	int error = f->gone ? 0 : folder_error(f);
	error = error ? lose(f, error, now_ms) : step_phase(f, now_ms);
	if (error)
		return error;
	f->frame_due_ms = now_ms + FILES_FRAME_MS;
	describe(f, out);
	return 0;
}

const struct camera_kind camera_files = { "files:", files_open, files_frame, files_close };
