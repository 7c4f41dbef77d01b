#include "event/roster_text.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define BLOCK_SIZE 65536

/* How many bytes at the beginning are ASCII. */
static size_t ascii_length(const char *p, size_t n)
{
	size_t i = 0;
	for (uint64_t word; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < n && !((unsigned char)p[i] & 0x80))
		i++;
	return i;
}

static size_t count_lines(const char *p, size_t n)
{
	size_t lines = 0;
	for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

/* Judges all but a character that the block's end cuts; gives how many bytes were judged. */
static size_t judge(
	struct roster_encoding *out, const char *p, size_t n, bool at_end, uint64_t line)
{
	size_t i = 0;
	while (i < n) {
		i += ascii_length(p + i, n - i);
		if (i == n)
			break;
		uint32_t c;
		size_t length = text_decode_utf8(p + i, n - i, &c);
		if (!length && !at_end && n - i < 4)
			return i;
		out->has_utf8 = out->has_utf8 || (length > 1 && c != 0xfeff);
		if (!length && !out->bad_line)
			out->bad_line = line + count_lines(p, i);
		i += length ? length : 1;
	}
	return n;
}

int roster_encoding_find(FILE *in, struct roster_encoding *out)
{
	AUTO_FREE char *block = malloc(BLOCK_SIZE);
	size_t kept = 0, n;
	uint64_t line = 1, bytes = 0;
	if (!block)
		return -ENOMEM;
	*out = (struct roster_encoding){ 0 };
	while ((n = fread(block + kept, 1, BLOCK_SIZE - kept, in)) > 0) {
		if (bytes == 0)
			out->begins_with_bom = n >= 3 && !memcmp(block, "\xef\xbb\xbf", 3);
		bytes += n;
		n += kept;
		size_t judged = judge(out, block, n, false, line);
		line += out->bad_line ? 0 : count_lines(block, judged);
		kept = n - judged;
		memmove(block, block + judged, kept);
	}
	judge(out, block, kept, true, line);
	return ferror(in) ? -EIO : 0;
}

size_t roster_from_cp1252(char *out, const char *in, size_t n, bool *undefined)
{
	static const uint16_t upper[32] = { 0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0, 0, 0x2018, 0x2019, 0x201c,
		0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e,
		0x178 };
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)in[i];
		unsigned c = byte >= 0x80 && byte < 0xa0 ? upper[byte - 0x80] : byte;
		if (!c && byte) {
			*undefined = true;
			c = 0xfffd;
		}
		used += (size_t)utf8proc_encode_char(
			(utf8proc_int32_t)c, (utf8proc_uint8_t *)out + used);
	}
	return used;
}

/* Whether it is composed as it stands: every character before U+0300 is, and none of them joins
 * another. Their first bytes are below 0xcc. */
static bool is_composed(const char *p, size_t n)
{
	for (; n > 0; p++, n--)
		if ((unsigned char)*p >= 0xcc)
			return false;
	return true;
}

/* Without NBSP and its kin, which spreadsheets leave in cells, too. */
static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0xa0 || c == 0x2028 ||
	       c == 0x202f || c == 0x3000;
}

/* Whether it is what most cells are and needs no more than to be copied: characters that are shown
 * and single spaces between them, none of which can change by composing. That are ASCII and
 * U+00C0 to U+02FF, whose first bytes are 0xc3 to 0xcb. */
static bool is_plain(const char *p, size_t n)
{
	unsigned char before = ' ';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c >= 0xc3 && c <= 0xcb && i + 1 < n && ((unsigned char)p[i + 1] & 0xc0) == 0x80)
			i++;
		else if (c < ' ' || c > '~' || (c == ' ' && before == ' '))
			return false;
		before = c;
	}
	return before != ' ';
}

static void copy_shown(char *out, size_t capacity, const char *in, size_t len)
{
	size_t used = 0;
	bool space = false;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = (unsigned char)in[i];
		n = c > ' ' && c < 0x7f ? 1 : text_decode_utf8(in + i, len - i, &c);
		if (!n)
			break;
		bool shown = c == 0x200c || c == 0x200d || (c > ' ' && c < 0x7f);
		if (is_space(c)) {
			space = used > 0;
			continue;
		}
		if (!shown && text_is_hazard(c))
			continue;
		if (used + n + space >= capacity)
			break;
		if (space)
			out[used++] = ' ';
		space = false;
		memcpy(out + used, in + i, n);
		used += n;
	}
	out[used] = '\0';
}

void roster_clean(char *out, size_t capacity, const char *in, size_t len)
{
	utf8proc_uint8_t *composed = NULL;
	if (len < capacity && is_plain(in, len)) {
		memcpy(out, in, len);
		out[len] = '\0';
		return;
	}
	if (is_composed(in, len)) {
		copy_shown(out, capacity, in, len);
		return;
	}
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)in, (utf8proc_ssize_t)len,
		&composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		copy_shown(out, capacity, in, len);
	else
		copy_shown(out, capacity, (const char *)composed, (size_t)n);
	free(composed);
}
