#include "base/db.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

/* What brackets a transaction or an event, in the order of the texts below. */
enum control { BEGIN, LOOK, COMMIT, ROLLBACK, SAVE, RELEASE, BACK };

/* Limits of one statement; our own SQL stays far below them. */
enum {
    SQL_BYTES_MAX = 64 * 1024,
    VALUE_BYTES_MAX = 8 * 1024 * 1024,
    CACHE_KIB = 2048,
    LOG_BLOCK_BYTES = 64 * 1024, /* of the log, read and written at once */
    OPEN_BUSY_MS = 5000
};

/*
 * Random and clock functions would make two runs of one seed differ, and
 * attaching would open a second database behind our back.
 */
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    static const char *const refused[] = {
        "random",       "randomblob",        "date",
        "time",         "datetime",          "julianday",
        "strftime",     "unixepoch",         "current_date",
        "current_time", "current_timestamp", "load_extension",
    };
    (void)context;
    (void)first;
    (void)database;
    (void)trigger;
    if (action == SQLITE_ATTACH || action == SQLITE_DETACH) {
        return SQLITE_DENY;
    }
    if (action != SQLITE_FUNCTION || second == NULL) {
        return SQLITE_OK;
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (sqlite3_stricmp(second, refused[i]) == 0) {
            return SQLITE_DENY;
        }
    }
    return SQLITE_OK;
}

/* Keep the first failure; a failed constraint is ours. */
static void stick(struct tb_db *db, int code)
{
    if (db->status != TB_OK) {
        return;
    }
    tb_assert((code & 0xff) != SQLITE_CONSTRAINT);
    tb_assert((code & 0xff) != SQLITE_MISUSE);
    db->status = (code & 0xff) == SQLITE_FULL ? TB_DISKFULL : TB_IO;
    db->code = code;
}

static void plain(struct tb_db *db, const char *sql)
{
    if (db->status != TB_OK) {
        return;
    }
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
}

/* The single value of a query without parameters, as text. */
static void value_of(struct tb_db *db, const char *sql, char *out, size_t out_bytes)
{
    sqlite3_stmt *stmt = NULL;
    out[0] = '\0';
    if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(stmt, 0);
        snprintf(out, out_bytes, "%s", text == NULL ? "" : (const char *)text);
    } else {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
    sqlite3_finalize(stmt);
}

static long number_of(struct tb_db *db, const char *sql)
{
    char text[32];
    value_of(db, sql, text, sizeof text);
    long value = 0;
    (void)sscanf(text, "%ld", &value);
    return value;
}

static bool handle_open(struct tb_db *db, const char *path, int flags)
{
    if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        return false;
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    /* A reader of a process that was killed may be at the log's recovery. */
    sqlite3_busy_timeout(db->handle, OPEN_BUSY_MS);
    char cache[48];
    snprintf(cache, sizeof cache, "PRAGMA cache_size=-%d", CACHE_KIB);
    plain(db, cache);
    plain(db, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;"
              "PRAGMA secure_delete=ON"); /* what is destroyed is written over (I11) */
    return db->status == TB_OK;
}

/* Every event is bracketed by two of these, so they are not parsed each time. */
static void prepare_controls(struct tb_db *db)
{
    static const char *const writer[TB_DB_CONTROLS] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [LOOK] = "BEGIN",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [SAVE] = "SAVEPOINT happening",
        [RELEASE] = "RELEASE happening",
        [BACK] = "ROLLBACK TO happening",
    };
    const char *texts[TB_DB_CONTROLS];
    memcpy(texts, writer, sizeof texts);
    if (!db->writes) {
        texts[BEGIN] = texts[LOOK];
    }
    tb_db_prepare(db, texts, db->controls, TB_DB_CONTROLS);
}

static void control(struct tb_db *db, enum control what)
{
    if (db->status != TB_OK) {
        return;
    }
    (void)sqlite3_step(db->controls[what]);
    if (sqlite3_reset(db->controls[what]) != SQLITE_OK) {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
}

static enum tb_status refuse(struct tb_db *db, struct tb_diag *diag, enum tb_status status,
                             const char *what)
{
    tb_diag_set(diag, 0, "%s (%s)", what,
                db->handle == NULL ? "out of memory" : sqlite3_errmsg(db->handle));
    tb_db_close(db);
    return status;
}

/* Each step in one transaction with its version, so that a crash between two
 * steps leaves a store that the next start goes on from. */
static void migrate(struct tb_db *db, const struct tb_db_schema *schema, long from)
{
    for (long step = from; step < schema->version; step++) {
        char mark[96];
        snprintf(mark, sizeof mark, "PRAGMA application_id=%lu; PRAGMA user_version=%ld",
                 (unsigned long)schema->application_id, step + 1);
        plain(db, "BEGIN IMMEDIATE");
        plain(db, schema->steps[step]);
        plain(db, mark);
        plain(db, "COMMIT");
    }
}

static enum tb_status check_identity(struct tb_db *db, const struct tb_db_schema *schema,
                                     long *version, struct tb_diag *diag)
{
    long id = number_of(db, "PRAGMA application_id");
    *version = number_of(db, "PRAGMA user_version");
    if (db->status != TB_OK) {
        return refuse(db, diag, TB_IO, "the store cannot be read");
    }
    if (id != 0 && id != (long)schema->application_id) {
        return refuse(db, diag, TB_VERSION, "this is another program's store");
    }
    if (*version > schema->version) {
        return refuse(db, diag, TB_VERSION,
                      "the store was written by a newer version: upgrade this program");
    }
    return TB_OK;
}

/*
 * A process that was killed, or whose fsync failed, leaves commits in the log that
 * may never have reached the disk, and whoever opens the store next reads them like
 * any other. After a failed fsync Linux counts the pages as clean: the next one does
 * not save them. So the log is written again, as it is, and synced, before anything
 * is answered by it. SQLITE_FULL, which only a copying file system can say here, is
 * no reason not to start; the sync is what can be had then.
 */
static void save_log(struct tb_db *db)
{
    static uint8_t block[LOG_BLOCK_BYTES];
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code == SQLITE_OK && log != NULL && log->pMethods != NULL) {
        code = log->pMethods->xFileSize(log, &size);
    }
    for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += LOG_BLOCK_BYTES) {
        int bytes = size - at < LOG_BLOCK_BYTES ? (int)(size - at) : LOG_BLOCK_BYTES;
        code = log->pMethods->xRead(log, block, bytes, at);
        if (code == SQLITE_OK) {
            code = log->pMethods->xWrite(log, block, bytes, at);
        }
    }
    if (size > 0 && (code == SQLITE_OK || code == SQLITE_FULL)) {
        code = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
    }
    if (code != SQLITE_OK) {
        stick(db, code);
    }
}

enum tb_status tb_db_open(struct tb_db *db, const char *path, const struct tb_db_schema *schema,
                          struct tb_diag *diag)
{
    *db = (struct tb_db){.writes = true};
    if (!handle_open(db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) {
        return refuse(db, diag, TB_IO, "the store cannot be opened");
    }
    char mode[16];
    plain(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
              "PRAGMA journal_size_limit=67108864");
    value_of(db, "PRAGMA journal_mode", mode, sizeof mode);
    long synchronous = number_of(db, "PRAGMA synchronous");
    bool memory = strcmp(mode, "memory") == 0;
    if (db->status != TB_OK || (!memory && strcmp(mode, "wal") != 0) || synchronous != 2) {
        return refuse(db, diag, TB_IO, "the file system does not carry a write-ahead log");
    }
    long version;
    enum tb_status status = check_identity(db, schema, &version, diag);
    if (status != TB_OK) {
        return status;
    }
    save_log(db);
    if (db->status != TB_OK) {
        return refuse(db, diag, TB_IO, "the store's log cannot be written to the disk");
    }
    migrate(db, schema, version);
    if (db->status != TB_OK) {
        return refuse(db, diag, db->status, "the store's schema could not be brought up to date");
    }
    prepare_controls(db);
    sqlite3_set_authorizer(db->handle, authorize, NULL);
    /* From here on this is the only writer, and a core never waits. */
    sqlite3_busy_timeout(db->handle, 0);
    return TB_OK;
}

enum tb_status tb_db_open_reader(struct tb_db *db, const char *path,
                                 const struct tb_db_schema *schema, struct tb_diag *diag)
{
    *db = (struct tb_db){.writes = false};
    if (!handle_open(db, path, SQLITE_OPEN_READONLY)) {
        return refuse(db, diag, TB_IO, "the store cannot be opened for reading");
    }
    plain(db, "PRAGMA wal_autocheckpoint=0; PRAGMA query_only=ON; PRAGMA busy_timeout=5000");
    long version;
    enum tb_status status = check_identity(db, schema, &version, diag);
    if (status != TB_OK) {
        return status;
    }
    if (version != schema->version) {
        return refuse(db, diag, TB_VERSION, "the store is older than this program: start it once");
    }
    prepare_controls(db);
    sqlite3_set_authorizer(db->handle, authorize, NULL);
    return TB_OK;
}

void tb_db_close(struct tb_db *db)
{
    tb_db_unprepare(db->controls, TB_DB_CONTROLS);
    if (db->handle != NULL) {
        /* What a broken disk may not have kept in the log is not moved out of it. */
        if (db->status == TB_IO) {
            sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        }
        sqlite3_close(db->handle);
    }
    db->handle = NULL;
    db->inside = false;
}

void tb_db_prepare(struct tb_db *db, const char *const *texts, struct sqlite3_stmt **stmts,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int code = sqlite3_prepare_v3(db->handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &stmts[i], NULL);
        if (code != SQLITE_OK) {
            fprintf(stderr, "error db %s: %s\n", sqlite3_errmsg(db->handle), texts[i]);
        }
        tb_assert(code == SQLITE_OK);
    }
}

void tb_db_unprepare(struct sqlite3_stmt **stmts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_finalize(stmts[i]);
        stmts[i] = NULL;
    }
}

static int bind_blob(sqlite3_stmt *stmt, int at, struct tb_bytes bytes)
{
    /* An empty blob is not NULL. */
    return bytes.size == 0
               ? sqlite3_bind_zeroblob(stmt, at, 0)
               : sqlite3_bind_blob64(stmt, at, bytes.data, bytes.size, SQLITE_TRANSIENT);
}

static void bind(struct tb_db *db, sqlite3_stmt *stmt, const char *format, va_list args)
{
    int count = (int)strlen(format);
    tb_assert(count == sqlite3_bind_parameter_count(stmt));
    for (int i = 1; i <= count; i++) {
        int code = SQLITE_OK;
        switch (format[i - 1]) {
        case 'i':
            code = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
            break;
        case 'b':
            code = bind_blob(stmt, i, va_arg(args, struct tb_bytes));
            break;
        case 'd':
            code = bind_blob(stmt, i,
                             tb_bytes_of(va_arg(args, const struct tb_id *)->byte, TB_ID_BYTES));
            break;
        case 't':
            code = sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'z':
            code = sqlite3_bind_null(stmt, i);
            break;
        default:
            tb_assert(format[i - 1] == 'i');
        }
        if (code != SQLITE_OK) {
            stick(db, code);
        }
    }
}

static bool step(struct tb_db *db, sqlite3_stmt *stmt)
{
    if (db->status != TB_OK) {
        sqlite3_reset(stmt);
        return false;
    }
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
    sqlite3_reset(stmt);
    return false;
}

int tb_db_do(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bind(db, stmt, format, args);
    va_end(args);
    bool row = step(db, stmt);
    tb_assert(!row);
    sqlite3_clear_bindings(stmt);
    return db->status == TB_OK ? sqlite3_changes(db->handle) : 0;
}

void tb_db_ask(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bind(db, stmt, format, args);
    va_end(args);
}

bool tb_db_next(struct tb_db *db, struct sqlite3_stmt *stmt)
{
    return step(db, stmt);
}

bool tb_db_one(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bind(db, stmt, format, args);
    va_end(args);
    return step(db, stmt);
}

void tb_db_done(struct sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int64_t tb_db_int(struct sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

struct tb_bytes tb_db_bytes(struct sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);
    int size = sqlite3_column_bytes(stmt, column);
    tb_assert(data != NULL || size == 0);
    return tb_bytes_of(data, (size_t)size);
}

/* A text may have to be copied to end it with a NUL, and SQLite tells a copy that failed as
 * NULL: the row would be read as one that has nothing there. */
const char *tb_db_text(struct sqlite3_stmt *stmt, int column)
{
    bool null = sqlite3_column_type(stmt, column) == SQLITE_NULL;
    const unsigned char *text = sqlite3_column_text(stmt, column);
    tb_assert(null || text != NULL);
    return null ? "" : (const char *)text;
}

bool tb_db_null(struct sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

bool tb_db_id(struct sqlite3_stmt *stmt, int column, struct tb_id *id)
{
    return tb_id_take(id, tb_db_bytes(stmt, column));
}

int64_t tb_db_last(const struct tb_db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

void tb_db_begin(struct tb_db *db)
{
    tb_assert(!db->inside);
    control(db, BEGIN);
    db->inside = db->status == TB_OK;
}

void tb_db_commit(struct tb_db *db)
{
    control(db, COMMIT);
    if (db->status == TB_OK) {
        db->inside = false;
    }
}

void tb_db_rollback(struct tb_db *db)
{
    if (db->status == TB_DISKFULL) {
        db->status = TB_OK;
    }
    /* SQLite may have rolled back by itself when the disk was full. */
    if (sqlite3_get_autocommit(db->handle) == 0) {
        control(db, ROLLBACK);
    }
    db->inside = false;
}

void tb_db_save(struct tb_db *db)
{
    control(db, SAVE);
}

void tb_db_release(struct tb_db *db)
{
    control(db, RELEASE);
}

void tb_db_undo(struct tb_db *db)
{
    control(db, BACK);
    control(db, RELEASE);
}

void tb_db_look(struct tb_db *db)
{
    tb_assert(!db->inside);
    control(db, LOOK);
}

void tb_db_looked(struct tb_db *db)
{
    control(db, COMMIT);
}

bool tb_db_prime(struct tb_db *db, size_t bytes)
{
    static const uint8_t zeros[LOG_BLOCK_BYTES];
    sqlite3_file *log = NULL;
    sqlite3_int64 before = 0;
    tb_assert(!db->inside);
    /* The log is opened by the first that reads. */
    (void)number_of(db, "PRAGMA schema_version");
    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
        log == NULL || log->pMethods == NULL ||
        log->pMethods->xFileSize(log, &before) != SQLITE_OK) {
        return false;
    }
    for (sqlite3_int64 at = before; at < (sqlite3_int64)bytes; at += (sqlite3_int64)sizeof zeros) {
        if (log->pMethods->xWrite(log, zeros, (int)sizeof zeros, at) != SQLITE_OK) {
            /* What stood in it stands; the rest of the room is for mail. */
            (void)log->pMethods->xTruncate(log, before);
            return false;
        }
    }
    return log->pMethods->xSync(log, SQLITE_SYNC_FULL) == SQLITE_OK;
}

bool tb_db_scrub(struct tb_db *db)
{
    int left = 0;
    int moved = 0;
    tb_assert(!db->inside);
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
    return code == SQLITE_OK;
}

int tb_db_checkpoint(struct tb_db *db)
{
    int left = 0;
    int moved = 0;
    tb_assert(!db->inside);
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        stick(db, sqlite3_extended_errcode(db->handle));
    }
    return left - moved;
}

bool tb_db_sound(struct tb_db *db, struct tb_diag *diag)
{
    char first[160];
    value_of(db, "PRAGMA quick_check(1)", first, sizeof first);
    if (strcmp(first, "ok") == 0) {
        return true;
    }
    tb_diag_set(diag, 0, "the store is damaged: %s", first);
    return false;
}
