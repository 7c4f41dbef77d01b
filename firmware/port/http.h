/* Asking one web server: GET, and POST of JSON, with a secret token that goes to that server and
 * nowhere else. libcurl is behind it. One thread owns a struct http.
 *
 * Certificates are always verified. Plain http is spoken with this machine alone, by its number
 * (127.0.0.0/8 or [::1]): for a tunnel or a test. A redirection is followed within the same scheme,
 * host and port only. The token is in no log, error text or address, and is wiped on closing. */
#ifndef PARVIS_PORT_HTTP_H
#define PARVIS_PORT_HTTP_H

#include "base/cc.h"

#include <stddef.h>

#define HTTP_URL_MAX       2048       /* bytes */
#define HTTP_BODY_MAX      (16 << 20) /* bytes of one answer */
#define HTTP_TOKEN_MAX     512        /* bytes */
#define HTTP_REDIRECTS_MAX 3
#define HTTP_TIMEOUT_MAX_S 600
#define HTTP_ERROR_SIZE    320

struct http;

struct http_server {
	const char *url;     /* https://host[:port][/path], no user, question mark or fragment */
	const char *token;   /* follows "Authorization: Token "; printable ASCII without spaces */
	const char *ca_file; /* PEM certificates to trust instead of the system's; NULL: those */
	unsigned timeout_s;  /* of a whole answer, 1 … HTTP_TIMEOUT_MAX_S */
};

struct http_answer {
	int status;         /* of the server, 100 … 599 */
	char *body;         /* terminated; owned, http_answer_drop() */
	size_t len;         /* bytes of body, at most HTTP_BODY_MAX */
	long retry_after_s; /* what the server asks for; -1 where it says nothing that we read */
	char generated[64]; /* X-Page-Generated; "" where there is none */
};

/* -EINVAL for a server that is not as above, told in why; -ENOMEM, -EIO. Connects to nothing yet.
 * *out is set only on success; release with http_close(). Call before threads start. */
NODISCARD int http_open(
	struct http **out, const struct http_server *server, char why[HTTP_ERROR_SIZE]);

/* Wipes the token. NULL is allowed. */
void http_close(struct http *h);

/* Gets url/path, where path begins with '/' and may have a question mark and what follows. 0 when
 * the server has answered, whatever the status; *out is then set. Otherwise why says what went
 * wrong:
 *   -EAGAIN  the network, a cut or slow answer: the same again may work
 *   -EACCES  the certificate is not trusted, or is of another host
 *   -EFBIG   an answer larger than HTTP_BODY_MAX
 *   -EXDEV   a redirection away from the server, or one too many
 *   -ENOMEM, -EINVAL for a path that is none, -EIO for the rest */
NODISCARD int http_get(
	struct http *h, const char *path, struct http_answer *out, char why[HTTP_ERROR_SIZE]);

/* Posts a JSON text to url/path. As http_get(), but that no redirection is followed (-EXDEV): most
 * of them would turn the request into another. After -EAGAIN nobody knows whether the server has
 * acted on it. */
NODISCARD int http_post(struct http *h, const char *path, const char *json, size_t len,
	struct http_answer *out, char why[HTTP_ERROR_SIZE]);

/* Wipes and frees the body. An answer of zeros is allowed. */
void http_answer_drop(struct http_answer *answer);

#endif
