#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "topology/dispersion.h"

/* How much of it there is: the worked value, the mass, and a numerical solution that
 * shares nothing with the formulas. */

static const struct tb_spill example = {
    .mass_kg = 100, .area_m2 = 20, .speed_m_s = 0.3, .dispersion_m2_s = 10};

static void near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within)) {
        fail_msg("%.8g is not %.8g within %.2g", value, expected, within);
    }
}

static void the_worked_value_comes_out_to_its_digits(void **state)
{
    (void)state;
    near(10000 / 0.3 / 3600, 9.259, 0.0005);
    near(tb_spill_mg_l(&example, 10000, 10000 / 0.3), 2.443, 0.0005);
    /* The peak comes a little before the water itself, and is a little higher. */
    struct tb_spill_peak peak = tb_spill_peak(&example, 10000);
    assert_true(peak.time_h < 9.259 && peak.time_h > 9.2);
    assert_true(peak.mg_l >= 2.443 && peak.mg_l < 2.46);
}

/* The mass in the river at ${time_s}, in kilograms; below the release only. */
static double mass_kg(const struct tb_spill *spill, double time_s)
{
    double sum = 0;
    for (double x = 2.5; x < 60000; x += 5) {
        sum += tb_spill_mg_l(spill, x, time_s) * spill->area_m2 * 5 / 1000;
    }
    return sum;
}

static void mass_is_conserved_within_1_percent_and_decays_as_told(void **state)
{
    (void)state;
    struct tb_spill spill = example;
    near(mass_kg(&spill, 20000), 100, 1);
    spill.decay_per_day = 2;
    near(mass_kg(&spill, 20000), 100 * exp(-2 * 20000.0 / 86400), 0.5);
    spill.decay_per_day = 0;
    spill.release_h = 3;
    near(mass_kg(&spill, 40000), 100, 1);
    /* Half of it is in after half of the time, but for what has spread up the river:
     * rate E / u^2. */
    near(mass_kg(&spill, 1.5 * 3600), 50 - 100 / 10800.0 * 10 / 0.09, 0.01);
}

enum { CELLS = 2400 };

/* One step of an explicit upwind scheme whose own dispersion is taken off E. */
static void step(double *c, double *next, double courant, double spread, double keep)
{
    for (int i = 1; i < CELLS - 1; i++) {
        next[i] =
            keep * (c[i] - courant * (c[i] - c[i - 1]) + spread * (c[i + 1] - 2 * c[i] + c[i - 1]));
    }
    memcpy(c, next, CELLS * sizeof *c);
}

/* ${spill} reckoned in cells of 10 m; the concentration 10 km below at ${time_s}. */
static double numeric_mg_l(const struct tb_spill *spill, double time_s)
{
    static double c[CELLS], next[CELLS];
    const double dx = 10, dt = 2;
    const int source = 1000, at = 2000;
    double courant = spill->speed_m_s * dt / dx;
    double own_m2_s = spill->speed_m_s * dx * (1 - courant) / 2;
    double spread = (spill->dispersion_m2_s - own_m2_s) * dt / dx / dx;
    double keep = exp(-spill->decay_per_day / 86400 * dt);
    double release_s = fmax(spill->release_h * 3600, dt);
    assert_true(spread > 0 && spread < 0.5 - courant / 2);
    memset(c, 0, sizeof c);
    memset(next, 0, sizeof next);
    for (double t = 0; t < time_s - dt / 2; t += dt) {
        if (t < release_s - dt / 2) {
            c[source] += spill->mass_kg * 1000 * dt / release_s / spill->area_m2 / dx;
        }
        step(c, next, courant, spread, keep);
    }
    return c[at];
}

static void a_numerical_solution_agrees_within_1_percent_of_the_peak(void **state)
{
    (void)state;
    struct tb_spill spill = example;
    for (int i = 0; i < 3; i++) {
        spill.decay_per_day = i == 0 ? 0 : 1.5;
        spill.release_h = i == 2 ? 2 : 0;
        double peak = tb_spill_peak(&spill, 10000).mg_l;
        for (double t = 24000; t <= 44000; t += 4000) {
            near(numeric_mg_l(&spill, t), tb_spill_mg_l(&spill, 10000, t), 0.01 * peak);
        }
    }
}

static void a_longer_release_is_the_sum_of_short_ones(void **state)
{
    (void)state;
    struct tb_spill spill = example;
    spill.decay_per_day = 0.7;
    spill.release_h = 4;
    for (double km = 0.5; km < 300; km *= 4) {
        double t = km * 1000 / 0.3 + 6000;
        double sum = 0;
        struct tb_spill part = spill;
        part.release_h = 0;
        part.mass_kg = 100.0 / 20000;
        for (int i = 0; i < 20000; i++) {
            double at = (i + 0.5) * 4 * 3600 / 20000;
            sum += at < t ? tb_spill_mg_l(&part, km * 1000, t - at) : 0;
        }
        near(tb_spill_mg_l(&spill, km * 1000, t) / sum, 1, 1e-4);
    }
}

static void nothing_is_higher_than_the_peak_and_the_limit_is_crossed_at_its_two_times(void **state)
{
    (void)state;
    struct tb_spill spill = example;
    for (int i = 0; i < 4; i++) {
        spill.release_h = i % 2 == 0 ? 0 : 5;
        spill.decay_per_day = i < 2 ? 0 : 3;
        for (double x = 200; x < 200000; x *= 5) {
            struct tb_spill_peak peak = tb_spill_peak(&spill, x);
            double from, to;
            for (double part = 0.5; part < 2; part += 0.01) {
                assert_true(tb_spill_mg_l(&spill, x, part * peak.time_h * 3600) <=
                            peak.mg_l * (1 + 1e-9));
            }
            assert_true(tb_spill_above(&spill, x, peak.mg_l / 3, &from, &to));
            assert_true(0 < from && from < peak.time_h && peak.time_h < to);
            near(tb_spill_mg_l(&spill, x, from * 3600), peak.mg_l / 3, peak.mg_l * 1e-6);
            near(tb_spill_mg_l(&spill, x, to * 3600), peak.mg_l / 3, peak.mg_l * 1e-6);
            assert_false(tb_spill_above(&spill, x, peak.mg_l * 1.001, &from, &to));
        }
    }
}

static void farther_and_later_there_is_less_of_it(void **state)
{
    (void)state;
    struct tb_spill more = example;
    more.decay_per_day = 2;
    for (double x = 500; x < 300000; x *= 2) {
        assert_true(tb_spill_peak(&example, 2 * x).mg_l < tb_spill_peak(&example, x).mg_l);
        assert_true(tb_spill_peak(&more, x).mg_l < tb_spill_peak(&example, x).mg_l);
    }
}

static void what_is_not_known_is_named_and_what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct tb_diag diag = {0};
    assert_null(tb_spill_missing(&example));
    struct tb_spill spill = example;
    spill.mass_kg = 0;
    assert_string_equal(tb_spill_missing(&spill), "--mass-kg");
    spill = example;
    spill.area_m2 = 0;
    assert_string_equal(tb_spill_missing(&spill), "--area-m2");
    spill = example;
    spill.dispersion_m2_s = 0;
    assert_string_equal(tb_spill_missing(&spill), "--dispersion");
    spill = example;
    spill.speed_m_s = 0;
    assert_string_equal(tb_spill_missing(&spill), "--discharge");
    spill = example;
    assert_int_equal(tb_spill_check(&spill, &diag), TB_OK);
    spill.decay_per_day = -1;
    assert_int_equal(tb_spill_check(&spill, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "decay"));
    spill = example;
    spill.mass_kg = NAN;
    assert_int_equal(tb_spill_check(&spill, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "kilograms"));
}

static void fischers_estimate_and_the_mixing_length_come_out(void **state)
{
    (void)state;
    /* By hand: u* = sqrt(9.80665 x 1.5 x 0.0005) = 0.08576; 0.011 (0.5 x 40)^2 /
     * (1.5 x 0.08576) = 34.20; E_y = 0.347 x 0.08576 = 0.02976; 0.44203 x 0.5 x 1600 /
     * 0.02976 = 11883. */
    const struct tb_channel channel = {0.5, 40, 1.5, 0.0005};
    near(tb_channel_dispersion_m2_s(&channel), 34.20, 0.01);
    near(tb_channel_mixing_m(&channel), 11883, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_value_comes_out_to_its_digits),
        cmocka_unit_test(mass_is_conserved_within_1_percent_and_decays_as_told),
        cmocka_unit_test(a_numerical_solution_agrees_within_1_percent_of_the_peak),
        cmocka_unit_test(a_longer_release_is_the_sum_of_short_ones),
        cmocka_unit_test(nothing_is_higher_than_the_peak_and_the_limit_is_crossed_at_its_two_times),
        cmocka_unit_test(farther_and_later_there_is_less_of_it),
        cmocka_unit_test(what_is_not_known_is_named_and_what_cannot_be_is_refused),
        cmocka_unit_test(fischers_estimate_and_the_mixing_length_come_out),
    };
    return cmocka_run_group_tests_name("dispersion", tests, NULL, NULL);
}
