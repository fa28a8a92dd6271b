#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/sim/books.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"
#include "tests/sim/mishap.h"
#include "tests/sim/officer.h"
#include "tests/sim/plan.h"
#include "tests/sim/wire.h"

/*
 * tongbao-sim - days of the whole system, played from seeds.
 *
 *   tongbao-sim run --seed 17 [--trace]        one day, its trace and its hash
 *   tongbao-sim run --seeds 1-500 [--jobs 2]   each in a process of its own
 *
 * The same seed gives the same trace, byte for byte. When a checker complains, the last
 * line is the command that plays it again.
 */
enum { FINISH_MS = 60 * 60 * 1000, ROUND_MS = 600 * 1000, HOUR_MS = 3600 * 1000 };

struct options {
    uint64_t first;
    uint64_t last;
    unsigned jobs;
    struct sim_plan plan;
    bool trace;
};

static void rounds(struct sim *sim, uint64_t until_ms)
{
    while (!sim->failed && sim->now_ms < until_ms) {
        uint64_t next_ms = sim->now_ms + ROUND_MS;
        sim_run(sim, next_ms < until_ms ? next_ms : until_ms);
        for (uint32_t i = 0; i < SIM_MACHINES && !sim->failed; i++) {
            sim_check_limits(sim, &sim->machine[i]);
        }
    }
}

static void begin(struct sim *sim, const struct options *options)
{
    tb_disk_install();
    (void)sqlite3_randomness(0, NULL);
    tb_disk_chance(sim->seed);
    tb_disk_clock(SIM_AT_WALL);
    /* Drawn twice, lest neighbouring seeds draw from one sequence. */
    sim->luck = sim->seed;
    sim->luck = tb_disk_draw(&sim->luck);
    sim->backwards = sim->seed % 2 == 1;
    sim->heal_ms = options->plan.day_ms;
    sim->end_ms = sim->heal_ms + FINISH_MS;
    sim_trace(0, "seed %llu", (unsigned long long)sim->seed);
    sim_land_init(&sim->land, sim->seed);
    for (size_t i = 0; i < 2; i++) {
        tb_buf_init(&sim->directory[i], TB_DIRECTORY_BYTES_MAX);
        tb_buf_init(&sim->file[i], TB_DIRECTORY_BYTES_MAX);
        sim_land_publish(&sim->land, i == 0 ? SIM_SHANXI : SIM_HEBEI, SIM_AT_WALL,
                         &sim->directory[i]);
        tb_assert(tb_buf_add(&sim->file[i], tb_buf_bytes(&sim->directory[i])) == TB_OK);
    }
    sim_books_open(sim);
    sim_machine_init(sim);
    sim_plan(sim, &options->plan);
    for (uint32_t i = SIM_MACHINES; i-- > 0;) {
        if (sim->machine[i].exists) {
            sim_machine_start(sim, &sim->machine[i]);
        }
        if (sim->machine[i].exists && !sim->machine[i].is_broker) {
            sim_officer_begin(sim, i);
        }
    }
}

static void judge(struct sim *sim)
{
    static void (*const checkers[])(struct sim * sim) = {
        sim_check_lost, sim_check_finish, sim_check_chain, sim_check_clocks, sim_check_views,
    };
    for (size_t i = 0; i < sizeof checkers / sizeof checkers[0] && !sim->failed; i++) {
        checkers[i](sim);
    }
}

/* One day; true when nothing was wrong. */
static bool play(uint64_t seed, const struct options *options, bool quiet)
{
    struct sim *sim = calloc(1, sizeof *sim);
    tb_assert(sim != NULL);
    sim->seed = seed;
    sim_trace_open(options->trace);
    begin(sim, options);
    rounds(sim, sim->heal_ms);
    if (!sim->failed) {
        sim_mishap_heal(sim);
        rounds(sim, sim->end_ms);
    }
    if (!sim->failed) {
        judge(sim);
    }
    bool good = !sim->failed;
    if (!good) {
        sim_trace_tail();
        (void)fprintf(stderr,
                      "%s\ntongbao-sim run --seed %llu --incidents %u --mishaps %u --hours %llu "
                      "--trace\n",
                      sim->why, (unsigned long long)seed, options->plan.incidents,
                      options->plan.mishaps, (unsigned long long)(options->plan.day_ms / HOUR_MS));
    } else if (!quiet) {
        printf("seed=%llu trace=%s lines=%llu turns=%llu frames=%llu issued=%llu "
               "acknowledged=%llu faults=%llu starts=%llu facts=%zu\n",
               (unsigned long long)seed, sim_trace_hash(), (unsigned long long)sim_trace_lines(),
               (unsigned long long)sim->stats.turns, (unsigned long long)sim->stats.frames,
               (unsigned long long)sim->stats.issued, (unsigned long long)sim->stats.acknowledged,
               (unsigned long long)sim->stats.faults, (unsigned long long)sim->stats.starts,
               sim->books->count);
    }
    sim_machine_free(sim);
    sim_drop(sim);
    sim_books_close(sim);
    for (size_t i = 0; i < 2; i++) {
        tb_buf_fini(&sim->directory[i]);
        tb_buf_fini(&sim->file[i]);
    }
    free(sim);
    return good;
}

/* ------------------------------------------------------------------ many seeds */

static bool collect(unsigned *running)
{
    int status = 0;
    bool good = wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    *running -= 1;
    return good;
}

static int play_all(const struct options *options)
{
    struct timespec from;
    struct timespec to;
    unsigned running = 0;
    uint64_t bad = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint64_t seed = options->first; seed <= options->last; seed++) {
        if (running == options->jobs) {
            bad += !collect(&running);
        }
        (void)fflush(stdout);
        pid_t pid = fork();
        tb_assert(pid >= 0);
        if (pid == 0) {
            _exit(play(seed, options, true) ? 0 : 1);
        }
        running++;
    }
    while (running > 0) {
        bad += !collect(&running);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    double took_s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    uint64_t seeds = options->last - options->first + 1;
    double days = (double)seeds * SIM_OFFICES * (double)options->plan.day_ms / (double)SIM_DAY_MS;
    printf("%llu seeds, %llu wrong, %.1f s, %.0f office-days/s\n", (unsigned long long)seeds,
           (unsigned long long)bad, took_s, days / took_s);
    return bad == 0 ? 0 : 1;
}

/* -------------------------------------------------------------------- options */

static bool number(const char *text, uint64_t *out)
{
    char *end = NULL;
    *out = text == NULL ? 0 : strtoull(text, &end, 10);
    return text != NULL && end != text && *end == '\0';
}

static bool range(const char *text, struct options *options)
{
    unsigned long long first;
    unsigned long long last;
    if (text == NULL || sscanf(text, "%llu-%llu", &first, &last) != 2 || last < first) {
        return false;
    }
    options->first = first;
    options->last = last;
    return true;
}

static bool take_option(const char *name, const char *value, struct options *options)
{
    uint64_t count = 0;
    if (strcmp(name, "--seed") == 0 && number(value, &options->first)) {
        options->last = options->first;
        return true;
    }
    if (strcmp(name, "--seeds") == 0) {
        return range(value, options);
    }
    bool whole = number(value, &count) && count <= 10000;
    if (strcmp(name, "--jobs") == 0 && whole && count > 0) {
        options->jobs = (unsigned)count;
    } else if (strcmp(name, "--incidents") == 0 && whole) {
        options->plan.incidents = (uint32_t)count;
    } else if (strcmp(name, "--mishaps") == 0 && whole) {
        options->plan.mishaps = (uint32_t)count;
    } else if (strcmp(name, "--hours") == 0 && whole && count > 0) {
        options->plan.day_ms = count * HOUR_MS;
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.first = 1,
                              .last = 1,
                              .jobs = 2,
                              .plan = {.incidents = 6, .mishaps = 50, .day_ms = SIM_DAY_MS}};
    bool understood = argc >= 2 && strcmp(argv[1], "run") == 0;
    for (int i = 2; i < argc && understood; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            options.trace = true;
        } else {
            understood = i + 1 < argc && take_option(argv[i], argv[i + 1], &options);
            i++;
        }
    }
    if (!understood || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: tongbao-sim run [--seed N | --seeds N-M] [--jobs N] "
                              "[--incidents N] [--mishaps N] [--hours N] [--trace]\n");
        return 2;
    }
    if (options.first == options.last) {
        return play(options.first, &options, false) ? 0 : 1;
    }
    return play_all(&options);
}
