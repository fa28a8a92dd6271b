#ifndef TB_DISPERSION_H
#define TB_DISPERSION_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * dispersion - how much of it there is, and for how long: one-dimensional advection
 * and dispersion with first-order decay of a soluble mass in a uniform river.
 *
 *   C(x,t) = M / (A sqrt(4 pi E t)) exp(-k t - (x - u t)^2 / (4 E t))
 *
 * (HJ 2.3-2018 annex E), released at once; a release over a duration is the sum of
 * such, in closed form. Valid below the mixing length only, and for a substance that
 * neither floats nor sinks; what was in the water before is not in it. Pure.
 */

/* 0 stands for "not known" of mass, area, speed and dispersion, and for none of
 * decay and duration. */
struct tb_spill {
    double mass_kg;
    double area_m2;         /* of the river's cross-section */
    double speed_m_s;       /* of the water: that of the peak */
    double dispersion_m2_s; /* longitudinal */
    double decay_per_day;
    double release_h; /* at an even rate */
};

/* What may be asked; more is a slip of the pen, or of the unit. */
#define TB_SPILL_MASS_KG_MAX         1e9
#define TB_SPILL_AREA_M2_MAX         200000.0
#define TB_SPILL_DISPERSION_M2_S_MAX 10000.0
#define TB_SPILL_DECAY_PER_DAY_MAX   100.0
#define TB_SPILL_RELEASE_H_MAX       720.0
#define TB_SPILL_LIMIT_MG_L_MAX      1e6
#define TB_SPILL_WIDTH_M_MAX         20000.0
#define TB_SPILL_DEPTH_M_MAX         200.0

/* TB_INPUT when a number is none, below 0 or above its limit, told in ${diag} by its
 * name with its unit. */
enum tb_status tb_spill_check(const struct tb_spill *spill, struct tb_diag *diag) TB_MUST_USE;

/* The first that is not known and without which nothing can be said, by its option's
 * name; NULL when all are. */
const char *tb_spill_missing(const struct tb_spill *spill);

/* The concentration ${distance_m} below the release ${time_s} after it began; all of
 * ${spill} known and checked, ${distance_m} over 0. */
double tb_spill_mg_l(const struct tb_spill *spill, double distance_m, double time_s);

struct tb_spill_peak {
    double time_h; /* after the release began */
    double mg_l;
};
struct tb_spill_peak tb_spill_peak(const struct tb_spill *spill, double distance_m);

/* From when to when it is above ${limit_mg_l}, over 0, at ${distance_m}; false when it
 * never is. */
bool tb_spill_above(const struct tb_spill *spill, double distance_m, double limit_mg_l,
                    double *from_h, double *to_h);

/* A channel as it can be paced out. All over 0. */
struct tb_channel {
    double speed_m_s, width_m, depth_m, slope;
};

/* Fischer (1975): E = 0.011 u^2 B^2 / (H u*), u* = sqrt(g H I). Off by up to four times
 * either way. */
double tb_channel_dispersion_m2_s(const struct tb_channel *channel);
/* Below the release at a bank, how far until the river is mixed across and any of this
 * holds: HJ 2.3-2018, with Taylor's E_y = (0.058 H + 0.0065 B) u*. */
double tb_channel_mixing_m(const struct tb_channel *channel);

#endif
