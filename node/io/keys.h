#ifndef TB_KEYS_H
#define TB_KEYS_H

#include "base/diag.h"
#include "base/event.h"
#include "base/status.h"

struct tb_link_secret;

/*
 * keys - the two secrets of this node, from their files.
 *
 * The signing key is given on to the core in libsodium's form of 64 bytes. Both
 * lie in memory that libsodium guards; `locked` is false when the system
 * refused to keep it out of swap, which the daemon says once.
 */
enum { TB_KEYS_SIGN_BYTES = 64 };

struct tb_keys {
    struct tb_link_secret *link;
    const uint8_t *sign; /* TB_KEYS_SIGN_BYTES */
    uint8_t sign_public[TB_KEY_BYTES];
    bool locked;
    void *held; /* what is given back */
};

/*
 * Load both. TB_INPUT with ${diag}: a file is not right, is readable by others,
 * or needs a passphrase, which a daemon has nobody to ask for. TB_UNKNOWN: no
 * such file. Nothing is held on failure.
 */
enum tb_status tb_keys_load(struct tb_keys *keys, const char *sign_path, const char *link_path,
                            struct tb_diag *diag) TB_MUST_USE;
/* Wipe and give back. */
void tb_keys_free(struct tb_keys *keys);

#endif
