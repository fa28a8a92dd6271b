#include "voice.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "proto/wire.h"

/* A statement of ${office} to this desk's office. */
static void say(struct desk *desk, uint32_t office, Tongbao__Body *body, bool chained)
{
    struct fix_say who = {.origin = office, .to = {desk->office}};
    if (office != 140000 && desk->office != 140000) {
        who.to[1] = 140000;
    }
    tb_buf_cut(&desk->bytes, 0);
    fix_seal(desk->fix, &who, body, chained, &desk->bytes, NULL);
    desk_deliver(desk, 0, 2, tb_buf_bytes(&desk->bytes));
}

void voice_acknowledge(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    struct fix_say who = {.origin = office, .to = {desk->office, 140000}};
    tb_buf_cut(&desk->bytes, 0);
    fix_acknowledgement(desk->fix, &who, notice, &desk->bytes, NULL);
    desk_deliver(desk, 0, 2, tb_buf_bytes(&desk->bytes));
}

void voice_receipt(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    struct fix_say who = {.origin = office, .to = {desk->office, 140000}};
    tb_buf_cut(&desk->bytes, 0);
    fix_receipt(desk->fix, &who, notice, &desk->bytes, NULL);
    desk_deliver(desk, 0, 2, tb_buf_bytes(&desk->bytes));
}

void voice_object(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Objection objection = TONGBAO__OBJECTION__INIT;
    objection.envelope = tb_wire_id(notice);
    objection.outcome = TONGBAO__OBJECTION__OUTCOME__PARKED;
    objection.reason = TB_SIGNER;
    body.statement_case = TONGBAO__BODY__STATEMENT_OBJECTION;
    body.objection = &objection;
    say(desk, office, &body, false);
}

static void officer(Tongbao__Officer *who)
{
    static char name[] = "李四";
    tongbao__officer__init(who);
    who->name = name;
}

void voice_call(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    char person[] = "赵六";
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Call call;
    Tongbao__Officer caller;
    tongbao__call__init(&call);
    officer(&caller);
    call.notice = tb_wire_id(notice);
    call.office = desk->office;
    call.person = person;
    call.caller = &caller;
    body.statement_case = TONGBAO__BODY__STATEMENT_CALL;
    body.call = &call;
    say(desk, office, &body, true);
}

struct evidence {
    Tongbao__Attachment piece;
    Tongbao__Attachment *list[1];
    uint8_t digest[TB_ID_BYTES];
};

static void show(struct evidence *evidence)
{
    tongbao__attachment__init(&evidence->piece);
    memset(evidence->digest, 0xe1, sizeof evidence->digest);
    evidence->piece.digest = tb_wire_data(tb_bytes_of(evidence->digest, TB_ID_BYTES));
    evidence->piece.size_bytes = 1234;
    evidence->list[0] = &evidence->piece;
}

static void publish(Tongbao__Disclosure *said, struct evidence *evidence)
{
    tongbao__disclosure__init(said);
    show(evidence);
    said->measure = TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION;
    said->state = TONGBAO__DISCLOSURE__STATE__PUBLISHED;
    said->evidence = evidence->list;
    said->n_evidence = 1;
}

static void report(Tongbao__Deed *said, struct evidence *evidence)
{
    static char to[] = "县人民政府值班室";
    tongbao__deed__init(said);
    show(evidence);
    said->duty = TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT;
    said->to = to;
    said->evidence = evidence->list;
    said->n_evidence = 1;
}

void voice_disclose(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    Tongbao__Officer who;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Disclosure said;
    struct evidence evidence;
    publish(&said, &evidence);
    said.notice = tb_wire_id(notice);
    officer(&who);
    said.officer = &who;
    said.entered_at_ms = desk->now.wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_DISCLOSURE;
    body.disclosure = &said;
    say(desk, office, &body, true);
}

void voice_deed(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    Tongbao__Officer who;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Deed said;
    struct evidence evidence;
    report(&said, &evidence);
    said.notice = tb_wire_id(notice);
    officer(&who);
    said.officer = &who;
    said.entered_at_ms = desk->now.wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_DEED;
    body.deed = &said;
    say(desk, office, &body, true);
}

void voice_destroy(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    struct fix_say who = {.origin = office, .to = {desk->office, 140000}};
    tb_buf_cut(&desk->bytes, 0);
    fix_destruction(desk->fix, &who, notice, &desk->bytes, NULL);
    desk_deliver(desk, 0, 2, tb_buf_bytes(&desk->bytes));
}

void voice_recall(struct desk *desk, uint32_t office, const struct tb_id *answers)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Recall recall = TONGBAO__RECALL__INIT;
    if (answers != NULL) {
        recall.answers = tb_wire_id(answers);
        recall.own = 1;
    }
    body.statement_case = TONGBAO__BODY__STATEMENT_RECALL;
    body.recall = &recall;
    say(desk, office, &body, false);
}

void voice_widen(struct desk *desk, uint32_t office, const struct tb_id *notice)
{
    char clause[] = "部令第17号第八条：下游相邻县";
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Widening widening;
    struct tb_seal seal = {.world = TB_WORLD_NONE,
                           .origin = 140000,
                           .directory_version = 1,
                           .secret = &desk->fix->broker[0].key.secret};
    tongbao__widening__init(&widening);
    widening.envelope = tb_wire_id(notice);
    widening.office = office;
    widening.clause = clause;
    widening.hops = 1;
    widening.topology_version = 2;
    body.issued_at_ms = desk->now.wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    body.widening = &widening;
    tb_buf_cut(&desk->bytes, 0);
    enum tb_status status = tb_envelope_seal(&desk->bytes, &seal, &body, &id);
    tb_assert(status == TB_OK);
    desk_deliver(desk, 0, 2, tb_buf_bytes(&desk->bytes));
}

/* ----------------------------------------------------------------- the officer */

static struct tb_result ask(struct desk *desk, struct tb_request *request)
{
    char id[40];
    snprintf(id, sizeof id, "voice %llu", (unsigned long long)desk->draws);
    request->id = id;
    request->token = desk->token;
    return desk_ask(desk, request);
}

struct tb_result voice_own_call(struct desk *desk, const struct tb_id *notice)
{
    struct tb_request request = {.verb = TB_VERB_CALL};
    request.call = (struct tb_call){.notice = *notice, .office = 140900, .person = "赵六"};
    return ask(desk, &request);
}

struct tb_result voice_own_disclosure(struct desk *desk, const struct tb_id *notice)
{
    Tongbao__Disclosure said;
    struct evidence evidence;
    struct tb_request request = {.verb = TB_VERB_DISCLOSE};
    publish(&said, &evidence);
    request.disclose = (struct tb_disclose){.notice = *notice, .said = &said};
    return ask(desk, &request);
}

struct tb_result voice_own_deed(struct desk *desk, const struct tb_id *notice)
{
    Tongbao__Deed said;
    struct evidence evidence;
    struct tb_request request = {.verb = TB_VERB_DEED};
    report(&said, &evidence);
    request.deed = (struct tb_deed){.notice = *notice, .said = &said};
    return ask(desk, &request);
}
