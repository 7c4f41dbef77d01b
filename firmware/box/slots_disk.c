#include "box/slots_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const long long slots_disk_at[SLOTS_COPIES] = { 2048LL * SLOTS_BYTES, 4096LL * SLOTS_BYTES };

int slots_disk_open(const char *path, bool writing)
{
	int fd = open(path, (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int wrong = 0;
	struct stat st;
	if (fstat(fd, &st))
		wrong = errno;
	else if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		wrong = ENOTBLK;
	else if (flock(fd, writing ? LOCK_EX : LOCK_SH))
		wrong = errno;
	if (!wrong)
		return fd;
	close(fd);
	return -wrong;
}

static int read_copy(uint8_t out[SLOTS_BYTES], int fd, long long at)
{
	size_t done = 0;
	while (done < SLOTS_BYTES) {
		ssize_t n = pread(fd, out + done, SLOTS_BYTES - done, at + (long long)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

int slots_disk_read(struct slots_disk *out, int fd)
{
	struct slots_disk d = { .state = slots_default(), .copy = -1 };
	int wrong[SLOTS_COPIES];
	for (int i = SLOTS_COPIES - 1; i >= 0; i--) {
		uint8_t bytes[SLOTS_BYTES];
		struct slots state;
		wrong[i] = read_copy(bytes, fd, slots_disk_at[i]);
		d.whole[i] = !wrong[i] && slots_decode(&state, bytes);
		if (d.whole[i]) {
			d.state = state;
			d.copy = i;
		}
	}
	if (wrong[0] && wrong[1])
		return wrong[0];
	*out = d;
	return 0;
}

static int write_copy(int fd, const uint8_t in[SLOTS_BYTES], long long at)
{
	size_t done = 0;
	while (done < SLOTS_BYTES) {
		ssize_t n = pwrite(fd, in + done, SLOTS_BYTES - done, at + (long long)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int slots_disk_write(int fd, const struct slots_disk *was, const struct slots *state)
{
	uint8_t bytes[SLOTS_BYTES];
	slots_encode(bytes, state);
	int begin = was->copy == 1 ? 0 : 1;
	int err = write_copy(fd, bytes, slots_disk_at[begin]);
	return err ? err : write_copy(fd, bytes, slots_disk_at[1 - begin]);
}

/* /sys/dev/block/8:2 leads to .../block/sda/sda2, and a partition's folder has a file of that name.
 */
int slots_disk_of_root(char *path, size_t capacity)
{
	struct stat st;
	if (stat("/", &st))
		return -errno;
	char node[64], real[PATH_MAX];
	snprintf(node, sizeof(node), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	ssize_t n = readlink(node, real, sizeof(real) - 1);
	if (n < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	real[n] = '\0';
	snprintf(node, sizeof(node), "/sys/dev/block/%u:%u/partition", major(st.st_dev),
		minor(st.st_dev));
	if (access(node, F_OK) == 0) {
		char *end = strrchr(real, '/');
		if (!end)
			return -ENODEV;
		*end = '\0';
	}
	const char *name = strrchr(real, '/');
	if (!name || !name[1])
		return -ENODEV;
	int wrote = snprintf(path, capacity, "/dev/%s", name + 1);
	return wrote < 0 || (size_t)wrote >= capacity ? -ENAMETOOLONG : 0;
}
