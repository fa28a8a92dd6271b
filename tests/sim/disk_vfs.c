#include "disk_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* Days from noon of 24 November 4714 BC, where SQLite's time begins, to 1970. */
#define JULIAN_MS INT64_C(210866760000000)

static uint64_t chance;
static int64_t clock_ms;

static struct tb_disk_handle *handle_of(sqlite3_file *file)
{
    return (struct tb_disk_handle *)(void *)file;
}

/* Count an operation of a living handle; true when it is to fail. */
static bool fails(struct tb_disk *disk, enum tb_disk_op op)
{
    disk->count[op]++;
    if ((disk->fail_ops & TB_DISK_BIT(op)) == 0) {
        return false;
    }
    if (disk->fail_after > 0) {
        disk->fail_after--;
        return false;
    }
    disk->failed = true;
    if (!disk->fail_for_ever) {
        disk->fail_ops = 0;
    }
    return true;
}

/* --------------------------------------------------------------------- files */

static int file_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset)
{
    struct tb_disk_inode *inode = handle_of(file)->inode;
    size_t want = (size_t)amount;
    size_t at = (size_t)offset;
    if (inode == NULL || fails(inode->disk, TB_DISK_READ)) {
        return SQLITE_IOERR_READ;
    }
    size_t have = inode->now.size > at ? inode->now.size - at : 0;
    have = have < want ? have : want;
    if (have > 0) {
        memcpy(out, inode->now.data + at, have);
    }
    memset((uint8_t *)out + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    struct tb_disk_inode *inode = handle_of(file)->inode;
    if (inode == NULL || fails(inode->disk, TB_DISK_WRITE)) {
        return SQLITE_IOERR_WRITE;
    }
    struct tb_disk *disk = inode->disk;
    uint64_t at = (uint64_t)offset;
    uint64_t bytes = (uint64_t)amount;
    uint64_t end = at + bytes;
    uint64_t used = tb_disk_used(disk);
    uint64_t room = disk->limit_bytes > used ? disk->limit_bytes - used : 0;
    uint64_t grows = end > inode->now.size ? end - inode->now.size : 0;
    if (grows > room) {
        uint64_t fits = bytes > grows - room ? bytes - (grows - room) : 0;
        if (fits > 0) {
            tb_disk_write(inode, at, data, (size_t)fits);
        }
        return SQLITE_FULL;
    }
    disk->written_bytes += bytes;
    tb_disk_write(inode, at, data, (size_t)bytes);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct tb_disk_inode *inode = handle_of(file)->inode;
    if (inode == NULL || fails(inode->disk, TB_DISK_TRUNCATE)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    tb_disk_truncate(inode, (uint64_t)size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct tb_disk_handle *handle = handle_of(file);
    struct tb_disk_inode *inode = handle->inode;
    (void)flags;
    if (inode == NULL) {
        return SQLITE_IOERR_FSYNC;
    }
    if (fails(inode->disk, TB_DISK_SYNC)) {
        tb_disk_sync_failed(inode);
        return SQLITE_IOERR_FSYNC;
    }
    tb_disk_sync(inode);
    if (handle->sync_folder) {
        handle->sync_folder = false;
        tb_disk_sync_folder(inode->disk);
    }
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct tb_disk_inode *inode = handle_of(file)->inode;
    *size = inode == NULL ? 0 : (sqlite3_int64)inode->now.size;
    return inode == NULL ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    (void)file;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

/* The same as SQLite's unix VFS declares on Linux: its 3.40 has 4096 and this bit. */
static int sector_size(sqlite3_file *file)
{
    (void)file;
    return TB_DISK_PAGE_BYTES;
}

static int characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --------------------------------------------------------------------- locks */

static int file_lock(sqlite3_file *file, int level)
{
    struct tb_disk_handle *handle = handle_of(file);
    struct tb_disk_inode *inode = handle->inode;
    if (inode == NULL) {
        return SQLITE_IOERR_LOCK;
    }
    if (handle->level >= level) {
        return SQLITE_OK;
    }
    struct tb_disk_handle *writer = inode->writer == handle ? NULL : inode->writer;
    if (writer != NULL && (level > SQLITE_LOCK_SHARED || writer->level >= SQLITE_LOCK_PENDING)) {
        return SQLITE_BUSY;
    }
    if (level == SQLITE_LOCK_SHARED) {
        inode->shared++;
    } else {
        inode->writer = handle;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE && inode->shared > 1) {
        handle->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *file, int level)
{
    struct tb_disk_handle *handle = handle_of(file);
    struct tb_disk_inode *inode = handle->inode;
    if (inode == NULL || handle->level <= level) {
        return SQLITE_OK;
    }
    inode->writer = inode->writer == handle ? NULL : inode->writer;
    if (level < SQLITE_LOCK_SHARED) {
        inode->shared--;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *reserved)
{
    struct tb_disk_inode *inode = handle_of(file)->inode;
    *reserved = inode != NULL && inode->writer != NULL;
    return inode == NULL ? SQLITE_IOERR_CHECKRESERVEDLOCK : SQLITE_OK;
}

/* ------------------------------------------------------------ the log's index */

static int shm_map(sqlite3_file *file, int at, int bytes, int extend, void volatile **out)
{
    struct tb_disk_handle *handle = handle_of(file);
    *out = NULL;
    if (handle->inode == NULL) {
        return SQLITE_IOERR_SHMMAP;
    }
    if (handle->shm == NULL) {
        if (handle->inode->shm == NULL) {
            handle->inode->shm = calloc(1, sizeof *handle->inode->shm);
            tb_assert(handle->inode->shm != NULL);
        }
        handle->shm = handle->inode->shm;
        handle->shm->users++;
    }
    if (at >= TB_DISK_SHM_PIECES_MAX) {
        return SQLITE_FULL;
    }
    if (handle->shm->piece[at] == NULL && extend != 0) {
        handle->shm->piece[at] = calloc(1, (size_t)bytes);
        tb_assert(handle->shm->piece[at] != NULL);
    }
    *out = handle->shm->piece[at];
    return SQLITE_OK;
}

/* May ${handle} have the slot? */
static bool slot_free(const struct tb_disk_handle *handle, int slot, bool exclusive)
{
    const struct tb_disk_shm *shm = handle->shm;
    unsigned bit = 1U << slot;
    unsigned others = shm->shared[slot] - ((handle->shm_shared & bit) != 0 ? 1 : 0);
    if (shm->exclusive[slot] && (handle->shm_exclusive & bit) == 0) {
        return false;
    }
    return !exclusive || others == 0;
}

static void slot_take(struct tb_disk_handle *handle, int slot, bool exclusive)
{
    unsigned bit = 1U << slot;
    if (exclusive) {
        handle->shm->exclusive[slot] = true;
        handle->shm_exclusive |= bit;
    } else if ((handle->shm_shared & bit) == 0) {
        handle->shm->shared[slot]++;
        handle->shm_shared |= bit;
    }
}

static void slot_give(struct tb_disk_handle *handle, int slot)
{
    unsigned bit = 1U << slot;
    if ((handle->shm_exclusive & bit) != 0) {
        handle->shm->exclusive[slot] = false;
    }
    if ((handle->shm_shared & bit) != 0) {
        handle->shm->shared[slot]--;
    }
    handle->shm_exclusive &= ~bit;
    handle->shm_shared &= ~bit;
}

static int shm_lock(sqlite3_file *file, int first, int count, int flags)
{
    struct tb_disk_handle *handle = handle_of(file);
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    bool unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
    if (handle->shm == NULL || (handle->inode == NULL && !unlock)) {
        return SQLITE_IOERR_SHMLOCK;
    }
    for (int slot = first; slot < first + count && !unlock; slot++) {
        if (!slot_free(handle, slot, exclusive)) {
            return SQLITE_BUSY;
        }
    }
    for (int slot = first; slot < first + count; slot++) {
        if (unlock) {
            slot_give(handle, slot);
        } else {
            slot_take(handle, slot, exclusive);
        }
    }
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *file)
{
    (void)file; /* one thread */
}

static int shm_unmap(sqlite3_file *file, int delete)
{
    struct tb_disk_handle *handle = handle_of(file);
    struct tb_disk_shm *shm = handle->shm;
    (void)delete; /* it goes with the last handle in any case: there is no such file */
    if (shm == NULL) {
        return SQLITE_OK;
    }
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++) {
        slot_give(handle, slot);
    }
    handle->shm = NULL;
    if (--shm->users > 0) {
        return SQLITE_OK;
    }
    if (handle->inode != NULL) {
        handle->inode->shm = NULL;
    }
    for (size_t i = 0; i < TB_DISK_SHM_PIECES_MAX; i++) {
        free(shm->piece[i]);
    }
    free(shm);
    return SQLITE_OK;
}

static int file_close(sqlite3_file *file)
{
    struct tb_disk_handle *handle = handle_of(file);
    (void)shm_unmap(file, 0);
    if (handle->inode != NULL) {
        tb_disk_handle_leave(handle);
    }
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
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* ------------------------------------------------------------------- the VFS */

/* "/NAME/FILE" taken apart; NULL when there is no such disk. */
static struct tb_disk *disk_of(const char *path, const char **file)
{
    const char *slash = path == NULL || path[0] != '/' ? NULL : strchr(path + 1, '/');
    if (slash == NULL) {
        return NULL;
    }
    *file = slash + 1;
    return tb_disk_find(path + 1, (size_t)(slash - path - 1));
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct tb_disk_handle *handle = handle_of(file);
    const char *name;
    struct tb_disk *disk = disk_of(path, &name);
    (void)vfs;
    memset(handle, 0, sizeof *handle);
    if (disk == NULL || fails(disk, TB_DISK_OPEN)) {
        return SQLITE_CANTOPEN;
    }
    struct tb_disk_inode *inode = tb_disk_lookup(disk, name);
    if (inode == NULL) {
        if ((flags & SQLITE_OPEN_CREATE) == 0) {
            return SQLITE_CANTOPEN;
        }
        inode = tb_disk_create(disk, name);
        handle->sync_folder =
            (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    }
    handle->base.pMethods = &methods;
    handle->inode = inode;
    handle->next = disk->handles;
    disk->handles = handle;
    inode->handles++;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    const char *name;
    struct tb_disk *disk = disk_of(path, &name);
    (void)vfs;
    if (disk == NULL || !tb_disk_has(disk, name)) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (fails(disk, TB_DISK_DELETE)) {
        return SQLITE_IOERR_DELETE;
    }
    tb_disk_delete(disk, name);
    if (sync_folder != 0) {
        tb_disk_sync_folder(disk);
    }
    return SQLITE_OK;
}

/* An empty file does not count as there, as with SQLite's unix VFS. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    const char *name;
    struct tb_disk *disk = disk_of(path, &name);
    struct tb_disk_inode *inode = disk == NULL ? NULL : tb_disk_lookup(disk, name);
    (void)vfs;
    *result = inode != NULL && (flags != SQLITE_ACCESS_EXISTS || inode->now.size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
    size_t size = strlen(path) + 1;
    (void)vfs;
    if (size > (size_t)bytes) {
        return SQLITE_CANTOPEN;
    }
    memcpy(out, path, size);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    for (int i = 0; i < bytes; i++) {
        out[i] = (char)(uint8_t)tb_disk_draw(&chance);
    }
    return bytes;
}

/* Nobody else runs: waiting changes nothing. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    (void)vfs;
    *ms = clock_ms + JULIAN_MS;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    if (bytes > 0) {
        out[0] = '\0';
    }
    return 0;
}

void tb_disk_install(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct tb_disk_handle),
        .mxPathname = 2 * TB_DISK_NAME_BYTES_MAX + 16,
        .zName = "tb-disk",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTimeInt64 = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    int code = sqlite3_vfs_register(&vfs, 1);
    tb_assert(code == SQLITE_OK);
    tb_disk_chance(0);
}

void tb_disk_chance(uint64_t seed)
{
    chance = seed;
    sqlite3_randomness(0, NULL); /* SQLite draws a new seed of its own at next use */
}

void tb_disk_clock(int64_t wall_ms)
{
    clock_ms = wall_ms;
}
