#include "cli/event_parts.h"

#include "base/flags.h"
#include "base/text.h"
#include "cli/broker_files.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/kiosk_identity.h"
#include "cli/serial.h"
#include "port/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PORT    8883
#define FROM_MS 946684800000LL /* the year 2000: a box whose clock was never set must connect */
#define YEAR_MS (366LL * 86400000)

void event_broker_usage(FILE *out)
{
	fputs("\n"
	      "broker  writes all that an MQTT broker of the event needs into a folder, for mosquitto\n"
	      "        and for RabbitMQ: its certificate, who may come in and who may say what. The\n"
	      "        first time it makes the event's certificate authority: bundles that are made\n"
	      "        from then on hold a certificate\n"
	      "  --event DIR    the event\n"
	      "  --host NAME    name or IP address under which boxes reach it; may be repeated\n"
	      "  --port N       where it listens (8883)\n"
	      "  --out DIR      the folder, which is made where there is none; the private keys of\n"
	      "                 the broker, the collector and the watcher are in it\n",
		out);
}

struct broker_options {
	const char *event_dir, *out, *hosts[AUTHORITY_HOSTS_MAX];
	size_t host_count;
	unsigned port;
};

static const char *take_port(void *context, const char *value)
{
	unsigned *out = context;
	size_t n = strspn(value, "0123456789");
	*out = n && n < 6 && !value[n] ? (unsigned)strtoul(value, NULL, 10) : 0;
	return *out >= 1 && *out <= 65535 ? NULL : "a port, 1 to 65535";
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct broker_options *o)
{
	const struct flag flags[] = {
		{ "event", .text = &o->event_dir, .needed = "DIR" },
		{ "host", .text = o->hosts, .count = &o->host_count, .most = AUTHORITY_HOSTS_MAX,
			.needed = "NAME" },
		{ "port", .take = take_port, .context = &o->port },
		{ "out", .text = &o->out, .needed = "DIR" },
		{ 0 },
	};
	return flags_read("parvis event broker", flags, argc, argv, NULL);
}

/* --- certificates ------------------------------------------------------------------------------
 */

static int fail(const char *dir, const char *name, int error)
{
	folder_say(dir, name, strerror(-error));
	return error == -EINVAL ? CLI_NO : CLI_FAILED;
}

static int put_server(const struct broker_files *b, const struct event *e,
	const struct broker_options *o, uint64_t serial)
{
	int64_t last = e->closes_ms > b->now_ms ? e->closes_ms : b->now_ms;
	const struct authority_subject who = { .common = "broker",
		.organisation = e->id,
		.serial = serial,
		.from_ms = FROM_MS,
		.until_ms = last + YEAR_MS,
		.hosts = o->hosts,
		.host_count = o->host_count };
	char *certificate = NULL, *key = NULL;
	int error = authority_issue(b->authority, &who, &certificate, &key);
	if (error == -EINVAL) {
		fputs("parvis: --host: a name or an IP address, such as broker.example.org or "
		      "192.0.2.7\n",
			stderr);
		return CLI_NO;
	}
	if (!error)
		error = broker_files_put(o->out, "server.crt", certificate, false);
	if (!error)
		error = broker_files_put(o->out, "server.key", key, true);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(certificate);
	return error ? fail(o->out, "server.key", error) : CLI_OK;
}

static int put_client(const struct broker_files *b, const struct event *e, const char *out,
	const char *name, uint64_t serial)
{
	char file[32], *pem = NULL;
	snprintf(file, sizeof(file), "%s.pem", name);
	int error = identity_certificate(
		&pem, b->authority, e, &(struct identity_subject){ name, NULL, serial, b->now_ms });
	if (!error)
		error = broker_files_put(out, file, pem, true);
	if (pem)
		explicit_bzero(pem, strlen(pem));
	free(pem);
	return error ? fail(out, file, error) : CLI_OK;
}

static int put_certificates(
	const struct broker_files *b, const struct event *e, const struct broker_options *o)
{
	uint64_t serials[3];
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		int error = serial_next(o->event_dir, &serials[i]);
		if (error)
			return fail(o->event_dir, SERIAL_FILE, error);
	}
	int result = put_server(b, e, o, serials[0]);
	if (result == CLI_OK)
		result = put_client(b, e, o->out, "collector", serials[1]);
	if (result == CLI_OK)
		result = put_client(b, e, o->out, "watcher", serials[2]);
	return result;
}

static int write_all(const struct event *e, const struct broker_options *o)
{
	struct authority *authority = NULL;
	struct boxes boxes;
	int64_t now_ms = clock_now(0).wall_ms;
	int result = broker_files_open(&authority, &boxes, o->event_dir, e->id, true, now_ms);
	if (result != CLI_OK)
		return result;
	const struct broker_files b = { o->event_dir, e, authority, &boxes, now_ms };
	if (mkdir(o->out, 0750) && errno != EEXIST)
		result = fail(o->out, NULL, -errno);
	if (result == CLI_OK)
		result = put_certificates(&b, e, o);
	if (result == CLI_OK)
		result = broker_files_write(&b, o->out, o->port);
	int error = result == CLI_OK ? broker_files_remember(o->event_dir, o->out) : 0;
	if (error)
		result = fail(o->event_dir, BROKER_FOLDERS, error);
	boxes_free(&boxes);
	authority_close(authority);
	return result;
}

int event_broker(int argc, char **argv)
{
	struct broker_options o = { .port = PORT };
	struct event *e = NULL;
	int status = read_options(argc, argv, &o);
	if (status >= 0) {
		fputs("usage: parvis event broker --event DIR --host NAME [--host NAME...] "
		      "[--port N] --out DIR\n",
			status ? stderr : stdout);
		return status;
	}
	int result = folder_open(&e, o.event_dir);
	if (result == CLI_OK)
		result = write_all(e, &o);
	if (result == CLI_OK) {
		char shown[4096];
		text_printable(shown, sizeof(shown), o.out, strlen(o.out));
		printf("%s: a broker of %s, port %u: mosquitto -c %s/mosquitto.conf\n", shown,
			e->id, o.port, shown);
	}
	event_free(e);
	return result;
}
