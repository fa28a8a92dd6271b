#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "bench.h"
#include "broker/core/epochs.h"
#include "broker/core/exchange.h"
#include "broker/core/peers.h"
#include "proto/wire.h"
#include "tests/unit/scratch.h"

/* When things go wrong around a broker: a store put back from an old copy, clocks
 * that are wrong, a disk that is full, a window taken whole by lane 2, peers that
 * boast, widenings that find no room. */

#define DELIVER TONGBAO__FRAME__KIND_DELIVER

static int start(void **state)
{
    static struct bench bench;
    bench_start(&bench);
    *state = &bench;
    return 0;
}

static int stop(void **state)
{
    bench_close(*state);
    return 0;
}

static bool carries(const Tongbao__Frame *frame, const struct tb_id *id)
{
    struct tb_envelope envelope;
    return tb_envelope_read(&envelope, tb_wire_bytes(frame->deliver->envelope)) == TB_OK &&
           tb_id_equal(&envelope.id, id);
}

/* Was ${id} delivered to ${peer} in the last turn? */
static bool delivered(struct bench *bench, uint64_t peer, const struct tb_id *id)
{
    const Tongbao__Frame *frame = bench_sent(bench, peer, DELIVER, 0);
    for (size_t nth = 0; frame != NULL; frame = bench_sent(bench, peer, DELIVER, ++nth)) {
        if (carries(frame, id)) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ a lost tail */

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 16];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t size = sizeof bytes; size == sizeof bytes;) {
        size = fread(bytes, 1, sizeof bytes, in);
        assert_int_equal(fwrite(bytes, 1, size, out), size);
    }
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void reopen(struct bench *bench)
{
    bench_open(bench, bench->path, false);
}

/* Copy the store ${path}, that ${bench} has open, between two starts or in the middle of
 * one: then the office got its cursor in an epoch which the copy knows too. */
static void copy_store(struct bench *bench, const char *path, const char *copy, bool running)
{
    if (running) {
        assert_int_equal(bench_sql(bench, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
        copy_file(path, copy);
        return;
    }
    bench_close(bench);
    copy_file(path, copy);
    reopen(bench);
}

/*
 * I1. A store restored from an old copy is filled again before 静乐 is back: one
 * of its two lost rows comes again by a repair and, one new notice having gone
 * before it, gets the very seq that it had. 静乐's cursor then names a row that
 * is held, and what was filed below it was never read by anybody.
 */
static void restore_and_read(const char *folder, bool running)
{
    static struct bench lost;
    struct bench *bench = &lost;
    struct bench_cursor reader = {.seq = {0, 2}};
    struct bench_cursor city = {.position = 2};
    struct fix_say to_jingle = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct fix_say by_city = {.origin = 140900, .directory_version = 1, .to = {140926}};
    struct fix_say by_province = {.origin = 140000, .directory_version = 1, .to = {140926}};
    char path[SCRATCH_PATH_BYTES];
    char copy[SCRATCH_PATH_BYTES];
    uint8_t epoch[16];
    struct tb_buf second;
    struct tb_id fresh;
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(bench, scratch_path(path, folder, running ? "second.db" : "first.db"), true);
    copy_store(bench, path, scratch_path(copy, folder, running ? "b.db" : "a.db"), running);
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    bench_hello(bench, 2, 140926);
    bench_hello(bench, 3, 140900);
    assert_int_equal(bench_say(bench, 1, &to_jingle, NULL)->status, TB_OK);
    tb_buf_init(&second, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &by_city, &second, &reader.id[1]);
    assert_int_equal(bench_offer(bench, 3, tb_buf_bytes(&second), false)->status, TB_OK);
    bench_stored(bench, 2, TB_LANE_FIRST, 2, &reader.id[1]);
    city.accepted = reader.id[1];
    bench_close(bench);
    copy_file(copy, path); /* the restore */
    reopen(bench);
    bench_hello(bench, 4, 140000);
    assert_int_equal(bench_say(bench, 4, &by_province, &fresh)->status, TB_OK);
    assert_true(bench_resume(bench, 3, 140900, epoch, &city)->repair);
    assert_int_equal(bench_offer(bench, 3, tb_buf_bytes(&second), true)->status, TB_OK);
    assert_non_null(bench_resume(bench, 2, 140926, epoch, &reader));
    assert_true(delivered(bench, 2, &fresh));
    tb_buf_fini(&second);
    bench_close(bench);
}

static void i1_a_cursor_that_fits_by_chance_hides_no_new_mail(void **state)
{
    restore_and_read(*state, false);
    restore_and_read(*state, true);
}

/*
 * I1: the same of the position. What the city's notice was accepted at is given to it
 * again, by a repair of another office, and what was lost before it would be forgotten.
 */
static void restore_and_offer(const char *folder, bool running)
{
    static struct bench lost;
    struct bench *bench = &lost;
    struct bench_cursor city = {.position = 2};
    struct fix_say to_jingle = {.origin = 140900, .directory_version = 1, .to = {140926}};
    struct fix_say by_province = {.origin = 140000, .directory_version = 1, .to = {140926}};
    char path[SCRATCH_PATH_BYTES];
    char copy[SCRATCH_PATH_BYTES];
    uint8_t epoch[16];
    struct tb_buf second;
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(bench, scratch_path(path, folder, running ? "second.db" : "first.db"), true);
    copy_store(bench, path, scratch_path(copy, folder, running ? "b.db" : "a.db"), running);
    memcpy(epoch, bench_hello(bench, 3, 140900)->epoch.data, sizeof epoch);
    assert_int_equal(bench_say(bench, 3, &to_jingle, NULL)->position, 1);
    tb_buf_init(&second, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &to_jingle, &second, &city.accepted);
    assert_int_equal(bench_offer(bench, 3, tb_buf_bytes(&second), false)->position, 2);
    bench_close(bench);
    copy_file(copy, path); /* the restore */
    reopen(bench);
    bench_hello(bench, 4, 140000);
    assert_int_equal(bench_say(bench, 4, &by_province, NULL)->position, 1);
    assert_int_equal(bench_offer(bench, 4, tb_buf_bytes(&second), true)->position, 2);
    assert_true(bench_resume(bench, 3, 140900, epoch, &city)->repair);
    tb_buf_fini(&second);
    bench_close(bench);
}

static void i1_a_position_that_fits_by_chance_asks_for_the_repair_all_the_same(void **state)
{
    restore_and_offer(*state, false);
    restore_and_offer(*state, true);
}

/* A store that only started again knows what it gave out before, many times over. */
static void cursors_of_earlier_starts_are_known(void **state)
{
    static struct bench kept;
    struct bench *bench = &kept;
    enum { STARTS = 4 };
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct bench_cursor cursor[STARTS];
    uint8_t epoch[STARTS][16];
    char path[SCRATCH_PATH_BYTES];
    memset(bench, 0, sizeof *bench);
    memset(cursor, 0, sizeof cursor);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(bench, scratch_path(path, *state, "broker.db"), true);
    for (size_t i = 0; i < STARTS; i++) {
        memcpy(epoch[i], bench_hello(bench, 1, 140925)->epoch.data, 16);
        cursor[i].position = bench_say(bench, 1, &say, &cursor[i].id[1])->position;
        cursor[i].accepted = cursor[i].id[1];
        cursor[i].seq[1] = i + 1;
        bench_close(bench);
        reopen(bench);
        if (i == 1) { /* a start in which nothing comes */
            bench_close(bench);
            reopen(bench);
        }
    }
    for (size_t i = 0; i < STARTS; i++) {
        assert_false(bench_resume(bench, 2, 140926, epoch[i], &cursor[i])->repair);
        assert_int_equal(bench_count(bench, 2, DELIVER), STARTS - 1 - i);
        for (size_t k = i + 1; k < STARTS; k++) {
            /* Nobody can have read in one epoch what was given out in a later one. */
            assert_true(bench_resume(bench, 2, 140926, epoch[i], &cursor[k])->repair);
        }
    }
    bench_close(bench);
}

/* I10: epochs are counted, and a cursor of one that was forgotten is repaired. */
static void i10_a_store_forgets_its_oldest_epochs(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct bench_cursor cursor = {.seq = {0, 1}};
    uint8_t epoch[16];
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    assert_int_equal(bench_say(bench, 1, &say, &cursor.id[1])->status, TB_OK);
    struct tb_broker_epoch later = {.k = 1};
    struct tb_epochs *epochs = tb_epochs_new(&bench->db);
    tb_db_begin(&bench->db);
    for (int64_t k = 2; k <= TB_BROKER_EPOCHS_MAX + 1; k++) {
        later.k = k;
        memcpy(later.name, &k, sizeof k);
        later.name[15] = 1;
        tb_epochs_begin(epochs, &later);
    }
    tb_epochs_trim(epochs, later.k - 1);
    assert_int_equal(tb_epochs_find(epochs, tb_bytes_of(epoch, sizeof epoch)), 1);
    tb_epochs_trim(epochs, later.k);
    assert_int_equal(tb_epochs_find(epochs, tb_bytes_of(epoch, sizeof epoch)), 0);
    tb_db_commit(&bench->db);
    tb_epochs_free(epochs);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM epoch"), TB_BROKER_EPOCHS_MAX);
    /* The present one is known by its name. */
    assert_false(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
}

/* I1: an office that was answered for an old envelope once more has not thereby
 * lost its newest position; else every greeting asks for a repair. */
static void the_last_accepted_does_not_go_down_with_a_duplicate(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct bench_cursor cursor = {.position = 2};
    struct tb_buf first;
    uint8_t epoch[16];
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    bench_hello(bench, 2, 140926);
    tb_buf_init(&first, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &say, &first, NULL);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&first), false)->position, 1);
    assert_int_equal(bench_say(bench, 1, &say, &cursor.accepted)->position, 2);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&first), false)->position, 1);
    bench_stored(bench, 2, TB_LANE_FIRST, 2, &cursor.accepted);
    bench_later(bench, (uint64_t)31 * TB_DAY_MS);
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
    assert_false(bench_resume(bench, 1, 140925, epoch, &cursor)->repair);
    tb_buf_fini(&first);
}

/* ------------------------------------------------------------------ clocks */

/* I1: a machine without a battery starts in 1970 and learns the time later; the
 * store itself knows that its directory was taken long after that. */
static void i1_mail_admitted_before_the_clock_was_set_is_not_pruned_while_it_waits(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    bench->now.wall.ms = TB_DAY_MS;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    bench->now.wall.ms = FIX_AT_MS;
    bench->now.mono_ms += 2 * 60 * 1000;
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 0"), 1);
}

/* I1: nor does one wrong minute of the clock, 401 days ahead, end what waits. */
static void i1_a_clock_that_leaps_ahead_does_not_prune_what_waits(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    bench->now.mono_ms += 2 * 60 * 1000;
    bench->now.wall.ms += (int64_t)401 * TB_DAY_MS;
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 0"), 1);
}

/* What waits is as old as the days on which the store was served, over all starts. */
static void i1_the_days_of_all_starts_add_up(void **state)
{
    static struct bench kept;
    struct bench *bench = &kept;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    char path[SCRATCH_PATH_BYTES];
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(bench, scratch_path(path, *state, "broker.db"), true);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    static const struct {
        uint64_t days;
        int64_t held;
    } starts[] = {{200, 1}, {199, 1}, {2, 0}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        bench->now.mono_ms += starts[i].days * TB_DAY_MS;
        while (tb_broker_tidy(bench->broker, &bench->now)) {
        }
        assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), starts[i].held);
        bench_close(bench);
        bench->now.mono_ms = 1000; /* a machine that was switched off */
        reopen(bench);
    }
    bench_close(bench);
}

/* ------------------------------------------------------------- a full disk */

static void fill_disk(struct bench *bench)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %d",
             (int)bench_sql(bench, "PRAGMA page_count"));
    assert_true(bench_sql(bench, pragma) > 0);
}

/* "A full disk is not a broken disk": mail goes out though every turn brings an Offer
 * that finds no room. */
static void an_offer_that_finds_the_disk_full_does_not_stop_delivery(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct tb_id first;
    struct tb_buf letter;
    struct tb_buf large;
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_say(bench, 1, &say, &first)->status, TB_OK);
    assert_true(delivered(bench, 2, &first));
    fill_disk(bench);
    /* The office's socket was full: what did not leave is tried again in a second. */
    struct tb_effect effect;
    for (size_t at = 0; tb_outbox_next(&bench->out, &at, &effect);) {
        if (tb_effect_sends(effect.kind) && effect.code == (uint32_t)DELIVER) {
            tb_broker_choked(bench->broker, &bench->now, effect.to, effect.data);
        }
    }
    bench_later(bench, TB_PEER_CHOKED_MS);
    say.course_bytes = 8000;
    tb_buf_init(&letter, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &say, &letter, NULL);
    offer.envelope = tb_wire_data(tb_buf_bytes(&letter));
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    struct tb_event event = bench_event(bench, 1, &frame, &large);
    bench_turn(bench, &event, 1);
    assert_int_equal(bench->turned, TB_DISKFULL);
    assert_int_equal(bench_sent(bench, 1, TONGBAO__FRAME__KIND_ANSWER, 0)->answer->status,
                     TB_DISKFULL);
    assert_true(delivered(bench, 2, &first));
    tb_buf_fini(&large);
    tb_buf_fini(&letter);
}

/* What the reserve freed is not for mail: an Offer is answered and comes again, though
 * there would be pages for it; what makes room goes on. */
static void i1_a_scarce_disk_takes_no_offer_and_lets_mail_be_collected(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct tb_id first;
    struct tb_id second;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_say(bench, 1, &say, &first)->status, TB_OK);
    assert_true(delivered(bench, 2, &first));
    bench->scarce = true;
    assert_int_equal(bench_say(bench, 1, &say, &second)->status, TB_DISKFULL);
    assert_int_equal(bench->turned, TB_OK);
    assert_int_equal(bench_count(bench, 1, TONGBAO__FRAME__KIND_REFUSAL), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 1);
    bench_stored(bench, 2, TB_LANE_FIRST, 1, &first);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 0"), 0);
    bench->scarce = false;
    assert_int_equal(bench_say(bench, 1, &say, &second)->status, TB_OK);
    assert_true(delivered(bench, 2, &second));
}

/* An office whose disk is full says so: it gets nothing more, neither new mail nor what
 * would count as lost, until it greets again; and its own is taken meanwhile. */
static void i1_an_office_whose_disk_is_full_is_held_until_it_greets_again(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    const struct fix_say own = {.origin = 140926, .directory_version = 1, .to = {140900}};
    Tongbao__Refusal refusal;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_id first;
    struct tb_id second;
    tongbao__refusal__init(&refusal);
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_say(bench, 1, &say, &first)->status, TB_OK);
    assert_true(delivered(bench, 2, &first));
    tongbao__refusal__init(&refusal);
    refusal.status = TB_DISKFULL;
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    bench_frame(bench, 2, &frame);
    assert_true(bench_noted(bench, TB_NOTE_PEER_FULL));
    bench_frame(bench, 2, &frame);
    assert_false(bench_noted(bench, TB_NOTE_PEER_FULL));
    assert_int_equal(bench_say(bench, 1, &say, &second)->status, TB_OK);
    assert_int_equal(bench_count(bench, 2, DELIVER), 0);
    bench_later(bench, TB_PEER_SILENT_MS - 1);
    bench_say(bench, 2, &own, NULL);
    bench_later(bench, TB_PEER_SILENT_MS - 1);
    bench_idle(bench);
    assert_int_equal(bench_count(bench, 2, DELIVER), 0);
    bench_hello(bench, 2, 140926);
    assert_true(delivered(bench, 2, &first));
    assert_true(delivered(bench, 2, &second));
}

/* Nor does one keep the broker from starting: it cannot write its epoch, but hands out
 * what it has, and writes it with the first that it takes. */
static void i1_a_broker_whose_disk_is_full_starts_and_delivers(void **state)
{
    static struct bench full;
    struct bench *bench = &full;
    const struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    struct bench_cursor cursor = {.seq = {0, 1}};
    struct tb_diag diag = {0};
    struct tb_id id;
    uint8_t epoch[16];
    char path[SCRATCH_PATH_BYTES];
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(bench, scratch_path(path, *state, "broker.db"), true);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, &cursor.id[1])->status, TB_OK);
    tb_broker_free(bench->broker);
    /* Rows until the last page of the epochs is full too. */
    fill_disk(bench);
    for (int i = 0; bench->db.status == TB_OK; i++) {
        struct tb_epochs *epochs = tb_epochs_new(&bench->db);
        struct tb_broker_epoch filler = {.k = i + 2};
        memcpy(filler.name, &i, sizeof i);
        tb_db_begin(&bench->db);
        tb_epochs_begin(epochs, &filler);
        tb_db_commit(&bench->db);
        tb_epochs_free(epochs);
    }
    assert_int_equal(bench->db.status, TB_DISKFULL);
    tb_db_rollback(&bench->db);
    int64_t written = bench_sql(bench, "SELECT max(k) FROM epoch");
    bench->config.seed[0] ^= 1;
    assert_int_equal(tb_broker_new(&bench->broker, &bench->db, &bench->config, &bench->now, &diag),
                     TB_OK);
    assert_int_equal(bench_sql(bench, "SELECT max(k) FROM epoch"), written);
    const Tongbao__Welcome *welcome = bench_hello(bench, 2, 140926);
    assert_non_null(welcome);
    memcpy(epoch, welcome->epoch.data, sizeof epoch);
    assert_true(delivered(bench, 2, &cursor.id[1]));
    assert_true(bench_sql(bench, "PRAGMA max_page_count = 1000000") > 0);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, &id)->status, TB_OK);
    assert_int_equal(bench_sql(bench, "SELECT max(k) FROM epoch"), written + 1);
    bench_close(bench);
    reopen(bench);
    assert_false(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    assert_true(delivered(bench, 2, &id));
    bench_close(bench);
}

/* ------------------------------------------------------------------- lanes */

/* "Lane 2 leaves half of it to lane 1", of the bytes too: exercises in flight that
 * nobody has stored yet do not hold up an actual notice. */
static void an_actual_notice_goes_though_lane_2_has_its_share_of_bytes_in_flight(void **state)
{
    struct bench *bench = *state;
    struct fix_say exercise = {.origin = 140925,
                               .world = TB_WORLD_EXERCISE,
                               .directory_version = 1,
                               .course_bytes = 8000,
                               .to = {140926}};
    struct fix_say actual = exercise;
    struct tb_id id;
    actual.world = TB_WORLD_ACTUAL;
    bench_hello(bench, 1, 140925);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(bench_say(bench, 1, &exercise, NULL)->status, TB_OK);
    }
    bench_hello(bench, 2, 140926);
    assert_in_range(bench_count(bench, 2, DELIVER), 1, TB_WINDOW_REST_ROWS);
    assert_int_equal(bench_say(bench, 1, &actual, &id)->status, TB_OK);
    assert_true(delivered(bench, 2, &id));
}

/* On a slow line what was sent is still on its way after a minute: sent again it would
 * only wait behind itself. */
static void what_a_slow_line_still_carries_is_not_sent_again(void **state)
{
    struct bench *bench = *state;
    const struct fix_say say = {
        .origin = 140925, .directory_version = 1, .course_bytes = 8000, .to = {140926}};
    bench_hello(bench, 1, 140925);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    }
    bench_hello(bench, 2, 140926);
    size_t sent = bench_count(bench, 2, DELIVER);
    uint64_t bytes = (uint64_t)bench_sql(bench, "SELECT sum(length(bytes)) FROM envelope");
    uint64_t patience_ms = TB_PEER_STALLED_MS + bytes * 1000 / TB_LINE_BYTES_PER_S;
    assert_int_equal(sent, 10);
    assert_true(patience_ms > 4 * (uint64_t)TB_PEER_STALLED_MS);
    uint64_t began_ms = bench->now.mono_ms;
    size_t again = 0;
    while (again == 0) {
        Tongbao__Beat beat = TONGBAO__BEAT__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
        frame.beat = &beat;
        bench_later(bench, 20 * 1000);
        bench_frame(bench, 2, &frame);
        again = bench_count(bench, 2, DELIVER);
    }
    assert_in_range(bench->now.mono_ms - began_ms, patience_ms, patience_ms + 20 * 1000);
    assert_int_equal(again, 10);
}

/* ------------------------------------------------------------- directories */

static void have(struct bench *bench, uint64_t peer, uint64_t version)
{
    Tongbao__DirectoryVersion named = TONGBAO__DIRECTORY_VERSION__INIT;
    Tongbao__DirectoryVersion *list[] = {&named};
    Tongbao__Have having = TONGBAO__HAVE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    static const struct tb_id digest = {{1}};
    named.prefix = 14;
    named.version = version;
    named.digest = tb_wire_id(&digest);
    having.n_directories = 1;
    having.directories = list;
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &having;
    bench_frame(bench, peer, &frame);
}

static size_t asked(struct bench *bench, uint64_t peer)
{
    return bench_count(bench, peer, TONGBAO__FRAME__KIND_ASK);
}

/* I10: "harms nobody else". A directory may revoke the key of the very peer that
 * boasts of a version that does not exist and never sends a part of it. */
static void i10_a_peer_that_boasts_of_a_version_delays_no_other_peers_directory(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    have(bench, 1, INT64_MAX);
    have(bench, 2, 2);
    assert_int_equal(asked(bench, 2), 1);
}

/* Nor may a head that no key has signed. */
static void i10_an_offer_that_does_not_verify_asks_for_no_directory(void **state)
{
    struct bench *bench = *state;
    struct fix_key forged;
    struct fix_say say = {
        .origin = 140925, .directory_version = INT64_MAX, .to = {140926}, .key = &forged};
    struct tb_buf bytes;
    bench_hello(bench, 1, 140925);
    fix_key(&forged, "forged");
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &say, &bytes, NULL);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&bytes), false)->status, TB_SIGNER);
    have(bench, 2, 2);
    assert_int_equal(asked(bench, 2), 1);
    tb_buf_fini(&bytes);
}

/* One part of version 2 from ${peer}, ${size} bytes of nothing. */
static void give(struct bench *bench, uint64_t peer, size_t size, uint64_t total)
{
    static uint8_t nothing[TB_DIRECTORY_PART_BYTES_MAX];
    Tongbao__Part part = TONGBAO__PART__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    part.prefix = 14;
    part.version = 2;
    part.total_bytes = total;
    part.content = tb_wire_data(tb_bytes_of(nothing, size));
    frame.kind_case = TONGBAO__FRAME__KIND_PART;
    frame.part = &part;
    bench_frame(bench, peer, &frame);
}

/* I10: a peer that sent what no root signed is not asked again for a while, whatever it
 * says or however often it greets; but not for ever. */
static void i10_distrust_outlives_a_greeting_and_ends(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    have(bench, 1, 2);
    assert_int_equal(asked(bench, 1), 1);
    give(bench, 1, 100, 100);
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_REFUSED));
    bench_hello(bench, 1, 140925);
    have(bench, 1, 2);
    assert_int_equal(asked(bench, 1), 0);
    tb_broker_gone(bench->broker, 1);
    bench_hello(bench, 3, 140925); /* another connection of the same key */
    have(bench, 3, 2);
    assert_int_equal(asked(bench, 3), 0);
    bench_later(bench, TB_EXCHANGE_SHUN_FALSE_MS);
    have(bench, 3, 2);
    assert_int_equal(asked(bench, 3), 1);
}

/* I10: nor can one hold a place by sending a directory in drops. */
static void i10_a_part_that_is_smaller_than_it_may_be_ends_the_fetch(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    have(bench, 1, 2);
    give(bench, 1, 1, TB_DIRECTORY_BYTES_MAX);
    assert_int_equal(asked(bench, 1), 0);
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_REFUSED));
}

/* I10: more boasts than there are places delay an honest peer, but for a while. */
static void i10_more_boasts_than_places_end_by_themselves(void **state)
{
    struct bench *bench = *state;
    static const uint32_t boasters[TB_EXCHANGE_FETCHES_MAX] = {140925, 140900, 140000, 140123};
    for (uint64_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        bench_hello(bench, i + 1, boasters[i]);
        have(bench, i + 1, INT64_MAX - i);
        assert_int_equal(asked(bench, i + 1), 1);
    }
    bench_hello(bench, 9, 140926);
    have(bench, 9, 2);
    assert_int_equal(asked(bench, 9), 0);
    bench_later(bench, TB_EXCHANGE_STALE_MS);
    bench_idle(bench);
    assert_int_equal(asked(bench, 9), 1);
}

/* "A new version is also announced on open links, and the newer is taken": once
 * announced it is fetched, though the first that was asked went away. */
static void a_directory_is_asked_of_the_next_peer_when_the_first_has_gone(void **state)
{
    struct bench *bench = *state;
    size_t asks = 0;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    have(bench, 1, 2);
    assert_int_equal(asked(bench, 1), 1);
    have(bench, 2, 2);
    tb_broker_gone(bench->broker, 1);
    for (int second = 0; second < 40; second++) {
        bench_later(bench, 1000);
        bench_idle(bench);
        asks += asked(bench, 2);
    }
    assert_int_not_equal(asks, 0);
}

/* --------------------------------------------------------------- widenings */

/* How many statements of a broker are in the mailbox of ${office}. */
static int64_t statements_for(struct bench *bench, uint32_t office)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM mailbox m JOIN envelope e ON e.n = m.envelope_n"
             " WHERE e.world = 0 AND m.office = %u",
             office);
    return bench_sql(bench, sql);
}

/* I5: the origin and its province had no room when the route was found too narrow.
 * They are told when they have; nobody else will tell 娄烦, which reads elsewhere. */
static void i5_a_widening_that_found_no_room_is_stated_when_there_is(void **state)
{
    static struct bench narrow;
    struct bench *bench = &narrow;
    const struct fix_say filler = {
        .origin = 140925, .directory_version = 2, .river = "汾河", .to = {140926, 140000, 140900}};
    const struct fix_say say = {
        .origin = 140926, .directory_version = 1, .river = "汾河", .to = {140900, 140000}};
    struct tb_id id;
    struct tb_id notice;
    struct tb_buf bytes;
    (void)state;
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench->config.mailbox_rows_max = 1;
    bench_open(bench, ":memory:", true);
    bench->fix.rivers = true;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    bench_hello(bench, 3, 140000);
    bench_hello(bench, 4, 140900);
    assert_int_equal(bench_say(bench, 1, &filler, &id)->status, TB_OK);
    bench_stored(bench, 4, TB_LANE_FIRST, 1, &id);
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &say, &bytes, &notice);
    const Tongbao__Answer *answer = bench_offer(bench, 2, tb_buf_bytes(&bytes), false);
    assert_int_equal(answer->status, TB_OK);
    assert_int_equal(answer->n_full, 1);
    bench_stored(bench, 2, TB_LANE_FIRST, 1, &id);
    bench_stored(bench, 3, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_offer(bench, 2, tb_buf_bytes(&bytes), false)->n_full, 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope WHERE world = 0"), 1);
    assert_int_equal(statements_for(bench, 140926), 1);
    assert_int_equal(statements_for(bench, 140000), 0); /* the notice took its place */
    /* Nobody offers again: it is told when there is room. */
    bench_stored(bench, 3, TB_LANE_FIRST, 2, &notice);
    bench_later(bench, 60 * 1000);
    bench_hello(bench, 3, 140000);
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(statements_for(bench, 140000), 1);
    bench_idle(bench);
    assert_int_equal(bench_count(bench, 3, DELIVER), 1);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM widened WHERE told = 0"), 0);
    tb_buf_fini(&bytes);
    bench_close(bench);
}

#define WITH(test)    cmocka_unit_test_setup_teardown(test, start, stop)
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(i1_a_cursor_that_fits_by_chance_hides_no_new_mail),
        ON_DISK(i1_a_position_that_fits_by_chance_asks_for_the_repair_all_the_same),
        ON_DISK(cursors_of_earlier_starts_are_known),
        WITH(i10_a_store_forgets_its_oldest_epochs),
        WITH(the_last_accepted_does_not_go_down_with_a_duplicate),
        WITH(i1_mail_admitted_before_the_clock_was_set_is_not_pruned_while_it_waits),
        WITH(i1_a_clock_that_leaps_ahead_does_not_prune_what_waits),
        ON_DISK(i1_the_days_of_all_starts_add_up),
        WITH(an_offer_that_finds_the_disk_full_does_not_stop_delivery),
        WITH(i1_a_scarce_disk_takes_no_offer_and_lets_mail_be_collected),
        WITH(i1_an_office_whose_disk_is_full_is_held_until_it_greets_again),
        ON_DISK(i1_a_broker_whose_disk_is_full_starts_and_delivers),
        WITH(an_actual_notice_goes_though_lane_2_has_its_share_of_bytes_in_flight),
        WITH(what_a_slow_line_still_carries_is_not_sent_again),
        WITH(i10_a_peer_that_boasts_of_a_version_delays_no_other_peers_directory),
        WITH(i10_an_offer_that_does_not_verify_asks_for_no_directory),
        WITH(i10_distrust_outlives_a_greeting_and_ends),
        WITH(i10_a_part_that_is_smaller_than_it_may_be_ends_the_fetch),
        WITH(i10_more_boasts_than_places_end_by_themselves),
        WITH(a_directory_is_asked_of_the_next_peer_when_the_first_has_gone),
        cmocka_unit_test(i5_a_widening_that_found_no_room_is_stated_when_there_is),
    };
    return cmocka_run_group_tests_name("broker, trouble", tests, NULL, NULL);
}
