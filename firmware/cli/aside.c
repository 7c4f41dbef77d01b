#include "cli/aside.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What has the name now: 0 where that is nothing or may give way. */
static int look(const char *path, bool directory)
{
	struct stat st;
	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!directory)
		return S_ISDIR(st.st_mode) ? -EISDIR : 0;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	DIR *d = opendir(path);
	if (!d)
		return -errno;
	int entries = 0;
	while (readdir(d))
		entries++;
	closedir(d);
	return entries > 2 ? -ENOTEMPTY : 0;
}

static int take_names(struct aside *a, const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len)
		return -ENOENT;
	if (len + sizeof(".XXXXXX") > sizeof(a->path))
		return -ENAMETOOLONG;
	*a = (struct aside){ .dir_fd = -1 };
	snprintf(a->path, sizeof(a->path), "%.*s", (int)len, path);
	return 0;
}

static void name_aside(struct aside *a)
{
	text_copy(a->made, sizeof(a->made), a->path);
	text_copy(a->made + strlen(a->made), sizeof(a->made) - strlen(a->made), ".XXXXXX");
}

int aside_open_file(struct aside *a, const char *path)
{
	int result = take_names(a, path);
	if (!result)
		result = look(a->path, false);
	if (result)
		return result;
	name_aside(a);
	int fd = mkostemp(a->made, O_CLOEXEC);
	if (fd >= 0 && (a->file = fdopen(fd, "w")))
		return 0;
	result = -errno;
	if (fd >= 0) {
		close(fd);
		unlink(a->made);
	}
	a->made[0] = '\0';
	return result;
}

int aside_open_directory(struct aside *a, const char *path)
{
	int result = take_names(a, path);
	if (!result)
		result = look(a->path, true);
	if (result)
		return result;
	a->directory = true;
	name_aside(a);
	if (!mkdtemp(a->made)) {
		result = -errno;
		a->made[0] = '\0';
		return result;
	}
	a->dir_fd = open(a->made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return a->dir_fd < 0 ? -errno : 0;
}

int aside_begin(struct aside *a, const char *name)
{
	int fd = openat(a->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	a->file = fdopen(fd, "w");
	if (a->file)
		return 0;
	int result = -errno;
	close(fd);
	return result;
}

int aside_end(struct aside *a)
{
	FILE *file = a->file;
	int result = 0;
	a->file = NULL;
	if (fflush(file) || fsync(fileno(file)))
		result = -errno;
	if (fclose(file) && !result)
		result = -errno;
	return result;
}

int aside_write(void *context, const void *bytes, size_t len)
{
	struct aside *a = context;
	errno = EIO; /* where stdio says nothing */
	return fwrite(bytes, 1, len, a->file) == len ? 0 : -errno;
}

/* A name is durable when its directory is. */
static int sync_parent(const char *path)
{
	char copy[PATH_MAX];
	text_copy(copy, sizeof(copy), path);
	AUTO_FD fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return -errno;
	return 0;
}

int aside_commit(struct aside *a)
{
	int result = a->file ? aside_end(a) : 0;
	if (!result && a->directory && fsync(a->dir_fd))
		result = -errno;
	if (!result && rename(a->made, a->path))
		result = -errno;
	if (result)
		return result;
	a->made[0] = '\0';
	return sync_parent(a->path);
}

static void empty_directory(int dir_fd)
{
	int fd = dup(dir_fd);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	if (!d)
		return;
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dir_fd, entry->d_name, 0);
	closedir(d);
}

void aside_close(struct aside *a)
{
	if (a->file)
		fclose(a->file);
	if (a->directory && *a->made) {
		if (a->dir_fd >= 0)
			empty_directory(a->dir_fd);
		rmdir(a->made);
	} else if (*a->made) {
		unlink(a->made);
	}
	if (a->directory && a->dir_fd >= 0)
		close(a->dir_fd);
	*a = (struct aside){ .dir_fd = -1 };
}
