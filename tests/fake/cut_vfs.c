#include "tests/fake/cut_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SHM_REGIONS 16

/* What the connections to one database file share; one for each file, found by the file. */
struct share {
	struct share *next;
	struct cut_file *file;
	unsigned handles;
	unsigned shared_locks;
	const void *reserved, *pending; /* the handle that holds it */
	void *regions[SHM_REGIONS];
	unsigned shm_users;
	unsigned shm_shared[SQLITE_SHM_NLOCK];
	const void *shm_exclusive[SQLITE_SHM_NLOCK];
};

struct fault {
	unsigned after, times;
	int code;
};

struct cut_vfs {
	sqlite3_vfs base;
	struct cut_disk *disk;
	int autocheckpoint;
	struct share *shares;
	struct fault faults[CUT_CALL_COUNT];
	unsigned failed;
	int last_errno; /* what sqlite3_system_errno() gives */
	bool read_only;
	uint64_t dice;
	unsigned temporaries;
};

struct handle {
	sqlite3_file base;
	struct cut_vfs *vfs;
	struct cut_file *file;
	struct share *share;
	sqlite3 *connection;
	int level;
	int persist_wal;
	bool read_only, delete_on_close, dir_sync_due;
	bool shm_mapped;
	unsigned shm_shared, shm_exclusive; /* bits by lock slot */
};

static struct handle *of(sqlite3_file *f)
{
	return (struct handle *)(void *)f;
}

/* --- faults ---------------------------------------------------------------------------------- */

void cut_vfs_fail(
	struct cut_vfs *v, enum cut_call call, unsigned after, unsigned times, int sqlite_code)
{
	v->faults[call] = (struct fault){ .after = after, .times = times, .code = sqlite_code };
}

unsigned cut_vfs_failed(const struct cut_vfs *v)
{
	return v->failed;
}

void cut_vfs_read_only(struct cut_vfs *v, bool on)
{
	v->read_only = on;
}

static int meet_fault(struct cut_vfs *v, enum cut_call call)
{
	struct fault *f = &v->faults[call];
	if (f->times == 0)
		return SQLITE_OK;
	if (f->after > 0) {
		f->after--;
		return SQLITE_OK;
	}
	f->times--;
	v->failed++;
	v->last_errno = f->code == SQLITE_FULL ? ENOSPC : EIO;
	return f->code;
}

static int may_change(struct handle *h)
{
	if (!h->vfs->read_only && !h->read_only)
		return SQLITE_OK;
	h->vfs->last_errno = EROFS;
	return SQLITE_READONLY;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static int file_read(sqlite3_file *f, void *out, int amount, sqlite3_int64 offset)
{
	struct handle *h = of(f);
	int rc = meet_fault(h->vfs, CUT_CALL_READ);
	if (rc)
		return rc;
	const struct cut_bytes *b = &h->file->live;
	size_t from = (size_t)offset, wanted = (size_t)amount;
	size_t have = from < b->size ? b->size - from : 0;
	size_t n = have < wanted ? have : wanted;
	if (n > 0)
		memcpy(out, b->at + from, n);
	if (n == wanted)
		return SQLITE_OK;
	memset((char *)out + n, 0, wanted - n);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *f, const void *from, int amount, sqlite3_int64 offset)
{
	struct handle *h = of(f);
	int rc = may_change(h);
	if (!rc)
		rc = meet_fault(h->vfs, CUT_CALL_WRITE);
	if (rc)
		return rc;
	if (!cut_disk_write(h->vfs->disk, h->file, from, (size_t)amount, (size_t)offset))
		return SQLITE_OK;
	h->vfs->last_errno = ENOSPC;
	return SQLITE_FULL;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct handle *h = of(f);
	int rc = may_change(h);
	if (!rc)
		rc = meet_fault(h->vfs, CUT_CALL_TRUNCATE);
	if (!rc)
		cut_disk_truncate(h->vfs->disk, h->file, (size_t)size);
	return rc;
}

static int file_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	struct handle *h = of(f);
	int rc = meet_fault(h->vfs, CUT_CALL_SYNC);
	if (rc)
		return rc;
	cut_disk_sync(h->vfs->disk, h->file);
	if (h->dir_sync_due)
		cut_disk_sync_dir(h->vfs->disk);
	h->dir_sync_due = false;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)of(f)->file->live.size;
	return SQLITE_OK;
}

/* --- locks between connections --------------------------------------------------------------- */

static int file_lock(sqlite3_file *f, int level)
{
	struct handle *h = of(f);
	struct share *s = h->share;
	if (h->level >= level)
		return SQLITE_OK;
	if (s->pending && s->pending != h)
		return SQLITE_BUSY;
	if (level == SQLITE_LOCK_SHARED) {
		s->shared_locks++;
	} else if (level == SQLITE_LOCK_RESERVED) {
		if (s->reserved && s->reserved != h)
			return SQLITE_BUSY;
		s->reserved = h;
	} else {
		s->pending = h;
		h->level = SQLITE_LOCK_PENDING;
		if (s->shared_locks > 1)
			return SQLITE_BUSY;
	}
	h->level = level;
	return SQLITE_OK;
}

static int file_unlock(sqlite3_file *f, int level)
{
	struct handle *h = of(f);
	struct share *s = h->share;
	if (h->level <= level)
		return SQLITE_OK;
	if (s->reserved == h)
		s->reserved = NULL;
	if (s->pending == h)
		s->pending = NULL;
	if (level == SQLITE_LOCK_NONE)
		s->shared_locks--;
	h->level = level;
	return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *f, int *out)
{
	*out = of(f)->share->reserved || of(f)->share->pending;
	return SQLITE_OK;
}

/* --- the shared memory of WAL ---------------------------------------------------------------- */

static int shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
	struct handle *h = of(f);
	struct share *s = h->share;
	CHECK(region >= 0 && region < SHM_REGIONS);
	if (!h->shm_mapped)
		s->shm_users++;
	h->shm_mapped = true;
	if (!s->regions[region] && extend)
		s->regions[region] = calloc(1, (size_t)size);
	*out = s->regions[region];
	return SQLITE_OK;
}

static int shm_lock_one(struct handle *h, int slot, int flags)
{
	struct share *s = h->share;
	unsigned bit = 1u << slot;
	bool ours = s->shm_exclusive[slot] == h;
	if (flags & SQLITE_SHM_UNLOCK) {
		if (h->shm_shared & bit)
			s->shm_shared[slot]--;
		if (ours)
			s->shm_exclusive[slot] = NULL;
		h->shm_shared &= ~bit;
		return SQLITE_OK;
	}
	if (s->shm_exclusive[slot] && !ours)
		return SQLITE_BUSY;
	if (flags & SQLITE_SHM_SHARED) {
		if (!(h->shm_shared & bit))
			s->shm_shared[slot]++;
		h->shm_shared |= bit;
		return SQLITE_OK;
	}
	if (s->shm_shared[slot] > 0)
		return SQLITE_BUSY;
	s->shm_exclusive[slot] = h;
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	for (int i = 0; i < n; i++) {
		int rc = shm_lock_one(of(f), offset + i, flags);
		if (rc == SQLITE_OK)
			continue;
		int undo = SQLITE_SHM_UNLOCK | (flags & (SQLITE_SHM_SHARED | SQLITE_SHM_EXCLUSIVE));
		while (--i >= 0)
			(void)shm_lock_one(of(f), offset + i, undo);
		return rc;
	}
	return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *f)
{
	(void)f;
	__sync_synchronize();
}

static int shm_unmap(sqlite3_file *f, int delete_it)
{
	(void)delete_it;
	struct handle *h = of(f);
	if (!h->shm_mapped)
		return SQLITE_OK;
	h->shm_mapped = false;
	for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++)
		(void)shm_lock_one(h, slot, SQLITE_SHM_UNLOCK);
	if (--h->share->shm_users > 0)
		return SQLITE_OK;
	for (int i = 0; i < SHM_REGIONS; i++) {
		free(h->share->regions[i]);
		h->share->regions[i] = NULL;
	}
	return SQLITE_OK;
}

/* --- the rest of a file ---------------------------------------------------------------------- */

/* The checkpoint threshold is the connection's: SQLite tells us which one that is, and by the time
 * of its first pragma it has set its own default. */
static int on_pragma(struct handle *h, char **words)
{
	int pages = h->vfs->autocheckpoint;
	if (pages <= 0)
		return SQLITE_NOTFOUND;
	if (h->connection)
		sqlite3_wal_autocheckpoint(h->connection, pages);
	return sqlite3_stricmp(words[1], "wal_autocheckpoint") ? SQLITE_NOTFOUND : SQLITE_OK;
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	struct handle *h = of(f);
	if (op == SQLITE_FCNTL_PDB) {
		h->connection = *(sqlite3 **)arg;
		return SQLITE_OK;
	}
	if (op == SQLITE_FCNTL_PRAGMA)
		return on_pragma(h, arg);
	if (op == SQLITE_FCNTL_PERSIST_WAL) {
		if (*(int *)arg >= 0)
			h->persist_wal = *(int *)arg != 0;
		*(int *)arg = h->persist_wal;
		return SQLITE_OK;
	}
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

/* As the Unix VFS says by default; cut_replay.h keeps to it. */
static int file_device(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static void leave_share(struct handle *h)
{
	struct share **at = &h->vfs->shares;
	while (*at && *at != h->share)
		at = &(*at)->next;
	if (!*at || --h->share->handles > 0)
		return;
	*at = h->share->next;
	free(h->share);
}

static int file_close(sqlite3_file *f)
{
	struct handle *h = of(f);
	(void)shm_unmap(f, 0);
	(void)file_unlock(f, SQLITE_LOCK_NONE);
	if (h->delete_on_close && h->file->linked)
		cut_disk_delete(h->vfs->disk, h->file);
	leave_share(h);
	return SQLITE_OK;
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
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_device,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* --- names ----------------------------------------------------------------------------------- */

static struct cut_vfs *vfs_of(sqlite3_vfs *v)
{
	return v->pAppData;
}

static struct share *join_share(struct cut_vfs *v, struct cut_file *file)
{
	struct share *s = v->shares;
	while (s && s->file != file)
		s = s->next;
	if (!s) {
		s = calloc(1, sizeof(*s));
		CHECK(s);
		s->file = file;
		s->next = v->shares;
		v->shares = s;
	}
	s->handles++;
	return s;
}

static bool is_journal(int flags)
{
	return flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL);
}

static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct cut_vfs *v = vfs_of(base);
	struct handle *h = of(f);
	memset(h, 0, sizeof(*h));
	char made_up[32];
	if (!name) {
		sqlite3_snprintf(sizeof(made_up), made_up, "temporary-%u", v->temporaries++);
		name = made_up;
	}
	struct cut_file *file = cut_disk_find(v->disk, name);
	bool missing = !file;
	if (missing && (v->read_only || !(flags & SQLITE_OPEN_CREATE))) {
		v->last_errno = v->read_only ? EROFS : ENOENT;
		return SQLITE_CANTOPEN;
	}
	h->read_only = v->read_only || (flags & SQLITE_OPEN_READONLY);
	if (missing)
		file = cut_disk_create(v->disk, name);
	h->vfs = v;
	h->file = file;
	h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
	h->dir_sync_due = missing && is_journal(flags);
	h->share = join_share(v, file);
	h->base.pMethods = &methods;
	if (out_flags && h->read_only)
		*out_flags = (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
	else if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_dir)
{
	struct cut_vfs *v = vfs_of(base);
	struct cut_file *file = cut_disk_find(v->disk, name);
	if (!file)
		return SQLITE_IOERR_DELETE_NOENT;
	if (v->read_only) {
		v->last_errno = EROFS;
		return SQLITE_IOERR_DELETE;
	}
	cut_disk_delete(v->disk, file);
	if (sync_dir)
		cut_disk_sync_dir(v->disk);
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *base, const char *name, int how, int *out)
{
	struct cut_vfs *v = vfs_of(base);
	const struct cut_file *file = cut_disk_find(v->disk, name);
	*out = file && (how == SQLITE_ACCESS_EXISTS ? file->live.size > 0 : !v->read_only);
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int size, char *out)
{
	(void)base;
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

/* The same salts in every run of a seed. */
static int vfs_randomness(sqlite3_vfs *base, int n, char *out)
{
	for (int i = 0; i < n; i++)
		out[i] = (char)cut_random(&vfs_of(base)->dice);
	return n;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
	(void)base;
	return microseconds;
}

static int vfs_time(sqlite3_vfs *base, sqlite3_int64 *out)
{
	(void)base;
	*out = 212348000000000; /* julian milliseconds, some day of 2016 */
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int n, char *out)
{
	if (n > 0 && out)
		out[0] = '\0';
	return vfs_of(base)->last_errno;
}

struct cut_vfs *cut_vfs_new(const char *name, struct cut_disk *disk, int autocheckpoint)
{
	struct cut_vfs *v = calloc(1, sizeof(*v));
	CHECK(v);
	v->disk = disk;
	v->autocheckpoint = autocheckpoint;
	v->base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct handle),
		.mxPathname = 512,
		.zName = name,
		.pAppData = v,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xGetLastError = vfs_last_error,
		.xCurrentTimeInt64 = vfs_time,
	};
	int rc = sqlite3_vfs_register(&v->base, 0);
	CHECK(rc == SQLITE_OK);
	return v;
}

void cut_vfs_use(struct cut_vfs *v, struct cut_disk *disk)
{
	CHECK(!v->shares);
	v->disk = disk;
}

void cut_vfs_free(struct cut_vfs *v)
{
	if (!v)
		return;
	CHECK(!v->shares);
	sqlite3_vfs_unregister(&v->base);
	free(v);
}
