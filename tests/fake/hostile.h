/* Codes that a hostile guest could hold up: SQL, shell, terminal escapes, NUL, bidirectional
 * overrides, bytes that are not UTF-8, overlong ones, scanner-programming codes, garbage in the
 * dress of a signed ticket. None of them is a ticket of anything. */
#ifndef PARVIS_TESTS_FAKE_HOSTILE_H
#define PARVIS_TESTS_FAKE_HOSTILE_H

#include "door/ticket.h"

#include <stddef.h>

#define HOSTILE_CODES 224

/* The i-th code, 0 … HOSTILE_CODES − 1; the same at every call. Gives its length, at least 1. */
size_t hostile_code(size_t i, char out[CODE_MAX]);

#endif
