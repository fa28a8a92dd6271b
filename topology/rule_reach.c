#include "topology/rule.h"

#include <stdlib.h>

#include "base/fault.h"

/* The codes found so far, by place in the table of divisions. */
struct found {
    const struct tb_division *first;
    size_t divisions;
    bool *has;
};

static void find(struct found *found, const struct tb_rivers *rivers, uint32_t code)
{
    const struct tb_division *d = tb_rivers_division(rivers, code);
    if (d != NULL && d->office) {
        found->has[d - found->first] = true;
    }
}

static void find_with_superiors(struct found *found, const struct tb_rivers *rivers, uint32_t code)
{
    for (; code != 0; code = tb_rivers_parent(rivers, code)) {
        find(found, rivers, code);
    }
}

static bool names(const struct tb_rule_row *rows, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code == code) {
            return true;
        }
    }
    return false;
}

/* True when ${office} is ${origin}, its city or its province: one of those to
 * whom an acknowledgement of a notice of ${origin} goes. */
static bool answers_for(const struct tb_rivers *rivers, uint32_t office, uint32_t origin)
{
    for (; origin != 0; origin = tb_rivers_parent(rivers, origin)) {
        if (origin == office) {
            return true;
        }
    }
    return false;
}

/* What a notice or inquiry of ${origin} links ${office} with. */
static enum tb_status find_by(struct found *found, const struct tb_rivers *rivers, uint32_t office,
                              uint32_t origin, struct tb_rule_row *rows, struct tb_diag *diag)
{
    for (enum tb_direction direction = TB_DOWN; direction <= TB_UP; direction++) {
        size_t count;
        enum tb_status status =
            tb_rule_who(rivers, origin, NULL, direction, rows, TB_RULE_ROWS_MAX, &count, diag);
        if (status != TB_OK) {
            return status;
        }
        if (names(rows, count, office)) {
            find_with_superiors(found, rivers, origin);
        }
        if (answers_for(rivers, office, origin)) {
            for (size_t i = 0; i < count; i++) {
                find(found, rivers, rows[i].code);
            }
        }
    }
    return TB_OK;
}

enum tb_status tb_rule_reach(const struct tb_rivers *rivers, uint32_t office, uint32_t *codes,
                             size_t codes_max, size_t *count, struct tb_diag *diag)
{
    size_t divisions;
    struct tb_rule_row *rows = calloc(TB_RULE_ROWS_MAX, sizeof *rows);
    tb_assert(rows != NULL);
    const struct tb_division *division = tb_rivers_divisions(rivers, &divisions);
    struct found found = {division, divisions, calloc(divisions + 1, sizeof(bool))};
    tb_assert(found.has != NULL);
    *count = 0;

    /* The office's own question tells whether it is one. */
    enum tb_status status = find_by(&found, rivers, office, office, rows, diag);
    for (size_t i = 0; i < divisions && status == TB_OK; i++) {
        if (division[i].office && division[i].code != office) {
            status = find_by(&found, rivers, office, division[i].code, rows, diag);
        }
    }
    for (size_t i = 0; i < divisions && status == TB_OK; i++) {
        if (!found.has[i] || division[i].code == office) {
            continue;
        }
        if (*count == codes_max) {
            tb_diag_set(diag, 0, "%06u can reach more than %zu offices", office, codes_max);
            status = TB_TOOBIG;
        } else {
            codes[(*count)++] = division[i].code;
        }
    }
    if (status != TB_OK) {
        *count = 0;
    }
    free(rows);
    free(found.has);
    return status;
}

enum tb_status tb_rule_check(const struct tb_rivers *rivers, struct tb_diag *diag)
{
    size_t divisions;
    struct tb_rule_row *rows = calloc(TB_RULE_ROWS_MAX, sizeof *rows);
    tb_assert(rows != NULL);
    const struct tb_division *division = tb_rivers_divisions(rivers, &divisions);
    enum tb_status status = TB_OK;
    for (size_t i = 0; i < divisions && status == TB_OK; i++) {
        for (enum tb_direction direction = TB_DOWN;
             direction <= TB_UP && status == TB_OK && division[i].office; direction++) {
            size_t count;
            status = tb_rule_who(rivers, division[i].code, NULL, direction, rows, TB_RULE_ROWS_MAX,
                                 &count, diag);
        }
    }
    free(rows);
    return status;
}
