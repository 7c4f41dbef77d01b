#include "app/sealing.h"

#include "app/stick_copy.h"
#include "night/sealed.h"
#include "night/series.h"
#include "port/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct sealing {
	struct stick_setup setup;
	pthread_t thread;
	int done_fd;
	/* The thread's, until done_fd says that it has ended. */
	char dir[PATH_MAX];
	uint8_t *file;
	size_t len;
	int error;
};

static int seal(struct sealing *s, struct device_key *key)
{
	struct stick_copy_setup setup = { .dir = s->dir,
		.data_dir = s->setup.data_dir,
		.event_id = s->setup.event_id,
		.key = key,
		.now_ms = clock_now(s->setup.clock_floor_ms).wall_ms };
	struct stick_copy *copy;
	bool at_stick, more = true;
	memcpy(setup.organiser, s->setup.organiser, sizeof(setup.organiser));
	int error = stick_copy_open(&copy, &setup, &at_stick);
	if (error)
		return error;
	while (!error && more)
		error = stick_copy_step(copy, &more, &at_stick);
	stick_copy_close(copy);
	return error;
}

static int read_file(struct sealing *s, int fd)
{
	struct stat st;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < 1 || st.st_size > SERIES_FILE_MAX)
		return -EFBIG;
	s->file = malloc((size_t)st.st_size);
	if (!s->file)
		return -ENOMEM;
	while (s->len < (size_t)st.st_size) {
		ssize_t n = read(fd, s->file + s->len, (size_t)st.st_size - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s->len += (size_t)n;
	}
	return 0;
}

/* The only file there is; and nothing is left of it. */
static int take_file(struct sealing *s)
{
	DIR *dir = opendir(s->dir);
	int error = dir ? -ENOENT : -errno;
	for (struct dirent *e; dir && (e = readdir(dir));) {
		size_t n = strlen(e->d_name), m = strlen(SEALED_SUFFIX);
		if (n >= m && !strcmp(e->d_name + n - m, SEALED_SUFFIX)) {
			AUTO_FD fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
			error = fd < 0 ? -errno : read_file(s, fd);
		}
		if (*e->d_name != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return error;
}

/* Memory, where the system has it so; else the box's own disk. */
static int make_dir(struct sealing *s)
{
	const char *tmp = getenv("TMPDIR");
	const char *const places[] = { tmp && *tmp ? tmp : "/tmp", s->setup.data_dir };
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		int n = snprintf(s->dir, sizeof(s->dir), "%s/parvis-series-XXXXXX", places[i]);
		if (n > 0 && (size_t)n < sizeof(s->dir) && mkdtemp(s->dir))
			return 0;
	}
	return -errno;
}

static void *run(void *context)
{
	struct sealing *s = context;
	struct device_key *key = NULL;
	s->error = s->setup.has_organiser ? make_dir(s) : -ENOKEY;
	if (!s->error) {
		s->error = device_key_open(&key, s->setup.box_dir, s->setup.data_dir);
		if (!s->error)
			s->error = seal(s, key);
		int taken = take_file(s);
		s->error = s->error ? s->error : taken;
		rmdir(s->dir);
		device_key_close(key);
	}
	eventfd_write(s->done_fd, 1);
	return NULL;
}

int sealing_start(struct sealing **out, const struct stick_setup *setup)
{
	struct sealing *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = s->done_fd < 0 ? -errno : -pthread_create(&s->thread, NULL, run, s);
	if (error) {
		cc_close_fd(&s->done_fd);
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

void sealing_stop(struct sealing *s)
{
	if (!s)
		return;
	pthread_join(s->thread, NULL);
	cc_close_fd(&s->done_fd);
	free(s->file);
	free(s);
}

int sealing_fd(const struct sealing *s)
{
	return s->done_fd;
}

bool sealing_take(struct sealing *s, uint8_t **file, size_t *len, int *error)
{
	eventfd_t done;
	if (eventfd_read(s->done_fd, &done))
		return false;
	*error = s->error;
	*file = s->error ? NULL : s->file;
	*len = s->len;
	if (!s->error)
		s->file = NULL;
	return true;
}
