#include "app/threshold.h"

#include "app/kiosk.h"
#include "app/lens.h"
#include "app/pairing.h"
#include "app/place_watch.h"
#include "app/script_line.h"
#include "base/log.h"
#include "base/text.h"
#include "port/clock.h"
#include "ui/ui.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUND_MS  20
#define DRAW_MS   200 /* what nobody touches changes by its clock alone */
#define UPDATE_S  10  /* how long an update is shown before it is taken */
#define MOVE_S    60  /* how long a person has to agree before the door opens as it was */
#define REFUSED_S 15  /* how long a refusal is shown before the door opens */

struct threshold {
	const struct options *options;
	struct adopt_places places;
	struct place_watch *watch;
	unsigned long looked; /* what was in the places when they were last looked at */

	struct box *box;
	bool has_box;
	bool no_store;   /* there is nothing to read a box from, or to write one to */
	uint32_t before; /* the folder that the box was when it was last opened; 0: none */
	struct adopt_offer *offers;
	size_t count, at;
	char paired[PATH_MAX]; /* where the bundle of a pairing code is put; "": none was */
	bool pairing_failed;
	struct lens *lens;
	bool failed;                    /* the disk did not take the offer that is shown */
	uint8_t left[BUNDLE_HASH_SIZE]; /* what a person has turned down; not asked again */
	bool has_left;

	struct ui *ui;
	enum language language;
	enum control focus;
	int64_t until_ms; /* 0: for ever */
	FILE *script;
	unsigned lines;
};

bool threshold_news(struct threshold *t)
{
	return place_watch_seen(t->watch) != t->looked;
}

bool threshold_calls(struct threshold *t)
{
	unsigned long seen = place_watch_seen(t->watch);
	if (seen == PLACES_EMPTY)
		t->looked = seen;
	return seen != t->looked;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static void find_places(struct adopt_places *p, const struct options *o)
{
	static const char *const usual[] = { ADOPT_PLACE_BOOT, ADOPT_PLACE_MEDIA,
		ADOPT_PLACE_MEDIA2 };
	*p = o->places;
	if (p->dir_count || p->file_count || o->script)
		return;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		p->dirs[p->dir_count++] = usual[i];
}

int threshold_open(struct threshold **out, const struct options *options)
{
	struct threshold *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->options = options;
	find_places(&t->places, options);
	t->offers = calloc(ADOPT_OFFERS_MAX, sizeof(*t->offers));
	int error = t->offers ? place_watch_open(&t->watch, &t->places) : -ENOMEM;
	if (error) {
		free(t->offers);
		free(t);
		return error;
	}
	t->looked = place_watch_seen(t->watch);
	*out = t;
	return 0;
}

void threshold_close(struct threshold *t)
{
	if (!t)
		return;
	place_watch_close(t->watch);
	free(t->offers);
	free(t);
}

/* --- what is shown -----------------------------------------------------------------------------
 */

static struct adopt_offer *offer_now(struct threshold *t)
{
	return t->at < t->count ? &t->offers[t->at] : NULL;
}

static struct screen_box offer_values(const struct adopt_offer *o)
{
	return (struct screen_box){ .event_title = o->event_title,
		.venue_name = o->venue_name,
		.door = o->settings.door,
		.registrations = o->settings.registrations,
		.serial = o->bundle.serial,
		.short_hash = o->bundle.short_hash };
}

static enum screen_adopt_state state_now(struct threshold *t)
{
	const struct adopt_offer *o = offer_now(t);
	return t->no_store         ? SCREEN_ADOPT_STORAGE
	       : t->pairing_failed ? SCREEN_ADOPT_PAIRING
	       : !o                ? SCREEN_ADOPT_EMPTY
	       : t->failed         ? SCREEN_ADOPT_FAILED
				   : adopt_state(o);
}

static void draw(struct threshold *t)
{
	const struct adopt_offer *o = offer_now(t);
	struct when now = clock_now(0);
	struct screen s;
	memset(&s, 0, sizeof(s)); /* the padding, too: pages are compared as bytes */
	s.id = SCREEN_ADOPT;
	s.language = t->language;
	s.languages = (1U << LANGUAGE_COUNT) - 1;
	s.text_percent = 100;
	s.focus = t->focus;
	s.now = now;
	s.event_title = s.venue_name = s.venue_address = s.debate = s.door = "";
	s.place.name = s.place.address = "";
	s.adopt = state_now(t);
	s.faults = t->no_store ? FAULT_STORE_BROKEN : 0;
	s.offer_at = (uint16_t)(t->at + 1);
	s.offer_of = (uint16_t)t->count;
	if (o) {
		const char *slash = strrchr(o->path, '/');
		s.offer = offer_values(o);
		s.offer_file = slash ? slash + 1 : o->path;
	}
	if (t->has_box)
		s.box = box_screen(t->box);
	s.system_version = t->options->system_version;
	if (t->until_ms)
		s.adopt_s = (uint16_t)((t->until_ms - now.mono_ms + 999) / 1000);
	ui_draw(t->ui, &s, 0);
}

/* --- deciding ----------------------------------------------------------------------------------
 */

enum outcome { OUTCOME_WAIT, OUTCOME_DOOR, OUTCOME_QUIT, OUTCOME_BROKEN };

static void set_time_limit(struct threshold *t)
{
	const struct adopt_offer *o = offer_now(t);
	t->until_ms = 0;
	if (!t->has_box || t->script || !o)
		return;
	int64_t seconds = t->failed || o->worth >= ADOPT_SAME ? REFUSED_S
			  : o->worth == ADOPT_UPDATE          ? UPDATE_S
							      : MOVE_S;
	t->until_ms = clock_now(0).mono_ms + seconds * 1000;
}

/* What was turned down is not offered again by itself. */
static bool was_left(const struct threshold *t, const struct adopt_offer *o)
{
	return t->has_left && !memcmp(t->left, o->bundle.hash, sizeof(t->left));
}

static void look(struct threshold *t)
{
	t->looked = place_watch_look(t->watch);
	t->count = t->no_store ? 0 : adopt_look(&t->places, t->has_box ? t->box : NULL, t->offers);
	size_t kept = 0;
	for (size_t i = 0; i < t->count; i++)
		if (!was_left(t, &t->offers[i])) {
			if (kept != i)
				t->offers[kept] = t->offers[i];
			kept++;
		}
	t->count = kept;
	t->at = 0;
	t->failed = t->pairing_failed = false;
	set_time_limit(t);
}

/* A box's disk can come late, and can stay away; what was on it is not known before. */
static bool has_store(const char *data)
{
	return (!mkdir(data, 0700) || errno == EEXIST) && !access(data, W_OK | X_OK);
}

static void open_box(struct threshold *t)
{
	const char *data = t->options->data;
	int error = box_open(t->box, data);
	if (error && error != -ENOENT && error != -EBADMSG)
		log_error("%s/box: %s", data, strerror(-error));
	t->has_box = !error;
	t->before = t->has_box ? t->box->number : 0;
	t->no_store = !t->has_box && !has_store(data);
	if (t->no_store)
		log_error("%s: nothing can be kept there; waiting until it can", data);
	else if (error == -ENOENT)
		box_tidy(data, 0); /* what a cut has left */
	look(t);
}

/* Whether a disk that was not there has come, and with it what the box is. */
static bool store_came(struct threshold *t)
{
	if (!t->no_store || !has_store(t->options->data))
		return false;
	log_info("%s: it is there", t->options->data);
	open_box(t);
	return true;
}

/* A code was held up: if it is a pairing code, its bundle is fetched and offered like any other. */
static void take_code(struct threshold *t, const char *text, size_t len)
{
	struct pairing p;
	if (t->no_store || !pairing_read(&p, text, len))
		return;
	int n = snprintf(t->paired, sizeof(t->paired), "%s/paired" BUNDLE_SUFFIX, t->options->data);
	if (n < 0 || (size_t)n >= sizeof(t->paired) ||
		(mkdir(t->options->data, 0700) && errno != EEXIST))
		return;
	int error = pairing_fetch(&p, t->paired);
	if (error) {
		log_warning("%s: no bundle from it: %s", p.url, strerror(-error));
		t->pairing_failed = true;
		return;
	}
	t->count = 1;
	t->at = 0;
	t->failed = t->pairing_failed = false;
	adopt_read(&t->offers[0], t->paired, t->has_box ? t->box : NULL);
	set_time_limit(t);
}

static void look_through_lens(struct threshold *t)
{
	static struct lens_message m;
	while (t->lens && !lens_next(t->lens, &m))
		if (m.kind == LENS_CODE)
			take_code(t, m.text, m.len);
}

static enum outcome become(struct threshold *t)
{
	struct box next;
	const struct adopt_offer *o = offer_now(t);
	if (!o || o->worth >= ADOPT_SAME || t->failed || t->pairing_failed)
		return OUTCOME_WAIT;
	if (adopt_take(&next, t->options->data, o)) {
		t->failed = true;
		set_time_limit(t);
		return OUTCOME_WAIT;
	}
	*t->box = next;
	t->has_box = true;
	return OUTCOME_DOOR;
}

static enum outcome leave(struct threshold *t)
{
	const struct adopt_offer *o = offer_now(t);
	if (!t->has_box)
		return OUTCOME_WAIT;
	if (o)
		memcpy(t->left, o->bundle.hash, sizeof(t->left));
	t->has_left = o != NULL;
	return OUTCOME_DOOR;
}

static enum outcome tap(struct threshold *t, enum control control)
{
	if (control >= CONTROL_LANGUAGE_0 && control <= CONTROL_LANGUAGE_LAST)
		t->language = (enum language)(control - CONTROL_LANGUAGE_0);
	if (control == CONTROL_ANOTHER && t->count) {
		t->at = (t->at + 1) % t->count;
		t->failed = false;
		set_time_limit(t);
	}
	return control == CONTROL_ADOPT  ? become(t)
	       : control == CONTROL_KEEP ? leave(t)
					 : OUTCOME_WAIT;
}

/* --- live --------------------------------------------------------------------------------------
 */

static void move_focus(struct threshold *t, int step)
{
	enum control order[CONTROL_COUNT];
	size_t n = ui_controls(t->ui, order, CONTROL_COUNT);
	size_t at = step > 0 ? n - 1 : 0;
	for (size_t i = 0; i < n; i++)
		if (order[i] == t->focus)
			at = i;
	if (n)
		t->focus = order[(at + n + (size_t)(step + (int)n)) % n];
}

static enum outcome act(struct threshold *t, const struct ui_input *in)
{
	if (in->kind == UI_QUIT)
		return OUTCOME_QUIT;
	if (in->kind == UI_TAP)
		return tap(t, in->control);
	if (in->kind == UI_FOCUS_NEXT || in->kind == UI_FOCUS_BACK)
		move_focus(t, in->kind == UI_FOCUS_NEXT ? 1 : -1);
	if (in->kind == UI_ACTIVATE && t->focus != CONTROL_NONE)
		return tap(t, t->focus);
	return OUTCOME_WAIT;
}

static enum outcome time_out(struct threshold *t)
{
	const struct adopt_offer *o = offer_now(t);
	if (!t->until_ms || clock_now(0).mono_ms < t->until_ms)
		return OUTCOME_WAIT;
	return o->worth == ADOPT_UPDATE && !t->failed ? become(t) : leave(t);
}

static enum outcome wait_for_person(struct threshold *t)
{
	enum outcome outcome = OUTCOME_WAIT;
	int64_t draw_at_ms = 0;
	while (outcome == OUTCOME_WAIT) {
		int64_t now = clock_now(0).mono_ms;
		supervisor_alive(t->options->supervisor, now);
		look_through_lens(t);
		if (now >= draw_at_ms) {
			draw(t);
			draw_at_ms = now + DRAW_MS;
		}
		struct ui_input in = ui_poll(t->ui);
		outcome = kiosk_asked_to_stop()   ? OUTCOME_QUIT
			  : in.kind != UI_NOTHING ? act(t, &in)
						  : time_out(t);
		if (outcome != OUTCOME_WAIT)
			break;
		bool came = store_came(t), news = !came && threshold_news(t);
		if (news)
			look(t);
		if ((came || news) && !t->count && t->has_box)
			outcome = OUTCOME_DOOR;
		if (in.kind != UI_NOTHING || came || news)
			draw_at_ms = 0;
		else
			poll(NULL, 0, ROUND_MS);
	}
	return outcome;
}

/* --- rehearsed ---------------------------------------------------------------------------------
 */

static enum outcome complain(const struct threshold *t, const char *what, const char *of)
{
	char shown[160];
	text_printable(shown, sizeof(shown), of, strlen(of));
	fprintf(stderr, "%s:%u: %s%s%s\n", t->options->script, t->lines, what, *shown ? ": " : "",
		shown);
	return OUTCOME_QUIT;
}

static enum outcome expect(struct threshold *t, const struct script_line *l)
{
	const char *is = !strcmp(l->what, "screen")  ? "adopt"
			 : !strcmp(l->what, "adopt") ? screen_adopt_names[state_now(t)]
						     : NULL;
	if (!is)
		return complain(t, "before the door there are screen and adopt, not", l->what);
	return strcmp(is, l->value) ? complain(t, "expected another state; it is", is)
				    : OUTCOME_WAIT;
}

static enum outcome shoot(struct threshold *t, const struct script_line *l)
{
	char path[PATH_MAX * 2];
	const char *dir = t->options->shots ? t->options->shots : ".";
	if (mkdir(dir, 0777) && errno != EEXIST)
		return complain(t, strerror(errno), dir);
	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)l->len, l->text);
	int error = ui_shot(t->ui, path);
	return error ? complain(t, strerror(-error), path) : OUTCOME_WAIT;
}

static enum outcome play_line(struct threshold *t, const char *line, size_t len)
{
	struct script_line l;
	char name[256];
	const char *wrong = script_line_read(line, len, &l);
	if (wrong)
		return complain(t, wrong, "");
	bool came = store_came(t);
	(void)came; /* a rehearsal says itself when it goes on */
	draw(t);
	switch (l.command) {
	case SCRIPT_NOTHING:
		return OUTCOME_WAIT;
	case SCRIPT_EXPECT:
		return expect(t, &l);
	case SCRIPT_SHOT:
		return shoot(t, &l);
	case SCRIPT_TAP:
		snprintf(name, sizeof(name), "%.*s", (int)l.len, l.text);
		enum control control = ui_control_named(t->ui, name);
		return control == CONTROL_NONE ? complain(t, "there is nothing to tap", name)
					       : tap(t, control);
	case SCRIPT_CODE:
		take_code(t, l.text, l.len);
		return OUTCOME_WAIT;
	case SCRIPT_AT:
	case SCRIPT_SHOW:
	case SCRIPT_TAP_AT:
	case SCRIPT_PRESS:
	case SCRIPT_WAIT:
	case SCRIPT_WAIT_FOR:
	case SCRIPT_CUT:
	case SCRIPT_SAY:
		break;
	}
	return complain(t, "before the door only tap, code, expect and shot have a meaning", "");
}

static enum outcome play(struct threshold *t)
{
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	enum outcome outcome = OUTCOME_WAIT;
	while (outcome == OUTCOME_WAIT && (n = getline(&line, &capacity, t->script)) >= 0) {
		t->lines++;
		outcome = play_line(t, line, (size_t)n - (n && line[n - 1] == '\n'));
	}
	return outcome == OUTCOME_WAIT ? OUTCOME_QUIT : outcome;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static int open_screen(struct threshold *t)
{
	const struct options *o = t->options;
	struct ui_setup setup = { .width = o->width,
		.height = o->height,
		.offscreen = o->offscreen,
		.fullscreen = o->fullscreen,
		.assets = o->assets };
	int error = ui_open(&t->ui, &setup);
	if (error)
		fprintf(stderr, "parvis-kiosk: the screen cannot be opened: %s\n",
			strerror(-error));
	return error;
}

static enum outcome ask(struct threshold *t)
{
	const struct options *o = t->options;
	enum outcome outcome = OUTCOME_BROKEN;
	if (open_screen(t))
		return OUTCOME_BROKEN;
	if (o->script)
		t->script = fopen(o->script, "re");
	for (unsigned l = 0; o->language && l < LANGUAGE_COUNT; l++)
		if (!strcmp(o->language, language_codes[l]))
			t->language = (enum language)l;
	set_time_limit(t);
	if (o->camera && !o->script && lens_open(&t->lens, o->camera, o->reader))
		t->lens = NULL; /* the door will say so */
	if (o->script && !t->script)
		fprintf(stderr, "parvis-kiosk: %s: %s\n", o->script, strerror(errno));
	else
		outcome = t->script ? play(t) : wait_for_person(t);
	if (t->script)
		fclose(t->script);
	t->script = NULL;
	lens_close(t->lens);
	t->lens = NULL;
	if (*t->paired)
		unlink(t->paired);
	t->paired[0] = '\0';
	ui_close(t->ui);
	t->ui = NULL;
	return outcome;
}

int threshold_cross(struct threshold *t, struct box *box, unsigned *lines)
{
	t->box = box;
	t->lines = 0;
	open_box(t);
	enum outcome outcome = t->has_box && !t->count ? OUTCOME_DOOR : ask(t);
	*lines = t->lines;
	return outcome == OUTCOME_DOOR     ? 0
	       : outcome == OUTCOME_BROKEN ? 3
	       : t->options->script        ? 1
					   : -1;
}

void threshold_crossed(struct threshold *t, const struct box *box)
{
	t->before = box->number;
	box_tidy(t->options->data, box->number);
}

bool threshold_back(struct threshold *t, struct box *box)
{
	struct box back;
	if (!t->before || t->before == box->number)
		return false;
	int error = box_go_back(&back, t->options->data, t->before);
	if (error) {
		log_error("%s/box/%u: no way back to it: %s", t->options->data, t->before,
			strerror(-error));
		return false;
	}
	log_error("the door does not open as %s: back to %s", box->bundle.short_hash,
		back.bundle.short_hash);
	memcpy(t->left, box->bundle.hash, sizeof(t->left));
	t->has_left = true;
	*box = back;
	return true;
}
