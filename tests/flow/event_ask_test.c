/* `parvis event new` at a terminal: a pseudo-terminal of ours answers each question when it has
 * been asked, as a person would. The program is $B/parvis. */
#include "base/cc.h"
#include "event/event.h"
#include "event/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char root[256], dir[300], program[512];
static int terminal = -1;
static pid_t child;
static char seen[65536]; /* all that the terminal showed */
static size_t seen_len, looked;

static void start(char *const argv[])
{
	seen_len = looked = 0;
	seen[0] = '\0';
	child = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(child >= 0);
	if (child == 0) {
		execv(program, argv);
		_exit(127);
	}
}

static void start_new(void)
{
	static char *argv[] = { "parvis", "event", "new", dir, NULL };
	start(argv);
}

/* Reads what comes; false when nobody is at the other end any more. */
static bool more(void)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail_msg("nothing came after: %s", seen + looked);
	ssize_t n = read(terminal, seen + seen_len, sizeof(seen) - 1 - seen_len);
	if (n <= 0)
		return false;
	seen_len += (size_t)n;
	seen[seen_len] = '\0';
	return true;
}

/* Waits until it has been shown, behind what was waited for before. */
static void expect(const char *text)
{
	const char *at;
	while (!(at = strstr(seen + looked, text)))
		if (!more())
			fail_msg("the end came before \"%s\": %s", text, seen + looked);
	looked = (size_t)(at - seen) + strlen(text);
}

static void type(const char *text)
{
	size_t len = strlen(text);
	assert_int_equal(write(terminal, text, len), len);
}

static void answer(const char *question, const char *text)
{
	expect(question);
	type(text);
	type("\n");
}

static int finish(void)
{
	int status;
	while (more())
		continue;
	assert_int_equal(waitpid(child, &status, 0), child);
	close(terminal);
	terminal = -1;
	child = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void no_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	(void)fatal;
	fail_msg("%s", text);
}

static bool is_there(void)
{
	return access(dir, F_OK) == 0;
}

/* --- the tests ---------------------------------------------------------------------------------
 */

static void answer_the_event(void)
{
	answer("Title", "Nuit des ponts");
	answer("Identifier (a-z, 0-9, - and _) [nuit-des-ponts]: ", "");
	answer("Time zone [Europe/Paris]: ", "");
	answer("Doors open", "2030-06-01T19:00");
	answer("Doors close", "2030-06-02T02:00");
	answer("Languages of the screens, the house's first [fr en]: ", "en fr");
}

static void an_evening_is_made_of_answers(void **state)
{
	struct event *e;
	(void)state;
	start_new();
	answer_the_event();
	answer("Venue 1: name: ", "La Ruche");
	answer("Identifier (a-z, 0-9, - and _) [la-ruche]: ", "");
	answer("Address: ", "84 quai de Jemmapes, 75010 Paris");
	answer("How many people fit (0: no limit) [0]: ", "90");
	answer("Latitude and longitude", "48.8722, 2.3648");
	answer("Venue 2: name (empty: that was all): ", "Été");
	answer("Identifier", "ete");
	answer("Address", "");
	answer("How many", "");
	answer("Latitude", "");
	answer("Venue 3: name (empty: that was all): ", "");
	answer("PIN (4 to 12 digits): ", "2468");
	answer("Once more: ", "2468");
	expect("keys/issuing.key");
	assert_int_equal(finish(), 0);
	assert_null(strstr(seen, "2468")); /* a PIN is not shown */

	assert_int_equal(event_load(&e, dir, no_problem, NULL), 0);
	assert_string_equal(e->id, "nuit-des-ponts");
	assert_string_equal(e->title, "Nuit des ponts");
	assert_int_equal(e->opens_ms, 1906563600000);
	assert_int_equal(e->language, LANGUAGE_EN);
	assert_int_equal(e->venue_count, 2);
	assert_string_equal(e->venues[0].id, "la-ruche");
	assert_string_equal(e->venues[0].address, "84 quai de Jemmapes, 75010 Paris");
	assert_int_equal(e->venues[0].capacity_seats, 90);
	assert_true(e->venues[0].lat == 48.8722 && e->venues[0].lon == 2.3648);
	assert_int_equal(e->venues[0].subevent, 1);
	assert_string_equal(e->venues[1].name, "Été");
	assert_int_equal(e->venues[1].capacity_seats, 0);
	assert_int_equal(e->venues[1].subevent, 2);
	assert_true(e->venues[1].lat == 0);
	assert_int_equal(e->key_count, 1);
	assert_true(e->hash_key_given);
	assert_true(pin_matches(e->staff_pin, "2468"));
	event_free(e);
}

/* Each is told with its reason, and the same question comes again. */
static void wrong_answers_are_asked_again(void **state)
{
	(void)state;
	start_new();
	answer("Title", "");
	answer("Title", "a\x01");
	expect("cannot be taken");
	answer("Title", "N");
	answer("Identifier (a-z, 0-9, - and _) [n]: ", "N!");
	expect("[event] id: \"N!\" is no identifier");
	answer("Identifier", "n");
	answer("Time zone", "Paris");
	expect("[event] timezone: \"Paris\" is no time zone");
	answer("Time zone", "Europe/Paris");
	answer("Doors open", "tomorrow");
	expect("[event] opens: \"tomorrow\" is no moment");
	answer("Doors open", "2030-06-01T19:00");
	answer("Doors close", "2030-06-01T02:00");
	expect("was the day after midnight meant?");
	answer("Doors close", "2030-06-02T02:00");
	answer("Languages", "x!");
	expect("\"x!\" is no language");
	answer("Languages", "fr");
	answer("Venue 1: name: ", "");
	answer("Venue 1: name: ", "A");
	answer("Identifier", "A B");
	expect("a venue needs an identifier");
	answer("Identifier", "a");
	answer("Address", "");
	answer("How many", "lots");
	expect("\"lots\" is no number of people");
	answer("How many", "7");
	answer("Latitude", "48.8");
	expect("stands alone");
	answer("Latitude", "");
	answer("Venue 2", "B");
	answer("Identifier", "a");
	expect("[venue a]: stands on line");
	answer("Identifier", "b");
	answer("Address", "");
	answer("How many", "");
	answer("Latitude", "");
	answer("Venue 3", "");
	answer("PIN", "1234");
	answer("Once more", "1243");
	expect("the two differ");
	assert_int_equal(finish(), 1);
	assert_false(is_there()); /* a PIN mistyped: nothing was made */
}

static void answers_that_end_leave_nothing(void **state)
{
	(void)state;
	start_new();
	answer("Title", "N");
	expect("Identifier");
	type("\x04");
	expect("nothing was written");
	assert_int_equal(finish(), 1);
	assert_false(is_there());
}

static void an_interruption_leaves_nothing(void **state)
{
	(void)state;
	start_new();
	answer_the_event();
	expect("Venue 1");
	type("\x03");
	assert_int_equal(finish(), -1); /* by the signal */
	assert_false(is_there());
}

static void what_was_given_is_not_asked(void **state)
{
	char *argv[] = { "parvis", "event", "new", dir, "--from", "assets/demo", "--title", "Autre",
		NULL };
	struct event *e;
	(void)state;
	start(argv);
	answer("PIN", "2468");
	answer("Once more", "2468");
	assert_int_equal(finish(), 0);
	assert_null(strstr(seen, "Title"));
	assert_null(strstr(seen, "Venue"));
	assert_int_equal(event_load(&e, dir, no_problem, NULL), 0);
	assert_string_equal(e->title, "Autre");
	assert_int_equal(e->venue_count, 10);
	event_free(e);
}

static int set_up(void **state)
{
	static unsigned count;
	(void)state;
	snprintf(dir, sizeof(dir), "%s/%u", root, count++);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (terminal >= 0)
		close(terminal);
	terminal = -1;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
	return 0;
}

static int make_root(void **state)
{
	const char *tmp = getenv("TMPDIR"), *build = getenv("B");
	(void)state;
	snprintf(program, sizeof(program), "%s/parvis", build ? build : "build/release");
	snprintf(root, sizeof(root), "%s/parvis-ask-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_evening_is_made_of_answers),
		TEST(wrong_answers_are_asked_again),
		TEST(answers_that_end_leave_nothing),
		TEST(an_interruption_leaves_nothing),
		TEST(what_was_given_is_not_asked),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
