/* Shuts a box out: in the list of boxes, which the collector reads, and at the brokers, through the
 * list of certificates that are not to be believed any more and the access lists. */
#include "cli/kiosk_revoke.h"

#include "base/flags.h"
#include "base/text.h"
#include "cli/broker_files.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "port/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEVICE_DIGITS_MIN 6

/* VENUE/DOOR, or the first digits of a device. */
static bool is_meant(const struct boxes_entry *e, const char *text)
{
	char door[2 * ID_SIZE], device[2 * DEVICE_ID_SIZE + 1];
	size_t n = strlen(text);
	snprintf(door, sizeof(door), "%s/%s", e->venue, e->door);
	text_hex(device, e->device, sizeof(e->device));
	return !strcmp(door, text) ||
	       (n >= DEVICE_DIGITS_MIN && n < sizeof(device) && !strncmp(device, text, n));
}

/* The one device that is meant. A door's boxes of earlier, shut out by now, are not. */
static int find(const struct boxes *boxes, const char *text, uint8_t device[DEVICE_ID_SIZE])
{
	const struct boxes_entry *found = NULL;
	char shown[256];
	text_printable(shown, sizeof(shown), text, strlen(text));
	for (size_t i = 0; i < boxes->count; i++) {
		const struct boxes_entry *e = &boxes->at[i];
		if (!is_meant(e, text) || boxes_standing(boxes, e->device) == BOXES_REVOKED)
			continue;
		if (found && memcmp(found->device, e->device, sizeof(e->device))) {
			fprintf(stderr,
				"parvis: several boxes are called %s: write more of the device, as "
				"in " BOXES_FILE "\n",
				shown);
			return CLI_NO;
		}
		found = e;
	}
	if (!found) {
		fprintf(stderr,
			"parvis: no box that is good is called %s: write VENUE/DOOR or its device, "
			"as in " BOXES_FILE "\n",
			shown);
		return CLI_NO;
	}
	memcpy(device, found->device, DEVICE_ID_SIZE);
	return CLI_OK;
}

static bool has_authority(const char *event_dir)
{
	char path[4096];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/" AUTHORITY_KEY_FILE, event_dir);
	return n > 0 && (size_t)n < sizeof(path) && !stat(path, &st);
}

/* The list of certificates, beside the authority and in each broker's folder. */
static int tell_brokers(const char *event_dir, const struct event *e, int64_t now_ms)
{
	struct authority *authority = NULL;
	struct boxes boxes;
	if (!has_authority(event_dir))
		return CLI_OK;
	int result = broker_files_open(&authority, &boxes, event_dir, e->id, false, now_ms);
	if (result != CLI_OK)
		return result;
	const struct broker_files b = { event_dir, e, authority, &boxes, now_ms };
	result = broker_files_refresh(&b);
	boxes_free(&boxes);
	authority_close(authority);
	return result;
}

static int shut_out(const char *event_dir, const struct event *e, const char *box)
{
	struct boxes boxes;
	uint8_t device[DEVICE_ID_SIZE];
	char hex[2 * DEVICE_ID_SIZE + 1];
	int64_t now_ms = clock_now(0).wall_ms;
	int error = boxes_load(&boxes, event_dir);
	if (error) {
		folder_say(event_dir, BOXES_FILE,
			error == -EBADMSG ? "a line is none" : strerror(-error));
		return error == -EBADMSG || error == -ENOENT ? CLI_NO : CLI_FAILED;
	}
	int result = find(&boxes, box, device);
	boxes_free(&boxes);
	if (result != CLI_OK)
		return result;
	error = boxes_revoke(event_dir, device, now_ms);
	if (error) {
		folder_say(event_dir, BOXES_FILE, strerror(-error));
		return CLI_FAILED;
	}
	text_hex(hex, device, sizeof(device));
	printf("%s: shut out; collectors take nothing from it any more\n", hex);
	result = tell_brokers(event_dir, e, now_ms);
	if (result == CLI_OK)
		printf("RabbitMQ: rabbitmqctl delete_user %s\n", hex);
	return result;
}

int kiosk_revoke(int argc, char **argv)
{
	static const char command[] = "parvis kiosk revoke";
	const char *dir = NULL;
	const struct flag flags[] = { { "event", .text = &dir, .needed = "DIR" }, { 0 } };
	struct event *e = NULL;
	char **boxes;
	int status = flags_read(command, flags, argc, argv, &boxes);
	if (status < 0 && (!boxes[0] || boxes[1]))
		status = flags_wrong(command, "it takes one VENUE/DOOR or DEVICE");
	if (status >= 0) {
		fputs("usage: parvis kiosk revoke --event DIR VENUE/DOOR|DEVICE\n",
			status ? stderr : stdout);
		return status;
	}
	int result = folder_open(&e, dir);
	if (result == CLI_OK)
		result = shut_out(dir, e, boxes[0]);
	event_free(e);
	return result;
}
