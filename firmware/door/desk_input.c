/* Hands: what a finger, a keypad or a hardware button does. A control acts only on the screens that
 * offer it; anywhere else it is a finger that came too late. */
#include "base/cc.h"
#include "base/text.h"
#include "door/desk_parts.h"

#include <string.h>

const char *const button_names[] = {
	[0] = "none",
	[BUTTON_VOLUNTEER] = "volunteer",
	[BUTTON_HELP] = "help",
	[BUTTON_PLUS] = "plus",
};
static_assert(ARRAY_LEN(button_names) == BUTTON_COUNT, "every button needs a name");

void desk_wipe_pin(struct desk *d)
{
	memset(d->pin, 0, sizeof(d->pin));
	d->screen.pin = PIN_TYPING;
	d->pin_void = d->pin_asked;
}

enum pin_state desk_pin_state(const struct desk *d, const struct when *now)
{
	if (!d->setup.has_pin)
		return PIN_NOT_SET;
	if (now->mono_ms < d->pin_blocked_until_ms)
		return PIN_WAIT;
	return d->screen.pin;
}

void desk_open_pin(struct desk *d, const struct when *now)
{
	desk_wipe_pin(d);
	d->home = SCREEN_PIN;
	d->staff_touched_ms = now->mono_ms;
}

static struct desk_request by_hand(enum row_kind kind, enum source source)
{
	struct desk_request r = { .kind = kind, .source = source };
	text_copy(r.operator, sizeof(r.operator), DESK_VOLUNTEER);
	return r;
}

static void open_staff(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (desk_is_staff_screen(d))
		return;
	if (d->screen.staff) {
		d->home = SCREEN_HEADCOUNT;
		d->staff_touched_ms = e->now.mono_ms;
	} else {
		desk_open_pin(d, &e->now);
	}
	desk_go_home(d, &e->now, out);
}

static void call_help(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_go(d, SCREEN_HELP, &e->now, out);
	desk_start_cue(d, &cue_help, &e->now, out);
}

/* One tap, one guest; without a sound where it does not count: a second tap of the same finger, or
 * one while another guest's code is being answered, whose refusal this green would hide. At an exit
 * nobody comes in: there it calls somebody. */
static void no_ticket(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->busy || e->now.mono_ms - d->no_ticket_ms < DESK_DOUBLE_TAP_MS) {
		out->set &= ~(uint32_t)EFFECT_CHIME;
		return;
	}
	d->no_ticket_ms = e->now.mono_ms;
	if (d->setup.rules.doorway == DOOR_EXIT) {
		call_help(d, e, out);
		return;
	}
	/* While nothing can be written there is nothing to put a name on. */
	if (d->setup.badges && !desk_has_stopped(d)) {
		desk_open_walk_in(d, e, out);
		return;
	}
	struct desk_request r = { .kind = ROW_WALK_IN, .source = SOURCE_TOUCH };
	desk_ask(d, &r, out);
}

/* A result that is looked at in another language starts its time anew. */
static void use_language(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	unsigned language = (unsigned)e->tap - CONTROL_LANGUAGE_0;
	if (!(d->setup.languages & UINT32_C(1) << language))
		return;
	d->screen.language = (enum language)language;
	if (d->screen.id == SCREEN_WALK_IN || d->screen.id == SCREEN_SEARCH)
		keyboard_use_language(&d->screen.keyboard, d->screen.language);
	d->shown_ms = e->now.mono_ms;
	out->set |= EFFECT_SCREEN;
}

static void use_text_size(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->screen.text_percent =
		d->screen.text_percent >= 200 ? 100 : (uint16_t)(d->screen.text_percent + 50);
	d->shown_ms = e->now.mono_ms;
	out->set |= EFFECT_SCREEN;
}

static void use_contrast(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->screen.theme = d->screen.theme == THEME_NIGHT ? THEME_CONTRAST : THEME_NIGHT;
	d->shown_ms = e->now.mono_ms;
	out->set |= EFFECT_SCREEN;
}

/* Back to the guests, with the session open for a minute more: the figures are one press away. */
static void leave_figures(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->home = SCREEN_SCAN;
	desk_close_result(d, &e->now, out);
}

static void close_result(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_close_result(d, &e->now, out);
}

/* Whoever has read the help still has their code to show, in their language. */
static void close_help(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_go_home(d, &e->now, out);
}

/* The row that lets in what the result on the screen has refused. Its text stays with the app until
 * that row is answered. */
static void ask_override(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	struct desk_request r = by_hand(d->screen.walk_in ? ROW_WALK_IN : ROW_SCAN, SOURCE_TOUCH);
	r.override = true;
	r.found = r.kind == ROW_SCAN && d->last_found;
	if (r.kind == ROW_SCAN)
		memcpy(r.hash, d->last_hash, sizeof(r.hash));
	r.badge = d->badge_refused;
	memcpy(r.name, d->refused_name, sizeof(r.name));
	d->last_held = false;
	d->after_pin_override = false;
	desk_go_home(d, &e->now, out);
	desk_ask(d, &r, out);
}

static void override(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!d->may_override || d->busy)
		return;
	if (d->screen.staff) {
		ask_override(d, e, out);
		return;
	}
	/* Not desk_go(), which would forget what the PIN is asked for. */
	desk_open_pin(d, &e->now);
	d->home = SCREEN_SCAN;
	d->after_pin_override = true;
	d->screen.id = SCREEN_PIN;
	d->shown_ms = e->now.mono_ms;
	out->set |= EFFECT_SCREEN;
}

static bool can_type(const struct desk *d, const struct when *now)
{
	enum pin_state state = desk_pin_state(d, now);
	return state == PIN_TYPING || state == PIN_WRONG;
}

static void digit(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	size_t typed = strlen(d->pin);
	if (!can_type(d, &e->now) || typed == PIN_DIGITS_MAX)
		return;
	d->pin[typed] = (char)('0' + ((int)e->tap - CONTROL_DIGIT_0));
	d->screen.pin = PIN_TYPING;
	out->set |= EFFECT_SCREEN;
}

static void erase(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	size_t typed = strlen(d->pin);
	if (!can_type(d, &e->now) || !typed)
		return;
	d->pin[typed - 1] = '\0';
	out->set |= EFFECT_SCREEN;
}

/* The digits go out with the effects, and are kept here no longer. */
static void enter(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!can_type(d, &e->now) || d->pin_asked || strlen(d->pin) < PIN_DIGITS_MIN)
		return;
	memcpy(out->pin, d->pin, sizeof(out->pin));
	desk_wipe_pin(d);
	d->screen.pin = PIN_CHECKING;
	d->pin_asked = true;
	out->set |= EFFECT_CHECK_PIN | EFFECT_SCREEN;
}

static void count_wrong_pin(struct desk *d, const struct when *now)
{
	if (d->pin_failures < UINT8_MAX)
		d->pin_failures++;
	if (d->pin_failures < PIN_TRIES)
		return;
	int doublings = d->pin_failures - PIN_TRIES;
	d->pin_blocked_until_ms =
		now->mono_ms + ((int64_t)PIN_WAIT_MS << (doublings > 6 ? 6 : doublings));
}

/* A PIN whose asker has gone is counted if it was wrong, and opens nothing if it was right. */
void desk_pin_result(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!d->pin_asked)
		return;
	bool unwanted = d->pin_void;
	d->pin_asked = d->pin_void = false;
	out->set |= EFFECT_SCREEN;
	if (!e->pin_good) {
		count_wrong_pin(d, &e->now);
		desk_chime(out, CHIME_FAULT);
	} else {
		d->pin_failures = 0;
	}
	if (unwanted)
		return;
	d->screen.pin = e->pin_good ? PIN_TYPING : PIN_WRONG;
	if (!e->pin_good)
		return;
	if (d->after_pin_override) {
		ask_override(d, e, out);
		return;
	}
	d->screen.staff = true;
	d->screen.can_search = e->can_search;
	d->home = SCREEN_HEADCOUNT;
	d->staff_touched_ms = e->now.mono_ms;
	if (d->screen.id == SCREEN_PIN)
		desk_go_home(d, &e->now, out);
}

static void adjust(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	struct desk_request r = by_hand(ROW_ADJUST, SOURCE_TOUCH);
	r.amount = e->tap == CONTROL_PLUS ? 1 : -1;
	desk_ask(d, &r, out);
}

static void undo(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	struct desk_request r = by_hand(ROW_UNDO, SOURCE_TOUCH);
	if (d->last_seq)
		desk_ask(d, &r, out);
}

static void leave(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_leave_staff(d, &e->now, out);
}

#define ON(id)    (1U << SCREEN_##id)
#define ON_ANY    ((1U << SCREEN_ID_COUNT) - 1)
#define ON_GUESTS (ON(SCAN) | ON(RESULT) | ON(HELP) | ON(FAULT))

/* `last`: the same for every control up to this one. */
static const struct {
	enum control first, last;
	unsigned screens;
	void (*act)(struct desk *d, const struct desk_event *e, struct desk_effects *out);
} controls[] = {
	{ CONTROL_NO_TICKET, CONTROL_NO_TICKET, ON(SCAN) | ON(HELP) | ON(FAULT), no_ticket },
	{ CONTROL_HELP, CONTROL_HELP, ON(SCAN) | ON(RESULT) | ON(FAULT), call_help },
	{ CONTROL_LANGUAGE_0, CONTROL_LANGUAGE_LAST, ON_ANY, use_language },
	{ CONTROL_OK, CONTROL_OK, ON(RESULT), close_result },
	{ CONTROL_OK, CONTROL_OK, ON(HELP), close_help },
	{ CONTROL_OVERRIDE, CONTROL_OVERRIDE, ON(RESULT), override },
	{ CONTROL_BACK, CONTROL_BACK, ON(RESULT), close_result },
	{ CONTROL_BACK, CONTROL_BACK, ON(HELP), close_help },
	{ CONTROL_BACK, CONTROL_BACK, ON(PIN), leave },
	{ CONTROL_BACK, CONTROL_BACK, ON(WALK_IN), desk_walk_in_back },
	{ CONTROL_COME_IN, CONTROL_COME_IN, ON(WALK_IN), desk_come_in },
	{ CONTROL_KEY_0, CONTROL_KEY_LAST, ON(WALK_IN) | ON(SEARCH), desk_key },
	{ CONTROL_VARIANT_0, CONTROL_VARIANT_LAST, ON(WALK_IN) | ON(SEARCH), desk_variant },
	{ CONTROL_BACK, CONTROL_BACK, ON(HEADCOUNT), leave_figures },
	{ CONTROL_STAFF, CONTROL_STAFF, ON_GUESTS, open_staff },
	{ CONTROL_DIGIT_0, CONTROL_DIGIT_9, ON(PIN), digit },
	{ CONTROL_ERASE, CONTROL_ERASE, ON(PIN), erase },
	{ CONTROL_ENTER, CONTROL_ENTER, ON(PIN), enter },
	{ CONTROL_PLUS, CONTROL_MINUS, ON(HEADCOUNT) | ON(PAIRS), adjust },
	{ CONTROL_UNDO, CONTROL_UNDO, ON(HEADCOUNT), undo },
	{ CONTROL_LEAVE, CONTROL_LEAVE, ON(HEADCOUNT), leave },
	{ CONTROL_SEARCH, CONTROL_SEARCH, ON(HEADCOUNT), desk_open_search },
	{ CONTROL_FIND, CONTROL_FIND, ON(SEARCH), desk_show_found },
	{ CONTROL_FOUND_0, CONTROL_FOUND_LAST, ON(SEARCH), desk_pick_found },
	{ CONTROL_BACK, CONTROL_BACK, ON(SEARCH), desk_search_back },
	{ CONTROL_FLEET, CONTROL_FLEET, ON(HEADCOUNT), desk_open_fleet },
	{ CONTROL_PAIRS, CONTROL_PAIRS, ON(HEADCOUNT), desk_open_pairs },
	{ CONTROL_STICK, CONTROL_STICK, ON(HEADCOUNT), desk_open_stick },
	{ CONTROL_COPY, CONTROL_COPY, ON(STICK), desk_copy },
	{ CONTROL_SERIES, CONTROL_SERIES, ON(HEADCOUNT), desk_open_series },
	{ CONTROL_SHOW, CONTROL_SHOW, ON(SERIES), desk_show_series },
	{ CONTROL_EARLIER, CONTROL_LATER, ON(FLEET) | ON(PAIRS), desk_turn_list },
	{ CONTROL_BACK, CONTROL_BACK, ON(FLEET) | ON(PAIRS) | ON(STICK) | ON(SERIES),
		desk_close_list },
	{ CONTROL_TEXT_SIZE, CONTROL_TEXT_SIZE, ON_ANY, use_text_size },
	{ CONTROL_CONTRAST, CONTROL_CONTRAST, ON_ANY, use_contrast },
};
static_assert(CONTROL_MINUS == CONTROL_PLUS + 1, "adjust() has both");

void desk_tap(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->touched_ms = e->now.mono_ms;
	if (desk_is_staff_screen(d))
		d->staff_touched_ms = e->now.mono_ms;
	for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
		if (e->tap < controls[i].first || e->tap > controls[i].last)
			continue;
		if (!(controls[i].screens & 1U << d->screen.id))
			continue;
		desk_chime(out, CHIME_TAP);
		controls[i].act(d, e, out);
		return;
	}
}

/* A volunteer at the door with a clicker has already let the guest in: the row says what happened,
 * and a full house does not unsay it. */
static void count_one(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	struct desk_request r = by_hand(ROW_WALK_IN, SOURCE_BUTTON);
	r.override = true;
	desk_ask(d, &r, out);
}

static void (*const buttons[])(
	struct desk *d, const struct desk_event *e, struct desk_effects *out) = {
	[BUTTON_VOLUNTEER] = open_staff,
	[BUTTON_HELP] = call_help,
	[BUTTON_PLUS] = count_one,
};
static_assert(ARRAY_LEN(buttons) == BUTTON_COUNT, "every button does something");

void desk_button(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	unsigned button = (unsigned)e->button;
	d->touched_ms = e->now.mono_ms;
	if (button < BUTTON_COUNT && buttons[button])
		buttons[button](d, e, out);
}
