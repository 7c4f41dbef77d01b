/* The event's own certificate authority: it says who is a box of the event, to brokers, and who is
 * its broker, to boxes. DIR/keys/authority.key (EC P-256, PKCS #8 in PEM, 0600) stays with the
 * organiser; DIR/keys/authority.crt goes to every box and broker. All certificates are P-256 with
 * SHA-256, X.509 version 3.
 *
 * Brokers and the authority are valid from the year 2000 on: a box whose clock was never set must
 * be able to connect. How long they are valid is the caller's business. Any thread, one at a time.
 */
#ifndef PARVIS_EVENT_AUTHORITY_H
#define PARVIS_EVENT_AUTHORITY_H

#include "base/cc.h"
#include "event/event.h"

#include <stddef.h>
#include <stdint.h>

#define AUTHORITY_KEY_FILE         "keys/authority.key"
#define AUTHORITY_CERTIFICATE_FILE "keys/authority.crt"
#define AUTHORITY_HOSTS_MAX        16
#define AUTHORITY_HASH_SIZE        16 /* "0a1b2c3d.r0" */

struct authority;

/* Opens it; where there is none it is made, durably, if `make`. -ENOENT, -EACCES where others can
 * read the key, -EINVAL for files that are none or do not belong together, -EIO where libcrypto
 * refuses, or what the system says; told as by issuer_open(). *out only on success. */
NODISCARD int authority_open(struct authority **out, const char *event_dir, const char *event_id,
	bool make, int64_t now_ms, event_problem *problem, void *context);

/* Wipes. NULL is allowed. */
void authority_close(struct authority *a);

/* Who a certificate is for, and from when to when. Names are 1 … 64 bytes. */
struct authority_subject {
	const char *common, *unit, *organisation; /* CN, OU, O; unit may be NULL */
	uint64_t serial;                          /* 1 or more, of this certificate alone */
	int64_t from_ms, until_ms;
	/* A broker: the names and IP addresses under which it is reached. None: a client. */
	const char *const *hosts;
	size_t host_count;
};

/* A new key and its certificate, both in PEM, for free(); the caller wipes the key. -EINVAL where a
 * name or host cannot be one, -EIO, -ENOMEM. */
NODISCARD int authority_issue(const struct authority *a, const struct authority_subject *subject,
	char **certificate, char **key);

/* The authority's own certificate in PEM, for free(); NULL without memory. */
char *authority_certificate(const struct authority *a);

struct authority_revoked {
	uint64_t serial;
	int64_t since_ms;
};

/* The list of certificates that are not to be believed any more, in PEM, for free(). Valid for ten
 * years: a list that runs out would shut everybody out in the middle of an evening. -EIO, -ENOMEM.
 */
NODISCARD int authority_revocations(const struct authority *a,
	const struct authority_revoked *revoked, size_t count, int64_t now_ms, char **out);

/* The name that OpenSSL and Erlang look for the list under in a directory: "0a1b2c3d.r0". */
void authority_hash_name(const struct authority *a, char out[AUTHORITY_HASH_SIZE]);

#endif
