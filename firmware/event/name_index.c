#include "event/name_index.h"

#include "base/bytes.h"
#include "base/text.h"
#include "event/name_fold.h"
#include "event/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t magic[8] = "PARVISN\x01";

#define KEY_SIZE   32U
#define NONCE_SIZE 24U
#define TAG_SIZE   16U
#define SALT_SIZE  16U

/* Within the file. */
#define AT_COST      8U
#define AT_SALT      16U
#define AT_KEY_NONCE 32U
#define AT_KEY       56U
#define AT_NONCE     104U
#define AT_ROWS      128U

/* Within a row; strings are terminated and padded with 0x00. */
#define ROW_KIND           16U /* after the hash */
#define ROW_FLAGS          17U
#define ROW_FROM           18U
#define ROW_UNTIL          26U
#define ROW_VENUE          34U
#define ROW_NAME           66U
#define ROW_TYPE           130U
#define ROW_FOLDED         194U
#define ROW_SIZE           258U
#define FLAG_REVOKED       1U
#define FLAG_FOREIGN_VENUE 2U
#define FLAG_FOREIGN_ITEM  4U

static_assert(ROW_SIZE == ROW_FOLDED + TICKET_NAME_SIZE &&
		      ROW_TYPE == ROW_NAME + TICKET_NAME_SIZE && ROW_NAME == ROW_VENUE + ID_SIZE &&
		      ROW_KIND == TICKET_HASH_SIZE,
	"a row's fields follow each other");
static_assert(AT_ROWS == AT_NONCE + NONCE_SIZE && AT_NONCE == AT_KEY + KEY_SIZE + TAG_SIZE,
	"the file's fields follow each other");

struct name_index {
	size_t count;
	uint8_t *rows; /* sodium_malloc'ed */
};

/* --- bytes -------------------------------------------------------------------------------------
 */

static void put_row(uint8_t *at, const struct name_row *row)
{
	const struct ticket *t = &row->ticket;
	char text[TICKET_NAME_SIZE];
	memset(at, 0, ROW_SIZE);
	memcpy(at, t->hash, sizeof(t->hash));
	at[ROW_KIND] = (uint8_t)t->kind;
	at[ROW_FLAGS] = (uint8_t)((t->revoked ? FLAG_REVOKED : 0) |
				  (t->foreign_venue ? FLAG_FOREIGN_VENUE : 0) |
				  (t->foreign_item ? FLAG_FOREIGN_ITEM : 0));
	bytes_put(at + ROW_FROM, (uint64_t)t->valid_from_s, 8);
	bytes_put(at + ROW_UNTIL, (uint64_t)t->valid_until_s, 8);
	memcpy(at + ROW_VENUE, t->venue, strlen(t->venue));
	memcpy(at + ROW_NAME, t->name, strlen(t->name));
	memcpy(at + ROW_TYPE, row->type, strlen(row->type));
	name_fold(text, t->name);
	memcpy(at + ROW_FOLDED, text, sizeof(text));
	sodium_memzero(text, sizeof(text));
}

static bool row_is_good(const uint8_t *at)
{
	static const struct {
		size_t at, size;
	} texts[] = { { ROW_VENUE, ID_SIZE }, { ROW_NAME, TICKET_NAME_SIZE },
		{ ROW_TYPE, TICKET_NAME_SIZE }, { ROW_FOLDED, TICKET_NAME_SIZE } };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const uint8_t *end = memchr(at + texts[i].at, 0, texts[i].size);
		if (!end || !text_is_utf8((const char *)at + texts[i].at,
				    (size_t)(end - at) - texts[i].at))
			return false;
	}
	return at[ROW_KIND] < TICKET_KIND_COUNT && at[ROW_FLAGS] < 8;
}

static void take_row(const uint8_t *at, struct name_row *out)
{
	struct ticket *t = &out->ticket;
	*out = (struct name_row){ 0 };
	memcpy(t->hash, at, sizeof(t->hash));
	t->kind = (enum ticket_kind)at[ROW_KIND];
	t->revoked = at[ROW_FLAGS] & FLAG_REVOKED;
	t->foreign_venue = at[ROW_FLAGS] & FLAG_FOREIGN_VENUE;
	t->foreign_item = at[ROW_FLAGS] & FLAG_FOREIGN_ITEM;
	t->valid_from_s = (int64_t)bytes_take(at + ROW_FROM, 8);
	t->valid_until_s = (int64_t)bytes_take(at + ROW_UNTIL, 8);
	memcpy(t->venue, at + ROW_VENUE, sizeof(t->venue));
	memcpy(t->name, at + ROW_NAME, sizeof(t->name));
	memcpy(out->type, at + ROW_TYPE, sizeof(out->type));
}

/* --- keys --------------------------------------------------------------------------------------
 */

/* From what the head says of cost and salt. */
static int derive(const uint8_t *head, const char *pin, uint8_t key[KEY_SIZE])
{
	uint64_t operations = bytes_take(head + AT_COST, 4);
	uint64_t memory = bytes_take(head + AT_COST + 4, 4) * 1024;
	if (!operations || operations > PIN_OPERATIONS_MAX || memory < 8 * 1024 ||
		memory > PIN_MEMORY_MAX)
		return -EBADMSG;
	return crypto_pwhash_argon2id(key, KEY_SIZE, pin, strlen(pin), head + AT_SALT, operations,
		       (size_t)memory, crypto_pwhash_argon2id_ALG_ARGON2ID13)
		       ? -ENOMEM
		       : 0;
}

static void seal(uint8_t *to, const uint8_t *from, size_t size, const uint8_t *head,
	size_t head_size, const uint8_t *nonce, const uint8_t *key)
{
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		to, NULL, from, size, head, head_size, NULL, nonce, key);
}

static bool unseal(uint8_t *to, const uint8_t *from, size_t size, const uint8_t *head,
	size_t head_size, const uint8_t *nonce, const uint8_t *key)
{
	return !crypto_aead_xchacha20poly1305_ietf_decrypt(
		to, NULL, NULL, from, size + TAG_SIZE, head, head_size, nonce, key);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b)
{
	int order = strcmp((const char *)a + ROW_FOLDED, (const char *)b + ROW_FOLDED);
	return order ? order : memcmp(a, b, TICKET_HASH_SIZE);
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, bytes + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

static int make_head(uint8_t head[AT_ROWS], const char *pin, uint8_t key[KEY_SIZE])
{
	uint8_t outer[KEY_SIZE];
	randombytes_buf(head, AT_ROWS); /* salt and nonces stay so */
	memcpy(head, magic, sizeof(magic));
	bytes_put(head + AT_COST, PIN_OPERATIONS, 4);
	bytes_put(head + AT_COST + 4, PIN_MEMORY / 1024, 4);
	int error = derive(head, pin, outer);
	if (error)
		return error;
	randombytes_buf(key, KEY_SIZE);
	seal(head + AT_KEY, key, KEY_SIZE, head, AT_KEY_NONCE, head + AT_KEY_NONCE, outer);
	sodium_memzero(outer, sizeof(outer));
	return 0;
}

int name_index_write(int fd, const char *pin, const struct name_row *rows, size_t count)
{
	uint8_t head[AT_ROWS], key[KEY_SIZE];
	size_t size = count * ROW_SIZE;
	if (!pin_is_one(pin))
		return -EINVAL;
	if (count > NAME_INDEX_MAX)
		return -EFBIG;
	if (sodium_init() < 0)
		return -EIO;
	uint8_t *bytes = sodium_malloc(size + TAG_SIZE);
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		put_row(bytes + i * ROW_SIZE, &rows[i]);
	qsort(bytes, count, ROW_SIZE, by_name);
	int error = make_head(head, pin, key);
	if (!error) {
		seal(bytes, bytes, size, head, AT_ROWS, head + AT_NONCE, key);
		error = write_all(fd, head, sizeof(head));
	}
	if (!error)
		error = write_all(fd, bytes, size + TAG_SIZE);
	sodium_memzero(key, sizeof(key));
	sodium_free(bytes);
	return error;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static int read_at(int fd, uint8_t *out, size_t size, off_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, out + done, size - done, offset + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int open_key(const uint8_t head[AT_ROWS], const char *pin, uint8_t key[KEY_SIZE])
{
	uint8_t outer[KEY_SIZE];
	int error = derive(head, pin, outer);
	if (error)
		return error;
	bool good = unseal(
		key, head + AT_KEY, KEY_SIZE, head, AT_KEY_NONCE, head + AT_KEY_NONCE, outer);
	sodium_memzero(outer, sizeof(outer));
	return good ? 0 : -EKEYREJECTED;
}

static int fill(struct name_index *i, int fd, const uint8_t head[AT_ROWS], const char *pin)
{
	uint8_t key[KEY_SIZE];
	size_t size = i->count * ROW_SIZE;
	i->rows = sodium_malloc(size + TAG_SIZE);
	if (!i->rows)
		return -ENOMEM;
	int error = read_at(fd, i->rows, size + TAG_SIZE, AT_ROWS);
	if (!error)
		error = open_key(head, pin, key);
	if (error)
		return error;
	if (!unseal(i->rows, i->rows, size, head, AT_ROWS, head + AT_NONCE, key))
		error = -EKEYREJECTED;
	sodium_memzero(key, sizeof(key));
	for (size_t n = 0; !error && n < i->count; n++)
		if (!row_is_good(i->rows + n * ROW_SIZE))
			error = -EBADMSG;
	return error;
}

/* How many rows a file of that size has. */
static int count_rows(int fd, size_t *out)
{
	struct stat st;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)(AT_ROWS + TAG_SIZE) ||
		st.st_size > (off_t)NAME_INDEX_MAX * ROW_SIZE + AT_ROWS + TAG_SIZE)
		return -EBADMSG;
	size_t size = (size_t)st.st_size - AT_ROWS - TAG_SIZE;
	*out = size / ROW_SIZE;
	return size % ROW_SIZE ? -EBADMSG : 0;
}

int name_index_open(struct name_index **out, const char *dir, const char *pin)
{
	char path[PATH_MAX];
	uint8_t head[AT_ROWS];
	int n = snprintf(path, sizeof(path), "%s/" NAME_INDEX_FILE, dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	struct name_index *i = calloc(1, sizeof(*i));
	if (!i || sodium_init() < 0) {
		free(i);
		return -ENOMEM;
	}
	int error = count_rows(fd, &i->count);
	if (!error)
		error = read_at(fd, head, sizeof(head), 0);
	if (!error && memcmp(head, magic, sizeof(magic)))
		error = -EBADMSG;
	if (!error)
		error = fill(i, fd, head, pin);
	if (error) {
		name_index_close(i);
		return error;
	}
	*out = i;
	return 0;
}

void name_index_close(struct name_index *i)
{
	if (!i)
		return;
	sodium_free(i->rows); /* it wipes */
	free(i);
}

size_t name_index_find(
	const struct name_index *i, const char *text, struct name_row *out, size_t capacity)
{
	char wanted[TICKET_NAME_SIZE];
	size_t total = 0;
	name_fold(wanted, text);
	bool enough = name_fold_letters(wanted) >= NAME_INDEX_LETTERS;
	for (size_t n = 0; enough && n < i->count; n++) {
		const uint8_t *row = i->rows + n * ROW_SIZE;
		if (!name_fold_has((const char *)row + ROW_FOLDED, wanted))
			continue;
		if (total < capacity)
			take_row(row, &out[total]);
		total++;
	}
	sodium_memzero(wanted, sizeof(wanted));
	return total;
}
