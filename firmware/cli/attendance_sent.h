/* Which rows pretix has taken, and which it has refused: a text file of lines "NONCE WORD" that
 * only grows; the last word on a nonce is true. A line cut short by a power cut is passed over: its
 * row is sent again, which is harmless. Locked while it is open. One thread. */
#ifndef PARVIS_CLI_ATTENDANCE_SENT_H
#define PARVIS_CLI_ATTENDANCE_SENT_H

#include "base/cc.h"

#include <stdbool.h>

#define SENT_NONCE_SIZE 64

struct sent;

/* name: of the server, organizer and list, as a file's name. -EBUSY while another has it open;
 * -ENOMEM, -errno. Release with sent_close(). */
NODISCARD int sent_open(struct sent **out, const char *event_dir, const char *name);

/* Syncs. NULL is allowed. */
void sent_close(struct sent *s);

/* Whether it was taken before this file was opened. */
bool sent_has(const struct sent *s, const char *nonce);

/* word: "ok", or the reason of a refusal. */
NODISCARD int sent_note(struct sent *s, const char *nonce, const char *word);

#endif
