#include "node/io/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/journal.h"
#include "base/io/random.h"
#include "base/io/say.h"
#include "base/io/service.h"
#include "node/io/daemon_inner.h"

/* A request of the daemon's own, which nobody waits for. Its id makes a second telling harmless. */
static void ask_core(struct tb_daemon *d, const struct tb_request *request)
{
    if (!tb_queue_full(&d->queue)) {
        tb_queue_add(&d->queue, TB_EVENT_REQUEST, 0)->request = request;
    }
}

/* Give the files of the configuration to the core, each in a turn of its own: it takes what is
 * newer than it has and passes over the rest. */
static void take_directories(struct tb_daemon *d)
{
    for (size_t i = 0; i < d->config.roots.files.count && !tb_loop_stopping(d->loop); i++) {
        struct tb_buf bytes;
        struct tb_id digest;
        char hex[TB_ID_HEX_CHARS + 1];
        char id[TB_REQUEST_ID_BYTES_MAX];
        tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
        if (tb_roots_directory(&d->config.roots, i, &bytes)) {
            tb_digest(&digest, tb_buf_bytes(&bytes));
            tb_hex(hex, tb_bytes_of(digest.byte, sizeof digest.byte));
            snprintf(id, sizeof id, "file-%.32s", hex);
            struct tb_request request = {
                .verb = TB_VERB_DIRECTORY_TAKE, .id = id, .directory = tb_buf_bytes(&bytes)};
            ask_core(d, &request);
            tb_daemon_turn(d);
        }
        tb_buf_fini(&bytes);
    }
}

/* ---------------------------------------------------------- programs */

/* The results of alarm runs go to the core one by one, each in a turn. */
static void collect_alarms(struct tb_daemon *d)
{
    struct tb_alarm_ended ended;
    uint64_t asked_by;
    int exit_status;
    while (!tb_loop_stopping(d->loop) && tb_siren_ended(&d->siren, d->now.mono_ms, &ended)) {
        char id[TB_REQUEST_ID_BYTES_MAX];
        uint64_t drawn;
        tb_random_fill(&drawn, sizeof drawn);
        snprintf(id, sizeof id, "alarm-%lld-%llx", (long long)ended.run, (unsigned long long)drawn);
        struct tb_request request = {.verb = TB_VERB_ALARM_ENDED, .id = id, .alarm = ended};
        ask_core(d, &request);
        tb_daemon_turn(d);
    }
    if (tb_siren_tested(&d->siren, d->now.mono_ms, &asked_by, &exit_status)) {
        tb_api_tested(d->api, asked_by, exit_status);
        tb_http_run(d->http);
    }
}

/* ----------------------------------------------------------------- loop */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long nothing has to be done unless something comes in. */
static int wait_ms(struct tb_daemon *d)
{
    uint64_t now_ms = d->now.mono_ms;
    uint64_t at = now_ms + TB_DAEMON_WAIT_MS_MAX;
    if (tb_queue_full(&d->queue) || tb_api_waiting(d->api)) {
        return 0;
    }
    at = sooner(at, tb_node_deadline_ms(d->store.node));
    at = sooner(at, tb_links_deadline_ms(d->links));
    at = sooner(at, tb_sse_deadline_ms(d->sse));
    at = sooner(at, tb_engine_due_ms(&d->engine, now_ms));
    at = sooner(at, tb_later_due_ms(&d->later));
    if (tb_siren_busy(&d->siren)) {
        at = sooner(at, now_ms + TB_DAEMON_CHILD_MS);
    }
    uint64_t wait = at > now_ms ? at - now_ms : 0;
    return (int)sooner(wait, tb_http_wait_ms(d->http));
}

static void once(struct tb_daemon *d)
{
    if (tb_loop_wait(d->loop, wait_ms(d), NULL) != TB_OK) {
        tb_keep_broken(&d->store.keep);
        tb_daemon_broken(d);
        return;
    }
    d->now = tb_clock_read();
    tb_links_tick(d->links, d->now.mono_ms);
    tb_sse_tick(d->sse, d->now.mono_ms);
    tb_api_take(d->api, &d->queue);
    if (tb_node_deadline_ms(d->store.node) <= d->now.mono_ms && !tb_queue_full(&d->queue)) {
        (void)tb_queue_add(&d->queue, TB_EVENT_DUE, 0);
    }
    tb_daemon_turn(d);
    if (tb_loop_stopping(d->loop)) {
        return;
    }
    collect_alarms(d);
    if (tb_engine_rest(&d->engine, d->now.mono_ms) != TB_OK) {
        tb_daemon_broken(d);
    }
}

/* SIGHUP: only what can change while running is taken, the files of directories. */
static void reload(struct tb_daemon *d)
{
    struct tb_config config;
    struct tb_diag diag = {0};
    tb_service_reloading();
    if (tb_config_read(d->config_path, &config, &diag) == TB_OK) {
        d->config.roots.files = config.roots.files;
        take_directories(d);
        tb_say(TB_NOTE_CONFIG_CHANGED, d->config_path);
    } else {
        tb_say_diag(TB_NOTE_ERROR, "the configuration was not read again", &diag);
    }
    tb_service_ready();
}

/* --------------------------------------------------------- start, stop */

static enum tb_status open_parts(struct tb_daemon *d, struct tb_diag *diag)
{
    enum tb_status status = tb_store_open(&d->store, &d->config, diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_turn_core core = {0};
    tb_node_turn(d->store.node, &core);
    tb_engine_drive(&d->engine, core, &d->store.keep);
    status = tb_loop_open(&d->loop, diag);
    if (status != TB_OK) {
        return status;
    }
    d->context = tb_sock_context_open();
    d->links = tb_links_new(d->context, d->loop, d->store.keyring.link, &d->queue);
    d->sse = tb_sse_new(d->store.node);
    tb_siren_init(&d->siren, d->config.alarm);
    const struct tb_api_parts parts = {.node = d->store.node,
                                       .links = d->links,
                                       .siren = &d->siren,
                                       .config = &d->config,
                                       .sse = d->sse,
                                       .keep = &d->store.keep,
                                       .sign_key = d->store.keyring.sign->public_key};
    d->api = tb_api_new(&parts);
    const struct tb_http_settings http = {d->config.socket, d->config.listen, tb_api_handle,
                                          d->api};
    status = tb_http_open(&http, d->loop, &d->http, diag);
    tb_api_serve(d->api, d->http);
    return status;
}

static void close_parts(struct tb_daemon *d)
{
    if (d->links != NULL && d->exit_status == TB_EXIT_OK) {
        tb_daemon_send_later(d);
    }
    tb_later_fini(&d->later);
    if (d->http != NULL) {
        tb_api_stop(d->api);
        tb_sse_end(d->sse);
        tb_http_close(d->http);
    }
    tb_siren_stop(&d->siren);
    tb_engine_close(&d->engine);
    tb_queue_clear(&d->queue);
    tb_api_free(d->api);
    tb_sse_free(d->sse);
    tb_links_free(d->links);
    if (d->context != NULL) {
        tb_sock_context_close(d->context);
    }
    tb_store_close(&d->store);
    tb_loop_close(d->loop);
}

/* The first turns, before anybody is let in: directories, then links. */
static void begin(struct tb_daemon *d)
{
    d->now = tb_clock_read();
    tb_keep_room(&d->store.keep, d->now.mono_ms);
    take_directories(d);
    tb_links_sync(d->links, d->store.node, d->now.mono_ms);
    if (!d->store.keyring.locked) {
        tb_say_text(TB_NOTE_WARN, "the keys could not be locked into memory: raise LimitMEMLOCK");
    }
    if (!tb_loop_stopping(d->loop)) {
        tb_say(TB_NOTE_STARTED, "tongbao-node", TB_VERSION_TEXT, d->config.data);
        tb_service_ready();
        tb_engine_check(&d->engine, d->config_path, "--check", d->now.mono_ms);
    }
}

enum tb_exit tb_daemon_run(const struct tb_config *config, const char *config_path)
{
    struct tb_daemon *d = calloc(1, sizeof *d);
    struct tb_diag diag = {0};
    tb_assert(d != NULL);
    d->config = *config;
    d->config_path = config_path;
    tb_engine_open(&d->engine);
    tb_later_init(&d->later);
    enum tb_status status = open_parts(d, &diag);
    if (status != TB_OK) {
        tb_say_text(TB_NOTE_ERROR, "%s", diag.text[0] != '\0' ? diag.text : tb_status_text(status));
        d->exit_status = status == TB_IO ? TB_EXIT_STORE : TB_EXIT_MISTAKE;
    } else {
        begin(d);
        while (!tb_loop_stopping(d->loop)) {
            once(d);
            if (tb_loop_take_reload(d->loop)) {
                reload(d);
            }
        }
        tb_service_stopping();
        tb_say(TB_NOTE_STOPPED, "tongbao-node");
    }
    enum tb_exit exit_status = d->exit_status;
    close_parts(d);
    tb_journal_flush();
    free(d);
    return exit_status;
}
