/* The code of a walk-in's badge: opaque and random, for no issuing key is ever on a box. What makes
 * it a ticket is the walk-in's row, which carries its keyed hash (door/admission.h, struct prior);
 * a box that has not seen that row does not know it. Any thread. */
#ifndef PARVIS_EVENT_BADGE_H
#define PARVIS_EVENT_BADGE_H

#include "door/ticket.h"

/* "PB" and 26 of Crockford's base 32: 130 random bits, in the alphabet of small QR symbols. */
void badge_make(char out[BADGE_CODE_SIZE]);

/* The part of it that is short enough to be read aloud: "7K2M-9QXT"; 40 bits, for people alone. */
void badge_short(char out[16], const char *code);

#endif
