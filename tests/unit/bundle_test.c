/* The bundle: what is written reads back, and whatever else is in the file is refused by name. */
#include "event/bundle.h"

#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE_KEY_REST "132333435363738393031323334353637383930313233343536373839303132\n"
#define DEVICE_KEY      "3" DEVICE_KEY_REST

static const uint8_t seed[32] = "an organiser of some event, 2016";
static const uint8_t other_seed[32] = "another organiser, another event";

struct bench {
	struct issuer *issuer, *other;
	struct event *event;
	struct bundle_settings settings;
};

static void no_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		fail_msg("%s", text);
}

static void any_problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

static struct event *an_event(const char *id, const uint8_t key[32])
{
	char text[2048], hex[65];
	struct event *e = NULL;
	text_hex(hex, key, 32);
	int n = snprintf(text, sizeof(text),
		"[event]\nid = %s\ntitle = Nuit ; de la #CivicTech = \"là\"\n"
		"opens = 2016-12-08T19:00:00.250+01:00\ncloses = 2016-12-08T23:30:00+01:00\n"
		"timezone = Europe/Paris\nlanguages = en fr\nreentry = no\ncapacity = 120\n"
		"[venue numa]\nname = Numa\naddress = 39 rue du Caire\nhost = H\ndebate = D\n"
		"lat = 48.868300000001\nlon = -2.3479\nsubevent = 11\ncapacity = 7\n"
		"[venue square]\nbroker = mqtt://10.0.0.1:1884\n[item 1]\nname = Place\n[item 99]\n"
		"[keys]\nticket = %s\nhash = "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
		"[sync]\nbrokers = mqtts://a.example mqtt://[::1]:1\nreach = venue\n"
		"discovery = yes\n[staff]\nitem = 50\n",
		id, hex);
	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(event_parse(&e, "test.ini", text, (size_t)n, no_problem, NULL), 0);
	return e;
}

static struct event *with_search(const struct event *e)
{
	struct event *other = NULL;
	char *text = bundle_event_text(e), longer[4096];
	assert_non_null(text);
	int n = snprintf(longer, sizeof(longer), "%s%s", text, "search = yes\n");
	free(text);
	assert_int_equal(event_parse(&other, "test.ini", longer, (size_t)n, any_problem, NULL), 0);
	assert_true(other->staff_search);
	return other;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t key[32];
	if (!b || sodium_init() < 0 || issuer_from_seed(&b->issuer, seed) ||
		issuer_from_seed(&b->other, other_seed))
		return -1;
	issuer_public(b->issuer, key);
	b->event = an_event("civictech", key);
	b->settings = (struct bundle_settings){ .venue = "numa",
		.door = "nord",
		.doorway = DOOR_BOTH,
		.registrations = 230,
		.printer = "ipp://192.168.1.9:631/ipp/print" };
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	issuer_close(b->issuer);
	issuer_close(b->other);
	event_free(b->event);
	free(b);
	return 0;
}

static int a_file(const void *bytes, size_t size)
{
	int fd = memfd_create("bundle-test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static struct bundle_source a_source(const struct bench *b)
{
	return (struct bundle_source){ .issuer = b->issuer,
		.event = b->event,
		.settings = &b->settings,
		.serial = 7,
		.created_ms = 1481140800123,
		.roster = -1,
		.pins = -1,
		.names = -1,
		.device_key = DEVICE_KEY,
		.client = "a certificate\n",
		.ca = "another\n" };
}

/* A whole bundle as bytes; for free(). */
static uint8_t *a_bundle(const struct bundle_source *source, struct bundle *out, size_t *size)
{
	int fd = a_file("", 0);
	assert_int_equal(bundle_write(out, fd, source), 0);
	*size = (size_t)lseek(fd, 0, SEEK_END);
	uint8_t *bytes = malloc(*size + 64);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, *size, 0), (ssize_t)*size);
	close(fd);
	return bytes;
}

static uint8_t *with_all_parts(const struct bench *b, struct bundle *out, size_t *size)
{
	struct bundle_source source = a_source(b);
	source.roster = a_file("rosterrosterroster", 18);
	source.pins = a_file("pins", 4);
	uint8_t *bytes = a_bundle(&source, out, size);
	close(source.roster);
	close(source.pins);
	return bytes;
}

static enum bundle_wrong verify(const uint8_t *bytes, size_t size)
{
	struct bundle b;
	memset(&b, 0x5a, sizeof(b));
	int fd = a_file(bytes, size);
	enum bundle_wrong wrong = bundle_verify(&b, fd);
	if (wrong)
		for (size_t i = 0; i < sizeof(b); i++)
			assert_int_equal(((uint8_t *)&b)[i], 0x5a);
	close(fd);
	return wrong;
}

/* Signs altered bytes anew: what an organiser's own faulty program could write. */
static void sign_again(const struct issuer *i, uint8_t *bytes, size_t size)
{
	issuer_public(i, bytes + 64);
	issuer_sign(i, BUNDLE_DOMAIN, bytes, size - 64, bytes + size - 64);
}

static void what_is_written_reads_back(void **state)
{
	const struct bench *b = *state;
	struct bundle written, read;
	struct bundle_settings settings;
	struct event *event;
	size_t size;
	uint8_t *bytes = with_all_parts(b, &written, &size);
	int fd = a_file(bytes, size);
	assert_int_equal(bundle_verify(&read, fd), BUNDLE_GOOD);
	assert_memory_equal(&read, &written, sizeof(read));
	assert_int_equal(read.serial, 7);
	assert_int_equal(read.created_ms, 1481140800123);
	assert_int_equal(read.length, size);
	assert_string_equal(read.event_id, "civictech");
	assert_int_equal(
		bundle_contents(&read, fd, &event, &settings, no_problem, NULL), BUNDLE_GOOD);
	assert_memory_equal(&settings, &b->settings, sizeof(settings));
	assert_string_equal(event->title, b->event->title);
	assert_int_equal(event->opens_ms, b->event->opens_ms);
	assert_memory_equal(event->venues, b->event->venues, 2 * sizeof(*event->venues));
	assert_memory_equal(event->hash_key, b->event->hash_key, 32);
	assert_int_equal(event->broker_count, 2);
	assert_memory_equal(event->brokers, b->event->brokers, sizeof(event->brokers));
	assert_string_equal(event->venues[1].broker, "mqtt://10.0.0.1:1884");
	assert_false(event->reach_event);
	assert_true(event->discovery);
	event_free(event);
	int roster = a_file("", 0);
	char text[32];
	assert_int_equal(bundle_copy(&read, fd, BUNDLE_ROSTER, roster), 0);
	assert_int_equal(pread(roster, text, sizeof(text), 0), 18);
	assert_memory_equal(text, "rosterrosterroster", 18);
	close(roster);
	close(fd);
	free(bytes);
}

static void the_private_key_is_not_in_it(void **state)
{
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(*state, &b, &size);
	assert_null(memmem(bytes, size, seed, sizeof(seed)));
	free(bytes);
}

static void the_same_is_written_twice(void **state)
{
	struct bundle a, b;
	size_t size_a, size_b;
	uint8_t *one = with_all_parts(*state, &a, &size_a),
		*two = with_all_parts(*state, &b, &size_b);
	assert_int_equal(size_a, size_b);
	assert_memory_equal(one, two, size_a);
	free(one);
	free(two);
}

static void every_bit_counts(void **state)
{
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(*state, &b, &size);
	unsigned seen[BUNDLE_WRONGS] = { 0 };
	for (size_t i = 0; i < size * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		enum bundle_wrong wrong = verify(bytes, size);
		if (!wrong)
			fail_msg("bit %zu of byte %zu may be anything", i % 8, i / 8);
		seen[wrong]++;
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	assert_int_equal(verify(bytes, size), BUNDLE_GOOD);
	assert_int_equal(seen[BUNDLE_NOT_ONE], 7 * 8);
	assert_int_equal(seen[BUNDLE_VERSION], 8);
	assert_true(seen[BUNDLE_SIGNATURE] > 1000 && seen[BUNDLE_TABLE] > 8);
	assert_int_equal(seen[BUNDLE_UNREADABLE], 0);
	free(bytes);
}

static void every_cut_is_noticed(void **state)
{
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(*state, &b, &size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(verify(bytes, i), i < 7 ? BUNDLE_NOT_ONE : BUNDLE_CUT_SHORT);
	free(bytes);
}

static void nothing_may_follow(void **state)
{
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(*state, &b, &size);
	memset(bytes + size, 0, 64);
	assert_int_equal(verify(bytes, size + 1), BUNDLE_TRAILING);
	assert_int_equal(verify(bytes, size + 64), BUNDLE_TRAILING);
	free(bytes);
}

/* Well signed, but a number, name or size is not what the format allows. */
static void a_signature_excuses_nothing(void **state)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t n;
		enum bundle_wrong wrong;
	} changes[] = {
		{ 16, "\0\0\0\0\0\0\0\0", 8, BUNDLE_TABLE },       /* serial 0 */
		{ 16, "\x80\0\0\0\0\0\0\0", 8, BUNDLE_TABLE },     /* serial < 0 */
		{ 24, "\x7f\0\0\0\0\0\0\0", 8, BUNDLE_TABLE },     /* far away */
		{ 32, "Civictech", 9, BUNDLE_TABLE },              /* capitals */
		{ 32, "../tech\0\0", 9, BUNDLE_TABLE },            /* a path */
		{ 32 + 12, "x", 1, BUNDLE_TABLE },                 /* after the padding */
		{ 96, "\0\0\0\0", 4, BUNDLE_TABLE },               /* no parts */
		{ 96, "\0\0\0\6", 4, BUNDLE_TABLE },               /* too few */
		{ 96, "\0\0\0\10", 4, BUNDLE_TABLE },              /* too many */
		{ 96, "\xff\xff\xff\xff", 4, BUNDLE_TABLE },       /* far too many */
		{ 100, "../event", 8, BUNDLE_TABLE },              /* an unknown name */
		{ 100, "kiosk.ini", 9, BUNDLE_TABLE },             /* twice */
		{ 100 + 15, "x", 1, BUNDLE_TABLE },                /* not terminated */
		{ 100 + 16, "\0\0\0\0\0\0\0\0", 8, BUNDLE_TABLE }, /* an empty part */
		{ 100 + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, BUNDLE_TABLE },
		{ 100 + 24, "\0\0\0\0", 4, BUNDLE_CHANGED },    /* a hash */
		{ 100 + 7 * 56, "[EVENT]", 7, BUNDLE_CHANGED }, /* a part */
		{ 7, "\1", 1, BUNDLE_TABLE },                   /* of a time before identities */
	};
	const struct bench *bench = *state;
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(bench, &b, &size), *copy = malloc(size);
	assert_non_null(copy);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		memcpy(copy, bytes, size);
		memcpy(copy + changes[i].at, changes[i].bytes, changes[i].n);
		sign_again(bench->issuer, copy, size);
		enum bundle_wrong wrong = verify(copy, size);
		if (wrong != changes[i].wrong)
			fail_msg("change %zu: %s", i, bundle_wrong_texts[wrong]);
	}
	free(copy);
	free(bytes);
}

static enum bundle_wrong contents(const uint8_t *bytes, size_t size)
{
	struct bundle b;
	struct event *event = NULL;
	struct bundle_settings settings;
	int fd = a_file(bytes, size);
	assert_int_equal(bundle_verify(&b, fd), BUNDLE_GOOD);
	enum bundle_wrong wrong = bundle_contents(&b, fd, &event, &settings, any_problem, NULL);
	assert_true(!wrong == (event != NULL));
	event_free(event);
	close(fd);
	return wrong;
}

static void the_key_must_be_the_events(void **state)
{
	const struct bench *bench = *state;
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(bench, &b, &size);
	assert_int_equal(contents(bytes, size), BUNDLE_GOOD);
	sign_again(bench->other, bytes, size);
	assert_int_equal(contents(bytes, size), BUNDLE_CONTENTS);
	free(bytes);
	struct bundle_source source = a_source(bench);
	source.issuer = bench->other;
	int fd = a_file("", 0);
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	close(fd);
}

/* Without one, a certificate or a key of the wrong form: no box would know who it is. */
static void an_identity_is_whole_or_not_there(void **state)
{
	const struct bench *bench = *state;
	struct bundle_source source = a_source(bench);
	struct bundle b;
	size_t size;
	static const struct {
		const char *key, *client, *ca;
		int error;
	} cases[] = {
		{ NULL, NULL, NULL, 0 },
		{ DEVICE_KEY, NULL, NULL, 0 },
		{ DEVICE_KEY, "c", NULL, -EINVAL },
		{ DEVICE_KEY, NULL, "c", -EINVAL },
		{ NULL, "c", "c", -EINVAL },
		{ DEVICE_KEY "\n", "c", "c", -EFBIG },
		{ "00\n", "c", "c", -EINVAL },
		{ "z" DEVICE_KEY_REST, "c", "c", -EINVAL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = a_file("", 0);
		source.device_key = cases[i].key;
		source.client = cases[i].client;
		source.ca = cases[i].ca;
		int error = bundle_write(&b, fd, &source);
		if (error != cases[i].error)
			fail_msg("case %zu: %d", i, error);
		close(fd);
	}
	/* What was made before there were identities is still read. */
	source = a_source(bench);
	source.device_key = source.client = source.ca = NULL;
	uint8_t *bytes = a_bundle(&source, &b, &size);
	assert_int_equal(bytes[7], 2);
	bytes[7] = 1;
	sign_again(bench->issuer, bytes, size);
	assert_int_equal(contents(bytes, size), BUNDLE_GOOD);
	free(bytes);
}

static void the_event_id_must_be_the_events(void **state)
{
	const struct bench *bench = *state;
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(bench, &b, &size);
	bytes[32] = 'z';
	sign_again(bench->issuer, bytes, size);
	assert_int_equal(contents(bytes, size), BUNDLE_CONTENTS);
	free(bytes);
}

/* A file that changes between verification and copying, as on a failing stick. */
static void what_changes_later_is_noticed(void **state)
{
	struct bundle b;
	size_t size;
	uint8_t *bytes = with_all_parts(*state, &b, &size);
	int fd = a_file(bytes, size), to = a_file("", 0);
	struct event *event;
	struct bundle_settings settings;
	assert_int_equal(bundle_verify(&b, fd), BUNDLE_GOOD);
	assert_int_equal(pwrite(fd, "X", 1, (off_t)b.parts[BUNDLE_ROSTER].offset), 1);
	assert_int_equal(bundle_copy(&b, fd, BUNDLE_ROSTER, to), -EBADMSG);
	assert_int_equal(bundle_copy(&b, fd, BUNDLE_PINS, to), 0);
	assert_int_equal(pwrite(fd, "X", 1, (off_t)b.parts[BUNDLE_EVENT].offset), 1);
	assert_int_equal(
		bundle_contents(&b, fd, &event, &settings, any_problem, NULL), BUNDLE_CHANGED);
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(bundle_copy(&b, fd, BUNDLE_PINS, to), -EBADMSG);
	close(to);
	close(fd);
	free(bytes);
}

static void sources_are_held_to_the_limits(void **state)
{
	const struct bench *bench = *state;
	struct bundle_source source = a_source(bench);
	struct bundle_settings settings = bench->settings;
	struct bundle b;
	int fd = a_file("", 0), empty = a_file("", 0), big = a_file("", 0);
	assert_int_equal(ftruncate(big, BUNDLE_PINS_MAX + 1), 0);
	source.pins = big;
	assert_int_equal(bundle_write(&b, fd, &source), -EFBIG);
	source.pins = empty;
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	source.pins = -1;
	source.serial = 0;
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	source.serial = 1;
	source.settings = &settings;
	strcpy(settings.venue, "nowhere");
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	strcpy(settings.venue, "numa");
	strcpy(settings.door, "Nord!");
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	close(fd);
	close(empty);
	close(big);
}

static void settings_are_read_strictly(void **state)
{
	static const char *const wrong[] = { "",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=1\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=\n\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=\nmore=1\n",
		"door=a\nvenue=numa\ndoorway=entry\nregistrations=1\nprinter=\n",
		"venue=Numa\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=\n",
		"venue=../a\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=\n",
		"venue=numa\ndoor=\ndoorway=entry\nregistrations=1\nprinter=\n",
		"venue=numa\ndoor=a\ndoorway=in\nregistrations=1\nprinter=\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=-1\nprinter=\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=01\nprinter=\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=9999999999999999999\nprinter=\n",
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=ipp://a b\n",
		"venue=numa\r\ndoor=a\ndoorway=entry\nregistrations=1\nprinter=\n" };
	static const char right[] =
		"venue=numa\ndoor=a\ndoorway=entry\nregistrations=0\nprinter=\n";
	struct bundle_settings s;
	(void)state;
	assert_true(bundle_settings_read(&s, right, sizeof(right) - 1));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (bundle_settings_read(&s, wrong[i], strlen(wrong[i])))
			fail_msg("%s", wrong[i]);
	assert_false(bundle_settings_read(&s, right, sizeof(right)));
}

static void short_hashes_are_base32(void **state)
{
	static const uint8_t hash[32] = "foobar"; /* RFC 4648, 10: "fooba" is MZXW6YTB */
	char text[BUNDLE_SHORT_SIZE];
	(void)state;
	bundle_short_hash(hash, text);
	assert_string_equal(text, "MZXW-6YTB");
}

static void other_files_are_refused(void **state)
{
	static const char text[] = "PARVIS-TEST and more text than a head is long, said again: "
				   "PARVIS-TEST and more text than a head is long, said again.";
	struct bundle b;
	int ends[2];
	(void)state;
	assert_int_equal(verify((const uint8_t *)text, sizeof(text)), BUNDLE_NOT_ONE);
	assert_int_equal(verify((const uint8_t *)"", 0), BUNDLE_NOT_ONE);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(bundle_verify(&b, ends[0]), BUNDLE_UNREADABLE);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(bundle_verify(&b, -1), BUNDLE_UNREADABLE);
	for (int i = 0; i < BUNDLE_WRONGS; i++)
		assert_non_null(bundle_wrong_texts[i]);
}

/* Only an event that says so puts names on its boxes. */
static void names_go_where_the_organiser_chose_it(void **state)
{
	const struct bench *bench = *state;
	struct bundle_source source = a_source(bench);
	struct bundle b;
	size_t size;
	int fd = a_file("", 0);
	source.names = a_file("sealed names", 12);
	assert_int_equal(bundle_write(&b, fd, &source), -EINVAL);
	close(fd);
	struct event *search = with_search(bench->event);
	source.event = search;
	uint8_t *bytes = a_bundle(&source, &b, &size);
	assert_true(b.parts[BUNDLE_NAMES].present);
	assert_int_equal(b.parts[BUNDLE_NAMES].size, 12);
	assert_memory_equal(bytes + b.parts[BUNDLE_NAMES].offset, "sealed names", 12);
	assert_string_equal(bundle_part_names[BUNDLE_NAMES], "names.idx");
	free(bytes);
	close(source.names);
	source.names = -1;
	free(a_bundle(&source, &b, &size)); /* nobody was imported */
	assert_false(b.parts[BUNDLE_NAMES].present);
	event_free(search);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(the_private_key_is_not_in_it),
		cmocka_unit_test(the_same_is_written_twice),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(nothing_may_follow),
		cmocka_unit_test(a_signature_excuses_nothing),
		cmocka_unit_test(the_key_must_be_the_events),
		cmocka_unit_test(an_identity_is_whole_or_not_there),
		cmocka_unit_test(the_event_id_must_be_the_events),
		cmocka_unit_test(what_changes_later_is_noticed),
		cmocka_unit_test(sources_are_held_to_the_limits),
		cmocka_unit_test(settings_are_read_strictly),
		cmocka_unit_test(short_hashes_are_base32),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(names_go_where_the_organiser_chose_it),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
