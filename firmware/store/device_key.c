#include "store/device_key.h"

#include "base/text.h"
#include "event/issuer.h"
#include "event/newfile.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED_SIZE  crypto_sign_SEEDBYTES
#define LINE_SIZE  (2 * SEED_SIZE + 1) /* the hex digits and a line feed */
#define FOR_OTHERS (S_IRWXG | S_IRWXO)

/* The issuer signs bytes under a domain; heads have a form of their own, which no such signature
 * can be: it begins with a letter, theirs with 0x00. */
struct device_key {
	struct issuer *signer;
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES]; /* the seed, then the public key */
};

int device_key_from_seed(struct device_key **out, const uint8_t seed[32])
{
	uint8_t public_key[DEVICE_KEY_SIZE];
	if (sodium_init() < 0)
		return -EIO;
	struct device_key *k = sodium_malloc(sizeof(*k));
	if (!k)
		return -ENOMEM;
	int error = issuer_from_seed(&k->signer, seed);
	if (error) {
		sodium_free(k);
		return error;
	}
	crypto_sign_seed_keypair(public_key, k->secret_key, seed);
	*out = k;
	return 0;
}

void device_key_close(struct device_key *k)
{
	if (!k)
		return;
	issuer_close(k->signer);
	sodium_free(k); /* wipes */
}

/* --- the file --------------------------------------------------------------------------------- */

static int read_seed(int fd, uint8_t seed[SEED_SIZE])
{
	struct stat st;
	char line[LINE_SIZE + 1];
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_mode & FOR_OTHERS)
		return -EACCES;
	size_t len = 0;
	ssize_t n;
	while (len < sizeof(line) && (n = read(fd, line + len, sizeof(line) - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	len -= len > 0 && line[len - 1] == '\n';
	bool good = text_unhex(seed, SEED_SIZE, line, len);
	explicit_bzero(line, sizeof(line));
	return good ? 0 : -EINVAL;
}

static int open_file(struct device_key **out, int dir)
{
	uint8_t seed[SEED_SIZE];
	AUTO_FD fd = openat(dir, DEVICE_KEY_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	int error = read_seed(fd, seed);
	if (!error)
		error = device_key_from_seed(out, seed);
	explicit_bzero(seed, sizeof(seed));
	return error;
}

static int make_file(int dir)
{
	uint8_t seed[SEED_SIZE];
	char line[LINE_SIZE + 1];
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(seed, sizeof(seed));
	text_hex(line, seed, sizeof(seed));
	line[LINE_SIZE - 1] = '\n';
	int error = newfile_write(dir, DEVICE_KEY_FILE, line, LINE_SIZE);
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(line, sizeof(line));
	return error;
}

/* -ENOENT: no directory, or no key in it. */
static int open_in(struct device_key **out, const char *path)
{
	AUTO_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : open_file(out, dir);
}

int device_key_open(struct device_key **out, const char *box_dir, const char *data_dir)
{
	int error = box_dir ? open_in(out, box_dir) : -ENOENT;
	if (error != -ENOENT)
		return error;
	error = db_make_dir(data_dir);
	if (!error)
		error = open_in(out, data_dir);
	if (error != -ENOENT)
		return error;
	AUTO_FD dir = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	error = make_file(dir);
	/* Another was faster: then it is the other's that counts. */
	return error && error != -EEXIST ? error : open_file(out, dir);
}

/* --- what it is for --------------------------------------------------------------------------- */

void device_key_public(const struct device_key *k, uint8_t out[DEVICE_KEY_SIZE])
{
	issuer_public(k->signer, out);
}

void device_key_id(const struct device_key *k, uint8_t out[DEVICE_ID_SIZE])
{
	uint8_t public_key[DEVICE_KEY_SIZE];
	device_key_public(k, public_key);
	device_id_of(public_key, out);
}

void device_key_sign_head_bytes(const struct device_key *k, const uint8_t bytes[HEAD_BYTES],
	uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	crypto_sign_detached(out, NULL, bytes, HEAD_BYTES, k->secret_key);
}

void device_key_sign_head(
	const struct device_key *k, const struct row *last, uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	uint8_t bytes[HEAD_BYTES];
	batch_head_bytes(last, bytes);
	device_key_sign_head_bytes(k, bytes, out);
}

void device_key_sign(const struct device_key *k, const char *domain, const void *bytes, size_t len,
	uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	issuer_sign(k->signer, domain, bytes, len, out);
}
