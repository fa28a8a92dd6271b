#ifndef TB_LAW_H
#define TB_LAW_H

#include "node/core/clocks.h"
#include "node/core/state.h"

/*
 * law - the policies that clocks go by, out of the directories kept here.
 *
 * "The policy in force is that of the clock owner's province, in the version named
 * by the owner's own envelope that starts the clock." All versions are kept, so an
 * old clock keeps its rules. A version that never came here stands in for by the
 * nearest above, else below; what has no table, by the product's default.
 */
struct tb_law;

struct tb_law *tb_law_new(void);
void tb_law_free(struct tb_law *law);

/* The look-up for tb_clocks_compute over ${node}. */
struct tb_clock_law tb_law_of(struct tb_node *node);

#endif
