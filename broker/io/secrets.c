#include "broker/io/secrets.h"

#include "base/bytes.h"
#include "base/io/keyfile.h"

_Static_assert((int)TB_SECRETS_SIGN_BYTES == (int)TB_KEYFILE_SIGN_BYTES, "one form of the secret");

enum tb_status tb_secrets_create(const char *sign_path, const char *link_path,
                                 uint8_t sign[TB_KEY_BYTES], uint8_t link[TB_KEY_BYTES],
                                 struct tb_diag *diag)
{
    enum tb_status status = tb_keyfile_create_sign(sign_path, tb_bytes_text(""), sign, diag);
    return status == TB_OK ? tb_keyfile_create_link(link_path, link, diag) : status;
}

enum tb_status tb_secrets_load(struct tb_secrets *secrets, const char *sign_path,
                               const char *link_path, struct tb_diag *diag)
{
    struct tb_sign_secret *sign = NULL;
    *secrets = (struct tb_secrets){0};
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
    status = tb_keyfile_load_link(link_path, &secrets->link, diag);
    if (status != TB_OK) {
        tb_keyfile_free_sign(sign);
        secrets->link = NULL;
        return status;
    }
    secrets->held = sign;
    secrets->sign = sign->secret_key;
    secrets->locked = sign->locked && secrets->link->locked;
    return TB_OK;
}

void tb_secrets_free(struct tb_secrets *secrets)
{
    tb_keyfile_free_link(secrets->link);
    tb_keyfile_free_sign(secrets->held);
    *secrets = (struct tb_secrets){0};
}
