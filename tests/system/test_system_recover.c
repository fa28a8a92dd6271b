/* A disk that is lost altogether, and what comes back (I1, I2, I8). */
#include "tests/system/test.h"

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

/* Half of what was said lies in the month that the brokers have pruned. */
enum { HALF = 20, ALL = 2 * HALF, ACKNOWLEDGED = 5, IDS_MAX = 1000, QUIET_MS = 2000 };

/* What an office said and was told: all but objections, widenings and recalls. */
#define RECORD "SELECT id FROM ledger WHERE kind IN (1, 2, 3, 4, 7, 8) ORDER BY n"

struct ids {
    char id[IDS_MAX][TB_DESK_ID_CHARS];
    size_t count;
};

static struct ids before;
static struct ids sent;
static struct ids received;

static void add(void *context, const char *hex)
{
    struct ids *ids = context;
    assert_true(ids->count < IDS_MAX);
    snprintf(ids->id[ids->count++], TB_DESK_ID_CHARS, "%s", hex);
}

static void issue(struct tb_world *world, const char *office, struct ids *ids)
{
    assert_true(ids->count < IDS_MAX);
    tb_desk_issue_first(world, office, TB_TEST_RIVER, ids->id[ids->count++]);
}

/* HALF notices each way, some acknowledged, all held by everybody. */
static void say_half(struct tb_world *world)
{
    size_t first = sent.count;
    for (int i = 0; i < HALF; i++) {
        issue(world, TB_TEST_DOWN, &sent);
        issue(world, TB_TEST_UP, &received);
    }
    for (size_t i = first; i < sent.count; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_DOWN, sent.id[i]));
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, received.id[i]));
    }
    for (size_t i = first; i < first + ACKNOWLEDGED; i++) {
        assert_int_equal(tb_desk_acknowledge(world, TB_TEST_DOWN, received.id[i]), 201);
        tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, TB_TEST_PROVINCE, received.id[i],
                                                         TB_TEST_DOWN, "acknowledged"));
    }
}

/* The broker serves 31 days more, and drops what everybody has. */
static void a_month_passes(struct tb_world *world, const char *broker)
{
    int64_t left = 1;
    /* The last answers are on their way: with them lost, and their envelopes gone a month
     * later, an office is asked for a repair, which brings all back. */
    tb_child_rest(QUIET_MS);
    for (int i = 0; i < 20 && left > 0; i++) {
        tb_world_stop(world, broker);
        if (i == 0) {
            tb_store_change(world, broker,
                            "INSERT INTO tally (one, ran_ms) VALUES (1, 31 * 86400000)"
                            " ON CONFLICT (one) DO UPDATE SET ran_ms = ran_ms + 31 * 86400000");
        }
        left = tb_store_number(world, broker, "SELECT count(*) FROM envelope WHERE kind = 1", NULL);
        tb_world_start(world, broker);
        tb_child_rest(1500);
    }
    assert_int_equal(left, 0);
    tb_world_start_all(world);
}

static struct tb_world *lived(void)
{
    struct tb_world *world = tb_world_open(&plan);
    before.count = sent.count = received.count = 0;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    say_half(world);
    a_month_passes(world, "sx-1");
    say_half(world);
    tb_world_kill(world, TB_TEST_DOWN);
    tb_store_each(world, TB_TEST_DOWN, RECORD, add, &before);
    assert_true(before.count >= 2 * ALL);
    return world;
}

/* Run `tongbao recover`, and see that it says so. */
static void recover(struct tb_world *world)
{
    char *text = tb_world_must(world, TB_TEST_DOWN, tb_words("recover", "--wait", "60"));
    if (strstr(text, "The chains are whole: nothing of our own is missing.") == NULL ||
        strstr(text, "Of the time before, no gap is known") == NULL ||
        strstr(text, "on nothing that we received is missing.") == NULL ||
        strstr(text, "gave back all that it holds") == NULL || strstr(text, "Recovered.") == NULL) {
        fail_msg("recover says: %s", text);
    }
    free(text);
}

static void stands_as_before(struct tb_world *world)
{
    tb_world_stop(world, TB_TEST_DOWN);
    for (size_t i = 0; i < before.count; i++) {
        if (tb_store_number(world, TB_TEST_DOWN, "SELECT count(*) FROM ledger WHERE id = ?1",
                            before.id[i]) != 1) {
            fail_msg("%s of %zu has not come back", before.id[i], before.count);
        }
    }
    assert_int_equal(tb_store_number(world, TB_TEST_DOWN, "SELECT count(*) FROM lacking", NULL), 0);
    assert_int_equal(tb_store_number(world, TB_TEST_DOWN,
                                     "SELECT count(*) FROM ledger WHERE own = 1 AND kind = 1",
                                     NULL),
                     (int64_t)sent.count);
    tb_world_start_all(world);
    tb_desk_shown_once(world, TB_TEST_DOWN, received.id, received.count);
    tb_desk_shown_once(world, TB_TEST_CITY, sent.id, sent.count);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, sent.id, sent.count);
    /* Those that it acknowledged wait for nobody; the others it may never have seen. */
    assert_int_equal(tb_desk_status(world, TB_TEST_DOWN, "waiting"), ALL - 2 * ACKNOWLEDGED);
}

/* A notice after it goes out, and the province sees one office with one more chain. */
static void goes_on(struct tb_world *world)
{
    tb_desk_duty(world, TB_TEST_DOWN);
    issue(world, TB_TEST_DOWN, &sent);
    tb_world_until(TB_TEST_LATE_MS,
                   tb_desk_held_by_all(world, TB_TEST_DOWN, sent.id[sent.count - 1]));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_PROVINCE, sent.id[sent.count - 1]));
    assert_int_equal(tb_desk_status(world, TB_TEST_PROVINCE, "forks"), 0);
    assert_int_equal(tb_desk_status(world, TB_TEST_PROVINCE, "gaps"), 0);
    assert_int_equal(tb_desk_status(world, TB_TEST_DOWN, "forks"), 0);
    assert_int_equal(tb_desk_status(world, TB_TEST_DOWN, "gaps"), 0);
}

/* The same in Chinese, once more when all is here. */
static void recover_in_chinese(struct tb_world *world)
{
    static const char *const chinese[] = {"LANGUAGE=zh_CN", NULL};
    struct tb_told told =
        tb_world_tongbao(world, TB_TEST_DOWN, chinese, NULL, tb_words("recover", "--wait", "60"));
    assert_int_equal(told.exit_status, 0);
    assert_non_null(strstr(told.out, "链条完整：本单位发出的一件不缺。"));
    assert_non_null(strstr(told.out, "恢复完毕。"));
    tb_child_told_free(&told);
}

static void lost_disk(void **state)
{
    (void)state;
    struct tb_world *world = lived();
    tb_world_forget(world, TB_TEST_DOWN);
    tb_world_start(world, TB_TEST_DOWN);
    recover(world);
    stands_as_before(world);
    recover_in_chinese(world);
    stands_as_before(world);
    goes_on(world);
    tb_world_close(world);
}

static void lost_disk_and_key(void **state)
{
    (void)state;
    struct tb_world *world = lived();
    tb_world_remake(world, &offices[1]);
    tb_world_admit(world, TB_TEST_DOWN); /* the old key is retired by it */
    tb_world_sign(world, 14);
    tb_world_hand(world, TB_TEST_PROVINCE, 14);
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, "sx-1", "version=2 taken", 0));
    tb_world_start(world, TB_TEST_DOWN);
    recover(world);
    stands_as_before(world);
    goes_on(world);
    tb_world_close(world);
}

static void killed_meanwhile(void **state)
{
    (void)state;
    struct tb_world *world = lived();
    tb_world_forget(world, TB_TEST_DOWN);
    tb_world_start(world, TB_TEST_DOWN);
    /* Nobody waits for it: it is under way, and everybody dies in turn. */
    struct tb_told told =
        tb_world_tongbao(world, TB_TEST_DOWN, NULL, NULL, tb_words("recover", "--wait", "0"));
    assert_int_equal(told.exit_status, 1);
    /* No promise without the fact. */
    assert_null(strstr(told.out, "The chains are whole"));
    assert_non_null(strstr(told.out, "Not everything is back yet."));
    tb_child_told_free(&told);
    static const char *const victims[] = {TB_TEST_PROVINCE, TB_TEST_DOWN, "sx-1"};
    for (size_t i = 0; i < sizeof victims / sizeof victims[0]; i++) {
        tb_child_rest(50);
        tb_world_kill(world, victims[i]);
        tb_world_start(world, victims[i]);
    }
    recover(world);
    stands_as_before(world);
    goes_on(world);
    tb_world_close(world);
}

static const struct tb_world_broker two[] = {
    {"sx-1", 14, false, NULL}, {"he-1", 13, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office border[] = {
    {"140221", "大同市生态环境局阳高分局", "sx-1", false, false},
    {"140200", "大同市生态环境局", "sx-1", false, false},
    {"140000", "山西省生态环境厅", "sx-1", false, false},
    {"130727", "张家口市生态环境局阳原县分局", "he-1", false, false},
    {"130700", "张家口市生态环境局", "he-1", false, false},
    {"130000", "河北省生态环境厅", "he-1", false, false},
    {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan border_plan = {two, border, {NULL, NULL}};

/* A notice of Shanxi's 阳高 to Hebei's 阳原, which its own province does not hold. */
static void say_across(struct tb_world *world)
{
    issue(world, "140221", &received);
    const char *id = received.id[received.count - 1];
    tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, "140221", id, "130727", "held"));
}

static void beyond_the_province(void **state)
{
    (void)state;
    struct tb_world *world = tb_world_open(&border_plan);
    char *text = NULL;
    received.count = 0;
    tb_desk_duty(world, "140221");
    for (int i = 0; i < 3; i++) {
        say_across(world);
    }
    for (int i = 0; i < 3; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, "140221", received.id[i]));
    }
    a_month_passes(world, "he-1");
    say_across(world);
    tb_world_kill(world, "130727");
    tb_world_forget(world, "130727");
    tb_world_start(world, "130727");
    text = tb_world_must(world, "130727", tb_words("recover", "--wait", "60"));
    if (strstr(text, "! Of the time before, gaps are known: 1.") == NULL ||
        strstr(text, "140221 大同市生态环境局阳高分局") == NULL ||
        strstr(text, "its numbers 1 to 3 for us") == NULL || strstr(text, "0351-140221") == NULL) {
        fail_msg("recover says: %s", text);
    }
    free(text);
    assert_true(tb_desk_has(world, "130727", received.id[3]));
    assert_false(tb_desk_has(world, "130727", received.id[0]));
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("an office whose disk is lost gets everything back from its province and "
                      "the brokers, and asking twice is asking once (I1, I2, I8)",
                      lost_disk),
        tb_world_test("the same under a new key, for the old one is lost too (I1, I2, I3, I8)",
                      lost_disk_and_key),
        tb_world_test("the same when province, office and broker are killed while it goes on "
                      "(I1, I2)",
                      killed_meanwhile),
        tb_world_test("what another province's office sent and no broker holds is named, with "
                      "whom to telephone (I8)",
                      beyond_the_province),
    };
    return cmocka_run_group_tests_name("system.recover", tests, NULL, NULL);
}
