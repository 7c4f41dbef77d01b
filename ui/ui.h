/* The screen of the kiosk: draws a struct screen with cairo and pango, shows it in an SDL window or
 * keeps it as a picture, and turns touches into controls. Nothing of the door is decided here. One
 * thread, the one that opened it (SDL's rule). */
#ifndef PARVIS_UI_UI_H
#define PARVIS_UI_UI_H

#include "base/cc.h"
#include "door/cue.h"
#include "door/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ui;

struct ui_setup {
	uint32_t width, height; /* pixels: 640×400 to 3840×2160, either way up */
	bool offscreen;         /* no window, no SDL: pictures only */
	bool fullscreen;        /* in the screen's size, where that is known */
	bool panel;             /* draw lamps and buttons beside the kiosk (a desk without GPIO) */
	bool sound;             /* play chimes (SDL audio); silence where there is no device */
	const char *assets;     /* the assets folder: fonts.conf, sounds */
};

/* A frame for the viewfinder: grey, copied during the call. */
struct ui_frame {
	const uint8_t *pixels;
	uint32_t width, height, stride;
};

/* -ENODEV: no display; -EINVAL: a size out of range. *out only on success. */
NODISCARD int ui_open(struct ui **out, const struct ui_setup *wanted);
void ui_close(struct ui *u);

/* The newest viewfinder frame; NULL: none. Mirrored left to right when drawn, as a mirror is. */
void ui_frame(struct ui *u, const struct ui_frame *frame);

/* Draws, and shows where there is a window. lamps: lines that are on, for the panel. */
void ui_draw(struct ui *u, const struct screen *screen, uint8_t lamps);

/* What a person did. */
enum ui_input_kind {
	UI_NOTHING,
	UI_TAP,
	UI_HOLD,
	UI_BUTTON,
	UI_FOCUS_NEXT,
	UI_FOCUS_BACK,
	UI_ACTIVATE,
	UI_TYPED,
	UI_TOUCHED,
	UI_QUIT
};

struct ui_input {
	enum ui_input_kind kind;
	/* UI_TAP: on release, inside the control that was pressed. UI_HOLD: it is still pressed,
	 * long; a tap does not follow for a control that can be held (the keyboard's letters). */
	enum control control;
	unsigned button; /* UI_BUTTON: enum button of door/desk.h, clicked on the panel */
	/* UI_TYPED: one character, or "\b". UI_ACTIVATE: " " or "\r", the key that was used. */
	char typed[5];
};

/* The next input waiting, without blocking; kind UI_NOTHING when there is none. Offscreen there is
 * never any. */
struct ui_input ui_poll(struct ui *u);

/* Readable when input may wait; -1 where there is none: poll with ui_poll() every 10 ms. */
int ui_fd(const struct ui *u);

/* The control at a point of the last drawn screen; CONTROL_NONE. */
enum control ui_control_at(const struct ui *u, int x, int y);

/* The control of the last drawn screen whose label, or spoken label, is `text`: case, kind of
 * apostrophe and of space aside; else the only one that begins with it. CONTROL_NONE. */
enum control ui_control_named(const struct ui *u, const char *text);

/* Controls of the last drawn screen in focus order. Gives how many there are. */
size_t ui_controls(const struct ui *u, enum control *out, size_t capacity);

/* The spoken label of a control of the last drawn screen; NULL. Owned by u, until the next draw. */
const char *ui_spoken(const struct ui *u, enum control control);

/* Text that did not fit where it was drawn in the last screen; NULL when all did. For the tests. */
const char *ui_clipped(const struct ui *u);

void ui_chime(struct ui *u, enum chime chime);

/* Whether sound was asked for and there is none. */
bool ui_mute(const struct ui *u);

/* Writes the last drawn screen as PNG, whole or not at all. */
NODISCARD int ui_shot(const struct ui *u, const char *path);

#endif
