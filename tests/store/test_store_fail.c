#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "actor.h"
#include "content.h"
#include "disk.h"

/*
 * A disk that fails, or is full, at every point: "any other failed write, COMMIT or
 * fsync sends nothing and stops the process"; a full one is rolled back, answered, and
 * work goes on when there is room.
 */
enum { ACTS_MAX = 16, FULL_STEP_BYTES = 1024 };

struct course {
    const struct actor *actor;
    struct tb_disk *disk;
    struct tb_id said[ACTS_MAX + 1]; /* what the store says before each act, undisturbed */
};

/* A test that failed left its disk. */
static struct tb_disk *left;

static void begin(struct course *course, const struct actor *actor)
{
    assert_true(actor->acts <= ACTS_MAX);
    if (left != NULL) {
        tb_disk_free(left);
    }
    course->actor = actor;
    course->disk = tb_disk_new(actor->name);
    left = course->disk;
    tb_disk_chance(1);
    actor->begin();
}

static void end(struct course *course)
{
    course->actor->close();
    tb_disk_free(course->disk);
    left = NULL;
}

/* What the store says now, as another process would read it. */
static void store_says(const struct actor *actor, struct tb_id *digest)
{
    content_digest(actor->db()->handle, digest);
}

static void learn(struct course *course)
{
    begin(course, course->actor);
    for (size_t i = 0; i < course->actor->acts; i++) {
        store_says(course->actor, &course->said[i]);
        assert_int_equal(course->actor->act(i), TB_OK);
    }
    store_says(course->actor, &course->said[course->actor->acts]);
    end(course);
}

/* ------------------------------------------------------------------ a broken disk */

/* Before or after the act that failed, and nothing else. */
static void assert_before_or_after(struct course *course, size_t act)
{
    struct tb_db db;
    struct tb_id found;
    struct tb_diag diag = {0};
    const struct actor *actor = course->actor;
    enum tb_status status = tb_db_open(&db, actor->path, actor->schema(), &diag);
    if (status != TB_OK) {
        print_error("%s\n", diag.text);
    }
    assert_int_equal(status, TB_OK);
    content_digest(db.handle, &found);
    assert_true(content_sound(db.handle));
    tb_disk_kill(course->disk);
    tb_db_close(&db);
    assert_true(tb_id_equal(&found, &course->said[act]) ||
                tb_id_equal(&found, &course->said[act + 1]));
}

/* The process that stopped closed its store as it could; then another starts at once,
 * or the power fails first. */
static void start_again(struct course *course, size_t act, bool power_cut, uint64_t seed)
{
    struct tb_id found;
    struct tb_id kept;
    const struct actor *actor = course->actor;
    if (power_cut) {
        tb_disk_crash(course->disk, tb_disk_fate_drawn(&seed));
    }
    assert_before_or_after(course, act);
    actor->reopen();
    actor->resume();
    store_says(actor, &found);
    /* What it starts from is on the disk. */
    tb_disk_crash(course->disk, tb_disk_fate_dropped());
    actor->close();
    actor->reopen();
    store_says(actor, &kept);
    assert_true(content_sound(actor->db()->handle));
    if (strcmp(actor->name, "node") == 0) { /* a broker's start writes its epoch */
        assert_true(tb_id_equal(&found, &kept));
    }
}

/* One that fails at the ${nth} operation; false when it did all acts before. */
static bool break_at(struct course *course, unsigned ops, uint64_t nth, bool power_cut)
{
    size_t act = 0;
    enum tb_status status = TB_OK;
    const struct actor *actor = course->actor;
    begin(course, actor);
    tb_disk_fail(course->disk, ops, nth, power_cut); /* for ever, or this once */
    while (act < actor->acts && (status = actor->act(act)) == TB_OK) {
        assert_false(tb_disk_failed(course->disk)); /* none is swallowed */
        act++;
    }
    bool broke = act < actor->acts;
    if (broke) {
        assert_int_equal(status, TB_IO);
        assert_true(tb_disk_failed(course->disk));
        assert_int_equal(actor->out()->count, 0); /* nothing leaves */
        actor->close();
        tb_disk_fail(course->disk, 0, 0, false);
        start_again(course, act, power_cut, nth);
    }
    end(course);
    return broke;
}

static uint64_t break_everywhere(const struct actor *actor, enum tb_disk_op op)
{
    struct course course = {.actor = actor};
    uint64_t nth = 0;
    learn(&course);
    for (bool power_cut = false;; power_cut = true) {
        for (nth = 0; break_at(&course, TB_DISK_BIT(op), nth, power_cut); nth++) {
        }
        assert_true(nth > 5);
        if (power_cut) {
            return nth;
        }
    }
}

static void i4_nothing_leaves_a_node_whose_write_failed(void **state)
{
    (void)state;
    print_message("%d points\n", (int)break_everywhere(&actor_node, TB_DISK_WRITE));
}

static void i4_nothing_leaves_a_node_whose_sync_failed(void **state)
{
    (void)state;
    print_message("%d points\n", (int)break_everywhere(&actor_node, TB_DISK_SYNC));
}

static void i4_nothing_leaves_a_broker_whose_write_failed(void **state)
{
    (void)state;
    print_message("%d points\n", (int)break_everywhere(&actor_broker, TB_DISK_WRITE));
}

static void i4_nothing_leaves_a_broker_whose_sync_failed(void **state)
{
    (void)state;
    print_message("%d points\n", (int)break_everywhere(&actor_broker, TB_DISK_SYNC));
}

/* -------------------------------------------------------------------- a full disk */

/* The act is rolled back, the sender told; with room again it is done. */
static void fill_up(struct course *course, size_t act)
{
    struct tb_id found;
    const struct actor *actor = course->actor;
    store_says(actor, &found);
    assert_true(tb_id_equal(&found, &course->said[act]));
    assert_true(actor->told(act));
    tb_disk_limit(course->disk, UINT64_MAX);
    actor->resume();
    for (; act < actor->acts; act++) {
        assert_int_equal(actor->act(act), TB_OK);
    }
    assert_true(content_sound(actor->db()->handle));
}

static bool full_at(struct course *course, uint64_t room_bytes)
{
    size_t act = 0;
    enum tb_status status = TB_OK;
    const struct actor *actor = course->actor;
    begin(course, actor);
    tb_disk_limit(course->disk, tb_disk_used(course->disk) + room_bytes);
    while (act < actor->acts && (status = actor->act(act)) == TB_OK) {
        act++;
    }
    bool full = act < actor->acts;
    if (full && actor->out()->count == 0) {
        /* The log could not be moved: it keeps what it has. */
        tb_db_rollback(actor->db());
        tb_disk_limit(course->disk, UINT64_MAX);
        assert_int_equal(status, TB_DISKFULL);
        assert_int_equal(tb_db_checkpoint(actor->db()), 0);
    } else if (full) {
        assert_int_equal(status, TB_DISKFULL);
        fill_up(course, act);
    }
    end(course);
    return full;
}

static uint64_t fill_everywhere(const struct actor *actor)
{
    struct course course = {.actor = actor};
    uint64_t steps = 0;
    learn(&course);
    while (full_at(&course, steps * FULL_STEP_BYTES)) {
        steps++;
    }
    assert_true(steps > 20);
    return steps;
}

static void i1_a_node_whose_disk_is_full_goes_on_when_there_is_room(void **state)
{
    (void)state;
    print_message("%d points\n", (int)fill_everywhere(&actor_node));
}

static void i1_a_broker_whose_disk_is_full_goes_on_when_there_is_room(void **state)
{
    (void)state;
    print_message("%d points\n", (int)fill_everywhere(&actor_broker));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_nothing_leaves_a_node_whose_write_failed),
        cmocka_unit_test(i4_nothing_leaves_a_node_whose_sync_failed),
        cmocka_unit_test(i4_nothing_leaves_a_broker_whose_write_failed),
        cmocka_unit_test(i4_nothing_leaves_a_broker_whose_sync_failed),
        cmocka_unit_test(i1_a_node_whose_disk_is_full_goes_on_when_there_is_room),
        cmocka_unit_test(i1_a_broker_whose_disk_is_full_goes_on_when_there_is_room),
    };
    tb_disk_install();
    return cmocka_run_group_tests_name("store: fail", tests, NULL, NULL);
}
