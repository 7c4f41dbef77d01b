/* In place of app/stick_files.c and, where a test has its pwrite() call stick_pull_write(), of
 * writes to the file that was created: a stick that fails or is pulled out at any step. Does every
 * step on the real disk, and knows which bytes and names were made durable. One thread. */
#ifndef PARVIS_TESTS_FAKE_STICK_PULL_H
#define PARVIS_TESTS_FAKE_STICK_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum stick_pull {
	STICK_PULL_ERROR, /* this step fails, of a write after half of it; then all is well again */
	STICK_PULL_KEEPS, /* … and so does every one after it: pulled out, and nothing was lost */
	STICK_PULL_LOSES, /* … and what was not synced is lost, bytes and names */
	STICK_PULLS
};

/* Counts from 0 again; nothing fails. */
void stick_pull_begin(void);
size_t stick_pull_steps(void);

/* The step that fails, counted from stick_pull_begin(), with this errno. */
void stick_pull_at(size_t step, enum stick_pull how, int error);

/* As pwrite(); of other files it is just that. */
ssize_t stick_pull_write(int fd, const void *bytes, size_t size, off_t at);

/* Whether a file was given its name before its bytes were durable, or the name was made durable
 * before the file was synced under it. */
bool stick_pull_hasty(void);

#endif
