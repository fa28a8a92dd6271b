#ifndef TB_RULE_H
#define TB_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topology/rivers.h"

/*
 * rule - who must hear it, by which clause (I5: the river decides, not the
 * officer).
 *
 * A pure function of (origin, river, direction) on the rivers as they were
 * loaded:
 *
 *   - the next counties, same level to same level, hops 1. Order 17 Art. 8:
 *     已经或者可能涉及相邻行政区域的…应当及时通报相邻区域同级…主管部门; and the
 *     province's own circular (晋环发〔2019〕48号二 in Shanxi);
 *   - the banks that face the origin, hops 0, by the same clause. Who is both
 *     has hops 1 and both reasons in its clause;
 *   - the origin's own city and province, hops 0, in the same act (Order 17
 *     Art. 3; 48号 二: 并同时报告省生态环境厅);
 *   - the city of each of those counties that lies in another city, with the
 *     hops of the county that brings it in, the smallest if several do;
 *   - when the river, followed on through the counties of the origin's own
 *     city, leaves the province: the adjacent city of the next province (48号
 *     二: 事发地地市级…应第一时间向下游省相邻地市级…通报). The county's notice to
 *     it is an advance copy: the duty to issue at its level is the own city's,
 *     and the clause says so. Its hops are those of the county that brings it
 *     in, and 1 where it lies further down.
 *
 * Up, an inquiry (环应急〔2020〕5号四) goes the same way on the exact
 * reverse of the graph, to the same superiors.
 *
 * A city or province as origin speaks for all its counties: its river is
 * followed through them, and the cities (provinces) of the counties outside it
 * that are one hop away, or face it, hear it. An office that is city and
 * province in one, as Beijing is, does both. A code without a bureau is never a
 * row. All rows are required: a recipient that is not is an officer's addition.
 */
enum {
    TB_RULE_ROWS_MAX = TB_RECIPIENTS_MAX,
    TB_RIVER_TEXT_BYTES_MAX = 512,
    TB_CLAUSE_BYTES_MAX = 512,
};

struct tb_rule_row {
    uint32_t code;
    const char *name; /* borrowed from the rivers */
    enum tb_level level;
    /* The origin's rivers for whose sake the office must hear, in the order of
     * rivers.csv, joined by 、; with 等 at the end where they do not all fit. */
    char river[TB_RIVER_TEXT_BYTES_MAX];
    uint32_t hops; /* 0 facing bank and superiors, 1 next */
    char clause[TB_CLAUSE_BYTES_MAX];
    bool required;
};

/*
 * The offices that ${origin} must tell (or, up, ask) about ${river}, or about
 * all its rivers when that is NULL; each once, ordered by hops, level, code. An
 * origin without a river of the table tells its superiors. TB_UNKNOWN when
 * ${origin} is no office of the table; TB_INPUT when ${river} is not one of its
 * rivers, with those in ${diag}; TB_TOOBIG when there are more than
 * ${rows_max}. On failure ${count} is 0.
 */
enum tb_status tb_rule_who(const struct tb_rivers *rivers, uint32_t origin, const char *river,
                           enum tb_direction direction, struct tb_rule_row *rows, size_t rows_max,
                           size_t *count, struct tb_diag *diag) TB_MUST_USE;

/*
 * Every office that ${office} can ever have to write to or hear from, by code,
 * so that a node is linked to their brokers before the emergency: its rows on
 * all rivers in both directions, the origins whose rows name it with their city
 * and province (who get its acknowledgement), and the reverse of both.
 * TB_UNKNOWN and TB_TOOBIG as above.
 */
enum tb_status tb_rule_reach(const struct tb_rivers *rivers, uint32_t office, uint32_t *codes,
                             size_t codes_max, size_t *count, struct tb_diag *diag) TB_MUST_USE;

/*
 * Ask the rule for every office in both directions: TB_TOOBIG, with the office
 * in ${diag}, when a list of recipients would not fit an envelope. So a table
 * is proved before it is trusted, and nobody learns it in an emergency (I6).
 */
enum tb_status tb_rule_check(const struct tb_rivers *rivers, struct tb_diag *diag) TB_MUST_USE;

#endif
