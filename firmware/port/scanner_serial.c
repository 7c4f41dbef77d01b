/* Serial hand scanners, and USB ones that present a serial port: plain termios. */
#include "port/scanner_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define DEFAULT_SPEED "115200"

struct serial {
	char *path;
	speed_t speed;
	int fd;
};

static const struct {
	const char *name;
	speed_t speed;
} speeds[] = {
	{ "1200", B1200 },
	{ "2400", B2400 },
	{ "4800", B4800 },
	{ "9600", B9600 },
	{ "19200", B19200 },
	{ "38400", B38400 },
	{ "57600", B57600 },
	{ "115200", B115200 },
	{ "230400", B230400 },
	{ "460800", B460800 },
	{ "921600", B921600 },
};

static int find_speed(speed_t *out, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(speeds); i++) {
		if (!strcmp(name, speeds[i].name)) {
			*out = speeds[i].speed;
			return 0;
		}
	}
	return -EINVAL;
}

static int serial_open(void **out, const char *path, const char *option)
{
	speed_t speed;
	int error = find_speed(&speed, *option ? option : DEFAULT_SPEED);
	if (error)
		return error;
	struct serial *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->path = strdup(path);
	if (!s->path) {
		free(s);
		return -ENOMEM;
	}
	s->speed = speed;
	s->fd = -1;
	*out = s;
	return 0;
}

/* 8N1, no flow control, no line discipline, modem lines ignored. */
static int make_raw(int fd, speed_t speed)
{
	struct termios t;
	if (tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	t.c_iflag &= ~(tcflag_t)(IXOFF | IXANY);
	t.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (cfsetispeed(&t, speed) || cfsetospeed(&t, speed) || tcsetattr(fd, TCSANOW, &t))
		return -errno;
	return 0;
}

static int serial_connect(void *device)
{
	struct serial *s = device;
	AUTO_FD fd = open(s->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = make_raw(fd, s->speed);
	if (error)
		return error;
	s->fd = fd;
	fd = -1;
	return s->fd;
}

static ssize_t serial_read(void *device, char *out, size_t capacity)
{
	struct serial *s = device;
	ssize_t n = read(s->fd, out, capacity);
	if (n > 0)
		return n;
	if (n == 0)
		return -EIO; /* hung up */
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static void serial_disconnect(void *device)
{
	struct serial *s = device;
	close(s->fd);
	s->fd = -1;
}

static void serial_close(void *device)
{
	struct serial *s = device;
	free(s->path);
	free(s);
}

const struct scanner_kind scanner_serial = { "serial:", serial_open, serial_connect, serial_read,
	serial_disconnect, serial_close };
