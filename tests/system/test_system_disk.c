/* "A full disk is not a broken disk": a node's and a broker's, on a small file system. */
#include "tests/system/disk.h"
#include "tests/system/test.h"

enum {
    MIB = 1024 * 1024,
    NODE_DISK_BYTES = 24 * MIB,   /* its reserve is 4 MiB */
    BROKER_DISK_BYTES = 48 * MIB, /* its reserve is 8 MiB */
    NOTICES = 40,
    EARLY_NOTICES = 5,
    TEXT_BYTES = 8000,
    ROOM_MS = 40000,  /* room is looked for every 10 s, mail asked for every 5 s */
    AGAIN_MS = 90000, /* an offer that found no room comes again after 60 s */
};

static const struct tb_world_broker one[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office all[] = {TB_TEST_OFFICES("sx-1"),
                                             {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {one, all, {NULL, NULL}};

static const char *const chinese[] = {"LANGUAGE=zh_CN", NULL};

static const char *data_of(struct tb_world *world, const char *name)
{
    static char path[2 * TB_WORLD_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/data", tb_world_place(world, name)->folder);
    return path;
}

/* A world in which the disk of ${name} is small, and an officer at both counties. */
static struct tb_world *open_with_small(const char *name, size_t bytes)
{
    struct tb_world *world = tb_world_make(&plan);
    tb_disk_mount(data_of(world, name), bytes);
    tb_world_start_all(world);
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    return world;
}

static void close_small(struct tb_world *world, const char *name)
{
    tb_world_stop(world, name);
    tb_disk_unmount(data_of(world, name));
    tb_world_close(world);
}

/* Long notices, so that what a log has left over holds few of them. */
static void issue_long(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], size_t count)
{
    char text[TEXT_BYTES + 1];
    memset(text, 'x', TEXT_BYTES);
    text[TEXT_BYTES] = '\0';
    for (size_t i = 0; i < count; i++) {
        json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "死鱼");
        json_object_set_new(json_object_get(body, "notice"), "course", json_string(text));
        tb_desk_issue(world, TB_TEST_UP, body, ids[i]);
    }
}

static bool disk_full(struct tb_world *world, const char *office)
{
    json_t *status = tb_desk_get(world, office, "/v1/status");
    bool full = json_is_true(json_object_get(json_object_get(status, "disk"), "full"));
    json_decref(status);
    return full;
}

static size_t count_in(struct tb_world *world, char (*ids)[TB_DESK_ID_CHARS], const char *to,
                       const char *state)
{
    size_t count = 0;
    for (size_t i = 0; i < NOTICES; i++) {
        count += tb_desk_state_is(world, TB_TEST_UP, ids[i], to, state) ? 1 : 0;
    }
    return count;
}

/* One run at ${office} that ends with ${exit_status} and says ${part}. */
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

static void issue_by_hand(struct tb_world *world, const char *const environment[], int exit_status,
                          const char *part)
{
    say(world, TB_TEST_DOWN, environment, exit_status, part,
        tb_words("issue", "--river", TB_TEST_RIVER, "--title", "死鱼", "--yes"));
}

static void session_by_hand(struct tb_world *world, const char *office)
{
    struct tb_told told = tb_world_tongbao(world, office, NULL, TB_DESK_PASSWORD "\n",
                                           tb_words("duty", "open", "--officer", TB_DESK_OFFICER));
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
}

/* Every receipt of ${office} that the origin has names a row of that office's ledger. */
static void check_claim(void *context, const char *hex)
{
    assert_int_equal(
        tb_store_number(context, TB_TEST_DOWN, "SELECT count(*) FROM ledger WHERE id = ?1", hex),
        1);
}

static void compare_receipts(struct tb_world *world)
{
    tb_world_stop(world, TB_TEST_UP);
    tb_world_stop(world, TB_TEST_DOWN);
    tb_store_each(world, TB_TEST_UP,
                  "SELECT id FROM receipt WHERE office = " TB_TEST_DOWN " ORDER BY id, world",
                  check_claim, world);
    tb_world_start(world, TB_TEST_UP);
    tb_world_start(world, TB_TEST_DOWN);
}

/* What the full node does for its own people, and what it takes from nobody. */
static void own_acts_of_the_full_node(struct tb_world *world, const char *held,
                                      char own[TB_DESK_ID_CHARS])
{
    tb_desk_issue_first(world, TB_TEST_DOWN, TB_TEST_RIVER, own);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_PROVINCE, own));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_CITY, own));
    /* Their receipts are mail and wait too. */
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, TB_TEST_DOWN, own, TB_TEST_PROVINCE, "accepted"));
    assert_int_equal(tb_desk_acknowledge(world, TB_TEST_DOWN, held), 201);
    tb_world_until(TB_TEST_LATE_MS,
                   tb_desk_state_is(world, TB_TEST_UP, held, TB_TEST_DOWN, "acknowledged"));
}

static void full_node(void **state)
{
    char ids[NOTICES][TB_DESK_ID_CHARS];
    char before[1][TB_DESK_ID_CHARS];
    char own[2][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = open_with_small(TB_TEST_DOWN, NODE_DISK_BYTES);
    session_by_hand(world, TB_TEST_DOWN);
    issue_long(world, before, 1);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, before[0]));
    assert_false(disk_full(world, TB_TEST_DOWN));

    tb_disk_fill(data_of(world, TB_TEST_DOWN));
    issue_long(world, ids, NOTICES);
    tb_world_until(TB_TEST_LATE_MS, disk_full(world, TB_TEST_DOWN));
    tb_world_until(TB_TEST_LATE_MS, count_in(world, ids, TB_TEST_PROVINCE, "held") == NOTICES);
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, "sx-1", "has a full disk", 0));
    size_t held = count_in(world, ids, TB_TEST_DOWN, "held");
    print_message("%zu of %d notices were on the disk of the node when it was full\n", held,
                  NOTICES);
    assert_true(held < NOTICES);
    assert_true(tb_world_log_has(world, TB_TEST_DOWN, "disk full", 0));
    own_acts_of_the_full_node(world, before[0], own[0]);
    say(world, TB_TEST_DOWN, chinese, 0, "硬盘已满", tb_words("status"));
    issue_by_hand(world, chinese, 0, "硬盘已满");
    issue_by_hand(world, NULL, 0, "THE DISK OF THIS NODE IS FULL");

    /* A crash does not change that. */
    tb_world_kill(world, TB_TEST_DOWN);
    tb_world_start(world, TB_TEST_DOWN);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_linked(tb_world_place(world, TB_TEST_DOWN)));
    own_acts_of_the_full_node(world, before[0], own[1]);
    assert_true(disk_full(world, TB_TEST_DOWN));
    assert_int_equal(count_in(world, ids, TB_TEST_DOWN, "held"), held);

    tb_disk_room(data_of(world, TB_TEST_DOWN));
    tb_world_until(ROOM_MS, !disk_full(world, TB_TEST_DOWN));
    tb_world_until(ROOM_MS, count_in(world, ids, TB_TEST_DOWN, "held") == NOTICES);
    assert_true(tb_world_log_has(world, TB_TEST_DOWN, "has room again", 0));
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, NOTICES);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, own, 2);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_DOWN, own[0]));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_DOWN, own[1]));
    compare_receipts(world);
    close_small(world, TB_TEST_DOWN);
}

/* With the reserve used up too nothing is issued, and that is said, not hidden. */
static void nothing_left(void **state)
{
    (void)state;
    struct tb_world *world = open_with_small(TB_TEST_DOWN, NODE_DISK_BYTES);
    char ids[1][TB_DESK_ID_CHARS];
    session_by_hand(world, TB_TEST_DOWN);
    tb_disk_fill(data_of(world, TB_TEST_DOWN));
    for (int i = 0; i < 200 && !disk_full(world, TB_TEST_DOWN); i++) {
        tb_desk_issue_first(world, TB_TEST_DOWN, TB_TEST_RIVER, ids[0]);
    }
    assert_true(disk_full(world, TB_TEST_DOWN));
    tb_disk_fill(data_of(world, TB_TEST_DOWN));
    struct tb_told told = {.exit_status = 0};
    for (int i = 0; i < 200 && told.exit_status == 0; i++) {
        tb_child_told_free(&told);
        told = tb_world_tongbao(
            world, TB_TEST_DOWN, NULL, NULL,
            tb_words("issue", "--river", TB_TEST_RIVER, "--title", "死鱼", "--yes", "--json"));
    }
    assert_int_equal(told.exit_status, 1);
    assert_non_null(strstr(told.err, "disk full"));
    tb_child_told_free(&told);
    issue_by_hand(world, NULL, 1, "NOTHING WAS ISSUED. Make room");
    issue_by_hand(world, chinese, 1, "什么都没有发出");
    tb_disk_room(data_of(world, TB_TEST_DOWN));
    issue_by_hand(world, NULL, 0, "Issued");
    tb_world_until(ROOM_MS, !disk_full(world, TB_TEST_DOWN));
    close_small(world, TB_TEST_DOWN);
}

static void full_broker(void **state)
{
    char ids[NOTICES][TB_DESK_ID_CHARS];
    (void)state;
    struct tb_world *world = open_with_small("sx-1", BROKER_DISK_BYTES);
    tb_world_stop(world, TB_TEST_DOWN);
    issue_long(world, ids, EARLY_NOTICES);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_state_is(world, TB_TEST_UP, ids[EARLY_NOTICES - 1],
                                                     TB_TEST_DOWN, "accepted"));
    tb_disk_fill(data_of(world, "sx-1"));
    issue_long(world, ids + EARLY_NOTICES, NOTICES - EARLY_NOTICES);
    tb_world_until(TB_TEST_LATE_MS, tb_world_log_has(world, "sx-1", "disk full", 0));
    tb_world_until(TB_TEST_LATE_MS,
                   tb_desk_state_is(world, TB_TEST_UP, ids[NOTICES - 1], TB_TEST_DOWN, "queued"));
    size_t taken = count_in(world, ids, TB_TEST_DOWN, "accepted");
    print_message("%zu of %d notices were on the disk of the broker when it was full\n", taken,
                  NOTICES);
    assert_true(taken >= EARLY_NOTICES);
    assert_true(taken < NOTICES);
    /* What it had taken is collected, from a broker that was killed besides. */
    tb_world_kill(world, "sx-1");
    tb_world_start(world, "sx-1");
    tb_world_start(world, TB_TEST_DOWN);
    for (size_t i = 0; i < NOTICES; i++) {
        if (tb_desk_state_is(world, TB_TEST_UP, ids[i], TB_TEST_DOWN, "accepted")) {
            tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_DOWN, ids[i]));
        }
    }
    tb_disk_room(data_of(world, "sx-1"));
    tb_world_until(ROOM_MS, tb_world_log_has(world, "sx-1", "has room again", 0));
    tb_world_until(AGAIN_MS, count_in(world, ids, TB_TEST_DOWN, "held") == NOTICES);
    tb_world_until(AGAIN_MS, count_in(world, ids, TB_TEST_PROVINCE, "held") == NOTICES);
    tb_desk_shown_once(world, TB_TEST_DOWN, ids, NOTICES);
    tb_desk_shown_once(world, TB_TEST_PROVINCE, ids, NOTICES);
    compare_receipts(world);
    close_small(world, "sx-1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("a node whose disk is full issues and acknowledges from its reserve, after a "
                      "crash too, leaves the mail of others at the broker, and gets all of it once "
                      "when there is room (I1, I2, I4)",
                      full_node),
        tb_world_test("a node with no room at all issues nothing and says whom to telephone (I1)",
                      nothing_left),
        tb_world_test("a broker whose disk is full hands out what it has, and is offered the rest "
                      "again when there is room (I1, I2)",
                      full_broker),
    };
    return cmocka_run_group_tests_name("system.disk", tests, NULL, NULL);
}
