#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>

#include "base/fault.h"
#include "base/turn.h"

/* The turn, over a core that does what each event's bytes tell it: "+x" adds a
 * row and says x, "-x" adds a row, says x and then fails. */

static const char *const steps[] = {"CREATE TABLE row (n INTEGER PRIMARY KEY, word TEXT) STRICT"};
static const struct tb_db_schema schema = {0x54425433, steps, 1};
enum { ADD, COUNT, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    "INSERT INTO row (word) VALUES (?)",
    "SELECT count(*) FROM row",
};

struct core {
    struct tb_db db;
    struct sqlite3_stmt *sql[STATEMENTS];
    struct tb_turn_core turn;
    struct tb_outbox out;
    int handled;
    int finished;
    int committed;
    bool one_reading; /* what is to be sent was read inside one transaction */
    int rolled_back;
    int relieved;
    int spend_after; /* events after which the time is spent; 0: never */
    bool break_at_finish;
    bool scarce;
    bool spared[4]; /* what each attempt was told */
    size_t attempts;
};

static enum tb_status handle(void *self, const struct tb_now *now, const struct tb_event *event,
                             struct tb_outbox *out)
{
    struct core *core = self;
    (void)now;
    core->handled++;
    tb_db_do(&core->db, core->sql[ADD], "t", "x");
    tb_assert(tb_outbox_add(out, TB_EFFECT_FRAME, event->from, 0,
                            tb_bytes_of(event->data.data + 1, event->data.size - 1)));
    return event->data.data[0] == '+' ? TB_OK : TB_MALFORMED;
}

static void undone(void *self, const struct tb_now *now, const struct tb_event *event,
                   enum tb_status status, struct tb_outbox *out)
{
    (void)self;
    (void)now;
    tb_assert(
        tb_outbox_add(out, TB_EFFECT_ANSWER, event->from, (uint32_t)status, tb_bytes_of(NULL, 0)));
}

static void finish(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct core *core = self;
    (void)now;
    (void)out;
    core->finished++;
    if (core->break_at_finish) {
        core->db.status = TB_IO;
    }
}

static void committed(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct core *core = self;
    (void)now;
    (void)out;
    core->committed++;
    core->one_reading = sqlite3_get_autocommit(core->db.handle) == 0;
}

static void rolled_back(void *self)
{
    ((struct core *)self)->rolled_back++;
}

static bool relieve(void *context)
{
    struct core *core = context;
    core->relieved++;
    (void)sqlite3_exec(core->db.handle, "PRAGMA max_page_count=100000", NULL, NULL, NULL);
    return core->relieved == 1;
}

static void spare(void *self, bool scarce)
{
    struct core *core = self;
    if (core->attempts < sizeof core->spared) {
        core->spared[core->attempts++] = scarce;
    }
}

static bool scarce(void *context)
{
    return ((const struct core *)context)->scarce;
}

/* As a daemon that gives its reserve up. */
static bool relieve_and_spare(void *context)
{
    ((struct core *)context)->scarce = true;
    return relieve(context);
}

static bool spent(void *context)
{
    const struct core *core = context;
    return core->spend_after > 0 && core->handled >= core->spend_after;
}

static int setup(void **state)
{
    static struct core core;
    struct tb_diag diag = {0};
    memset(&core, 0, sizeof core);
    assert_int_equal(tb_db_open(&core.db, ":memory:", &schema, &diag), TB_OK);
    tb_db_prepare(&core.db, texts, core.sql, STATEMENTS);
    tb_outbox_init(&core.out);
    core.turn = (struct tb_turn_core){.self = &core,
                                      .db = &core.db,
                                      .handle = handle,
                                      .undone = undone,
                                      .finish = finish,
                                      .rolled_back = rolled_back,
                                      .committed = committed,
                                      .relieve = relieve,
                                      .spent = spent,
                                      .context = &core};
    *state = &core;
    return 0;
}

static int teardown(void **state)
{
    struct core *core = *state;
    tb_db_unprepare(core->sql, STATEMENTS);
    tb_db_close(&core->db);
    tb_outbox_fini(&core->out);
    return 0;
}

static size_t run(struct core *core, const char *const *words, size_t count, enum tb_status want)
{
    struct tb_event events[8] = {{0}};
    const struct tb_now now = {1, {1}};
    for (size_t i = 0; i < count; i++) {
        events[i].from = i + 1;
        events[i].data = tb_bytes_text(words[i]);
    }
    assert_int_equal(tb_turn_run(&core->turn, &now, events, &count, &core->out), want);
    return count;
}

static int64_t rows(struct core *core)
{
    assert_true(tb_db_one(&core->db, core->sql[COUNT], ""));
    int64_t value = tb_db_int(core->sql[COUNT], 0);
    tb_db_done(core->sql[COUNT]);
    return value;
}

static void one_bad_event_undoes_itself_alone_and_answers_its_sender(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a", "-b", "+c"};
    assert_int_equal(run(core, words, 3, TB_OK), 3);
    assert_int_equal(rows(core), 2);
    size_t at = 0;
    struct tb_effect effect;
    assert_true(tb_outbox_next(&core->out, &at, &effect));
    assert_memory_equal(effect.data.data, "a", 1);
    assert_true(tb_outbox_next(&core->out, &at, &effect));
    assert_int_equal(effect.kind, TB_EFFECT_ANSWER);
    assert_int_equal(effect.code, TB_MALFORMED);
    assert_int_equal(effect.to, 2);
    assert_true(tb_outbox_next(&core->out, &at, &effect));
    assert_memory_equal(effect.data.data, "c", 1);
    assert_false(tb_outbox_next(&core->out, &at, &effect));
}

static void i4_a_broken_store_sends_nothing(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a"};
    core->break_at_finish = true;
    (void)run(core, words, 1, TB_IO);
    assert_int_equal(core->out.count, 0);
    assert_int_equal(core->committed, 0);
}

static void a_turn_with_nothing_to_do_opens_no_transaction(void **state)
{
    struct core *core = *state;
    (void)run(core, NULL, 0, TB_OK);
    assert_int_equal(core->finished, 0);
    assert_int_equal(core->committed, 1);
    assert_false(core->db.inside);
}

static void what_is_to_be_sent_is_read_in_one_reading_that_ends_with_the_turn(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a"};
    (void)run(core, words, 1, TB_OK);
    assert_true(core->one_reading);
    assert_true(sqlite3_get_autocommit(core->db.handle) != 0);
    core->one_reading = false;
    tb_outbox_clear(&core->out);
    (void)run(core, NULL, 0, TB_OK);
    assert_true(core->one_reading);
    assert_true(sqlite3_get_autocommit(core->db.handle) != 0);
}

static void a_turn_ends_when_its_time_is_spent_and_the_rest_waits(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a", "+b", "+c"};
    core->spend_after = 2;
    assert_int_equal(run(core, words, 3, TB_OK), 2);
    assert_int_equal(rows(core), 2);
    tb_outbox_clear(&core->out);
    core->spend_after = 1; /* spent from the start: one is taken all the same */
    assert_int_equal(run(core, words + 2, 1, TB_OK), 1);
    assert_int_equal(rows(core), 3);
}

static void fill(struct core *core)
{
    assert_int_equal(sqlite3_exec(core->db.handle, "PRAGMA max_page_count=3", NULL, NULL, NULL),
                     SQLITE_OK);
    static char big[16 * 1024];
    memset(big, 'x', sizeof big - 1);
    tb_db_begin(&core->db);
    tb_db_do(&core->db, core->sql[ADD], "t", big);
    assert_int_equal(core->db.status, TB_DISKFULL);
    tb_db_rollback(&core->db);
}

static void a_reserve_given_up_lets_the_turn_commit(void **state)
{
    struct core *core = *state;
    fill(core);
    const char *const words[] = {"+a"};
    /* Rows until the last page is full. */
    for (int i = 0; i < 4000 && core->rolled_back == 0; i++) {
        (void)run(core, words, 1, TB_OK);
        tb_outbox_clear(&core->out);
    }
    assert_int_equal(core->rolled_back, 1);
    assert_int_equal(core->relieved, 1);
    assert_int_equal(core->db.status, TB_OK);
}

/* So that the second attempt already leaves the reserve to what is our own. */
static void each_attempt_is_told_whether_the_disk_is_scarce(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a"};
    core->turn.relieve = relieve_and_spare;
    core->turn.scarce = scarce;
    core->turn.spare = spare;
    fill(core);
    for (int i = 0; i < 4000 && core->rolled_back == 0; i++) {
        core->attempts = 0;
        (void)run(core, words, 1, TB_OK);
        tb_outbox_clear(&core->out);
    }
    assert_int_equal(core->attempts, 2);
    assert_false(core->spared[0]);
    assert_true(core->spared[1]);
    /* A turn without events is told too: what waits for room goes on by itself. */
    core->scarce = false;
    core->attempts = 0;
    (void)run(core, NULL, 0, TB_OK);
    assert_int_equal(core->attempts, 1);
    assert_false(core->spared[0]);
}

static bool no_relief(void *context)
{
    ((struct core *)context)->relieved++;
    return false;
}

static void a_full_disk_rolls_back_and_answers_every_sender(void **state)
{
    struct core *core = *state;
    const char *const words[] = {"+a", "+b"};
    size_t count = 0;
    int turns = 0;
    core->turn.relieve = no_relief;
    fill(core);
    for (int i = 0; i < 4000 && core->rolled_back == 0; i++) {
        struct tb_event events[2] = {{0}};
        const struct tb_now now = {1, {1}};
        count = 2;
        for (size_t k = 0; k < 2; k++) {
            events[k].from = k + 1;
            events[k].data = tb_bytes_text(words[k]);
        }
        tb_outbox_clear(&core->out);
        turns++;
        int64_t before = rows(core);
        if (tb_turn_run(&core->turn, &now, events, &count, &core->out) == TB_DISKFULL) {
            assert_int_equal(rows(core), before);
        }
    }
    assert_int_equal(core->rolled_back, 1);
    /* What is to be sent is read after that turn too: mail still goes out. */
    assert_int_equal(core->committed, turns);
    /* Those that were taken are answered; the rest waits for the next turn. */
    assert_true(count >= 1);
    assert_int_equal(core->out.count, count);
    size_t at = 0;
    struct tb_effect effect;
    while (tb_outbox_next(&core->out, &at, &effect)) {
        assert_int_equal(effect.kind, TB_EFFECT_ANSWER);
        assert_int_equal(effect.code, TB_DISKFULL);
    }
}

static void an_outbox_takes_back_what_came_after_a_mark(void **state)
{
    struct core *core = *state;
    struct tb_effect effect;
    assert_true(tb_outbox_add(&core->out, TB_EFFECT_FRAME, 1, 0, tb_bytes_text("first")));
    struct tb_outbox_mark mark = tb_outbox_here(&core->out);
    tb_outbox_note(&core->out, TB_NOTE_STOPPED, "test");
    assert_int_equal(core->out.count, 2);
    tb_outbox_cut(&core->out, mark);
    assert_int_equal(core->out.count, 1);
    size_t at = 0;
    assert_true(tb_outbox_next(&core->out, &at, &effect));
    assert_memory_equal(effect.data.data, "first", 5);
    assert_false(tb_outbox_next(&core->out, &at, &effect));
}

static void i10_a_full_outbox_refuses_and_stays_whole(void **state)
{
    struct core *core = *state;
    static uint8_t big[1024 * 1024];
    size_t count = 0;
    while (tb_outbox_add(&core->out, TB_EFFECT_FRAME, count, 0, tb_bytes_of(big, sizeof big))) {
        count++;
    }
    assert_true(count >= 60);
    assert_true(count < 64);
    assert_int_equal(core->out.count, count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_bad_event_undoes_itself_alone_and_answers_its_sender),
        TEST(i4_a_broken_store_sends_nothing),
        TEST(a_turn_with_nothing_to_do_opens_no_transaction),
        TEST(what_is_to_be_sent_is_read_in_one_reading_that_ends_with_the_turn),
        TEST(a_turn_ends_when_its_time_is_spent_and_the_rest_waits),
        TEST(a_reserve_given_up_lets_the_turn_commit),
        TEST(each_attempt_is_told_whether_the_disk_is_scarce),
        TEST(a_full_disk_rolls_back_and_answers_every_sender),
        TEST(an_outbox_takes_back_what_came_after_a_mark),
        TEST(i10_a_full_outbox_refuses_and_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
