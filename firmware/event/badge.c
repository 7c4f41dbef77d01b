#include "event/badge.h"

#include "base/cc.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREFIX  "PB"
#define LETTERS 26
static_assert(sizeof(PREFIX) + LETTERS <= BADGE_CODE_SIZE, "a badge's code needs its room");

void badge_make(char out[BADGE_CODE_SIZE])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	memset(out, 0, BADGE_CODE_SIZE);
	memcpy(out, PREFIX, strlen(PREFIX));
	for (size_t i = 0; i < LETTERS; i++)
		out[strlen(PREFIX) + i] = alphabet[randombytes_uniform(32)];
}

void badge_short(char out[16], const char *code)
{
	const char *random = strlen(code) > strlen(PREFIX) ? code + strlen(PREFIX) : "";
	size_t first = strnlen(random, 4), rest = strnlen(random + first, 4);
	snprintf(out, 16, "%.*s%s%.*s", (int)first, random, rest ? "-" : "", (int)rest,
		random + first);
}
