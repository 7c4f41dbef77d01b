#include "app/stick_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int stick_files_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

int stick_files_sync(int fd)
{
	return fsync(fd) ? -errno : 0;
}

/* Some file systems of sticks cannot sync a directory, and say so: their names last with the file
 * system's own next write. */
int stick_files_sync_dir(const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

int stick_files_rename(const char *from, const char *to)
{
	return rename(from, to) ? -errno : 0;
}

int stick_files_remove(const char *path)
{
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int stick_files_there(int fd, const char *dir)
{
	struct stat file, place;
	if (fstat(fd, &file) || stat(dir, &place))
		return -errno;
	return file.st_dev == place.st_dev && file.st_nlink ? 0 : -ENODEV;
}
