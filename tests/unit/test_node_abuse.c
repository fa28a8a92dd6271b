#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"
#include "proto/wire.h"

/* What a broker that lies, or a colleague who is curious, may try at 静乐 (140926). */

static struct fixture fix;
static struct desk desk;
static struct tb_buf bytes;

static int start(void **state)
{
    (void)state;
    fix_init(&fix);
    desk_start(&desk, &fix, 140926, (struct desk_make){.on_disk = true});
    desk_on_duty(&desk);
    desk_greet(&desk, 0, 1);
    desk_greet(&desk, 1, 2);
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

static struct tb_id make(const struct fix_say *say)
{
    struct tb_id id;
    tb_buf_cut(&bytes, 0);
    fix_notice(&fix, say, &bytes, &id);
    return id;
}

/* 娄烦 is in no directory here, so that what it says is parked. */
static void forget_loufan(void)
{
    fix_office(&fix, 140123)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
}

static void learn_loufan(void)
{
    fix_office(&fix, 140123)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    desk_settle(&desk);
}

static const struct fix_say by_loufan = {.origin = 140123, .to = {140926, 140000}};

/* Where the signature of the notice in the bytes stands. */
static uint8_t *signature(void)
{
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&bytes)), TB_OK);
    return bytes.data + (envelope.signature.data - bytes.data);
}

/* I3: the id does not cover the signature. A copy with another one, parked under the id of
 * a notice first, must not keep the notice out. */
static void i3_a_false_copy_in_the_park_does_not_displace_the_notice(void **state)
{
    (void)state;
    forget_loufan();
    struct tb_id id = make(&by_loufan);
    signature()[0] ^= 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    signature()[0] ^= 1;
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&bytes));
    struct tb_status_row status;
    tb_query_status(desk.node, &status);
    assert_int_equal(status.parked, 1);
    learn_loufan();
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM parked"), 0);
}

/* I3: nor may one that is no envelope any more empty the place of what was parked. */
static void i3_a_broken_copy_does_not_drop_what_is_parked(void **state)
{
    (void)state;
    forget_loufan();
    struct tb_id id = make(&by_loufan);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&bytes));
    assert_int_equal(tb_buf_add(&bytes, tb_bytes_of("\x48\x01", 2)), TB_OK); /* a field beyond */
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    learn_loufan();
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
}

/* I4: the answer to a repeated opening of a session holds its token, so it is given to the
 * officer of then and to nobody else. */
static void i4_a_request_id_of_another_officer_opens_no_session_of_his(void **state)
{
    (void)state;
    struct tb_request set = {.verb = TB_VERB_OFFICER_SET, .id = "li"};
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN, .id = "shift"};
    set.officer = (struct tb_officer_set){
        .name = "李娜", .number = "0351-02", .password_hash = "$argon2id$test", .active = true};
    assert_int_equal(desk_ask(&desk, &set).status, TB_OK);
    open.duty = (struct tb_duty_open){.officer = "王强"};
    struct tb_result first = desk_ask(&desk, &open);
    assert_int_equal(first.status, TB_OK);
    open.duty.officer = "李娜";
    struct tb_result other = desk_ask(&desk, &open);
    assert_int_equal(other.status, TB_CONFLICT);
    assert_string_equal(other.token, "");
    open.duty.officer = "王强";
    struct tb_result again = desk_ask(&desk, &open);
    assert_int_equal(again.status, TB_OK);
    assert_true(again.repeated);
    assert_string_equal(again.token, first.token);
}

/* A clock is a claim like any other. */
static void a_welcome_with_a_time_that_is_none_tells_no_skew(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MAX, -1};
    struct tb_link_row rows[TB_LINKS_MAX];
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        Tongbao__Welcome welcome;
        tongbao__welcome__init(&welcome);
        welcome.wall_ms = times[i];
        desk_welcome(&desk, 0, &welcome, 1);
        assert_int_equal(tb_query_links(desk.node, rows, TB_LINKS_MAX), 2);
        assert_int_equal(rows[0].skew_ms, 0);
    }
}

static void widen(const struct tb_id *notice)
{
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Widening widening;
    tongbao__widening__init(&widening);
    struct tb_seal seal = {
        .world = TB_WORLD_NONE, .origin = 140000, .secret = &fix.broker[0].key.secret};
    widening.envelope = tb_wire_id(notice);
    widening.office = 140123;
    body.issued_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    body.widening = &widening;
    struct tb_buf out;
    tb_buf_init(&out, TB_ENVELOPE_BYTES_MAX);
    assert_int_equal(tb_envelope_seal(&out, &seal, &body, &id), TB_OK);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&out));
    tb_buf_fini(&out);
}

/* I7: an exercise is not widened, whichever of the two came first. */
static void i7_a_widening_that_came_before_its_exercise_widens_nothing(void **state)
{
    (void)state;
    struct fix_say say = {.origin = 140925, .world = TB_WORLD_EXERCISE, .to = {140926, 140000}};
    struct tb_id id = make(&say);
    widen(&id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&bytes));
    assert_int_equal(desk_shown(&desk, TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_shown(&desk, TB_STREAM_WIDENED, NULL), 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM recipient WHERE widened = 1"), 0);
}

/* I7: what is about a notice of another world is out of authority whatever its kind, and
 * whichever of the two came first. */
static void i7_an_exercise_about_a_real_notice_is_not_shown_when_that_comes(void **state)
{
    (void)state;
    struct tb_buf real;
    struct fix_say say = {.origin = 140925, .to = {140926, 140000}};
    tb_buf_init(&real, TB_ENVELOPE_BYTES_MAX);
    struct tb_id about = make(&say);
    assert_int_equal(tb_buf_add(&real, tb_buf_bytes(&bytes)), TB_OK);
    struct fix_say drill = {.origin = 140925,
                            .world = TB_WORLD_EXERCISE,
                            .kind = TONGBAO__NOTICE__KIND__INQUIRY,
                            .regards = &about,
                            .to = {140926, 140000}};
    struct tb_id id = make(&drill);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&bytes));
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&real));
    struct tb_notice_row row;
    assert_true(tb_query_notice(desk.node, &about, NULL, &row, NULL));
    assert_false(tb_query_notice(desk.node, &id, NULL, &row, NULL));
    tb_buf_fini(&real);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i3_a_false_copy_in_the_park_does_not_displace_the_notice),
        WITH(i3_a_broken_copy_does_not_drop_what_is_parked),
        WITH(i4_a_request_id_of_another_officer_opens_no_session_of_his),
        WITH(a_welcome_with_a_time_that_is_none_tells_no_skew),
        WITH(i7_a_widening_that_came_before_its_exercise_widens_nothing),
        WITH(i7_an_exercise_about_a_real_notice_is_not_shown_when_that_comes),
    };
    return cmocka_run_group_tests_name("node: abuse", tests, NULL, NULL);
}
