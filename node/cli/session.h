#ifndef TB_SESSION_H
#define TB_SESSION_H

#include "base/diag.h"
#include "base/io/files.h"
#include "base/status.h"
#include "node/cli/home.h"

/*
 * session - the open duty session of the officer at this terminal.
 *
 *   none --duty open--> kept (one file, 0600) --duty close--> none
 *
 * The file holds the session's token and nothing else. It lies where --session
 * says, else in XDG_RUNTIME_DIR, which is the officer's own and goes with his
 * log-in, else in the node's data folder. Its name carries the office, so that
 * one person may sit at several nodes.
 */
enum { TB_SESSION_TOKEN_BYTES_MAX = 128 };

/* Where it lies; ${option} is --session, ${runtime} XDG_RUNTIME_DIR, both may
 * be NULL. TB_TOOBIG when the path is too long. */
enum tb_status tb_session_path(char out[TB_FILES_PATH_BYTES_MAX], const struct tb_home *home,
                               const char *option, const char *runtime) TB_MUST_USE;

/* Keep ${token} in ${path}, mode 0600, in place of an older one. */
enum tb_status tb_session_keep(const char *path, const char *token,
                               struct tb_diag *diag) TB_MUST_USE;

/* Read the token. TB_UNKNOWN: there is none. TB_INPUT: group or others may read
 * the file, or it is no token; ${diag} says what to do. */
enum tb_status tb_session_load(const char *path, char out[TB_SESSION_TOKEN_BYTES_MAX],
                               struct tb_diag *diag) TB_MUST_USE;

/* Remove it; nothing happens when there is none. */
void tb_session_drop(const char *path);

#endif
