/* What this box is: the bundle that it has adopted, unpacked in DATA/box/N, and the file
 * DATA/box/current that says which N. A bundle is unpacked aside and made durable before `current`
 * is replaced by a rename, so that a power cut at any point leaves the old box or the new one. The
 * old folder stays until box_tidy(). One thread, one process for each DATA. */
#ifndef PARVIS_APP_BOX_H
#define PARVIS_APP_BOX_H

#include "base/cc.h"
#include "door/screen.h"
#include "event/bundle.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Plain values. */
struct box {
	uint32_t number;
	char dir[PATH_MAX]; /* an event folder, as event_load() takes it */
	struct bundle bundle;
	struct bundle_settings settings;
	char event_title[EVENT_TEXT_SIZE], venue_name[EVENT_TEXT_SIZE];
};

/* Reads what the box is. Everything is verified again: the bundle's signature, and that each file
 * is the bundle's. Where the current folder is damaged the newest whole one is taken and a warning
 * logged. -ENOENT: it has no event. -EBADMSG: it has one, and no folder of it is whole. -errno. */
NODISCARD int box_open(struct box *out, const char *data_dir);

/* Makes the box what this bundle says. `hash` is the bundle's as a person has confirmed it:
 * -EBADMSG where the file has become another, or does not verify. A failed call changes nothing
 * and leaves nothing. */
NODISCARD int box_adopt(
	struct box *out, const char *data_dir, int fd, const uint8_t hash[BUNDLE_HASH_SIZE]);

/* Goes back to a folder that is still there. -EBADMSG where it is not whole. */
NODISCARD int box_go_back(struct box *out, const char *data_dir, uint32_t number);

/* As screens tell it; the strings are the box's. */
struct screen_box box_screen(const struct box *b);

/* Removes every folder but this one (0: all of them), and what a cut has left. */
void box_tidy(const char *data_dir, uint32_t keep);

#endif
