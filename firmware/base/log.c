#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_int limit = LOG_LEVEL_INFO;

/* The journal takes these prefixes for priorities; a terminal shows the words. */
static const char *const words[] = {
	[LOG_LEVEL_ERROR] = "error: ",
	[LOG_LEVEL_WARNING] = "warning: ",
	[LOG_LEVEL_INFO] = "",
	[LOG_LEVEL_DEBUG] = "debug: ",
};

void log_limit(enum log_level most_detailed)
{
	atomic_store(&limit, (int)most_detailed);
}

static void write_line(enum log_level level, const char *format, va_list arguments)
{
	if ((int)level > atomic_load(&limit))
		return;
	int kept = errno;
	char raw[LOG_LINE_MAX];
	int n = vsnprintf(raw, sizeof(raw), format, arguments);
	if (n >= 0) {
		char clean[LOG_LINE_MAX * 2];
		char line[sizeof(clean) + 32];
		size_t len = (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1;
		text_printable(clean, sizeof(clean), raw, len);
		int m = snprintf(line, sizeof(line), "parvis: %s%s\n", words[level], clean);
		ssize_t written = write(STDERR_FILENO, line, m > 0 ? (size_t)m : 0);
		(void)written; /* a log that cannot be written must not stop the door */
	}
	errno = kept;
}

#define LOG_AT(name, level)                                                                        \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, format);                                                       \
		write_line(level, format, arguments);                                              \
		va_end(arguments);                                                                 \
	}

LOG_AT(log_error, LOG_LEVEL_ERROR)
LOG_AT(log_warning, LOG_LEVEL_WARNING)
LOG_AT(log_info, LOG_LEVEL_INFO)
LOG_AT(log_debug, LOG_LEVEL_DEBUG)
