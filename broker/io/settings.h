#ifndef TB_SETTINGS_H
#define TB_SETTINGS_H

#include "base/io/roots.h"
#include "base/io/sock.h"

/*
 * settings - what the operator of one broker wrote.
 *
 *     [broker]       name, listen, data, sign_key, link_key
 *     [roots]        14 = FINGERPRINT        (one a province)
 *     [directories]  file = A, B             (given at start and at each SIGHUP)
 *     [limits]       mailbox_rows
 */
struct tb_settings {
    char name[TB_NAME_BYTES_MAX];
    char listen[TB_SOCK_ENDPOINT_BYTES_MAX]; /* tcp://address:port; port 0 picks one */
    char data[TB_FILES_PATH_BYTES_MAX];
    char sign_key[TB_FILES_PATH_BYTES_MAX];
    char link_key[TB_FILES_PATH_BYTES_MAX];
    struct tb_roots roots;
    uint64_t mailbox_rows;
};

/* Read ${path}. Statuses are those of tb_roots_read; TB_INPUT has file, line and
 * what to write instead in ${diag}. On failure ${settings} must not be used. */
enum tb_status tb_settings_read(const char *path, struct tb_settings *settings,
                                struct tb_diag *diag) TB_MUST_USE;

#endif
