/* Before the door: finds out what the box is, shows what a bundle would make of it, and waits for a
 * person where one has to agree. Opens and closes its own screen. Main thread. */
#ifndef PARVIS_APP_THRESHOLD_H
#define PARVIS_APP_THRESHOLD_H

#include "app/adopt.h"
#include "app/options.h"
#include "base/cc.h"

struct threshold;

/* Starts watching the places of bundles, which is a thread's work: a failing stick may take its
 * time. *out only on success. The options outlive it. */
NODISCARD int threshold_open(struct threshold **out, const struct options *options);
void threshold_close(struct threshold *t);

/* Gives an exit status; 0: *box is what the door is to be. -1: the person has left. While a script
 * is played, its lines up to a decision are played here, and their number is in *lines. */
NODISCARD int threshold_cross(struct threshold *t, struct box *box, unsigned *lines);

/* Whether a bundle has come, gone or changed since the box was last looked at. Never waits. */
bool threshold_news(struct threshold *t);

/* The same for a door that is open, which is not left because a stick was pulled out. Never waits.
 */
bool threshold_calls(struct threshold *t);

/* The door has opened as `box`: what it was before is removed. */
void threshold_crossed(struct threshold *t, const struct box *box);

/* The door did not open as `box`: goes back to what it was before. False: there is nothing. */
bool threshold_back(struct threshold *t, struct box *box);

#endif
