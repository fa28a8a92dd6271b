#ifndef TB_ARRIVAL_CALL_H
#define TB_ARRIVAL_CALL_H

#include <stdbool.h>

#include "topology/arrival.h"

/*
 * arrival_call - `tongbao-topology arrival`, `draw --incident` and `trace`: the options of the
 * call, and the tables that answer it.
 */
enum { TB_ARRIVAL_CALL_FACTS_MAX = 64, TB_ARRIVAL_CALL_SEEN_MAX = 16 };

struct tb_arrival_call {
    const char *river, *section, *km, *county, *regime, *discharge; /* as written; NULL if not */
    const char *then; /* of a trace: SECTION=HOURS, seen so much after the first */
    struct tb_water_fact fact[TB_ARRIVAL_CALL_FACTS_MAX];
    size_t facts;
    const char *seen[TB_ARRIVAL_CALL_SEEN_MAX]; /* of an arrival: SECTION=HOURS, the peak */
    size_t sightings;
    bool too_many;
    bool json;
};

/* Take the option at ${argv}[${at}]; how many words it used, 0 for none of these. */
int tb_arrival_call_option(struct tb_arrival_call *call, int argc, char **argv, int at);

/* Answer; the exit status of the program. */
int tb_arrival_call_down(const struct tb_rivers *rivers, const struct tb_arrival_call *call);
/* The rows as one SVG: the river as a strip, time over distance, or both. */
int tb_arrival_call_draw(const struct tb_rivers *rivers, const struct tb_arrival_call *call,
                         bool strip, bool time);
int tb_arrival_call_trace(const struct tb_rivers *rivers, const struct tb_arrival_call *call);

#endif
