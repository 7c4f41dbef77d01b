/* What the address of a broker may be: mqtt://HOST[:PORT] or mqtts://HOST[:PORT], where HOST is a
 * name, an IPv4 address or an IPv6 one in brackets. No name and no password: a box is known by its
 * certificate. No state; any thread. */
#ifndef PARVIS_EVENT_BROKER_URL_H
#define PARVIS_EVENT_BROKER_URL_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>

enum broker_url_wrong {
	BROKER_URL_GOOD,
	BROKER_URL_SCHEME,   /* neither mqtt:// nor mqtts:// */
	BROKER_URL_PASSWORD, /* an @: never to be repeated in a message */
	BROKER_URL_HOST,     /* none, or no name */
	BROKER_URL_PORT,     /* no number of 1 to 65535 */
	BROKER_URL_LONG,
	BROKER_URL_WRONGS
};

/* What is right, after the address: "begins with neither …". */
extern const char *const broker_url_wrong_texts[BROKER_URL_WRONGS];

/* Of n bytes. */
NODISCARD enum broker_url_wrong broker_url_check(const char *text, size_t n);

/* Whether what is said there is encrypted (mqtts). */
NODISCARD bool broker_url_is_secret(const char *url);

#endif
