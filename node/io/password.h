#ifndef TB_PASSWORD_H
#define TB_PASSWORD_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "node/core/node.h"

/*
 * password - how an officer proves that a duty session is his.
 *
 * Argon2id with modest limits: one try costs about 20 ms and 8 MiB, because the
 * one thread of the daemon waits for it, and because guessing is bounded here,
 * by TB_PASSWORD_TRIES_MAX wrong tries an officer and minute.
 */
enum {
    TB_PASSWORD_BYTES_MIN = 8,
    TB_PASSWORD_BYTES_MAX = 127,
    TB_PASSWORD_TRIES_MAX = 5,
    TB_PASSWORD_WINDOW_MS = 60000,
    TB_PASSWORD_OFFICERS_MAX = 64, /* watched at once; the oldest gives way */
};

struct tb_password_tries {
    char officer[TB_NAME_BYTES_MAX];
    uint64_t at_ms[TB_PASSWORD_TRIES_MAX]; /* of the wrong tries, a ring */
    unsigned count;
};

struct tb_password_guard {
    struct tb_password_tries officers[TB_PASSWORD_OFFICERS_MAX];
    size_t count;
    size_t next; /* which place the next new officer takes */
};

/* The text form to be stored; TB_INPUT when the password's length is out of bounds. */
enum tb_status tb_password_hash(const char *password,
                                char out[TB_PASSWORD_HASH_BYTES_MAX]) TB_MUST_USE;

/* TB_OK when ${password} is the one of ${hash}; TB_SESSION when it is wrong, which is counted
 * against ${officer}; TB_FULL, without looking, when too many were wrong. */
enum tb_status tb_password_check(struct tb_password_guard *guard, const char *officer,
                                 const char *hash, const char *password,
                                 uint64_t now_ms) TB_MUST_USE;

#endif
