#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apidesk.h"
#include "node/io/password.h"

/*
 * Calls of the API over a real desk: who is let in, what waits, and which code and
 * sentence each way to fail has.
 */
#define FIRST "{\"world\": \"actual\", \"notice\": {\"kind\": \"first\", \"river\": \"汾河\"}}"

static struct apidesk desk;
static const char *alarm_command = "";

static int set_up(void **state)
{
    (void)state;
    apidesk_open(&desk, alarm_command);
    return 0;
}

static int set_up_with_alarm(void **state)
{
    alarm_command = "exit 3";
    int failed = set_up(state);
    alarm_command = "";
    return failed;
}

static int tear_down(void **state)
{
    (void)state;
    apidesk_close(&desk);
    return 0;
}

static void call(struct apidesk_how how, const char *line, const char *body)
{
    apidesk_call(&desk, how, tb_bytes_text(line), tb_bytes_text(body));
}

static void ask(unsigned number, const char *line, const char *body)
{
    call((struct apidesk_how){.session = true, .number = number}, line, body);
}

/* The answer has ${code}, and ${words} stand in its body. */
static void expect(unsigned code, const char *words)
{
    char text[16 * 1024];
    struct tb_bytes body = apidesk_body(&desk);
    assert_true(body.size < sizeof text);
    memcpy(text, body.data, body.size);
    text[body.size] = '\0';
    if (apidesk_code(&desk) != code || strstr(text, words) == NULL) {
        fail_msg("wanted %u and \"%s\", got %u: %s", code, words, apidesk_code(&desk), text);
    }
}

static void a_call_by_the_network_needs_a_session_and_one_by_the_socket_none(void **state)
{
    (void)state;
    call((struct apidesk_how){.far = true}, "GET /v1/status", "");
    expect(401, "by the network every call needs a duty session");
    call((struct apidesk_how){.far = false}, "GET /v1/status", "");
    expect(200, "140925");
    /* To open one is the one call that needs none. */
    call((struct apidesk_how){.far = true}, "POST /v1/duty", "{}");
    expect(400, "Request-Id");
}

static void a_changing_call_without_request_id_or_body_changes_nothing(void **state)
{
    (void)state;
    call((struct apidesk_how){0}, "POST /v1/notices", FIRST);
    expect(400, "Request-Id");
    ask(1, "POST /v1/notices", "");
    expect(400, "not JSON");
    ask(2, "POST /v1/directories", "");
    expect(400, "send the directory's file");
    assert_int_equal(desk_sql(&desk.desk, "SELECT count(*) FROM notice"), 0);
}

/* I4: nobody is told what no COMMIT holds. */
static void i4_what_waits_when_the_program_stops_is_refused_and_was_not_done(void **state)
{
    (void)state;
    apidesk_stop_during(&desk, "POST /v1/notices", FIRST);
    expect(500, "with the same request id");
    assert_int_equal(desk_sql(&desk.desk, "SELECT count(*) FROM notice"), 0);
    call((struct apidesk_how){0}, "GET /v1/status", "");
    expect(500, "the program is stopping");
}

static void a_repeated_request_is_answered_as_before_and_made_once(void **state)
{
    (void)state;
    ask(1, "POST /v1/notices", FIRST);
    expect(201, "\"repeated\": false");
    ask(1, "POST /v1/notices", FIRST);
    expect(200, "\"repeated\": true");
    assert_int_equal(desk_sql(&desk.desk, "SELECT count(*) FROM notice"), 1);
    /* And the session that is closed by the same token. */
    call((struct apidesk_how){.session = true, .number = 2}, "DELETE /v1/duty", "");
    expect(200, "repeated");
    ask(3, "POST /v1/notices", FIRST);
    expect(401, "session");
}

static void a_disk_that_is_full_is_told_as_such(void **state)
{
    (void)state;
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA max_page_count = %d",
             (int)desk_sql(&desk.desk, "PRAGMA page_count"));
    (void)desk_sql(&desk.desk, limit);
    for (unsigned i = 0; i < 64 && apidesk_code(&desk) != 507; i++) {
        ask(i, "POST /v1/notices", FIRST);
    }
    expect(507, "\"diskfull\"");
    (void)desk_sql(&desk.desk, "PRAGMA max_page_count = 1000000");
}

/* A reading that broke off would be told as one that found less: "no notice waits". */
static void a_store_that_failed_is_told_instead_of_what_was_read_of_it(void **state)
{
    (void)state;
    ask(1, "POST /v1/notices", FIRST);
    expect(201, "140925-");
    desk.desk.db.status = TB_IO;
    static const char *const lines[] = {"GET /v1/waiting", "GET /v1/notices",
                                        "GET /v1/notices/140925-20250117-01"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        call((struct apidesk_how){0}, lines[i], "");
        expect(500, "the store has failed");
    }
    desk.desk.db.status = TB_OK;
    call((struct apidesk_how){0}, lines[1], "");
    expect(200, "140925-");
}

/* Issue with one text of ${length} letters. */
static void issue_long(unsigned number, int length)
{
    struct tb_buf body;
    char *text = calloc(1, (size_t)length + 1);
    assert_non_null(text);
    memset(text, 'x', (size_t)length);
    tb_buf_init(&body, APIDESK_BODY_BYTES_MAX);
    assert_int_equal(tb_buf_print(&body,
                                  "{\"world\": \"actual\", \"notice\": {\"kind\": \"first\", "
                                  "\"cause\": \"%s\"}}",
                                  text),
                     TB_OK);
    apidesk_call(&desk, (struct apidesk_how){.session = true, .number = number},
                 tb_bytes_text("POST /v1/notices"), tb_buf_bytes(&body));
    tb_buf_fini(&body);
    free(text);
}

static void a_text_at_its_limit_is_taken_and_one_over_it_is_told(void **state)
{
    (void)state;
    issue_long(1, TB_TEXT_BYTES_MAX);
    expect(201, "140925-20250117-01");
    issue_long(2, TB_TEXT_BYTES_MAX + 1);
    expect(400, "too long");
    expect(400, "notice.cause");
}

/* Each text within its limit, all of them together not. */
static void a_notice_over_the_limit_of_an_envelope_is_told_as_too_long(void **state)
{
    (void)state;
    static const char *const keys[] = {"source", "cause",   "course",     "trend",
                                       "advice", "actions", "casualties", "sensitive_points",
                                       "planned"};
    struct tb_buf body;
    char text[TB_TEXT_BYTES_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tb_buf_init(&body, APIDESK_BODY_BYTES_MAX);
    assert_int_equal(
        tb_buf_print(&body, "{\"world\": \"actual\", \"notice\": {\"kind\": \"first\""), TB_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(tb_buf_print(&body, ", \"%s\": \"%s\"", keys[i], text), TB_OK);
    }
    assert_int_equal(tb_buf_print(&body, "}}"), TB_OK);
    apidesk_call(&desk, (struct apidesk_how){.session = true, .number = 1},
                 tb_bytes_text("POST /v1/notices"), tb_buf_bytes(&body));
    expect(400, "shorten its texts or lists");
    assert_int_equal(desk_sql(&desk.desk, "SELECT count(*) FROM notice"), 0);
    tb_buf_fini(&body);
}

/* I10: 30 kB of JSON that would become a megabyte of objects. */
static void a_list_over_the_budget_of_a_parse_is_refused(void **state)
{
    (void)state;
    enum { ITEMS = 14000 };
    struct tb_buf body;
    tb_buf_init(&body, APIDESK_BODY_BYTES_MAX);
    assert_int_equal(tb_buf_print(&body, "{\"world\": \"actual\", \"notice\": {\"kind\": "
                                         "\"first\", \"substances\": [{}"),
                     TB_OK);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(tb_buf_print(&body, ",{}"), TB_OK);
    }
    assert_int_equal(tb_buf_print(&body, "]}}"), TB_OK);
    apidesk_call(&desk, (struct apidesk_how){.session = true, .number = 1},
                 tb_bytes_text("POST /v1/notices"), tb_buf_bytes(&body));
    expect(413, "too long for one envelope");
    assert_int_equal(desk_sql(&desk.desk, "SELECT count(*) FROM notice"), 0);
    tb_buf_fini(&body);
}

/* I11: it is asked for by nobody but an officer on duty, and nothing is said with it. */
static void personal_data_is_given_to_an_officer_on_duty_alone(void **state)
{
    (void)state;
    ask(1, "POST /v1/notices",
        "{\"world\": \"actual\", \"notice\": {\"kind\": \"first\"}, \"personal\": \"王某 1380\"}");
    expect(201, "140925-20250117-01");
    ask(2, "POST /v1/notices/140925-20250117-01/personal", "{}");
    expect(400, "send no body");
    ask(3, "POST /v1/notices/140925-20250117-02/personal", "");
    expect(404, "no notice here");
    ask(4, "POST /v1/notices/140925-20250117-01/personal", "");
    expect(201, "王某 1380");
    ask(5, "DELETE /v1/duty", "");
    expect(200, "repeated");
    ask(6, "POST /v1/notices/140925-20250117-01/personal", "");
    expect(401, "session");
}

static void wrong_passwords_are_counted_for_each_officer(void **state)
{
    (void)state;
    ask(1, "POST /v1/officers",
        "{\"name\": \"李明\", \"number\": \"7\", \"password\": \"abcdefgh\"}");
    expect(200, "李明");
    for (unsigned i = 0; i < TB_PASSWORD_TRIES_MAX; i++) {
        ask(10 + i, "POST /v1/duty", "{\"officer\": \"李明\", \"password\": \"wrong\"}");
        expect(401, "the password is wrong");
    }
    ask(30, "POST /v1/duty", "{\"officer\": \"李明\", \"password\": \"abcdefgh\"}");
    expect(429, "wait a minute");
    call((struct apidesk_how){.session = false}, "DELETE /v1/duty", "");
    expect(400, "Request-Id");
}

static void the_alarm_test_is_answered_when_its_program_has_ended(void **state)
{
    (void)state;
    ask(1, "POST /v1/alarm/test", "");
    expect(200, "\"exit_status\": 3");
    expect(200, "\"ok\": false");
}

static void an_alarm_test_without_a_command_says_what_to_set(void **state)
{
    (void)state;
    ask(1, "POST /v1/alarm/test", "");
    expect(409, "[alarm] command");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_by_the_network_needs_a_session_and_one_by_the_socket_none),
        TEST(a_changing_call_without_request_id_or_body_changes_nothing),
        TEST(i4_what_waits_when_the_program_stops_is_refused_and_was_not_done),
        TEST(a_repeated_request_is_answered_as_before_and_made_once),
        TEST(a_disk_that_is_full_is_told_as_such),
        TEST(a_store_that_failed_is_told_instead_of_what_was_read_of_it),
        TEST(a_text_at_its_limit_is_taken_and_one_over_it_is_told),
        TEST(a_notice_over_the_limit_of_an_envelope_is_told_as_too_long),
        TEST(a_list_over_the_budget_of_a_parse_is_refused),
        TEST(personal_data_is_given_to_an_officer_on_duty_alone),
        TEST(wrong_passwords_are_counted_for_each_officer),
        cmocka_unit_test_setup_teardown(the_alarm_test_is_answered_when_its_program_has_ended,
                                        set_up_with_alarm, tear_down),
        TEST(an_alarm_test_without_a_command_says_what_to_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
