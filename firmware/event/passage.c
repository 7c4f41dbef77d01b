#include "event/passage.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define CHUNK       65536U
#define MAGIC_SIZE  8U
#define OWN         crypto_secretstream_xchacha20poly1305_ABYTES
#define HEADER_SIZE crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define HEAD_SIZE   (MAGIC_SIZE + HEADER_SIZE)

static_assert(PASSAGE_KEY_SIZE == crypto_secretstream_xchacha20poly1305_KEYBYTES, "a key");
static_assert(OWN == 17 && HEADER_SIZE == 24, "as the header tells");

static const uint8_t magic[MAGIC_SIZE] = "PARVISP\x01";

/* What both directions work on. */
struct passage {
	crypto_secretstream_xchacha20poly1305_state state;
	uint8_t plain[CHUNK], sealed[CHUNK + OWN];
};

void passage_make_key(uint8_t key[PASSAGE_KEY_SIZE])
{
	crypto_secretstream_xchacha20poly1305_keygen(key);
}

uint64_t passage_sealed_size(uint64_t size)
{
	return HEAD_SIZE + size + (size / CHUNK + 1) * OWN;
}

static int write_all(int fd, const uint8_t *at, size_t size)
{
	while (size) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Up to `size` bytes from `at` on, fewer at the end of the file alone; negative errno. */
static ssize_t read_some(int fd, uint8_t *out, size_t size, uint64_t at)
{
	size_t used = 0;
	while (used < size) {
		ssize_t n = pread(fd, out + used, size - used, (off_t)(at + used));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int seal_chunks(struct passage *p, int out, int in, uint64_t size)
{
	bool last = false;
	for (uint64_t at = 0; !last; at += CHUNK) {
		size_t want = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		last = want < CHUNK;
		ssize_t n = read_some(in, p->plain, want, at);
		if (n < 0 || (size_t)n < want)
			return n < 0 ? (int)n : -EIO;
		unsigned long long len = 0;
		if (crypto_secretstream_xchacha20poly1305_push(&p->state, p->sealed, &len, p->plain,
			    want, NULL, 0,
			    last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
				 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE))
			return -EIO;
		int error = write_all(out, p->sealed, (size_t)len);
		if (error)
			return error;
	}
	return 0;
}

int passage_seal(int out, int in, uint64_t size, const uint8_t key[PASSAGE_KEY_SIZE])
{
	struct passage p;
	uint8_t head[HEAD_SIZE];
	memcpy(head, magic, MAGIC_SIZE);
	crypto_secretstream_xchacha20poly1305_init_push(&p.state, head + MAGIC_SIZE, key);
	int error = write_all(out, head, sizeof(head));
	if (!error)
		error = seal_chunks(&p, out, in, size);
	sodium_memzero(&p, sizeof(p));
	return error;
}

static int open_chunks(struct passage *p, int out, int in)
{
	for (uint64_t at = HEAD_SIZE;; at += sizeof(p->sealed)) {
		unsigned char tag = 0;
		unsigned long long len = 0;
		ssize_t n = read_some(in, p->sealed, sizeof(p->sealed), at);
		if (n < 0)
			return (int)n;
		if ((size_t)n < OWN ||
			crypto_secretstream_xchacha20poly1305_pull(&p->state, p->plain, &len, &tag,
				p->sealed, (unsigned long long)n, NULL, 0))
			return -EBADMSG;
		bool last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
		/* Anything after the last one is longer than it, and fails above. */
		if (last != ((size_t)n < sizeof(p->sealed)))
			return -EBADMSG;
		int error = write_all(out, p->plain, (size_t)len);
		if (error || last)
			return error;
	}
}

int passage_open(int out, int in, const uint8_t key[PASSAGE_KEY_SIZE])
{
	struct passage p;
	uint8_t head[HEAD_SIZE];
	ssize_t n = read_some(in, head, sizeof(head), 0);
	if (n < 0)
		return (int)n;
	if ((size_t)n < sizeof(head) || memcmp(head, magic, MAGIC_SIZE) ||
		crypto_secretstream_xchacha20poly1305_init_pull(&p.state, head + MAGIC_SIZE, key))
		return -EBADMSG;
	int error = open_chunks(&p, out, in);
	sodium_memzero(&p, sizeof(p));
	return error;
}
