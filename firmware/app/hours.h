/* When a box may be worked on: updated, started anew. Never while its event is on, nor around it,
 * and not while its clock is one that nobody vouches for. Main thread, before any other. */
#ifndef PARVIS_APP_HOURS_H
#define PARVIS_APP_HOURS_H

#include "app/options.h"
#include "base/when.h"

/* So long before it opens and after it closes an event counts as on. */
#define HOURS_MARGIN_MS (INT64_C(3) * 60 * 60 * 1000)

/* Whether an event of these hours is surely not on. Pure. */
bool hours_closed(int64_t opens_ms, int64_t closes_ms, struct when now);

/* --is-closed: says it of the box's event, or of the one that the options name, on standard output.
 * Exit status: 0 closed, or the box has no event; 1 open, or not known. */
NODISCARD int hours_tell(const struct options *o);

#endif
