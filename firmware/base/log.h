/* The service log: one line a call on standard error, where systemd's journal or a terminal takes
 * it. Any thread may call. Nothing of a guest's (name, code, signature) belongs in a log line;
 * as a second wall, bytes that could act on a terminal are escaped here. Lines are cut at
 * LOG_LINE_MAX bytes. */
#ifndef PARVIS_BASE_LOG_H
#define PARVIS_BASE_LOG_H

#include "base/cc.h"

#include <stdbool.h>

#define LOG_LINE_MAX 512

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What is more detailed than this is not written. The start value is LOG_LEVEL_INFO. */
void log_limit(enum log_level most_detailed);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
