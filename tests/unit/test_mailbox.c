#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sqlite3.h>

#include "broker/core/envelopes.h"
#include "broker/core/mailbox.h"
#include "broker/core/store.h"
#include "fixture.h"

/* The mailbox alone, over a real store in memory: counters, places, limits. */

enum { ROWS_MAX = 10, OFFICE = 140926, OTHER = 140900, EPOCH = 2 };

static const struct tb_now at = {1000, {FIX_AT_MS}};

struct room {
    struct fixture fix;
    struct tb_db db;
    struct tb_mailbox *mailbox;
    struct tb_envelopes *envelopes;
    struct tb_id id[64];
    int64_t n[64];
    size_t made;
};

static int start(void **state)
{
    static struct room room;
    memset(&room, 0, sizeof room);
    fix_init(&room.fix);
    assert_int_equal(tb_db_open(&room.db, ":memory:", tb_broker_store_schema(), NULL), TB_OK);
    room.mailbox = tb_mailbox_new(&room.db, ROWS_MAX, EPOCH);
    room.envelopes = tb_envelopes_new(&room.db, &at);
    *state = &room;
    return 0;
}

static int stop(void **state)
{
    struct room *room = *state;
    assert_int_equal(room->db.status, TB_OK);
    tb_mailbox_free(room->mailbox);
    tb_envelopes_free(room->envelopes);
    tb_db_close(&room->db);
    return 0;
}

/* Another envelope; its index in `id` and `n`. */
static size_t make(struct room *room)
{
    struct fix_say say = {.origin = 140925, .to = {OFFICE}};
    struct tb_envelope envelope;
    struct tb_buf bytes;
    size_t i = room->made++;
    tb_buf_init(&bytes, TB_ENVELOPES_BYTES_MAX);
    fix_notice(&room->fix, &say, &bytes, &room->id[i]);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&bytes)), TB_OK);
    room->n[i] = tb_envelopes_add(room->envelopes, &envelope, TB_KIND_NOTICE, &at);
    tb_buf_fini(&bytes);
    return i;
}

static enum tb_status append(struct room *room, uint32_t office, size_t i, bool urgent,
                             uint64_t *seq)
{
    return tb_mailbox_append(room->mailbox, office, TB_LANE_FIRST, room->n[i], &room->id[i], urgent,
                             seq);
}

static void each_lane_of_each_office_counts_from_one(void **state)
{
    struct room *room = *state;
    uint64_t seq;
    size_t a = make(room);
    size_t b = make(room);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    assert_int_equal(seq, 1);
    assert_int_equal(append(room, OFFICE, b, true, &seq), TB_OK);
    assert_int_equal(seq, 2);
    assert_int_equal(append(room, OTHER, b, true, &seq), TB_OK);
    assert_int_equal(seq, 1);
    size_t c = make(room);
    assert_int_equal(tb_mailbox_append(room->mailbox, OFFICE, TB_LANE_REST, room->n[c],
                                       &room->id[c], true, &seq),
                     TB_OK);
    assert_int_equal(seq, 1);
    struct tb_mailbox_row rows[8];
    assert_int_equal(tb_mailbox_read(room->mailbox, OFFICE, TB_LANE_FIRST, 0, rows, 8), 2);
    assert_int_equal(rows[0].n, room->n[a]);
    assert_int_equal(rows[1].n, room->n[b]);
    assert_int_equal(tb_mailbox_read(room->mailbox, OFFICE, TB_LANE_FIRST, 1, rows, 8), 1);
    assert_int_equal(rows[0].seq, 2);
    assert_int_equal(tb_mailbox_read(room->mailbox, OFFICE, TB_LANE_FIRST, 0, rows, 1), 1);
}

static void an_envelope_is_filed_once_per_office(void **state)
{
    struct room *room = *state;
    uint64_t seq;
    size_t a = make(room);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_CONFLICT);
    /* Not in the other lane either. */
    assert_int_equal(tb_mailbox_append(room->mailbox, OFFICE, TB_LANE_REST, room->n[a],
                                       &room->id[a], true, &seq),
                     TB_CONFLICT);
    assert_int_equal(tb_mailbox_waiting(room->mailbox, OFFICE), 1);
}

static void i10_the_limit_counts_waiting_rows_of_both_lanes(void **state)
{
    struct room *room = *state;
    uint64_t seq;
    for (size_t i = 0; i < ROWS_MAX / 2; i++) {
        assert_int_equal(append(room, OFFICE, make(room), false, &seq), TB_OK);
    }
    assert_int_equal(append(room, OFFICE, make(room), false, &seq), TB_FULL);
    for (size_t i = ROWS_MAX / 2; i < ROWS_MAX; i++) {
        size_t a = make(room);
        assert_int_equal(tb_mailbox_append(room->mailbox, OFFICE, TB_LANE_REST, room->n[a],
                                           &room->id[a], true, &seq),
                         TB_OK);
    }
    assert_int_equal(append(room, OFFICE, make(room), true, &seq), TB_FULL);
    assert_int_equal(append(room, OTHER, make(room), true, &seq), TB_OK);
}

static void i1_the_counter_never_goes_down_after_rows_are_dropped(void **state)
{
    struct room *room = *state;
    int64_t done[TB_MAILBOX_SETTLE_ROWS_MAX];
    uint64_t seq;
    bool more;
    size_t a = make(room);
    size_t b = make(room);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    assert_int_equal(append(room, OFFICE, b, true, &seq), TB_OK);
    tb_mailbox_claim(room->mailbox, OFFICE, TB_LANE_FIRST, 2);
    assert_int_equal(tb_mailbox_settle(room->mailbox, OFFICE, TB_LANE_FIRST, done, &more), 2);
    assert_false(more);
    assert_int_equal(done[0], room->n[a]);
    assert_int_equal(tb_mailbox_waiting(room->mailbox, OFFICE), 0);
    assert_int_equal(tb_mailbox_drop(room->mailbox, room->n[a], 10), 1);
    assert_int_equal(tb_mailbox_drop(room->mailbox, room->n[b], 10), 1);
    assert_int_equal(tb_mailbox_drop(room->mailbox, room->n[b], 10), 0);
    assert_int_equal(tb_mailbox_pruned(room->mailbox, OFFICE, TB_LANE_FIRST), 2);
    assert_int_equal(append(room, OFFICE, make(room), true, &seq), TB_OK);
    assert_int_equal(seq, 3);
}

static void a_place_is_held_pruned_or_strange(void **state)
{
    struct room *room = *state;
    uint64_t seq;
    size_t a = make(room);
    size_t b = make(room);
    struct tb_mailbox *mailbox = room->mailbox;
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 0, &room->id[a]),
                     TB_PLACE_HELD);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 1, &room->id[a]),
                     TB_PLACE_STRANGE);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    assert_int_equal(append(room, OFFICE, b, true, &seq), TB_OK);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 1, &room->id[a]),
                     TB_PLACE_HELD);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 1, &room->id[b]),
                     TB_PLACE_STRANGE);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 3, &room->id[a]),
                     TB_PLACE_STRANGE);
    assert_int_equal(
        tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, UINT64_MAX, &room->id[a]),
        TB_PLACE_STRANGE);
    (void)tb_mailbox_drop(mailbox, room->n[a], 10);
    (void)tb_mailbox_drop(mailbox, room->n[b], 10);
    /* The last one is remembered with its id; an older one only as given out. */
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 2, &room->id[b]),
                     TB_PLACE_HELD);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 2, &room->id[a]),
                     TB_PLACE_STRANGE);
    assert_int_equal(tb_mailbox_place(mailbox, OFFICE, TB_LANE_FIRST, EPOCH, 1, &room->id[a]),
                     TB_PLACE_PRUNED);
}

static void an_envelope_is_done_when_its_last_office_has_it(void **state)
{
    struct room *room = *state;
    int64_t done[TB_MAILBOX_SETTLE_ROWS_MAX];
    uint64_t seq;
    bool more;
    size_t a = make(room);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    assert_int_equal(append(room, OTHER, a, true, &seq), TB_OK);
    tb_mailbox_claim(room->mailbox, OFFICE, TB_LANE_FIRST, 1);
    assert_int_equal(tb_mailbox_settle(room->mailbox, OFFICE, TB_LANE_FIRST, done, &more), 0);
    tb_mailbox_claim(room->mailbox, OTHER, TB_LANE_FIRST, 1);
    assert_int_equal(tb_mailbox_settle(room->mailbox, OTHER, TB_LANE_FIRST, done, &more), 1);
    assert_int_equal(done[0], room->n[a]);
    uint32_t offices[4];
    assert_int_equal(tb_mailbox_offices(room->mailbox, room->n[a], offices, 4), 2);
    assert_int_equal(offices[0], OTHER);
    assert_int_equal(offices[1], OFFICE);
}

static void i10_a_long_claim_is_settled_in_slices(void **state)
{
    struct room *room = *state;
    int64_t done[TB_MAILBOX_SETTLE_ROWS_MAX];
    uint64_t seq = 0;
    uint32_t office;
    enum tb_lane lane;
    bool more;
    tb_mailbox_free(room->mailbox);
    room->mailbox = tb_mailbox_new(&room->db, 1000, EPOCH);
    size_t count = TB_MAILBOX_SETTLE_ROWS_MAX + 5;
    for (size_t i = 0; i < count; i++) {
        room->made = 0;
        assert_int_equal(append(room, OFFICE, make(room), true, &seq), TB_OK);
    }
    tb_mailbox_claim(room->mailbox, OFFICE, TB_LANE_FIRST, seq);
    assert_int_equal(tb_mailbox_settle(room->mailbox, OFFICE, TB_LANE_FIRST, done, &more),
                     TB_MAILBOX_SETTLE_ROWS_MAX);
    assert_true(more);
    assert_true(tb_mailbox_unsettled(room->mailbox, &office, &lane));
    assert_int_equal(office, OFFICE);
    assert_int_equal(lane, TB_LANE_FIRST);
    assert_int_equal(tb_mailbox_settle(room->mailbox, office, lane, done, &more), 5);
    assert_false(more);
    assert_false(tb_mailbox_unsettled(room->mailbox, &office, &lane));
    assert_int_equal(tb_mailbox_waiting(room->mailbox, OFFICE), 0);
}

/* I1: a row that was given out after the epoch in which somebody came is none that he
 * has read, though seq and id should fit. */
static void i1_a_place_is_strange_to_whoever_came_before_it_was_given_out(void **state)
{
    struct room *room = *state;
    uint64_t seq;
    size_t a = make(room);
    size_t b = make(room);
    assert_int_equal(append(room, OFFICE, a, true, &seq), TB_OK);
    struct tb_mailbox *later = tb_mailbox_new(&room->db, ROWS_MAX, EPOCH + 2);
    assert_int_equal(
        tb_mailbox_append(later, OFFICE, TB_LANE_FIRST, room->n[b], &room->id[b], true, &seq),
        TB_OK);
    static const struct {
        int64_t epoch_k;
        enum tb_mailbox_place first;
        enum tb_mailbox_place second;
    } cases[] = {{EPOCH - 1, TB_PLACE_STRANGE, TB_PLACE_STRANGE},
                 {EPOCH, TB_PLACE_HELD, TB_PLACE_STRANGE},
                 {EPOCH + 1, TB_PLACE_HELD, TB_PLACE_STRANGE},
                 {EPOCH + 2, TB_PLACE_HELD, TB_PLACE_HELD},
                 {EPOCH + 3, TB_PLACE_HELD, TB_PLACE_HELD}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            tb_mailbox_place(later, OFFICE, TB_LANE_FIRST, cases[i].epoch_k, 1, &room->id[a]),
            cases[i].first);
        assert_int_equal(
            tb_mailbox_place(later, OFFICE, TB_LANE_FIRST, cases[i].epoch_k, 2, &room->id[b]),
            cases[i].second);
    }
    tb_mailbox_free(later);
}

static int count_step(void *steps)
{
    ++*(int *)steps;
    return 0;
}

/* What was stored stays in the mailbox for weeks; a Stored must not walk through it. */
static void i10_to_settle_one_row_costs_the_same_however_many_are_kept(void **state)
{
    enum { KEPT = 20000, LAST = KEPT + 1, OPS_A_STEP = 100, STEPS_MAX = 10 };
    struct room *room = *state;
    int64_t done[TB_MAILBOX_SETTLE_ROWS_MAX];
    uint64_t seq;
    bool more;
    int steps = 0;
    assert_int_equal(append(room, OFFICE, make(room), false, &seq), TB_OK);
    (void)fix_sql(&room->db, "UPDATE mailbox SET seq = 20001");
    (void)fix_sql(&room->db, "UPDATE lane SET last_seq = 20001");
    (void)fix_sql(&room->db, "INSERT INTO mailbox (office, lane, seq, envelope_n, stored)"
                             " WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
                             " WHERE n < 20000) SELECT 140926, 1, n, n + 1000, 1 FROM i");
    tb_mailbox_claim(room->mailbox, OFFICE, TB_LANE_FIRST, LAST);
    sqlite3_progress_handler(room->db.handle, OPS_A_STEP, count_step, &steps);
    assert_int_equal(tb_mailbox_settle(room->mailbox, OFFICE, TB_LANE_FIRST, done, &more), 1);
    sqlite3_progress_handler(room->db.handle, 0, NULL, NULL);
    assert_true(steps <= STEPS_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(each_lane_of_each_office_counts_from_one),
        TEST(an_envelope_is_filed_once_per_office),
        TEST(i10_the_limit_counts_waiting_rows_of_both_lanes),
        TEST(i1_the_counter_never_goes_down_after_rows_are_dropped),
        TEST(a_place_is_held_pruned_or_strange),
        TEST(i1_a_place_is_strange_to_whoever_came_before_it_was_given_out),
        TEST(an_envelope_is_done_when_its_last_office_has_it),
        TEST(i10_a_long_claim_is_settled_in_slices),
        TEST(i10_to_settle_one_row_costs_the_same_however_many_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
