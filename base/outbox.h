#ifndef TB_OUTBOX_H
#define TB_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/notes.h"

/*
 * outbox - what a turn will do to the world once it has committed (I4).
 *
 *     core appends --> COMMIT --> the daemon flushes, in order
 *
 * An event that is undone takes its effects back with tb_outbox_cut. The
 * outbox owns copies of all bytes; a reader borrows them until it is cleared.
 */
enum tb_effect_kind {
    TB_EFFECT_FRAME,  /* send `data` to peer or link `to` */
    TB_EFFECT_LATER,  /* the same, but nobody waits for it: soon is early enough */
    TB_EFFECT_ANSWER, /* answer request `to`; `code` and `data` are the core's */
    TB_EFFECT_NOTE,   /* log `data`; `code` is its enum tb_note */
    TB_EFFECT_KEYS,   /* the set of admitted link keys changed: read it anew */
    TB_EFFECT_LINKS,  /* the set of brokers to be linked to changed */
    TB_EFFECT_STREAM, /* rows were added to the numbered event stream */
    TB_EFFECT_ALARM,  /* run the alarm command; `data` is the core's */
    TB_EFFECT_SCRUB,  /* personal data was destroyed: the log still has it */
};

/* True for what is sent to a peer, now or soon. */
static inline bool tb_effect_sends(enum tb_effect_kind kind)
{
    return kind == TB_EFFECT_FRAME || kind == TB_EFFECT_LATER;
}

struct tb_effect {
    enum tb_effect_kind kind;
    uint32_t code;
    uint64_t to;
    struct tb_bytes data;
};

struct tb_outbox {
    struct tb_buf bytes; /* headers and data of all effects, one after another */
    size_t count;
};

/* A place in an outbox to cut back to. */
struct tb_outbox_mark {
    size_t bytes;
    size_t count;
};

void tb_outbox_init(struct tb_outbox *out);
void tb_outbox_fini(struct tb_outbox *out);

/* Append one effect, copying ${data}. False when the outbox is at its limit
 * (TB_OUTBOX_BYTES_MAX): the sender's store keeps it and tries in a later turn. */
bool tb_outbox_add(struct tb_outbox *out, enum tb_effect_kind kind, uint64_t to, uint32_t code,
                   struct tb_bytes data);

/* Append a log line from the table; the arguments are those of its format.
 * At the limit the line is dropped. */
void tb_outbox_note(struct tb_outbox *out, int note, ...);

struct tb_outbox_mark tb_outbox_here(const struct tb_outbox *out);
void tb_outbox_cut(struct tb_outbox *out, struct tb_outbox_mark mark);
void tb_outbox_clear(struct tb_outbox *out);

/* Walk: start with *${at} = 0; false at the end. */
bool tb_outbox_next(const struct tb_outbox *out, size_t *at, struct tb_effect *effect);

#endif
