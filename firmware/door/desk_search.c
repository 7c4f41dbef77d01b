/* Guests by name, where the organiser chose it: what is typed, whom it finds, and the row that a
 * volunteer asks for. Names are in the screen alone, and any other screen that comes wipes them
 * (desk_go()); the app searches, and wipes what it searches in when the session ends. */
#include "base/text.h"
#include "door/desk_parts.h"

#include <string.h>

void desk_forget_found(struct desk *d)
{
	memset(d->screen.found, 0, sizeof(d->screen.found));
	memset(d->found_hash, 0, sizeof(d->found_hash));
	d->screen.found_count = 0;
	d->screen.found_total = 0;
	d->screen.found_list = false;
	d->screen.found_pending = false;
}

void desk_open_search(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!d->screen.staff || !d->screen.can_search)
		return;
	desk_go(d, SCREEN_SEARCH, &e->now, out);
	keyboard_reset(&d->screen.keyboard, d->screen.language);
	d->search_again = d->search_asked;
}

/* One search at a time; what is typed meanwhile is searched when it is answered. */
static void search(struct desk *d, struct desk_effects *out)
{
	d->screen.found_pending = true;
	out->set |= EFFECT_SCREEN;
	if (d->search_asked) {
		d->search_again = true;
		return;
	}
	d->search_asked = true;
	d->search_again = false;
	memcpy(out->search, d->screen.keyboard.text, sizeof(out->search));
	out->set |= EFFECT_SEARCH;
}

void desk_search_typed(struct desk *d, bool has_changed, struct desk_effects *out)
{
	if (has_changed)
		search(d, out);
	else
		desk_chime(out, CHIME_FAULT);
}

static enum screen_found_state state_of(const struct desk_found *f)
{
	if (f->ticket.revoked)
		return FOUND_REVOKED;
	return f->prior.last == DIRECTION_IN    ? FOUND_IN
	       : f->prior.last == DIRECTION_OUT ? FOUND_OUT
						: FOUND_NOT_YET;
}

static void show(struct desk *d, size_t i, const struct desk_found *f)
{
	struct screen_found *s = &d->screen.found[i];
	const struct prior *prior = &f->prior;
	memcpy(d->found_hash[i], f->ticket.hash, TICKET_HASH_SIZE);
	text_copy(s->name, sizeof(s->name), f->ticket.name);
	text_copy(s->type, sizeof(s->type), f->type);
	s->state = state_of(f);
	s->at = (struct when){ .wall_ms = prior->wall_ms, .trust = prior->trust };
	text_copy(s->door, sizeof(s->door), prior->door);
	if (*prior->venue && strcmp(prior->venue, d->setup.rules.venue))
		s->venue = desk_venue_name(d, prior->venue);
}

/* An answer that nobody waits for any more is let go. */
void desk_found(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	bool list = d->screen.found_list;
	if (!d->search_asked)
		return;
	d->search_asked = false;
	if (d->screen.id != SCREEN_SEARCH)
		return;
	if (d->search_again) {
		search(d, out);
		return;
	}
	CHECK(e->found.count <= SCREEN_FOUND_MAX);
	desk_forget_found(d);
	for (size_t i = 0; i < e->found.count; i++)
		show(d, i, &e->found.at[i]);
	d->screen.found_count = e->found.count;
	d->screen.found_total = e->found.total;
	d->screen.found_list = list && e->found.count;
	out->set |= EFFECT_SCREEN;
}

void desk_show_found(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	if (!d->screen.found_count || d->screen.found_pending || d->screen.found_list) {
		desk_chime(out, CHIME_FAULT);
		return;
	}
	(void)keyboard_let_go(&d->screen.keyboard);
	d->screen.found_list = true;
	out->set |= EFFECT_SCREEN;
}

/* The list stays until the row is answered: the app has these tickets as long as it is shown. */
void desk_pick_found(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	unsigned i = (unsigned)e->tap - CONTROL_FOUND_0;
	struct desk_request r = { .kind = ROW_SCAN, .source = SOURCE_TOUCH, .found = true };
	if (d->busy || !d->screen.found_list || i >= d->screen.found_count) {
		out->set &= ~(uint32_t)EFFECT_CHIME;
		return;
	}
	text_copy(r.operator, sizeof(r.operator), DESK_VOLUNTEER);
	memcpy(r.hash, d->found_hash[i], sizeof(r.hash));
	memcpy(d->last_hash, r.hash, sizeof(r.hash));
	d->last_found = true;
	desk_ask(d, &r, out);
}

/* Out of the variants, then of the list, then of the search. */
void desk_search_back(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	out->set |= EFFECT_SCREEN;
	if (keyboard_let_go(&d->screen.keyboard))
		return;
	if (d->screen.found_list)
		d->screen.found_list = false;
	else
		desk_go_home(d, &e->now, out);
}

/* Whenever the session is over, and for a PIN that opened none. */
void desk_watch_staff(
	struct desk *d, const struct desk_event *e, bool before, struct desk_effects *out)
{
	bool opened = e->kind == DESK_PIN_RESULT && e->pin_good;
	if (d->screen.staff || (!before && !opened))
		return;
	d->screen.can_search = false;
	out->set |= EFFECT_STAFF_OVER;
}
