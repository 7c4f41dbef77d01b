#include "event/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 40

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return fchmod(fd, S_IRUSR | S_IWUSR) || fsync(fd) ? -errno : 0;
}

int newfile_write(int dir_fd, const char *name, const void *bytes, size_t len)
{
	char aside[NAME_MAX_BYTES + 20];
	unsigned long long unique;
	CHECK(strlen(name) <= NAME_MAX_BYTES);
	randombytes_buf(&unique, sizeof(unique));
	snprintf(aside, sizeof(aside), "%s.%016llx", name, unique);
	AUTO_FD fd = openat(dir_fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	int error = write_all(fd, bytes, len);
	/* Unlike rename(), link() never replaces what is there. */
	if (!error && linkat(dir_fd, aside, dir_fd, name, 0))
		error = -errno;
	unlinkat(dir_fd, aside, 0);
	if (!error && fsync(dir_fd)) {
		error = -errno;
		unlinkat(dir_fd, name, 0);
	}
	return error;
}
