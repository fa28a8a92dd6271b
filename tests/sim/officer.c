#include "tests/sim/officer.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "proto/wire.h"
#include "tests/sim/machine.h"

enum {
    AGAIN_MS = 5000,
    SESSION_HOURS = 12,
    LATE_MS = 3 * 3600 * 1000,
    TRIES_MAX = 2000, /* an office whose machine is away for hours */
};

static const char officer_name[] = "王强";

/* What is being asked, carried by an item as its bytes, so that it can be asked again. */
struct errand {
    uint32_t number; /* makes the request id */
    uint32_t tries;
    enum tb_verb verb;
    enum tb_world world;
    Tongbao__Notice__Kind kind;
    Tongbao__Acknowledgement__Level level;
    struct tb_id subject;
    char river[64];
};

static void run_errand(struct sim *sim, const struct sim_item *item);

static void send_errand(struct sim *sim, uint32_t node, uint64_t at_ms, const struct errand *errand)
{
    sim_at(sim, at_ms, run_errand, node, 0, 0, tb_bytes_of(errand, sizeof *errand));
}

/* -------------------------------------------------------------------- duty */

static bool ask_officer(struct sim *sim, struct sim_machine *m, struct tb_request *request,
                        const char *what, struct tb_result *result)
{
    char id[TB_REQUEST_ID_BYTES_MAX];
    snprintf(id, sizeof id, "%s %u %u", what, m->index, ++m->asked);
    request->id = id;
    return sim_machine_ask(sim, m, request, result);
}

static bool open_session(struct sim *sim, struct sim_machine *m)
{
    struct tb_result result = {0};
    struct tb_request set = {.verb = TB_VERB_OFFICER_SET};
    set.officer = (struct tb_officer_set){.name = officer_name,
                                          .number = "0351-01",
                                          .password_hash = "$argon2id$sim",
                                          .active = true};
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN};
    open.duty = (struct tb_duty_open){.officer = officer_name, .hours = SESSION_HOURS};
    if (!ask_officer(sim, m, &set, "officer", &result) || result.status != TB_OK ||
        !ask_officer(sim, m, &open, "duty", &result) || result.status != TB_OK) {
        return false;
    }
    memcpy(m->token, result.token, sizeof m->token);
    return true;
}

static void begin(struct sim *sim, const struct sim_item *item)
{
    struct sim_machine *m = &sim->machine[item->a];
    bool open = open_session(sim, m);
    uint64_t pause_ms = open ? (SESSION_HOURS - 1) * UINT64_C(3600000) : AGAIN_MS;
    sim_at(sim, sim->now_ms + pause_ms, begin, item->a, 0, 0, (struct tb_bytes){0});
}

void sim_officer_begin(struct sim *sim, uint32_t node)
{
    sim_at(sim, sim->now_ms + 500, begin, node, 0, 0, (struct tb_bytes){0});
}

/* ------------------------------------------------------------------ errands */

static void put_issue(struct tb_request *request, Tongbao__Notice *notice, struct errand *errand)
{
    static char title[] = "死鱼";
    static char course[] = "河面发现大量死鱼，来源不明";
    tongbao__notice__init(notice);
    notice->kind = errand->kind;
    notice->river = errand->river;
    notice->title = title;
    notice->course = course;
    notice->grade = TONGBAO__NOTICE__GRADE__II;
    if (tb_notice_continues(errand->kind)) {
        notice->regards = tb_wire_id(&errand->subject);
    }
    request->issue.world = errand->world;
    request->issue.notice = notice;
}

static void put_deed(struct tb_request *request, Tongbao__Deed *deed, Tongbao__Attachment *evidence,
                     const struct errand *errand)
{
    static char file[] = "报告.pdf";
    static char type[] = "application/pdf";
    static uint8_t digest[TB_ID_BYTES] = {1};
    static Tongbao__Attachment *list[1];
    tongbao__attachment__init(evidence);
    tongbao__deed__init(deed);
    evidence->name = file;
    evidence->type = type;
    evidence->size_bytes = 1000;
    evidence->digest = tb_wire_data(tb_bytes_of(digest, sizeof digest));
    list[0] = evidence;
    deed->duty = TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT;
    deed->n_evidence = 1;
    deed->evidence = list;
    request->deed = (struct tb_deed){.notice = errand->subject, .said = deed};
}

static void put_disclose(struct tb_request *request, Tongbao__Disclosure *said,
                         const struct errand *errand)
{
    tongbao__disclosure__init(said);
    said->measure = TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION;
    said->state = TONGBAO__DISCLOSURE__STATE__PROPOSED;
    request->disclose = (struct tb_disclose){.notice = errand->subject, .said = said};
}

static void put_call(struct tb_request *request, const struct errand *errand)
{
    request->call = (struct tb_call){.notice = errand->subject,
                                     .office = 140122,
                                     .person = "李明",
                                     .phone = "0351-1234567",
                                     .read_back = TONGBAO__CALL__READ_BACK__READ_BACK,
                                     .result = "已复述"};
}

/* Beside what he writes: he reports to his government, proposes what the public is to be
 * told, and telephones whoever is outside the net. */
static void do_duties(struct sim *sim, uint32_t node, const struct tb_id *id)
{
    static const enum tb_verb duties[] = {TB_VERB_DEED, TB_VERB_DISCLOSE, TB_VERB_CALL};
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        struct errand errand = {
            .number = ++sim->machine[node].asked, .verb = duties[i], .subject = *id};
        uint64_t at_ms = sim->now_ms + 60000 + sim_draw(sim, 2 * 3600 * 1000);
        if (at_ms < sim->heal_ms) {
            send_errand(sim, node, at_ms, &errand);
        }
    }
}

/* What he does when his notice is out: goes on, corrects himself, gives the all-clear. */
static void go_on(struct sim *sim, uint32_t node, const struct errand *errand,
                  const struct tb_id *id)
{
    struct errand next = *errand;
    next.number = ++sim->machine[node].asked;
    next.tries = 0;
    next.subject = *id;
    uint64_t at_ms = sim->now_ms + 60000 + sim_draw(sim, 2 * 3600 * 1000);
    if (at_ms >= sim->heal_ms) {
        return;
    }
    if (errand->kind == TONGBAO__NOTICE__KIND__FIRST) {
        next.kind = sim_once_in(sim, 3) ? TONGBAO__NOTICE__KIND__CORRECTION
                                        : TONGBAO__NOTICE__KIND__FOLLOW_UP;
    } else if (errand->kind != TONGBAO__NOTICE__KIND__ALL_CLEAR) {
        next.kind = TONGBAO__NOTICE__KIND__ALL_CLEAR;
    } else {
        return;
    }
    send_errand(sim, node, at_ms, &next);
}

static void done(struct sim *sim, struct sim_machine *m, const struct errand *errand,
                 const struct tb_result *result)
{
    struct sim_fact *fact = sim_books_find(sim, &result->id);
    if (fact == NULL || (fact->had & 1U << m->index) == 0) {
        sim_wrong(sim, "promise", "%s was told \"done\" for what is not in its store",
                  sim_machine_name(sim, m));
        return;
    }
    fact->accepted = true;
    sim_trace(sim->now_ms, "officer %s done %s %02x%02x%02x%02x %s", sim_machine_name(sim, m),
              tb_kind_text(fact->kind), fact->id.byte[0], fact->id.byte[1], fact->id.byte[2],
              fact->id.byte[3], result->number);
    if (errand->verb == TB_VERB_ISSUE) {
        sim->stats.issued++;
        if (errand->kind == TONGBAO__NOTICE__KIND__FIRST) {
            do_duties(sim, m->index, &result->id);
        }
        go_on(sim, m->index, errand, &result->id);
    } else if (errand->verb == TB_VERB_ACKNOWLEDGE) {
        sim->stats.acknowledged++;
    }
}

static void run_errand(struct sim *sim, const struct sim_item *item)
{
    struct sim_machine *m = &sim->machine[item->a];
    struct tb_result result = {0};
    struct errand errand;
    char id[TB_REQUEST_ID_BYTES_MAX];
    union {
        Tongbao__Notice notice;
        Tongbao__Deed deed;
        Tongbao__Disclosure disclosure;
    } said;
    Tongbao__Attachment evidence;
    tb_assert(item->bytes.size == sizeof errand);
    memcpy(&errand, item->bytes.data, sizeof errand);
    snprintf(id, sizeof id, "errand %u %u", item->a, errand.number);
    struct tb_request request = {
        .verb = errand.verb, .id = id, .token = m->token[0] == '\0' ? NULL : m->token};
    if (errand.verb == TB_VERB_ISSUE) {
        put_issue(&request, &said.notice, &errand);
    } else if (errand.verb == TB_VERB_DEED) {
        put_deed(&request, &said.deed, &evidence, &errand);
    } else if (errand.verb == TB_VERB_DISCLOSE) {
        put_disclose(&request, &said.disclosure, &errand);
    } else if (errand.verb == TB_VERB_CALL) {
        put_call(&request, &errand);
    } else if (errand.verb == TB_VERB_ACKNOWLEDGE) {
        struct sim_fact *fact = sim_books_find(sim, &errand.subject);
        request.acknowledge =
            (struct tb_acknowledge){.notice = errand.subject, .level = errand.level};
        if (fact != NULL && m->up && request.token != NULL) {
            fact->acked |= 1U << m->place;
        }
    }
    bool answered = sim_machine_ask(sim, m, &request, &result);
    if (answered && result.status == TB_OK) {
        done(sim, m, &errand, &result);
        return;
    }
    sim_trace(sim->now_ms, "officer %s not done: %s %s", sim_machine_name(sim, m),
              answered ? tb_status_name(result.status) : "no answer", result.text);
    /* No session, a full disk, a machine that is away: he tries again. A mistake of
     * his, or a notice that went with an old store, he gives up. */
    bool again = !answered || result.status == TB_SESSION || result.status == TB_DISKFULL;
    if (again && ++errand.tries < TRIES_MAX) {
        if (answered && result.status == TB_SESSION) {
            (void)open_session(sim, m);
        }
        send_errand(sim, item->a, sim->now_ms + AGAIN_MS, &errand);
    }
}

void sim_officer_recovers(struct sim *sim, uint32_t node)
{
    struct errand errand = {.number = ++sim->machine[node].asked, .verb = TB_VERB_RECOVER};
    send_errand(sim, node, sim->now_ms, &errand);
}

void sim_officer_issue(struct sim *sim, uint32_t node, enum tb_world world, const char *river)
{
    struct errand errand = {.number = ++sim->machine[node].asked,
                            .verb = TB_VERB_ISSUE,
                            .world = world,
                            .kind = TONGBAO__NOTICE__KIND__FIRST};
    tb_text_copy(errand.river, sizeof errand.river, river);
    send_errand(sim, node, sim->now_ms, &errand);
}

void sim_officer_sees(struct sim *sim, struct sim_machine *m, const struct sim_fact *fact)
{
    uint32_t office = sim->land.office[m->place].code;
    if (fact->origin == office || fact->kind != TB_KIND_NOTICE) {
        return;
    }
    struct errand errand = {.number = ++m->asked,
                            .verb = TB_VERB_ACKNOWLEDGE,
                            .world = fact->world,
                            .level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED,
                            .subject = fact->id};
    uint64_t after_ms = 10000 + sim_draw(sim, 600000);
    switch (sim_draw(sim, 10)) {
    case 0: /* he forgets */
        return;
    case 1: /* he is late */
        after_ms += sim_draw(sim, LATE_MS);
        break;
    case 2: /* he errs: what he names is no notice */
        errand.subject.byte[0] ^= 1;
        break;
    default:
        break;
    }
    send_errand(sim, m->index, sim->now_ms + after_ms, &errand);
}
