#include "box/slots.h"

#include <stddef.h>
#include <string.h>

/* Every state has the same text but for three characters. */
static const char form[] = "slot_a=?\0slot_b=?\0slot_first=?\0";
#define CRC_BYTES 4
#define AT_A      (CRC_BYTES + 7)
#define AT_B      (CRC_BYTES + 16)
#define AT_FIRST  (CRC_BYTES + 29)
static_assert(sizeof(form) == 32, "the text ends with an empty string");

/* IEEE 802.3, reflected, four bits at a time. */
static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	static const uint32_t nibbles[16] = {
		0x00000000,
		0x1db71064,
		0x3b6e20c8,
		0x26d930ac,
		0x76dc4190,
		0x6b6b51f4,
		0x4db26158,
		0x5005713c,
		0xedb88320,
		0xf00f9344,
		0xd6d6a3e8,
		0xcb61b38c,
		0x9b64c2b0,
		0x86d3d2d4,
		0xa00ae278,
		0xbdbdf21c,
	};
	uint32_t crc = UINT32_MAX;
	while (n--) {
		crc ^= *p++;
		crc = (crc >> 4) ^ nibbles[crc & 15];
		crc = (crc >> 4) ^ nibbles[crc & 15];
	}
	return ~crc;
}

struct slots slots_default(void)
{
	return (struct slots){ SLOT_A, { SLOTS_TRIES_NEW, SLOTS_TRIES_NEW } };
}

static bool tries_valid(int left)
{
	return left >= SLOTS_BARRED && left <= SLOTS_TRIES_PROVEN;
}

bool slots_valid(const struct slots *s)
{
	return (s->first == SLOT_A || s->first == SLOT_B) && tries_valid(s->left[SLOT_A]) &&
	       tries_valid(s->left[SLOT_B]) &&
	       (s->left[SLOT_A] != SLOTS_BARRED || s->left[SLOT_B] != SLOTS_BARRED);
}

static uint8_t tries_char(int left)
{
	return left == SLOTS_BARRED ? (uint8_t)'x' : (uint8_t)('0' + left);
}

void slots_encode(uint8_t out[SLOTS_BYTES], const struct slots *s)
{
	CHECK(slots_valid(s));
	memset(out, 0, SLOTS_BYTES);
	memcpy(out + CRC_BYTES, form, sizeof(form));
	out[AT_A] = tries_char(s->left[SLOT_A]);
	out[AT_B] = tries_char(s->left[SLOT_B]);
	out[AT_FIRST] = s->first == SLOT_A ? 'A' : 'B';
	uint32_t crc = crc32_of(out + CRC_BYTES, SLOTS_BYTES - CRC_BYTES);
	for (int i = 0; i < CRC_BYTES; i++)
		out[i] = (uint8_t)(crc >> (8 * i));
}

static int tries_of(uint8_t c)
{
	if (c == 'x')
		return SLOTS_BARRED;
	return c >= '0' && c <= '9' ? c - '0' : SLOTS_TRIES_PROVEN + 1;
}

/* Takes the three characters, and asks whether that state is written like this. */
bool slots_decode(struct slots *out, const uint8_t in[SLOTS_BYTES])
{
	if (in[AT_FIRST] != 'A' && in[AT_FIRST] != 'B')
		return false;
	struct slots s = { .first = in[AT_FIRST] == 'A' ? SLOT_A : SLOT_B,
		.left = { tries_of(in[AT_A]), tries_of(in[AT_B]) } };
	if (!slots_valid(&s))
		return false;
	uint8_t again[SLOTS_BYTES];
	slots_encode(again, &s);
	if (memcmp(again, in, SLOTS_BYTES) != 0)
		return false;
	*out = s;
	return true;
}

static enum slot other(enum slot which)
{
	return which == SLOT_A ? SLOT_B : SLOT_A;
}

bool slots_good(const struct slots *s, enum slot which)
{
	return s->left[which] > 0;
}

enum slot slots_next(const struct slots *s)
{
	if (slots_good(s, s->first))
		return s->first;
	if (slots_good(s, other(s->first)))
		return other(s->first);
	return s->left[s->first] != SLOTS_BARRED ? s->first : other(s->first);
}

struct slots slots_started(const struct slots *s)
{
	struct slots after = *s;
	enum slot next = slots_next(s);
	for (enum slot i = SLOT_A; i < SLOT_COUNT && !slots_good(s, next); i++) {
		if (after.left[i] != SLOTS_BARRED)
			after.left[i] = SLOTS_TRIES_NEW;
	}
	after.left[next]--;
	return after;
}

void slots_make_first(struct slots *s, enum slot which)
{
	s->first = which;
	s->left[which] = SLOTS_TRIES_NEW;
}

void slots_prove(struct slots *s, enum slot which)
{
	s->left[which] = SLOTS_TRIES_PROVEN;
}

bool slots_bar(struct slots *s, enum slot which)
{
	if (s->left[other(which)] == SLOTS_BARRED)
		return false;
	s->left[which] = SLOTS_BARRED;
	return true;
}

const char *slot_name(enum slot which)
{
	return which == SLOT_A ? "A" : "B";
}

bool slot_named(enum slot *out, const char *name)
{
	if (strcmp(name, "A") != 0 && strcmp(name, "B") != 0)
		return false;
	*out = name[0] == 'A' ? SLOT_A : SLOT_B;
	return true;
}
