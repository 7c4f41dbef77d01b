/* The porter checks PINs in a thread of its own: Argon2id is slow on purpose, and no guest waits
 * for it. */
#ifndef PARVIS_APP_PORTER_H
#define PARVIS_APP_PORTER_H

#include "base/cc.h"
#include "door/desk.h"

#include <stdbool.h>

struct porter;

/* pin_hash: the event's, copied. *out only on success. */
NODISCARD int porter_start(struct porter **out, const char *pin_hash);
void porter_stop(struct porter *p);

/* -EAGAIN: one is being checked. */
NODISCARD int porter_ask(struct porter *p, const char *pin);

/* -ETIMEDOUT: no answer within timeout_ms. */
NODISCARD int porter_answer(struct porter *p, bool *good, int timeout_ms);
int porter_fd(const struct porter *p);

#endif
