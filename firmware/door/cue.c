/* The table of answers. Three rules hold it together, and tests/unit/cue_test.c keeps them:
 *   - green and the door's relay are for guests who may walk in (the relay also for those who walk
 *     out);
 *   - no light flashes more than three times in any second (WCAG 2.3.1), since a red one may be
 *     large and near;
 *   - no two verdicts share a light pattern or a chime. */
#include "door/cue.h"

#include "base/cc.h"

const char *const lamp_names[] = { "green", "amber", "red", "buzzer", "door" };
static_assert(ARRAY_LEN(lamp_names) == LAMP_LINES, "every line needs a name");

/* Short names, for the table alone. */
enum { G = LAMP_GREEN, A = LAMP_AMBER, R = LAMP_RED, B = LAMP_BUZZER, D = LAMP_DOOR };

static const struct cue cues[] = {
	[VERDICT_NONE] = { CHIME_NONE, 0, { { 0, 0 } } },
	[VERDICT_ADMIT] = { CHIME_WELCOME, 3000, { { G | D | B, 120 }, { G | D, 2880 } } },
	[VERDICT_READMIT] = { CHIME_WELCOME_BACK, 3000,
		{ { G | D | B, 120 }, { G | D, 380 }, { D | B, 120 }, { D, 180 },
			{ G | D, 2200 } } },
	[VERDICT_MOVED] = { CHIME_MOVED, 3500,
		{ { G | D | B, 120 }, { G | D, 380 }, { D | B, 120 }, { D, 180 },
			{ G | D | B, 120 }, { G | D, 380 }, { D, 300 }, { G | D, 1400 } } },
	[VERDICT_EXIT] = { CHIME_GOODBYE, 2500,
		{ { D | A | B, 80 }, { D | A, 320 }, { D, 2100 } } },
	[VERDICT_ALREADY_IN] = { CHIME_ALREADY_IN, 10000,
		{ { A | B, 150 }, { A, 350 }, { B, 150 }, { 0, 350 }, { A, 500 }, { 0, 500 },
			{ A, 500 }, { 0, 500 }, { A, 2000 } } },
	[VERDICT_WRONG_VENUE] = { CHIME_WRONG_VENUE, 12000,
		{ { R | B, 150 }, { R, 450 }, { A | B, 150 }, { A, 450 }, { R, 600 }, { A, 600 },
			{ R, 600 }, { A, 600 } } },
	[VERDICT_NOT_YET] = { CHIME_NOT_YET, 8000,
		{ { A | B, 150 }, { A, 850 }, { 0, 1000 }, { A, 1000 }, { 0, 1000 },
			{ A, 1000 } } },
	[VERDICT_EXPIRED] = { CHIME_EXPIRED, 8000,
		{ { R | B, 800 }, { R, 200 }, { 0, 500 }, { R, 1000 }, { 0, 500 }, { R, 1000 } } },
	[VERDICT_REVOKED] = { CHIME_REVOKED, 8000,
		{ { R | B, 400 }, { R, 200 }, { R | B, 400 }, { R, 3000 } } },
	[VERDICT_FORGED] = { CHIME_FORGED, 8000,
		{ { R | B, 500 }, { 0, 250 }, { R | B, 500 }, { 0, 250 }, { R | B, 500 },
			{ 0, 250 }, { R, 2000 } } },
	[VERDICT_UNKNOWN] = { CHIME_UNKNOWN, 8000,
		{ { R | B, 300 }, { R, 1700 }, { 0, 500 }, { R, 500 } } },
	[VERDICT_NOT_A_TICKET] = { CHIME_NOT_A_TICKET, 5000,
		{ { R | B, 120 }, { R, 280 }, { 0, 400 }, { R, 400 } } },
	[VERDICT_FULL] = { CHIME_FULL, 12000, { { A | B, 600 }, { A, 3400 } } },
	/* Every light and the buzzer. Green is never alone here: alone, it is promised to guests.
	 */
	[VERDICT_TEST_OK] = { CHIME_TEST, 3000,
		{ { A, 300 }, { R, 300 }, { G | A | R | B, 100 }, { G | A | R, 500 } } },
	[VERDICT_STAFF] = { CHIME_STAFF, 1500, { { A, 200 }, { 0, 200 }, { A, 200 } } },
	[VERDICT_STORE_FAILED] = { CHIME_FAULT, 8000,
		{ { R | A | B, 200 }, { R | A, 300 }, { B, 200 }, { 0, 300 }, { R | A | B, 200 },
			{ R | A, 300 }, { 0, 500 }, { R | A, 4000 } } },
};
static_assert(ARRAY_LEN(cues) == VERDICT_COUNT, "every verdict needs a cue");

/* Slow enough to be told from every verdict across a room. */
const struct cue cue_help = { CHIME_HELP, 0,
	{ { A, 1500 }, { 0, 1500 }, { A, 1500 }, { 0, 1500 }, { A, 1500 }, { 0, 1500 }, { A, 1500 },
		{ 0, 1500 }, { A, 1500 } } };

const struct cue *cue_of(enum verdict v)
{
	CHECK((unsigned)v < VERDICT_COUNT);
	return &cues[v];
}

/* The step that is running, with the time left of it; NULL before and after the pattern. */
static const struct cue_step *step_at(const struct cue *cue, int64_t elapsed_ms, int64_t *left_ms)
{
	if (elapsed_ms < 0)
		return NULL;
	for (size_t i = 0; i < CUE_STEPS && cue->steps[i].ms; i++) {
		if (elapsed_ms < cue->steps[i].ms) {
			*left_ms = cue->steps[i].ms - elapsed_ms;
			return &cue->steps[i];
		}
		elapsed_ms -= cue->steps[i].ms;
	}
	return NULL;
}

uint8_t cue_lamps(const struct cue *cue, int64_t elapsed_ms)
{
	int64_t left_ms;
	const struct cue_step *step = step_at(cue, elapsed_ms, &left_ms);
	return step ? step->lamps : 0;
}

int64_t cue_left_ms(const struct cue *cue, int64_t elapsed_ms)
{
	int64_t left_ms;
	return step_at(cue, elapsed_ms, &left_ms) ? left_ms : 0;
}
