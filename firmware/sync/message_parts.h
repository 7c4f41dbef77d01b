/* What the files of message.c share: taking members out of a JSON object, each with its range, and
 * the reason of the first that is wrong. Nothing of a value goes into a reason. */
#ifndef PARVIS_SYNC_MESSAGE_PARTS_H
#define PARVIS_SYNC_MESSAGE_PARTS_H

#include "sync/message.h"

#include <jansson.h>

/* The largest integer that every reader of JSON holds exactly. */
#define EXACT_MAX ((INT64_C(1) << 53) - 1)

/* An object that is being read. After the first mistake nothing more is taken. */
struct taking {
	const json_t *object;
	const char *what; /* "row" */
	struct message_why *why;
	bool ok;
};

void message_wrong(struct taking *t, const char *name, const char *how);

/* Begins with an object whose members are all among `names` (NULL at the end) or start with "x-";
 * not one: t->ok is false. */
void message_begin(struct taking *t, const json_t *object, const char *what,
	const char *const *names, struct message_why *why);

/* The text as an object of `names` with "v": 1; NULL, with *why, where it is not. free with
 * json_decref(). */
NODISCARD json_t *message_load(struct taking *t, const void *json, size_t len, size_t most,
	const char *what, const char *const *names, struct message_why *why);

/* Members that must be there. */
int64_t message_integer(struct taking *t, const char *name, int64_t lowest, int64_t highest);
uint64_t message_natural(struct taking *t, const char *name);
bool message_bool(struct taking *t, const char *name);
void message_id(struct taking *t, const char *name, bool may_be_empty, char out[ID_SIZE]);
void message_text(struct taking *t, const char *name, char *out, size_t capacity);
void message_hex(struct taking *t, const char *name, uint8_t *out, size_t n);
/* One of `names`, of which some may be NULL. */
int message_word(struct taking *t, const char *name, const char *const *names, size_t count);
enum trust message_trust(struct taking *t);
uint64_t message_stamp(struct taking *t, const char *name);
/* An array of at most `most`; NULL if not. */
const json_t *message_array(struct taking *t, const char *name, size_t most);

/* Whether a member is there at all. */
bool message_has(const struct taking *t, const char *name);

bool message_is_id(const char *text, size_t len);

/* Exactly 2 n lower-case hex digits. */
NODISCARD bool message_unhex(uint8_t *out, size_t n, const char *hex, size_t len);

/* NULL without memory, here as in all of jansson's; an owner takes it over. */
json_t *message_json_hex(const uint8_t *bytes, size_t n);
json_t *message_json_stamp(uint64_t stamp);

/* The text of `root`, which is freed; NULL without memory or where `root` is NULL. */
NODISCARD char *message_dump(json_t *root, size_t *len);

#endif
