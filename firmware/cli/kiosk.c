#include "event/bundle.h"

#include "base/cc.h"
#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/kiosk_identity.h"
#include "cli/kiosk_names.h"
#include "cli/kiosk_revoke.h"
#include "cli/kiosk_serve.h"
#include "cli/serial.h"
#include "port/clock.h"
#include "port/pins.h"
#include "store/roster_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLES "bundles"

static void usage(FILE *out)
{
	fputs("usage: parvis kiosk provision --event DIR --venue ID --door NAME [OPTION...]\n"
	      "       parvis kiosk show FILE...\n"
	      "       parvis kiosk serve --event DIR --listen ADDRESS:PORT\n"
	      "       parvis kiosk revoke --event DIR VENUE/DOOR|DEVICE\n"
	      "\n"
	      "provision  writes the signed bundle that makes a box this door: the event without the\n"
	      "           organiser's key, the venue's part of the roster with its names sealed, the\n"
	      "           revocations, the public keys and the box's own key: treat it like a key\n"
	      "  --doorway WAY   entry, exit or both (default: entry)\n"
	      "  --out FILE      (default: DIR/bundles/VENUE-DOOR.parvis)\n"
	      "  --lang CODES    languages of the screen, the house's first: fr,en (default: the\n"
	      "                  event's)\n"
	      "  --printer URI   of the label printer\n"
	      "  --pins FILE     GPIO pin map\n"
	      "  --pin-stdin     reads the staff PIN, which seals the names where event.ini has\n"
	      "                  search = yes, from standard input (default: asks at a terminal)\n"
	      "show       verifies bundles and tells what they are, with the short hash that their\n"
	      "           boxes show\n"
	      "serve      hands the bundles of DIR/bundles out to boxes in the same house, and prints\n"
	      "           the text of a pairing code for each\n"
	      "revoke     shuts a box out for good, as when it was stolen: collectors take nothing\n"
	      "           from it any more, and the files of the event's brokers are written anew\n"
	      "\n"
	      "exit status: 0 done, 1 a bundle, the event or an option's value was refused, 2 wrong\n"
	      "use, 3 failed\n",
		out);
}

struct options {
	const char *event_dir, *venue, *door, *doorway, *out, *languages, *printer, *pins;
	bool pin_stdin;
};

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct options *out)
{
	const struct flag flags[] = {
		{ "event", .text = &out->event_dir, .needed = "DIR" },
		{ "venue", .text = &out->venue, .needed = "ID" },
		{ "door", .text = &out->door, .needed = "NAME" },
		{ "doorway", .text = &out->doorway },
		{ "out", .text = &out->out },
		{ "lang", .text = &out->languages },
		{ "printer", .text = &out->printer },
		{ "pins", .text = &out->pins },
		{ "pin-stdin", .set = &out->pin_stdin },
		{ 0 },
	};
	*out = (struct options){ .doorway = "entry", .printer = "" };
	return flags_read("parvis kiosk provision", flags, argc, argv, NULL);
}

/* --- what goes in ------------------------------------------------------------------------------
 */

/* One bundle being made; all of it is undone by finish(). */
struct making {
	const struct options *options;
	struct event *event;
	struct issuer *issuer;
	struct bundle_settings settings;
	char dir[PATH_MAX]; /* of its own, "" = not made */
	char out[PATH_MAX], aside[PATH_MAX + 16], roster_path[PATH_MAX + 16];
	int roster, pins, names, fd;
	struct bundle bundle;
	struct identity identity;
};

static int refuse(const char *option, const char *value, const char *right)
{
	char shown[128];
	text_printable(shown, sizeof(shown), value, strlen(value));
	fprintf(stderr, "parvis: --%s \"%s\": %s\n", option, shown, right);
	return CLI_NO;
}

static int fail(const char *path, int error)
{
	fprintf(stderr, "parvis: %s: %s\n", path, strerror(-error));
	return CLI_FAILED;
}

static bool is_id(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return n && !text[n] && n < ID_SIZE;
}

static int take_doorway(struct making *m)
{
	static const char *const ways[] = {
		[DOOR_ENTRY] = "entry", [DOOR_EXIT] = "exit", [DOOR_BOTH] = "both"
	};
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (strcmp(ways[i], m->options->doorway))
			continue;
		m->settings.doorway = (enum doorway)i;
		return CLI_OK;
	}
	return refuse("doorway", m->options->doorway, "it is entry, exit or both");
}

/* The screen's languages take the place of the event's. */
static int take_languages(struct making *m)
{
	const char *p = m->options->languages;
	uint32_t languages = 0;
	enum language first = LANGUAGE_FR;
	while (p && *p) {
		size_t n = strcspn(p, ", ");
		unsigned l = 0;
		while (l < LANGUAGE_COUNT &&
			(strlen(language_codes[l]) != n || memcmp(language_codes[l], p, n)))
			l++;
		if (l == LANGUAGE_COUNT)
			return refuse("lang", m->options->languages, "there are fr and en");
		if (!languages)
			first = (enum language)l;
		languages |= 1U << l;
		p += n + (p[n] != '\0');
	}
	if (languages) {
		m->event->languages = languages;
		m->event->language = first;
	}
	return CLI_OK;
}

static int take_settings(struct making *m)
{
	const struct options *o = m->options;
	if (!event_venue(m->event, o->venue))
		return refuse("venue", o->venue, "event.ini has no such venue");
	if (!is_id(o->door))
		return refuse("door", o->door, "a name of at most 31 of a-z 0-9 _ -");
	text_copy(m->settings.venue, sizeof(m->settings.venue), o->venue);
	text_copy(m->settings.door, sizeof(m->settings.door), o->door);
	if (!text_copy(m->settings.printer, sizeof(m->settings.printer), o->printer) ||
		(*o->printer && !strstr(o->printer, "://")))
		return refuse("printer", o->printer, "a URI such as ipp://192.168.1.9/ipp/print");
	int result = take_doorway(m);
	return result == CLI_OK ? take_languages(m) : result;
}

static int open_issuer(struct making *m)
{
	uint8_t key[ISSUER_PUBLIC_SIZE];
	if (issuer_open(&m->issuer, m->options->event_dir, folder_problem, NULL))
		return CLI_NO;
	issuer_public(m->issuer, key);
	for (uint32_t i = 0; i < m->event->key_count; i++)
		if (!memcmp(m->event->keys[i], key, sizeof(key)))
			return CLI_OK;
	char hex[2 * ISSUER_PUBLIC_SIZE + 1];
	text_hex(hex, key, sizeof(key));
	fprintf(stderr,
		"parvis: %s/event.ini does not list the issuing key, so no box would believe the "
		"bundle: add %s to ticket under [keys]\n",
		m->options->event_dir, hex);
	return CLI_NO;
}

static void say_pins(void *context, const char *text)
{
	folder_problem(context, true, text);
}

static int take_pins(struct making *m)
{
	struct pins pins;
	const char *path = m->options->pins;
	if (!path)
		return CLI_OK;
	if (pins_load(&pins, path, say_pins, NULL))
		return refuse("pins", path, "no usable pin map");
	m->pins = open(path, O_RDONLY | O_CLOEXEC);
	return m->pins < 0 ? fail(path, -errno) : CLI_OK;
}

static int take_roster(struct making *m)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(m->dir, sizeof(m->dir), "%s/parvis-bundle-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(m->dir)) {
		int error = -errno;
		fail(m->dir, error);
		m->dir[0] = '\0';
		return CLI_FAILED;
	}
	snprintf(m->roster_path, sizeof(m->roster_path), "%s/roster.db", m->dir);
	int error = roster_part(m->options->event_dir, m->event, m->settings.venue, m->roster_path,
		&m->settings.registrations);
	if (error == -ENOENT) {
		fputs("note: the event has no roster: this door takes signed tickets and walk-ins\n",
			stderr);
		return CLI_OK;
	}
	if (error) {
		fprintf(stderr, "parvis: %s/roster.db: %s\n", m->options->event_dir,
			strerror(-error));
		return CLI_FAILED;
	}
	m->roster = open(m->roster_path, O_RDONLY | O_CLOEXEC);
	return m->roster < 0 ? fail(m->roster_path, -errno) : CLI_OK;
}

static int take_names(struct making *m)
{
	return kiosk_names(m->options->event_dir, m->event, m->settings.venue,
		m->options->pin_stdin, &m->names);
}

/* --- the file ----------------------------------------------------------------------------------
 */

static int open_aside(struct making *m)
{
	const struct options *o = m->options;
	char folder[PATH_MAX];
	int n = o->out ? snprintf(m->out, sizeof(m->out), "%s", o->out)
		       : snprintf(m->out, sizeof(m->out), "%s/" BUNDLES "/%s-%s" BUNDLE_SUFFIX,
				 o->event_dir, o->venue, o->door);
	if (n < 0 || (size_t)n >= sizeof(m->out))
		return fail("--out", -ENAMETOOLONG);
	snprintf(folder, sizeof(folder), "%s/" BUNDLES, o->event_dir);
	if (!o->out && mkdir(folder, 0700) && errno != EEXIST)
		return fail(folder, -errno);
	snprintf(m->aside, sizeof(m->aside), "%s.XXXXXX", m->out);
	m->fd = mkostemp(m->aside, O_CLOEXEC);
	if (m->fd >= 0)
		return CLI_OK;
	m->aside[0] = '\0';
	return fail(m->out, -errno);
}

static int sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	text_copy(copy, sizeof(copy), path);
	AUTO_FD fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A stick's file system may not know how to sync a folder. */
	return fd < 0 || (fsync(fd) && errno != EINVAL) ? -errno : 0;
}

static int write_out(struct making *m)
{
	uint64_t serial;
	int64_t now_ms = clock_now(0).wall_ms;
	int error = serial_next(m->options->event_dir, &serial);
	if (error == -EBADMSG) {
		fprintf(stderr,
			"parvis: %s/" SERIAL_FILE " holds no number: write the last serial that "
			"`parvis kiosk show` tells of the bundles\n",
			m->options->event_dir);
		return CLI_NO;
	}
	if (error)
		return fail(SERIAL_FILE, error);
	int result = identity_make(&m->identity, m->options->event_dir, m->event, m->issuer,
		&m->settings, serial, now_ms);
	if (result != CLI_OK)
		return result;
	struct bundle_source source = { .issuer = m->issuer,
		.event = m->event,
		.settings = &m->settings,
		.serial = serial,
		.created_ms = now_ms,
		.device_key = m->identity.key,
		.client = m->identity.client,
		.ca = m->identity.ca,
		.roster = m->roster,
		.names = m->names,
		.pins = m->pins };
	error = bundle_write(&m->bundle, m->fd, &source);
	if (!error && fsync(m->fd))
		error = -errno;
	if (!error && rename(m->aside, m->out))
		error = -errno;
	if (error)
		return fail(m->out, error);
	m->aside[0] = '\0';
	error = sync_folder_of(m->out);
	return error ? fail(m->out, error) : CLI_OK;
}

static void finish(struct making *m)
{
	identity_wipe(&m->identity);
	if (*m->aside)
		unlink(m->aside);
	if (*m->dir) {
		unlink(m->roster_path);
		rmdir(m->dir);
	}
	cc_close_fd(&m->roster);
	cc_close_fd(&m->pins);
	cc_close_fd(&m->names);
	cc_close_fd(&m->fd);
	issuer_close(m->issuer);
	event_free(m->event);
}

static void tell(const char *path, const struct bundle *b, const struct bundle_settings *s,
	const char *title)
{
	char created[WHEN_ISO_SIZE], shown[4 * EVENT_TEXT_SIZE], file[PATH_MAX];
	static const char *const ways[] = { "entry", "exit", "both" };
	when_iso(b->created_ms, created);
	text_printable(shown, sizeof(shown), title, strlen(title));
	text_printable(file, sizeof(file), path, strlen(path));
	printf("%s: %s: %s, venue %s, door %s (%s), %" PRIu64 " registrations, serial %" PRIu64
	       ", %s, %" PRIu64 " bytes, %s\n",
		file, b->short_hash, shown, s->venue, s->door, ways[s->doorway], s->registrations,
		b->serial, created, b->length, *s->printer ? s->printer : "no printer");
}

static int provision(int argc, char **argv)
{
	static int (*const steps[])(struct making *) = { take_settings, open_issuer, take_pins,
		take_roster, take_names, open_aside, write_out };
	struct options o;
	int status = read_options(argc, argv, &o);
	if (status >= 0)
		return usage(status ? stderr : stdout), status;
	struct making m = { .options = &o, .roster = -1, .pins = -1, .names = -1, .fd = -1 };
	int result = folder_open(&m.event, o.event_dir);
	for (size_t i = 0; result == CLI_OK && i < ARRAY_LEN(steps); i++)
		result = steps[i](&m);
	if (result == CLI_OK)
		tell(m.out, &m.bundle, &m.settings, m.event->title);
	finish(&m);
	return result;
}

/* --- show --------------------------------------------------------------------------------------
 */

static int show_one(const char *path)
{
	struct bundle b;
	struct bundle_settings settings;
	struct event *e = NULL;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(path, -errno);
	enum bundle_wrong wrong = bundle_verify(&b, fd);
	if (!wrong)
		wrong = bundle_contents(&b, fd, &e, &settings, folder_problem, NULL);
	if (wrong) {
		char shown[PATH_MAX];
		text_printable(shown, sizeof(shown), path, strlen(path));
		fprintf(stderr, "parvis: %s: %s\n", shown, bundle_wrong_texts[wrong]);
		return wrong == BUNDLE_UNREADABLE ? CLI_FAILED : CLI_NO;
	}
	tell(path, &b, &settings, e->title);
	event_free(e);
	return CLI_OK;
}

static int show(int argc, char **argv)
{
	int worst = CLI_OK;
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		int result = show_one(argv[i]);
		worst = result > worst ? result : worst;
	}
	return worst;
}

int cli_kiosk(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "provision"))
		return provision(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "show"))
		return show(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "revoke"))
		return kiosk_revoke(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "serve"))
		return kiosk_serve(argc - 1, argv + 1);
	usage(stderr);
	return CLI_USAGE;
}
