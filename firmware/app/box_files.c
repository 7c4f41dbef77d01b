#include "app/box_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int box_files_make_dir(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int box_files_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

int box_files_sync(int fd, const char *path)
{
	(void)path;
	return fsync(fd) ? -errno : 0;
}

int box_files_sync_dir(const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

int box_files_rename(const char *from, const char *to)
{
	return rename(from, to) ? -errno : 0;
}

int box_files_remove(const char *path)
{
	return remove(path) && errno != ENOENT ? -errno : 0;
}
