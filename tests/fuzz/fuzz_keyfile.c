#include <string.h>

#include <sodium.h>

#include "base/io/keyfile.h"
#include "tests/fuzz/fuzz.h"

/*
 * A key file. Without a passphrase, so that no input costs the second that one takes;
 * a protected key is then asked for it and not opened.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tb_bytes bytes = {data, size};
    struct tb_sign_key *sign;
    struct tb_link_secret *link;
    struct tb_diag diag = {0};
    struct tb_diag link_diag = {0};
    const char *path = fuzz_file(bytes);
    /* A line that is not there is the one behind the last. */
    size_t lines = fuzz_lines(bytes) + 1;
    enum tb_status signs = tb_keyfile_load_sign(path, tb_bytes_of(NULL, 0), &sign, &diag);
    enum tb_status links = tb_keyfile_load_link(path, &link, &link_diag);
    fuzz_ended(signs);
    fuzz_ended(links);
    tb_assert((signs == TB_OK) == (sign != NULL));
    tb_assert((links == TB_OK) == (link != NULL));
    tb_assert(signs == TB_OK || signs == TB_INPUT);
    tb_assert(links == TB_OK || links == TB_INPUT);
    fuzz_told(signs, &diag, lines);
    fuzz_told(links, &link_diag, lines);
    tb_assert(signs != TB_OK || links != TB_OK);
    if (signs == TB_OK) {
        /* libsodium keeps the public half behind the seed. */
        tb_assert(
            memcmp(sign->secret.byte + crypto_sign_SEEDBYTES, sign->public_key, TB_KEY_BYTES) == 0);
    }
    if (tb_keyfile_protected(path)) {
        tb_assert(signs != TB_OK);
        tb_assert(links != TB_OK);
    }
    tb_keyfile_free_sign(sign);
    tb_keyfile_free_link(link);
    return 0;
}
