#define _DEFAULT_SOURCE /* timegm */
/* Clocks that are wrong: stepped a day either way while everything runs, or of 1970. */
#include "tests/system/test.h"

enum { DAY_S = 24 * 60 * 60, SKEW_SHOWN_MS = 20000 };

static const struct tb_world_broker one[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office all[] = {TB_TEST_OFFICES("sx-1"),
                                             {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {one, all, {NULL, NULL}};
static const char *const places[] = {"sx-1", TB_TEST_UP, TB_TEST_DOWN, TB_TEST_CITY,
                                     TB_TEST_PROVINCE};
enum { PLACES = sizeof places / sizeof places[0] };

/* ------------------------------------------------------- clocks of places */

static const char *clock_file(struct tb_world *world, const char *name)
{
    char file[TB_WORLD_TEXT_BYTES_MAX];
    snprintf(file, sizeof file, "%s.clock", name);
    return tb_world_path(world, file);
}

/* Say what the wall clock of a place shows from now on, as libfaketime reads it: "+86400"
 * is a day ahead, "2026-01-02 03:04:05" stands still there. Whole or not at all: it is
 * read at every look at the clock. */
static void set_clock(struct tb_world *world, const char *name, const char *text)
{
    char fresh[TB_WORLD_PATH_BYTES_MAX];
    char path[TB_WORLD_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s", clock_file(world, name));
    snprintf(fresh, sizeof fresh, "%s.new", path);
    tb_tree_write(fresh, text);
    assert_int_equal(rename(fresh, path), 0);
}

static void step(struct tb_world *world, const char *name, long seconds)
{
    char text[32];
    snprintf(text, sizeof text, "%+ld", seconds);
    set_clock(world, name, text);
}

/* Start a place under a wall clock of its own; the monotonic one is the machine's. */
static void launch(struct tb_world *world, const char *name)
{
    assert_int_equal(setenv("LD_PRELOAD", TB_SYSTEM_FAKETIME, 1), 0);
    assert_int_equal(setenv("FAKETIME_TIMESTAMP_FILE", clock_file(world, name), 1), 0);
    tb_world_launch(world, name);
    unsetenv("LD_PRELOAD");
    unsetenv("FAKETIME_TIMESTAMP_FILE");
}

static void start_all(struct tb_world *world)
{
    setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    setenv("FAKETIME_NO_CACHE", "1", 1);
    setenv("NO_FAKE_STAT", "1", 1);
    setenv("TZ", "UTC", 1); /* of the texts in the clock files */
    for (size_t i = 0; i < PLACES; i++) {
        launch(world, places[i]);
    }
    tb_world_start_all(world);
}

/* All clocks are right at first. */
static struct tb_world *open_with_clocks(void)
{
    struct tb_world *world = tb_world_make(&plan);
    for (size_t i = 0; i < PLACES; i++) {
        step(world, places[i], 0);
    }
    start_all(world);
    return world;
}

static long shown_skew_s(struct tb_world *world, const char *office)
{
    return (long)(tb_desk_status(world, office, "skew_ms") / 1000);
}

static bool shows_skew(struct tb_world *world, const char *office, long skew_s)
{
    return labs(shown_skew_s(world, office) - skew_s) <= 2;
}

/* ------------------------------------------------------------- deliveries */

static void one_goes_through(struct tb_world *world, const char *from, char id[TB_DESK_ID_CHARS])
{
    tb_desk_issue_first(world, from, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, from, id));
}

static void steps_change_no_delivery(void **state)
{
    static const char *const stepped[] = {TB_TEST_UP, "sx-1", TB_TEST_DOWN};
    static const long steps_s[] = {DAY_S, -DAY_S};
    enum { STEPPED = 3, STEPS = 2, EACH = 3, COUNT = STEPPED * STEPS * EACH };
    char ids[COUNT][TB_DESK_ID_CHARS];
    size_t count = 0;
    (void)state;
    struct tb_world *world = open_with_clocks();
    for (size_t p = 0; p < STEPPED; p++) {
        for (size_t s = 0; s < STEPS; s++) {
            /* A session ends by the wall clock: whoever issues has a new one. */
            tb_desk_duty(world, TB_TEST_UP);
            one_goes_through(world, TB_TEST_UP, ids[count++]);
            step(world, stepped[p], steps_s[s]);
            tb_desk_duty(world, TB_TEST_UP);
            one_goes_through(world, TB_TEST_UP, ids[count++]);
            if (strcmp(stepped[p], "sx-1") == 0) {
                tb_world_until(SKEW_SHOWN_MS, shows_skew(world, TB_TEST_UP, steps_s[s]));
            } else {
                tb_world_until(SKEW_SHOWN_MS, shows_skew(world, stepped[p], -steps_s[s]));
            }
            step(world, stepped[p], 0);
            tb_desk_duty(world, TB_TEST_UP);
            one_goes_through(world, TB_TEST_UP, ids[count++]);
            tb_world_until(SKEW_SHOWN_MS, shows_skew(world, TB_TEST_UP, 0));
            tb_world_until(SKEW_SHOWN_MS, shows_skew(world, TB_TEST_DOWN, 0));
        }
    }
    assert_int_equal(count, COUNT);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, COUNT);
    tb_desk_shown_once(world, TB_TEST_CITY, ids, COUNT);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, COUNT);
    assert_int_equal(tb_desk_shown(world, TB_TEST_DOWN, "objection", NULL), 0);
    tb_world_close(world);
}

/* What waits in a mailbox, and what was acknowledged, while clocks leap to and fro. */
static void waiting_mail_does_not_age(void **state)
{
    enum { COUNT = 5 };
    char ids[COUNT][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = open_with_clocks();
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_DOWN);
    for (size_t i = 0; i < COUNT; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
        tb_world_until(TB_TEST_LATE_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_DOWN, "accepted"));
    }
    /* Further than any mailbox keeps, and back before it was filed. */
    step(world, "sx-1", 500L * DAY_S);
    tb_child_rest(2000);
    tb_world_stop(world, "sx-1");
    launch(world, "sx-1");
    tb_world_ready(world, "sx-1");
    step(world, "sx-1", -DAY_S);
    tb_child_rest(2000);
    launch(world, TB_TEST_DOWN);
    tb_world_ready(world, TB_TEST_DOWN);
    for (size_t i = 0; i < COUNT; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[i]));
    }
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, COUNT);
    tb_world_close(world);
}

/* An office and a broker whose battery is dead. */
static void of_1970(void **state)
{
    char ids[2][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = tb_world_make(&plan);
    long ago_s = (long)time(NULL) - 100;
    for (size_t i = 0; i < PLACES; i++) {
        step(world, places[i], 0);
    }
    step(world, TB_TEST_DOWN, -ago_s);
    step(world, "sx-1", -ago_s);
    start_all(world);
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    one_goes_through(world, TB_TEST_UP, ids[0]);
    one_goes_through(world, TB_TEST_DOWN, ids[1]);
    assert_non_null(
        strstr(tb_desk_time(world, TB_TEST_UP, ids[0], TB_TEST_DOWN, "held_at"), "1970-01-01T"));
    assert_int_equal(tb_desk_acknowledge(world, TB_TEST_DOWN, ids[0]), 201);
    tb_world_until(TB_TEST_LATE_MS,
                   tb_desk_state_is(world, TB_TEST_UP, ids[0], TB_TEST_DOWN, "acknowledged"));
    assert_true(shows_skew(world, TB_TEST_UP, -ago_s));
    assert_true(shows_skew(world, TB_TEST_DOWN, 0));
    char *status = tb_world_must(world, TB_TEST_UP, tb_words("status"));
    assert_non_null(strstr(status, "its clock differs by -"));
    free(status);
    /* It is set right while everything runs. */
    step(world, TB_TEST_DOWN, 0);
    step(world, "sx-1", 0);
    tb_world_until(SKEW_SHOWN_MS, shows_skew(world, TB_TEST_UP, 0));
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 1);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, 2);
    tb_world_close(world);
}

/* ------------------------------------------------------------ time limits */

static json_t *clocks(struct tb_world *world, const char *office, const char *id)
{
    char *text = tb_world_must(world, office, tb_words("clocks", id, "--json"));
    json_t *list = json_loads(text, 0, NULL);
    assert_true(json_is_array(list));
    free(text);
    return list;
}

static const char *word(const json_t *clock, const char *key)
{
    const char *text = json_string_value(json_object_get(clock, key));
    return text == NULL ? "" : text;
}

/* The clocks of the origin as ${office} sees them; without what the moment of the
 * question changes unless ${now} is to be compared too. */
static json_t *origins_clocks(struct tb_world *world, const char *office, const char *id, bool now)
{
    static const char *const moving[] = {"left_s", "late_s", "reminder", "state"};
    json_t *list = clocks(world, office, id);
    json_t *kept = json_array();
    size_t i;
    json_t *clock;
    json_array_foreach(list, i, clock)
    {
        if (strcmp(word(clock, "owner"), TB_TEST_UP) == 0 &&
            strncmp(word(clock, "rule"), "receiver", 8) != 0) {
            for (size_t m = 0; !now && m < sizeof moving / sizeof moving[0]; m++) {
                json_object_del(clock, moving[m]);
            }
            json_array_append(kept, clock);
        }
    }
    json_decref(list);
    assert_true(json_array_size(kept) > 0);
    return kept;
}

static void must_equal(json_t *a, json_t *b)
{
    if (!json_equal(a, b)) {
        char *one_text = json_dumps(a, JSON_INDENT(1));
        char *two_text = json_dumps(b, JSON_INDENT(1));
        fail_msg("clocks differ:\n%s\n%s", one_text, two_text);
    }
    json_decref(a);
    json_decref(b);
}

/* "2026-11-28T16:05:00+08:00" as libfaketime reads it, ${later_s} later, in UTC. */
static void stand_still(struct tb_world *world, const char *name, const char *at, int later_s)
{
    struct tm parts;
    char text[32];
    memset(&parts, 0, sizeof parts);
    assert_int_equal(sscanf(at, "%d-%d-%dT%d:%d:%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                            &parts.tm_hour, &parts.tm_min, &parts.tm_sec),
                     6);
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    time_t when = timegm(&parts) - 8 * 3600 + later_s;
    assert_non_null(gmtime_r(&when, &parts));
    assert_true(strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0);
    set_clock(world, name, text);
}

static json_t *clock_of(json_t *list, const char *rule)
{
    size_t i;
    json_t *clock;
    json_array_foreach(list, i, clock)
    {
        if (strcmp(word(clock, "rule"), rule) == 0) {
            return clock;
        }
    }
    fail_msg("no clock %s", rule);
    return NULL;
}

/* At the second before it is due, at that second, and after: both say the same. */
static void same_at_the_boundary(struct tb_world *world, const char *id, const char *rule)
{
    static const char *const states[] = {"running", "running", "overdue"};
    char due[64];
    json_t *list = origins_clocks(world, TB_TEST_UP, id, true);
    snprintf(due, sizeof due, "%s", word(clock_of(list, rule), "due_at"));
    json_decref(list);
    for (int later_s = -1; later_s <= 1; later_s++) {
        stand_still(world, TB_TEST_UP, due, later_s);
        stand_still(world, TB_TEST_PROVINCE, due, later_s);
        json_t *here = origins_clocks(world, TB_TEST_UP, id, true);
        print_message("%s %+d s: %s\n", rule, later_s, word(clock_of(here, rule), "state"));
        assert_string_equal(word(clock_of(here, rule), "state"), states[later_s + 1]);
        must_equal(here, origins_clocks(world, TB_TEST_PROVINCE, id, true));
    }
    step(world, TB_TEST_UP, 0);
    step(world, TB_TEST_PROVINCE, 0);
}

static void time_limits_are_facts(void **state)
{
    static const long steps_s[] = {DAY_S, -DAY_S};
    char id[TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = open_with_clocks();
    tb_desk_duty(world, TB_TEST_UP);
    json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "死鱼");
    json_object_set_new(json_object_get(body, "notice"), "grade", json_string("ii"));
    tb_desk_issue(world, TB_TEST_UP, body, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    json_t *before = origins_clocks(world, TB_TEST_UP, id, false);
    must_equal(json_incref(before), origins_clocks(world, TB_TEST_PROVINCE, id, false));
    for (size_t s = 0; s < sizeof steps_s / sizeof steps_s[0]; s++) {
        step(world, TB_TEST_UP, steps_s[s]);
        must_equal(json_incref(before), origins_clocks(world, TB_TEST_UP, id, false));
        must_equal(json_incref(before), origins_clocks(world, TB_TEST_PROVINCE, id, false));
        step(world, TB_TEST_UP, 0);
        must_equal(json_incref(before), origins_clocks(world, TB_TEST_UP, id, false));
    }
    json_decref(before);
    same_at_the_boundary(world, id, "information-5h");
    same_at_the_boundary(world, id, "conference-24h");
    tb_world_close(world);
}

/* How often ${office}'s stream has ${step} of ${rule}. */
static size_t told(struct tb_world *world, const char *office, const char *step, const char *rule)
{
    json_t *stream = tb_desk_stream(world, office);
    size_t count = 0;
    size_t i;
    json_t *row;
    json_array_foreach(stream, i, row)
    {
        count += strcmp(word(row, "kind"), "clock") == 0 &&
                 strstr(word(row, "text"), rule) != NULL && strstr(word(row, "text"), step) != NULL;
    }
    json_decref(stream);
    return count;
}

/* After a crash at another time of day. */
static void killed_until(struct tb_world *world, const char *office, long step_s)
{
    tb_world_kill(world, office);
    step(world, office, step_s);
    launch(world, office);
    tb_world_ready(world, office);
}

static void passing_is_told_once(void **state)
{
    enum { HOUR_S = 3600, REPEATS = 2 };
    char id[TB_DESK_ID_CHARS];
    char count[32];
    (void)state;
    struct tb_world *world = open_with_clocks();
    tb_desk_duty(world, TB_TEST_UP);
    json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "死鱼");
    json_object_set_new(json_object_get(body, "notice"), "grade", json_string("ii"));
    tb_desk_issue(world, TB_TEST_UP, body, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    assert_int_equal(told(world, TB_TEST_UP, "reminder", "information-5h"), 0);
    killed_until(world, TB_TEST_UP, 5L * HOUR_S - 60);
    tb_world_until(TB_TEST_SOON_MS, told(world, TB_TEST_UP, "reminder", "information-5h") == 1);
    assert_int_equal(told(world, TB_TEST_UP, "overdue", "information-5h"), 0);
    for (int i = 0; i < REPEATS; i++) {
        killed_until(world, TB_TEST_UP, 5L * HOUR_S + 60);
        tb_world_until(TB_TEST_SOON_MS, told(world, TB_TEST_UP, "overdue", "information-5h") == 1);
    }
    tb_child_rest(2000);
    assert_int_equal(told(world, TB_TEST_UP, "overdue", "information-5h"), 1);
    assert_int_equal(told(world, TB_TEST_UP, "reminder", "information-5h"), 1);
    /* In an officer's watch, in his language. */
    json_t *stream = tb_desk_stream(world, TB_TEST_UP);
    snprintf(count, sizeof count, "%zu", json_array_size(stream));
    json_decref(stream);
    const char *const chinese[] = {"LANGUAGE=zh_CN", NULL};
    struct tb_told watch = tb_world_tongbao(world, TB_TEST_UP, chinese, NULL,
                                            tb_words("watch", "--after", "0", "--count", count));
    assert_int_equal(watch.exit_status, 0);
    char *line = strstr(watch.out, "已超时，发布权威信息");
    assert_non_null(line);
    assert_null(strstr(line + 1, "已超时，发布权威信息"));
    assert_non_null(strstr(watch.out, "即将到期，发布权威信息"));
    tb_child_told_free(&watch);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("a wall clock stepped a day either way, at sender, broker or recipient, "
                      "changes no delivery, and the skew is shown (I1, I2)",
                      steps_change_no_delivery),
        tb_world_test("mail that waits does not age with the wall clock of its broker (I1, I2)",
                      waiting_mail_does_not_age),
        tb_world_test("an office and a broker of 1970 take part, and show that their clocks are "
                      "wrong (I1, I2, I6)",
                      of_1970),
        tb_world_test("time limits are the same at both offices before and after a step, and at "
                      "the second when they are due (I9)",
                      time_limits_are_facts),
        tb_world_test("a time limit that is about to pass, and one that has passed, is told once, "
                      "across crashes (I9)",
                      passing_is_told_once),
    };
    return cmocka_run_group_tests_name("system.wallclock", tests, NULL, NULL);
}
