/* Which of the box's two systems starts next. Two slots hold a system each, A and B; one is first
 * in turn, and each has so many tries left before the other is taken. The start script for U-Boot
 * (board/boot/boot.cmd) lowers the tries, the health check fills them up again, and the updater
 * says which is first. Pure functions, any thread.
 *
 * On the disk the state is one sector of SLOTS_BYTES, in two copies (box/slots_disk.h). It is an
 * environment as U-Boot's `env import -c` reads and `env export -c` writes it: the CRC-32 (IEEE
 * 802.3, little endian) of what follows, then text, then zeroes:
 *
 *   slot_a=N\0slot_b=N\0slot_first=A\0\0    N: 0 to 9 tries left, or x: barred; A or B
 *
 * No other bytes are a state. A barred slot is empty or half written, and is never started; at
 * least one of the two is not barred. */
#ifndef PARVIS_BOX_SLOTS_H
#define PARVIS_BOX_SLOTS_H

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

#define SLOTS_BYTES 512

/* How often a slot is started before the other one: one that the updater has just written, and one
 * that has proven itself. The latter is high enough that a socket which somebody keeps pulling is
 * not taken for a broken system. */
#define SLOTS_TRIES_NEW    3
#define SLOTS_TRIES_PROVEN 9
#define SLOTS_BARRED       (-1)

enum slot { SLOT_A, SLOT_B, SLOT_COUNT };

struct slots {
	enum slot first;
	int left[SLOT_COUNT]; /* 0 to SLOTS_TRIES_PROVEN, or SLOTS_BARRED */
};

/* What is assumed where no copy can be read: both may be started, A first. */
struct slots slots_default(void);

/* Whether s can be written: values in their ranges, a slot left to start. */
bool slots_valid(const struct slots *s);

/* s as it is on the disk. s is valid. */
void slots_encode(uint8_t out[SLOTS_BYTES], const struct slots *s);

/* Reads one copy. False for anything but what slots_encode() writes; *out is then as it was. */
NODISCARD bool slots_decode(struct slots *out, const uint8_t in[SLOTS_BYTES]);

/* The slot that starts next: the first if it has a try left, else the other if it has; where
 * neither has, the first that is not barred. */
enum slot slots_next(const struct slots *s);

/* What the start script does before it starts slots_next(): a try less; where none was left, both
 * that are not barred begin anew with SLOTS_TRIES_NEW. */
struct slots slots_started(const struct slots *s);

/* The updater's and the health check's words. slots_bar() is false where the other slot is barred
 * too, and changes nothing then: something must remain to start. */
void slots_make_first(struct slots *s, enum slot which);
void slots_prove(struct slots *s, enum slot which);
NODISCARD bool slots_bar(struct slots *s, enum slot which);

/* Whether a slot could be started now. */
bool slots_good(const struct slots *s, enum slot which);

/* "A" or "B", and back: false for any other word. */
const char *slot_name(enum slot which);
NODISCARD bool slot_named(enum slot *out, const char *name);

#endif
