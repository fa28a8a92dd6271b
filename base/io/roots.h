#ifndef TB_ROOTS_H
#define TB_ROOTS_H

#include "base/io/conf.h"
#include "base/io/files.h"
#include "base/limits.h"
#include "base/root.h"

/*
 * roots - whom a daemon trusts, as its operator wrote it.
 *
 *     [roots]        14 = FINGERPRINT        (one a province)
 *     [directories]  file = A, B             (given at start and at each SIGHUP)
 *
 * A fingerprint may be written in groups with blanks, colons and hyphens, as it
 * is read over the telephone.
 */
struct tb_roots {
    struct tb_root pinned[TB_ROOTS_MAX]; /* in the order of their prefixes */
    size_t count;
    struct tb_conf_list files;            /* as written */
    char folder[TB_FILES_PATH_BYTES_MAX]; /* of the configuration file */
};

/*
 * Read the configuration file ${path}: the daemon's own ${keys} into ${out}, as
 * tb_conf_read does, and these two sections into ${roots}, which may be a part
 * of ${out}. Statuses of tb_conf_read; ${out} and ${roots} must not be used on
 * failure.
 */
enum tb_status tb_roots_read(const char *path, const struct tb_conf_key *keys, size_t count,
                             void *out, size_t out_bytes, struct tb_roots *roots,
                             struct tb_diag *diag) TB_MUST_USE;

/* The path of the ${index}-th directory file; TB_TOOBIG. */
enum tb_status tb_roots_path(const struct tb_roots *roots, size_t index,
                             char out[TB_FILES_PATH_BYTES_MAX]) TB_MUST_USE;

/* Append the ${index}-th directory file to ${bytes}. False, and noted, when it
 * cannot be read: one that is missing yet is no reason not to serve. */
bool tb_roots_directory(const struct tb_roots *roots, size_t index, struct tb_buf *bytes);

#endif
