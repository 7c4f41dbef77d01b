/* Text from strangers, made harmless. Pure functions, any thread; the caller owns every buffer. */
#ifndef PARVIS_BASE_TEXT_H
#define PARVIS_BASE_TEXT_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
 * Gives its length, 1 to 4, and *code_point; 0 where the bytes are not UTF-8. left > 0. */
NODISCARD size_t text_decode_utf8(const char *p, size_t left, uint32_t *code_point);

/* Whether all len bytes are UTF-8; NUL counts as a character. */
bool text_is_utf8(const char *p, size_t len);

/* Whether a character could act on a terminal, reorder or hide text: C0 and C1 controls, DEL,
 * line and paragraph separators, bidirectional overrides and isolates, zero-width characters,
 * tags, private use and non-characters. */
bool text_is_hazard(uint32_t code_point);

/* Copies len bytes so that they are safe on any terminal: hazards and bytes that are not UTF-8
 * become \n, \t, \xHH or \u{H…}; a backslash stays. Cut at whole characters to fit, always
 * terminated. capacity > 0. Gives the length written. */
size_t text_printable(char *out, size_t capacity, const char *in, size_t len);

/* Copies a terminated string, cut at a whole UTF-8 character to fit; always terminated. False
 * when something was cut. capacity > 0. */
bool text_copy(char *out, size_t capacity, const char *in);

/* Lower-case hex of n bytes; out holds 2 n + 1. */
void text_hex(char *out, const uint8_t *bytes, size_t n);

/* Reads exactly 2 n hex digits, either case. False on anything else; out is then undefined. */
NODISCARD bool text_unhex(uint8_t *out, size_t n, const char *hex, size_t hex_len);

#endif
