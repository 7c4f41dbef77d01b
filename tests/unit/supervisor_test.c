/* What systemd hears of a program: readiness once, then a sign of life as often as it asks. The
 * other end is a real socket. */
#include "port/supervisor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct ear {
	int fd;
	char address[100]; /* as NOTIFY_SOCKET has it */
};

/* A name of the abstract kind, chosen by the kernel. */
static int listen_anywhere(void **state)
{
	static struct ear ear;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(at);
	ear.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(ear.fd >= 0);
	assert_int_equal(bind(ear.fd, (struct sockaddr *)&at, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(ear.fd, (struct sockaddr *)&at, &length), 0);
	size_t n = length - offsetof(struct sockaddr_un, sun_path) - 1;
	memset(ear.address, 0, sizeof(ear.address));
	ear.address[0] = '@';
	memcpy(ear.address + 1, at.sun_path + 1, n);
	*state = &ear;
	return 0;
}

static int close_ear(void **state)
{
	close(((struct ear *)*state)->fd);
	return 0;
}

/* What came, or "" where nothing did. */
static const char *heard(const struct ear *ear)
{
	static char text[100];
	ssize_t n = recv(ear->fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static struct supervisor *opened(const struct ear *ear, const char *usec)
{
	struct supervisor *s = NULL;
	setenv("NOTIFY_SOCKET", ear->address, 1);
	if (usec)
		setenv("WATCHDOG_USEC", usec, 1);
	assert_int_equal(supervisor_open(&s), 0);
	assert_non_null(s);
	return s;
}

static void is_ready_once_and_alive_thrice_in_the_limit(void **state)
{
	const struct ear *ear = *state;
	struct supervisor *s = opened(ear, "30000000");
	assert_string_equal(heard(ear), "");
	supervisor_alive(s, 1000);
	assert_string_equal(heard(ear), "READY=1\nWATCHDOG=1");
	supervisor_alive(s, 10999);
	assert_string_equal(heard(ear), "");
	supervisor_alive(s, 11000);
	assert_string_equal(heard(ear), "WATCHDOG=1");
	supervisor_alive(s, 20999);
	assert_string_equal(heard(ear), "");
	supervisor_alive(s, 40000);
	assert_string_equal(heard(ear), "WATCHDOG=1");
	supervisor_close(s);
}

static void nobody_asks_for_signs_of_life(void **state)
{
	const struct ear *ear = *state;
	struct supervisor *s = opened(ear, NULL);
	supervisor_alive(s, 0);
	assert_string_equal(heard(ear), "READY=1\nWATCHDOG=1");
	supervisor_alive(s, 1000000000);
	assert_string_equal(heard(ear), "");
	supervisor_close(s);
}

static void signs_of_life_of_another_process_are_not_asked_of_this(void **state)
{
	const struct ear *ear = *state;
	char pid[20];
	snprintf(pid, sizeof(pid), "%d", getpid() + 1);
	setenv("WATCHDOG_PID", pid, 1);
	struct supervisor *s = opened(ear, "3000000");
	supervisor_alive(s, 0);
	heard(ear);
	supervisor_alive(s, 1000000000);
	assert_string_equal(heard(ear), "");
	supervisor_close(s);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	s = opened(ear, "3000000");
	supervisor_alive(s, 0);
	heard(ear);
	supervisor_alive(s, 1000);
	assert_string_equal(heard(ear), "WATCHDOG=1");
	supervisor_close(s);
}

static void children_have_nobody_to_speak_to(void **state)
{
	struct supervisor *s = opened(*state, "3000000");
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	supervisor_close(s);
}

static void without_a_supervisor_nothing_is_done(void **state)
{
	(void)state;
	struct supervisor *s = (struct supervisor *)state;
	assert_int_equal(supervisor_open(&s), 0);
	assert_null(s);
	supervisor_alive(NULL, 0);
	supervisor_close(NULL);
}

static void addresses_that_are_none(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		int error;
	} wrong[] = {
		{ "relative", -EINVAL },
		{ "@", -EINVAL },
		{ "/nowhere/at/all", -ENOENT },
		{ "@nobody.listens.here.parvis", -ECONNREFUSED },
		{ "/"
		  "0123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456789012345678901234567",
			-EINVAL },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct supervisor *s = NULL;
		setenv("NOTIFY_SOCKET", wrong[i].address, 1);
		assert_int_equal(supervisor_open(&s), wrong[i].error);
		assert_null(s);
	}
}

static void a_full_socket_is_tried_again(void **state)
{
	const struct ear *ear = *state;
	struct supervisor *s = opened(ear, "3000000");
	int64_t now_ms = 0;
	/* One sender can fill it: the kernel's limit of waiting datagrams is finite. */
	for (int i = 0; i < 10000; i++)
		supervisor_alive(s, now_ms += 1000);
	int waiting = 0;
	while (*heard(ear))
		waiting++;
	assert_in_range(waiting, 1, 9999);
	supervisor_alive(s, now_ms);
	assert_string_equal(heard(ear), "WATCHDOG=1");
	supervisor_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			is_ready_once_and_alive_thrice_in_the_limit, listen_anywhere, close_ear),
		cmocka_unit_test_setup_teardown(
			nobody_asks_for_signs_of_life, listen_anywhere, close_ear),
		cmocka_unit_test_setup_teardown(
			signs_of_life_of_another_process_are_not_asked_of_this, listen_anywhere,
			close_ear),
		cmocka_unit_test_setup_teardown(
			children_have_nobody_to_speak_to, listen_anywhere, close_ear),
		cmocka_unit_test(without_a_supervisor_nothing_is_done),
		cmocka_unit_test(addresses_that_are_none),
		cmocka_unit_test_setup_teardown(
			a_full_socket_is_tried_again, listen_anywhere, close_ear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
