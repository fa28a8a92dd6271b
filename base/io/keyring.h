#ifndef TB_KEYRING_H
#define TB_KEYRING_H

#include <stdbool.h>

#include "base/io/keyfile.h"

/*
 * keyring - the two keys of a daemon, from their files.
 *
 * The signing key signs what the office or broker says, the link key is its
 * name on a line. `locked` is false when the system refused to keep one of them
 * out of swap, which the daemon says once.
 */
struct tb_keyring {
    struct tb_sign_key *sign;
    struct tb_link_secret *link;
    bool locked;
};

/*
 * Draw both and put them on disk, never over an old one; the public halves go to
 * ${sign} and ${link}. Statuses of tb_keyfile_create_sign, with ${diag}. When the
 * link key cannot be made the signing key's file stays.
 */
enum tb_status tb_keyring_create(const char *sign_path, const char *link_path,
                                 uint8_t sign[TB_KEY_BYTES], uint8_t link[TB_KEY_BYTES],
                                 struct tb_diag *diag) TB_MUST_USE;

/*
 * Load both; the caller gives them back with tb_keyring_free. TB_INPUT with
 * ${diag}: a file is not right, is readable by others, or needs a passphrase,
 * which a daemon has nobody to ask for. TB_UNKNOWN: no such file; TB_IO. Nothing
 * is held on failure.
 */
enum tb_status tb_keyring_load(struct tb_keyring *keyring, const char *sign_path,
                               const char *link_path, struct tb_diag *diag) TB_MUST_USE;
/* Wipe and give back; a keyring that is all zero is allowed. */
void tb_keyring_free(struct tb_keyring *keyring);

#endif
