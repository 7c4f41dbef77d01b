/* Names as they are compared when one is searched: without capitals, accents or signs, so that
 * "Zoe" finds "Zoë" and "Lukasz" "Łukasz". Pure, any thread. */
#ifndef PARVIS_EVENT_NAME_FOLD_H
#define PARVIS_EVENT_NAME_FOLD_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stdbool.h>
#include <stddef.h>

/* Words apart by one space, none at either end; terminated. What is no UTF-8 separates words, as
 * signs do. Never longer than the text, and cut to the room at a whole character. */
void name_fold(char out[TICKET_NAME_SIZE], const char *text);

/* Whether every word of `wanted` is the beginning of a word of `name`, both folded, in any order.
 * Nothing wanted is in every name. */
bool name_fold_has(const char *name, const char *wanted);

/* How many characters of a folded text are not spaces. */
size_t name_fold_letters(const char *folded);

#endif
