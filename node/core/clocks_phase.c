#include "node/core/clocks_phase.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* ------------------------------------------------------------------ in order */

struct place {
    const struct tb_clock_notice *notice;
    int64_t chain_ms; /* when the first notice of its chain was issued */
};

/* Within a chain its numbers order the notices, whatever clock the office had; a
 * chain opened later, after a restore, stands behind. */
static int by_chain(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    if (x->chain_ms != y->chain_ms) {
        return x->chain_ms < y->chain_ms ? -1 : 1;
    }
    int by_name = memcmp(x->notice->chain, y->notice->chain, TB_CHAIN_BYTES);
    if (by_name != 0) {
        return by_name;
    }
    if (x->notice->seq != y->notice->seq) {
        return x->notice->seq < y->notice->seq ? -1 : 1;
    }
    return memcmp(x->notice->id.byte, y->notice->id.byte, TB_ID_BYTES);
}

static int64_t chain_ms(const struct place *places, size_t count, const struct place *place)
{
    const struct tb_clock_notice *first = place->notice;
    for (size_t i = 0; i < count; i++) {
        const struct tb_clock_notice *other = places[i].notice;
        if (memcmp(other->chain, first->chain, TB_CHAIN_BYTES) == 0 &&
            (other->seq < first->seq ||
             (other->seq == first->seq && other->issued_ms < first->issued_ms))) {
            first = other;
        }
    }
    return first->issued_ms;
}

/* "Planned release, inquiry": an inquiry tells of polluted water, a release of none. */
static bool opens(Tongbao__Notice__Kind kind)
{
    return kind == TONGBAO__NOTICE__KIND__FIRST || kind == TONGBAO__NOTICE__KIND__INQUIRY;
}

static void order(struct tb_phases *phases, const struct tb_clock_facts *facts)
{
    struct place places[TB_CLOCK_NOTICES_MAX];
    size_t count = 0;
    bool released = false;
    for (size_t i = 0; i < facts->notices; i++) {
        if (facts->notice[i].origin == phases->office) {
            places[count++].notice = &facts->notice[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        places[i].chain_ms = chain_ms(places, count, &places[i]);
    }
    qsort(places, count, sizeof places[0], by_chain);
    for (size_t i = 0; i < count; i++) {
        const struct tb_clock_notice *notice = places[i].notice;
        released =
            notice->kind == TONGBAO__NOTICE__KIND__RELEASE || (released && !opens(notice->kind));
        if (!released && notice->kind != TONGBAO__NOTICE__KIND__KIND_UNKNOWN) {
            phases->ordered[phases->notices++] = notice;
        }
    }
}

/* ------------------------------------------------------------------- phases */

/* What was said so far, and what ${said} makes of it: a correction may state another
 * time, any other notice only an earlier one. 0 says nothing. */
static int64_t earlier(int64_t so_far, int64_t said, Tongbao__Notice__Kind kind)
{
    bool taken =
        said != 0 && (so_far == 0 || said < so_far || kind == TONGBAO__NOTICE__KIND__CORRECTION);
    return taken ? said : so_far;
}

static void read_times(struct tb_phases *phases)
{
    for (size_t i = 0; i < phases->notices; i++) {
        const struct tb_clock_notice *notice = phases->ordered[i];
        phases->known_ms = earlier(phases->known_ms, notice->known_ms, notice->kind);
        phases->occurred_ms = earlier(phases->occurred_ms, notice->occurred_ms, notice->kind);
    }
    phases->said_known_ms = phases->known_ms;
    phases->known_basis = TB_CLOCK_KNOWN;
    int64_t issued_ms = phases->ordered[0]->issued_ms;
    if (phases->known_ms == 0 || phases->known_ms > issued_ms) {
        phases->known_ms = issued_ms;
        phases->known_basis = TB_CLOCK_ISSUED;
    }
}

static unsigned class_of(Tongbao__Notice__Grade grade, bool article4)
{
    switch (grade) {
    case TONGBAO__NOTICE__GRADE__I:
        return TB_POLICY_I;
    case TONGBAO__NOTICE__GRADE__II:
        return TB_POLICY_II;
    case TONGBAO__NOTICE__GRADE__III:
        return TB_POLICY_III;
    case TONGBAO__NOTICE__GRADE__IV:
        return TB_POLICY_IV;
    case TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN:
    case _TONGBAO__NOTICE__GRADE_IS_INT_SIZE:
        break;
    }
    return article4 ? TB_POLICY_ARTICLE4 : TB_POLICY_UNKNOWN;
}

/* A draft often carries the old time of grading on: only one between the notice
 * before and this one can be that of the change. */
static int64_t graded_ms(const struct tb_phases *phases, size_t at)
{
    const struct tb_clock_notice *notice = phases->ordered[at];
    int64_t after_ms = at == 0 ? 0 : phases->ordered[at - 1]->issued_ms;
    bool told = notice->graded_ms > after_ms && notice->graded_ms <= notice->issued_ms;
    return told ? notice->graded_ms : notice->issued_ms;
}

static void read_phases(struct tb_phases *phases)
{
    Tongbao__Notice__Grade grade = TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN;
    bool sensitive = false;
    bool article4 = false;
    for (size_t i = 0; i < phases->notices; i++) {
        const struct tb_clock_notice *notice = phases->ordered[i];
        bool graded = notice->grade >= TONGBAO__NOTICE__GRADE__I &&
                      notice->grade <= TONGBAO__NOTICE__GRADE__IV;
        grade = graded ? notice->grade : grade;
        sensitive = sensitive || notice->sensitive;
        article4 = article4 || notice->article4;
        unsigned class = class_of(grade, article4);
        struct tb_phase *last = phases->count == 0 ? NULL : &phases->phase[phases->count - 1];
        bool new_class = last != NULL && last->class != class;
        bool room = phases->count < TB_CLOCK_PHASES_MAX;
        if (last == NULL || ((new_class || last->sensitive != sensitive) && room)) {
            last = &phases->phase[phases->count++];
            *last = (struct tb_phase){.class = class,
                                      .sensitive = sensitive,
                                      .changed = new_class,
                                      .graded_ms = graded_ms(phases, i),
                                      .first = notice,
                                      .from = i};
        }
        last->to = i + 1;
    }
}

void tb_phases_read(struct tb_phases *phases, const struct tb_clock_facts *facts, uint32_t office)
{
    memset(phases, 0, sizeof *phases);
    phases->office = office;
    order(phases, facts);
    if (phases->notices > 0) {
        read_times(phases);
        read_phases(phases);
    }
}

uint32_t tb_phases_origin(const struct tb_clock_facts *facts)
{
    const struct tb_clock_notice *best = NULL;
    bool best_opens = false;
    for (size_t i = 0; i < facts->notices; i++) {
        const struct tb_clock_notice *notice = &facts->notice[i];
        bool first = !notice->regards &&
                     (opens(notice->kind) || notice->kind == TONGBAO__NOTICE__KIND__RELEASE);
        bool before = best != NULL && (notice->issued_ms < best->issued_ms ||
                                       (notice->issued_ms == best->issued_ms &&
                                        memcmp(notice->id.byte, best->id.byte, TB_ID_BYTES) < 0));
        if (best == NULL || (first && !best_opens) || (first == best_opens && before)) {
            best = notice;
            best_opens = first;
        }
    }
    return best == NULL ? 0 : best->origin;
}

/* -------------------------------------------------------------------- rules */

bool tb_phase_applies(const struct tb_phase *phase, const struct tb_policy_rule *rule)
{
    return (rule->applies & phase->class) != 0 ||
           (phase->sensitive && (rule->applies & TB_POLICY_SENSITIVE) != 0);
}

bool tb_phase_grave(const struct tb_phase *phase)
{
    return phase->sensitive || phase->class == TB_POLICY_I || phase->class == TB_POLICY_II;
}

bool tb_phases_first(const struct tb_phases *phases, size_t p, const struct tb_policy_rule *rule)
{
    for (size_t q = 0; q < p; q++) {
        if (tb_phase_applies(&phases->phase[q], rule)) {
            return false;
        }
    }
    return true;
}

int64_t tb_phases_ended(const struct tb_phases *phases, const struct tb_policy_rule *rule)
{
    size_t q = phases->count;
    while (q > 0 && !tb_phase_applies(&phases->phase[q - 1], rule)) {
        q--;
    }
    return q == phases->count ? 0 : phases->phase[q].graded_ms;
}

static int severity(unsigned class)
{
    switch (class) {
    case TB_POLICY_I:
        return 4;
    case TB_POLICY_II:
    case TB_POLICY_ARTICLE4: /* "按照重大或者特别重大…的报告程序上报" (Art. 4) */
        return 3;
    case TB_POLICY_III:
    case TB_POLICY_UNKNOWN:
        return 2;
    default:
        return 1;
    }
}

/* A rule of the new grade asks the same of the same owner, and no later. */
static bool as_strict(const struct tb_policy *policy, const struct tb_policy_rule *rule,
                      unsigned class)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct tb_policy_rule *other = &policy->rule[i];
        bool begins = other->start == TB_POLICY_GRADED_CHANGE || other->start == TB_POLICY_RECEIPT;
        if (begins && other->owner == rule->owner && other->addressee == rule->addressee &&
            (other->applies & class) != 0 && other->hours != 0 && other->hours <= rule->hours) {
            return true;
        }
    }
    return false;
}

size_t tb_phases_lower(const struct tb_phases *phases, size_t p, const struct tb_policy *policy,
                       const struct tb_policy_rule *rule)
{
    for (size_t q = p + 1; rule->hours != 0 && q < phases->count; q++) {
        const struct tb_phase *phase = &phases->phase[q];
        bool lower = severity(phase->class) < severity(phases->phase[p].class);
        if (phase->changed && (lower || rule->provisional) &&
            !as_strict(policy, rule, phase->class)) {
            return q;
        }
    }
    return phases->count;
}

int64_t tb_phases_lowered(const struct tb_phases *phases, size_t p, const struct tb_policy *policy,
                          const struct tb_policy_rule *rule)
{
    size_t q = tb_phases_lower(phases, p, policy, rule);
    return q == phases->count ? 0 : phases->phase[q].graded_ms;
}

bool tb_phases_from(const struct tb_phases *phases, size_t p, const struct tb_clock_notice *notice)
{
    for (size_t i = phases->phase[p].from; i < phases->notices; i++) {
        if (phases->ordered[i] == notice) {
            return true;
        }
    }
    return false;
}

bool tb_phases_within(const struct tb_phases *phases, size_t p, const struct tb_id *id)
{
    for (size_t i = phases->phase[p].from; i < phases->phase[p].to; i++) {
        if (tb_id_equal(&phases->ordered[i]->id, id)) {
            return true;
        }
    }
    return false;
}
