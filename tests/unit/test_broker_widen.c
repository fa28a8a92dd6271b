#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "bench.h"
#include "proto/wire.h"

/* I5: the river decides. A broker with a newer directory widens a route that an
 * old topology made too narrow, says so, and never narrows one. */

#define DELIVER TONGBAO__FRAME__KIND_DELIVER

static int start(void **state)
{
    (void)bench_setup(state);
    struct bench *bench = *state;
    bench->fix.rivers = true;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    return 0;
}

/* By directory 1, 宁武 did not know that 静乐 is next down on the 汾河. */
static const struct fix_say narrow = {
    .origin = 140925, .directory_version = 1, .river = "汾河", .to = {140900, 140000}};

static int64_t statements(struct bench *bench)
{
    return bench_sql(bench, "SELECT count(*) FROM envelope WHERE kind = 6 AND world = 0");
}

/* The nth widening delivered to ${peer} in the last turn, verified. */
static const Tongbao__Body *widening(struct bench *bench, uint64_t peer, size_t nth)
{
    for (size_t i = 0;; i++) {
        const Tongbao__Frame *frame = bench_sent(bench, peer, DELIVER, i);
        struct tb_envelope envelope;
        const Tongbao__Body *body;
        if (frame == NULL) {
            return NULL;
        }
        assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(frame->deliver->envelope)),
                         TB_OK);
        if (envelope.world != TB_WORLD_NONE || nth-- > 0) {
            continue;
        }
        assert_int_equal(frame->deliver->lane, TB_LANE_REST);
        assert_int_equal(envelope.origin, 140000);
        assert_int_equal(tb_envelope_verify(&envelope, bench->fix.broker[0].key.sign), TB_OK);
        assert_int_equal(tb_envelope_body(&envelope, &bench->arena, &body), TB_OK);
        return body;
    }
}

static void i5_a_missing_required_office_gets_the_notice_and_the_statement(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    bench_hello(bench, 3, 140000);
    const Tongbao__Answer *answer = bench_say(bench, 1, &narrow, &id);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(answer->n_filed, 3);
    assert_int_equal(answer->filed[2], 140926);
    assert_true(bench_noted(bench, TB_NOTE_ENVELOPE_WIDENED));
    assert_int_equal(statements(bench), 1);
    assert_int_equal(bench_count(bench, 2, DELIVER), 2);
    for (uint64_t peer = 1; peer <= 3; peer++) {
        const Tongbao__Body *body = widening(bench, peer, 0);
        assert_non_null(body);
        assert_memory_equal(body->widening->envelope.data, id.byte, TB_ID_BYTES);
        assert_int_equal(body->widening->office, 140926);
        assert_int_equal(body->widening->topology_version, 2);
        assert_int_equal(body->widening->hops, 1);
        assert_string_equal(body->widening->river, "汾河");
        assert_true(body->widening->clause[0] != '\0');
        assert_int_equal(body->chain.len, 0);
        assert_int_equal(body->issued_at_ms, bench->now.wall.ms);
        assert_null(widening(bench, peer, 1));
    }
}

static void i5_an_office_that_reads_elsewhere_is_named_to_the_origin_only(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    say.origin = 140926; /* next down is 娄烦, which reads at sx-2 */
    bench_hello(bench, 1, 140926);
    const Tongbao__Answer *answer = bench_say(bench, 1, &say, NULL);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(answer->n_filed, 2);
    const Tongbao__Body *body = widening(bench, 1, 0);
    assert_non_null(body);
    assert_int_equal(body->widening->office, 140123);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE office = 140123"), 0);
}

/* It was here to offer, so it can be told here; the office itself reads elsewhere. */
static void i5_an_origin_that_reads_elsewhere_is_told_all_the_same(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    say.origin = 140926;
    bench->fix.office[FIX_JINGLE].reads[0] = "sx-2";
    assert_int_equal(bench_publish(bench, 3), TB_OK);
    bench_hello(bench, 1, 140926);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    const Tongbao__Body *body = widening(bench, 1, 0);
    assert_non_null(body);
    assert_int_equal(body->widening->office, 140123);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE office = 140926"), 1);
}

static void i5_the_same_envelope_and_office_are_widened_once(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &narrow, &bytes, NULL);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->status, TB_OK);
    bench_later(bench, 60000);
    assert_true(bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->duplicate);
    assert_int_equal(statements(bench), 1);
    tb_buf_fini(&bytes);
}

static void i5_a_notice_offered_for_an_unlisted_required_office_alone_is_filed(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    /* The origin acts on a widening from elsewhere: none of the recipients that
     * its envelope names reads here. */
    memset(say.to, 0, sizeof say.to);
    say.to[0] = 140123;
    bench_hello(bench, 1, 140925);
    const Tongbao__Answer *answer = bench_say(bench, 1, &say, NULL);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE office = 140926"
                                      " AND lane = 1"),
                     1);
}

static void i5_nobody_narrows_a_route(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    say.directory_version = 2;
    /* Not required by any rule, added by the origin: stays. */
    memset(say.to, 0, sizeof say.to);
    say.to[0] = 140000;
    bench_hello(bench, 1, 140926);
    say.origin = 140926;
    const Tongbao__Answer *answer = bench_say(bench, 1, &say, NULL);
    assert_int_equal(answer->n_filed, 1);
    assert_int_equal(statements(bench), 0);
}

static void an_exercise_and_a_newer_head_are_not_widened(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    bench_hello(bench, 1, 140925);
    say.world = TB_WORLD_EXERCISE;
    assert_int_equal(bench_say(bench, 1, &say, NULL)->n_filed, 2);
    say.world = TB_WORLD_ACTUAL;
    say.directory_version = 3;
    assert_int_equal(bench_say(bench, 1, &say, NULL)->n_filed, 2);
    assert_int_equal(statements(bench), 0);
}

static void i5_an_inquiry_goes_up_the_river(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = narrow;
    say.origin = 140926;
    say.kind = TONGBAO__NOTICE__KIND__INQUIRY;
    bench_hello(bench, 1, 140926);
    bench_hello(bench, 2, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    const Tongbao__Body *body = widening(bench, 2, 0);
    assert_non_null(body);
    assert_int_equal(body->widening->office, 140925);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(i5_a_missing_required_office_gets_the_notice_and_the_statement),
        TEST(i5_an_office_that_reads_elsewhere_is_named_to_the_origin_only),
        TEST(i5_an_origin_that_reads_elsewhere_is_told_all_the_same),
        TEST(i5_the_same_envelope_and_office_are_widened_once),
        TEST(i5_a_notice_offered_for_an_unlisted_required_office_alone_is_filed),
        TEST(i5_nobody_narrows_a_route),
        TEST(an_exercise_and_a_newer_head_are_not_widened),
        TEST(i5_an_inquiry_goes_up_the_river),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
