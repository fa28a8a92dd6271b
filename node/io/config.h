#ifndef TB_CONFIG_H
#define TB_CONFIG_H

#include "base/io/roots.h"

/*
 * config - what the operator of one node wrote.
 *
 *     [node]         office, data, sign_key, link_key, language
 *     [roots]        14 = FINGERPRINT        (one a province)
 *     [directories]  file = A, B             (given at start and at each SIGHUP)
 *     [http]         socket, listen
 *     [alarm]        command
 */
enum { TB_CONFIG_TEXT_BYTES_MAX = 192 };

struct tb_config {
    uint64_t office;
    char data[TB_FILES_PATH_BYTES_MAX];
    char sign_key[TB_FILES_PATH_BYTES_MAX];
    char link_key[TB_FILES_PATH_BYTES_MAX];
    char language[8]; /* "zh", "en" or "" */
    struct tb_roots roots;
    char socket[TB_FILES_PATH_BYTES_MAX];
    char listen[TB_CONFIG_TEXT_BYTES_MAX]; /* "127.0.0.1:8080"; "" is off */
    char alarm[TB_CONFIG_TEXT_BYTES_MAX];  /* for sh -c; "" is none */
};

/*
 * Read ${path}. Statuses are those of tb_roots_read; TB_INPUT has file, line and
 * what to write instead in ${diag}. On failure ${config} must not be used.
 */
enum tb_status tb_config_read(const char *path, struct tb_config *config,
                              struct tb_diag *diag) TB_MUST_USE;

/* Split "host:port" or "[host]:port"; false when it is neither. */
bool tb_config_split(const char *listen, char *host, size_t host_bytes, uint16_t *port);

#endif
