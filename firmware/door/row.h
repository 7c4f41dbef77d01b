/* One line of the log: the truth that everything else is folded from. Plain values. Rows are
 * numbered 1, 2, 3, … without a gap within (device, epoch); the chain hash of each covers the
 * whole row and the hash before it (store/log.h gives the bytes). */
#ifndef PARVIS_DOOR_ROW_H
#define PARVIS_DOOR_ROW_H

#include "base/when.h"
#include "door/admission.h"
#include "door/ticket.h"
#include "door/verdict.h"

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_ID_SIZE 16
#define BOOT_ID_SIZE   16
#define ROW_HASH_SIZE  32
#define OPERATOR_SIZE  16

/* Part of the log's format: append, never renumber. */
enum row_kind {
	ROW_SCAN = 1, /* the answer to a code */
	/* A guest without a ticket: ADMIT (direction IN) or FULL. `ticket` is the badge that was
	 * made for whoever came in and wanted one; it makes that badge known (see struct prior). */
	ROW_WALK_IN,
	ROW_ADJUST, /* a volunteer corrects the figure of people present by `amount` */
	/* Takes back the row `undoes`: `amount` is what that row had added to present; `direction`,
	 * `ticket`, `venue` and `from_venue` are that row's, so that a fold can tell what was taken
	 * back, and where. */
	ROW_UNDO,
};

/* Where a row came from. Part of the log's format. */
enum source { SOURCE_CAMERA = 1, SOURCE_SCANNER, SOURCE_TOUCH, SOURCE_BUTTON, SOURCE_COUNT };

/* "scan", "walk_in", "adjust", "undo"; [0] is NULL. */
extern const char *const row_kind_names[ROW_UNDO + 1];

/* "none", "in", "out". */
extern const char *const row_direction_names[DIRECTION_OUT + 1];

/* "camera", "scanner", "touch", "button". [0] is "none". */
extern const char *const source_names[SOURCE_COUNT];

struct row {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t seq;
	uint64_t hlc; /* door/hlc.h */
	uint8_t boot[BOOT_ID_SIZE];
	struct when at;
	enum row_kind kind;
	enum source source;
	enum verdict verdict;
	enum direction direction;
	bool time_doubt, overridden;
	bool registered;                  /* SCAN: the roster knew the ticket */
	uint8_t ticket[TICKET_HASH_SIZE]; /* all zero: no ticket */
	char venue[ID_SIZE], door[ID_SIZE], from_venue[ID_SIZE];
	char operator[OPERATOR_SIZE]; /* "" = nobody's hand */
	int64_t amount;               /* ADJUST and UNDO; else 0 */
	uint64_t undoes;              /* UNDO: seq of the row taken back, same device and epoch */
	uint8_t before[ROW_HASH_SIZE], hash[ROW_HASH_SIZE];
};

/* The highest number of a row within its chain, and the latest stamp: what a log can hold. */
#define ROW_SEQ_MAX ((UINT64_C(1) << 40) - 1)
#define ROW_HLC_MAX ((uint64_t)INT64_MAX)

/* Of a row's wall and monotonic time, either way of zero: what a stamp can hold, 4,460 years. Of
 * `amount`: more people than a venue can be out by. So whatever sums over rows of whatever box
 * stays far from the ends of 64 bits. */
#define ROW_MS_MAX     ((INT64_C(1) << 47) - 1)
#define ROW_AMOUNT_MAX 1000000

/* What is wrong with a row's values, each by itself and together, hashes aside: for rows that come
 * from outside. NULL: nothing. */
const char *row_wrong(const struct row *row);

#endif
