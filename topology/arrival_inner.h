#ifndef TB_ARRIVAL_INNER_H
#define TB_ARRIVAL_INNER_H

#include "topology/arrival.h"
#include "topology/rivers_table.h"

/*
 * arrival_inner - what the ways down and up share: where the incident is, how fast
 * a reach is, what was reported of it.
 */

/* A state at which the water starts, and how far below its entry into the county. */
struct tb_arrival_start {
    const struct tb_place *place;
    struct tb_stretch offset;
};

enum { TB_ARRIVAL_STARTS_MAX = TB_RIVERS_NEIGHBOURS_MAX };

/* All states that ${place} can mean: one, or the facing banks of a kilometre.
 * TB_INPUT with ${diag}. */
enum tb_status tb_arrival_starts(const struct tb_rivers *rivers,
                                 const struct tb_arrival_place *place,
                                 struct tb_arrival_start starts[], size_t *count,
                                 struct tb_diag *diag) TB_MUST_USE;

/* The longest way from the entry of ${place} to its end on its own river, in
 * kilometres; 0 when no reach leaves on it. */
double tb_arrival_span_km(const struct tb_rivers *rivers, const struct tb_place *place);

/* The whole of ${reach}: by chainage.csv where the river is in it. */
struct tb_stretch tb_arrival_whole(const struct tb_rivers *rivers, const struct tb_reach *reach);
/* What of ${whole} is left below ${offset}, and no less than nothing. */
struct tb_stretch tb_arrival_rest(const struct tb_stretch *whole, const struct tb_stretch *offset);
/* Somewhere along it: nothing, the half, the whole. */
struct tb_stretch tb_arrival_anywhere(const struct tb_stretch *whole);

/* Where ${layer} lies below the entry of ${place}; anywhere in it when that is not
 * known. */
struct tb_stretch tb_arrival_offset(const struct tb_rivers *rivers, const struct tb_place *place,
                                    const struct tb_layer *layer);

/* A gate, dam or reservoir on a reach, and how far below its beginning. */
struct tb_arrival_bar {
    const char *name;
    bool placed; /* false: anywhere along the reach */
    struct tb_stretch offset;
};

/*
 * The uppermost bar on ${reach} that is not known to be open: of the works with a
 * kilometre, also those that its row does not name, for a bank's row may not; else
 * the gate of its row. Below ${from_km} of the reach only where its place is known.
 * False when there is none.
 */
bool tb_arrival_bar(const struct tb_rivers *rivers, const struct tb_arrival_question *question,
                    const struct tb_reach *reach, double from_km, struct tb_arrival_bar *bar);

/* How fast the water of ${reach} is, by the best that is known; false when nothing
 * is. ${question} was checked. */
bool tb_arrival_speed(const struct tb_arrival_question *question, const struct tb_reach *reach,
                      struct tb_speed *speed);

/* True when a fact of ${kind} on ${name} is reported and not too old. */
bool tb_arrival_reported(const struct tb_arrival_question *question, enum tb_water_fact_kind kind,
                         const char *name);

/* The numbers of ${question} itself. TB_INPUT with ${diag}. */
enum tb_status tb_arrival_check(const struct tb_arrival_question *question,
                                struct tb_diag *diag) TB_MUST_USE;

#endif
