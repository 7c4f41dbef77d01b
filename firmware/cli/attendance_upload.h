/* Hands the attendance back to pretix: one redeem request for each entry and exit. What was
 * answered is noted in the event's folder (DIR/pretix-NAME.sent: a line for each row, by its nonce,
 * without a code or name), so that the next call goes on where this one ended. The nonce makes a
 * repetition harmless in any case. One thread. */
#ifndef PARVIS_CLI_ATTENDANCE_UPLOAD_H
#define PARVIS_CLI_ATTENDANCE_UPLOAD_H

#include "base/cc.h"

#include <stdint.h>
#include <stdio.h>

struct upload_options {
	const char *url, *organizer, *list, *token_file, *ca_file;
	unsigned timeout_s, retries;
};

/* bodies: the requests, one JSON object a line, read from its beginning. refused: gets a line of
 * CSV for each row that pretix does not take, with its reason. CLI_OK; CLI_NO where rows were
 * refused, or the server refuses all of it; CLI_FAILED where rows are left for another time. Told.
 */
NODISCARD int attendance_upload(
	const struct upload_options *o, const char *event_dir, FILE *bodies, FILE *refused);

#endif
