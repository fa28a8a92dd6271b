#ifndef TB_CLAUSE_H
#define TB_CLAUSE_H

#include <stddef.h>

#include "topology/rivers.h"

/*
 * clause - the words that say why an office must hear it.
 *
 * The rule finds the reasons; here they become the text that stands in the
 * deliveries of a notice, is signed with it and is read by both sides and by an
 * inquiry: in Chinese, of the phrases of one table (phrases.def), of names and
 * codes, and of the circular that a province names in its row of divisions.csv
 * and that binds its offices only. Order 17 and 环应急〔2020〕5号 hold everywhere.
 *
 *   部令第17号第八条、晋环发〔2019〕48号二：下游相邻县，亦为对岸
 */
enum {
    TB_CLAUSE_NEXT = 1 << 0,       /* a next county, or the office of one */
    TB_CLAUSE_FACING = 1 << 1,     /* a facing bank, or the office of one */
    TB_CLAUSE_FOR_COUNTY = 1 << 2, /* told as the city (province) of such a county */
    TB_CLAUSE_CROSSING = 1 << 3,   /* in the next province, adjacent to the own city */
    TB_CLAUSE_CITY = 1 << 4,       /* the origin's own city */
    TB_CLAUSE_PROVINCE = 1 << 5,   /* the origin's own province */
};

enum tb_phrase {
#define PHRASE(name, chinese, english) TB_PHRASE_##name,
#include "topology/phrases.def"
#undef PHRASE
    TB_PHRASE_COUNT
};

/* The Chinese of ${phrase}, for those who have a whole clause in one phrase. */
const char *tb_clause_phrase(enum tb_phrase phrase);

/* Write the clauses by which ${origin} must tell (or, up, ask) ${office} for
 * the reasons ${basis} into ${out}, apart by "；"; what does not fit is cut off
 * behind a whole character. */
void tb_clause_text(char *out, size_t out_bytes, const struct tb_rivers *rivers,
                    const struct tb_division *origin, enum tb_direction direction,
                    const struct tb_division *office, unsigned basis);

/*
 * Write ${clause} into ${out} with the phrases of the table, and the marks
 * beside them, in English; the longest phrase first. A phrase is one only where
 * it stands alone between two marks or ends: names, codes, circulars and the
 * clauses of other programs pass unchanged. What does not fit is cut off behind
 * a whole character; ${out_bytes} is at least 1.
 */
void tb_clause_english(char *out, size_t out_bytes, const char *clause);

#endif
