#ifndef TB_QUERY_H
#define TB_QUERY_H

#include "node/core/node.h"
#include "topology/rule.h"

/*
 * query - what the API reads: pages over the views, by key, changing nothing.
 *
 * Text pointers in a row are borrowed until the next call of the same kind.
 * Every list is asked from a key on and gives at most ${rows_max} rows, so that
 * no answer is unbounded (I10).
 */
enum { TB_PAGE_ROWS_MAX = 200 };

/* How a delivery stands; the words are those of `show --json`. */
enum tb_delivery_state {
    TB_DELIVERY_OUTSIDE,      /* in no trusted directory: to be telephoned */
    TB_DELIVERY_QUEUED,       /* on this office's disk only */
    TB_DELIVERY_FULL,         /* its mailbox is full at every broker where it reads */
    TB_DELIVERY_ACCEPTED,     /* a broker where it reads has it on disk */
    TB_DELIVERY_PARKED,       /* the office holds it aside: our key is not known there */
    TB_DELIVERY_REFUSED,      /* the office refused it, final */
    TB_DELIVERY_HELD,         /* its signed receipt is here */
    TB_DELIVERY_ACKNOWLEDGED, /* a named officer there gave his word */
};
const char *tb_delivery_state_text(enum tb_delivery_state state);

struct tb_delivery_row {
    uint32_t office;
    char name[TB_NAME_BYTES_MAX];
    bool required;
    bool widened; /* by a broker, not by the origin */
    char clause[TB_CLAUSE_BYTES_MAX];
    char river[TB_NAME_BYTES_MAX];
    uint32_t hops;
    enum tb_delivery_state state;
    enum tb_status reason; /* of full, parked, refused */
    int64_t held_ms;       /* by the office's receipt; 0: not */
    int64_t acknowledged_ms;
    char officer[TB_NAME_BYTES_MAX];
    Tongbao__Acknowledgement__Level level; /* the highest given */
};

/* A notice in a list. */
struct tb_notice_row {
    int64_t n; /* its place in the ledger: the key of paging */
    struct tb_id id;
    char number[TB_NUMBER_BYTES_MAX];
    bool twin; /* another notice has this number: show id[0..1] too */
    enum tb_world world;
    Tongbao__Notice__Kind kind;
    Tongbao__Notice__Grade grade;
    uint32_t origin;
    char origin_name[TB_NAME_BYTES_MAX];
    uint8_t incident[TB_INCIDENT_BYTES];
    char title[256];
    char river[TB_NAME_BYTES_MAX];
    int64_t issued_ms;
    int64_t received_ms; /* 0: own */
    bool own;
    bool mine_acknowledged; /* this office has acknowledged it */
    bool key_retired;
    bool key_revoked;
    bool forked;          /* 分叉: its place in the chain is held twice */
    bool gap_before;      /* something of the same chain for us is missing */
    bool subject_missing; /* what it continues has not arrived */
    uint32_t deliveries;
    uint32_t held;
    uint32_t acknowledged;
    uint32_t outside;
};

/* Notices with n below ${before} (0: from the newest), newest first. */
size_t tb_query_notices(struct tb_node *node, int64_t before, struct tb_notice_row *rows,
                        size_t rows_max);
/* Those of this office's actual notices to acknowledge that nobody here has. */
size_t tb_query_waiting(struct tb_node *node, struct tb_notice_row *rows, size_t rows_max);
/* One notice by id; false if it is not here. ${body} (may be NULL) gets its body,
 * unpacked into ${arena}. */
bool tb_query_notice(struct tb_node *node, const struct tb_id *id, struct tb_arena *arena,
                     struct tb_notice_row *row, const Tongbao__Body **body);
/* A notice by what people call it: its number, or a hex prefix of its id of at
 * least 4 digits. Returns how many there are; ${id} is one of them. */
size_t tb_query_find(struct tb_node *node, const char *name, struct tb_id *id);
/* The deliveries of a notice, ordered by hops and office. At most
 * TB_RECIPIENTS_MAX. */
size_t tb_query_deliveries(struct tb_node *node, const struct tb_id *id,
                           struct tb_delivery_row *rows, size_t rows_max);

struct tb_acknowledgement_row {
    uint32_t office;
    char name[TB_NAME_BYTES_MAX];
    Tongbao__Acknowledgement__Level level;
    char officer[TB_NAME_BYTES_MAX];
    char officer_number[TB_NAME_BYTES_MAX];
    char note[512];
    int64_t given_ms;
    int64_t received_ms;
};
size_t tb_query_acknowledgements(struct tb_node *node, const struct tb_id *id,
                                 struct tb_acknowledgement_row *rows, size_t rows_max);

struct tb_call_row {
    struct tb_id notice;
    uint32_t by; /* office */
    uint32_t office;
    char person[TB_NAME_BYTES_MAX];
    char phone[TB_NAME_BYTES_MAX];
    char caller[TB_NAME_BYTES_MAX];
    int64_t claimed_ms;
    int64_t entered_ms;
    Tongbao__Call__ReadBack read_back;
    char result[512];
};
size_t tb_query_calls(struct tb_node *node, const struct tb_id *id, struct tb_call_row *rows,
                      size_t rows_max);

/* Notices of the same incident, in the order of their chains; missing links of
 * a chain are told by gap_before and subject_missing. */
size_t tb_query_incident(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                         enum tb_world world, struct tb_notice_row *rows, size_t rows_max);

/* The numbered event stream: what this office was shown, each once (I2). */
enum tb_stream_kind {
    TB_STREAM_NOTICE, /* a notice is shown: own or received */
    TB_STREAM_HELD,   /* a receipt came for one of the notices here */
    TB_STREAM_ACKNOWLEDGEMENT,
    TB_STREAM_CALL,
    TB_STREAM_OBJECTION,
    TB_STREAM_WIDENED,
    TB_STREAM_UNKNOWN, /* 不识别的内容（请升级，并电话联系） */
    TB_STREAM_PARKED,  /* one came that cannot be verified yet; from whom */
    TB_STREAM_FORK,
    TB_STREAM_CHAIN,     /* this store opened a new chain: restored or copied */
    TB_STREAM_DIRECTORY, /* a new directory, or a clash */
    TB_STREAM_DISCLOSURE,
    TB_STREAM_DEED,
    TB_STREAM_DESTRUCTION,
    TB_STREAM_CLOCK, /* a time limit is about to pass, or has passed */
};
const char *tb_stream_kind_text(enum tb_stream_kind kind);

struct tb_stream_row {
    int64_t n;
    enum tb_stream_kind kind;
    struct tb_id id;      /* of the statement that is shown */
    struct tb_id subject; /* of the notice it is about; of itself for a notice */
    uint32_t office;      /* who said it */
    enum tb_world world;
    int64_t at_ms;  /* when this office stored it */
    char text[256]; /* number of a notice, officer of an acknowledgement … */
};
size_t tb_query_stream(struct tb_node *node, int64_t after, struct tb_stream_row *rows,
                       size_t rows_max);

/* Links and store, for `status`. */
struct tb_link_row {
    char broker[TB_NAME_BYTES_MAX];
    bool up;
    bool reads;
    int64_t since_ms;  /* wall time of the last change */
    int64_t skew_ms;   /* the broker's clock minus ours, at the last greeting */
    int64_t waiting;   /* own envelopes it has not accepted */
    int64_t oldest_ms; /* issued_at of the oldest of them; 0: none */
};
size_t tb_query_links(struct tb_node *node, struct tb_link_row *rows, size_t rows_max);

struct tb_status_row {
    int64_t ledger_rows;
    int64_t owed; /* own envelopes whose receipts are not all in */
    int64_t owed_oldest_ms;
    int64_t waiting; /* actual notices that this office has not acknowledged */
    int64_t parked;
    int64_t forks;
    int64_t gaps;
    int64_t alarm_last_exit; /* -1: never ran */
    int64_t alarm_last_ms;
    uint8_t chain[TB_CHAIN_BYTES]; /* own, actual world */
    int64_t chain_seq;
};
void tb_query_status(struct tb_node *node, struct tb_status_row *row);

/* What came back to a store that was made anew, and from when on nothing is missing. */
struct tb_recover_row {
    uint32_t province; /* who is asked; 0: nobody stands above this office */
    bool asked;
    struct tb_id recall;
    int64_t asked_ms;
    bool answered; /* the province has given all that it holds */
    int64_t answered_ms;
    int64_t given_own; /* its counts */
    int64_t given_addressed;
    int64_t given_refused;
    int64_t brokers; /* where this office reads … */
    int64_t brokers_met;
    int64_t own;      /* own envelopes that came back */
    int64_t own_here; /* and all own ones */
    int64_t received; /* envelopes of others here */
    bool own_known;   /* all who can tell what is missing have told */
    int64_t own_missing;
    int64_t own_heads_missing; /* of them, that only a broker names: the newest of a chain */
    int64_t own_since_ms;      /* of those before this time something is missing; 0: of none */
    int64_t held_since_ms;     /* from here on a broker still had everything; 0: not told */
    int64_t gaps;              /* in the counts of others' chains */
    int64_t received_since_ms; /* from here on nothing received is missing */
};
void tb_query_recover(struct tb_node *node, struct tb_wall now, struct tb_recover_row *row);

/* Envelopes to this office that are missing: their numbers in ${origin}'s count. */
struct tb_recover_gap {
    uint32_t origin;
    enum tb_world world;
    int64_t first;
    int64_t last;
    int64_t before_ms; /* they were issued before this */
};
size_t tb_query_recover_gaps(struct tb_node *node, struct tb_recover_gap *rows, size_t rows_max);

struct tb_officer_row {
    char name[TB_NAME_BYTES_MAX];
    char number[TB_NAME_BYTES_MAX];
    bool active;
    bool on_duty;
    int64_t duty_until_ms;
};
size_t tb_query_officers(struct tb_node *node, struct tb_wall now, struct tb_officer_row *rows,
                         size_t rows_max);
/* The password hash of an active officer; NULL if there is none. */
const char *tb_query_password(struct tb_node *node, const char *officer);
/* Whose open session ${token} is; false if nobody's. */
bool tb_query_session(struct tb_node *node, const char *token, struct tb_wall now,
                      struct tb_officer_row *row);

/* Envelopes for export and for the test of rebuild: the ledger by n. */
struct tb_ledger_row {
    int64_t n;
    struct tb_id id;
    struct tb_bytes bytes; /* borrowed until the next call */
    int64_t received_ms;
    char broker[TB_NAME_BYTES_MAX];
};
bool tb_query_ledger(struct tb_node *node, int64_t after, struct tb_ledger_row *row);

/* Throw away every view and make it again from the ledger (--rebuild). Run in a
 * transaction of its own while no daemon runs. */
enum tb_status tb_node_rebuild(struct tb_node *node) TB_MUST_USE;

#endif
