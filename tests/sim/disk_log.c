#include "disk_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

struct entry {
    enum tb_disk_logged what;
    uint64_t inode;
    char file[TB_DISK_NAME_BYTES_MAX];
    uint64_t offset;
    uint8_t *data;
    size_t bytes;
};

struct first {
    char file[TB_DISK_NAME_BYTES_MAX];
    struct tb_disk_image image;
};

struct tb_disk_log {
    struct tb_disk *disk; /* NULL: it records no more */
    struct first first[TB_DISK_FILES_MAX];
    size_t firsts;
    struct entry *entry;
    size_t count;
    size_t room;
};

void tb_disk_log_end(struct tb_disk *disk)
{
    if (disk->log != NULL) {
        disk->log->disk = NULL;
        disk->log = NULL;
    }
}

struct tb_disk_log *tb_disk_record(struct tb_disk *disk)
{
    struct tb_disk_log *log = calloc(1, sizeof *log);
    tb_assert(log != NULL);
    tb_assert(tb_disk_pending(disk) == 0);
    tb_assert(disk->handles == NULL);
    tb_disk_log_end(disk);
    for (size_t i = 0; i < disk->entries; i++) {
        if (disk->entry[i].now != NULL) {
            struct first *first = &log->first[log->firsts++];
            memcpy(first->file, disk->entry[i].file, sizeof first->file);
            first->image = tb_disk_image_same(&disk->entry[i].now->now);
        }
    }
    /* So that the files have the numbers here that they will have in a replay. */
    tb_disk_replay_start(disk, log);
    log->disk = disk;
    disk->log = log;
    return log;
}

void tb_disk_log_free(struct tb_disk_log *log)
{
    if (log->disk != NULL) {
        tb_disk_log_end(log->disk);
    }
    for (size_t i = 0; i < log->firsts; i++) {
        free(log->first[i].image.data);
    }
    for (size_t i = 0; i < log->count; i++) {
        free(log->entry[i].data);
    }
    free(log->entry);
    free(log);
}

size_t tb_disk_log_count(const struct tb_disk_log *log)
{
    return log->count;
}

bool tb_disk_log_is_sync(const struct tb_disk_log *log, size_t at)
{
    enum tb_disk_logged what = log->entry[at].what;
    return what == TB_DISK_LOG_SYNC || what == TB_DISK_LOG_SYNC_FOLDER;
}

void tb_disk_note(struct tb_disk *disk, enum tb_disk_logged what, uint64_t inode, const char *file,
                  uint64_t offset, const uint8_t *data, size_t bytes)
{
    struct tb_disk_log *log = disk->log;
    struct entry entry = {.what = what, .inode = inode, .offset = offset, .bytes = bytes};
    if (log == NULL) {
        return;
    }
    if (file != NULL) {
        memcpy(entry.file, file, strlen(file) + 1);
    }
    if (bytes > 0) {
        entry.data = malloc(bytes);
        tb_assert(entry.data != NULL);
        memcpy(entry.data, data, bytes);
    }
    log->entry = tb_disk_more(log->entry, log->count, &log->room, sizeof *log->entry);
    log->entry[log->count++] = entry;
}

void tb_disk_replay_start(struct tb_disk *disk, const struct tb_disk_log *log)
{
    tb_assert(disk->log == NULL);
    tb_disk_clear(disk);
    for (size_t i = 0; i < log->firsts; i++) {
        tb_disk_put(disk, log->first[i].file, tb_disk_image_same(&log->first[i].image));
    }
}

void tb_disk_replay(struct tb_disk *disk, const struct tb_disk_log *log, size_t at)
{
    const struct entry *entry = &log->entry[at];
    struct tb_disk_inode *inode = NULL;
    tb_assert(at < log->count);
    tb_assert(disk->log == NULL);
    if (entry->inode != 0 && entry->what != TB_DISK_LOG_CREATE) {
        inode = tb_disk_numbered(disk, entry->inode);
    }
    switch (entry->what) {
    case TB_DISK_LOG_CREATE:
        inode = tb_disk_create(disk, entry->file);
        tb_assert(inode->number == entry->inode);
        break;
    case TB_DISK_LOG_WRITE:
        tb_disk_write(inode, entry->offset, entry->data, entry->bytes);
        break;
    case TB_DISK_LOG_TRUNCATE:
        tb_disk_truncate(inode, entry->offset);
        break;
    case TB_DISK_LOG_SYNC:
        tb_disk_sync(inode);
        break;
    case TB_DISK_LOG_SYNC_FAILED:
        tb_disk_sync_failed(inode);
        break;
    case TB_DISK_LOG_DELETE:
        tb_disk_delete(disk, entry->file);
        break;
    case TB_DISK_LOG_SYNC_FOLDER:
        tb_disk_sync_folder(disk);
        break;
    }
}
