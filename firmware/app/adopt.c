#include "app/adopt.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum adopt_worth adopt_judge(
	const struct box *now, const struct bundle *b, const struct bundle_settings *s)
{
	if (!now)
		return ADOPT_FIRST;
	if (!memcmp(now->bundle.hash, b->hash, sizeof(b->hash)))
		return ADOPT_SAME;
	if (strcmp(now->bundle.event_id, b->event_id))
		return ADOPT_OTHER_EVENT;
	if (memcmp(now->bundle.key, b->key, sizeof(b->key)))
		return ADOPT_OTHER_KEY;
	if (b->serial < now->bundle.serial)
		return ADOPT_OLDER;
	bool same_door =
		!strcmp(now->settings.venue, s->venue) && !strcmp(now->settings.door, s->door);
	return same_door ? ADOPT_UPDATE : ADOPT_MOVE;
}

static void ignore_problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

static enum bundle_wrong read_bundle(struct adopt_offer *o)
{
	struct event *e = NULL;
	/* Not blocked by a pipe that somebody named so. */
	AUTO_FD fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return BUNDLE_UNREADABLE;
	enum bundle_wrong wrong = bundle_verify(&o->bundle, fd);
	if (!wrong)
		wrong = bundle_contents(&o->bundle, fd, &e, &o->settings, ignore_problem, NULL);
	if (wrong)
		return wrong;
	text_copy(o->event_title, sizeof(o->event_title), e->title);
	text_copy(o->venue_name, sizeof(o->venue_name), event_venue(e, o->settings.venue)->name);
	event_free(e);
	return BUNDLE_GOOD;
}

void adopt_read(struct adopt_offer *out, const char *path, const struct box *now)
{
	*out = (struct adopt_offer){ 0 };
	text_copy(out->path, sizeof(out->path), path);
	out->wrong = read_bundle(out);
	out->worth = out->wrong ? ADOPT_BAD : adopt_judge(now, &out->bundle, &out->settings);
}

enum screen_adopt_state adopt_state(const struct adopt_offer *offer)
{
	static const enum screen_adopt_state refusals[ADOPT_WORTHS] = {
		[ADOPT_OLDER] = SCREEN_ADOPT_OLDER,
		[ADOPT_OTHER_EVENT] = SCREEN_ADOPT_OTHER_EVENT,
		[ADOPT_OTHER_KEY] = SCREEN_ADOPT_OTHER_KEY,
	};
	static const enum screen_adopt_state bad[BUNDLE_WRONGS] = {
		[BUNDLE_UNREADABLE] = SCREEN_ADOPT_UNREADABLE,
		[BUNDLE_NOT_ONE] = SCREEN_ADOPT_NOT_ONE,
		[BUNDLE_VERSION] = SCREEN_ADOPT_VERSION,
		[BUNDLE_CUT_SHORT] = SCREEN_ADOPT_CUT_SHORT,
		[BUNDLE_TRAILING] = SCREEN_ADOPT_ALTERED,
		[BUNDLE_TABLE] = SCREEN_ADOPT_ALTERED,
		[BUNDLE_SIGNATURE] = SCREEN_ADOPT_ALTERED,
		[BUNDLE_CHANGED] = SCREEN_ADOPT_ALTERED,
		[BUNDLE_CONTENTS] = SCREEN_ADOPT_ALTERED,
	};
	return offer->worth == ADOPT_BAD ? bad[offer->wrong] : refusals[offer->worth];
}

/* --- looking around ----------------------------------------------------------------------------
 */

struct looking {
	const struct box *now;
	struct adopt_offer *offers;
	size_t count;
};

static void look_at(struct looking *l, const char *path)
{
	if (l->count < ADOPT_OFFERS_MAX)
		adopt_read(&l->offers[l->count++], path, l->now);
}

static void look_in(struct looking *l, const char *dir)
{
	char pattern[PATH_MAX];
	glob_t found;
	int n = snprintf(pattern, sizeof(pattern), "%s/*" BUNDLE_SUFFIX, dir);
	if (n < 0 || (size_t)n >= sizeof(pattern) || glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		look_at(l, found.gl_pathv[i]);
	globfree(&found);
}

static int by_welcome(const void *left, const void *right)
{
	const struct adopt_offer *a = left, *b = right;
	if (a->worth != b->worth)
		return a->worth < b->worth ? -1 : 1;
	if (a->bundle.serial != b->bundle.serial)
		return a->bundle.serial > b->bundle.serial ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Where this very door's bundle is on the stick, in force or newer, the others are for others. */
static size_t leave_out(struct adopt_offer *offers, size_t count)
{
	bool ours = false;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		ours = ours || offers[i].worth == ADOPT_UPDATE || offers[i].worth == ADOPT_SAME;
	for (size_t i = 0; i < count; i++) {
		enum adopt_worth w = offers[i].worth;
		if (w == ADOPT_SAME || (ours && (w == ADOPT_MOVE || w == ADOPT_OLDER)))
			continue;
		if (kept != i)
			offers[kept] = offers[i];
		kept++;
	}
	return kept;
}

static const char *reason(const struct adopt_offer *o)
{
	static const char *const reasons[ADOPT_WORTHS] = {
		[ADOPT_OLDER] = "it is older than the one in force",
		[ADOPT_OTHER_EVENT] = "this box belongs to another event",
		[ADOPT_OTHER_KEY] = "another organiser's key has signed it",
	};
	return o->worth == ADOPT_BAD ? bundle_wrong_texts[o->wrong] : reasons[o->worth];
}

size_t adopt_look(
	const struct adopt_places *places, const struct box *now, struct adopt_offer *offers)
{
	struct looking l = { .now = now, .offers = offers };
	for (size_t i = 0; i < places->file_count; i++)
		look_at(&l, places->files[i]);
	for (size_t i = 0; i < places->dir_count; i++)
		look_in(&l, places->dirs[i]);
	qsort(offers, l.count, sizeof(*offers), by_welcome);
	size_t kept = leave_out(offers, l.count);
	for (size_t i = 0; i < kept; i++)
		if (reason(&offers[i]))
			log_warning("%s is refused: %s", offers[i].path, reason(&offers[i]));
	return kept;
}

int adopt_take(struct box *out, const char *data_dir, const struct adopt_offer *offer)
{
	CHECK(offer->worth < ADOPT_SAME);
	AUTO_FD fd = open(offer->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 ? -errno : box_adopt(out, data_dir, fd, offer->bundle.hash);
	if (error)
		log_error("%s could not be adopted: %s", offer->path, strerror(-error));
	else
		log_info("adopted %s: %s, venue %s, door %s, serial %llu", offer->path,
			out->bundle.short_hash, out->settings.venue, out->settings.door,
			(unsigned long long)out->bundle.serial);
	return error;
}
