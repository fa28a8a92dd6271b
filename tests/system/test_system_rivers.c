/* The real rivers: who must hear it, across city and province borders (I5). */
#include "tests/system/test.h"

static const struct tb_world_broker sx[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};

/* The route of the dead fish of 文水 (cases.csv, A3), as it should have gone. */
static const struct tb_world_office fish[] = {
    {"140121", "太原市生态环境局清徐分局", "sx-1", false, false},
    {"141121", "吕梁市生态环境局文水分局", "sx-1", false, false},
    {"140727", "晋中市生态环境局祁县分局", "sx-1", false, false},
    {"140100", "太原市生态环境局", "sx-1", false, false},
    {"141100", "吕梁市生态环境局", "sx-1", false, false},
    {"140700", "晋中市生态环境局", "sx-1", false, false},
    {"140000", "山西省生态环境厅", "sx-1", false, false},
    {NULL, NULL, NULL, false, false}};

static const struct tb_world_plan fish_plan = {sx, fish, {NULL, NULL}};

/* The deliveries of a notice at ${at} are exactly ${codes}. */
static void deliveries_are(struct tb_world *world, const char *at, const char *id,
                           const char *const codes[])
{
    json_t *notice = tb_desk_notice(world, at, id);
    const json_t *deliveries = json_object_get(notice, "deliveries");
    size_t count = 0;
    size_t i;
    const json_t *delivery;
    for (; codes[count] != NULL; count++) {
    }
    json_array_foreach(deliveries, i, delivery)
    {
        const char *office = json_string_value(json_object_get(delivery, "office"));
        bool expected = false;
        for (size_t c = 0; c < count; c++) {
            expected = expected || strcmp(codes[c], office) == 0;
        }
        if (!expected) {
            fail_msg("%s is no office that must hear it", office);
        }
        assert_true(json_is_true(json_object_get(delivery, "required")));
        assert_string_not_equal(json_string_value(json_object_get(delivery, "clause")), "");
    }
    assert_int_equal(json_array_size(deliveries), count);
    json_decref(notice);
}

static void fish_route(void **state)
{
    static const char *const expected[] = {"141121", "140727", "140100", "141100",
                                           "140700", "140000", NULL};
    struct tb_world *world = tb_world_share(&fish_plan);
    char ids[1][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, "140121");
    tb_desk_issue_first(world, "140121", "汾河", ids[0]);
    deliveries_are(world, "140121", ids[0], expected);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, "140121", ids[0]));
    for (size_t i = 0; expected[i] != NULL; i++) {
        tb_desk_shown_once(world, expected[i], ids, 1);
        tb_desk_duty(world, expected[i]);
        assert_int_equal(tb_desk_acknowledge(world, expected[i], ids[0]), 201);
    }
    for (size_t i = 0; expected[i] != NULL; i++) {
        tb_world_until(TB_TEST_SOON_MS,
                       tb_desk_state_is(world, "140121", ids[0], expected[i], "acknowledged"));
        tb_world_until(TB_TEST_SOON_MS,
                       tb_desk_state_is(world, "140000", ids[0], expected[i], "acknowledged"));
    }
    tb_world_pass(world);
}

static void inquiry_goes_up(void **state)
{
    struct tb_world *world = tb_world_share(&fish_plan);
    char ids[1][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, "141121");
    json_t *body = tb_desk_first("actual", "汾河", "请协查上游来源");
    json_object_set_new(json_object_get(body, "notice"), "kind", json_string("inquiry"));
    tb_desk_issue(world, "141121", body, ids[0]);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, "141121", ids[0], "140121", "held"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, "141121", ids[0], "140100", "held"));
    tb_desk_shown_once(world, "140121", ids, 1);
    tb_world_pass(world);
}

static void nobody_can_be_left_out(void **state)
{
    static const char *const expected[] = {"141121", "140727", "140100", "141100",
                                           "140700", "140000", NULL};
    static const char *const keys[] = {"recipients", "without", "to"};
    struct tb_world *world = tb_world_share(&fish_plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, "140121");
    size_t before = tb_desk_shown(world, "140121", "notice", NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *body = tb_desk_first("actual", "汾河", "只发一家");
        json_object_set_new(body, keys[i], json_pack("[s]", "141121"));
        assert_int_equal(
            tb_desk_call(world, "140121", "POST", "/v1/notices", body, tb_desk_request(), NULL),
            400);
        json_decref(body);
    }
    assert_int_equal(tb_desk_shown(world, "140121", "notice", NULL), before);
    json_t *body = tb_desk_first("actual", "汾河", "不增加");
    json_object_set_new(body, "add", json_array());
    tb_desk_issue(world, "140121", body, id);
    deliveries_are(world, "140121", id, expected);
    tb_world_pass(world);
}

static void unknown_river_tells_the_union(void **state)
{
    struct tb_world *world = tb_world_share(&fish_plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, "140121");
    tb_desk_issue_first(world, "140121", "", id);
    /* 潇河 also leaves 清徐, for 小店: nobody is on duty there, so telephone. */
    assert_string_equal(tb_desk_state(world, "140121", id, "140105"), "outside");
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, "140121", id));
    assert_string_equal(tb_desk_state(world, "140121", id, "141121"), "held");
    tb_world_pass(world);
}

static void outside_comes_first(void **state)
{
    static const struct tb_world_office offices[] = {
        {"140121", "太原市生态环境局清徐分局", "sx-1", false, false},
        {"141121", "吕梁市生态环境局文水分局", "sx-1", false, false},
        {"140000", "山西省生态环境厅", "sx-1", false, false},
        {NULL, NULL, NULL, false, false}};
    const struct tb_world_plan plan = {sx, offices, {NULL, NULL}};
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_world_teardown_shared(NULL);
    struct tb_world *world = tb_world_open(&plan);
    tb_desk_duty(world, "140121");
    json_t *answer = NULL;
    json_t *body = tb_desk_first("actual", "汾河", "死鱼");
    assert_int_equal(
        tb_desk_call(world, "140121", "POST", "/v1/notices", body, tb_desk_request(), &answer),
        201);
    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(answer, "id")));
    /* Who is to be telephoned now: 祁县, and the three cities. */
    assert_int_equal(json_array_size(json_object_get(answer, "telephone")), 4);
    assert_true(tb_desk_state_is(world, "140121", id, "140727", "outside"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, "140121", id));
    char *shown = tb_world_must(world, "140121", tb_words("show", id));
    const char *outside = strstr(shown, "140727");
    const char *held = strstr(shown, "141121");
    assert_non_null(outside);
    assert_non_null(held);
    assert_true(outside < held);
    assert_non_null(strstr(shown, "telephone"));
    free(shown);
    json_decref(answer);
    json_decref(body);
    tb_world_close(world);
}

static void across_the_province_border(void **state)
{
    static const struct tb_world_broker brokers[] = {
        {"sx-1", 14, false, NULL}, {"he-1", 13, false, NULL}, {NULL, 0, false, NULL}};
    static const struct tb_world_office offices[] = {
        {"140221", "大同市生态环境局阳高分局", "sx-1", false, false},
        {"140200", "大同市生态环境局", "sx-1", false, false},
        {"140000", "山西省生态环境厅", "sx-1", false, false},
        {"130727", "张家口市生态环境局阳原县分局", "he-1", false, false},
        {"130700", "张家口市生态环境局", "he-1", false, false},
        {"130000", "河北省生态环境厅", "he-1", false, false},
        {NULL, NULL, NULL, false, false}};
    const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};
    char ids[1][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = tb_world_open(&plan);
    tb_desk_duty(world, "140221");
    tb_desk_duty(world, "130727");
    tb_desk_issue_first(world, "140221", "桑干河", ids[0]);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, "140221", ids[0], "130727", "held"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, "140221", ids[0], "130700", "held"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, "140221", ids[0]));
    assert_int_equal(tb_desk_acknowledge(world, "130727", ids[0]), 201);
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, "140221", ids[0], "130727", "acknowledged"));
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, "140000", ids[0], "130727", "acknowledged"));
    /* The acknowledging office's own city and province have its word on disk too;
     * the province, which the notice did not concern, shows it when it has the
     * notice. */
    tb_world_until(TB_TEST_SOON_MS, tb_desk_status(world, "130727", "owed") == 0);
    tb_world_stop(world, "130000");
    assert_int_equal(tb_store_number(world, "130000",
                                     "SELECT count(*) FROM acknowledgement "
                                     "WHERE office = 130727 AND notice = ?1",
                                     ids[0]),
                     1);
    tb_desk_shown_once(world, "130727", ids, 1);
    tb_world_close(world);
}

/* True when the delivery to ${to} was named by a broker, not by the origin. */
static bool is_widened(struct tb_world *world, const char *at, const char *id, const char *to)
{
    json_t *notice = tb_desk_notice(world, at, id);
    bool widened = false;
    size_t i;
    const json_t *delivery;
    json_array_foreach(json_object_get(notice, "deliveries"), i, delivery)
    {
        if (strcmp(json_string_value(json_object_get(delivery, "office")), to) == 0) {
            widened = json_is_true(json_object_get(delivery, "widened"));
        }
    }
    json_decref(notice);
    return widened;
}

static void newer_rivers_widen(void **state)
{
    /* In version 1 nobody knows that 清徐's water goes to 祁县. */
    const struct tb_world_plan plan = {sx, fish, {"140121", "140727"}};
    char ids[1][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = tb_world_open(&plan);
    tb_desk_duty(world, "140121");
    tb_world_stop(world, "sx-1");
    tb_world_rivers(world, 14, TB_SYSTEM_DATA);
    tb_world_sign(world, 14);
    tb_desk_issue_first(world, "140121", "汾河", ids[0]);
    assert_string_equal(tb_desk_state(world, "140121", ids[0], "140727"), "");
    tb_world_start(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, "140121", ids[0], "140727", "held"));
    assert_true(is_widened(world, "140121", ids[0], "140727"));
    assert_false(is_widened(world, "140121", ids[0], "141121"));
    tb_world_until(TB_TEST_SOON_MS, is_widened(world, "140000", ids[0], "140727"));
    assert_true(tb_desk_shown(world, "140121", "widened", NULL) >= 1);
    tb_desk_shown_once(world, "140727", ids, 1);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("a notice from 清徐 on 汾河 is held and acknowledged by 文水, 祁县, their "
                      "cities, its own city and the province, and by nobody else (I5)",
                      fish_route),
        tb_world_test("an inquiry from 文水 goes up the river to 清徐 (I5)", inquiry_goes_up),
        tb_world_test("an office that the rules require cannot be left out (I5)",
                      nobody_can_be_left_out),
        tb_world_test("a notice whose river is not known is told to the union (I5, I6)",
                      unknown_river_tells_the_union),
        tb_world_test("an office that was never admitted is shown first, to be telephoned (I1)",
                      outside_comes_first),
        tb_world_test("a notice from 阳高 crosses into Hebei, which has its own root and its own "
                      "broker, and its acknowledgement comes back (I5)",
                      across_the_province_border),
        tb_world_test("a broker that knows newer rivers widens the route, and the origin's "
                      "deliveries grow by it (I5)",
                      newer_rivers_widen),
    };
    return cmocka_run_group_tests_name("system.rivers", tests, NULL, tb_world_teardown_shared);
}
