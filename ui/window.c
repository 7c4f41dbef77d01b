#include "ui/window.h"

#include "base/log.h"
#include "base/text.h"
#include "ui/scanout.h"

#include <SDL.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct window {
	struct scanout *scanout; /* NULL: SDL shows the picture, else it gives the touches alone */
	SDL_Window *window;
	SDL_Renderer *renderer;
	SDL_Texture *texture;
	uint32_t width, height;
	SDL_FingerID finger; /* the one that is down; a second is not listened to */
	bool finger_down;
};

void window_close(struct window *w)
{
	if (!w)
		return;
	scanout_close(w->scanout);
	SDL_DestroyTexture(w->texture);
	SDL_DestroyRenderer(w->renderer);
	SDL_DestroyWindow(w->window);
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
	free(w);
}

static int refuse(struct window *w)
{
	log_warning("no display: %s", SDL_GetError());
	window_close(w);
	return -ENODEV;
}

/* SDL's driver that has input devices and no screen: this program has the screen to itself. */
static bool is_alone(void)
{
	const char *driver = SDL_GetHint(SDL_HINT_VIDEODRIVER);
	return driver && !strcmp(driver, "evdev");
}

static SDL_Renderer *renderer_for(SDL_Window *window)
{
	SDL_Renderer *r = SDL_CreateRenderer(window, -1, SDL_RENDERER_PRESENTVSYNC);
	return r ? r : SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
}

static bool scanout_size(uint32_t *width, uint32_t *height)
{
	struct scanout *s;
	if (scanout_open(&s, SCANOUT_CARDS))
		return false;
	*width = scanout_width(s);
	*height = scanout_height(s);
	scanout_close(s);
	return true;
}

bool window_screen_size(uint32_t *width, uint32_t *height)
{
	SDL_DisplayMode mode;
	if (is_alone())
		return scanout_size(width, height);
	if (SDL_InitSubSystem(SDL_INIT_VIDEO))
		return false;
	bool known = !SDL_GetDesktopDisplayMode(0, &mode) && mode.w > 0 && mode.h > 0;
	if (known) {
		*width = (uint32_t)mode.w;
		*height = (uint32_t)mode.h;
	}
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
	return known;
}

static int open_alone(struct window *w)
{
	int error = scanout_open(&w->scanout, SCANOUT_CARDS);
	return error ? SDL_SetError("%s: %s", SCANOUT_CARDS, strerror(-error)) : 0;
}

static int open_window(struct window *w, bool fullscreen)
{
	int width = (int)w->width, height = (int)w->height;
	w->window = SDL_CreateWindow("Parvis", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
		width, height, fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : SDL_WINDOW_RESIZABLE);
	w->renderer = w->window ? renderer_for(w->window) : NULL;
	if (!w->renderer || SDL_RenderSetLogicalSize(w->renderer, width, height))
		return -1;
	w->texture = SDL_CreateTexture(
		w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, width, height);
	if (!w->texture)
		return -1;
	SDL_ShowCursor(fullscreen ? SDL_DISABLE : SDL_ENABLE);
	return 0;
}

int window_open(struct window **out, uint32_t width, uint32_t height, bool fullscreen)
{
	SDL_SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
	SDL_SetHint(SDL_HINT_MOUSE_TOUCH_EVENTS, "0");
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
	if (SDL_InitSubSystem(SDL_INIT_VIDEO)) {
		log_warning("no display: %s", SDL_GetError());
		return -ENODEV;
	}
	struct window *w = calloc(1, sizeof(*w));
	if (!w) {
		SDL_QuitSubSystem(SDL_INIT_VIDEO);
		return -ENOMEM;
	}
	w->width = width;
	w->height = height;
	if (is_alone() ? open_alone(w) : open_window(w, fullscreen))
		return refuse(w);
	*out = w;
	return 0;
}

void window_show(struct window *w, const void *pixels, int stride)
{
	if (w->scanout) {
		scanout_show(w->scanout, pixels, w->width, w->height, stride);
		return;
	}
	SDL_UpdateTexture(w->texture, NULL, pixels, stride);
	SDL_RenderClear(w->renderer);
	SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
	SDL_RenderPresent(w->renderer);
}

static struct window_event from_key(SDL_Keysym key)
{
	SDL_Keycode k = key.sym;
	if (k == SDLK_TAB)
		return (struct window_event){ .kind = key.mod & KMOD_SHIFT ? WINDOW_BACK
									   : WINDOW_NEXT };
	if (k == SDLK_RETURN || k == SDLK_KP_ENTER || k == SDLK_SPACE)
		return (struct window_event){ .kind = WINDOW_ACTIVATE,
			.typed = { k == SDLK_SPACE ? ' ' : '\r' } };
	if (k == SDLK_BACKSPACE)
		return (struct window_event){ .kind = WINDOW_TYPED, .typed = "\b" };
	return (struct window_event){ .kind = WINDOW_NOTHING };
}

/* Digits come as text too: on an AZERTY keyboard they are on the shifted row. A space has come as
 * a key already, and an input method's whole words are not for here. */
static struct window_event from_text(const char *text)
{
	struct window_event e = { .kind = WINDOW_NOTHING };
	uint32_t c;
	size_t n = strlen(text);
	if (n == 0 || text_decode_utf8(text, n, &c) != n || c == ' ')
		return e;
	e.kind = WINDOW_TYPED;
	memcpy(e.typed, text, n);
	return e;
}

/* A finger's place is a part of the window; what lies around the picture is outside it. */
static void find_place(struct window *w, const SDL_TouchFingerEvent *f, int *x, int *y)
{
	if (w->scanout) {
		scanout_point(w->scanout, w->width, w->height, f->x, f->y, x, y);
		return;
	}
	int window_w = 0, window_h = 0;
	float at_x = 0, at_y = 0;
	SDL_GetWindowSize(w->window, &window_w, &window_h);
	SDL_RenderWindowToLogical(w->renderer, (int)(f->x * (float)window_w),
		(int)(f->y * (float)window_h), &at_x, &at_y);
	*x = (int)at_x;
	*y = (int)at_y;
}

static struct window_event from_finger(struct window *w, const SDL_TouchFingerEvent *f)
{
	struct window_event e = { .kind = WINDOW_NOTHING };
	bool down = f->type == SDL_FINGERDOWN;
	if (down == w->finger_down || (!down && f->fingerId != w->finger))
		return e;
	w->finger_down = down;
	w->finger = f->fingerId;
	e.kind = down ? WINDOW_PRESS : WINDOW_RELEASE;
	find_place(w, f, &e.x, &e.y);
	return e;
}

static struct window_event from_window(const SDL_WindowEvent *e)
{
	bool shown =
		e->event == SDL_WINDOWEVENT_EXPOSED || e->event == SDL_WINDOWEVENT_SIZE_CHANGED;
	bool left = e->event == SDL_WINDOWEVENT_FOCUS_LOST;
	return (struct window_event){ .kind = shown  ? WINDOW_EXPOSED
					      : left ? WINDOW_CANCEL
						     : WINDOW_NOTHING };
}

static struct window_event translate(struct window *w, const SDL_Event *e)
{
	bool left = e->button.button == SDL_BUTTON_LEFT;
	switch (e->type) {
	case SDL_QUIT:
		return (struct window_event){ .kind = WINDOW_QUIT };
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		/* SDL gives these in the picture's coordinates already. */
		return (struct window_event){ !left                            ? WINDOW_NOTHING
					      : e->type == SDL_MOUSEBUTTONDOWN ? WINDOW_PRESS
									       : WINDOW_RELEASE,
			e->button.x, e->button.y, "" };
	case SDL_FINGERDOWN:
	case SDL_FINGERUP:
		return from_finger(w, &e->tfinger);
	case SDL_KEYDOWN:
		return from_key(e->key.keysym);
	case SDL_TEXTINPUT:
		return from_text(e->text.text);
	case SDL_WINDOWEVENT:
		return from_window(&e->window);
	default:
		return (struct window_event){ .kind = WINDOW_NOTHING };
	}
}

uint32_t window_ms(void)
{
	return SDL_GetTicks();
}

struct window_event window_poll(struct window *w)
{
	SDL_Event e;
	while (SDL_PollEvent(&e)) {
		struct window_event out = translate(w, &e);
		if (out.kind != WINDOW_NOTHING)
			return out;
	}
	return (struct window_event){ .kind = WINDOW_NOTHING };
}
