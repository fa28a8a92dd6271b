#include "base/io/keep.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/io/say.h"

enum tb_status tb_keep_path(char out[TB_FILES_PATH_BYTES_MAX], const char *folder, const char *name,
                            struct tb_diag *diag)
{
    enum tb_status status = tb_files_join(out, folder, name);
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "the path of the data folder is too long: choose a shorter one");
    }
    return status;
}

enum tb_status tb_keep_reader(struct tb_db *db, const char *folder, const char *name,
                              const struct tb_db_schema *schema, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = tb_keep_path(path, folder, name, diag);
    return status == TB_OK ? tb_db_open_reader(db, path, schema, diag) : status;
}

static enum tb_status take_lock(struct tb_keep *keep, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = tb_keep_path(path, keep->settings.folder, TB_KEEP_LOCK_NAME, diag);
    if (status == TB_OK) {
        status = tb_files_lock(path, &keep->lock_fd, diag);
    }
    if (status == TB_STATE) {
        tb_diag_set(diag, 0, "another %s is using %s: stop it first", keep->settings.program,
                    keep->settings.folder);
    }
    return status;
}

/* SQLite tells the size of the log after each COMMIT. It begins anew when all of
 * it was moved and nobody reads it any more. */
static int count_log(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct tb_keep *keep = context;
    (void)handle;
    (void)name;
    keep->log_pages = pages;
    keep->log_waits = true;
    if (pages < keep->moved_pages) {
        keep->moved_pages = 0;
    }
    return SQLITE_OK;
}

/* Empty the log, and give it its room again. What a reader still needs stays, and is
 * tried again later; so is a full disk, which the log outlives. */
static void empty_log(struct tb_keep *keep, uint64_t now_ms)
{
    uint64_t free_bytes;
    if (tb_db_scrub(&keep->db)) {
        keep->scrub = false;
        keep->log_pages = 0;
        keep->moved_pages = 0;
        if (tb_files_free_bytes(keep->settings.folder, &free_bytes, NULL) == TB_OK &&
            free_bytes >= TB_KEEP_PRIMED_FREE_BYTES) {
            (void)tb_db_prime(&keep->db, TB_KEEP_PRIMED_BYTES); /* else it is slower, no more */
        }
    } else if (keep->db.status == TB_DISKFULL) {
        tb_db_rollback(&keep->db);
    }
    keep->log_waits = keep->scrub;
    keep->move_ms = now_ms + TB_KEEP_IDLE_MS;
}

void tb_keep_scrub(struct tb_keep *keep)
{
    keep->scrub = true;
    keep->log_waits = true;
    keep->move_ms = 0;
}

enum tb_status tb_keep_open(struct tb_keep *keep, const struct tb_keep_settings *settings,
                            const struct tb_db_schema *schema, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    *keep = (struct tb_keep){.settings = *settings, .lock_fd = -1};
    enum tb_status status = tb_files_folder(settings->folder, diag);
    if (status == TB_OK) {
        status = take_lock(keep, diag);
    }
    if (status == TB_OK) {
        status = tb_keep_path(path, settings->folder, settings->store, diag);
    }
    if (status == TB_OK) {
        status = tb_db_open(&keep->db, path, schema, diag);
    }
    if (status != TB_OK) {
        tb_keep_close(keep);
        return status;
    }
    keep->scrub = true;
    empty_log(keep, 0);
    (void)sqlite3_wal_hook(keep->db.handle, count_log, keep);
    keep->log_waits = keep->scrub; /* something of the last run is left */
    return TB_OK;
}

void tb_keep_close(struct tb_keep *keep)
{
    if (keep->db.handle != NULL) {
        tb_db_close(&keep->db);
    }
    if (keep->settings.program != NULL && keep->lock_fd >= 0) {
        (void)close(keep->lock_fd);
    }
    *keep = (struct tb_keep){.lock_fd = -1};
}

/* The state and its two notes; true when it was not known. */
static bool becomes_full(struct tb_keep *keep)
{
    bool news = !keep->full;
    keep->full = true;
    if (news) {
        tb_say(TB_NOTE_STORE_FULL, keep->settings.folder);
    }
    return news;
}

static void has_room(struct tb_keep *keep)
{
    if (keep->full) {
        tb_say(TB_NOTE_STORE_ROOM, keep->settings.folder);
    }
    keep->full = false;
}

bool tb_keep_relieve(struct tb_keep *keep, uint64_t now_ms)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    keep->room_ms = now_ms + TB_KEEP_ROOM_MS;
    bool given_up =
        tb_keep_path(path, keep->settings.folder, TB_KEEP_RESERVE_NAME, NULL) == TB_OK &&
        tb_files_release(path, NULL) == TB_OK;
    return becomes_full(keep) || given_up;
}

void tb_keep_broken(const struct tb_keep *keep)
{
    tb_say(TB_NOTE_STORE_BROKEN, keep->settings.folder, keep->db.code);
}

/* Held already, or taken now because the disk has much more than it. */
static bool hold_reserve(const struct tb_keep *keep)
{
    const struct tb_keep_settings *settings = &keep->settings;
    char path[TB_FILES_PATH_BYTES_MAX];
    uint64_t free_bytes = 0;
    if (tb_keep_path(path, settings->folder, TB_KEEP_RESERVE_NAME, NULL) != TB_OK) {
        return false;
    }
    bool held = tb_files_reserved(path, settings->reserve_bytes);
    bool room = tb_files_free_bytes(settings->folder, &free_bytes, NULL) == TB_OK &&
                free_bytes >= settings->room_bytes;
    return held || (room && tb_files_reserve(path, settings->reserve_bytes, NULL) == TB_OK);
}

void tb_keep_room(struct tb_keep *keep, uint64_t now_ms)
{
    if (now_ms < keep->room_ms) {
        return;
    }
    if (hold_reserve(keep)) {
        keep->room_ms = UINT64_MAX; /* until it is given up */
        has_room(keep);
    } else {
        keep->room_ms = now_ms + TB_KEEP_ROOM_MS;
        (void)becomes_full(keep);
    }
}

static int grown_pages(const struct tb_keep *keep)
{
    return keep->log_pages - keep->moved_pages;
}

/* When the log is to be moved if nothing more comes. */
static uint64_t move_due_ms(const struct tb_keep *keep, uint64_t busy_ms)
{
    if (keep->scrub) {
        return keep->move_ms;
    }
    if (grown_pages(keep) > TB_KEEP_LOG_PAGES) {
        return busy_ms + TB_KEEP_LULL_MS;
    }
    uint64_t idle_ms = busy_ms + TB_KEEP_IDLE_MS;
    return idle_ms > keep->move_ms ? idle_ms : keep->move_ms;
}

/* "WAL size watched": nothing else here can make it begin anew. */
static void watch_log(struct tb_keep *keep)
{
    bool held = keep->log_waits && keep->log_pages >= TB_KEEP_LOG_WATCHED_PAGES;
    if (held && !keep->held) {
        tb_say(TB_NOTE_STORE_LOG, keep->settings.folder, keep->log_pages);
    }
    keep->held = held;
}

void tb_keep_checkpoint(struct tb_keep *keep, uint64_t now_ms, uint64_t busy_ms)
{
    bool due = now_ms >= move_due_ms(keep, busy_ms) || grown_pages(keep) > TB_KEEP_LOG_PAGES_MAX;
    if (!keep->log_waits || !due) {
        return;
    }
    if (keep->scrub) {
        empty_log(keep, now_ms);
        return;
    }
    /* What a reader still needs stays, and is tried again when idle. */
    keep->log_waits = tb_db_checkpoint(&keep->db) > 0;
    watch_log(keep);
    keep->moved_pages = keep->log_pages;
    keep->move_ms = now_ms + TB_KEEP_IDLE_MS;
    if (keep->db.status == TB_DISKFULL) {
        /* The log keeps what could not be moved; reading goes on. */
        tb_db_rollback(&keep->db);
        (void)tb_keep_relieve(keep, now_ms);
        keep->log_waits = true;
        keep->move_ms = now_ms + TB_KEEP_ROOM_MS;
    }
}

uint64_t tb_keep_due_ms(const struct tb_keep *keep, uint64_t busy_ms)
{
    uint64_t move_ms = move_due_ms(keep, busy_ms);
    return keep->log_waits && move_ms < keep->room_ms ? move_ms : keep->room_ms;
}
