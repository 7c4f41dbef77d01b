/* The box: adopting a bundle, cut and failed at every step, leaves the old box or the new one. */
#include "app/adopt.h"
#include "app/box.h"
#include "store/roster.h"
#include "store/roster_part.h"
#include "tests/fake/box_cut.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t seeds[2][32] = { "an organiser of some event, 2016",
	"another organiser, another event" };

struct bench {
	char dir[64], data[80], replay[80], before[80], first[80], second[80];
	struct issuer *issuers[2];
};

static void problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

static void shell(const char *format, const char *a, const char *b)
{
	char command[512];
	snprintf(command, sizeof(command), format, a, b);
	assert_int_equal(system(command), 0);
}

static struct event *an_event(const struct issuer *issuer, const char *id)
{
	char text[1024], hex[65];
	uint8_t key[32];
	struct event *e = NULL;
	issuer_public(issuer, key);
	text_hex(hex, key, 32);
	int n = snprintf(text, sizeof(text),
		"[event]\nid = %s\ntitle = Nuit\nopens = 2016-12-08T19:00:00+01:00\n"
		"closes = 2016-12-08T23:30:00+01:00\ntimezone = Europe/Paris\n"
		"[venue numa]\nname = Numa\n[venue square]\nname = Square\n[keys]\nticket = %s\n",
		id, hex);
	assert_int_equal(event_parse(&e, "test.ini", text, (size_t)n, problem, NULL), 0);
	return e;
}

/* A roster of three venues' worth of people, and the part of it for one. */
static void a_roster(const struct bench *b, const struct event *e, const char *venue)
{
	static const char *const venues[] = { "numa", "square", "" };
	struct roster *r;
	enum roster_change change;
	char folder[96], part[112], code[32];
	uint64_t count;
	snprintf(folder, sizeof(folder), "%s/event", b->dir);
	snprintf(part, sizeof(part), "%s/part.db", b->dir);
	assert_true(!mkdir(folder, 0700) || errno == EEXIST);
	assert_int_equal(roster_open_import(&r, folder, e), 0);
	for (int i = 0; i < 30; i++) {
		int n = snprintf(code, sizeof(code), "kx7m2pq9wz4hq%09d", i);
		assert_int_equal(
			roster_put(r, code, (size_t)n, "Amina", "Place", venues[i % 3], &change),
			0);
	}
	assert_int_equal(roster_commit(r), 0);
	roster_close(r);
	unlink(part);
	assert_int_equal(roster_part(folder, e, venue, part, &count), 0);
	assert_int_equal(count, 20);
	assert_int_equal(roster_part(folder, e, venue, part, &count), -EEXIST);
}

struct make {
	int issuer;
	const char *event, *venue, *door;
	uint64_t serial;
	bool roster;
};

static void a_bundle(const struct bench *b, const char *path, struct make m)
{
	struct event *e = an_event(b->issuers[m.issuer], m.event);
	struct bundle_settings settings = { .registrations = 20 };
	struct bundle bundle;
	char part[112];
	text_copy(settings.venue, sizeof(settings.venue), m.venue);
	text_copy(settings.door, sizeof(settings.door), m.door);
	struct bundle_source source = { .issuer = b->issuers[m.issuer],
		.event = e,
		.settings = &settings,
		.serial = m.serial,
		.created_ms = 1481140800000,
		.roster = -1,
		.pins = -1,
		.names = -1 };
	snprintf(part, sizeof(part), "%s/part.db", b->dir);
	if (m.roster) {
		a_roster(b, e, m.venue);
		source.roster = open(part, O_RDONLY | O_CLOEXEC);
	}
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(bundle_write(&bundle, fd, &source), 0);
	close(fd);
	if (m.roster)
		close(source.roster);
	event_free(e);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	const char *tmp = getenv("TMPDIR");
	if (!b)
		return -1;
	*state = b;
	snprintf(b->dir, sizeof(b->dir), "%.30s/box-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(b->dir) || issuer_from_seed(&b->issuers[0], seeds[0]) ||
		issuer_from_seed(&b->issuers[1], seeds[1]))
		return -1;
	snprintf(b->data, sizeof(b->data), "%s/data", b->dir);
	snprintf(b->replay, sizeof(b->replay), "%s/replay", b->dir);
	snprintf(b->before, sizeof(b->before), "%s/before", b->dir);
	snprintf(b->first, sizeof(b->first), "%s/first.parvis", b->dir);
	snprintf(b->second, sizeof(b->second), "%s/second.parvis", b->dir);
	a_bundle(b, b->first, (struct make){ 0, "nuit", "numa", "nord", 1, true });
	a_bundle(b, b->second, (struct make){ 0, "nuit", "numa", "nord", 2, true });
	return mkdir(b->data, 0700);
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	box_cut_begin(b->dir);
	shell("rm -rf '%s'%s", b->dir, "");
	issuer_close(b->issuers[0]);
	issuer_close(b->issuers[1]);
	free(b);
	return 0;
}

static int adopt(const struct bench *b, const char *path, struct box *out)
{
	struct adopt_offer o;
	adopt_read(&o, path, NULL);
	assert_int_equal(o.worth, ADOPT_FIRST);
	return adopt_take(out, b->data, &o);
}

/* Empties the data directory, and adopts the first bundle there when asked. */
static void start(const struct bench *b, bool with_first)
{
	struct box box;
	shell("rm -rf '%s' && mkdir -m 700 '%s'", b->data, b->data);
	box_cut_begin(b->data);
	if (with_first)
		assert_int_equal(adopt(b, b->first, &box), 0);
	shell("rm -rf '%s' && mkdir '%s'", b->before, b->before);
	shell("cp -a '%s'/. '%s'", b->data, b->before);
	box_cut_begin(b->data);
}

static size_t entries(const char *data)
{
	char path[128];
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/box", data);
	DIR *d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n ? n - 2 : 0;
}

/* 0: no event; otherwise the serial. Anything else is a broken box. */
static uint64_t serial_of(const char *data)
{
	struct box box;
	int error = box_open(&box, data);
	if (error && error != -ENOENT)
		fail_msg("a broken box: %s", strerror(-error));
	return error ? 0 : box.bundle.serial;
}

static void a_box_becomes_its_bundle(void **state)
{
	const struct bench *b = *state;
	struct box box, again;
	start(b, false);
	assert_int_equal(box_open(&box, b->data), -ENOENT);
	assert_int_equal(adopt(b, b->first, &box), 0);
	assert_int_equal(box_open(&again, b->data), 0);
	assert_memory_equal(&box.bundle, &again.bundle, sizeof(box.bundle));
	assert_string_equal(again.settings.door, "nord");
	assert_string_equal(again.venue_name, "Numa");
	assert_string_equal(again.event_title, "Nuit");
	assert_int_equal(adopt(b, b->second, &box), 0);
	assert_int_equal(serial_of(b->data), 2);
	assert_int_equal(entries(b->data), 3);
	assert_int_equal(box_go_back(&again, b->data, 1), 0);
	assert_int_equal(serial_of(b->data), 1);
	assert_int_equal(box_go_back(&again, b->data, 2), 0);
	box_tidy(b->data, 2);
	assert_int_equal(entries(b->data), 2);
	assert_int_equal(serial_of(b->data), 2);
	assert_int_equal(box_go_back(&again, b->data, 1), -EBADMSG);
}

/* The first bundle's box, or none, then the second: killed after every step. */
static void kill_at_every_step(const struct bench *b, bool with_first)
{
	const uint64_t old = with_first ? 1 : 0;
	unsigned olds = 0, news = 0;
	for (size_t n = 0;; n++) {
		struct box box;
		start(b, with_first);
		pid_t pid = fork();
		if (!pid) {
			box_cut_after(n);
			_exit(adopt(b, b->second, &box) ? 1 : 0);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		uint64_t serial = serial_of(b->data);
		assert_true(serial == old || serial == 2);
		olds += serial == old;
		news += serial == 2;
		if (serial)
			assert_int_equal(box_open(&box, b->data), 0);
		box_tidy(b->data, serial ? box.number : 0);
		assert_int_equal(entries(b->data), serial ? 2 : 0);
		assert_int_equal(adopt(b, b->second, &box), 0);
		assert_int_equal(serial_of(b->data), 2);
		if (!WEXITSTATUS(status))
			break;
		assert_int_equal(WEXITSTATUS(status), BOX_CUT_STATUS);
		assert_in_range(n, 0, 100);
	}
	print_message("# killed: %u times the old box, %u times the new one\n", olds, news);
	assert_true(olds > 10 && news >= 2);
}

static void killed_at_every_step(void **state)
{
	kill_at_every_step(*state, true);
	kill_at_every_step(*state, false);
}

static void cut_at_every_step(void **state)
{
	const struct bench *b = *state;
	for (int first = 0; first < 2; first++) {
		unsigned cuts = 0, news = 0;
		struct box box;
		start(b, first);
		assert_int_equal(adopt(b, b->second, &box), 0);
		size_t steps = box_cut_steps();
		for (size_t n = 0; n <= steps; n++)
			for (int loss = 0; loss < BOX_CUT_LOSSES; loss++) {
				box_cut_replay(b->before, b->replay, n, (enum box_cut_loss)loss);
				uint64_t serial = serial_of(b->replay);
				if (serial != 2 && serial != (uint64_t)first)
					fail_msg("%zu steps, loss %d: serial %u", n, loss,
						(unsigned)serial);
				if (n == steps)
					assert_int_equal(serial, 2); /* done is done */
				news += serial == 2;
				cuts++;
			}
		print_message("# %u cuts, %u of them after the swap\n", cuts, news);
		assert_true(cuts > 50 && news >= BOX_CUT_LOSSES && news < cuts);
	}
}

static void failed_at_every_step(void **state)
{
	static const int errors[] = { ENOSPC, EIO };
	const struct bench *b = *state;
	struct box box;
	start(b, true);
	assert_int_equal(adopt(b, b->second, &box), 0);
	size_t steps = box_cut_steps();
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (size_t n = 0; n < steps; n++) {
			struct box next = { .number = 4711 };
			start(b, true);
			box_cut_fail(n, errors[i]);
			assert_int_equal(adopt(b, b->second, &next), -errors[i]);
			assert_int_equal(next.number, 4711);
			uint64_t serial = serial_of(b->data);
			/* The last step makes the swap last: it may have been done. */
			assert_true(serial == 1 || (serial == 2 && n == steps - 1));
			if (serial == 1)
				assert_in_range(entries(b->data), 2, 3);
		}
}

static void damage(const char *path)
{
	uint8_t byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, 60), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 60), 1);
	close(fd);
}

static void a_damaged_box_is_noticed(void **state)
{
	static const char *const files[] = { "bundle", "event.ini", "kiosk.ini", "roster.db" };
	const struct bench *b = *state;
	char path[160];
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct box box;
		start(b, true);
		snprintf(path, sizeof(path), "%s/box/1/%s", b->data, files[i]);
		damage(path);
		assert_int_equal(box_open(&box, b->data), -EBADMSG);
		start(b, true);
		assert_int_equal(adopt(b, b->second, &box), 0);
		snprintf(path, sizeof(path), "%s/box/2/%s", b->data, files[i]);
		damage(path);
		assert_int_equal(serial_of(b->data), 1);
		unlink(path);
		assert_int_equal(serial_of(b->data), 1);
	}
	start(b, true);
	shell("echo 1x >'%s/box/current'%s", b->data, "");
	assert_int_equal(serial_of(b->data), 1);
}

static void what_was_confirmed_is_what_is_taken(void **state)
{
	const struct bench *b = *state;
	struct adopt_offer o;
	struct box box;
	start(b, true);
	adopt_read(&o, b->second, NULL);
	o.bundle.hash[0] ^= 1; /* the stick was changed for another since */
	assert_int_equal(adopt_take(&box, b->data, &o), -EBADMSG);
	assert_int_equal(serial_of(b->data), 1);
	assert_int_equal(entries(b->data), 2);
}

static void offers_are_judged(void **state)
{
	const struct bench *b = *state;
	static const struct {
		struct make make;
		enum adopt_worth worth;
		enum screen_adopt_state state;
	} cases[] = {
		{ { 0, "nuit", "numa", "nord", 5, false }, ADOPT_UPDATE, SCREEN_ADOPT_ASK },
		{ { 0, "nuit", "numa", "nord", 6, false }, ADOPT_UPDATE, SCREEN_ADOPT_ASK },
		{ { 0, "nuit", "numa", "sud", 6, false }, ADOPT_MOVE, SCREEN_ADOPT_ASK },
		{ { 0, "nuit", "square", "nord", 6, false }, ADOPT_MOVE, SCREEN_ADOPT_ASK },
		{ { 0, "nuit", "numa", "nord", 4, false }, ADOPT_OLDER, SCREEN_ADOPT_OLDER },
		{ { 0, "nuit", "square", "nord", 4, false }, ADOPT_OLDER, SCREEN_ADOPT_OLDER },
		{ { 0, "jour", "numa", "nord", 6, false }, ADOPT_OTHER_EVENT,
			SCREEN_ADOPT_OTHER_EVENT },
		{ { 1, "nuit", "numa", "nord", 6, false }, ADOPT_OTHER_KEY,
			SCREEN_ADOPT_OTHER_KEY },
		{ { 1, "jour", "numa", "nord", 6, false }, ADOPT_OTHER_EVENT,
			SCREEN_ADOPT_OTHER_EVENT },
	};
	struct box now;
	struct adopt_offer o;
	char path[128];
	start(b, false);
	snprintf(path, sizeof(path), "%s/case.parvis", b->dir);
	a_bundle(b, path, (struct make){ 0, "nuit", "numa", "nord", 5, true });
	assert_int_equal(adopt(b, path, &now), 0);
	adopt_read(&o, path, &now);
	assert_int_equal(o.worth, ADOPT_SAME);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		a_bundle(b, path, cases[i].make);
		adopt_read(&o, path, &now);
		assert_int_equal(o.worth, cases[i].worth);
		assert_int_equal(adopt_state(&o), cases[i].state);
		adopt_read(&o, path, NULL);
		assert_int_equal(o.worth, ADOPT_FIRST);
	}
	assert_int_equal(truncate(path, 300), 0);
	adopt_read(&o, path, &now);
	assert_int_equal(o.worth, ADOPT_BAD);
	assert_int_equal(adopt_state(&o), SCREEN_ADOPT_CUT_SHORT);
}

/* One stick for fifteen doors: each shows its own. */
static void a_stick_for_all_doors(void **state)
{
	const struct bench *b = *state;
	static struct adopt_offer offers[ADOPT_OFFERS_MAX];
	struct adopt_places places = { .dir_count = 1 };
	char stick[112], path[160];
	struct box now;
	snprintf(stick, sizeof(stick), "%s/stick", b->dir);
	assert_int_equal(mkdir(stick, 0700), 0);
	places.dirs[0] = stick;
	static const char *const doors[] = { "a", "b", "c", "d" };
	for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
		snprintf(path, sizeof(path), "%s/%s.parvis", stick, doors[i]);
		a_bundle(b, path, (struct make){ 0, "nuit", "numa", doors[i], 10 + i, false });
	}
	start(b, false);
	assert_int_equal(adopt_look(&places, NULL, offers), 4);
	assert_string_equal(offers[0].settings.door, "d");
	snprintf(path, sizeof(path), "%s/b.parvis", stick);
	assert_int_equal(adopt(b, path, &now), 0);
	assert_int_equal(adopt_look(&places, &now, offers), 0);
	a_bundle(b, path, (struct make){ 0, "nuit", "numa", "b", 20, false });
	assert_int_equal(adopt_look(&places, &now, offers), 1);
	assert_int_equal(offers[0].worth, ADOPT_UPDATE);
	unlink(path);
	assert_int_equal(adopt_look(&places, &now, offers), 3);
	assert_int_equal(offers[0].worth, ADOPT_MOVE);
	assert_int_equal(offers[2].worth, ADOPT_OLDER);
	snprintf(path, sizeof(path), "%s/pipe.parvis", stick);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(adopt_look(&places, &now, offers), 4);
	assert_int_equal(offers[3].wrong, BUNDLE_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_becomes_its_bundle),
		cmocka_unit_test(killed_at_every_step),
		cmocka_unit_test(cut_at_every_step),
		cmocka_unit_test(failed_at_every_step),
		cmocka_unit_test(a_damaged_box_is_noticed),
		cmocka_unit_test(what_was_confirmed_is_what_is_taken),
		cmocka_unit_test(offers_are_judged),
		cmocka_unit_test(a_stick_for_all_doors),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
