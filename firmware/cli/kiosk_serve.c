/* Hands bundles out to boxes in the same house. One request a connection, one connection at a
 * time, each with little time. Only names that were listed at the start are answered, from
 * descriptors that were opened then: nothing in a request becomes a path. Each bundle goes out
 * sealed with a key of this run, which its pairing code alone has: who listens gets nothing. */
#include "cli/kiosk_serve.h"

#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "event/bundle.h"
#include "event/passage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_MAX   256
#define REQUEST_MAX 2048
#define PATIENCE_S  5

struct file {
	char name[NAME_MAX + 1];
	int fd;
	struct bundle bundle;
	uint8_t key[PASSAGE_KEY_SIZE];
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static bool is_plain(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.")] && name[0] != '.';
}

/* The good bundles of DIR/bundles; the others are told. */
static size_t list(const char *dir, struct file *files)
{
	char pattern[PATH_MAX];
	glob_t found;
	size_t n = 0;
	snprintf(pattern, sizeof(pattern), "%s/bundles/*" BUNDLE_SUFFIX, dir);
	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && n < FILES_MAX; i++) {
		const char *path = found.gl_pathv[i], *name = strrchr(path, '/') + 1;
		struct file *f = &files[n];
		f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		enum bundle_wrong wrong =
			f->fd < 0 ? BUNDLE_UNREADABLE : bundle_verify(&f->bundle, f->fd);
		if (!wrong && is_plain(name)) {
			text_copy(f->name, sizeof(f->name), name);
			passage_make_key(f->key);
			n++;
			continue;
		}
		fprintf(stderr, "note: %s is left out: %s\n", path,
			wrong ? bundle_wrong_texts[wrong]
			      : "its name has other characters than "
				"a-z 0-9 _ - .");
		cc_close_fd(&f->fd);
	}
	globfree(&found);
	return n;
}

/* Until the empty line that ends a request's head; false when that does not come in time. */
static bool read_head(int fd, char out[REQUEST_MAX])
{
	size_t used = 0;
	while (used < REQUEST_MAX - 1) {
		ssize_t n = recv(fd, out + used, REQUEST_MAX - 1 - used, 0);
		if (n <= 0)
			return false;
		used += (size_t)n;
		out[used] = '\0';
		if (strlen(out) != used)
			return false;
		if (strstr(out, "\r\n\r\n"))
			return true;
	}
	return false;
}

static const struct file *find(const struct file *files, size_t count, const char *head)
{
	for (size_t i = 0; i < count; i++) {
		char line[NAME_MAX + 32];
		snprintf(line, sizeof(line), "GET /%s HTTP/1.", files[i].name);
		if (!strncmp(head, line, strlen(line)))
			return &files[i];
	}
	return NULL;
}

static void send_file(int fd, const struct file *f)
{
	if (dprintf(fd,
		    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
		    "Content-Length: %" PRIu64 "\r\nConnection: close\r\n\r\n",
		    passage_sealed_size(f->bundle.length)) < 0)
		return;
	int error = passage_seal(fd, f->fd, f->bundle.length, f->key);
	if (error)
		fprintf(stderr, "note: %s did not go out whole: %s\n", f->name, strerror(-error));
}

static void serve_one(int listener, const struct file *files, size_t count)
{
	static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	struct timeval patience = { .tv_sec = PATIENCE_S };
	char head[REQUEST_MAX];
	AUTO_FD fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
		!read_head(fd, head))
		return;
	const struct file *f = find(files, count, head);
	if (f)
		send_file(fd, f);
	else if (send(fd, none, sizeof(none) - 1, MSG_NOSIGNAL) < 0)
		return;
	shutdown(fd, SHUT_WR);
}

/* "192.168.1.2:8080"; port 0 is the system's choice. Prints where it listens. */
static int listen_at(const char *text, char where[64])
{
	char address[INET_ADDRSTRLEN];
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	unsigned port;
	char rest;
	if (sscanf(text, "%15[0-9.]:%5u%c", address, &port, &rest) != 2 || port > 65535 ||
		inet_pton(AF_INET, address, &at.sin_addr) != 1)
		return -EINVAL;
	at.sin_port = htons((uint16_t)port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 8) ||
		getsockname(fd, (struct sockaddr *)&at, &size)) {
		int error = -errno;
		cc_close_fd(&fd);
		return error;
	}
	snprintf(where, 64, "%s:%u", address, ntohs(at.sin_port));
	return fd;
}

static void tell(const char *where, const struct file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char key[2 * PASSAGE_KEY_SIZE + 1];
		text_hex(key, files[i].key, sizeof(files[i].key));
		printf("%s %s parvis-pair:http://%s/%s#%s\n", files[i].name,
			files[i].bundle.short_hash, where, files[i].name, key);
	}
	fflush(stdout);
}

int kiosk_serve(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	char where[64];
	const char *dir = NULL, *address = NULL;
	const struct flag flags[] = { { "event", .text = &dir, .needed = "DIR" },
		{ "listen", .text = &address, .needed = "ADDRESS:PORT" }, { 0 } };
	int read = flags_read("parvis kiosk serve", flags, argc, argv, NULL);
	if (read >= 0) {
		fputs("usage: parvis kiosk serve --event DIR --listen ADDRESS:PORT\n",
			read ? stderr : stdout);
		return read;
	}
	struct file *files = calloc(FILES_MAX, sizeof(*files));
	size_t count = files ? list(dir, files) : 0;
	int listener = count ? listen_at(address, where) : -ENOENT;
	if (listener >= 0) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		signal(SIGPIPE, SIG_IGN);
		tell(where, files, count);
	} else {
		fprintf(stderr, "parvis: %s\n",
			!count ? "there is no bundle: see parvis kiosk provision"
			       : strerror(-listener));
	}
	while (listener >= 0 && !stop) {
		struct pollfd p = { .fd = listener, .events = POLLIN };
		if (poll(&p, 1, 500) > 0)
			serve_one(listener, files, count);
	}
	for (size_t i = 0; i < count; i++)
		cc_close_fd(&files[i].fd);
	free(files);
	int status = listener >= 0 ? CLI_OK : listener == -EINVAL ? CLI_USAGE : CLI_FAILED;
	cc_close_fd(&listener);
	return status;
}
