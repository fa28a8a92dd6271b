#ifndef TB_HTTP_LISTEN_H
#define TB_HTTP_LISTEN_H

#include "base/diag.h"
#include "base/status.h"

/*
 * http_listen - the bound sockets that http serves on.
 */

/* A listening Unix socket at ${path} with mode TB_HTTP_SOCKET_MODE from its first moment. One
 * that nobody serves any more is replaced; TB_CONFLICT when somebody does. */
enum tb_status tb_http_listen_unix(const char *path, int *fd, struct tb_diag *diag) TB_MUST_USE;

/* A listening TCP socket on "host:port", an address and not a name. */
enum tb_status tb_http_listen_tcp(const char *listen, int *fd, struct tb_diag *diag) TB_MUST_USE;

#endif
