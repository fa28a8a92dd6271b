#ifndef TB_OBSERVATIONS_H
#define TB_OBSERVATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "topology/travel.h"

/*
 * observations - published dye tests and spills, and how the product's windows
 * stand up to them. README.md tells where they come from.
 */
enum { TB_OBSERVATIONS_MAX = 400, TB_OBSERVATION_TEXT_BYTES_MAX = 200 };

/* One place of one test; NaN is "not known". */
struct tb_observation {
    char group; /* 'A' … 'D' */
    char river[TB_OBSERVATION_TEXT_BYTES_MAX];
    char test[3 * TB_OBSERVATION_TEXT_BYTES_MAX]; /* which release: river, study, start, place */
    bool counted;                                 /* a solute, and seen rather than estimated */
    double km;
    double discharge_m3_s, mean_discharge_m3_s, area_km2, slope;
    double lead_h, peak_h, tail_h;
};

struct tb_observations {
    struct tb_observation row[TB_OBSERVATIONS_MAX];
    size_t count;
};

/* How often the truth lay inside. */
struct tb_score {
    size_t places;
    size_t early; /* before the earliest: the unsafe side */
    size_t late;
    double sharpness; /* median of latest by earliest */
};

/* Read the table ${path}; fails the test when it cannot. */
void tb_observations_read(struct tb_observations *all, const char *path);

/* The window of ${row} by ${method}, without any sighting; false when the row has not
 * what that needs or is not counted. */
bool tb_observation_window(const struct tb_observation *row, enum tb_travel_method method,
                           struct tb_travel_window *window);

/*
 * First arrivals (or peaks) of ${group} (0: of all) against windows without any
 * sighting, by ${method}: of the rows that have what that method needs, given
 * to the product without what it does not.
 */
struct tb_score tb_observations_score(const struct tb_observations *all, char group,
                                      enum tb_travel_method method, bool peaks);

/* Each next peak of a test against the window after those above were seen: the
 * first only (${all_above} false: the nearest alone), or all of them. */
struct tb_score tb_observations_score_seen(const struct tb_observations *all, char group,
                                           bool all_above);

/* The share inside, 0 … 1. */
double tb_score_coverage(const struct tb_score *score);

#endif
