#ifndef TB_LINKKEY_H
#define TB_LINKKEY_H

#include <stdint.h>

#include "base/event.h"

/*
 * linkkey - a link key of the fixture in the form that sockets take.
 */
struct tb_link_secret;
struct tb_link_secret *linkkey_make(const uint8_t key[TB_KEY_BYTES],
                                    const uint8_t secret[TB_KEY_BYTES]);
void linkkey_free(struct tb_link_secret *key);

#endif
