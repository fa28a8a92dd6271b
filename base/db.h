#ifndef TB_DB_H
#define TB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/status.h"

struct sqlite3;
struct sqlite3_stmt;

/*
 * db - one SQLite connection, held to the rules of the store.
 *
 * Exactly one connection writes and checkpoints; any other is opened for
 * reading (SQLite before 3.51.3 can damage a database that two connections
 * write). WAL, synchronous=FULL, proven at open; what an earlier process left in
 * the log is written to the disk again before anything is answered by it (I4). An
 * authorizer refuses every function that is random or reads a clock, so that the
 * simulator and production run the same SQL.
 *
 * Errors stick. The first failure of any call is kept in the connection and
 * every later call does nothing; the turn looks once, before COMMIT:
 *
 *     good --SQLITE_FULL--> full      roll back, answer "disk full", go on
 *       |
 *       +--anything else--> broken    send nothing, stop the process
 *
 * so callers write down what is to be done and need not ask after each step.
 * A constraint that fails is our own bug and asserts.
 */
enum { TB_DB_CONTROLS = 7 }; /* BEGIN, COMMIT and the like, prepared once */

struct tb_db {
    struct sqlite3 *handle;
    enum tb_status status; /* TB_OK, TB_DISKFULL or TB_IO */
    int code;              /* SQLite's own extended code of that failure */
    bool writes;
    bool inside; /* a transaction is open */
    struct sqlite3_stmt *controls[TB_DB_CONTROLS];
};

/* One migration: brings user_version from its index to the next. */
struct tb_db_schema {
    uint32_t application_id;
    const char *const *steps; /* SQL texts, run each in one transaction */
    int version;              /* how many steps there are */
};

/*
 * Open the store at ${path} for writing, creating it at need, and bring it to
 * ${schema}. Fails: TB_VERSION if it is newer than this program or another
 * program's; TB_IO; ${diag} says which and what to do. On failure ${db} is
 * closed. ":memory:" is allowed.
 */
enum tb_status tb_db_open(struct tb_db *db, const char *path, const struct tb_db_schema *schema,
                          struct tb_diag *diag) TB_MUST_USE;
/* Open it for reading only; never writes, never checkpoints. */
enum tb_status tb_db_open_reader(struct tb_db *db, const char *path,
                                 const struct tb_db_schema *schema,
                                 struct tb_diag *diag) TB_MUST_USE;
void tb_db_close(struct tb_db *db);

/*
 * Prepare ${count} SQL texts into ${stmts}; done once, at open. A text that
 * does not compile is our bug and asserts. ${stmts} is the caller's memory;
 * give it back with tb_db_unprepare before closing.
 */
void tb_db_prepare(struct tb_db *db, const char *const *texts, struct sqlite3_stmt **stmts,
                   size_t count);
void tb_db_unprepare(struct sqlite3_stmt **stmts, size_t count);

/*
 * Values are bound in order by the letters of ${format}:
 *   i int64_t, b struct tb_bytes (copied), d const struct tb_id *,
 *   t const char * (copied; NULL is NULL), z NULL (takes no argument).
 *
 * tb_db_do   run a statement that changes rows; returns how many it changed.
 * tb_db_ask  start a query; then tb_db_next until it returns false, which
 *            also resets it; tb_db_done to leave earlier.
 * tb_db_one  ask and step once: true if there is a row. Always tb_db_done it.
 */
int tb_db_do(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...);
void tb_db_ask(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...);
bool tb_db_next(struct tb_db *db, struct sqlite3_stmt *stmt);
bool tb_db_one(struct tb_db *db, struct sqlite3_stmt *stmt, const char *format, ...);
void tb_db_done(struct sqlite3_stmt *stmt);

/* Columns of the present row. Bytes and text are borrowed until the next step
 * of that statement; NULL reads as 0, empty and "". */
int64_t tb_db_int(struct sqlite3_stmt *stmt, int column);
struct tb_bytes tb_db_bytes(struct sqlite3_stmt *stmt, int column);
const char *tb_db_text(struct sqlite3_stmt *stmt, int column);
bool tb_db_null(struct sqlite3_stmt *stmt, int column);
/* True when the column holds exactly an id. */
bool tb_db_id(struct sqlite3_stmt *stmt, int column, struct tb_id *id);

int64_t tb_db_last(const struct tb_db *db); /* rowid of the last insert */

/* The transaction and the savepoint of one event; used by the turn alone, and
 * by commands that change a store while no daemon runs. */
void tb_db_begin(struct tb_db *db);
void tb_db_commit(struct tb_db *db);
void tb_db_rollback(struct tb_db *db); /* also clears TB_DISKFULL */
void tb_db_save(struct tb_db *db);
void tb_db_release(struct tb_db *db);
void tb_db_undo(struct tb_db *db); /* back to the savepoint, and release it */

/* Many queries as one reading: they see one state, and the file is locked once
 * and not for each. Changes no row; between the two no transaction is begun. */
void tb_db_look(struct tb_db *db);
void tb_db_looked(struct tb_db *db);

/*
 * Write the log's file up to ${bytes} with zeros, which no reader takes for a page,
 * where it is shorter. A COMMIT then writes over what is there: its fdatasync has no
 * new blocks and no new length to bring to the disk, which is half of its time. False
 * when that could not be done; nothing is lost then but time.
 */
bool tb_db_prime(struct tb_db *db, size_t bytes);

/*
 * Move all that the WAL holds into the database and cut its file to nothing, so that
 * nothing that was destroyed is left in it (I11). False when a reader still needs it,
 * or the disk would not: try again.
 */
bool tb_db_scrub(struct tb_db *db);

/* Move what the WAL holds into the database, as far as readers allow; called
 * between turns. Returns the pages then left in the WAL. */
int tb_db_checkpoint(struct tb_db *db);

/* PRAGMA quick_check over the whole store: true when it is sound, else
 * ${diag} holds the first complaint. Takes seconds on a large store. */
bool tb_db_sound(struct tb_db *db, struct tb_diag *diag);

#endif
