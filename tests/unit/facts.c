#include "facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct tb_clock_facts facts;
static struct tb_policy policy;
struct tb_clock clocks[FACTS_SEEN_MAX];
size_t count;

static void find(void *context, uint32_t office, uint64_t version, struct tb_clock_policy *out)
{
    (void)context;
    out->policy = &policy;
    out->held = true;
    snprintf(out->name, sizeof out->name, "%u/%llu", office / 10000, (unsigned long long)version);
}

int facts_start(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof facts);
    facts.world = TB_WORLD_ACTUAL;
    return tb_policy_load(&policy, "policy.csv", tb_policy_default(), NULL) == TB_OK ? 0 : 1;
}

size_t facts_compute_some(int64_t now_ms, size_t max)
{
    const struct tb_clock_law law = {find, NULL};
    return tb_clocks_compute(&facts, &law, (struct tb_wall){now_ms}, clocks, max);
}

void facts_compute(int64_t now_ms)
{
    count = facts_compute_some(now_ms, FACTS_SEEN_MAX);
}

static struct tb_id id_of(unsigned char name)
{
    struct tb_id id;
    memset(&id, name, sizeof id);
    return id;
}

/* The next notice of ${origin}'s chain, issued at ${issued_ms}. */
struct tb_clock_notice *facts_say(uint32_t origin, Tongbao__Notice__Grade grade, int64_t issued_ms)
{
    struct tb_clock_notice *notice = &facts.notice[facts.notices++];
    struct tb_id id = id_of((unsigned char)facts.notices);
    int64_t seq = 1;
    for (size_t i = 0; i + 1 < facts.notices; i++) {
        seq += facts.notice[i].origin == origin ? 1 : 0;
    }
    *notice = (struct tb_clock_notice){.id = id,
                                       .origin = origin,
                                       .kind = seq == 1 ? TONGBAO__NOTICE__KIND__FIRST
                                                        : TONGBAO__NOTICE__KIND__FOLLOW_UP,
                                       .regards = seq > 1,
                                       .grade = grade,
                                       .issued_ms = issued_ms,
                                       .version = 7,
                                       .seq = seq};
    memset(notice->chain, (int)(origin % 251), sizeof notice->chain);
    return notice;
}

void facts_receive(const struct tb_clock_notice *notice, uint32_t office, int64_t stored_ms)
{
    facts.receipt[facts.receipts++] = (struct tb_clock_receipt){notice->id, office, stored_ms, 7};
}

void facts_deed(uint32_t office, Tongbao__Deed__Duty duty, int64_t at_ms)
{
    struct tb_id id = id_of((unsigned char)(100 + facts.deeds));
    facts.deed[facts.deeds++] =
        (struct tb_clock_act){id, office, (unsigned)duty, true, at_ms, at_ms + 60000, 7};
}

void facts_publish(uint32_t office, Tongbao__Disclosure__Measure measure, int64_t at_ms)
{
    struct tb_id id = id_of((unsigned char)(200 + facts.disclosures));
    facts.disclosure[facts.disclosures++] =
        (struct tb_clock_act){id, office, (unsigned)measure, true, at_ms, at_ms + 60000, 7};
}

const struct tb_clock *facts_seek(uint32_t owner, const char *rule)
{
    for (size_t i = 0; i < count; i++) {
        if (clocks[i].owner == owner && strcmp(clocks[i].rule, rule) == 0) {
            return &clocks[i];
        }
    }
    return NULL;
}

const struct tb_clock *facts_the(uint32_t owner, const char *rule)
{
    const struct tb_clock *clock = facts_seek(owner, rule);
    if (clock == NULL) {
        fail_msg("no clock %s of %u", rule, owner);
    }
    return clock;
}

size_t facts_owned(uint32_t owner)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += clocks[i].owner == owner ? 1 : 0;
    }
    return found;
}

/* An incident of ${grade}, occurred 01:00, known 02:00, issued 02:10. */
struct tb_clock_notice *facts_usual(Tongbao__Notice__Grade grade)
{
    struct tb_clock_notice *notice = facts_say(ORIGIN, grade, AT(2, 10));
    notice->occurred_ms = AT(1, 0);
    notice->known_ms = AT(2, 0);
    return notice;
}
