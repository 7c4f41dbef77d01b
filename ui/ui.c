#include "ui/ui.h"

#include "base/log.h"
#include "base/text.h"
#include "ui/chime.h"
#include "ui/panel.h"
#include "ui/render.h"
#include "ui/touch.h"
#include "ui/window.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One dimension may be as small as the shorter side, not both. */
#define LONG_LEAST  640
#define LONG_MOST   3840
#define SHORT_LEAST 400
#define SHORT_MOST  2160

struct ui {
	struct render *render;
	struct window *window;   /* NULL: offscreen */
	struct speaker *speaker; /* NULL: silent */
	cairo_surface_t *picture;
	uint32_t width, height; /* of the kiosk, without the panel */
	bool panel, sound;
	struct touch touch;
};

static bool size_is_good(uint32_t width, uint32_t height)
{
	uint32_t big = width > height ? width : height, small = width > height ? height : width;
	return big >= LONG_LEAST && big <= LONG_MOST && small >= SHORT_LEAST && small <= SHORT_MOST;
}

static int open_parts(struct ui *u, const struct ui_setup *setup)
{
	uint32_t width = setup->width + (setup->panel ? panel_width(setup->height) : 0);
	u->picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)setup->height);
	if (cairo_surface_status(u->picture) != CAIRO_STATUS_SUCCESS)
		return -ENOMEM;
	int rc = render_open(&u->render, setup->width, setup->height, setup->assets);
	if (!rc && !setup->offscreen)
		rc = window_open(&u->window, width, setup->height, setup->fullscreen);
	if (!rc && setup->sound && !setup->offscreen && speaker_open(&u->speaker))
		u->speaker = NULL; /* ui_mute() tells */
	return rc;
}

/* Who takes the whole screen draws in its size: a picture of another would be scaled, and have
 * margins. */
static struct ui_setup fit_screen(const struct ui_setup *setup)
{
	struct ui_setup fitting = *setup;
	uint32_t width, height;
	if (setup->fullscreen && !setup->offscreen && !setup->panel &&
		window_screen_size(&width, &height) && size_is_good(width, height)) {
		fitting.width = width;
		fitting.height = height;
	}
	return fitting;
}

int ui_open(struct ui **out, const struct ui_setup *wanted)
{
	const struct ui_setup fitting = fit_screen(wanted), *setup = &fitting;
	if (!size_is_good(setup->width, setup->height))
		return -EINVAL;
	struct ui *u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->width = setup->width;
	u->height = setup->height;
	u->panel = setup->panel;
	u->sound = setup->sound;
	int rc = open_parts(u, setup);
	if (rc) {
		ui_close(u);
		return rc;
	}
	*out = u;
	return 0;
}

void ui_close(struct ui *u)
{
	if (!u)
		return;
	speaker_close(u->speaker);
	window_close(u->window);
	render_close(u->render);
	cairo_surface_destroy(u->picture);
	free(u);
}

void ui_frame(struct ui *u, const struct ui_frame *frame)
{
	render_frame(u->render, frame);
}

static void show(struct ui *u)
{
	if (u->window)
		window_show(u->window, cairo_image_surface_get_data(u->picture),
			cairo_image_surface_get_stride(u->picture));
}

void ui_draw(struct ui *u, const struct screen *screen, uint8_t lamps)
{
	cairo_t *cr = cairo_create(u->picture);
	render_screen(u->render, screen, false, cr);
	if (u->panel)
		panel_draw(cr, render_page(u->render)->pango, u->width, u->height, screen->language,
			lamps);
	cairo_destroy(cr);
	cairo_surface_flush(u->picture);
	show(u);
}

/* --- input --- */

static unsigned button_at(const struct ui *u, int x, int y)
{
	if (!u->panel || x < (int)u->width)
		return 0;
	return panel_button_at(u->height, x - (int)u->width, y);
}

static struct ui_input released(struct ui *u, enum control control, unsigned button)
{
	struct ui_input none = { .kind = UI_NOTHING };
	if (!touch_release(&u->touch, control, button))
		return none;
	if (button)
		return (struct ui_input){ .kind = UI_BUTTON, .button = button };
	return (struct ui_input){ .kind = UI_TAP, .control = control };
}

/* Who types a PIN on a keyboard ends it with Enter, unless a control was gone to. */
static bool enter_ends_typing(const struct ui *u)
{
	const struct screen *s = render_page(u->render)->screen;
	return s && s->id == SCREEN_PIN && s->focus == CONTROL_NONE;
}

static struct ui_input from_window(struct ui *u, const struct window_event *e)
{
	static const enum ui_input_kind kinds[] = {
		[WINDOW_NEXT] = UI_FOCUS_NEXT,
		[WINDOW_BACK] = UI_FOCUS_BACK,
		[WINDOW_ACTIVATE] = UI_ACTIVATE,
		[WINDOW_TYPED] = UI_TYPED,
		[WINDOW_QUIT] = UI_QUIT,
	};
	enum control control = ui_control_at(u, e->x, e->y);
	unsigned button = button_at(u, e->x, e->y);
	if (e->kind == WINDOW_PRESS) {
		touch_press(&u->touch, control, button, window_ms());
		return (struct ui_input){ .kind = UI_TOUCHED };
	}
	if (e->kind == WINDOW_RELEASE)
		return released(u, control, button);
	if (e->kind == WINDOW_EXPOSED || e->kind == WINDOW_CANCEL) {
		touch_press(&u->touch, CONTROL_NONE, 0, 0);
		show(u);
		return (struct ui_input){ .kind = UI_NOTHING };
	}
	if (e->kind == WINDOW_ACTIVATE && enter_ends_typing(u))
		return (struct ui_input){ .kind = UI_TYPED, .typed = "\r" };
	struct ui_input typed = { .kind = kinds[e->kind] };
	memcpy(typed.typed, e->typed, sizeof(typed.typed));
	return typed;
}

/* Only letters have something to hold for: elsewhere a slow finger is as good as a quick one. */
static bool can_be_held(enum control control)
{
	return control >= CONTROL_KEY_0 && control <= CONTROL_KEY_LAST;
}

struct ui_input ui_poll(struct ui *u)
{
	struct ui_input input = { .kind = UI_NOTHING };
	while (u->window && input.kind == UI_NOTHING) {
		struct window_event e = window_poll(u->window);
		if (e.kind == WINDOW_NOTHING)
			break;
		input = from_window(u, &e);
	}
	if (u->window && input.kind == UI_NOTHING && can_be_held(u->touch.control)) {
		enum control held = touch_hold(&u->touch, window_ms());
		if (held != CONTROL_NONE)
			return (struct ui_input){ .kind = UI_HOLD, .control = held };
	}
	return input;
}

int ui_fd(const struct ui *u)
{
	(void)u; /* SDL has no descriptor of its own */
	return -1;
}

/* --- what is on the screen --- */

enum control ui_control_at(const struct ui *u, int x, int y)
{
	return touch_control_at(render_page(u->render), x, y);
}

/* For comparing: lower case, one kind of apostrophe, dash and space. */
static void plain(char *out, size_t capacity, const char *text)
{
	static const struct {
		const char *from, *to;
	} alike[] = { { "’", "'" }, { "‘", "'" }, { "ʼ", "'" }, { "\u00a0", " " },
		{ "\u202f", " " }, { "−", "-" }, { "–", "-" } };
	char step[2 * STRING_SIZE] = "";
	for (const char *p = text; *p;) {
		size_t used = strlen(step), n = 1, i = 0;
		while (i < ARRAY_LEN(alike) && strncmp(p, alike[i].from, strlen(alike[i].from)))
			i++;
		if (i < ARRAY_LEN(alike))
			n = strlen(alike[i].from);
		if (used + 2 >= sizeof(step))
			break;
		step[used] = i < ARRAY_LEN(alike) ? alike[i].to[0] : *p;
		step[used + 1] = '\0';
		p += n;
	}
	char *valid = g_utf8_make_valid(step, -1), *lower = g_utf8_strdown(valid, -1);
	text_copy(out, capacity, lower);
	g_free(valid);
	g_free(lower);
}

enum control ui_control_named(const struct ui *u, const char *text)
{
	const struct page *p = render_page(u->render);
	enum control begins = CONTROL_NONE;
	size_t beginning = 0;
	char wanted[STRING_SIZE], label[STRING_SIZE], spoken[STRING_SIZE];
	plain(wanted, sizeof(wanted), text);
	if (!*wanted)
		return CONTROL_NONE;
	for (size_t i = 0; i < p->widget_count; i++) {
		const struct widget *w = &p->widgets[i];
		plain(label, sizeof(label), w->label);
		plain(spoken, sizeof(spoken), w->spoken);
		if (!strcmp(label, wanted) || !strcmp(spoken, wanted))
			return w->control;
		if (!strncmp(label, wanted, strlen(wanted)) ||
			!strncmp(spoken, wanted, strlen(wanted))) {
			begins = w->control;
			beginning++;
		}
	}
	return beginning == 1 ? begins : CONTROL_NONE;
}

size_t ui_controls(const struct ui *u, enum control *out, size_t capacity)
{
	const struct page *p = render_page(u->render);
	for (size_t i = 0; i < p->widget_count && i < capacity; i++)
		out[i] = p->widgets[i].control;
	return p->widget_count;
}

const char *ui_spoken(const struct ui *u, enum control control)
{
	const struct page *p = render_page(u->render);
	for (size_t i = 0; i < p->widget_count; i++)
		if (p->widgets[i].control == control)
			return p->widgets[i].spoken;
	return NULL;
}

const char *ui_clipped(const struct ui *u)
{
	const struct page *p = render_page(u->render);
	return p->overflow ? p->overflowed : NULL;
}

/* --- sound --- */

void ui_chime(struct ui *u, enum chime chime)
{
	if (!u->speaker || chime == CHIME_NONE || !speaker_play(u->speaker, chime))
		return;
	log_warning("the loudspeaker is gone");
	speaker_close(u->speaker);
	u->speaker = NULL;
}

bool ui_mute(const struct ui *u)
{
	return u->sound && !u->speaker;
}

/* --- pictures --- */

static cairo_status_t write_all(void *closure, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS
							  : CAIRO_STATUS_WRITE_ERROR;
}

static int write_png(const struct ui *u, int fd)
{
	FILE *f = fdopen(fd, "wb");
	if (!f) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	errno = 0;
	bool good =
		cairo_surface_write_to_png_stream(u->picture, write_all, f) == CAIRO_STATUS_SUCCESS;
	int rc = good ? 0 : errno ? -errno : -EIO;
	if (!rc && fflush(f))
		rc = -errno;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int ui_shot(const struct ui *u, const char *path)
{
	char temporary[4096];
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fchmod(fd, 0644) ? -errno : 0;
	if (rc)
		close(fd);
	else
		rc = write_png(u, fd);
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (rc)
		unlink(temporary);
	return rc;
}
