/* A daemon's data folder: one process at a time, the reserve, the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/io/check.h"
#include "base/io/keep.h"
#include "scratch.h"

enum { RESERVE_BYTES = 64 * 1024, PAGE_BYTES = 4096 };

static const char *const steps[] = {"CREATE TABLE row (n INTEGER PRIMARY KEY, bytes BLOB) STRICT"};
static const struct tb_db_schema schema = {0x74657374, steps, 1};

enum { ADD, COUNT, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    "INSERT INTO row (bytes) VALUES (zeroblob(?))",
    "SELECT n FROM row ORDER BY n",
};

static struct tb_keep keep;
static struct sqlite3_stmt *sql[STATEMENTS];

static enum tb_status open_keep(struct tb_keep *out, const char *folder, uint64_t room_bytes,
                                struct tb_diag *diag)
{
    const struct tb_keep_settings settings = {.program = "tongbao-test",
                                              .folder = folder,
                                              .store = "test.db",
                                              .reserve_bytes = RESERVE_BYTES,
                                              .room_bytes = room_bytes};
    return tb_keep_open(out, &settings, &schema, diag);
}

static int start(void **state)
{
    struct tb_diag diag = {.text = ""};
    if (scratch_setup(state) != 0 || open_keep(&keep, *state, 2 * RESERVE_BYTES, &diag) != TB_OK) {
        return -1;
    }
    tb_db_prepare(&keep.db, texts, sql, STATEMENTS);
    return 0;
}

static int stop(void **state)
{
    tb_db_unprepare(sql, STATEMENTS);
    tb_keep_close(&keep);
    return scratch_teardown(state);
}

/* The size of ${name} in the folder; -1 when it is not there. */
static int64_t bytes_of(const char *folder, const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    struct stat st;
    scratch_path(path, folder, name);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void add(int64_t bytes)
{
    tb_db_begin(&keep.db);
    assert_int_equal(tb_db_do(&keep.db, sql[ADD], "i", bytes), 1);
    tb_db_commit(&keep.db);
    assert_int_equal(keep.db.status, TB_OK);
}

/* "Exactly one connection writes and checkpoints." */
static void a_second_process_is_kept_out_until_the_first_has_closed(void **state)
{
    struct tb_keep second;
    struct tb_diag diag = {.text = ""};
    assert_int_equal(open_keep(&second, *state, 0, &diag), TB_STATE);
    assert_non_null(strstr(diag.text, "another tongbao-test is using"));
    assert_non_null(strstr(diag.text, *state));
    tb_db_unprepare(sql, STATEMENTS);
    tb_keep_close(&keep);
    assert_int_equal(open_keep(&keep, *state, 0, &diag), TB_OK);
    tb_db_prepare(&keep.db, texts, sql, STATEMENTS);
}

static void the_reserve_is_given_up_once_and_taken_again_when_there_is_room(void **state)
{
    const uint64_t now_ms = 1000;
    tb_keep_room(&keep, now_ms);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), RESERVE_BYTES);
    assert_true(tb_keep_relieve(&keep, now_ms));
    assert_true(keep.full);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), -1);
    assert_false(tb_keep_relieve(&keep, now_ms));
    tb_keep_room(&keep, now_ms + TB_KEEP_ROOM_MS - 1);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), -1);
    assert_true(keep.full);
    tb_keep_room(&keep, now_ms + TB_KEEP_ROOM_MS);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), RESERVE_BYTES);
    assert_false(keep.full);
}

static void a_reserve_that_would_fill_the_disk_is_not_taken_and_looked_for_later(void **state)
{
    keep.settings.room_bytes = UINT64_MAX;
    tb_keep_room(&keep, 1000);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), -1);
    assert_int_equal(keep.room_ms, 1000 + TB_KEEP_ROOM_MS);
    /* Without it the disk counts as full: a second attempt without mail makes sense once. */
    assert_true(keep.full);
    assert_false(tb_keep_relieve(&keep, 1000));
}

/* "When space returns": a reserve that is there is enough, however little else is free. */
static void a_reserve_that_is_held_is_kept_though_little_is_free(void **state)
{
    tb_keep_room(&keep, 1000);
    keep.settings.room_bytes = UINT64_MAX;
    keep.room_ms = 0;
    tb_keep_room(&keep, 1000);
    assert_false(keep.full);
    assert_int_equal(bytes_of(*state, TB_KEEP_RESERVE_NAME), RESERVE_BYTES);
}

static void the_log_is_moved_when_idle_and_not_while_events_come(void **state)
{
    const uint64_t busy_ms = 5000;
    tb_keep_checkpoint(&keep, busy_ms, 0);
    assert_false(keep.log_waits);
    int64_t before = bytes_of(*state, "test.db");
    add((int64_t)100 * PAGE_BYTES);
    tb_keep_checkpoint(&keep, busy_ms + TB_KEEP_IDLE_MS - 1, busy_ms);
    assert_int_equal(bytes_of(*state, "test.db"), before);
    assert_int_equal(tb_keep_due_ms(&keep, busy_ms), 0); /* the reserve, first of all */
    tb_keep_room(&keep, busy_ms);
    assert_int_equal(tb_keep_due_ms(&keep, busy_ms), busy_ms + TB_KEEP_IDLE_MS);
    tb_keep_checkpoint(&keep, busy_ms + TB_KEEP_IDLE_MS, busy_ms);
    assert_true(bytes_of(*state, "test.db") >= before + (int64_t)100 * PAGE_BYTES);
    assert_true(tb_keep_due_ms(&keep, busy_ms) == UINT64_MAX);
}

static void a_log_that_has_grown_waits_for_a_lull_and_no_longer(void **state)
{
    const uint64_t busy_ms = 5000;
    tb_keep_room(&keep, busy_ms);
    tb_keep_checkpoint(&keep, busy_ms, 0);
    int64_t before = bytes_of(*state, "test.db");
    add((int64_t)(TB_KEEP_LOG_PAGES + 10) * PAGE_BYTES);
    tb_keep_checkpoint(&keep, busy_ms, busy_ms);
    assert_int_equal(bytes_of(*state, "test.db"), before);
    assert_int_equal(tb_keep_due_ms(&keep, busy_ms), busy_ms + TB_KEEP_LULL_MS);
    tb_keep_checkpoint(&keep, busy_ms + TB_KEEP_LULL_MS, busy_ms);
    assert_true(bytes_of(*state, "test.db") > (int64_t)TB_KEEP_LOG_PAGES * PAGE_BYTES);
    assert_false(keep.log_waits);
}

/* I10: the log is bounded while events never end. */
static void i10_a_log_that_grew_is_moved_between_busy_turns(void **state)
{
    const uint64_t busy_ms = 5000;
    tb_keep_checkpoint(&keep, busy_ms, 0);
    for (int added = 0; added <= TB_KEEP_LOG_PAGES_MAX; added += TB_KEEP_LOG_PAGES) {
        add((int64_t)TB_KEEP_LOG_PAGES * PAGE_BYTES);
    }
    tb_keep_checkpoint(&keep, busy_ms, busy_ms);
    assert_true(bytes_of(*state, "test.db") > (int64_t)TB_KEEP_LOG_PAGES_MAX * PAGE_BYTES);
    assert_false(keep.log_waits);
    /* It began anew, or is counted on from here: one small row more moves nothing. */
    add(1);
    tb_keep_checkpoint(&keep, busy_ms, busy_ms);
    assert_true(keep.log_waits);
}

static void what_a_reader_needs_is_tried_again_later_and_not_at_once(void **state)
{
    struct tb_db reader;
    struct sqlite3_stmt *stmt;
    struct tb_diag diag = {.text = ""};
    const uint64_t now_ms = 10000;
    add(1);
    add(1);
    assert_int_equal(tb_keep_reader(&reader, *state, "test.db", &schema, &diag), TB_OK);
    tb_db_prepare(&reader, &texts[COUNT], &stmt, 1);
    tb_db_ask(&reader, stmt, "");
    assert_true(tb_db_next(&reader, stmt)); /* the reader stays where it is */
    add(1);
    tb_keep_room(&keep, now_ms);
    tb_keep_checkpoint(&keep, now_ms, 0);
    assert_true(keep.log_waits);
    assert_int_equal(tb_keep_due_ms(&keep, 0), now_ms + TB_KEEP_IDLE_MS);
    tb_db_done(stmt);
    tb_db_unprepare(&stmt, 1);
    tb_db_close(&reader);
    tb_keep_checkpoint(&keep, now_ms + TB_KEEP_IDLE_MS, 0);
    assert_false(keep.log_waits);
}

/* I10: "WAL size watched". */
static void i10_a_log_that_a_reader_holds_is_noted_and_begins_anew_after_it(void **state)
{
    struct tb_db reader;
    struct sqlite3_stmt *stmt;
    struct tb_diag diag = {.text = ""};
    uint64_t now_ms = 10000;
    add(1);
    assert_int_equal(tb_keep_reader(&reader, *state, "test.db", &schema, &diag), TB_OK);
    tb_db_prepare(&reader, &texts[COUNT], &stmt, 1);
    tb_db_ask(&reader, stmt, "");
    assert_true(tb_db_next(&reader, stmt));
    for (int added = 0; added < TB_KEEP_LOG_WATCHED_PAGES; added += TB_KEEP_LOG_PAGES) {
        assert_false(keep.held);
        add((int64_t)TB_KEEP_LOG_PAGES * PAGE_BYTES);
        now_ms += TB_KEEP_IDLE_MS;
        tb_keep_checkpoint(&keep, now_ms, now_ms - TB_KEEP_IDLE_MS);
    }
    assert_true(keep.held);
    tb_db_done(stmt);
    tb_db_unprepare(&stmt, 1);
    tb_db_close(&reader);
    now_ms += TB_KEEP_IDLE_MS;
    tb_keep_checkpoint(&keep, now_ms, 0);
    assert_false(keep.held);
    add(1);
    assert_true(keep.log_pages < TB_KEEP_LOG_PAGES); /* it began anew */
}

static void a_path_that_is_too_long_is_told(void **state)
{
    char out[TB_FILES_PATH_BYTES_MAX];
    char name[TB_FILES_PATH_BYTES_MAX];
    struct tb_diag diag = {.text = ""};
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(tb_keep_path(out, *state, name, &diag), TB_TOOBIG);
    assert_non_null(strstr(diag.text, "too long"));
    assert_int_equal(tb_keep_path(out, *state, "/elsewhere", &diag), TB_OK);
    assert_string_equal(out, "/elsewhere");
}

/* Overwrite pages of the store in the middle. */
static void damage(const char *folder)
{
    char path[SCRATCH_PATH_BYTES];
    char rubbish[PAGE_BYTES];
    memset(rubbish, 0x55, sizeof rubbish);
    FILE *file = fopen(scratch_path(path, folder, "test.db"), "r+b");
    assert_non_null(file);
    for (long page = 1; page < 4; page++) {
        assert_int_equal(fseek(file, page * PAGE_BYTES, SEEK_SET), 0);
        assert_int_equal(fwrite(rubbish, 1, sizeof rubbish, file), sizeof rubbish);
    }
    assert_int_equal(fclose(file), 0);
}

static void a_check_tells_a_sound_store_from_a_damaged_one(void **state)
{
    struct tb_diag diag = {.text = ""};
    add((int64_t)20 * PAGE_BYTES);
    tb_keep_checkpoint(&keep, 10000, 0);
    enum tb_status status = tb_check_store(*state, "test.db", &schema, &diag);
    assert_int_equal(status, TB_OK);
    assert_int_equal(tb_check_exit(status), TB_EXIT_OK);
    damage(*state);
    status = tb_check_store(*state, "test.db", &schema, &diag);
    assert_int_equal(tb_check_exit(status), TB_EXIT_STORE);
    assert_true(diag.text[0] != '\0');
    assert_int_equal(tb_check_exit(TB_VERSION), TB_EXIT_MISTAKE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_second_process_is_kept_out_until_the_first_has_closed),
        TEST(the_reserve_is_given_up_once_and_taken_again_when_there_is_room),
        TEST(a_reserve_that_would_fill_the_disk_is_not_taken_and_looked_for_later),
        TEST(a_reserve_that_is_held_is_kept_though_little_is_free),
        TEST(the_log_is_moved_when_idle_and_not_while_events_come),
        TEST(a_log_that_has_grown_waits_for_a_lull_and_no_longer),
        TEST(i10_a_log_that_grew_is_moved_between_busy_turns),
        TEST(what_a_reader_needs_is_tried_again_later_and_not_at_once),
        TEST(i10_a_log_that_a_reader_holds_is_noted_and_begins_anew_after_it),
        TEST(a_path_that_is_too_long_is_told),
        TEST(a_check_tells_a_sound_store_from_a_damaged_one),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
