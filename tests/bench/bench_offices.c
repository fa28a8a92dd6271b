/*
 * bench_offices - what a connected office costs a broker, and how soon all are
 * back after the broker was away.
 *
 * One real broker; 3,200 offices of eight provinces, each with its own keys, as
 * client sockets of this process. While the broker is away each province issues
 * a notice to all its offices; an office is back when it was greeted again and
 * that notice has come to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tests/bench/crowd.h"
#include "tests/bench/crowd_place.h"
#include "tests/bench/figures.h"
#include "tests/bench/lines.h"
#include "tests/system/child.h"

enum {
    MAILBOX_ROWS = 100000,
    ROUND_MS = 10, /* rest after each round of all lines */
    CONNECT_MS_MAX = 120000,
    BACK_MS_MAX = 180000,
    GONE_MS_MAX = 20000,
};

static struct tb_option options[] = {
    {"offices", "connected", 3200, 2 * TB_CROWD_PROVINCES_MAX,
     TB_CROWD_PROVINCES_MAX *TB_CROWD_OFFICES_EACH_MAX},
    {"outage", "seconds that the broker is away", 120, 0, 3600},
    {"settle", "milliseconds of rest before memory is read: a beat of all", 7000, 0, 60000},
    {NULL, NULL, 0, 0, 0},
};

/* What one office still owes. */
struct state {
    bool delivered; /* the notice of the outage has come */
    bool receipted; /* its receipt was offered */
    struct tb_id notice;
};

struct run {
    struct tb_world *world;
    struct tb_crowd *crowd;
    struct tb_lines *lines;
    struct state *states;
    struct tb_buf notice[TB_CROWD_PROVINCES_MAX];
    bool offered[TB_CROWD_PROVINCES_MAX];
    struct tb_buf out;
    size_t delivered;
    size_t receipts; /* that came to a province */
};

static int broker_pid(const struct run *run)
{
    return tb_world_place(run->world, TB_CROWD_BROKER)->child.pid;
}

static void open_run(struct run *run)
{
    size_t offices = (size_t)tb_option_value(options, "offices");
    *run = (struct run){.world = tb_world_begin()};
    tb_lines_need_descriptors(offices);
    run->crowd = tb_crowd_make(TB_CROWD_PROVINCES_MAX, offices / TB_CROWD_PROVINCES_MAX);
    run->states = calloc(run->crowd->count, sizeof *run->states);
    assert_non_null(run->states);
    tb_crowd_broker(run->crowd, run->world, MAILBOX_ROWS);
    tb_crowd_publish(run->crowd, run->world->folder);
    tb_world_start(run->world, TB_CROWD_BROKER);
    tb_buf_init(&run->out, TB_ENVELOPE_BYTES_MAX);
    for (size_t i = 0; i < TB_CROWD_PROVINCES_MAX; i++) {
        tb_buf_init(&run->notice[i], TB_ENVELOPE_BYTES_MAX);
    }
}

static void close_run(struct run *run)
{
    tb_lines_close(run->lines);
    tb_crowd_free(run->crowd);
    free(run->states);
    tb_buf_fini(&run->out);
    for (size_t i = 0; i < TB_CROWD_PROVINCES_MAX; i++) {
        tb_buf_fini(&run->notice[i]);
    }
    tb_world_close(run->world);
}

/* ------------------------------------------------------------- the frames */

static void offer_notice(struct run *run, size_t office)
{
    size_t province = office / run->crowd->offices_each;
    bool speaks = office % run->crowd->offices_each == 0 && run->notice[province].size > 0;
    if (speaks && !run->offered[province]) {
        run->offered[province] =
            tb_lines_offer(run->lines, office, tb_buf_bytes(&run->notice[province]));
    }
}

/* The notice is answered with a receipt as a node does it; a receipt is counted. */
static void take_delivery(struct run *run, size_t office, const struct tb_id *id)
{
    struct state *state = &run->states[office];
    if (office % run->crowd->offices_each == 0) {
        run->receipts++;
        return;
    }
    if (!state->delivered) {
        state->delivered = true;
        state->notice = *id;
        run->delivered++;
    }
}

static void send_receipts(struct run *run)
{
    struct tb_id id;
    for (size_t i = 0; i < run->crowd->count; i++) {
        struct state *state = &run->states[i];
        if (state->delivered && !state->receipted) {
            size_t province = i / run->crowd->offices_each * run->crowd->offices_each;
            tb_crowd_receipt(run->crowd, i, false, province, &state->notice, &run->out, &id);
            state->receipted = tb_lines_offer(run->lines, i, tb_buf_bytes(&run->out));
        }
    }
}

/* Once round all lines, then a rest. */
static void go_round(struct run *run)
{
    struct tb_line_frame got;
    while (tb_lines_next(run->lines, &got)) {
        if (got.frame->kind_case == TONGBAO__FRAME__KIND_WELCOME) {
            offer_notice(run, got.office);
        } else if (got.frame->kind_case == TONGBAO__FRAME__KIND_DELIVER) {
            take_delivery(run, got.office, &got.id);
        } else if (got.frame->kind_case == TONGBAO__FRAME__KIND_ANSWER) {
            assert_int_equal(got.frame->answer->status, TB_OK);
        }
    }
    send_receipts(run);
    tb_child_rest(ROUND_MS);
}

static void rounds(struct run *run, unsigned long long ms)
{
    unsigned long long until = tb_child_now_ms() + ms;
    while (tb_child_now_ms() < until) {
        go_round(run);
    }
}

/* ------------------------------------------------------------- the figures */

static void connect_all(struct run *run)
{
    unsigned long long until = tb_child_now_ms() + CONNECT_MS_MAX;
    long before_kib = tb_figures_rss_kib(broker_pid(run));
    uint64_t from_us = tb_figures_now_us();
    run->lines = tb_lines_open(run->crowd, 0, run->crowd->count);
    while (tb_lines_greeted(run->lines) < run->crowd->count) {
        if (tb_child_now_ms() > until) {
            fail_msg("only %zu offices were greeted", tb_lines_greeted(run->lines));
        }
        go_round(run);
    }
    tb_figures_beside("connect_s", (double)(tb_figures_now_us() - from_us) / 1e6);
    rounds(run, (unsigned long long)tb_option_value(options, "settle"));
    long after_kib = tb_figures_rss_kib(broker_pid(run));
    tb_figures_print("broker_bytes_per_office",
                     (double)(after_kib - before_kib) * 1024.0 / (double)run->crowd->count);
    tb_figures_beside("broker_rss_empty_mib", (double)before_kib / 1024.0);
    tb_figures_beside("broker_rss_full_mib", (double)after_kib / 1024.0);
    tb_figures_beside("offices", (double)run->crowd->count);
}

/* Each province's notice to all its offices, issued while nobody is there. */
static void issue_all(struct run *run)
{
    size_t each = run->crowd->offices_each;
    size_t to[TB_CROWD_OFFICES_EACH_MAX];
    struct tb_id id;
    for (size_t province = 0; province < run->crowd->provinces; province++) {
        for (size_t i = 1; i < each; i++) {
            to[i - 1] = province * each + i;
        }
        tb_crowd_notice(run->crowd, province * each, false, to, each - 1, &run->notice[province],
                        &id);
    }
}

static void come_back(struct run *run)
{
    size_t owed = run->crowd->count - run->crowd->provinces;
    double greeted_s = 0.0;
    double back_s = 0.0;
    tb_world_stop(run->world, TB_CROWD_BROKER);
    issue_all(run);
    rounds(run, 1000ull * (unsigned long long)tb_option_value(options, "outage"));
    unsigned long long until = tb_child_now_ms() + GONE_MS_MAX;
    while (tb_lines_greeted(run->lines) > 0) {
        assert_true(tb_child_now_ms() < until);
        go_round(run);
    }
    until = tb_child_now_ms() + BACK_MS_MAX;
    uint64_t from_us = tb_figures_now_us();
    tb_world_launch(run->world, TB_CROWD_BROKER);
    while (run->receipts < owed || back_s <= 0.0) {
        if (tb_child_now_ms() > until) {
            fail_msg("%zu of %zu greeted, %zu delivered, %zu receipts",
                     tb_lines_greeted(run->lines), run->crowd->count, run->delivered,
                     run->receipts);
        }
        go_round(run);
        double now_s = (double)(tb_figures_now_us() - from_us) / 1e6;
        bool all = tb_lines_greeted(run->lines) == run->crowd->count;
        greeted_s = all && greeted_s <= 0.0 ? now_s : greeted_s;
        back_s = all && run->delivered == owed && back_s <= 0.0 ? now_s : back_s;
    }
    tb_figures_print("reconnect_s", back_s);
    tb_figures_beside("reconnect_greeted_s", greeted_s);
    tb_figures_beside("reconnect_receipts_s", (double)(tb_figures_now_us() - from_us) / 1e6);
    tb_figures_beside("outage_s", (double)tb_option_value(options, "outage"));
    tb_figures_beside("load_offices", tb_figures_load());
}

static void run_all(void **state)
{
    struct run run;
    (void)state;
    open_run(&run);
    connect_all(&run);
    come_back(&run);
    close_run(&run);
}

/* As a test, because the worlds of the system tests report and clean up so. */
int main(int argc, char *argv[])
{
    const struct CMUnitTest parts[] = {
        tb_world_test("every office is back after the broker was away", run_all),
    };
    tb_option_read(options, argc, argv);
    return cmocka_run_group_tests_name("bench_offices", parts, NULL, NULL);
}
