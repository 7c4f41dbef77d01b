/* The log as a series of codes: what the desk has asked for is sealed, and then shown, a code after
 * the other, for as long as the screen is. */
#include "app/kiosk_parts.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* A camera takes several pictures meanwhile, of which one is whole. */
#define FRAME_MS 350

static_assert(SERIES_TEXT_SIZE <= SCREEN_CODE_SIZE, "a frame has room on the screen");

static void tell(struct kiosk *k, const struct screen_series *s)
{
	struct desk_event event = { .kind = DESK_SERIES, .series = s };
	kiosk_give(k, &event);
}

static void fail(struct kiosk *k, int error)
{
	log_warning("the log cannot be shown as codes: %s", strerror(-error));
	kiosk_end_series(k);
	tell(k, &(struct screen_series){ .state = SERIES_FAILED });
}

void kiosk_end_series(struct kiosk *k)
{
	struct kiosk_series *s = &k->series;
	sealing_stop(s->sealing);
	free(s->file);
	*s = (struct kiosk_series){ 0 };
}

void kiosk_show_series(struct kiosk *k)
{
	struct stick_setup setup;
	kiosk_end_series(k);
	kiosk_stick_setup(k, &setup);
	int error = sealing_start(&k->series.sealing, &setup);
	if (error)
		fail(k, error);
}

static void take_sealed(struct kiosk *k)
{
	struct kiosk_series *s = &k->series;
	int error;
	if (!s->sealing || !sealing_take(s->sealing, &s->file, &s->len, &error))
		return;
	sealing_stop(s->sealing);
	s->sealing = NULL;
	if (error) {
		fail(k, error);
		return;
	}
	series_id(s->file, s->len, s->id);
	s->count = series_frames(s->len);
}

static void show_next(struct kiosk *k)
{
	struct kiosk_series *s = &k->series;
	struct when now = kiosk_now(k);
	if (s->shown && now.mono_ms < s->due_ms)
		return;
	struct screen_series next = { .state = SERIES_SHOWN,
		.number = s->shown % s->count + 1,
		.count = s->count,
		.round = s->shown / s->count + 1,
		.frame_ms = FRAME_MS };
	series_write(s->file, s->len, s->id, next.number - 1, next.text);
	s->shown++;
	s->due_ms = now.mono_ms + FRAME_MS;
	tell(k, &next);
}

void kiosk_take_series(struct kiosk *k)
{
	if (!k->series.sealing && !k->series.file)
		return;
	if (k->desk.screen.id != SCREEN_SERIES) {
		kiosk_end_series(k);
		return;
	}
	take_sealed(k);
	if (k->series.file)
		show_next(k);
}
