#include "event/folder_place.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int folder_tell(const struct folder_place *p, const char *file, int error, const char *format, ...)
{
	char what[256], whole[4096 + 512], safe[4 * sizeof(whole)];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%.4096s/%s: %s", p->event_dir, file, what);
	text_printable(safe, sizeof(safe), whole, strlen(whole));
	p->problem(p->context, true, safe);
	return error;
}
