/* Prints a signed ticket of the demo event, whose key is public:
 *   ticket SEED ITEM SUBEVENT [FROM UNTIL]     (Unix seconds; 0 = no limit) */
#include "base/text.h"
#include "tests/fake/sign.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: ticket SEED ITEM SUBEVENT [FROM UNTIL]\n");
		return 2;
	}
	struct sig1_payload payload = { .item = atoll(argv[2]), .subevent = atoll(argv[3]) };
	text_copy(payload.seed, sizeof(payload.seed), argv[1]);
	if (argc == 6) {
		payload.valid_from_s = atoll(argv[4]);
		payload.valid_until_s = atoll(argv[5]);
	}
	static char text[SIGN_TEXT_SIZE];
	size_t len = sign_ticket(text, SIGN_DEMO_SEED, &payload);
	printf("%.*s\n", (int)len, text);
	return len ? 0 : 1;
}
