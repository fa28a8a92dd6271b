#ifndef TB_SPILL_CALL_H
#define TB_SPILL_CALL_H

#include <jansson.h>

#include "topology/dispersion.h"
#include "topology/travel.h"

/*
 * spill_call - what `tongbao-topology travel` adds of the concentration, where mass,
 * cross-section and dispersion are known; else 不可估算, and what is missing.
 */
struct tb_spill_call {
    struct tb_spill spill; /* its speed is taken from the window */
    double limit_mg_l;     /* 0: none */
    double width_m, depth_m;
};

/* True when the call says anything of it. */
bool tb_spill_call_asked(const struct tb_spill_call *call);
/* The exit status of the program: the numbers, each told by its option. */
int tb_spill_call_check(const struct tb_spill_call *call);

/* ${length_km} below, with the likely speed of ${window} and beside it the slowest and
 * the fastest; ${slope} is 0 when it is not known. */
void tb_spill_call_print(const struct tb_spill_call *call, double length_km, double slope,
                         const struct tb_travel_window *window);
/* The same as members of ${out}. */
void tb_spill_call_json(const struct tb_spill_call *call, double length_km, double slope,
                        const struct tb_travel_window *window, json_t *out);

#endif
