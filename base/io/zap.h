#ifndef TB_ZAP_H
#define TB_ZAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/io/sock.h"
#include "base/status.h"

/*
 * zap - the door: which CURVE keys get past the handshake.
 *
 * ZAP 1.0 (ZeroMQ RFC 27) on inproc://zeromq.zap.01 in the thread of the loop,
 * over a sorted table of keys in memory. "An unknown key does not get past the
 * handshake"; no handler, no service. libzmq's own thread waits for each
 * answer, so a step never touches a disk and never waits. An answer 200 has
 * the key's lower-case hex as its User-Id.
 *
 * The handler asks only at the handshake: a key that is taken off the table
 * while linked must be refused by the owner of the link, frame by frame.
 */
enum {
    TB_ZAP_KEYS_MAX = 65536,
    TB_ZAP_ANSWERS_A_STEP_MAX = 64,
    TB_ZAP_SELFTEST_MS_MAX = 10000, /* for each of its three parts; milliseconds as a rule */
    /* Handshakes of one key (I10): so many at once, then one each time this passes. A
     * line that breaks again and again is linked anew every 5 s at most. */
    TB_ZAP_KNOCKS_MAX = 16,
    TB_ZAP_KNOCK_MS = 5000,
};

struct tb_zap_counts {
    uint64_t accepted;
    uint64_t refused;
    uint64_t malformed; /* not ZAP 1.0 with CURVE and a key: dropped unanswered */
    uint64_t limited;   /* an allowed key that has to wait: told so (300), it tries again */
    uint8_t limited_key[TB_KEY_BYTES]; /* the last of them */
};

struct tb_zap;

/* Bind the handler, with an empty table: nobody gets in. Before any server
 * socket. TB_CONFLICT when the context has one already, TB_IO. */
enum tb_status tb_zap_open(struct tb_sock_context *context, struct tb_zap **out,
                           struct tb_diag *diag) TB_MUST_USE;
/* Unbind and close: from here nobody gets in. NULL is allowed. */
void tb_zap_close(struct tb_zap *zap);

/* Replace the table by ${keys}, 32-byte keys one after another in any order
 * (copied); a key that stays has knocked as often as before. TB_TOOBIG past TB_ZAP_KEYS_MAX, with
 * the old table unchanged. */
enum tb_status tb_zap_allow(struct tb_zap *zap, struct tb_bytes keys) TB_MUST_USE;
bool tb_zap_allowed(const struct tb_zap *zap, const uint8_t key[TB_KEY_BYTES]);

/* Answer what waits, at most TB_ZAP_ANSWERS_A_STEP_MAX; when tb_zap_raw is
 * ready. */
void tb_zap_step(struct tb_zap *zap);
const struct tb_zap_counts *tb_zap_counts(const struct tb_zap *zap);
/* The libzmq socket, to be polled by the loop. */
void *tb_zap_raw(struct tb_zap *zap);

/*
 * Prove the door at start, before tb_zap_open, with real sockets on loopback:
 * an allowed key gets in and is known by its key, an unknown one is refused,
 * and with the handler unbound the allowed one is refused too. TB_OK, or
 * TB_STATE with what failed in ${diag}: then the daemon must not serve.
 * ${context} is left as it was.
 */
enum tb_status tb_zap_selftest(struct tb_sock_context *context, struct tb_diag *diag) TB_MUST_USE;

#endif
