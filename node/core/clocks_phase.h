#ifndef TB_CLOCKS_PHASE_H
#define TB_CLOCKS_PHASE_H

#include "node/core/clocks.h"

/*
 * clocks_phase - what one office's notices say of an incident, phase by phase; used
 * by clocks.c alone.
 *
 * A phase begins with the first notice and with every one after which other rules
 * apply: another grade, a condition of Article 4, the word sensitive.
 *
 *   初报 不明 --续报 Ⅲ--> phase 1 --更正 Ⅱ--> phase 2 …
 */
struct tb_phase {
    unsigned class; /* one bit of enum tb_policy_applies, but sensitive and opinion */
    bool sensitive;
    bool changed; /* the class is another than before; false in the first phase */
    int64_t graded_ms;
    const struct tb_clock_notice *first;
    size_t from; /* its notices in ${ordered} … */
    size_t to;   /* … before this one */
};

struct tb_phases {
    uint32_t office;
    size_t count; /* 0: nothing that clocks go by */
    struct tb_phase phase[TB_CLOCK_PHASES_MAX];
    const struct tb_clock_notice *ordered[TB_CLOCK_NOTICES_MAX]; /* in the order of its chains */
    size_t notices;
    int64_t occurred_ms;   /* 0: not said */
    int64_t said_known_ms; /* 0: not said */
    int64_t known_ms;      /* as it counts */
    enum tb_clock_basis known_basis;
};

/* The office that opened the incident: of the notices that open one and continue
 * none the one issued first; 0 when there is no notice. */
uint32_t tb_phases_origin(const struct tb_clock_facts *facts);

/* Read what ${office} said; ${facts} outlive ${phases}. Planned releases and what
 * continues them are no incidents and are passed over. */
void tb_phases_read(struct tb_phases *phases, const struct tb_clock_facts *facts, uint32_t office);

bool tb_phase_applies(const struct tb_phase *phase, const struct tb_policy_rule *rule);
/* Grade I, II, or sensitive: the 5 h and 24 h of 国办发〔2016〕80号. */
bool tb_phase_grave(const struct tb_phase *phase);

/* True when no phase before ${p} had ${rule} apply. */
bool tb_phases_first(const struct tb_phases *phases, size_t p, const struct tb_policy_rule *rule);
/* When ${rule} ceased to apply for good; 0: it applies in the last phase. */
int64_t tb_phases_ended(const struct tb_phases *phases, const struct tb_policy_rule *rule);
/* The first phase after ${p} that is graded lower (or, for a provisional rule, at
 * all) and has no rule of ${policy} as strict towards the same addressee; the count
 * of phases when there is none. tb_phases_lowered: when it was graded, or 0. */
size_t tb_phases_lower(const struct tb_phases *phases, size_t p, const struct tb_policy *policy,
                       const struct tb_policy_rule *rule);
int64_t tb_phases_lowered(const struct tb_phases *phases, size_t p, const struct tb_policy *policy,
                          const struct tb_policy_rule *rule);

/* ${notice} stands in phase ${p} or later; the notice ${id} stands in phase ${p}. */
bool tb_phases_from(const struct tb_phases *phases, size_t p, const struct tb_clock_notice *notice);
bool tb_phases_within(const struct tb_phases *phases, size_t p, const struct tb_id *id);

#endif
