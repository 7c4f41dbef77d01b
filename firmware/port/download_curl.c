#include "port/download.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct transfer {
	int fd, error;
	uint64_t left;
	bool not_private;
};

/* RFC 1918, RFC 3927, RFC 1122 loopback. */
static bool is_private_v4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
	       a >> 16 == 0xa9fe;
}

/* RFC 4193, RFC 4291 link-local and loopback. */
static bool is_private_v6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	       (a->s6_addr[0] & 0xfe) == 0xfc;
}

/* The address that is about to be connected to, so that a name cannot say one thing and mean
 * another. */
static curl_socket_t open_private(void *context, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct transfer *t = context;
	bool good = false;
	(void)purpose;
	if (at->family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, &at->addr, sizeof(in));
		good = is_private_v4(ntohl(in.sin_addr.s_addr));
	} else if (at->family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, &at->addr, sizeof(in6));
		good = is_private_v6(&in6.sin6_addr);
	}
	t->not_private = t->not_private || !good;
	return good ? socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol)
		    : CURL_SOCKET_BAD;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	size_t n = size * count;
	if (n > t->left) {
		t->error = -EFBIG;
		return 0;
	}
	for (size_t done = 0; done < n;) {
		ssize_t w = write(t->fd, bytes + done, n - done);
		if (w < 0) {
			t->error = -errno;
			return 0;
		}
		done += (size_t)w;
	}
	t->left -= n;
	return n;
}

static int result_of(CURL *curl, CURLcode code, const struct transfer *t)
{
	long status = 0;
	if (t->error)
		return t->error;
	if (code && t->not_private)
		return -EACCES;
	if (code)
		return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT
			       ? -EINVAL
			       : -EHOSTUNREACH;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? 0 : -ENOENT;
}

int download(const char *url, int fd, uint64_t max_bytes, unsigned timeout_s)
{
	struct transfer t = { .fd = fd, .left = max_bytes };
	CURL *curl = curl_easy_init();
	if (!curl)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout_s);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_private);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &t);
	CURLcode code = curl_easy_perform(curl);
	int error = code == CURLE_HTTP_RETURNED_ERROR ? -ENOENT : result_of(curl, code, &t);
	curl_easy_cleanup(curl);
	return error;
}
