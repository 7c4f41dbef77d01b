/* What boxes and a collector say in an evening, and whether we would take a message.
 *
 *   sync_say            prints TOPIC<tab>PAYLOAD, a line a message
 *   sync_say read       reads such lines; prints "taken" or "refused" for each */
#include "tests/fake/doors.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void print(void *context, const char *topic, const void *payload, size_t size)
{
	(void)context;
	printf("%s\t%.*s\n", topic, (int)size, (const char *)payload);
}

static int say(void)
{
	struct doors *d = doors_open(4, 1, REACH_EVENT);
	doors_set_listener(d, print, NULL);
	for (unsigned i = 0; i < 5; i++)
		doors_up(d, i);
	for (unsigned i = 0; i < 60; i++) {
		doors_enter(d, i % 4, i % 7 ? 100 + i : 0);
		if (i % 5 == 4)
			doors_leave(d, i % 4, 100 + i);
		if (i % 9 == 8)
			doors_move(d, i % 2, 100 + i, 1);
		doors_run(d, 700);
	}
	doors_down(d, 0);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, 0, 300 + i);
	doors_run(d, 40000);
	doors_restart(d, 0);
	doors_up(d, 0);
	doors_run(d, 90000);
	doors_close(d);
	return 0;
}

static bool is_taken(const char *topic, const char *payload, size_t len)
{
	static union {
		struct message_state state;
		struct message_count count;
		struct message_chains chains;
		struct message_fleet fleet;
	} m;
	static struct row rows[BATCH_ROWS_MAX];
	struct batch b;
	struct topic t;
	struct message_why why;
	if (!topic_read(&t, topic))
		return false;
	switch (t.kind) {
	case TOPIC_STATE:
		return message_read_state(&m.state, payload, len, &why);
	case TOPIC_COUNT:
		return message_read_count(&m.count, payload, len, &why);
	case TOPIC_EV:
	case TOPIC_GIVEN:
		return message_read_batch(&b, rows, payload, len, &why);
	case TOPIC_HAVE:
	case TOPIC_ACK:
		return message_read_chains(&m.chains, payload, len, &why);
	case TOPIC_FLEET:
		return message_read_fleet(&m.fleet, payload, len, &why);
	case TOPIC_KINDS:
		break;
	}
	return false;
}

static int read_all(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	while ((len = getline(&line, &room, stdin)) > 0) {
		char *tab = memchr(line, '\t', (size_t)len);
		if (!tab)
			return 2;
		*tab = 0;
		size_t size = (size_t)(line + len - tab) - 1;
		size -= size && tab[size] == '\n';
		puts(is_taken(line, tab + 1, size) ? "taken" : "refused");
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	if (argc == 1)
		return say();
	if (argc == 2 && !strcmp(argv[1], "read"))
		return read_all();
	fprintf(stderr, "usage: sync_say | sync_say read <LINES\n");
	return 2;
}
