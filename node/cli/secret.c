#include "node/cli/secret.h"

#include <string.h>

#include "base/io/keyfile.h"

_Static_assert((int)TB_SECRET_SIGN_BYTES == (int)TB_KEYFILE_SIGN_BYTES, "one form of the secret");

enum tb_status tb_secret_create(const char *path, struct tb_bytes passphrase,
                                uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag)
{
    return tb_keyfile_create_sign(path, passphrase, public_key, diag);
}

enum tb_status tb_secret_create_link(const char *path, uint8_t public_key[TB_KEY_BYTES],
                                     struct tb_diag *diag)
{
    return tb_keyfile_create_link(path, public_key, diag);
}

enum tb_status tb_secret_load(const char *path, struct tb_bytes passphrase,
                              uint8_t secret[TB_SECRET_SIGN_BYTES],
                              uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag)
{
    struct tb_sign_secret *loaded = NULL;
    enum tb_status status = tb_keyfile_load_sign(path, passphrase, &loaded, diag);
    if (status == TB_OK) {
        memcpy(secret, loaded->secret_key, TB_SECRET_SIGN_BYTES);
        memcpy(public_key, loaded->public_key, TB_KEY_BYTES);
        tb_keyfile_free_sign(loaded);
    }
    return status;
}

bool tb_secret_protected(const char *path)
{
    return tb_keyfile_protected(path);
}
