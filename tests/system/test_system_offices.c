/* Offices that were away, are not known yet, or know too little. */
#include "tests/system/test.h"

enum { WEEK_NOTICES = 5000, WEEK_MS = 120000 };
enum { AWAY_NOTICES = 20, PAUSED_NOTICES = 10, PAUSED_MS = 2000 };

static const struct tb_world_broker one[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office all[] = {TB_TEST_OFFICES("sx-1"),
                                             {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {one, all, {NULL, NULL}};

static void issue_many(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
    }
}

static void wait_held(struct tb_world *world, const char *at, char (*ids)[TB_DESK_ID_CHARS],
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, at, ids[i]));
    }
}

static void away_for_the_whole_send(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char ids[AWAY_NOTICES][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_DOWN);
    issue_many(world, ids, AWAY_NOTICES);
    for (size_t i = 0; i < AWAY_NOTICES; i++) {
        tb_world_until(TB_TEST_SOON_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_DOWN, "accepted"));
    }
    tb_world_start(world, TB_TEST_DOWN);
    wait_held(world, TB_TEST_UP, ids, AWAY_NOTICES);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, AWAY_NOTICES);
    tb_world_pass(world);
}

/* 100,000 of them, with figures, are tests/bench/bench_backlog.c. */
static void province_away_for_a_week(void **state)
{
    static char ids[WEEK_NOTICES][TB_DESK_ID_CHARS];
    struct tb_world *world = tb_world_share(&plan);
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_PROVINCE);
    issue_many(world, ids, WEEK_NOTICES);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, TB_TEST_UP, ids[WEEK_NOTICES - 1],
                                                     TB_TEST_PROVINCE, "accepted"));
    assert_int_equal(tb_desk_status(world, TB_TEST_UP, "owed"), WEEK_NOTICES);
    unsigned long long from_ms = tb_child_now_ms();
    tb_world_start(world, TB_TEST_PROVINCE);
    tb_world_until(WEEK_MS, tb_desk_status(world, TB_TEST_UP, "owed") == 0);
    print_message("%d notices that waited are held after %llu ms\n", WEEK_NOTICES,
                  tb_child_now_ms() - from_ms);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, WEEK_NOTICES);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, WEEK_NOTICES);
    tb_world_pass(world);
}

static void origin_gone_after_issuing(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char ids[2][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    /* Issued while no broker is there; the office itself then stops. */
    tb_world_stop(world, "sx-1");
    issue_many(world, ids, 2);
    tb_world_kill(world, TB_TEST_UP);
    tb_world_start(world, "sx-1");
    tb_world_start(world, TB_TEST_UP);
    wait_held(world, TB_TEST_UP, ids, 2);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 2);
    tb_world_pass(world);
}

static void paused_office_delays_nobody(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    struct tb_place *down = tb_world_place(world, TB_TEST_DOWN);
    char ids[PAUSED_NOTICES][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_child_pause(&down->child);
    for (size_t i = 0; i < PAUSED_NOTICES; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
        tb_world_until(PAUSED_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_PROVINCE, "held"));
        tb_world_until(PAUSED_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_CITY, "held"));
    }
    tb_child_go_on(&down->child);
    wait_held(world, TB_TEST_UP, ids, PAUSED_NOTICES);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, PAUSED_NOTICES);
    tb_world_pass(world);
}

static void paused_broker_loses_nothing(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    struct tb_place *broker = tb_world_place(world, "sx-1");
    char ids[2][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_child_pause(&broker->child);
    issue_many(world, ids, 2);
    assert_true(tb_desk_state_is(world, TB_TEST_UP, ids[0], TB_TEST_DOWN, "queued"));
    tb_child_go_on(&broker->child);
    wait_held(world, TB_TEST_UP, ids, 2);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 2);
    tb_world_pass(world);
}

static void admitted_later_gets_open_incidents(void **state)
{
    static const struct tb_world_office offices[] = {
        {TB_TEST_UP, "忻州市生态环境局宁武分局", "sx-1", false, false},
        {TB_TEST_DOWN, "忻州市生态环境局静乐分局", "sx-1", true, false},
        {TB_TEST_CITY, "忻州市生态环境局", "sx-1", false, false},
        {TB_TEST_PROVINCE, "山西省生态环境厅", "sx-1", false, false},
        {NULL, NULL, NULL, false, false}};
    const struct tb_world_plan late = {one, offices, {NULL, NULL}};
    char ids[2][TB_DESK_ID_CHARS];
    (void)state;
    tb_world_teardown_shared(NULL);
    struct tb_world *world = tb_world_open(&late);
    tb_desk_duty(world, TB_TEST_UP);
    issue_many(world, ids, 2);
    assert_true(tb_desk_state_is(world, TB_TEST_UP, ids[0], TB_TEST_DOWN, "outside"));
    wait_held(world, TB_TEST_UP, ids, 2);
    /* The province signs the next version; one office is given it, the link
     * carries it to the broker and to the others. */
    tb_world_admit(world, TB_TEST_DOWN);
    tb_world_sign(world, 14);
    tb_world_hand(world, TB_TEST_PROVINCE, 14);
    for (size_t i = 0; i < 2; i++) {
        tb_world_until(TB_TEST_LATE_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_DOWN, "held"));
    }
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 2);
    tb_world_close(world);
}

static void unknown_signer_is_parked(void **state)
{
    /* 阳原 in Hebei trusts only its own province's root until somebody pins
     * Shanxi's: it cannot know who 阳高 is. */
    static const struct tb_world_broker brokers[] = {
        {"sx-1", 14, false, NULL}, {"he-1", 13, false, NULL}, {NULL, 0, false, NULL}};
    static const struct tb_world_office offices[] = {
        {"140221", "大同市生态环境局阳高分局", "sx-1", false, false},
        {"140000", "山西省生态环境厅", "sx-1", false, false},
        {"130727", "张家口市生态环境局阳原县分局", "he-1", false, true},
        {NULL, NULL, NULL, false, false}};
    const struct tb_world_plan border = {brokers, offices, {NULL, NULL}};
    char ids[1][TB_DESK_ID_CHARS];
    char root[TB_WORLD_TEXT_BYTES_MAX + 16];
    (void)state;
    struct tb_world *world = tb_world_open(&border);
    tb_desk_duty(world, "140221");
    tb_desk_issue_first(world, "140221", "桑干河", ids[0]);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_status(world, "130727", "parked") == 1);
    assert_false(tb_desk_has(world, "130727", ids[0]));
    assert_int_equal(tb_desk_shown(world, "130727", "notice", NULL), 0);
    assert_false(tb_desk_state_is(world, "140221", ids[0], "130727", "held"));

    tb_world_stop(world, "130727");
    for (size_t i = 0; i < world->provinces; i++) {
        if (world->prefixes[i] == 14) {
            snprintf(root, sizeof root, "\n[roots]\n14 = %s\n", world->fingerprints[i]);
            tb_world_configure(world, "130727", root);
        }
    }
    tb_world_start(world, "130727");
    tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, "140221", ids[0], "130727", "held"));
    tb_desk_shown_once(world, "130727", ids, 1);
    assert_int_equal(tb_desk_status(world, "130727", "parked"), 0);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("an office that was away for the whole send gets all of it when it is back "
                      "(I1, I2)",
                      away_for_the_whole_send),
        tb_world_test("a province that was away for a week gets all of 5,000 notices, each once "
                      "(I1, I2)",
                      province_away_for_a_week),
        tb_world_test("a notice issued with no broker there, at an office that is then killed, is "
                      "delivered when both are back (I1, I2)",
                      origin_gone_after_issuing),
        tb_world_test("an office that is stopped (SIGSTOP) delays nobody and gets all afterwards "
                      "(I1, I10)",
                      paused_office_delays_nobody),
        tb_world_test("a broker that is stopped (SIGSTOP) loses nothing (I1, I2)",
                      paused_broker_loses_nothing),
        tb_world_test("an office that was outside gets the notices of open incidents when a new "
                      "directory admits it (I1)",
                      admitted_later_gets_open_incidents),
        tb_world_test(
            "an envelope of an unknown signer is parked, neither shown nor receipted, and "
            "shown when its directory arrives (I3, I4)",
            unknown_signer_is_parked),
    };
    return cmocka_run_group_tests_name("system.offices", tests, NULL, tb_world_teardown_shared);
}
