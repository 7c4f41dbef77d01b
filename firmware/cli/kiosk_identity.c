#include "cli/kiosk_identity.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "store/device_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEVICE_DOMAIN "parvis/1 device key"

static int say(const char *event_dir, int error)
{
	folder_say(event_dir, BOXES_FILE,
		error == -EBADMSG ? "a line is none: put back a copy, or take the line out"
				  : strerror(-error));
	return error == -EBADMSG ? CLI_NO : CLI_FAILED;
}

/* The key follows from the issuing key, so that it is stored nowhere but on the box, and comes out
 * the same for the same door. */
static int derive(struct identity *out, const struct issuer *issuer, const char *venue,
	const char *door, uint32_t generation)
{
	char what[2 * ID_SIZE + 16];
	uint8_t seed[32];
	struct device_key *key = NULL;
	int n = snprintf(what, sizeof(what), "%s/%s/%" PRIu32, venue, door, generation);
	issuer_derive(issuer, DEVICE_DOMAIN, what, (size_t)n, seed);
	int error = device_key_from_seed(&key, seed);
	if (!error) {
		device_key_id(key, out->device);
		text_hex(out->key, seed, sizeof(seed));
		memcpy(out->key + BUNDLE_KEY_SIZE - 1, "\n", 2);
	}
	device_key_close(key);
	explicit_bzero(seed, sizeof(seed));
	return error;
}

int identity_make(struct identity *out, const char *event_dir, const struct issuer *issuer,
	const struct bundle_settings *settings, uint64_t serial, int64_t now_ms)
{
	struct boxes boxes = { 0 };
	int error = boxes_load(&boxes, event_dir);
	if (error && error != -ENOENT)
		return say(event_dir, error);
	uint32_t generation = boxes_generation(&boxes, settings->venue, settings->door);
	boxes_free(&boxes);
	error = derive(out, issuer, settings->venue, settings->door, generation);
	if (error)
		return say(event_dir, error);
	struct boxes_entry entry = { .serial = serial, .made_ms = now_ms };
	memcpy(entry.device, out->device, sizeof(entry.device));
	text_copy(entry.venue, sizeof(entry.venue), settings->venue);
	text_copy(entry.door, sizeof(entry.door), settings->door);
	error = boxes_add(event_dir, &entry);
	return error ? say(event_dir, error) : CLI_OK;
}

void identity_wipe(struct identity *i)
{
	explicit_bzero(i, sizeof(*i));
}
