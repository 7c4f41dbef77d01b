/* Answers in JSON about codes, which may be any bytes: one object a line. jansson's objects; one
 * thread. */
#ifndef PARVIS_CLI_REPLY_H
#define PARVIS_CLI_REPLY_H

#include "base/cc.h"
#include "door/ticket.h"

#include <jansson.h>

/* "signed", "roster", …: what --json calls a ticket's kind. */
const char *reply_kind(enum ticket_kind kind);

/* Adds "code", with U+FFFD for what is not UTF-8, and "code_hex" where there was any. -1 without
 * memory. */
NODISCARD int reply_code(json_t *o, const char *code, size_t len);

/* New values. A moment of Unix seconds 0 and a text of "" are null. */
json_t *reply_moment(int64_t seconds);
json_t *reply_text(const char *text);

/* Prints the object on a line, with what could act on a terminal escaped, and releases it; NULL:
 * there was not enough memory for it. CLI_OK, or CLI_FAILED with the reason told. */
NODISCARD int reply_print(json_t *o);

#endif
