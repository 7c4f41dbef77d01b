#include "cli/pretix_login.h"

#include "base/text.h"
#include "cli/pretix_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Decimal digits within the bounds. */
static bool take_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
	size_t len = strlen(text);
	if (len < 1 || len > 6 || strspn(text, "0123456789") != len)
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out >= least && *out <= most;
}

const char *pretix_take_timeout(void *timeout_s, const char *value)
{
	static_assert(HTTP_TIMEOUT_MAX_S == 600, "as it is said");
	return take_number(value, 1, HTTP_TIMEOUT_MAX_S, timeout_s) ? NULL : "seconds, 1 to 600";
}

const char *pretix_take_retries(void *retries, const char *value)
{
	static_assert(PRETIX_RETRIES_MAX == 20, "as it is said");
	return take_number(value, 0, PRETIX_RETRIES_MAX, retries) ? NULL : "a number, 0 to 20";
}

bool pretix_is_slug(const char *text)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	size_t len = strlen(text);
	return len >= 1 && len <= PRETIX_SLUG_MAX && strspn(text, allowed) == len && *text != '.';
}

bool pretix_is_list(const char *text)
{
	size_t len = strlen(text);
	return len >= 1 && len <= 18 && strspn(text, "0123456789") == len && *text != '0';
}

static int read_token(int fd, char out[HTTP_TOKEN_MAX + 2])
{
	size_t len = 0;
	ssize_t n = 1;
	while (n != 0 && len < HTTP_TOKEN_MAX + 1) {
		n = read(fd, out + len, HTTP_TOKEN_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return 0;
}

int pretix_token_of_file(const char *path, char out[HTTP_TOKEN_MAX + 2])
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 || fstat(fd, &st) ? -errno : read_token(fd, out);
	if (error)
		fprintf(stderr, "parvis: cannot read the token file: %s\n", strerror(-error));
	else if (S_ISREG(st.st_mode) && (st.st_mode & 077))
		fprintf(stderr, "note: others can read the token file: chmod 600 it\n");
	return error;
}

int pretix_token_of_argument(const char *argument, char out[HTTP_TOKEN_MAX + 2])
{
	size_t len = strlen(argument);
	if (!strcmp(argument, "-"))
		return read_token(STDIN_FILENO, out);
	text_copy(out, HTTP_TOKEN_MAX + 2, argument);
	memset((char *)(uintptr_t)argument, '*', len);
	return 0;
}
