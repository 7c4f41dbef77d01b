/* Writes and reads signed tickets by the thousand, for an independent implementation to meet:
 *   sig1 write DIR N     N random tickets signed with DIR's issuing key
 *   sig1 read KEY        reads tickets signed with KEY (64 hex digits) from standard input
 * A line is the ticket's text, then, behind tabs, seed, item, variation, subevent and the limits in
 * seconds. `read` takes the text alone and prints the line anew, with `-` for a ticket that is not
 * good. Every tenth ticket has a field more than this version knows, of up to 1,500 bytes, so that
 * lengths past 255 are met too. */
#include "event/sig1.h"
#include "base/text.h"
#include "event/issuer.h"
#include "tests/fake/sign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MORE_MAX 1500

static void tell(void *context, bool fatal, const char *text)
{
	(void)context;
	(void)fatal;
	fprintf(stderr, "sig1: %s\n", text);
}

static void print(const char *text, const struct sig1_payload *p)
{
	printf("%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", text,
		p->seed, p->item, p->variation, p->subevent, p->valid_from_s, p->valid_until_s);
}

/* Of any size from 0 up, and now and then below 0. */
static int64_t any_number(void)
{
	uint64_t value;
	randombytes_buf(&value, sizeof(value));
	value >>= randombytes_uniform(64);
	return randombytes_uniform(4) ? (int64_t)(value >> 1) : (int64_t)value;
}

static struct sig1_payload any_ticket(void)
{
	struct sig1_payload p = { .item = any_number(), .subevent = any_number() };
	if (randombytes_uniform(8))
		sig1_random_seed(p.seed);
	if (!randombytes_uniform(3))
		p.variation = any_number();
	if (randombytes_uniform(2))
		p.valid_from_s = any_number();
	if (randombytes_uniform(2))
		p.valid_until_s = any_number();
	return p;
}

/* With field 15, bytes, behind the others. */
static size_t write_with_more(const struct issuer *i, const struct sig1_payload *p, char *out)
{
	uint8_t payload[192 + 3 + MORE_MAX];
	size_t n = sign_encode(payload, p), more = 128 + randombytes_uniform(MORE_MAX - 128);
	payload[n++] = 15 << 3 | 2;
	payload[n++] = (uint8_t)(more | 0x80);
	payload[n++] = (uint8_t)(more >> 7);
	randombytes_buf(payload + n, more);
	return sig1_seal(i, payload, n + more, out);
}

static int write_many(const char *dir, long count)
{
	struct issuer *issuer;
	char text[SIG1_TEXT_MAX + 1];
	if (issuer_open(&issuer, dir, tell, NULL))
		return 1;
	for (long t = 0; t < count; t++) {
		struct sig1_payload p = any_ticket();
		size_t len = t % 10 == 9 ? write_with_more(issuer, &p, text)
					 : sig1_write(issuer, &p, text);
		CHECK(len > 0);
		print(text, &p);
	}
	issuer_close(issuer);
	return 0;
}

static int read_many(const char *hex)
{
	char line[2 * SIG1_TEXT_MAX];
	uint8_t key[1][32];
	if (!text_unhex(key[0], sizeof(key[0]), hex, strlen(hex)))
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		struct sig1_payload p;
		size_t len = strcspn(line, "\t\n");
		enum sig1_result result = sig1_read((const uint8_t(*)[32])key, 1, line, len, &p);
		line[len] = '\0';
		if (result == SIG1_GOOD)
			print(line, &p);
		else
			puts("-");
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	if (argc == 4 && !strcmp(argv[1], "write"))
		return write_many(argv[2], atol(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "read"))
		return read_many(argv[2]);
	fprintf(stderr, "usage: sig1 write DIR N | sig1 read KEY <TICKETS\n");
	return 2;
}
