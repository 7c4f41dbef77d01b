/* Reading goes from part to part. Where there is none, the next one that is whole and well signed
 * is looked for, byte by byte: damage costs the parts that it touches and no other. */
#include "night/sealed_format.h"
#include "night/sealed_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_SIZE (64 << 10)

/* Damage has each byte of a copy looked at once in vain. A file that is made to look like a part
 * everywhere would have it be so for days, and is given up. */
#define IN_VAIN_MOST (64U << 20)

const char *const sealed_wrong_texts[] = {
	[SEALED_GOOD] = "nothing is wrong",
	[SEALED_UNREADABLE] = "it cannot be read: copy it to another disk first",
	[SEALED_NOT_ONE] = "it is no sealed copy of a log",
	[SEALED_VERSION] = "it is of a version that this program does not read",
	[SEALED_HEADER] = "its beginning is cut short or was changed",
	[SEALED_OTHER_EVENT] = "it is of another event",
	[SEALED_OTHER_KEY] = "it is sealed to another organiser's key",
	[SEALED_PART_DAMAGED] = "a part is damaged or was changed",
	[SEALED_PART_MISSING] = "a part is missing",
	[SEALED_PART_TWICE] = "a part is there twice or out of its order",
	[SEALED_CUT_SHORT] = "it ends within a part: an earlier copy is whole",
};
static_assert(ARRAY_LEN(sealed_wrong_texts) == SEALED_WRONGS, "every fault needs its text");

struct reading {
	int fd;
	uint64_t size;
	const struct sealed_reader *to;
	struct sealed_header header;
	uint8_t file_key[FILE_KEY_SIZE], binding[BINDING_SIZE];
	int64_t expected; /* the next part's number */
	bool disk_failed; /* somewhere a byte could not be read */
	uint64_t in_vain; /* bytes of what looked like parts and were none */
	uint32_t number;  /* of the part in `part` */
	size_t sealed_size, contents_size;
	uint8_t part[BINDING_SIZE + PART_MOST];
	uint8_t contents[SEALED_PART_MAX];
	uint8_t window[WINDOW_SIZE];
	struct row rows[BATCH_ROWS_MAX];
};

/* How many bytes were read; what the disk does not give is left as zero and counts as read, so
 * that the rest is found. */
static size_t read_at(struct reading *r, void *out, size_t size, uint64_t at)
{
	size_t got = 0;
	memset(out, 0, size);
	while (got < size) {
		ssize_t n = pread(r->fd, (uint8_t *)out + got, size - got, (off_t)(at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r->disk_failed = true;
			return at + size <= r->size ? size : got;
		}
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* --- the header ------------------------------------------------------------------------------- */

static bool read_event(const uint8_t field[EVENT_FIELD_SIZE], char out[ID_SIZE])
{
	size_t n = strnlen((const char *)field, EVENT_FIELD_SIZE);
	for (size_t i = n; i < EVENT_FIELD_SIZE; i++)
		if (field[i])
			return false;
	memcpy(out, field, EVENT_FIELD_SIZE);
	return n > 0 && n < EVENT_FIELD_SIZE;
}

static enum sealed_wrong read_header(
	struct reading *r, const struct issuer *issuer, const char *event_id)
{
	uint8_t h[SEALED_HEADER_SIZE], own[ISSUER_PUBLIC_SIZE];
	size_t got = read_at(r, h, sizeof(h), 0);
	if (r->disk_failed)
		return SEALED_UNREADABLE;
	if (got < MAGIC_SIZE || memcmp(h, MAGIC, MAGIC_SIZE - 1))
		return SEALED_NOT_ONE;
	if (h[MAGIC_SIZE - 1] != MAGIC[MAGIC_SIZE - 1])
		return SEALED_VERSION;
	memcpy(r->header.key, h + AT_DEVICE, DEVICE_KEY_SIZE);
	if (got < sizeof(h) ||
		!issuer_verify(r->header.key, SEALED_DOMAIN, h, AT_SIGNATURE, h + AT_SIGNATURE) ||
		!read_event(h + AT_EVENT, r->header.event_id))
		return SEALED_HEADER;
	if (strcmp(r->header.event_id, event_id))
		return SEALED_OTHER_EVENT;
	issuer_public(issuer, own);
	if (memcmp(own, h + AT_ORGANISER, sizeof(own)) ||
		!issuer_unseal(
			issuer, h + AT_FILE_KEY, FILE_KEY_SIZE + ISSUER_SEAL_SIZE, r->file_key))
		return SEALED_OTHER_KEY;
	struct sealed_bytes created = { h + AT_CREATED, h + AT_CREATED + 8, true };
	r->header.created_ms = (int64_t)sealed_take_integer(&created, 8);
	device_id_of(r->header.key, r->header.device);
	crypto_generichash(r->binding, BINDING_SIZE, h, sizeof(h), NULL, 0);
	return SEALED_GOOD;
}

/* --- one part --------------------------------------------------------------------------------- */

enum part_state { PART_GOOD, PART_BAD, PART_CUT };

static bool open_part(struct reading *r)
{
	uint8_t *part = r->part + BINDING_SIZE;
	unsigned long long n = 0;
	memcpy(r->part, r->binding, BINDING_SIZE);
	size_t signed_size = PART_START_SIZE + r->sealed_size;
	if (!issuer_verify(r->header.key, SEALED_PART_DOMAIN, r->part, BINDING_SIZE + signed_size,
		    part + signed_size) ||
		crypto_aead_xchacha20poly1305_ietf_decrypt(r->contents, &n, NULL,
			part + PART_START_SIZE, r->sealed_size, r->part,
			BINDING_SIZE + PART_HEAD_SIZE, part + PART_HEAD_SIZE, r->file_key))
		return false;
	r->contents_size = (size_t)n;
	return true;
}

static enum part_state read_part(struct reading *r, uint64_t at)
{
	uint8_t *part = r->part + BINDING_SIZE;
	size_t got = read_at(r, part, PART_START_SIZE, at);
	if (got < PART_START_SIZE)
		return PART_CUT;
	struct sealed_bytes head = { part + MAGIC_SIZE, part + PART_HEAD_SIZE, true };
	r->number = (uint32_t)sealed_take_integer(&head, 4);
	r->sealed_size = sealed_take_integer(&head, 4);
	if (memcmp(part, PART_MAGIC, MAGIC_SIZE) || r->sealed_size < TAG_SIZE ||
		r->sealed_size > SEALED_PART_MAX)
		return PART_BAD;
	size_t rest = r->sealed_size + DEVICE_SIGNATURE_SIZE;
	got = read_at(r, part + PART_START_SIZE, rest, at + PART_START_SIZE);
	if (got == rest && open_part(r))
		return PART_GOOD;
	r->in_vain += got;
	return got < rest ? PART_CUT : PART_BAD;
}

static size_t part_size(const struct reading *r)
{
	return PART_START_SIZE + r->sealed_size + DEVICE_SIGNATURE_SIZE;
}

/* The contents are this device's own word: what does not read to its end is a fault of the box. */
static int give_contents(struct reading *r, bool *whole)
{
	struct sealed_bytes b = { r->contents, r->contents + r->contents_size, true };
	size_t promises = sealed_take_integer(&b, 2);
	int stop = 0;
	for (size_t i = 0; !stop && b.good && i < promises; i++) {
		struct chain chain;
		sealed_take(&b, chain.device, sizeof(chain.device));
		chain.epoch = (uint32_t)sealed_take_integer(&b, 4);
		uint64_t last = sealed_take_integer(&b, 8);
		if (b.good && chain.epoch)
			stop = r->to->promise(r->to->context, &chain, last);
	}
	size_t batches = stop ? 0 : sealed_take_integer(&b, 2);
	for (size_t i = 0; !stop && b.good && i < batches; i++) {
		struct batch batch;
		if (!sealed_take_batch(&b, r->rows, &batch))
			b.good = false;
		else
			stop = r->to->batch(r->to->context, &batch);
	}
	*whole = b.good && b.at == b.end;
	return stop;
}

/* --- from part to part ------------------------------------------------------------------------ */

/* The next place from `at` on where a whole, good part begins, which is then in r->part; the size
 * of the file where there is none. */
static uint64_t find_part(struct reading *r, uint64_t at)
{
	while (at + PART_LEAST <= r->size && r->in_vain <= 2 * r->size + IN_VAIN_MOST) {
		size_t got = read_at(r, r->window, sizeof(r->window), at);
		if (got < MAGIC_SIZE)
			break;
		for (size_t i = 0; i + MAGIC_SIZE <= got; i++) {
			if (memcmp(r->window + i, PART_MAGIC, MAGIC_SIZE))
				continue;
			if (read_part(r, at + i) == PART_GOOD)
				return at + i;
			if (r->in_vain > 2 * r->size + IN_VAIN_MOST)
				return r->size;
		}
		at += got - MAGIC_SIZE + 1;
	}
	return r->size;
}

static int tell(struct reading *r, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	return r->to->fault(r->to->context, wrong, number, offset);
}

/* A part that can be read. passed: there was damage before it, which has told of one number. */
static int take_part(struct reading *r, uint64_t at, bool passed)
{
	bool whole = true;
	int stop = 0;
	int64_t number = r->number, next = r->expected + passed;
	if (number > next)
		stop = tell(r, SEALED_PART_MISSING, next, at);
	else if (number < r->expected)
		stop = tell(r, SEALED_PART_TWICE, number, at);
	if (number >= r->expected)
		r->expected = number + 1;
	if (!stop)
		stop = give_contents(r, &whole);
	if (!stop && !whole)
		stop = tell(r, SEALED_PART_DAMAGED, number, at);
	return stop;
}

static int read_parts(struct reading *r)
{
	uint64_t at = SEALED_HEADER_SIZE;
	int stop = 0;
	while (!stop && at < r->size) {
		enum part_state state = read_part(r, at);
		if (state != PART_GOOD) {
			uint64_t found = find_part(r, at + 1);
			bool cut = state == PART_CUT && found == r->size;
			stop = tell(
				r, cut ? SEALED_CUT_SHORT : SEALED_PART_DAMAGED, r->expected, at);
			at = found;
			if (found == r->size)
				break;
		}
		if (!stop)
			stop = take_part(r, at, state != PART_GOOD);
		at += part_size(r);
	}
	return stop;
}

enum sealed_wrong sealed_read(int fd, const struct issuer *issuer, const char *event_id,
	const struct sealed_reader *reader, int *stopped)
{
	struct stat st;
	int stop = 0;
	if (sodium_init() < 0 || fstat(fd, &st))
		return SEALED_UNREADABLE;
	if (!S_ISREG(st.st_mode))
		return SEALED_NOT_ONE;
	struct reading *r = sodium_malloc(sizeof(*r));
	if (!r)
		return SEALED_UNREADABLE;
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->size = (uint64_t)st.st_size;
	r->to = reader;
	enum sealed_wrong wrong = read_header(r, issuer, event_id);
	if (wrong == SEALED_GOOD)
		stop = reader->header(reader->context, &r->header);
	if (wrong == SEALED_GOOD && !stop)
		stop = read_parts(r);
	sodium_free(r);
	if (stopped)
		*stopped = stop;
	return wrong;
}
