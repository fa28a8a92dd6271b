#include "linkkey.h"

#include <string.h>

#include "base/io/keyfile.h"

struct tb_link_secret *linkkey_make(const uint8_t key[TB_KEY_BYTES],
                                    const uint8_t secret[TB_KEY_BYTES])
{
    struct tb_link_secret *made = tb_keyfile_draw_link();
    memcpy(made->public_key, key, TB_KEY_BYTES);
    memcpy(made->secret_key, secret, TB_KEY_BYTES);
    return made;
}

void linkkey_free(struct tb_link_secret *key)
{
    tb_keyfile_free_link(key);
}
