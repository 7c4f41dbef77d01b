#include "port/v4l2_io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int v4l2_io_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void v4l2_io_close(int fd)
{
	close(fd);
}

int v4l2_io_control(int fd, unsigned long request, void *argument)
{
	int result;
	do
		result = ioctl(fd, request, argument);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

int v4l2_io_map(int fd, void **out, size_t length, uint32_t offset)
{
	void *memory = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	if (memory == MAP_FAILED)
		return -errno;
	*out = memory;
	return 0;
}

void v4l2_io_unmap(void *memory, size_t length)
{
	munmap(memory, length);
}
