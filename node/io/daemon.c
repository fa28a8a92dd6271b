#include "node/io/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/journal.h"
#include "base/io/random.h"
#include "base/io/service.h"
#include "node/io/daemon_inner.h"
#include "node/io/say.h"

/* A request of the daemon's own, which nobody waits for. Its id makes a second telling harmless. */
static void ask_core(struct tb_daemon *d, const struct tb_request *request)
{
    if (!tb_queue_full(&d->queue)) {
        tb_queue_add(&d->queue, TB_EVENT_REQUEST, 0)->request = request;
    }
}

static bool read_directory(struct tb_daemon *d, size_t index, struct tb_buf *bytes)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct tb_diag diag = {0};
    if (tb_config_directory(&d->config, index, path) == TB_OK &&
        tb_files_read(path, bytes, &diag) == TB_OK) {
        return true;
    }
    tb_say_text(TB_NOTE_WARN, "a directory file is left out: %s", diag.text);
    return false;
}

/* Give the files of the configuration to the core, each in a turn of its own: it takes what is
 * newer than it has and passes over the rest. */
static void take_directories(struct tb_daemon *d)
{
    for (size_t i = 0; i < d->config.directories.count && !tb_loop_stopping(d->loop); i++) {
        struct tb_buf bytes;
        struct tb_id digest;
        char hex[TB_ID_HEX_CHARS + 1];
        char id[TB_REQUEST_ID_BYTES_MAX];
        tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
        if (read_directory(d, i, &bytes)) {
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

/* "A full quick_check follows in a spawned (not forked) read-only process, and its failure
 * stops the node." */
static void start_check(struct tb_daemon *d)
{
    const char *argv[] = {"/proc/self/exe", "--config", d->config_path, "--check", NULL};
    const char *envp[] = {"LANG=C.UTF-8", NULL};
    if (tb_child_start(&d->check, argv, envp, d->now.mono_ms, 0) != TB_OK) {
        tb_say_text(TB_NOTE_WARN, "the check of the store could not be started");
    }
}

static void collect_check(struct tb_daemon *d)
{
    int exit_status = 0;
    if (!tb_child_ended(&d->check, d->now.mono_ms, &exit_status)) {
        return;
    }
    if (exit_status == TB_EXIT_STORE) {
        tb_daemon_broken(d);
    } else if (exit_status != TB_EXIT_OK) {
        tb_say_text(TB_NOTE_WARN, "the check of the store did not end: exit=%d", exit_status);
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
    at = sooner(at, d->room_ms);
    at = d->ping_ms != 0 ? sooner(at, d->ping_ms) : at;
    if (d->turns_unchecked > 0) {
        at = sooner(at, d->busy_ms + TB_DAEMON_CHECKPOINT_MS);
    }
    if (tb_siren_busy(&d->siren) || d->check.pid != 0) {
        at = sooner(at, now_ms + TB_DAEMON_CHILD_MS);
    }
    uint64_t wait = at > now_ms ? at - now_ms : 0;
    return (int)sooner(wait, tb_http_wait_ms(d->http));
}

static void ping_service(struct tb_daemon *d)
{
    uint64_t every_ms = tb_service_watchdog_ms();
    if (every_ms != 0 && d->now.mono_ms >= d->ping_ms) {
        tb_service_ping();
        d->ping_ms = d->now.mono_ms + every_ms;
    }
}

static void once(struct tb_daemon *d)
{
    if (tb_loop_wait(d->loop, wait_ms(d), NULL) != TB_OK) {
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
    collect_check(d);
    tb_daemon_checkpoint(d);
    tb_daemon_room(d);
    ping_service(d);
    tb_journal_settle();
}

/* SIGHUP: only what can change while running is taken, the files of directories. */
static void reload(struct tb_daemon *d)
{
    struct tb_config config;
    struct tb_diag diag = {0};
    char text[TB_DIAG_TEXT_BYTES_MAX + TB_FILES_PATH_BYTES_MAX];
    tb_service_reloading();
    if (tb_config_read(d->config_path, &config, &diag) == TB_OK) {
        d->config.directories = config.directories;
        take_directories(d);
        tb_say(TB_NOTE_CONFIG_CHANGED, d->config_path);
    } else {
        tb_diag_print(&diag, text, sizeof text);
        tb_say_text(TB_NOTE_ERROR, "the configuration was not read again: %s", text);
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
    tb_daemon_core(d);
    status = tb_loop_open(&d->loop, diag);
    if (status != TB_OK) {
        return status;
    }
    d->context = tb_sock_context_open();
    d->links = tb_links_new(d->context, d->loop, d->store.keys.link, &d->queue);
    d->sse = tb_sse_new(d->store.node);
    tb_siren_init(&d->siren, d->config.alarm);
    const struct tb_api_parts parts = {d->store.node, d->links, &d->siren,
                                       &d->config,    d->sse,   d->store.keys.sign_public};
    d->api = tb_api_new(&parts);
    const struct tb_http_settings http = {d->config.socket, d->config.listen, tb_api_handle,
                                          d->api};
    status = tb_http_open(&http, d->loop, &d->http, diag);
    tb_api_serve(d->api, d->http);
    return status;
}

static void close_parts(struct tb_daemon *d)
{
    if (d->http != NULL) {
        tb_api_stop(d->api);
        tb_sse_end(d->sse);
        tb_http_close(d->http);
    }
    tb_siren_stop(&d->siren);
    tb_child_kill(&d->check);
    tb_queue_clear(&d->queue);
    tb_api_free(d->api);
    tb_sse_free(d->sse);
    tb_links_free(d->links);
    if (d->context != NULL) {
        tb_sock_context_close(d->context);
    }
    tb_store_close(&d->store);
    tb_loop_close(d->loop);
    tb_outbox_fini(&d->out);
}

/* The first turns, before anybody is let in: directories, then links. */
static void begin(struct tb_daemon *d)
{
    d->now = tb_clock_read();
    tb_daemon_room(d);
    take_directories(d);
    tb_links_sync(d->links, d->store.node, d->now.mono_ms);
    d->ping_ms = tb_service_watchdog_ms() == 0 ? 0 : d->now.mono_ms;
    if (!d->store.keys.locked) {
        tb_say_text(TB_NOTE_WARN, "the keys could not be locked into memory: raise LimitMEMLOCK");
    }
    if (!tb_loop_stopping(d->loop)) {
        tb_say(TB_NOTE_STARTED, "tongbao-node", TB_VERSION_TEXT, d->config.data);
        tb_service_ready();
        start_check(d);
    }
}

enum tb_exit tb_daemon_run(const struct tb_config *config, const char *config_path)
{
    struct tb_daemon *d = calloc(1, sizeof *d);
    struct tb_diag diag = {0};
    tb_assert(d != NULL);
    d->config = *config;
    d->config_path = config_path;
    d->store.lock_fd = -1;
    tb_outbox_init(&d->out);
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
