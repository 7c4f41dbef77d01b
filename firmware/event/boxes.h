/* The organiser's list of boxes, DIR/keys/boxes: a line for each bundle that was made, which says
 * whose device key went into it, and since when that device is shut out:
 *
 *   DEVICE VENUE DOOR SERIAL MADE REVOKED
 *
 * DEVICE is 32 hex digits; SERIAL is the bundle's, and its certificate's; MADE and REVOKED are UTC
 * moments, REVOKED "-" while the box is good. A bundle that is made anew for the same door has the
 * same device: a box keeps its identity when it is updated, until it is shut out. Lines are added
 * at the end; a line that was cut off while it was written is passed over, and the next one takes
 * its place. Plain values; any thread, and several processes at a time. */
#ifndef PARVIS_EVENT_BOXES_H
#define PARVIS_EVENT_BOXES_H

#include "base/cc.h"
#include "door/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOXES_FILE "keys/boxes"
#define BOXES_MAX  (64 << 20) /* bytes of the file */

struct boxes_entry {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE];
	uint64_t serial;
	int64_t made_ms, revoked_ms; /* revoked_ms 0: it is good */
};

/* By device, then serial. */
struct boxes {
	struct boxes_entry *at;
	size_t count;
};

enum boxes_standing {
	BOXES_UNKNOWN,
	BOXES_GOOD,
	BOXES_REVOKED,
};

/* -ENOENT where there is no list, -EBADMSG where a line is none, -EFBIG, -ENOMEM, or what the
 * system says. *out is set only on success; release with boxes_free(). */
NODISCARD int boxes_load(struct boxes *out, const char *event_dir);

/* The same from memory: for fuzzing. */
NODISCARD int boxes_parse(struct boxes *out, const char *text, size_t len);
void boxes_free(struct boxes *b);

enum boxes_standing boxes_standing(const struct boxes *b, const uint8_t device[DEVICE_ID_SIZE]);

/* The newest line of a device; NULL. */
const struct boxes_entry *boxes_newest(const struct boxes *b, const uint8_t device[DEVICE_ID_SIZE]);

/* How many devices of a door were shut out: the next one is of this generation. */
uint32_t boxes_generation(const struct boxes *b, const char *venue, const char *door);

/* Adds a line, durably; the list is made where there is none. */
NODISCARD int boxes_add(const char *event_dir, const struct boxes_entry *entry);

/* Marks every line of a device as shut out since `now_ms`, durably; what is shut out already keeps
 * its moment. -ENOENT where no line has the device. */
NODISCARD int boxes_revoke(
	const char *event_dir, const uint8_t device[DEVICE_ID_SIZE], int64_t now_ms);

#endif
