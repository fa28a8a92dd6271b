/*
 * bench_river - the product's arrival windows against published dye tests and
 * spills. Coverage: the share that lay inside. Sharpness: the median of latest by
 * earliest. Both count; either alone is easy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "observations.h"

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

int main(void)
{
    static const char groups[] = {'A', 'B', 'C', 'D', 0};
    tb_observations_read(&all, TB_OBSERVATIONS_FILE);
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
    return 0;
}
