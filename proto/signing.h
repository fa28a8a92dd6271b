#ifndef TB_SIGNING_H
#define TB_SIGNING_H

#include "base/bytes.h"
#include "base/event.h"
#include "proto/envelope.h"

/*
 * signing - the bytes under every signature of Tongbao, in one form.
 *
 *   signed bytes = L‖context‖L‖first‖L‖second
 *
 * L is the length of what follows it as 4 bytes, least significant first. The
 * context names the protocol, its version and the use, so that no signature can
 * be carried from one use to another (I7). Used inside proto alone.
 */

/* Build the signed bytes in ${place} of ${room} bytes, which must suffice. */
struct tb_bytes tb_signing_bytes(uint8_t *place, size_t room, const char *context,
                                 struct tb_bytes first, struct tb_bytes second);
/* How much room they take. */
size_t tb_signing_size(const char *context, struct tb_bytes first, struct tb_bytes second);

/* BLAKE2b-256 of the signed bytes, without building them. */
void tb_signing_id(struct tb_id *id, const char *context, struct tb_bytes first,
                   struct tb_bytes second);

void tb_signing_sign(uint8_t signature[TB_SIGNATURE_BYTES], struct tb_bytes bytes,
                     const struct tb_sign_secret *secret);
/* True when ${signature} is 64 bytes and ${key}'s over ${bytes}. */
bool tb_signing_holds(struct tb_bytes signature, struct tb_bytes bytes,
                      const uint8_t key[TB_KEY_BYTES]);
/* The public half of ${secret}, inside it. */
const uint8_t *tb_signing_public(const struct tb_sign_secret *secret);

#endif
