/* The keys that pretix servers sign their tickets with, as an import has brought them:
 * DIR/pretix.keys in the event's folder, beside what the organiser writes by hand in event.ini.
 * Nothing in it is secret, so it may go to every box. A line holds a raw Ed25519 public key in 64
 * hex digits, a space and the source ("organizer/event"); lines that begin with # are for people.
 *
 * event_load() takes these keys after those of event.ini. They have no part in the hash key that an
 * event without one derives: a new key at pretix's must not make the rosters useless. One thread.
 */
#ifndef PARVIS_EVENT_PRETIX_KEYS_H
#define PARVIS_EVENT_PRETIX_KEYS_H

#include "base/cc.h"
#include "event/event.h"

#define PRETIX_KEYS_FILE       "pretix.keys"
#define PRETIX_KEYS_MAX        (64 << 10) /* bytes of the file */
#define PRETIX_KEYS_SOURCE_MAX 128        /* bytes of a source, printable ASCII without spaces */

/* Adds the file's keys to the event's, each once. 0 where there is no file. -EINVAL for a line that
 * is none or a key too many, told as `path:line: what and remedy`; -errno. The event is changed on
 * success only. */
NODISCARD int pretix_keys_load(
	struct event *e, const char *dir, event_problem *problem, void *context);

/* Puts the source's keys in the place of those it had, durably; other sources keep theirs. *changed
 * tells whether the file had to be. -EINVAL for a file that pretix_keys_load() refuses (without
 * telling), -ENOSPC and the like: the file is as it was. */
NODISCARD int pretix_keys_save(const char *dir, const char *source, const uint8_t (*keys)[32],
	uint32_t count, bool *changed);

#endif
