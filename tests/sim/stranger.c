/* Somebody else's machine on our broker. It hears what is said and says it again, a little
 * different: rows that were changed and hashed anew, another event's rows, the format after this
 * one, messages that are cut short. */
#include "tests/sim/sim.h"

#include "store/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SPEAKS_PER_MILLE 150

static void up(void *owner, bool local)
{
	(void)local;
	party_subscribe(owner, 1, "parvis/1/" SIM_EVENT "/d/+/ev");
	party_subscribe(owner, 2, "parvis/1/" SIM_EVENT "/#");
}

static void down(void *owner, bool refused)
{
	(void)owner;
	(void)refused;
}

static void granted(void *owner, int id, bool refused)
{
	(void)owner;
	(void)id;
	(void)refused;
}

static void published(void *owner, int id)
{
	(void)owner;
	(void)id;
}

/* One digit is another: a figure, a hash or a signature that is not what it was. */
static size_t change_digit(struct sim *s, char *payload, size_t size)
{
	for (int tries = 0; tries < 50 && size; tries++) {
		char *c = &payload[chance_below(s, size)];
		if (*c >= '0' && *c <= '9') {
			*c = (char)('0' + (*c - '0' + 1 + (int)chance_below(s, 9)) % 10);
			return size;
		}
	}
	return 0;
}

/* Rows that nobody wrote, with all hashes right: under the true device's name and its signature of
 * other rows, or, `of_another`, of a device that another event knows, rightly signed. */
static const char *forge(struct sim *s, const void *payload, size_t *size, bool of_another)
{
	struct row rows[BATCH_ROWS_MAX];
	struct batch b;
	struct message_why why;
	if (!message_read_batch(&b, rows, payload, *size, &why))
		return NULL;
	uint8_t seed[crypto_sign_SEEDBYTES] = { 77 }, secret[64], device[DEVICE_ID_SIZE];
	if (of_another)
		crypto_sign_seed_keypair(b.key, secret, seed);
	device_id_of(b.key, device);
	rows[b.count - 1].ticket[0] ^= 1;
	for (size_t i = 0; i < b.count; i++) {
		if (of_another)
			memcpy(rows[i].device, device, sizeof(device));
		if (i)
			memcpy(rows[i].before, rows[i - 1].hash, ROW_HASH_SIZE);
		log_row_hash(&rows[i], rows[i].hash);
	}
	uint8_t head[HEAD_BYTES];
	batch_head_bytes(&rows[b.count - 1], head);
	if (of_another)
		crypto_sign_detached(b.signature, NULL, head, sizeof(head), secret);
	size_t used = 0;
	AUTO_FREE char *text = message_write_batch(&b, size, &used);
	return text ? sim_copy(s, text, *size) : NULL;
}

static const char *change(
	struct sim *s, const char *payload, size_t *size, bool rows, char topic[TOPIC_SIZE])
{
	char *copy = sim_copy(s, payload, *size), *at;
	switch (s->stranger_mode) {
	case 0: /* forged rows */
		if (chance_of(s, 600))
			return forge(s, payload, size, false);
		*size = change_digit(s, copy, *size);
		return copy;
	case 1: /* another event's */
		at = strstr(topic, "/" SIM_EVENT "/");
		if (at)
			at[1] = 'x';
		return rows ? forge(s, payload, size, true) : copy;
	case 2: /* a version of the format to come */
		at = strstr(copy, "\"v\":1");
		if (at)
			at[4] = '2';
		return at ? copy : NULL;
	default: /* cut short */
		*size = chance_below(s, *size + 1);
		return copy;
	}
}

static void overheard(
	void *owner, const char *topic, const void *payload, size_t size, bool retained)
{
	struct party *p = owner;
	struct sim *s = p->sim;
	size_t n = strlen(topic);
	bool rows = n > 3 && !strcmp(topic + n - 3, "/ev");
	/* Who may say anything else is the broker's affair: its access list binds a topic to a
	 * certificate. Rows are signed, since they are handed on. */
	if (retained || (s->stranger_mode == 0 && !rows) || !s->stranger_tampers ||
		!chance_of(s, rows ? 4 * SPEAKS_PER_MILLE : SPEAKS_PER_MILLE))
		return;
	s->stranger_tampers--;
	char changed[TOPIC_SIZE];
	snprintf(changed, sizeof(changed), "%s", topic);
	const char *text = change(s, payload, &size, rows, changed);
	TRACE(s, "stranger says %s", changed);
	if (text && size)
		(void)party_publish(p, 0, changed, text, size, 0, false);
}

static const struct party_hooks hooks = { up, down, granted, published, overheard, NULL };

void stranger_make(struct sim *s)
{
	s->stranger = (struct party){ .sim = s,
		.hooks = &hooks,
		.owner = &s->stranger,
		.number = s->box_count + s->station_count,
		.name = "stranger" };
}
