#ifndef TB_DISK_H
#define TB_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * disk - disks in memory, under SQLite, whose power can be cut.
 *
 * A disk has files, each twice: as the processes see it, and as it would be found
 * after a power cut. What was written goes from the first to the second only by a
 * sync, or by luck:
 *
 *     write, truncate --> pending --sync of that file--> safe
 *     create, delete ---> pending --sync of the folder-> safe
 *                            |
 *                            +--power cut: kept, dropped or torn, each alone
 *
 * So no more is promised than POSIX does, which is less than ext4 gives: no order
 * between writes, files or names without a sync; a new file's name outlives a power
 * cut only after the folder was synced, as SQLite does with the first sync of a log
 * or journal that it made. A pending piece lies within one page of 4096 bytes, the
 * unit in which a kernel writes back, and tears at 512, the smallest sector. Bytes
 * that were not written are never harmed (SQLite counts on that, "powersafe
 * overwrite", and on disks of today it is so). A sync that fails does what Linux
 * does: the pages count as clean, and a later sync that works does not save them
 * unless they are written again.
 *
 * One VFS serves all disks and is SQLite's default after tb_disk_install; a file
 * named "/NAME/FILE" lies on the disk NAME. It declares what SQLite's own unix VFS
 * does, so that the same paths of SQLite run. No other name can be opened, and no
 * temporary file: a store that would need one is not the product's. Chance and time
 * of SQLite are the caller's. One thread. Memory that is lacking asserts.
 */
enum {
    TB_DISK_SECTOR_BYTES = 512,
    TB_DISK_PAGE_BYTES = 4096,
    TB_DISK_PAGE_SECTORS = TB_DISK_PAGE_BYTES / TB_DISK_SECTOR_BYTES,
    TB_DISK_FILES_MAX = 16,
    TB_DISK_NAME_BYTES_MAX = 48, /* of a disk, and of a file, with the final 0 */
    TB_DISK_SHM_PIECES_MAX = 64, /* of 32 KiB: an index of 260 000 pages of log */
};

struct tb_disk;

/* Make the VFS SQLite's default; again is allowed. No connection may be open. */
void tb_disk_install(void);
/* From now on all that SQLite draws follows from ${seed}. */
void tb_disk_chance(uint64_t seed);
/* What SQLite takes for the time of day. */
void tb_disk_clock(int64_t wall_ms);

/* An empty disk; two of one name at a time are our bug. tb_disk_free gives it back:
 * a handle that is still open on it is dead. */
struct tb_disk *tb_disk_new(const char *name);
void tb_disk_free(struct tb_disk *disk);
/* ${to} becomes what processes now see on ${from}, all of it safe; handles on ${to}
 * are dead. Limits and faults of ${to} stay. A backup, a restore, a new store. */
void tb_disk_copy(struct tb_disk *to, const struct tb_disk *from);
/* The same, but what is pending on ${from} is pending on ${to}. */
void tb_disk_clone(struct tb_disk *to, const struct tb_disk *from);
/* Everything pending is safe. */
void tb_disk_settle(struct tb_disk *disk);

/* ---------------------------------------------------------------- power cuts */

enum tb_disk_change { TB_DISK_WRITTEN, TB_DISK_CUT, TB_DISK_CREATED, TB_DISK_DELETED };

/* Something that a power cut may keep or not. */
struct tb_disk_piece {
    enum tb_disk_change change;
    const char *file;
    uint64_t offset; /* of a piece of a file; for a cut, its new size */
    size_t bytes;
    size_t index;    /* among the pieces of this disk, in the order of fate's calls */
    uint64_t serial; /* of the operation that it is of: the newest has the highest */
};

enum { TB_DISK_DROPPED = 0, TB_DISK_KEPT = 0xff };

/*
 * What becomes of ${piece}: TB_DISK_KEPT, TB_DISK_DROPPED, or torn: bit i keeps the
 * sector i of its page. Any other piece than a written one is kept unless 0.
 */
struct tb_disk_fate {
    uint8_t (*of)(void *context, const struct tb_disk_piece *piece);
    void *context;
};

/* How many pieces are pending. */
size_t tb_disk_pending(const struct tb_disk *disk);
/* The serial of the newest operation. */
uint64_t tb_disk_newest(const struct tb_disk *disk);
/* The power is cut: ${disk} is as ${fate} left it, and every handle on it is dead:
 * all it answers is an error, and it can be closed. */
void tb_disk_crash(struct tb_disk *disk, struct tb_disk_fate fate);
/* The same, but what is found then is put on ${to}; ${from} goes on. */
void tb_disk_crash_into(struct tb_disk *to, const struct tb_disk *from, struct tb_disk_fate fate);
/* The process ends and the machine goes on: handles are dead, pending stays. */
void tb_disk_kill(struct tb_disk *disk);

/* Fates: all alike, or drawn. */
struct tb_disk_fate tb_disk_fate_dropped(void);
struct tb_disk_fate tb_disk_fate_kept(void);
/* Each piece kept, dropped or torn with the same chance, from *${state}, which is
 * moved on. */
struct tb_disk_fate tb_disk_fate_drawn(uint64_t *state);
/* The next number from *${state}: splitmix64. */
uint64_t tb_disk_draw(uint64_t *state);

/* -------------------------------------------------------------------- faults */

enum tb_disk_op {
    TB_DISK_OPEN,
    TB_DISK_READ,
    TB_DISK_WRITE,
    TB_DISK_TRUNCATE,
    TB_DISK_SYNC,
    TB_DISK_DELETE,
    TB_DISK_OPS
};
#define TB_DISK_BIT(op) (1U << (op))

/*
 * After ${after} more operations of the kinds in ${ops} the next one fails with
 * SQLITE_IOERR: once, or it and all that follow. ops 0: none does. A write that
 * fails has written nothing.
 */
void tb_disk_fail(struct tb_disk *disk, unsigned ops, uint64_t after, bool for_ever);
/* True when it has failed at least once since. */
bool tb_disk_failed(const struct tb_disk *disk);
/* No more than ${bytes} in all files: SQLITE_FULL, after what fits was written.
 * UINT64_MAX, as at first: no limit. */
void tb_disk_limit(struct tb_disk *disk, uint64_t bytes);
uint64_t tb_disk_used(const struct tb_disk *disk);
/* Operations of a kind since the disk was made, bytes written: what a slow disk
 * would have taken its time for. */
uint64_t tb_disk_count(const struct tb_disk *disk, enum tb_disk_op op);
uint64_t tb_disk_written(const struct tb_disk *disk);

/* A number made from names and contents as processes see them: equal images, equal
 * numbers. */
uint64_t tb_disk_digest(const struct tb_disk *disk);
/* Does the disk have this file? */
bool tb_disk_has(const struct tb_disk *disk, const char *file);
/* Remove a file with all that is safe of it, as by somebody's hand. */
void tb_disk_remove(struct tb_disk *disk, const char *file);

/* ------------------------------------------------------------------- the log */

/*
 * A log of all that changed a disk, from which its state before each operation is
 * made again, pending pieces included.
 */
struct tb_disk_log;

/* Begin one. The disk must be settled and no handle open. It ends with tb_disk_free
 * or with the next one. The log is the caller's. */
struct tb_disk_log *tb_disk_record(struct tb_disk *disk);
void tb_disk_log_free(struct tb_disk_log *log); /* the disk records no more */
size_t tb_disk_log_count(const struct tb_disk_log *log);
/* Is the entry ${at} a sync, of a file or of the folder? */
bool tb_disk_log_is_sync(const struct tb_disk_log *log, size_t at);
/* ${disk} becomes the disk before the first entry; then entry after entry. */
void tb_disk_replay_start(struct tb_disk *disk, const struct tb_disk_log *log);
void tb_disk_replay(struct tb_disk *disk, const struct tb_disk_log *log, size_t at);

#endif
