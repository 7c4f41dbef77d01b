#include "app/options.h"

#include "base/assets.h"
#include "base/text.h"
#include "port/broker_address.h"
#include "port/camera.h"
#include "port/scanner.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage_head[] =
	"usage: parvis-kiosk [OPTION...]\n"
	"\n"
	"The kiosk at the door: scans codes, admits, counts, shows.\n"
	"\n"
	"  --event DIR        the event's folder, in place of what the box has adopted\n"
	"  --bundle FILE      a bundle of `parvis kiosk provision` to adopt; may be repeated\n"
	"  --bundle-dir DIR   where bundles are looked for, now and later (default:\n"
	"                     " ADOPT_PLACE_BOOT ", and sticks below /media)\n"
	"  --venue ID         which of its venues this is (default: the first)\n"
	"  --door NAME        the name of this door, a-z 0-9 _ - (default: main)\n"
	"  --doorway WAY      entry, exit or both (default: entry)\n"
	"  --data DIR         where the log lives (default: /var/lib/parvis; with --script a\n"
	"                     directory of its own, removed at the end)\n"
	"  --camera SPEC      where frames come from\n";
static const char usage_middle[] = "  --scanner SPEC     a hand scanner\n";
static const char usage_tail[] =
	"  --pins FILE        GPIO pin map of lamps, buzzer, door and buttons\n"
	"  --printer URI      a label printer for walk-ins' badges: ipp://host/ipp/print\n"
	"  --label WxH        the size of its labels in mm (default: 62x29)\n"
	"  --labels N         a new roll: so many labels are left\n"
	"  --reader SOCKET    where a service manager has the reading process started (default: a\n"
	"                     child of this program)\n"
	"  --stick-dir DIR    a directory in place of a USB stick, for the copy of the log\n"
	"  --broker URL       a broker: mqtt://host[:port] or mqtts://host[:port], the best first;\n"
	"                     in place of the event's; may be repeated\n"
	"  --tls-ca FILE      whose certificates brokers show, as PEM (default: the box's)\n"
	"  --tls-cert FILE    the certificate that this box shows (default: the box's)\n"
	"  --tls-key FILE     its key (default: in the same file)\n"
	"  --host-broker PORT be the venue's broker for when there is no internet\n"
	"  --panel window     draw lamps and buttons beside the kiosk, for a desk without GPIO\n"
	"  --size WxH         of the window or picture (default: 1280x800)\n"
	"  --fullscreen       take the whole screen\n"
	"  --offscreen        draw without any display\n"
	"  --lang CODE        the house's language: fr or en (default: the event's first)\n"
	"  --mute             no sound\n"
	"  --assets DIR       fonts, sounds and the demo event (default: found by itself)\n"
	"  --script FILE      rehearse: play a scripted evening with a scripted clock\n"
	"  --shots DIR        where the script's pictures go (default: the working directory)\n"
	"  --is-closed        only say whether the event is surely not on, as status 0 or 1\n"
	"  --help             this text\n"
	"  --version          the version\n"
	"\n"
	"Exit status: 0 done, 1 a line of the script did not hold, 2 wrong use, 3 could not run.\n"
	"The script's commands are in parvis-kiosk(1).\n";

enum option_id {
	OPTION_EVENT = 256,
	OPTION_BUNDLE,
	OPTION_BUNDLE_DIR,
	OPTION_VENUE,
	OPTION_DOOR,
	OPTION_DOORWAY,
	OPTION_DATA,
	OPTION_CAMERA,
	OPTION_SCANNER,
	OPTION_PINS,
	OPTION_PANEL,
	OPTION_PRINTER,
	OPTION_LABEL,
	OPTION_LABELS,
	OPTION_READER,
	OPTION_STICK_DIR,
	OPTION_BROKER,
	OPTION_TLS_CA,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	OPTION_HOST_BROKER,
	OPTION_SIZE,
	OPTION_FULLSCREEN,
	OPTION_OFFSCREEN,
	OPTION_LANG,
	OPTION_MUTE,
	OPTION_ASSETS,
	OPTION_SCRIPT,
	OPTION_SHOTS,
	OPTION_IS_CLOSED,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "event", required_argument, NULL, OPTION_EVENT },
	{ "bundle", required_argument, NULL, OPTION_BUNDLE },
	{ "bundle-dir", required_argument, NULL, OPTION_BUNDLE_DIR },
	{ "venue", required_argument, NULL, OPTION_VENUE },
	{ "door", required_argument, NULL, OPTION_DOOR },
	{ "doorway", required_argument, NULL, OPTION_DOORWAY },
	{ "data", required_argument, NULL, OPTION_DATA },
	{ "camera", required_argument, NULL, OPTION_CAMERA },
	{ "scanner", required_argument, NULL, OPTION_SCANNER },
	{ "pins", required_argument, NULL, OPTION_PINS },
	{ "panel", required_argument, NULL, OPTION_PANEL },
	{ "printer", required_argument, NULL, OPTION_PRINTER },
	{ "label", required_argument, NULL, OPTION_LABEL },
	{ "labels", required_argument, NULL, OPTION_LABELS },
	{ "reader", required_argument, NULL, OPTION_READER },
	{ "stick-dir", required_argument, NULL, OPTION_STICK_DIR },
	{ "broker", required_argument, NULL, OPTION_BROKER },
	{ "tls-ca", required_argument, NULL, OPTION_TLS_CA },
	{ "tls-cert", required_argument, NULL, OPTION_TLS_CERT },
	{ "tls-key", required_argument, NULL, OPTION_TLS_KEY },
	{ "host-broker", required_argument, NULL, OPTION_HOST_BROKER },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "fullscreen", no_argument, NULL, OPTION_FULLSCREEN },
	{ "offscreen", no_argument, NULL, OPTION_OFFSCREEN },
	{ "lang", required_argument, NULL, OPTION_LANG },
	{ "mute", no_argument, NULL, OPTION_MUTE },
	{ "assets", required_argument, NULL, OPTION_ASSETS },
	{ "script", required_argument, NULL, OPTION_SCRIPT },
	{ "shots", required_argument, NULL, OPTION_SHOTS },
	{ "is-closed", no_argument, NULL, OPTION_IS_CLOSED },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static bool wrong(const char *option, const char *want)
{
	fprintf(stderr, "parvis-kiosk: --%s takes %s\n", option, want);
	return false;
}

static bool read_doorway(struct options *o, const char *text)
{
	static const char *const ways[] = {
		[DOOR_ENTRY] = "entry", [DOOR_EXIT] = "exit", [DOOR_BOTH] = "both"
	};
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (strcmp(text, ways[i]))
			continue;
		o->doorway = (enum doorway)i;
		return true;
	}
	return wrong("doorway", "entry, exit or both");
}

static bool read_size(struct options *o, const char *text)
{
	unsigned width, height;
	char rest;
	if (sscanf(text, "%4ux%4u%c", &width, &height, &rest) != 2)
		return wrong("size", "WIDTHxHEIGHT in pixels, such as 800x480");
	o->width = width;
	o->height = height;
	return true;
}

static bool read_label(struct options *o, const char *text)
{
	unsigned width, height;
	char rest;
	if (sscanf(text, "%3ux%3u%c", &width, &height, &rest) != 2 || width < 20 || width > 500 ||
		height < 20 || height > 500)
		return wrong("label", "WIDTHxHEIGHT in mm, 20 to 500 each, such as 62x29");
	o->label_width_um = width * 1000;
	o->label_height_um = height * 1000;
	return true;
}

static bool read_labels(struct options *o, const char *text)
{
	unsigned labels;
	char rest;
	if (sscanf(text, "%6u%c", &labels, &rest) != 1 || strchr("+-", *text))
		return wrong("labels", "a number of labels");
	o->labels = labels;
	return true;
}

static bool read_port(struct options *o, const char *text)
{
	unsigned port;
	char rest;
	if (sscanf(text, "%5u%c", &port, &rest) != 1 || !port || port > 65535 ||
		strchr("+-", *text))
		return wrong("host-broker", "a port, 1 to 65535");
	o->host_broker = (int)port;
	return true;
}

static bool add_broker(struct options *o, const char *text)
{
	struct broker_address address;
	if (o->broker_count == ARRAY_LEN(o->brokers) || broker_address_read(&address, text))
		return wrong("broker",
			"mqtt://host[:port] or mqtts://host[:port], without name and "
			"password, and is given seven times at most");
	o->brokers[o->broker_count++] = text;
	return true;
}

static bool read_door(struct options *o, const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!n || text[n] || n >= ID_SIZE)
		return wrong("door", "a name of at most 31 characters of a-z 0-9 _ -");
	o->door = text;
	return true;
}

static bool read_path(char out[PATH_MAX], const char *option, const char *text)
{
	if (!*text || !text_copy(out, PATH_MAX, text))
		return wrong(option, "a path");
	return true;
}

static bool add_place(const char **places, size_t *count, const char *option, const char *value)
{
	if (!*value || *count == ADOPT_PLACES_MAX)
		return wrong(option, "a path, and is given eight times at most");
	places[(*count)++] = value;
	return true;
}

/* Where a text is kept as it is given; NULL: not of this option. */
static const char **kept_at(struct options *o, int id)
{
	const struct {
		int id;
		const char **text;
	} texts[] = {
		{ OPTION_VENUE, &o->venue },
		{ OPTION_CAMERA, &o->camera },
		{ OPTION_SCANNER, &o->scanner },
		{ OPTION_PINS, &o->pins },
		{ OPTION_PRINTER, &o->printer },
		{ OPTION_TLS_CA, &o->tls_ca },
		{ OPTION_TLS_CERT, &o->tls_cert },
		{ OPTION_TLS_KEY, &o->tls_key },
		{ OPTION_READER, &o->reader },
		{ OPTION_STICK_DIR, &o->stick_dir },
		{ OPTION_LANG, &o->language },
		{ OPTION_SCRIPT, &o->script },
		{ OPTION_SHOTS, &o->shots },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].id == id)
			return texts[i].text;
	return NULL;
}

static bool take(struct options *o, int id, const char *value)
{
	const char **text = kept_at(o, id);
	if (text) {
		*text = value;
		return true;
	}
	switch (id) {
	case OPTION_EVENT:
		return read_path(o->event, "event", value);
	case OPTION_BUNDLE:
		return add_place(o->places.files, &o->places.file_count, "bundle", value);
	case OPTION_BUNDLE_DIR:
		return add_place(o->places.dirs, &o->places.dir_count, "bundle-dir", value);
	case OPTION_DATA:
		return read_path(o->data, "data", value);
	case OPTION_ASSETS:
		return read_path(o->assets, "assets", value);
	case OPTION_DOOR:
		return read_door(o, value);
	case OPTION_DOORWAY:
		return read_doorway(o, value);
	case OPTION_LABEL:
		return read_label(o, value);
	case OPTION_LABELS:
		return read_labels(o, value);
	case OPTION_BROKER:
		return add_broker(o, value);
	case OPTION_HOST_BROKER:
		return read_port(o, value);
	case OPTION_PANEL:
		o->panel = true;
		return !strcmp(value, "window") || wrong("panel", "window");
	case OPTION_SIZE:
		return read_size(o, value);
	case OPTION_FULLSCREEN:
		o->fullscreen = true;
		return true;
	case OPTION_OFFSCREEN:
		o->offscreen = true;
		return true;
	case OPTION_IS_CLOSED:
		o->is_closed = true;
		return true;
	case OPTION_MUTE:
		o->mute = true;
		return true;
	default:
		return false;
	}
}

/* Without an event of its own the kiosk is what its box is; a rehearsal, and a desk that has never
 * seen a bundle, play the demo event. */
static bool is_from_box(const struct options *o, bool data_given)
{
	char path[PATH_MAX + 16];
	if (*o->event)
		return false;
	if (o->places.file_count || o->places.dir_count || (data_given && !o->script))
		return true;
	snprintf(path, sizeof(path), "%s/box", o->data);
	return *o->data && !access(path, F_OK);
}

void options_use_box(struct options *o, const struct box *box)
{
	o->box = box;
	text_copy(o->event, sizeof(o->event), box->dir);
	o->venue = box->settings.venue;
	o->door = box->settings.door;
	o->doorway = box->settings.doorway;
	if (!o->printer || o->printer == box->settings.printer)
		o->printer = *box->settings.printer ? box->settings.printer : NULL;
	if (o->pins && o->pins != o->box_pins)
		return; /* given on the command line: what is wired here is known here */
	o->pins = NULL;
	if (!box->bundle.parts[BUNDLE_PINS].present)
		return;
	int n = snprintf(o->box_pins, sizeof(o->box_pins), "%s/%s", box->dir,
		bundle_part_names[BUNDLE_PINS]);
	if (n > 0 && (size_t)n < sizeof(o->box_pins))
		o->pins = o->box_pins;
}

static bool fill_defaults(struct options *o)
{
	bool data_given = *o->data;
	if (!*o->assets && !assets_find(o->assets)) {
		fprintf(stderr,
			"parvis-kiosk: no assets folder beside the program; give --assets\n");
		return false;
	}
	if (!*o->data && !o->script)
		text_copy(o->data, sizeof(o->data), "/var/lib/parvis");
	o->from_box = is_from_box(o, data_given);
	if (o->from_box && !*o->data) {
		fprintf(stderr, "parvis-kiosk: a bundle needs --data, where the box is kept\n");
		return false;
	}
	if (!*o->event && !o->from_box) {
		int n = snprintf(o->event, sizeof(o->event), "%s/demo", o->assets);
		if (n < 0 || (size_t)n >= sizeof(o->event))
			return wrong("assets", "a shorter path");
	}
	if (o->offscreen && !o->script) {
		fprintf(stderr, "parvis-kiosk: --offscreen shows nothing without --script\n");
		return false;
	}
	return true;
}

enum options_result options_read(struct options *out, int argc, char **argv)
{
	struct options o = { .door = "main",
		.width = 1280,
		.height = 800,
		.labels = -1,
		.label_width_um = 62000,
		.label_height_um = 29000 };
	int id;
	opterr = 0;
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == OPTION_HELP) {
			printf("%s%s%s%s%s", usage_head, camera_usage, usage_middle, scanner_usage,
				usage_tail);
			return OPTIONS_DONE;
		}
		if (id == OPTION_VERSION) {
			puts("parvis-kiosk " PARVIS_VERSION);
			return OPTIONS_DONE;
		}
		if (id == '?' || id == ':') {
			char shown[128];
			const char *bad = argv[optind - 1];
			text_printable(shown, sizeof(shown), bad, strlen(bad));
			fprintf(stderr,
				"parvis-kiosk: %s: no such option, or its value is missing\n",
				shown);
			return OPTIONS_WRONG;
		}
		if (!take(&o, id, optarg))
			return OPTIONS_WRONG;
	}
	if (optind < argc) {
		fprintf(stderr, "parvis-kiosk: takes options only; see --help\n");
		return OPTIONS_WRONG;
	}
	if (!fill_defaults(&o))
		return OPTIONS_WRONG;
	*out = o;
	return OPTIONS_RUN;
}
