#ifndef TB_NODE_H
#define TB_NODE_H

#include "base/db.h"
#include "base/diag.h"
#include "base/event.h"
#include "base/limits.h"
#include "base/turn.h"
#include "proto/directory.h"
#include "proto/envelope.h"
#include "topology/atlas.h"

/*
 * node - a bureau's desk: the core of tongbao-node.
 *
 *   frames from brokers --> inbox --> ledger --> views, stream, receipts
 *   requests of people  --> issue, acknowledge, call --> ledger --> offers
 *
 * The ledger is the append-only table of envelopes, own and received; notices,
 * deliveries, chains and the numbered event stream are views on it, kept in
 * the same transaction and rebuildable from it. Everything advances by
 * base/turn.h; the callbacks are those of struct tb_turn_core.
 */
struct tb_node;

/* Who this office is; the pointers are borrowed for the node's life. */
struct tb_node_config {
    uint32_t office;                     /* 140121 */
    const struct tb_sign_secret *secret; /* its signing key */
    uint8_t sign_key[TB_KEY_BYTES];      /* the public half */
    bool alarm;                          /* an alarm_command is configured */
};

/*
 * A node over an open store (schema tb_node_schema()). ${seed} is fresh; it
 * names the store's chains if the store is new. Reads the directories it has;
 * roots are pinned in ${set} before. NULL when the store is another office's.
 */
struct tb_node *tb_node_new(struct tb_db *db, const struct tb_node_config *config,
                            struct tb_directories *set, const uint8_t seed[TB_SEED_BYTES]);
void tb_node_free(struct tb_node *node);

const struct tb_db_schema *tb_node_schema(void);

/*
 * The store was put back from a copy: leave every chain for a new one, named from
 * ${seed}, that continues it, and say so in the stream. In a transaction of the
 * caller's, while no daemon runs (as tb_node_rebuild in query.h).
 */
void tb_node_restored(struct tb_node *node, const struct tb_now *now,
                      const uint8_t seed[TB_SEED_BYTES]);

/* The turn's callbacks over ${node}; relieve and its context are the daemon's. */
void tb_node_turn(struct tb_node *node, struct tb_turn_core *core);

/* When the core next wants a TB_EVENT_DUE, in monotonic ms; UINT64_MAX: never. */
uint64_t tb_node_deadline_ms(const struct tb_node *node);

/* The directories and rivers that the node goes by; borrowed. */
const struct tb_directories *tb_node_directories(const struct tb_node *node);
struct tb_atlas *tb_node_atlas(struct tb_node *node);
uint32_t tb_node_office(const struct tb_node *node);
struct tb_db *tb_node_db(struct tb_node *node);

/*
 * The brokers this office should be linked to now: those where it reads and
 * those of every office that its rivers and rules can reach (tb_rule_reach), of
 * its directories in force. At most TB_LINKS_MAX, ordered by name. `from` in
 * link events and `to` in frame effects is the broker's handle.
 */
struct tb_node_link {
    uint64_t handle; /* the first 8 bytes of the broker's link key, as a number */
    const Tongbao__Broker *broker;
    bool reads; /* this office reads there */
};
size_t tb_node_links(const struct tb_node *node, struct tb_node_link links[TB_LINKS_MAX]);

/* A frame could not be sent now (the socket is full): offer again later. */
void tb_node_choked(struct tb_node *node, uint64_t handle);

/* ------------------------------------------------------------ requests */

enum tb_verb {
    TB_VERB_ISSUE,
    TB_VERB_ACKNOWLEDGE,
    TB_VERB_CALL,
    TB_VERB_DUTY_OPEN, /* the password has been checked by the daemon */
    TB_VERB_DUTY_CLOSE,
    TB_VERB_OFFICER_SET,    /* add an officer or change his number, password, state */
    TB_VERB_DIRECTORY_TAKE, /* a directory file given by hand */
    TB_VERB_ALARM_ENDED,    /* an alarm run ended */
    TB_VERB_DISCLOSE,
    TB_VERB_DEED,
    TB_VERB_DESTROY,
    TB_VERB_PERSONAL_READ,
    TB_VERB_RECOVER, /* ask the province for what was lost; with nothing but its id */
};

enum {
    TB_REQUEST_ID_BYTES_MAX = 64,
    TB_TOKEN_BYTES = 24,
    TB_ADDED_MAX = 64,
    TB_PASSWORD_HASH_BYTES_MAX = 128,
    TB_SESSION_HOURS_MAX = 24
};

/* TB_VERB_ISSUE. Number, duty officer and reporting office are filled in by the
 * core; a missing element never stops a notice (I6). */
struct tb_issue {
    enum tb_world world;
    const Tongbao__Notice *notice;
    uint8_t incident[TB_INCIDENT_BYTES]; /* zero: of `regards`, else a new one */
    uint32_t added[TB_ADDED_MAX];        /* offices beyond the rules (I5: only added) */
    size_t added_count;
    const char *personal; /* beside the signed bytes (I11); NULL or "": none */
};

struct tb_acknowledge {
    struct tb_id notice;
    Tongbao__Acknowledgement__Level level;
    const char *note;
};

struct tb_call {
    struct tb_id notice;
    uint32_t office;
    const char *person;
    const char *phone;
    struct tb_wall claimed;
    Tongbao__Call__ReadBack read_back;
    const char *result;
};

/* TB_VERB_DISCLOSE and TB_VERB_DEED. Notice, officer and time of entry are filled in
 * by the core; for a time that is not said, 0. */
struct tb_disclose {
    struct tb_id notice;
    const Tongbao__Disclosure *said;
};

/* TB_VERB_DESTROY: the personal part of ${notice}, for good; TB_VERB_PERSONAL_READ: kept
 * who read it, without a reason. */
struct tb_destroy {
    struct tb_id notice;
    const char *reason;
};

struct tb_deed {
    struct tb_id notice;
    const Tongbao__Deed *said;
};

struct tb_officer_set {
    const char *name;
    const char *number;
    const char *password_hash; /* libsodium's text form; NULL: unchanged */
    bool active;
};

struct tb_duty_open {
    const char *officer;
    int64_t hours; /* 1…TB_SESSION_HOURS_MAX */
};

struct tb_alarm_ended {
    int64_t run;
    int exit_status;
};

/*
 * What a person or the daemon asks. `id` is the request id of a changing call:
 * the same id gives the same answer, after a crash too. `token` is the session's
 * text as the client sent it, NULL without one. All borrowed for the event.
 */
struct tb_request {
    enum tb_verb verb;
    const char *id;
    const char *token;
    union {
        struct tb_issue issue;
        struct tb_acknowledge acknowledge;
        struct tb_call call;
        struct tb_disclose disclose;
        struct tb_deed deed;
        struct tb_destroy destroy;
        struct tb_officer_set officer;
        struct tb_duty_open duty;
        struct tb_bytes directory;
        struct tb_alarm_ended alarm;
    };
};

/* The data of a TB_EFFECT_ANSWER; its `code` is the enum tb_status. */
struct tb_result {
    enum tb_verb verb;
    enum tb_status status;
    bool repeated;   /* this request id was answered before */
    struct tb_id id; /* the envelope that was made */
    char number[TB_NUMBER_BYTES_MAX];
    char token[2 * TB_TOKEN_BYTES + 1]; /* of a session that was opened */
    char text[TB_DIAG_TEXT_BYTES_MAX];  /* why not, and what to do */
};

/* The data of a TB_EFFECT_ALARM: run the command once for all that wait. */
struct tb_alarm_run {
    int64_t run;
    uint32_t waiting;
    char number[TB_NUMBER_BYTES_MAX]; /* the newest */
    struct tb_id id;
};

#endif
