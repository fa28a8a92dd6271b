/*
 * bench_backlog - an office that comes back after a long time, and its restart
 * with all that in its ledger.
 *
 * One real broker, one real node, the province itself. While the node is away
 * twenty counties, client sockets of this process with keys of their own, issue
 * what it will find: actual notices for the first lane, exercise notices and their
 * acknowledgements for the second, mixed as they come. Nothing but receipts is
 * left out, so that every one of them has to be receipted.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tests/bench/courier.h"
#include "tests/bench/crowd.h"
#include "tests/bench/crowd_place.h"
#include "tests/bench/figures.h"
#include "tests/bench/lines.h"
#include "tests/system/child.h"
#include "tests/system/desk.h"

enum {
    MAILBOX_ROWS = 1000 * 1000, /* at half of it exercises would be refused */
    ORIGINS_MAX = 100,
    OFFERS_EACH_MAX = 32, /* of one origin, not answered */
    GREETED_MS_MAX = 60000,
    QUIET_MS_MAX = 30000, /* nothing comes on in so long: the run has failed */
    READY_MS_MAX = 120000,
};

static struct tb_option options[] = {
    {"waiting", "envelopes that wait for the office", 100000, 100, 1000000},
    {"first", "of them actual notices, in the first lane", 500, 1, 10000},
    {"origins", "offices that issued them", 20, 1, ORIGINS_MAX},
    {"restarts", "after kill -9, of each sort", 5, 1, 100},
    {"settle", "milliseconds of rest after a start", 2500, 0, 60000},
    {NULL, NULL, 0, 0, 0},
};

struct run {
    struct tb_world *world;
    struct tb_crowd *crowd;
    struct tb_lines *lines;
    struct tb_place *node;
    struct tb_buf out;
    size_t inflight[ORIGINS_MAX + 1]; /* by office */
    size_t waiting;
    size_t issued;
    size_t answered;
    size_t receipted;
    struct tb_id exercise; /* the last exercise notice, to be acknowledged */
    bool to_acknowledge;
    uint64_t dice;
    char newest[TB_DESK_ID_CHARS]; /* actual notice */
};

static void settle(void)
{
    tb_child_rest((int)tb_option_value(options, "settle"));
}

static void open_run(struct run *run)
{
    size_t origins = (size_t)tb_option_value(options, "origins");
    *run = (struct run){.world = tb_world_begin(), .dice = 20190101};
    run->waiting = (size_t)tb_option_value(options, "waiting");
    run->crowd = tb_crowd_make(1, 1 + origins);
    tb_buf_init(&run->out, TB_ENVELOPE_BYTES_MAX);
    tb_crowd_broker(run->crowd, run->world, MAILBOX_ROWS);
    run->node = tb_crowd_node(run->crowd, run->world, 0);
    tb_crowd_publish(run->crowd, run->world->folder);
    tb_world_start_all(run->world); /* the office has been here before */
    settle();
    tb_world_stop(run->world, run->node->name);
    run->lines = tb_lines_open(run->crowd, 1, origins);
}

static void close_run(struct run *run)
{
    tb_lines_close(run->lines);
    tb_crowd_free(run->crowd);
    tb_buf_fini(&run->out);
    tb_world_close(run->world);
}

/* ------------------------------------------------------------ the origins */

static void go_round(struct run *run)
{
    struct tb_line_frame got;
    while (tb_lines_next(run->lines, &got)) {
        if (got.frame->kind_case == TONGBAO__FRAME__KIND_ANSWER) {
            if (got.frame->answer->status != TB_OK) {
                fail_msg("the broker answered an offer with %u", got.frame->answer->status);
            }
            run->inflight[got.office]--;
            run->answered++;
        } else if (got.frame->kind_case == TONGBAO__FRAME__KIND_DELIVER) {
            const ProtobufCBinaryData *envelope = &got.frame->deliver->envelope;
            run->receipted += tb_crowd_receipted(tb_bytes_of(envelope->data, envelope->len));
        }
    }
}

static void wait_greeted(struct run *run)
{
    unsigned long long until = tb_child_now_ms() + GREETED_MS_MAX;
    while (tb_lines_greeted(run->lines) < run->crowd->count - 1) {
        assert_true(tb_child_now_ms() < until);
        go_round(run);
        tb_child_rest(1);
    }
}

/* The next envelope for the office, by ${from}, in run->out. */
static void make_next(struct run *run, size_t from)
{
    static const size_t to[] = {0};
    size_t first = (size_t)tb_option_value(options, "first");
    struct tb_id id;
    /* The actual notices stand evenly among the others, the last one at the end. */
    bool actual = (run->issued + 1) * first / run->waiting != run->issued * first / run->waiting;
    if (actual) {
        tb_crowd_notice(run->crowd, from, false, to, 1, &run->out, &id);
        tb_hex(run->newest, tb_bytes_of(id.byte, TB_ID_BYTES));
    } else if (run->to_acknowledge) {
        tb_crowd_acknowledge(run->crowd, from, true, 0, &run->exercise, &run->out, &id);
        run->to_acknowledge = false;
    } else {
        tb_crowd_notice(run->crowd, from, true, to, 1, &run->out, &run->exercise);
        run->to_acknowledge = true;
    }
    run->issued++;
}

/* Counties speak in no order, but in the same one at each run (xorshift64). */
static size_t draw(struct run *run)
{
    run->dice ^= run->dice << 13;
    run->dice ^= run->dice >> 7;
    run->dice ^= run->dice << 17;
    return (size_t)(run->dice >> 32);
}

static void issue_all(struct run *run)
{
    size_t origins = run->crowd->count - 1;
    uint64_t from_us = tb_figures_now_us();
    unsigned long long until = tb_child_now_ms() + QUIET_MS_MAX;
    wait_greeted(run);
    while (run->answered < run->waiting) {
        size_t answered = run->answered;
        for (size_t i = 0; i < origins && run->issued < run->waiting; i++) {
            size_t from = 1 + draw(run) % origins;
            if (run->inflight[from] < OFFERS_EACH_MAX) {
                make_next(run, from);
                assert_true(tb_lines_offer(run->lines, from, tb_buf_bytes(&run->out)));
                run->inflight[from]++;
            }
        }
        go_round(run);
        if (run->answered > answered) {
            until = tb_child_now_ms() + QUIET_MS_MAX;
        } else {
            assert_true(tb_child_now_ms() < until);
            tb_child_rest(1);
        }
    }
    tb_figures_beside("admitted_per_s",
                      (double)run->waiting * 1e6 / (double)(tb_figures_now_us() - from_us));
}

/* -------------------------------------------------------------- catching up */

static double since_s(uint64_t from_us)
{
    return (double)(tb_figures_now_us() - from_us) / 1e6;
}

/* It answers: any call that looks through nothing. */
static bool is_up(struct run *run)
{
    return tb_child_alive(&run->node->child) && access(run->node->socket, F_OK) == 0 &&
           tb_desk_call(run->world, run->node->name, "GET", "/v1/duty", NULL, NULL, NULL) == 200;
}

static void wait_up(struct run *run)
{
    unsigned long long until = tb_child_now_ms() + READY_MS_MAX;
    while (!is_up(run)) {
        assert_true(tb_child_alive(&run->node->child) && tb_child_now_ms() < until);
        tb_child_rest(1);
    }
}

/* From its start on: its stream until the newest actual notice is shown. */
static double wait_newest(struct run *run, uint64_t from_us)
{
    struct tb_courier stream;
    struct tb_courier *one[] = {&stream};
    struct tb_shown shown = {.kind = ""};
    unsigned long long until = tb_child_now_ms() + READY_MS_MAX;
    tb_courier_open(&stream, run->node);
    tb_courier_listen(&stream, true);
    while (strcmp(shown.kind, "notice") != 0 || strcmp(shown.id, run->newest) != 0) {
        assert_true(tb_child_now_ms() < until);
        if (!tb_courier_shown(&stream, &shown)) {
            tb_courier_wait(one, 1, 1);
            go_round(run);
        }
    }
    double seconds = (double)(shown.at_us - from_us) / 1e6;
    tb_courier_close(&stream);
    return seconds;
}

static void catch_up(struct run *run)
{
    size_t receipted = 0;
    uint64_t from_us = tb_figures_now_us();
    tb_world_launch(run->world, run->node->name);
    wait_up(run);
    tb_figures_beside("catchup_ready_s", since_s(from_us));
    tb_figures_print("catchup_first_s", wait_newest(run, from_us));
    unsigned long long until = tb_child_now_ms() + QUIET_MS_MAX;
    while (run->receipted < run->waiting) {
        go_round(run);
        if (run->receipted > receipted) {
            receipted = run->receipted;
            until = tb_child_now_ms() + QUIET_MS_MAX;
        } else if (tb_child_now_ms() > until) {
            fail_msg("%zu of %zu are receipted", run->receipted, run->waiting);
        }
        tb_child_rest(1);
    }
    tb_figures_print("catchup_all_s", since_s(from_us));
    assert_int_equal(run->receipted, run->waiting);
    tb_figures_beside("catchup_waiting", (double)run->waiting);
    tb_figures_beside("catchup_origins", (double)(run->crowd->count - 1));
    tb_figures_beside("catchup_node_cpu_s", tb_figures_cpu_ms(run->node->child.pid) / 1000.0);
    tb_figures_beside("load_backlog", tb_figures_load());
}

/* ----------------------------------------------------------------- restart */

/* Take a file of the node's out of the page cache; it has been written back. */
static void forget_pages(const struct run *run, const char *name)
{
    char path[TB_WORLD_PATH_BYTES_MAX + TB_WORLD_TEXT_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", run->node->folder, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        assert_int_equal(fsync(file), 0);
        assert_int_equal(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
        close(file);
    }
}

static double restart_once(struct run *run, bool cold)
{
    tb_world_kill(run->world, run->node->name);
    if (cold) {
        forget_pages(run, TB_SYSTEM_NODE_STORE);
        forget_pages(run, TB_SYSTEM_NODE_STORE "-wal");
        forget_pages(run, TB_SYSTEM_NODE_STORE "-shm");
    }
    uint64_t from_us = tb_figures_now_us();
    tb_world_launch(run->world, run->node->name);
    wait_up(run);
    double seconds = since_s(from_us);
    settle();
    return seconds;
}

static void restart(struct run *run)
{
    struct tb_samples warm = {0};
    struct tb_samples cold = {0};
    settle();
    uint64_t from_us = tb_figures_now_us();
    json_int_t rows = tb_desk_status(run->world, run->node->name, "ledger_rows");
    tb_figures_beside("status_call_ms", since_s(from_us) * 1000.0);
    assert_true(rows >= (json_int_t)run->waiting);
    tb_figures_beside("restart_ledger_rows", (double)rows);
    tb_figures_beside("node_rss_backlog_mib",
                      (double)tb_figures_rss_kib(run->node->child.pid) / 1024.0);
    for (long i = 0; i < tb_option_value(options, "restarts"); i++) {
        tb_samples_add(&warm, restart_once(run, false));
    }
    for (long i = 0; i < tb_option_value(options, "restarts"); i++) {
        tb_samples_add(&cold, restart_once(run, true));
    }
    tb_figures_print("restart_s", tb_samples_at(&warm, 50));
    tb_figures_beside("restart_slowest_s", tb_samples_at(&warm, 100));
    tb_figures_beside("restart_cold_s", tb_samples_at(&cold, 50));
    tb_samples_free(&warm);
    tb_samples_free(&cold);
}

static void run_all(void **state)
{
    struct run run;
    (void)state;
    open_run(&run);
    issue_all(&run);
    catch_up(&run);
    restart(&run);
    close_run(&run);
}

/* As a test, because the worlds of the system tests report and clean up so. */
int main(int argc, char *argv[])
{
    const struct CMUnitTest parts[] = {
        tb_world_test("an office that comes back gets all that waits, and starts with it again",
                      run_all),
    };
    tb_option_read(options, argc, argv);
    return cmocka_run_group_tests_name("bench_backlog", parts, NULL, NULL);
}
