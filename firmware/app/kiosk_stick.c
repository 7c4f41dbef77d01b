/* Sticks: who the copy is sealed to, and what the desk hears of it. Without sticks the door works
 * as it does without a network. */
#include "app/kiosk_parts.h"

#include "base/log.h"

#include <string.h>

/* The organiser's key: that which has signed the box's bundle; of an event folder, the first. */
static bool find_organiser(const struct kiosk *k, uint8_t out[ISSUER_PUBLIC_SIZE])
{
	const struct box *box = k->options->box;
	if (!box && !k->event->key_count)
		return false;
	memcpy(out, box ? box->bundle.key : k->event->keys[0], ISSUER_PUBLIC_SIZE);
	return true;
}

void kiosk_stick_setup(struct kiosk *k, struct stick_setup *out)
{
	const struct options *o = k->options;
	*out = (struct stick_setup){
		.dir = o->stick_dir,
		.data_dir = k->own_data_dir ? k->own_data_dir : o->data,
		.box_dir = o->box ? o->box->dir : NULL,
		.event_id = k->event->id,
		.clock_floor_ms = k->clock_floor_ms,
	};
	out->has_organiser = find_organiser(k, out->organiser);
}

/* A rehearsal has its stick given, and takes no other. */
void kiosk_open_stick(struct kiosk *k)
{
	struct stick_setup setup;
	if (k->options->script && !k->options->stick_dir)
		return;
	kiosk_stick_setup(k, &setup);
	int error = stick_start(&k->stick, &setup);
	if (error)
		log_warning("sticks are not looked for: %s", strerror(-error));
}

void kiosk_take_stick(struct kiosk *k)
{
	struct desk_event event = { .kind = DESK_STICK };
	if (k->stick && stick_next(k->stick, &event.stick))
		kiosk_give(k, &event);
}
