#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "bench.h"
#include "proto/wire.h"

/* What a broker takes, refuses and files; I1, I3, I4, I10. */

static const struct fix_say usual = {
    .origin = 140925, .directory_version = 1, .course = "河水发黑", .to = {140926, 140900, 140000}};

static struct tb_buf made(struct bench *bench, const struct fix_say *say, struct tb_id *id)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, say, &bytes, id);
    return bytes;
}

static void a_notice_is_filed_for_every_recipient_that_reads_here(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct tb_id id;
    say.to[3] = 140123; /* reads at sx-2 alone */
    bench_hello(bench, 1, 140925);
    const Tongbao__Answer *answer = bench_say(bench, 1, &say, &id);
    assert_int_equal(answer->status, TB_OK);
    assert_false(answer->duplicate);
    assert_true(answer->position > 0);
    assert_memory_equal(answer->id.data, id.byte, TB_ID_BYTES);
    assert_int_equal(answer->n_filed, 3);
    assert_int_equal(answer->filed[0], 140000);
    assert_int_equal(answer->filed[1], 140900);
    assert_int_equal(answer->filed[2], 140926);
    assert_int_equal(answer->n_full, 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 3);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE lane = 1"), 3);
    assert_true(bench_noted(bench, TB_NOTE_ENVELOPE_ADMITTED));
}

static void a_duplicate_is_answered_like_the_first_and_filed_once(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    struct tb_buf bytes = made(bench, &usual, &id);
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    uint64_t position = bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->position;
    /* From another office too: "the link says only who carries it". */
    const Tongbao__Answer *again = bench_offer(bench, 2, tb_buf_bytes(&bytes), false);
    assert_int_equal(again->status, TB_OK);
    assert_true(again->duplicate);
    assert_int_equal(again->position, position);
    assert_int_equal(again->n_filed, 3);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 1);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 3);
    tb_buf_fini(&bytes);
}

static void i3_no_alteration_of_an_envelope_is_stored(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = made(bench, &usual, NULL);
    bench_hello(bench, 1, 140925);
    for (size_t i = 0; i < bytes.size; i++) {
        bytes.data[i] ^= 0x01;
        const Tongbao__Answer *answer = bench_offer(bench, 1, tb_buf_bytes(&bytes), false);
        assert_non_null(answer);
        assert_int_not_equal(answer->status, TB_OK);
        assert_true(bench_noted(bench, TB_NOTE_ENVELOPE_REFUSED));
        bytes.data[i] ^= 0x01;
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM lane"), 0);
    tb_buf_fini(&bytes);
}

static void i3_a_wrong_signature_is_refused(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = made(bench, &usual, NULL);
    /* The signature is the envelope's last field. */
    bytes.data[bytes.size - 1] ^= 0x10;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->status, TB_SIGNATURE);
    tb_buf_fini(&bytes);
}

static void i3_an_unknown_signer_is_refused_for_now(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct fix_key stranger;
    fix_key(&stranger, "nobody's");
    say.key = &stranger;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_SIGNER);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
}

static void i3_an_office_cannot_sign_for_another(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    say.key = &fix_office(&bench->fix, 140926)->key;
    bench_hello(bench, 1, 140926);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_SIGNER);
}

static void i3_a_revoked_key_is_refused_but_what_was_admitted_stays(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct tb_buf before = made(bench, &say, NULL);
    bench_hello(bench, 1, 140900);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&before), false)->status, TB_OK);
    fix_office(&bench->fix, 140925)->key.state = TONGBAO__KEY_STATE__REVOKED;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    say.course = "after";
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_REVOKED);
    /* The old one is still answered as the first time, and delivered, marked. */
    assert_true(bench_offer(bench, 1, tb_buf_bytes(&before), false)->duplicate);
    bench_hello(bench, 2, 140926);
    const Tongbao__Frame *deliver = bench_sent(bench, 2, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_non_null(deliver);
    assert_true(deliver->deliver->revoked);
    tb_buf_fini(&before);
}

static void i3_a_revoked_key_is_refused_in_a_repair_too(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = made(bench, &usual, NULL);
    fix_office(&bench->fix, 140925)->key.state = TONGBAO__KEY_STATE__REVOKED;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    bench_hello(bench, 1, 140926);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bytes), true)->status, TB_REVOKED);
    tb_buf_fini(&bytes);
}

static void i3_what_is_no_envelope_is_malformed(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_bytes_text("not an envelope"), false)->status,
                     TB_MALFORMED);
}

static void i3_only_the_origin_continues_its_notice(void **state)
{
    struct bench *bench = *state;
    struct tb_id first;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_say(bench, 1, &usual, &first)->status, TB_OK);
    struct fix_say say = usual;
    say.kind = TONGBAO__NOTICE__KIND__ALL_CLEAR;
    say.regards = &first;
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    say.origin = 140926;
    assert_int_equal(bench_say(bench, 2, &say, NULL)->status, TB_AUTHORITY);
}

static void i7_an_exercise_cannot_answer_a_real_notice(void **state)
{
    struct bench *bench = *state;
    struct tb_id first;
    struct tb_buf bytes;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_say(bench, 1, &usual, &first)->status, TB_OK);
    struct fix_say say = {.origin = 140926,
                          .directory_version = 1,
                          .world = TB_WORLD_EXERCISE,
                          .to = {140925, 140900, 140000}};
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_acknowledgement(&bench->fix, &say, &first, &bytes, NULL);
    assert_int_equal(bench_offer(bench, 2, tb_buf_bytes(&bytes), false)->status, TB_AUTHORITY);
    tb_buf_cut(&bytes, 0);
    say.world = TB_WORLD_ACTUAL;
    fix_acknowledgement(&bench->fix, &say, &first, &bytes, NULL);
    assert_int_equal(bench_offer(bench, 2, tb_buf_bytes(&bytes), false)->status, TB_OK);
    tb_buf_fini(&bytes);
}

static void nothing_is_stored_that_nobody_reads_here(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    memset(say.to, 0, sizeof say.to);
    say.to[0] = 140123;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_UNKNOWN);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
}

static void an_empty_personal_part_is_filled_by_a_duplicate_that_matches(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct tb_buf whole;
    struct tb_id id;
    struct tb_id same;
    say.personal = tb_bytes_text("salt-salt-salt-1受害人电话 13800000000");
    say.personal_left_out = true;
    struct tb_buf bare = made(bench, &say, &id);
    bench->fix.office[FIX_NINGWU].chain[TB_WORLD_ACTUAL].seq = 0;
    say.personal_left_out = false;
    whole = made(bench, &say, &same);
    assert_true(tb_id_equal(&id, &same));
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bare), false)->status, TB_OK);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope WHERE personal IS NULL"), 1);
    assert_true(bench_offer(bench, 1, tb_buf_bytes(&whole), false)->duplicate);
    assert_int_equal(bench_sql(bench, "SELECT length(personal) FROM envelope"),
                     (int64_t)say.personal.size);
    /* What is delivered has both, as it came. */
    bench_hello(bench, 2, 140926);
    const Tongbao__Frame *deliver = bench_sent(bench, 2, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_non_null(deliver);
    assert_true(tb_bytes_equal(tb_wire_bytes(deliver->deliver->envelope), tb_buf_bytes(&whole)));
    tb_buf_fini(&bare);
    tb_buf_fini(&whole);
}

static void
i10_at_half_exercises_and_at_the_whole_everything_is_full_for_that_office_alone(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    bench_close(bench);
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench->config.mailbox_rows_max = 4;
    bench_open(bench, ":memory:", true);
    bench_hello(bench, 1, 140925);
    memset(say.to, 0, sizeof say.to);
    say.to[0] = 140926;
    say.world = TB_WORLD_EXERCISE;
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    const Tongbao__Answer *full = bench_say(bench, 1, &say, NULL);
    assert_int_equal(full->status, TB_FULL);
    assert_int_equal(full->n_full, 1);
    assert_int_equal(full->full[0], 140926);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 2);
    /* An actual notice has the other half, and the other offices theirs. */
    say.world = TB_WORLD_ACTUAL;
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_FULL);
    say.to[1] = 140900;
    struct tb_buf bytes = made(bench, &say, NULL);
    const Tongbao__Answer *part = bench_offer(bench, 1, tb_buf_bytes(&bytes), false);
    assert_int_equal(part->status, TB_OK);
    assert_int_equal(part->n_filed, 1);
    assert_int_equal(part->filed[0], 140900);
    assert_int_equal(part->n_full, 1);
    assert_int_equal(part->full[0], 140926);
    assert_true(bench_noted(bench, TB_NOTE_MAILBOX_FULL));
    /* The only office that got it has stored it; it is done, for now. */
    bench_hello(bench, 3, 140900);
    const Tongbao__Frame *sole = bench_sent(bench, 3, TONGBAO__FRAME__KIND_DELIVER, 0);
    struct tb_envelope taken;
    assert_int_equal(tb_envelope_read(&taken, tb_wire_bytes(sole->deliver->envelope)), TB_OK);
    bench_stored(bench, 3, TB_LANE_FIRST, sole->deliver->seq, &taken.id);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope WHERE stored_ran_ms >= 0"), 1);
    /* The office collects; a re-offer files what was missing. */
    bench_hello(bench, 2, 140926);
    const Tongbao__Frame *last = bench_sent(bench, 2, TONGBAO__FRAME__KIND_DELIVER, 1);
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(last->deliver->envelope)), TB_OK);
    bench_stored(bench, 2, TB_LANE_FIRST, last->deliver->seq, &envelope.id);
    const Tongbao__Answer *again = bench_offer(bench, 1, tb_buf_bytes(&bytes), false);
    assert_int_equal(again->status, TB_OK);
    assert_true(again->duplicate);
    assert_int_equal(again->n_filed, 2);
    assert_int_equal(again->n_full, 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope WHERE stored_ran_ms IS NULL"),
                     3);
    tb_buf_fini(&bytes);
}

/* Offer the destruction of ${id}'s personal part, said by ${origin}. */
static void destroyed_by(struct bench *bench, uint64_t peer, uint32_t origin,
                         const struct tb_id *id)
{
    struct fix_say say = {.origin = origin, .to = {140926, 140900, 140000}};
    struct tb_buf bytes;
    struct tb_id said;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_destruction(&bench->fix, &say, id, &bytes, &said);
    assert_int_equal(bench_offer(bench, peer, tb_buf_bytes(&bytes), false)->status, TB_OK);
    tb_buf_fini(&bytes);
}

#define KEPT "SELECT count(*) FROM envelope WHERE personal IS NOT NULL"

static void i11_what_its_origin_destroyed_is_blanked_and_never_filled_again(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct tb_id id;
    say.personal = tb_bytes_text("salt-salt-salt-1受害人电话 13800000000");
    struct tb_buf whole = made(bench, &say, &id);
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&whole), false)->status, TB_OK);
    assert_int_equal(bench_sql(bench, KEPT), 1);
    /* Another office destroys its own copy, not the broker's. */
    destroyed_by(bench, 2, 140926, &id);
    assert_int_equal(bench_sql(bench, KEPT), 1);
    assert_int_equal(bench_effects(bench, TB_EFFECT_SCRUB), 0);
    destroyed_by(bench, 1, 140925, &id);
    assert_int_equal(bench_sql(bench, KEPT), 0);
    assert_int_equal(bench_effects(bench, TB_EFFECT_SCRUB), 1);
    assert_true(bench_offer(bench, 1, tb_buf_bytes(&whole), false)->duplicate);
    assert_int_equal(bench_sql(bench, KEPT), 0);
    tb_buf_fini(&whole);
}

static void i11_a_destruction_before_its_envelope_keeps_it_out(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    struct tb_id id;
    say.personal = tb_bytes_text("salt-salt-salt-1受害人电话 13800000000");
    struct tb_buf whole = made(bench, &say, &id);
    bench_hello(bench, 1, 140925);
    destroyed_by(bench, 1, 140925, &id);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&whole), false)->status, TB_OK);
    assert_int_equal(bench_sql(bench, KEPT), 0);
    /* What is delivered verifies without it. */
    bench_hello(bench, 2, 140926);
    const Tongbao__Frame *deliver = bench_sent(bench, 2, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_non_null(deliver);
    assert_true(deliver->deliver->envelope.len < whole.size);
    tb_buf_fini(&whole);
}

static void i11_a_personal_part_is_kept_apart_and_delivered_as_it_came(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    say.personal = tb_bytes_text("salt-salt-salt-1受害人电话 13800000000");
    struct tb_buf whole = made(bench, &say, NULL);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&whole), false)->status, TB_OK);
    /* Not a byte of it is left in the other column. */
    assert_int_equal(
        bench_sql(bench, "SELECT instr(bytes, CAST('13800000000' AS BLOB)) FROM envelope"), 0);
    assert_int_equal(bench_sql(bench, "SELECT length(personal) FROM envelope"),
                     (int64_t)say.personal.size);
    bench_hello(bench, 2, 140926);
    const Tongbao__Frame *deliver = bench_sent(bench, 2, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_true(tb_bytes_equal(tb_wire_bytes(deliver->deliver->envelope), tb_buf_bytes(&whole)));
    tb_buf_fini(&whole);
}

static void a_bad_event_undoes_itself_alone(void **state)
{
    struct bench *bench = *state;
    struct tb_buf good = made(bench, &usual, NULL);
    struct tb_buf buf[2];
    struct tb_event events[3];
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    bench_hello(bench, 1, 140925);
    bench_link(bench, 2, 140926); /* has not said Hello */
    offer.tag = 5;
    offer.envelope = tb_wire_data(tb_buf_bytes(&good));
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    events[0] = bench_event(bench, 2, &frame, &buf[0]);
    events[1] = bench_event(bench, 1, &frame, &buf[1]);
    events[2] = events[1];
    events[2].data = tb_bytes_text("\xff\xff\xff");
    bench_turn(bench, events, 3);
    assert_int_equal(bench->turned, TB_OK);
    assert_int_equal(bench_sent(bench, 2, TONGBAO__FRAME__KIND_REFUSAL, 0)->refusal->status,
                     TB_STATE);
    assert_int_equal(bench_sent(bench, 1, TONGBAO__FRAME__KIND_ANSWER, 0)->answer->status, TB_OK);
    assert_int_equal(bench_sent(bench, 1, TONGBAO__FRAME__KIND_REFUSAL, 0)->refusal->status,
                     TB_MALFORMED);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 1);
    tb_buf_fini(&buf[0]);
    tb_buf_fini(&buf[1]);
    tb_buf_fini(&good);
}

/* The store really fails here: the file may not grow (SQLITE_FULL), or is not
 * writable at COMMIT (anything else). */
static void i4_nothing_leaves_when_the_disk_is_full(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    say.course = NULL;
    say.course_bytes = 8000;
    struct tb_buf bytes = made(bench, &say, NULL);
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %d",
             (int)bench_sql(bench, "PRAGMA page_count"));
    assert_true(bench_sql(bench, pragma) > 0);
    const Tongbao__Answer *answer = bench_offer(bench, 1, tb_buf_bytes(&bytes), false);
    assert_int_equal(bench->turned, TB_DISKFULL);
    assert_non_null(answer);
    assert_int_equal(answer->status, TB_DISKFULL);
    assert_int_equal(bench_count(bench, 1, TONGBAO__FRAME__KIND_ANSWER), 1);
    assert_int_equal(bench_count(bench, 2, TONGBAO__FRAME__KIND_DELIVER), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
    /* There is room again: the same offer is taken. */
    assert_true(bench_sql(bench, "PRAGMA max_page_count = 100000") > 0);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->status, TB_OK);
    assert_int_equal(bench_count(bench, 2, TONGBAO__FRAME__KIND_DELIVER), 1);
    tb_buf_fini(&bytes);
}

static void i4_nothing_leaves_when_the_store_is_broken(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_sql(bench, "PRAGMA query_only = ON"), -1);
    struct tb_buf bytes = made(bench, &usual, NULL);
    assert_null(bench_offer(bench, 1, tb_buf_bytes(&bytes), false));
    assert_int_equal(bench->turned, TB_IO);
    assert_int_equal(bench->out.count, 0);
    tb_buf_fini(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_notice_is_filed_for_every_recipient_that_reads_here),
        TEST(a_duplicate_is_answered_like_the_first_and_filed_once),
        TEST(i3_no_alteration_of_an_envelope_is_stored),
        TEST(i3_a_wrong_signature_is_refused),
        TEST(i3_an_unknown_signer_is_refused_for_now),
        TEST(i3_an_office_cannot_sign_for_another),
        TEST(i3_a_revoked_key_is_refused_but_what_was_admitted_stays),
        TEST(i3_a_revoked_key_is_refused_in_a_repair_too),
        TEST(i3_what_is_no_envelope_is_malformed),
        TEST(i3_only_the_origin_continues_its_notice),
        TEST(i7_an_exercise_cannot_answer_a_real_notice),
        TEST(nothing_is_stored_that_nobody_reads_here),
        TEST(an_empty_personal_part_is_filled_by_a_duplicate_that_matches),
        TEST(i11_what_its_origin_destroyed_is_blanked_and_never_filled_again),
        TEST(i11_a_destruction_before_its_envelope_keeps_it_out),
        TEST(i11_a_personal_part_is_kept_apart_and_delivered_as_it_came),
        TEST(i10_at_half_exercises_and_at_the_whole_everything_is_full_for_that_office_alone),
        TEST(a_bad_event_undoes_itself_alone),
        TEST(i4_nothing_leaves_when_the_disk_is_full),
        TEST(i4_nothing_leaves_when_the_store_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
