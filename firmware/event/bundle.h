/* A provisioning bundle: one file that makes a box the door of one venue. Signed by the event's
 * issuing key, so nobody can alter it on its way. It holds the box's own keys: who can read it can
 * speak as that box until the box is shut out, so it is kept and carried like a key. The
 * organiser's issuing key is not in it. No state; any thread.
 *
 * The file, numbers big-endian:
 *
 *   offset  bytes
 *        0      8  "PARVISB" and 0x02, the version of the format
 *        8      8  length of the whole file
 *       16      8  serial: 1 or more, grows with every bundle of the event
 *       24      8  created, ms since 1970
 *       32     32  event id, padded with 0x00
 *       64     32  the issuing key's public half
 *       96      4  how many parts
 *      100     56  of each: name (16, padded with 0x00), size (8), BLAKE2b-256 of its bytes (32)
 *             ...  the parts, in that order and without gaps
 *      end     64  the issuing key's signature (event/issuer.h, BUNDLE_DOMAIN) of all before it
 *
 * A part's name is one of bundle_part_names, each at most once and in that order: nothing in a
 * bundle can name a path. Nothing may follow the signature. Version 1, which is still read, has no
 * part of the box's identity (device.key, client.pem, ca.pem): such a box makes a device key of its
 * own. */
#ifndef PARVIS_EVENT_BUNDLE_H
#define PARVIS_EVENT_BUNDLE_H

#include "base/cc.h"
#include "door/admission.h"
#include "event/event.h"
#include "event/issuer.h"

#include <stdbool.h>
#include <stdint.h>

#define BUNDLE_DOMAIN       "parvis/1 bundle"
#define BUNDLE_SUFFIX       ".parvis"
#define BUNDLE_HASH_SIZE    32 /* BLAKE2b-256 of the whole file */
#define BUNDLE_SHORT_SIZE   10 /* "ABCD-EFGH" */
#define BUNDLE_PRINTER_MAX  256
#define BUNDLE_SETTINGS_MAX 1024        /* bytes of kiosk.ini */
#define BUNDLE_PINS_MAX     (64 << 10)  /* bytes */
#define BUNDLE_ROSTER_MAX   (1LL << 30) /* bytes */
#define BUNDLE_NAMES_MAX    (32 << 20)  /* bytes */
#define BUNDLE_KEY_SIZE     65          /* 64 hex digits and a line feed */
#define BUNDLE_PEM_MAX      (32 << 10)  /* bytes */

enum bundle_part {
	BUNDLE_EVENT,    /* event.ini, reduced to what a door needs */
	BUNDLE_SETTINGS, /* kiosk.ini: struct bundle_settings */
	BUNDLE_ROSTER, /* roster.db: this venue's and every venue's; only where the event has one */
	BUNDLE_PINS,   /* pins.ini: the pin map; only where one was given */
	BUNDLE_NAMES,  /* names.idx: event/name_index.h; only where the event has search = yes */
	BUNDLE_DEVICE_KEY, /* device.key: the box's Ed25519 seed (store/device_key.h) */
	BUNDLE_CLIENT,     /* client.pem: its TLS certificate and that one's key; with the next */
	BUNDLE_CA,         /* ca.pem: whose certificates brokers show */
	BUNDLE_PARTS
};

/* "event.ini", "kiosk.ini", …: their files on a box, too. */
extern const char *const bundle_part_names[BUNDLE_PARTS];

/* What is wrong with a bundle, in the order in which it is looked at. */
enum bundle_wrong {
	BUNDLE_GOOD,
	BUNDLE_UNREADABLE, /* the disk, or not a plain file */
	BUNDLE_NOT_ONE,    /* another kind of file */
	BUNDLE_VERSION,    /* of a version that this program does not read */
	BUNDLE_CUT_SHORT,
	BUNDLE_TRAILING, /* there is more than its length says */
	BUNDLE_TABLE,    /* sizes, names or numbers that break the format's rules */
	BUNDLE_SIGNATURE,
	BUNDLE_CHANGED,  /* a part is not the one that was listed */
	BUNDLE_CONTENTS, /* well signed, but event.ini or kiosk.ini cannot be used */
	BUNDLE_WRONGS
};

/* For logs: "the signature is wrong: …". */
extern const char *const bundle_wrong_texts[BUNDLE_WRONGS];

struct bundle_slice {
	bool present;
	uint64_t offset, size; /* bytes */
	uint8_t hash[BUNDLE_HASH_SIZE];
};

/* Plain values. */
struct bundle {
	uint64_t length, serial;
	int64_t created_ms;
	char event_id[ID_SIZE];
	uint8_t key[ISSUER_PUBLIC_SIZE];
	struct bundle_slice parts[BUNDLE_PARTS];
	uint8_t hash[BUNDLE_HASH_SIZE];
	char short_hash[BUNDLE_SHORT_SIZE];
};

/* kiosk.ini: what a box is within the event. One `name=value` a line, all of them, in this order.
 */
struct bundle_settings {
	char venue[ID_SIZE], door[ID_SIZE];
	enum doorway doorway;
	uint64_t registrations;           /* on its roster, for the person who confirms */
	char printer[BUNDLE_PRINTER_MAX]; /* URI of the label printer; "" = none */
};

/* Reads a bundle through to its end and verifies everything; *out is set only for BUNDLE_GOOD. The
 * descriptor's position does not matter. Bytes are not kept: who unpacks later calls
 * bundle_copy(). */
NODISCARD enum bundle_wrong bundle_verify(struct bundle *out, int fd);

/* What a verified bundle holds: the event, to be freed with event_free(), and the settings, which
 * fit it: the venue is one of the event's, the event's id the bundle's, and the key that signed the
 * bundle one of the event's. BUNDLE_GOOD, BUNDLE_UNREADABLE, BUNDLE_CHANGED or BUNDLE_CONTENTS;
 * both are set only for the first. Sets the process's time zone, as event_load() does. */
NODISCARD enum bundle_wrong bundle_contents(const struct bundle *b, int fd, struct event **event,
	struct bundle_settings *settings, event_problem *problem, void *context);

/* Writes a part of a verified bundle to another file, from its current position. -EBADMSG where
 * the bytes are no longer those that were verified; -errno. */
NODISCARD int bundle_copy(const struct bundle *b, int fd, enum bundle_part part, int to);

/* Reads kiosk.ini. False where any byte is not as bundle_settings_write() puts it. */
NODISCARD bool bundle_settings_read(struct bundle_settings *out, const char *text, size_t len);

/* Gives the length; 0 where a value breaks the rules of its field. */
NODISCARD size_t bundle_settings_write(
	const struct bundle_settings *s, char out[BUNDLE_SETTINGS_MAX]);

/* The event as a door needs it, as text for event_parse(), which gives the same struct event back.
 * For free(). NULL where that is not so, or without memory. */
char *bundle_event_text(const struct event *e);

/* What goes into a bundle. */
struct bundle_source {
	const struct issuer *issuer;
	const struct event *event;
	const struct bundle_settings *settings;
	uint64_t serial;
	int64_t created_ms;
	int roster, pins, names; /* descriptors; -1: the part is left out */
	/* The box's identity; NULL: left out. client and ca go together. */
	const char *device_key, *client, *ca;
};

/* Writes a bundle to an empty file that is open for reading and writing, and verifies what it has
 * written. -EINVAL where the source breaks a rule, -EFBIG where a part is too large, -errno. *out
 * is set only on success; the caller makes the file durable. */
NODISCARD int bundle_write(struct bundle *out, int fd, const struct bundle_source *source);

/* The first 8 characters of the hash in base 32 (RFC 4648), in two groups: what two people compare
 * by eye. */
void bundle_short_hash(const uint8_t hash[BUNDLE_HASH_SIZE], char out[BUNDLE_SHORT_SIZE]);

#endif
