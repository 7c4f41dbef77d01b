#include "app/options.h"

#include "base/assets.h"
#include "base/flags.h"
#include "base/text.h"
#include "port/broker_address.h"
#include "port/camera.h"
#include "port/scanner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "parvis-kiosk"

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
	"  --default-pins FILE  the same, where the box's bundle has none\n"
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

/* --- values: NULL, or what the option takes ------------------------------------------------------
 */

static const char *take_doorway(void *context, const char *value)
{
	static const char *const ways[] = {
		[DOOR_ENTRY] = "entry", [DOOR_EXIT] = "exit", [DOOR_BOTH] = "both"
	};
	struct options *o = context;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (strcmp(value, ways[i]))
			continue;
		o->doorway = (enum doorway)i;
		return NULL;
	}
	return "entry, exit or both";
}

static const char *take_size(void *context, const char *value)
{
	struct options *o = context;
	char rest;
	bool good = sscanf(value, "%4ux%4u%c", &o->width, &o->height, &rest) == 2;
	return good ? NULL : "WIDTHxHEIGHT in pixels, such as 800x480";
}

static const char *take_label(void *context, const char *value)
{
	struct options *o = context;
	unsigned width, height;
	char rest;
	if (sscanf(value, "%3ux%3u%c", &width, &height, &rest) != 2 || width < 20 || width > 500 ||
		height < 20 || height > 500)
		return "WIDTHxHEIGHT in mm, 20 to 500 each, such as 62x29";
	o->label_width_um = width * 1000;
	o->label_height_um = height * 1000;
	return NULL;
}

static const char *take_labels(void *context, const char *value)
{
	struct options *o = context;
	unsigned labels;
	char rest;
	if (sscanf(value, "%6u%c", &labels, &rest) != 1 || strchr("+-", *value))
		return "a number of labels";
	o->labels = labels;
	return NULL;
}

static const char *take_port(void *context, const char *value)
{
	struct options *o = context;
	unsigned port;
	char rest;
	if (sscanf(value, "%5u%c", &port, &rest) != 1 || !port || port > 65535 ||
		strchr("+-", *value))
		return "a port, 1 to 65535";
	o->host_broker = (int)port;
	return NULL;
}

static const char *take_broker(void *context, const char *value)
{
	struct options *o = context;
	struct broker_address address;
	if (o->broker_count == ARRAY_LEN(o->brokers) || broker_address_read(&address, value))
		return "mqtt://host[:port] or mqtts://host[:port], without name and password, and "
		       "is given seven times at most";
	o->brokers[o->broker_count++] = value;
	return NULL;
}

static const char *take_door(void *context, const char *value)
{
	struct options *o = context;
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!n || value[n] || n >= ID_SIZE)
		return "a name of at most 31 characters of a-z 0-9 _ -";
	o->door = value;
	return NULL;
}

static const char *take_panel(void *context, const char *value)
{
	struct options *o = context;
	o->panel = true;
	return strcmp(value, "window") ? "window" : NULL;
}

/* Into a buffer of PATH_MAX. */
static const char *take_path(void *context, const char *value)
{
	return *value && text_copy(context, PATH_MAX, value) ? NULL : "a path";
}

static const char *add_place(const char **places, size_t *count, const char *value)
{
	if (!*value || *count == ADOPT_PLACES_MAX)
		return "a path, and is given eight times at most";
	places[(*count)++] = value;
	return NULL;
}

static const char *take_bundle(void *context, const char *value)
{
	struct adopt_places *p = context;
	return add_place(p->files, &p->file_count, value);
}

static const char *take_bundle_dir(void *context, const char *value)
{
	struct adopt_places *p = context;
	return add_place(p->dirs, &p->dir_count, value);
}

/* --- what was not said ---------------------------------------------------------------------------
 */

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
	if (o->pins && o->pins != o->box_pins && o->pins != o->default_pins)
		return; /* given on the command line: what is wired here is known here */
	o->pins = o->default_pins;
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
	if (!o->pins && !o->from_box)
		o->pins = o->default_pins;
	if (o->from_box && !*o->data) {
		fprintf(stderr, "parvis-kiosk: a bundle needs --data, where the box is kept\n");
		return false;
	}
	if (!*o->event && !o->from_box) {
		int n = snprintf(o->event, sizeof(o->event), "%s/demo", o->assets);
		if (n < 0 || (size_t)n >= sizeof(o->event))
			return flags_wrong(PROGRAM, "--assets takes a shorter path"), false;
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
	bool version = false;
	const struct flag flags[] = {
		{ "event", .take = take_path, .context = o.event },
		{ "bundle", .take = take_bundle, .context = &o.places },
		{ "bundle-dir", .take = take_bundle_dir, .context = &o.places },
		{ "venue", .text = &o.venue },
		{ "door", .take = take_door, .context = &o },
		{ "doorway", .take = take_doorway, .context = &o },
		{ "data", .take = take_path, .context = o.data },
		{ "camera", .text = &o.camera },
		{ "scanner", .text = &o.scanner },
		{ "pins", .text = &o.pins },
		{ "default-pins", .text = &o.default_pins },
		{ "panel", .take = take_panel, .context = &o },
		{ "printer", .text = &o.printer },
		{ "label", .take = take_label, .context = &o },
		{ "labels", .take = take_labels, .context = &o },
		{ "reader", .text = &o.reader },
		{ "stick-dir", .text = &o.stick_dir },
		{ "broker", .take = take_broker, .context = &o },
		{ "tls-ca", .text = &o.tls_ca },
		{ "tls-cert", .text = &o.tls_cert },
		{ "tls-key", .text = &o.tls_key },
		{ "host-broker", .take = take_port, .context = &o },
		{ "size", .take = take_size, .context = &o },
		{ "fullscreen", .set = &o.fullscreen },
		{ "offscreen", .set = &o.offscreen },
		{ "lang", .text = &o.language },
		{ "mute", .set = &o.mute },
		{ "assets", .take = take_path, .context = o.assets },
		{ "script", .text = &o.script },
		{ "shots", .text = &o.shots },
		{ "is-closed", .set = &o.is_closed },
		{ "version", .set = &version },
		{ 0 },
	};
	enum flags_end end = flags_read(PROGRAM, flags, argc, argv, NULL);
	if (end == FLAGS_HELP) {
		printf("%s%s%s%s%s", usage_head, camera_usage, usage_middle, scanner_usage,
			usage_tail);
		return OPTIONS_DONE;
	}
	if (end == FLAGS_GO_ON && version) {
		puts("parvis-kiosk " PARVIS_VERSION);
		return OPTIONS_DONE;
	}
	if (end != FLAGS_GO_ON || !fill_defaults(&o))
		return OPTIONS_WRONG;
	os_release_version(OS_RELEASE, o.system_version);
	*out = o;
	return OPTIONS_RUN;
}
