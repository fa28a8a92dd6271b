#ifndef TB_QUERY_CLOCK_H
#define TB_QUERY_CLOCK_H

#include "node/core/clocks.h"
#include "node/core/query.h"
#include "proto/statement.h"

/*
 * query_clock - the clocks that this office can judge, computed when asked, and the
 * disclosures and deeds of a notice.
 */
enum {
    TB_CLOCK_INCIDENTS_MAX = 128, /* looked at in one call: those with the newest notices */
    TB_CLOCK_WORDS_MAX = 32,      /* measures, duties: the bits of a rule */
};

struct tb_clock_ask {
    struct tb_wall now;
    enum tb_world world;  /* TB_WORLD_NONE: all three, each apart */
    uint32_t owner;       /* 0: of whomever */
    bool unmet;           /* only what runs or is overdue */
    size_t incidents_max; /* looked at; 0: TB_CLOCK_INCIDENTS_MAX, which is also the most */
};

/* The answer, worst first; `rows` is the caller's room, the rest begins as 0. */
struct tb_clock_list {
    struct tb_clock *rows;
    size_t rows_max;
    size_t count;
    size_t left_off;     /* clocks that found no room */
    bool more_incidents; /* older incidents were not looked at */
};

/* The clocks of all incidents here; of one of them. */
void tb_query_clocks(struct tb_node *node, const struct tb_clock_ask *ask,
                     struct tb_clock_list *list);
void tb_query_incident_clocks(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                              enum tb_world world, const struct tb_clock_ask *ask,
                              struct tb_clock_list *list);

/* The facts that they are computed from. */
void tb_query_facts(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                    enum tb_world world, struct tb_clock_facts *facts);

/* The disclosures, deeds or destructions (${kind}) about ${notice}, as places in the ledger; and
 * what is said at one of them, unpacked into ${arena}. False when it is not here. */
struct tb_statement_row {
    int64_t n;
    struct tb_id id;
    uint32_t office;
    char name[TB_NAME_BYTES_MAX];
    int64_t received_ms; /* 0: own */
};
size_t tb_query_statements(struct tb_node *node, const struct tb_id *notice, enum tb_kind kind,
                           int64_t *rows, size_t rows_max);
bool tb_query_statement(struct tb_node *node, int64_t n, struct tb_arena *arena,
                        struct tb_statement_row *row, const Tongbao__Body **body);

#endif
