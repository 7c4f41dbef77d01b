#include "port/scanner_frame.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* ISO/IEC 15424: "]", a letter for the symbology (Q: QR), a modifier. */
static size_t aim_len(const char *text, size_t len)
{
	bool is_aim = len >= 3 && text[0] == ']' && is_letter(text[1]) &&
		      (is_digit(text[2]) || is_letter(text[2]));
	return is_aim ? 3 : 0;
}

/* AIM ECI: a backslash and six digits, as \000026 for UTF-8. */
static size_t eci_len(const char *text, size_t len)
{
	if (len < 7 || text[0] != '\\')
		return 0;
	for (size_t i = 1; i < 7; i++)
		if (!is_digit(text[i]))
			return 0;
	return 7;
}

static size_t prefix_len(const char *text, size_t len)
{
	size_t aim = aim_len(text, len);
	return aim + eci_len(text + aim, len - aim);
}

void scanner_strip(struct scanner_code *code)
{
	size_t n = prefix_len(code->text, code->len);
	code->len -= n;
	memmove(code->text, code->text + n, code->len);
}

bool scanner_frame_put(struct scanner_frame *f, char byte, int64_t now_ms)
{
	f->last_ms = now_ms;
	if (byte == '\r' || byte == '\n')
		return f->begun;
	f->begun = true;
	if (f->len < sizeof(f->raw))
		f->raw[f->len++] = byte;
	else
		f->overlong = true;
	return false;
}

int64_t scanner_frame_ends_ms(const struct scanner_frame *f)
{
	return f->begun ? f->last_ms + SCANNER_SILENCE_MS : INT64_MAX;
}

void scanner_frame_spoil(struct scanner_frame *f, int64_t now_ms)
{
	f->begun = true;
	f->overlong = true;
	f->last_ms = now_ms;
}

void scanner_frame_take(struct scanner_frame *f, struct scanner_code *out)
{
	size_t skipped = prefix_len(f->raw, f->len), len = f->len - skipped;
	out->overlong = f->overlong || len > SCANNER_TEXT_MAX;
	out->len = len < SCANNER_TEXT_MAX ? len : SCANNER_TEXT_MAX;
	memcpy(out->text, f->raw + skipped, out->len);
	scanner_frame_reset(f);
}

void scanner_frame_reset(struct scanner_frame *f)
{
	f->len = 0;
	f->begun = f->overlong = false;
}
