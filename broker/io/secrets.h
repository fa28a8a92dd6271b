#ifndef TB_SECRETS_H
#define TB_SECRETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/event.h"
#include "base/status.h"

struct tb_link_secret;

/*
 * secrets - the two keys of this broker, from their files.
 *
 * The signing key signs widenings and is handed on in libsodium's form of 64
 * bytes. Both lie in memory that libsodium guards; `locked` is false when the
 * system refused to keep it out of swap, which the daemon says once.
 */
enum { TB_SECRETS_SIGN_BYTES = 64 };

struct tb_secrets {
    struct tb_link_secret *link;
    const uint8_t *sign; /* TB_SECRETS_SIGN_BYTES */
    bool locked;
    void *held; /* what is given back */
};

/* Draw both and put them on disk, never over an old one; the public halves go to
 * ${sign} and ${link}. Statuses as base/io/keyfile.h, with ${diag}. */
enum tb_status tb_secrets_create(const char *sign_path, const char *link_path,
                                 uint8_t sign[TB_KEY_BYTES], uint8_t link[TB_KEY_BYTES],
                                 struct tb_diag *diag) TB_MUST_USE;

/* Load both. TB_INPUT with ${diag}: a file is not right, is readable by others,
 * or needs a passphrase, which a daemon has nobody to ask for. TB_UNKNOWN: no
 * such file; TB_IO. Nothing is held on failure. */
enum tb_status tb_secrets_load(struct tb_secrets *secrets, const char *sign_path,
                               const char *link_path, struct tb_diag *diag) TB_MUST_USE;
/* Wipe and give back. */
void tb_secrets_free(struct tb_secrets *secrets);

#endif
