#include "app/pairing.h"

#include "base/text.h"
#include "event/bundle.h"
#include "port/download.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S        60
#define BUNDLE_BYTES_MAX ((uint64_t)BUNDLE_ROSTER_MAX + (4 << 20))

static bool starts_with(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(text, with, strlen(with));
}

bool pairing_read(struct pairing *out, const char *text, size_t len)
{
	struct pairing p = { 0 };
	if (!starts_with(text, len, PAIRING_PREFIX))
		return false;
	text += strlen(PAIRING_PREFIX);
	len -= strlen(PAIRING_PREFIX);
	const char *mark = memchr(text, '#', len);
	if (!mark || (size_t)(mark - text) >= sizeof(p.url))
		return false;
	size_t url = (size_t)(mark - text);
	if (!starts_with(text, url, "http://") && !starts_with(text, url, "https://"))
		return false;
	for (size_t i = 0; i < url; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '@' || text[i] == '\\')
			return false;
	if (!text_unhex(p.key, sizeof(p.key), mark + 1, len - url - 1))
		return false;
	memcpy(p.url, text, url);
	*out = p;
	return true;
}

/* A new file that only we can read; negative errno. */
static int make(const char *path)
{
	if (unlink(path) && errno != ENOENT)
		return -errno;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int pairing_fetch(const struct pairing *p, const char *path)
{
	struct bundle b;
	AUTO_FD sealed = make(path);
	if (sealed < 0)
		return sealed;
	int error = download(p->url, sealed, passage_sealed_size(BUNDLE_BYTES_MAX), TIMEOUT_S);
	/* What came lies under the same name until it is opened: no other is left by a power cut.
	 */
	AUTO_FD fd = error ? -1 : make(path);
	if (!error && fd < 0)
		error = fd;
	if (!error)
		error = passage_open(fd, sealed, p->key);
	if (!error && bundle_verify(&b, fd))
		error = -EBADMSG;
	if (error)
		unlink(path);
	return error;
}
