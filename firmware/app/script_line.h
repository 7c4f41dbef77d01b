/* One line of a rehearsal's script, read: pure, no file and no kiosk. The commands:
 *   at hh:mm:ss | at ISO-TIME     show PICTURE      code TEXT
 *   tap TEXT | tap X,Y            press BUTTON      wait VERDICT [2s]
 *   expect WHAT VALUE             shot NAME.png     cut
 *   wait WHAT VALUE [10s]: until it is so, in real time
 *   say TEXT
 * Empty lines and what follows a # at the line's beginning or after a blank say nothing; the text
 * of a code goes up to the line's end. */
#ifndef PARVIS_APP_SCRIPT_LINE_H
#define PARVIS_APP_SCRIPT_LINE_H

#include "base/cc.h"
#include "door/desk.h"

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_LINE_MAX    4096 /* bytes; a code of CODE_MAX fits */
#define SCRIPT_WAIT_MS     2000 /* when a wait names no time */
#define SCRIPT_WAIT_FOR_MS 10000
#define SCRIPT_WAIT_MAX_MS 3600000

enum script_command {
	SCRIPT_NOTHING,
	SCRIPT_AT,
	SCRIPT_SHOW,
	SCRIPT_CODE,
	SCRIPT_TAP,
	SCRIPT_TAP_AT,
	SCRIPT_PRESS,
	SCRIPT_WAIT,
	SCRIPT_WAIT_FOR,
	SCRIPT_EXPECT,
	SCRIPT_SHOT,
	SCRIPT_CUT,
	SCRIPT_SAY,
};

struct script_line {
	enum script_command command;
	const char
		*text; /* the argument as it stands, into the line that was read; not terminated */
	size_t len;
	int x, y;                 /* TAP_AT */
	enum button button;       /* PRESS */
	enum verdict verdict;     /* WAIT */
	int wait_ms;              /* WAIT, WAIT_FOR */
	char what[48], value[64]; /* EXPECT, WAIT_FOR */
};

/* Reads one line without its line end; it may hold any bytes. NULL when it was understood,
 * otherwise what is wrong, in words. */
const char *script_line_read(const char *line, size_t len, struct script_line *out);

#endif
