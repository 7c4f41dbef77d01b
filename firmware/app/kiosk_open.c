#include "app/kiosk_parts.h"

#include "base/log.h"
#include "base/text.h"
#include "port/camera.h"
#include "port/clock.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ANSWER_MS 30000
#define LOCK_WAIT_MS    3000 /* for a kiosk that is just ending */

enum exit_status { EXIT_OK, EXIT_NOT_SO, EXIT_WRONG, EXIT_FAILED };

static void say_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	fprintf(stderr, "%s%s\n", fatal ? "" : "note: ", text);
}

static void say_pin_problem(void *context, const char *text)
{
	say_problem(context, true, text);
}

static int say_wrong_venue(const struct kiosk *k)
{
	char shown[64];
	text_printable(shown, sizeof(shown), k->options->venue, strlen(k->options->venue));
	fprintf(stderr, "parvis-kiosk: %s/event.ini has no venue \"%s\"; it has", k->options->event,
		shown);
	for (uint32_t i = 0; i < k->event->venue_count; i++)
		fprintf(stderr, "%s %s", i ? "," : "", k->event->venues[i].id);
	fprintf(stderr, "\n");
	return EXIT_WRONG;
}

/* The newest moment that is known to have passed: the event file has been written. */
static int64_t find_clock_floor(const struct options *o)
{
	char path[PATH_MAX + 16];
	struct stat st;
	snprintf(path, sizeof(path), "%s/event.ini", o->event);
	return stat(path, &st) ? 0 : (int64_t)st.st_mtime * 1000;
}

static int open_event(struct kiosk *k)
{
	const struct options *o = k->options;
	int error = event_load(&k->event, o->event, say_problem, NULL);
	if (error) {
		fprintf(stderr, "parvis-kiosk: %s: the event cannot be used: %s\n", o->event,
			strerror(-error));
		return EXIT_FAILED;
	}
	k->venue = o->venue ? event_venue(k->event, o->venue) : &k->event->venues[0];
	if (!k->venue)
		return say_wrong_venue(k);
	k->clock_floor_ms = find_clock_floor(o);
	if (venues_list(&k->venues, k->event, k->venue)) {
		fprintf(stderr, "parvis-kiosk: %s: no memory for its venues\n", o->event);
		return EXIT_FAILED;
	}
	struct admission_rules *r = &k->rules;
	text_copy(r->venue, sizeof(r->venue), k->venue->id);
	text_copy(r->door, sizeof(r->door), o->door);
	r->doorway = o->doorway;
	r->reentry = k->event->reentry;
	r->capacity_seats = k->venue->capacity_seats;
	return EXIT_OK;
}

static int open_data(struct kiosk *k)
{
	if (*k->options->data)
		return EXIT_OK;
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/parvis-rehearsal-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path)) {
		fprintf(stderr, "parvis-kiosk: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	k->own_data_dir = strdup(path);
	return k->own_data_dir ? EXIT_OK : EXIT_FAILED;
}

static bool find_language(const struct kiosk *k, enum language *out)
{
	*out = k->event->language;
	for (int i = 0; k->options->language && i < LANGUAGE_COUNT; i++) {
		if (strcmp(k->options->language, language_codes[i]))
			continue;
		*out = (enum language)i;
		return true;
	}
	return !k->options->language;
}

static int open_screen(struct kiosk *k)
{
	const struct options *o = k->options;
	struct ui_setup setup = {
		.width = o->width,
		.height = o->height,
		.offscreen = o->offscreen,
		.fullscreen = o->fullscreen,
		.panel = o->panel,
		.sound = !o->mute && !o->script,
		.assets = o->assets,
	};
	int error = ui_open(&k->ui, &setup);
	if (!error)
		return EXIT_OK;
	const char *why = error == -ENODEV   ? "no display; with --offscreen none is needed"
			  : error == -EINVAL ? "this size cannot be drawn"
					     : strerror(-error);
	fprintf(stderr, "parvis-kiosk: the screen cannot be opened: %s\n", why);
	return error == -EINVAL ? EXIT_WRONG : EXIT_FAILED;
}

static int open_pins(struct kiosk *k)
{
	if (!k->options->pins)
		return EXIT_OK;
	int error = pins_load(&k->pins, k->options->pins, say_pin_problem, NULL);
	if (!error) {
		k->has_pins = true;
		return EXIT_OK;
	}
	fprintf(stderr, "parvis-kiosk: %s: no usable pin map: %s\n", k->options->pins,
		strerror(-error));
	return EXIT_WRONG;
}

static int say_kind(const char *option, const char *value, const char *kinds, int error)
{
	char shown[128];
	text_printable(shown, sizeof(shown), value, strlen(value));
	fprintf(stderr, "parvis-kiosk: --%s %s: %s; it can be\n%s", option, shown, strerror(-error),
		kinds);
	return EXIT_WRONG;
}

static int open_printing(struct kiosk *k)
{
	const struct options *o = k->options;
	if (!o->printer)
		return EXIT_OK;
	struct printing_setup setup = {
		.data_dir = k->own_data_dir ? k->own_data_dir : o->data,
		.uri = o->printer,
		.assets = o->assets,
		.width_um = o->label_width_um,
		.height_um = o->label_height_um,
		.labels = o->labels,
		.event_title = k->event->title,
		.venue_name = k->venue->name,
	};
	int error = printing_start(&k->printing, &setup);
	if (!error)
		return EXIT_OK;
	fprintf(stderr, "parvis-kiosk: --printer %s: %s\n", o->printer,
		error == -EINVAL ? "not an ipp:// or ipps:// address" : strerror(-error));
	return error == -EINVAL ? EXIT_WRONG : EXIT_FAILED;
}

static int open_parts(struct kiosk *k)
{
	const struct options *o = k->options;
	int error = lens_open(&k->lens, o->camera, o->reader);
	if (error == -EINVAL && o->camera)
		return say_kind("camera", o->camera, camera_usage, error);
	if (error) {
		fprintf(stderr, "parvis-kiosk: the reading process cannot be started: %s\n",
			strerror(-error));
		return EXIT_FAILED;
	}
	error = wand_open(&k->wand, o->scanner, k->has_pins ? &k->pins : NULL);
	if (error)
		return say_kind("scanner", o->scanner ? o->scanner : "", scanner_usage, error);
	struct porter_setup porter = {
		.pin_hash = k->event->staff_pin,
		.event_dir = o->event,
		.data_dir = k->own_data_dir ? k->own_data_dir : o->data,
		.search = k->event->staff_search,
	};
	if (*k->event->staff_pin && porter_start(&k->porter, &porter))
		return EXIT_FAILED;
	int status = open_printing(k);
	if (status != EXIT_OK)
		return status;
	kiosk_open_sync(k);
	struct clerk_setup setup = {
		.data_dir = k->own_data_dir ? k->own_data_dir : o->data,
		.event_dir = o->event,
		.event = k->event,
		.rules = k->rules,
		.post = k->post,
	};
	if (k->key)
		device_key_id(k->key, setup.device);
	if (clerk_start(&k->clerk, &setup))
		return EXIT_FAILED;
	kiosk_start_sync(k);
	kiosk_open_stick(k);
	return EXIT_OK;
}

static void set_up_desk(struct kiosk *k, struct desk_setup *s)
{
	*s = (struct desk_setup){
		.event_title = k->event->title,
		.venue_name = k->venue->name,
		.venue_address = k->venue->address,
		.debate = k->venue->debate,
		.rules = k->rules,
		.venues = k->venues.list,
		.venue_count = k->event->venue_count,
		.venues_by_id = k->venues.by_id,
		.fleet = k->venues.fleet,
		.languages = k->event->languages,
		.has_camera = k->options->camera || k->options->script,
		.has_scanner = k->options->scanner != NULL,
		.badges = k->event->walk_in_badges,
		.has_pin = *k->event->staff_pin != '\0',
		.start_ms = k->event->opens_ms,
	};
	bool known = find_language(k, &s->language);
	(void)known; /* checked when the options were */
	s->languages |= 1U << s->language;
}

static int begin(struct kiosk *k)
{
	struct desk_setup setup;
	struct clerk_reply *first = &k->reply;
	set_up_desk(k, &setup);
	if (clerk_answer(k->clerk, first, FIRST_ANSWER_MS)) {
		fprintf(stderr, "parvis-kiosk: %s: the log does not open within %d s\n",
			k->options->data, FIRST_ANSWER_MS / 1000);
		return EXIT_FAILED;
	}
	if (first->answer == CLERK_FAULT && first->error == -EBUSY &&
		clerk_answer(k->clerk, first, LOCK_WAIT_MS)) {
		fprintf(stderr,
			"parvis-kiosk: %s: another kiosk writes to this directory: give each its "
			"own --data\n",
			k->options->data);
		return EXIT_FAILED;
	}
	if (k->options->script) {
		struct when start = {
			.wall_ms = k->event->opens_ms, .mono_ms = 1000, .trust = TRUST_SYNCED
		};
		kiosk_set_time(k, &start);
	}
	struct headcount none;
	headcount_init(&none, k->rules.venue, k->event->opens_ms);
	bool opened = first->answer == CLERK_OPENED;
	struct when now = kiosk_now(k);
	setup.registered = first->registered;
	desk_init(&k->desk, &setup, opened ? &first->result.count : &none,
		first->result.registered_in, &now);
	kiosk_take_reply(k, first);
	if (ui_mute(k->ui))
		kiosk_faults(k, FAULT_SOUND, FAULT_SOUND);
	return EXIT_OK;
}

int kiosk_open(struct kiosk **out, const struct options *options)
{
	static int (*const steps[])(struct kiosk *) = {
		open_event,
		open_data,
		open_pins,
		open_screen,
		open_parts,
		begin,
	};
	struct kiosk *k = calloc(1, sizeof(*k));
	if (!k)
		return EXIT_FAILED;
	k->options = options;
	k->dirty = true;
	int status = EXIT_OK;
	for (size_t i = 0; i < ARRAY_LEN(steps) && status == EXIT_OK; i++)
		status = steps[i](k);
	enum language language;
	if (status == EXIT_OK && !find_language(k, &language)) {
		fprintf(stderr, "parvis-kiosk: --lang takes fr or en\n");
		status = EXIT_WRONG;
	}
	if (status != EXIT_OK) {
		kiosk_close(k);
		return status;
	}
	*out = k;
	return EXIT_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

void kiosk_close(struct kiosk *k)
{
	if (!k)
		return;
	if (k->lamps)
		lamps_close(k->lamps);
	wand_close(k->wand);
	lens_close(k->lens);
	porter_stop(k->porter);
	printing_stop(k->printing);
	stick_stop(k->stick);
	kiosk_end_series(k);
	kiosk_stop_sync(k);
	clerk_stop(k->clerk);
	kiosk_close_sync(k);
	free(k->moved);
	if (k->ui)
		ui_close(k->ui);
	if (k->own_data_dir && nftw(k->own_data_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS))
		log_warning("%s: could not be removed: %s", k->own_data_dir, strerror(errno));
	free(k->own_data_dir);
	venues_free(&k->venues);
	if (k->event)
		event_free(k->event);
	explicit_bzero(k, sizeof(*k));
	free(k);
}
