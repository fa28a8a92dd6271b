#ifndef TB_CONFIG_H
#define TB_CONFIG_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/io/conf.h"
#include "base/io/files.h"
#include "base/limits.h"
#include "base/status.h"

/*
 * config - what the operator of one node wrote.
 *
 *     [node]         office, data, sign_key, link_key, language
 *     [roots]        14 = FINGERPRINT        (one a province)
 *     [directories]  file = A, B             (given at start and at each SIGHUP)
 *     [http]         socket, listen
 *     [alarm]        command
 */
enum { TB_CONFIG_TEXT_BYTES_MAX = 192, TB_CONFIG_ROOT_BYTES_MAX = 96 };

struct tb_config_root {
    uint32_t prefix;
    struct tb_id fingerprint;
};

struct tb_config {
    uint64_t office;
    char data[TB_FILES_PATH_BYTES_MAX];
    char sign_key[TB_FILES_PATH_BYTES_MAX];
    char link_key[TB_FILES_PATH_BYTES_MAX];
    char language[8]; /* "zh", "en" or "" */
    struct tb_config_root roots[TB_ROOTS_MAX];
    size_t roots_count;
    struct tb_conf_list directories; /* paths, made relative to the file's folder */
    char folder[TB_FILES_PATH_BYTES_MAX];
    char socket[TB_FILES_PATH_BYTES_MAX];
    char listen[TB_CONFIG_TEXT_BYTES_MAX]; /* "127.0.0.1:8080"; "" is off */
    char alarm[TB_CONFIG_TEXT_BYTES_MAX];  /* for sh -c; "" is none */
};

/*
 * Read ${path}. Statuses are those of tb_conf_read; TB_INPUT has file, line and
 * what to write instead in ${diag}. On failure ${config} must not be used.
 */
enum tb_status tb_config_read(const char *path, struct tb_config *config,
                              struct tb_diag *diag) TB_MUST_USE;

/* The path of the ${index}-th directory file. */
enum tb_status tb_config_directory(const struct tb_config *config, size_t index,
                                   char out[TB_FILES_PATH_BYTES_MAX]) TB_MUST_USE;

/* A file in the data folder. TB_TOOBIG when the path is too long. */
enum tb_status tb_config_path(const struct tb_config *config, const char *name,
                              char out[TB_FILES_PATH_BYTES_MAX]) TB_MUST_USE;

/* Split "host:port" or "[host]:port"; false when it is neither. */
bool tb_config_split(const char *listen, char *host, size_t host_bytes, uint16_t *port);

#endif
