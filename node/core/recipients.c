#include "node/core/recipients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "topology/clause.h"
#include "topology/rule.h"

static void superiors_by_code(struct tb_node *node, uint32_t office, struct tb_superiors *above)
{
    uint32_t city = office / 100 * 100;
    uint32_t province = tb_province_of(office);
    bool known = tb_directories_for(node->set, office) != NULL;
    bool bureau = !known || tb_directories_office(node->set, city) != NULL;
    above->city = city != office && city != province && bureau ? city : 0;
    above->province = province != office ? province : 0;
}

void tb_recipients_superiors(struct tb_node *node, uint32_t office, struct tb_superiors *above)
{
    const struct tb_rivers *rivers = tb_atlas_for(node->atlas, node->set, office);
    const struct tb_division *division = rivers == NULL ? NULL : tb_rivers_division(rivers, office);
    if (division == NULL) {
        superiors_by_code(node, office, above);
        return;
    }
    above->city = division->city != office ? division->city : 0;
    above->province = division->province != office ? division->province : 0;
}

void tb_recipients_clear(struct tb_recipients *route)
{
    route->count = 0;
}

bool tb_recipients_add(struct tb_node *node, struct tb_recipients *route, uint32_t office,
                       bool required, uint32_t hops, const char *clause, const char *river)
{
    if (office == 0 || office == node->config.office) {
        return true;
    }
    for (size_t i = 0; i < route->count; i++) {
        if (route->at[i].office == office) {
            route->at[i].required = route->at[i].required || required;
            return true;
        }
    }
    if (route->count == TB_RECIPIENTS_MAX) {
        return false;
    }
    struct tb_addressee *to = &route->at[route->count++];
    to->office = office;
    to->required = required;
    to->hops = hops;
    to->outside = tb_directories_office(node->set, office) == NULL;
    tb_text_copy(to->clause, sizeof to->clause, clause);
    tb_text_copy(to->river, sizeof to->river, river);
    return true;
}

void tb_recipients_add_own(struct tb_node *node, struct tb_recipients *route, const char *clause)
{
    struct tb_superiors own;
    tb_recipients_superiors(node, node->config.office, &own);
    (void)tb_recipients_add(node, route, own.city, true, 0, clause, "");
    (void)tb_recipients_add(node, route, own.province, true, 0, clause, "");
}

/* Ask the rule; a river that is not one of this office's is told to the union. */
static enum tb_status ask_rule(struct tb_node *node, const struct tb_rivers *rivers,
                               const char *river, enum tb_direction direction,
                               struct tb_rule_row *rows, size_t *count, char *remark,
                               size_t remark_bytes)
{
    struct tb_diag diag = {0};
    uint32_t office = node->config.office;
    const char *named = river[0] == '\0' ? NULL : river;
    enum tb_status status =
        tb_rule_who(rivers, office, named, direction, rows, TB_RULE_ROWS_MAX, count, &diag);
    if (status == TB_INPUT) {
        snprintf(remark, remark_bytes, "该河流不在本单位的河流之列，已按全部河流通报: %s",
                 diag.text);
        status = tb_rule_who(rivers, office, NULL, direction, rows, TB_RULE_ROWS_MAX, count, &diag);
    }
    return status;
}

void tb_recipients_rule(struct tb_node *node, struct tb_recipients *route, const char *river,
                        enum tb_direction direction, char *remark, size_t remark_bytes)
{
    const struct tb_rivers *rivers = tb_atlas_for(node->atlas, node->set, node->config.office);
    size_t count = 0;
    if (rivers == NULL) {
        snprintf(remark, remark_bytes, "本地没有河流资料，只通报了本市和本省；请电话通知下游");
        tb_recipients_add_own(node, route, tb_clause_phrase(TB_PHRASE_SUPERIORS_BY_CODE));
        return;
    }
    struct tb_rule_row *rows = malloc(TB_RULE_ROWS_MAX * sizeof *rows);
    tb_assert(rows != NULL);
    enum tb_status status =
        ask_rule(node, rivers, river, direction, rows, &count, remark, remark_bytes);
    for (size_t i = 0; status == TB_OK && i < count; i++) {
        (void)tb_recipients_add(node, route, rows[i].code, rows[i].required, rows[i].hops,
                                rows[i].clause, rows[i].river);
    }
    free(rows);
    if (status != TB_OK) {
        snprintf(remark, remark_bytes, "河流资料中没有本单位，只通报了本市和本省；请电话通知下游");
    }
    /* "The origin's city and province always, in the same act". */
    tb_recipients_add_own(node, route, tb_clause_phrase(TB_PHRASE_SUPERIORS));
}

void tb_recipients_told(struct tb_node *node, struct tb_recipients *route,
                        const uint8_t incident[TB_INCIDENT_BYTES], enum tb_world world)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_TOLD);
    tb_db_ask(node->db, sql, "bi", tb_bytes_of(incident, TB_INCIDENT_BYTES), (int64_t)world);
    while (tb_db_next(node->db, sql)) {
        (void)tb_recipients_add(node, route, (uint32_t)tb_db_int(sql, 0), tb_db_int(sql, 1) != 0,
                                (uint32_t)tb_db_int(sql, 2), tb_db_text(sql, 3),
                                tb_db_text(sql, 4));
    }
}
