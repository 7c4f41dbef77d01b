#include "door/stick.h"

#include "base/cc.h"

const char *const stick_names[] = {
	[STICK_NONE] = "none",
	[STICK_READY] = "ready",
	[STICK_COPYING] = "copying",
	[STICK_MIRROR] = "mirror",
	[STICK_GONE] = "gone",
	[STICK_FULL] = "full",
	[STICK_READ_ONLY] = "read_only",
	[STICK_BROKEN] = "broken",
	[STICK_STRANGE] = "strange",
	[STICK_NO_KEY] = "no_key",
	[STICK_NO_LOG] = "no_log",
};
static_assert(ARRAY_LEN(stick_names) == STICK_STATES, "every state needs a name");
