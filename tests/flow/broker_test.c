/* The broker port against a real mosquitto: up, down, back, the better one of two, TLS, wills. */
#include "port/broker.h"
#include "port/broker_address.h"
#include "port/broker_news.h"
#include "tests/fake/mosquitto_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 20000

static char dir[64];
static struct mosquitto_server one, two;

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The next news of this kind; others are passed over. False: it did not come within limit_ms. */
static bool next_of(
	struct broker *b, enum broker_news_kind kind, struct broker_news *out, int limit_ms)
{
	int64_t until = now_ms() + limit_ms;
	for (;;) {
		while (!broker_next(b, out)) {
			if (out->kind == kind)
				return true;
			free(out->payload);
		}
		int64_t left = until - now_ms();
		if (left <= 0)
			return false;
		struct pollfd p = { .fd = broker_fd(b), .events = POLLIN };
		poll(&p, 1, (int)left);
	}
}

static void must_come(struct broker *b, enum broker_news_kind kind, struct broker_news *out)
{
	if (!next_of(b, kind, out, LIMIT_MS))
		fail_msg("no news of kind %d within %d ms", (int)kind, LIMIT_MS);
}

static struct broker *open_to(const char *client_id, const char *first, const char *second)
{
	const char *urls[] = { first, second };
	struct broker_setup s = { .urls = urls,
		.url_count = second ? 2 : 1,
		.client_id = client_id,
		.better_every_s = 1 };
	struct broker *b = NULL;
	assert_int_equal(broker_open(&b, &s), 0);
	return b;
}

static void subscribe(struct broker *b, const char *topic)
{
	struct broker_news n;
	int id;
	assert_int_equal(broker_subscribe(b, topic, 1, &id), 0);
	must_come(b, BROKER_GRANTED, &n);
	assert_int_equal(n.id, id);
	assert_false(n.refused);
}

static void publish(struct broker *b, const char *topic, const char *text)
{
	struct broker_news n;
	int id;
	assert_int_equal(broker_publish(b, topic, text, strlen(text), 1, false, &id), 0);
	do
		must_come(b, BROKER_PUBLISHED, &n);
	while (n.id != id);
}

static void expect_message(struct broker *b, const char *topic, const char *text)
{
	struct broker_news n;
	must_come(b, BROKER_MESSAGE, &n);
	assert_string_equal(n.topic, topic);
	assert_string_equal((char *)n.payload, text);
	assert_int_equal(n.size, strlen(text));
	free(n.payload);
}

/* --- without a broker -------------------------------------------------------------------------
 */

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host;
		int port;
		bool tls;
	} good[] = {
		{ "mqtt://broker", "broker", 1883, false },
		{ "mqtts://broker.example.org", "broker.example.org", 8883, true },
		{ "mqtt://127.0.0.1:18830", "127.0.0.1", 18830, false },
		{ "mqtts://[2001:db8::1]:8884", "2001:db8::1", 8884, true },
		{ "mqtt://[::1]", "::1", 1883, false },
	};
	static const char *const bad[] = { "", "broker", "mqtt://", "http://broker",
		"mqtt://name:secret@broker", "mqtt://broker/path", "mqtt://broker:0",
		"mqtt://broker:65536", "mqtt://broker:18 83", "mqtt://broker:", "mqtt://[::1",
		"mqtt://::1", "mqtt://-broker", "mqtt://bro ker", "MQTT://broker" };
	struct broker_address u;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(broker_address_read(&u, good[i].text), 0);
		assert_string_equal(u.host, good[i].host);
		assert_int_equal(u.port, good[i].port);
		assert_true(u.tls == good[i].tls);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (broker_address_read(&u, bad[i]) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

static void test_news_are_bounded(void **state)
{
	(void)state;
	struct news_queue *q = NULL;
	struct broker_news n = { .kind = BROKER_MESSAGE }, out;
	assert_int_equal(news_queue_open(&q), 0);
	assert_int_equal(news_queue_get(q, &out), -EAGAIN);
	int taken = 0;
	while (!news_queue_put(q, &n, 0))
		assert_true(++taken < 100000);
	assert_int_equal(news_queue_put(q, &n, 1), -ETIMEDOUT);
	n.kind = BROKER_PUBLISHED; /* what the connection says always has room */
	assert_int_equal(news_queue_put(q, &n, 0), 0);
	assert_int_equal(news_queue_get(q, &out), 0);
	n.kind = BROKER_MESSAGE;
	assert_int_equal(news_queue_put(q, &n, 0), 0);
	while (!news_queue_get(q, &out))
		taken--;
	assert_int_equal(taken, -1);
	/* One message may be larger than all that fits otherwise. */
	n.size = 64 << 20;
	assert_int_equal(news_queue_put(q, &n, 0), 0);
	assert_int_equal(news_queue_put(q, &n, 0), -ETIMEDOUT);
	struct pollfd p = { .fd = news_queue_fd(q), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(news_queue_get(q, &out), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	news_queue_close(q);
}

static void test_nobody_there(void **state)
{
	(void)state;
	char url[64];
	struct broker_news n;
	int id;
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", mosquitto_server_free_port());
	struct broker *b = open_to("a", url, NULL);
	assert_int_equal(broker_publish(b, "t", "x", 1, 1, false, &id), -ENOTCONN);
	assert_int_equal(broker_subscribe(b, "t", 1, &id), -ENOTCONN);
	must_come(b, BROKER_DOWN, &n);
	assert_false(n.refused);
	assert_true(*n.why != '\0');
	must_come(b, BROKER_DOWN, &n); /* and it goes on trying */
	broker_close(b, true);
}

/* --- with one ---------------------------------------------------------------------------------
 */

static bool may_run(void)
{
	if (mosquitto_server_exists())
		return true;
	print_message("# skipped: mosquitto is not installed\n");
	skip();
	return false;
}

static void test_two_talk(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	struct broker *a = open_to("a", one.url, NULL), *b = open_to("b", one.url, NULL);
	must_come(a, BROKER_UP, &n);
	must_come(b, BROKER_UP, &n);
	subscribe(b, "t/+");
	publish(a, "t/1", "hello");
	expect_message(b, "t/1", "hello");
	publish(a, "t/2", "");
	expect_message(b, "t/2", "");
	assert_int_equal(broker_unsubscribe(b, "t/+"), 0);
	static char large[BROKER_PAYLOAD_MAX + 1];
	int id;
	assert_int_equal(broker_publish(a, "t", large, sizeof(large), 1, false, &id), -EMSGSIZE);
	broker_close(a, true);
	broker_close(b, false);
}

/* The queue of the connection has an end, and says so. */
static void test_too_much_under_way(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	struct broker *a = open_to("a", one.url, NULL);
	must_come(a, BROKER_UP, &n);
	kill(one.pid, SIGSTOP);
	int id, error = 0, i;
	for (i = 0; i < 1000 && !error; i++)
		error = broker_publish(a, "t", "x", 1, 1, false, &id);
	kill(one.pid, SIGCONT);
	assert_int_equal(error, -EAGAIN);
	for (int taken = 1; taken < i; taken++)
		must_come(a, BROKER_PUBLISHED, &n);
	publish(a, "t", "again");
	broker_close(a, true);
}

static void test_killed_and_back(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	int id;
	struct broker *a = open_to("a", one.url, NULL);
	must_come(a, BROKER_UP, &n);
	for (int i = 0; i < 3; i++) {
		mosquitto_server_end(&one, SIGKILL);
		must_come(a, BROKER_DOWN, &n);
		assert_false(n.refused);
		assert_int_equal(broker_publish(a, "t", "x", 1, 1, false, &id), -ENOTCONN);
		mosquitto_server_again(&one);
		must_come(a, BROKER_UP, &n);
		subscribe(a, "t");
		assert_int_equal(broker_publish(a, "t", "back", 4, 1, false, &id), 0);
		expect_message(a, "t", "back");
	}
	broker_close(a, true);
}

/* Between the end of one connection and the news of the next, nothing goes out. */
static void test_nothing_between(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	int id;
	struct broker *a = open_to("a", one.url, NULL);
	assert_int_equal(
		poll(&(struct pollfd){ .fd = broker_fd(a), .events = POLLIN }, 1, LIMIT_MS),
		1); /* connected, but the news were not taken */
	assert_int_equal(broker_publish(a, "t", "x", 1, 1, false, &id), -ENOTCONN);
	must_come(a, BROKER_UP, &n);
	assert_int_equal(broker_publish(a, "t", "x", 1, 1, false, &id), 0);
	broker_close(a, true);
}

static void test_better_one_is_taken_back(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	mosquitto_server_end(&one, SIGKILL);
	struct broker *a = open_to("a", one.url, two.url);
	must_come(a, BROKER_UP, &n);
	assert_int_equal(n.url_index, 1);
	/* While the better one is looked for, the link works on. */
	int64_t until = now_ms() + 2500;
	while (now_ms() < until) {
		publish(a, "t", "on the lesser");
		poll(NULL, 0, 50);
	}
	mosquitto_server_again(&one);
	must_come(a, BROKER_DOWN, &n);
	assert_int_equal(n.url_index, 1);
	must_come(a, BROKER_UP, &n);
	assert_int_equal(n.url_index, 0);
	publish(a, "t", "on the better");
	mosquitto_server_end(&one, SIGKILL);
	must_come(a, BROKER_UP, &n);
	assert_int_equal(n.url_index, 1);
	mosquitto_server_again(&one);
	must_come(a, BROKER_UP, &n);
	assert_int_equal(n.url_index, 0);
	broker_close(a, true);
}

static void test_last_will(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	struct broker *watch = open_to("watch", one.url, NULL);
	must_come(watch, BROKER_UP, &n);
	subscribe(watch, "will");
	const char *urls[] = { one.url };
	struct broker_setup s = { .urls = urls,
		.url_count = 1,
		.client_id = "dying",
		.will_topic = "will",
		.will = "gone",
		.will_size = 4 };
	struct broker *b = NULL;
	assert_int_equal(broker_open(&b, &s), 0);
	must_come(b, BROKER_UP, &n);
	broker_close(b, true); /* politely: no will */
	assert_int_equal(broker_open(&b, &s), 0);
	must_come(b, BROKER_UP, &n);
	publish(b, "will", "alive");
	broker_close(b, false);
	expect_message(watch, "will", "alive");
	expect_message(watch, "will", "gone");
	broker_close(watch, true);
}

/* What is published last before a good-bye goes out. */
static void test_goodbye_comes_after_the_rest(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct broker_news n;
	int id;
	struct broker *watch = open_to("watch", one.url, NULL), *b = open_to("b", one.url, NULL);
	must_come(watch, BROKER_UP, &n);
	subscribe(watch, "t");
	must_come(b, BROKER_UP, &n);
	assert_int_equal(broker_publish(b, "t", "bye", 3, 1, false, &id), 0);
	broker_close(b, true);
	expect_message(watch, "t", "bye");
	broker_close(watch, true);
}

/* A broker that says nothing any more is found by keepalive, and closing does not wait for it. */
static void test_half_open(void **state)
{
	(void)state;
	if (!may_run())
		return;
	if (getenv("PARVIS_SHORT")) {
		print_message("# skipped: takes ten seconds; the release build has it\n");
		skip();
	}
	const char *urls[] = { one.url };
	struct broker_setup s = {
		.urls = urls, .url_count = 1, .client_id = "a", .keepalive_s = 5
	};
	struct broker *b = NULL;
	struct broker_news n;
	assert_int_equal(broker_open(&b, &s), 0);
	must_come(b, BROKER_UP, &n);
	kill(one.pid, SIGSTOP);
	bool found = next_of(b, BROKER_DOWN, &n, 15000);
	broker_close(b, true);
	kill(one.pid, SIGCONT);
	assert_true(found);
}

/* --- TLS --------------------------------------------------------------------------------------
 */

/* A certificate authority, a server's certificate for "localhost" and a box's. */
static const char make_certificates[] =
	"cd \"$0\" && exec >openssl.log 2>&1 && set -e\n"
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key"
	" -out ca.crt -subj /CN=test-authority -days 2\n"
	"for name in localhost box; do\n"
	"  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key"
	" -out $name.csr -subj /CN=$name\n"
	"  printf 'subjectAltName=DNS:%s\\n' $name >$name.ext\n"
	"  openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial"
	" -out $name.crt -days 2 -extfile $name.ext\n"
	"done\n";

static void run_shell(const char *script, const char *argument)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execl("/bin/sh", "sh", "-c", script, argument, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

struct tls_case {
	const char *host, *certificate;
	bool with_ca, good;
	const char *says;
};

static void try_tls(const struct mosquitto_server *s, const struct tls_case *c)
{
	char url[128], ca[256], certificate[256], key[256];
	const char *name = c->certificate ? c->certificate : "none";
	const char *urls[] = { url };
	snprintf(url, sizeof(url), "mqtts://%s:%d", c->host, s->port);
	snprintf(ca, sizeof(ca), "%s/ca.crt", s->dir);
	snprintf(certificate, sizeof(certificate), "%s/%s.crt", s->dir, name);
	snprintf(key, sizeof(key), "%s/%s.key", s->dir, name);
	struct broker_setup setup = { .urls = urls,
		.url_count = 1,
		.client_id = "box",
		.ca = c->with_ca ? ca : NULL,
		.certificate = c->certificate ? certificate : NULL,
		.key = c->certificate ? key : NULL };
	struct broker *b = NULL;
	struct broker_news n;
	assert_int_equal(broker_open(&b, &setup), 0);
	if (c->good) {
		must_come(b, BROKER_UP, &n);
		publish(b, "t", "sealed");
	} else {
		/* The other side's word can be lost when it closes at once after it (TLS 1.3 says
		 * no only after we think that we are connected): then a later attempt hears it. */
		n.refused = false;
		for (int i = 0; !n.refused && i < 5; i++)
			must_come(b, BROKER_DOWN, &n);
		if (!strstr(n.why, c->says))
			fail_msg("%s instead of %s", n.why, c->says);
		assert_true(n.refused);
	}
	broker_close(b, true);
}

static void test_tls(void **state)
{
	(void)state;
	if (!may_run())
		return;
	static const struct tls_case cases[] = {
		{ "localhost", "box", true, true, "" },
		{ "127.0.0.1", "box", true, false, "" },  /* not the name in its certificate */
		{ "localhost", "box", false, false, "" }, /* an authority that nobody knows */
		{ "localhost", NULL, true, false, "" },   /* no certificate of our own */
	};
	struct mosquitto_server s;
	char sub[80], more[512];
	snprintf(sub, sizeof(sub), "%s/tls", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	run_shell(make_certificates, sub);
	snprintf(more, sizeof(more),
		"allow_anonymous true\ncafile %s/ca.crt\ncertfile %s/localhost.crt\n"
		"keyfile %s/localhost.key\nrequire_certificate true",
		sub, sub, sub);
	mosquitto_server_start(&s, sub, more);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		try_tls(&s, &cases[i]);
	mosquitto_server_end(&s, SIGTERM);
}

static void test_refused_by_the_broker(void **state)
{
	(void)state;
	if (!may_run())
		return;
	struct mosquitto_server s;
	struct broker_news n;
	char sub[80];
	snprintf(sub, sizeof(sub), "%s/closed", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	mosquitto_server_start(&s, sub, "allow_anonymous false");
	struct broker *b = open_to("a", s.url, NULL);
	must_come(b, BROKER_DOWN, &n);
	assert_true(n.refused);
	assert_non_null(strstr(n.why, "authori"));
	broker_close(b, true);
	mosquitto_server_end(&s, SIGTERM);
}

static int set_up(void **state)
{
	(void)state;
	char sub[80];
	snprintf(dir, sizeof(dir), "/tmp/parvis-broker-XXXXXX");
	assert_non_null(mkdtemp(dir));
	if (!mosquitto_server_exists())
		return 0;
	snprintf(sub, sizeof(sub), "%s/one", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	mosquitto_server_start(&one, sub, NULL);
	snprintf(sub, sizeof(sub), "%s/two", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	mosquitto_server_start(&two, sub, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mosquitto_server_end(&one, SIGTERM);
	mosquitto_server_end(&two, SIGTERM);
	run_shell("rm -rf \"$0\"", dir);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_news_are_bounded),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_two_talk),
		cmocka_unit_test(test_too_much_under_way),
		cmocka_unit_test(test_killed_and_back),
		cmocka_unit_test(test_nothing_between),
		cmocka_unit_test(test_better_one_is_taken_back),
		cmocka_unit_test(test_last_will),
		cmocka_unit_test(test_goodbye_comes_after_the_rest),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_refused_by_the_broker),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
