#ifndef TB_HOUSE_H
#define TB_HOUSE_H

#include "base/arena.h"
#include "base/outbox.h"
#include "broker/core/config.h"
#include "broker/core/dossier.h"
#include "broker/core/envelopes.h"
#include "broker/core/epochs.h"
#include "broker/core/mailbox.h"
#include "broker/core/peers.h"
#include "broker/core/store.h"
#include "proto/directory.h"
#include "proto/frame.h"
#include "topology/atlas.h"
#include "topology/rule.h"

/*
 * house - the broker from the inside: its parts, and what all that handle a frame
 * do with them. Seen by the files of broker/core alone.
 *
 *     broker.c dispatches --> greet, admit, widen, deliver, exchange, repair
 *                                      \--> house --> mailbox, envelopes, peers …
 *
 * Rows live in the store; what stands here is either made at start (statements,
 * configuration), rebuilt from rows (directories), or lost with a link (peers,
 * directories half fetched).
 */
struct tb_exchange; /* exchange.h */

struct tb_broker {
    struct tb_db *db;
    struct tb_broker_config config;
    struct tb_broker_epoch epoch;
    struct tb_epochs *epochs;
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
    struct tb_envelopes_widened untold; /* the last that was told again */
    uint64_t turn;
    uint64_t sweep_ms; /* when silent and stalled peers are looked for next */
    uint64_t keys_ms;  /* when the allow-list is made anew: retired keys run out */
    size_t pump_from;  /* round robin */
    bool pump_more;    /* the pump stopped at its budget */
    bool tidy_more;    /* something is left to be settled or pruned */
    bool scarce;       /* the disk is full: nothing new is taken */
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
bool tb_house_send(struct tb_broker *broker, struct tb_outbox *out, uint64_t peer,
                   const Tongbao__Frame *frame);
/* The same for a frame that nobody waits for. */
bool tb_house_send_later(struct tb_broker *broker, struct tb_outbox *out, uint64_t peer,
                         const Tongbao__Frame *frame);

/* TB_OK when the holder of ${key} may use a link at ${wall}; TB_PEER when it is
 * nobody's or a broker's, TB_REVOKED. */
enum tb_status tb_house_holder(const struct tb_broker *broker, const uint8_t key[TB_KEY_BYTES],
                               struct tb_wall wall, struct tb_holder *holder);

/* "A directory entry names the brokers where that office reads": is this one? */
bool tb_house_reads(const struct tb_broker *broker, const Tongbao__Office *office);

/* Before anything is added or filed: the epoch in which it is given out must be
 * written, which a full disk prevented at the start. */
void tb_house_begin(struct tb_broker *broker);
/* File the envelope ${row} for ${office}: TB_OK filed now, TB_CONFLICT it was
 * filed before, TB_FULL, which is noted if there is an ${out}. */
enum tb_status tb_house_file(struct tb_broker *broker, const struct tb_envelopes_row *row,
                             uint32_t office, struct tb_outbox *out);
/* The same for what is given back to ${office}: lane 2 whatever it is, and full at half
 * of the mailbox. */
enum tb_status tb_house_file_back(struct tb_broker *broker, const struct tb_envelopes_row *row,
                                  uint32_t office, struct tb_outbox *out);

#endif
