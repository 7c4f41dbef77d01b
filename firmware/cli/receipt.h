/* What was erased, signed: the receipts of purge and person. */
#ifndef PARVIS_CLI_RECEIPT_H
#define PARVIS_CLI_RECEIPT_H

#include "base/cc.h"

#include <jansson.h>
#include <stdint.h>

/* Takes `what` over (NULL: there was no memory). Signs it with the event's key (event_dir NULL, or
 * no key there: unsigned), over compact JSON with sorted keys and `domain` before it, and writes it
 * to DIR/stem-DATE.json, never over another; stem or event_dir NULL: to standard output. CLI_OK or
 * CLI_FAILED, told. */
NODISCARD int receipt_put(json_t *what, const char *command, const char *domain,
	const char *event_dir, const char *stem, int64_t now_ms);

#endif
