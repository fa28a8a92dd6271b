#include "topology/dispersion.h"

#include <math.h>
#include <stddef.h>

#include "base/fault.h"

#define PI            3.14159265358979323846
#define GRAVITY_M_S2  9.80665
#define SECONDS_H     3600.0
#define SECONDS_DAY   86400.0
#define GRAMS_KG      1000.0
#define SPEED_M_S_MAX 12.0
/* Beyond this erfc() is at the end of a double's range, and its series exact. */
#define SERIES_FROM 5.0
/* Halvings until a time is known to a double's last digits. */
enum { HALVINGS = 200 };

static enum tb_status check(double value, double max, const char *name, const char *unit,
                            struct tb_diag *diag)
{
    if (isfinite(value) && value >= 0 && value <= max) {
        return TB_OK;
    }
    tb_diag_set(diag, 0, "%s: write a number of at most %.10g, in %s", name, max, unit);
    return TB_INPUT;
}

enum tb_status tb_spill_check(const struct tb_spill *spill, struct tb_diag *diag)
{
    const struct {
        double value, max;
        const char *name, *unit;
    } numbers[] = {
        {spill->mass_kg, TB_SPILL_MASS_KG_MAX, "mass", "kilograms"},
        {spill->area_m2, TB_SPILL_AREA_M2_MAX, "area of the cross-section", "square metres"},
        {spill->speed_m_s, SPEED_M_S_MAX, "speed", "metres a second"},
        {spill->dispersion_m2_s, TB_SPILL_DISPERSION_M2_S_MAX, "dispersion",
         "square metres a second"},
        {spill->decay_per_day, TB_SPILL_DECAY_PER_DAY_MAX, "decay", "1 a day"},
        {spill->release_h, TB_SPILL_RELEASE_H_MAX, "duration of the release", "hours"},
    };
    enum tb_status status = TB_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == TB_OK; i++) {
        status = check(numbers[i].value, numbers[i].max, numbers[i].name, numbers[i].unit, diag);
    }
    return status;
}

const char *tb_spill_missing(const struct tb_spill *spill)
{
    if (spill->mass_kg <= 0) {
        return "--mass-kg";
    }
    if (spill->area_m2 <= 0) {
        return "--area-m2";
    }
    if (spill->dispersion_m2_s <= 0) {
        return "--dispersion";
    }
    return spill->speed_m_s <= 0 ? "--discharge" : NULL;
}

static double decay_s(const struct tb_spill *spill)
{
    return spill->decay_per_day / SECONDS_DAY;
}

/* The logarithm of the concentration after a release at once: it orders times at which
 * the number itself is too small for a double. */
static double log_at_once(const struct tb_spill *spill, double x, double t)
{
    double e = spill->dispersion_m2_s;
    double past = x - spill->speed_m_s * t;
    if (t <= 0) {
        return -INFINITY;
    }
    return log(spill->mass_kg * GRAMS_KG / spill->area_m2) - 0.5 * log(4 * PI * e * t) -
           decay_s(spill) * t - past * past / (4 * e * t);
}

/* exp(${a}) erfc(${b}), where the first may be beyond a double and the second below. */
static double exp_erfc(double a, double b)
{
    if (b < SERIES_FROM) {
        return exp(a) * erfc(b);
    }
    double s = 1 / (2 * b * b);
    return exp(a - b * b) / (b * sqrt(PI)) * (1 - s + 3 * s * s - 15 * s * s * s);
}

/*
 * At an even rate of 1 g/s since ${t} seconds, by integrating the release at once:
 *   e^(ux/2E) / (2 A W) [e^(-xW/2E) erfc((x - W t) / sqrt(4Et))
 *                      - e^(xW/2E) erfc((x + W t) / sqrt(4Et))],  W = sqrt(u^2 + 4 k E)
 */
static double since(const struct tb_spill *spill, double x, double t)
{
    double e = spill->dispersion_m2_s;
    double u = spill->speed_m_s;
    double w = sqrt(u * u + 4 * decay_s(spill) * e);
    double spread = sqrt(4 * e * t);
    if (t <= 0) {
        return 0;
    }
    double front = exp_erfc(x * (u - w) / (2 * e), (x - w * t) / spread);
    double image = exp_erfc(x * (u + w) / (2 * e), (x + w * t) / spread);
    return (front - image) / (2 * spill->area_m2 * w);
}

double tb_spill_mg_l(const struct tb_spill *spill, double distance_m, double time_s)
{
    tb_assert(tb_spill_missing(spill) == NULL && distance_m > 0);
    if (time_s <= 0) {
        return 0;
    }
    if (spill->release_h <= 0) {
        return exp(log_at_once(spill, distance_m, time_s));
    }
    double release_s = spill->release_h * SECONDS_H;
    double rate_g_s = spill->mass_kg * GRAMS_KG / release_s;
    double began = since(spill, distance_m, time_s);
    double ended = since(spill, distance_m, time_s - release_s);
    return fmax(0, rate_g_s * (began - ended));
}

struct tb_spill_peak tb_spill_peak(const struct tb_spill *spill, double distance_m)
{
    double e = spill->dispersion_m2_s;
    double w2 = spill->speed_m_s * spill->speed_m_s + 4 * decay_s(spill) * e;
    double release_s = spill->release_h * SECONDS_H;
    /* Where the logarithm of a release at once is level. */
    double peak_s = (sqrt(e * e + w2 * distance_m * distance_m) - e) / w2;
    double low = peak_s;
    double high = peak_s + release_s;
    /* Of a longer one, where as much comes as goes. */
    for (int i = 0; i < HALVINGS && release_s > 0; i++) {
        double middle = (low + high) / 2;
        bool rises = log_at_once(spill, distance_m, middle) >
                     log_at_once(spill, distance_m, middle - release_s);
        *(rises ? &low : &high) = middle;
    }
    return (struct tb_spill_peak){low / SECONDS_H, tb_spill_mg_l(spill, distance_m, low)};
}

/* The time between ${below_s}, when it is below the limit, and ${above_s}. */
static double crossing_s(const struct tb_spill *spill, double distance_m, double limit_mg_l,
                         double below_s, double above_s)
{
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (below_s + above_s) / 2;
        bool above = tb_spill_mg_l(spill, distance_m, middle) > limit_mg_l;
        *(above ? &above_s : &below_s) = middle;
    }
    return above_s;
}

bool tb_spill_above(const struct tb_spill *spill, double distance_m, double limit_mg_l,
                    double *from_h, double *to_h)
{
    tb_assert(limit_mg_l > 0);
    struct tb_spill_peak peak = tb_spill_peak(spill, distance_m);
    double peak_s = peak.time_h * SECONDS_H;
    double after_s = 2 * peak_s;
    if (peak.mg_l <= limit_mg_l) {
        return false;
    }
    while (tb_spill_mg_l(spill, distance_m, after_s) > limit_mg_l) {
        after_s *= 2;
    }
    *from_h = crossing_s(spill, distance_m, limit_mg_l, 0, peak_s) / SECONDS_H;
    *to_h = crossing_s(spill, distance_m, limit_mg_l, after_s, peak_s) / SECONDS_H;
    return true;
}

static double shear_m_s(const struct tb_channel *channel)
{
    return sqrt(GRAVITY_M_S2 * channel->depth_m * channel->slope);
}

double tb_channel_dispersion_m2_s(const struct tb_channel *channel)
{
    double moved = channel->speed_m_s * channel->width_m;
    return 0.011 * moved * moved / (channel->depth_m * shear_m_s(channel));
}

double tb_channel_mixing_m(const struct tb_channel *channel)
{
    double across_m2_s =
        (0.058 * channel->depth_m + 0.0065 * channel->width_m) * shear_m_s(channel);
    /* {0.11 + 0.7 [0.5 - a/B - 1.1 (0.5 - a/B)^2]^0.5} u B^2 / E_y, a = 0. */
    double bank = 0.11 + 0.7 * sqrt(0.5 - 1.1 * 0.5 * 0.5);
    return bank * channel->speed_m_s * channel->width_m * channel->width_m / across_m2_s;
}
