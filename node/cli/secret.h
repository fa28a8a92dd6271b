#ifndef TB_SECRET_H
#define TB_SECRET_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/event.h"
#include "base/status.h"

/*
 * secret - signing keys in the plain form that proto/ signs with.
 */
enum { TB_SECRET_SIGN_BYTES = 64 };

/* Draw a new signing key into the file ${path}; statuses of
 * tb_keyfile_create_sign. */
enum tb_status tb_secret_create(const char *path, struct tb_bytes passphrase,
                                uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag) TB_MUST_USE;
/* Draw a new link key; statuses of tb_keyfile_create_link. */
enum tb_status tb_secret_create_link(const char *path, uint8_t public_key[TB_KEY_BYTES],
                                     struct tb_diag *diag) TB_MUST_USE;

/* Load a signing key; the caller wipes ${secret}. Statuses of
 * tb_keyfile_load_sign. */
enum tb_status tb_secret_load(const char *path, struct tb_bytes passphrase,
                              uint8_t secret[TB_SECRET_SIGN_BYTES],
                              uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag) TB_MUST_USE;

/* True when the key in ${path} needs a passphrase. */
bool tb_secret_protected(const char *path);

#endif
