#include "event/draft.h"

#include "base/text.h"
#include "base/when.h"
#include "event/newfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char told[8192];

static void note_problem(void *context, bool fatal, const char *text)
{
	size_t used = strlen(told);
	(void)context;
	(void)fatal;
	snprintf(told + used, sizeof(told) - used, "%s\n", text);
}

static struct event *parse(const char *text, size_t len)
{
	struct event *e;
	told[0] = '\0';
	if (event_parse(&e, "e.ini", text, len, note_problem, NULL))
		fail_msg("%s", told);
	return e;
}

static struct event *parse_draft(const struct draft *d)
{
	char *text;
	size_t len;
	assert_int_equal(draft_compose(d, &text, &len), 0);
	assert_int_equal(strlen(text), len);
	struct event *e = parse(text, len);
	free(text);
	return e;
}

static void assert_same_venue(const struct event_venue *a, const struct event_venue *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->address, b->address);
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->debate, b->debate);
	assert_int_equal(a->capacity_seats, b->capacity_seats);
	assert_true(a->lat == b->lat && a->lon == b->lon);
	assert_int_equal(a->subevent, b->subevent);
	assert_string_equal(a->broker, b->broker);
}

/* All that a model gives; keys and PIN are others. */
static void assert_same(const struct event *a, const struct event *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->title, b->title);
	assert_int_equal(a->opens_ms, b->opens_ms);
	assert_int_equal(a->closes_ms, b->closes_ms);
	assert_string_equal(a->timezone, b->timezone);
	assert_int_equal(a->languages, b->languages);
	assert_int_equal(a->language, b->language);
	assert_int_equal(a->reentry, b->reentry);
	assert_int_equal(a->capacity_seats, b->capacity_seats);
	assert_int_equal(a->staff_item, b->staff_item);
	assert_int_equal(a->walk_in_badges, b->walk_in_badges);
	assert_int_equal(a->staff_search, b->staff_search);
	assert_int_equal(a->reach_event, b->reach_event);
	assert_int_equal(a->discovery, b->discovery);
	assert_int_equal(a->broker_count, b->broker_count);
	assert_memory_equal(a->brokers, b->brokers, sizeof(a->brokers));
	assert_int_equal(a->venue_count, b->venue_count);
	for (uint32_t i = 0; i < a->venue_count; i++)
		assert_same_venue(&a->venues[i], &b->venues[i]);
	assert_int_equal(a->item_count, b->item_count);
	for (uint32_t i = 0; i < a->item_count; i++) {
		assert_int_equal(a->items[i].id, b->items[i].id);
		assert_string_equal(a->items[i].name, b->items[i].name);
	}
}

#define HEAD                                                                                       \
	"[event]\nid = e\ntitle = E\nopens = 2016-12-08T19:00\ncloses = 2016-12-08T23:30\n"        \
	"timezone = Europe/Paris\n"

static const char *const models[] = {
	HEAD "[venue a]\n",
	HEAD
	"languages = en fr\nreentry = no\ncapacity = 70\n"
	"[venue a]\nname = Café ; \"A\" # 1\naddress = 1 rue X: bis\nhost = = [x]\n"
	"debate = # Pourquoi ?\ncapacity = 1000000\nlat = -48.8683\nlon = +2.5\n"
	"subevent = 9223372036854775807\n"
	"[venue b]\nbroker = mqtt://10.0.0.9\ncapacity = 0\nlat = 90\nlon = -180\n[venue c]\nlat = 0\nlon = 0.0000001\n"
	"[item 5]\nname = ; Gratuit\n[item 9223372036854775807]\n[staff]\nitem = 6\n[badges]\nwalk_in = yes\n"
	"[sync]\nbrokers = mqtts://a:1 mqtt://b\nreach = venue\ndiscovery = yes\n",
	HEAD "[venue a]\nname = \xd7\x90\xd7\xb8 e\xcc\x81 \xe1\x9e\x80\xe1\x9f\x92\n",
};

static void a_model_comes_out_as_it_went_in(void **state)
{
	(void)state;
	for (size_t m = 0; m < ARRAY_LEN(models); m++) {
		struct event *model = parse(models[m], strlen(models[m]));
		struct draft *d = draft_new();
		assert_non_null(d);
		assert_true(draft_take_model(d, model));
		struct event *made = parse_draft(d);
		assert_same(model, made);
		assert_string_equal(told, "");
		event_free(model);
		event_free(made);
		draft_free(d);
	}
}

/* Also through the hour that a summer night has twice. */
static void moments_keep_their_offset(void **state)
{
	static const char text[] =
		"[event]\nid = e\ntitle = E\nopens = 2030-10-27T02:30:00+02:00\n"
		"closes = 2030-10-27T02:30:00+01:00\ntimezone = Europe/Paris\n[venue a]\n";
	struct draft *d = draft_new();
	(void)state;
	assert_non_null(d);
	struct event *model = parse(text, strlen(text));
	assert_true(draft_take_model(d, model));
	assert_string_equal(d->values[DRAFT_OPENS], "2030-10-27T02:30:00+02:00");
	assert_string_equal(d->values[DRAFT_CLOSES], "2030-10-27T02:30:00+01:00");
	struct event *made = parse_draft(d);
	assert_same(model, made);
	event_free(model);
	event_free(made);
	draft_free(d);
}

static void keys_and_pin_of_a_model_stay_behind(void **state)
{
	static const char secrets[] = HEAD
		"[venue a]\n[keys]\n"
		"ticket = fc4240477c307df6df42fb03cbf46f7f208943c8ce8887412bf816ead28f72ff\n"
		"hash = 7c4f958d8bcc6a5823a9a036fcba6cea6ecaff6734128c5757d12e61cf000217\n[staff]\n"
		"pin = $argon2id$v=19$m=32768,t=2,p=1$SJebiFKFechhMce86FHWMA$"
		"OrFPVR8FZ3MYZ4Iu/Zz3JRS8RJrEV7dUijkoh9+8+Sg\n";
	struct draft *d = draft_new();
	char *text;
	size_t len;
	(void)state;
	assert_non_null(d);
	struct event *model = parse(secrets, strlen(secrets));
	assert_true(draft_take_model(d, model));
	assert_int_equal(draft_compose(d, &text, &len), 0);
	assert_null(strstr(text, "fc4240"));
	assert_null(strstr(text, "7c4f95"));
	assert_null(strstr(text, "argon2id$"));
	free(text);
	event_free(model);
	draft_free(d);
}

static void only_what_fits_on_a_line_is_taken(void **state)
{
	static const char *const refused[] = { "a\nb", "a\rb", "\t\x01", "\x7f", "\xff", "\xc0\xaf",
		"a\x1b[0m", "\xed\xa0\x80" };
	char value[DRAFT_VALUE_SIZE] = "before", longest[DRAFT_VALUE_SIZE + 8];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		assert_false(draft_put(value, refused[i]));
		assert_string_equal(value, "before");
	}
	assert_true(draft_put(value, " \t a  b \t"));
	assert_string_equal(value, "a  b");
	assert_true(draft_put(value, "  "));
	assert_string_equal(value, "");
	memset(longest, 'x', sizeof(longest));
	longest[DRAFT_VALUE_SIZE] = '\0';
	assert_false(draft_put(value, longest));
	longest[DRAFT_VALUE_SIZE - 1] = '\0';
	assert_true(draft_put(value, longest));
	assert_string_equal(value, longest);
}

static void identifiers_are_made_of_names(void **state)
{
	static const struct {
		const char *name, *id;
	} cases[] = {
		{ "La Ruche", "la-ruche" },
		{ "Nuit de la #CivicTech", "nuit-de-la-civictech" },
		{ "  --Make.org!! ", "make-org" },
		{ "Liberté Living Lab", "libert-living-lab" },
		{ "ひみつ", "" },
		{ "", "" },
		{ "?", "" },
		{ "0123456789012345678901234567890123456789", "0123456789012345678901234567890" },
		{ "012345678901234567890123456789 1", "012345678901234567890123456789" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char id[ID_SIZE];
		draft_id_of(id, cases[i].name);
		assert_string_equal(id, cases[i].id);
	}
}

static void numbers_fill_the_gaps(void **state)
{
	static const char *const given[] = { "", "2", "", "", "4", "" };
	static const char *const expected[] = { "1", "2", "3", "5", "4", "6" };
	struct draft *d = draft_new();
	(void)state;
	assert_non_null(d);
	for (; d->venue_count < ARRAY_LEN(given); d->venue_count++)
		text_copy(d->venues[d->venue_count].values[DRAFT_VENUE_SUBEVENT], DRAFT_VALUE_SIZE,
			given[d->venue_count]);
	draft_number_venues(d);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_string_equal(d->venues[i].values[DRAFT_VENUE_SUBEVENT], expected[i]);
	draft_free(d);
}

/* Every value at its longest, and one venue and item more than the reader takes: the reader is
 * asked, and nothing is written past an end. */
static void the_largest_draft_is_composed(void **state)
{
	struct draft *d = draft_new();
	struct event *e;
	char *text;
	size_t len;
	(void)state;
	assert_non_null(d);
	memset(d->values, 'x', sizeof(d->values));
	memset(d->venues, 'x', sizeof(d->venues));
	memset(d->items, '1', sizeof(d->items));
	for (size_t k = 0; k < DRAFT_KEY_COUNT; k++)
		d->values[k][DRAFT_VALUE_SIZE - 1] = '\0';
	d->venue_count = ARRAY_LEN(d->venues);
	for (size_t i = 0; i < ARRAY_LEN(d->venues); i++)
		for (size_t k = 0; k < DRAFT_VENUE_KEY_COUNT; k++)
			d->venues[i].values[k][DRAFT_VALUE_SIZE - 1] = '\0';
	d->item_count = ARRAY_LEN(d->items);
	for (size_t i = 0; i < ARRAY_LEN(d->items); i++)
		d->items[i].id[DRAFT_VALUE_SIZE - 1] = d->items[i].name[DRAFT_VALUE_SIZE - 1] =
			'\0';
	assert_int_equal(draft_compose(d, &text, &len), 0);
	assert_true(len > (size_t)DRAFT_VALUE_SIZE * (ARRAY_LEN(d->venues) + 8));
	told[0] = '\0';
	assert_int_equal(event_parse(&e, "e.ini", text, len, note_problem, NULL), -EINVAL);
	free(text);
	draft_free(d);
	draft_free(NULL);
}

static void a_new_file_is_whole_and_never_over_another(void **state)
{
	char dir[256], path[300], read_back[64] = "";
	const char *tmp = getenv("TMPDIR");
	struct stat st;
	(void)state;
	snprintf(dir, sizeof(dir), "%s/parvis-draft-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/event.ini", dir);
	mode_t before = umask(0);
	assert_int_equal(draft_write("abc\n", 4, dir), 0);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(draft_write("def\n", 4, dir), -EEXIST);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(read_back, sizeof(read_back), f));
	fclose(f);
	assert_string_equal(read_back, "abc\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
	assert_int_equal(draft_write("ghi\n", 4, dir), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
	assert_int_equal(draft_write("x", 1, dir), -ENOENT);
	assert_int_equal(newfile_write(-1, "x", "x", 1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_comes_out_as_it_went_in),
		cmocka_unit_test(moments_keep_their_offset),
		cmocka_unit_test(keys_and_pin_of_a_model_stay_behind),
		cmocka_unit_test(only_what_fits_on_a_line_is_taken),
		cmocka_unit_test(identifiers_are_made_of_names),
		cmocka_unit_test(numbers_fill_the_gaps),
		cmocka_unit_test(the_largest_draft_is_composed),
		cmocka_unit_test(a_new_file_is_whole_and_never_over_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
