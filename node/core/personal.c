#include "node/core/personal.h"

#include <string.h>

#include "base/fault.h"
#include "node/core/asked.h"
#include "node/core/ledger.h"
#include "node/core/officer.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

enum { READS_KEPT_MAX = 10000 };

const char *tb_personal_state_text(enum tb_personal_state state)
{
    static const char *const text[] = {
        [TB_PERSONAL_NONE] = "none",
        [TB_PERSONAL_HERE] = "here",
        [TB_PERSONAL_ABSENT] = "absent",
        [TB_PERSONAL_DESTROYED] = "destroyed",
    };
    tb_assert((size_t)state < sizeof text / sizeof text[0]);
    return text[state];
}

/* True when the signed body of row ${n} binds a personal part. */
static bool binds(struct tb_node *node, int64_t n)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body = NULL;
    tb_arena_reset(&node->body_arena);
    return tb_envelope_read(&envelope, tb_ledger_bytes(node, n)) == TB_OK &&
           tb_envelope_body(&envelope, &node->body_arena, &body) == TB_OK &&
           body->personal_digest.len > 0;
}

enum tb_personal_state tb_personal_get(struct tb_node *node, const struct tb_id *id,
                                       struct tb_buf *out)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PERSONAL_GET);
    enum tb_personal_state state = TB_PERSONAL_NONE;
    struct tb_found found;
    if (!tb_ledger_find(node, id, &found) || !binds(node, found.n)) {
        return state;
    }
    if (tb_db_one(node->db, sql, "i", found.n)) {
        struct tb_bytes personal = tb_db_bytes(sql, 0);
        bool whole = personal.size > TB_PERSONAL_SALT_BYTES;
        state = tb_db_int(sql, 1) != 0 ? TB_PERSONAL_DESTROYED
                : whole                ? TB_PERSONAL_HERE
                                       : TB_PERSONAL_ABSENT;
        if (whole && out != NULL) {
            enum tb_status status =
                tb_buf_add(out, tb_bytes_of(personal.data + TB_PERSONAL_SALT_BYTES,
                                            personal.size - TB_PERSONAL_SALT_BYTES));
            tb_assert(status == TB_OK);
        }
    }
    tb_db_done(sql);
    return state;
}

void tb_personal_make(const uint8_t *seed, const char *text, struct tb_buf *out,
                      struct tb_id *digest)
{
    uint8_t salt[TB_PERSONAL_SALT_BYTES];
    tb_draw(salt, sizeof salt, seed, "personal");
    enum tb_status status = tb_buf_add(out, tb_bytes_of(salt, sizeof salt));
    tb_assert(status == TB_OK);
    status = tb_buf_add(out, tb_bytes_text(text));
    tb_assert(status == TB_OK);
    tb_digest(digest, tb_buf_bytes(out));
}

/* Everybody to whom the notice was addressed, so that all their brokers hear it, and
 * the superiors of its origin and of this office. */
static void address(struct tb_node *node, const struct tb_id *id, uint32_t origin)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECIPIENT_OF);
    struct tb_recipients *route = &node->route;
    struct tb_superiors above;
    struct tb_found found;
    tb_recipients_clear(route);
    (void)tb_recipients_add(node, route, origin, true, 0, tb_clause_phrase(TB_PHRASE_ISSUER), "");
    tb_recipients_superiors(node, origin, &above);
    const char *superiors = tb_clause_phrase(TB_PHRASE_ISSUER_SUPERIORS);
    (void)tb_recipients_add(node, route, above.city, true, 0, superiors, "");
    (void)tb_recipients_add(node, route, above.province, true, 0, superiors, "");
    tb_recipients_add_own(node, route, tb_clause_phrase(TB_PHRASE_SUPERIORS));
    if (origin != node->config.office || !tb_ledger_find(node, id, &found)) {
        return;
    }
    tb_db_ask(node->db, sql, "i", found.n);
    while (tb_db_next(node->db, sql)) {
        (void)tb_recipients_add(node, route, (uint32_t)tb_db_int(sql, 0), true, 0,
                                tb_clause_phrase(TB_PHRASE_HOLDER), "");
    }
}

enum tb_status tb_destroy_do(struct tb_node *node, const struct tb_at *at,
                             const struct tb_request *request, struct tb_result *result)
{
    const struct tb_destroy *asked = &request->destroy;
    Tongbao__Destruction said;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    struct tb_officer_row on_duty;
    struct tb_answered notice = {0};
    Tongbao__Officer officer;
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &on_duty);
    if (status == TB_OK) {
        status = tb_asked_notice(node, &asked->notice, &notice, result);
    }
    if (status != TB_OK) {
        return status;
    }
    enum tb_personal_state state = tb_personal_get(node, &asked->notice, NULL);
    if (state == TB_PERSONAL_NONE || (state == TB_PERSONAL_DESTROYED && !notice.own)) {
        return tb_asked_fail(result, TB_STATE,
                             state == TB_PERSONAL_NONE
                                 ? "this notice has no personal data: there is nothing to destroy"
                                 : "its personal data is destroyed already");
    }
    if (asked->reason == NULL || asked->reason[0] == '\0') {
        return tb_asked_fail(result, TB_INPUT, "say why: the reason is kept for good");
    }
    tongbao__officer__init(&officer);
    officer.name = on_duty.name;
    officer.number = on_duty.number;
    tongbao__destruction__init(&said);
    said.notice = tb_wire_id(&asked->notice);
    said.reason = (char *)(uintptr_t)asked->reason;
    said.officer = &officer;
    said.at_ms = at->now->wall.ms;
    body.incident = tb_wire_data(tb_bytes_of(notice.incident, TB_INCIDENT_BYTES));
    body.statement_case = TONGBAO__BODY__STATEMENT_DESTRUCTION;
    body.destruction = &said;
    address(node, &asked->notice, notice.origin);
    status = tb_ledger_say(node, at, notice.world, &body, &node->route, &result->id, NULL);
    return status == TB_OK ? TB_OK
                           : tb_asked_fail(result, TB_INPUT, "the reason is too long or no text");
}

enum tb_status tb_personal_read_do(struct tb_node *node, const struct tb_at *at,
                                   const struct tb_request *request, struct tb_result *result)
{
    const struct tb_id *id = &request->destroy.notice;
    struct tb_officer_row officer;
    struct tb_answered notice = {0};
    char hex[TB_ID_HEX_CHARS + 1];
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &officer);
    if (status == TB_OK) {
        status = tb_asked_notice(node, id, &notice, result);
    }
    if (status != TB_OK) {
        return status;
    }
    switch (tb_personal_get(node, id, NULL)) {
    case TB_PERSONAL_NONE:
        return tb_asked_fail(result, TB_STATE, "this notice has no personal data");
    case TB_PERSONAL_ABSENT:
        return tb_asked_fail(result, TB_STATE,
                             "its personal data did not come with it: ask the office that issued "
                             "it");
    case TB_PERSONAL_DESTROYED:
        return tb_asked_fail(result, TB_STATE, "its personal data is destroyed, for good");
    case TB_PERSONAL_HERE:
        break;
    }
    result->id = *id;
    tb_db_do(node->db, TB_SQL(node, PERSONAL_READ_ADD), "dti", id, officer.name, at->now->wall.ms);
    tb_db_do(node->db, TB_SQL(node, PERSONAL_READ_TRIM), "ii", tb_db_last(node->db),
             (int64_t)READS_KEPT_MAX);
    tb_hex(hex, tb_bytes_of(id->byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_PERSONAL_READ, hex, officer.name);
    return TB_OK;
}
