/* What becomes of notices when a broker, or what it had on disk, is lost. */
#include "tests/system/test.h"

enum {
    BIG_NOTICES = 30,
    BIG_TEXT_BYTES = 6000,
    MAILBOX_ROWS = 16,
    OVERFLOW_NOTICES = MAILBOX_ROWS + 4,
};

static const struct tb_world_office offices_two[] = {TB_TEST_OFFICES("sx-1,sx-2"),
                                                     {NULL, NULL, NULL, false, false}};
static const struct tb_world_office offices_one[] = {TB_TEST_OFFICES("sx-1"),
                                                     {NULL, NULL, NULL, false, false}};
static const struct tb_world_broker one[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_broker two[] = {
    {"sx-1", 14, false, NULL}, {"sx-2", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_broker wired[] = {{"sx-1", 14, true, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_broker small[] = {{"sx-1", 14, false, "[limits]\nmailbox_rows = 16\n"},
                                               {NULL, 0, false, NULL}};

static void issue_many(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
    }
}

static void wait_held(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[i]));
    }
}

/* Wait until the state of all of them towards one office is ${state}. */
static void wait_state(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count,
                       const char *office, const char *state)
{
    for (size_t i = 0; i < count; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, TB_TEST_UP, ids[i], office, state));
    }
}

static void broker_lost_for_good(void **state)
{
    const struct tb_world_plan plan = {two, offices_two, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    char ids[9][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_many(world, ids, 3);
    /* These three are on the disk of sx-1 alone when it is lost, and the
     * neighbour has not read them. */
    tb_world_kill(world, "sx-2");
    tb_world_stop(world, TB_TEST_DOWN);
    issue_many(world, ids + 3, 3);
    wait_state(world, ids + 3, 3, TB_TEST_DOWN, "accepted");
    tb_world_kill(world, "sx-1");
    tb_tree_remove(tb_world_place(world, "sx-1")->folder);
    issue_many(world, ids + 6, 3);
    tb_world_start(world, "sx-2");
    tb_world_start(world, TB_TEST_DOWN);
    wait_held(world, ids, 9);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 9);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, 9);
    tb_world_close(world);
}

static void new_epoch_is_repaired(void **state)
{
    const struct tb_world_plan plan = {one, offices_one, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    char ids[6][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_many(world, ids, 3);
    wait_held(world, ids, 3);
    tb_world_stop(world, TB_TEST_DOWN);
    issue_many(world, ids + 3, 3);
    wait_state(world, ids + 3, 3, TB_TEST_PROVINCE, "held");
    /* "The only repair, and it does not need the origin": the province lists
     * what is still owed by its offices. */
    tb_world_stop(world, TB_TEST_UP);
    tb_world_kill(world, "sx-1");
    tb_world_forget(world, "sx-1");
    tb_world_start(world, "sx-1");
    tb_world_start(world, TB_TEST_DOWN);
    for (size_t i = 0; i < 6; i++) {
        tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_DOWN, ids[i]));
    }
    tb_world_start(world, TB_TEST_UP);
    wait_held(world, ids, 6);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 6);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, 6);
    tb_world_close(world);
}

static void lost_tail_is_repaired(void **state)
{
    const struct tb_world_plan plan = {one, offices_one, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    char ids[8][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_many(world, ids, 2);
    wait_held(world, ids, 2);
    tb_world_stop(world, "sx-1");
    tb_world_save(world, "sx-1", "old");
    tb_world_start(world, "sx-1");
    tb_world_stop(world, TB_TEST_DOWN);
    issue_many(world, ids + 2, 3);
    wait_state(world, ids + 2, 3, TB_TEST_DOWN, "accepted");
    wait_state(world, ids + 2, 3, TB_TEST_CITY, "held");
    tb_world_kill(world, "sx-1");
    tb_world_restore(world, "sx-1", "old");
    tb_world_start(world, "sx-1");
    tb_world_start(world, TB_TEST_DOWN);
    issue_many(world, ids + 5, 3);
    wait_held(world, ids, 8);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 8);
    tb_desk_shown_once(world, TB_TEST_CITY, ids, 8);
    assert_true(tb_world_log_has(world, "sx-1", "asked for repair", 0));
    tb_world_close(world);
}

static void resumption_sends_nothing_again(void **state)
{
    const struct tb_world_plan plan = {wired, offices_one, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    struct tb_wire *wire = tb_world_place(world, "sx-1")->wire;
    char ids[BIG_NOTICES + 1][TB_DESK_ID_CHARS];
    char text[BIG_TEXT_BYTES + 1];
    (void)state;
    memset(text, 'x', BIG_TEXT_BYTES);
    text[BIG_TEXT_BYTES] = '\0';
    tb_desk_duty(world, TB_TEST_UP);
    uint64_t before = tb_wire_bytes_from_broker(wire);
    for (size_t i = 0; i < BIG_NOTICES; i++) {
        json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "死鱼");
        json_object_set_new(json_object_get(body, "notice"), "course", json_string(text));
        tb_desk_issue(world, TB_TEST_UP, body, ids[i]);
    }
    wait_held(world, ids, BIG_NOTICES);
    uint64_t first_time = tb_wire_bytes_from_broker(wire) - before;
    assert_true(first_time >= (uint64_t)3 * BIG_NOTICES * BIG_TEXT_BYTES);

    tb_wire_set(wire, TB_WIRE_CUT);
    tb_world_until(TB_TEST_LATE_MS, !tb_desk_linked(tb_world_place(world, TB_TEST_DOWN)));
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[BIG_NOTICES]);
    assert_true(tb_desk_state_is(world, TB_TEST_UP, ids[BIG_NOTICES], TB_TEST_DOWN, "queued"));
    before = tb_wire_bytes_from_broker(wire);
    tb_wire_set(wire, TB_WIRE_OPEN);
    wait_held(world, ids + BIG_NOTICES, 1);
    uint64_t second_time = tb_wire_bytes_from_broker(wire) - before;
    print_message("from the broker: %llu bytes for %d notices to 3 offices, %llu bytes after the "
                  "line was cut and mended\n",
                  (unsigned long long)first_time, BIG_NOTICES, (unsigned long long)second_time);
    assert_true(second_time < first_time / 4);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, BIG_NOTICES + 1);
    tb_world_close(world);
}

static void silent_line_heals(void **state)
{
    const struct tb_world_plan plan = {wired, offices_one, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    struct tb_wire *wire = tb_world_place(world, "sx-1")->wire;
    char ids[4][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    issue_many(world, ids, 1);
    wait_held(world, ids, 1);
    /* Nothing passes and nobody is told: the worst of partitions. */
    tb_wire_set(wire, TB_WIRE_SILENT);
    issue_many(world, ids + 1, 3);
    tb_world_until(TB_TEST_LATE_MS, !tb_desk_linked(tb_world_place(world, TB_TEST_UP)));
    assert_true(tb_desk_state_is(world, TB_TEST_UP, ids[1], TB_TEST_DOWN, "queued"));
    tb_wire_set(wire, TB_WIRE_OPEN);
    wait_held(world, ids, 4);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, 4);
    tb_world_close(world);
}

static void full_for_one_alone(void **state)
{
    const struct tb_world_plan plan = {small, offices_one, {NULL, NULL}};
    struct tb_world *world = tb_world_open(&plan);
    char ids[OVERFLOW_NOTICES][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_DOWN);
    for (size_t i = 0; i < OVERFLOW_NOTICES; i++) {
        tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[i]);
        tb_world_until(TB_TEST_SOON_MS,
                       tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_PROVINCE, "held"));
    }
    /* The mailbox of the office that does not collect is full; what went into it
     * stays in it, and the others have everything. */
    tb_world_until(TB_TEST_SOON_MS, tb_desk_state_is(world, TB_TEST_UP, ids[OVERFLOW_NOTICES - 1],
                                                     TB_TEST_DOWN, "full"));
    assert_true(tb_desk_state_is(world, TB_TEST_UP, ids[0], TB_TEST_DOWN, "accepted"));
    wait_state(world, ids, OVERFLOW_NOTICES, TB_TEST_CITY, "held");
    tb_world_start(world, TB_TEST_DOWN);
    wait_state(world, ids, MAILBOX_ROWS / 2, TB_TEST_DOWN, "held");
    /* "at every link-up and after full every 60 s": a new link is the quicker. */
    tb_world_stop(world, TB_TEST_UP);
    tb_world_start(world, TB_TEST_UP);
    wait_held(world, ids, OVERFLOW_NOTICES);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, OVERFLOW_NOTICES);
    tb_world_close(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("a broker whose folder is deleted in the middle loses no notice, the other "
                      "one carries them (I1, I2)",
                      broker_lost_for_good),
        tb_world_test("a broker whose store was deleted is repaired by its offices, without the "
                      "origin (I1, I2)",
                      new_epoch_is_repaired),
        tb_world_test("a broker restored from an old copy is found out and its lost tail repaired "
                      "(I1, I2)",
                      lost_tail_is_repaired),
        tb_world_test("a link that comes back resumes and sends nothing again that was stored",
                      resumption_sends_nothing_again),
        tb_world_test("behind a line on which nothing passes notices wait, and go when it heals "
                      "(I1, I2)",
                      silent_line_heals),
        tb_world_test("a full mailbox is full for that office alone, and what did not fit is "
                      "delivered after it collects (I10, I1)",
                      full_for_one_alone),
    };
    return cmocka_run_group_tests_name("system.brokers", tests, NULL, NULL);
}
