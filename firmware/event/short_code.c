#include "event/short_code.h"

void short_code(const uint8_t hash[TICKET_HASH_SIZE], char out[SHORT_CODE_SIZE])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t bits = 0;
	char *p = out;
	for (int i = 0; i < 5; i++)
		bits = bits << 8 | hash[i];
	for (int i = 0; i < 8; i++) {
		if (i == 4)
			*p++ = '-';
		*p++ = alphabet[bits >> (35 - 5 * i) & 31];
	}
	*p = '\0';
}
