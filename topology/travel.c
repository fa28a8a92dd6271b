#include "topology/travel.h"

#include <math.h>

#include "base/fault.h"

/* Leading edge by peak: 0.890 (WRIR 96-4013, equation 18). Of 205 observations the
 * middle is 0.87; seen plumes keep 0.79 to 0.92 in eight of ten. */
#define LEAD_RATIO       0.890
#define LEAD_RATIO_EARLY 0.79
#define LEAD_RATIO_LATE  0.93
/* No tail was seen to pass sooner than this after the peak. */
#define TAIL_RATIO_MIN 1.10
#define GRAVITY_M_S2   9.80665
#define SECONDS_H      3600.0

/* The part of what was seen in the pace that is carried on: rivers go back to
 * what is usual of them. DESIGN.md, "After a sighting". */
#define SEEN_WEIGHT 0.6

/* Bands: of the observations at most 3 in 100 come before the earliest, 9 in 10
 * lie inside. DESIGN.md, "How the bands were chosen". */
static const struct {
    double early, late;
    const char *name;
} band[TB_TRAVEL_METHODS] = {
    [TB_TRAVEL_CLASS] = {2.5, 2.5, "velocity_class"},
    [TB_TRAVEL_DISCHARGE] = {4.4, 2.4, "discharge"},
    [TB_TRAVEL_REGIME] = {2.4, 2.0, "discharge_and_mean"},
    [TB_TRAVEL_JOBSON] = {2.85, 1.7, "jobson"},
    [TB_TRAVEL_JOBSON_SLOPE] = {2.0, 2.4, "jobson_slope"},
    [TB_TRAVEL_RATING] = {1.5, 1.5, "rating"},
    [TB_TRAVEL_OBSERVED] = {1.9, 2.0, "observed"},
};

const char *tb_travel_method_name(enum tb_travel_method method)
{
    tb_assert(method < TB_TRAVEL_METHODS);
    return band[method].name;
}

/* ---------------------------------------------------------------- flow */

static enum tb_status check(double value, bool needed, double max, const char *name,
                            const char *unit, struct tb_diag *diag)
{
    if (isfinite(value) && value >= 0 && value <= max && (value > 0 || !needed)) {
        return TB_OK;
    }
    tb_diag_set(diag, 0, "%s: write a number over 0 and at most %.10g, in %s", name, max, unit);
    return TB_INPUT;
}

enum tb_status tb_flow_check(const struct tb_flow *flow, struct tb_diag *diag)
{
    enum tb_status status = check(flow->discharge_m3_s, true, TB_TRAVEL_DISCHARGE_M3_S_MAX,
                                  "discharge", "cubic metres a second", diag);
    if (status == TB_OK) {
        status = check(flow->mean_discharge_m3_s, false, TB_TRAVEL_DISCHARGE_M3_S_MAX,
                       "mean discharge", "cubic metres a second", diag);
    }
    if (status == TB_OK) {
        status = check(flow->area_km2, false, TB_TRAVEL_AREA_KM2_MAX, "drainage area",
                       "square kilometres", diag);
    }
    if (status == TB_OK) {
        status = check(flow->slope, false, TB_TRAVEL_SLOPE_MAX, "slope",
                       "metres a metre (0.5 per mille is 0.0005)", diag);
    }
    return status;
}

/* --------------------------------------------------------------- speed */

static struct tb_speed speed(enum tb_travel_method method, double peak_m_s, double flow_ratio)
{
    tb_assert(isfinite(peak_m_s) && peak_m_s > 0);
    return (struct tb_speed){
        .method = method,
        .peak_m_s = fmin(peak_m_s, TB_TRAVEL_SPEED_M_S_MAX),
        .early_factor = band[method].early,
        .late_factor = band[method].late,
        .flow_ratio = flow_ratio,
    };
}

/*
 * WRIR 96-4013: D' = Da^1.25 sqrt(g) / Qa, Q' = Q / Qa, Da in square metres;
 *   with slope     Vp  = 0.094 + 0.0143 D'^0.919 Q'^-0.469 S^0.159 Q / Da   (12)
 *                  Vmp = 0.25  + 0.02   (the same)                          (13)
 *   without        Vp  = 0.020 + 0.051  D'^0.821 Q'^-0.465 Q / Da           (14)
 *                  Vmp = 0.2   + 0.093  (the same)                          (15)
 */
static struct tb_speed jobson(const struct tb_flow *flow)
{
    double area_m2 = flow->area_km2 * 1e6;
    double size = pow(area_m2, 1.25) * sqrt(GRAVITY_M_S2) / flow->mean_discharge_m3_s;
    double ratio = flow->discharge_m3_s / flow->mean_discharge_m3_s;
    double depth_m_s = flow->discharge_m3_s / area_m2;
    struct tb_speed out;
    if (flow->slope > 0) {
        double x = pow(size, 0.919) * pow(ratio, -0.469) * pow(flow->slope, 0.159) * depth_m_s;
        out = speed(TB_TRAVEL_JOBSON_SLOPE, 0.094 + 0.0143 * x, ratio);
        out.fastest_m_s = 0.25 + 0.02 * x;
    } else {
        double x = pow(size, 0.821) * pow(ratio, -0.465) * depth_m_s;
        out = speed(TB_TRAVEL_JOBSON, 0.020 + 0.051 * x, ratio);
        out.fastest_m_s = 0.2 + 0.093 * x;
    }
    return out;
}

struct tb_speed tb_speed_of_flow(const struct tb_flow *flow)
{
    double discharge = flow->discharge_m3_s;
    double mean = flow->mean_discharge_m3_s;
    if (mean > 0 && flow->area_km2 > 0) {
        return jobson(flow);
    }
    if (mean > 0) {
        return speed(TB_TRAVEL_REGIME,
                     exp(-1.314) * pow(discharge, 0.204) * pow(discharge / mean, 0.398),
                     discharge / mean);
    }
    return speed(TB_TRAVEL_DISCHARGE, exp(-2.102) * pow(discharge, 0.357), 1.0);
}

struct tb_speed tb_speed_of_rating(double a, double b, const struct tb_flow *flow)
{
    double mean = flow->mean_discharge_m3_s;
    return speed(TB_TRAVEL_RATING, a * pow(flow->discharge_m3_s, b),
                 mean > 0 ? flow->discharge_m3_s / mean : 1.0);
}

struct tb_speed tb_speed_of_class(double low_m_s, double normal_m_s, double flood_m_s,
                                  enum tb_travel_regime regime)
{
    tb_assert(low_m_s > 0 && low_m_s <= normal_m_s && normal_m_s <= flood_m_s);
    const double of[] = {normal_m_s, low_m_s, normal_m_s, flood_m_s};
    struct tb_speed out = speed(TB_TRAVEL_CLASS, of[regime], 1.0);
    if (regime == TB_TRAVEL_REGIME_UNKNOWN) {
        out.early_factor = fmax(out.early_factor, flood_m_s / normal_m_s);
        out.late_factor = fmax(out.late_factor, normal_m_s / low_m_s);
    }
    return out;
}

/* --------------------------------------------------------------- plume */

void tb_plume_start(struct tb_plume *plume)
{
    *plume = (struct tb_plume){.method = TB_TRAVEL_OBSERVED, .pace = 1.0};
}

void tb_plume_pass(struct tb_plume *plume, const struct tb_stretch *stretch,
                   const struct tb_speed *speed)
{
    tb_assert(stretch->min_km >= 0 && stretch->min_km <= stretch->likely_km);
    tb_assert(stretch->likely_km <= stretch->max_km && isfinite(stretch->max_km));
    double prior_h_km = 1000.0 / speed->peak_m_s / SECONDS_H;
    double peak_h_km = prior_h_km / plume->pace;
    bool seen = plume->seen_km > 0;
    double early =
        seen ? fmin(band[TB_TRAVEL_OBSERVED].early, speed->early_factor) : speed->early_factor;
    double late =
        seen ? fmin(band[TB_TRAVEL_OBSERVED].late, speed->late_factor) : speed->late_factor;
    plume->km += stretch->likely_km;
    plume->peak_h += peak_h_km * stretch->likely_km;
    plume->peak_earliest_h += peak_h_km * stretch->min_km / early;
    plume->peak_latest_h += peak_h_km * stretch->max_km * late;
    plume->prior_h += prior_h_km * stretch->likely_km;
    plume->flow_ratio_km += speed->flow_ratio * stretch->likely_km;
    if (!seen && speed->method < plume->method) {
        plume->method = speed->method;
    }
}

void tb_plume_pass_km(struct tb_plume *plume, double length_km, const struct tb_speed *speed)
{
    tb_plume_pass(plume, &(struct tb_stretch){length_km, length_km, length_km}, speed);
}

void tb_plume_resume(struct tb_plume *plume, double km, double hours)
{
    tb_assert(km > 0 && hours > 0);
    *plume = (struct tb_plume){
        .km = km,
        .method = TB_TRAVEL_OBSERVED,
        .peak_h = hours,
        .peak_earliest_h = hours,
        .peak_latest_h = hours,
        .flow_ratio_km = km,
        .prior_h = hours,
        .seen_km = km,
        .seen_h = hours,
        .seen_prior_h = hours,
        .pace = 1.0,
    };
}

enum tb_status tb_plume_seen(struct tb_plume *plume, double hours, struct tb_diag *diag)
{
    double km = plume->km - plume->seen_km;
    double needed_h = km * 1000.0 / TB_TRAVEL_SPEED_M_S_MAX / SECONDS_H;
    if (!isfinite(hours) || hours > TB_TRAVEL_HOURS_MAX || km <= 0 ||
        hours < plume->seen_h + needed_h) {
        tb_diag_set(diag, 0,
                    "the peak at kilometre %.10g: write hours since the release, later than at the "
                    "sighting above; %.10g h would be faster than %.10g m/s",
                    plume->km, hours, TB_TRAVEL_SPEED_M_S_MAX);
        return TB_INPUT;
    }
    /* Between the pace of the whole way and that of the last part of it. */
    double whole = plume->prior_h / hours;
    double last = (plume->prior_h - plume->seen_prior_h) / (hours - plume->seen_h);
    plume->pace = pow(sqrt(whole * last), SEEN_WEIGHT);
    plume->seen_km = plume->km;
    plume->seen_h = hours;
    plume->seen_prior_h = plume->prior_h;
    plume->peak_h = plume->peak_earliest_h = plume->peak_latest_h = hours;
    plume->method = TB_TRAVEL_OBSERVED;
    return TB_OK;
}

/*
 * WRIR 96-4013: Cup = 857 Tp^(-0.760 Q'^-0.079) (7), Td10 = 2e6 / Cup seconds (19)
 * from the leading edge until a tenth of the peak is left.
 */
static double passage_h(double peak_h, double flow_ratio)
{
    double unit_peak = 857.0 * pow(peak_h, -0.760 * pow(flow_ratio, -0.079));
    return 2e6 / unit_peak / SECONDS_H;
}

void tb_plume_window(const struct tb_plume *plume, struct tb_travel_window *window)
{
    *window = (struct tb_travel_window){
        .earliest_h = plume->peak_earliest_h * TB_TRAVEL_LEAD_RATIO,
        .likely_h = plume->peak_h * TB_TRAVEL_LEAD_RATIO,
        .latest_h = plume->peak_latest_h * TB_TRAVEL_LEAD_RATIO,
        .peak_earliest_h = plume->peak_earliest_h,
        .peak_h = plume->peak_h,
        .peak_latest_h = plume->peak_latest_h,
        .method = plume->method,
    };
    if (plume->seen_km > 0) {
        window->earliest_h = plume->peak_earliest_h * LEAD_RATIO_EARLY;
        window->latest_h = plume->peak_latest_h * LEAD_RATIO_LATE;
    }
    if (plume->km > 0) {
        double ratio = plume->flow_ratio_km / plume->km;
        window->tail_h = fmax(window->likely_h + passage_h(plume->peak_h, ratio),
                              TAIL_RATIO_MIN * plume->peak_h);
    }
}
