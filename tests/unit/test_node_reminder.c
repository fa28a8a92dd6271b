#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "node/core/query.h"
#include "node/core/reminder.h"
#include "relay.h"

/* A time limit that is about to pass, and one that has passed, is told once. The county
 * of relay.h speaks two hours after a serious incident: information is due in three. */
enum { ROWS = 400, MINUTE = 60000 };

#define RULE "information-5h"

/* How often ${who} was told ${step} of ${rule}; of all rules when it is NULL. */
static size_t told(int who, const char *step, const char *rule)
{
    static struct tb_stream_row rows[ROWS];
    size_t count = tb_query_stream(desks[who].node, 0, rows, ROWS);
    size_t found = 0;
    char word[32];
    assert_true(count < ROWS);
    snprintf(word, sizeof word, " %s ", step);
    for (size_t i = 0; i < count; i++) {
        bool same = rule == NULL || strstr(rows[i].text, rule) != NULL;
        found += rows[i].kind == TB_STREAM_CLOCK && strstr(rows[i].text, word) != NULL && same;
    }
    return found;
}

static void pass(int64_t ms)
{
    relay_later(ms);
    for (int who = 0; who < DESKS; who++) {
        desk_settle(&desks[who]);
    }
}

static struct tb_id begin(void)
{
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    pass(0);
    return id;
}

static void a_reminder_and_the_passing_of_a_time_limit_are_told_once_each(void **state)
{
    (void)state;
    begin();
    assert_int_equal(told(ORIGIN, "reminder", RULE), 0);
    pass(3 * HOUR - 1); /* five after it occurred, but for a moment */
    assert_int_equal(told(ORIGIN, "reminder", RULE), 1);
    assert_int_equal(told(ORIGIN, "overdue", RULE), 0);
    pass(1); /* at the due time it is in time */
    assert_int_equal(told(ORIGIN, "overdue", RULE), 0);
    pass(1);
    assert_int_equal(told(ORIGIN, "overdue", RULE), 1);
    for (int i = 0; i < 5; i++) {
        pass(HOUR);
    }
    assert_int_equal(told(ORIGIN, "reminder", RULE), 1);
    assert_int_equal(told(ORIGIN, "overdue", RULE), 1);
    /* Those above are told of it too; the neighbour, who cannot judge it, is not. */
    assert_int_equal(told(CITY, "overdue", RULE), 1);
    assert_int_equal(told(PROVINCE, "overdue", RULE), 1);
    assert_int_equal(told(NEXT, "overdue", RULE), 0);
}

/* The words: what is to be done, what of it, since when, by which rule. */
static void what_is_told_names_task_time_and_rule(void **state)
{
    static struct tb_stream_row rows[ROWS];
    (void)state;
    struct tb_id id = begin();
    pass(3 * HOUR + 1);
    size_t count = tb_query_stream(desks[ORIGIN].node, 0, rows, ROWS);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == TB_STREAM_CLOCK && strstr(rows[i].text, " overdue ") != NULL &&
            strstr(rows[i].text, RULE) != NULL) {
            char due[TB_WALL_TEXT_CHARS];
            char text[sizeof rows[i].text];
            tb_wall_text(due, (struct tb_wall){desks[ORIGIN].now.wall.ms - 1});
            snprintf(text, sizeof text, "authoritative_information overdue %s " RULE, due);
            assert_string_equal(rows[i].text, text);
            assert_true(tb_id_equal(&rows[i].id, &id));
            assert_int_equal(rows[i].office, offices[ORIGIN]);
            assert_int_equal(rows[i].world, TB_WORLD_ACTUAL);
            found++;
        }
    }
    assert_int_equal(found, 1);
}

static void a_restart_tells_nothing_again_and_what_passed_meanwhile_once(void **state)
{
    (void)state;
    begin();
    pass(3 * HOUR - 1);
    size_t reminders = told(ORIGIN, "reminder", NULL);
    assert_int_equal(told(ORIGIN, "reminder", RULE), 1);
    relay_later(HOUR);
    desk_reopen(&desks[ORIGIN]);
    assert_int_equal(told(ORIGIN, "overdue", RULE), 1);
    assert_int_equal(told(ORIGIN, "reminder", RULE), 1);
    assert_true(told(ORIGIN, "reminder", NULL) >= reminders);
    size_t overdue = told(ORIGIN, "overdue", NULL);
    desk_reopen(&desks[ORIGIN]);
    pass(0);
    assert_int_equal(told(ORIGIN, "overdue", NULL), overdue);
}

static void what_is_met_in_time_is_told_as_nothing(void **state)
{
    (void)state;
    struct tb_id id = begin();
    assert_int_equal(relay_disclose(ORIGIN, &id,
                                    TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                                    TONGBAO__DISCLOSURE__STATE__PUBLISHED, true)
                         .status,
                     TB_OK);
    pass(10 * HOUR);
    assert_int_equal(told(ORIGIN, "reminder", RULE), 0);
    assert_int_equal(told(ORIGIN, "overdue", RULE), 0);
    assert_true(told(ORIGIN, "overdue", NULL) > 0); /* others are */
}

/* The node sleeps until the next has something to tell, and at most a minute. */
static void between_two_looks_it_sleeps(void **state)
{
    (void)state;
    begin();
    struct desk *desk = &desks[ORIGIN];
    uint64_t next = tb_node_deadline_ms(desk->node);
    assert_true(next > desk->now.mono_ms);
    assert_true(next <= desk->now.mono_ms + TB_REMINDER_MS);
    pass(3 * HOUR - MINUTE / 2);
    assert_true(tb_node_deadline_ms(desk->node) <= desk->now.mono_ms + MINUTE / 2 + 1);
}

/* I7: it says of which world it is. */
static void i7_an_exercise_is_told_as_one(void **state)
{
    static struct tb_stream_row rows[ROWS];
    size_t found = 0;
    (void)state;
    assert_int_equal(relay_issue_as(ORIGIN, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST,
                                    TONGBAO__NOTICE__GRADE__II, NULL)
                         .status,
                     TB_OK);
    relay_carry();
    pass(5 * HOUR);
    size_t count = tb_query_stream(desks[ORIGIN].node, 0, rows, ROWS);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == TB_STREAM_CLOCK) {
            assert_int_equal(rows[i].world, TB_WORLD_EXERCISE);
            found++;
        }
    }
    assert_true(found > 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, relay_start, relay_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_reminder_and_the_passing_of_a_time_limit_are_told_once_each),
        WITH(what_is_told_names_task_time_and_rule),
        WITH(a_restart_tells_nothing_again_and_what_passed_meanwhile_once),
        WITH(what_is_met_in_time_is_told_as_nothing),
        WITH(between_two_looks_it_sleeps),
        WITH(i7_an_exercise_is_told_as_one),
    };
    return cmocka_run_group_tests_name("node: reminder", tests, NULL, NULL);
}
