#include "cli/kiosk_identity.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "event/broker_url.h"
#include "store/device_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_MS        86400000LL
#define YEAR_MS       (366 * DAY_MS)
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

/* --- the certificate ---------------------------------------------------------------------------
 */

int identity_certificate(char **out, const struct authority *authority, const struct event *event,
	const struct identity_subject *who)
{
	int64_t last = event->closes_ms > who->now_ms ? event->closes_ms : who->now_ms;
	const struct authority_subject subject = { .common = who->name,
		.unit = who->unit,
		.organisation = event->id,
		.serial = who->serial,
		.from_ms = who->now_ms - DAY_MS,
		.until_ms = last + YEAR_MS };
	char *certificate = NULL, *key = NULL;
	int error = authority_issue(authority, &subject, &certificate, &key);
	if (error)
		return error;
	size_t size = strlen(certificate) + strlen(key) + 1;
	char *both = malloc(size);
	if (both)
		snprintf(both, size, "%s%s", certificate, key);
	explicit_bzero(key, strlen(key));
	free(key);
	free(certificate);
	*out = both;
	return both ? 0 : -ENOMEM;
}

static bool wants_certificates(const char *event_dir, const struct event *e)
{
	char path[4096];
	struct stat st;
	bool wanted = false;
	for (uint32_t i = 0; i < e->broker_count; i++)
		wanted = wanted || broker_url_is_secret(e->brokers[i]);
	for (uint32_t i = 0; i < e->venue_count; i++)
		wanted = wanted || broker_url_is_secret(e->venues[i].broker);
	int n = snprintf(path, sizeof(path), "%s/" AUTHORITY_KEY_FILE, event_dir);
	return wanted || (n > 0 && (size_t)n < sizeof(path) && !stat(path, &st));
}

static int certify(struct identity *out, const char *event_dir, const struct event *e,
	const char *venue, uint64_t serial, int64_t now_ms)
{
	struct authority *authority = NULL;
	char name[2 * DEVICE_ID_SIZE + 1];
	if (!wants_certificates(event_dir, e))
		return CLI_OK;
	int error =
		authority_open(&authority, event_dir, e->id, true, now_ms, folder_problem, NULL);
	if (error)
		return error == -EIO || error == -ENOMEM ? CLI_FAILED : CLI_NO;
	text_hex(name, out->device, sizeof(out->device));
	error = identity_certificate(&out->client, authority, e,
		&(struct identity_subject){ name, venue, serial, now_ms });
	out->ca = error ? NULL : authority_certificate(authority);
	authority_close(authority);
	if (!error && out->ca)
		return CLI_OK;
	folder_say(event_dir, AUTHORITY_KEY_FILE, strerror(error ? -error : ENOMEM));
	return CLI_FAILED;
}

/* -----------------------------------------------------------------------------------------------
 */

int identity_make(struct identity *out, const char *event_dir, const struct event *event,
	const struct issuer *issuer, const struct bundle_settings *settings, uint64_t serial,
	int64_t now_ms)
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
	return error ? say(event_dir, error)
		     : certify(out, event_dir, event, settings->venue, serial, now_ms);
}

void identity_wipe(struct identity *i)
{
	if (i->client)
		explicit_bzero(i->client, strlen(i->client));
	free(i->client);
	free(i->ca);
	explicit_bzero(i, sizeof(*i));
}
