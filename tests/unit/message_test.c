#include "sync/message.h"

#include "store/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENING INT64_C(1481220000000) /* 2016-12-08T18:00:00Z */

static uint64_t dice(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void fill(uint8_t *out, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)dice(seed);
}

/* A typical evening's row: stamps of the wall clock, tickets, now and then a refusal. */
static void make_row(struct row *r, uint64_t seq, uint64_t *seed)
{
	static const uint8_t boot[BOOT_ID_SIZE] = { 7, 7, 7 };
	memset(r, 0, sizeof(*r));
	memset(r->device, 0xd1, sizeof(r->device));
	r->epoch = 1234567;
	r->seq = seq;
	r->at.wall_ms = EVENING + (int64_t)seq * 1100;
	r->at.mono_ms = 60000 + (int64_t)seq * 1100;
	r->at.trust = TRUST_SYNCED;
	r->hlc = (uint64_t)r->at.wall_ms << 16;
	memcpy(r->boot, boot, sizeof(boot));
	r->kind = ROW_SCAN;
	r->source = SOURCE_CAMERA;
	r->verdict = VERDICT_ADMIT;
	r->direction = DIRECTION_IN;
	r->registered = true;
	fill(r->ticket, sizeof(r->ticket), seed);
	strcpy(r->venue, "mairie-du-2e");
	strcpy(r->door, "main");
}

/* Any values at all. */
static void make_odd_row(struct row *r, uint64_t seq, uint64_t *seed)
{
	make_row(r, seq, seed);
	r->at.wall_ms = dice(seed) % 3 ? r->at.wall_ms - (int64_t)(dice(seed) % 5000) : -ROW_MS_MAX;
	r->at.mono_ms = dice(seed) % 3 ? r->at.mono_ms + 1 : ROW_MS_MAX;
	r->at.trust = (enum trust)(dice(seed) % TRUST_COUNT);
	r->hlc = dice(seed) << 16 | dice(seed) % 65536;
	fill(r->boot, 2, seed);
	r->kind = (enum row_kind)(ROW_SCAN + dice(seed) % 4);
	r->source = (enum source)(SOURCE_CAMERA + dice(seed) % 4);
	r->verdict = (enum verdict)(dice(seed) % VERDICT_COUNT);
	r->direction = (enum direction)(dice(seed) % 3);
	r->time_doubt = dice(seed) % 2;
	r->overridden = dice(seed) % 2;
	r->registered = dice(seed) % 2;
	if (dice(seed) % 2)
		memset(r->ticket, 0, sizeof(r->ticket));
	if (dice(seed) % 2)
		strcpy(r->from_venue, "a-venue-with-the-longest-name-1");
	if (dice(seed) % 2)
		strcpy(r->operator, "volunteer \"é\"");
	r->amount = dice(seed) % 2 ? -ROW_AMOUNT_MAX : (int64_t)(dice(seed) % ROW_AMOUNT_MAX);
	r->undoes = dice(seed) % 2 * 17;
	if (dice(seed) % 2)
		strcpy(r->door, "side");
}

static struct batch make_batch(struct row rows[BATCH_ROWS_MAX], size_t count, uint64_t seed,
	void (*make)(struct row *r, uint64_t seq, uint64_t *seed))
{
	struct batch b = { .rows = rows, .count = count, .is_signed = true };
	uint8_t before[ROW_HASH_SIZE];
	fill(before, sizeof(before), &seed);
	for (size_t i = 0; i < count; i++) {
		make(&rows[i], 41 + i, &seed);
		memcpy(rows[i].before, before, sizeof(before));
		log_row_hash(&rows[i], rows[i].hash);
		memcpy(before, rows[i].hash, sizeof(before));
	}
	fill(b.key, sizeof(b.key), &seed);
	fill(b.signature, sizeof(b.signature), &seed);
	return b;
}

static void same_batch(const struct batch *a, const struct batch *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->is_signed, b->is_signed);
	assert_memory_equal(a->rows, b->rows, a->count * sizeof(a->rows[0]));
	assert_memory_equal(a->key, b->key, sizeof(a->key));
	assert_memory_equal(a->signature, b->signature, sizeof(a->signature));
}

static void rows_arrive_as_they_were(void **state)
{
	(void)state;
	static struct row rows[BATCH_ROWS_MAX], read[BATCH_ROWS_MAX];
	struct message_why why;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		size_t len = 0, used = 0;
		struct batch b = make_batch(rows, 1 + seed % BATCH_ROWS_MAX, seed, make_odd_row);
		struct batch again;
		b.is_signed = seed % 5 != 0;
		char *text = message_write_batch(&b, &len, &used);
		assert_non_null(text);
		assert_true(len <= MESSAGE_EV_MAX);
		if (used < b.count) {
			free(text);
			b.count = used;
			text = message_write_batch(&b, &len, &used);
		}
		assert_int_equal(used, b.count);
		if (!message_read_batch(&again, read, text, len, &why))
			fail_msg("seed %d: %s", (int)seed, why.text);
		if (!b.is_signed) {
			memset(b.key, 0, sizeof(b.key));
			memset(b.signature, 0, sizeof(b.signature));
		}
		same_batch(&b, &again);
		free(text);
	}
}

static void fifty_rows_of_an_evening_fit_one_message(void **state)
{
	(void)state;
	static struct row rows[BATCH_ROWS_MAX];
	struct batch b = make_batch(rows, BATCH_ROWS_MAX, 3, make_row);
	size_t len = 0, used = 0;
	char *text = message_write_batch(&b, &len, &used);
	assert_non_null(text);
	assert_int_equal(used, BATCH_ROWS_MAX);
	print_message("50 rows: %d bytes\n", (int)len);
	assert_true(len < 5200);
	free(text);
	b.count = 1;
	text = message_write_batch(&b, &len, &used);
	print_message("1 row: %d bytes\n", (int)len);
	assert_true(len < 1024);
	free(text);
}

static void a_batch_that_is_too_long_is_cut(void **state)
{
	(void)state;
	static struct row rows[BATCH_ROWS_MAX];
	struct batch b = make_batch(rows, BATCH_ROWS_MAX, 5, make_odd_row);
	size_t len = 0, used = 0;
	for (size_t i = 0; i < b.count; i++) {
		memset(rows[i].operator, 1, sizeof(rows[i].operator) - 1); /* six bytes each */
		memset(rows[i].ticket, 9, sizeof(rows[i].ticket));
		strcpy(rows[i].venue, i % 2 ? "a-venue-with-the-longest-name-2" : "b");
		strcpy(rows[i].from_venue, "a-venue-with-the-longest-name-1");
	}
	char *text = message_write_batch(&b, &len, &used);
	assert_non_null(text);
	assert_true(len <= MESSAGE_EV_MAX && used >= 1 && used < BATCH_ROWS_MAX);
	free(text);
}

/* Replaces the first `from` in a copy of the text. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *copy = malloc(strlen(text) + strlen(to) + 1);
	assert_non_null(at);
	assert_non_null(copy);
	memcpy(copy, text, (size_t)(at - text));
	strcpy(copy + (at - text), to);
	strcat(copy, at + strlen(from));
	return copy;
}

static void what_is_not_exactly_a_batch_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *why;
	} changes[] = {
		{ "{\"v\":1,", "{\"v\":2,", "another version" },
		{ "{\"v\":1,", "{\"v\":1.0,", "a real is no version" },
		{ "{\"v\":1,", "{", "no version" },
		{ "{\"v\":1,", "{\"v\":1,\"more\":1,", "a member too many" },
		{ "{\"v\":1,", "{\"v\":1,\"v\":1,", "a member twice" },
		{ "\"epoch\":", "\"epoch\":0", "not even a number" },
		{ "\"epoch\":1234567", "\"epoch\":0", "epoch 0" },
		{ "\"epoch\":1234567", "\"epoch\":4294967296", "an epoch that is too large" },
		{ "\"epoch\":1234567", "\"epoch\":1234568", "another epoch: the hash says so" },
		{ "\"first\":41", "\"first\":0", "number 0" },
		{ "\"first\":41", "\"first\":9007199254740991", "numbers beyond 2^53" },
		{ "\"first\":41", "\"first\":99999999999999999999", "beyond 64 bits" },
		{ "\"first\":41", "\"first\":42", "moved: the hash says so" },
		{ "\"device\":\"d1", "\"device\":\"D1", "capitals" },
		{ "\"device\":\"d1", "\"device\":\"", "a device that is too short" },
		{ "\"ADMIT\"", "\"PERMIT\"", "no verdict" },
		{ "\"ADMIT\"", "\"READMIT\"", "another verdict: the hash says so" },
		{ "\"mairie-du-2e\"", "\"Mairie\"", "no identifier" },
		{ "\"venue\":\"mairie-du-2e\",", "", "no venue" },
		{ "\"stamp\":[1", "\"stamp\":[-1", "a stamp before time" },
		{ ",0]", ",65536]", "a stamp's counter" },
		{ ",0]", "]", "half a stamp" },
		{ "\"rows\":[", "\"rows\":[{},", "an empty row" },
		{ "\"rows\":[", "\"rows\":[7,", "a row that is a number" },
		{ "\"key\"", "\"x-key\"", "a signature without a key" },
		{ "\"synced\"", "\"sure\"", "no trust" },
		{ "\"camera\"", "\"none\"", "no source" },
		{ "]", "]]", "not JSON" },
	};
	static struct row rows[BATCH_ROWS_MAX], read[BATCH_ROWS_MAX];
	struct batch b = make_batch(rows, 2, 3, make_row), again;
	struct message_why why;
	size_t len = 0, used = 0;
	char *text = message_write_batch(&b, &len, &used);
	assert_non_null(text);
	assert_true(message_read_batch(&again, read, text, len, &why));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		char *wrong = changed(text, changes[i].from, changes[i].to);
		if (message_read_batch(&again, read, wrong, strlen(wrong), &why))
			fail_msg("taken: %s", changes[i].why);
		assert_true(*why.text);
		free(wrong);
	}
	char *later = changed(text, "{\"v\":1,", "{\"v\":1,\"x-later\":{},");
	assert_true(message_read_batch(&again, read, later, strlen(later), &why));
	free(later);
	assert_false(message_read_batch(&again, read, text, len - 1, &why));
	free(text);
}

static void another_version_is_told_from_damage(void **state)
{
	(void)state;
	struct message_state m;
	struct message_why why;
	const char two[] = "{\"v\":2,\"new\":[]}", none[] = "{}", text[] = "{\"v\":\"1\"}";
	assert_false(message_read_state(&m, two, sizeof(two) - 1, &why));
	assert_true(why.version);
	assert_false(message_read_state(&m, none, sizeof(none) - 1, &why));
	assert_false(why.version);
	assert_false(message_read_state(&m, text, sizeof(text) - 1, &why));
	assert_false(why.version);
}

static void states_arrive(void **state)
{
	(void)state;
	struct message_state m, again;
	struct message_why why;
	size_t len = 0;
	memset(&m, 0, sizeof(m));
	m.online = true;
	strcpy(m.venue, "mairie");
	strcpy(m.door, "main");
	strcpy(m.program, "0.1.0");
	m.epoch = UINT32_MAX;
	m.key[31] = 9;
	m.wall_ms = EVENING;
	m.trust = TRUST_FREE;
	char *text = message_write_state(&m, &len);
	assert_true(message_read_state(&again, text, len, &why));
	assert_memory_equal(&m, &again, sizeof(m));
	assert_false(message_read_state(&again, text, len - 1, &why));
	free(text);
}

static void counts_arrive(void **state)
{
	(void)state;
	static struct message_count m, again;
	struct message_why why;
	size_t len = 0;
	memset(&m, 0, sizeof(m));
	strcpy(m.venue, "mairie");
	m.wall_ms = EVENING;
	m.stamp = (uint64_t)EVENING << 16 | 65535;
	m.present = -3;
	m.counters = MESSAGE_CHAINS_MAX;
	for (uint32_t i = 0; i < m.counters; i++) {
		m.at[i] = (struct message_counter){ .epoch = i + 1, .rows = i, .in = 1000000 };
		strcpy(m.at[i].venue, "mairie");
	}
	m.moved_count = 1;
	m.moved[0].epoch = 3;
	strcpy(m.moved[0].from, "ruche");
	m.moved[0].guests = 2;
	char *text = message_write_count(&m, &len);
	assert_true(message_read_count(&again, text, len, &why));
	assert_memory_equal(&m, &again, sizeof(m));
	char *wrong = changed(text, "\"in\":1000000", "\"in\":-1");
	assert_false(message_read_count(&again, wrong, strlen(wrong), &why));
	free(wrong);
	free(text);
}

static void chains_arrive(void **state)
{
	(void)state;
	static struct message_chains m, again;
	struct message_why why;
	size_t len = 0;
	memset(&m, 0, sizeof(m));
	m.from_collector = true;
	m.asks = true;
	m.count = 2;
	m.at[0].chain.epoch = 7;
	ranges_add(&m.at[0].have, 1, 3);
	ranges_add(&m.at[0].have, 5, (UINT64_C(1) << 53) - 1);
	m.at[1].chain.epoch = 8;
	char *text = message_write_chains(&m, &len);
	assert_true(message_read_chains(&again, text, len, &why));
	assert_memory_equal(&m, &again, sizeof(m));
	static const char *const wrong[] = { "[1,4]", "[0,3]", "[3,2]", "[1]", "[1,2,3]", "7",
		"[\"1\",3]", "[1,9007199254740992]" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *bad = changed(text, "[1,3]", wrong[i]);
		if (message_read_chains(&again, bad, strlen(bad), &why))
			fail_msg("taken: %s", wrong[i]);
		free(bad);
	}
	free(text);
}

static void fleets_arrive(void **state)
{
	(void)state;
	static struct message_fleet m, again;
	struct message_why why;
	size_t len = 0;
	memset(&m, 0, sizeof(m));
	m.wall_ms = EVENING;
	m.page = 99;
	m.pages = 100;
	m.count = MESSAGE_FLEET_PAGE;
	for (uint32_t i = 0; i < m.count; i++) {
		strcpy(m.at[i].id, "a-venue-with-the-longest-name-1");
		m.at[i].known = true;
		m.at[i].present = -1;
		m.at[i].boxes = 255;
	}
	char *text = message_write_fleet(&m, &len);
	assert_true(message_read_fleet(&again, text, len, &why));
	assert_memory_equal(&m, &again, sizeof(m));
	char *wrong = changed(text, "\"page\":99", "\"page\":100");
	assert_false(message_read_fleet(&again, wrong, strlen(wrong), &why));
	free(wrong);
	free(text);
}

static void topics_have_one_spelling(void **state)
{
	(void)state;
	static const char *const good[] = {
		"parvis/1/nuit/d/0123456789abcdef0123456789abcdef/state",
		"parvis/1/nuit/d/0123456789abcdef0123456789abcdef/count",
		"parvis/1/nuit/d/0123456789abcdef0123456789abcdef/ev",
		"parvis/1/nuit/v/mairie-2/0123456789abcdef0123456789abcdef",
		"parvis/1/nuit/a/0123456789abcdef0123456789abcdef",
		"parvis/1/nuit/fleet",
		"parvis/1/nuit/fleet/12",
	};
	static const char *const bad[] = {
		"",
		"parvis/1/nuit",
		"parvis/2/nuit/fleet",
		"parvis/1/Nuit/fleet",
		"parvis/1/nuit/fleet/",
		"parvis/1/nuit/fleet/0",
		"parvis/1/nuit/fleet/01",
		"parvis/1/nuit/fleet/1/2",
		"parvis/1//fleet",
		"parvis/1/nuit/a/0123456789ABCDEF0123456789abcdef",
		"parvis/1/nuit/a/0123456789abcdef0123456789abcdef/",
		"parvis/1/nuit/a/0123456789abcdef0123456789abcde",
		"parvis/1/nuit/d/0123456789abcdef0123456789abcdef",
		"parvis/1/nuit/d/0123456789abcdef0123456789abcdef/have",
		"parvis/1/nuit/v/0123456789abcdef0123456789abcdef",
		"parvis/1/a-name-of-more-than-thirty-one-bytes/fleet",
	};
	struct topic t;
	char text[TOPIC_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(topic_read(&t, good[i]));
		topic_write(&t, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (topic_read(&t, bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void filters_take_all_of_a_kind(void **state)
{
	(void)state;
	char text[TOPIC_SIZE];
	topic_filter(TOPIC_EV, "nuit", NULL, text);
	assert_string_equal(text, "parvis/1/nuit/d/+/ev");
	topic_filter(TOPIC_HAVE, "nuit", "mairie", text);
	assert_string_equal(text, "parvis/1/nuit/v/mairie/+");
	topic_filter(TOPIC_HAVE, "nuit", NULL, text);
	assert_string_equal(text, "parvis/1/nuit/v/+/+");
	topic_filter(TOPIC_ACK, "nuit", NULL, text);
	assert_string_equal(text, "parvis/1/nuit/a/+");
	topic_filter(TOPIC_FLEET, "nuit", NULL, text);
	assert_string_equal(text, "parvis/1/nuit/fleet/#");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_arrive_as_they_were),
		cmocka_unit_test(fifty_rows_of_an_evening_fit_one_message),
		cmocka_unit_test(a_batch_that_is_too_long_is_cut),
		cmocka_unit_test(what_is_not_exactly_a_batch_is_refused),
		cmocka_unit_test(another_version_is_told_from_damage),
		cmocka_unit_test(states_arrive),
		cmocka_unit_test(counts_arrive),
		cmocka_unit_test(chains_arrive),
		cmocka_unit_test(fleets_arrive),
		cmocka_unit_test(topics_have_one_spelling),
		cmocka_unit_test(filters_take_all_of_a_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
