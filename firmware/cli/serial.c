#include "cli/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The number in the file; 0 where there is no file yet. */
static int read_last(int dir, uint64_t *out)
{
	char text[32];
	*out = 0;
	AUTO_FD fd = openat(dir, SERIAL_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 18 || strcmp(text + digits, "\n") || *text == '0')
		return -EBADMSG;
	*out = strtoull(text, NULL, 10);
	return 0;
}

static int write_last(int dir, uint64_t last)
{
	static const char aside[] = SERIAL_FILE ".new";
	AUTO_FD fd =
		openat(dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%" PRIu64 "\n", last) < 0 || fsync(fd) ||
		renameat(dir, aside, dir, SERIAL_FILE) || fsync(dir))
		return -errno;
	return 0;
}

int serial_next(const char *event_dir, uint64_t *out)
{
	uint64_t last;
	AUTO_FD dir = open(event_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX))
		return -errno;
	int error = read_last(dir, &last);
	if (!error)
		error = write_last(dir, last + 1);
	if (!error)
		*out = last + 1;
	return error;
}
