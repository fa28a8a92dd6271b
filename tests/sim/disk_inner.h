#ifndef TB_DISK_INNER_H
#define TB_DISK_INNER_H

#include <sqlite3.h>

#include "disk.h"

/* What disk.c (contents), disk_vfs.c (SQLite's view) and disk_log.c (the log) share. */

/* Bytes that grow; what was never written reads as 0. */
struct tb_disk_image {
    uint8_t *data;
    size_t size;
    size_t room;
};

/* A change of a file that is not safe yet. */
struct tb_disk_wait {
    enum tb_disk_change change; /* WRITTEN or CUT */
    uint64_t offset;            /* or the new size */
    size_t bytes;
    uint8_t *data;
    uint64_t serial;
    bool given_up; /* a sync of it failed: the next one passes it over */
};

/* The index of a log, in memory that its handles share; it lives as long as one has
 * it mapped, though the handle be dead. */
struct tb_disk_shm {
    uint8_t *piece[TB_DISK_SHM_PIECES_MAX];
    unsigned users;
    unsigned shared[SQLITE_SHM_NLOCK];
    bool exclusive[SQLITE_SHM_NLOCK];
};

/* The content of a file, which lives as long as a name or a living handle has it. */
struct tb_disk_inode {
    struct tb_disk *disk;
    struct tb_disk_inode *next;
    uint64_t number; /* in the log */
    unsigned names;  /* in the folder, now and safe and pending */
    unsigned handles;
    struct tb_disk_image now;
    struct tb_disk_image safe;
    struct tb_disk_wait *wait;
    size_t wait_count;
    size_t wait_room;
    bool gave_up;                  /* one in wait is given up */
    unsigned shared;               /* handles at SHARED or above */
    struct tb_disk_handle *writer; /* at RESERVED or above */
    struct tb_disk_shm *shm;       /* NULL: nobody has it mapped */
};

/* An open file. Lies in memory of SQLite's. */
struct tb_disk_handle {
    sqlite3_file base;           /* first */
    struct tb_disk_inode *inode; /* NULL: dead */
    struct tb_disk_handle *next;
    int level;        /* SQLITE_LOCK_* */
    bool sync_folder; /* with the next sync: it made a log or journal */
    struct tb_disk_shm *shm;
    unsigned shm_shared; /* slots held, by bit */
    unsigned shm_exclusive;
};

/* A name; the inodes are NULL where it is not there. */
struct tb_disk_entry {
    char file[TB_DISK_NAME_BYTES_MAX];
    struct tb_disk_inode *now;
    struct tb_disk_inode *safe;
};

/* A change of the folder that is not safe yet. */
struct tb_disk_naming {
    size_t entry;
    struct tb_disk_inode *inode; /* NULL: deleted */
    uint64_t serial;
};

struct tb_disk {
    char name[TB_DISK_NAME_BYTES_MAX];
    struct tb_disk *next;
    struct tb_disk_inode *inodes;
    struct tb_disk_handle *handles; /* the living */
    uint64_t numbers;
    uint64_t serials;
    struct tb_disk_entry entry[TB_DISK_FILES_MAX];
    size_t entries;
    struct tb_disk_naming *naming;
    size_t naming_count;
    size_t naming_room;
    uint64_t limit_bytes;
    uint64_t written_bytes;
    uint64_t count[TB_DISK_OPS];
    unsigned fail_ops;
    uint64_t fail_after;
    bool fail_for_ever;
    bool failed;
    struct tb_disk_log *log;
};

struct tb_disk *tb_disk_find(const char *name, size_t name_bytes);

/* Room for one more of ${bytes} in a list of ${count}. */
void *tb_disk_more(void *list, size_t count, size_t *room, size_t bytes);

void tb_disk_image_write(struct tb_disk_image *image, uint64_t offset, const uint8_t *data,
                         size_t bytes);
void tb_disk_image_cut(struct tb_disk_image *image, uint64_t size);

struct tb_disk_inode *tb_disk_lookup(const struct tb_disk *disk, const char *file);
struct tb_disk_inode *tb_disk_numbered(const struct tb_disk *disk, uint64_t number);

/* The operations, as SQLite or a replay asks for them; each is logged. */
struct tb_disk_inode *tb_disk_create(struct tb_disk *disk, const char *file);
void tb_disk_write(struct tb_disk_inode *inode, uint64_t offset, const uint8_t *data, size_t bytes);
void tb_disk_truncate(struct tb_disk_inode *inode, uint64_t size);
void tb_disk_sync(struct tb_disk_inode *inode);
void tb_disk_sync_failed(struct tb_disk_inode *inode);
void tb_disk_delete(struct tb_disk *disk, const char *file);
void tb_disk_sync_folder(struct tb_disk *disk);
/* Forget it unless a name or a handle has it. */
void tb_disk_inode_drop(struct tb_disk_inode *inode);
/* Empty the disk; handles are dead. */
void tb_disk_clear(struct tb_disk *disk);
/* Add a file of which all is safe; the inode takes ${image} over. */
void tb_disk_put(struct tb_disk *disk, const char *file, struct tb_disk_image image);
/* ${image} with the same bytes. */
struct tb_disk_image tb_disk_image_same(const struct tb_disk_image *image);
/* The handle is no longer on its inode. */
void tb_disk_handle_leave(struct tb_disk_handle *handle);

enum tb_disk_logged {
    TB_DISK_LOG_CREATE,
    TB_DISK_LOG_WRITE,
    TB_DISK_LOG_TRUNCATE,
    TB_DISK_LOG_SYNC,
    TB_DISK_LOG_SYNC_FAILED,
    TB_DISK_LOG_DELETE,
    TB_DISK_LOG_SYNC_FOLDER
};
/* The disk goes; its log stays, and is noted in no more. */
void tb_disk_log_end(struct tb_disk *disk);
/* Note an operation, when the disk is recorded. */
void tb_disk_note(struct tb_disk *disk, enum tb_disk_logged what, uint64_t inode, const char *file,
                  uint64_t offset, const uint8_t *data, size_t bytes);

#endif
