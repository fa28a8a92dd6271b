#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/db.h"
#include "disk.h"

/*
 * What a process that ended badly left in the log is on the disk before the next one
 * answers by it (I4).
 */
#define STORE "/a/store.db"

static const char *const steps[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB) STRICT"};
static const struct tb_db_schema schema = {0x746f6e67, steps, 1};

static struct tb_disk *disk;
static struct tb_db db;

static int start(void **state)
{
    (void)state;
    disk = tb_disk_new("a");
    return tb_db_open(&db, STORE, &schema, NULL) == TB_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    tb_db_close(&db);
    tb_disk_free(disk);
    return 0;
}

static int add(void)
{
    return sqlite3_exec(db.handle, "INSERT INTO t (b) VALUES (zeroblob(9000))", NULL, NULL, NULL) &
           0xff;
}

static int rows(void)
{
    sqlite3_stmt *stmt = NULL;
    int count = -1;
    assert_int_equal(sqlite3_prepare_v2(db.handle, "SELECT count(*) FROM t", -1, &stmt, NULL),
                     SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        count = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return count;
}

/* The process is gone, the machine is not; the next one opens the store. */
static void next_process(void)
{
    tb_disk_kill(disk);
    tb_db_close(&db);
    assert_int_equal(tb_db_open(&db, STORE, &schema, NULL), TB_OK);
}

static void power_cut(void)
{
    tb_disk_crash(disk, tb_disk_fate_dropped());
    tb_db_close(&db);
    assert_int_equal(tb_db_open(&db, STORE, &schema, NULL), TB_OK);
}

static void i4_what_a_killed_process_had_not_synced_is_synced_before_it_is_read(void **state)
{
    (void)state;
    assert_int_equal(add(), SQLITE_OK);
    /* Killed between the write and the sync. */
    assert_int_equal(sqlite3_exec(db.handle, "PRAGMA synchronous=OFF", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(add(), SQLITE_OK);
    next_process();
    assert_int_equal(rows(), 2);
    power_cut();
    assert_int_equal(rows(), 2);
}

static void i4_what_a_failed_sync_left_is_written_again_before_it_is_read(void **state)
{
    (void)state;
    assert_int_equal(add(), SQLITE_OK);
    tb_disk_fail(disk, TB_DISK_BIT(TB_DISK_SYNC), 0, false);
    assert_int_equal(add(), SQLITE_IOERR);
    next_process();
    int found = rows();
    assert_int_equal(add(), SQLITE_OK);
    assert_int_equal(rows(), found + 1);
    power_cut();
    assert_int_equal(rows(), found + 1);
}

/* The pages that a checkpoint moves are new; a log that ends before them would bring
 * back older ones beside them. */
static void what_a_failed_sync_left_does_not_tear_the_store_at_a_checkpoint(void **state)
{
    (void)state;
    assert_int_equal(add(), SQLITE_OK);
    tb_disk_fail(disk, TB_DISK_BIT(TB_DISK_SYNC), 0, false);
    assert_int_equal(add(), SQLITE_IOERR);
    next_process();
    int found = rows();
    assert_int_equal(tb_db_checkpoint(&db), 0);
    power_cut();
    assert_int_equal(rows(), found);
    struct tb_diag diag = {0};
    assert_true(tb_db_sound(&db, &diag));
}

static void a_store_whose_log_cannot_be_saved_is_not_opened(void **state)
{
    static const enum tb_disk_op ops[] = {TB_DISK_WRITE, TB_DISK_SYNC};
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        struct tb_diag diag = {0};
        assert_int_equal(add(), SQLITE_OK);
        tb_disk_kill(disk);
        tb_db_close(&db);
        tb_disk_fail(disk, TB_DISK_BIT(ops[i]), 0, false);
        assert_int_equal(tb_db_open(&db, STORE, &schema, &diag), TB_IO);
        assert_true(tb_disk_failed(disk));
        assert_true(tb_disk_has(disk, "store.db-wal")); /* untouched */
        assert_int_equal(tb_db_open(&db, STORE, &schema, NULL), TB_OK);
        assert_int_equal(rows(), i + 1);
    }
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(i4_what_a_killed_process_had_not_synced_is_synced_before_it_is_read),
        LOG_TEST(i4_what_a_failed_sync_left_is_written_again_before_it_is_read),
        LOG_TEST(what_a_failed_sync_left_does_not_tear_the_store_at_a_checkpoint),
        LOG_TEST(a_store_whose_log_cannot_be_saved_is_not_opened),
    };
    tb_disk_install();
    return cmocka_run_group_tests_name("store: log", tests, NULL, NULL);
}
