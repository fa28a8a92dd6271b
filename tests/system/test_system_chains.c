/* Stores that were put back, and one key on two machines (I8). */
#include "tests/system/test.h"

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

static void issue_held(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
    }
    for (size_t i = 0; i < count; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[i]));
    }
}

static void chain_of(struct tb_world *world, const char *office, char out[64])
{
    json_t *status = tb_desk_get(world, office, "/v1/status");
    const char *id = json_string_value(json_object_get(json_object_get(status, "chain"), "id"));
    assert_non_null(id);
    snprintf(out, 64, "%s", id);
    json_decref(status);
}

static bool has_mark(struct tb_world *world, const char *office, const char *id, const char *mark)
{
    json_t *notice = tb_desk_notice(world, office, id);
    bool has = false;
    size_t i;
    const json_t *text;
    json_array_foreach(json_object_get(notice, "marks"), i, text)
    {
        has = has || strcmp(json_string_value(text), mark) == 0;
    }
    json_decref(notice);
    return has;
}

static void restored_origin(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char ids[6][TB_DESK_ID_CHARS];
    char before[64];
    char after[64];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_held(world, ids, 2);
    chain_of(world, TB_TEST_UP, before);
    tb_world_stop(world, TB_TEST_UP);
    tb_world_save(world, TB_TEST_UP, "old");
    tb_world_start(world, TB_TEST_UP);
    issue_held(world, ids + 2, 2);
    tb_world_kill(world, TB_TEST_UP);
    tb_world_restore(world, TB_TEST_UP, "old");

    tb_world_start(world, TB_TEST_UP);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_shown(world, TB_TEST_UP, "chain", NULL) >= 1);
    /* What it had issued since the copy is fetched back. */
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_UP, ids[3]));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_UP, ids[2]));
    chain_of(world, TB_TEST_UP, after);
    assert_string_not_equal(before, after);
    issue_held(world, ids + 4, 2);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 6);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, 6);
    assert_int_equal(tb_desk_status(world, TB_TEST_PROVINCE, "forks"), 0);
    tb_world_close(world);
}

static void restored_recipient(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char ids[4][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_held(world, ids, 1);
    tb_world_stop(world, TB_TEST_DOWN);
    tb_world_save(world, TB_TEST_DOWN, "old");
    tb_world_start(world, TB_TEST_DOWN);
    issue_held(world, ids + 1, 2);
    tb_world_kill(world, TB_TEST_DOWN);
    tb_world_restore(world, TB_TEST_DOWN, "old");
    tb_world_start(world, TB_TEST_DOWN);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_DOWN, ids[1]));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_DOWN, ids[2]));
    issue_held(world, ids + 3, 1);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 4);
    tb_world_close(world);
}

static void one_key_on_two_machines(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char ids[3][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_held(world, ids, 1);
    tb_world_stop(world, TB_TEST_UP);
    tb_world_save(world, TB_TEST_UP, "copy");
    tb_world_stop(world, "sx-1");

    /* The machine and its copy each write the next place of one chain, and
     * neither can know of the other: no broker is there. */
    tb_world_start(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[1]);
    tb_world_stop(world, TB_TEST_UP);
    tb_world_save(world, TB_TEST_UP, "machine");
    tb_world_restore(world, TB_TEST_UP, "copy");
    tb_world_start(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[2]);
    tb_world_start(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[2]));
    tb_world_stop(world, TB_TEST_UP);
    tb_world_restore(world, TB_TEST_UP, "machine");
    tb_world_start(world, TB_TEST_UP);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[1]));

    /* Both are kept and shown, marked 分叉: a fork is never a ground to refuse. */
    tb_world_until(TB_TEST_SOON_MS, tb_desk_has(world, TB_TEST_PROVINCE, ids[1]));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_has(world, TB_TEST_PROVINCE, ids[2]));
    assert_int_equal(tb_desk_status(world, TB_TEST_PROVINCE, "forks"), 1);
    assert_true(tb_desk_shown(world, TB_TEST_PROVINCE, "fork", NULL) >= 1);
    assert_true(has_mark(world, TB_TEST_PROVINCE, ids[1], "forked"));
    assert_true(has_mark(world, TB_TEST_PROVINCE, ids[2], "forked"));
    assert_false(has_mark(world, TB_TEST_PROVINCE, ids[0], "forked"));
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, 3);
    tb_world_close(world);
}

static void rebuilt_is_identical(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char ids[3][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    issue_held(world, ids, 3);
    assert_int_equal(tb_desk_acknowledge(world, TB_TEST_DOWN, ids[1]), 201);
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, TB_TEST_PROVINCE, ids[1], TB_TEST_DOWN, "acknowledged"));
    json_t *before = tb_desk_notice(world, TB_TEST_PROVINCE, ids[1]);
    json_t *stream = tb_desk_stream(world, TB_TEST_PROVINCE);
    tb_world_stop(world, TB_TEST_PROVINCE);
    struct tb_told told =
        tb_child_run(tb_words(TB_SYSTEM_NODE, "--config",
                              tb_world_place(world, TB_TEST_PROVINCE)->conf, "--rebuild"),
                     NULL, NULL, world->folder, TB_TEST_LATE_MS);
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
    tb_world_start(world, TB_TEST_PROVINCE);
    json_t *after = tb_desk_notice(world, TB_TEST_PROVINCE, ids[1]);
    json_t *stream_after = tb_desk_stream(world, TB_TEST_PROVINCE);
    assert_true(json_equal(before, after));
    assert_true(json_equal(stream, stream_after));
    json_decref(before);
    json_decref(after);
    json_decref(stream);
    json_decref(stream_after);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("an office restored from an old copy opens a new chain, says so, and gets "
                      "back what the broker has of it (I8, I1)",
                      restored_origin),
        tb_world_test("a recipient restored from an old copy gets again what it lost, shown once "
                      "(I1, I2)",
                      restored_recipient),
        tb_world_test("two machines that sign with one key are shown as a fork at the province, "
                      "and both notices are kept (I8)",
                      one_key_on_two_machines),
        tb_world_test("views that were thrown away and rebuilt from the ledger are the same",
                      rebuilt_is_identical),
    };
    return cmocka_run_group_tests_name("system.chains", tests, NULL, NULL);
}
