#include "event/boxes.h"

#include "base/text.h"
#include "base/when.h"
#include "event/issuer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME           "boxes"
#define LINE_MAX_BYTES 256
#define FIELDS         6

/* --- reading -----------------------------------------------------------------------------------
 */

static bool take_id(char out[ID_SIZE], const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!n || text[n] || n >= ID_SIZE)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

static bool take_serial(uint64_t *out, const char *text)
{
	size_t n = strspn(text, "0123456789");
	if (!n || text[n] || n > 18 || *text == '0')
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

/* With its Z: a moment of another zone would not be the same everywhere. */
static bool take_moment(int64_t *out, const char *text)
{
	size_t n = strlen(text);
	return n && text[n - 1] == 'Z' && !when_parse(text, out) && *out > 0;
}

static bool read_line(struct boxes_entry *out, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES], *fields[FIELDS], *save = NULL;
	size_t count = 0;
	if (len >= sizeof(line) || memchr(text, 0, len))
		return false;
	memcpy(line, text, len);
	line[len] = '\0';
	for (char *f = strtok_r(line, " ", &save); f; f = strtok_r(NULL, " ", &save)) {
		if (count == FIELDS)
			return false;
		fields[count++] = f;
	}
	*out = (struct boxes_entry){ 0 };
	return count == FIELDS &&
	       text_unhex(out->device, sizeof(out->device), fields[0], strlen(fields[0])) &&
	       take_id(out->venue, fields[1]) && take_id(out->door, fields[2]) &&
	       take_serial(&out->serial, fields[3]) && take_moment(&out->made_ms, fields[4]) &&
	       (!strcmp(fields[5], "-") || take_moment(&out->revoked_ms, fields[5]));
}

static int by_device(const void *a, const void *b)
{
	const struct boxes_entry *x = a, *y = b;
	int order = memcmp(x->device, y->device, sizeof(x->device));
	return order ? order : (x->serial > y->serial) - (x->serial < y->serial);
}

int boxes_parse(struct boxes *out, const char *text, size_t len)
{
	size_t capacity = 0;
	const char *end = text + len;
	for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		capacity++;
	struct boxes b = { .at = calloc(capacity ? capacity : 1, sizeof(*b.at)) };
	if (!b.at)
		return -ENOMEM;
	for (const char *stop; (stop = memchr(text, '\n', (size_t)(end - text))); text = stop + 1) {
		if (!read_line(&b.at[b.count++], text, (size_t)(stop - text))) {
			free(b.at);
			return -EBADMSG;
		}
	}
	if (b.count)
		qsort(b.at, b.count, sizeof(*b.at), by_device);
	*out = b;
	return 0;
}

static int read_all(int fd, char **out, size_t *len)
{
	struct stat st;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > BOXES_MAX)
		return -EFBIG;
	size_t size = (size_t)st.st_size, done = 0;
	char *text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	while (done < size) {
		ssize_t n = pread(fd, text + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = -errno;
			free(text);
			return error;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*out = text;
	*len = done;
	return 0;
}

/* The descriptor of DIR/keys. */
static int open_keys(const char *event_dir)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int load_at(struct boxes *out, int keys)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	AUTO_FD fd = openat(keys, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int error = read_all(fd, &text, &len);
	return error ? error : boxes_parse(out, text, len);
}

int boxes_load(struct boxes *out, const char *event_dir)
{
	AUTO_FD keys = open_keys(event_dir);
	return keys < 0 ? keys : load_at(out, keys);
}

void boxes_free(struct boxes *b)
{
	free(b->at);
	*b = (struct boxes){ 0 };
}

/* --- looking up --------------------------------------------------------------------------------
 */

/* The first line of a device, or where it would be. */
static size_t first_of(const struct boxes *b, const uint8_t device[DEVICE_ID_SIZE])
{
	size_t low = 0, high = b->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(b->at[mid].device, device, DEVICE_ID_SIZE) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_of(const struct boxes *b, size_t i, const uint8_t device[DEVICE_ID_SIZE])
{
	return i < b->count && !memcmp(b->at[i].device, device, DEVICE_ID_SIZE);
}

enum boxes_standing boxes_standing(const struct boxes *b, const uint8_t device[DEVICE_ID_SIZE])
{
	size_t i = first_of(b, device);
	enum boxes_standing standing = BOXES_UNKNOWN;
	for (; is_of(b, i, device); i++) {
		if (b->at[i].revoked_ms)
			return BOXES_REVOKED;
		standing = BOXES_GOOD;
	}
	return standing;
}

const struct boxes_entry *boxes_newest(const struct boxes *b, const uint8_t device[DEVICE_ID_SIZE])
{
	const struct boxes_entry *newest = NULL;
	for (size_t i = first_of(b, device); is_of(b, i, device); i++)
		newest = &b->at[i];
	return newest;
}

uint32_t boxes_generation(const struct boxes *b, const char *venue, const char *door)
{
	uint32_t shut_out = 0;
	const uint8_t *counted = NULL;
	for (size_t i = 0; i < b->count; i++) {
		const struct boxes_entry *e = &b->at[i];
		if (!e->revoked_ms || strcmp(e->venue, venue) || strcmp(e->door, door) ||
			(counted && !memcmp(counted, e->device, DEVICE_ID_SIZE)))
			continue;
		counted = e->device;
		shut_out++;
	}
	return shut_out;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void write_line(FILE *out, const struct boxes_entry *e)
{
	char device[2 * DEVICE_ID_SIZE + 1], made[WHEN_ISO_SIZE], revoked[WHEN_ISO_SIZE] = "-";
	text_hex(device, e->device, sizeof(e->device));
	when_iso_utc(e->made_ms, made);
	if (e->revoked_ms)
		when_iso_utc(e->revoked_ms, revoked);
	fprintf(out, "%s %s %s %" PRIu64 " %s %s\n", device, e->venue, e->door, e->serial, made,
		revoked);
}

/* Where the last whole line ends. */
static int whole_lines(int fd, off_t *end)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int error = read_all(fd, &text, &len);
	if (error)
		return error;
	while (len && text[len - 1] != '\n')
		len--;
	*end = (off_t)len;
	return 0;
}

static int append(int fd, const struct boxes_entry *entry)
{
	char *line = NULL;
	size_t len = 0;
	off_t end = 0;
	int error = whole_lines(fd, &end);
	FILE *out = error ? NULL : open_memstream(&line, &len);
	if (!out)
		return error ? error : -ENOMEM;
	write_line(out, entry);
	if (fclose(out))
		error = -ENOMEM;
	if (!error &&
		(ftruncate(fd, end) || pwrite(fd, line, len, end) != (ssize_t)len || fsync(fd)))
		error = errno ? -errno : -EIO;
	if (error && ftruncate(fd, end))
		error = -EIO;
	free(line);
	return error;
}

int boxes_add(const char *event_dir, const struct boxes_entry *entry)
{
	AUTO_FD keys = open_keys(event_dir);
	if (keys < 0)
		return keys;
	if (flock(keys, LOCK_EX))
		return -errno;
	AUTO_FD fd =
		openat(keys, NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	errno = 0;
	int error = append(fd, entry);
	return error ? error : fsync(keys) ? -errno : 0;
}

static int by_serial(const void *a, const void *b)
{
	const struct boxes_entry *x = a, *y = b;
	return (x->serial > y->serial) - (x->serial < y->serial);
}

static int replace(int keys, struct boxes *b)
{
	static const char aside[] = NAME ".new";
	int fd = openat(keys, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		S_IRUSR | S_IWUSR);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		int error = -errno;
		cc_close_fd(&fd);
		return error;
	}
	qsort(b->at, b->count, sizeof(*b->at), by_serial);
	for (size_t i = 0; i < b->count; i++)
		write_line(out, &b->at[i]);
	int error = fflush(out) || ferror(out) || fsync(fd) ? -errno : 0;
	if (fclose(out) && !error)
		error = -errno;
	if (!error && (renameat(keys, aside, keys, NAME) || fsync(keys)))
		error = -errno;
	if (error)
		unlinkat(keys, aside, 0);
	return error;
}

int boxes_revoke(const char *event_dir, const uint8_t device[DEVICE_ID_SIZE], int64_t now_ms)
{
	struct boxes b;
	AUTO_FD keys = open_keys(event_dir);
	if (keys < 0)
		return keys;
	if (flock(keys, LOCK_EX))
		return -errno;
	int error = load_at(&b, keys);
	if (error)
		return error;
	size_t i = first_of(&b, device);
	error = is_of(&b, i, device) ? 0 : -ENOENT;
	for (; is_of(&b, i, device); i++)
		if (!b.at[i].revoked_ms)
			b.at[i].revoked_ms = now_ms;
	if (!error)
		error = replace(keys, &b);
	boxes_free(&b);
	return error;
}
