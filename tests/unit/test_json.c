#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "node/io/json.h"
#include "node/io/json_field.h"
#include "node/io/missing.h"
#include "node/io/where.h"
#include "proto/wire.h"
#include "sample.h"

/*
 * JSON both ways by the schema, and every kind of mistake a person can make in
 * it, told with its line, its place and what to write instead.
 */

static struct tb_arena arena;

static int set_up(void **state)
{
    (void)state;
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tb_arena_fini(&arena);
    return 0;
}

/* What a reading ended with. */
struct outcome {
    enum tb_status status;
    struct tb_diag diag;
    char path[TB_JSON_PATH_BYTES_MAX];
    ProtobufCMessage *message;
};

static struct outcome read_as(const ProtobufCMessageDescriptor *type, const char *text,
                              const char *const *filled)
{
    struct outcome outcome = {.status = TB_INPUT};
    tb_arena_reset(&arena);
    json_t *root = tb_json_parse(tb_bytes_text(text), &outcome.diag);
    if (root != NULL) {
        struct tb_json_input input = {
            .text = tb_bytes_text(text), .arena = &arena, .filled = filled, .diag = &outcome.diag};
        outcome.status = tb_json_read(&input, type, root, &outcome.message);
        memcpy(outcome.path, input.path, sizeof outcome.path);
        json_decref(root);
    }
    return outcome;
}

static struct outcome read_notice(const char *text)
{
    static const char *const filled[] = {"number", "duty_officer", "reporting_office", NULL};
    return read_as(&tongbao__notice__descriptor, text, filled);
}

static const Tongbao__Notice *good_notice(const char *text)
{
    struct outcome outcome = read_notice(text);
    if (outcome.status != TB_OK) {
        fail_msg("refused: %s: %s", outcome.path, outcome.diag.text);
    }
    return (const Tongbao__Notice *)outcome.message;
}

/* ${text} is refused at ${path} on ${line} with a sentence that holds ${words}. */
static void expect_mistake(const char *text, const char *path, int line, const char *words)
{
    struct outcome outcome = read_notice(text);
    assert_int_equal(outcome.status, TB_INPUT);
    assert_null(outcome.message);
    assert_string_equal(outcome.path, path);
    assert_int_equal(outcome.diag.line, line);
    if (strstr(outcome.diag.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", outcome.diag.text, words);
    }
}

/* ---------------------------------------------------------- both ways */

/* Packed, as JSON, read again, packed: the same bytes. */
static void round_trip(const ProtobufCMessage *message)
{
    struct tb_buf before;
    struct tb_buf after;
    struct tb_diag diag = {0};
    ProtobufCMessage *again = NULL;
    tb_buf_init(&before, TB_BODY_BYTES_MAX);
    tb_buf_init(&after, TB_BODY_BYTES_MAX);
    sample_pack(&before, message);
    json_t *object = tb_json_of(message);
    char *text = json_dumps(object, JSON_INDENT(2));
    assert_non_null(text);
    json_t *parsed = tb_json_parse(tb_bytes_text(text), &diag);
    assert_non_null(parsed);
    struct tb_json_input input = {.text = tb_bytes_text(text), .arena = &arena, .diag = &diag};
    tb_arena_reset(&arena);
    enum tb_status status = tb_json_read(&input, message->descriptor, parsed, &again);
    if (status != TB_OK) {
        fail_msg("%s: %s in %s", input.path, diag.text, text);
    }
    sample_pack(&after, again);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    json_decref(parsed);
    json_decref(object);
    free(text);
    tb_buf_fini(&before);
    tb_buf_fini(&after);
}

static void every_statement_is_the_same_after_json_and_back(void **state)
{
    (void)state;
    static struct sample sample;
    for (int kind = TONGBAO__NOTICE__KIND__FIRST; kind <= TONGBAO__NOTICE__KIND__RELEASE; kind++) {
        sample_notice(&sample, (Tongbao__Notice__Kind)kind);
        round_trip(&sample.body.base);
        round_trip(&sample.notice.base);
    }
    sample_receipt(&sample);
    round_trip(&sample.body.base);
    sample_acknowledgement(&sample);
    round_trip(&sample.body.base);
    sample_call(&sample);
    round_trip(&sample.body.base);
    sample_objection(&sample);
    round_trip(&sample.body.base);
    sample_widening(&sample);
    round_trip(&sample.body.base);
}

static void a_directory_is_the_same_after_json_and_back(void **state)
{
    (void)state;
    static struct sample_directory sample;
    sample_directory(&sample, 14);
    round_trip(&sample.body.base);
}

static void times_are_beijing_time_and_an_unknown_time_has_no_key(void **state)
{
    (void)state;
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    notice.occurred_at_ms = INT64_C(1737054764000);
    notice.known_at_ms = INT64_C(1737054764123);
    json_t *object = tb_json_of(&notice.base);
    assert_string_equal(json_string_value(json_object_get(object, "occurred_at")),
                        "2025-01-17T03:12:44+08:00");
    assert_string_equal(json_string_value(json_object_get(object, "known_at")),
                        "2025-01-17T03:12:44.123+08:00");
    assert_null(json_object_get(object, "graded_at"));
    assert_null(json_object_get(object, "occurred_at_ms"));
    json_decref(object);
}

static void a_value_from_a_newer_program_is_shown_as_its_number(void **state)
{
    (void)state;
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    notice.kind = (Tongbao__Notice__Kind)42;
    notice.grade = TONGBAO__NOTICE__GRADE__III;
    json_t *object = tb_json_of(&notice.base);
    assert_int_equal(json_integer_value(json_object_get(object, "kind")), 42);
    assert_string_equal(json_string_value(json_object_get(object, "grade")), "iii");
    assert_string_equal(json_string_value(json_object_get(object, "flow")), "unknown");
    json_decref(object);
}

static void an_offices_code_is_text_of_six_digits(void **state)
{
    (void)state;
    Tongbao__Call call;
    tongbao__call__init(&call);
    call.office = 140926;
    json_t *object = tb_json_of(&call.base);
    assert_string_equal(json_string_value(json_object_get(object, "office")), "140926");
    json_decref(object);
    /* None is no key: "000000" could not be read again. */
    call.office = 0;
    object = tb_json_of(&call.base);
    assert_null(json_object_get(object, "office"));
    json_decref(object);
}

/* --------------------------------------------------------- what goes */

static void the_words_of_people_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        Tongbao__Notice__Kind kind;
    } kinds[] = {
        {"初报", TONGBAO__NOTICE__KIND__FIRST},
        {"续报", TONGBAO__NOTICE__KIND__FOLLOW_UP},
        {"更正", TONGBAO__NOTICE__KIND__CORRECTION},
        {"解除", TONGBAO__NOTICE__KIND__ALL_CLEAR},
        {"终报", TONGBAO__NOTICE__KIND__FINAL},
        {"溯源协查", TONGBAO__NOTICE__KIND__INQUIRY},
        {"调水/泄洪预告", TONGBAO__NOTICE__KIND__RELEASE},
        {"first", TONGBAO__NOTICE__KIND__FIRST},
        {"Follow_Up", TONGBAO__NOTICE__KIND__FOLLOW_UP},
    };
    static const struct {
        const char *word;
        Tongbao__Notice__Grade grade;
    } grades[] = {
        {"\"不明\"", TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN},
        {"\"unknown\"", TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN},
        {"\"特别重大\"", TONGBAO__NOTICE__GRADE__I},
        {"\"重大\"", TONGBAO__NOTICE__GRADE__II},
        {"\"较大\"", TONGBAO__NOTICE__GRADE__III},
        {"\"一般\"", TONGBAO__NOTICE__GRADE__IV},
        {"\"II\"", TONGBAO__NOTICE__GRADE__II},
        {"\"iv\"", TONGBAO__NOTICE__GRADE__IV},
        {"\"1\"", TONGBAO__NOTICE__GRADE__I},
        {"4", TONGBAO__NOTICE__GRADE__IV},
    };
    char text[128];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(text, sizeof text, "{\"kind\": \"%s\"}", kinds[i].word);
        assert_int_equal(good_notice(text)->kind, kinds[i].kind);
    }
    for (size_t i = 0; i < sizeof grades / sizeof grades[0]; i++) {
        snprintf(text, sizeof text, "{\"grade\": %s}", grades[i].word);
        assert_int_equal(good_notice(text)->grade, grades[i].grade);
    }
}

/* I6: what is not known does not keep a notice back. */
static void an_unknown_amount_and_every_absent_element_are_taken(void **state)
{
    (void)state;
    const Tongbao__Notice *notice =
        good_notice("{\"kind\": \"first\", \"substances\": [{\"name\": \"氨氮\", \"amount\": "
                    "\"不明\"}, {\"amount\": \"3.5\", \"unit\": \"kg\"}], \"place\": null}");
    assert_int_equal(notice->n_substances, 2);
    assert_string_equal(notice->substances[0]->name, "氨氮");
    assert_string_equal(notice->substances[0]->amount, "");
    assert_string_equal(notice->substances[1]->amount, "3.5");
    assert_string_equal(notice->place, "");
    assert_int_equal(notice->occurred_at_ms, 0);
    assert_int_equal(good_notice("{}")->kind, TONGBAO__NOTICE__KIND__KIND_UNKNOWN);
}

static void a_time_without_an_offset_is_beijing_time(void **state)
{
    (void)state;
    assert_int_equal(good_notice("{\"occurred_at\": \"2025-01-17 03:12\"}")->occurred_at_ms,
                     INT64_C(1737054720000));
}

/* ----------------------------------------------------------- mistakes */

static void a_mistake_in_syntax_is_told_with_its_line(void **state)
{
    (void)state;
    expect_mistake("{\n  \"kind\": \"first\",\n  \"place\" \"x\"\n}", "", 3, "not JSON");
    expect_mistake("{\"kind\": \"first\"", "", 1, "not JSON");
    expect_mistake("", "", 1, "not JSON");
    expect_mistake("[1]", "", 1, "write one object");
    expect_mistake("{\"place\": \"a\",\n\"place\": \"b\"}", "", 2, "duplicate");
    expect_mistake("{\"place\": \"\xff\"}", "", 1, "not JSON");
    expect_mistake("{\"place\": \"a\\u0000b\"}", "", 1, "not JSON");
}

static void an_unknown_key_is_told_with_the_nearest_name(void **state)
{
    (void)state;
    expect_mistake("{\n \"kind\": \"first\",\n \"plase\": \"x\"\n}", "plase", 3,
                   "did you mean \"place\"?");
    expect_mistake("{\"substances\": [\n {\"name\": \"a\"},\n {\"name\": \"b\",\n  \"unti\": "
                   "\"kg\"}\n]}",
                   "substances[1].unti", 4, "did you mean \"unit\"?");
    expect_mistake("{\"weather\": \"x\"}", "weather", 1, "the keys are kind");
    /* The schema's own name of a time is not the key. */
    expect_mistake("{\"occurred_at_ms\": 1}", "occurred_at_ms", 1, "did you mean \"occurred_at\"?");
}

static void what_the_program_fills_in_is_refused(void **state)
{
    (void)state;
    expect_mistake("{\"kind\": \"first\",\n\"number\": \"1\"}", "number", 2,
                   "filled in by the program");
    expect_mistake("{\"duty_officer\": {\"name\": \"x\"}}", "duty_officer", 1, "filled in");
    expect_mistake("{\"reporting_office\": \"x\"}", "reporting_office", 1, "filled in");
    /* Only of the notice itself: an officer has a number of his own. */
    struct outcome outcome =
        read_as(&tongbao__acknowledgement__descriptor, "{\"officer\": {\"number\": \"7\"}}",
                (const char *const[]){"number", NULL});
    assert_int_equal(outcome.status, TB_OK);
}

static void a_value_of_the_wrong_kind_is_told_with_what_to_write(void **state)
{
    (void)state;
    expect_mistake("{\"place\": 7}", "place", 1, "text in quotation marks");
    expect_mistake("{\"sensitive\": \"yes\"}", "sensitive", 1, "true or false");
    expect_mistake("{\"article4\": 3}", "article4", 1, "write a list");
    expect_mistake("{\"article4\": [1,\n -2]}", "article4[1]", 2, "a whole number");
    expect_mistake("{\"article4\": [1.5]}", "article4[0]", 1, "a whole number");
    expect_mistake("{\"article4\": [4294967296]}", "article4[0]", 1, "a whole number");
    expect_mistake("{\"substances\": [7]}", "substances[0]", 1, "write an object");
    expect_mistake("{\"substances\": {\"name\": \"x\"}}", "substances", 1, "write a list");
    expect_mistake("{\"occurred_at\": \"yesterday\"}", "occurred_at", 1, "write a time such as");
    expect_mistake("{\"occurred_at\": \"2025-02-30T00:00:00+08:00\"}", "occurred_at", 1,
                   "write a time such as");
    expect_mistake("{\"occurred_at\": 5}", "occurred_at", 1, "write a time such as");
    expect_mistake("{\"regards\": \"xyz\"}", "regards", 1, "hex digits");
    expect_mistake("{\"regards\": 5}", "regards", 1, "hex digits");
    expect_mistake("{\"kind\": \"firts\"}", "kind", 1, "write one of \"unknown\", \"first\"");
    expect_mistake("{\"grade\": \"V\"}", "grade", 1, "write one of");
    expect_mistake("{\"grade\": 5}", "grade", 1, "write one of");
    expect_mistake("{\"kind\": 42}", "kind", 1, "write one of");
}

static size_t bytes_of(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    assert_non_null(field);
    return tb_json_field_bytes(field);
}

/* Lists are made by it: a list of a kind that has none today must not overflow. */
static void every_kind_of_value_has_the_room_that_protobuf_c_gives_it(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *notice = &tongbao__notice__descriptor;
    assert_int_equal(bytes_of(notice, "title"), sizeof(char *));
    assert_int_equal(bytes_of(notice, "regards"), sizeof(ProtobufCBinaryData));
    assert_int_equal(bytes_of(notice, "known_at_ms"), sizeof(int64_t));
    assert_int_equal(bytes_of(notice, "article4"), sizeof(uint32_t));
    assert_int_equal(bytes_of(notice, "sensitive"), sizeof(protobuf_c_boolean));
    assert_int_equal(bytes_of(notice, "grade"), sizeof(Tongbao__Notice__Grade));
    assert_int_equal(bytes_of(notice, "substances"), sizeof(Tongbao__Substance *));
    assert_int_equal(bytes_of(&tongbao__call__descriptor, "office"), sizeof(uint32_t));
    assert_int_equal(bytes_of(&tongbao__attachment__descriptor, "size_bytes"), sizeof(uint64_t));
}

static void a_time_that_cannot_be_said_is_told_at_its_key(void **state)
{
    (void)state;
    expect_mistake("{\"place\": \"x\",\n\"known_at\": \"1969-12-31T23:59:59Z\"}", "known_at", 2,
                   "of the years 1970 to 9999");
    expect_mistake("{\"known_at\": \"9999-12-31T23:59:59-14:00\"}", "known_at", 1,
                   "write a time such as");
    assert_int_equal(good_notice("{\"known_at\": \"1970-01-01T00:00:00.001Z\"}")->known_at_ms, 1);
}

static void an_amount_is_a_decimal_number_or_not_known(void **state)
{
    (void)state;
    static const char *const wrong[] = {"about 3", "3,5", ".5", "3.", "-1", "1e3", "3 t"};
    char text[96];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, "{\"substances\": [{\"amount\": \"%s\"}]}", wrong[i]);
        expect_mistake(text, "substances[0].amount", 1, "a decimal number such as \"3.5\"");
    }
    expect_mistake("{\"substances\": [{\"amount\": 3.5}]}", "substances[0].amount", 1,
                   "quotation marks");
}

static void an_offices_code_has_six_digits(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\"14092\"",  "\"1409261\"", "140926",
                                        "\"14092a\"", "\"000001\"",  "\"\""};
    char text[64];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, "{\"office\": %s}", wrong[i]);
        struct outcome outcome = read_as(&tongbao__call__descriptor, text, NULL);
        assert_int_equal(outcome.status, TB_INPUT);
        assert_string_equal(outcome.path, "office");
    }
}

/* I10: what is too long or too much ends in a sentence, not in memory. */
static void text_over_the_limit_and_control_characters_are_refused(void **state)
{
    (void)state;
    static char text[TB_TEXT_BYTES_MAX + 64];
    memcpy(text, "{\"place\": \"", 11);
    memset(text + 11, 'x', TB_TEXT_BYTES_MAX + 1);
    memcpy(text + 11 + TB_TEXT_BYTES_MAX + 1, "\"}", 3);
    expect_mistake(text, "place", 1, "too long");
    expect_mistake("{\"place\": \"a\\u0007b\"}", "place", 1, "control character");
}

static void two_kinds_of_statement_in_one_body_are_a_mistake(void **state)
{
    (void)state;
    struct outcome outcome =
        read_as(&tongbao__body__descriptor, "{\"notice\": {},\n\"receipt\": {}}", NULL);
    assert_int_equal(outcome.status, TB_INPUT);
    assert_string_equal(outcome.path, "receipt");
    assert_int_equal(outcome.diag.line, 2);
}

/* I10 */
static void an_arena_that_is_used_up_is_a_status(void **state)
{
    (void)state;
    struct tb_arena small;
    struct tb_diag diag = {0};
    ProtobufCMessage *message = NULL;
    const char *text = "{\"substances\": [{}, {}, {}, {}, {}, {}, {}, {}]}";
    json_t *root = tb_json_parse(tb_bytes_text(text), &diag);
    tb_arena_init(&small, 1024, 8);
    struct tb_json_input input = {.text = tb_bytes_text(text), .arena = &small, .diag = &diag};
    assert_int_equal(tb_json_read(&input, &tongbao__notice__descriptor, root, &message), TB_MEMORY);
    assert_null(message);
    tb_arena_fini(&small);
    json_decref(root);
}

/* ----------------------------------------------------- lines, elements */

static void a_place_is_found_again_in_the_text(void **state)
{
    (void)state;
    const struct tb_bytes text =
        tb_bytes_text("\n{\n \"a{\": \"}\\\"\",\n \"b\": [\n  1,\n  {\"c\": "
                      "[2, 3],\n   \"d\": 4}\n ],\n \"e\": null\n}");
    assert_int_equal(tb_where_line(text, ""), 2);
    assert_int_equal(tb_where_line(text, "a{"), 3);
    assert_int_equal(tb_where_line(text, "b"), 4);
    assert_int_equal(tb_where_line(text, "b[0]"), 5);
    assert_int_equal(tb_where_line(text, "b[1].c"), 6);
    assert_int_equal(tb_where_line(text, "b[1].d"), 7);
    assert_int_equal(tb_where_line(text, "e"), 9);
    /* What is missing is told where it should have been. */
    assert_int_equal(tb_where_line(text, "b[1].x"), 6);
    assert_int_equal(tb_where_line(text, "x"), 2);
}

static void what_articles_13_and_14_want_is_listed_until_it_is_there(void **state)
{
    (void)state;
    const char *names[TB_MISSING_MAX];
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    assert_int_equal(tb_missing_list(&notice, names), TB_MISSING_MAX);
    assert_string_equal(names[0], "occurred_at");
    assert_string_equal(names[TB_MISSING_MAX - 1], "contact_phone");
    notice.kind = TONGBAO__NOTICE__KIND__ALL_CLEAR;
    assert_int_equal(tb_missing_list(&notice, names), 3);
    assert_string_equal(names[0], "signed_by");
    notice.kind = TONGBAO__NOTICE__KIND__FOLLOW_UP;
    assert_int_equal(tb_missing_list(&notice, names), 4);
    assert_string_equal(names[0], "actions");
    static struct sample sample;
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample.substance.amount = sample_text("3.5");
    sample.notice.signed_by = sample_text("李四");
    size_t before = tb_missing_list(&sample.notice, names);
    sample.notice.signed_by = sample_text("");
    assert_int_equal(tb_missing_list(&sample.notice, names), before + 1);
    sample.substance.amount = sample_text("");
    assert_int_equal(tb_missing_list(&sample.notice, names), before + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_statement_is_the_same_after_json_and_back),
        TEST(a_directory_is_the_same_after_json_and_back),
        TEST(times_are_beijing_time_and_an_unknown_time_has_no_key),
        TEST(a_value_from_a_newer_program_is_shown_as_its_number),
        TEST(an_offices_code_is_text_of_six_digits),
        TEST(the_words_of_people_are_taken),
        TEST(an_unknown_amount_and_every_absent_element_are_taken),
        TEST(a_time_without_an_offset_is_beijing_time),
        TEST(a_mistake_in_syntax_is_told_with_its_line),
        TEST(an_unknown_key_is_told_with_the_nearest_name),
        TEST(what_the_program_fills_in_is_refused),
        TEST(a_value_of_the_wrong_kind_is_told_with_what_to_write),
        TEST(every_kind_of_value_has_the_room_that_protobuf_c_gives_it),
        TEST(a_time_that_cannot_be_said_is_told_at_its_key),
        TEST(an_amount_is_a_decimal_number_or_not_known),
        TEST(an_offices_code_has_six_digits),
        TEST(text_over_the_limit_and_control_characters_are_refused),
        TEST(two_kinds_of_statement_in_one_body_are_a_mistake),
        TEST(an_arena_that_is_used_up_is_a_status),
        TEST(a_place_is_found_again_in_the_text),
        TEST(what_articles_13_and_14_want_is_listed_until_it_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
