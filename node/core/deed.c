#include <stdio.h>

#include "node/core/asked.h"
#include "node/core/ledger.h"
#include "node/core/officer.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

/* What an office did outside the net, and what the public was told: recorded, so that
 * clocks are met by facts and not by memory. */

/* To "the incident's origin, its city and province, and the own city and province". */
static void address(struct tb_node *node, uint32_t origin)
{
    struct tb_superiors above;
    struct tb_recipients *route = &node->route;
    const char *superiors = tb_clause_phrase(TB_PHRASE_ISSUER_SUPERIORS);
    tb_recipients_clear(route);
    (void)tb_recipients_add(node, route, origin, true, 0, tb_clause_phrase(TB_PHRASE_ISSUER), "");
    tb_recipients_superiors(node, origin, &above);
    (void)tb_recipients_add(node, route, above.city, true, 0, superiors, "");
    (void)tb_recipients_add(node, route, above.province, true, 0, superiors, "");
    tb_recipients_add_own(node, route, tb_clause_phrase(TB_PHRASE_SUPERIORS));
}

static enum tb_status say(struct tb_node *node, const struct tb_at *at,
                          const struct tb_answered *notice, Tongbao__Body *body,
                          struct tb_result *result)
{
    body->incident = tb_wire_data(tb_bytes_of(notice->incident, TB_INCIDENT_BYTES));
    address(node, notice->origin);
    enum tb_status status =
        tb_ledger_say(node, at, notice->world, body, &node->route, &result->id, NULL);
    if (status != TB_OK) {
        return tb_asked_fail(result, TB_INPUT,
                             "names have at most %d bytes, evidence at most %d pieces of 20 MiB, "
                             "each with its digest of 32 bytes, and times lie in 1970 to 9999",
                             TB_NAME_BYTES_MAX, TB_ATTACHMENTS_MAX);
    }
    return TB_OK;
}

/* Who is on duty, and the notice that the act is about. */
static enum tb_status begin(struct tb_node *node, const struct tb_at *at,
                            const struct tb_request *request, const struct tb_id *id,
                            struct tb_officer_row *officer, struct tb_answered *notice,
                            struct tb_result *result)
{
    enum tb_status status = tb_officer_on_duty(node, at, request, result, officer);
    return status == TB_OK ? tb_asked_notice(node, id, notice, result) : status;
}

/* ------------------------------------------------------------- disclosures */

static enum tb_status disclosure_allowed(const struct tb_node *node,
                                         const Tongbao__Disclosure *said,
                                         const struct tb_answered *notice, struct tb_result *result)
{
    bool measure = said->measure >= TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION &&
                   said->measure <= TONGBAO__DISCLOSURE__MEASURE__RESPONSE;
    bool state = said->state >= TONGBAO__DISCLOSURE__STATE__PROPOSED &&
                 said->state <= TONGBAO__DISCLOSURE__STATE__UPDATED;
    bool public = said->state == TONGBAO__DISCLOSURE__STATE__PUBLISHED ||
                  said->state == TONGBAO__DISCLOSURE__STATE__UPDATED;
    if (!measure) {
        return tb_asked_fail(result, TB_INPUT,
                             "the measure is authoritative_information, press_conference or "
                             "response");
    }
    if (!state) {
        return tb_asked_fail(result, TB_INPUT,
                             "the state is proposed, decided, published or updated");
    }
    if (!tb_statement_discloses(node->config.office, notice->origin)) {
        return tb_asked_fail(result, TB_AUTHORITY,
                             "only the office that issued the notice, its city and its province "
                             "enter its disclosures: tell them by telephone");
    }
    if (public && said->n_evidence == 0) {
        return tb_asked_fail(result, TB_INPUT,
                             "without evidence nothing is published: add the text, a clipping or a "
                             "picture of what was published (--evidence FILE), or enter it as "
                             "proposed or decided");
    }
    return TB_OK;
}

enum tb_status tb_disclose_do(struct tb_node *node, const struct tb_at *at,
                              const struct tb_request *request, struct tb_result *result)
{
    const struct tb_disclose *asked = &request->disclose;
    struct tb_officer_row on_duty;
    struct tb_answered notice = {0};
    Tongbao__Officer officer;
    Tongbao__Disclosure said = *asked->said;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    enum tb_status status = begin(node, at, request, &asked->notice, &on_duty, &notice, result);
    if (status == TB_OK) {
        status = disclosure_allowed(node, &said, &notice, result);
    }
    if (status != TB_OK) {
        return status;
    }
    tongbao__officer__init(&officer);
    officer.name = on_duty.name;
    officer.number = on_duty.number;
    said.notice = tb_wire_id(&asked->notice);
    said.officer = &officer;
    said.entered_at_ms = at->now->wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_DISCLOSURE;
    body.disclosure = &said;
    return say(node, at, &notice, &body, result);
}

/* ------------------------------------------------------------------- deeds */

static enum tb_status deed_allowed(const Tongbao__Deed *said, struct tb_result *result)
{
    bool duty = said->duty >= TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT &&
                said->duty <= TONGBAO__DEED__DUTY__OPINION_KNOWN;
    if (!duty) {
        return tb_asked_fail(result, TB_INPUT,
                             "the duty is report_own_government, report_superior, "
                             "report_province, report_ministry, propose_neighbour_government or "
                             "opinion_known");
    }
    if (said->to[0] == '\0' && said->duty != TONGBAO__DEED__DUTY__OPINION_KNOWN) {
        return tb_asked_fail(result, TB_INPUT, "say to whom it was reported or proposed");
    }
    return TB_OK;
}

enum tb_status tb_deed_do(struct tb_node *node, const struct tb_at *at,
                          const struct tb_request *request, struct tb_result *result)
{
    const struct tb_deed *asked = &request->deed;
    struct tb_officer_row on_duty;
    struct tb_answered notice = {0};
    Tongbao__Officer officer;
    Tongbao__Deed said = *asked->said;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    enum tb_status status = begin(node, at, request, &asked->notice, &on_duty, &notice, result);
    if (status == TB_OK) {
        status = deed_allowed(&said, result);
    }
    if (status != TB_OK) {
        return status;
    }
    tongbao__officer__init(&officer);
    officer.name = on_duty.name;
    officer.number = on_duty.number;
    said.notice = tb_wire_id(&asked->notice);
    said.officer = &officer;
    said.entered_at_ms = at->now->wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_DEED;
    body.deed = &said;
    status = say(node, at, &notice, &body, result);
    bool meets = said.n_evidence > 0 || said.duty == TONGBAO__DEED__DUTY__OPINION_KNOWN;
    if (status == TB_OK && !meets) {
        (void)snprintf(result->text, sizeof result->text,
                       "recorded without evidence: it meets no time limit until a deed with "
                       "evidence is entered");
    }
    return status;
}
