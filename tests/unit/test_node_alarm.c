#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"

/* Somebody is woken while an actual notice waits at 静乐 (140926). */

static struct fixture fix;
static struct desk desk;

static int start(void **state)
{
    (void)state;
    fix_init(&fix);
    desk_start(&desk, &fix, 140926, (struct desk_make){.on_disk = true, .alarm = true});
    desk_on_duty(&desk);
    desk_greet(&desk, 0, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

static struct tb_id deliver(enum tb_world world)
{
    struct tb_id id;
    struct fix_say say = {.origin = 140925, .world = world, .to = {140926, 140000}};
    tb_buf_cut(&desk.bytes, 0);
    fix_notice(&fix, &say, &desk.bytes, &id);
    desk_deliver(&desk, 0, world == TB_WORLD_ACTUAL ? 1 : 2, tb_buf_bytes(&desk.bytes));
    return id;
}

static struct tb_alarm_run run(void)
{
    struct tb_alarm_run run = {0};
    struct tb_bytes data = desk_effect(&desk, TB_EFFECT_ALARM);
    assert_int_equal(data.size, sizeof run);
    memcpy(&run, data.data, sizeof run);
    return run;
}

static void an_actual_notice_wakes_at_once_and_every_minute_until_acknowledged(void **state)
{
    (void)state;
    struct tb_id first = deliver(TB_WORLD_ACTUAL);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
    assert_int_equal(run().waiting, 1);
    struct tb_alarm_run one = run();
    assert_true(tb_id_equal(&one.id, &first));
    assert_int_equal(tb_node_deadline_ms(desk.node), desk.now.mono_ms + TB_ALARM_MS);
    /* A duplicate wakes nobody. */
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    desk_later(&desk, TB_ALARM_MS - 1);
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    struct tb_id second = deliver(TB_WORLD_ACTUAL);
    struct tb_alarm_run both = run();
    assert_int_equal(both.waiting, 2);
    assert_true(tb_id_equal(&both.id, &second));
    assert_string_equal(both.number, "140925-20250117-01");
    assert_int_equal(desk_acknowledge(&desk, &first).status, TB_OK);
    desk_later(&desk, TB_ALARM_MS);
    desk_due(&desk);
    assert_int_equal(run().waiting, 1);
    assert_int_equal(desk_acknowledge(&desk, &second).status, TB_OK);
    desk_later(&desk, TB_ALARM_MS);
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    assert_true(desk_idle(&desk));
}

/* I7: an exercise wakes nobody, nor does what this office says itself. */
static void i7_an_exercise_or_an_own_notice_wakes_nobody(void **state)
{
    (void)state;
    deliver(TB_WORLD_EXERCISE);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    assert_int_equal(desk_issue(&desk, "").status, TB_OK);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    assert_true(desk_idle(&desk));
}

static void a_step_of_the_wall_clock_neither_wakes_nor_silences(void **state)
{
    (void)state;
    deliver(TB_WORLD_ACTUAL);
    desk.now.wall.ms += (int64_t)365 * TB_DAY_MS;
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    desk.now.wall.ms -= (int64_t)730 * TB_DAY_MS;
    desk.now.mono_ms += TB_ALARM_MS;
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
}

static void what_waits_wakes_at_once_after_a_restart(void **state)
{
    (void)state;
    deliver(TB_WORLD_ACTUAL);
    int64_t before = desk_sql(&desk, "SELECT count(*) FROM alarm");
    desk_reopen(&desk);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM alarm"), before + 1);
    struct tb_notice_row rows[4];
    assert_int_equal(tb_query_waiting(desk.node, rows, 4), 1);
}

static void how_a_run_ended_is_kept(void **state)
{
    (void)state;
    struct tb_status_row status;
    deliver(TB_WORLD_ACTUAL);
    struct tb_request ended = {.verb = TB_VERB_ALARM_ENDED};
    ended.alarm = (struct tb_alarm_ended){.run = run().run, .exit_status = 3};
    assert_int_equal(desk_ask(&desk, &ended).status, TB_OK);
    assert_true(desk_noted(&desk, TB_NOTE_ALARM_RUN));
    tb_query_status(desk.node, &status);
    assert_int_equal(status.alarm_last_exit, 3);
    assert_int_equal(status.alarm_last_ms, desk.now.wall.ms);
    assert_int_equal(status.waiting, 1);
}

/* I4: a turn that a full disk undoes wakes nobody, and the next one does. */
static void a_notice_undone_by_a_full_disk_wakes_nobody_yet(void **state)
{
    (void)state;
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %d",
             (int)desk_sql(&desk, "PRAGMA page_count"));
    desk_sql(&desk, limit);
    for (int i = 0; i < 200 && desk.turned == TB_OK; i++) {
        deliver(TB_WORLD_EXERCISE);
    }
    assert_int_equal(desk.turned, TB_DISKFULL);
    deliver(TB_WORLD_ACTUAL);
    assert_int_equal(desk.turned, TB_DISKFULL);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    desk_sql(&desk, "PRAGMA max_page_count = 100000");
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
    assert_int_equal(run().waiting, 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_actual_notice_wakes_at_once_and_every_minute_until_acknowledged),
        WITH(i7_an_exercise_or_an_own_notice_wakes_nobody),
        WITH(a_step_of_the_wall_clock_neither_wakes_nor_silences),
        WITH(what_waits_wakes_at_once_after_a_restart),
        WITH(how_a_run_ended_is_kept),
        WITH(a_notice_undone_by_a_full_disk_wakes_nobody_yet),
    };
    return cmocka_run_group_tests_name("node: alarm", tests, NULL, NULL);
}
