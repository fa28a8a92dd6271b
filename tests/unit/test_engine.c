/* A daemon's turns: their time, a full disk, a broken store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/io/clock.h"
#include "base/io/engine.h"
#include "base/limits.h"
#include "scratch.h"

enum { EVENTS = 3, RESERVE_BYTES = 64 * 1024, ROW_BYTES = 16 * 1024 };

static const char *const steps[] = {"CREATE TABLE row (n INTEGER PRIMARY KEY, bytes BLOB) STRICT"};
static const struct tb_db_schema schema = {0x74657374, steps, 1};
static const char *const texts[] = {"INSERT INTO row (bytes) VALUES (zeroblob(?))",
                                    "SELECT count(*) FROM row"};

static struct tb_keep keep;
static struct tb_engine engine;
static struct sqlite3_stmt *sql[2];
static bool slow; /* an event takes longer than a turn may */

static enum tb_status handle(void *self, const struct tb_now *now, const struct tb_event *event,
                             struct tb_outbox *out)
{
    (void)self;
    (void)now;
    uint64_t until_ms = tb_clock_read().mono_ms + TB_TURN_WORK_MS + 1;
    while (slow && tb_clock_read().mono_ms < until_ms) {
    }
    (void)tb_db_do(&keep.db, sql[0], "i", (int64_t)ROW_BYTES);
    (void)tb_outbox_add(out, TB_EFFECT_FRAME, event->from, 0, tb_bytes_of(NULL, 0));
    return keep.db.status;
}

static void undone(void *self, const struct tb_now *now, const struct tb_event *event,
                   enum tb_status status, struct tb_outbox *out)
{
    (void)self;
    (void)now;
    (void)tb_outbox_add(out, TB_EFFECT_ANSWER, event->from, (uint32_t)status, tb_bytes_of(NULL, 0));
}

static void nothing(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    (void)self;
    (void)now;
    (void)out;
}

static void rolled_back(void *self)
{
    (void)self;
}

static int start(void **state)
{
    struct tb_diag diag = {.text = ""};
    if (scratch_setup(state) != 0) {
        return -1;
    }
    const struct tb_keep_settings settings = {.program = "tongbao-test",
                                              .folder = *state,
                                              .store = "test.db",
                                              .reserve_bytes = RESERVE_BYTES,
                                              .room_bytes = RESERVE_BYTES};
    if (tb_keep_open(&keep, &settings, &schema, &diag) != TB_OK) {
        return -1;
    }
    tb_db_prepare(&keep.db, texts, sql, 2);
    slow = false;
    tb_engine_open(&engine);
    tb_engine_drive(&engine,
                    (struct tb_turn_core){.db = &keep.db,
                                          .handle = handle,
                                          .undone = undone,
                                          .finish = nothing,
                                          .rolled_back = rolled_back,
                                          .committed = nothing},
                    &keep);
    return 0;
}

static int stop(void **state)
{
    tb_engine_close(&engine);
    tb_db_unprepare(sql, 2);
    tb_keep_close(&keep);
    return scratch_teardown(state);
}

/* Run ${count} events as a daemon does; how many turns it took. */
static int run(size_t count)
{
    static const struct tb_event events[EVENTS] = {{.from = 1}, {.from = 2}, {.from = 3}};
    const struct tb_now now = tb_clock_read();
    size_t taken = 0;
    int turns = 0;
    do {
        tb_outbox_clear(&engine.out);
        assert_int_equal(tb_engine_turn(&engine, &now, events, count, &taken), TB_OK);
        turns++;
    } while (taken < count);
    assert_int_equal(taken, count);
    return turns;
}

static int64_t rows(void)
{
    assert_true(tb_db_one(&keep.db, sql[1], ""));
    int64_t count = tb_db_int(sql[1], 0);
    tb_db_done(sql[1]);
    return count;
}

static void set_pages_max(int pages)
{
    char text[64];
    snprintf(text, sizeof text, "PRAGMA max_page_count=%d", pages);
    (void)sqlite3_set_authorizer(keep.db.handle, NULL, NULL);
    assert_int_equal(sqlite3_exec(keep.db.handle, text, NULL, NULL, NULL), SQLITE_OK);
}

static bool has_reserve(const char *folder)
{
    char path[SCRATCH_PATH_BYTES];
    FILE *file = fopen(scratch_path(path, folder, TB_KEEP_RESERVE_NAME), "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

/* "At most 64 events and 5 ms of work, never waiting for more." */
static void a_turn_whose_time_is_spent_leaves_the_rest_to_the_next(void **state)
{
    (void)state;
    slow = true;
    assert_int_equal(run(EVENTS), EVENTS);
    assert_int_equal(rows(), EVENTS);
    assert_int_equal(engine.out.count, 1);
    assert_true(engine.busy_ms > 0);
}

static void a_turn_without_events_is_not_busy(void **state)
{
    (void)state;
    assert_int_equal(run(0), 1);
    assert_int_equal(engine.busy_ms, 0);
    assert_int_equal(rows(), 0);
}

/* "A full disk is not a broken disk": the reserve goes first, then the callers are
 * answered, and it ends by itself. */
static void a_full_disk_gives_the_reserve_up_and_answers_until_there_is_room(void **state)
{
    struct tb_effect effect;
    size_t at = 0;
    assert_int_equal(tb_engine_rest(&engine, tb_clock_read().mono_ms), TB_OK);
    assert_true(has_reserve(*state));
    set_pages_max(3);
    assert_int_equal(run(1), 1);
    assert_false(has_reserve(*state));
    assert_true(keep.full);
    assert_true(tb_outbox_next(&engine.out, &at, &effect));
    assert_int_equal(effect.kind, TB_EFFECT_ANSWER);
    assert_int_equal(effect.code, TB_DISKFULL);
    assert_int_equal(rows(), 0);
    /* A change that went through is no room: that is when the reserve is held again. */
    set_pages_max(100000);
    assert_int_equal(run(1), 1);
    assert_true(keep.full);
    assert_int_equal(rows(), 1);
    assert_int_equal(tb_engine_rest(&engine, tb_clock_read().mono_ms + TB_KEEP_ROOM_MS), TB_OK);
    assert_false(keep.full);
    assert_true(has_reserve(*state));
}

/* I4: "any other failed write, COMMIT or fsync sends nothing and stops the process". */
static void i4_a_broken_store_sends_nothing(void **state)
{
    (void)state;
    const struct tb_event event = {.from = 1};
    const struct tb_now now = tb_clock_read();
    size_t taken = 0;
    keep.db.status = TB_IO;
    assert_int_equal(tb_engine_turn(&engine, &now, &event, 1, &taken), TB_IO);
    assert_int_equal(engine.out.count, 0);
    assert_int_equal(tb_engine_rest(&engine, now.mono_ms), TB_IO);
}

static void between_turns_the_log_is_due_when_it_is_idle(void **state)
{
    (void)state;
    assert_int_equal(run(1), 1);
    uint64_t busy_ms = engine.busy_ms;
    assert_int_equal(tb_engine_rest(&engine, busy_ms), TB_OK);
    assert_int_equal(tb_engine_due_ms(&engine, busy_ms), busy_ms + TB_KEEP_IDLE_MS);
    assert_int_equal(tb_engine_rest(&engine, busy_ms + TB_KEEP_IDLE_MS), TB_OK);
    assert_true(tb_engine_due_ms(&engine, busy_ms) == UINT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_turn_whose_time_is_spent_leaves_the_rest_to_the_next),
        TEST(a_turn_without_events_is_not_busy),
        TEST(a_full_disk_gives_the_reserve_up_and_answers_until_there_is_room),
        TEST(i4_a_broken_store_sends_nothing),
        TEST(between_turns_the_log_is_due_when_it_is_idle),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
