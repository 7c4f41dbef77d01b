#include "door/row.h"

#include "base/cc.h"

const char *const source_names[] = {
	[0] = "none",
	[SOURCE_CAMERA] = "camera",
	[SOURCE_SCANNER] = "scanner",
	[SOURCE_TOUCH] = "touch",
	[SOURCE_BUTTON] = "button",
};
static_assert(ARRAY_LEN(source_names) == SOURCE_COUNT, "every source needs a name");
