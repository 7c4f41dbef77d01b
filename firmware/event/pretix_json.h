/* Inside event/: fields of a JSON object, by name and kind. All of them tell in `why` what is
 * missing or of another kind, and give false then; null and a missing optional field are the same.
 */
#ifndef PARVIS_EVENT_PRETIX_JSON_H
#define PARVIS_EVENT_PRETIX_JSON_H

#include "event/pretix.h"

#include <jansson.h>

#define AUTO_JSON __attribute__((cleanup(pretix_json_drop))) json_t *
void pretix_json_drop(json_t **json);

/* The whole answer; NULL where it is no JSON. */
json_t *pretix_json_load(const char *json, size_t len, char why[PRETIX_WHY_SIZE]);

/* A list's answer: fills *page and *results (borrowed). `record` names one of it in problems. */
NODISCARD bool pretix_json_page(
	json_t *root, struct pretix_page *page, json_t **results, char why[PRETIX_WHY_SIZE]);

NODISCARD bool pretix_json_id(
	json_t *object, const char *field, int64_t *out, char why[PRETIX_WHY_SIZE]);
NODISCARD bool pretix_json_id_or_0(
	json_t *object, const char *field, int64_t *out, char why[PRETIX_WHY_SIZE]);
/* *out stays where the field is missing. */
NODISCARD bool pretix_json_bool(
	json_t *object, const char *field, bool *out, char why[PRETIX_WHY_SIZE]);
/* NULL where it is missing or null. */
NODISCARD bool pretix_json_text(
	json_t *object, const char *field, const char **out, char why[PRETIX_WHY_SIZE]);
NODISCARD bool pretix_json_code(
	json_t *object, const char **out, size_t *len, char why[PRETIX_WHY_SIZE]);

/* A name without hidden and control characters but for the joiners, blanks at its ends removed, cut
 * at a whole character. */
void pretix_json_clean(char *out, size_t capacity, const char *text);

/* Says what is wrong; gives false. */
bool pretix_json_wrong(char why[PRETIX_WHY_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);

#endif
