/* Notices when a bundle comes, goes or changes in the places where one may lie. A failing stick may
 * take its time, so a thread looks, every two seconds. */
#ifndef PARVIS_APP_PLACE_WATCH_H
#define PARVIS_APP_PLACE_WATCH_H

#include "app/adopt.h"
#include "base/cc.h"

struct place_watch;

#define PLACES_EMPTY 0xcbf29ce484222325UL /* no bundle anywhere */

/* Looks once, then starts the thread. *out only on success: else -ENOMEM or -EAGAIN. The places
 * outlive it. */
NODISCARD int place_watch_open(struct place_watch **out, const struct adopt_places *places);
void place_watch_close(struct place_watch *w);

/* A number that is another when a bundle has come, gone or changed. Never waits. */
unsigned long place_watch_seen(const struct place_watch *w);

/* The same, looked at now: may wait for a stick. */
unsigned long place_watch_look(struct place_watch *w);

#endif
