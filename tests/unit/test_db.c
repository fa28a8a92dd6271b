#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/db.h"
#include "tests/unit/scratch.h"

/* The store's helper, over real files. */

static const char *const steps[] = {
    "CREATE TABLE thing (n INTEGER PRIMARY KEY, id BLOB UNIQUE, word TEXT) STRICT",
    "ALTER TABLE thing ADD COLUMN size INTEGER",
};
static const struct tb_db_schema schema_1 = {0x54425431, steps, 1};
static const struct tb_db_schema schema_2 = {0x54425431, steps, 2};
static const struct tb_db_schema other = {0x54425432, steps, 1};

enum { ADD, COUNT, BY_ID, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    "INSERT INTO thing (id, word) VALUES (?, ?)",
    "SELECT count(*) FROM thing",
    "SELECT n, id, word FROM thing WHERE id = ?",
};

struct store {
    struct tb_db db;
    struct sqlite3_stmt *sql[STATEMENTS];
    char path[SCRATCH_PATH_BYTES];
};

static void open_store(struct store *store, const struct tb_db_schema *schema)
{
    struct tb_diag diag = {0};
    assert_int_equal(tb_db_open(&store->db, store->path, schema, &diag), TB_OK);
    tb_db_prepare(&store->db, texts, store->sql, STATEMENTS);
}

static void close_store(struct store *store)
{
    tb_db_unprepare(store->sql, STATEMENTS);
    tb_db_close(&store->db);
}

static int64_t count(struct store *store)
{
    assert_true(tb_db_one(&store->db, store->sql[COUNT], ""));
    int64_t value = tb_db_int(store->sql[COUNT], 0);
    tb_db_done(store->sql[COUNT]);
    return value;
}

static void add(struct store *store, uint8_t first, const char *word)
{
    struct tb_id id = {{first}};
    assert_int_equal(tb_db_do(&store->db, store->sql[ADD], "dt", &id, word), 1);
}

static struct store *place(struct store *store, const char *folder)
{
    *store = (struct store){0};
    (void)scratch_path(store->path, folder, "store.db");
    return store;
}

static void what_is_committed_is_there_after_reopening(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    tb_db_begin(&store->db);
    add(store, 1, "一");
    tb_db_commit(&store->db);
    close_store(store);
    open_store(store, &schema_1);
    assert_int_equal(count(store), 1);
    struct tb_id id = {{1}};
    struct tb_id back;
    assert_true(tb_db_one(&store->db, store->sql[BY_ID], "d", &id));
    assert_true(tb_db_id(store->sql[BY_ID], 1, &back));
    assert_true(tb_id_equal(&id, &back));
    assert_string_equal(tb_db_text(store->sql[BY_ID], 2), "一");
    tb_db_done(store->sql[BY_ID]);
    close_store(store);
}

static void an_undone_savepoint_leaves_its_neighbours(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    int64_t before = count(store);
    tb_db_begin(&store->db);
    tb_db_save(&store->db);
    add(store, 10, "kept");
    tb_db_release(&store->db);
    tb_db_save(&store->db);
    add(store, 11, "undone");
    tb_db_undo(&store->db);
    tb_db_save(&store->db);
    add(store, 12, "kept too");
    tb_db_release(&store->db);
    tb_db_commit(&store->db);
    assert_int_equal(count(store), before + 2);
    close_store(store);
}

static void the_log_is_written_through_on_every_commit(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(store->db.handle, "PRAGMA synchronous", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 2); /* FULL */
    sqlite3_finalize(stmt);
    close_store(store);
}

static void clocks_and_chance_are_refused_in_sql(void **state)
{
    static const char *const refused[] = {
        "SELECT random()",           "SELECT randomblob(8)",    "SELECT datetime('now')",
        "SELECT CURRENT_TIMESTAMP",  "SELECT date('now')",      "SELECT strftime('%s','now')",
        "ATTACH ':memory:' AS more", "SELECT julianday('now')",
    };
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        sqlite3_stmt *stmt = NULL;
        int code = sqlite3_prepare_v2(store->db.handle, refused[i], -1, &stmt, NULL);
        sqlite3_finalize(stmt);
        assert_int_not_equal(code, SQLITE_OK);
    }
    close_store(store);
}

static void a_migration_brings_an_old_store_forward(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    struct tb_diag diag = {0};
    open_store(store, &schema_1);
    int64_t before = count(store);
    close_store(store);
    open_store(store, &schema_2);
    assert_int_equal(count(store), before);
    close_store(store);
    /* And the old program refuses what the new one has written. */
    assert_int_equal(tb_db_open(&store->db, store->path, &schema_1, &diag), TB_VERSION);
    assert_non_null(strstr(diag.text, "upgrade"));
}

static void another_programs_store_is_refused(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    struct tb_diag diag = {0};
    open_store(store, &schema_1);
    close_store(store);
    assert_int_equal(tb_db_open(&store->db, store->path, &other, &diag), TB_VERSION);
    assert_non_null(strstr(diag.text, "another program"));
}

static void a_reader_cannot_write(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    struct tb_diag diag = {0};
    open_store(store, &schema_1);
    struct tb_db reader;
    assert_int_equal(tb_db_open_reader(&reader, store->path, &schema_1, &diag), TB_OK);
    assert_int_not_equal(
        sqlite3_exec(reader.handle, "INSERT INTO thing (word) VALUES ('x')", NULL, NULL, NULL),
        SQLITE_OK);
    tb_db_close(&reader);
    close_store(store);
}

static void a_full_disk_is_told_apart_and_reading_goes_on(void **state)
{
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    int64_t before = count(store);
    /* SQLite's own limit on pages gives the same SQLITE_FULL as a full disk. */
    assert_int_equal(sqlite3_exec(store->db.handle, "PRAGMA max_page_count=1", NULL, NULL, NULL),
                     SQLITE_OK);
    static char big[64 * 1024];
    memset(big, 'x', sizeof big - 1);
    tb_db_begin(&store->db);
    struct tb_id id = {{99}};
    for (int i = 0; i < 64 && store->db.status == TB_OK; i++) {
        id.byte[1] = (uint8_t)i;
        (void)tb_db_do(&store->db, store->sql[ADD], "dt", &id, big);
    }
    assert_int_equal(store->db.status, TB_DISKFULL);
    tb_db_rollback(&store->db);
    assert_int_equal(store->db.status, TB_OK);
    assert_int_equal(count(store), before);
    close_store(store);
}

static long size_of(const char *path, const char *more)
{
    char whole[SCRATCH_PATH_BYTES + 8];
    struct stat status;
    snprintf(whole, sizeof whole, "%s%s", path, more);
    return stat(whole, &status) == 0 ? (long)status.st_size : -1;
}

static void copy(const char *from, const char *to, const char *more)
{
    static char bytes[1024 * 1024];
    char path[SCRATCH_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s%s", from, more);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    snprintf(path, sizeof path, "%s%s", to, more);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static void a_log_with_room_is_written_over_and_does_not_grow(void **state)
{
    enum { ROOM = 256 * 1024 };
    struct store here;
    struct store *store = place(&here, *state);
    open_store(store, &schema_1);
    assert_true(tb_db_prime(&store->db, ROOM));
    long before = size_of(store->path, "-wal");
    assert_true(before >= ROOM);
    for (uint8_t i = 50; i < 60; i++) {
        tb_db_begin(&store->db);
        add(store, i, "over what is there");
        tb_db_commit(&store->db);
    }
    assert_int_equal(size_of(store->path, "-wal"), before);
    assert_true(tb_db_prime(&store->db, ROOM)); /* has it already */
    assert_int_equal(size_of(store->path, "-wal"), before);
    close_store(store);
}

/* The copy is what a machine that lost its power finds. */
static void room_in_the_log_takes_nothing_from_what_a_crash_left_in_it(void **state)
{
    struct store here;
    struct store there;
    struct store *store = place(&here, *state);
    struct store *found = place(&there, *state);
    (void)scratch_path(found->path, *state, "found.db");
    open_store(store, &schema_1);
    assert_true(tb_db_prime(&store->db, 64 * 1024));
    tb_db_begin(&store->db);
    add(store, 70, "in the log alone");
    tb_db_commit(&store->db);
    int64_t rows = count(store);
    copy(store->path, found->path, "");
    copy(store->path, found->path, "-wal");
    close_store(store);
    open_store(found, &schema_1);
    assert_true(tb_db_prime(&found->db, 512 * 1024));
    assert_int_equal(count(found), rows);
    tb_db_begin(&found->db);
    add(found, 71, "after it");
    tb_db_commit(&found->db);
    close_store(found);
    open_store(found, &schema_1);
    assert_int_equal(count(found), rows + 1);
    close_store(found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_committed_is_there_after_reopening),
        TEST(an_undone_savepoint_leaves_its_neighbours),
        TEST(the_log_is_written_through_on_every_commit),
        TEST(clocks_and_chance_are_refused_in_sql),
        TEST(a_migration_brings_an_old_store_forward),
        TEST(another_programs_store_is_refused),
        TEST(a_reader_cannot_write),
        TEST(a_log_with_room_is_written_over_and_does_not_grow),
        TEST(room_in_the_log_takes_nothing_from_what_a_crash_left_in_it),
        TEST(a_full_disk_is_told_apart_and_reading_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
