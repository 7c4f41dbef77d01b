#include "door/screen.h"

#include "base/cc.h"

const char *const language_codes[] = {
	[LANGUAGE_FR] = "fr",
	[LANGUAGE_EN] = "en",
};
static_assert(ARRAY_LEN(language_codes) == LANGUAGE_COUNT, "every language needs a code");

/* In the order of enum fault's bits. */
const char *const fault_names[] = { "store_full", "store_read_only", "store_broken", "camera",
	"decoder", "scanner", "lamps", "buttons", "clock", "roster", "sound", "printer" };
static_assert(ARRAY_LEN(fault_names) == FAULT_BITS, "every fault needs a name");

const char *const screen_adopt_names[] = { "ask", "empty", "older", "other_event", "other_key",
	"unreadable", "not_one", "version", "cut_short", "altered", "pairing", "failed",
	"storage" };
static_assert(ARRAY_LEN(screen_adopt_names) == SCREEN_ADOPT_STATES, "every state needs a name");
