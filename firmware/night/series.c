#include "night/series.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      "PVS\x01"
#define AT_ID      4
#define AT_NUMBER  12
#define AT_LENGTH  16
#define AT_BYTES   20
#define CHECK_SIZE 4
#define FRAME_MAX  (AT_BYTES + SERIES_PAYLOAD + CHECK_SIZE)
static_assert(FRAME_MAX % 2 == 0 && FRAME_MAX / 2 * 3 < SERIES_TEXT_SIZE, "a frame fits");

static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/* --- base45 ----------------------------------------------------------------------------------- */

/* Two bytes are three letters, a last one is two. */
static void encode(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned v = (unsigned)bytes[i] << 8 | bytes[i + 1];
		*out++ = letters[v % 45];
		*out++ = letters[v / 45 % 45];
		*out++ = letters[v / 45 / 45];
	}
	if (n % 2) {
		*out++ = letters[bytes[n - 1] % 45];
		*out++ = letters[bytes[n - 1] / 45];
	}
	*out = '\0';
}

static int value_of(char c)
{
	const char *at = c ? strchr(letters, c) : NULL;
	return at ? (int)(at - letters) : -1;
}

/* 0: it is none. */
static size_t decode(const char *text, size_t len, uint8_t out[FRAME_MAX])
{
	size_t n = 0;
	if (len % 3 == 1 || len / 3 * 2 + (len % 3 == 2) > FRAME_MAX)
		return 0;
	for (size_t i = 0; i < len; i += 3) {
		int a = value_of(text[i]), b = value_of(text[i + 1]);
		int c = i + 2 < len ? value_of(text[i + 2]) : 0;
		int v = a + 45 * b + 45 * 45 * c;
		if (a < 0 || b < 0 || c < 0 || v > (i + 2 < len ? 0xffff : 0xff))
			return 0;
		if (i + 2 < len)
			out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
	}
	return n;
}

/* --- a frame ---------------------------------------------------------------------------------- */

static void short_hash(const uint8_t *bytes, size_t len, uint8_t *out, size_t size)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	crypto_generichash(hash, sizeof(hash), bytes, len, NULL, 0);
	memcpy(out, hash, size);
}

void series_id(const uint8_t *file, size_t len, uint8_t id[SERIES_ID_SIZE])
{
	short_hash(file, len, id, SERIES_ID_SIZE);
}

uint32_t series_frames(size_t len)
{
	return (uint32_t)((len + SERIES_PAYLOAD - 1) / SERIES_PAYLOAD);
}

static size_t size_of(size_t len, uint32_t number)
{
	size_t left = len - (size_t)number * SERIES_PAYLOAD;
	return left < SERIES_PAYLOAD ? left : SERIES_PAYLOAD;
}

void series_write(const uint8_t *file, size_t len, const uint8_t id[SERIES_ID_SIZE],
	uint32_t number, char out[SERIES_TEXT_SIZE])
{
	uint8_t frame[FRAME_MAX] = MAGIC;
	CHECK(len <= SERIES_FILE_MAX && number < series_frames(len));
	size_t size = size_of(len, number);
	uint32_t number_be = htobe32(number), len_be = htobe32((uint32_t)len);
	memcpy(frame + AT_ID, id, SERIES_ID_SIZE);
	memcpy(frame + AT_NUMBER, &number_be, sizeof(number_be));
	memcpy(frame + AT_LENGTH, &len_be, sizeof(len_be));
	memcpy(frame + AT_BYTES, file + (size_t)number * SERIES_PAYLOAD, size);
	short_hash(frame, AT_BYTES + size, frame + AT_BYTES + size, CHECK_SIZE);
	encode(frame, AT_BYTES + size + CHECK_SIZE, out);
}

bool series_read(struct series_frame *out, const char *text, size_t len)
{
	uint8_t frame[FRAME_MAX], check[CHECK_SIZE];
	uint32_t number, length;
	size_t n = decode(text, len, frame);
	if (n < AT_BYTES + 1 + CHECK_SIZE || memcmp(frame, MAGIC, AT_ID) != 0)
		return false;
	size_t size = n - AT_BYTES - CHECK_SIZE;
	short_hash(frame, AT_BYTES + size, check, CHECK_SIZE);
	memcpy(&number, frame + AT_NUMBER, sizeof(number));
	memcpy(&length, frame + AT_LENGTH, sizeof(length));
	number = be32toh(number);
	length = be32toh(length);
	if (memcmp(check, frame + n - CHECK_SIZE, CHECK_SIZE) != 0 || length < 1 ||
		length > SERIES_FILE_MAX || number >= series_frames(length) ||
		size != size_of(length, number))
		return false;
	*out = (struct series_frame){ .number = number, .length = length, .size = size };
	memcpy(out->id, frame + AT_ID, SERIES_ID_SIZE);
	memcpy(out->bytes, frame + AT_BYTES, size);
	return true;
}

/* --- putting together ------------------------------------------------------------------------- */

struct series {
	uint8_t id[SERIES_ID_SIZE];
	uint32_t length, have, frames;
	uint8_t *file, *there; /* there: a byte for each frame */
};

struct series_set {
	struct series at[SERIES_AT_ONCE];
	size_t count;
};

int series_set_new(struct series_set **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void series_set_free(struct series_set *s)
{
	for (size_t i = 0; s && i < s->count; i++) {
		free(s->at[i].file);
		free(s->at[i].there);
	}
	free(s);
}

static int begin(struct series_set *s, const struct series_frame *f, struct series **out)
{
	if (s->count == SERIES_AT_ONCE)
		return -ENOSPC;
	struct series fresh = { .length = f->length, .frames = series_frames(f->length) };
	memcpy(fresh.id, f->id, SERIES_ID_SIZE);
	fresh.file = malloc(f->length);
	fresh.there = calloc(fresh.frames, 1);
	if (!fresh.file || !fresh.there) {
		free(fresh.file);
		free(fresh.there);
		return -ENOMEM;
	}
	*out = &s->at[s->count++];
	**out = fresh;
	return 0;
}

static int find(struct series_set *s, const struct series_frame *f, struct series **out)
{
	for (size_t i = 0; i < s->count; i++)
		if (!memcmp(s->at[i].id, f->id, SERIES_ID_SIZE)) {
			*out = &s->at[i];
			return s->at[i].length == f->length ? 0 : -EINVAL;
		}
	return begin(s, f, out);
}

static void tell(const struct series *s, struct series_progress *out)
{
	*out = (struct series_progress){ .have = s->have, .frames = s->frames };
	memcpy(out->id, s->id, SERIES_ID_SIZE);
}

/* Each frame was as it was written; but who wrote it, nobody has said. */
static int finish(struct series *s, struct series_progress *out)
{
	uint8_t id[SERIES_ID_SIZE];
	series_id(s->file, s->length, id);
	if (memcmp(id, s->id, SERIES_ID_SIZE) != 0) {
		memset(s->there, 0, s->frames);
		s->have = 0;
		return -EBADMSG;
	}
	out->file = s->file;
	out->len = s->length;
	return 0;
}

int series_take(struct series_set *s, const struct series_frame *frame, struct series_progress *out)
{
	struct series *of;
	int error = find(s, frame, &of);
	if (error)
		return error;
	bool fresh = !of->there[frame->number];
	if (fresh) {
		memcpy(of->file + (size_t)frame->number * SERIES_PAYLOAD, frame->bytes,
			frame->size);
		of->there[frame->number] = 1;
		of->have++;
	}
	tell(of, out);
	out->fresh = fresh;
	return fresh && of->have == of->frames ? finish(of, out) : 0;
}

int series_each(const struct series_set *s,
	int (*take)(void *context, const struct series_progress *p), void *context)
{
	int stop = 0;
	for (size_t i = 0; !stop && i < s->count; i++) {
		struct series_progress p;
		tell(&s->at[i], &p);
		stop = take(context, &p);
	}
	return stop;
}
