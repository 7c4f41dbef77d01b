#include "app/kiosk_parts.h"

#include "base/log.h"
#include "event/code.h"
#include "port/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define LAMPS_RETRY_MS  2000
#define SETTLE_LIMIT_MS 20000
#define MESSAGES_MAX    16 /* of one source in one round: the others have their turn */

struct when kiosk_now(const struct kiosk *k)
{
	return k->time_set ? k->time : clock_now(k->clock_floor_ms);
}

void kiosk_set_time(struct kiosk *k, const struct when *now)
{
	k->time = *now;
	k->time_set = true;
}

void kiosk_on_verdict(struct kiosk *k, kiosk_verdict *call, void *context)
{
	k->on_verdict = call;
	k->verdict_context = context;
}

void kiosk_on_idle(struct kiosk *k, bool (*news)(void *context), void *context)
{
	k->news = news;
	k->news_context = context;
}

/* --- the desk's effects ------------------------------------------------------------------------
 */

static void forget(struct code_text *c)
{
	explicit_bzero(c->text, sizeof(c->text));
	explicit_bzero(&c->ticket, sizeof(c->ticket));
	memset(c->hash, 0, sizeof(c->hash));
	c->len = 0;
	c->found = false;
}

static void forget_found(struct kiosk *k)
{
	explicit_bzero(k->found, sizeof(k->found));
	k->found_count = 0;
}

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, TICKET_HASH_SIZE);
}

/* The ticket that a volunteer has touched becomes the one that is held, in place of a code. */
static void hold_found(struct kiosk *k, const uint8_t *hash)
{
	size_t i = 0;
	while (i < k->found_count && !same_hash(k->found[i].hash, hash))
		i++;
	CHECK(i < k->found_count); /* the desk lists these and no others */
	forget(&k->held);
	k->held.found = true;
	k->held.ticket = k->found[i];
	memcpy(k->held.hash, hash, TICKET_HASH_SIZE);
}

static void do_record(struct kiosk *k, const struct desk_request *want)
{
	struct clerk_request *q = &k->request;
	q->want = *want;
	memset(q->want.name, 0, sizeof(q->want.name)); /* no business of the log's */
	q->now = kiosk_now(k);
	q->len = 0;
	if (want->kind == ROW_SCAN) {
		if (want->found && !want->override)
			hold_found(k, want->hash);
		else if (k->incoming.len && same_hash(want->hash, k->incoming.hash))
			k->held = k->incoming;
		CHECK(same_hash(want->hash, k->held.hash) && want->found == k->held.found);
		q->ticket = k->held.ticket;
		q->len = k->held.len;
		memcpy(q->text, k->held.text, k->held.len);
	}
	int error = clerk_ask(k->clerk, q);
	CHECK(!error); /* the desk has one request under way at most */
	explicit_bzero(&q->ticket, sizeof(q->ticket));
}

static void do_search(struct kiosk *k, const char *text)
{
	int error = k->porter ? porter_search(k->porter, text) : -ENOENT;
	CHECK(!error); /* a PIN came before, and the desk asks one at a time */
	k->search_asked = true;
}

static void end_staff(struct kiosk *k)
{
	forget_found(k);
	if (k->porter)
		porter_forget(k->porter);
}

static void do_check_pin(struct kiosk *k, const char *pin)
{
	if (k->porter && !porter_ask(k->porter, pin)) {
		k->pin_asked = true;
		return;
	}
	struct desk_event no = { .kind = DESK_PIN_RESULT };
	kiosk_give(k, &no);
}

static void do_verdict(struct kiosk *k, const struct desk_effects *e)
{
	struct when now = kiosk_now(k);
	log_debug("%s by %s", verdict_names[e->verdict], source_names[e->source]);
	if (k->on_verdict)
		k->on_verdict(k->verdict_context, &now, e->verdict, e->source,
			e->verdict == VERDICT_STORE_FAILED ? NULL : &k->reply.result.row);
}

void kiosk_give(struct kiosk *k, struct desk_event *event)
{
	struct desk_effects e = { 0 };
	event->now = kiosk_now(k);
	desk_step(&k->desk, event, &e);
	if (e.set & EFFECT_FORGET)
		forget(&k->held);
	if (e.set & EFFECT_RECORD)
		do_record(k, &e.request);
	if (e.set & EFFECT_CUE)
		ui_chime(k->ui, e.cue->chime);
	if (e.set & EFFECT_CHIME)
		ui_chime(k->ui, e.chime);
	if (e.set & EFFECT_SCREEN)
		k->dirty = true;
	if (e.set & EFFECT_VERDICT)
		do_verdict(k, &e);
	if (e.set & EFFECT_CHECK_PIN)
		do_check_pin(k, e.pin);
	if (e.set & EFFECT_SEARCH)
		do_search(k, e.search);
	if (e.set & EFFECT_STAFF_OVER)
		end_staff(k);
	if (k->desk.screen.id != SCREEN_SEARCH)
		forget_found(k);
	if ((e.set & EFFECT_COPY) && k->stick)
		stick_ask(k->stick);
	if (e.set & EFFECT_SERIES)
		kiosk_show_series(k);
	if ((e.set & EFFECT_PRINT) && k->printing)
		printing_put(k->printing, &e.badge);
	explicit_bzero(&e, sizeof(e));
}

void kiosk_faults(struct kiosk *k, uint32_t mask, uint32_t on)
{
	if ((k->told_faults & mask) == on)
		return;
	k->told_faults = (k->told_faults & ~mask) | on;
	struct desk_event event = { .kind = DESK_FAULTS, .faults = { .mask = mask, .on = on } };
	kiosk_give(k, &event);
}

/* --- what comes in -----------------------------------------------------------------------------
 */

static bool hand_in(struct kiosk *k, const char *text, size_t len, enum source source)
{
	if (!len)
		return true; /* an empty symbol says nothing */
	if (!desk_ready(&k->desk))
		return false;
	k->incoming.len = len;
	memcpy(k->incoming.text, text, len);
	code_hash(k->event, text, len, k->incoming.hash);
	struct desk_event event = { .kind = DESK_CODE };
	event.code.source = source;
	memcpy(event.code.hash, k->incoming.hash, TICKET_HASH_SIZE);
	kiosk_give(k, &event);
	forget(&k->incoming);
	return true;
}

static void give_corners(struct kiosk *k, const struct lens_message *m)
{
	struct desk_event event = { .kind = DESK_CORNERS };
	event.corners.seen = m->corners_seen;
	memcpy(event.corners.at, m->corners, sizeof(m->corners));
	kiosk_give(k, &event);
}

static void take_lens(struct kiosk *k)
{
	struct lens_message *m = &k->lens_message;
	for (int i = 0; i < MESSAGES_MAX && !lens_next(k->lens, m); i++) {
		struct desk_event clear = { .kind = DESK_LENS_CLEAR };
		switch (m->kind) {
		case LENS_CODE:
			give_corners(k, m);
			/* While the desk is busy the code is let go: it is still being held. */
			hand_in(k, m->text, m->len, SOURCE_CAMERA);
			break;
		case LENS_SEEN:
			give_corners(k, m);
			break;
		case LENS_CLEAR:
			give_corners(k, m);
			kiosk_give(k, &clear);
			break;
		case LENS_FAULTS:
			kiosk_faults(k, FAULT_CAMERA | FAULT_DECODER, m->faults);
			break;
		}
	}
	explicit_bzero(m, sizeof(*m));
}

static bool take_wand_message(struct kiosk *k, const struct wand_message *m)
{
	struct desk_event event = { .kind = DESK_BUTTON, .button = m->button };
	switch (m->kind) {
	case WAND_CODE:
		/* What is not the whole of a code must not pass for another, shorter one. */
		if (m->code.overlong)
			return hand_in(k, "\0", 1, SOURCE_SCANNER);
		return hand_in(k, m->code.text, m->code.len, SOURCE_SCANNER);
	case WAND_BUTTON:
		if (!desk_ready(&k->desk))
			return false;
		kiosk_give(k, &event);
		return true;
	case WAND_FAULTS:
		kiosk_faults(k, m->mask, m->faults);
		return true;
	}
	return true;
}

/* Takes scans and pushes in their order; what the desk cannot take yet waits. */
static void take_wand(struct kiosk *k)
{
	for (int i = 0; i < MESSAGES_MAX; i++) {
		if (!k->has_waiting)
			k->has_waiting = !wand_next(k->wand, &k->waiting);
		if (!k->has_waiting || !take_wand_message(k, &k->waiting))
			return;
		k->has_waiting = false;
		explicit_bzero(&k->waiting, sizeof(k->waiting));
	}
}

void kiosk_take_reply(struct kiosk *k, const struct clerk_reply *r)
{
	struct desk_event event = { .kind = DESK_RECORDED };
	kiosk_faults(k, FAULT_ROSTER, r->fault & FAULT_ROSTER);
	switch (r->answer) {
	case CLERK_OPENED:
		desk_recount(&k->desk, &r->result.count, r->registered, r->result.registered_in);
		kiosk_faults(k, FAULTS_STOP, 0);
		k->dirty = true;
		break;
	case CLERK_COUNTED:
		desk_counted(&k->desk, &r->result.count, r->result.registered_in);
		k->dirty = true;
		break;
	case CLERK_RECORDED:
		event.recorded.row = r->result.row;
		event.recorded.count = r->result.count;
		event.recorded.registered_in = r->result.registered_in;
		event.recorded.prior = r->result.prior;
		event.recorded.ticket = r->ticket;
		memcpy(event.recorded.badge, r->badge, sizeof(r->badge));
		kiosk_give(k, &event);
		kiosk_faults(k, FAULTS_STOP, 0);
		break;
	case CLERK_FAILED:
		event.kind = DESK_FAILED;
		event.failed.fault = r->fault & FAULTS_STOP;
		k->told_faults |= event.failed.fault;
		kiosk_give(k, &event);
		break;
	case CLERK_FAULT:
		kiosk_faults(k, FAULTS_STOP, r->fault & FAULTS_STOP);
		break;
	}
}

static void take_printing(struct kiosk *k)
{
	struct desk_event event = { .kind = DESK_PRINTER };
	struct printing_news news;
	while (k->printing && !printing_next(k->printing, &news)) {
		event.printer.trouble = news.trouble;
		event.printer.labels_left = news.labels_left;
		event.printer.waiting = news.waiting;
		kiosk_give(k, &event);
	}
}

static void take_porter_reply(struct kiosk *k, const struct porter_reply *r)
{
	struct desk_event event = { .kind = DESK_PIN_RESULT };
	if (r->answer == PORTER_PIN) {
		k->pin_asked = false;
		event.pin_good = r->good;
		event.can_search = r->can_search;
	} else {
		k->search_asked = false;
		event.kind = DESK_FOUND;
		event.found.total = r->total;
		event.found.count = r->count;
		event.found.at = r->found;
		k->found_count = r->count;
		for (size_t i = 0; i < r->count; i++)
			k->found[i] = r->found[i].ticket;
	}
	kiosk_give(k, &event);
}

static void take_answers(struct kiosk *k)
{
	take_printing(k);
	kiosk_take_stick(k);
	kiosk_take_series(k);
	kiosk_take_sync(k);
	for (int i = 0; i < MESSAGES_MAX && !clerk_answer(k->clerk, &k->reply, 0); i++) {
		kiosk_take_reply(k, &k->reply);
		explicit_bzero(&k->reply.ticket, sizeof(k->reply.ticket));
	}
	for (int i = 0; k->porter && i < MESSAGES_MAX; i++) {
		if (porter_answer(k->porter, &k->porter_reply, 0))
			break;
		take_porter_reply(k, &k->porter_reply);
		explicit_bzero(&k->porter_reply, sizeof(k->porter_reply));
	}
}

/* --- lamps -------------------------------------------------------------------------------------
 */

static void light(struct kiosk *k, const struct when *now)
{
	uint8_t mask = desk_lamps(&k->desk, now);
	if (mask != k->lamps_on)
		k->dirty |= k->options->panel;
	bool changed = mask != k->lamps_on;
	k->lamps_on = mask;
	if (!k->has_pins)
		return;
	/* Lamps that burn as they should are set again, too: a chip that has gone says so only when
	 * it is spoken to, and the next guest must not be the one to find out. */
	if (now->mono_ms >= k->lamps_retry_ms) {
		k->lamps_retry_ms = now->mono_ms + LAMPS_RETRY_MS;
		if (!k->lamps && lamps_open(&k->lamps, &k->pins))
			k->lamps = NULL;
		changed = true;
	}
	if (k->lamps && changed && lamps_set(k->lamps, mask)) {
		lamps_close(k->lamps);
		k->lamps = NULL;
	}
	kiosk_faults(k, FAULT_LAMPS, k->lamps ? 0 : (uint32_t)FAULT_LAMPS);
}

/* --- rounds ------------------------------------------------------------------------------------
 */

static void wait_for_something(struct kiosk *k, int wait_ms)
{
	struct pollfd p[] = {
		{ .fd = clerk_fd(k->clerk), .events = POLLIN },
		{ .fd = lens_fd(k->lens), .events = POLLIN },
		{ .fd = k->porter ? porter_fd(k->porter) : -1, .events = POLLIN },
		{ .fd = k->has_waiting ? -1 : wand_fd(k->wand), .events = POLLIN },
		{ .fd = k->printing ? printing_fd(k->printing) : -1, .events = POLLIN },
		{ .fd = k->stick ? stick_fd(k->stick) : -1, .events = POLLIN },
		{ .fd = k->series.sealing ? sealing_fd(k->series.sealing) : -1, .events = POLLIN },
		{ .fd = k->courier ? courier_fd(k->courier) : -1, .events = POLLIN },
	};
	int n = poll(p, ARRAY_LEN(p), wait_ms);
	(void)n; /* an interrupted wait is a short one */
}

void kiosk_round(struct kiosk *k, int wait_ms)
{
	wait_for_something(k, wait_ms);
	take_answers(k);
	take_wand(k);
	take_lens(k);
	struct desk_event tick = { .kind = DESK_TICK };
	kiosk_give(k, &tick);
	struct when now = kiosk_now(k);
	kiosk_faults(k, FAULT_CLOCK, now.trust == TRUST_UNSET ? (uint32_t)FAULT_CLOCK : 0);
	light(k, &now);
}

bool kiosk_settle(struct kiosk *k)
{
	struct when start = clock_now(0);
	kiosk_round(k, 0);
	while (k->desk.busy || k->pin_asked || k->search_asked || k->has_waiting) {
		kiosk_round(k, 20);
		if (clock_now(0).mono_ms - start.mono_ms > SETTLE_LIMIT_MS)
			return false;
	}
	return true;
}

bool kiosk_look(
	struct kiosk *k, const uint8_t *pixels, uint32_t width, uint32_t height, bool take_time)
{
	if (k->options->camera)
		return false;
	struct luma frame = { .pixels = pixels, .width = width, .height = height, .stride = width };
	lens_look(k->lens, &frame, take_time ? EFFORT_STILL : EFFORT_LIVE);
	return true;
}

void kiosk_clear_lens(struct kiosk *k)
{
	if (!k->options->camera)
		lens_clear(k->lens);
}

void kiosk_scan(struct kiosk *k, const char *text, size_t len)
{
	bool taken = hand_in(k, text, len, SOURCE_SCANNER);
	CHECK(taken);
}

void kiosk_tap(struct kiosk *k, enum control control)
{
	struct desk_event event = { .kind = DESK_TAP, .tap = control };
	kiosk_give(k, &event);
}

void kiosk_press(struct kiosk *k, enum button button)
{
	struct desk_event event = { .kind = DESK_BUTTON, .button = button };
	kiosk_give(k, &event);
}

void kiosk_draw(struct kiosk *k)
{
	struct when now = kiosk_now(k);
	struct screen screen;
	uint32_t width, height;
	if (lens_view(k->lens, &k->view_number, k->view, &width, &height)) {
		struct ui_frame frame = {
			.pixels = k->view, .width = width, .height = height, .stride = width
		};
		ui_frame(k->ui, width ? &frame : NULL);
	}
	desk_screen(&k->desk, &now, &screen);
	screen.focus = k->focus;
	if (k->options->box)
		screen.box = box_screen(k->options->box);
	screen.system_version = k->options->system_version;
	ui_draw(k->ui, &screen, k->lamps_on);
	k->dirty = false;
}

const struct desk *kiosk_desk(const struct kiosk *k)
{
	return &k->desk;
}

const struct event *kiosk_event(const struct kiosk *k)
{
	return k->event;
}

struct ui *kiosk_ui(struct kiosk *k)
{
	return k->ui;
}
