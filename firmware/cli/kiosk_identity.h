/* Who a box is: the part of a bundle that is secret. Made from the issuing key, the list of boxes
 * and the event's authority; wiped by identity_wipe(). */
#ifndef PARVIS_CLI_KIOSK_IDENTITY_H
#define PARVIS_CLI_KIOSK_IDENTITY_H

#include "base/cc.h"
#include "event/authority.h"
#include "event/boxes.h"
#include "event/bundle.h"
#include "event/issuer.h"

struct identity {
	char key[BUNDLE_KEY_SIZE + 1]; /* device.key */
	uint8_t device[DEVICE_ID_SIZE];
	char *client, *ca; /* NULL: the event has no authority, and no broker that wants one */
};

/* The identity of a door: the same as last time, unless that box was shut out. Writes it into the
 * list of boxes, durably: no bundle can be where the list does not have its box. Gives an exit
 * status, having said on standard error what is wrong. */
NODISCARD int identity_make(struct identity *out, const char *event_dir, const struct event *event,
	const struct issuer *issuer, const struct bundle_settings *settings, uint64_t serial,
	int64_t now_ms);

void identity_wipe(struct identity *i);

struct identity_subject {
	const char *name, *unit; /* unit may be NULL */
	uint64_t serial;
	int64_t now_ms;
};

/* A client's certificate and its key in one text, good from a day before now until a year after the
 * event; for free(), wiped by the caller. -EIO, -ENOMEM. */
NODISCARD int identity_certificate(char **out, const struct authority *authority,
	const struct event *event, const struct identity_subject *who);

#endif
