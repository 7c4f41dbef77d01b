/* A ticket's short code: eight characters by which two people make sure, aloud or over the
 * telephone, that they speak of the same ticket ("7KQ2-M4XD"). It is the first 40 bits of the
 * code's keyed hash in Crockford's base 32 (no I, L, O or U), so every program of the event gives
 * the same one and nobody can get from it to the code. It opens no door, and two of a
 * million tickets may share one: about once in two events of that size. Pure; any thread. */
#ifndef PARVIS_EVENT_SHORT_CODE_H
#define PARVIS_EVENT_SHORT_CODE_H

#include "door/ticket.h"

#include <stdint.h>

#define SHORT_CODE_SIZE 10 /* four, a hyphen, four, terminated */

/* hash: as code_hash() gives it. */
void short_code(const uint8_t hash[TICKET_HASH_SIZE], char out[SHORT_CODE_SIZE]);

#endif
