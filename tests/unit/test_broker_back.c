#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "bench.h"
#include "proto/wire.h"

/* What a province gives back to an office of its own that lost its disk; I3, I10. */

enum { PROVINCE_PEER = 1, OTHER_PEER = 2, OFFICE_PEER = 3 };

/* 宁武 said it to 静乐 and its superiors; this broker has dropped it since. */
static const struct fix_say said = {.origin = 140925, .to = {140926, 140900, 140000}};

static const Tongbao__Answer *give(struct bench *bench, uint64_t peer, struct tb_bytes bytes,
                                   uint32_t back)
{
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.tag = ++bench->tag;
    offer.envelope = tb_wire_data(bytes);
    offer.repair = true;
    offer.back = back;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    bench_frame(bench, peer, &frame);
    const Tongbao__Frame *reply = bench_sent(bench, peer, TONGBAO__FRAME__KIND_ANSWER, 0);
    assert_non_null(reply);
    return reply->answer;
}

static struct tb_buf made(struct bench *bench, const struct fix_say *say)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, say, &bytes, NULL);
    return bytes;
}

static void what_is_given_back_is_filed_for_that_office_alone_behind_all_notices(void **state)
{
    struct bench *bench = *state;
    struct tb_buf own = made(bench, &said);
    struct tb_buf addressed = made(bench, &said);
    bench_hello(bench, PROVINCE_PEER, 140000);
    const Tongbao__Answer *answer = give(bench, PROVINCE_PEER, tb_buf_bytes(&own), 140925);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(answer->n_filed, 1);
    assert_int_equal(answer->filed[0], 140925);
    answer = give(bench, PROVINCE_PEER, tb_buf_bytes(&addressed), 140926);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(answer->n_filed, 1);
    assert_int_equal(answer->filed[0], 140926);
    /* An actual notice, and yet in lane 2; nobody else is filed for. */
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 2);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE lane = 2"), 2);
    bench_hello(bench, OFFICE_PEER, 140925);
    const Tongbao__Frame *deliver = bench_sent(bench, OFFICE_PEER, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_non_null(deliver);
    assert_int_equal(deliver->deliver->lane, 2);
    assert_true(tb_bytes_equal(tb_wire_bytes(deliver->deliver->envelope), tb_buf_bytes(&own)));
    tb_buf_fini(&own);
    tb_buf_fini(&addressed);
}

static void what_stands_in_the_mailbox_is_answered_and_not_filed_again(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = made(bench, &said);
    bench_hello(bench, OFFICE_PEER, 140925);
    assert_int_equal(bench_offer(bench, OFFICE_PEER, tb_buf_bytes(&bytes), false)->status, TB_OK);
    bench_hello(bench, PROVINCE_PEER, 140000);
    const Tongbao__Answer *answer = give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140926);
    assert_int_equal(answer->status, TB_OK);
    assert_true(answer->duplicate);
    assert_int_equal(answer->n_filed, 1);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 3);
    /* Its own was in nobody's mailbox for it. */
    assert_int_equal(give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140925)->n_filed, 1);
    assert_int_equal(give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140925)->n_filed, 1);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 4);
    tb_buf_fini(&bytes);
}

static void i3_nobody_but_the_province_gives_back(void **state)
{
    struct bench *bench = *state;
    static const uint32_t others[] = {140900, 140926, 140925};
    struct tb_buf bytes = made(bench, &said);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        bench_hello(bench, OTHER_PEER + i, others[i]);
        assert_int_equal(give(bench, OTHER_PEER + i, tb_buf_bytes(&bytes), 140925)->status,
                         TB_AUTHORITY);
    }
    bench_hello(bench, PROVINCE_PEER, 140000);
    /* Not its own office; itself; an office that the envelope does not name. */
    static const uint32_t wrong[] = {130700, 140000, 140123, 7};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), wrong[i])->status,
                         TB_AUTHORITY);
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 0);
    tb_buf_fini(&bytes);
}

static void i3_what_does_not_verify_is_not_given_back(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = made(bench, &said);
    bench_hello(bench, PROVINCE_PEER, 140000);
    bytes.data[bytes.size - 1] ^= 0x10;
    assert_int_equal(give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140925)->status,
                     TB_SIGNATURE);
    bytes.data[bytes.size - 1] ^= 0x10;
    /* "In a repair a revoked key's envelope is not taken." */
    fix_office(&bench->fix, 140925)->key.state = TONGBAO__KEY_STATE__REVOKED;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    assert_int_equal(give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140925)->status, TB_REVOKED);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 0);
    tb_buf_fini(&bytes);
}

static void i10_half_of_the_mailbox_is_never_given_back_into(void **state)
{
    struct bench *bench = *state;
    bench_close(bench);
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench->config.mailbox_rows_max = 4;
    bench_open(bench, ":memory:", true);
    bench_hello(bench, PROVINCE_PEER, 140000);
    for (int i = 0; i < 3; i++) {
        struct tb_buf bytes = made(bench, &said);
        const Tongbao__Answer *answer = give(bench, PROVINCE_PEER, tb_buf_bytes(&bytes), 140925);
        assert_int_equal(answer->status, i < 2 ? TB_OK : TB_FULL);
        assert_int_equal(answer->n_full, i < 2 ? 0 : 1);
        tb_buf_fini(&bytes);
    }
    /* Nor is one that is held for others. */
    struct fix_say say = {.origin = 140926, .to = {140900}};
    struct tb_buf held = made(bench, &(struct fix_say){.origin = 140925, .to = {140900}});
    bench_hello(bench, OTHER_PEER, 140926);
    assert_int_equal(bench_offer(bench, OTHER_PEER, tb_buf_bytes(&held), false)->status, TB_OK);
    const Tongbao__Answer *answer = give(bench, PROVINCE_PEER, tb_buf_bytes(&held), 140925);
    assert_int_equal(answer->n_filed, 0);
    assert_int_equal(answer->n_full, 1);
    tb_buf_fini(&held);
    /* A notice still has its room. */
    say.to[0] = 140925;
    assert_int_equal(bench_say(bench, OTHER_PEER, &say, NULL)->status, TB_OK);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_is_given_back_is_filed_for_that_office_alone_behind_all_notices),
        WITH(what_stands_in_the_mailbox_is_answered_and_not_filed_again),
        WITH(i3_nobody_but_the_province_gives_back),
        WITH(i3_what_does_not_verify_is_not_given_back),
        WITH(i10_half_of_the_mailbox_is_never_given_back_into),
    };
    return cmocka_run_group_tests_name("broker: given back", tests, NULL, NULL);
}
