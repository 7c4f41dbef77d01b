#include "event/bundle.h"

#include "base/bytes.h"
#include "base/text.h"
#include "event/name_index.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC      "PARVISB"
#define FORMAT     2
#define FORMAT_OLD 1
#define HEAD_SIZE  100
#define ENTRY_SIZE 56
#define NAME_SIZE  16
#define MOMENT_MAX 253402300799999 /* the end of the year 9999, ms */
#define CHUNK      65536

const char *const bundle_part_names[BUNDLE_PARTS] = {
	[BUNDLE_EVENT] = "event.ini",
	[BUNDLE_SETTINGS] = "kiosk.ini",
	[BUNDLE_ROSTER] = "roster.db",
	[BUNDLE_PINS] = "pins.ini",
	[BUNDLE_NAMES] = NAME_INDEX_FILE,
	[BUNDLE_DEVICE_KEY] = "device.key",
	[BUNDLE_CLIENT] = "client.pem",
	[BUNDLE_CA] = "ca.pem",
};

const char *const bundle_wrong_texts[BUNDLE_WRONGS] = {
	[BUNDLE_GOOD] = "it is good",
	[BUNDLE_UNREADABLE] = "it cannot be read",
	[BUNDLE_NOT_ONE] = "it is no bundle",
	[BUNDLE_VERSION] = "it is of a version that this program does not read",
	[BUNDLE_CUT_SHORT] = "it is cut short: copy it again",
	[BUNDLE_TRAILING] = "there is more in the file than the bundle",
	[BUNDLE_TABLE] = "its table of contents breaks the rules",
	[BUNDLE_SIGNATURE] = "the signature is wrong: it was altered, or another key's",
	[BUNDLE_CHANGED] = "a part is not the one that was listed",
	[BUNDLE_CONTENTS] = "its event or its settings cannot be used",
};

static const uint64_t size_limits[BUNDLE_PARTS] = {
	[BUNDLE_EVENT] = EVENT_FILE_MAX,
	[BUNDLE_SETTINGS] = BUNDLE_SETTINGS_MAX,
	[BUNDLE_ROSTER] = BUNDLE_ROSTER_MAX,
	[BUNDLE_PINS] = BUNDLE_PINS_MAX,
	[BUNDLE_NAMES] = BUNDLE_NAMES_MAX,
	[BUNDLE_DEVICE_KEY] = BUNDLE_KEY_SIZE,
	[BUNDLE_CLIENT] = BUNDLE_PEM_MAX,
	[BUNDLE_CA] = BUNDLE_PEM_MAX,
};

/* --- bytes -------------------------------------------------------------------------------------
 */

/* Terminated within the field, and nothing but 0x00 after it. */
static bool take_padded(char *out, const uint8_t *at, size_t size)
{
	const uint8_t *end = memchr(at, 0, size);
	if (!end || end == at)
		return false;
	for (const uint8_t *p = end; p < at + size; p++)
		if (*p)
			return false;
	memcpy(out, at, size);
	return true;
}

static bool is_id(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return n && !text[n] && n < ID_SIZE;
}

static int read_at(int fd, void *out, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (uint8_t *)out + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const uint8_t *)bytes + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

/* Hands out a stretch of a file in chunks. */
static int each_chunk(int fd, uint64_t offset, uint64_t size,
	int (*take)(void *context, const uint8_t *bytes, size_t n), void *context)
{
	static_assert(CHUNK <= 1 << 16, "it lives on the stack");
	uint8_t chunk[CHUNK];
	int error = 0;
	while (!error && size) {
		size_t n = size < sizeof(chunk) ? (size_t)size : sizeof(chunk);
		error = read_at(fd, chunk, n, offset);
		if (!error)
			error = take(context, chunk, n);
		offset += n;
		size -= n;
	}
	sodium_memzero(chunk, sizeof(chunk));
	return error;
}

static int take_hash(void *context, const uint8_t *bytes, size_t n)
{
	crypto_generichash_update(context, bytes, n);
	return 0;
}

static int hash_stretch(int fd, uint64_t offset, uint64_t size, uint8_t *out, size_t out_size)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, out_size);
	int error = each_chunk(fd, offset, size, take_hash, &state);
	crypto_generichash_final(&state, out, out_size);
	return error;
}

void bundle_short_hash(const uint8_t hash[BUNDLE_HASH_SIZE], char out[BUNDLE_SHORT_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint64_t bits = bytes_take(hash, 5);
	size_t at = 0;
	for (int i = 0; i < 8; i++) {
		if (i == 4)
			out[at++] = '-';
		out[at++] = letters[bits >> (35 - 5 * i) & 31];
	}
	out[at] = '\0';
}

/* --- reading -----------------------------------------------------------------------------------
 */

static enum bundle_wrong read_head(struct bundle *b, const uint8_t *head, uint64_t size)
{
	if (size < sizeof(MAGIC) - 1 || memcmp(head, MAGIC, sizeof(MAGIC) - 1))
		return BUNDLE_NOT_ONE;
	if (size < HEAD_SIZE)
		return BUNDLE_CUT_SHORT;
	if (head[7] != FORMAT && head[7] != FORMAT_OLD)
		return BUNDLE_VERSION;
	b->length = bytes_take(head + 8, 8);
	b->serial = bytes_take(head + 16, 8);
	uint64_t created = bytes_take(head + 24, 8);
	if (b->length > size)
		return BUNDLE_CUT_SHORT;
	if (b->length < size)
		return BUNDLE_TRAILING;
	if (!b->serial || b->serial > INT64_MAX || created > MOMENT_MAX ||
		!take_padded(b->event_id, head + 32, ID_SIZE) || !is_id(b->event_id))
		return BUNDLE_TABLE;
	b->created_ms = (int64_t)created;
	memcpy(b->key, head + 64, sizeof(b->key));
	return BUNDLE_GOOD;
}

static bool find_part(const char *name, int *part)
{
	for (int i = *part; i < BUNDLE_PARTS; i++) {
		if (strcmp(bundle_part_names[i], name))
			continue;
		*part = i;
		return true;
	}
	return false;
}

/* Nothing of an identity in what is of a time before it; otherwise a key of the right length, and a
 * certificate only together with who vouches for the other side's. */
static bool identity_is_whole(const struct bundle *b, uint8_t format)
{
	const struct bundle_slice *p = b->parts;
	if (format == FORMAT_OLD)
		return !p[BUNDLE_DEVICE_KEY].present && !p[BUNDLE_CLIENT].present &&
		       !p[BUNDLE_CA].present;
	return p[BUNDLE_CLIENT].present == p[BUNDLE_CA].present &&
	       (!p[BUNDLE_CLIENT].present || p[BUNDLE_DEVICE_KEY].present) &&
	       (!p[BUNDLE_DEVICE_KEY].present || p[BUNDLE_DEVICE_KEY].size == BUNDLE_KEY_SIZE);
}

/* Parts come in their order, so each at most once, and fill the file exactly. */
static bool read_table(struct bundle *b, uint8_t format, const uint8_t *table, uint64_t count)
{
	uint64_t offset = HEAD_SIZE + ENTRY_SIZE * count;
	int part = 0;
	for (uint64_t i = 0; i < count; i++, part++) {
		const uint8_t *entry = table + ENTRY_SIZE * i;
		char name[NAME_SIZE];
		if (!take_padded(name, entry, NAME_SIZE) || !find_part(name, &part))
			return false;
		struct bundle_slice *s = &b->parts[part];
		s->present = true;
		s->offset = offset;
		s->size = bytes_take(entry + NAME_SIZE, 8);
		memcpy(s->hash, entry + NAME_SIZE + 8, BUNDLE_HASH_SIZE);
		if (!s->size || s->size > size_limits[part])
			return false;
		offset += s->size;
	}
	return b->parts[BUNDLE_EVENT].present && b->parts[BUNDLE_SETTINGS].present &&
	       identity_is_whole(b, format) && offset + ISSUER_SIGNATURE_SIZE == b->length;
}

static enum bundle_wrong read_index(struct bundle *b, int fd, uint64_t size)
{
	uint8_t head[HEAD_SIZE] = { 0 }, table[ENTRY_SIZE * BUNDLE_PARTS];
	if (read_at(fd, head, size < HEAD_SIZE ? (size_t)size : HEAD_SIZE, 0))
		return BUNDLE_UNREADABLE;
	enum bundle_wrong wrong = read_head(b, head, size);
	uint64_t count = bytes_take(head + 96, 4);
	if (wrong)
		return wrong;
	if (!count || count > BUNDLE_PARTS ||
		size < HEAD_SIZE + ENTRY_SIZE * count + ISSUER_SIGNATURE_SIZE)
		return BUNDLE_TABLE;
	if (read_at(fd, table, (size_t)(ENTRY_SIZE * count), HEAD_SIZE))
		return BUNDLE_UNREADABLE;
	return read_table(b, head[7], table, count) ? BUNDLE_GOOD : BUNDLE_TABLE;
}

static enum bundle_wrong check_signature(const struct bundle *b, int fd)
{
	uint8_t signature[ISSUER_SIGNATURE_SIZE], digest[ISSUER_DIGEST_SIZE];
	uint64_t signed_size = b->length - sizeof(signature);
	if (read_at(fd, signature, sizeof(signature), signed_size) ||
		hash_stretch(fd, 0, signed_size, digest, sizeof(digest)))
		return BUNDLE_UNREADABLE;
	return issuer_verify_digest(b->key, BUNDLE_DOMAIN, digest, signature) ? BUNDLE_GOOD
									      : BUNDLE_SIGNATURE;
}

static enum bundle_wrong check_parts(const struct bundle *b, int fd)
{
	for (int i = 0; i < BUNDLE_PARTS; i++) {
		const struct bundle_slice *s = &b->parts[i];
		uint8_t hash[BUNDLE_HASH_SIZE];
		if (!s->present)
			continue;
		if (hash_stretch(fd, s->offset, s->size, hash, sizeof(hash)))
			return BUNDLE_UNREADABLE;
		if (memcmp(hash, s->hash, sizeof(hash)))
			return BUNDLE_CHANGED;
	}
	return BUNDLE_GOOD;
}

enum bundle_wrong bundle_verify(struct bundle *out, int fd)
{
	struct bundle b = { 0 };
	struct stat st;
	if (sodium_init() < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return BUNDLE_UNREADABLE;
	enum bundle_wrong wrong = read_index(&b, fd, (uint64_t)st.st_size);
	if (!wrong)
		wrong = check_signature(&b, fd);
	if (!wrong)
		wrong = check_parts(&b, fd);
	if (!wrong && hash_stretch(fd, 0, b.length, b.hash, sizeof(b.hash)))
		wrong = BUNDLE_UNREADABLE;
	if (wrong)
		return wrong;
	bundle_short_hash(b.hash, b.short_hash);
	*out = b;
	return BUNDLE_GOOD;
}

/* A small part in memory, terminated; for free(). */
static enum bundle_wrong load_part(
	const struct bundle *b, int fd, enum bundle_part part, char **out)
{
	const struct bundle_slice *s = &b->parts[part];
	uint8_t hash[BUNDLE_HASH_SIZE];
	char *bytes = malloc((size_t)s->size + 1);
	if (!bytes || read_at(fd, bytes, (size_t)s->size, s->offset)) {
		free(bytes);
		return BUNDLE_UNREADABLE;
	}
	bytes[s->size] = '\0';
	crypto_generichash(hash, sizeof(hash), (uint8_t *)bytes, s->size, NULL, 0);
	if (memcmp(hash, s->hash, sizeof(hash))) {
		free(bytes);
		return BUNDLE_CHANGED;
	}
	*out = bytes;
	return BUNDLE_GOOD;
}

static bool fits(
	const struct bundle *b, const struct event *e, const struct bundle_settings *settings)
{
	bool known = false;
	for (uint32_t i = 0; i < e->key_count; i++)
		known = known || !memcmp(e->keys[i], b->key, sizeof(b->key));
	if (b->parts[BUNDLE_NAMES].present && !e->staff_search)
		return false; /* names are on a box only where the organiser chose that */
	return known && !strcmp(e->id, b->event_id) && event_venue(e, settings->venue);
}

/* The form alone: 64 hex digits and a line feed. */
static enum bundle_wrong check_key(const struct bundle *b, int fd)
{
	uint8_t seed[(BUNDLE_KEY_SIZE - 1) / 2];
	char *text = NULL;
	if (!b->parts[BUNDLE_DEVICE_KEY].present)
		return BUNDLE_GOOD;
	enum bundle_wrong wrong = load_part(b, fd, BUNDLE_DEVICE_KEY, &text);
	if (wrong)
		return wrong;
	bool good = text[BUNDLE_KEY_SIZE - 1] == '\n' &&
		    text_unhex(seed, sizeof(seed), text, BUNDLE_KEY_SIZE - 1);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(text, BUNDLE_KEY_SIZE);
	free(text);
	return good ? BUNDLE_GOOD : BUNDLE_CONTENTS;
}

enum bundle_wrong bundle_contents(const struct bundle *b, int fd, struct event **event,
	struct bundle_settings *settings, event_problem *problem, void *context)
{
	AUTO_FREE char *ini = NULL, *kiosk = NULL;
	struct bundle_settings s;
	struct event *e = NULL;
	enum bundle_wrong wrong = check_key(b, fd);
	if (!wrong)
		wrong = load_part(b, fd, BUNDLE_EVENT, &ini);
	if (!wrong)
		wrong = load_part(b, fd, BUNDLE_SETTINGS, &kiosk);
	if (wrong)
		return wrong;
	if (!bundle_settings_read(&s, kiosk, (size_t)b->parts[BUNDLE_SETTINGS].size) ||
		event_parse(&e, "event.ini", ini, (size_t)b->parts[BUNDLE_EVENT].size, problem,
			context))
		return BUNDLE_CONTENTS;
	if (!fits(b, e, &s)) {
		event_free(e);
		return BUNDLE_CONTENTS;
	}
	*event = e;
	*settings = s;
	return BUNDLE_GOOD;
}

struct copy {
	crypto_generichash_state *state;
	int to;
};

static int take_copy(void *context, const uint8_t *bytes, size_t n)
{
	struct copy *c = context;
	crypto_generichash_update(c->state, bytes, n);
	return write_all(c->to, bytes, n);
}

static int copy_stretch(int fd, uint64_t offset, uint64_t size, int to, uint8_t hash[32])
{
	crypto_generichash_state state;
	struct copy c = { .state = &state, .to = to };
	crypto_generichash_init(&state, NULL, 0, BUNDLE_HASH_SIZE);
	int error = each_chunk(fd, offset, size, take_copy, &c);
	crypto_generichash_final(&state, hash, BUNDLE_HASH_SIZE);
	return error;
}

int bundle_copy(const struct bundle *b, int fd, enum bundle_part part, int to)
{
	const struct bundle_slice *s = &b->parts[part];
	uint8_t hash[BUNDLE_HASH_SIZE];
	if (!s->present)
		return -ENOENT;
	int error = copy_stretch(fd, s->offset, s->size, to, hash);
	return error ? error : memcmp(hash, s->hash, sizeof(hash)) ? -EBADMSG : 0;
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* A part as it will be written: from memory or from a file. */
struct input {
	const char *bytes; /* NULL: from fd */
	int fd;
	uint64_t size;
};

static struct input from_text(const char *text)
{
	return (struct input){ .bytes = text, .fd = -1, .size = text ? strlen(text) : 0 };
}

static int measure(struct input *in)
{
	struct stat st;
	if (in->bytes)
		return 0;
	if (fstat(in->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	in->size = (uint64_t)st.st_size;
	return 0;
}

static int list_part(const struct input *in, enum bundle_part part, uint8_t entry[ENTRY_SIZE])
{
	int error = 0;
	if (!in->size)
		return -EINVAL;
	if (in->size > size_limits[part])
		return -EFBIG;
	memset(entry, 0, ENTRY_SIZE);
	memcpy(entry, bundle_part_names[part], strlen(bundle_part_names[part]));
	bytes_put(entry + NAME_SIZE, in->size, 8);
	if (in->bytes)
		crypto_generichash(entry + NAME_SIZE + 8, BUNDLE_HASH_SIZE,
			(const uint8_t *)in->bytes, in->size, NULL, 0);
	else
		error = hash_stretch(in->fd, 0, in->size, entry + NAME_SIZE + 8, BUNDLE_HASH_SIZE);
	return error;
}

static int write_part(const struct input *in, int fd)
{
	uint8_t hash[BUNDLE_HASH_SIZE];
	return in->bytes ? write_all(fd, in->bytes, (size_t)in->size)
			 : copy_stretch(in->fd, 0, in->size, fd, hash);
}

static void write_head(
	const struct bundle_source *source, uint64_t count, uint64_t length, uint8_t *head)
{
	memset(head, 0, HEAD_SIZE);
	memcpy(head, MAGIC, sizeof(MAGIC) - 1);
	head[7] = FORMAT;
	bytes_put(head + 8, length, 8);
	bytes_put(head + 16, source->serial, 8);
	bytes_put(head + 24, (uint64_t)source->created_ms, 8);
	memcpy(head + 32, source->event->id, strlen(source->event->id));
	issuer_public(source->issuer, head + 64);
	bytes_put(head + 96, count, 4);
}

static int write_inputs(int fd, const struct bundle_source *source, struct input in[BUNDLE_PARTS])
{
	uint8_t index[HEAD_SIZE + ENTRY_SIZE * BUNDLE_PARTS];
	uint64_t count = 0, bytes = 0;
	int error = 0;
	for (int i = 0; !error && i < BUNDLE_PARTS; i++) {
		if (!in[i].bytes && in[i].fd < 0)
			continue;
		error = measure(&in[i]);
		if (!error)
			error = list_part(&in[i], (enum bundle_part)i,
				index + HEAD_SIZE + ENTRY_SIZE * count);
		count++;
		bytes += in[i].size;
	}
	if (error)
		return error;
	uint64_t head = HEAD_SIZE + ENTRY_SIZE * count;
	write_head(source, count, head + bytes + ISSUER_SIGNATURE_SIZE, index);
	error = write_all(fd, index, (size_t)head);
	for (int i = 0; !error && i < BUNDLE_PARTS; i++)
		if (in[i].bytes || in[i].fd >= 0)
			error = write_part(&in[i], fd);
	if (error)
		return error;
	uint8_t digest[ISSUER_DIGEST_SIZE], signature[ISSUER_SIGNATURE_SIZE];
	error = hash_stretch(fd, 0, head + bytes, digest, sizeof(digest));
	if (error)
		return error;
	issuer_sign_digest(source->issuer, BUNDLE_DOMAIN, digest, signature);
	return write_all(fd, signature, sizeof(signature));
}

static void ignore_problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

static int verify_written(struct bundle *out, int fd)
{
	struct bundle b;
	struct bundle_settings settings;
	struct event *e = NULL;
	enum bundle_wrong wrong = bundle_verify(&b, fd);
	if (!wrong)
		wrong = bundle_contents(&b, fd, &e, &settings, ignore_problem, NULL);
	event_free(e);
	if (!wrong)
		*out = b;
	return !wrong ? 0 : wrong == BUNDLE_UNREADABLE ? -EIO : -EINVAL;
}

int bundle_write(struct bundle *out, int fd, const struct bundle_source *source)
{
	char settings[BUNDLE_SETTINGS_MAX];
	size_t settings_len = bundle_settings_write(source->settings, settings);
	AUTO_FREE char *event = bundle_event_text(source->event);
	if (!settings_len || !event || !source->serial || source->created_ms < 0 ||
		sodium_init() < 0)
		return -EINVAL;
	struct input in[BUNDLE_PARTS] = {
		[BUNDLE_EVENT] = { .bytes = event, .size = strlen(event) },
		[BUNDLE_SETTINGS] = { .bytes = settings, .size = settings_len },
		[BUNDLE_ROSTER] = { .fd = source->roster },
		[BUNDLE_PINS] = { .fd = source->pins },
		[BUNDLE_NAMES] = { .fd = source->names },
		[BUNDLE_DEVICE_KEY] = from_text(source->device_key),
		[BUNDLE_CLIENT] = from_text(source->client),
		[BUNDLE_CA] = from_text(source->ca),
	};
	int error = write_inputs(fd, source, in);
	return error ? error : verify_written(out, fd);
}
