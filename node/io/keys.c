#include "node/io/keys.h"

#include <string.h>

#include "base/io/keyfile.h"

_Static_assert((int)TB_KEYS_SIGN_BYTES == (int)TB_KEYFILE_SIGN_BYTES, "one form of the secret");

enum tb_status tb_keys_load(struct tb_keys *keys, const char *sign_path, const char *link_path,
                            struct tb_diag *diag)
{
    struct tb_sign_secret *sign = NULL;
    *keys = (struct tb_keys){0};
    if (tb_keyfile_protected(sign_path)) {
        tb_diag_set(diag, 0,
                    "%s needs a passphrase, and a daemon has nobody to ask: use a signing key "
                    "without one, in a folder of its own user",
                    sign_path);
        return TB_INPUT;
    }
    enum tb_status status = tb_keyfile_load_sign(sign_path, tb_bytes_text(""), &sign, diag);
    if (status != TB_OK) {
        return status;
    }
    status = tb_keyfile_load_link(link_path, &keys->link, diag);
    if (status != TB_OK) {
        tb_keyfile_free_sign(sign);
        keys->link = NULL;
        return status;
    }
    keys->held = sign;
    keys->sign = sign->secret_key;
    keys->locked = sign->locked && keys->link->locked;
    memcpy(keys->sign_public, sign->public_key, TB_KEY_BYTES);
    return TB_OK;
}

void tb_keys_free(struct tb_keys *keys)
{
    tb_keyfile_free_link(keys->link);
    tb_keyfile_free_sign(keys->held);
    *keys = (struct tb_keys){0};
}
