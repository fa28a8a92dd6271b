#ifndef TB_POLICY_H
#define TB_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/limits.h"
#include "base/status.h"

/*
 * policy - the rules of time: what must be done by when, by which clause.
 *
 * One table of data, policy.csv, a row a rule. A province carries its own in its
 * directory, verbatim, and so every version of it is known by the directory's
 * version; a directory without one goes by the product's default. What a row
 * means is said here; when it bites is the business of the clocks of the node.
 *
 *     owner --starts--> start --hours--> due      met by a measure, a duty, or by a
 *                                                 notice that the addressee holds
 */
#define TB_POLICY_FILE "policy.csv"

enum {
    TB_POLICY_RULES_MAX = 64,
    TB_POLICY_ID_BYTES_MAX = 48,
    TB_POLICY_CLAUSE_BYTES_MAX = 256,
    TB_POLICY_SOURCE_BYTES_MAX = 160,
    TB_POLICY_HOURS_MAX = 366 * 24,
    TB_POLICY_DIGEST_CHARS = 8,
};

/* Whose duty it is. */
enum tb_policy_owner {
    TB_POLICY_ORIGIN,   /* the office that opened the incident */
    TB_POLICY_RECEIVER, /* an office beside it that was notified (Order 17 Art. 8) */
    TB_POLICY_PROVINCE, /* a provincial bureau that was told */
};

/* For which incidents, or'd. */
enum tb_policy_applies {
    TB_POLICY_I = 1 << 0,
    TB_POLICY_II = 1 << 1,
    TB_POLICY_III = 1 << 2,
    TB_POLICY_IV = 1 << 3,
    TB_POLICY_UNKNOWN = 1 << 4,   /* no grade, and no condition of Article 4 */
    TB_POLICY_ARTICLE4 = 1 << 5,  /* no grade, and any of the six conditions */
    TB_POLICY_SENSITIVE = 1 << 6, /* of any grade */
    TB_POLICY_OPINION = 1 << 7, /* 政务舆情 was recorded, and it is none of I, II, sensitive */
};

/* From when it counts. */
enum tb_policy_start {
    TB_POLICY_KNOWN,         /* when the origin knew; for the first grading */
    TB_POLICY_EARLIEST,      /* the earlier of occurred and known; once an incident */
    TB_POLICY_RECEIPT,       /* when the owner's signed receipt says that it had the notice */
    TB_POLICY_GRADED_CHANGE, /* when the grade changed; for every later grading */
    TB_POLICY_OPINION_KNOWN, /* when the opinion became known */
};

/* Towards whom. */
enum tb_policy_addressee {
    TB_POLICY_OWN_GOVERNMENT,
    TB_POLICY_NEXT_SUPERIOR, /* the next higher bureau */
    TB_POLICY_PROVINCE_BUREAU,
    TB_POLICY_MINISTRY,
    TB_POLICY_PUBLIC,
};

struct tb_policy_rule {
    char id[TB_POLICY_ID_BYTES_MAX];
    enum tb_policy_owner owner;
    unsigned applies;
    enum tb_policy_start start;
    uint32_t hours; /* 0: the clause names none; it is tracked until it is met */
    enum tb_policy_addressee addressee;
    unsigned measures; /* bit n: Disclosure.Measure n, published, meets it */
    unsigned duties;   /* bit n: Deed.Duty n, with evidence, meets it */
    /* "Written": a notice of the owner's that names 报告单位, 签发人, 联系人 and a
     * telephone (Order 17 Art. 14) and that the addressee holds meets it too. */
    bool in_net;
    uint32_t reminder_minutes; /* before it is due; 0: none */
    bool provisional;          /* a safe reading, not the letter of a clause */
    char clause[TB_POLICY_CLAUSE_BYTES_MAX];
    char source[TB_POLICY_SOURCE_BYTES_MAX];
};

struct tb_policy {
    char digest[TB_POLICY_DIGEST_CHARS + 1]; /* the first hex digits of BLAKE2b-256 of the table */
    size_t count;
    struct tb_policy_rule rule[TB_POLICY_RULES_MAX];
};

/*
 * Read and check a whole table, called ${file} in mistakes. TB_INPUT for the first
 * mistake, told in ${diag} (may be NULL) with file, line and what to write instead;
 * ${out} is then not to be used.
 */
enum tb_status tb_policy_load(struct tb_policy *out, const char *file, struct tb_bytes bytes,
                              struct tb_diag *diag) TB_MUST_USE;

/* The product's own table; borrowed for ever. */
struct tb_bytes tb_policy_default(void);

/* The words of the table, as in the file and in JSON. */
const char *tb_policy_owner_text(enum tb_policy_owner owner);
const char *tb_policy_addressee_text(enum tb_policy_addressee addressee);

#endif
