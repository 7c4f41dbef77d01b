#include "app/script.h"

#include "app/script_line.h"
#include "base/text.h"
#include "port/picture.h"

#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MS      40 /* of the scripted clock, between two frames */
#define FRAMES_SHOWN  8  /* how many frames a picture is held up for before a longer look */
#define VERDICTS_KEPT 32
#define REAL_WAIT_MS  10000 /* for what a real device must say by itself */

enum play_result { PLAY_ON, PLAY_STOP };

struct player {
	struct kiosk *kiosk;
	const struct options *options;
	char dir[PATH_MAX]; /* of the script: pictures are named from there */
	unsigned line;
	struct picture shown;              /* what is before the lens; no pixels = nothing */
	enum verdict given[VERDICTS_KEPT]; /* since the last action, not yet waited for */
	size_t given_count;
	bool unheard;   /* nobody takes the verdicts any more */
	bool real_time; /* real devices take part: waiting takes real time */
};

/* --- telling -----------------------------------------------------------------------------------
 */

static void PRINTF_LIKE(2, 3) complain(const struct player *p, const char *format, ...)
{
	char text[1024], clean[2048];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_printable(clean, sizeof(clean), text,
		n < 0                      ? 0
		: (size_t)n < sizeof(text) ? (size_t)n
					   : sizeof(text) - 1);
	fflush(stdout);
	fprintf(stderr, "%s:%u: %s\n", p->options->script, p->line, clean);
}

static void tell_verdict(void *context, const struct when *now, enum verdict verdict,
	enum source source, const struct row *row)
{
	struct player *p = context;
	const struct desk *d = kiosk_desk(p->kiosk);
	char iso[WHEN_ISO_SIZE];
	when_iso(now->wall_ms, iso);
	json_t *line = json_pack("{s:s, s:s, s:s, s:I}", "t", iso, "verdict",
		verdict_names[verdict], "source", source_names[source], "present",
		(json_int_t)headcount_present(&d->screen.count));
	CHECK(line != NULL);
	if (row) {
		json_object_set_new(line, "epoch", json_integer((json_int_t)row->epoch));
		json_object_set_new(line, "seq", json_integer((json_int_t)row->seq));
	}
	char *text = json_dumps(line, JSON_ENSURE_ASCII | JSON_COMPACT);
	CHECK(text != NULL);
	p->unheard |= puts(text) == EOF || fflush(stdout) == EOF;
	free(text);
	json_decref(line);
	if (p->given_count < VERDICTS_KEPT)
		p->given[p->given_count++] = verdict;
}

/* --- time --------------------------------------------------------------------------------------
 */

static void pass(struct player *p, int64_t ms, bool real_time)
{
	struct when now = kiosk_now(p->kiosk);
	now.wall_ms += ms;
	now.mono_ms += ms;
	kiosk_set_time(p->kiosk, &now);
	kiosk_round(p->kiosk, real_time ? (int)ms : 0);
}

static bool settle(struct player *p)
{
	if (kiosk_settle(p->kiosk))
		return true;
	complain(p, "the store does not answer");
	return false;
}

static enum play_result do_at(struct player *p, const struct script_line *l)
{
	char text[64];
	int64_t ms;
	struct when now = kiosk_now(p->kiosk);
	if (l->len >= sizeof(text)) {
		complain(p, "this is no time");
		return PLAY_STOP;
	}
	memcpy(text, l->text, l->len);
	text[l->len] = '\0';
	if (when_parse_on_day(text, kiosk_event(p->kiosk)->opens_ms, &ms) &&
		when_parse(text, &ms)) {
		complain(p, "%s is no time: hh:mm:ss, or such as 2016-12-08T19:04:10", text);
		return PLAY_STOP;
	}
	/* The clock on the wall may be put back; time itself does not run backwards. */
	now.mono_ms += ms > now.wall_ms ? ms - now.wall_ms : FRAME_MS;
	now.wall_ms = ms;
	picture_free(&p->shown);
	p->shown = (struct picture){ 0 };
	kiosk_clear_lens(p->kiosk);
	kiosk_set_time(p->kiosk, &now);
	return settle(p) ? PLAY_ON : PLAY_STOP;
}

/* --- what a guest does
 * --------------------------------------------------------------------------*/

static void begin_action(struct player *p)
{
	p->given_count = 0;
}

/* One frame of what is held up, and the time between two. */
static bool one_frame(struct player *p, bool take_time)
{
	if (p->shown.pixels)
		kiosk_look(p->kiosk, p->shown.pixels, p->shown.width, p->shown.height, take_time);
	if (!settle(p))
		return false;
	pass(p, FRAME_MS, p->real_time);
	return true;
}

static enum play_result do_show(struct player *p, const struct script_line *l)
{
	char path[PATH_MAX * 2];
	bool absolute = l->text[0] == '/';
	snprintf(path, sizeof(path), "%s%s%.*s", absolute ? "" : p->dir, absolute ? "" : "/",
		(int)l->len, l->text);
	if (p->options->camera) {
		complain(p, "show cannot be used beside --camera");
		return PLAY_STOP;
	}
	begin_action(p);
	picture_free(&p->shown);
	p->shown = (struct picture){ 0 };
	int error = picture_load(&p->shown, path);
	if (error == -ENOENT && !absolute) { /* not beside the script: from where we stand */
		snprintf(path, sizeof(path), "%.*s", (int)l->len, l->text);
		error = picture_load(&p->shown, path);
	}
	if (error) {
		complain(p, "%s: %s", path,
			error == -EINVAL ? "is no JPEG or PNG picture" : strerror(-error));
		return PLAY_STOP;
	}
	kiosk_clear_lens(p->kiosk);
	for (int i = 0; i < FRAMES_SHOWN && !p->given_count; i++)
		if (!one_frame(p, false))
			return PLAY_STOP;
	if (!p->given_count && !one_frame(p, true))
		return PLAY_STOP;
	if (!p->given_count)
		complain(p, "note: no code was read in this picture");
	return PLAY_ON;
}

static enum play_result do_code(struct player *p, const struct script_line *l)
{
	begin_action(p);
	if (l->len > CODE_MAX) {
		complain(p, "a code has at most %d bytes", CODE_MAX);
		return PLAY_STOP;
	}
	kiosk_scan(p->kiosk, l->text, l->len);
	return settle(p) ? PLAY_ON : PLAY_STOP;
}

static enum play_result act_on(struct player *p, enum control control)
{
	begin_action(p);
	kiosk_tap(p->kiosk, control);
	return settle(p) ? PLAY_ON : PLAY_STOP;
}

static enum play_result do_tap(struct player *p, const struct script_line *l)
{
	char text[256];
	size_t len = l->len < sizeof(text) ? l->len : sizeof(text) - 1;
	memcpy(text, l->text, len);
	text[len] = '\0';
	kiosk_draw(p->kiosk);
	enum control control = ui_control_named(kiosk_ui(p->kiosk), text);
	if (control != CONTROL_NONE)
		return act_on(p, control);
	complain(p, "there is no control \"%s\" on this screen", text);
	return PLAY_STOP;
}

static enum play_result do_tap_at(struct player *p, const struct script_line *l)
{
	kiosk_draw(p->kiosk);
	enum control control = ui_control_at(kiosk_ui(p->kiosk), l->x, l->y);
	if (control != CONTROL_NONE)
		return act_on(p, control);
	complain(p, "there is no control at %d,%d", l->x, l->y);
	return PLAY_STOP;
}

static enum play_result do_press(struct player *p, const struct script_line *l)
{
	begin_action(p);
	kiosk_press(p->kiosk, l->button);
	return settle(p) ? PLAY_ON : PLAY_STOP;
}

/* --- what must hold ----------------------------------------------------------------------------
 */

/* Takes the given verdicts up to this one away. */
static bool was_given(struct player *p, enum verdict verdict)
{
	for (size_t i = 0; i < p->given_count; i++) {
		if (p->given[i] != verdict)
			continue;
		p->given_count -= i + 1;
		memmove(p->given, p->given + i + 1, p->given_count * sizeof(p->given[0]));
		return true;
	}
	return false;
}

static enum play_result do_wait(struct player *p, const struct script_line *l)
{
	int limit_ms = p->real_time && l->wait_ms < REAL_WAIT_MS ? REAL_WAIT_MS : l->wait_ms;
	for (int ms = 0; !was_given(p, l->verdict); ms += FRAME_MS) {
		if (ms < limit_ms) {
			if (!one_frame(p, false))
				return PLAY_STOP;
			continue;
		}
		complain(p, "waited %d ms for %s; %s", l->wait_ms, verdict_names[l->verdict],
			p->given_count ? verdict_names[p->given[p->given_count - 1]]
				       : "there was no verdict");
		return PLAY_STOP;
	}
	return PLAY_ON;
}

static const char *lamp_now(const struct player *p, const char *want)
{
	const struct desk *d = kiosk_desk(p->kiosk);
	struct when now = kiosk_now(p->kiosk);
	uint8_t on = desk_lamps(d, &now);
	for (int i = 0; i < LAMP_LINES; i++)
		if (on & (1U << i) && !strcmp(lamp_names[i], want))
			return lamp_names[i];
	for (int i = 0; i < 3; i++)
		if (on & (1U << i))
			return lamp_names[i];
	return on ? "other" : "off";
}

static const char *fault_now(const struct player *p, const char *want)
{
	uint32_t on = kiosk_desk(p->kiosk)->faults;
	const char *any = "none";
	for (int i = 0; i < FAULT_BITS; i++) {
		if (!(on & (1U << i)))
			continue;
		any = fault_names[i];
		if (!strcmp(any, want))
			return any;
	}
	return any;
}

static const char *screen_now(const struct player *p)
{
	static const char *const names[SCREEN_ID_COUNT] = {
		[SCREEN_SCAN] = "scan",
		[SCREEN_RESULT] = "result",
		[SCREEN_HELP] = "help",
		[SCREEN_PIN] = "pin",
		[SCREEN_HEADCOUNT] = "headcount",
		[SCREEN_FAULT] = "fault",
		[SCREEN_WALK_IN] = "walk_in",
		[SCREEN_ADOPT] = "adopt",
		[SCREEN_SEARCH] = "search",
		[SCREEN_FLEET] = "fleet",
		[SCREEN_PAIRS] = "pairs",
		[SCREEN_STICK] = "stick",
		[SCREEN_SERIES] = "series",
	};
	struct screen screen;
	struct when now = kiosk_now(p->kiosk);
	desk_screen(kiosk_desk(p->kiosk), &now, &screen);
	return names[screen.id];
}

static const char *link_now(const struct player *p)
{
	static const char *const names[LINK_STATES] = {
		[LINK_OFF] = "off",
		[LINK_DOWN] = "down",
		[LINK_UP] = "up",
		[LINK_NO_ACK] = "no_ack",
		[LINK_REFUSED] = "refused",
	};
	return names[kiosk_desk(p->kiosk)->link.state];
}

/* How many people are in a venue, as this box has heard. */
static const char *fleet_now(const struct player *p, const char *id, char text[64])
{
	const struct desk_setup *s = &kiosk_desk(p->kiosk)->setup;
	for (size_t i = 0; s->fleet && i < s->venue_count; i++) {
		if (strcmp(s->venues[i].id, id))
			continue;
		if (!s->fleet[i].known)
			return "unknown";
		snprintf(text, 64, "%lld", (long long)s->fleet[i].present);
		return text;
	}
	return NULL;
}

/* What the thing is now, as the script would write it; NULL: there is no such thing. */
static const char *value_now(const struct player *p, const struct script_line *l, char text[64])
{
	const struct headcount *h = &kiosk_desk(p->kiosk)->screen.count;
	const struct link_status *link = &kiosk_desk(p->kiosk)->link;
	const struct {
		const char *name;
		int64_t value;
	} figures[] = {
		{ "present", headcount_present(h) },
		{ "in", (int64_t)h->in },
		{ "out", (int64_t)h->out },
		{ "walk_ins", (int64_t)h->walk_ins },
		{ "refused", (int64_t)h->refused },
		{ "adjustments", h->adjustments },
		{ "undone", h->undone },
		{ "moved_in", (int64_t)h->moved_in },
		{ "readmitted", (int64_t)h->readmitted },
		{ "overridden", (int64_t)h->overridden },
		{ "queued", (int64_t)link->queued },
		{ "doors", link->doors },
		{ "pairs", link->pairs },
		{ "code", kiosk_desk(p->kiosk)->series.number },
		{ "codes", kiosk_desk(p->kiosk)->series.count },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		if (strcmp(figures[i].name, l->what))
			continue;
		snprintf(text, 64, "%lld", (long long)figures[i].value);
		return text;
	}
	if (!strcmp(l->what, "lamp"))
		return lamp_now(p, l->value);
	if (!strcmp(l->what, "fault"))
		return fault_now(p, l->value);
	if (!strcmp(l->what, "screen"))
		return screen_now(p);
	if (!strcmp(l->what, "stick"))
		return stick_names[kiosk_desk(p->kiosk)->stick.state];
	if (!strcmp(l->what, "link"))
		return link_now(p);
	if (!strncmp(l->what, "fleet:", 6))
		return fleet_now(p, l->what + 6, text);
	return NULL;
}

static enum play_result expect_within(
	struct player *p, const struct script_line *l, bool real_time, int limit_ms)
{
	char text[64];
	for (int ms = 0;; ms += FRAME_MS) {
		const char *is = value_now(p, l, text);
		if (!is) {
			complain(p,
				"nothing is called %s; there are present, in, out, walk_ins, "
				"refused, adjustments, undone, moved_in, readmitted, "
				"overridden, lamp, fault, screen, stick, link, queued, doors, "
				"pairs, code, codes and fleet:VENUE",
				l->what);
			return PLAY_STOP;
		}
		if (!strcmp(is, l->value))
			return PLAY_ON;
		if (ms >= limit_ms) {
			complain(p, "expected %s %s, but it is %s", l->what, l->value, is);
			return PLAY_STOP;
		}
		pass(p, FRAME_MS, real_time);
	}
}

static enum play_result do_expect(struct player *p, const struct script_line *l)
{
	/* A fault comes and goes with the real world, whatever the script's clock says; so does a
	 * stick. */
	bool real_time = p->real_time || !strcmp(l->what, "fault") || !strcmp(l->what, "stick");
	return expect_within(p, l, real_time, real_time ? REAL_WAIT_MS : 0);
}

static enum play_result do_wait_for(struct player *p, const struct script_line *l)
{
	return expect_within(p, l, true, l->wait_ms);
}

static enum play_result do_shot(struct player *p, const struct script_line *l)
{
	const char *dir = p->options->shots ? p->options->shots : ".";
	char path[PATH_MAX * 2];
	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)l->len, l->text);
	if (mkdir(dir, 0777) && errno != EEXIST) {
		complain(p, "%s: %s", dir, strerror(errno));
		return PLAY_STOP;
	}
	kiosk_draw(p->kiosk);
	int error = ui_shot(kiosk_ui(p->kiosk), path);
	if (!error)
		return PLAY_ON;
	complain(p, "%s: %s", path, strerror(-error));
	return PLAY_STOP;
}

static enum play_result do_cut(struct player *p, const struct script_line *l)
{
	(void)p, (void)l;
	fflush(stdout);
	_exit(0); /* as if the power went: nothing is closed, flushed or said goodbye to */
}

/* For whoever reads along and wants to know how far the script has come. */
static enum play_result do_say(struct player *p, const struct script_line *l)
{
	json_t *line = json_pack("{s:s%}", "said", l->text, l->len);
	char *text = line ? json_dumps(line, JSON_ENSURE_ASCII | JSON_COMPACT) : NULL;
	if (!text) {
		complain(p, "this is no text");
		json_decref(line);
		return PLAY_STOP;
	}
	p->unheard |= puts(text) == EOF || fflush(stdout) == EOF;
	free(text);
	json_decref(line);
	return PLAY_ON;
}

static enum play_result do_nothing(struct player *p, const struct script_line *l)
{
	(void)p, (void)l;
	return PLAY_ON;
}

static enum play_result (*const actions[])(struct player *p, const struct script_line *l) = {
	[SCRIPT_NOTHING] = do_nothing,
	[SCRIPT_AT] = do_at,
	[SCRIPT_SHOW] = do_show,
	[SCRIPT_CODE] = do_code,
	[SCRIPT_TAP] = do_tap,
	[SCRIPT_TAP_AT] = do_tap_at,
	[SCRIPT_PRESS] = do_press,
	[SCRIPT_WAIT] = do_wait,
	[SCRIPT_WAIT_FOR] = do_wait_for,
	[SCRIPT_EXPECT] = do_expect,
	[SCRIPT_SHOT] = do_shot,
	[SCRIPT_CUT] = do_cut,
	[SCRIPT_SAY] = do_say,
};

static enum play_result play_line(struct player *p, const char *line, size_t len)
{
	struct script_line l;
	const char *wrong = script_line_read(line, len, &l);
	if (!wrong)
		return actions[l.command](p, &l);
	complain(p, "%s", wrong);
	return PLAY_STOP;
}

static int play_file(struct player *p, FILE *in)
{
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	while ((n = getline(&line, &capacity, in)) >= 0) {
		size_t len = (size_t)n;
		if (p->line++ < p->options->script_skip)
			continue; /* played before the door */
		if (len && line[len - 1] == '\n')
			len--;
		size_t bom = p->line == 1 && len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3) ? 3 : 0;
		if (play_line(p, line + bom, len - bom) == PLAY_STOP)
			return 1;
		if (!p->unheard && !kiosk_asked_to_stop())
			continue;
		complain(p, p->unheard ? "the verdicts cannot be written" : "interrupted");
		return 3;
	}
	if (!ferror(in))
		return 0;
	complain(p, "%s", kiosk_asked_to_stop() ? "interrupted" : strerror(errno));
	return 3;
}

int script_play(struct kiosk *k, const struct options *options)
{
	AUTO_FILE in = fopen(options->script, "re");
	if (!in) {
		fprintf(stderr, "parvis-kiosk: %s: %s\n", options->script, strerror(errno));
		return 3;
	}
	struct player p = {
		.kiosk = k,
		.options = options,
		.real_time = options->camera || options->scanner || options->pins,
	};
	char path[PATH_MAX];
	text_copy(path, sizeof(path), options->script);
	text_copy(p.dir, sizeof(p.dir), dirname(path));
	kiosk_on_verdict(k, tell_verdict, &p);
	int status = play_file(&p, in);
	kiosk_on_verdict(k, NULL, NULL);
	picture_free(&p.shown);
	return status;
}
