#ifndef TB_BENCH_H
#define TB_BENCH_H

#include "base/turn.h"
#include "broker/core/broker.h"
#include "fixture.h"

/*
 * bench - a broker on the bench: the real core over a real store, driven by the
 * real turn, with a clock that the test moves and the outbox in its hands.
 *
 * A peer is named by a small number; bench_link says whose key it has.
 */
enum { BENCH_PEERS = 32 };

struct bench {
    struct fixture fix;
    struct tb_db db;
    struct tb_broker_config config;
    struct tb_broker *broker;
    struct tb_now now;
    struct tb_outbox out; /* of the last turn */
    struct tb_arena arena;
    uint8_t key[BENCH_PEERS][TB_KEY_BYTES];
    uint64_t tag;
    enum tb_status turned; /* by the last turn */
    bool scarce;           /* as when the daemon gave its reserve up */
    const char *path;
    uint8_t starts; /* 0: no two starts in a process draw the same; else counted here */
};

/* Open a broker sx-1 over ${path}; the directory 1 of ${bench}->fix is in force
 * when ${publish}. The fixture must have been made. */
void bench_open(struct bench *bench, const char *path, bool publish);
/* A fresh fixture, in memory, with directory 1. */
void bench_start(struct bench *bench);
/* cmocka's setup and teardown; *${state} is a bench that was started. */
int bench_setup(void **state);
int bench_teardown(void **state);
void bench_close(struct bench *bench);
/* Close and open the same path again, as after a restart. */
void bench_restart(struct bench *bench);

/* One turn of ${count} events. */
void bench_turn(struct bench *bench, const struct tb_event *events, size_t count);
void bench_idle(struct bench *bench); /* a turn without events */
/* An event of ${peer}; its frame is packed into ${buf}. */
struct tb_event bench_event(struct bench *bench, uint64_t peer, const Tongbao__Frame *frame,
                            struct tb_buf *buf);
/* One frame in a turn of its own. */
void bench_frame(struct bench *bench, uint64_t peer, const Tongbao__Frame *frame);
/* Publish the fixture's directory and give it to the broker as a file. */
enum tb_status bench_publish(struct bench *bench, uint64_t version);

/* The ${nth} frame of ${kind} to ${peer} in the last outbox; NULL. */
const Tongbao__Frame *bench_sent(struct bench *bench, uint64_t peer, Tongbao__Frame__KindCase kind,
                                 size_t nth);
size_t bench_count(struct bench *bench, uint64_t peer, Tongbao__Frame__KindCase kind);
/* True when the last turn noted ${note}. */
bool bench_noted(struct bench *bench, enum tb_note note);
size_t bench_effects(struct bench *bench, enum tb_effect_kind kind);

/* The peer has the key of the office ${code}. */
void bench_link(struct bench *bench, uint64_t peer, uint32_t code);
/* Link and say Hello for the first time; returns the Welcome. */
const Tongbao__Welcome *bench_hello(struct bench *bench, uint64_t peer, uint32_t code);

struct bench_cursor {
    uint64_t seq[TB_LANES + 1];
    struct tb_id id[TB_LANES + 1];
    uint64_t position; /* last accepted; 0: none */
    struct tb_id accepted;
};
/* Say Hello with cursors and ${epoch}, 16 bytes. */
const Tongbao__Welcome *bench_resume(struct bench *bench, uint64_t peer, uint32_t code,
                                     const uint8_t *epoch, const struct bench_cursor *cursor);

/* Offer the bytes; returns the Answer. */
const Tongbao__Answer *bench_offer(struct bench *bench, uint64_t peer, struct tb_bytes bytes,
                                   bool repair);
/* Make and offer the notice ${say}; it must be answered. */
const Tongbao__Answer *bench_say(struct bench *bench, uint64_t peer, const struct fix_say *say,
                                 struct tb_id *id);
void bench_stored(struct bench *bench, uint64_t peer, enum tb_lane lane, uint64_t seq,
                  const struct tb_id *id);
void bench_later(struct bench *bench, uint64_t ms); /* both clocks */

/* The number that ${sql} gives, asked in the broker's store. */
int64_t bench_sql(struct bench *bench, const char *sql);

#endif
