/* The few compiler words that every room uses: what must not be ignored, what cleans up after
 * itself, and CHECK(), which stays on in a release and is for our own bugs, never for input. */
#ifndef PARVIS_BASE_CC_H
#define PARVIS_BASE_CC_H

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#define NODISCARD         __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

/* A descriptor closed, a heap block freed, a stream closed, at the end of the scope. -1 and NULL
 * are left alone. errno is kept. */
#define AUTO_FD   __attribute__((cleanup(cc_close_fd))) int
#define AUTO_FREE __attribute__((cleanup(cc_free)))
#define AUTO_FILE __attribute__((cleanup(cc_close_file))) FILE *

/* Aborts, with the place, when a promise that this program makes to itself is broken. The
 * condition must have no side effect. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (__builtin_expect(!(condition), 0))                                             \
			cc_check_failed(#condition, __FILE__, __LINE__);                           \
	} while (0)

__attribute__((noreturn)) void cc_check_failed(const char *condition, const char *file, int line);
void cc_close_fd(int *fd);
void cc_free(void *pointer_to_pointer);
void cc_close_file(FILE **file);

#endif
