#ifndef TB_TRAVEL_H
#define TB_TRAVEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * travel - how fast the water carries it, and how far that can be believed.
 *
 *   a reach's flow ──speed──> metres a second, with a band
 *   plume: start ──pass (length, speed)──> … ──seen (hours)──> … ──pass──> …
 *                     └── window: first arrival, peak and tail at this place
 *
 * A soluble substance from one sudden release. What floats, and a flood wave,
 * go faster. Hours are counted from the release. Nothing here is one number: each
 * time has an earliest and a latest, and the earliest is the one to act on.
 *
 * Sources: H. E. Jobson, Prediction of Traveltime and Longitudinal Dispersion in
 * Rivers and Streams, USGS WRIR 96-4013 (1996); the bands, and the two equations
 * for less knowledge, are fitted on tests/tracer/observations.csv as DESIGN.md
 * tells. Pure; libm's own last digit is the only thing that can differ.
 */

/* The method, worst first; a window over several reaches has the worst of them. */
enum tb_travel_method {
    TB_TRAVEL_CLASS,        /* velocity class of the reach, an expert's estimate */
    TB_TRAVEL_DISCHARGE,    /* from discharge alone */
    TB_TRAVEL_REGIME,       /* from discharge and mean annual discharge */
    TB_TRAVEL_JOBSON,       /* Jobson without slope, equations 14 and 15 */
    TB_TRAVEL_JOBSON_SLOPE, /* Jobson with slope, equations 12 and 13 */
    TB_TRAVEL_RATING,       /* u = a Q^b, calibrated on this reach */
    TB_TRAVEL_OBSERVED,     /* carried on from sightings of this very plume */
    TB_TRAVEL_METHODS
};

enum tb_travel_regime {
    TB_TRAVEL_REGIME_UNKNOWN, /* anything between low and flood */
    TB_TRAVEL_REGIME_LOW,
    TB_TRAVEL_REGIME_NORMAL,
    TB_TRAVEL_REGIME_FLOOD,
};

/* What may be asked; more is a slip of the pen. */
#define TB_TRAVEL_LENGTH_KM_MAX      7000.0
#define TB_TRAVEL_DISCHARGE_M3_S_MAX 300000.0
#define TB_TRAVEL_AREA_KM2_MAX       7.0e6
#define TB_TRAVEL_SLOPE_MAX          0.2
#define TB_TRAVEL_SPEED_M_S_MAX      12.0
#define TB_TRAVEL_HOURS_MAX          87600.0

/* Time of the leading edge by that of the peak: WRIR 96-4013, equation 18. */
#define TB_TRAVEL_LEAD_RATIO 0.890

/* The water of one reach. 0 stands for "not known" in all but the discharge. */
struct tb_flow {
    double discharge_m3_s;      /* now, over 0 */
    double mean_discharge_m3_s; /* over the years */
    double area_km2;            /* drained above the reach */
    double slope;               /* metres a metre */
};

/* How fast the peak goes, and by what its travel time is divided and multiplied
 * for the earliest and the latest. */
struct tb_speed {
    enum tb_travel_method method;
    double peak_m_s;
    double early_factor; /* at least 1 */
    double late_factor;  /* at least 1 */
    double fastest_m_s;  /* Jobson's maximum probable peak velocity; 0 with other methods */
    double flow_ratio;   /* discharge by mean discharge; 1 when that is not known */
};

/* TB_INPUT when a number is none, below its range or above its limit, told in
 * ${diag} by its name with its unit. */
enum tb_status tb_flow_check(const struct tb_flow *flow, struct tb_diag *diag) TB_MUST_USE;

/* The best method that what is known of the checked ${flow} allows. */
struct tb_speed tb_speed_of_flow(const struct tb_flow *flow);
/* u = ${a} Q^${b} of a reach that was calibrated; ${flow} checked, the result
 * over 0. */
struct tb_speed tb_speed_of_rating(double a, double b, const struct tb_flow *flow);
/* A velocity class in metres a second, each over 0 and low ≤ normal ≤ flood. */
struct tb_speed tb_speed_of_class(double low_m_s, double normal_m_s, double flood_m_s,
                                  enum tb_travel_regime regime);

/* A length along a river of which not all is known: how long it may be. */
struct tb_stretch {
    double min_km, likely_km, max_km; /* 0 ≤ min ≤ likely ≤ max */
};

/* Where a plume has come to. Times of the peak in hours since the release; the
 * caller reads km and method alone. */
struct tb_plume {
    double km;
    enum tb_travel_method method; /* the worst so far; OBSERVED when seen and since */
    double peak_h, peak_earliest_h, peak_latest_h;
    double flow_ratio_km; /* the sum over the way, for the tail */
    double prior_h;       /* the travel time by formula, unmoved by sightings */
    /* the last sighting, 0 km without one */
    double seen_km, seen_h, seen_prior_h;
    double pace; /* seen speed by formula's, 1 without a sighting */
};

/* Hours since the release, at one place. earliest ≤ likely ≤ latest. */
struct tb_travel_window {
    double earliest_h, likely_h, latest_h; /* first arrival: leading edge */
    double peak_earliest_h, peak_h, peak_latest_h;
    double tail_h; /* the likely time when a tenth of the peak is left */
    enum tb_travel_method method;
};

void tb_plume_start(struct tb_plume *plume);
/* ${stretch} further with ${speed}. Two halves of a reach give what the whole
 * gives: the band of one method is one error, not many that cancel. */
void tb_plume_pass(struct tb_plume *plume, const struct tb_stretch *stretch,
                   const struct tb_speed *speed);
/* ${length_km}, known exactly. */
void tb_plume_pass_km(struct tb_plume *plume, double length_km, const struct tb_speed *speed);
/* The peak was seen ${km} below the release ${hours} after it, past what nobody can
 * reckon: the plume goes on from there. ${km} and ${hours} over 0. */
void tb_plume_resume(struct tb_plume *plume, double km, double hours);
/*
 * The peak was seen here ${hours} after the release. From here the plume goes on
 * at a speed between the one that was seen and the formula's. TB_INPUT when it was
 * seen before it can have come from the sighting above (or the release), or here
 * already; the plume is then as it was.
 */
enum tb_status tb_plume_seen(struct tb_plume *plume, double hours,
                             struct tb_diag *diag) TB_MUST_USE;
void tb_plume_window(const struct tb_plume *plume, struct tb_travel_window *window);

/* "jobson_slope"; for JSON and tables. */
const char *tb_travel_method_name(enum tb_travel_method method);

#endif
