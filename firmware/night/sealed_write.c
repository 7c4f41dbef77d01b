/* Parts are made in memory and written in one call each, behind the last one that is whole: what a
 * failed write has left there is written over by the next try, or is seen as a part cut short. */
#include "base/text.h"
#include "night/sealed_format.h"
#include "night/sealed_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Small parts: damage to a stick costs some 150 rows. Every part repeats the promises. */
#define BODY_FULL    (48 << 10)
#define PROMISES_MAX 256

static_assert(2 + PROMISES_MAX * PROMISE_SIZE + 2 + BODY_FULL + SEALED_BATCH_MAX + TAG_SIZE <=
		      SEALED_PART_MAX,
	"what is collected fits a part");

struct sealed_writer {
	int fd;
	const struct device_key *device;
	uint8_t id[DEVICE_ID_SIZE], key[DEVICE_KEY_SIZE];
	uint8_t file_key[FILE_KEY_SIZE], binding[BINDING_SIZE];
	uint64_t size;
	uint32_t parts, promises, batches;
	bool promised_more; /* than what is in the parts that are written */
	struct row pending[BATCH_ROWS_MAX];
	size_t pending_count;
	uint8_t promised[PROMISES_MAX * PROMISE_SIZE];
	uint8_t body[BODY_FULL + SEALED_BATCH_MAX];
	size_t body_size;
	uint8_t contents[SEALED_PART_MAX];
	uint8_t part[BINDING_SIZE + PART_MOST]; /* what is signed begins with the binding */
};

void sealed_name(
	const char *event_id, const uint8_t device[DEVICE_ID_SIZE], char out[SEALED_NAME_SIZE])
{
	char digits[9];
	text_hex(digits, device, 4);
	snprintf(out, SEALED_NAME_SIZE, "%.31s-%s" SEALED_SUFFIX, event_id, digits);
}

static int write_at(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, bytes, size, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* --- the header ------------------------------------------------------------------------------- */

static int write_header(struct sealed_writer *w, const struct sealed_setup *setup)
{
	uint8_t header[SEALED_HEADER_SIZE] = { 0 };
	memcpy(header, MAGIC, MAGIC_SIZE);
	if (strlen(setup->event_id) >= EVENT_FIELD_SIZE)
		return -EINVAL;
	memcpy(header + AT_EVENT, setup->event_id, strlen(setup->event_id));
	memcpy(header + AT_DEVICE, w->key, sizeof(w->key));
	memcpy(header + AT_ORGANISER, setup->organiser, sizeof(setup->organiser));
	sealed_put_integer(header + AT_CREATED, (uint64_t)setup->created_ms, 8);
	randombytes_buf(w->file_key, sizeof(w->file_key));
	int error = issuer_seal(
		setup->organiser, w->file_key, sizeof(w->file_key), header + AT_FILE_KEY);
	if (error)
		return error;
	device_key_sign(w->device, SEALED_DOMAIN, header, AT_SIGNATURE, header + AT_SIGNATURE);
	crypto_generichash(w->binding, BINDING_SIZE, header, sizeof(header), NULL, 0);
	error = write_at(w->fd, header, sizeof(header), 0);
	w->size = sizeof(header);
	return error;
}

int sealed_create(struct sealed_writer **out, int fd, const struct sealed_setup *setup)
{
	if (sodium_init() < 0)
		return -EIO;
	struct sealed_writer *w = sodium_malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->device = setup->device;
	device_key_id(w->device, w->id);
	device_key_public(w->device, w->key);
	int error = write_header(w, setup);
	if (error) {
		sealed_close(w);
		return error;
	}
	*out = w;
	return 0;
}

void sealed_close(struct sealed_writer *w)
{
	sodium_free(w); /* wipes */
}

uint64_t sealed_size(const struct sealed_writer *w)
{
	return w->size;
}

/* --- parts ------------------------------------------------------------------------------------ */

static size_t fill_contents(struct sealed_writer *w)
{
	uint8_t *at = sealed_put_integer(w->contents, w->promises, 2);
	memcpy(at, w->promised, (size_t)w->promises * PROMISE_SIZE);
	at += (size_t)w->promises * PROMISE_SIZE;
	at = sealed_put_integer(at, w->batches, 2);
	memcpy(at, w->body, w->body_size);
	return (size_t)(at - w->contents) + w->body_size;
}

static int write_part(struct sealed_writer *w)
{
	if (!w->promised_more && !w->batches)
		return 0;
	size_t n = fill_contents(w);
	uint8_t *part = w->part + BINDING_SIZE, *nonce = part + PART_HEAD_SIZE;
	uint8_t additional[BINDING_SIZE + PART_HEAD_SIZE];
	memcpy(w->part, w->binding, BINDING_SIZE);
	memcpy(part, PART_MAGIC, MAGIC_SIZE);
	sealed_put_integer(part + MAGIC_SIZE, w->parts, 4);
	sealed_put_integer(part + MAGIC_SIZE + 4, n + TAG_SIZE, 4);
	memcpy(additional, w->part, sizeof(additional));
	randombytes_buf(nonce, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(part + PART_START_SIZE, NULL, w->contents, n,
		additional, sizeof(additional), NULL, nonce, w->file_key);
	size_t signed_size = PART_START_SIZE + n + TAG_SIZE;
	device_key_sign(w->device, SEALED_PART_DOMAIN, w->part, BINDING_SIZE + signed_size,
		part + signed_size);
	size_t size = signed_size + DEVICE_SIGNATURE_SIZE;
	int error = write_at(w->fd, part, size, w->size);
	if (error)
		return error;
	w->size += size;
	w->parts++;
	w->promised_more = false;
	w->batches = 0;
	w->body_size = 0;
	return 0;
}

static bool is_own(const struct sealed_writer *w, const struct row *row)
{
	return !memcmp(row->device, w->id, sizeof(w->id));
}

static void put_batch(struct sealed_writer *w, const struct batch *b)
{
	uint8_t *end = sealed_put_batch(w->body + w->body_size, b);
	w->body_size = (size_t)(end - w->body);
	w->batches++;
}

/* Rows that were collected one by one. Only what is as this box has written it is signed. */
static void put_pending(struct sealed_writer *w)
{
	struct batch b = { .rows = w->pending, .count = w->pending_count };
	if (!b.count)
		return;
	if (is_own(w, b.rows) && batch_check(&b) == BATCH_SIGNATURE) {
		b.is_signed = true;
		memcpy(b.key, w->key, sizeof(b.key));
		device_key_sign_head(w->device, &b.rows[b.count - 1], b.signature);
	}
	put_batch(w, &b);
	w->pending_count = 0;
}

/* Room for one batch more, and for the pending one. */
static int make_room(struct sealed_writer *w)
{
	return w->body_size > BODY_FULL - SEALED_BATCH_MAX ? write_part(w) : 0;
}

int sealed_promise(struct sealed_writer *w, const struct chain *chain, uint64_t last)
{
	uint8_t promise[PROMISE_SIZE], *at = w->promised;
	memcpy(promise, chain->device, DEVICE_ID_SIZE);
	sealed_put_integer(sealed_put_integer(promise + DEVICE_ID_SIZE, chain->epoch, 4), last, 8);
	uint32_t i = 0;
	while (i < w->promises && memcmp(at, promise, DEVICE_ID_SIZE + 4)) {
		at += PROMISE_SIZE;
		i++;
	}
	if (i == PROMISES_MAX) {
		int error = write_part(w);
		if (error)
			return error;
		w->promises = i = 0;
		at = w->promised;
	}
	memcpy(at, promise, PROMISE_SIZE);
	w->promises = i == w->promises ? i + 1 : w->promises;
	w->promised_more = true;
	return 0;
}

static bool follows(const struct sealed_writer *w, const struct row *row)
{
	const struct row *last = &w->pending[w->pending_count - 1];
	return row->epoch == last->epoch && row->seq == last->seq + 1 &&
	       !memcmp(row->device, last->device, sizeof(row->device)) &&
	       !memcmp(row->before, last->hash, sizeof(row->before));
}

/* A row that is not as it was written is a batch of its own, so that its neighbours are signed. */
static bool stands_alone(const struct row *row)
{
	return batch_check(&(struct batch){ .rows = row, .count = 1 }) != BATCH_SIGNATURE;
}

int sealed_add_row(struct sealed_writer *w, const struct row *row)
{
	int error = make_room(w);
	if (error)
		return error;
	bool alone = stands_alone(row);
	if (w->pending_count && (alone || !follows(w, row)))
		put_pending(w);
	w->pending[w->pending_count++] = *row;
	if (alone || w->pending_count == BATCH_ROWS_MAX)
		put_pending(w);
	return 0;
}

int sealed_add(struct sealed_writer *w, const struct batch *b)
{
	int error = make_room(w);
	if (error)
		return error;
	put_pending(w);
	error = make_room(w);
	if (!error)
		put_batch(w, b);
	return error;
}

int sealed_flush(struct sealed_writer *w)
{
	put_pending(w);
	return write_part(w);
}
