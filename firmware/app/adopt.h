/* Which bundles lie before this box, and what each would make of it. A box without an event takes
 * the first one that a person confirms, and with it the organiser's key; from then on it takes only
 * what that key has signed for that event and what is not older than what it is. Main thread. */
#ifndef PARVIS_APP_ADOPT_H
#define PARVIS_APP_ADOPT_H

#include "app/box.h"
#include "base/cc.h"
#include "door/screen.h"

#include <limits.h>
#include <stddef.h>

#define ADOPT_OFFERS_MAX 64
#define ADOPT_PLACES_MAX 8

/* Where bundles are looked for when nothing else is said: the boot partition, and sticks. */
#define ADOPT_PLACE_BOOT   "/boot/firmware/parvis"
#define ADOPT_PLACE_MEDIA  "/media/*"
#define ADOPT_PLACE_MEDIA2 "/media/*/*"

struct adopt_places {
	const char *files[ADOPT_PLACES_MAX];
	size_t file_count;
	const char *dirs[ADOPT_PLACES_MAX]; /* patterns of glob(7), each holding *.parvis */
	size_t dir_count;
};

/* What a bundle is to a box, from the most to the least welcome. */
enum adopt_worth {
	ADOPT_UPDATE, /* the same door, newer: taken without a touch */
	ADOPT_FIRST,  /* the box has no event: a person must confirm */
	ADOPT_MOVE,   /* another door of the same event: a person must confirm */
	ADOPT_SAME,   /* already in force */
	/* Refused: */
	ADOPT_OLDER,
	ADOPT_OTHER_EVENT,
	ADOPT_OTHER_KEY,
	ADOPT_BAD, /* enum bundle_wrong says why */
	ADOPT_WORTHS
};

struct adopt_offer {
	char path[PATH_MAX];
	enum adopt_worth worth;
	enum bundle_wrong wrong; /* ADOPT_BAD */
	struct bundle bundle;
	struct bundle_settings settings;
	char event_title[EVENT_TEXT_SIZE], venue_name[EVENT_TEXT_SIZE];
};

/* now: what the box is; NULL: it has no event. */
enum adopt_worth adopt_judge(
	const struct box *now, const struct bundle *b, const struct bundle_settings *s);

/* Looks at every bundle in these places and fills `offers` with those that a person should see, the
 * most welcome first and of equals the newest. A stick with a bundle for every door shows this
 * door's alone. Gives how many. What is refused is logged. */
size_t adopt_look(
	const struct adopt_places *places, const struct box *now, struct adopt_offer *offers);

/* Reads one bundle. */
void adopt_read(struct adopt_offer *out, const char *path, const struct box *now);

/* Why an offer is refused, for the screen; SCREEN_ADOPT_ASK for one that is not. */
enum screen_adopt_state adopt_state(const struct adopt_offer *offer);

/* Carries an offer out. The errors of box_adopt(). */
NODISCARD int adopt_take(struct box *out, const char *data_dir, const struct adopt_offer *offer);

#endif
