#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "proto/wire.h"
#include "topology/rule.h"

/* What a bureau says: notices, acknowledgements, calls, and who may say them. */

static struct fixture fix;
static struct desk desk;

static int start(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140925, true);
    return 0;
}

static int start_without_rivers(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140925, false);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

static const Tongbao__Recipient *recipient(const Tongbao__Body *body, uint32_t office)
{
    for (size_t i = 0; i < body->n_recipients; i++) {
        if (body->recipients[i]->office == office) {
            return body->recipients[i];
        }
    }
    return NULL;
}

/* Whom the rule names on the 汾河, each with the rule's own clause. */
static void every_row_of_the_rule_is_named(const Tongbao__Body *body)
{
    static struct tb_rule_row rows[TB_RULE_ROWS_MAX];
    const struct tb_rivers *rivers =
        tb_atlas_for(tb_node_atlas(desk.node), tb_node_directories(desk.node), 140925);
    size_t count;
    assert_non_null(rivers);
    assert_int_equal(
        tb_rule_who(rivers, 140925, "汾河", TB_DOWN, rows, TB_RULE_ROWS_MAX, &count, NULL), TB_OK);
    assert_int_equal(count, body->n_recipients);
    for (size_t i = 0; i < count; i++) {
        const Tongbao__Recipient *named = recipient(body, rows[i].code);
        assert_non_null(named);
        assert_string_equal(named->clause, rows[i].clause);
        assert_int_equal(named->hops, rows[i].hops);
        assert_int_equal(named->required, rows[i].required);
    }
}

/* I5: the river decides. */
static void i5_recipients_are_those_of_the_rule_with_their_clauses(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_result result = desk_issue(&desk, "汾河");
    assert_int_equal(result.status, TB_OK);
    assert_string_equal(result.number, "140925-20250117-01");
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_int_equal(body->n_recipients, 3);
    const Tongbao__Recipient *next = recipient(body, 140926);
    assert_non_null(next);
    assert_true(next->required);
    assert_int_equal(next->hops, 1);
    assert_int_equal(next->nth, 1);
    every_row_of_the_rule_is_named(body);
    assert_non_null(recipient(body, 140900));
    assert_non_null(recipient(body, 140000));
    /* 恢河 goes to 朔城, which is not warned of 汾河 water. */
    assert_null(recipient(body, 140602));
    assert_string_equal(body->notice->duty_officer->name, "王强");
    assert_string_equal(body->notice->reporting_office, "忻州市生态环境局宁武分局");
    assert_int_equal(body->issued_at_ms, desk.now.wall.ms);
    assert_true(desk_noted(&desk, TB_NOTE_NOTICE_ISSUED));
}

/* I5: an office may add, nobody narrows; an added office of the rule stays required. */
static void i5_an_officer_adds_recipients_and_takes_none_away(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    char river[] = "汾河";
    struct tb_envelope envelope;
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "added", .token = desk.token};
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.river = river;
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    request.issue.added[0] = 140123;
    request.issue.added[1] = 140926;
    request.issue.added[2] = 140925;
    request.issue.added_count = 3;
    struct tb_result result = desk_ask(&desk, &request);
    assert_int_equal(result.status, TB_OK);
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_int_equal(body->n_recipients, 4);
    assert_false(recipient(body, 140123)->required);
    assert_string_equal(recipient(body, 140123)->clause, "本单位增加");
    assert_true(recipient(body, 140926)->required);
    assert_null(recipient(body, 140925));
}

static void a_required_office_in_no_directory_is_outside(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_notice_row row;
    struct tb_result result = desk_issue(&desk, "恢河");
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_non_null(recipient(body, 140602));
    assert_true(recipient(body, 140602)->outside);
    assert_false(recipient(body, 140000)->outside);
    assert_int_equal(desk_delivery(&desk, &result.id, 140602).state, TB_DELIVERY_OUTSIDE);
    assert_int_equal(desk_delivery(&desk, &result.id, 140000).state, TB_DELIVERY_QUEUED);
    assert_true(tb_query_notice(desk.node, &result.id, NULL, &row, NULL));
    assert_true(row.outside >= 1);
    assert_int_equal(row.deliveries, body->n_recipients);
}

/* I6: no rivers, a wrong river, no elements: the notice still goes. */
static void i6_a_notice_goes_without_rivers_and_without_elements(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_result result = desk_issue(&desk, "");
    assert_int_equal(result.status, TB_OK);
    assert_true(strlen(result.text) > 0);
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_int_equal(body->n_recipients, 2);
    assert_non_null(recipient(body, 140900));
    assert_non_null(recipient(body, 140000));
    assert_false(recipient(body, 140000)->outside);
}

static void i6_a_river_that_is_not_the_countys_is_told_to_the_union(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_result result = desk_issue(&desk, "长江");
    assert_int_equal(result.status, TB_OK);
    assert_true(strlen(result.text) > 0);
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_non_null(recipient(body, 140926));
    assert_non_null(recipient(body, 140602));
}

static void an_inquiry_goes_up_the_river(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_result result =
        desk_issue_as(&desk, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__INQUIRY, "汾河", NULL);
    assert_int_equal(result.status, TB_OK);
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_non_null(recipient(body, 140927)); /* 神池, upstream */
    assert_null(recipient(body, 140926));
}

/* I4, I7. */
static void nothing_is_issued_without_a_session_or_a_world(void **state)
{
    (void)state;
    struct tb_result result = desk_issue(&desk, "汾河");
    assert_int_equal(result.status, TB_SESSION);
    assert_true(strlen(result.text) > 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    desk_on_duty(&desk);
    result = desk_issue_as(&desk, TB_WORLD_NONE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL);
    assert_int_equal(result.status, TB_INPUT);
    desk_later(&desk, 12 * 3600 * 1000);
    assert_int_equal(desk_issue(&desk, "汾河").status, TB_SESSION);
}

static void numbers_count_by_world_and_beijing_day(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    assert_string_equal(desk_issue(&desk, "汾河").number, "140925-20250117-01");
    assert_string_equal(desk_issue(&desk, "汾河").number, "140925-20250117-02");
    assert_string_equal(
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL).number,
        "演140925-20250117-01");
    assert_string_equal(
        desk_issue_as(&desk, TB_WORLD_TEST, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL).number,
        "试140925-20250117-01");
    desk_later(&desk, TB_DAY_MS);
    desk_on_duty(&desk);
    assert_string_equal(desk_issue(&desk, "汾河").number, "140925-20250118-01");
}

/* I8: every office's envelopes form a hash chain. */
static void i8_own_envelopes_form_a_chain_per_world_and_go_to_the_province(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_result first = desk_issue(&desk, "汾河");
    struct tb_result second = desk_issue(&desk, "恢河");
    struct tb_result exercise =
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL);
    const Tongbao__Body *a = desk_body(&desk, &first.id, &envelope);
    const Tongbao__Body *b = desk_body(&desk, &second.id, &envelope);
    const Tongbao__Body *c = desk_body(&desk, &exercise.id, &envelope);
    assert_int_equal(a->chain_seq, 1);
    assert_int_equal(a->previous.len, 0);
    assert_int_equal(a->continues.len, 0);
    assert_int_equal(b->chain_seq, 2);
    assert_memory_equal(b->previous.data, first.id.byte, TB_ID_BYTES);
    assert_memory_equal(a->chain.data, b->chain.data, TB_CHAIN_BYTES);
    assert_int_equal(c->chain_seq, 1);
    assert_true(memcmp(a->chain.data, c->chain.data, TB_CHAIN_BYTES) != 0);
    assert_int_equal(envelope.world, TB_WORLD_EXERCISE);
    assert_int_equal(recipient(b, 140000)->nth, 2);
    assert_int_equal(recipient(b, 140602)->nth, 1);
}

/* I1: the same request id gives the same answer, after a crash too. */
static void i1_a_request_id_is_answered_the_same_after_a_restart(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "one", .token = desk.token};
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    struct tb_result first = desk_ask(&desk, &request);
    assert_int_equal(first.status, TB_OK);
    assert_false(first.repeated);
    struct tb_result again = desk_ask(&desk, &request);
    assert_true(again.repeated);
    assert_true(tb_id_equal(&first.id, &again.id));
    desk_reopen(&desk);
    again = desk_ask(&desk, &request);
    assert_true(again.repeated);
    assert_int_equal(again.status, TB_OK);
    assert_true(tb_id_equal(&first.id, &again.id));
    assert_string_equal(first.number, again.number);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM notice"), 1);
    struct tb_request other = {.verb = TB_VERB_DUTY_CLOSE, .id = "one", .token = desk.token};
    assert_int_equal(desk_ask(&desk, &other).status, TB_CONFLICT);
}

static void a_session_is_repeated_by_its_request_id_and_stored_only_as_a_hash(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN, .id = "watch"};
    open.duty = (struct tb_duty_open){.officer = "王强", .hours = 1};
    struct tb_result first = desk_ask(&desk, &open);
    assert_int_equal(first.status, TB_OK);
    assert_int_equal(strlen(first.token), 2 * TB_TOKEN_BYTES);
    desk_reopen(&desk);
    struct tb_result again = desk_ask(&desk, &open);
    assert_string_equal(first.token, again.token);
    struct tb_officer_row row;
    assert_true(tb_query_session(desk.node, first.token, desk.now.wall, &row));
    assert_string_equal(row.name, "王强");
    assert_string_equal(row.number, "0351-01");
    uint8_t bytes[TB_TOKEN_BYTES];
    assert_true(tb_unhex(bytes, sizeof bytes, first.token));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM session WHERE length(token) = 32"), 2);
    desk_later(&desk, 3600 * 1000);
    assert_false(tb_query_session(desk.node, first.token, desk.now.wall, &row));
    assert_true(tb_query_session(desk.node, desk.token, desk.now.wall, &row));
    struct tb_request dismiss = {.verb = TB_VERB_OFFICER_SET, .id = "dismiss"};
    dismiss.officer = (struct tb_officer_set){.name = "王强", .active = false};
    assert_int_equal(desk_ask(&desk, &dismiss).status, TB_OK);
    assert_false(tb_query_session(desk.node, desk.token, desk.now.wall, &row));
    assert_null(tb_query_password(desk.node, "王强"));
}

static void a_session_ends_when_it_is_closed(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_officer_row rows[4];
    assert_int_equal(tb_query_officers(desk.node, desk.now.wall, rows, 4), 1);
    assert_true(rows[0].on_duty);
    assert_string_equal(tb_query_password(desk.node, "王强"), "$argon2id$test");
    struct tb_request close = {.verb = TB_VERB_DUTY_CLOSE, .id = "close", .token = desk.token};
    assert_int_equal(desk_ask(&desk, &close).status, TB_OK);
    assert_int_equal(desk_issue(&desk, "汾河").status, TB_SESSION);
    assert_int_equal(tb_query_officers(desk.node, desk.now.wall, rows, 4), 1);
    assert_false(rows[0].on_duty);
}

static void officers_and_sessions_refuse_what_is_no_name_or_hour(void **state)
{
    (void)state;
    struct tb_request set = {.verb = TB_VERB_OFFICER_SET, .id = "a"};
    set.officer = (struct tb_officer_set){.name = "", .active = true};
    assert_int_equal(desk_ask(&desk, &set).status, TB_INPUT);
    set.officer.name = "two\nlines";
    assert_int_equal(desk_ask(&desk, &set).status, TB_INPUT);
    desk_on_duty(&desk);
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN, .id = "b"};
    open.duty = (struct tb_duty_open){.officer = "王强", .hours = TB_SESSION_HOURS_MAX + 1};
    assert_int_equal(desk_ask(&desk, &open).status, TB_INPUT);
    open.duty = (struct tb_duty_open){.officer = "李四", .hours = 1};
    assert_int_equal(desk_ask(&desk, &open).status, TB_SESSION);
    open.id = "";
    assert_int_equal(desk_ask(&desk, &open).status, TB_INPUT);
}

/* A follow-up leaves out nobody who was told before. */
static void a_follow_up_keeps_the_incident_and_everybody_who_was_told(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_envelope envelope;
    struct tb_notice_row rows[4];
    struct tb_result first = desk_issue(&desk, "恢河");
    struct tb_result next =
        desk_issue_as(&desk, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__FOLLOW_UP, "汾河", &first.id);
    assert_int_equal(next.status, TB_OK);
    const Tongbao__Body *a = desk_body(&desk, &first.id, &envelope);
    const Tongbao__Body *b = desk_body(&desk, &next.id, &envelope);
    assert_memory_equal(a->incident.data, b->incident.data, TB_INCIDENT_BYTES);
    assert_non_null(recipient(b, 140602));
    assert_true(recipient(b, 140602)->required);
    assert_non_null(recipient(b, 140926));
    uint8_t incident[TB_INCIDENT_BYTES];
    memcpy(incident, a->incident.data, sizeof incident);
    assert_int_equal(tb_query_incident(desk.node, incident, TB_WORLD_ACTUAL, rows, 4), 2);
    assert_true(tb_id_equal(&rows[0].id, &first.id));
    assert_true(tb_id_equal(&rows[1].id, &next.id));
}

static void a_follow_up_needs_an_own_notice_of_the_same_world(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_id id;
    struct tb_buf bytes;
    struct fix_say say = {.origin = 140926, .to = {140925, 140000}};
    Tongbao__Notice__Kind kind = TONGBAO__NOTICE__KIND__ALL_CLEAR;
    struct tb_result exercise =
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL);
    assert_int_equal(desk_issue_as(&desk, TB_WORLD_ACTUAL, kind, "汾河", &exercise.id).status,
                     TB_INPUT);
    assert_int_equal(desk_issue_as(&desk, TB_WORLD_ACTUAL, kind, "汾河", NULL).status, TB_INPUT);
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&fix, &say, &bytes, &id);
    desk_greet(&desk, 0, 1);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    struct tb_result result = desk_issue_as(&desk, TB_WORLD_ACTUAL, kind, "汾河", &id);
    assert_int_equal(result.status, TB_INPUT);
    assert_true(strlen(result.text) > 0);
    tb_buf_fini(&bytes);
}

/* I4: an acknowledgement only when an officer with a session of his own gave it. */
static void i4_an_acknowledgement_needs_a_session_and_names_the_officer(void **state)
{
    (void)state;
    struct tb_id id;
    struct tb_buf bytes;
    struct tb_envelope envelope;
    struct fix_say say = {.origin = 140926, .to = {140925, 140000}};
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&fix, &say, &bytes, &id);
    desk_greet(&desk, 0, 1);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    assert_int_equal(desk_acknowledge(&desk, &id).status, TB_SESSION);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM acknowledgement"), 0);
    desk_on_duty(&desk);
    struct tb_result result = desk_acknowledge(&desk, &id);
    assert_int_equal(result.status, TB_OK);
    const Tongbao__Body *body = desk_body(&desk, &result.id, &envelope);
    assert_string_equal(body->acknowledgement->officer->name, "王强");
    assert_int_equal(body->n_recipients, 3);
    assert_non_null(recipient(body, 140926));
    assert_string_equal(recipient(body, 140926)->clause, "通报单位");
    assert_non_null(recipient(body, 140900));
    assert_string_equal(recipient(body, 140900)->clause, "通报单位所属市、省");
    assert_non_null(recipient(body, 140000));
    assert_int_equal(body->chain_seq, 1);
    assert_int_equal(desk_delivery(&desk, &id, 140925).state, TB_DELIVERY_ACKNOWLEDGED);
    assert_string_equal(desk_delivery(&desk, &id, 140925).officer, "王强");
    struct tb_result own = desk_issue(&desk, "汾河");
    assert_int_equal(desk_acknowledge(&desk, &own.id).status, TB_STATE);
    struct tb_id none = {{1}};
    assert_int_equal(desk_acknowledge(&desk, &none).status, TB_UNKNOWN);
    tb_buf_fini(&bytes);
}

static void a_call_keeps_the_claimed_time_apart_from_the_entered(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    struct tb_call_row rows[4];
    struct tb_result notice = desk_issue(&desk, "恢河");
    struct tb_request request = {.verb = TB_VERB_CALL, .id = "call", .token = desk.token};
    request.call = (struct tb_call){.notice = notice.id,
                                    .office = 140602,
                                    .person = "赵六",
                                    .phone = "0349-1",
                                    .claimed = {FIX_AT_MS - 60000},
                                    .read_back = TONGBAO__CALL__READ_BACK__READ_BACK,
                                    .result = "已告知"};
    assert_int_equal(desk_ask(&desk, &request).status, TB_OK);
    assert_int_equal(tb_query_calls(desk.node, &notice.id, rows, 4), 1);
    assert_int_equal(rows[0].office, 140602);
    assert_string_equal(rows[0].caller, "王强");
    assert_int_equal(rows[0].claimed_ms, FIX_AT_MS - 60000);
    assert_int_equal(rows[0].entered_ms, desk.now.wall.ms);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM recipient r JOIN ledger l ON l.n = r.n"
                                     " WHERE l.kind = 4"),
                     2);
}

static void a_name_finds_a_notice_by_number_and_by_hex(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    char hex[TB_ID_HEX_CHARS + 1];
    struct tb_id id;
    struct tb_result first = desk_issue(&desk, "汾河");
    assert_int_equal(tb_query_find(desk.node, first.number, &id), 1);
    assert_true(tb_id_equal(&id, &first.id));
    tb_hex(hex, tb_bytes_of(first.id.byte, TB_ID_BYTES));
    hex[5] = '\0';
    assert_int_equal(tb_query_find(desk.node, hex, &id), 1);
    assert_true(tb_id_equal(&id, &first.id));
    hex[3] = '\0';
    assert_int_equal(tb_query_find(desk.node, hex, &id), 0);
    assert_int_equal(tb_query_find(desk.node, "zzzzzz", &id), 0);
}

static void a_text_that_no_reader_would_take_is_not_issued(void **state)
{
    (void)state;
    desk_on_duty(&desk);
    char text[TB_TEXT_BYTES_MAX + 2];
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "long", .token = desk.token};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.course = text;
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    assert_int_equal(desk_ask(&desk, &request).status, TB_INPUT);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger"), 0);
    assert_int_equal(desk_sql(&desk, "SELECT seq FROM own_chain WHERE world = 1"), 0);
    text[10] = '\0';
    assert_string_equal(desk_ask(&desk, &request).number, "140925-20250117-01");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i5_recipients_are_those_of_the_rule_with_their_clauses),
        WITH(i5_an_officer_adds_recipients_and_takes_none_away),
        WITH(a_required_office_in_no_directory_is_outside),
        cmocka_unit_test_setup_teardown(i6_a_notice_goes_without_rivers_and_without_elements,
                                        start_without_rivers, stop),
        WITH(i6_a_river_that_is_not_the_countys_is_told_to_the_union),
        WITH(an_inquiry_goes_up_the_river),
        WITH(nothing_is_issued_without_a_session_or_a_world),
        WITH(numbers_count_by_world_and_beijing_day),
        WITH(i8_own_envelopes_form_a_chain_per_world_and_go_to_the_province),
        WITH(i1_a_request_id_is_answered_the_same_after_a_restart),
        WITH(a_session_is_repeated_by_its_request_id_and_stored_only_as_a_hash),
        WITH(a_session_ends_when_it_is_closed),
        WITH(officers_and_sessions_refuse_what_is_no_name_or_hour),
        WITH(a_follow_up_keeps_the_incident_and_everybody_who_was_told),
        WITH(a_follow_up_needs_an_own_notice_of_the_same_world),
        WITH(i4_an_acknowledgement_needs_a_session_and_names_the_officer),
        WITH(a_call_keeps_the_claimed_time_apart_from_the_entered),
        WITH(a_name_finds_a_notice_by_number_and_by_hex),
        WITH(a_text_that_no_reader_would_take_is_not_issued),
    };
    return cmocka_run_group_tests_name("node: issue", tests, NULL, NULL);
}
