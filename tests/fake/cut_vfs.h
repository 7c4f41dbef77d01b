/* SQLite on a cut_disk: a VFS by name, with locks and shared memory between the connections of
 * this process, so that WAL works as it does on a real disk. It syncs what the Unix VFS syncs and
 * when: the directory with the first sync of a journal or WAL that this handle has created, and
 * with a delete that asks for it. The shared memory is lost when its last connection closes.
 *
 * Calls can be made to fail, to see what the store does of it. One thread at a time. */
#ifndef PARVIS_TESTS_CUT_VFS_H
#define PARVIS_TESTS_CUT_VFS_H

#include "tests/fake/cut_disk.h"

struct cut_vfs;

/* Registers a VFS. The disk stays the caller's and must outlive it; `name` too. An autocheckpoint
 * above 0 replaces that of every connection: checkpoints and WAL restarts then come after so many
 * pages, whatever the program asks for. */
struct cut_vfs *cut_vfs_new(const char *name, struct cut_disk *disk, int autocheckpoint);

/* From now on another disk. No connection may be open. */
void cut_vfs_use(struct cut_vfs *v, struct cut_disk *disk);

/* Unregisters. Every connection must be closed. NULL is allowed. */
void cut_vfs_free(struct cut_vfs *v);

enum cut_call { CUT_CALL_WRITE, CUT_CALL_SYNC, CUT_CALL_TRUNCATE, CUT_CALL_READ, CUT_CALL_COUNT };

/* Lets `after` more calls of this sort pass, then fails `times` of them with an SQLite code
 * (SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, …), then heals. times 0 heals now. A failed
 * write writes nothing. */
void cut_vfs_fail(
	struct cut_vfs *v, enum cut_call call, unsigned after, unsigned times, int sqlite_code);

/* How many faults were met since cut_vfs_new(). */
unsigned cut_vfs_failed(const struct cut_vfs *v);

/* From now on as a disk mounted read-only: opening for writing falls back to reading, as the Unix
 * VFS does, and what is open already gets SQLITE_READONLY for each change. */
void cut_vfs_read_only(struct cut_vfs *v, bool on);

#endif
