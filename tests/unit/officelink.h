#ifndef TB_OFFICELINK_H
#define TB_OFFICELINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/event.h"

/*
 * officelink - an office's end of a real link, for tests of a running broker.
 */
struct officelink;

/* Connect to ${endpoint}, whose key is ${server}, with the link key given. */
struct officelink *officelink_open(const char *endpoint, const uint8_t server[TB_KEY_BYTES],
                                   const uint8_t key[TB_KEY_BYTES],
                                   const uint8_t secret[TB_KEY_BYTES]);
void officelink_close(struct officelink *link);
/* True when the frame could be queued within ${wait_ms}. */
bool officelink_send(struct officelink *link, struct tb_bytes frame, int wait_ms);
/* The next frame, copied to ${out}, emptied first; false when none came. */
bool officelink_recv(struct officelink *link, struct tb_buf *out, int wait_ms);

#endif
