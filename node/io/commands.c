#include "node/io/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/io/check.h"
#include "base/notes.h"
#include "node/core/query.h"
#include "node/io/store.h"

static enum tb_exit complain(const struct tb_diag *diag, enum tb_exit exit_status)
{
    fprintf(stderr, "tongbao-node: %s\n", diag->text);
    return exit_status;
}

enum tb_exit tb_command_check(const struct tb_config *config)
{
    struct tb_diag diag = {0};
    enum tb_status status = tb_check_store(config->data, TB_STORE_NAME, tb_node_schema(), &diag);
    return status == TB_OK ? TB_EXIT_OK : complain(&diag, tb_check_exit(status));
}

enum tb_exit tb_command_rebuild(const struct tb_config *config)
{
    struct tb_store store;
    struct tb_diag diag = {0};
    if (tb_store_open(&store, config, &diag) != TB_OK) {
        return complain(&diag, TB_EXIT_MISTAKE);
    }
    tb_db_begin(&store.keep.db);
    enum tb_status status = tb_node_rebuild(store.node);
    if (status == TB_OK) {
        tb_db_commit(&store.keep.db);
    }
    status = status == TB_OK ? store.keep.db.status : status;
    if (status != TB_OK) {
        tb_diag_set(&diag, 0, "the views were not rebuilt, the store is as it was: %s",
                    tb_status_text(status));
        tb_store_close(&store);
        return complain(&diag, TB_EXIT_STORE);
    }
    struct tb_status_row row;
    tb_query_status(store.node, &row);
    printf("rebuilt the views of %lld envelopes\n", (long long)row.ledger_rows);
    tb_store_close(&store);
    return TB_EXIT_OK;
}

/* -------------------------------------------------------------- backup */

static bool run(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* VACUUM INTO attaches the new file by itself and writes into it; this connection, which is of
 * the reading kind and does nothing else, is let do so. The store itself stays read-only. */
static bool copy_into(sqlite3 *handle, const char *file)
{
    sqlite3_stmt *stmt = NULL;
    (void)sqlite3_set_authorizer(handle, NULL, NULL);
    (void)sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 1);
    bool done = run(handle, "PRAGMA query_only=OFF") &&
                sqlite3_prepare_v2(handle, "VACUUM INTO ?1", -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_bind_text(stmt, 1, file, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_DONE;
    (void)sqlite3_finalize(stmt);
    return done;
}

/* "integrity_check on the backup copy". */
static bool copy_sound(const char *file)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *stmt = NULL;
    bool sound =
        sqlite3_open_v2(file, &handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(handle);
    return sound;
}

/* A copy counts as made when it would survive a power cut: file and folder. */
static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced;
}

enum tb_exit tb_command_backup(const struct tb_config *config, const char *file)
{
    struct tb_db db;
    struct tb_diag diag = {0};
    struct stat about;
    char folder[TB_FILES_PATH_BYTES_MAX];
    if (lstat(file, &about) == 0) {
        tb_diag_set(&diag, 0, "%s is there already: choose another name", file);
        return complain(&diag, TB_EXIT_MISTAKE);
    }
    if (tb_store_open_reader(&db, config, &diag) != TB_OK) {
        return complain(&diag, TB_EXIT_MISTAKE);
    }
    bool copied = copy_into(db.handle, file);
    if (!copied) {
        tb_diag_set(&diag, 0, "cannot copy the store to %s: %s", file, sqlite3_errmsg(db.handle));
    }
    tb_db_close(&db);
    if (copied && !copy_sound(file)) {
        tb_diag_set(&diag, 0, "the copy %s is not sound", file);
        copied = false;
    }
    if (copied && (tb_files_parent(file, folder) != TB_OK || !sync_path(file, O_RDWR) ||
                   !sync_path(folder, O_RDONLY | O_DIRECTORY))) {
        tb_diag_set(&diag, 0, "the copy %s could not be put safely on its disk", file);
        copied = false;
    }
    if (!copied) {
        (void)unlink(file);
        return complain(&diag, TB_EXIT_STORE);
    }
    printf("copied to %s and checked\n", file);
    return TB_EXIT_OK;
}

/* --------------------------------------------------------------- notes */

enum tb_exit tb_command_notes(void)
{
    printf("| level | note | line | what to do |\n|---|---|---|---|\n");
    for (int i = 0; i < TB_NOTE_COUNT; i++) {
        const struct tb_note_row *row = tb_note_row((enum tb_note)i);
        printf("| %s | %s | `%s` | %s |\n", tb_note_level_text(row->level), row->name, row->format,
               row->meaning);
    }
    return fflush(stdout) == 0 ? TB_EXIT_OK : TB_EXIT_MISTAKE;
}
