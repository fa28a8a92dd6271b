#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/db.h"
#include "disk.h"

#define STORE "/a/store.db"

static const char *const steps[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB) STRICT"};
static const struct tb_db_schema schema = {0x746f6e67, steps, 1};

/* A store on a disk, opened as the product opens it. */
struct shelf {
    struct tb_disk *disk;
    struct tb_db db;
};

static void shelf_open(struct shelf *shelf)
{
    struct tb_diag diag = {0};
    enum tb_status status = tb_db_open(&shelf->db, STORE, &schema, &diag);
    if (status != TB_OK) {
        print_error("%s\n", diag.text);
    }
    assert_int_equal(status, TB_OK);
}

static int start(void **state)
{
    static struct shelf shelf;
    tb_disk_install();
    tb_disk_chance(1);
    shelf.disk = tb_disk_new("a");
    shelf_open(&shelf);
    *state = &shelf;
    return 0;
}

static int stop(void **state)
{
    struct shelf *shelf = *state;
    tb_db_close(&shelf->db);
    tb_disk_free(shelf->disk);
    return 0;
}

static int run(struct shelf *shelf, const char *sql)
{
    return sqlite3_exec(shelf->db.handle, sql, NULL, NULL, NULL) & 0xff;
}

static int rows(struct shelf *shelf)
{
    sqlite3_stmt *stmt = NULL;
    int count = -1;
    if (sqlite3_prepare_v2(shelf->db.handle, "SELECT count(*) FROM t", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        count = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return count;
}

static int rows_after(struct shelf *shelf, struct tb_disk_fate fate)
{
    tb_disk_crash(shelf->disk, fate);
    tb_db_close(&shelf->db);
    shelf_open(shelf);
    return rows(shelf);
}

#define ADD "INSERT INTO t (b) VALUES (zeroblob(9000))"

static void what_was_synced_outlives_a_power_cut(void **state)
{
    struct shelf *shelf = *state;
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(run(shelf, ADD), SQLITE_OK);
        assert_int_equal(rows_after(shelf, tb_disk_fate_dropped()), i);
    }
}

static void what_was_not_synced_does_not(void **state)
{
    struct shelf *shelf = *state;
    assert_int_equal(run(shelf, ADD), SQLITE_OK);
    assert_int_equal(run(shelf, "PRAGMA synchronous=OFF;" ADD), SQLITE_OK);
    assert_true(tb_disk_pending(shelf->disk) > 0);
    assert_int_equal(rows_after(shelf, tb_disk_fate_dropped()), 1);
}

static void luck_may_keep_it(void **state)
{
    struct shelf *shelf = *state;
    assert_int_equal(run(shelf, "PRAGMA synchronous=OFF;" ADD), SQLITE_OK);
    assert_int_equal(rows_after(shelf, tb_disk_fate_kept()), 1);
}

static void a_name_outlives_a_power_cut_only_when_the_folder_was_synced(void **state)
{
    struct shelf *shelf = *state;
    struct tb_disk *disk = tb_disk_new("b");
    sqlite3 *db = NULL;
    (void)shelf;
    assert_int_equal(sqlite3_open("/b/x", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode=MEMORY;"
                                  "CREATE TABLE t (n INTEGER)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_true(tb_disk_has(disk, "x"));
    tb_disk_crash(disk, tb_disk_fate_dropped());
    assert_false(tb_disk_has(disk, "x"));
    sqlite3_close(db);
    tb_disk_free(disk);
}

static uint8_t first_sector(void *context, const struct tb_disk_piece *piece)
{
    (void)context;
    return piece->change == TB_DISK_WRITTEN ? 1 : TB_DISK_KEPT;
}

static void a_torn_page_keeps_whole_sectors(void **state)
{
    struct shelf *shelf = *state;
    sqlite3_file *file = NULL;
    uint8_t bytes[2048];
    uint8_t back[2048];
    memset(bytes, 7, sizeof bytes);
    assert_int_equal(run(shelf, ADD), SQLITE_OK);
    tb_db_checkpoint(&shelf->db);
    assert_int_equal(
        sqlite3_file_control(shelf->db.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
        SQLITE_OK);
    sqlite3_int64 size = 0;
    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    assert_int_equal(size % TB_DISK_PAGE_BYTES, 0);
    assert_int_equal(file->pMethods->xWrite(file, bytes, sizeof bytes, size), SQLITE_OK);
    tb_disk_crash(shelf->disk, (struct tb_disk_fate){first_sector, NULL});
    tb_db_close(&shelf->db);
    shelf_open(shelf);
    assert_int_equal(
        sqlite3_file_control(shelf->db.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
        SQLITE_OK);
    assert_int_equal(file->pMethods->xRead(file, back, sizeof back, size), SQLITE_OK);
    memset(bytes + TB_DISK_SECTOR_BYTES, 0, sizeof bytes - TB_DISK_SECTOR_BYTES);
    assert_memory_equal(back, bytes, sizeof bytes);
}

static void a_dead_handle_answers_errors_and_closes(void **state)
{
    struct shelf *shelf = *state;
    assert_int_equal(run(shelf, "BEGIN;" ADD), SQLITE_OK);
    tb_disk_kill(shelf->disk);
    assert_int_not_equal(run(shelf, "COMMIT"), SQLITE_OK);
    tb_db_close(&shelf->db);
    shelf_open(shelf);
    assert_int_equal(rows(shelf), 0);
}

static void a_killed_process_loses_nothing_that_it_wrote(void **state)
{
    struct shelf *shelf = *state;
    assert_int_equal(run(shelf, "PRAGMA synchronous=OFF;" ADD), SQLITE_OK);
    tb_disk_kill(shelf->disk);
    tb_db_close(&shelf->db);
    shelf_open(shelf);
    assert_int_equal(rows(shelf), 1);
}

static void an_operation_fails_when_it_is_told_to(void **state)
{
    struct shelf *shelf = *state;
    static const enum tb_disk_op ops[] = {TB_DISK_WRITE, TB_DISK_SYNC};
    for (size_t i = 0; i < 2; i++) {
        tb_disk_fail(shelf->disk, TB_DISK_BIT(ops[i]), 0, false);
        assert_int_equal(run(shelf, ADD), SQLITE_IOERR);
        assert_true(tb_disk_failed(shelf->disk));
        assert_int_equal(run(shelf, ADD), SQLITE_OK);
        tb_disk_fail(shelf->disk, TB_DISK_BIT(ops[i]), 1000, false);
        assert_int_equal(run(shelf, ADD), SQLITE_OK);
        assert_false(tb_disk_failed(shelf->disk));
    }
    tb_disk_fail(shelf->disk, TB_DISK_BIT(TB_DISK_WRITE), 0, true);
    assert_int_equal(run(shelf, ADD), SQLITE_IOERR);
    assert_int_equal(run(shelf, ADD), SQLITE_IOERR);
    tb_disk_fail(shelf->disk, 0, 0, false);
    assert_int_equal(run(shelf, ADD), SQLITE_OK);
    assert_int_equal(rows(shelf), 5);
}

static void a_full_disk_says_so_until_there_is_room(void **state)
{
    struct shelf *shelf = *state;
    tb_disk_limit(shelf->disk, tb_disk_used(shelf->disk) + 5000);
    assert_int_equal(run(shelf, ADD), SQLITE_FULL);
    assert_int_equal(rows(shelf), 0);
    tb_disk_limit(shelf->disk, UINT64_MAX);
    assert_int_equal(run(shelf, ADD), SQLITE_OK);
    assert_int_equal(rows(shelf), 1);
}

static void after_a_failed_sync_the_next_saves_only_what_is_written_again(void **state)
{
    struct shelf *shelf = *state;
    sqlite3_file *file = NULL;
    uint8_t bytes[TB_DISK_PAGE_BYTES] = {1};
    tb_db_checkpoint(&shelf->db);
    assert_int_equal(
        sqlite3_file_control(shelf->db.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
        SQLITE_OK);
    size_t before = tb_disk_pending(shelf->disk);
    tb_disk_fail(shelf->disk, TB_DISK_BIT(TB_DISK_SYNC), 0, false);
    assert_int_equal(file->pMethods->xWrite(file, bytes, sizeof bytes, 1 << 20), SQLITE_OK);
    assert_int_not_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(tb_disk_pending(shelf->disk), before + 1);
    assert_int_equal(file->pMethods->xWrite(file, bytes, 1, 1 << 20), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(tb_disk_pending(shelf->disk), before);
    tb_disk_crash(shelf->disk, tb_disk_fate_dropped());
    assert_true(tb_disk_used(shelf->disk) > 1 << 20);
}

static void a_copy_is_what_a_process_sees(void **state)
{
    struct shelf *shelf = *state;
    struct tb_disk *copy = tb_disk_new("copy");
    assert_int_equal(run(shelf, "PRAGMA synchronous=OFF;" ADD), SQLITE_OK);
    tb_disk_copy(copy, shelf->disk);
    assert_true(tb_disk_digest(copy) == tb_disk_digest(shelf->disk));
    assert_int_equal(tb_disk_pending(copy), 0);
    assert_int_equal(run(shelf, ADD), SQLITE_OK);
    assert_false(tb_disk_digest(copy) == tb_disk_digest(shelf->disk));
    tb_db_close(&shelf->db);
    tb_disk_copy(shelf->disk, copy);
    shelf_open(shelf);
    assert_int_equal(rows(shelf), 1);
    tb_disk_free(copy);
}

static void a_replay_makes_the_same_disk(void **state)
{
    struct shelf *shelf = *state;
    struct tb_disk *replica = tb_disk_new("replica");
    struct tb_disk *found = tb_disk_new("found");
    tb_db_close(&shelf->db);
    tb_disk_settle(shelf->disk);
    struct tb_disk_log *log = tb_disk_record(shelf->disk);
    shelf_open(shelf);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run(shelf, ADD), SQLITE_OK);
        tb_db_checkpoint(&shelf->db);
    }
    tb_disk_replay_start(replica, log);
    for (size_t i = 0; i < tb_disk_log_count(log); i++) {
        tb_disk_replay(replica, log, i);
    }
    assert_true(tb_disk_digest(replica) == tb_disk_digest(shelf->disk));
    assert_int_equal(tb_disk_pending(replica), tb_disk_pending(shelf->disk));
    tb_disk_crash_into(found, replica, tb_disk_fate_kept());
    assert_true(tb_disk_digest(found) == tb_disk_digest(shelf->disk));
    tb_disk_log_free(log);
    tb_disk_free(replica);
    tb_disk_free(found);
}

static void chance_and_time_are_the_callers(void **state)
{
    struct shelf *shelf = *state;
    uint64_t first[4];
    uint64_t again[4];
    (void)shelf;
    tb_disk_chance(5);
    sqlite3_randomness(sizeof first, first);
    tb_disk_chance(5);
    sqlite3_randomness(sizeof again, again);
    assert_memory_equal(first, again, sizeof first);
    tb_disk_chance(6);
    sqlite3_randomness(sizeof again, again);
    assert_memory_not_equal(first, again, sizeof first);

    sqlite3_int64 julian_ms = 0;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    tb_disk_clock(0);
    assert_int_equal(vfs->xCurrentTimeInt64(vfs, &julian_ms), SQLITE_OK);
    assert_true(julian_ms == INT64_C(210866760000000));
}

static void a_second_writer_has_to_wait_and_a_reader_has_not(void **state)
{
    struct shelf *shelf = *state;
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(STORE, &other), SQLITE_OK);
    assert_int_equal(run(shelf, "BEGIN IMMEDIATE;" ADD), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_BUSY);
    assert_int_equal(sqlite3_exec(other, "SELECT count(*) FROM t", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(run(shelf, "COMMIT"), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, ADD, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(rows(shelf), 2);
}

static void no_other_name_and_no_temporary_file_is_opened(void **state)
{
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(sqlite3_open("/nowhere/x", &db), SQLITE_CANTOPEN);
    sqlite3_close(db);
    assert_int_equal(sqlite3_open("x", &db), SQLITE_CANTOPEN);
    sqlite3_close(db);
}

#define DISK_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_TEST(what_was_synced_outlives_a_power_cut),
        DISK_TEST(what_was_not_synced_does_not),
        DISK_TEST(luck_may_keep_it),
        DISK_TEST(a_name_outlives_a_power_cut_only_when_the_folder_was_synced),
        DISK_TEST(a_torn_page_keeps_whole_sectors),
        DISK_TEST(a_dead_handle_answers_errors_and_closes),
        DISK_TEST(a_killed_process_loses_nothing_that_it_wrote),
        DISK_TEST(an_operation_fails_when_it_is_told_to),
        DISK_TEST(a_full_disk_says_so_until_there_is_room),
        DISK_TEST(after_a_failed_sync_the_next_saves_only_what_is_written_again),
        DISK_TEST(a_copy_is_what_a_process_sees),
        DISK_TEST(a_replay_makes_the_same_disk),
        DISK_TEST(chance_and_time_are_the_callers),
        DISK_TEST(a_second_writer_has_to_wait_and_a_reader_has_not),
        DISK_TEST(no_other_name_and_no_temporary_file_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
