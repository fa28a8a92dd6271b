#ifndef TB_STATUS_H
#define TB_STATUS_H

/*
 * status - how a call ended when the world, not this program, was at fault.
 *
 * Errors are three kinds, never mixed. Our own bug: tb_assert (fault.h). The
 * world failed: one of these codes. A peer misbehaved: a note, a counter and a
 * refusal frame, which carries one of these codes as its reason; the numbers
 * are therefore part of the wire (proto/PROTOCOL.md) and never change meaning.
 */
#define TB_STATUS_TABLE(X)                                                                         \
    X(0, OK, "ok", "ok")                                                                           \
    X(1, MALFORMED, "malformed", "malformed")                                                      \
    X(2, TOOBIG, "toobig", "over a limit")                                                         \
    X(3, SIGNATURE, "signature", "signature does not verify")                                      \
    X(4, SIGNER, "signer", "signer is in no trusted directory")                                    \
    X(5, REVOKED, "revoked", "key revoked")                                                        \
    X(6, AUTHORITY, "authority", "out of authority")                                               \
    X(7, VERSION, "version", "version not understood")                                             \
    X(8, UNKNOWN, "unknown", "not known here")                                                     \
    X(9, FULL, "full", "full")                                                                     \
    X(10, DISKFULL, "diskfull", "disk full")                                                       \
    X(11, IO, "io", "input or output failed")                                                      \
    X(12, MEMORY, "memory", "memory budget used up")                                               \
    X(13, CONFLICT, "conflict", "conflicts with what is stored")                                   \
    X(14, INPUT, "input", "input has a mistake")                                                   \
    X(15, SESSION, "session", "needs a duty session")                                              \
    X(16, PEER, "peer", "not a peer of this link")                                                 \
    X(17, STATE, "state", "not possible in this state")

enum tb_status {
#define TB_STATUS_ENUM(number, name, word, text) TB_##name = (number),
    TB_STATUS_TABLE(TB_STATUS_ENUM)
#undef TB_STATUS_ENUM
};

/* The result must be looked at. */
#define TB_MUST_USE __attribute__((warn_unused_result))

/* The fixed English text of ${status}; "?" for a number from a newer peer. */
const char *tb_status_text(enum tb_status status);

/* The fixed short name of ${status}, e.g. "signature"; as in JSON and notes. */
const char *tb_status_name(enum tb_status status);

#endif
