#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "base/io/keep.h"
#include "tests/unit/scratch.h"

/* "A full disk is not a broken disk": not while the log is moved into the database
 * either, which is where the database itself grows. */

static const char *const steps[] = {"CREATE TABLE thing (n INTEGER PRIMARY KEY, b BLOB) STRICT"};
static const struct tb_db_schema schema = {0x54425431, steps, 1};
static const char *const texts[] = {"INSERT INTO thing (b) VALUES (zeroblob(?))",
                                    "SELECT count(*) FROM thing"};

/* The database's file as it is when no block is left; its log still has room. */
static sqlite3_io_methods tight;

static int no_room(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    (void)file;
    (void)data;
    (void)size;
    (void)at;
    return SQLITE_FULL;
}

static void add(struct tb_db *db, struct sqlite3_stmt *stmt, int64_t bytes)
{
    tb_db_begin(db);
    assert_int_equal(tb_db_do(db, stmt, "i", bytes), 1);
    tb_db_commit(db);
    assert_int_equal(db->status, TB_OK);
}

static void a_full_disk_under_a_checkpoint_does_not_break_the_store(void **state)
{
    struct tb_keep keep;
    struct sqlite3_stmt *stmts[2];
    sqlite3_file *file = NULL;
    const struct tb_keep_settings settings = {
        .program = "tongbao-test", .folder = *state, .store = "store.db"};
    assert_int_equal(tb_keep_open(&keep, &settings, &schema, NULL), TB_OK);
    tb_db_prepare(&keep.db, texts, stmts, 2);
    add(&keep.db, stmts[0], 100000);
    assert_int_equal(sqlite3_file_control(keep.db.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
                     SQLITE_OK);
    const sqlite3_io_methods *roomy = file->pMethods;
    tight = *roomy;
    tight.xWrite = no_room;
    file->pMethods = &tight;
    tb_keep_checkpoint(&keep, TB_KEEP_IDLE_MS, 0);
    assert_int_equal(keep.db.status, TB_OK);
    assert_true(keep.full);
    /* Reading and writing go on, and it is tried again, but not at once. */
    assert_true(tb_keep_due_ms(&keep, 0) <= TB_KEEP_IDLE_MS + TB_KEEP_ROOM_MS);
    assert_true(keep.move_ms > TB_KEEP_IDLE_MS);
    add(&keep.db, stmts[0], 100);
    file->pMethods = roomy;
    tb_keep_checkpoint(&keep, TB_KEEP_IDLE_MS + TB_KEEP_ROOM_MS, 0);
    assert_false(keep.log_waits);
    assert_true(tb_db_one(&keep.db, stmts[1], ""));
    assert_int_equal(tb_db_int(stmts[1], 0), 2);
    tb_db_done(stmts[1]);
    tb_db_unprepare(stmts, 2);
    tb_keep_close(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_under_a_checkpoint_does_not_break_the_store,
                                        scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("keep, full disk", tests, NULL, NULL);
}
