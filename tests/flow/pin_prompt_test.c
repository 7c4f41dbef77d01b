#include "base/cc.h"
#include "event/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* `parvis event pin` at a terminal: what is typed must not be seen, and is asked for twice. */

#define WAIT_MS 20000

struct terminal {
	pid_t child;
	int fd;
	char seen[4096];
	size_t used;
};

static void start(struct terminal *t, const char *program)
{
	*t = (struct terminal){ .fd = -1 };
	t->child = forkpty(&t->fd, NULL, NULL, NULL);
	assert_true(t->child >= 0);
	if (t->child == 0) {
		execl(program, "parvis", "event", "pin", (char *)NULL);
		_exit(127);
	}
}

/* Reads on; false at the end, or when nothing comes. */
static bool read_more(struct terminal *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	if (poll(&p, 1, WAIT_MS) != 1 || t->used + 1 >= sizeof(t->seen))
		return false;
	ssize_t n = read(t->fd, t->seen + t->used, sizeof(t->seen) - 1 - t->used);
	if (n <= 0)
		return false;
	t->used += (size_t)n;
	t->seen[t->used] = '\0';
	return true;
}

static void answer(struct terminal *t, const char *prompt, const char *typed)
{
	while (!strstr(t->seen, prompt))
		assert_true(read_more(t));
	assert_int_equal(write(t->fd, typed, strlen(typed)), strlen(typed));
}

static int finish(struct terminal *t)
{
	int status;
	while (read_more(t))
		;
	if (t->used + 1 >= sizeof(t->seen))
		kill(t->child, SIGKILL);
	close(t->fd);
	assert_int_equal(waitpid(t->child, &status, 0), t->child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char program[4096];

static int find_program(void **state)
{
	const char *build = getenv("B");
	(void)state;
	snprintf(program, sizeof(program), "%s/parvis", build ? build : "build/release");
	return 0;
}

static void skip_without_program(void)
{
	if (access(program, X_OK) == 0)
		return;
	print_message("# skipped: %s is not built\n", program);
	skip();
}

static void the_pin_is_not_shown(void **state)
{
	struct terminal t;
	(void)state;
	skip_without_program();
	start(&t, program);
	answer(&t, "digits): ", "4711\n");
	answer(&t, "Once more: ", "4711\n");
	assert_int_equal(finish(&t), 0);
	char *line = strstr(t.seen, "pin = ");
	assert_non_null(line);
	char *hash = line + strlen("pin = ");
	hash[strcspn(hash, "\r\n")] = '\0';
	assert_true(pin_matches(hash, "4711"));
	*line = '\0'; /* what stood before it */
	assert_null(strstr(t.seen, "4711"));
}

static void two_that_differ_are_refused(void **state)
{
	struct terminal t;
	(void)state;
	skip_without_program();
	start(&t, program);
	answer(&t, "digits): ", "4711\n");
	answer(&t, "Once more: ", "4712\n");
	assert_int_equal(finish(&t), 1);
	assert_non_null(strstr(t.seen, "the two differ"));
	assert_null(strstr(t.seen, "pin = "));
	assert_null(strstr(t.seen, "471"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pin_is_not_shown),
		cmocka_unit_test(two_that_differ_are_refused),
	};
	return cmocka_run_group_tests(tests, find_program, NULL);
}
