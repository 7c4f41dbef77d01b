/* Without a ticket, where badges are made: the keyboard, which searching uses too, and the row that
 * it leads to. The text is
 * in the screen alone while it is typed; any other screen that comes wipes it (desk_go()). */
#include "door/desk_parts.h"

#include <string.h>

void desk_open_walk_in(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_go(d, SCREEN_WALK_IN, &e->now, out);
	keyboard_reset(&d->screen.keyboard, d->screen.language);
}

/* As with the one tap where there are no badges: not while another guest is being answered. */
void desk_come_in(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	struct desk_request r = { .kind = ROW_WALK_IN, .source = SOURCE_TOUCH, .badge = true };
	if (d->busy) {
		out->set &= ~(uint32_t)EFFECT_CHIME;
		return;
	}
	d->no_ticket_ms = e->now.mono_ms;
	memcpy(r.name, d->screen.keyboard.text, sizeof(r.name));
	size_t n = strlen(r.name);
	if (n && r.name[n - 1] == ' ')
		r.name[n - 1] = '\0'; /* there is never more than one */
	desk_go_home(d, &e->now, out);
	desk_ask(d, &r, out);
}

static void changed(struct desk *d, bool has_changed, struct desk_effects *out)
{
	if (d->screen.id == SCREEN_SEARCH)
		desk_search_typed(d, has_changed, out);
	else if (has_changed)
		out->set |= EFFECT_SCREEN;
	else
		desk_chime(out, CHIME_FAULT);
}

/* A keyboard on the screen, and no list in its place. */
static bool can_write(const struct desk *d)
{
	return d->screen.id == SCREEN_WALK_IN ||
	       (d->screen.id == SCREEN_SEARCH && !d->screen.found_list);
}

void desk_key(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	unsigned at = (unsigned)e->tap - CONTROL_KEY_0;
	if (!can_write(d))
		return;
	changed(d,
		keyboard_press(&d->screen.keyboard, at / KEYBOARD_COLUMNS, at % KEYBOARD_COLUMNS),
		out);
}

void desk_variant(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!can_write(d))
		return;
	changed(d, keyboard_pick(&d->screen.keyboard, (unsigned)e->tap - CONTROL_VARIANT_0), out);
}

/* Out of the variants first. */
void desk_walk_in_back(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (keyboard_let_go(&d->screen.keyboard))
		out->set |= EFFECT_SCREEN;
	else
		desk_go_home(d, &e->now, out);
}

static void touch(struct desk *d, const struct desk_event *e)
{
	d->touched_ms = e->now.mono_ms;
	if (d->screen.id == SCREEN_SEARCH)
		d->staff_touched_ms = e->now.mono_ms;
}

void desk_hold(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	unsigned at = (unsigned)e->tap - CONTROL_KEY_0;
	touch(d, e);
	if (!can_write(d) || e->tap < CONTROL_KEY_0 || e->tap > CONTROL_KEY_LAST)
		return;
	desk_chime(out, CHIME_TAP);
	/* A key that has nothing more to offer is a key that a slow finger has pressed. */
	if (keyboard_hold(&d->screen.keyboard, at / KEYBOARD_COLUMNS, at % KEYBOARD_COLUMNS))
		out->set |= EFFECT_SCREEN;
	else
		desk_key(d, e, out);
}

void desk_typed(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	touch(d, e);
	if (can_write(d))
		changed(d, keyboard_type(&d->screen.keyboard, e->typed), out);
}
