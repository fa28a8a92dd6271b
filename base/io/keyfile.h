#ifndef TB_KEYFILE_H
#define TB_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/event.h"
#include "base/secret.h"
#include "base/status.h"

/*
 * keyfile - the two secrets of a node or broker, and a province's root key.
 *
 * One text file each, mode 0600:
 *
 *     tongbao-key 1
 *     kind sign                  sign: Ed25519; link: X25519, the key of CURVE
 *     public <64 hex digits>
 *     protection unprotected     or: argon2id <ops> <KiB> <salt>
 *     secret <hex>               the 32 bytes, or nonce and secretbox of them
 *
 * Signing and link keys are separate keys; the directory binds them to one
 * office. A file that group or others may read is refused. Loaded secrets lie
 * in memory that libsodium guards and locks; where the system refuses the
 * lock, `locked` is false and the daemon says so once.
 */
enum {
    TB_KEYFILE_BYTES_MAX = 2048,
    TB_KEYFILE_PASSPHRASE_BYTES_MAX = 1024,
};

/* An office's, broker's or root's signing key, loaded. */
struct tb_sign_key {
    struct tb_sign_secret secret;
    uint8_t public_key[TB_KEY_BYTES];
    bool locked;
};

/* An office's or broker's key on the link. */
struct tb_link_secret {
    uint8_t public_key[TB_KEY_BYTES];
    uint8_t secret_key[TB_KEY_BYTES];
    bool locked;
};

/*
 * Draw a new signing key and put it on disk (fsync of file and folder).
 * ${passphrase} of size 0 leaves the file "unprotected"; with one it takes
 * about a second (argon2id, moderate). TB_CONFLICT when ${path} exists: a key
 * is never overwritten. ${public_key} receives the public half.
 */
enum tb_status tb_keyfile_create_sign(const char *path, struct tb_bytes passphrase,
                                      uint8_t public_key[TB_KEY_BYTES],
                                      struct tb_diag *diag) TB_MUST_USE;
/* The same for a link key, which is used without a person and therefore never
 * has a passphrase. */
enum tb_status tb_keyfile_create_link(const char *path, uint8_t public_key[TB_KEY_BYTES],
                                      struct tb_diag *diag) TB_MUST_USE;

/*
 * Load a key; on TB_OK the caller owns *${out} and gives it back with the
 * matching free. TB_INPUT with ${diag}: readable by others (says chmod), not a
 * key file, the wrong kind, public half does not belong to the secret, a
 * passphrase is needed. TB_SESSION: the passphrase is wrong. TB_UNKNOWN: no
 * such file. TB_IO otherwise. *${out} is NULL on failure.
 */
enum tb_status tb_keyfile_load_sign(const char *path, struct tb_bytes passphrase,
                                    struct tb_sign_key **out, struct tb_diag *diag) TB_MUST_USE;
enum tb_status tb_keyfile_load_link(const char *path, struct tb_link_secret **out,
                                    struct tb_diag *diag) TB_MUST_USE;

/* True when ${path} is a key file whose secret needs a passphrase. */
bool tb_keyfile_protected(const char *path);

/* A link key that is on no disk: self-tests, tools and tests. */
struct tb_link_secret *tb_keyfile_draw_link(void);

/* Wipe and give back; NULL is allowed. */
void tb_keyfile_free_sign(struct tb_sign_key *key);
void tb_keyfile_free_link(struct tb_link_secret *secret);

#endif
