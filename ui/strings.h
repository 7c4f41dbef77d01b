/* The words of the screens, in every language of enum language, from assets/strings/. Pure; any
 * thread. What is returned is static, what is written belongs to the caller. */
#ifndef PARVIS_UI_STRINGS_H
#define PARVIS_UI_STRINGS_H

#include "door/screen.h"
#include "ui_strings.h"

#include <stddef.h>
#include <stdint.h>

#define STRING_SIZE 256

const char *string_of(enum language language, enum string id);

/* The form of the string that n of something need. */
const char *string_plural(enum language language, enum string id, uint64_t n);

/* Fills %1$s … %4$s of the text in; a placeholder without an argument gives nothing. Arguments are
 * set apart from the reading direction around them (Unicode isolates). Cut at whole characters to
 * fit; always terminated. capacity > 0. */
void string_fill(
	char *out, size_t capacity, const char *text, const char *const args[], size_t count);

/* A number with the language's separator of thousands: 1 130. */
void string_number(char *out, size_t capacity, enum language language, int64_t n);

/* The day and the time, local: 8 décembre à 19:00. */
void string_day_time(char *out, size_t capacity, enum language language, int64_t wall_ms);

/* "from" a place: English the name alone, French « de La Ruche », « d’OtherSpace », « des Grands
 * Voisins ». */
void string_from_place(char *out, size_t capacity, enum language language, const char *name);

/* A name from outside, fit to be drawn on one line: no controls, no bidirectional marks, no more
 * than two marks on a letter, no pictures, single spaces. May be empty. Always terminated. */
void string_clean(char *out, size_t capacity, const char *name);

#endif
