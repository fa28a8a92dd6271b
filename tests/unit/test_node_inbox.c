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

/* What a broker delivers to 静乐 (140926): stored once, parked, or refused. */

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

/* I4: a receipt only with the row, after COMMIT; the cursor in the same transaction. */
static void i4_a_stored_notice_gives_one_receipt_and_moves_the_cursor(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_ledger_row row;
    struct tb_id id = desk_deliver_notice(&desk, &fix_usual);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    const Tongbao__Frame *stored = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_STORED, 0);
    assert_non_null(stored);
    assert_int_equal(stored->stored->lane, 1);
    assert_int_equal(stored->stored->seq, 1);
    assert_memory_equal(stored->stored->id.data, id.byte, TB_ID_BYTES);
    const Tongbao__Frame *offer = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_OFFER, 0);
    assert_non_null(offer);
    assert_true(tb_query_ledger(desk.node, 1, &row));
    const Tongbao__Body *body = desk_body(&desk, &row.id, &envelope);
    assert_int_equal(body->statement_case, TONGBAO__BODY__STATEMENT_RECEIPT);
    assert_int_equal(body->receipt->n_ids, 1);
    assert_memory_equal(body->receipt->ids[0].data, id.byte, TB_ID_BYTES);
    assert_int_equal(body->receipt->stored_at_ms, desk.now.wall.ms);
    assert_int_equal(body->chain.len, 0);
    assert_int_equal(body->n_recipients, 2);
    assert_string_equal(body->recipients[0]->clause, "送达回执，发件单位");
    assert_string_equal(body->recipients[1]->clause, "送达回执，发件单位所属省");
    assert_int_equal(desk_sql(&desk, "SELECT admitted_ms FROM ledger WHERE n = 1"),
                     desk.now.wall.ms - 10);
    assert_true(desk_effects(&desk, TB_EFFECT_STREAM) == 1);
}

/* I2: shown once, whatever the network repeats. */
static void i2_a_duplicate_moves_the_cursor_and_nothing_else(void **state)
{
    (void)state;
    struct tb_id id = desk_deliver_notice(&desk, &fix_usual);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_OFFER), 0);
    const Tongbao__Frame *stored = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_STORED, 0);
    assert_int_equal(stored->stored->seq, 2);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&desk.bytes));
    desk_reopen(&desk);
    desk_greet(&desk, 0, 1);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 1);
    assert_int_equal(desk_sql(&desk, "SELECT seq FROM cursor WHERE broker = 'sx-1'"), 3);
}

/* I3: what does not verify is never shown, and the cursor moves past it. */
static void i3_an_altered_envelope_is_not_shown(void **state)
{
    (void)state;
    struct tb_id id = desk_make_notice(&desk, &fix_usual);
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&desk.bytes)), TB_OK);
    size_t last = (size_t)(envelope.body.data - desk.bytes.data) + envelope.body.size - 1;
    desk.bytes.data[last] ^= 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    const Tongbao__Frame *aside = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_ASIDE, 0);
    assert_non_null(aside);
    assert_int_equal(aside->aside->outcome, TONGBAO__OBJECTION__OUTCOME__REFUSED);
    assert_int_equal(aside->aside->reason, TB_SIGNATURE);
    assert_true(desk_noted(&desk, TB_NOTE_REFUSED));
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM stream WHERE kind = 0"), 0);
    (void)id;
}

static void i3_a_notice_signed_by_another_offices_key_is_not_shown(void **state)
{
    (void)state;
    struct fix_say say = fix_usual;
    say.key = &fix_office(&fix, 140123)->key;
    desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM parked"), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM notice"), 0);
}

/* I7: an exercise cannot be turned into an actual notice. */
static void i7_an_exercise_with_its_world_changed_does_not_verify(void **state)
{
    (void)state;
    struct fix_say say = fix_usual;
    say.world = TB_WORLD_EXERCISE;
    desk_make_notice(&desk, &say);
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&desk.bytes)), TB_OK);
    for (size_t i = 0; i + 1 < envelope.head.size; i++) {
        size_t at = (size_t)(envelope.head.data - desk.bytes.data) + i;
        if (desk.bytes.data[at] == 0x10 && desk.bytes.data[at + 1] == TB_WORLD_EXERCISE) {
            desk.bytes.data[at + 1] = TB_WORLD_ACTUAL;
            break;
        }
    }
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&desk.bytes)), TB_OK);
    assert_int_equal(envelope.world, TB_WORLD_ACTUAL);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    assert_true(desk_noted(&desk, TB_NOTE_REFUSED));
}

/* I3, I7: out of authority is refused, final, and the origin is told once. */
static void i3_a_follow_up_of_another_office_is_refused_and_objected_to_once(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_ledger_row row;
    struct tb_id first = desk_deliver_notice(&desk, &fix_usual);
    struct fix_say say = {.origin = 140123,
                          .kind = TONGBAO__NOTICE__KIND__ALL_CLEAR,
                          .regards = &first,
                          .to = {140926}};
    struct tb_id bad = desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &bad), 0);
    const Tongbao__Frame *aside = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_ASIDE, 0);
    assert_int_equal(aside->aside->reason, TB_AUTHORITY);
    assert_true(tb_query_ledger(desk.node, 2, &row));
    const Tongbao__Body *body = desk_body(&desk, &row.id, &envelope);
    assert_int_equal(body->statement_case, TONGBAO__BODY__STATEMENT_OBJECTION);
    assert_memory_equal(body->objection->envelope.data, bad.byte, TB_ID_BYTES);
    assert_int_equal(body->objection->outcome, TONGBAO__OBJECTION__OUTCOME__REFUSED);
    assert_int_equal(body->objection->reason, TB_AUTHORITY);
    assert_int_equal(body->n_recipients, 1);
    assert_int_equal(body->recipients[0]->office, 140123);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 5"), 1);
    assert_int_equal(desk_count(&desk, 1, TONGBAO__FRAME__KIND_ASIDE), 1);
}

static void i7_an_exercise_acknowledgement_does_not_answer_an_actual_notice(void **state)
{
    (void)state;
    struct tb_id id;
    struct tb_id notice = desk_deliver_notice(&desk, &fix_usual);
    struct fix_say say = {.origin = 140900, .world = TB_WORLD_EXERCISE, .to = {140926}};
    tb_buf_cut(&desk.bytes, 0);
    fix_acknowledgement(&fix, &say, &notice, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_delivery(&desk, &notice, 140900).acknowledged_ms, 0);
    /* The same, but the answer comes before the notice. */
    struct fix_say later = fix_usual;
    later.course = "later";
    struct tb_id second = desk_make_notice(&desk, &later);
    struct tb_buf early;
    tb_buf_init(&early, TB_ENVELOPE_BYTES_MAX);
    fix_acknowledgement(&fix, &say, &second, &early, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&early));
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &second), 1);
    assert_int_equal(desk_shown(&desk, TB_STREAM_ACKNOWLEDGEMENT, NULL), 0);
    assert_int_equal(desk_delivery(&desk, &second, 140900).acknowledged_ms, 0);
    struct tb_notice_row row;
    struct tb_acknowledgement_row answers[2];
    assert_true(tb_query_notice(desk.node, &second, NULL, &row, NULL));
    assert_int_equal(row.acknowledged, 0);
    assert_int_equal(tb_query_acknowledgements(desk.node, &second, answers, 2), 0);
    tb_buf_fini(&early);
}

/* A statement whose subject has not arrived is stored, receipted, and shown when it
 * comes. */
static void an_early_acknowledgement_is_shown_when_its_notice_comes(void **state)
{
    (void)state;
    struct tb_id ack;
    struct tb_buf early;
    struct tb_id notice = desk_make_notice(&desk, &fix_usual);
    struct fix_say say = {.origin = 140900, .to = {140926}};
    tb_buf_init(&early, TB_ENVELOPE_BYTES_MAX);
    fix_acknowledgement(&fix, &say, &notice, &early, &ack);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&early));
    assert_int_equal(desk_shown(&desk, TB_STREAM_ACKNOWLEDGEMENT, &ack), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 1);
    tb_buf_cut(&early, 0);
    fix_receipt(&fix, &say, &notice, &early, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&early));
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_ACKNOWLEDGEMENT, &ack), 1);
    assert_int_equal(desk_shown(&desk, TB_STREAM_HELD, NULL), 1);
    assert_int_equal(desk_delivery(&desk, &notice, 140900).state, TB_DELIVERY_ACKNOWLEDGED);
    tb_buf_fini(&early);
}

/* I6: a correction is shown though the notice it corrects has not come, and marked;
 * I3: when that comes and is another office's, it is shown no longer. */
static void a_follow_up_before_its_notice_is_shown_marked_and_judged_later(void **state)
{
    (void)state;
    struct tb_notice_row row;
    struct tb_buf first;
    struct tb_id good;
    struct tb_id bad;
    struct tb_id notice = desk_make_notice(&desk, &fix_usual);
    tb_buf_init(&first, TB_ENVELOPE_BYTES_MAX);
    assert_int_equal(tb_buf_add(&first, tb_buf_bytes(&desk.bytes)), TB_OK);
    struct fix_say say = fix_usual;
    say.kind = TONGBAO__NOTICE__KIND__CORRECTION;
    say.regards = &notice;
    good = desk_deliver_notice(&desk, &say);
    say.origin = 140123;
    bad = desk_deliver_notice(&desk, &say);
    assert_true(tb_query_notice(desk.node, &good, NULL, &row, NULL));
    assert_true(row.subject_missing);
    assert_true(tb_query_notice(desk.node, &bad, NULL, &row, NULL));
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&first));
    assert_true(tb_query_notice(desk.node, &good, NULL, &row, NULL));
    assert_false(row.subject_missing);
    assert_false(tb_query_notice(desk.node, &bad, NULL, &row, NULL));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 5"), 1);
    tb_buf_fini(&first);
}

static void an_envelope_that_does_not_name_this_office_is_taken(void **state)
{
    (void)state;
    struct fix_say say = {.origin = 140925, .to = {140000}};
    struct tb_id id = desk_deliver_notice(&desk, &say);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
}

static void an_unknown_kind_is_stored_receipted_and_shown_as_such(void **state)
{
    (void)state;
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    body.issued_at_ms = FIX_AT_MS;
    desk_seal(&desk, 140925, TB_WORLD_ACTUAL, &body, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_UNKNOWN, &id), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 1);
}

/* One commit, one receipt for each (origin, world), at most 256 ids each; receipts
 * get no receipts. */
static void receipts_group_by_origin_and_world_and_get_none_themselves(void **state)
{
    (void)state;
    enum { MANY = 60 };
    struct tb_event events[TB_TURN_EVENTS_MAX];
    struct tb_buf frames[TB_TURN_EVENTS_MAX];
    size_t count = 0;
    for (int i = 0; i < MANY + 2; i++) {
        struct fix_say say = fix_usual;
        Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        say.world = i == MANY ? TB_WORLD_EXERCISE : TB_WORLD_ACTUAL;
        say.origin = i == MANY + 1 ? 140123 : 140925;
        desk_make_notice(&desk, &say);
        deliver.lane = 1;
        deliver.seq = (uint64_t)i + 1;
        deliver.envelope = tb_wire_data(tb_buf_bytes(&desk.bytes));
        frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
        frame.deliver = &deliver;
        events[count] = desk_event(&desk, 0, &frame, &frames[count]);
        count++;
    }
    desk_turn(&desk, events, count);
    assert_int_equal(desk.turned, TB_OK);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 3);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM receipt"), MANY + 2);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 1);
    for (size_t i = 0; i < count; i++) {
        tb_buf_fini(&frames[i]);
    }
    struct tb_id id;
    struct tb_id first = {{1}};
    struct fix_say say = {.origin = 140900, .to = {140926}};
    tb_buf_cut(&desk.bytes, 0);
    fix_receipt(&fix, &say, &first, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 4);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2 AND own = 1"), 3);
}

/* I11: beside the signature, filled by a duplicate that has it. */
static void a_duplicate_fills_an_empty_personal_part(void **state)
{
    (void)state;
    static const char personal[] = "0123456789abcdef name and telephone";
    struct tb_buf whole;
    struct tb_envelope envelope;
    struct tb_id id;
    struct fix_say say = fix_usual;
    say.personal = tb_bytes_text(personal);
    tb_buf_init(&whole, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&fix, &say, &whole, &id);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&whole)), TB_OK);
    struct tb_bytes bare = tb_bytes_of(whole.data, whole.size - tb_wire_size(envelope.personal));
    desk_deliver(&desk, 0, 1, bare);
    assert_int_equal(desk_sql(&desk, "SELECT personal IS NULL FROM ledger WHERE n = 1"), 1);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&whole));
    desk_body(&desk, &id, &envelope);
    assert_true(tb_bytes_equal(envelope.personal, tb_bytes_text(personal)));
    assert_true(tb_bytes_equal(envelope.bytes, tb_buf_bytes(&whole)));
    tb_buf_fini(&whole);
}

/* I4: a turn that does not commit sends nothing; what it brought comes again. */
static void i4_a_full_disk_sends_nothing_and_greets_again(void **state)
{
    (void)state;
    desk_sql(&desk, "PRAGMA wal_checkpoint(TRUNCATE)");
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %d",
             (int)desk_sql(&desk, "PRAGMA page_count"));
    desk_sql(&desk, limit);
    struct fix_say say = fix_usual;
    say.course_bytes = 8000;
    struct tb_id id = {{0}};
    for (int i = 0; i < 50 && desk.turned == TB_OK; i++) {
        id = desk_deliver_notice(&desk, &say);
    }
    assert_int_equal(desk.turned, TB_DISKFULL);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_FRAME), 0);
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 0);
    assert_int_equal(tb_node_deadline_ms(desk.node), desk.now.mono_ms + TB_DISKFULL_MS);
    desk_sql(&desk, "PRAGMA max_page_count = 100000");
    desk_later(&desk, TB_DISKFULL_MS);
    desk_due(&desk);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 1);
    /* Nothing is remembered of the turn that was undone. */
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 0);
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_welcome(&desk, 0, &welcome, 1);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
}

/* I4: the events before the one that filled the disk are undone with it, and memory
 * with the rows: nothing is promised for them. */
static void i4_a_turn_that_a_full_disk_undoes_is_forgotten_whole(void **state)
{
    (void)state;
    enum { MANY = 40 };
    struct tb_event events[MANY];
    struct tb_buf frames[MANY];
    char limit[64];
    struct fix_say say = fix_usual;
    say.course_bytes = 8000;
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %d",
             (int)desk_sql(&desk, "PRAGMA page_count") + 40);
    desk_sql(&desk, limit);
    for (int i = 0; i < MANY; i++) {
        Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        desk_make_notice(&desk, &say);
        deliver.lane = 1;
        deliver.seq = (uint64_t)i + 1;
        deliver.envelope = tb_wire_data(tb_buf_bytes(&desk.bytes));
        frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
        frame.deliver = &deliver;
        events[i] = desk_event(&desk, 0, &frame, &frames[i]);
    }
    desk_turn(&desk, events, MANY);
    assert_int_equal(desk.turned, TB_DISKFULL);
    desk_sql(&desk, "PRAGMA max_page_count = 100000");
    desk_later(&desk, TB_DISKFULL_MS);
    desk_due(&desk);
    assert_int_equal(desk.turned, TB_OK);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED), 0);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    for (int i = 0; i < MANY; i++) {
        tb_buf_fini(&frames[i]);
    }
}

/* ------------------------------------------------------------------- stored */

/* When the Stored of the last turn leaves: now or soon. */
static enum tb_effect_kind stored_as(void)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&desk.out, &at, &effect)) {
        if (tb_effect_sends(effect.kind) && effect.code == TONGBAO__FRAME__KIND_STORED) {
            return effect.kind;
        }
    }
    fail_msg("no Stored in this turn");
    return TB_EFFECT_NOTE;
}

/* A duplicate moves the cursor and makes no receipt, with which a Stored would go. */
static void deliver_again(size_t times, enum tb_effect_kind expected)
{
    for (size_t i = 0; i < times; i++) {
        desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
        assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_OFFER), 0);
        assert_int_equal(stored_as(), expected);
    }
}

static void a_stored_for_few_rows_waits_and_for_half_a_window_goes_at_once(void **state)
{
    (void)state;
    desk_deliver_notice(&desk, &fix_usual);
    deliver_again(TB_STORED_SOON_ROWS - 1, TB_EFFECT_LATER);
    deliver_again(1, TB_EFFECT_FRAME);
    deliver_again(1, TB_EFFECT_LATER);
}

static void a_stored_for_many_bytes_goes_at_once_though_its_rows_are_few(void **state)
{
    (void)state;
    struct fix_say say = fix_usual;
    say.course_bytes = TB_TEXT_BYTES_MAX - 1;
    desk_deliver_notice(&desk, &say);
    size_t few = TB_STORED_SOON_BYTES / desk.bytes.size;
    assert_in_range(few, 1, TB_STORED_SOON_ROWS / 2);
    deliver_again(few, TB_EFFECT_LATER);
    deliver_again(1, TB_EFFECT_FRAME);
    deliver_again(1, TB_EFFECT_LATER);
}

static void a_frame_that_goes_at_once_takes_what_waits_along(void **state)
{
    (void)state;
    desk_deliver_notice(&desk, &fix_usual);
    deliver_again(TB_STORED_SOON_ROWS - 2, TB_EFFECT_LATER);
    desk_deliver_notice(&desk, &fix_usual); /* its receipt is offered at once */
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_OFFER), 1);
    assert_int_equal(stored_as(), TB_EFFECT_LATER);
    deliver_again(TB_STORED_SOON_ROWS - 1, TB_EFFECT_LATER);
    deliver_again(1, TB_EFFECT_FRAME);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i4_a_stored_notice_gives_one_receipt_and_moves_the_cursor),
        WITH(i2_a_duplicate_moves_the_cursor_and_nothing_else),
        WITH(i3_an_altered_envelope_is_not_shown),
        WITH(i3_a_notice_signed_by_another_offices_key_is_not_shown),
        WITH(i7_an_exercise_with_its_world_changed_does_not_verify),
        WITH(i3_a_follow_up_of_another_office_is_refused_and_objected_to_once),
        WITH(i7_an_exercise_acknowledgement_does_not_answer_an_actual_notice),
        WITH(an_early_acknowledgement_is_shown_when_its_notice_comes),
        WITH(a_follow_up_before_its_notice_is_shown_marked_and_judged_later),
        WITH(an_envelope_that_does_not_name_this_office_is_taken),
        WITH(an_unknown_kind_is_stored_receipted_and_shown_as_such),
        WITH(receipts_group_by_origin_and_world_and_get_none_themselves),
        WITH(a_duplicate_fills_an_empty_personal_part),
        WITH(i4_a_full_disk_sends_nothing_and_greets_again),
        WITH(i4_a_turn_that_a_full_disk_undoes_is_forgotten_whole),
        WITH(a_stored_for_few_rows_waits_and_for_half_a_window_goes_at_once),
        WITH(a_stored_for_many_bytes_goes_at_once_though_its_rows_are_few),
        WITH(a_frame_that_goes_at_once_takes_what_waits_along),
    };
    return cmocka_run_group_tests_name("node: inbox", tests, NULL, NULL);
}
