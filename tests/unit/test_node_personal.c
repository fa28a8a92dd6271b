#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "node/core/personal.h"
#include "proto/wire.h"

/* I11 at one desk: what is destroyed is gone, stays gone, and takes nothing with it. */

static struct fixture fix;
static struct desk desk;
static struct tb_buf whole;
static struct tb_id id;

static const char words[] = "0123456789abcdef李四 13800000000";

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140926, false);
    desk_greet(&desk, 0, 1);
    desk_greet(&desk, 1, 1);
    desk_on_duty(&desk);
    struct fix_say say = fix_usual;
    say.personal = tb_bytes_text(words);
    tb_buf_init(&whole, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&fix, &say, &whole, &id);
    return 0;
}

static int end(void **state)
{
    (void)state;
    tb_buf_fini(&whole);
    desk_close(&desk);
    return 0;
}

static struct tb_result ask(enum tb_verb verb, const char *request, const char *reason)
{
    struct tb_request asked = {.verb = verb,
                               .id = request,
                               .token = desk.token,
                               .destroy = {.notice = id, .reason = reason}};
    return desk_ask(&desk, &asked);
}

static enum tb_personal_state state_now(struct tb_buf *text)
{
    return tb_personal_get(desk.node, &id, text);
}

/* Deliver the destruction that ${origin} says. */
static struct tb_id destroyed_by(uint32_t origin, int broker)
{
    struct fix_say say = {.origin = origin, .to = {140926, 140900, 140000}};
    struct tb_id said;
    tb_buf_cut(&desk.bytes, 0);
    fix_destruction(&fix, &say, &id, &desk.bytes, &said);
    desk_deliver(&desk, broker, 2, tb_buf_bytes(&desk.bytes));
    return said;
}

static void i11_the_origin_destroys_what_is_here(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&whole));
    assert_int_equal(state_now(NULL), TB_PERSONAL_HERE);
    struct tb_id said = destroyed_by(140925, 0);
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_SCRUB), 1);
    assert_true(desk_noted(&desk, TB_NOTE_PERSONAL_DESTROYED));
    assert_int_equal(desk_shown(&desk, TB_STREAM_DESTRUCTION, &said), 1);
    /* The notice verifies as before. */
    (void)desk_body(&desk, &id, &envelope);
    assert_int_equal(envelope.personal.size, 0);
    /* A duplicate does not bring it back, by whichever broker, nor after a restart. */
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&whole));
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
    desk_reopen(&desk);
    desk_greet(&desk, 1, 1);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&whole));
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE personal IS NOT NULL"), 0);
}

static void i11_a_destruction_that_comes_first_keeps_it_out(void **state)
{
    (void)state;
    struct tb_id said = destroyed_by(140925, 0);
    assert_int_equal(desk_shown(&desk, TB_STREAM_DESTRUCTION, &said), 0);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&whole));
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
    assert_int_equal(desk_shown(&desk, TB_STREAM_DESTRUCTION, &said), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE personal IS NOT NULL"), 0);
}

static void i11_another_office_destroys_nothing_here(void **state)
{
    (void)state;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&whole));
    struct tb_id said = destroyed_by(140900, 0);
    assert_int_equal(state_now(NULL), TB_PERSONAL_HERE);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_SCRUB), 0);
    assert_int_equal(desk_shown(&desk, TB_STREAM_DESTRUCTION, &said), 1); /* and is told */
}

static void i11_this_office_destroys_its_own_copy(void **state)
{
    (void)state;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&whole));
    assert_int_equal(ask(TB_VERB_DESTROY, "d-1", "").status, TB_INPUT);
    struct tb_result result = ask(TB_VERB_DESTROY, "d-2", "不再需要");
    assert_int_equal(result.status, TB_OK);
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
    assert_true(ask(TB_VERB_DESTROY, "d-2", "不再需要").repeated);
    assert_int_equal(ask(TB_VERB_DESTROY, "d-3", "再一次").status, TB_STATE);
}

static void i11_reading_takes_an_officer_and_is_kept(void **state)
{
    (void)state;
    struct tb_buf text;
    char token[sizeof desk.token];
    tb_buf_init(&text, TB_PERSONAL_BYTES_MAX);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&whole));
    memcpy(token, desk.token, sizeof token);
    desk.token[0] = '\0';
    assert_int_equal(ask(TB_VERB_PERSONAL_READ, "r-1", NULL).status, TB_SESSION);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM personal_read"), 0);
    memcpy(desk.token, token, sizeof token);
    assert_int_equal(ask(TB_VERB_PERSONAL_READ, "r-2", NULL).status, TB_OK);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM personal_read"), 1);
    assert_int_equal(state_now(&text), TB_PERSONAL_HERE);
    assert_true(tb_bytes_equal(tb_buf_bytes(&text), tb_bytes_text(words + 16)));
    /* No answer that is kept holds it. */
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM request WHERE text LIKE '%138000%'"), 0);
    tb_buf_fini(&text);
}

static void a_notice_without_any_has_nothing_to_destroy_or_read(void **state)
{
    (void)state;
    struct fix_say say = fix_usual;
    say.course = "another";
    id = desk_deliver_notice(&desk, &say);
    assert_int_equal(state_now(NULL), TB_PERSONAL_NONE);
    assert_int_equal(ask(TB_VERB_DESTROY, "d-1", "不再需要").status, TB_STATE);
    assert_int_equal(ask(TB_VERB_PERSONAL_READ, "r-1", NULL).status, TB_STATE);
}

static void what_did_not_come_with_it_is_absent_and_can_still_come(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&whole)), TB_OK);
    desk_deliver(&desk, 0, 1,
                 tb_bytes_of(whole.data, whole.size - tb_wire_size(envelope.personal)));
    assert_int_equal(state_now(NULL), TB_PERSONAL_ABSENT);
    desk_deliver(&desk, 1, 1, tb_buf_bytes(&whole));
    assert_int_equal(state_now(NULL), TB_PERSONAL_HERE);
}

static void i11_own_personal_data_goes_beside_the_notice_and_its_destruction_to_all(void **state)
{
    (void)state;
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "i-1", .token = desk.token};
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    request.issue.personal = "王五 13900000000";
    request.issue.added[0] = 140123;
    request.issue.added_count = 1;
    struct tb_result result = desk_ask(&desk, &request);
    assert_int_equal(result.status, TB_OK);
    id = result.id;
    struct tb_envelope envelope;
    const Tongbao__Body *body = desk_body(&desk, &id, &envelope);
    assert_int_equal(body->personal_digest.len, TB_ID_BYTES);
    assert_int_equal(envelope.personal.size, TB_PERSONAL_SALT_BYTES + strlen("王五 13900000000"));
    result = ask(TB_VERB_DESTROY, "d-1", "不再需要");
    assert_int_equal(result.status, TB_OK);
    body = desk_body(&desk, &result.id, &envelope);
    assert_int_equal(body->statement_case, TONGBAO__BODY__STATEMENT_DESTRUCTION);
    assert_true(tb_statement_names(body, 140123));
    assert_true(tb_statement_names(body, 140000));
    assert_int_equal(state_now(NULL), TB_PERSONAL_DESTROYED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(i11_the_origin_destroys_what_is_here),
        TEST(i11_a_destruction_that_comes_first_keeps_it_out),
        TEST(i11_another_office_destroys_nothing_here),
        TEST(i11_this_office_destroys_its_own_copy),
        TEST(i11_reading_takes_an_officer_and_is_kept),
        TEST(a_notice_without_any_has_nothing_to_destroy_or_read),
        TEST(what_did_not_come_with_it_is_absent_and_can_still_come),
        TEST(i11_own_personal_data_goes_beside_the_notice_and_its_destruction_to_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
