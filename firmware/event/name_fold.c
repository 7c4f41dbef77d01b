#include "event/name_fold.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

/* The letters below those of Unicode's Latin blocks, from decompositions (NFKD) and what people
 * write for the rest; '.': itself, '+': two letters. */
static const char latin[] = "aaaaaa+ceeeeiiiidnooooo.ouuuuy++aaaaaa+ceeeeiiiidnooooo.ouuuuy+y"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii++jjkk.llllll."
			    ".llnnnnnn.nnoooooo++rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
			    "...............e.ff.............oo.............uu..............."
			    "....+++++++++aaiioouuuuuuuuuu.aaaa++..ggkkoooo..j+++gg..nnaa++oo"
			    "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
			    "................";
static const char latin_more[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
				 "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
				 "wwwwwwwwwwxxxxyyzzzzzzhtwy.s..+.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
				 "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";
#define LATIN      0xC0U
#define LATIN_MORE 0x1E00U

static const struct {
	uint32_t from;
	const char *to;
} pairs[] = {
	{ 0xC6, "ae" },
	{ 0xDE, "th" },
	{ 0xDF, "ss" },
	{ 0xE6, "ae" },
	{ 0xFE, "th" },
	{ 0x132, "ij" },
	{ 0x133, "ij" },
	{ 0x152, "oe" },
	{ 0x153, "oe" },
	{ 0x1C4, "dz" },
	{ 0x1C5, "dz" },
	{ 0x1C6, "dz" },
	{ 0x1C7, "lj" },
	{ 0x1C8, "lj" },
	{ 0x1C9, "lj" },
	{ 0x1CA, "nj" },
	{ 0x1CB, "nj" },
	{ 0x1CC, "nj" },
	{ 0x1E2, "ae" },
	{ 0x1E3, "ae" },
	{ 0x1F1, "dz" },
	{ 0x1F2, "dz" },
	{ 0x1F3, "dz" },
	{ 0x1FC, "ae" },
	{ 0x1FD, "ae" },
	{ 0x1E9E, "ss" },
};

/* Greek with tonos and dialytika, the sigma at a word's end; Cyrillic and Arabic letters that are
 * written with and without their marks. */
static const struct {
	uint16_t from, to;
} singles[] = {
	{ 0x386, 0x3B1 },
	{ 0x388, 0x3B5 },
	{ 0x389, 0x3B7 },
	{ 0x38A, 0x3B9 },
	{ 0x38C, 0x3BF },
	{ 0x38E, 0x3C5 },
	{ 0x38F, 0x3C9 },
	{ 0x390, 0x3B9 },
	{ 0x3AA, 0x3B9 },
	{ 0x3AB, 0x3C5 },
	{ 0x3AC, 0x3B1 },
	{ 0x3AD, 0x3B5 },
	{ 0x3AE, 0x3B7 },
	{ 0x3AF, 0x3B9 },
	{ 0x3B0, 0x3C5 },
	{ 0x3C2, 0x3C3 },
	{ 0x3CA, 0x3B9 },
	{ 0x3CB, 0x3C5 },
	{ 0x3CC, 0x3BF },
	{ 0x3CD, 0x3C5 },
	{ 0x3CE, 0x3C9 },
	{ 0x439, 0x438 },
	{ 0x450, 0x435 },
	{ 0x451, 0x435 },
	{ 0x453, 0x433 },
	{ 0x457, 0x456 },
	{ 0x45C, 0x43A },
	{ 0x45D, 0x438 },
	{ 0x45E, 0x443 },
	{ 0x622, 0x627 },
	{ 0x623, 0x627 },
	{ 0x625, 0x627 },
	{ 0x671, 0x627 },
	{ 0x624, 0x648 },
	{ 0x626, 0x64A },
	{ 0x649, 0x64A },
	{ 0x6CC, 0x64A },
	{ 0x629, 0x647 },
	{ 0x6A9, 0x643 },
};

static bool is_within(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

/* Accents and vowel signs that stand on the letter before; the Arabic tatweel. */
static bool is_mark(uint32_t c)
{
	return is_within(c, 0x300, 0x36F) || is_within(c, 0x483, 0x487) ||
	       is_within(c, 0x591, 0x5BD) || c == 0x5BF || c == 0x5C1 || c == 0x5C2 || c == 0x640 ||
	       is_within(c, 0x64B, 0x65F) || c == 0x670 || text_is_hazard(c);
}

/* What separates the words of a name. */
static bool is_gap(uint32_t c)
{
	bool ascii_sign = c < 0x80 && !is_within(c, 'a', 'z') && !is_within(c, '0', '9');
	return ascii_sign || is_within(c, 0xA0, 0xBF) || c == 0xD7 || c == 0xF7 ||
	       is_within(c, 0x2000, 0x206F) || is_within(c, 0x2B0, 0x2FF) || c == 0x30FB ||
	       is_within(c, 0x3000, 0x3003) || c == 0x60C || c == 0x5BE || c == 0x1680;
}

static uint32_t lower(uint32_t c)
{
	if (is_within(c, 'A', 'Z') || is_within(c, 0x391, 0x3A9) || is_within(c, 0x410, 0x42F))
		return c + 0x20;
	if (is_within(c, 0x400, 0x40F))
		return c + 0x50;
	if (is_within(c, 0x531, 0x556))
		return c + 0x30;
	if (is_within(c, 0x460, 0x481) || is_within(c, 0x48A, 0x4BF) || is_within(c, 0x4D0, 0x52F))
		return c | 1;
	return c;
}

static uint32_t plain(uint32_t c)
{
	c = lower(c);
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if (singles[i].from == c)
			return singles[i].to;
	char l = '.';
	if (is_within(c, LATIN, LATIN + sizeof(latin) - 2))
		l = latin[c - LATIN];
	else if (is_within(c, LATIN_MORE, LATIN_MORE + sizeof(latin_more) - 2))
		l = latin_more[c - LATIN_MORE];
	return l >= 'a' ? (uint32_t)l : c;
}

static size_t encode(uint32_t c, char out[5])
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i].from == c)
			return strlen(memcpy(out, pairs[i].to, 3));
	c = plain(c);
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)(leads[n] | c);
	return n;
}

static void add(char out[TICKET_NAME_SIZE], size_t *used, bool *gap, uint32_t c)
{
	char bytes[5];
	size_t n = encode(c, bytes), space = *gap && *used;
	if (*used + space + n >= TICKET_NAME_SIZE) {
		*used = TICKET_NAME_SIZE; /* full: nothing after it, however short */
		return;
	}
	if (space)
		out[(*used)++] = ' ';
	memcpy(out + *used, bytes, n);
	*used += n;
	out[*used] = '\0';
	*gap = false;
}

void name_fold(char out[TICKET_NAME_SIZE], const char *text)
{
	size_t left = strlen(text), used = 0, n;
	bool gap = false;
	memset(out, 0, TICKET_NAME_SIZE);
	for (; left && used < TICKET_NAME_SIZE; text += n, left -= n) {
		uint32_t c = ' ';
		n = text_decode_utf8(text, left, &c);
		if (!n)
			n = 1;
		if (is_mark(c))
			continue;
		if (is_gap(lower(c)))
			gap = true;
		else
			add(out, &used, &gap, c);
	}
}

static size_t word_length(const char *at)
{
	return strcspn(at, " ");
}

static const char *next_word(const char *at)
{
	at += word_length(at);
	return at + (*at == ' ');
}

static bool begins_one(const char *name, const char *word)
{
	for (; *name; name = next_word(name))
		if (!strncmp(name, word, word_length(word)))
			return true;
	return false;
}

bool name_fold_has(const char *name, const char *wanted)
{
	for (; *wanted; wanted = next_word(wanted))
		if (!begins_one(name, wanted))
			return false;
	return true;
}

size_t name_fold_letters(const char *folded)
{
	size_t letters = 0;
	for (; *folded; folded++)
		letters += *folded != ' ' && (*folded & 0xC0) != 0x80;
	return letters;
}
