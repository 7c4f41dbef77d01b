/* The live main loop: one thread, woken by whatever comes and by the next thing that changes by
 * itself. Drawing is bounded to DRAW_MS, so that a guest's code never waits behind pictures. */
#include "app/kiosk_parts.h"

#include <signal.h>
#include <string.h>

#define DRAW_MS    33
#define INPUT_MS   10 /* how often a window without a descriptor is asked */
#define INPUTS_MAX 64

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

void kiosk_catch_signals(void)
{
	struct sigaction act_on = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGTERM, &act_on, NULL);
	sigaction(SIGINT, &act_on, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool kiosk_asked_to_stop(void)
{
	return stop;
}

static void move_focus(struct kiosk *k, int step)
{
	enum control order[CONTROL_COUNT];
	size_t n = ui_controls(k->ui, order, CONTROL_COUNT);
	if (!n)
		return;
	size_t at = step > 0 ? n - 1 : 0;
	for (size_t i = 0; i < n; i++)
		if (order[i] == k->focus)
			at = i;
	k->focus = order[(at + n + (size_t)(step + (int)n)) % n];
	k->dirty = true;
}

static bool is_writing_a_name(const struct kiosk *k)
{
	const struct screen *s = &k->desk.screen;
	return s->id == SCREEN_WALK_IN || (s->id == SCREEN_SEARCH && !s->found_list);
}

/* Digits typed on a keypad act as if the screen's were tapped. */
static void type(struct kiosk *k, const struct ui_input *in)
{
	char digit = in->typed[0];
	enum control control = CONTROL_NONE;
	if (is_writing_a_name(k)) {
		struct desk_event event = { .kind = DESK_TYPED };
		memcpy(event.typed, in->typed, sizeof(event.typed));
		kiosk_give(k, &event);
		return;
	}
	if (digit >= '0' && digit <= '9')
		control = (enum control)(CONTROL_DIGIT_0 + (digit - '0'));
	else if (digit == '\b')
		control = CONTROL_ERASE;
	enum control order[CONTROL_COUNT];
	size_t n = ui_controls(k->ui, order, CONTROL_COUNT);
	for (size_t i = 0; i < n; i++)
		if (order[i] == control)
			kiosk_tap(k, control);
}

/* The space bar and Return act on what has the focus; where a name is written and nothing has it,
 * they are a space and the end of the name. */
static void activate(struct kiosk *k, const struct ui_input *in)
{
	if (k->focus != CONTROL_NONE)
		kiosk_tap(k, k->focus);
	else if (is_writing_a_name(k) && in->typed[0] == ' ')
		type(k, in);
	else if (is_writing_a_name(k))
		kiosk_tap(k, k->desk.screen.id == SCREEN_SEARCH ? CONTROL_FIND : CONTROL_COME_IN);
}

static void hold(struct kiosk *k, enum control control)
{
	struct desk_event event = { .kind = DESK_HOLD, .tap = control };
	kiosk_give(k, &event);
}

/* False: the person wants to leave. */
static bool act(struct kiosk *k, const struct ui_input *in)
{
	switch (in->kind) {
	case UI_TAP:
		k->focus = CONTROL_NONE;
		kiosk_tap(k, in->control);
		return true;
	case UI_BUTTON:
		if (desk_ready(&k->desk))
			kiosk_press(k, (enum button)in->button);
		return true;
	case UI_FOCUS_NEXT:
	case UI_FOCUS_BACK:
		move_focus(k, in->kind == UI_FOCUS_NEXT ? 1 : -1);
		return true;
	case UI_ACTIVATE:
		activate(k, in);
		return true;
	case UI_HOLD:
		hold(k, in->control);
		return true;
	case UI_TYPED:
		type(k, in);
		return true;
	case UI_TOUCHED:
		k->dirty = true;
		return true;
	case UI_QUIT:
		return false;
	case UI_NOTHING:
		return true;
	}
	return true;
}

static bool take_inputs(struct kiosk *k)
{
	for (int i = 0; i < INPUTS_MAX; i++) {
		struct ui_input in = ui_poll(k->ui);
		if (in.kind == UI_NOTHING)
			return true;
		if (!act(k, &in))
			return false;
	}
	return true;
}

static int wait_ms(const struct kiosk *k)
{
	struct when now = kiosk_now(k);
	int next = desk_next_ms(&k->desk, &now);
	return next < INPUT_MS ? next : INPUT_MS;
}

/* Whether the door can be left for a moment without anybody noticing. */
static bool is_idle(const struct kiosk *k)
{
	return k->desk.screen.id == SCREEN_SCAN && desk_ready(&k->desk) && !k->has_waiting &&
	       !k->pin_asked;
}

int kiosk_run(struct kiosk *k)
{
	int64_t drawn_ms = INT64_MIN / 2, due_ms = 0;
	uint32_t number = k->view_number;
	while (!stop && take_inputs(k)) {
		kiosk_round(k, wait_ms(k));
		supervisor_alive(k->options->supervisor, kiosk_now(k).mono_ms);
		if (k->news && is_idle(k) && k->news(k->news_context))
			return KIOSK_NEWS;
		struct when now = kiosk_now(k);
		bool due = k->dirty || now.mono_ms >= due_ms || lens_newer(k->lens, number);
		if (!due || now.mono_ms - drawn_ms < DRAW_MS)
			continue;
		kiosk_draw(k);
		number = k->view_number;
		drawn_ms = kiosk_now(k).mono_ms;
		due_ms = drawn_ms + desk_next_ms(&k->desk, &now);
	}
	return 0;
}
