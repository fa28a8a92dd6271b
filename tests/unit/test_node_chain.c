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

/* What 静乐 (140926) sees of the chains and keys of others. */

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

/* A chained notice of 140925 at (seq, nth), as the test wants it. */
static struct tb_id place_notice(uint64_t seq, uint64_t nth, const char *title)
{
    static const uint8_t chain[TB_CHAIN_BYTES] = {9};
    static const uint8_t incident[TB_INCIDENT_BYTES] = {8};
    struct tb_id previous = {{(uint8_t)seq}};
    struct tb_id id;
    char words[64];
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    Tongbao__Recipient to;
    tongbao__recipient__init(&to);
    Tongbao__Recipient *list[] = {&to};
    snprintf(words, sizeof words, "%s", title);
    to.office = 140926;
    to.nth = nth;
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.title = words;
    body.chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body.chain_seq = seq;
    body.previous = seq > 1 ? tb_wire_id(&previous) : body.previous;
    body.incident = tb_wire_data(tb_bytes_of(incident, sizeof incident));
    body.recipients = list;
    body.n_recipients = 1;
    body.issued_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    body.notice = &notice;
    tb_buf_cut(&desk.bytes, 0);
    desk_seal(&desk, 140925, TB_WORLD_ACTUAL, &body, &desk.bytes, &id);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    return id;
}

/* I8: a fork or a gap is shown, never a ground to refuse. */
static void i8_two_envelopes_at_one_place_are_both_kept_and_shown_as_a_fork(void **state)
{
    (void)state;
    struct tb_notice_row row;
    struct tb_status_row status;
    struct tb_id a = place_notice(1, 1, "a");
    struct tb_id b = place_notice(1, 1, "b");
    assert_true(desk_noted(&desk, TB_NOTE_CHAIN_FORK));
    struct tb_id c = place_notice(1, 1, "c");
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, NULL), 3);
    assert_int_equal(desk_shown(&desk, TB_STREAM_FORK, NULL), 1);
    assert_true(tb_query_notice(desk.node, &a, NULL, &row, NULL));
    assert_true(row.forked);
    assert_true(tb_query_notice(desk.node, &b, NULL, &row, NULL));
    assert_true(row.forked);
    tb_query_status(desk.node, &status);
    assert_int_equal(status.forks, 1);
    (void)c;
}

static void i8_a_recipient_sees_its_own_gap_until_it_is_filled(void **state)
{
    (void)state;
    struct tb_notice_row row;
    struct tb_status_row status;
    struct tb_id first = place_notice(1, 1, "1");
    /* seq 2 to 4 were for others: no gap for this office. */
    struct tb_id second = place_notice(5, 2, "2");
    struct tb_id fourth = place_notice(9, 4, "4");
    assert_true(desk_noted(&desk, TB_NOTE_CHAIN_GAP));
    assert_true(tb_query_notice(desk.node, &second, NULL, &row, NULL));
    assert_false(row.gap_before);
    assert_true(tb_query_notice(desk.node, &fourth, NULL, &row, NULL));
    assert_true(row.gap_before);
    tb_query_status(desk.node, &status);
    assert_int_equal(status.gaps, 1);
    place_notice(7, 3, "3");
    tb_query_status(desk.node, &status);
    assert_int_equal(status.gaps, 0);
    (void)first;
}

static void two_notices_of_one_number_are_both_shown_as_twins(void **state)
{
    (void)state;
    struct tb_id ids[2];
    struct tb_id found;
    struct tb_notice_row row;
    ids[0] = desk_deliver_notice(&desk, &fix_usual);
    assert_true(tb_query_notice(desk.node, &ids[0], NULL, &row, NULL));
    assert_false(row.twin);
    ids[1] = desk_deliver_notice(&desk, &fix_usual);
    for (int i = 0; i < 2; i++) {
        assert_true(tb_query_notice(desk.node, &ids[i], NULL, &row, NULL));
        assert_true(row.twin);
    }
    assert_int_equal(tb_query_find(desk.node, "140925-20250117-01", &found), 2);
}

/* "A revoked key: what a broker admitted before is still delivered and kept, marked". */
static void envelopes_of_retired_and_revoked_keys_are_kept_and_marked(void **state)
{
    (void)state;
    struct tb_notice_row row;
    fix_office(&fix, 140925)->key.state = TONGBAO__KEY_STATE__RETIRED;
    fix_office(&fix, 140123)->key.state = TONGBAO__KEY_STATE__REVOKED;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    struct tb_id retired = desk_deliver_notice(&desk, &fix_usual);
    struct fix_say say = fix_usual;
    say.origin = 140123;
    struct tb_id revoked = desk_deliver_notice(&desk, &say);
    assert_true(tb_query_notice(desk.node, &retired, NULL, &row, NULL));
    assert_true(row.key_retired);
    assert_false(row.key_revoked);
    assert_true(tb_query_notice(desk.node, &revoked, NULL, &row, NULL));
    assert_true(row.key_revoked);
}

/* "A restore opens a new chain": it must not go on where a lost future may have been. */
static void i8_a_restored_store_leaves_its_chains_for_new_ones(void **state)
{
    (void)state;
    static const uint8_t seed[TB_SEED_BYTES] = {77};
    struct tb_envelope envelope;
    uint8_t former[TB_CHAIN_BYTES];
    desk_on_duty(&desk);
    struct tb_id first = desk_issue(&desk, "").id;
    memcpy(former, desk_body(&desk, &first, &envelope)->chain.data, sizeof former);
    tb_db_begin(&desk.db);
    tb_node_restored(desk.node, &desk.now, seed);
    tb_db_commit(&desk.db);
    assert_true(desk_shown(&desk, TB_STREAM_CHAIN, &first) == 1);
    struct tb_id next = desk_issue(&desk, "").id;
    const Tongbao__Body *body = desk_body(&desk, &next, &envelope);
    assert_int_equal(body->chain_seq, 1);
    assert_memory_not_equal(body->chain.data, former, sizeof former);
    assert_memory_equal(body->continues.data, first.byte, TB_ID_BYTES);
    assert_int_equal(body->recipients[0]->nth, 1);
}

static void a_store_of_another_office_is_not_opened(void **state)
{
    (void)state;
    static const uint8_t seed[TB_SEED_BYTES] = {78};
    struct tb_node_config config = {.office = 140900,
                                    .secret = &fix_office(&fix, 140900)->key.secret};
    assert_null(tb_node_new(&desk.db, &config, desk.set, seed));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i8_two_envelopes_at_one_place_are_both_kept_and_shown_as_a_fork),
        WITH(i8_a_recipient_sees_its_own_gap_until_it_is_filled),
        WITH(i8_a_restored_store_leaves_its_chains_for_new_ones),
        WITH(a_store_of_another_office_is_not_opened),
        WITH(two_notices_of_one_number_are_both_shown_as_twins),
        WITH(envelopes_of_retired_and_revoked_keys_are_kept_and_marked),
    };
    return cmocka_run_group_tests_name("node: chain", tests, NULL, NULL);
}
