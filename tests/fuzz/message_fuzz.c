/* Any bytes as each kind of message: what is read is within its ranges, and is written and read
 * again as the same. The first line, where there is one, is tried as a topic. */
#include "sync/message.h"

#include "store/log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct message_why why;

static void look_at_why(bool good)
{
	CHECK(memchr(why.text, 0, sizeof(why.text)) && good == !*why.text);
}

static void try_topic(const uint8_t *data, size_t size)
{
	char text[TOPIC_SIZE + 8], again[TOPIC_SIZE];
	struct topic t;
	size_t n = 0;
	while (n < size && n < sizeof(text) - 1 && data[n] != '\n')
		n++;
	memcpy(text, data, n);
	text[n] = 0;
	if (!topic_read(&t, text))
		return;
	topic_write(&t, again);
	CHECK(!strcmp(text, again));
}

static void try_state(const uint8_t *data, size_t size)
{
	static struct message_state m, again;
	size_t len = 0;
	bool good = message_read_state(&m, data, size, &why);
	look_at_why(good);
	if (!good)
		return;
	char *text = message_write_state(&m, &len);
	CHECK(text && message_read_state(&again, text, len, &why));
	CHECK(!memcmp(&m, &again, sizeof(m)));
	free(text);
}

static void try_count(const uint8_t *data, size_t size)
{
	static struct message_count m, again;
	size_t len = 0;
	bool good = message_read_count(&m, data, size, &why);
	look_at_why(good);
	if (!good)
		return;
	char *text = message_write_count(&m, &len);
	CHECK(text && message_read_count(&again, text, len, &why));
	CHECK(!memcmp(&m, &again, sizeof(m)));
	free(text);
}

static void try_chains(const uint8_t *data, size_t size)
{
	static struct message_chains m, again;
	size_t len = 0;
	bool good = message_read_chains(&m, data, size, &why);
	look_at_why(good);
	if (!good)
		return;
	char *text = message_write_chains(&m, &len);
	CHECK(text && message_read_chains(&again, text, len, &why));
	CHECK(!memcmp(&m, &again, sizeof(m)));
	free(text);
}

static void try_fleet(const uint8_t *data, size_t size)
{
	static struct message_fleet m, again;
	size_t len = 0;
	bool good = message_read_fleet(&m, data, size, &why);
	look_at_why(good);
	if (!good)
		return;
	char *text = message_write_fleet(&m, &len);
	CHECK(text && message_read_fleet(&again, text, len, &why));
	CHECK(!memcmp(&m, &again, sizeof(m)));
	free(text);
}

static void look_at_rows(const struct batch *b)
{
	uint8_t hash[ROW_HASH_SIZE];
	CHECK(b->count >= 1 && b->count <= BATCH_ROWS_MAX);
	for (size_t i = 0; i < b->count; i++) {
		log_row_hash(&b->rows[i], hash);
		CHECK(!memcmp(hash, b->rows[i].hash, sizeof(hash)));
		CHECK(b->rows[i].seq == b->rows[0].seq + i && b->rows[i].epoch);
	}
}

static void try_batch(const uint8_t *data, size_t size)
{
	static struct row rows[BATCH_ROWS_MAX], rows_again[BATCH_ROWS_MAX];
	struct batch b, again;
	size_t len = 0, used = 0;
	bool good = message_read_batch(&b, rows, data, size, &why);
	look_at_why(good);
	if (!good)
		return;
	look_at_rows(&b);
	char *text = message_write_batch(&b, &len, &used);
	CHECK(text && len <= MESSAGE_EV_MAX && used >= 1 && used <= b.count);
	if (used == b.count) {
		CHECK(message_read_batch(&again, rows_again, text, len, &why));
		CHECK(again.count == b.count && again.is_signed == b.is_signed);
		CHECK(!memcmp(rows, rows_again, b.count * sizeof(rows[0])));
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_topic(data, size);
	try_state(data, size);
	try_count(data, size);
	try_chains(data, size);
	try_fleet(data, size);
	try_batch(data, size);
	return 0;
}
