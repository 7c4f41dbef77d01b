/* Sounds, made here note by note and played through SDL's audio. One thread; SDL plays in its own,
 * from its own queue. */
#ifndef PARVIS_UI_CHIME_H
#define PARVIS_UI_CHIME_H

#include "base/cc.h"
#include "door/cue.h"

#include <stddef.h>
#include <stdint.h>

#define CHIME_RATE 48000 /* mono samples a second */

/* The samples of a chime. Gives how many there are; writes at most capacity of them. */
size_t chime_samples(enum chime chime, int16_t *out, size_t capacity);

struct speaker;

/* -ENODEV: no audio device. *out only on success. */
NODISCARD int speaker_open(struct speaker **out);
void speaker_close(struct speaker *s);

/* Begins at once; what was still sounding is cut off. -EIO: the device is gone. */
NODISCARD int speaker_play(struct speaker *s, enum chime chime);

#endif
