#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"
#include "proto/wire.h"

/* An office that lost its disk, 静乐 (140926), and what its province gives back. */

static struct fixture fix;
static struct desk desk;

enum { LOST = 140926, PROVINCE_CODE = 140000 };

static int start_at(uint32_t office, bool alarm)
{
    fix_init(&fix);
    desk_start(&desk, &fix, office, (struct desk_make){.on_disk = true, .alarm = alarm});
    return 0;
}

static int start_office(void **state)
{
    (void)state;
    return start_at(LOST, true);
}

static int start_province(void **state)
{
    (void)state;
    start_at(PROVINCE_CODE, false);
    desk_greet(&desk, 0, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

/* ------------------------------------------------------------- at the province */

/* Deliver a Recall that ${office} signs; ${answers} NULL: it asks. */
static struct tb_id recall(uint32_t office, enum tb_world world, const struct tb_id *answers,
                           uint32_t to)
{
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Recall said = TONGBAO__RECALL__INIT;
    Tongbao__Recipient recipient;
    Tongbao__Recipient *list[] = {&recipient};
    static int64_t later_ms;
    tongbao__recipient__init(&recipient);
    recipient.office = to;
    body.recipients = list;
    body.n_recipients = 1;
    body.issued_at_ms = FIX_AT_MS + ++later_ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECALL;
    body.recall = &said;
    if (answers != NULL) {
        said.answers = tb_wire_id(answers);
        said.own = 1;
    }
    tb_buf_cut(&desk.bytes, 0);
    desk_seal(&desk, office, world, &body, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    return id;
}

/* Deliver a notice, and let the broker take its receipt: what else is to be offered goes
 * first. */
static struct tb_id notice(uint32_t origin, uint32_t to)
{
    struct fix_say say = {.origin = origin, .to = {PROVINCE_CODE, to}};
    struct tb_id id = desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_offers(&desk, 0), 1);
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, &origin, 1, NULL, 0);
    return id;
}

/* The offers of the last turn that give back; each is answered as filed, from the first to
 * the last, and their ids are put into ${ids}. */
static size_t given(struct tb_id *ids, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < desk_offers(&desk, 0); i++) {
        const Tongbao__Offer *offer = desk_offered(&desk, 0, i);
        struct tb_envelope envelope;
        if (offer->back == 0) {
            continue;
        }
        assert_int_equal(offer->back, LOST);
        assert_true(count < max);
        assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope)), TB_OK);
        ids[count++] = envelope.id;
    }
    return count;
}

/* Answer every row of the batch under way; a turn each. */
static void answer_batch(enum tb_status status, bool filed, bool full)
{
    static const uint32_t lost[] = {LOST};
    struct tb_giving batch = desk.node->desk.giving;
    for (size_t i = 0; i < batch.count; i++) {
        Tongbao__Answer answer = TONGBAO__ANSWER__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        struct tb_id id = {{1}};
        uint32_t office[] = {lost[0]};
        answer.id = tb_wire_id(&id);
        answer.tag = UINT64_C(1) << 63 | batch.batch << 40 | (uint64_t)batch.row[i].n;
        answer.status = (uint32_t)status;
        answer.filed = answer.full = office;
        answer.n_filed = filed ? 1 : 0;
        answer.n_full = full ? 1 : 0;
        frame.kind_case = TONGBAO__FRAME__KIND_ANSWER;
        frame.answer = &answer;
        desk_frame(&desk, 0, &frame);
    }
}

/* The answer to ${asked} in the ledger, if there is one. */
static int64_t answers_said(void)
{
    return desk_sql(&desk, "SELECT count(*) FROM recall WHERE own = 1 AND answers <> x''");
}

static void a_province_gives_back_what_is_the_offices_and_nothing_else(void **state)
{
    (void)state;
    struct tb_id expected[3];
    struct tb_id got[TB_GIVING_ROWS_MAX];
    struct fix_say receipt = {.origin = 140925, .to = {LOST, PROVINCE_CODE}};
    expected[0] = notice(LOST, 140900);
    notice(140925, 140900); /* another's, to others */
    expected[1] = notice(140925, LOST);
    tb_buf_cut(&desk.bytes, 0);
    fix_receipt(&fix, &receipt, &expected[0], &desk.bytes, &expected[2]);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    /* The province's own receipt for the first goes to that office too. */
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    assert_true(desk_noted(&desk, TB_NOTE_RECALL_TAKEN));
    desk_settle(&desk);
    assert_int_equal(given(got, TB_GIVING_ROWS_MAX), 4);
    for (size_t i = 0; i < 3; i++) {
        size_t found = 0;
        for (size_t j = 0; j < 4; j++) {
            found += tb_id_equal(&got[j], &expected[i]);
        }
        assert_int_equal(found, 1);
    }
    assert_int_equal(answers_said(), 0);
    answer_batch(TB_OK, true, false);
    desk_settle(&desk);
    assert_int_equal(answers_said(), 1);
    assert_int_equal(desk_sql(&desk, "SELECT given_own FROM recall WHERE own = 1"), 1);
    assert_int_equal(desk_sql(&desk, "SELECT given_addressed FROM recall WHERE own = 1"), 3);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM giving"), 0);
}

/* Most of a province's ledger is other offices'. */
static void i10_a_long_ledger_of_others_is_gone_through_in_slices(void **state)
{
    (void)state;
    struct tb_id got[TB_GIVING_ROWS_MAX];
    for (size_t i = 0; i < TB_GIVING_SCAN_MAX; i++) {
        notice(140925, 140900); /* and a receipt each */
    }
    struct tb_id last = notice(LOST, 140900);
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    size_t turns = 0;
    while (given(got, TB_GIVING_ROWS_MAX) == 0) {
        desk_due(&desk);
        turns++;
        assert_true(turns < 10);
    }
    assert_true(turns >= 3);
    assert_true(tb_id_equal(&got[0], &last));
    assert_int_equal(desk_sql(&desk, "SELECT done_n FROM giving"), 0);
    answer_batch(TB_OK, true, false);
    desk_settle(&desk);
    assert_int_equal(desk_sql(&desk, "SELECT given_own FROM recall WHERE own = 1"), 1);
}

static void it_goes_on_after_a_restart_with_the_batch_that_was_not_answered(void **state)
{
    (void)state;
    enum { SAID = 2 * TB_GIVING_ROWS_MAX };
    struct tb_id said[SAID];
    struct tb_id got[TB_GIVING_ROWS_MAX];
    for (size_t i = 0; i < SAID; i++) {
        said[i] = notice(LOST, 140900);
    }
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    desk_settle(&desk);
    size_t first = given(got, TB_GIVING_ROWS_MAX);
    assert_int_equal(first, TB_GIVING_ROWS_MAX);
    assert_true(tb_id_equal(&got[0], &said[0]));
    answer_batch(TB_OK, true, false);
    desk_settle(&desk);
    assert_int_equal(given(got, TB_GIVING_ROWS_MAX), TB_GIVING_ROWS_MAX);
    struct tb_id second = got[0];
    assert_false(tb_id_equal(&second, &said[0]));
    desk_reopen(&desk);
    desk_greet(&desk, 0, 1);
    desk_settle(&desk);
    assert_true(given(got, TB_GIVING_ROWS_MAX) > 0);
    assert_true(tb_id_equal(&got[0], &second));
    while (answers_said() == 0) {
        answer_batch(TB_OK, true, false);
        desk_settle(&desk);
    }
    assert_int_equal(desk_sql(&desk, "SELECT given_own FROM recall WHERE own = 1"), SAID);
}

static void a_full_mailbox_is_tried_again_after_60_seconds_and_counted_once(void **state)
{
    (void)state;
    struct tb_id got[TB_GIVING_ROWS_MAX];
    notice(LOST, 140900);
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    desk_settle(&desk);
    answer_batch(TB_FULL, false, true);
    desk_settle(&desk);
    assert_int_equal(given(got, TB_GIVING_ROWS_MAX), 0);
    desk_later(&desk, TB_LATER_MS - 1);
    desk_settle(&desk);
    assert_int_equal(given(got, TB_GIVING_ROWS_MAX), 0);
    desk_later(&desk, 1);
    desk_due(&desk); /* one turn: time limits are looked at in further ones */
    assert_true(given(got, TB_GIVING_ROWS_MAX) > 0);
    answer_batch(TB_OK, true, false);
    desk_settle(&desk);
    assert_int_equal(desk_sql(&desk, "SELECT given_own FROM recall WHERE own = 1"), 1);
}

/* A broker that does not know the field answers for the listed recipients alone. */
static void what_no_broker_takes_is_told_as_refused(void **state)
{
    (void)state;
    notice(LOST, 140900);
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    desk_settle(&desk);
    answer_batch(TB_OK, false, false);
    desk_settle(&desk);
    assert_int_equal(answers_said(), 1);
    assert_int_equal(desk_sql(&desk, "SELECT given_own FROM recall WHERE own = 1"), 0);
    assert_true(desk_sql(&desk, "SELECT given_refused FROM recall WHERE own = 1") >= 1);
}

/* "Shown to origin and province as to be issued anew: the one exception to I1." */
static void i1_what_a_revoked_key_signed_is_shown_to_the_province(void **state)
{
    (void)state;
    struct tb_id id = notice(LOST, 140900);
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    desk_settle(&desk);
    answer_batch(TB_REVOKED, false, false);
    assert_int_equal(desk_shown(&desk, TB_STREAM_OBJECTION, &id), 1);
    desk_settle(&desk);
    assert_true(desk_sql(&desk, "SELECT given_refused FROM recall WHERE own = 1") >= 1);
}

static void i10_asked_again_meanwhile_it_is_gone_through_once_more_and_no_oftener(void **state)
{
    (void)state;
    notice(LOST, 140900);
    recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    desk_settle(&desk);
    for (int i = 0; i < 5; i++) {
        recall(LOST, TB_WORLD_ACTUAL, NULL, PROVINCE_CODE);
    }
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM giving"), 1);
    for (int i = 0; i < 10; i++) {
        answer_batch(TB_OK, true, false);
        desk_settle(&desk);
    }
    assert_int_equal(answers_said(), 2);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM giving"), 0);
}

static void i3_i7_nobody_else_makes_a_province_give_back(void **state)
{
    (void)state;
    notice(LOST, 140900);
    /* In an exercise; a city that answers as if it were a province. */
    recall(LOST, TB_WORLD_EXERCISE, NULL, PROVINCE_CODE);
    struct tb_id some = recall(140900, TB_WORLD_EXERCISE, NULL, PROVINCE_CODE);
    recall(140900, TB_WORLD_ACTUAL, &some, PROVINCE_CODE);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM recall"), 0);
    desk_settle(&desk);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM giving"), 0);
}

/* --------------------------------------------------------------- at the office */

static struct tb_id ask(const char *request_id)
{
    struct tb_request request = {.verb = TB_VERB_RECOVER, .id = request_id};
    struct tb_result result = desk_ask(&desk, &request);
    assert_int_equal(result.status, TB_OK);
    return result.id;
}

static void asking_twice_is_asking_once_until_it_is_answered(void **state)
{
    (void)state;
    struct tb_recover_row row;
    struct tb_envelope envelope;
    desk_greet(&desk, 0, 1);
    struct tb_id first = ask("a");
    const Tongbao__Body *body = desk_body(&desk, &first, &envelope);
    assert_int_equal(body->statement_case, TONGBAO__BODY__STATEMENT_RECALL);
    assert_int_equal(body->chain.len, 0);
    assert_int_equal(body->n_recipients, 1);
    assert_int_equal(body->recipients[0]->office, PROVINCE_CODE);
    struct tb_id second = ask("b");
    assert_true(tb_id_equal(&first, &second));
    desk_reopen(&desk);
    desk_greet(&desk, 0, 1);
    second = ask("c");
    assert_true(tb_id_equal(&first, &second));
    recall(PROVINCE_CODE, TB_WORLD_ACTUAL, &first, LOST);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_true(row.answered);
    assert_int_equal(row.given_own, 1);
    second = ask("d"); /* two of one millisecond would be one envelope */
    assert_true(tb_id_equal(&first, &second));
    desk_later(&desk, 1);
    second = ask("e");
    assert_false(tb_id_equal(&first, &second));
    assert_int_equal(tb_node_rebuild(desk.node), TB_OK);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_true(tb_id_equal(&row.recall, &second));
    assert_false(row.answered);
}

static void welcome_naming(const struct tb_id *head)
{
    static const uint8_t chain[TB_CHAIN_BYTES] = {5};
    Tongbao__Welcome said;
    tongbao__welcome__init(&said);
    Tongbao__ChainHead named = TONGBAO__CHAIN_HEAD__INIT;
    Tongbao__ChainHead *list[] = {&named};
    named.world = TONGBAO__WORLD__ACTUAL;
    named.chain = tb_wire_data(tb_bytes_of(chain, TB_CHAIN_BYTES));
    named.seq = 3;
    named.id = tb_wire_id(head);
    said.chains = list;
    said.n_chains = 1;
    desk_link(&desk, 0);
    desk_welcome(&desk, 0, &said, 1);
}

static void i8_the_own_chain_is_whole_when_all_that_is_named_is_here(void **state)
{
    (void)state;
    struct fix_say say = {.origin = LOST, .to = {140900, PROVINCE_CODE}};
    struct tb_recover_row row;
    struct tb_buf first;
    tb_buf_init(&first, TB_ENVELOPE_BYTES_MAX);
    desk_make_notice(&desk, &say);
    assert_int_equal(tb_buf_add(&first, tb_buf_bytes(&desk.bytes)), TB_OK);
    struct tb_id head = desk_make_notice(&desk, &say);
    welcome_naming(&head);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.own_missing, 1);
    assert_int_equal(row.own_heads_missing, 1);
    /* The newest comes: now the one before it is missing, from a known time. */
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.own_missing, 1);
    assert_int_equal(row.own_heads_missing, 0);
    assert_true(row.own_since_ms > 0);
    /* Given back by its province: what of it is owed is seen when it has given all. */
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM offer o JOIN ledger l ON l.n = o.n"
                                     " WHERE l.own = 1 AND l.kind = 1"),
                     0);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&first));
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.own, 2);
    assert_int_equal(row.own_missing, 0);
    assert_false(row.own_known); /* the province may know of more */
    struct tb_id asked = ask("a");
    recall(PROVINCE_CODE, TB_WORLD_ACTUAL, &asked, LOST);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_true(row.own_known);
    desk_settle(&desk);
    assert_true(desk_sql(&desk, "SELECT count(*) FROM offer o JOIN ledger l ON l.n = o.n"
                                " WHERE l.own = 1 AND l.kind = 1") >= 2);
    tb_buf_fini(&first);
}

static void gap(uint32_t lane, uint64_t before)
{
    Tongbao__Gap said = TONGBAO__GAP__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    said.lane = lane;
    said.before_seq = before;
    frame.kind_case = TONGBAO__FRAME__KIND_GAP;
    frame.gap = &said;
    desk_frame(&desk, 0, &frame);
}

static void from_the_first_row_that_a_broker_still_had_nothing_is_missing(void **state)
{
    (void)state;
    struct fix_say say = {.origin = 140925, .to = {LOST, PROVINCE_CODE}};
    struct tb_recover_row row;
    desk_greet(&desk, 0, 1);
    gap(1, 3);
    /* Two rows that are left from before the gap say nothing. */
    for (int i = 0; i < 2; i++) {
        desk_deliver_notice(&desk, &say);
        desk_later(&desk, 1000);
    }
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.received_since_ms, desk.now.wall.ms);
    int64_t third_ms = desk.now.wall.ms - 10; /* when its broker admitted it */
    desk_deliver_notice(&desk, &say);
    desk_later(&desk, 1000);
    desk_deliver_notice(&desk, &say);
    desk_reopen(&desk);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.held_since_ms, third_ms);
    assert_int_equal(row.received_since_ms, third_ms);
    assert_int_equal(row.brokers_met, 1);
    assert_int_equal(row.received, 4);
    assert_int_equal(row.gaps, 0);
}

/* Deliver a call of 140925 that is its ${nth} for this office. */
static void deliver_nth(uint64_t nth)
{
    static const uint8_t chain[TB_CHAIN_BYTES] = {9};
    struct tb_id some = {{7}};
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Call call;
    Tongbao__Recipient to;
    Tongbao__Recipient *list[] = {&to};
    tongbao__call__init(&call);
    tongbao__recipient__init(&to);
    to.office = LOST;
    to.nth = nth;
    call.notice = tb_wire_id(&some);
    call.office = LOST;
    body.chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body.chain_seq = 10 * nth;
    body.previous = tb_wire_id(&some);
    body.recipients = list;
    body.n_recipients = 1;
    body.issued_at_ms = FIX_AT_MS + (int64_t)nth;
    body.statement_case = TONGBAO__BODY__STATEMENT_CALL;
    body.call = &call;
    tb_buf_cut(&desk.bytes, 0);
    desk_seal(&desk, 140925, TB_WORLD_ACTUAL, &body, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
}

static void i8_what_is_missing_of_another_is_told_by_its_count(void **state)
{
    (void)state;
    struct tb_recover_row row;
    struct tb_recover_gap gaps[2];
    desk_greet(&desk, 0, 1);
    deliver_nth(1);
    deliver_nth(4);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.gaps, 1);
    assert_int_equal(tb_query_recover_gaps(desk.node, gaps, 2), 1);
    assert_int_equal(gaps[0].origin, 140925);
    assert_int_equal(gaps[0].first, 2);
    assert_int_equal(gaps[0].last, 3);
    assert_int_equal(gaps[0].world, TB_WORLD_ACTUAL);
    assert_int_equal(gaps[0].before_ms, FIX_AT_MS + 4);
    deliver_nth(2);
    deliver_nth(3);
    tb_query_recover(desk.node, desk.now.wall, &row);
    assert_int_equal(row.gaps, 0);
}

static void what_is_old_rings_a_minute_later_unless_it_was_acknowledged(void **state)
{
    (void)state;
    struct fix_say say = {.origin = 140925, .to = {LOST, PROVINCE_CODE}};
    struct fix_say own = {.origin = LOST, .to = {140925, PROVINCE_CODE}};
    struct tb_id head = {{1}};
    welcome_naming(&head);
    struct tb_id first = desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    /* This office's own word of it comes back: nobody is woken. */
    tb_buf_cut(&desk.bytes, 0);
    fix_acknowledgement(&fix, &own, &first, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    desk_later(&desk, TB_ALARM_MS);
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    /* Given back, and nobody ever acknowledged it. */
    desk_make_notice(&desk, &say);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 0);
    desk_later(&desk, TB_ALARM_MS);
    desk_due(&desk);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
    /* What is new rings at once. */
    desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_ALARM), 1);
}

#define AT_PROVINCE(test) cmocka_unit_test_setup_teardown(test, start_province, stop)
#define AT_OFFICE(test)   cmocka_unit_test_setup_teardown(test, start_office, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PROVINCE(a_province_gives_back_what_is_the_offices_and_nothing_else),
        AT_PROVINCE(i10_a_long_ledger_of_others_is_gone_through_in_slices),
        AT_PROVINCE(it_goes_on_after_a_restart_with_the_batch_that_was_not_answered),
        AT_PROVINCE(a_full_mailbox_is_tried_again_after_60_seconds_and_counted_once),
        AT_PROVINCE(what_no_broker_takes_is_told_as_refused),
        AT_PROVINCE(i1_what_a_revoked_key_signed_is_shown_to_the_province),
        AT_PROVINCE(i10_asked_again_meanwhile_it_is_gone_through_once_more_and_no_oftener),
        AT_PROVINCE(i3_i7_nobody_else_makes_a_province_give_back),
        AT_OFFICE(asking_twice_is_asking_once_until_it_is_answered),
        AT_OFFICE(i8_the_own_chain_is_whole_when_all_that_is_named_is_here),
        AT_OFFICE(from_the_first_row_that_a_broker_still_had_nothing_is_missing),
        AT_OFFICE(i8_what_is_missing_of_another_is_told_by_its_count),
        AT_OFFICE(what_is_old_rings_a_minute_later_unless_it_was_acknowledged),
    };
    return cmocka_run_group_tests_name("node: recall", tests, NULL, NULL);
}
