#ifndef TB_TEST_DESK_H
#define TB_TEST_DESK_H

#include "base/turn.h"
#include "fixture.h"
#include "node/core/node.h"
#include "node/core/query.h"
#include "proto/frame.h"

/*
 * desk - one office's node under test: the real core over a real store, driven by
 * the real turn, with a clock that the test moves and the outbox in its hands.
 *
 * The fixture is shared by the desks of one test; desk_start publishes directory 1
 * of it. Brokers are played by the test, frame by frame, or by a bench.
 */
struct desk {
    struct fixture *fix;
    uint32_t office;
    char path[256];   /* a store on disk; "" in memory */
    bool keeps_files; /* else desk_close removes them */
    struct tb_db db;
    struct tb_directories *set;
    struct tb_node *node;
    struct tb_turn_core core;
    struct tb_now now;
    struct tb_outbox out; /* of the last turn */
    struct tb_arena arena;
    enum tb_status turned;
    uint64_t draws; /* seeds are counted, so that a run repeats */
    char token[2 * TB_TOKEN_BYTES + 1];
    uint64_t seq[2][TB_LANES + 1]; /* of what the test delivered, per broker */
    bool alarm;
    struct tb_buf bytes; /* for what the test makes: an envelope, a directory */
};

/* Open a store for ${office}: a new one, on disk when ${on_disk}; or that at ${path},
 * which stays there. The directory of the fixture is in force unless ${bare}. */
struct desk_make {
    const char *path;
    bool on_disk;
    bool bare;
    bool alarm;
};
void desk_start(struct desk *desk, struct fixture *fix, uint32_t office, struct desk_make make);
void desk_close(struct desk *desk);
/* What most tests begin with: a fresh ${fix} with the product's rivers when
 * ${rivers}, and a desk of ${office} on disk. */
void desk_begin(struct desk *desk, struct fixture *fix, uint32_t office, bool rivers);
/* Close and open again: what is not in the store is forgotten. */
void desk_reopen(struct desk *desk);
/* Put a copy of the store aside, and put it back in place of the present one. */
void desk_copy(struct desk *desk);
void desk_restore(struct desk *desk);

void desk_turn(struct desk *desk, const struct tb_event *events, size_t count);
/* A DUE event, as the deadline asks for; desk_settle until no deadline is over. */
void desk_due(struct desk *desk);
void desk_settle(struct desk *desk);
/* Nothing is due but the next look at the time limits. */
bool desk_idle(const struct desk *desk);
void desk_later(struct desk *desk, uint64_t ms); /* both clocks, no turn */

/* What the last turn sent: the ${nth} frame of ${kind} to ${broker} (0 sx-1, 1 sx-2). */
uint64_t desk_handle(const struct desk *desk, int broker);
const Tongbao__Frame *desk_sent(struct desk *desk, int broker, Tongbao__Frame__KindCase kind,
                                size_t nth);
size_t desk_count(struct desk *desk, int broker, Tongbao__Frame__KindCase kind);
size_t desk_effects(struct desk *desk, enum tb_effect_kind kind);
bool desk_noted(struct desk *desk, enum tb_note note);
/* The data of the last turn's effect of ${kind}. */
struct tb_bytes desk_effect(struct desk *desk, enum tb_effect_kind kind);

/* One frame from ${broker} in a turn of its own. */
void desk_frame(struct desk *desk, int broker, const Tongbao__Frame *frame);
struct tb_event desk_event(struct desk *desk, int broker, const Tongbao__Frame *frame,
                           struct tb_buf *buf);
void desk_link(struct desk *desk, int broker); /* the socket comes up */
void desk_unlink(struct desk *desk, int broker);
/* Link, and a plain Welcome of an epoch made of ${epoch}. */
void desk_greet(struct desk *desk, int broker, uint8_t epoch);
void desk_welcome(struct desk *desk, int broker, Tongbao__Welcome *welcome, uint8_t epoch);
/* Deliver the next seq of ${lane} at ${broker}. */
void desk_deliver(struct desk *desk, int broker, uint32_t lane, struct tb_bytes envelope);
void desk_deliver_lane0(struct desk *desk, int broker, struct tb_bytes envelope);
/* Make the notice that ${say} says into the desk's bytes; deliver it too, by sx-1 in
 * lane 1. */
struct tb_id desk_make_notice(struct desk *desk, const struct fix_say *say);
struct tb_id desk_deliver_notice(struct desk *desk, const struct fix_say *say);
/* The ${nth} Offer of the last turn to ${broker}, NULL; how many there were. */
const Tongbao__Offer *desk_offered(struct desk *desk, int broker, size_t nth);
size_t desk_offers(struct desk *desk, int broker);
/* Answer the offer ${offer}. */
void desk_answer(struct desk *desk, int broker, const Tongbao__Offer *offer, enum tb_status status,
                 uint64_t position, const uint32_t *filed, size_t filed_count, const uint32_t *full,
                 size_t full_count);

/* Ask; the answer is copied. desk_on_duty makes an officer and opens his session. */
struct tb_result desk_ask(struct desk *desk, const struct tb_request *request);
void desk_on_duty(struct desk *desk);
/* Issue a first notice about ${river}; the request id is counted. */
struct tb_result desk_issue(struct desk *desk, const char *river);
struct tb_result desk_issue_as(struct desk *desk, enum tb_world world, Tongbao__Notice__Kind kind,
                               const char *river, const struct tb_id *regards);
struct tb_result desk_acknowledge(struct desk *desk, const struct tb_id *notice);

/* Seal ${body} as ${office}'s in ${world}; recipients, chain and all are the test's. */
void desk_seal(struct desk *desk, uint32_t office, enum tb_world world, Tongbao__Body *body,
               struct tb_buf *out, struct tb_id *id);
/* The envelope ${id} of the ledger, its body unpacked; asserts that it is there. */
const Tongbao__Body *desk_body(struct desk *desk, const struct tb_id *id,
                               struct tb_envelope *envelope);
/* Publish the fixture's directory anew and give it to the desk by hand. */
struct tb_result desk_publish(struct desk *desk, uint64_t version);

int64_t desk_sql(struct desk *desk, const char *sql); /* one number of its store */
/* The showings of ${id} in the stream, of ${kind}. */
size_t desk_shown(struct desk *desk, enum tb_stream_kind kind, const struct tb_id *id);
/* The delivery of ${id} to ${office}; asserts that there is one. */
struct tb_delivery_row desk_delivery(struct desk *desk, const struct tb_id *id, uint32_t office);

#endif
