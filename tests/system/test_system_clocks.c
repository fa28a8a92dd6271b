/* What is due by when, through the command line and between real processes. */
#include "tests/system/test.h"

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

static const char *const chinese[] = {"LANGUAGE=zh_CN", NULL};

/* One run at ${office} that must end with ${exit_status} and say ${part}. */
static void say(struct tb_world *world, const char *office, const char *const environment[],
                int exit_status, const char *part, const char *const words[])
{
    struct tb_told told = tb_world_tongbao(world, office, environment, NULL, words);
    if (told.exit_status != exit_status ||
        (strstr(told.out, part) == NULL && strstr(told.err, part) == NULL)) {
        fail_msg("tongbao %s: exit %d, not %d, or no \"%s\" in: %s%s", words[0], told.exit_status,
                 exit_status, part, told.out, told.err);
    }
    tb_child_told_free(&told);
}

/* On duty through the API, and at a terminal of the command line too. */
static void on_duty(struct tb_world *world, const char *office)
{
    tb_desk_duty(world, office);
    struct tb_told told = tb_world_tongbao(world, office, NULL, TB_DESK_PASSWORD "\n",
                                           tb_words("duty", "open", "--officer", TB_DESK_OFFICER));
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
}

static json_t *clocks(struct tb_world *world, const char *office, const char *name)
{
    char *text = tb_world_must(world, office, tb_words("clocks", name, "--json"));
    json_t *list = json_loads(text, 0, NULL);
    assert_true(json_is_array(list));
    free(text);
    return list;
}

/* The clock ${rule} of ${owner} as ${office} sees it; NULL when it does not. */
static json_t *clock_of(struct tb_world *world, const char *office, const char *name,
                        const char *owner, const char *rule)
{
    json_t *list = clocks(world, office, name);
    json_t *found = NULL;
    size_t i;
    json_t *clock;
    json_array_foreach(list, i, clock)
    {
        if (strcmp(json_string_value(json_object_get(clock, "owner")), owner) == 0 &&
            strcmp(json_string_value(json_object_get(clock, "rule")), rule) == 0) {
            found = json_incref(clock);
        }
    }
    json_decref(list);
    return found;
}

static bool stands(struct tb_world *world, const char *office, const char *name, const char *owner,
                   const char *rule, const char *state)
{
    json_t *clock = clock_of(world, office, name, owner, rule);
    bool same =
        clock != NULL && strcmp(json_string_value(json_object_get(clock, "state")), state) == 0;
    json_decref(clock);
    return same;
}

/* ${rule} of the origin is one and the same clock at two offices, but for what the
 * moment of the question changes. */
static void same_at(struct tb_world *world, const char *a, const char *b, const char *name,
                    const char *rule)
{
    static const char *const moving[] = {"left_s", "late_s", "reminder"};
    json_t *x = clock_of(world, a, name, TB_TEST_UP, rule);
    json_t *y = clock_of(world, b, name, TB_TEST_UP, rule);
    assert_non_null(x);
    assert_non_null(y);
    for (size_t i = 0; i < sizeof moving / sizeof moving[0]; i++) {
        json_object_del(x, moving[i]);
        json_object_del(y, moving[i]);
    }
    assert_true(json_equal(x, y));
    json_decref(x);
    json_decref(y);
}

static void issue(struct tb_world *world, const char *grade, const char *in,
                  char id[TB_DESK_ID_CHARS])
{
    json_t *body = tb_desk_first(in, TB_TEST_RIVER, "死鱼");
    json_t *notice = json_object_get(body, "notice");
    json_object_set_new(notice, "grade", json_string(grade));
    json_object_set_new(notice, "signed_by", json_string("李签发"));
    json_object_set_new(notice, "contact", json_string("赵六"));
    json_object_set_new(notice, "contact_phone", json_string("0350-1"));
    tb_desk_issue(world, TB_TEST_UP, body, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
}

/* The file ${name} of the world's folder, with some words in it. */
static const char *evidence(struct tb_world *world, const char *name)
{
    const char *path = tb_world_path(world, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("县政府网站 3时20分发布\n", file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void an_incident_meets_its_time_limits(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    on_duty(world, TB_TEST_UP);
    on_duty(world, TB_TEST_DOWN);
    issue(world, "ii", "actual", id);
    /* The province's bureau holds it, and with all that Art. 14 asks: it is the report. */
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "report-2h-province", "met"));
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "report-2h-ministry", "running"));
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "information-5h", "running"));
    assert_true(stands(world, TB_TEST_DOWN, id, TB_TEST_DOWN, "receiver-2h-government", "running"));
    assert_true(
        stands(world, TB_TEST_PROVINCE, id, TB_TEST_PROVINCE, "province-1h-ministry", "running"));
    say(world, TB_TEST_UP, chinese, 0, "还有 ", tb_words("clocks"));
    say(world, TB_TEST_UP, chinese, 0, "发布权威信息", tb_words("show", id));
    say(world, TB_TEST_UP, chinese, 0, "时限：还有 ", tb_words("status"));
    /* Without evidence nothing is published. */
    say(world, TB_TEST_UP, chinese, 1, "--evidence",
        tb_words("disclose", id, "--measure", "权威信息", "--state", "已发布"));
    say(world, TB_TEST_DOWN, NULL, 1, "its city and its province",
        tb_words("disclose", id, "--measure", "response", "--state", "proposed"));
    say(world, TB_TEST_UP, NULL, 1, "published.txt",
        tb_words("disclose", id, "--measure", "response", "--state", "published", "--evidence",
                 tb_world_path(world, "not-published.txt")));
    const char *file = evidence(world, "published.txt");
    say(world, TB_TEST_UP, NULL, 0, "Keep the files",
        tb_words("disclose", id, "--measure", "authoritative_information", "--state", "published",
                 "--by", "宁武县人民政府", "--channel", "县政府网站", "--evidence", file));
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "information-5h", "met"));
    say(world, TB_TEST_UP, NULL, 0, "without evidence",
        tb_words("deed", id, "--duty", "report_ministry", "--to", "生态环境部总值班室"));
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "report-2h-ministry", "running"));
    say(world, TB_TEST_UP, NULL, 0, "Entered: deed",
        tb_words("deed", id, "--duty", "report_ministry", "--to", "生态环境部总值班室",
                 "--document-number", "宁环报1号", "--evidence", file));
    assert_true(stands(world, TB_TEST_UP, id, TB_TEST_UP, "report-2h-ministry", "met"));
    tb_world_until(TB_TEST_SOON_MS,
                   stands(world, TB_TEST_PROVINCE, id, TB_TEST_UP, "report-2h-ministry", "met"));
    tb_world_until(TB_TEST_SOON_MS, tb_desk_shown(world, TB_TEST_CITY, "disclosure", NULL) == 1);
    say(world, TB_TEST_PROVINCE, chinese, 0, "宁环报1号", tb_words("show", id));
    tb_world_pass(world);
}

/* I9: the same at every office that holds the facts, and after kill -9. */
static void i9_the_same_clocks_everywhere_and_after_a_kill(void **state)
{
    static const char *const rules[] = {"report-2h-government", "report-2h-ministry",
                                        "information-5h", "conference-24h", "propose-neighbour"};
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    on_duty(world, TB_TEST_UP);
    issue(world, "i", "actual", id);
    say(world, TB_TEST_UP, NULL, 0, "Entered",
        tb_words("deed", id, "--duty", "report_own_government", "--to", "县政府", "--evidence",
                 evidence(world, "fax.txt")));
    tb_world_until(TB_TEST_SOON_MS,
                   stands(world, TB_TEST_PROVINCE, id, TB_TEST_UP, "report-2h-government", "met"));
    tb_world_until(TB_TEST_SOON_MS,
                   stands(world, TB_TEST_CITY, id, TB_TEST_UP, "report-2h-government", "met"));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        same_at(world, TB_TEST_UP, TB_TEST_PROVINCE, id, rules[i]);
        same_at(world, TB_TEST_UP, TB_TEST_CITY, id, rules[i]);
    }
    tb_world_kill(world, TB_TEST_UP);
    tb_world_start(world, TB_TEST_UP);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_UP, id));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        same_at(world, TB_TEST_UP, TB_TEST_PROVINCE, id, rules[i]);
    }
    tb_world_pass(world);
}

/* I7: an exercise runs its whole path and is never taken for the actual world. */
static void i7_an_exercise_has_clocks_of_its_own(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char actual[TB_DESK_ID_CHARS];
    char exercise[TB_DESK_ID_CHARS];
    (void)state;
    on_duty(world, TB_TEST_UP);
    issue(world, "ii", "actual", actual);
    issue(world, "ii", "exercise", exercise);
    say(world, TB_TEST_UP, NULL, 0, "Entered",
        tb_words("disclose", exercise, "--measure", "press_conference", "--state", "published",
                 "--evidence", evidence(world, "drill.txt")));
    assert_true(stands(world, TB_TEST_UP, exercise, TB_TEST_UP, "conference-24h", "met"));
    assert_true(stands(world, TB_TEST_UP, actual, TB_TEST_UP, "conference-24h", "running"));
    say(world, TB_TEST_UP, chinese, 0, "【演练】", tb_words("clocks", exercise));
    tb_world_pass(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("an incident's time limits are shown, and met by held notices, deeds and "
                      "disclosures with evidence",
                      an_incident_meets_its_time_limits),
        tb_world_test("the same clocks stand at origin, city and province, and after kill -9 (I9)",
                      i9_the_same_clocks_everywhere_and_after_a_kill),
        tb_world_test("an exercise's disclosure meets no actual clock (I7)",
                      i7_an_exercise_has_clocks_of_its_own),
    };
    return cmocka_run_group_tests_name("system.clocks", tests, NULL, tb_world_teardown_shared);
}
