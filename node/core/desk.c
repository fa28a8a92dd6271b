#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/core/ledger.h"
#include "node/core/officer.h"
#include "node/core/asked.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

/* The two answers of a desk to a notice: an acknowledgement, and a call. */

enum tb_status tb_asked_notice(struct tb_node *node, const struct tb_id *id,
                               struct tb_answered *notice, struct tb_result *result)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_FIND);
    bool here = tb_db_one(node->db, sql, "d", id) && tb_db_int(sql, 6) == 0;
    if (here) {
        struct tb_bytes incident = tb_db_bytes(sql, 3);
        notice->origin = (uint32_t)tb_db_int(sql, 1);
        notice->world = (enum tb_world)tb_db_int(sql, 2);
        notice->own = tb_db_int(sql, 5) != 0;
        tb_assert(incident.size == TB_INCIDENT_BYTES);
        memcpy(notice->incident, incident.data, TB_INCIDENT_BYTES);
        tb_text_copy(result->number, sizeof result->number, tb_db_text(sql, 4));
    }
    tb_db_done(sql);
    if (!here) {
        return tb_asked_fail(result, TB_UNKNOWN, "no such notice is here");
    }
    return TB_OK;
}

/* "To the notice's origin, that origin's city and province, and the acknowledging
 * office's own city and province." */
static void address_acknowledgement(struct tb_node *node, uint32_t origin)
{
    struct tb_superiors above;
    struct tb_recipients *route = &node->route;
    const char *superiors = tb_clause_phrase(TB_PHRASE_ISSUER_SUPERIORS);
    tb_recipients_clear(route);
    (void)tb_recipients_add(node, route, origin, true, 0, tb_clause_phrase(TB_PHRASE_ISSUER), "");
    tb_recipients_superiors(node, origin, &above);
    (void)tb_recipients_add(node, route, above.city, true, 0, superiors, "");
    (void)tb_recipients_add(node, route, above.province, true, 0, superiors, "");
    tb_recipients_add_own(node, route, tb_clause_phrase(TB_PHRASE_ACKNOWLEDGER_SUPERIORS));
}

static enum tb_status acknowledgement_allowed(const struct tb_acknowledge *asked,
                                              const struct tb_answered *notice,
                                              struct tb_result *result)
{
    bool level = asked->level >= TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED &&
                 asked->level <= TONGBAO__ACKNOWLEDGEMENT__LEVEL__ACTED;
    if (!level) {
        return tb_asked_fail(result, TB_INPUT, "the level is received, assessed or acted");
    }
    if (notice->own) {
        return tb_asked_fail(result, TB_STATE,
                             "this office issued the notice itself: nothing to acknowledge");
    }
    return TB_OK;
}

static enum tb_status say_acknowledgement(struct tb_node *node, const struct tb_at *at,
                                          const struct tb_acknowledge *asked,
                                          const struct tb_answered *notice,
                                          struct tb_officer_row *on_duty, struct tb_result *result)
{
    char hex[TB_ID_HEX_CHARS + 1];
    char subject[TB_ID_HEX_CHARS + 1];
    Tongbao__Officer officer;
    tongbao__officer__init(&officer);
    Tongbao__Acknowledgement said;
    tongbao__acknowledgement__init(&said);
    Tongbao__Body body = TONGBAO__BODY__INIT;
    officer.name = on_duty->name;
    officer.number = on_duty->number;
    said.notice = tb_wire_id(&asked->notice);
    said.level = asked->level;
    said.officer = &officer;
    said.given_at_ms = at->now->wall.ms;
    said.note = asked->note == NULL ? said.note : (char *)(uintptr_t)asked->note;
    body.incident = tb_wire_data(tb_bytes_of(notice->incident, TB_INCIDENT_BYTES));
    body.statement_case = TONGBAO__BODY__STATEMENT_ACKNOWLEDGEMENT;
    body.acknowledgement = &said;
    address_acknowledgement(node, notice->origin);
    enum tb_status status =
        tb_ledger_say(node, at, notice->world, &body, &node->route, &result->id, NULL);
    if (status != TB_OK) {
        return tb_asked_fail(result, TB_INPUT, "the note is too long or is not text");
    }
    tb_hex(hex, tb_bytes_of(result->id.byte, TB_ID_BYTES));
    tb_hex(subject, tb_bytes_of(asked->notice.byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_ACK_ISSUED, hex, subject);
    return TB_OK;
}

enum tb_status tb_acknowledge_do(struct tb_node *node, const struct tb_at *at,
                                 const struct tb_request *request, struct tb_result *result)
{
    const struct tb_acknowledge *asked = &request->acknowledge;
    struct tb_officer_row officer;
    struct tb_answered notice = {0};
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &officer);
    if (status == TB_OK) {
        status = tb_asked_notice(node, &asked->notice, &notice, result);
    }
    if (status == TB_OK) {
        status = acknowledgement_allowed(asked, &notice, result);
    }
    if (status == TB_OK) {
        status = say_acknowledgement(node, at, asked, &notice, &officer, result);
    }
    return status;
}

/* "A chained statement to the own city and province: who called whom"; the claimed
 * time is the caller's word, the time of entry is kept apart. */
static enum tb_status say_call(struct tb_node *node, const struct tb_at *at,
                               const struct tb_call *asked, const struct tb_answered *notice,
                               struct tb_officer_row *on_duty, struct tb_result *result)
{
    Tongbao__Officer officer;
    tongbao__officer__init(&officer);
    Tongbao__Call call;
    tongbao__call__init(&call);
    Tongbao__Body body = TONGBAO__BODY__INIT;
    officer.name = on_duty->name;
    officer.number = on_duty->number;
    call.notice = tb_wire_id(&asked->notice);
    call.office = asked->office;
    call.person = asked->person == NULL ? call.person : (char *)(uintptr_t)asked->person;
    call.phone = asked->phone == NULL ? call.phone : (char *)(uintptr_t)asked->phone;
    call.caller = &officer;
    call.claimed_at_ms = asked->claimed.ms;
    call.entered_at_ms = at->now->wall.ms;
    call.read_back = asked->read_back;
    call.result = asked->result == NULL ? call.result : (char *)(uintptr_t)asked->result;
    body.incident = tb_wire_data(tb_bytes_of(notice->incident, TB_INCIDENT_BYTES));
    body.statement_case = TONGBAO__BODY__STATEMENT_CALL;
    body.call = &call;
    tb_recipients_clear(&node->route);
    tb_recipients_add_own(node, &node->route, tb_clause_phrase(TB_PHRASE_SUPERIORS));
    enum tb_status status =
        tb_ledger_say(node, at, notice->world, &body, &node->route, &result->id, NULL);
    if (status != TB_OK) {
        return tb_asked_fail(result, TB_INPUT,
                             "a call names an office by its six digits, a person and a number of "
                             "at most %d bytes, and a time",
                             TB_NAME_BYTES_MAX);
    }
    return TB_OK;
}

enum tb_status tb_call_do(struct tb_node *node, const struct tb_at *at,
                          const struct tb_request *request, struct tb_result *result)
{
    const struct tb_call *asked = &request->call;
    struct tb_officer_row officer;
    struct tb_answered notice = {0};
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &officer);
    if (status == TB_OK) {
        status = tb_asked_notice(node, &asked->notice, &notice, result);
    }
    return status == TB_OK ? say_call(node, at, asked, &notice, &officer, result) : status;
}
