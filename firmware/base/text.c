#include "base/text.h"

#include <string.h>

size_t text_decode_utf8(const char *p, size_t left, uint32_t *code_point)
{
	const unsigned char *b = (const unsigned char *)p;
	if (b[0] < 0x80) {
		*code_point = b[0];
		return 1;
	}
	size_t n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (b[0] < 0xc2 || b[0] > 0xf4 || n > left)
		return 0;
	uint32_t c = b[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3fU);
	}
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code_point = c;
	return n;
}

bool text_is_utf8(const char *p, size_t len)
{
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(p + i, len - i, &c);
		if (!n)
			return false;
	}
	return true;
}

bool text_is_hazard(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} hazards[] = {
		{ 0x0000, 0x001f },
		{ 0x007f, 0x009f },
		{ 0x00ad, 0x00ad },
		{ 0x061c, 0x061c },
		{ 0x115f, 0x1160 },
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff },
		{ 0xfdd0, 0xfdef },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0xe0000, 0xe0fff },
		{ 0xf0000, 0x10ffff },
	};
	for (size_t i = 0; i < ARRAY_LEN(hazards); i++)
		if (c >= hazards[i].first && c <= hazards[i].last)
			return true;
	return (c & 0xfffe) == 0xfffe;
}

static size_t escape(char out[16], const char *in, size_t n, uint32_t c)
{
	int len;
	if (!n)
		len = snprintf(out, 16, "\\x%02x", (unsigned char)in[0]);
	else if (c == '\n' || c == '\t')
		len = snprintf(out, 16, "\\%c", c == '\n' ? 'n' : 't');
	else if (text_is_hazard(c))
		len = snprintf(out, 16, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
	else
		return (size_t)snprintf(out, 16, "%.*s", (int)n, in);
	return (size_t)len;
}

size_t text_printable(char *out, size_t capacity, const char *in, size_t len)
{
	size_t used = 0;
	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		char piece[16];
		size_t n = text_decode_utf8(in + i, len - i, &c);
		size_t m = escape(piece, in + i, n, c);
		if (used + m >= capacity)
			break;
		memcpy(out + used, piece, m);
		used += m;
		i += n ? n : 1;
	}
	out[used] = '\0';
	return used;
}

bool text_copy(char *out, size_t capacity, const char *in)
{
	size_t len = strlen(in);
	bool whole = len < capacity;
	if (!whole) {
		len = capacity - 1;
		while (len > 0 && ((unsigned char)in[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, in, len);
	out[len] = '\0';
	return whole;
}

void text_hex(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_unhex(uint8_t *out, size_t n, const char *hex, size_t hex_len)
{
	if (hex_len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
