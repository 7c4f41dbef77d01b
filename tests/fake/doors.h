/* Boxes and collectors at a table: sync/box.h and sync/collector.h over a broker, disks and a clock
 * that are values in memory. Every message arrives, in order, after a fixed while, but for what a
 * test's `drop` takes away. What goes wrong in a real night is tests/sim's business; this is to see
 * each promise kept on its own. One thread. */
#ifndef PARVIS_TESTS_DOORS_H
#define PARVIS_TESTS_DOORS_H

#include "sync/box.h"
#include "sync/collector.h"

#define DOORS_MAX   12 /* boxes, and after them collectors */
#define DOORS_EVENT "nuit"
#define DOORS_START INT64_C(1481220000000)

struct doors;

struct doors *doors_open(unsigned boxes, unsigned collectors, enum sync_reach reach);
void doors_close(struct doors *d);

/* One way through the air, in ms; 20 at first. */
void doors_set_latency(struct doors *d, int64_t ms);

/* The first `count` have a link of so many bytes a second, each way. */
void doors_set_link(struct doors *d, unsigned count, int64_t bytes_a_second);

/* Gives true for a message that shall not arrive at `to`. */
void doors_set_drop(struct doors *d,
	bool (*drop)(void *context, unsigned from, unsigned to, const char *topic), void *context);

/* Of all messages one in so many does not arrive, by dice that fall alike in every run; 0: none. */
void doors_set_loss(struct doors *d, unsigned one_in);

void doors_up(struct doors *d, unsigned who);
void doors_up_first(struct doors *d, unsigned count);
void doors_down(struct doors *d, unsigned who);

/* A new start of box or collector: what was in memory is gone, the disk is not. */
void doors_restart(struct doors *d, unsigned who);

/* The disk of the box is yesterday's: its last `rows` rows are gone, and so are the peers'. */
void doors_roll_back(struct doors *d, unsigned who, size_t rows);

/* The broker forgets what it retained. */
void doors_forget(struct doors *d);

/* The box's wall clock is so far off. */
void doors_set_clock(struct doors *d, unsigned who, int64_t off_ms);

/* The next row of the box, durable. A guest with ticket number `ticket` enters (0: a walk-in). */
void doors_enter(struct doors *d, unsigned who, unsigned ticket);
void doors_leave(struct doors *d, unsigned who, unsigned ticket);
/* … coming from another venue, by its number. */
void doors_move(struct doors *d, unsigned who, unsigned ticket, unsigned from);

/* The venue of box `who` is "venue-N", N being who / 2: two doors each. */
void doors_venue(unsigned who, char out[ID_SIZE]);

/* Lets time pass. */
void doors_run(struct doors *d, int64_t ms);
int64_t doors_now(const struct doors *d);

struct sync_box *doors_box(struct doors *d, unsigned who);
struct link_status doors_status(struct doors *d, unsigned who);
struct collector *doors_collector(struct doors *d, unsigned who);

/* How many different rows `who` has; of all that were ever written, how many there are. */
size_t doors_rows(const struct doors *d, unsigned who);
size_t doors_written(const struct doors *d);
bool doors_has_ticket(const struct doors *d, unsigned who, unsigned ticket);

/* Messages that were published to a topic that ends in `end`, and their bytes. */
size_t doors_published(const struct doors *d, const char *end, size_t *bytes);

/* Is told of every message that is published. */
void doors_set_listener(struct doors *d,
	void (*listen)(void *context, const char *topic, const void *payload, size_t size),
	void *context);

/* A message from nowhere. */
void doors_say(struct doors *d, const char *topic, const void *payload, size_t size);

/* What the box was last told to do or has said: how often. */
unsigned doors_new_epochs(const struct doors *d, unsigned who);
uint64_t doors_latest(const struct doors *d, unsigned who);

/* A message that box `who` would have signed; free(). */
char *doors_ev_of(struct doors *d, unsigned who, uint64_t first, size_t count, size_t *len);
void doors_device(const struct doors *d, unsigned who, uint8_t out[DEVICE_ID_SIZE]);
struct chain doors_chain(const struct doors *d, unsigned who);

#endif
