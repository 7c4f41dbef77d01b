/* A keyboard wedge types; here keys become the text that the scanner read. No device: key codes of
 * linux/input-event-codes.h go in, UTF-8 comes out, by the layout that the *scanner* is set to. One
 * thread. */
#ifndef PARVIS_PORT_WEDGE_H
#define PARVIS_PORT_WEDGE_H

#include "base/cc.h"

#include <stdbool.h>

#define WEDGE_KEY_BYTES 32

struct wedge;

/* layout: an XKB name, as us, fr, de. -EINVAL where xkbcommon has none of that name. *out only on
 * success; release with wedge_close(). */
NODISCARD int wedge_open(struct wedge **out, const char *layout);

/* NULL is allowed. */
void wedge_close(struct wedge *w);

/* No key down, no accent begun, NumLock on, CapsLock as its lamp says. */
void wedge_reset(struct wedge *w, bool caps_lock);

/* A key event: value 1 press, 0 release, 2 repeat (ignored: a scanner does not hold keys). Gives
 * the number of bytes put in out, 0 for none; Enter gives "\r". */
size_t wedge_key(struct wedge *w, unsigned code, int value, char out[WEDGE_KEY_BYTES]);

#endif
