#ifndef TB_CLOCKS_H
#define TB_CLOCKS_H

#include "base/bytes.h"
#include "base/wall.h"
#include "proto/envelope.h"
#include "topology/policy.h"

/*
 * clocks - the deadlines of one incident, derived and never stored.
 *
 *              +--due passes--> overdue --met--> met late
 *   running ---+
 *              +--met (at due is in time)--> met
 *              +--a lower grade takes over before due--> not counted
 *
 * "A deadline is a pure function of signed facts and the policy in force; every
 * office holding the same facts computes the same clocks, before and after a
 * restart" (I9). So nothing here knows who asks, in which order envelopes came, or
 * when they came; only `now` moves a clock, and it moves none that is met. The
 * facts are those of one world: an exercise has clocks of its own (I7).
 *
 * Choices that the clauses leave open, always the stricter one:
 * - Knowing: a notice that does not say when its office knew knew when it was
 *   issued. A correction may state another time; any other notice only an earlier.
 * - "应当按照变化后的级别报告信息" (Order 17 Art. 3): each change of grade makes new
 *   clocks from its grading and leaves the old ones their result. The first grading
 *   of an unknown one is such a change.
 * - What is marked sensitive, and a condition of Article 4 that held, stay so.
 * - A claimed time later than its entry is the time of entry.
 */
enum {
    TB_CLOCK_NOTICES_MAX = 256, /* facts of one incident; those issued first are taken */
    TB_CLOCK_RECEIPTS_MAX = 8192,
    TB_CLOCK_ACTS_MAX = 512, /* disclosures, and as many deeds, and acknowledgements */
    TB_CLOCK_PHASES_MAX = 32,
    TB_CLOCKS_MAX = 1024, /* of one incident */
    TB_CLOCK_POLICY_CHARS = 32,
};

/* A notice, as far as clocks go by it. */
struct tb_clock_notice {
    struct tb_id id;
    uint32_t origin;
    Tongbao__Notice__Kind kind;
    bool regards; /* it names a notice before it */
    Tongbao__Notice__Grade grade;
    bool sensitive;
    bool article4; /* any of the six conditions */
    bool written;  /* names 报告单位, 签发人, 联系人 and a telephone (Art. 14) */
    int64_t issued_ms;
    int64_t occurred_ms; /* 0: not said, as the next two */
    int64_t known_ms;
    int64_t graded_ms;
    uint64_t version; /* of the directory that its head names */
    uint8_t chain[TB_CHAIN_BYTES];
    int64_t seq;
};

/* By its signed receipt ${office} had ${notice} on its disk at ${stored_ms}. */
struct tb_clock_receipt {
    struct tb_id notice;
    uint32_t office;
    int64_t stored_ms;
    uint64_t version;
};

/* A disclosure or a deed. */
struct tb_clock_act {
    struct tb_id id;
    uint32_t office;
    unsigned what;   /* Disclosure.Measure or Deed.Duty */
    bool counts;     /* published with evidence; done with evidence */
    int64_t said_ms; /* by the officer's word; 0: not said */
    int64_t entered_ms;
    uint64_t version;
};

/* An office's first acknowledgement in the incident. */
struct tb_clock_answer {
    uint32_t office;
    int64_t given_ms;
};

struct tb_clock_facts {
    enum tb_world world;
    uint8_t incident[TB_INCIDENT_BYTES];
    size_t notices;
    size_t receipts;
    size_t disclosures;
    size_t deeds;
    size_t answers;
    struct tb_clock_notice notice[TB_CLOCK_NOTICES_MAX];
    struct tb_clock_receipt receipt[TB_CLOCK_RECEIPTS_MAX];
    struct tb_clock_act disclosure[TB_CLOCK_ACTS_MAX];
    struct tb_clock_act deed[TB_CLOCK_ACTS_MAX];
    struct tb_clock_answer answer[TB_CLOCK_ACTS_MAX];
};

/* The policy of an office's province in one version. */
struct tb_clock_policy {
    const struct tb_policy *policy;   /* borrowed until the next look-up */
    char name[TB_CLOCK_POLICY_CHARS]; /* "14/7" by prefix and version, "default/3fa81b2c" */
    bool held;                        /* false: that version is not here, the nearest is taken */
};

/* Where policies are looked up; ${find} always finds one. */
struct tb_clock_law {
    void (*find)(void *context, uint32_t office, uint64_t version, struct tb_clock_policy *out);
    void *context;
};

enum tb_clock_state {
    TB_CLOCK_RUNNING,
    TB_CLOCK_MET,
    TB_CLOCK_MET_LATE,
    TB_CLOCK_OVERDUE,
    TB_CLOCK_NOT_COUNTED,
};
/* "running", "met", "met_late", "overdue", "not_counted". */
const char *tb_clocks_state_text(enum tb_clock_state state);

/* Which time the start is. */
enum tb_clock_basis {
    TB_CLOCK_OCCURRED,
    TB_CLOCK_KNOWN,
    TB_CLOCK_ISSUED, /* nobody said when it was known */
    TB_CLOCK_GRADED,
    TB_CLOCK_RECEIPT,
    TB_CLOCK_OPINION,
};
const char *tb_clocks_basis_text(enum tb_clock_basis basis);

struct tb_clock {
    enum tb_world world;
    uint8_t incident[TB_INCIDENT_BYTES];
    struct tb_id notice; /* with which it began */
    char rule[TB_POLICY_ID_BYTES_MAX];
    char clause[TB_POLICY_CLAUSE_BYTES_MAX];
    char source[TB_POLICY_SOURCE_BYTES_MAX];
    char policy[TB_CLOCK_POLICY_CHARS];
    bool policy_held;
    uint32_t origin; /* of the incident */
    uint32_t owner;
    uint32_t told_by;  /* whose notice began it: of a receiver's clock another office */
    unsigned measures; /* that meet it, and duties, as in struct tb_policy_rule */
    unsigned duties;
    enum tb_policy_addressee addressee;
    uint32_t addressee_office; /* 0: outside the net */
    bool in_net;
    bool provisional;
    enum tb_clock_basis basis;
    int64_t start_ms;
    int64_t due_ms;      /* 0: no hours */
    int64_t reminder_ms; /* 0: none */
    int64_t occurred_ms; /* as the origin said, 0: it did not */
    int64_t known_ms;
    int64_t graded_ms;       /* when the grade that it goes by was given */
    int64_t acknowledged_ms; /* 签收 by its owner, beside the receipt; 0: not here */
    enum tb_clock_state state;
    int64_t met_ms;
    int64_t met_entered_ms; /* when that was entered or held; claimed and entered stay apart */
    int64_t late_ms;        /* of what is overdue: until now */
    struct tb_id evidence;  /* the disclosure, deed or held notice that met it; zero: none */
};

/*
 * The clocks of ${facts} at ${now}, in an order of their own that is the same
 * everywhere: by owner, then as they began, then as the rules stand. At most
 * ${clocks_max}. Facts may stand in any order.
 */
size_t tb_clocks_compute(const struct tb_clock_facts *facts, const struct tb_clock_law *law,
                         struct tb_wall now, struct tb_clock *clocks, size_t clocks_max);

/*
 * True when ${office} is sent everything that can begin and meet ${clock}, and so can
 * judge it: the receipt of a notice goes to its origin, that origin's province and, as
 * its own, the holder; deeds and disclosures to the owner's and the incident's
 * origin's city and province too. Another would call overdue what it cannot see.
 */
bool tb_clocks_judged(const struct tb_clock *clock, uint32_t office);

/* Negative when ${a} is to be shown before ${b}: overdue, the longest first; then
 * running, the next due first, those without hours last; then what is over. */
int tb_clocks_worse(const struct tb_clock *a, const struct tb_clock *b);

/* The office above ${office} by GB/T 2260: a district of a municipality (110109) and
 * a county directly under its province (429004) report to the province; 0 above it. */
uint32_t tb_clocks_superior(uint32_t office);

#endif
