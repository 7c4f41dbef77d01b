/* The kiosk: wires desk, clerk, lens, wand, lamps and screen together. Here the desk's effects are
 * carried out; nothing is decided. Everything runs in the main thread but for the threads that
 * clerk, lens, wand and porter keep to themselves. */
#ifndef PARVIS_APP_KIOSK_H
#define PARVIS_APP_KIOSK_H

#include "app/options.h"
#include "base/cc.h"
#include "door/desk.h"
#include "event/event.h"
#include "ui/ui.h"

#include <stddef.h>
#include <stdint.h>

struct kiosk;

/* Called when a verdict has been given. row is the durable one; NULL for STORE_FAILED. */
typedef void kiosk_verdict(void *context, const struct when *now, enum verdict verdict,
	enum source source, const struct row *row);

/* Opens everything. What is wrong has been said on standard error; the result is an exit status:
 * 0, 2 (options that do not fit the event) or 3. *out only for 0. */
NODISCARD int kiosk_open(struct kiosk **out, const struct options *options);
void kiosk_close(struct kiosk *k);

/* From now on SIGTERM and SIGINT ask the main loop to end, and a reader of our output that has gone
 * away ends nothing. Once, before kiosk_open(). */
void kiosk_catch_signals(void);

/* Whether one of them has come. */
bool kiosk_asked_to_stop(void);

/* Runs until the window is closed or SIGTERM or SIGINT comes. Gives the exit status. */
int kiosk_run(struct kiosk *k);

/* --- for the rehearsal, which is a main loop of another kind --- */

/* Time stands still from now on, at `now`, until it is set again. */
void kiosk_set_time(struct kiosk *k, const struct when *now);
struct when kiosk_now(const struct kiosk *k);

void kiosk_on_verdict(struct kiosk *k, kiosk_verdict *call, void *context);

/* One round: answers, messages, a tick, lamps. Waits up to wait_ms for something to come. */
void kiosk_round(struct kiosk *k, int wait_ms);

/* Rounds until nothing is under way. False if that took longer than 20 s of real time. */
bool kiosk_settle(struct kiosk *k);

/* Shows a picture to the lens, as a camera would; false: there is a real camera. */
bool kiosk_look(
	struct kiosk *k, const uint8_t *pixels, uint32_t width, uint32_t height, bool take_time);
void kiosk_clear_lens(struct kiosk *k);

/* Hands a code in as a hand scanner would. The desk must be settled. */
void kiosk_scan(struct kiosk *k, const char *text, size_t len);

void kiosk_tap(struct kiosk *k, enum control control);
void kiosk_press(struct kiosk *k, enum button button);
void kiosk_draw(struct kiosk *k);

const struct desk *kiosk_desk(const struct kiosk *k);
const struct event *kiosk_event(const struct kiosk *k);
struct ui *kiosk_ui(struct kiosk *k);

#endif
