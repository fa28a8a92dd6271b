#include "node/core/views_clock.h"

#include <stdio.h>
#include <string.h>

#include "proto/wire.h"

static bool told(const char *text)
{
    return text[0] != '\0';
}

void tb_views_grade(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Body *body = row->body;
    const Tongbao__Notice *notice = body->notice;
    bool article4 = false;
    /* "报告单位、报告签发人、联系人及联系方式" (Order 17 Art. 14). */
    bool written = told(notice->reporting_office) && told(notice->signed_by) &&
                   told(notice->contact) && told(notice->contact_phone);
    for (size_t i = 0; i < notice->n_article4; i++) {
        article4 = article4 || (notice->article4[i] >= 1 && notice->article4[i] <= TB_CONDITIONS);
    }
    tb_db_do(node->db, TB_SQL(node, GRADING_ADD), "iiiiiiiibi", row->n, notice->occurred_at_ms,
             notice->known_at_ms, notice->graded_at_ms, (int64_t)(notice->sensitive ? 1 : 0),
             (int64_t)article4, (int64_t)written, (int64_t)row->directory_version,
             tb_wire_bytes(body->chain), (int64_t)body->chain_seq);
    tb_db_do(node->db, TB_SQL(node, INCIDENT_PUT), "bii", tb_wire_bytes(body->incident),
             (int64_t)row->world, row->n);
}

/* "press_conference published", in the words of JSON. */
static void words(char text[TB_NAME_BYTES_MAX], const ProtobufCEnumDescriptor *first, int a,
                  const ProtobufCEnumDescriptor *second, int b)
{
    const ProtobufCEnumValue *x = protobuf_c_enum_descriptor_get_value(first, a);
    const ProtobufCEnumValue *y =
        second == NULL ? NULL : protobuf_c_enum_descriptor_get_value(second, b);
    snprintf(text, TB_NAME_BYTES_MAX, "%s%s%s", x == NULL ? "?" : x->name, y == NULL ? "" : " ",
             y == NULL ? "" : y->name);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
}

void tb_views_disclosure(struct tb_node *node, const struct tb_view_row *row, struct tb_id *subject,
                         char text[TB_NAME_BYTES_MAX])
{
    const Tongbao__Disclosure *said = row->body->disclosure;
    bool taken = tb_id_take(subject, tb_wire_bytes(said->notice));
    tb_assert(taken); /* by tb_statement_check */
    /* "Fulfilment only by evidence"; a proposal or a decision is none. */
    bool counts = (said->state == TONGBAO__DISCLOSURE__STATE__PUBLISHED ||
                   said->state == TONGBAO__DISCLOSURE__STATE__UPDATED) &&
                  said->n_evidence > 0;
    words(text, &tongbao__disclosure__measure__descriptor, (int)said->measure,
          &tongbao__disclosure__state__descriptor, (int)said->state);
    tb_db_do(node->db, TB_SQL(node, DISCLOSURE_ADD), "iddiiiiiiit", row->n, &row->id, subject,
             (int64_t)row->origin, (int64_t)row->world, (int64_t)said->measure, (int64_t)counts,
             said->at_ms, said->entered_at_ms, (int64_t)row->directory_version, text);
}

void tb_views_deed(struct tb_node *node, const struct tb_view_row *row, struct tb_id *subject,
                   char text[TB_NAME_BYTES_MAX])
{
    const Tongbao__Deed *said = row->body->deed;
    bool taken = tb_id_take(subject, tb_wire_bytes(said->notice));
    tb_assert(taken);
    words(text, &tongbao__deed__duty__descriptor, (int)said->duty, NULL, 0);
    tb_db_do(node->db, TB_SQL(node, DEED_ADD), "iddiiiiiiit", row->n, &row->id, subject,
             (int64_t)row->origin, (int64_t)row->world, (int64_t)said->duty,
             (int64_t)(said->n_evidence > 0), said->at_ms, said->entered_at_ms,
             (int64_t)row->directory_version, text);
}
