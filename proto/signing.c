#include "proto/signing.h"

#include <sodium.h>
#include <string.h>

#include "base/fault.h"

enum { LENGTH_BYTES = 4, SEED_HALF_BYTES = 32 };

size_t tb_signing_size(const char *context, struct tb_bytes first, struct tb_bytes second)
{
    return 3 * LENGTH_BYTES + tb_bytes_text(context).size + first.size + second.size;
}

struct tb_bytes tb_signing_bytes(uint8_t *place, size_t room, const char *context,
                                 struct tb_bytes first, struct tb_bytes second)
{
    const struct tb_bytes parts[] = {tb_bytes_text(context), first, second};
    size_t used = 0;
    tb_assert(tb_signing_size(context, first, second) <= room);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        tb_put_u32(place + used, (uint32_t)parts[i].size);
        used += LENGTH_BYTES;
        if (parts[i].size > 0) {
            memcpy(place + used, parts[i].data, parts[i].size);
            used += parts[i].size;
        }
    }
    return tb_bytes_of(place, used);
}

void tb_signing_id(struct tb_id *id, const char *context, struct tb_bytes first,
                   struct tb_bytes second)
{
    const struct tb_bytes parts[] = {tb_bytes_text(context), first, second};
    crypto_generichash_state state;
    int rc = crypto_generichash_init(&state, NULL, 0, TB_ID_BYTES);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint8_t length[LENGTH_BYTES];
        tb_put_u32(length, (uint32_t)parts[i].size);
        rc |= crypto_generichash_update(&state, length, sizeof length);
        rc |= crypto_generichash_update(&state, parts[i].data, parts[i].size);
    }
    rc |= crypto_generichash_final(&state, id->byte, TB_ID_BYTES);
    tb_assert(rc == 0);
}

void tb_signing_sign(uint8_t signature[TB_SIGNATURE_BYTES], struct tb_bytes bytes,
                     const struct tb_sign_secret *secret)
{
    int rc = crypto_sign_detached(signature, NULL, bytes.data, bytes.size, secret->byte);
    tb_assert(rc == 0);
}

bool tb_signing_holds(struct tb_bytes signature, struct tb_bytes bytes,
                      const uint8_t key[TB_KEY_BYTES])
{
    return signature.size == TB_SIGNATURE_BYTES &&
           crypto_sign_verify_detached(signature.data, bytes.data, bytes.size, key) == 0;
}

const uint8_t *tb_signing_public(const struct tb_sign_secret *secret)
{
    return secret->byte + SEED_HALF_BYTES; /* libsodium keeps seed‖public key */
}
