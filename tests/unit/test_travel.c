#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "observations.h"
#include "topology/travel.h"

/* How fast water carries it: the report's worked values, what must hold for any
 * river, and the windows against what was really seen. */

/* 桑干河 below 石匣里, with an assumed mean: the worked example. */
static const struct tb_flow example = {
    .discharge_m3_s = 10, .mean_discharge_m3_s = 30, .area_km2 = 38728, .slope = 0.0005};

static struct tb_travel_window window_at(const struct tb_flow *flow, double km)
{
    struct tb_speed speed = tb_speed_of_flow(flow);
    struct tb_plume plume;
    struct tb_travel_window window;
    tb_plume_start(&plume);
    tb_plume_pass_km(&plume, km, &speed);
    tb_plume_window(&plume, &window);
    return window;
}

static void near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within)) {
        fail_msg("%.6g is not %.6g within %.2g", value, expected, within);
    }
}

static void jobsons_worked_values_come_out_to_their_digits(void **state)
{
    (void)state;
    struct tb_speed speed = tb_speed_of_flow(&example);
    struct tb_travel_window window = window_at(&example, 60);
    assert_int_equal(speed.method, TB_TRAVEL_JOBSON_SLOPE);
    near(speed.peak_m_s, 0.431, 0.0005);
    near(speed.fastest_m_s, 0.721, 0.0005);
    near(window.peak_h, 38.7, 0.05);
    near(window.likely_h, 34.4, 0.05);
    near(0.89 * 60 / 3.6 / speed.fastest_m_s, 20.6, 0.05);
    struct tb_flow more = example;
    more.discharge_m3_s = 100;
    speed = tb_speed_of_flow(&more);
    window = window_at(&more, 60);
    near(speed.peak_m_s, 1.238, 0.0005);
    near(speed.fastest_m_s, 1.850, 0.0005);
    near(window.peak_h, 13.5, 0.05);
    near(window.likely_h, 12.0, 0.05);
    near(0.89 * 60 / 3.6 / speed.fastest_m_s, 8.0, 0.05);
}

static void the_reports_first_example_without_a_slope_comes_out(void **state)
{
    (void)state;
    struct tb_flow flow = {.discharge_m3_s = 3.35, .mean_discharge_m3_s = 4.50, .area_km2 = 390};
    struct tb_speed speed = tb_speed_of_flow(&flow);
    assert_int_equal(speed.method, TB_TRAVEL_JOBSON);
    near(speed.peak_m_s, 0.265, 0.0005);
    near(speed.fastest_m_s, 0.646, 0.0005);
}

/* Discharge, mean, area and slope over all that rivers have, deterministic. */
static size_t flows(struct tb_flow *out, size_t max)
{
    static const double discharge[] = {0.05, 0.3, 2, 10, 80, 600, 9000};
    static const double by_mean[] = {0, 0.02, 0.3, 1, 4};
    static const double area_of_mean[] = {0, 60, 400};
    static const double slope[] = {0, 0.0001, 0.003};
    size_t count = 0;
    for (size_t i = 0; i < 7 * 5 * 3 * 3; i++) {
        double ratio = by_mean[i / 7 % 5];
        double mean = ratio > 0 ? discharge[i % 7] / ratio : 0;
        struct tb_flow flow = {discharge[i % 7], mean, area_of_mean[i / 35 % 3] * mean,
                               slope[i / 105 % 3]};
        if (tb_flow_check(&flow, NULL) == TB_OK && count < max) {
            out[count++] = flow;
        }
    }
    return count;
}

static void earliest_likely_latest_stand_in_their_order(void **state)
{
    (void)state;
    static struct tb_flow flow[400];
    size_t count = flows(flow, 400);
    assert_true(count > 200);
    for (size_t i = 0; i < count; i++) {
        for (double km = 0.5; km < 600; km *= 3) {
            struct tb_travel_window w = window_at(&flow[i], km);
            assert_true(0 < w.earliest_h && w.earliest_h <= w.likely_h);
            assert_true(w.likely_h <= w.latest_h);
            assert_true(w.peak_earliest_h <= w.peak_h && w.peak_h <= w.peak_latest_h);
            assert_true(w.earliest_h <= w.peak_earliest_h && w.likely_h <= w.peak_h);
            assert_true(w.peak_h < w.tail_h);
        }
    }
}

static void more_discharge_is_never_later(void **state)
{
    (void)state;
    static struct tb_flow flow[400];
    size_t count = flows(flow, 400);
    for (size_t i = 0; i < count; i++) {
        struct tb_flow more = flow[i];
        more.discharge_m3_s *= 1.3;
        struct tb_travel_window a = window_at(&flow[i], 40);
        struct tb_travel_window b = window_at(&more, 40);
        assert_true(b.earliest_h <= a.earliest_h && b.likely_h <= a.likely_h);
        assert_true(b.latest_h <= a.latest_h && b.peak_h <= a.peak_h);
    }
}

static void a_reach_split_in_two_changes_nothing(void **state)
{
    (void)state;
    static struct tb_flow flow[400];
    size_t count = flows(flow, 400);
    for (size_t i = 0; i < count; i++) {
        struct tb_speed speed = tb_speed_of_flow(&flow[i]);
        struct tb_plume plume;
        struct tb_travel_window split;
        struct tb_travel_window whole = window_at(&flow[i], 50);
        tb_plume_start(&plume);
        tb_plume_pass_km(&plume, 13.7, &speed);
        tb_plume_pass_km(&plume, 0, &speed);
        tb_plume_pass_km(&plume, 36.3, &speed);
        tb_plume_window(&plume, &split);
        near(split.earliest_h, whole.earliest_h, whole.earliest_h * 1e-9);
        near(split.latest_h, whole.latest_h, whole.latest_h * 1e-9);
        near(split.peak_h, whole.peak_h, whole.peak_h * 1e-9);
        near(split.tail_h, whole.tail_h, whole.tail_h * 1e-9);
    }
}

static void who_knows_less_gets_a_wider_window(void **state)
{
    (void)state;
    struct tb_flow flow = example;
    struct tb_travel_window slope = window_at(&flow, 60);
    flow.slope = 0;
    struct tb_travel_window jobson = window_at(&flow, 60);
    flow.area_km2 = 0;
    struct tb_travel_window mean = window_at(&flow, 60);
    flow.mean_discharge_m3_s = 0;
    struct tb_travel_window bare = window_at(&flow, 60);
    assert_int_equal(jobson.method, TB_TRAVEL_JOBSON);
    assert_int_equal(mean.method, TB_TRAVEL_REGIME);
    assert_int_equal(bare.method, TB_TRAVEL_DISCHARGE);
    assert_true(bare.latest_h / bare.earliest_h > 2 * mean.latest_h / mean.earliest_h);
    assert_true(slope.latest_h / slope.earliest_h < 5);
}

static void the_worst_method_on_the_way_is_named(void **state)
{
    (void)state;
    struct tb_flow bare = {.discharge_m3_s = 10};
    struct tb_speed good = tb_speed_of_rating(0.2, 0.4, &example);
    struct tb_speed poor = tb_speed_of_flow(&bare);
    struct tb_plume plume;
    struct tb_travel_window window;
    tb_plume_start(&plume);
    tb_plume_pass_km(&plume, 5, &good);
    tb_plume_window(&plume, &window);
    assert_int_equal(window.method, TB_TRAVEL_RATING);
    tb_plume_pass_km(&plume, 5, &poor);
    tb_plume_pass_km(&plume, 5, &good);
    tb_plume_window(&plume, &window);
    assert_int_equal(window.method, TB_TRAVEL_DISCHARGE);
}

static void an_unknown_regime_spans_low_to_flood(void **state)
{
    (void)state;
    struct tb_speed any = tb_speed_of_class(0.05, 0.6, 2.5, TB_TRAVEL_REGIME_UNKNOWN);
    struct tb_speed low = tb_speed_of_class(0.05, 0.6, 2.5, TB_TRAVEL_REGIME_LOW);
    near(any.peak_m_s, 0.6, 0);
    near(any.peak_m_s * any.early_factor, 2.5, 1e-9);
    near(any.peak_m_s / any.late_factor, 0.05, 1e-9);
    near(low.peak_m_s, 0.05, 0);
}

static void a_sighting_is_where_it_was_seen_and_carries_the_pace_on(void **state)
{
    (void)state;
    struct tb_speed speed = tb_speed_of_flow(&example);
    struct tb_plume plume;
    struct tb_travel_window here;
    struct tb_travel_window below;
    struct tb_travel_window unseen = window_at(&example, 60);
    tb_plume_start(&plume);
    tb_plume_pass_km(&plume, 30, &speed);
    assert_int_equal(tb_plume_seen(&plume, 10, NULL), TB_OK); /* half the time of the formula */
    tb_plume_window(&plume, &here);
    near(here.peak_h, 10, 0);
    near(here.peak_earliest_h, 10, 0);
    near(here.peak_latest_h, 10, 0);
    tb_plume_pass_km(&plume, 30, &speed);
    tb_plume_window(&plume, &below);
    assert_int_equal(below.method, TB_TRAVEL_OBSERVED);
    assert_true(below.peak_h < unseen.peak_h);
    assert_true(below.peak_h > 20); /* not as fast as seen: rivers return to the usual */
    assert_true(below.peak_latest_h / below.peak_earliest_h <
                unseen.peak_latest_h / unseen.peak_earliest_h);
}

static void a_sighting_that_cannot_be_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct tb_speed speed = tb_speed_of_flow(&example);
    struct tb_plume plume;
    struct tb_diag diag = {0};
    tb_plume_start(&plume);
    assert_int_equal(tb_plume_seen(&plume, 1, &diag), TB_INPUT); /* at the release itself */
    tb_plume_pass_km(&plume, 30, &speed);
    struct tb_plume before = plume;
    const double wrong[] = {-1, 0, 0.01, NAN, INFINITY, 1e9};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        diag.text[0] = '\0';
        assert_int_equal(tb_plume_seen(&plume, wrong[i], &diag), TB_INPUT);
        assert_non_null(strstr(diag.text, "hours since the release"));
        assert_memory_equal(&plume, &before, sizeof plume);
    }
    assert_int_equal(tb_plume_seen(&plume, 20, &diag), TB_OK);
    tb_plume_pass_km(&plume, 30, &speed);
    assert_int_equal(tb_plume_seen(&plume, 19, &diag), TB_INPUT); /* before the one above */
}

static void a_slip_of_the_pen_is_told_by_name_and_unit(void **state)
{
    (void)state;
    const struct {
        struct tb_flow flow;
        const char *name;
    } wrong[] = {
        {{0, 0, 0, 0}, "discharge"},
        {{-3, 0, 0, 0}, "discharge"},
        {{NAN, 0, 0, 0}, "discharge"},
        {{1e7, 0, 0, 0}, "discharge"},
        {{1, -1, 0, 0}, "mean discharge"},
        {{1, 1, 9e9, 0}, "square kilometres"},
        {{1, 1, 1, 0.5}, "0.5 per mille is 0.0005"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tb_diag diag = {0};
        assert_int_equal(tb_flow_check(&wrong[i].flow, &diag), TB_INPUT);
        assert_non_null(strstr(diag.text, wrong[i].name));
    }
}

/* ---------------------------------------------- against what was seen */

static struct tb_observations seen;

static void hold(struct tb_score score, double coverage, double early, double sharpness)
{
    double missed = (double)score.early / (double)score.places;
    if (score.places < 50 || tb_score_coverage(&score) < coverage || missed > early ||
        score.sharpness > sharpness) {
        fail_msg("%zu places, inside %.3f, early %.3f, sharpness %.2f", score.places,
                 tb_score_coverage(&score), missed, score.sharpness);
    }
}

static void first_arrivals_lie_inside_and_hardly_any_comes_before(void **state)
{
    (void)state;
    hold(tb_observations_score(&seen, 0, TB_TRAVEL_JOBSON_SLOPE, false), 0.90, 0.03, 5);
    hold(tb_observations_score(&seen, 0, TB_TRAVEL_JOBSON, false), 0.90, 0.03, 5);
    hold(tb_observations_score(&seen, 0, TB_TRAVEL_REGIME, false), 0.90, 0.03, 5);
    hold(tb_observations_score(&seen, 'C', TB_TRAVEL_JOBSON_SLOPE, false), 0.90, 0.03, 5);
    hold(tb_observations_score(&seen, 'C', TB_TRAVEL_JOBSON, false), 0.90, 0.03, 5);
}

static void the_next_peak_lies_inside_once_one_was_seen(void **state)
{
    (void)state;
    hold(tb_observations_score_seen(&seen, 0, false), 0.90, 0.05, 1.8);
    hold(tb_observations_score_seen(&seen, 0, true), 0.90, 0.05, 1.8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobsons_worked_values_come_out_to_their_digits),
        cmocka_unit_test(the_reports_first_example_without_a_slope_comes_out),
        cmocka_unit_test(earliest_likely_latest_stand_in_their_order),
        cmocka_unit_test(more_discharge_is_never_later),
        cmocka_unit_test(a_reach_split_in_two_changes_nothing),
        cmocka_unit_test(who_knows_less_gets_a_wider_window),
        cmocka_unit_test(the_worst_method_on_the_way_is_named),
        cmocka_unit_test(an_unknown_regime_spans_low_to_flood),
        cmocka_unit_test(a_sighting_is_where_it_was_seen_and_carries_the_pace_on),
        cmocka_unit_test(a_sighting_that_cannot_be_is_refused_and_changes_nothing),
        cmocka_unit_test(a_slip_of_the_pen_is_told_by_name_and_unit),
        cmocka_unit_test(first_arrivals_lie_inside_and_hardly_any_comes_before),
        cmocka_unit_test(the_next_peak_lies_inside_once_one_was_seen),
    };
    tb_observations_read(&seen, TB_OBSERVATIONS_FILE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
