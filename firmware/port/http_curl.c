#include "port/http.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_S 15

struct http {
	CURL *curl;
	struct curl_slist *headers;
	struct curl_slist json; /* one more for what is posted, before `headers` */
	char url[HTTP_URL_MAX]; /* without a slash at its end */
	char *scheme, *host, *port;
	char error[CURL_ERROR_SIZE];
};

/* --- the address ------------------------------------------------------------------------------ */

static bool same(CURLU *url, CURLUPart part, const char *expected)
{
	char *text = NULL;
	bool is = !curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) && text &&
		  !strcasecmp(text, expected);
	curl_free(text);
	return is;
}

static bool has(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool is = !curl_url_get(url, part, &text, 0) && text;
	curl_free(text);
	return is;
}

/* By number alone: what a name means is for somebody else to say. */
static bool is_this_machine(const char *host)
{
	struct in_addr four;
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return !strcmp(host, "[::1]");
}

static const char *take_parts(struct http *h, CURLU *url, const char *text)
{
	if (strlen(text) >= sizeof(h->url) || curl_url_set(url, CURLUPART_URL, text, 0))
		return "is no web address: write it as https://pretix.example.org";
	if (has(url, CURLUPART_USER) || has(url, CURLUPART_PASSWORD))
		return "has a user name in it: leave that out";
	if (has(url, CURLUPART_QUERY) || has(url, CURLUPART_FRAGMENT))
		return "goes on after a ? or #: leave that out";
	if (curl_url_get(url, CURLUPART_SCHEME, &h->scheme, 0) ||
		curl_url_get(url, CURLUPART_HOST, &h->host, 0) ||
		curl_url_get(url, CURLUPART_PORT, &h->port, CURLU_DEFAULT_PORT))
		return "is no web address: write it as https://pretix.example.org";
	if (!strcmp(h->scheme, "https"))
		return NULL;
	if (strcmp(h->scheme, "http") != 0)
		return "is no web address: write it as https://pretix.example.org";
	return is_this_machine(h->host)
		       ? NULL
		       : "would send the token in the clear: write https:// (http:// is for "
			 "127.0.0.1 and [::1] alone)";
}

static int take_url(struct http *h, const char *text, char why[HTTP_ERROR_SIZE])
{
	CURLU *url = curl_url();
	if (!url)
		return -ENOMEM;
	const char *wrong = take_parts(h, url, text);
	curl_url_cleanup(url);
	if (wrong) {
		/* The text may hold a password: it is not repeated. */
		snprintf(why, HTTP_ERROR_SIZE, "the server's address %s", wrong);
		return -EINVAL;
	}
	text_copy(h->url, sizeof(h->url), text);
	for (size_t n = strlen(h->url); n > 0 && h->url[n - 1] == '/'; n--)
		h->url[n - 1] = '\0';
	return 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int take_token(struct http *h, const char *token, char why[HTTP_ERROR_SIZE])
{
	char header[HTTP_TOKEN_MAX + 32];
	size_t len = strlen(token);
	bool good = len >= 1 && len <= HTTP_TOKEN_MAX;
	for (size_t i = 0; good && i < len; i++)
		good = token[i] > ' ' && token[i] < 0x7f;
	if (!good) {
		snprintf(why, HTTP_ERROR_SIZE,
			"the token is not 1 to %d letters, digits and signs on one line",
			HTTP_TOKEN_MAX);
		return -EINVAL;
	}
	snprintf(header, sizeof(header), "Authorization: Token %s", token);
	h->headers = curl_slist_append(NULL, header);
	explicit_bzero(header, sizeof(header));
	struct curl_slist *more =
		h->headers ? curl_slist_append(h->headers, "Accept: application/json") : NULL;
	static char type[] = "Content-Type: application/json";
	h->json = (struct curl_slist){ type, h->headers };
	return more ? 0 : -ENOMEM;
}

static CURLcode set_options(struct http *h, const struct http_server *server)
{
	CURL *c = h->curl;
	bool plain = !strcmp(h->scheme, "http");
	CURLcode e = curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	e = e ? e : curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	e = e ? e : curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	e = e ? e : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	e = e ? e : curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	e = e ? e : curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	e = e ? e : curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	e = e ? e : curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	e = e ? e : curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)server->timeout_s);
	long connect_s = server->timeout_s < CONNECT_S ? (long)server->timeout_s : CONNECT_S;
	e = e ? e : curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, connect_s);
	e = e ? e : curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX);
	e = e ? e : curl_easy_setopt(c, CURLOPT_USERAGENT, "parvis/" PARVIS_VERSION);
	/* A proxy would read what is not encrypted. */
	if (!e && plain)
		e = curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (!e && server->ca_file)
		e = curl_easy_setopt(c, CURLOPT_CAINFO, server->ca_file);
	return e;
}

static int set_up(struct http *h, const struct http_server *server, char why[HTTP_ERROR_SIZE])
{
	if (server->timeout_s < 1 || server->timeout_s > HTTP_TIMEOUT_MAX_S) {
		snprintf(why, HTTP_ERROR_SIZE, "a timeout is 1 to %d seconds", HTTP_TIMEOUT_MAX_S);
		return -EINVAL;
	}
	int error = take_url(h, server->url, why);
	if (!error)
		error = take_token(h, server->token, why);
	if (error)
		return error;
	h->curl = curl_easy_init();
	return h->curl && !set_options(h, server) ? 0 : -ENOMEM;
}

int http_open(struct http **out, const struct http_server *server, char why[HTTP_ERROR_SIZE])
{
	snprintf(why, HTTP_ERROR_SIZE, "out of memory");
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		snprintf(why, HTTP_ERROR_SIZE, "libcurl does not start");
		return -EIO;
	}
	struct http *h = calloc(1, sizeof(*h));
	int error = h ? set_up(h, server, why) : -ENOMEM;
	if (error) {
		http_close(h);
		return error;
	}
	*out = h;
	return 0;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	for (struct curl_slist *s = h->headers; s; s = s->next)
		explicit_bzero(s->data, strlen(s->data));
	curl_slist_free_all(h->headers);
	curl_free(h->scheme);
	curl_free(h->host);
	curl_free(h->port);
	free(h);
}

/* --- an answer -------------------------------------------------------------------------------- */

struct taking {
	struct http_answer *answer;
	size_t capacity;
	int error;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct taking *t = context;
	struct http_answer *a = t->answer;
	size_t n = size * count;
	if (n > HTTP_BODY_MAX - a->len) {
		t->error = -EFBIG;
		return 0;
	}
	if (a->len + n + 1 > t->capacity) {
		/* Not realloc(): what it leaves behind is full of names. */
		size_t capacity = 2 * (a->len + n) + 4096;
		char *larger = malloc(capacity);
		if (!larger) {
			t->error = -ENOMEM;
			return 0;
		}
		if (a->body) {
			memcpy(larger, a->body, a->len);
			explicit_bzero(a->body, a->len);
		}
		free(a->body);
		a->body = larger;
		t->capacity = capacity;
	}
	memcpy(a->body + a->len, bytes, n);
	a->len += n;
	a->body[a->len] = '\0';
	return n;
}

/* The value of a header line, without the blanks around it; false for another header's. */
static bool value_of(const char *line, size_t len, const char *name, char out[64])
{
	size_t n = strlen(name);
	if (len <= n || strncasecmp(line, name, n) != 0)
		return false;
	line += n;
	len -= n;
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	if (len >= 64)
		return false;
	memcpy(out, line, len);
	out[len] = '\0';
	return true;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct http_answer *a = ((struct taking *)context)->answer;
	char value[64];
	size_t n = size * count;
	if (value_of(line, n, "X-Page-Generated:", value))
		text_printable(a->generated, sizeof(a->generated), value, strlen(value));
	/* Seconds; the form with a date is not read. */
	if (value_of(line, n, "Retry-After:", value) && *value &&
		strspn(value, "0123456789") == strlen(value))
		a->retry_after_s = strlen(value) > 9 ? LONG_MAX : strtol(value, NULL, 10);
	return n;
}

static int explain(struct http *h, CURLcode code, const struct taking *t, char why[HTTP_ERROR_SIZE])
{
	if (t->error == -EFBIG || code == CURLE_FILESIZE_EXCEEDED) {
		snprintf(why, HTTP_ERROR_SIZE, "the answer is larger than %d MiB",
			HTTP_BODY_MAX >> 20);
		return -EFBIG;
	}
	if (t->error)
		return t->error;
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
		snprintf(why, HTTP_ERROR_SIZE, "the server's certificate is not trusted: %.200s",
			*h->error ? h->error : curl_easy_strerror(code));
		return -EACCES;
	}
	snprintf(why, HTTP_ERROR_SIZE, "%.250s", *h->error ? h->error : curl_easy_strerror(code));
	return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EAGAIN;
}

struct body {
	const char *json; /* NULL: to get */
	size_t len;
};

static CURLcode set_request(struct http *h, const char *url, const struct body *body)
{
	CURL *c = h->curl;
	CURLcode e = curl_easy_setopt(c, CURLOPT_URL, url);
	if (!body->json) {
		e = e ? e : curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
		return e ? e : curl_easy_setopt(c, CURLOPT_HTTPHEADER, h->headers);
	}
	e = e ? e : curl_easy_setopt(c, CURLOPT_POST, 1L);
	e = e ? e : curl_easy_setopt(c, CURLOPT_POSTFIELDS, body->json);
	e = e ? e : curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	return e ? e : curl_easy_setopt(c, CURLOPT_HTTPHEADER, &h->json);
}

static int ask(struct http *h, const char *url, const struct body *body, struct http_answer *out,
	char why[HTTP_ERROR_SIZE])
{
	struct taking t = { .answer = out };
	long status = 0;
	http_answer_drop(out);
	out->retry_after_s = -1;
	h->error[0] = '\0';
	if (set_request(h, url, body) ||
		curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_body) ||
		curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &t) ||
		curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, take_header) ||
		curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, &t))
		return -ENOMEM;
	CURLcode code = curl_easy_perform(h->curl);
	if (code)
		return explain(h, code, &t, why);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (int)status;
	return 0;
}

/* Where a redirection leads, if that is the same server. */
static int redirected(struct http *h, char url[HTTP_URL_MAX], char why[HTTP_ERROR_SIZE])
{
	const char *to = NULL;
	CURLU *parts = curl_url();
	curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
	bool good = parts && to && !curl_url_set(parts, CURLUPART_URL, to, 0) &&
		    same(parts, CURLUPART_SCHEME, h->scheme) &&
		    same(parts, CURLUPART_HOST, h->host) && same(parts, CURLUPART_PORT, h->port) &&
		    !has(parts, CURLUPART_USER) && text_copy(url, HTTP_URL_MAX, to);
	curl_url_cleanup(parts);
	if (good)
		return 0;
	snprintf(why, HTTP_ERROR_SIZE,
		"the server sends us elsewhere, where the token must not go: use the address that "
		"it has now");
	return -EXDEV;
}

static bool is_redirection(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_path(const char *path)
{
	if (*path != '/')
		return false;
	for (const char *p = path; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '#')
			return false;
	return true;
}

static int redirected_post(char why[HTTP_ERROR_SIZE])
{
	snprintf(why, HTTP_ERROR_SIZE,
		"the server sends us elsewhere: use the address that it has now");
	return -EXDEV;
}

static int request(struct http *h, const char *path, const struct body *body,
	struct http_answer *out, char why[HTTP_ERROR_SIZE])
{
	char url[HTTP_URL_MAX];
	int n = snprintf(url, sizeof(url), "%s%s", h->url, path);
	if (!is_path(path) || n < 0 || (size_t)n >= sizeof(url)) {
		snprintf(why, HTTP_ERROR_SIZE, "the address is too long, or is none");
		return -EINVAL;
	}
	for (int hops = 0; hops <= HTTP_REDIRECTS_MAX; hops++) {
		int error = ask(h, url, body, out, why);
		if (error || !is_redirection(out->status))
			return error;
		error = body->json ? redirected_post(why) : redirected(h, url, why);
		if (error)
			return error;
	}
	snprintf(why, HTTP_ERROR_SIZE, "the server sends us in circles");
	return -EXDEV;
}

static int answered(struct http *h, const char *path, const struct body *body,
	struct http_answer *out, char why[HTTP_ERROR_SIZE])
{
	struct http_answer answer = { 0 };
	snprintf(why, HTTP_ERROR_SIZE, "out of memory");
	int error = request(h, path, body, &answer, why);
	if (error)
		http_answer_drop(&answer);
	else
		*out = answer;
	return error;
}

int http_get(struct http *h, const char *path, struct http_answer *out, char why[HTTP_ERROR_SIZE])
{
	return answered(h, path, &(struct body){ NULL, 0 }, out, why);
}

int http_post(struct http *h, const char *path, const char *json, size_t len,
	struct http_answer *out, char why[HTTP_ERROR_SIZE])
{
	return answered(h, path, &(struct body){ json, len }, out, why);
}

void http_answer_drop(struct http_answer *answer)
{
	if (answer->body)
		explicit_bzero(answer->body, answer->len);
	free(answer->body);
	*answer = (struct http_answer){ 0 };
}
