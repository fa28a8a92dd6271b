/*
 * bench_river - the product's arrival windows against published dye tests and
 * spills. Coverage: the share that lay inside. Sharpness: the median of latest by
 * earliest. Both count; either alone is easy. Then how long a whole country takes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/fault.h"
#include "nation.h"
#include "observations.h"
#include "topology/arrival.h"
#include "topology/rule.h"

static struct tb_observations all;

static void line(const char *what, char group, struct tb_score score)
{
    if (score.places == 0) {
        return;
    }
    printf("%-22s %-5c %6zu %8.3f %8.3f %8.3f %9.2f\n", what, group == 0 ? '*' : group,
           score.places, tb_score_coverage(&score), (double)score.early / (double)score.places,
           (double)score.late / (double)score.places, score.sharpness);
}

static void block(enum tb_travel_method method)
{
    static const char groups[] = {'A', 'B', 'C', 'D', 0};
    for (size_t i = 0; i < sizeof groups; i++) {
        line(tb_travel_method_name(method), groups[i],
             tb_observations_score(&all, groups[i], method, false));
    }
    line("  … its peaks", 0, tb_observations_score(&all, 0, method, true));
}

static void figure(const char *name, struct tb_score score)
{
    printf("figure %s_coverage %.3f\n", name, tb_score_coverage(&score));
    printf("figure %s_early %.3f\n", name, (double)score.early / (double)score.places);
    printf("figure %s_sharpness %.2f\n", name, score.sharpness);
}

/* ----------------------------------------------------------------- table */

/* By the best method that the row allows. */
static bool best_window(const struct tb_observation *row, struct tb_travel_window *window)
{
    static const enum tb_travel_method best[] = {TB_TRAVEL_JOBSON_SLOPE, TB_TRAVEL_JOBSON,
                                                 TB_TRAVEL_REGIME, TB_TRAVEL_DISCHARGE};
    bool found = false;
    for (size_t i = 0; i < sizeof best / sizeof *best && !found; i++) {
        found = tb_observation_window(row, best[i], window);
    }
    return found && !isnan(row->lead_h);
}

static bool inside(const struct tb_observation *row, const struct tb_travel_window *window)
{
    return window->earliest_h <= row->lead_h && row->lead_h <= window->latest_h;
}

/* A row for each river: observed first arrivals by the likely ones. */
static void river_line(const char *river)
{
    size_t places = 0, good = 0;
    double low = INFINITY, high = 0, near_km = INFINITY, far_km = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct tb_observation *row = &all.row[i];
        struct tb_travel_window window;
        if (strcmp(row->river, river) != 0 || !best_window(row, &window)) {
            continue;
        }
        places++;
        good += inside(row, &window);
        low = fmin(low, row->lead_h / window.likely_h);
        high = fmax(high, row->lead_h / window.likely_h);
        near_km = fmin(near_km, row->km);
        far_km = fmax(far_km, row->km);
    }
    if (places > 0) {
        printf("| %s | %zu | %zu | %.0f–%.0f | %.2f–%.2f |\n", river, places, good, near_km, far_km,
               low, high);
    }
}

static void missed(enum tb_travel_method method)
{
    for (size_t i = 0; i < all.count; i++) {
        const struct tb_observation *row = &all.row[i];
        struct tb_travel_window w;
        if (!isnan(row->lead_h) && tb_observation_window(row, method, &w) && !inside(row, &w)) {
            printf("| %s | %s | %.1f | %.3g | %.1f | %.1f–%.1f–%.1f | %s |\n",
                   tb_travel_method_name(method), row->river, row->km, row->discharge_m3_s,
                   row->lead_h, w.earliest_h, w.likely_h, w.latest_h,
                   row->lead_h < w.earliest_h ? "early" : "late");
        }
    }
}

/* The tables of topology/DESIGN.md: rivers, then each place that a method missed. */
static void table(void)
{
    puts("| river | places | inside | km | observed ÷ likely |\n|---|---|---|---|---|");
    for (size_t i = 0; i < all.count; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++) {
            first = strcmp(all.row[k].river, all.row[i].river) != 0;
        }
        if (first) {
            river_line(all.row[i].river);
        }
    }
    puts("\n| method | missed | km | m³/s | observed h | earliest–likely–latest h | |\n"
         "|---|---|---|---|---|---|---|");
    for (int method = TB_TRAVEL_JOBSON_SLOPE; method >= TB_TRAVEL_DISCHARGE; method--) {
        missed((enum tb_travel_method)method);
    }
}

/* ----------------------------------------------------------------- scale */

enum { NATION_SEED = 20190910, QUESTIONS = 200, LOADS = 7 };

/* Of the processor, not of the wall: it is one thread that waits for nothing, and a busy
 * machine would be measured instead. */
static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The middle is the figure, the worst stands beside it. */
static void times(const char *name, const char *what, double ms[], size_t count, size_t rows)
{
    qsort(ms, count, sizeof *ms, by_size);
    printf("%-44s p50 %7.2f ms  worst %7.2f ms  rows %zu\n", what, ms[count / 2], ms[count - 1],
           rows);
    printf("figure %s %.3f\n", name, ms[count / 2]);
}

static struct tb_rivers *load(const struct nation *nation)
{
    struct tb_rivers *rivers = NULL;
    struct tb_diag diag = {0};
    size_t files;
    const struct tb_rivers_file *file = nation_files(nation, &files);
    double ms[LOADS];
    for (size_t i = 0; i < LOADS; i++) {
        tb_rivers_free(rivers);
        double began = now_ms();
        enum tb_status status = tb_rivers_load(&rivers, file, files, &diag);
        ms[i] = now_ms() - began;
        if (status != TB_OK) {
            fprintf(stderr, "bench_river: line %d: %s\n", diag.line, diag.text);
            exit(1);
        }
    }
    times("nation_load_ms", "load and check 3,000 counties, 10,000 reaches", ms, LOADS, 0);
    return rivers;
}

/* Incidents all over the grid: at the uppermost counties of the main rivers and on. */
static struct tb_arrival_question incident(size_t i, char river[16])
{
    int row = (int)(i % NATION_ROWS);
    int column = (int)(i * 7 % (NATION_COLUMNS - 1));
    nation_river(row, river);
    return (struct tb_arrival_question){
        .place = {.river = river, .river_km = -1, .county = nation_county(column, row)},
        .discharge_m3_s = i % 2 == 0 ? 0 : 80,
    };
}

static void down(const struct tb_rivers *rivers)
{
    static struct tb_arrival_row rows[TB_ARRIVAL_ROWS_MAX];
    static struct tb_rule_row who[TB_RULE_ROWS_MAX];
    double ms[QUESTIONS];
    size_t most = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        char river[16];
        size_t count, told;
        struct tb_arrival_question question = incident(i, river);
        double began = now_ms();
        enum tb_status status = tb_rule_who(rivers, question.place.county, river, TB_DOWN, who,
                                            TB_RULE_ROWS_MAX, &told, NULL);
        tb_assert(status == TB_OK && told > 0);
        status = tb_arrival_down(rivers, &question, rows, TB_ARRIVAL_ROWS_MAX, &count, NULL);
        ms[i] = now_ms() - began;
        tb_assert(status == TB_OK && count > 0);
        most = count > most ? count : most;
    }
    times("nation_arrival_ms", "recipients and windows of one incident", ms, QUESTIONS, most);
}

static void up(const struct tb_rivers *rivers)
{
    static struct tb_trace_row rows[TB_ARRIVAL_ROWS_MAX];
    double ms[QUESTIONS];
    size_t most = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        char river[16];
        size_t count;
        struct tb_arrival_question question = incident(i, river);
        double began = now_ms();
        enum tb_status status =
            tb_arrival_trace(rivers, &question, NULL, 0, rows, TB_ARRIVAL_ROWS_MAX, &count, NULL);
        ms[i] = now_ms() - began;
        tb_assert(status == TB_OK && count > 0);
        most = count > most ? count : most;
    }
    times("nation_trace_ms", "trace of one sighting", ms, QUESTIONS, most);
}

static void scale(void)
{
    struct nation *nation = nation_make(NATION_SEED);
    printf("\n");
    struct tb_rivers *rivers = load(nation);
    down(rivers);
    up(rivers);
    tb_rivers_free(rivers);
    nation_free(nation);
}

int main(int argc, char **argv)
{
    static const char groups[] = {'A', 'B', 'C', 'D', 0};
    tb_observations_read(&all, TB_OBSERVATIONS_FILE);
    if (argc > 1 && strcmp(argv[1], "--table") == 0) {
        table();
        return 0;
    }
    printf("%-22s %-5s %6s %8s %8s %8s %9s\n", "first arrivals", "group", "places", "inside",
           "early", "late", "sharpness");
    block(TB_TRAVEL_JOBSON_SLOPE);
    block(TB_TRAVEL_JOBSON);
    block(TB_TRAVEL_REGIME);
    block(TB_TRAVEL_DISCHARGE);
    for (size_t i = 0; i < sizeof groups; i++) {
        line("peaks, one seen above", groups[i],
             tb_observations_score_seen(&all, groups[i], false));
    }
    line("peaks, all seen above", 0, tb_observations_score_seen(&all, 0, true));
    figure("slope", tb_observations_score(&all, 0, TB_TRAVEL_JOBSON_SLOPE, false));
    figure("noslope", tb_observations_score(&all, 0, TB_TRAVEL_JOBSON, false));
    figure("seen", tb_observations_score_seen(&all, 0, false));
    scale();
    return 0;
}
