#include "cli/broker_files.h"

#include "base/assets.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "sync/message.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPLATE_MAX (64 << 10)

static int fail(const char *path, int error)
{
	folder_say(path, NULL, strerror(-error));
	return CLI_FAILED;
}

/* --- files -------------------------------------------------------------------------------------
 */

int broker_files_put(const char *dir, const char *name, const char *text, bool secret)
{
	char path[PATH_MAX], aside[PATH_MAX + 8];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	snprintf(aside, sizeof(aside), "%s.new", path);
	unlink(aside);
	int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		int error = -errno;
		cc_close_fd(&fd);
		return error;
	}
	int error = fputs(text, out) < 0 || fflush(out) || fsync(fd) ? -errno : 0;
	if (fclose(out) && !error)
		error = -errno;
	if (!error && rename(aside, path))
		error = -errno;
	if (error)
		unlink(aside);
	return error;
}

static char *read_text(const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : calloc(1, TEMPLATE_MAX);
	if (!text)
		return NULL;
	size_t used = 0;
	ssize_t n;
	while ((n = read(fd, text + used, TEMPLATE_MAX - 1 - used)) > 0)
		used += (size_t)n;
	if (n == 0 && used < TEMPLATE_MAX - 1)
		return text;
	free(text);
	return NULL;
}

/* Beside the assets of an installed program, or in the tree that it was built from. */
static char *read_template(const char *name)
{
	static const char *const places[] = { "broker", "../board/broker" };
	char assets[PATH_MAX], path[PATH_MAX + 320];
	char *text = NULL;
	if (!assets_find(assets))
		assets[0] = '\0';
	for (size_t i = 0; *assets && !text && i < ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", assets, places[i], name);
		text = read_text(path);
	}
	if (!text)
		fprintf(stderr,
			"parvis: the template broker/%s is not where this program's "
			"assets are\n",
			name);
	return text;
}

/* --- filling in --------------------------------------------------------------------------------
 */

struct word {
	const char *mark, *value;
};

/* With every mark replaced; for free(). */
static char *fill(const char *text, const struct word *words, size_t count)
{
	char *made = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&made, &len);
	if (!out)
		return NULL;
	while (*text) {
		size_t i = 0;
		while (i < count && strncmp(text, words[i].mark, strlen(words[i].mark)))
			i++;
		fputs(i < count ? words[i].value : (char[]){ *text, '\0' }, out);
		text += i < count ? strlen(words[i].mark) : 1;
	}
	if (!fclose(out))
		return made;
	free(made);
	return NULL;
}

/* Entries of ACLs for who is shut out; for free(). */
static char *revoked_lines(const struct boxes *boxes)
{
	char *made = NULL, device[2 * DEVICE_ID_SIZE + 1];
	size_t len = 0;
	FILE *out = open_memstream(&made, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < boxes->count; i++) {
		const struct boxes_entry *e = &boxes->at[i];
		if (e != boxes_newest(boxes, e->device) ||
			boxes_standing(boxes, e->device) != BOXES_REVOKED)
			continue;
		text_hex(device, e->device, sizeof(e->device));
		fprintf(out, "user %s\ntopic deny #\n", device);
	}
	if (!fclose(out))
		return made;
	free(made);
	return NULL;
}

/* Prometheus' figures of each venue, by its place in the fleet's first page; for free(). */
static char *venue_metrics(const struct event *e)
{
	static const struct {
		const char *name, *member, *help;
	} figures[] = {
		{ "parvis_present", "present", "people present at the venue" },
		{ "parvis_entries", "entries", "entries at the venue" },
		{ "parvis_waiting", "queued", "rows that its boxes have not handed over" },
	};
	char *made = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&made, &len);
	if (!out)
		return NULL;
	for (uint32_t i = 0; i < e->venue_count && i < MESSAGE_FLEET_PAGE; i++)
		for (size_t f = 0; f < ARRAY_LEN(figures); f++)
			fprintf(out,
				"  - prom_name: %s\n    mqtt_name: \"venues.[%u].%s\"\n    help: "
				"\"%s\"\n    type: gauge\n    const_labels:\n      venue: "
				"\"%s\"\n",
				figures[f].name, i, figures[f].member, figures[f].help,
				e->venues[i].id);
	if (!fclose(out))
		return made;
	free(made);
	return NULL;
}

static int put_template(const char *out, const char *name, const struct word *words, size_t count)
{
	AUTO_FREE char *template = read_template(name);
	if (!template)
		return CLI_FAILED;
	AUTO_FREE char *text = fill(template, words, count);
	int error = text ? broker_files_put(out, name, text, false) : -ENOMEM;
	return error ? fail(out, error) : CLI_OK;
}

/* --- RabbitMQ's users --------------------------------------------------------------------------
 */

/* An entry of the template as it is for one box: every string filled in. NULL without memory. */
static json_t *entry_of(const json_t *entry, const struct word *words, size_t count)
{
	json_t *made = json_deep_copy(entry), *value;
	const char *key;
	void *next;
	json_object_foreach_safe(made, next, key, value)
	{
		AUTO_FREE char *text =
			json_is_string(value) ? fill(json_string_value(value), words, count) : NULL;
		if (text)
			json_object_set_new(made, key, json_string(text));
	}
	return made;
}

static bool is_of_boxes(const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *user = json_string_value(json_object_get(entry, "user"));
	return (name && !strcmp(name, "@BOX@")) || (user && !strcmp(user, "@BOX@"));
}

static json_t *list_of(const json_t *template, const struct broker_files *b)
{
	json_t *made = json_array(), *entry;
	size_t i;
	char device[2 * DEVICE_ID_SIZE + 1] = "";
	const struct word words[] = { { "@EVENT@", b->event->id }, { "@BOX@", device } };
	json_array_foreach(template, i, entry)
	{
		if (!is_of_boxes(entry)) {
			json_array_append_new(made, entry_of(entry, words, 1));
			continue;
		}
		for (size_t box = 0; box < b->boxes->count; box++) {
			const struct boxes_entry *e = &b->boxes->at[box];
			if (e != boxes_newest(b->boxes, e->device) ||
				boxes_standing(b->boxes, e->device) != BOXES_GOOD)
				continue;
			text_hex(device, e->device, sizeof(e->device));
			json_array_append_new(made, entry_of(entry, words, ARRAY_LEN(words)));
		}
	}
	return made;
}

static int put_definitions(const struct broker_files *b, const char *out)
{
	AUTO_FREE char *template = read_template("definitions.json");
	json_t *all = template ? json_loads(template, 0, NULL) : NULL, *list;
	const char *key;
	void *next;
	if (!all)
		return CLI_FAILED;
	json_object_foreach_safe(all, next, key, list)
		json_object_set_new(all, key, list_of(list, b));
	AUTO_FREE char *text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	int error = text ? broker_files_put(out, "definitions.json", text, false) : -ENOMEM;
	return error ? fail(out, error) : CLI_OK;
}

/* --- the list of those shut out ----------------------------------------------------------------
 */

static int put_revocations(const struct broker_files *b, const char *out)
{
	AUTO_FREE struct authority_revoked *revoked = calloc(b->boxes->count + 1, sizeof(*revoked));
	AUTO_FREE char *text = NULL;
	char hashed[AUTHORITY_HASH_SIZE];
	size_t count = 0;
	if (!revoked)
		return fail(out, -ENOMEM);
	for (size_t i = 0; i < b->boxes->count; i++)
		if (boxes_standing(b->boxes, b->boxes->at[i].device) == BOXES_REVOKED)
			revoked[count++] = (struct authority_revoked){ b->boxes->at[i].serial,
				b->boxes->at[i].revoked_ms ? b->boxes->at[i].revoked_ms
							   : b->now_ms };
	int error = authority_revocations(b->authority, revoked, count, b->now_ms, &text);
	authority_hash_name(b->authority, hashed);
	if (!error)
		error = broker_files_put(out, "crl.pem", text, false);
	if (!error)
		error = broker_files_put(out, hashed, text, false);
	return error ? fail(out, error) : CLI_OK;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

int broker_files_write(const struct broker_files *b, const char *out, unsigned port)
{
	static const char *const configurations[] = { "mosquitto.conf", "rabbitmq.conf",
		"rabbitmq-advanced.config", "prometheus-mqtt-exporter.yaml" };
	char number[16], dir[PATH_MAX];
	AUTO_FREE char *revoked = revoked_lines(b->boxes);
	AUTO_FREE char *ca = authority_certificate(b->authority);
	AUTO_FREE char *venues = venue_metrics(b->event);
	if (!revoked || !ca || !venues || !realpath(out, dir))
		return fail(out, revoked && ca && venues ? -errno : -ENOMEM);
	snprintf(number, sizeof(number), "%u", port);
	const struct word words[] = { { "@EVENT@", b->event->id }, { "@DIR@", dir },
		{ "@PORT@", number }, { "@REVOKED@", revoked }, { "@VENUES@", venues } };
	int error = broker_files_put(out, "ca.pem", ca, false);
	int result = error ? fail(out, error) : put_revocations(b, out);
	if (result == CLI_OK)
		result = put_template(out, "mosquitto.acl", words, ARRAY_LEN(words));
	if (result == CLI_OK)
		result = put_definitions(b, out);
	for (size_t i = 0; port && result == CLI_OK && i < ARRAY_LEN(configurations); i++)
		result = put_template(out, configurations[i], words, ARRAY_LEN(words));
	return result;
}

int broker_files_remember(const char *event_dir, const char *out)
{
	char path[PATH_MAX], dir[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/" BROKER_FOLDERS, event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (!realpath(out, dir))
		return -errno;
	AUTO_FREE char *known = read_text(path);
	for (char *line = known, *end; line && (end = strchr(line, '\n')); line = end + 1)
		if ((size_t)(end - line) == strlen(dir) && !memcmp(line, dir, strlen(dir)))
			return 0;
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s\n", dir) < 0 || fsync(fd))
		return -errno;
	return 0;
}

/* The mosquitto that was started with the folder's configuration has left its number there. A
 * number that is another program's by now is left alone. */
static bool reload_mosquitto(const char *dir)
{
	char path[PATH_MAX + 32], name[32] = "";
	snprintf(path, sizeof(path), "%s/mosquitto.pid", dir);
	AUTO_FREE char *number = read_text(path);
	long pid = number ? strtol(number, NULL, 10) : 0;
	if (pid <= 1 || pid > INT_MAX)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	AUTO_FILE comm = fopen(path, "r");
	return comm && fgets(name, sizeof(name), comm) && !strcmp(name, "mosquitto\n") &&
	       !kill((pid_t)pid, SIGHUP);
}

int broker_files_refresh(const struct broker_files *b)
{
	char path[PATH_MAX], shown[4 * PATH_MAX];
	int worst = CLI_OK;
	snprintf(path, sizeof(path), "%s/" BROKER_FOLDERS, b->event_dir);
	AUTO_FREE char *known = read_text(path);
	for (char *line = known, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		text_printable(shown, sizeof(shown), line, strlen(line));
		if (access(line, W_OK)) {
			fprintf(stderr, "note: %s: %s: its broker does not hear of it\n", shown,
				strerror(errno));
			continue;
		}
		int result = broker_files_write(b, line, 0);
		worst = result > worst ? result : worst;
		if (result == CLI_OK)
			printf(reload_mosquitto(line)
					? "%s: written; its mosquitto reads it now\n"
					: "%s: written; a mosquitto elsewhere reads it when it gets "
					  "SIGHUP (systemctl reload mosquitto)\n",
				shown);
	}
	return worst;
}

int broker_files_open(struct authority **authority, struct boxes *boxes, const char *event_dir,
	const char *event_id, bool make, int64_t now_ms)
{
	*boxes = (struct boxes){ 0 };
	int error = boxes_load(boxes, event_dir);
	if (error && error != -ENOENT) {
		folder_say(event_dir, BOXES_FILE,
			error == -EBADMSG ? "a line is none" : strerror(-error));
		return error == -EBADMSG ? CLI_NO : CLI_FAILED;
	}
	error = authority_open(authority, event_dir, event_id, make, now_ms, folder_problem, NULL);
	if (!error)
		return CLI_OK;
	boxes_free(boxes);
	return error == -EIO ? CLI_FAILED : CLI_NO;
}
