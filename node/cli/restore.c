#include "node/cli/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/db.h"
#include "base/io/clock.h"
#include "base/io/random.h"
#include "node/cli/tell.h"
#include "node/core/node.h"

enum {
    COPY_BYTES = 64 * 1024,
};

/* Every path that a restore touches. */
struct paths {
    char store[TB_FILES_PATH_BYTES_MAX];
    char lock[TB_FILES_PATH_BYTES_MAX];
    char fresh[TB_FILES_PATH_BYTES_MAX];
    char kept[TB_FILES_PATH_BYTES_MAX];
};

static bool print_path(char out[TB_FILES_PATH_BYTES_MAX], const char *folder, const char *name,
                       const char *stamp)
{
    int size = snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s/%s%s", folder, name, stamp);
    return size >= 0 && size < TB_FILES_PATH_BYTES_MAX;
}

static enum tb_status make_paths(struct paths *paths, const struct tb_home *home,
                                 struct tb_wall now, struct tb_diag *diag)
{
    char at[TB_WALL_TEXT_CHARS];
    tb_wall_text(at, now);
    at[19] = '\0'; /* without the offset; a colon is a nuisance in a file's name */
    at[13] = '-';
    at[16] = '-';
    if (!print_path(paths->store, home->data, "node.db", "") ||
        !print_path(paths->lock, home->data, "lock", "") ||
        !print_path(paths->fresh, home->data, "node.db", ".restoring") ||
        !print_path(paths->kept, home->data, "node.db.before-", at)) {
        tb_diag_set(diag, 0, _("the path is too long: %s"), home->data);
        return TB_TOOBIG;
    }
    return TB_OK;
}

static enum tb_status failed(struct tb_diag *diag, const char *path)
{
    int error = errno;
    tb_diag_set(diag, 0, "%s: %s", path, strerror(error));
    return error == ENOSPC || error == EDQUOT ? TB_DISKFULL : TB_IO;
}

/* The lock that a running node holds; -1 with ${diag} when it does. */
static int take_lock(const struct paths *paths, enum tb_status *status, struct tb_diag *diag)
{
    int fd = -1;
    *status = tb_files_lock(paths->lock, &fd, diag);
    if (*status == TB_STATE) {
        tb_diag_set(diag, 0, "%s", _("the node is running: stop it first, then restore"));
    }
    return fd;
}

static enum tb_status copy_bytes(int from, int to)
{
    static char block[COPY_BYTES];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, block + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR) {
                return TB_IO;
            }
            done += put > 0 ? put : 0;
        }
        if (got < 0) {
            return TB_IO;
        }
    }
    return fsync(to) == 0 ? TB_OK : TB_IO;
}

static enum tb_status copy(const char *from, const char *to, struct tb_diag *diag)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        (void)failed(diag, from);
        return TB_INPUT;
    }
    (void)unlink(to);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, TB_FILES_PRIVATE);
    enum tb_status status = out < 0 ? TB_IO : copy_bytes(in, out);
    if (status != TB_OK) {
        status = failed(diag, to);
    }
    close(in);
    if (out >= 0 && close(out) != 0 && status == TB_OK) {
        status = failed(diag, to);
    }
    return status;
}

/* One number or word that ${sql} asks for; false when there is none. */
static bool ask(sqlite3 *db, const char *sql, int64_t *number, char *text, size_t text_bytes)
{
    sqlite3_stmt *stmt = NULL;
    bool found = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
                 sqlite3_step(stmt) == SQLITE_ROW;
    if (found && number != NULL) {
        *number = sqlite3_column_int64(stmt, 0);
    }
    if (found && text != NULL) {
        const unsigned char *column = sqlite3_column_text(stmt, 0);
        snprintf(text, text_bytes, "%s", column != NULL ? (const char *)column : "");
    }
    sqlite3_finalize(stmt);
    return found;
}

/* A sound store? Then how new is it. */
static enum tb_status check(sqlite3 *db, const char *file, struct tb_wall *newest,
                            struct tb_diag *diag)
{
    int64_t application = 0;
    char verdict[200] = "";
    if (!ask(db, "PRAGMA application_id", &application, NULL, 0) ||
        application != (int64_t)tb_node_schema()->application_id) {
        tb_diag_set(diag, 0, _("%s is no backup of a node's store"), file);
        return TB_INPUT;
    }
    if (!ask(db, "PRAGMA integrity_check(1)", NULL, verdict, sizeof verdict) ||
        strcmp(verdict, "ok") != 0 ||
        !ask(db, "SELECT coalesce(max(at_ms), 0) FROM ledger", &newest->ms, NULL, 0)) {
        tb_diag_set(diag, 0, _("%s is damaged: %s"), file, verdict);
        return TB_INPUT;
    }
    return TB_OK;
}

static enum tb_status look(const char *path, const char *file, struct tb_wall *newest,
                           struct tb_diag *diag)
{
    sqlite3 *db = NULL;
    enum tb_status status = TB_INPUT;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        tb_diag_set(diag, 0, _("%s is no backup of a node's store"), file);
    } else {
        status = check(db, file, newest, diag);
    }
    (void)sqlite3_close(db);
    return status;
}

/* "A restore opens a new chain": the node's own core does it, in the copy. No root
 * is pinned for that, so nothing is judged and nothing is sent. */
static enum tb_status renew_chains(const char *path, const char *file, const struct tb_home *home,
                                   struct tb_diag *diag)
{
    struct tb_db db;
    uint8_t seed[TB_SEED_BYTES];
    const struct tb_now now = tb_clock_read();
    const struct tb_node_config config = {.office = home->office};
    enum tb_status status = tb_db_open(&db, path, tb_node_schema(), diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_directories *set = tb_directories_new();
    tb_random_fill(seed, sizeof seed);
    struct tb_node *node = tb_node_new(&db, &config, set, seed);
    if (node == NULL) {
        tb_diag_set(diag, 0, _("%s is the store of another office than %06u"), file, home->office);
        status = TB_INPUT;
    } else {
        tb_db_begin(&db);
        tb_node_restored(node, &now, seed);
        tb_db_commit(&db);
        status = db.status;
        (void)tb_db_checkpoint(&db);
    }
    if (status != TB_OK && diag->text[0] == '\0') {
        tb_diag_set(diag, 0, _("%s cannot be written"), path);
    }
    tb_node_free(node);
    tb_directories_free(set);
    tb_db_close(&db);
    return status;
}

static enum tb_status prepare(const struct paths *paths, const struct tb_home *home,
                              const char *file, struct tb_wall *newest, struct tb_diag *diag)
{
    enum tb_status status = copy(file, paths->fresh, diag);
    status = status != TB_OK ? status : look(paths->fresh, file, newest, diag);
    return status != TB_OK ? status : renew_chains(paths->fresh, file, home, diag);
}

/* Leave nothing of a copy that was not put in place. */
static void drop(const struct paths *paths)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[TB_FILES_PATH_BYTES_MAX + 8];
        snprintf(path, sizeof path, "%s%s", paths->fresh, suffixes[i]);
        (void)unlink(path);
    }
}

/* Move ${path}${suffix} to ${kept}${suffix}; one that is not there is no failure. */
static bool move(const char *path, const char *kept, const char *suffix)
{
    char from[TB_FILES_PATH_BYTES_MAX + 8];
    char to[TB_FILES_PATH_BYTES_MAX + 8];
    snprintf(from, sizeof from, "%s%s", path, suffix);
    snprintf(to, sizeof to, "%s%s", kept, suffix);
    return rename(from, to) == 0 || errno == ENOENT;
}

/* The old store, its WAL with it, aside; the new one in; the folder on disk. */
static enum tb_status swap(const struct paths *paths, const struct tb_home *home,
                           struct tb_restored *restored, struct tb_diag *diag)
{
    if (access(paths->store, F_OK) == 0) {
        snprintf(restored->kept, sizeof restored->kept, "%s", paths->kept);
    }
    if (!move(paths->store, paths->kept, "-wal") || !move(paths->store, paths->kept, "-shm") ||
        !move(paths->store, paths->kept, "") || rename(paths->fresh, paths->store) != 0) {
        return failed(diag, paths->store);
    }
    int folder = open(home->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return synced ? TB_OK : failed(diag, home->data);
}

enum tb_status tb_restore_put(const struct tb_home *home, const char *file, struct tb_wall now,
                              struct tb_restored *restored, struct tb_diag *diag)
{
    struct paths paths;
    *restored = (struct tb_restored){.newest = {0}};
    enum tb_status status = make_paths(&paths, home, now, diag);
    if (status == TB_OK) {
        status = tb_files_folder(home->data, diag);
    }
    if (status != TB_OK) {
        return status;
    }
    int lock = take_lock(&paths, &status, diag);
    if (lock < 0) {
        return status;
    }
    status = prepare(&paths, home, file, &restored->newest, diag);
    if (status == TB_OK) {
        status = swap(&paths, home, restored, diag);
    } else {
        drop(&paths);
    }
    close(lock);
    return status;
}
