/* Any bytes as a bundle: twice. As they are, and with length and signature made right, so that the
 * rules behind the signature are met, too. What is accepted keeps the promises of event/bundle.h.
 */
#include "event/bundle.h"

#include "base/cc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

static void look_at_bundle(const struct bundle *b, size_t size)
{
	uint64_t end = 100;
	CHECK(b->length == size && b->serial > 0 && *b->event_id);
	CHECK(memchr(b->event_id, 0, sizeof(b->event_id)));
	CHECK(strlen(b->short_hash) == BUNDLE_SHORT_SIZE - 1);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		if (b->parts[i].present) {
			CHECK(b->parts[i].size > 0 && b->parts[i].offset > end);
			end = b->parts[i].offset + b->parts[i].size - 1;
		}
	CHECK(end + 1 + ISSUER_SIGNATURE_SIZE == size);
}

static void look_at_contents(const struct bundle *b, int fd)
{
	struct event *e = NULL;
	struct bundle_settings s, again;
	char text[BUNDLE_SETTINGS_MAX];
	enum bundle_wrong wrong = bundle_contents(b, fd, &e, &s, problem, NULL);
	CHECK(wrong == BUNDLE_GOOD || wrong == BUNDLE_CONTENTS);
	CHECK(!wrong == (e != NULL));
	if (wrong)
		return;
	CHECK(event_venue(e, s.venue) && !strcmp(e->id, b->event_id));
	size_t len = bundle_settings_write(&s, text);
	CHECK(len && bundle_settings_read(&again, text, len));
	CHECK(!memcmp(&s, &again, sizeof(s)));
	event_free(e);
}

static void try(const uint8_t *bytes, size_t size)
{
	struct bundle b;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	enum bundle_wrong wrong = bundle_verify(&b, fd);
	CHECK(wrong != BUNDLE_UNREADABLE && wrong < BUNDLE_WRONGS);
	if (!wrong) {
		look_at_bundle(&b, size);
		look_at_contents(&b, fd);
	}
	close(fd);
}

static void try_signed(const uint8_t *data, size_t size)
{
	static const uint8_t seed[32] = "the fuzzer's own organiser's key";
	struct issuer *i = NULL;
	if (size < 100 + ISSUER_SIGNATURE_SIZE || issuer_from_seed(&i, seed))
		return;
	uint8_t *copy = malloc(size);
	CHECK(copy != NULL);
	memcpy(copy, data, size);
	memcpy(copy, "PARVISB\1", 8);
	for (size_t n = 0; n < 8; n++)
		copy[8 + n] = (uint8_t)(size >> (8 * (7 - n)));
	issuer_public(i, copy + 64);
	issuer_sign(i, BUNDLE_DOMAIN, copy, size - ISSUER_SIGNATURE_SIZE,
		copy + size - ISSUER_SIGNATURE_SIZE);
	try(copy, size);
	free(copy);
	issuer_close(i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle_settings s;
	char text[BUNDLE_SETTINGS_MAX];
	if (bundle_settings_read(&s, (const char *)data, size))
		CHECK(bundle_settings_write(&s, text) == size && !memcmp(text, data, size));
	try(data, size);
	try_signed(data, size);
	return 0;
}
