/* A disk in memory whose power can be cut. It holds whole files by name, keeps a journal of
 * everything that was done to them since cut_disk_record(), and cut_replay.h builds from that
 * journal the disks that a power cut could have left. Nothing touches a real disk.
 *
 * What is promised is what POSIX promises and no more: bytes written or truncated are durable once
 * their file was synced; names made or removed are durable once the directory was.
 *
 * One thread at a time. SQLite reaches it through cut_vfs.h. Out of memory ends the program: this
 * is for tests. */
#ifndef PARVIS_TESTS_CUT_DISK_H
#define PARVIS_TESTS_CUT_DISK_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cut_op_kind {
	CUT_WRITE,
	CUT_TRUNCATE,
	CUT_SYNC,
	CUT_CREATE,
	CUT_DELETE,
	CUT_SYNC_DIR,
	CUT_MARK, /* no operation of the disk: something that the program said at that moment */
};

struct cut_op {
	enum cut_op_kind kind;
	size_t file;   /* index into cut_disk.files; of a file's operations */
	size_t offset; /* WRITE; the new size of a TRUNCATE; the number of a MARK */
	size_t length; /* WRITE */
	uint8_t *data; /* WRITE; owned by the journal */
};

struct cut_bytes {
	uint8_t *at;
	size_t size, capacity;
};

/* A file is never reused: deleting its name and making the name anew gives another one. */
struct cut_file {
	char *name;
	bool linked;
	struct cut_bytes live;
	/* As it was, durably, when the recording began. */
	bool base_linked;
	struct cut_bytes base;
};

struct cut_disk {
	struct cut_file **files;
	size_t file_count;
	struct cut_op *ops;
	size_t op_count, op_capacity;
	bool recording;
	/* Syncs are answered but not done, as by a cheap SD card. For the test that must fail. */
	bool lies;
	/* At most so many bytes in all linked files; 0 = no limit. */
	size_t limit;
};

/* Release with cut_disk_free(). */
struct cut_disk *cut_disk_new(void);

/* NULL is allowed. */
void cut_disk_free(struct cut_disk *d);

/* Removes every file and the journal, keeping the settings. No handle may be open. */
void cut_disk_clear(struct cut_disk *d);

/* Takes everything as durable that is there now, forgets the journal and begins a new one. */
void cut_disk_record(struct cut_disk *d);

/* Notes in the journal that the program has said `number`. */
void cut_disk_mark(struct cut_disk *d, size_t number);

/* NULL: no such name. The disk owns the file. */
struct cut_file *cut_disk_find(const struct cut_disk *d, const char *name);
struct cut_file *cut_disk_create(struct cut_disk *d, const char *name);
void cut_disk_delete(struct cut_disk *d, struct cut_file *f);
void cut_disk_sync_dir(struct cut_disk *d);

/* -ENOSPC where the limit would be passed: nothing of it is then written. */
NODISCARD int cut_disk_write(
	struct cut_disk *d, struct cut_file *f, const void *from, size_t length, size_t offset);
void cut_disk_truncate(struct cut_disk *d, struct cut_file *f, size_t size);
void cut_disk_sync(struct cut_disk *d, struct cut_file *f);

/* Plain byte strings, for cut_replay.c too. Growing fills with zeros. */
void cut_bytes_put(struct cut_bytes *b, const void *from, size_t length, size_t offset);
void cut_bytes_resize(struct cut_bytes *b, size_t size);
void cut_bytes_copy(struct cut_bytes *to, const struct cut_bytes *from);

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
uint64_t cut_random(uint64_t *state);

#endif
