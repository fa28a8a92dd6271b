#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"

/* A full disk is not a broken disk: what 静乐 (140926) keeps in memory beside its rows
 * is right again when there is room. */

static struct fixture fix;
static struct desk desk;
static struct tb_buf bytes;
static bool scarce; /* as when the daemon gave its reserve up */

static bool is_scarce(void *context)
{
    (void)context;
    return scarce;
}

static int start(void **state)
{
    (void)state;
    scarce = false;
    fix_init(&fix);
    desk_start(&desk, &fix, 140926, (struct desk_make){.on_disk = true, .alarm = true});
    desk_on_duty(&desk);
    desk_greet(&desk, 0, 1);
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tb_buf_fini(&bytes);
    desk_close(&desk);
    return 0;
}

/* Not a byte more: rows of the alarm's table take what is left of its pages. */
static void fill_disk(void)
{
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %d",
             (int)desk_sql(&desk, "PRAGMA page_count"));
    desk_sql(&desk, limit);
    for (int size = 3000; size > 0; size /= 2) {
        char row[120];
        snprintf(row, sizeof row,
                 "INSERT INTO alarm (at_ms, waiting, id, exit) VALUES (0, 0, zeroblob(%d), 0)",
                 size - 1);
        while (sqlite3_exec(desk.db.handle, row, NULL, NULL, NULL) == SQLITE_OK) {
        }
    }
}

static void make_room(void)
{
    desk_sql(&desk, "PRAGMA max_page_count = 1000000");
}

/* Settle, and count the effects of ${kind} on the way. */
static size_t settle(enum tb_effect_kind kind)
{
    size_t count = 0;
    for (int i = 0; i < 1000 && tb_node_deadline_ms(desk.node) <= desk.now.mono_ms; i++) {
        desk_due(&desk);
        count += desk_effects(&desk, kind);
    }
    return count;
}

static struct tb_id deliver(uint32_t origin)
{
    struct tb_id id;
    struct fix_say say = {.origin = origin, .to = {140926, 140000}};
    tb_buf_cut(&bytes, 0);
    fix_notice(&fix, &say, &bytes, &id);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    return id;
}

/* I1, I4: a directory that was taken in a turn that was undone is in force in memory
 * alone; the links, the park and the offers must not go by the one that is gone. */
static void i1_a_directory_taken_on_a_full_disk_counts_when_there_is_room(void **state)
{
    (void)state;
    struct tb_node_link links[TB_LINKS_MAX];
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    struct tb_id id = deliver(140123);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 0);
    fill_disk();
    fix_office(&fix, 140123)->listed = true;
    fix.filler_bytes = 100000;
    assert_int_equal(desk_publish(&desk, 3).status, TB_DISKFULL);
    size_t count = tb_node_links(desk.node, links);
    assert_int_equal(count, 2);
    assert_string_equal(links[0].broker->name, "sx-1");
    settle(TB_EFFECT_LINKS);
    assert_int_equal(desk.turned, TB_DISKFULL);
    assert_true(tb_node_deadline_ms(desk.node) > desk.now.mono_ms); /* it does not spin */
    make_room();
    desk_later(&desk, TB_DISKFULL_MS);
    assert_true(settle(TB_EFFECT_LINKS) > 0);
    assert_int_equal(desk_sql(&desk, "SELECT max(version) FROM directory"), 3);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_shown(&desk, TB_STREAM_DIRECTORY, NULL), 2);
}

/* I1: the daemon is told of a broker beyond the rivers' reach by the turn that commits. */
static void i1_a_broker_of_an_issue_that_a_full_disk_undid_is_linked_to_by_the_next(void **state)
{
    (void)state;
    struct tb_node_link links[TB_LINKS_MAX];
    Tongbao__Notice notice;
    char course[6000]; /* more than what is left of any page */
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "added", .token = desk.token};
    fix_office(&fix, 140000)->reads[1] = NULL;
    fix_office(&fix, 140900)->reads[1] = NULL;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    tongbao__notice__init(&notice);
    memset(course, 'x', sizeof course);
    course[sizeof course - 1] = '\0';
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.course = course;
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    request.issue.added[0] = 140123;
    request.issue.added_count = 1;
    fill_disk();
    assert_int_equal(desk_ask(&desk, &request).status, TB_DISKFULL);
    assert_int_equal(tb_node_links(desk.node, links), 1);
    make_room();
    assert_int_equal(desk_ask(&desk, &request).status, TB_OK);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_LINKS), 1);
    assert_int_equal(tb_node_links(desk.node, links), 2);
}

/* I1, I4: what the reserve freed is for our own. Mail of others is not taken, receipted or
 * passed by the cursor, the broker is told once, and it is asked for when there is room. */
static void i1_on_a_scarce_disk_mail_waits_at_the_broker_and_own_acts_go(void **state)
{
    (void)state;
    struct tb_id held = deliver(140925);
    desk.core.scarce = is_scarce;
    scarce = true;
    struct tb_id id = deliver(140925);
    assert_int_equal(desk.turned, TB_OK);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 0);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 0);
    assert_int_equal(desk_offers(&desk, 0), 0);
    const Tongbao__Frame *told = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_REFUSAL, 0);
    assert_non_null(told);
    assert_int_equal(told->refusal->status, TB_DISKFULL);
    deliver(140925);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_REFUSAL), 0);
    /* Own acts commit and are offered on the link that stays as it is. */
    assert_int_equal(desk_issue(&desk, "汾河").status, TB_OK);
    assert_int_equal(desk_offers(&desk, 0), 1);
    assert_int_equal(desk_acknowledge(&desk, &held).status, TB_OK);
    assert_int_equal(desk_offers(&desk, 0), 1);
    for (int i = 0; i < 3; i++) {
        desk_later(&desk, TB_DISKFULL_MS);
        desk_due(&desk);
        assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 0);
        assert_true(tb_node_deadline_ms(desk.node) > desk.now.mono_ms);
    }
    scarce = false;
    desk_later(&desk, TB_DISKFULL_MS);
    desk_due(&desk);
    const Tongbao__Frame *hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0);
    assert_non_null(hello);
    assert_int_equal(hello->hello->n_cursors, 1);
    assert_int_equal(hello->hello->cursors[0]->seq, 1);
    desk_greet(&desk, 0, 1);
    desk.seq[0][1] = 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 1);
}

/* A link that went down and came up is greeted on a scarce disk too: own notices need it. */
static void i1_a_link_that_comes_up_on_a_scarce_disk_is_greeted(void **state)
{
    (void)state;
    desk.core.scarce = is_scarce;
    scarce = true;
    deliver(140925);
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 1);
}

/* The park is mail that came before: it is tried again when there is room, without a loop
 * that never sleeps. */
static void the_park_waits_for_room(void **state)
{
    (void)state;
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    struct tb_id id = deliver(140123);
    desk.core.scarce = is_scarce;
    scarce = true;
    fix_office(&fix, 140123)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    desk_due(&desk);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 0);
    settle(TB_EFFECT_LINKS);
    assert_true(tb_node_deadline_ms(desk.node) > desk.now.mono_ms);
    scarce = false;
    desk_turn(&desk, NULL, 0);
    desk_settle(&desk);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
}

/* Who waits is woken on a full disk too; the run has no row, and no second is lost to a
 * loop that tries to write one. */
static void a_full_disk_silences_no_alarm(void **state)
{
    (void)state;
    struct tb_alarm_run run = {.run = -1};
    struct tb_id id = deliver(140925);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
    fill_disk();
    for (int minute = 0; minute < 2; minute++) {
        desk_later(&desk, TB_ALARM_MS);
        desk_due(&desk);
        assert_int_equal(desk.turned, TB_DISKFULL);
        assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
        memcpy(&run, desk_effect(&desk, TB_EFFECT_ALARM).data, sizeof run);
        assert_int_equal(run.run, 0);
        assert_int_equal(run.waiting, 1);
        assert_true(tb_id_equal(&run.id, &id));
        desk_later(&desk, TB_DISKFULL_MS);
        desk_due(&desk);
        assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
        desk.now.mono_ms -= TB_DISKFULL_MS;
    }
    make_room();
    desk_later(&desk, TB_ALARM_MS);
    desk_due(&desk);
    memcpy(&run, desk_effect(&desk, TB_EFFECT_ALARM).data, sizeof run);
    assert_true(run.run > 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i1_a_directory_taken_on_a_full_disk_counts_when_there_is_room),
        WITH(i1_a_broker_of_an_issue_that_a_full_disk_undid_is_linked_to_by_the_next),
        WITH(a_full_disk_silences_no_alarm),
        WITH(i1_on_a_scarce_disk_mail_waits_at_the_broker_and_own_acts_go),
        WITH(i1_a_link_that_comes_up_on_a_scarce_disk_is_greeted),
        WITH(the_park_waits_for_room),
    };
    return cmocka_run_group_tests_name("node: disk", tests, NULL, NULL);
}
