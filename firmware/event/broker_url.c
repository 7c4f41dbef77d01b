#include "event/broker_url.h"

#include "event/event.h"

#include <string.h>

#define PLAIN  "mqtt://"
#define SECRET "mqtts://"

const char *const broker_url_wrong_texts[BROKER_URL_WRONGS] = {
	[BROKER_URL_GOOD] = "is good",
	[BROKER_URL_SCHEME] = "is no broker: write mqtts://HOST[:PORT], or mqtt:// without TLS",
	[BROKER_URL_PASSWORD] = "no name and no password belong there: boxes show a certificate",
	[BROKER_URL_HOST] = "names no host: write mqtts://HOST[:PORT] and nothing behind it",
	[BROKER_URL_PORT] = "has no port from 1 to 65535",
	[BROKER_URL_LONG] = "is too long for a broker's address",
};

static bool is_of(const char *text, size_t n, const char *letters)
{
	for (size_t i = 0; i < n; i++)
		if (!text[i] || !strchr(letters, text[i]))
			return false;
	return n > 0;
}

/* The length of the host at the start; 0: none. */
static size_t host_len(const char *text, size_t n)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789.-_";
	if (n && *text == '[') {
		const char *end = memchr(text, ']', n);
		size_t len = end ? (size_t)(end - text) : 0;
		return len > 1 && is_of(text + 1, len - 1, "0123456789abcdefABCDEF:.") ? len + 1
										       : 0;
	}
	const char *colon = memchr(text, ':', n);
	size_t len = colon ? (size_t)(colon - text) : n;
	return is_of(text, len, name) && *text != '-' ? len : 0;
}

static bool is_port(const char *text, size_t n)
{
	unsigned port = 0;
	if (n > 5 || !is_of(text, n, "0123456789"))
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	return port >= 1 && port <= 65535;
}

static bool starts(const char *text, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(text, with, strlen(with));
}

enum broker_url_wrong broker_url_check(const char *text, size_t n)
{
	size_t scheme = starts(text, n, SECRET)  ? strlen(SECRET)
			: starts(text, n, PLAIN) ? strlen(PLAIN)
						 : 0;
	if (memchr(text, '@', n))
		return BROKER_URL_PASSWORD;
	if (!scheme)
		return BROKER_URL_SCHEME;
	if (n >= EVENT_BROKER_SIZE)
		return BROKER_URL_LONG;
	text += scheme;
	n -= scheme;
	size_t host = host_len(text, n);
	if (!host || (host < n && text[host] != ':'))
		return BROKER_URL_HOST;
	return host == n || is_port(text + host + 1, n - host - 1) ? BROKER_URL_GOOD
								   : BROKER_URL_PORT;
}

bool broker_url_is_secret(const char *url)
{
	return starts(url, strlen(url), SECRET);
}
