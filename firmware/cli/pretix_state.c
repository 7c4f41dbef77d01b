#include "cli/pretix_state.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION  1
#define FILE_MAX (256 << 20) /* bytes */

static bool path_of(char path[PATH_MAX], const char *dir, const char *organizer, const char *event,
	const char *list, const char *suffix)
{
	int n = snprintf(path, PATH_MAX, "%s/keys/pretix+%s+%s+%s.json%s", dir, organizer, event,
		list, suffix);
	return n > 0 && n < PATH_MAX;
}

int pretix_state_new(struct pretix_state *out)
{
	*out = (struct pretix_state){ .positions = json_object(), .marks = json_object() };
	if (out->positions && out->marks)
		return 0;
	pretix_state_drop(out);
	return -ENOMEM;
}

void pretix_state_drop(struct pretix_state *s)
{
	json_decref(s->positions);
	json_decref(s->marks);
	*s = (struct pretix_state){ 0 };
}

/* --- loading ---------------------------------------------------------------------------------- */

static bool take_text(json_t *root, const char *field, char *out, size_t capacity)
{
	const char *text = json_string_value(json_object_get(root, field));
	return text && text_copy(out, capacity, text);
}

static bool are_texts(json_t *object)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) if (!json_is_string(value)) return false;
	return json_is_object(object);
}

static bool are_marks(json_t *object)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) if (!json_is_integer(value) ||
						    json_integer_value(value) < 1 ||
						    json_integer_value(value) > 7) return false;
	return json_is_object(object);
}

static int take_root(struct pretix_state *out, json_t *root)
{
	json_t *positions = json_object_get(root, "positions");
	json_t *marks = json_object_get(root, "marks");
	struct pretix_state s = { 0 };
	if (json_integer_value(json_object_get(root, "version")) != VERSION ||
		!are_texts(positions) || !are_marks(marks) ||
		!take_text(root, "orders_since", s.orders_since, sizeof(s.orders_since)) ||
		!take_text(root, "revoked_since", s.revoked_since, sizeof(s.revoked_since)) ||
		!take_text(root, "blocked_since", s.blocked_since, sizeof(s.blocked_since)) ||
		!take_text(root, "basis", s.basis, sizeof(s.basis)))
		return -EBADMSG;
	s.positions = json_incref(positions);
	s.marks = json_incref(marks);
	*out = s;
	return 0;
}

int pretix_state_load(struct pretix_state *out, const char *dir, const char *organizer,
	const char *event, const char *list)
{
	char path[PATH_MAX];
	struct stat st;
	if (!path_of(path, dir, organizer, event, list, ""))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	AUTO_FILE file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return -EBADMSG;
	json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, NULL);
	int error = root ? take_root(out, root) : -EBADMSG;
	json_decref(root);
	return error;
}

/* --- saving ----------------------------------------------------------------------------------- */

static json_t *pack(const struct pretix_state *s)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:O, s:O}", "version", VERSION, "basis",
		s->basis, "orders_since", s->orders_since, "revoked_since", s->revoked_since,
		"blocked_since", s->blocked_since, "positions", s->positions, "marks", s->marks);
}

static int write_aside(const char *path, json_t *root)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, 0600))
		return -errno;
	errno = 0;
	if (json_dumpfd(root, fd, JSON_COMPACT) || fsync(fd))
		return errno ? -errno : -EIO;
	return 0;
}

static int sync_keys(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/keys", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

static int make_keys(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/keys", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int pretix_state_save(const struct pretix_state *s, const char *dir, const char *organizer,
	const char *event, const char *list)
{
	char path[PATH_MAX], aside[PATH_MAX];
	if (!path_of(path, dir, organizer, event, list, "") ||
		!path_of(aside, dir, organizer, event, list, ".new"))
		return -ENAMETOOLONG;
	int error = make_keys(dir);
	if (error)
		return error;
	json_t *root = pack(s);
	error = root ? write_aside(aside, root) : -ENOMEM;
	json_decref(root);
	if (!error && rename(aside, path))
		error = -errno;
	if (error) {
		unlink(aside);
		return error;
	}
	return sync_keys(dir);
}

/* --- marks ------------------------------------------------------------------------------------ */

int pretix_mark(json_t *marks, const char *code)
{
	return (int)json_integer_value(json_object_get(marks, code));
}

int pretix_mark_change(json_t *marks, const char *code, int set, int clear)
{
	int old = pretix_mark(marks, code);
	int bits = (old | set) & ~clear;
	if (bits == old)
		return 0;
	if (bits == 0)
		return json_object_del(marks, code) ? -ENOMEM : 0;
	return json_object_set_new(marks, code, json_integer(bits)) ? -ENOMEM : 0;
}
