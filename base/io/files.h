#ifndef TB_FILES_H
#define TB_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/status.h"

/*
 * files - small files, safely.
 *
 * Statuses: TB_UNKNOWN there is no such file, TB_CONFLICT there is one already,
 * TB_TOOBIG over the limit, TB_DISKFULL, TB_IO anything else. Each failure fills
 * ${diag} (which may be NULL) with a sentence that names the path.
 */

enum {
    TB_FILES_PATH_BYTES_MAX = 1024, /* with the NUL; longer is TB_TOOBIG */
    TB_FILES_PRIVATE = 0600,
    TB_FILES_PUBLIC = 0644,
};

/* Append the whole of the regular file ${path} to ${out}, whose own limit is
 * the limit: TB_TOOBIG past it. On failure ${out} is as it was. */
enum tb_status tb_files_read(const char *path, struct tb_buf *out,
                             struct tb_diag *diag) TB_MUST_USE;

/* Create ${path} with ${bytes} and exactly ${mode}; TB_CONFLICT if something
 * is there already. On TB_OK file and folder are on disk (fsync); on failure
 * no file is left. */
enum tb_status tb_files_create(const char *path, struct tb_bytes bytes, unsigned mode,
                               struct tb_diag *diag) TB_MUST_USE;

/* Replace or create ${path} at once: a reader, and a power cut, meet the old
 * bytes or the new, never a mixture. On failure the old file stands. */
enum tb_status tb_files_write(const char *path, struct tb_bytes bytes, unsigned mode,
                              struct tb_diag *diag) TB_MUST_USE;

/* True when ${path} is a file that holds ${bytes} of the disk. */
bool tb_files_reserved(const char *path, uint64_t bytes);
/* Hold ${bytes} of the disk back in the file ${path}, really allocated, to be
 * given up when the disk is full, "so that own notices, acknowledgements and
 * receipts still commit". A file of that size or more is left as it is. On
 * failure no file is left. */
enum tb_status tb_files_reserve(const char *path, uint64_t bytes, struct tb_diag *diag) TB_MUST_USE;
/* Give the reserve up; TB_UNKNOWN when there is none (any more). */
enum tb_status tb_files_release(const char *path, struct tb_diag *diag) TB_MUST_USE;

/* What this user may still write on the file system of ${path}, in bytes. */
enum tb_status tb_files_free_bytes(const char *path, uint64_t *out,
                                   struct tb_diag *diag) TB_MUST_USE;

/* Make sure that ${path} is a folder of this user with mode 0700: made when
 * missing (its parent must exist); TB_INPUT when it is not a folder, belongs to
 * another, or is open to group or others, with what to do in ${diag}. */
enum tb_status tb_files_folder(const char *path, struct tb_diag *diag) TB_MUST_USE;

/* Keep other processes out of what ${path} stands for, which is made when it is
 * missing: the lock holds until the descriptor in ${fd} is closed, and ends with
 * the process. TB_STATE, with nothing in ${diag}, when another holds it: the
 * caller knows what that other is. ${fd} is -1 on failure. */
enum tb_status tb_files_lock(const char *path, int *fd, struct tb_diag *diag) TB_MUST_USE;

/* The file ${name} of ${folder}, or ${name} itself when it begins with "/", into
 * ${out}; TB_TOOBIG. */
enum tb_status tb_files_join(char out[TB_FILES_PATH_BYTES_MAX], const char *folder,
                             const char *name) TB_MUST_USE;

/* The folder of ${path} ("." when it has none) into ${out}; TB_TOOBIG. */
enum tb_status tb_files_parent(const char *path, char out[TB_FILES_PATH_BYTES_MAX]) TB_MUST_USE;

#endif
