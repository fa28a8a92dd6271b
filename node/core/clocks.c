#include "node/core/clocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "node/core/clocks_phase.h"
#include "proto/statement.h"

enum { HOUR_MS = 3600000, MINUTE_MS = 60000 };

/* One computation: what is asked, and where the answer goes. */
struct work {
    const struct tb_clock_facts *facts;
    const struct tb_clock_law *law;
    struct tb_wall now;
    uint32_t origin; /* of the incident; 0: none is known */
    struct tb_clock *clocks;
    size_t count;
    size_t max;
};

/* A clock that a rule makes, before it is known whether it is met. */
struct made {
    const struct tb_clock_policy *law;
    const struct tb_policy_rule *rule;
    const struct tb_phases *phases;
    size_t phase;
    uint32_t owner;
    struct tb_id notice;
    enum tb_clock_basis basis;
    int64_t start_ms;
    bool anew;             /* what was done before the start does not meet it */
    int64_t superseded_ms; /* when a lower grade took over; 0: none did */
};

const char *tb_clocks_state_text(enum tb_clock_state state)
{
    static const char *const text[] = {
        [TB_CLOCK_RUNNING] = "running",         [TB_CLOCK_MET] = "met",
        [TB_CLOCK_MET_LATE] = "met_late",       [TB_CLOCK_OVERDUE] = "overdue",
        [TB_CLOCK_NOT_COUNTED] = "not_counted",
    };
    tb_assert((size_t)state < sizeof text / sizeof text[0]);
    return text[state];
}

const char *tb_clocks_basis_text(enum tb_clock_basis basis)
{
    static const char *const text[] = {
        [TB_CLOCK_OCCURRED] = "occurred", [TB_CLOCK_KNOWN] = "known",
        [TB_CLOCK_ISSUED] = "issued",     [TB_CLOCK_GRADED] = "graded",
        [TB_CLOCK_RECEIPT] = "receipt",   [TB_CLOCK_OPINION] = "opinion",
    };
    tb_assert((size_t)basis < sizeof text / sizeof text[0]);
    return text[basis];
}

uint32_t tb_clocks_superior(uint32_t office)
{
    enum { BEIJING = 11, TIANJIN = 12, SHANGHAI = 31, CHONGQING = 50, DIRECT = 90 };
    uint32_t prefix = office / 10000;
    uint32_t city = office / 100 % 100;
    bool municipality =
        prefix == BEIJING || prefix == TIANJIN || prefix == SHANGHAI || prefix == CHONGQING;
    if (office == tb_province_of(office)) {
        return 0;
    }
    if (office % 100 == 0 || municipality || city == DIRECT) {
        return tb_province_of(office);
    }
    return office / 100 * 100;
}

/* ------------------------------------------------------------------ meeting */

struct meeting {
    bool met;
    int64_t at_ms;
    int64_t entered_ms;
    struct tb_id id;
};

/* The earlier of two; of equals the lower id, so that all offices name one. */
static void meet(struct meeting *meeting, int64_t at_ms, int64_t entered_ms, const struct tb_id *id)
{
    bool earlier = !meeting->met || at_ms < meeting->at_ms ||
                   (at_ms == meeting->at_ms && memcmp(id->byte, meeting->id.byte, TB_ID_BYTES) < 0);
    if (earlier) {
        *meeting = (struct meeting){true, at_ms, entered_ms, *id};
    }
}

static int64_t act_ms(const struct tb_clock_act *act)
{
    return act->said_ms != 0 && act->said_ms <= act->entered_ms ? act->said_ms : act->entered_ms;
}

static void meet_by_acts(const struct work *work, const struct made *made, struct meeting *meeting)
{
    const struct tb_clock_facts *facts = work->facts;
    for (size_t i = 0; i < facts->disclosures; i++) {
        const struct tb_clock_act *act = &facts->disclosure[i];
        if (act->counts && (made->rule->measures >> act->what & 1) != 0 &&
            tb_statement_discloses(act->office, work->origin)) {
            meet(meeting, act_ms(act), act->entered_ms, &act->id);
        }
    }
    for (size_t i = 0; i < facts->deeds; i++) {
        const struct tb_clock_act *act = &facts->deed[i];
        if (act->counts && (made->rule->duties >> act->what & 1) != 0 &&
            act->office == made->owner && (!made->anew || act_ms(act) >= made->start_ms)) {
            meet(meeting, act_ms(act), act->entered_ms, &act->id);
        }
    }
}

/* "书面报告中应当写明突发环境事件报告单位、报告签发人、联系人及联系方式等内容" (Order 17
 * Art. 14): such a notice of the owner's, from when the addressee's receipt says
 * that it is held there. */
static void meet_by_notice(const struct work *work, const struct made *made, uint32_t addressee,
                           struct meeting *meeting)
{
    const struct tb_clock_facts *facts = work->facts;
    for (size_t i = 0; i < facts->notices; i++) {
        const struct tb_clock_notice *notice = &facts->notice[i];
        if (notice->origin != made->owner || !notice->written) {
            continue;
        }
        bool own = made->phases->office == made->owner;
        bool late_enough = !made->anew || (own ? tb_phases_from(made->phases, made->phase, notice)
                                               : notice->issued_ms >= made->start_ms);
        for (size_t r = 0; late_enough && r < facts->receipts; r++) {
            const struct tb_clock_receipt *receipt = &facts->receipt[r];
            if (receipt->office == addressee && tb_id_equal(&receipt->notice, &notice->id)) {
                meet(meeting, receipt->stored_ms, receipt->stored_ms, &notice->id);
            }
        }
    }
}

/* ------------------------------------------------------------------- making */

static uint32_t addressee_office(const struct made *made)
{
    switch (made->rule->addressee) {
    case TB_POLICY_NEXT_SUPERIOR:
        return tb_clocks_superior(made->owner);
    case TB_POLICY_PROVINCE_BUREAU:
        return tb_province_of(made->owner);
    case TB_POLICY_OWN_GOVERNMENT:
    case TB_POLICY_MINISTRY:
    case TB_POLICY_PUBLIC:
        break;
    }
    return 0;
}

/* "At the boundary second": what is met at the due time is met in time, and what is
 * not met is overdue only after it. */
static void judge(struct tb_clock *clock, const struct made *made, const struct meeting *meeting,
                  struct tb_wall now)
{
    int64_t end_ms = meeting->met ? meeting->at_ms : now.ms;
    bool late = clock->due_ms != 0 && end_ms > clock->due_ms;
    bool superseded = made->superseded_ms != 0 && clock->due_ms != 0 &&
                      made->superseded_ms <= clock->due_ms && (!meeting->met || late);
    if (meeting->met) {
        clock->met_ms = meeting->at_ms;
        clock->met_entered_ms = meeting->entered_ms;
        clock->evidence = meeting->id;
    }
    if (superseded) {
        clock->state = TB_CLOCK_NOT_COUNTED;
    } else if (meeting->met) {
        clock->state = late ? TB_CLOCK_MET_LATE : TB_CLOCK_MET;
    } else {
        clock->state = late ? TB_CLOCK_OVERDUE : TB_CLOCK_RUNNING;
    }
    clock->late_ms = late && !superseded ? end_ms - clock->due_ms : 0;
}

static int64_t acknowledged_ms(const struct tb_clock_facts *facts, uint32_t office)
{
    int64_t first = 0;
    for (size_t i = 0; i < facts->answers; i++) {
        const struct tb_clock_answer *answer = &facts->answer[i];
        if (answer->office == office && (first == 0 || answer->given_ms < first)) {
            first = answer->given_ms;
        }
    }
    return first;
}

static void make(struct work *work, const struct made *made)
{
    const struct tb_policy_rule *rule = made->rule;
    const struct tb_phase *phase = &made->phases->phase[made->phase];
    struct meeting meeting = {.met = false};
    uint32_t addressee = addressee_office(made);
    bool bureau =
        rule->addressee == TB_POLICY_NEXT_SUPERIOR || rule->addressee == TB_POLICY_PROVINCE_BUREAU;
    /* Nobody reports to himself, and above a province stands the Ministry, which
     * has rows of its own. */
    if (work->count == work->max || (bureau && (addressee == 0 || addressee == made->owner))) {
        return;
    }
    struct tb_clock *clock = &work->clocks[work->count++];
    *clock = (struct tb_clock){.world = work->facts->world,
                               .notice = made->notice,
                               .policy_held = made->law->held,
                               .origin = work->origin,
                               .owner = made->owner,
                               .told_by = made->phases->office,
                               .measures = rule->measures,
                               .duties = rule->duties,
                               .addressee = rule->addressee,
                               .addressee_office = addressee,
                               .in_net = rule->in_net,
                               .provisional = rule->provisional,
                               .basis = made->basis,
                               .start_ms = made->start_ms,
                               .occurred_ms = made->phases->occurred_ms,
                               .known_ms = made->phases->said_known_ms,
                               .graded_ms = phase->class == TB_POLICY_UNKNOWN ||
                                                    phase->class == TB_POLICY_ARTICLE4
                                                ? 0
                                                : phase->graded_ms,
                               .acknowledged_ms = acknowledged_ms(work->facts, made->owner)};
    memcpy(clock->incident, work->facts->incident, TB_INCIDENT_BYTES);
    tb_text_copy(clock->rule, sizeof clock->rule, rule->id);
    tb_text_copy(clock->clause, sizeof clock->clause, rule->clause);
    tb_text_copy(clock->source, sizeof clock->source, rule->source);
    tb_text_copy(clock->policy, sizeof clock->policy, made->law->name);
    clock->due_ms = rule->hours == 0 ? 0 : made->start_ms + (int64_t)rule->hours * HOUR_MS;
    clock->reminder_ms = rule->reminder_minutes == 0
                             ? 0
                             : clock->due_ms - (int64_t)rule->reminder_minutes * MINUTE_MS;
    meet_by_acts(work, made, &meeting);
    if (rule->in_net) {
        meet_by_notice(work, made, addressee, &meeting);
    }
    judge(clock, made, &meeting, work->now);
}

/* ------------------------------------------------------------------- origin */

/* The rules of the origin that begin with phase ${p}. */
static void make_phase(struct work *work, const struct tb_phases *phases, size_t p)
{
    const struct tb_phase *phase = &phases->phase[p];
    struct tb_clock_policy law;
    work->law->find(work->law->context, phases->office, phase->first->version, &law);
    for (size_t i = 0; i < law.policy->count; i++) {
        const struct tb_policy_rule *rule = &law.policy->rule[i];
        struct made made = {.law = &law,
                            .rule = rule,
                            .phases = phases,
                            .phase = p,
                            .owner = phases->office,
                            .notice = phase->first->id,
                            .basis = phases->known_basis,
                            .start_ms = phases->known_ms};
        if (rule->owner != TB_POLICY_ORIGIN || !tb_phase_applies(phase, rule)) {
            continue;
        }
        if (rule->start == TB_POLICY_KNOWN && p == 0) {
            made.superseded_ms = tb_phases_lowered(phases, p, law.policy, rule);
        } else if (rule->start == TB_POLICY_GRADED_CHANGE && phase->changed &&
                   (rule->applies & phase->class) != 0) {
            made.basis = TB_CLOCK_GRADED;
            made.start_ms = phase->graded_ms;
            made.anew = true;
            made.superseded_ms = tb_phases_lowered(phases, p, law.policy, rule);
        } else if (rule->start == TB_POLICY_EARLIEST && tb_phases_first(phases, p, rule)) {
            bool occurred = phases->occurred_ms != 0 && phases->occurred_ms < phases->known_ms;
            made.basis = occurred ? TB_CLOCK_OCCURRED : phases->known_basis;
            made.start_ms = occurred ? phases->occurred_ms : phases->known_ms;
            made.superseded_ms = tb_phases_ended(phases, rule);
        } else {
            continue;
        }
        make(work, &made);
    }
}

/* "48 h response for others only once 政务舆情 is recorded, from when it was known":
 * by the origin, its city or its province. */
static void make_opinion(struct work *work, const struct tb_phases *phases)
{
    const struct tb_clock_act *first = NULL;
    struct tb_clock_policy law;
    size_t other = 0;
    for (size_t i = 0; i < work->facts->deeds; i++) {
        const struct tb_clock_act *deed = &work->facts->deed[i];
        bool known = deed->what == TONGBAO__DEED__DUTY__OPINION_KNOWN &&
                     tb_statement_discloses(deed->office, phases->office);
        if (known && (first == NULL || act_ms(deed) < act_ms(first) ||
                      (act_ms(deed) == act_ms(first) &&
                       memcmp(deed->id.byte, first->id.byte, TB_ID_BYTES) < 0))) {
            first = deed;
        }
    }
    while (other < phases->count && tb_phase_grave(&phases->phase[other])) {
        other++;
    }
    if (first == NULL || other == phases->count) {
        return;
    }
    work->law->find(work->law->context, first->office, first->version, &law);
    for (size_t i = 0; i < law.policy->count; i++) {
        struct made made = {.law = &law,
                            .rule = &law.policy->rule[i],
                            .phases = phases,
                            .phase = other,
                            .owner = phases->office,
                            .notice = phases->phase[other].first->id,
                            .basis = TB_CLOCK_OPINION,
                            .start_ms = act_ms(first)};
        if (made.rule->start == TB_POLICY_OPINION_KNOWN) {
            make(work, &made);
        }
    }
}

static void make_origin(struct work *work)
{
    struct tb_phases phases;
    tb_phases_read(&phases, work->facts, work->origin);
    for (size_t p = 0; p < phases.count; p++) {
        make_phase(work, &phases, p);
    }
    if (phases.count > 0) {
        make_opinion(work, &phases);
    }
}

/* ---------------------------------------------------------------- receivers */

/* The receipt of ${office} for what ${phase} said that came first; NULL: none. */
static const struct tb_clock_receipt *received(const struct tb_clock_facts *facts,
                                               const struct tb_phases *phases, size_t p,
                                               uint32_t office)
{
    const struct tb_clock_receipt *first = NULL;
    for (size_t i = 0; i < facts->receipts; i++) {
        const struct tb_clock_receipt *receipt = &facts->receipt[i];
        bool earlier = first == NULL || receipt->stored_ms < first->stored_ms ||
                       (receipt->stored_ms == first->stored_ms &&
                        memcmp(receipt->notice.byte, first->notice.byte, TB_ID_BYTES) < 0);
        if (receipt->office == office && earlier && tb_phases_within(phases, p, &receipt->notice)) {
            first = receipt;
        }
    }
    return first;
}

/* When ${office} heard of the next phase after ${p}, if that is lower. */
static int64_t heard_lowered(const struct work *work, const struct tb_phases *phases, size_t p,
                             const struct tb_policy *policy, const struct tb_policy_rule *rule,
                             uint32_t office)
{
    size_t next = tb_phases_lower(phases, p, policy, rule);
    const struct tb_clock_receipt *receipt =
        next == phases->count ? NULL : received(work->facts, phases, next, office);
    return receipt == NULL ? 0 : receipt->stored_ms;
}

/* "接到通报的…主管部门应当…按照本办法第三条、第四条的规定报告" (Order 17 Art. 8): from the
 * signed receipt, so that not acknowledging gains no time. */
static void make_receiver(struct work *work, const struct tb_phases *phases, uint32_t office)
{
    enum tb_policy_owner as =
        office == tb_province_of(office) ? TB_POLICY_PROVINCE : TB_POLICY_RECEIVER;
    for (size_t p = 0; p < phases->count; p++) {
        const struct tb_phase *phase = &phases->phase[p];
        const struct tb_clock_receipt *receipt = received(work->facts, phases, p, office);
        struct tb_clock_policy law;
        if (receipt == NULL || (p > 0 && !phase->changed)) {
            continue;
        }
        work->law->find(work->law->context, office, receipt->version, &law);
        for (size_t i = 0; i < law.policy->count; i++) {
            const struct tb_policy_rule *rule = &law.policy->rule[i];
            if (rule->owner != as || !tb_phase_applies(phase, rule)) {
                continue;
            }
            struct made made = {.law = &law,
                                .rule = rule,
                                .phases = phases,
                                .phase = p,
                                .owner = office,
                                .notice = receipt->notice,
                                .basis = TB_CLOCK_RECEIPT,
                                .start_ms = receipt->stored_ms,
                                .anew = p > 0,
                                .superseded_ms =
                                    heard_lowered(work, phases, p, law.policy, rule, office)};
            make(work, &made);
        }
    }
}

/* Whose notice ${office} had first; 0 when no notice here is its. */
static uint32_t told_by(const struct tb_clock_facts *facts, uint32_t office)
{
    const struct tb_clock_receipt *first = NULL;
    uint32_t source = 0;
    for (size_t i = 0; i < facts->receipts; i++) {
        const struct tb_clock_receipt *receipt = &facts->receipt[i];
        bool earlier = first == NULL || receipt->stored_ms < first->stored_ms ||
                       (receipt->stored_ms == first->stored_ms &&
                        memcmp(receipt->notice.byte, first->notice.byte, TB_ID_BYTES) < 0);
        if (receipt->office != office || !earlier) {
            continue;
        }
        for (size_t n = 0; n < facts->notices; n++) {
            if (tb_id_equal(&facts->notice[n].id, &receipt->notice)) {
                first = receipt;
                source = facts->notice[n].origin;
            }
        }
    }
    return source;
}

static int by_code(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void make_receivers(struct work *work)
{
    uint32_t *offices = malloc(TB_CLOCK_RECEIPTS_MAX * sizeof *offices);
    struct tb_phases phases = {.office = 0};
    size_t count = work->facts->receipts;
    tb_assert(offices != NULL);
    for (size_t i = 0; i < count; i++) {
        offices[i] = work->facts->receipt[i].office;
    }
    qsort(offices, count, sizeof *offices, by_code);
    for (size_t i = 0; i < count; i++) {
        uint32_t office = offices[i];
        if ((i > 0 && office == offices[i - 1]) || office == work->origin) {
            continue;
        }
        uint32_t source = told_by(work->facts, office);
        /* The city above is told as a superior (Art. 3), not notified as a neighbour. */
        if (source == 0 || source == office ||
            (office == tb_clocks_superior(source) && office != tb_province_of(source))) {
            continue;
        }
        if (phases.office != source) {
            tb_phases_read(&phases, work->facts, source);
        }
        make_receiver(work, &phases, office);
    }
    free(offices);
}

size_t tb_clocks_compute(const struct tb_clock_facts *facts, const struct tb_clock_law *law,
                         struct tb_wall now, struct tb_clock *clocks, size_t clocks_max)
{
    struct work work = {
        .facts = facts, .law = law, .now = now, .clocks = clocks, .max = clocks_max};
    work.origin = tb_phases_origin(facts);
    if (work.origin != 0) {
        make_origin(&work);
        make_receivers(&work);
    }
    return work.count;
}

/* ------------------------------------------------------------------ showing */

/* ${office} holds the receipt of ${holder} for a notice of ${sender}. */
static bool sees_receipt(uint32_t office, uint32_t holder, uint32_t sender)
{
    return office == holder || office == sender || office == tb_province_of(sender);
}

bool tb_clocks_judged(const struct tb_clock *clock, uint32_t office)
{
    bool begun =
        clock->basis != TB_CLOCK_RECEIPT || sees_receipt(office, clock->owner, clock->told_by);
    bool acts = office == clock->owner || office == tb_clocks_superior(clock->owner) ||
                office == tb_province_of(clock->owner) ||
                tb_statement_discloses(office, clock->origin);
    bool notices = !clock->in_net || sees_receipt(office, clock->addressee_office, clock->owner);
    return begun && acts && notices;
}

static int rank(const struct tb_clock *clock)
{
    switch (clock->state) {
    case TB_CLOCK_OVERDUE:
        return 0;
    case TB_CLOCK_RUNNING:
        return clock->due_ms != 0 ? 1 : 2;
    case TB_CLOCK_MET_LATE:
        return 3;
    case TB_CLOCK_MET:
        return 4;
    case TB_CLOCK_NOT_COUNTED:
        break;
    }
    return 5;
}

int tb_clocks_worse(const struct tb_clock *a, const struct tb_clock *b)
{
    int by_rank = rank(a) - rank(b);
    int by_due = (a->due_ms > b->due_ms) - (a->due_ms < b->due_ms);
    int by_incident = memcmp(a->incident, b->incident, TB_INCIDENT_BYTES);
    int by_owner = (a->owner > b->owner) - (a->owner < b->owner);
    int by_start = (a->start_ms > b->start_ms) - (a->start_ms < b->start_ms);
    const int keys[] = {by_rank, by_due, by_incident, by_owner, by_start};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i] != 0) {
            return keys[i];
        }
    }
    return strcmp(a->rule, b->rule);
}
