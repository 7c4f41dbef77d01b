/* Stands in for a pretix server: pretix_standin DIR TOKEN. Listens on a port of 127.0.0.1 that the
 * kernel chooses, writes its number into DIR/port and answers one request after the other until it
 * is told to end (SIGTERM). Every request is a line of DIR/log.
 *
 * The body for /api/v1/organizers/ORG/events/EVENT/REST?QUERY is the file DIR/REST?QUERY with every
 * `/` of REST written as `_`, else DIR/REST without the query; for an empty REST it is DIR/event.
 * Where there is none the answer is pretix's own 404, and its 401 where the token is another.
 *
 * A file of the same name with .how after it says, a line each, how to answer:
 *   times N     only the next N requests are answered so
 *   status N    with this status
 *   header TEXT with this header more
 *   cut N       the connection ends after N bytes of the body
 *   slow MS     nothing comes for so long
 *   huge N      with N bytes instead of the file */
#include "base/cc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 8192
#define PATH_SIZE   4096

struct how {
	int times, status;
	long cut, slow_ms, huge; /* 0: not */
	char headers[1024];
};

static const char *dir, *token;

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static char *read_file(const char *path, size_t *len)
{
	AUTO_FILE f = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;
	if (!f)
		return NULL;
	ssize_t n = getdelim(&text, &capacity, EOF, f);
	*len = n > 0 ? (size_t)n : 0;
	return text;
}

static void read_how(const char *path, struct how *out)
{
	char line[512], name[PATH_SIZE + 8];
	snprintf(name, sizeof(name), "%s.how", path);
	*out = (struct how){ .times = -1, .status = 200 };
	FILE *f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		sscanf(line, "times %d", &out->times);
		sscanf(line, "status %d", &out->status);
		sscanf(line, "cut %ld", &out->cut);
		sscanf(line, "slow %ld", &out->slow_ms);
		sscanf(line, "huge %ld", &out->huge);
		size_t used = strlen(out->headers);
		if (!strncmp(line, "header ", 7))
			snprintf(out->headers + used, sizeof(out->headers) - used, "%s\r\n",
				line + 7);
	}
	if (f)
		fclose(f);
	if (out->times == 0)
		*out = (struct how){ .times = -1, .status = 200 };
	if (out->times <= 0)
		return;
	f = fopen(name, "ae");
	if (f) {
		fprintf(f, "times %d\n", out->times - 1);
		fclose(f);
	}
}

/* The file for a request's target; false where it is not in the event. */
static bool path_of(const char *target, char out[PATH_SIZE], bool query)
{
	const char *rest = target;
	char name[PATH_SIZE / 2];
	for (int slashes = 0; slashes < 7; slashes++) {
		rest = strchr(rest, '/');
		if (!rest)
			return false;
		rest++;
	}
	size_t n = strcspn(rest, "?");
	snprintf(name, sizeof(name), "%s", n ? rest : "event");
	if (!query && n)
		name[n < sizeof(name) ? n : sizeof(name) - 1] = '\0';
	for (size_t i = 0; name[i] && i < n; i++)
		if (name[i] == '/')
			name[i] = '_';
	snprintf(out, PATH_SIZE, "%s/%s", dir, name);
	return true;
}

static void send_body(int fd, const struct how *how, const char *body, size_t len)
{
	static char blank[65536];
	if (how->cut) {
		send_all(fd, body, (size_t)how->cut < len ? (size_t)how->cut : len);
		return;
	}
	if (!how->huge) {
		send_all(fd, body, len);
		return;
	}
	memset(blank, ' ', sizeof(blank));
	for (long left = how->huge; left > 0; left -= (long)sizeof(blank))
		if (!send_all(fd, blank, sizeof(blank)))
			return;
}

static void answer(int fd, const char *target, bool known)
{
	char path[PATH_SIZE] = "", head[2048];
	AUTO_FREE char *body = NULL;
	struct how how = { .times = -1, .status = 404 };
	size_t len = 0;
	if (known && path_of(target, path, true))
		body = read_file(path, &len);
	if (known && !body && path_of(target, path, false))
		body = read_file(path, &len);
	if (body)
		read_how(path, &how);
	if (!known)
		how.status = 401;
	const char *missing =
		known ? "{\"detail\": \"Not found.\"}" : "{\"detail\": \"Invalid token.\"}";
	struct timespec slow = { how.slow_ms / 1000, how.slow_ms % 1000 * 1000000 };
	nanosleep(&slow, NULL);
	/* Without a length where it is to be found out. */
	char length[64] = "";
	if (!how.huge)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
			body ? len : strlen(missing));
	int n = snprintf(head, sizeof(head),
		"HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n%s%s"
		"Connection: close\r\n\r\n",
		how.status, length, how.headers);
	if (send_all(fd, head, (size_t)n))
		send_body(fd, &how, body ? body : missing, body ? len : strlen(missing));
}

static void serve(int fd)
{
	char request[REQUEST_MAX + 1], expected[640], name[PATH_SIZE], target[2048] = "";
	size_t len = 0;
	request[0] = '\0';
	while (len < REQUEST_MAX && !strstr(request, "\r\n\r\n")) {
		ssize_t n = recv(fd, request + len, REQUEST_MAX - len, 0);
		if (n <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
	}
	if (sscanf(request, "GET %2047s HTTP/1.1", target) != 1)
		return;
	snprintf(expected, sizeof(expected), "\r\nAuthorization: Token %s\r\n", token);
	snprintf(name, sizeof(name), "%s/log", dir);
	FILE *log = fopen(name, "ae");
	if (log) {
		fprintf(log, "%s\n", target);
		fclose(log);
	}
	answer(fd, target, strstr(request, expected) != NULL);
}

static int tell_port(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t size = sizeof(at);
	char name[PATH_SIZE], aside[PATH_SIZE + 4];
	snprintf(name, sizeof(name), "%s/port", dir);
	snprintf(aside, sizeof(aside), "%s.new", name);
	FILE *f = fopen(aside, "we");
	if (!f || getsockname(fd, (struct sockaddr *)&at, &size))
		return -1;
	fprintf(f, "%d\n", ntohs(at.sin_port));
	fclose(f);
	return rename(aside, name);
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	if (argc != 3)
		return 2;
	alarm(900); /* whoever started it may be gone */
	dir = argv[1];
	token = argv[2];
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 16) ||
		tell_port(fd))
		return 3;
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		serve(client);
		shutdown(client, SHUT_WR);
		close(client);
	}
}
