#include "event/authority.h"

#include "base/text.h"
#include "event/folder_place.h"
#include "event/issuer.h"
#include "event/newfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_NAME         "authority.key"
#define CERTIFICATE_NAME "authority.crt"
#define PEM_SIZE_MAX     (16 << 10)
#define FROM_MS          946684800000LL /* 2000-01-01: see the header */
#define DAY_MS           86400000LL
#define YEARS_MS         (3650 * DAY_MS)
#define CURVE            "P-256"

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
};

void authority_close(struct authority *a)
{
	if (!a)
		return;
	EVP_PKEY_free(a->key); /* wipes */
	X509_free(a->certificate);
	free(a);
}

/* --- PEM ---------------------------------------------------------------------------------------
 */

/* What was written into `bio` as text, for free(). */
static int take_text(BIO *bio, char **out)
{
	char *bytes;
	long n = BIO_get_mem_data(bio, &bytes);
	char *text = n > 0 ? malloc((size_t)n + 1) : NULL;
	if (!text)
		return -ENOMEM;
	memcpy(text, bytes, (size_t)n);
	text[n] = '\0';
	*out = text;
	return 0;
}

/* In locked, wiped memory until it is text. */
static int key_text(EVP_PKEY *key, char **out)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int error = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
			    ? take_text(bio, out)
			    : -EIO;
	BIO_free(bio);
	return error;
}

static int certificate_text(X509 *certificate, char **out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int error = bio && PEM_write_bio_X509(bio, certificate) == 1 ? take_text(bio, out) : -EIO;
	BIO_free(bio);
	return error;
}

/* --- certificates ------------------------------------------------------------------------------
 */

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
	return !value || (*value && strlen(value) <= 64 &&
				 X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
					 (const unsigned char *)value, -1, -1, 0) == 1);
}

static bool set_times(X509 *c, int64_t from_ms, int64_t until_ms)
{
	return ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(from_ms / 1000)) &&
	       ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(until_ms / 1000));
}

static bool add_extension(X509 *c, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, c, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	bool good = e && X509_add_ext(c, e, -1) == 1;
	X509_EXTENSION_free(e);
	return good;
}

static bool is_host(const char *host)
{
	size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	return n && !host[n] && n < 254 && *host != '-' && *host != '.';
}

/* "DNS:broker.example,IP:192.0.2.1" */
static bool add_hosts(X509 *c, X509 *issuer, const struct authority_subject *s)
{
	char value[AUTHORITY_HOSTS_MAX * 262] = "";
	uint8_t address[16];
	if (s->host_count > AUTHORITY_HOSTS_MAX)
		return false;
	for (size_t i = 0; i < s->host_count; i++) {
		const char *host = s->hosts[i];
		bool ip = inet_pton(AF_INET, host, address) == 1 ||
			  inet_pton(AF_INET6, host, address) == 1;
		size_t used = strlen(value);
		if (!ip && !is_host(host))
			return false;
		snprintf(value + used, sizeof(value) - used, "%s%s:%s", i ? "," : "",
			ip ? "IP" : "DNS", host);
	}
	return add_extension(c, issuer, NID_subject_alt_name, value);
}

static bool add_uses(X509 *c, X509 *issuer, const struct authority_subject *s)
{
	return add_extension(c, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(c, issuer, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(
		       c, issuer, NID_ext_key_usage, s->host_count ? "serverAuth" : "clientAuth") &&
	       add_extension(c, issuer, NID_authority_key_identifier, "keyid") &&
	       (!s->host_count || add_hosts(c, issuer, s));
}

static X509 *issue(const struct authority *a, const struct authority_subject *s, EVP_PKEY *key)
{
	X509 *c = X509_new();
	X509_NAME *name = c ? X509_get_subject_name(c) : NULL;
	if (name && s->serial && X509_set_version(c, X509_VERSION_3) &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), s->serial) &&
		add_name(name, "O", s->organisation) && add_name(name, "OU", s->unit) &&
		add_name(name, "CN", s->common) &&
		X509_set_issuer_name(c, X509_get_subject_name(a->certificate)) &&
		set_times(c, s->from_ms, s->until_ms) && X509_set_pubkey(c, key) &&
		add_uses(c, a->certificate, s) && X509_sign(c, a->key, EVP_sha256()) > 0)
		return c;
	X509_free(c);
	return NULL;
}

int authority_issue(const struct authority *a, const struct authority_subject *subject,
	char **certificate, char **key)
{
	char *text = NULL, *secret = NULL;
	for (size_t i = 0; i < subject->host_count; i++)
		if (strlen(subject->hosts[i]) > 253)
			return -EINVAL;
	EVP_PKEY *made = EVP_EC_gen(CURVE);
	if (!made)
		return -EIO;
	X509 *c = issue(a, subject, made);
	int error = c ? certificate_text(c, &text) : -EINVAL;
	if (!error)
		error = key_text(made, &secret);
	X509_free(c);
	EVP_PKEY_free(made);
	if (error) {
		free(text);
		return error;
	}
	*certificate = text;
	*key = secret;
	return 0;
}

char *authority_certificate(const struct authority *a)
{
	char *text = NULL;
	return certificate_text(a->certificate, &text) ? NULL : text;
}

void authority_hash_name(const struct authority *a, char out[AUTHORITY_HASH_SIZE])
{
	snprintf(out, AUTHORITY_HASH_SIZE, "%08lx.r0",
		X509_NAME_hash_ex(X509_get_subject_name(a->certificate), NULL, NULL, NULL) &
			0xffffffffUL);
}

/* --- the list of those shut out ----------------------------------------------------------------
 */

static bool set_list_times(X509_CRL *list, int64_t now_ms)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(FROM_MS / 1000));
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)((now_ms + YEARS_MS) / 1000));
	bool good = from && until && X509_CRL_set1_lastUpdate(list, from) &&
		    X509_CRL_set1_nextUpdate(list, until);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return good;
}

static bool add_revoked(X509_CRL *list, const struct authority_revoked *r)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *since = ASN1_TIME_set(NULL, (time_t)(r->since_ms / 1000));
	bool good = entry && serial && since && ASN1_INTEGER_set_uint64(serial, r->serial) &&
		    X509_REVOKED_set_serialNumber(entry, serial) &&
		    X509_REVOKED_set_revocationDate(entry, since) &&
		    X509_CRL_add0_revoked(list, entry);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(since);
	if (!good)
		X509_REVOKED_free(entry);
	return good;
}

/* Verifiers take the number for granted; it grows with each list. */
static bool add_number(X509_CRL *list, int64_t now_ms)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	bool good = number && ASN1_INTEGER_set_int64(number, now_ms) &&
		    X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1;
	ASN1_INTEGER_free(number);
	return good;
}

int authority_revocations(const struct authority *a, const struct authority_revoked *revoked,
	size_t count, int64_t now_ms, char **out)
{
	X509_CRL *list = X509_CRL_new();
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = list && bio && X509_CRL_set_version(list, X509_CRL_VERSION_2) &&
		    X509_CRL_set_issuer_name(list, X509_get_subject_name(a->certificate)) &&
		    set_list_times(list, now_ms) && add_number(list, now_ms);
	for (size_t i = 0; good && i < count; i++)
		good = add_revoked(list, &revoked[i]);
	good = good && X509_CRL_sort(list) && X509_CRL_sign(list, a->key, EVP_sha256()) > 0 &&
	       PEM_write_bio_X509_CRL(bio, list) == 1;
	int error = good ? take_text(bio, out) : -EIO;
	BIO_free(bio);
	X509_CRL_free(list);
	return error;
}

/* --- the files ---------------------------------------------------------------------------------
 */

static int open_keys(const struct folder_place *p)
{
	char path[4096];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, p->event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return folder_tell(p, ISSUER_DIRECTORY, -ENAMETOOLONG, "the path is too long");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return folder_tell(p, ISSUER_DIRECTORY, -errno, "%s", strerror(errno));
	if (!fstat(fd, &st) && !(st.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	close(fd);
	return folder_tell(
		p, ISSUER_DIRECTORY, -EACCES, "others than its owner may enter: chmod 700 it");
}

/* A small file in memory. */
static int read_file(int dir, const char *name, bool secret, char out[PEM_SIZE_MAX])
{
	struct stat st;
	AUTO_FD fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size >= PEM_SIZE_MAX)
		return -EINVAL;
	if (secret && st.st_mode & (S_IRWXG | S_IRWXO))
		return -EACCES;
	ssize_t n = read(fd, out, PEM_SIZE_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

static int no_password(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return -1;
}

static int read_key(struct authority *a, int dir)
{
	char text[PEM_SIZE_MAX];
	int error = read_file(dir, KEY_NAME, true, text);
	if (error)
		return error;
	BIO *bio = BIO_new_mem_buf(text, -1);
	a->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	explicit_bzero(text, sizeof(text));
	return a->key ? 0 : -EINVAL;
}

static int read_certificate(struct authority *a, int dir)
{
	char text[PEM_SIZE_MAX];
	int error = read_file(dir, CERTIFICATE_NAME, false, text);
	if (error)
		return error;
	BIO *bio = BIO_new_mem_buf(text, -1);
	a->certificate = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	if (!a->certificate)
		return -EINVAL;
	return X509_check_private_key(a->certificate, a->key) == 1 ? 0 : -EINVAL;
}

static int read_both(struct authority *a, const struct folder_place *p, int dir)
{
	int error = read_key(a, dir);
	const char *file = error ? AUTHORITY_KEY_FILE : AUTHORITY_CERTIFICATE_FILE;
	if (!error)
		error = read_certificate(a, dir);
	if (error == -EACCES)
		return folder_tell(
			p, file, error, "others than its owner may read it: chmod 600 it");
	if (error == -EINVAL)
		return folder_tell(p, file, error,
			"not an authority's key and certificate in PEM: put back a copy");
	return error && (error != -ENOENT || a->key)
		       ? folder_tell(p, file, error == -ENOENT ? -EINVAL : error, "%s",
				 strerror(-error))
		       : error;
}

static bool certify_self(struct authority *a, const char *event_id, int64_t now_ms)
{
	uint8_t random[8] = { 0 };
	char common[64 + 1];
	uint64_t serial;
	X509 *c = a->certificate = X509_new();
	X509_NAME *name = c ? X509_get_subject_name(c) : NULL;
	snprintf(common, sizeof(common), "Parvis %s", event_id);
	BIGNUM *number = BN_new();
	bool good = number && BN_rand(number, 63, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		    BN_bn2binpad(number, random, sizeof(random)) == sizeof(random);
	BN_free(number);
	memcpy(&serial, random, sizeof(serial));
	return good && name && X509_set_version(c, X509_VERSION_3) &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial | 1ULL << 62) &&
	       add_name(name, "O", event_id) && add_name(name, "CN", common) &&
	       X509_set_issuer_name(c, name) && set_times(c, FROM_MS, now_ms + 2 * YEARS_MS) &&
	       X509_set_pubkey(c, a->key) &&
	       add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(c, c, NID_subject_key_identifier, "hash") &&
	       X509_sign(c, a->key, EVP_sha256()) > 0;
}

/* The certificate first: a key without one would be taken for damage, and this order leaves, cut
 * off between the two, a certificate that the next attempt finds in its way and removes. */
static int make_files(struct authority *a, int dir, const char *event_id, int64_t now_ms)
{
	char *key = NULL, *certificate = NULL;
	a->key = EVP_EC_gen(CURVE);
	if (!a->key || !certify_self(a, event_id, now_ms))
		return -EIO;
	int error = key_text(a->key, &key);
	if (!error)
		error = certificate_text(a->certificate, &certificate);
	if (!error && unlinkat(dir, CERTIFICATE_NAME, 0) && errno != ENOENT)
		error = -errno;
	if (!error)
		error = newfile_write(dir, CERTIFICATE_NAME, certificate, strlen(certificate));
	if (!error)
		error = newfile_write(dir, KEY_NAME, key, strlen(key));
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(certificate);
	return error;
}

int authority_open(struct authority **out, const char *event_dir, const char *event_id, bool make,
	int64_t now_ms, event_problem *problem, void *context)
{
	const struct folder_place p = { event_dir, problem, context };
	AUTO_FD dir = open_keys(&p);
	if (dir < 0)
		return dir;
	struct authority *a = flock(dir, LOCK_EX) ? NULL : calloc(1, sizeof(*a));
	if (!a)
		return folder_tell(&p, ISSUER_DIRECTORY, -errno, "%s", strerror(errno));
	int error = read_both(a, &p, dir);
	if (error == -ENOENT && make) {
		error = make_files(a, dir, event_id, now_ms);
		if (error)
			folder_tell(&p, AUTHORITY_KEY_FILE, error, "cannot be made: %s",
				strerror(-error));
	}
	if (error)
		authority_close(a);
	else
		*out = a;
	return error;
}
