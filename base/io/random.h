#ifndef TB_RANDOM_H
#define TB_RANDOM_H

#include <stddef.h>

/*
 * random - where chance enters the process: libsodium, and nothing else.
 *
 * Salts, new keys, chain identities and jitter are drawn here and handed down,
 * so that the pure code below has no source of its own.
 */

/* Fill ${size} bytes at ${out} with unpredictable bytes. Never fails: a system
 * without randomness stops the process. */
void tb_random_fill(void *out, size_t size);

#endif
