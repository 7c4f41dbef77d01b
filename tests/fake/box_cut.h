/* In place of app/box_files.c: does every step on the real disk and keeps a list of them, so that a
 * test can cut between any two. Two kinds of cut:
 *   box_cut_after(n)     the process ends (exit status 77) when n steps are done: what a SIGKILL
 *                        leaves, since the system's cache outlives it
 *   box_cut_replay(...)  builds the directory that a power cut could have left after n steps
 * One thread. */
#ifndef PARVIS_TESTS_FAKE_BOX_CUT_H
#define PARVIS_TESTS_FAKE_BOX_CUT_H

#include "base/cc.h"

#include <stddef.h>

#define BOX_CUT_STATUS 77

/* What a power cut does to what no sync has made durable. */
enum box_cut_loss {
	BOX_CUT_KEEPS,     /* nothing is lost */
	BOX_CUT_FORGETS,   /* all of it is lost: bytes and names */
	BOX_CUT_EMPTIES,   /* names are kept, bytes are not: files of no length */
	BOX_CUT_HALVES,    /* names are kept, and the first half of the bytes */
	BOX_CUT_SCRAMBLES, /* names are kept, and as many bytes of nonsense */
	BOX_CUT_LOSSES
};

/* Starts a new list. Steps on paths that are not below `root` are a fault of the test. */
void box_cut_begin(const char *root);
size_t box_cut_steps(void);

/* Ends this process after so many steps from now; 0: before the first. */
void box_cut_after(size_t steps);

/* The step that fails with this errno, 0 being the first from now on; none by default. */
void box_cut_fail(size_t step, int error);

/* Makes `to` what `before`, a copy of the root at box_cut_begin(), becomes by the first `steps`
 * steps, with that loss. */
void box_cut_replay(const char *before, const char *to, size_t steps, enum box_cut_loss loss);

#endif
