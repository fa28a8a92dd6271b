#include "observations.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "topology/csv.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

enum column {
    GROUP,
    STUDY,
    RIVER,
    FROM,
    KM,
    NOW,
    MEAN,
    AREA,
    SLOPE,
    START,
    LEAD,
    PEAK,
    TAIL,
    KIND
};
static const char *const columns[] = {"group",
                                      "study",
                                      "river",
                                      "reach_from",
                                      "distance_km",
                                      "discharge_m3s",
                                      "mean_annual_discharge_m3s",
                                      "drainage_area_km2",
                                      "slope",
                                      "release_or_reference_time",
                                      "leading_edge_h",
                                      "peak_h",
                                      "trailing_h",
                                      "kind"};
enum { COLUMNS = sizeof columns / sizeof *columns };

static double number(const struct tb_csv *csv, size_t column)
{
    const char *text = tb_csv_field(csv, column);
    return *text == '\0' ? NAN : strtod(text, NULL);
}

static void read_row(const struct tb_csv *csv, const size_t at[], struct tb_observation *row)
{
    const char *kind = tb_csv_field(csv, at[KIND]);
    row->group = tb_csv_field(csv, at[GROUP])[0];
    row->counted = strstr(kind, "estimate") == NULL && strstr(kind, "wave") == NULL;
    tb_text_copy(row->river, sizeof row->river, tb_csv_field(csv, at[RIVER]));
    snprintf(row->test, sizeof row->test, "%s|%s|%s|%s", tb_csv_field(csv, at[RIVER]),
             tb_csv_field(csv, at[STUDY]), tb_csv_field(csv, at[START]),
             tb_csv_field(csv, at[FROM]));
    row->km = number(csv, at[KM]);
    row->discharge_m3_s = number(csv, at[NOW]);
    row->mean_discharge_m3_s = number(csv, at[MEAN]);
    row->area_km2 = number(csv, at[AREA]);
    row->slope = number(csv, at[SLOPE]);
    row->lead_h = number(csv, at[LEAD]);
    row->peak_h = number(csv, at[PEAK]);
    row->tail_h = number(csv, at[TAIL]);
}

void tb_observations_read(struct tb_observations *all, const char *path)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    static struct tb_csv csv;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    struct tb_diag diag = {0};
    size_t at[COLUMNS];
    bool more = true;
    assert_int_equal(tb_csv_open(&csv, path, tb_bytes_of(bytes, size), &diag), TB_OK);
    assert_int_equal(tb_csv_columns(&csv, columns, COLUMNS, at), TB_OK);
    for (all->count = 0;; all->count++) {
        assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
        if (!more) {
            return;
        }
        assert_true(all->count < TB_OBSERVATIONS_MAX);
        read_row(&csv, at, &all->row[all->count]);
    }
}

/* --------------------------------------------------------------- score */

struct scoring {
    struct tb_score score;
    double sharp[TB_OBSERVATIONS_MAX];
};

static void put(struct scoring *scoring, double seen, double earliest, double latest)
{
    scoring->sharp[scoring->score.places++] = latest / earliest;
    scoring->score.early += seen < earliest;
    scoring->score.late += seen > latest;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct tb_score done(struct scoring *scoring)
{
    size_t places = scoring->score.places;
    if (places > 0) {
        qsort(scoring->sharp, places, sizeof scoring->sharp[0], by_size);
        scoring->score.sharpness =
            (scoring->sharp[(places - 1) / 2] + scoring->sharp[places / 2]) / 2;
    }
    return scoring->score;
}

double tb_score_coverage(const struct tb_score *score)
{
    return 1.0 - (double)(score->early + score->late) / (double)score->places;
}

/* What ${method} may know of the water of ${row}; false when something is missing. */
static bool flow_for(const struct tb_observation *row, enum tb_travel_method method,
                     struct tb_flow *flow)
{
    bool mean = method != TB_TRAVEL_DISCHARGE;
    bool area = method == TB_TRAVEL_JOBSON || method == TB_TRAVEL_JOBSON_SLOPE;
    bool slope = method == TB_TRAVEL_JOBSON_SLOPE;
    *flow = (struct tb_flow){
        .discharge_m3_s = row->discharge_m3_s,
        .mean_discharge_m3_s = mean ? row->mean_discharge_m3_s : 0,
        .area_km2 = area ? row->area_km2 : 0,
        .slope = slope ? row->slope : 0,
    };
    return row->counted && !isnan(row->km) && tb_flow_check(flow, NULL) == TB_OK;
}

bool tb_observation_window(const struct tb_observation *row, enum tb_travel_method method,
                           struct tb_travel_window *window)
{
    struct tb_flow flow;
    struct tb_plume plume;
    if (!flow_for(row, method, &flow)) {
        return false;
    }
    struct tb_speed speed = tb_speed_of_flow(&flow);
    assert_int_equal(speed.method, method);
    tb_plume_start(&plume);
    tb_plume_pass_km(&plume, row->km, &speed);
    tb_plume_window(&plume, window);
    return true;
}

struct tb_score tb_observations_score(const struct tb_observations *all, char group,
                                      enum tb_travel_method method, bool peaks)
{
    struct scoring scoring = {0};
    for (size_t i = 0; i < all->count; i++) {
        const struct tb_observation *row = &all->row[i];
        double seen = peaks ? row->peak_h : row->lead_h;
        struct tb_travel_window window;
        if ((group != 0 && row->group != group) || isnan(seen) ||
            !tb_observation_window(row, method, &window)) {
            continue;
        }
        put(&scoring, seen, peaks ? window.peak_earliest_h : window.earliest_h,
            peaks ? window.peak_latest_h : window.latest_h);
    }
    return done(&scoring);
}

/* Of the places above ${row} in its own test where the peak was seen, the farthest
 * below ${from_km} and above it; NULL when there is none. */
static const struct tb_observation *next_place(const struct tb_observations *all,
                                               const struct tb_observation *row, double from_km)
{
    const struct tb_observation *next = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct tb_observation *other = &all->row[i];
        if (strcmp(other->test, row->test) == 0 && other->counted && !isnan(other->peak_h) &&
            other->km > from_km && other->km < row->km && (next == NULL || other->km < next->km)) {
            next = other;
        }
    }
    return next;
}

struct tb_score tb_observations_score_seen(const struct tb_observations *all, char group,
                                           bool all_above)
{
    struct scoring scoring = {0};
    for (size_t i = 0; i < all->count; i++) {
        const struct tb_observation *row = &all->row[i];
        struct tb_flow flow = {0};
        if ((group != 0 && row->group != group) || isnan(row->peak_h)) {
            continue;
        }
        const enum tb_travel_method best[] = {TB_TRAVEL_JOBSON_SLOPE, TB_TRAVEL_JOBSON,
                                              TB_TRAVEL_REGIME, TB_TRAVEL_DISCHARGE};
        size_t method = 0;
        while (method < 4 && !flow_for(row, best[method], &flow)) {
            method++;
        }
        if (method == 4) {
            continue;
        }
        struct tb_speed speed = tb_speed_of_flow(&flow);
        struct tb_plume plume;
        tb_plume_start(&plume);
        const struct tb_observation *above = next_place(all, row, 0);
        if (above == NULL) {
            continue;
        }
        for (const struct tb_observation *next; above != NULL; above = next) {
            next = next_place(all, row, above->km);
            if (all_above || next == NULL) {
                tb_plume_pass_km(&plume, above->km - plume.km, &speed);
                assert_int_equal(tb_plume_seen(&plume, above->peak_h, NULL), TB_OK);
            }
        }
        struct tb_travel_window window;
        tb_plume_pass_km(&plume, row->km - plume.km, &speed);
        tb_plume_window(&plume, &window);
        put(&scoring, row->peak_h, window.peak_earliest_h, window.peak_latest_h);
    }
    return done(&scoring);
}
