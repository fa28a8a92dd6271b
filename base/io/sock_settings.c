#include "base/io/sock_settings.h"

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "base/io/keyfile.h"

/*
 * Hidden behind libzmq's draft interface by name, present in the library: a
 * server with a ZAP domain then refuses everybody when no handler is bound.
 * Without it CURVE fails open. Its return code is looked at like any other's,
 * and tb_zap_selftest proves its effect at each start.
 */
enum { ZAP_ENFORCE_DOMAIN = 93 };
static const char ZAP_DOMAIN[] = "tongbao";

enum {
    BACKLOG = 4096,
    /* Two round trips, the door's answer, and the patience for a satellite line. */
    HANDSHAKE_MS = 10000,
    /* A line on which nothing is acknowledged for so long is dead. */
    DEAD_LINE_MS = 60000,
    KEEPALIVE_IDLE_S = 20,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_COUNT = 4,
};

struct option {
    int number;
    int value;
    const char *name;
};

#define OPTION(name, value)                                                                        \
    {                                                                                              \
        (name), (value), #name                                                                     \
    }

static enum tb_status set_options(void *zmq, const struct option *options, size_t count,
                                  struct tb_diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        const struct option *o = &options[i];
        if (zmq_setsockopt(zmq, o->number, &o->value, sizeof o->value) != 0) {
            tb_diag_set(diag, 0, "libzmq refuses option %s=%d: %s", o->name, o->value,
                        zmq_strerror(errno));
            return TB_IO;
        }
    }
    return TB_OK;
}

static enum tb_status set_bytes(void *zmq, int number, const void *data, size_t size,
                                struct tb_diag *diag)
{
    if (zmq_setsockopt(zmq, number, data, size) != 0) {
        tb_diag_set(diag, 0, "libzmq refuses option number %d: %s", number, zmq_strerror(errno));
        return TB_IO;
    }
    return TB_OK;
}

/*
 * What both roles share.
 *
 * ZMTP heartbeats stay off: their answer waits behind a large frame on a slow
 * line, so that they would cut exactly the line that is busy in an emergency.
 * A dead path is noticed by the kernel (keepalive, user timeout), a dead office
 * by the frames of the link.
 */
static enum tb_status set_common(void *zmq, const char *endpoint, size_t frame_bytes_max,
                                 int frames_max, int heard_max, struct tb_diag *diag)
{
    const struct option options[] = {
        OPTION(ZMQ_SNDHWM, frames_max),
        OPTION(ZMQ_RCVHWM, heard_max),
        OPTION(ZMQ_LINGER, 0),
        OPTION(ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS),
        OPTION(ZMQ_HEARTBEAT_IVL, 0),
        OPTION(ZMQ_TCP_KEEPALIVE, 1),
        OPTION(ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S),
        OPTION(ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S),
        OPTION(ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT),
        OPTION(ZMQ_TCP_MAXRT, DEAD_LINE_MS),
        /* Only where the endpoint asks for it: a host without IPv6 must serve. */
        OPTION(ZMQ_IPV6, strchr(endpoint, '[') != NULL),
    };
    enum tb_status status = set_options(zmq, options, sizeof options / sizeof options[0], diag);
    /* "one unauthenticated TCP peer" must not make the server hold 2 GiB: the
     * length in a frame's header is checked before a byte of it is stored. */
    int64_t size_max = (int64_t)frame_bytes_max + TB_SOCK_CURVE_BYTES + TB_SOCK_SLACK_BYTES;
    return status != TB_OK ? status
                           : set_bytes(zmq, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max, diag);
}

enum tb_status tb_sock_settings_server(void *zmq, const struct tb_sock_server_settings *settings,
                                       struct tb_diag *diag)
{
    const struct option options[] = {
        OPTION(ZMQ_CURVE_SERVER, 1),
        /* A full pipe or a peer that is gone must be told, never waited for. */
        OPTION(ZMQ_ROUTER_MANDATORY, 1),
        /* 1 would let a peer take another's mail by choosing its routing id. */
        OPTION(ZMQ_ROUTER_HANDOVER, 0),
        OPTION(ZMQ_BACKLOG, BACKLOG),
    };
    int heard_max = settings->frames_max < TB_SOCK_HEARD_FRAMES_MAX ? settings->frames_max
                                                                    : TB_SOCK_HEARD_FRAMES_MAX;
    enum tb_status status = set_common(zmq, settings->endpoint, settings->frame_bytes_max,
                                       settings->frames_max, heard_max, diag);
    if (status == TB_OK) {
        status = set_options(zmq, options, sizeof options / sizeof options[0], diag);
    }
    if (status == TB_OK) {
        status =
            set_bytes(zmq, ZMQ_CURVE_SECRETKEY, settings->secret->secret_key, TB_KEY_BYTES, diag);
    }
    if (status == TB_OK) {
        status = set_bytes(zmq, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN), diag);
    }
    if (status == TB_OK) {
        const struct option enforce[] = {OPTION(ZAP_ENFORCE_DOMAIN, 1)};
        status = set_options(zmq, enforce, 1, diag);
    }
    return status;
}

enum tb_status tb_sock_settings_client(void *zmq, const struct tb_sock_client_settings *settings,
                                       struct tb_diag *diag)
{
    const struct option options[] = {
        /* Nothing is queued for a server that is not there: TB_FULL instead,
         * and the outbox on disk keeps it. */
        OPTION(ZMQ_IMMEDIATE, 1),
        OPTION(ZMQ_RECONNECT_IVL, settings->reconnect_ms),
        OPTION(ZMQ_RECONNECT_IVL_MAX, TB_SOCK_RECONNECT_MAX_MS),
        OPTION(ZMQ_CONNECT_TIMEOUT, HANDSHAKE_MS),
    };
    const struct tb_link_secret *secret = settings->secret;
    enum tb_status status = set_common(zmq, settings->endpoint, settings->frame_bytes_max,
                                       settings->frames_max, settings->frames_max, diag);
    if (status == TB_OK) {
        status = set_options(zmq, options, sizeof options / sizeof options[0], diag);
    }
    if (status == TB_OK) {
        status = set_bytes(zmq, ZMQ_CURVE_SERVERKEY, settings->server_key, TB_KEY_BYTES, diag);
    }
    if (status == TB_OK) {
        status = set_bytes(zmq, ZMQ_CURVE_PUBLICKEY, secret->public_key, TB_KEY_BYTES, diag);
    }
    if (status == TB_OK) {
        status = set_bytes(zmq, ZMQ_CURVE_SECRETKEY, secret->secret_key, TB_KEY_BYTES, diag);
    }
    return status;
}
