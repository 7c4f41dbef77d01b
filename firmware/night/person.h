/* One person's code, address and name in the raw bytes of files, and lists without their lines. One
 * thread. */
#ifndef PARVIS_NIGHT_PERSON_H
#define PARVIS_NIGHT_PERSON_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERSON_WORD_MIN 4          /* bytes: shorter ones are everywhere */
#define PERSON_WORD_MAX 512        /* a longer one is known by its beginning */
#define PERSON_LIST_MAX (64 << 20) /* bytes of a list that is rewritten */

struct person_words;

NODISCARD int person_words_new(struct person_words **out);
/* Wipes. NULL is allowed. */
void person_words_free(struct person_words *w);

/* A word to look for, as UTF-8 and, where it is ASCII, as UTF-16 in both byte orders, whatever the
 * case of its ASCII letters. *taken: whether it is long enough. */
NODISCARD int person_words_add(struct person_words *w, const char *text, bool *taken);

bool person_words_in_text(const struct person_words *w, const char *text, size_t len);
NODISCARD int person_words_in(const struct person_words *w, int fd, bool *found);

/* Writes a list (CSV or other text with one row a line) anew without the lines that have a word,
 * and overwrites the old one. *lines: how many went. -EILSEQ, and nothing is changed, where a word
 * is in the first line, in a row of several lines, or in what is not plain text; -EFBIG; -errno. */
NODISCARD int person_strip(
	const struct person_words *w, int dir_fd, const char *name, uint64_t *lines);

#endif
