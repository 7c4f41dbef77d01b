/* Stands in for a pretix server: pretix_standin DIR TOKEN. Listens on a port of 127.0.0.1 that the
 * kernel chooses, writes its number into DIR/port and answers one request after the other until it
 * is told to end (SIGTERM). Every request is a line of DIR/log.
 *
 * The body for /api/v1/organizers/ORG/events/EVENT/REST?QUERY is the file DIR/REST?QUERY with every
 * `/` of REST written as `_`, else DIR/REST without the query; for an empty REST it is DIR/event.
 * Where there is none the answer is pretix's own 404, and its 401 where the token is another.
 *
 * POST /api/v1/organizers/ORG/checkinrpc/redeem/ is answered as the documentation has it:
 * DIR/redeem has a line SECRET STATE for each ticket, with ok, questions, or a reason of refusal as
 * its state, and DIR/lists the number of a list that is there, one a line. A request is looked at
 * first: JSON with a secret, one list that is there, a type, a moment and a nonce, or it is
 * answered with 400. A check-in that is new, by its nonce, becomes a line "SECRET TYPE DATETIME
 * NONCE" of DIR/checkins; without force a second entry of a ticket is already_redeemed.
 *
 * A file of the same name with .how after it says, a line each, how to answer (redeem.how):
 *   times N     only the next N requests are answered so
 *   status N    with this status
 *   header TEXT with this header more
 *   cut N       the connection ends after N bytes of the body
 *   slow MS     nothing comes for so long
 *   huge N      with N bytes instead of the file */
#include "base/cc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 16384
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

/* --- redeem ------------------------------------------------------------------------------------
 */

/* What a file of lines says after a first word; false where no line begins with it. */
static bool look_up(const char *file, const char *word, char out[64])
{
	char path[PATH_SIZE], line[1024], first[512], rest[64];
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	AUTO_FILE f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		rest[0] = '\0';
		if (sscanf(line, "%511s %63s", first, rest) < 1 || strcmp(first, word) != 0)
			continue;
		strcpy(out, rest);
		return true;
	}
	return false;
}

/* Whether a check-in is there: of this nonce, or, without one, any entry of this ticket. */
static bool has_checkin(const char *secret, const char *nonce)
{
	char path[PATH_SIZE], line[1024], s[512], type[16], at[64], n[128];
	snprintf(path, sizeof(path), "%s/checkins", dir);
	AUTO_FILE f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%511s %15s %63s %127s", s, type, at, n) == 4 &&
			(nonce ? !strcmp(n, nonce) : !strcmp(s, secret) && !strcmp(type, "entry")))
			return true;
	return false;
}

static void add_checkin(const char *secret, const char *type, const char *at, const char *nonce)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof(path), "%s/checkins", dir);
	AUTO_FILE f = fopen(path, "ae");
	if (f)
		fprintf(f, "%s %s %s %s\n", secret, type, at, nonce);
}

static bool is_moment(const char *text)
{
	struct tm t = { 0 };
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &t) : NULL;
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end && (!strcmp(end, "Z") || *end == '+' || *end == '-');
}

static int wrong(char *body, size_t size, const char *field)
{
	snprintf(body, size, "{\"%s\": [\"This field is not valid.\"]}", field);
	return 400;
}

static int refuse(char *body, size_t size, int status, const char *reason)
{
	snprintf(body, size,
		"{%s\"status\": \"error\", \"reason\": \"%s\", \"reason_explanation\": %s,"
		" \"require_attention\": false, \"checkin_texts\": []}",
		status == 404 ? "\"detail\": \"Not found.\", " : "", reason,
		strcmp(reason, "rules") ? "null" : "\"Not before 20:00\"");
	return status;
}

/* Fills the answer's body; gives its status. */
static int redeem(const json_t *o, char *body, size_t size)
{
	const char *secret = json_string_value(json_object_get(o, "secret"));
	const char *nonce = json_string_value(json_object_get(o, "nonce"));
	const char *type = json_string_value(json_object_get(o, "type"));
	const char *at = json_string_value(json_object_get(o, "datetime"));
	const json_t *lists = json_object_get(o, "lists");
	char number[32] = "", state[64] = "", ignored[64];
	snprintf(number, sizeof(number), "%lld",
		(long long)json_integer_value(json_array_get(lists, 0)));
	if (json_array_size(lists) != 1 || !look_up("lists", number, ignored))
		return wrong(body, size, "lists");
	if (!secret || !*secret)
		return wrong(body, size, "secret");
	if (!nonce || !*nonce || strlen(nonce) > 127)
		return wrong(body, size, "nonce");
	if (!type || (strcmp(type, "entry") != 0 && strcmp(type, "exit") != 0))
		return wrong(body, size, "type");
	if (!is_moment(at))
		return wrong(body, size, "datetime");
	if (!look_up("redeem", secret, state))
		return refuse(body, size, 404, "invalid");
	if (!strcmp(state, "questions")) {
		snprintf(body, size, "{\"status\": \"incomplete\", \"questions\": [{\"id\": 1}]}");
		return 400;
	}
	if (strcmp(state, "ok") != 0)
		return refuse(body, size, 200, state);
	bool again = has_checkin(secret, nonce);
	if (!again && !json_is_true(json_object_get(o, "force")) && !strcmp(type, "entry") &&
		has_checkin(secret, NULL))
		return refuse(body, size, 200, "already_redeemed");
	if (!again)
		add_checkin(secret, type, at, nonce);
	snprintf(body, size, "{\"status\": \"ok\", \"position\": {}, \"checkin_texts\": []}");
	return 201;
}

static void answer_post(int fd, const char *target, bool known, const char *json)
{
	char path[PATH_SIZE], body[1024] = "{\"detail\": \"Not found.\"}", head[2048];
	struct how how;
	json_error_t e;
	json_t *o = json_loads(json, 0, &e);
	size_t n = strlen(target), rpc = strlen("/checkinrpc/redeem/");
	snprintf(path, sizeof(path), "%s/redeem", dir);
	read_how(path, &how);
	struct timespec slow = { how.slow_ms / 1000, how.slow_ms % 1000 * 1000000 };
	nanosleep(&slow, NULL);
	int status = 404;
	if (!known)
		status = 401;
	else if (n > rpc && !strcmp(target + n - rpc, "/checkinrpc/redeem/"))
		status = how.status != 200   ? how.status
			 : json_is_object(o) ? redeem(o, body, sizeof(body))
					     : wrong(body, sizeof(body), "non_field_errors");
	json_decref(o);
	int len = snprintf(head, sizeof(head),
		"HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s"
		"Connection: close\r\n\r\n",
		status, strlen(body), how.headers);
	if (!how.cut && send_all(fd, head, (size_t)len))
		send_all(fd, body, strlen(body));
}

/* The body of a request whose head is whole; false where it does not come, or is no JSON by its
 * type. */
static bool read_body(int fd, char *request, size_t len, const char **out)
{
	const char *length = strcasestr(request, "\r\nContent-Length:");
	char *body = strstr(request, "\r\n\r\n");
	size_t wanted = length ? strtoul(length + 17, NULL, 10) : 0;
	if (!body || !wanted || !strcasestr(request, "\r\nContent-Type: application/json\r\n"))
		return false;
	body += 4;
	if ((size_t)(body - request) + wanted > REQUEST_MAX)
		return false;
	while (len < (size_t)(body - request) + wanted) {
		ssize_t n = recv(fd, request + len, REQUEST_MAX - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		request[len] = '\0';
	}
	*out = body;
	return true;
}

static void note_request(const char *target)
{
	char name[PATH_SIZE];
	snprintf(name, sizeof(name), "%s/log", dir);
	AUTO_FILE log = fopen(name, "ae");
	if (log)
		fprintf(log, "%s\n", target);
}

static void serve(int fd)
{
	char request[REQUEST_MAX + 1], expected[640], target[2048] = "";
	const char *body;
	size_t len = 0;
	request[0] = '\0';
	while (len < REQUEST_MAX && !strstr(request, "\r\n\r\n")) {
		ssize_t n = recv(fd, request + len, REQUEST_MAX - len, 0);
		if (n <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
	}
	bool post = sscanf(request, "POST %2047s HTTP/1.1", target) == 1;
	if (!post && sscanf(request, "GET %2047s HTTP/1.1", target) != 1)
		return;
	snprintf(expected, sizeof(expected), "\r\nAuthorization: Token %s\r\n", token);
	bool known = strstr(request, expected) != NULL;
	note_request(target);
	if (!post)
		answer(fd, target, known);
	else if (read_body(fd, request, len, &body))
		answer_post(fd, target, known, body);
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
