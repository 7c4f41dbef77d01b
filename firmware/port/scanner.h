/* Hand scanners. One thread owns a scanner.
 *   serial:/dev/tty…    termios, 115200 8N1 raw unless ",speed" follows; a code ends at CR, LF or
 *                       after SCANNER_SILENCE_MS
 *   evdev:/dev/input/…  a keyboard wedge, grabbed so that no key reaches anything else, decoded
 *                       with the scanner's own layout (",layout" follows; default us) through
 *                       xkbcommon; a code ends at Enter or after SCANNER_SILENCE_MS
 * AIM identifiers (]Q1 …) and ECI prefixes (\000026) are stripped. */
#ifndef PARVIS_PORT_SCANNER_H
#define PARVIS_PORT_SCANNER_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCANNER_TEXT_MAX   2953
#define SCANNER_SILENCE_MS 80

struct scanner;

/* -EINVAL: no such kind, or an unknown layout or speed. An absent device is not an error here. */
NODISCARD int scanner_open(struct scanner **out, const char *spec);
void scanner_close(struct scanner *s);

struct scanner_code {
	size_t len;
	bool overlong; /* more bytes came than a QR code can hold: text is cut and is no ticket */
	char text[SCANNER_TEXT_MAX];
};

/* Waits up to timeout_ms for a whole code. -ETIMEDOUT: none. -ENODEV: the scanner is gone; keep
 * calling, it is looked for at most every 500 ms. */
NODISCARD int scanner_read(struct scanner *s, struct scanner_code *out, int timeout_ms);

extern const char scanner_usage[];

/* The framing, apart from any device: strips AIM and ECI prefixes in place. Pure. */
void scanner_strip(struct scanner_code *code);

#endif
