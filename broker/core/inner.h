#ifndef TB_BROKER_INNER_H
#define TB_BROKER_INNER_H

#include "base/arena.h"
#include "base/outbox.h"
#include "broker/core/broker.h"
#include "broker/core/dossier.h"
#include "broker/core/envelopes.h"
#include "broker/core/exchange.h"
#include "broker/core/mailbox.h"
#include "broker/core/peers.h"
#include "broker/core/store.h"
#include "proto/frame.h"
#include "topology/atlas.h"
#include "topology/rule.h"

/*
 * inner - the broker's parts, seen by the files of broker/core alone.
 *
 * Rows live in the store; what stands here is either made at start (statements,
 * configuration), rebuilt from rows (directories), or lost with a link (peers,
 * directories half fetched).
 */
struct tb_broker {
    struct tb_db *db;
    struct tb_broker_config config;
    uint8_t epoch[TB_BROKER_EPOCH_BYTES];
    struct tb_mailbox *mailbox;
    struct tb_envelopes *envelopes;
    struct tb_dossier *dossier;
    struct tb_exchange *exchange;
    struct tb_directories *directories;
    struct tb_atlas *atlas;
    struct tb_peers *peers;
    struct tb_arena frames;      /* the frame of the present event */
    struct tb_arena bodies;      /* the body of the present envelope */
    struct tb_buf packed;        /* the frame that is being sent */
    struct tb_buf loaded;        /* the envelope that is being sent */
    struct tb_rule_row *widened; /* found for the present envelope */
    size_t widened_count;
    uint64_t turn;
    uint64_t sweep_ms; /* when silent and stalled peers are looked for next */
    uint64_t keys_ms;  /* when the allow-list is made anew: retired keys run out */
    size_t pump_from;  /* round robin */
    bool pump_more;    /* the pump stopped at its budget */
    bool tidy_more;    /* something is left to be settled or pruned */
    uint64_t tidy_ms;
};

/* Who speaks in the present event; ${peer} is NULL before its Hello. */
struct tb_speaker {
    const struct tb_now *now;
    const struct tb_event *event;
    struct tb_holder holder;
    struct tb_peer *peer;
    struct tb_outbox *out;
};

/* Pack ${frame} and append it for ${peer}; false when the outbox is full. */
bool tb_broker_send(struct tb_broker *broker, struct tb_outbox *out, uint64_t peer,
                    const Tongbao__Frame *frame);

/* TB_OK when the holder of ${key} may use a link at ${wall}; TB_PEER when it is
 * nobody's or a broker's, TB_REVOKED. */
enum tb_status tb_broker_holder(const struct tb_broker *broker, const uint8_t key[TB_KEY_BYTES],
                                struct tb_wall wall, struct tb_holder *holder);

/* "A directory entry names the brokers where that office reads": is this one? */
bool tb_broker_reads_here(const struct tb_broker *broker, const Tongbao__Office *office);

/* Verify ${bytes}, take them if newer, store them, announce them to all peers
 * but ${from}, drop the peers that they revoke. The status is that of
 * tb_directories_take; an old or the same one is TB_OK. */
enum tb_status tb_broker_take(struct tb_broker *broker, const struct tb_now *now,
                              struct tb_bytes bytes, uint64_t from, struct tb_outbox *out);

#endif
