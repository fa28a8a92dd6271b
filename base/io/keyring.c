#include "base/io/keyring.h"

enum tb_status tb_keyring_create(const char *sign_path, const char *link_path,
                                 uint8_t sign[TB_KEY_BYTES], uint8_t link[TB_KEY_BYTES],
                                 struct tb_diag *diag)
{
    enum tb_status status = tb_keyfile_create_sign(sign_path, tb_bytes_text(""), sign, diag);
    return status == TB_OK ? tb_keyfile_create_link(link_path, link, diag) : status;
}

enum tb_status tb_keyring_load(struct tb_keyring *keyring, const char *sign_path,
                               const char *link_path, struct tb_diag *diag)
{
    *keyring = (struct tb_keyring){0};
    if (tb_keyfile_protected(sign_path)) {
        tb_diag_set(diag, 0,
                    "%s needs a passphrase, and a daemon has nobody to ask: use a signing key "
                    "without one, in a folder of its own user",
                    sign_path);
        return TB_INPUT;
    }
    enum tb_status status =
        tb_keyfile_load_sign(sign_path, tb_bytes_text(""), &keyring->sign, diag);
    if (status == TB_OK) {
        status = tb_keyfile_load_link(link_path, &keyring->link, diag);
    }
    if (status != TB_OK) {
        tb_keyring_free(keyring);
        return status;
    }
    keyring->locked = keyring->sign->locked && keyring->link->locked;
    return TB_OK;
}

void tb_keyring_free(struct tb_keyring *keyring)
{
    tb_keyfile_free_link(keyring->link);
    tb_keyfile_free_sign(keyring->sign);
    *keyring = (struct tb_keyring){0};
}
