#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"
#include "proto/wire.h"

/* What 静乐 (140926) cannot judge yet. */

static struct fixture fix;
static struct desk desk;

static int start(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140926, false);
    desk_greet(&desk, 0, 1);
    desk_greet(&desk, 1, 2);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

/* The park: not shown, not receipted, tried again with each new directory. */
static void an_unknown_signer_is_parked_and_tried_with_the_new_directory(void **state)
{
    (void)state;
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    struct fix_say say = {.origin = 140123, .directory_version = 3, .to = {140926, 140000}};
    struct tb_id id = desk_deliver_notice(&desk, &say);
    const Tongbao__Frame *aside = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_ASIDE, 0);
    assert_int_equal(aside->aside->outcome, TONGBAO__OBJECTION__OUTCOME__PARKED);
    assert_int_equal(aside->aside->reason, TB_SIGNER);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 1);
    const Tongbao__Frame *ask = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_ASK, 0);
    assert_non_null(ask);
    assert_int_equal(ask->ask->version, 3);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, NULL), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    fix_office(&fix, 140123)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    desk_settle(&desk);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM parked"), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 1);
}

/* I10: past its bound the park keeps only (broker, id), and fetches the bytes. */
static void i10_a_full_park_keeps_ids_and_fetches_the_bytes_again(void **state)
{
    (void)state;
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    for (int i = 0; i < TB_PARK_ROWS_MAX; i++) {
        struct fix_say say = {.origin = 140123, .to = {140926}};
        desk_deliver_notice(&desk, &say);
    }
    assert_int_equal(desk_sql(&desk, "SELECT count(bytes) FROM parked"), TB_PARK_ROWS_MAX);
    struct fix_say say = {.origin = 140123, .course = "one too many", .to = {140926}};
    struct tb_id id = desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM parked WHERE bytes IS NULL"), 1);
    fix_office(&fix, 140123)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    bool fetched = false;
    while (tb_node_deadline_ms(desk.node) <= desk.now.mono_ms) {
        desk_due(&desk);
        const Tongbao__Frame *fetch = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_FETCH, 0);
        if (fetch != NULL) {
            fetched = true;
            assert_int_equal(fetch->fetch->n_ids, 1);
            assert_memory_equal(fetch->fetch->ids[0].data, id.byte, TB_ID_BYTES);
        }
    }
    assert_true(fetched);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM notice"), TB_PARK_ROWS_MAX);
    desk_deliver_lane0(&desk, 0, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM parked"), 0);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 0);
}

/* I6: a newer version is parked, and that one came is shown at once. */
static void i6_a_newer_version_is_parked_and_shown_as_come(void **state)
{
    (void)state;
    struct tb_stream_row rows[8];
    struct tb_envelope envelope;
    desk_make_notice(&desk, &fix_usual);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&desk.bytes)), TB_OK);
    size_t at = (size_t)(envelope.head.data - desk.bytes.data);
    assert_int_equal(desk.bytes.data[at], 0x08); /* Head.version */
    desk.bytes.data[at + 1] = TB_ENVELOPE_VERSION + 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_PARKED, NULL), 1);
    size_t count = tb_query_stream(desk.node, 0, rows, 8);
    assert_int_equal(rows[count - 1].office, 140925);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, NULL), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    assert_int_equal(desk_count(&desk, 1, TONGBAO__FRAME__KIND_STORED), 1);
}

/* A commit of more than 256 envelopes of one origin gives more than one receipt. */
static void a_receipt_names_at_most_256_envelopes(void **state)
{
    (void)state;
    enum { MANY = 300, TURN = 6 };
    struct tb_event events[TURN] = {{0}};
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    for (int i = 0; i < MANY; i++) {
        struct fix_say say = {.origin = 140123, .to = {140926}};
        desk_deliver_notice(&desk, &say);
    }
    fix_office(&fix, 140123)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    for (int i = 0; i < TURN; i++) {
        events[i].kind = TB_EVENT_DUE;
    }
    desk_turn(&desk, events, TURN);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 2);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM receipt"), MANY);
    assert_int_equal(
        desk_sql(&desk, "SELECT max(c) FROM (SELECT count(*) AS c FROM receipt GROUP BY n)"),
        TB_RECEIPT_IDS_MAX);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_unknown_signer_is_parked_and_tried_with_the_new_directory),
        WITH(i10_a_full_park_keeps_ids_and_fetches_the_bytes_again),
        WITH(i6_a_newer_version_is_parked_and_shown_as_come),
        WITH(a_receipt_names_at_most_256_envelopes),
    };
    return cmocka_run_group_tests_name("node: park", tests, NULL, NULL);
}
