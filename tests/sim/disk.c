#include "disk_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static struct tb_disk *disks;

/* --------------------------------------------------------------------- bytes */

void *tb_disk_more(void *list, size_t count, size_t *room, size_t bytes)
{
    if (count < *room) {
        return list;
    }
    *room = *room == 0 ? 16 : *room * 2;
    list = realloc(list, *room * bytes);
    tb_assert(list != NULL);
    return list;
}

void tb_disk_image_cut(struct tb_disk_image *image, uint64_t size)
{
    if (size > image->room) {
        image->room = (size_t)size + (size_t)size / 2;
        image->data = realloc(image->data, image->room);
        tb_assert(image->data != NULL);
    }
    if (size > image->size) {
        memset(image->data + image->size, 0, (size_t)size - image->size);
    }
    image->size = (size_t)size;
}

void tb_disk_image_write(struct tb_disk_image *image, uint64_t offset, const uint8_t *data,
                         size_t bytes)
{
    if (offset + bytes > image->size) {
        tb_disk_image_cut(image, offset + bytes);
    }
    memcpy(image->data + offset, data, bytes);
}

struct tb_disk_image tb_disk_image_same(const struct tb_disk_image *image)
{
    struct tb_disk_image same = {0};
    if (image->size > 0) {
        tb_disk_image_write(&same, 0, image->data, image->size);
    }
    return same;
}

/* -------------------------------------------------------------------- inodes */

static void forget_waits(struct tb_disk_inode *inode)
{
    for (size_t i = 0; i < inode->wait_count; i++) {
        free(inode->wait[i].data);
    }
    inode->wait_count = 0;
}

void tb_disk_inode_drop(struct tb_disk_inode *inode)
{
    if (inode->names > 0 || inode->handles > 0) {
        return;
    }
    struct tb_disk_inode **at = &inode->disk->inodes;
    while (*at != inode) {
        at = &(*at)->next;
    }
    *at = inode->next;
    forget_waits(inode);
    free(inode->wait);
    free(inode->now.data);
    free(inode->safe.data);
    free(inode);
}

static void unname(struct tb_disk_inode *inode)
{
    if (inode != NULL) {
        inode->names--;
        tb_disk_inode_drop(inode);
    }
}

static struct tb_disk_inode *name(struct tb_disk_inode *inode)
{
    if (inode != NULL) {
        inode->names++;
    }
    return inode;
}

static struct tb_disk_inode *inode_new(struct tb_disk *disk)
{
    struct tb_disk_inode *inode = calloc(1, sizeof *inode);
    tb_assert(inode != NULL);
    inode->disk = disk;
    inode->next = disk->inodes;
    inode->number = ++disk->numbers;
    disk->inodes = inode;
    return inode;
}

struct tb_disk_inode *tb_disk_numbered(const struct tb_disk *disk, uint64_t number)
{
    struct tb_disk_inode *inode = disk->inodes;
    while (inode != NULL && inode->number != number) {
        inode = inode->next;
    }
    tb_assert(inode != NULL);
    return inode;
}

/* -------------------------------------------------------------------- folder */

static size_t entry_of(struct tb_disk *disk, const char *file)
{
    size_t at = 0;
    while (at < disk->entries && strcmp(disk->entry[at].file, file) != 0) {
        at++;
    }
    if (at == disk->entries) {
        tb_assert(disk->entries < TB_DISK_FILES_MAX);
        tb_assert(strlen(file) < TB_DISK_NAME_BYTES_MAX);
        disk->entry[at] = (struct tb_disk_entry){0};
        memcpy(disk->entry[at].file, file, strlen(file) + 1);
        disk->entries++;
    }
    return at;
}

struct tb_disk_inode *tb_disk_lookup(const struct tb_disk *disk, const char *file)
{
    for (size_t i = 0; i < disk->entries; i++) {
        if (strcmp(disk->entry[i].file, file) == 0) {
            return disk->entry[i].now;
        }
    }
    return NULL;
}

/* The name ${file} now stands for ${inode}, NULL for nothing. */
static void rename_to(struct tb_disk *disk, const char *file, struct tb_disk_inode *inode)
{
    size_t at = entry_of(disk, file);
    disk->naming =
        tb_disk_more(disk->naming, disk->naming_count, &disk->naming_room, sizeof *disk->naming);
    disk->naming[disk->naming_count++] = (struct tb_disk_naming){at, name(inode), ++disk->serials};
    struct tb_disk_inode *old = disk->entry[at].now;
    disk->entry[at].now = name(inode);
    unname(old);
}

struct tb_disk_inode *tb_disk_create(struct tb_disk *disk, const char *file)
{
    struct tb_disk_inode *inode = inode_new(disk);
    rename_to(disk, file, inode);
    tb_disk_note(disk, TB_DISK_LOG_CREATE, inode->number, file, 0, NULL, 0);
    return inode;
}

void tb_disk_delete(struct tb_disk *disk, const char *file)
{
    rename_to(disk, file, NULL);
    tb_disk_note(disk, TB_DISK_LOG_DELETE, 0, file, 0, NULL, 0);
}

static void make_safe(struct tb_disk *disk, const struct tb_disk_naming *naming)
{
    struct tb_disk_entry *entry = &disk->entry[naming->entry];
    struct tb_disk_inode *old = entry->safe;
    entry->safe = name(naming->inode);
    unname(old);
}

void tb_disk_sync_folder(struct tb_disk *disk)
{
    for (size_t i = 0; i < disk->naming_count; i++) {
        make_safe(disk, &disk->naming[i]);
        unname(disk->naming[i].inode);
    }
    disk->naming_count = 0;
    tb_disk_note(disk, TB_DISK_LOG_SYNC_FOLDER, 0, NULL, 0, NULL, 0);
}

/* --------------------------------------------------------------- the content */

static void wait_for_sync(struct tb_disk_inode *inode, const struct tb_disk_wait *wait)
{
    inode->wait =
        tb_disk_more(inode->wait, inode->wait_count, &inode->wait_room, sizeof *inode->wait);
    inode->wait[inode->wait_count++] = *wait;
}

/* The page is dirty again, with all that is in it. */
static void take_up_again(struct tb_disk_inode *inode, uint64_t page)
{
    for (size_t i = 0; inode->gave_up && i < inode->wait_count; i++) {
        struct tb_disk_wait *wait = &inode->wait[i];
        if (wait->given_up && wait->offset / TB_DISK_PAGE_BYTES == page) {
            wait->given_up = false;
        }
    }
}

void tb_disk_write(struct tb_disk_inode *inode, uint64_t offset, const uint8_t *data, size_t bytes)
{
    tb_disk_image_write(&inode->now, offset, data, bytes);
    tb_disk_note(inode->disk, TB_DISK_LOG_WRITE, inode->number, NULL, offset, data, bytes);
    uint64_t serial = ++inode->disk->serials;
    while (bytes > 0) {
        size_t rest = (size_t)(TB_DISK_PAGE_BYTES - offset % TB_DISK_PAGE_BYTES);
        size_t now = bytes < rest ? bytes : rest;
        struct tb_disk_wait wait = {TB_DISK_WRITTEN, offset, now, malloc(now), serial, false};
        tb_assert(wait.data != NULL);
        memcpy(wait.data, data, now);
        take_up_again(inode, offset / TB_DISK_PAGE_BYTES);
        wait_for_sync(inode, &wait);
        data += now;
        offset += now;
        bytes -= now;
    }
}

void tb_disk_truncate(struct tb_disk_inode *inode, uint64_t size)
{
    struct tb_disk_wait wait = {TB_DISK_CUT, size, 0, NULL, ++inode->disk->serials, false};
    tb_disk_image_cut(&inode->now, size);
    wait_for_sync(inode, &wait);
    tb_disk_note(inode->disk, TB_DISK_LOG_TRUNCATE, inode->number, NULL, size, NULL, 0);
}

static void apply(struct tb_disk_image *image, const struct tb_disk_wait *wait, uint8_t sectors)
{
    if (sectors == 0) {
        return;
    }
    if (wait->change == TB_DISK_CUT) {
        tb_disk_image_cut(image, wait->offset);
        return;
    }
    /* The size is written apart from what is in it: what is lost reads as 0. */
    if (wait->offset + wait->bytes > image->size) {
        tb_disk_image_cut(image, wait->offset + wait->bytes);
    }
    uint64_t end = wait->offset + wait->bytes;
    for (uint64_t at = wait->offset; at < end;) {
        uint64_t sector = at / TB_DISK_SECTOR_BYTES;
        uint64_t next = (sector + 1) * TB_DISK_SECTOR_BYTES;
        next = next < end ? next : end;
        if ((sectors >> (sector % TB_DISK_PAGE_SECTORS) & 1) != 0) {
            tb_disk_image_write(image, at, wait->data + (at - wait->offset), (size_t)(next - at));
        }
        at = next;
    }
}

void tb_disk_sync(struct tb_disk_inode *inode)
{
    size_t left = 0;
    for (size_t i = 0; i < inode->wait_count; i++) {
        if (inode->wait[i].given_up) {
            inode->wait[left++] = inode->wait[i];
            continue;
        }
        apply(&inode->safe, &inode->wait[i], TB_DISK_KEPT);
        free(inode->wait[i].data);
    }
    inode->wait_count = left;
    inode->gave_up = left > 0;
    tb_disk_note(inode->disk, TB_DISK_LOG_SYNC, inode->number, NULL, 0, NULL, 0);
}

void tb_disk_sync_failed(struct tb_disk_inode *inode)
{
    for (size_t i = 0; i < inode->wait_count; i++) {
        inode->wait[i].given_up = true;
    }
    inode->gave_up = inode->wait_count > 0;
    tb_disk_note(inode->disk, TB_DISK_LOG_SYNC_FAILED, inode->number, NULL, 0, NULL, 0);
}

/* --------------------------------------------------------------------- disks */

struct tb_disk *tb_disk_find(const char *name, size_t name_bytes)
{
    struct tb_disk *disk = disks;
    while (disk != NULL &&
           (strlen(disk->name) != name_bytes || memcmp(disk->name, name, name_bytes) != 0)) {
        disk = disk->next;
    }
    return disk;
}

struct tb_disk *tb_disk_new(const char *name)
{
    tb_assert(strlen(name) < TB_DISK_NAME_BYTES_MAX);
    tb_assert(tb_disk_find(name, strlen(name)) == NULL);
    struct tb_disk *disk = calloc(1, sizeof *disk);
    tb_assert(disk != NULL);
    memcpy(disk->name, name, strlen(name) + 1);
    disk->limit_bytes = UINT64_MAX;
    disk->next = disks;
    disks = disk;
    return disk;
}

static void forget_namings(struct tb_disk *disk)
{
    for (size_t i = 0; i < disk->naming_count; i++) {
        unname(disk->naming[i].inode);
    }
    disk->naming_count = 0;
}

void tb_disk_handle_leave(struct tb_disk_handle *handle)
{
    struct tb_disk_inode *inode = handle->inode;
    struct tb_disk_handle **at = &inode->disk->handles;
    while (*at != handle) {
        at = &(*at)->next;
    }
    *at = handle->next;
    inode->shared -= handle->level >= SQLITE_LOCK_SHARED ? 1 : 0;
    inode->writer = inode->writer == handle ? NULL : inode->writer;
    inode->handles--;
    handle->inode = NULL;
    tb_disk_inode_drop(inode);
}

void tb_disk_kill(struct tb_disk *disk)
{
    while (disk->handles != NULL) {
        /* The dead keep the index that they have; whoever comes makes a new one. */
        disk->handles->inode->shm = NULL;
        tb_disk_handle_leave(disk->handles);
    }
}

void tb_disk_clear(struct tb_disk *disk)
{
    tb_disk_kill(disk);
    forget_namings(disk);
    for (size_t i = 0; i < disk->entries; i++) {
        unname(disk->entry[i].now);
        unname(disk->entry[i].safe);
    }
    tb_assert(disk->inodes == NULL);
    disk->entries = 0;
    disk->numbers = 0;
}

void tb_disk_free(struct tb_disk *disk)
{
    struct tb_disk **at = &disks;
    tb_disk_clear(disk);
    tb_disk_log_end(disk);
    while (*at != disk) {
        at = &(*at)->next;
    }
    *at = disk->next;
    free(disk->naming);
    free(disk);
}

void tb_disk_put(struct tb_disk *disk, const char *file, struct tb_disk_image image)
{
    struct tb_disk_inode *inode = inode_new(disk);
    size_t at = entry_of(disk, file);
    inode->now = tb_disk_image_same(&image);
    inode->safe = image;
    disk->entry[at].now = name(inode);
    disk->entry[at].safe = name(inode);
}

void tb_disk_copy(struct tb_disk *to, const struct tb_disk *from)
{
    tb_assert(to != from);
    tb_disk_clear(to);
    for (size_t i = 0; i < from->entries; i++) {
        if (from->entry[i].now != NULL) {
            tb_disk_put(to, from->entry[i].file, tb_disk_image_same(&from->entry[i].now->now));
        }
    }
}

/* Twins stand in the same place of both lists. */
static struct tb_disk_inode *twin_of(struct tb_disk *to, const struct tb_disk *from,
                                     const struct tb_disk_inode *inode)
{
    struct tb_disk_inode *twin = to->inodes;
    for (const struct tb_disk_inode *at = from->inodes; at != inode; at = at->next) {
        tb_assert(at != NULL);
        twin = twin->next;
    }
    return twin;
}

static struct tb_disk_inode *named_twin(struct tb_disk *to, const struct tb_disk *from,
                                        const struct tb_disk_inode *inode)
{
    return inode == NULL ? NULL : name(twin_of(to, from, inode));
}

static void inode_clone(struct tb_disk *to, const struct tb_disk_inode *from)
{
    struct tb_disk_inode *inode = inode_new(to);
    inode->now = tb_disk_image_same(&from->now);
    inode->safe = tb_disk_image_same(&from->safe);
    inode->number = from->number;
    inode->gave_up = from->gave_up;
    for (size_t i = 0; i < from->wait_count; i++) {
        struct tb_disk_wait wait = from->wait[i];
        if (wait.bytes > 0) {
            wait.data = malloc(wait.bytes);
            tb_assert(wait.data != NULL);
            memcpy(wait.data, from->wait[i].data, wait.bytes);
        }
        wait_for_sync(inode, &wait);
    }
}

void tb_disk_clone(struct tb_disk *to, const struct tb_disk *from)
{
    const struct tb_disk_inode *inodes[4 * TB_DISK_FILES_MAX];
    size_t count = 0;
    tb_assert(to != from);
    tb_disk_clear(to);
    for (const struct tb_disk_inode *inode = from->inodes; inode != NULL; inode = inode->next) {
        tb_assert(count < sizeof inodes / sizeof inodes[0]);
        inodes[count++] = inode;
    }
    /* A new one goes to the front. */
    for (size_t i = count; i > 0; i--) {
        inode_clone(to, inodes[i - 1]);
    }
    for (size_t i = 0; i < from->entries; i++) {
        size_t at = entry_of(to, from->entry[i].file);
        to->entry[at].now = named_twin(to, from, from->entry[i].now);
        to->entry[at].safe = named_twin(to, from, from->entry[i].safe);
    }
    for (size_t i = 0; i < from->naming_count; i++) {
        to->naming =
            tb_disk_more(to->naming, to->naming_count, &to->naming_room, sizeof *to->naming);
        to->naming[to->naming_count++] = (struct tb_disk_naming){
            from->naming[i].entry, named_twin(to, from, from->naming[i].inode),
            from->naming[i].serial};
    }
    to->numbers = from->numbers;
    to->serials = from->serials;
}

void tb_disk_settle(struct tb_disk *disk)
{
    tb_disk_sync_folder(disk);
    for (struct tb_disk_inode *inode = disk->inodes; inode != NULL; inode = inode->next) {
        for (size_t i = 0; i < inode->wait_count; i++) {
            inode->wait[i].given_up = false;
        }
        tb_disk_sync(inode);
    }
}

bool tb_disk_has(const struct tb_disk *disk, const char *file)
{
    return tb_disk_lookup(disk, file) != NULL;
}

void tb_disk_remove(struct tb_disk *disk, const char *file)
{
    if (tb_disk_has(disk, file)) {
        tb_disk_delete(disk, file);
        tb_disk_sync_folder(disk);
    }
}

/* ---------------------------------------------------------------- power cuts */

size_t tb_disk_pending(const struct tb_disk *disk)
{
    size_t count = disk->naming_count;
    for (const struct tb_disk_inode *inode = disk->inodes; inode != NULL; inode = inode->next) {
        count += inode->wait_count;
    }
    return count;
}

uint64_t tb_disk_newest(const struct tb_disk *disk)
{
    return disk->serials;
}

/* What is left of the names: an inode for each entry, or NULL. */
static void names_left(const struct tb_disk *disk, struct tb_disk_fate fate, size_t *index,
                       struct tb_disk_inode **left)
{
    for (size_t i = 0; i < disk->entries; i++) {
        left[i] = disk->entry[i].safe;
    }
    for (size_t i = 0; i < disk->naming_count; i++) {
        const struct tb_disk_naming *naming = &disk->naming[i];
        struct tb_disk_piece piece = {
            .change = naming->inode == NULL ? TB_DISK_DELETED : TB_DISK_CREATED,
            .file = disk->entry[naming->entry].file,
            .index = (*index)++,
            .serial = naming->serial,
        };
        if (fate.of(fate.context, &piece) != TB_DISK_DROPPED) {
            left[naming->entry] = naming->inode;
        }
    }
}

static struct tb_disk_image content_left(const struct tb_disk_inode *inode, const char *file,
                                         struct tb_disk_fate fate, size_t *index)
{
    struct tb_disk_image image = tb_disk_image_same(&inode->safe);
    for (size_t i = 0; i < inode->wait_count; i++) {
        const struct tb_disk_wait *wait = &inode->wait[i];
        struct tb_disk_piece piece = {wait->change, file,       wait->offset,
                                      wait->bytes,  (*index)++, wait->serial};
        apply(&image, wait, fate.of(fate.context, &piece));
    }
    return image;
}

void tb_disk_crash_into(struct tb_disk *to, const struct tb_disk *from, struct tb_disk_fate fate)
{
    struct tb_disk_inode *left[TB_DISK_FILES_MAX];
    struct tb_disk_image image[TB_DISK_FILES_MAX];
    char file[TB_DISK_FILES_MAX][TB_DISK_NAME_BYTES_MAX];
    size_t files = 0;
    size_t index = 0;
    names_left(from, fate, &index, left);
    for (size_t i = 0; i < from->entries; i++) {
        if (left[i] != NULL) {
            memcpy(file[files], from->entry[i].file, sizeof file[files]);
            image[files++] = content_left(left[i], from->entry[i].file, fate, &index);
        }
    }
    tb_disk_clear(to);
    for (size_t i = 0; i < files; i++) {
        tb_disk_put(to, file[i], image[i]);
    }
}

void tb_disk_crash(struct tb_disk *disk, struct tb_disk_fate fate)
{
    tb_assert(disk->log == NULL);
    tb_disk_crash_into(disk, disk, fate);
}

static uint8_t same_for_all(void *context, const struct tb_disk_piece *piece)
{
    (void)piece;
    return context == NULL ? TB_DISK_DROPPED : TB_DISK_KEPT;
}

struct tb_disk_fate tb_disk_fate_dropped(void)
{
    return (struct tb_disk_fate){same_for_all, NULL};
}

struct tb_disk_fate tb_disk_fate_kept(void)
{
    static char kept;
    return (struct tb_disk_fate){same_for_all, &kept};
}

uint64_t tb_disk_draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint8_t drawn(void *context, const struct tb_disk_piece *piece)
{
    uint64_t luck = tb_disk_draw(context);
    (void)piece;
    switch (luck % 3) {
    case 0:
        return TB_DISK_DROPPED;
    case 1:
        return TB_DISK_KEPT;
    default:
        return (uint8_t)(luck >> 8);
    }
}

struct tb_disk_fate tb_disk_fate_drawn(uint64_t *state)
{
    return (struct tb_disk_fate){drawn, state};
}

/* ------------------------------------------------------------ faults, counts */

void tb_disk_fail(struct tb_disk *disk, unsigned ops, uint64_t after, bool for_ever)
{
    disk->fail_ops = ops;
    disk->fail_after = after;
    disk->fail_for_ever = for_ever;
    disk->failed = false;
}

bool tb_disk_failed(const struct tb_disk *disk)
{
    return disk->failed;
}

void tb_disk_limit(struct tb_disk *disk, uint64_t bytes)
{
    disk->limit_bytes = bytes;
}

uint64_t tb_disk_used(const struct tb_disk *disk)
{
    uint64_t used = 0;
    for (size_t i = 0; i < disk->entries; i++) {
        used += disk->entry[i].now == NULL ? 0 : disk->entry[i].now->now.size;
    }
    return used;
}

uint64_t tb_disk_count(const struct tb_disk *disk, enum tb_disk_op op)
{
    return disk->count[op];
}

uint64_t tb_disk_written(const struct tb_disk *disk)
{
    return disk->written_bytes;
}

/* Eight bytes at a step; fast, since whole images go through it. */
static uint64_t mix(uint64_t sum, const uint8_t *data, size_t bytes)
{
    while (bytes > 0) {
        uint64_t word = 0;
        size_t now = bytes < sizeof word ? bytes : sizeof word;
        memcpy(&word, data, now);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
        data += now;
        bytes -= now;
    }
    return sum;
}

uint64_t tb_disk_digest(const struct tb_disk *disk)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < disk->entries; i++) {
        const struct tb_disk_entry *entry = &disk->entry[i];
        if (entry->now != NULL) {
            const struct tb_disk_image *image = &entry->now->now;
            uint64_t one = mix(1, (const uint8_t *)entry->file, strlen(entry->file));
            uint64_t size = image->size;
            one = mix(one, (const uint8_t *)&size, sizeof size);
            sum += tb_disk_draw(&(uint64_t){mix(one, image->data, image->size)});
        }
    }
    return sum;
}
