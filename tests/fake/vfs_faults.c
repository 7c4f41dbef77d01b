#include "tests/fake/vfs_faults.h"

#include <sqlite3.h>
#include <string.h>

struct file {
	sqlite3_file base;
	sqlite3_file *real; /* in the bytes after this struct */
};

static struct {
	enum fault fault;
	unsigned left, failed;
	bool lasting;
} plan;

static sqlite3_vfs vfs, *below;

static enum fault next_fault(void)
{
	if (!plan.fault || (plan.left > 0 && --plan.left > 0))
		return FAULT_NONE;
	if (plan.failed && !plan.lasting)
		return FAULT_NONE;
	plan.failed++;
	return plan.fault;
}

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

static int file_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), out, n, at);
}

static int file_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	enum fault fault = next_fault();
	if (fault == FAULT_FULL)
		return SQLITE_FULL;
	if (fault == FAULT_ERROR)
		return SQLITE_IOERR_WRITE;
	int rc = real(f)->pMethods->xWrite(real(f), bytes, fault ? n / 2 : n, at);
	return fault ? SQLITE_IOERR_WRITE : rc;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (next_fault())
		return SQLITE_IOERR_TRUNCATE;
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
	enum fault fault = next_fault();
	if (fault == FAULT_FULL || fault == FAULT_ERROR)
		return SQLITE_IOERR_FSYNC;
	int rc = real(f)->pMethods->xSync(real(f), flags);
	return fault ? SQLITE_IOERR_FSYNC : rc;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	return real(f)->pMethods->xFileSize(real(f), out);
}

static int file_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int file_check_lock(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int file_control(sqlite3_file *f, int op, void *argument)
{
	return real(f)->pMethods->xFileControl(real(f), op, argument);
}

static int file_sector_size(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int file_characteristics(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int file_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int file_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	(void)v;
	struct file *file = (struct file *)f;
	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	int exists = 1;
	if (name && (flags & SQLITE_OPEN_CREATE))
		below->xAccess(below, name, SQLITE_ACCESS_EXISTS, &exists);
	if (!exists && next_fault())
		return SQLITE_CANTOPEN;
	int rc = below->xOpen(below, name, file->real, flags, out_flags);
	if (file->real->pMethods)
		file->base.pMethods = &methods;
	return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	(void)v;
	if (next_fault())
		return SQLITE_IOERR_DELETE;
	return below->xDelete(below, name, sync_dir);
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	(void)v;
	return below->xAccess(below, name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *v, const char *name, int size, char *out)
{
	(void)v;
	return below->xFullPathname(below, name, size, out);
}

void vfs_faults_install(void)
{
	if (below)
		return;
	below = sqlite3_vfs_find(NULL);
	vfs = *below;
	vfs.pNext = NULL;
	vfs.zName = VFS_FAULTS;
	vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_full_path;
	sqlite3_vfs_register(&vfs, 0);
}

void vfs_faults_arm(enum fault fault, unsigned at, bool lasting)
{
	plan.fault = fault;
	plan.left = at;
	plan.failed = 0;
	plan.lasting = lasting;
}

unsigned vfs_faults_heal(void)
{
	unsigned failed = plan.failed;
	plan.fault = FAULT_NONE;
	plan.failed = 0;
	return failed;
}
