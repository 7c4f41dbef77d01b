/* Prints many signed tickets of the demo event, one a line, each of its own:
 *   tickets PREFIX COUNT ITEM SUBEVENT */
#include "tests/fake/sign.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: tickets PREFIX COUNT ITEM SUBEVENT\n");
		return 2;
	}
	long count = strtol(argv[2], NULL, 10);
	for (long i = 0; i < count; i++) {
		static char text[SIGN_TEXT_SIZE];
		struct sig1_payload p = { .item = atoll(argv[3]), .subevent = atoll(argv[4]) };
		snprintf(p.seed, sizeof(p.seed), "%.16s%06ld", argv[1], i);
		size_t len = sign_ticket(text, SIGN_DEMO_SEED, &p);
		if (!len)
			return 1;
		printf("%.*s\n", (int)len, text);
	}
	return 0;
}
