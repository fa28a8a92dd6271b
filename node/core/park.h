#ifndef TB_PARK_H
#define TB_PARK_H

#include "node/core/state.h"

/*
 * park - envelopes that cannot be judged yet: their signer, or their version, is
 * not known here.
 *
 *   parked with bytes --new directory--> judged again --> stored | refused | parked
 *   parked without   --new directory, greeting--> fetched, and so on
 *
 * "Not shown, not receipted, tried again with each new directory; when the
 * bounded park is full only (broker, id) is kept and the bytes are fetched again."
 */
struct tb_parking {
    const struct tb_id *id;
    const char *broker;
    uint32_t origin;
    enum tb_status reason;
    struct tb_bytes bytes;
    int64_t admitted_ms;
    bool revoked;
};

/* False when it was parked before; its bytes may have been filled in. */
bool tb_park_add(struct tb_node *node, const struct tb_at *at, const struct tb_parking *parking);
void tb_park_drop(struct tb_node *node, const struct tb_id *id);
/* Only what ${broker} brought under ${id}. */
void tb_park_drop_from(struct tb_node *node, const struct tb_id *id, const char *broker);

/* Begin to judge all again; then step, in slices, while it returns true. */
void tb_park_retry(struct tb_node *node);
bool tb_park_step(struct tb_node *node, const struct tb_at *at);
/*
 * Ask the broker of ${link} for what is parked without bytes, a few at a time: the
 * next when those have come (tb_park_fetched, for each) or had their time
 * (tb_park_fetch_due). What the broker no longer has is passed over.
 */
void tb_park_fetch(struct tb_node *node, const struct tb_at *at, struct tb_link *link);
void tb_park_fetched(struct tb_node *node, const struct tb_at *at, struct tb_link *link);
void tb_park_fetch_due(struct tb_node *node, const struct tb_at *at, struct tb_link *link);

#endif
