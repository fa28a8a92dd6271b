#ifndef TB_BROKER_CONFIG_H
#define TB_BROKER_CONFIG_H

#include <stddef.h>

#include "base/event.h"
#include "base/limits.h"
#include "base/root.h"
#include "base/secret.h"

/*
 * config - what one broker is told once, at its start.
 */

/* Copied, but for what its pointers name. */
struct tb_broker_config {
    char name[TB_NAME_BYTES_MAX];        /* as the directory names this broker */
    const struct tb_sign_secret *secret; /* its signing key, for widenings; may be NULL */
    uint64_t mailbox_rows_max;           /* 0: TB_MAILBOX_ROWS_DEFAULT */
    struct tb_root roots[TB_ROOTS_MAX];
    size_t roots_count;
    uint8_t seed[TB_SEED_BYTES]; /* fresh; names the epoch of a new store */
};

#endif
