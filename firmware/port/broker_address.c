#include "port/broker_address.h"

#include <errno.h>
#include <string.h>

#define PORT_PLAIN 1883
#define PORT_TLS   8883

/* The whole of `p` as a port; 0: it is none. */
static int read_port(const char *p)
{
	int port = 0;
	if (!*p || strlen(p) > 5)
		return 0;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		port = port * 10 + (*p - '0');
	}
	return port <= 65535 ? port : 0;
}

/* Copies the host that begins at `p` and gives what follows it; NULL: there is none. */
static const char *take_host(char out[BROKER_URL_MAX], const char *p)
{
	static const char of_names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	bool bracket = *p == '[';
	p += bracket;
	size_t n = strspn(p, bracket ? "0123456789abcdefABCDEF:." : of_names);
	if (!n || n >= BROKER_URL_MAX || (bracket && p[n] != ']') || (!bracket && *p == '-'))
		return NULL;
	memcpy(out, p, n);
	out[n] = '\0';
	return p + n + bracket;
}

int broker_address_read(struct broker_address *out, const char *text)
{
	static const struct {
		const char *scheme;
		bool tls;
		int port;
	} schemes[] = { { "mqtt://", false, PORT_PLAIN }, { "mqtts://", true, PORT_TLS } };
	struct broker_address u = { .port = 0 };
	const char *p = NULL;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i].scheme);
		if (strncmp(text, schemes[i].scheme, n))
			continue;
		u.tls = schemes[i].tls;
		u.port = schemes[i].port;
		p = text + n;
	}
	if (!p || strlen(text) >= BROKER_URL_MAX || !(p = take_host(u.host, p)))
		return -EINVAL;
	if (*p == ':')
		u.port = read_port(p + 1);
	else if (*p)
		u.port = 0;
	if (!u.port)
		return -EINVAL;
	*out = u;
	return 0;
}
