#ifndef TB_SOCK_SETTINGS_H
#define TB_SOCK_SETTINGS_H

#include "base/diag.h"
#include "base/io/sock.h"
#include "base/status.h"

/*
 * sock_settings - every libzmq option of a link's socket, with its reason.
 *
 * The inside of sock.c. Each return code is looked at: an option that libzmq
 * does not know is a door that may stand open.
 */
enum {
    TB_SOCK_RECONNECT_MIN_MS = 100,
    TB_SOCK_RECONNECT_FIRST_MAX_MS = 500,
    TB_SOCK_RECONNECT_MAX_MS = 5000,
};

/* Set what a server needs on the fresh ROUTER ${zmq}, before it is bound; TB_IO
 * with the option's name in ${diag} when one is refused. */
enum tb_status tb_sock_settings_server(void *zmq, const struct tb_sock_server_settings *settings,
                                       struct tb_diag *diag) TB_MUST_USE;
/* The same for a client's DEALER, before it is connected. */
enum tb_status tb_sock_settings_client(void *zmq, const struct tb_sock_client_settings *settings,
                                       struct tb_diag *diag) TB_MUST_USE;

#endif
