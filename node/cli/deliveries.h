#ifndef TB_DELIVERIES_H
#define TB_DELIVERIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/wall.h"

/*
 * deliveries - who has a notice and who has not, as a tired person needs it.
 *
 * First those to be telephoned (outside), then those that do not hold it, then
 * those that hold it and have not acknowledged, then the rest.
 */
enum tb_deliveries_rank {
    TB_DELIVERIES_OUTSIDE,
    TB_DELIVERIES_NOT_HELD,
    TB_DELIVERIES_HELD,
    TB_DELIVERIES_ACKNOWLEDGED,
    TB_DELIVERIES_RANKS,
};

struct tb_deliveries_count {
    size_t total;
    size_t rank[TB_DELIVERIES_RANKS];
    size_t left; /* at a broker or further: it has left the building */
};

/* The rank of a delivery's state word; an unknown word is "not held". */
enum tb_deliveries_rank tb_deliveries_rank_of(const char *state);

/* Count the list ${deliveries} of the API. */
struct tb_deliveries_count tb_deliveries_count_of(const json_t *deliveries);

/* One line of figures, then the table, to stdout. ${issued_at} is the notice's,
 * RFC 3339: since then those wait that do not hold it. ${clauses} adds the rule
 * that names each. */
void tb_deliveries_print(const json_t *deliveries, const char *issued_at, struct tb_wall now,
                         bool clauses);

/* The list ${telephone} of an issue: office, name and numbers to call. */
void tb_deliveries_phones(const json_t *telephone);

#endif
