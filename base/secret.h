#ifndef TB_SECRET_H
#define TB_SECRET_H

#include <stdint.h>

/*
 * secret - a signing key with its secret half.
 *
 * The 64 bytes of libsodium's form: the seed, then the public half. Where it
 * lies in memory, and how it comes there, is its owner's (base/io/keyfile.h).
 */
enum { TB_SIGN_SECRET_BYTES = 64 };

struct tb_sign_secret {
    uint8_t byte[TB_SIGN_SECRET_BYTES];
};

#endif
