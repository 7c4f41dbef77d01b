#include "event/issuer.h"

#include "base/text.h"
#include "event/folder_place.h"
#include "event/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_NAME    "issuing.key"
#define SEED_SIZE   crypto_sign_SEEDBYTES
#define LINE_SIZE   (2 * SEED_SIZE + 1) /* the hex digits and a line feed */
#define FOR_OTHERS  (S_IRWXG | S_IRWXO)
#define MESSAGE_MAX (1 + ISSUER_DOMAIN_MAX + 1 + ISSUER_DIGEST_SIZE)

static_assert(ISSUER_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(ISSUER_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");
static_assert(ISSUER_DIGEST_SIZE == crypto_generichash_BYTES_MAX, "BLAKE2b-512");

struct issuer {
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES]; /* the seed, then the public key */
};

/* Tells a problem of `file` by its number, and gives the error back. */
static int tell_errno(const struct folder_place *p, const char *file, int error)
{
	return folder_tell(p, file, error, "%s", strerror(-error));
}

/* --- the directory -----------------------------------------------------------------------------
 */

/* The descriptor of DIR/keys, which must be nobody else's business; negative: the error, told. */
static int open_directory(const struct folder_place *p)
{
	char path[4096];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, p->event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return tell_errno(p, ISSUER_DIRECTORY, -ENAMETOOLONG);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return folder_tell(p, ISSUER_FILE, -ENOENT,
			"there is no issuing key: `parvis event new` makes an event with one");
	if (fd < 0)
		return tell_errno(p, ISSUER_DIRECTORY, -errno);
	int error = fstat(fd, &st) ? -errno : 0;
	if (error)
		tell_errno(p, ISSUER_DIRECTORY, error);
	else if (st.st_mode & FOR_OTHERS)
		error = folder_tell(p, ISSUER_DIRECTORY, -EACCES,
			"others than its owner may enter (mode %03o): chmod 700 it",
			(unsigned)(st.st_mode & 0777));
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int make_directory(const struct folder_place *p)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, p->event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return tell_errno(p, ISSUER_DIRECTORY, -ENAMETOOLONG);
	if (mkdir(path, 0700) && errno != EEXIST)
		return tell_errno(p, ISSUER_DIRECTORY, -errno);
	return 0;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* Whether the open file is one that only its owner can read, and a file at all. */
static int inspect(const struct folder_place *p, int fd)
{
	struct stat st;
	if (fstat(fd, &st))
		return tell_errno(p, ISSUER_FILE, -errno);
	if (!S_ISREG(st.st_mode))
		return folder_tell(p, ISSUER_FILE, -EINVAL, "no regular file");
	if (st.st_mode & FOR_OTHERS)
		return folder_tell(p, ISSUER_FILE, -EACCES,
			"others than its owner may read or write it (mode %03o): chmod 600 it, and "
			"if somebody may have read it, make a new key",
			(unsigned)(st.st_mode & 0777));
	return 0;
}

/* Reads up to `capacity` bytes. */
static ssize_t read_all(int fd, char *out, size_t capacity)
{
	size_t len = 0;
	while (len < capacity) {
		ssize_t n = read(fd, out + len, capacity - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* The seed of an open file: its digits, and one line feed at most. */
static int read_seed(const struct folder_place *p, int fd, uint8_t seed[SEED_SIZE])
{
	char line[LINE_SIZE + 1];
	ssize_t n = read_all(fd, line, sizeof(line));
	if (n < 0)
		return tell_errno(p, ISSUER_FILE, (int)n);
	size_t len = (size_t)n - (n > 0 && line[n - 1] == '\n');
	bool good = text_unhex(seed, SEED_SIZE, line, len);
	explicit_bzero(line, sizeof(line));
	if (good)
		return 0;
	return folder_tell(p, ISSUER_FILE, -EINVAL,
		"no issuing key: it must be %zu hex digits on one line, as `parvis event new` "
		"wrote them; put back a copy",
		(size_t)2 * SEED_SIZE);
}

int issuer_from_seed(struct issuer **out, const uint8_t seed[SEED_SIZE])
{
	uint8_t public_key[ISSUER_PUBLIC_SIZE];
	if (sodium_init() < 0)
		return -EIO;
	struct issuer *i = sodium_malloc(sizeof(*i));
	if (!i)
		return -ENOMEM;
	crypto_sign_seed_keypair(public_key, i->secret_key, seed);
	*out = i;
	return 0;
}

int issuer_open(struct issuer **out, const char *event_dir, event_problem *problem, void *context)
{
	const struct folder_place p = { event_dir, problem, context };
	uint8_t seed[SEED_SIZE];
	AUTO_FD dir = open_directory(&p);
	if (dir < 0)
		return dir;
	AUTO_FD fd = openat(dir, KEY_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return folder_tell(
			&p, ISSUER_FILE, -ENOENT, "there is no issuing key in this folder");
	if (fd < 0 && errno == ELOOP)
		return folder_tell(
			&p, ISSUER_FILE, -EINVAL, "a symbolic link: put the file itself there");
	if (fd < 0)
		return tell_errno(&p, ISSUER_FILE, -errno);
	int result = inspect(&p, fd);
	if (!result)
		result = read_seed(&p, fd, seed);
	if (result)
		return result;
	result = issuer_from_seed(out, seed);
	explicit_bzero(seed, sizeof(seed));
	return result ? tell_errno(&p, ISSUER_FILE, result) : 0;
}

void issuer_close(struct issuer *i)
{
	sodium_free(i); /* wipes; NULL is allowed */
}

/* --- making ------------------------------------------------------------------------------------
 */

static int place_file(int dir, const uint8_t seed[SEED_SIZE])
{
	char line[LINE_SIZE + 1];
	text_hex(line, seed, SEED_SIZE);
	line[2 * SEED_SIZE] = '\n';
	int error = newfile_write(dir, KEY_NAME, line, LINE_SIZE);
	explicit_bzero(line, sizeof(line));
	return error;
}

int issuer_create(struct issuer **out, const char *event_dir, event_problem *problem, void *context)
{
	const struct folder_place p = { event_dir, problem, context };
	uint8_t seed[SEED_SIZE];
	struct issuer *made;
	int result = make_directory(&p);
	if (result)
		return result;
	AUTO_FD dir = open_directory(&p);
	if (dir < 0)
		return dir;
	if (sodium_init() < 0)
		return tell_errno(&p, ISSUER_FILE, -EIO);
	randombytes_buf(seed, sizeof(seed));
	result = issuer_from_seed(&made, seed);
	if (!result && (result = place_file(dir, seed)))
		issuer_close(made);
	explicit_bzero(seed, sizeof(seed));
	if (result == -EEXIST)
		return folder_tell(&p, ISSUER_FILE, result,
			"there is an issuing key already, and tickets may depend on it: move it "
			"away to make another");
	if (result)
		return tell_errno(&p, ISSUER_FILE, result);
	*out = made;
	return 0;
}

/* --- signing -----------------------------------------------------------------------------------
 */

void issuer_public(const struct issuer *i, uint8_t out[ISSUER_PUBLIC_SIZE])
{
	memcpy(out, i->secret_key + SEED_SIZE, ISSUER_PUBLIC_SIZE);
}

/* What is signed: 0x00, the domain, 0x00, the digest. Gives its length. */
static size_t message(
	uint8_t out[MESSAGE_MAX], const char *domain, const uint8_t digest[ISSUER_DIGEST_SIZE])
{
	size_t n = strlen(domain);
	CHECK(n > 0 && n <= ISSUER_DOMAIN_MAX);
	out[0] = 0;
	memcpy(out + 1, domain, n + 1); /* with its NUL */
	memcpy(out + 1 + n + 1, digest, ISSUER_DIGEST_SIZE);
	return 1 + n + 1 + ISSUER_DIGEST_SIZE;
}

static void digest_of(uint8_t out[ISSUER_DIGEST_SIZE], const void *bytes, size_t len)
{
	int failed = crypto_generichash(out, ISSUER_DIGEST_SIZE, bytes, len, NULL, 0);
	CHECK(!failed);
}

void issuer_sign_digest(const struct issuer *i, const char *domain,
	const uint8_t digest[ISSUER_DIGEST_SIZE], uint8_t out[ISSUER_SIGNATURE_SIZE])
{
	uint8_t m[MESSAGE_MAX];
	size_t n = message(m, domain, digest);
	crypto_sign_detached(out, NULL, m, n, i->secret_key);
}

void issuer_sign(const struct issuer *i, const char *domain, const void *bytes, size_t len,
	uint8_t out[ISSUER_SIGNATURE_SIZE])
{
	uint8_t digest[ISSUER_DIGEST_SIZE];
	digest_of(digest, bytes, len);
	issuer_sign_digest(i, domain, digest, out);
}

bool issuer_verify_digest(const uint8_t key[ISSUER_PUBLIC_SIZE], const char *domain,
	const uint8_t digest[ISSUER_DIGEST_SIZE], const uint8_t signature[ISSUER_SIGNATURE_SIZE])
{
	uint8_t m[MESSAGE_MAX];
	size_t n = message(m, domain, digest);
	return crypto_sign_verify_detached(signature, m, n, key) == 0;
}

bool issuer_verify(const uint8_t key[ISSUER_PUBLIC_SIZE], const char *domain, const void *bytes,
	size_t len, const uint8_t signature[ISSUER_SIGNATURE_SIZE])
{
	uint8_t digest[ISSUER_DIGEST_SIZE];
	digest_of(digest, bytes, len);
	return issuer_verify_digest(key, domain, digest, signature);
}

void issuer_derive(
	const struct issuer *i, const char *domain, const void *bytes, size_t len, uint8_t out[32])
{
	crypto_generichash_state state;
	const uint8_t zero = 0;
	CHECK(*domain && strlen(domain) <= ISSUER_DOMAIN_MAX);
	int failed = crypto_generichash_init(&state, i->secret_key, SEED_SIZE, 32);
	CHECK(!failed);
	crypto_generichash_update(&state, &zero, 1);
	crypto_generichash_update(&state, (const uint8_t *)domain, strlen(domain) + 1);
	crypto_generichash_update(&state, bytes, len);
	crypto_generichash_final(&state, out, 32);
	sodium_memzero(&state, sizeof(state));
}

void issuer_sign_ticket(const struct issuer *i, const uint8_t *payload, size_t len,
	uint8_t out[ISSUER_SIGNATURE_SIZE])
{
	CHECK(len == 0 || payload[0] != 0);
	crypto_sign_detached(out, NULL, payload, len, i->secret_key);
}

/* --- sealing --- */

static_assert(ISSUER_SEAL_SIZE == crypto_box_SEALBYTES, "libsodium's sealed box");

int issuer_seal(const uint8_t key[ISSUER_PUBLIC_SIZE], const void *bytes, size_t len, uint8_t *out)
{
	uint8_t to[crypto_box_PUBLICKEYBYTES];
	if (crypto_sign_ed25519_pk_to_curve25519(to, key) || crypto_box_seal(out, bytes, len, to))
		return -EINVAL;
	return 0;
}

bool issuer_unseal(const struct issuer *i, const uint8_t *sealed, size_t len, void *out)
{
	uint8_t public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
	bool opened = len >= ISSUER_SEAL_SIZE &&
		      !crypto_sign_ed25519_sk_to_curve25519(secret, i->secret_key) &&
		      !crypto_scalarmult_base(public, secret) &&
		      !crypto_box_seal_open(out, sealed, len, public, secret);
	explicit_bzero(secret, sizeof(secret));
	return opened;
}
