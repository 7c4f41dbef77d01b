/* A SQLite VFS over the system's that lets the n-th change to a file fail: writes, syncs,
 * truncations, deletions and the making of files count. One process, one thread. */
#ifndef PARVIS_TESTS_VFS_FAULTS_H
#define PARVIS_TESTS_VFS_FAULTS_H

#include <stdbool.h>

#define VFS_FAULTS "faults"

enum fault {
	FAULT_NONE,
	FAULT_FULL,  /* SQLITE_FULL, as ENOSPC */
	FAULT_ERROR, /* SQLITE_IOERR, as EIO */
	/* The change is made in part (a write) or in full (a sync), and then said to have failed.
	 */
	FAULT_LIE,
};

/* Registers the VFS; may be called again. */
void vfs_faults_install(void);

/* The at-th change from now (from 1) fails, and every later one, too, when `lasting`. */
void vfs_faults_arm(enum fault fault, unsigned at, bool lasting);

/* Nothing fails from now on. Gives how many changes failed since arming. */
unsigned vfs_faults_heal(void);

#endif
