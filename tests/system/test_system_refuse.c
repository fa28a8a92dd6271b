/*
 * What never stops a notice, and what always stops one: form, worlds, keys and
 * authority.
 */
#include "tests/system/test.h"

enum { AT_ONCE_MS = 2000 };

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

static size_t waiting_at(struct tb_world *world, const char *office)
{
    json_t *answer = tb_desk_get(world, office, "/v1/waiting");
    size_t count = json_array_size(json_object_get(answer, "notices"));
    json_decref(answer);
    return count;
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL && strcmp(value, text) == 0;
}

static void form_never_stops_it(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    json_t *answer = NULL;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    json_t *body = json_pack("{s:s, s:{s:s, s:s}}", "world", "actual", "notice", "kind", "first",
                             "grade", "不明");
    assert_int_equal(
        tb_desk_call(world, TB_TEST_UP, "POST", "/v1/notices", body, tb_desk_request(), &answer),
        201);
    /* What is missing is said, to be chased, and the notice is gone already. */
    assert_true(json_array_size(json_object_get(answer, "missing")) >= 10);
    const char *id = json_string_value(json_object_get(answer, "id"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, TB_TEST_UP, id, TB_TEST_DOWN, "held"));
    json_t *there = tb_desk_notice(world, TB_TEST_DOWN, id);
    assert_true(text_is(there, "grade", "unknown"));
    assert_true(json_array_size(json_object_get(there, "missing")) >= 10);
    json_decref(there);
    json_decref(answer);
    json_decref(body);
    tb_world_pass(world);
}

static void mistake_issues_nothing(void **state)
{
    static const char file[] = "{\n"
                               "  \"kind\": \"first\",\n"
                               "  \"river\": \"汾河\",\n"
                               "  \"substances\": [\n"
                               "    {\"name\": \"氨氮\", \"amount\": \"12\", \"unti\": \"kg\"}\n"
                               "  ]\n"
                               "}\n";
    struct tb_world *world = tb_world_share(&plan);
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    size_t before = tb_desk_shown(world, TB_TEST_UP, "notice", NULL);
    tb_tree_write(tb_world_path(world, "notice.json"), file);
    struct tb_told told =
        tb_world_tongbao(world, TB_TEST_UP, NULL, TB_DESK_PASSWORD "\n",
                         tb_words("duty", "open", "--officer", TB_DESK_OFFICER, "--hours", "2"));
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
    told =
        tb_world_tongbao(world, TB_TEST_UP, NULL, NULL,
                         tb_words("issue", "--file", tb_world_path(world, "notice.json"), "--yes"));
    assert_int_equal(told.exit_status, 1);
    assert_non_null(strstr(told.err, "unti"));
    assert_non_null(strstr(told.err, "unit"));
    assert_non_null(strstr(told.err, "5")); /* the line */
    tb_child_told_free(&told);
    assert_int_equal(tb_desk_shown(world, TB_TEST_UP, "notice", NULL), before);
    tb_world_pass(world);
}

static void no_broker_no_silence(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    json_t *answer = NULL;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, !tb_desk_linked(tb_world_place(world, TB_TEST_UP)));
    json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "无网络");
    unsigned long long start_ms = tb_child_now_ms();
    assert_int_equal(
        tb_desk_call(world, TB_TEST_UP, "POST", "/v1/notices", body, tb_desk_request(), &answer),
        201);
    assert_true(tb_child_now_ms() - start_ms <= AT_ONCE_MS);
    assert_true(json_is_false(json_object_get(answer, "left_building")));
    const json_t *telephone = json_object_get(answer, "telephone");
    assert_int_equal(json_array_size(telephone), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *phones = json_object_get(json_array_get(telephone, i), "phones");
        const char *number =
            json_string_value(json_object_get(json_array_get(phones, 0), "number"));
        assert_non_null(number);
        assert_int_equal(strncmp(number, "0351-", 5), 0);
    }
    const char *id = json_string_value(json_object_get(answer, "id"));
    tb_world_start(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    json_decref(answer);
    json_decref(body);
    tb_world_pass(world);
}

/* Follow-ups are the origin's own; another office's are refused. */
static void only_the_origin_goes_on(void **state)
{
    static const char *const kinds[] = {"follow_up", "correction", "all_clear", "final"};
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    char next[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_has(world, TB_TEST_DOWN, id));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "后续");
        json_object_set_new(json_object_get(body, "notice"), "kind", json_string(kinds[i]));
        json_object_set_new(json_object_get(body, "notice"), "regards", json_string(id));
        long status =
            tb_desk_call(world, TB_TEST_DOWN, "POST", "/v1/notices", body, tb_desk_request(), NULL);
        assert_true(status >= 400 && status < 500);
        tb_desk_issue(world, TB_TEST_UP, body, next);
        tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, next));
    }
    json_t *there = tb_desk_notice(world, TB_TEST_DOWN, next);
    assert_int_equal(json_array_size(json_object_get(there, "incident")), 5);
    json_decref(there);
    tb_world_pass(world);
}

static void exercise_is_never_real(void **state)
{
    tb_world_teardown_shared(NULL);
    struct tb_world *world = tb_world_open(&plan);
    char line[TB_WORLD_PATH_BYTES_MAX + 64];
    char actual[TB_DESK_ID_CHARS];
    char exercise[TB_DESK_ID_CHARS];
    (void)state;
    tb_world_stop(world, TB_TEST_DOWN);
    snprintf(line, sizeof line, "\n[alarm]\ncommand = echo $TONGBAO_NUMBER >> %s\n",
             tb_world_path(world, "alarm.txt"));
    tb_world_configure(world, TB_TEST_DOWN, line);
    tb_tree_write(tb_world_path(world, "alarm.txt"), "");
    tb_world_start(world, TB_TEST_DOWN);
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    tb_desk_issue(world, TB_TEST_UP, tb_desk_first("exercise", TB_TEST_RIVER, "演练"), exercise);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, exercise));
    json_t *there = tb_desk_notice(world, TB_TEST_DOWN, exercise);
    assert_true(text_is(there, "world", "exercise"));
    assert_int_equal(strncmp(json_string_value(json_object_get(there, "number")), "演", 3), 0);
    json_decref(there);
    assert_int_equal(waiting_at(world, TB_TEST_DOWN), 0);

    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, actual);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, actual));
    assert_int_equal(waiting_at(world, TB_TEST_DOWN), 1);
    assert_int_equal(tb_desk_acknowledge(world, TB_TEST_DOWN, exercise), 201);
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, TB_TEST_UP, exercise, TB_TEST_DOWN, "acknowledged"));
    assert_string_equal(tb_desk_state(world, TB_TEST_UP, actual, TB_TEST_DOWN), "held");
    assert_int_equal(waiting_at(world, TB_TEST_DOWN), 1);

    /* A notice of one world continues none of another. */
    json_t *body = tb_desk_first("exercise", TB_TEST_RIVER, "混");
    json_object_set_new(json_object_get(body, "notice"), "kind", json_string("all_clear"));
    json_object_set_new(json_object_get(body, "notice"), "regards", json_string(actual));
    long status =
        tb_desk_call(world, TB_TEST_UP, "POST", "/v1/notices", body, tb_desk_request(), NULL);
    assert_true(status >= 400 && status < 500);
    json_decref(body);

    /* Only the actual notice woke somebody. */
    char *rung = tb_tree_read(tb_world_path(world, "alarm.txt"));
    assert_null(strstr(rung, "演"));
    assert_int_equal(strncmp(rung, TB_TEST_UP, strlen(TB_TEST_UP)), 0);
    free(rung);
    tb_world_close(world);
}

static void revoked_key_ends(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char before[TB_DESK_ID_CHARS];
    char after[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_DOWN);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, before);
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, TB_TEST_UP, before, TB_TEST_DOWN, "accepted"));
    free(tb_world_must(world, NULL,
                       tb_words("directory", "revoke", "--draft", tb_world_path(world, "14.draft"),
                                "--office", TB_TEST_UP)));
    tb_world_sign(world, 14);
    tb_world_hand(world, TB_TEST_PROVINCE, 14);
    tb_world_until(TB_TEST_SOON_MS, tb_world_log_has(world, "sx-1", "version=2 taken", 0));

    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, after);
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, "sx-1", "revoked", 0));
    /* What the broker admitted before still arrives, marked; nothing new does. */
    tb_world_start(world, TB_TEST_DOWN);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_DOWN, before));
    json_t *there = tb_desk_notice(world, TB_TEST_DOWN, before);
    assert_string_equal(json_string_value(json_array_get(json_object_get(there, "marks"), 0)),
                        "key_revoked");
    json_decref(there);
    assert_false(tb_desk_has(world, TB_TEST_DOWN, after));
    assert_false(tb_desk_has(world, TB_TEST_PROVINCE, after));
    tb_world_close(world);
}

/* The province retires the key of TB_TEST_UP and lets its entry run out. */
static void retire_and_expire(struct tb_world *world)
{
    char *text = tb_tree_read(tb_world_path(world, "14.draft"));
    json_t *draft = json_loads(text, 0, NULL);
    size_t i;
    json_t *office;
    assert_non_null(draft);
    json_array_foreach(json_object_get(draft, "offices"), i, office)
    {
        if (json_integer_value(json_object_get(office, "code")) == strtol(TB_TEST_UP, NULL, 10)) {
            json_object_set_new(office, "valid_until", json_string("2020-01-01T00:00:00+08:00"));
        }
    }
    free(text);
    text = json_dumps(draft, 0);
    tb_tree_write(tb_world_path(world, "14.draft"), text);
    free(text);
    json_decref(draft);
    free(tb_world_must(world, NULL,
                       tb_words("directory", "retire", "--draft", tb_world_path(world, "14.draft"),
                                "--office", TB_TEST_UP)));
    tb_world_sign(world, 14);
}

static void retired_and_expired_goes_marked(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    retire_and_expire(world);
    tb_world_hand(world, TB_TEST_PROVINCE, 14);
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, "sx-1", "version=2 taken", 0));
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, TB_TEST_UP, "version=2 taken", 0));
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, TB_TEST_DOWN, "version=2 taken", 0));
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, TB_TEST_UP, id, TB_TEST_DOWN, "held"));
    /* Its reader sees the key, its own officer the entry. */
    char *shown = tb_world_must(world, TB_TEST_DOWN, tb_words("show", id));
    assert_non_null(strstr(shown, "signed with a key that was retired since"));
    free(shown);
    shown = tb_world_must(world, TB_TEST_UP, tb_words("status"));
    assert_non_null(strstr(shown, "The directory entry has expired"));
    free(shown);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("a notice with nothing but its kind and an unknown grade still goes, and "
                      "says what is missing (I6)",
                      form_never_stops_it),
        tb_world_test("a notice file with a mistake is told by line and key, and nothing is issued",
                      mistake_issues_nothing),
        tb_world_test("with no broker a notice is issued at once and says that nothing has left "
                      "the building and whom to telephone (I6, I1)",
                      no_broker_no_silence),
        tb_world_test("follow-up, correction, all-clear and final report are the origin's alone "
                      "(I3)",
                      only_the_origin_goes_on),
        tb_world_test("an exercise is never shown as actual, never rings, and its acknowledgement "
                      "satisfies no actual notice (I7)",
                      exercise_is_never_real),
        tb_world_test("a revoked key is refused at its next frame, and what was admitted before "
                      "arrives, marked (I3, I1)",
                      revoked_key_ends),
        tb_world_test("a notice signed with a retired key by an office whose entry has run out "
                      "goes, and both are shown (I6)",
                      retired_and_expired_goes_marked),
    };
    return cmocka_run_group_tests_name("system.refuse", tests, NULL, tb_world_teardown_shared);
}
