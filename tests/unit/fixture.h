#ifndef TB_FIXTURE_H
#define TB_FIXTURE_H

#include "base/db.h"
#include "base/outbox.h"
#include "proto/directory.h"
#include "proto/envelope.h"
#include "proto/statement.h"

/*
 * fixture - a small Shanxi for the tests of broker and node: one root, five
 * offices, two brokers, real keys and real signatures from fixed seeds.
 *
 *   140000 山西省    reads sx-1 and sx-2
 *   140900 忻州市    reads sx-1 and sx-2
 *   140925 宁武县    reads sx-1            upstream on the 汾河
 *   140926 静乐县    reads sx-1            next down
 *   140123 娄烦县    reads sx-2 only       next but one
 *
 * Change what a directory is to say in `office` and `broker`, then publish it
 * under the next version. The same calls always give the same bytes.
 */
enum { FIX_OFFICES = 5, FIX_BROKERS = 2, FIX_READS = 2, FIX_WORLDS = 4, FIX_TO_MAX = 8 };
enum { FIX_PROVINCE, FIX_CITY, FIX_NINGWU, FIX_JINGLE, FIX_LOUFAN };

#define FIX_AT_MS INT64_C(1737054764000) /* 2025-01-17T03:12:44+08:00 */

struct fix_key {
    uint8_t sign[TB_KEY_BYTES];
    struct tb_sign_secret secret;
    uint8_t link[TB_KEY_BYTES];
    uint8_t link_secret[TB_KEY_BYTES];
    Tongbao__KeyState state;
    int64_t since_ms;
};

/* Where an office's chain of one world stands. */
struct fix_chain {
    uint64_t seq;
    struct tb_id head;
};

struct fix_office {
    uint32_t code;
    const char *name;
    struct fix_key key;
    const char *reads[FIX_READS]; /* NULL: none */
    bool listed;                  /* stands in the next directory */
    struct fix_chain chain[FIX_WORLDS];
};

struct fix_broker {
    const char *name;
    const char *endpoint;
    struct fix_key key;
};

struct fixture {
    struct fix_key root;
    struct tb_id fingerprint;
    struct fix_office office[FIX_OFFICES];
    struct fix_broker broker[FIX_BROKERS];
    bool rivers;         /* the product's tables go into the directory */
    size_t filler_bytes; /* and a file of so many bytes, to make it large */
    const char *policy;  /* and this text as its rules of time; NULL: none */
};

void fix_init(struct fixture *fix);
/* The keys made from ${name}. */
void fix_key(struct fix_key *key, const char *name);
struct fix_office *fix_office(struct fixture *fix, uint32_t code);

/* Append the directory of prefix 14 under ${version}. */
void fix_publish(const struct fixture *fix, uint64_t version, struct tb_buf *out);

/* What an office says; zero is "as usual". */
struct fix_say {
    uint32_t origin;
    enum tb_world world; /* NONE: actual */
    uint64_t directory_version;
    Tongbao__Notice__Kind kind; /* UNKNOWN: a first notice */
    const char *river;
    const char *course;  /* text that makes two notices differ */
    size_t course_bytes; /* instead: four texts of so many letters */
    const struct tb_id *regards;
    uint32_t to[FIX_TO_MAX]; /* codes, ended by 0 */
    uint64_t nth;            /* for each of them, within the chain; 0: 1 */
    struct tb_bytes personal;
    bool personal_left_out;    /* bound by its digest, but not sent along */
    const struct fix_key *key; /* NULL: the origin's own */
};

/* What 宁武 usually says: a first notice to 静乐, its city and its province. */
extern const struct fix_say fix_usual;

/* Append what ${body} says, from and to whom ${say} names; the next of the origin's
 * chain when ${chained}. */
void fix_seal(struct fixture *fix, const struct fix_say *say, Tongbao__Body *body, bool chained,
              struct tb_buf *out, struct tb_id *id);
/* Append a notice, the next of the origin's chain; ${id} may be NULL. */
void fix_notice(struct fixture *fix, const struct fix_say *say, struct tb_buf *out,
                struct tb_id *id);
/* Append the acknowledgement (收到) of ${notice} by ${say}->origin. */
void fix_acknowledgement(struct fixture *fix, const struct fix_say *say, const struct tb_id *notice,
                         struct tb_buf *out, struct tb_id *id);
/* Append the destruction of the personal part of ${notice} by ${say}->origin. */
void fix_destruction(struct fixture *fix, const struct fix_say *say, const struct tb_id *notice,
                     struct tb_buf *out, struct tb_id *id);
/* Append the receipt for ${stored} by ${say}->origin; not chained. */
void fix_receipt(struct fixture *fix, const struct fix_say *say, const struct tb_id *stored,
                 struct tb_buf *out, struct tb_id *id);

/* What a turn left in ${out}: the effects of ${kind}; is there the note ${note}? */
size_t fix_effects(const struct tb_outbox *out, enum tb_effect_kind kind);
bool fix_noted(const struct tb_outbox *out, enum tb_note note);
/* The number that ${sql} gives, asked in ${db}, even of a store that failed; -1
 * without a row. */
int64_t fix_sql(struct tb_db *db, const char *sql);

#endif
