#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "fixture.h"
#include "officelink.h"
#include "proto/frame.h"
#include "proto/wire.h"

/* tongbao-broker as it is run: its files, its signals, its socket, kill -9. */

enum { WAIT_MS = 15000, QUIET_MS = 400, PATH_MAX_BYTES = 128, EPOCH_BYTES = 16 };

extern char **environ;

struct host {
    char folder[PATH_MAX_BYTES];
    char conf[PATH_MAX_BYTES];
    struct fixture fix;
    pid_t pid;
    char endpoint[PATH_MAX_BYTES];
    uint8_t server[TB_KEY_BYTES];
    struct tb_buf frame; /* the last received, and the one being sent */
    struct tb_buf packed;
    struct tb_arena arena;
};

static void pause_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

static void path_of(const struct host *host, const char *name, char out[PATH_MAX_BYTES])
{
    int length = snprintf(out, PATH_MAX_BYTES, "%s/%s", host->folder, name);
    assert_in_range(length, 1, PATH_MAX_BYTES - 1);
}

static void write_file(const char *path, struct tb_bytes bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

static void write_directory(const struct host *host, uint64_t version)
{
    char path[PATH_MAX_BYTES];
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    fix_publish(&host->fix, version, &bytes);
    path_of(host, "14.directory", path);
    write_file(path, tb_buf_bytes(&bytes));
    tb_buf_fini(&bytes);
}

/* Start the program with ${act} (NULL: serve; --status in JSON), its output in
 * ${to}. */
static pid_t spawn(const struct host *host, const char *act, const char *to)
{
    char program[] = TB_PROGRAM;
    char word[] = "--config";
    char conf[PATH_MAX_BYTES];
    char action[32] = "";
    char json[] = "--json";
    char *argv[] = {program, word, conf, NULL, NULL, NULL};
    posix_spawn_file_actions_t actions;
    char out[PATH_MAX_BYTES];
    pid_t pid;
    memcpy(conf, host->conf, sizeof conf);
    if (act != NULL) {
        snprintf(action, sizeof action, "%s", act);
        argv[3] = action;
        argv[4] = strcmp(act, "--status") == 0 ? json : NULL;
    }
    path_of(host, to, out);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static int ended(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void serve(struct host *host)
{
    char path[PATH_MAX_BYTES];
    path_of(host, "data/endpoint", path);
    (void)unlink(path);
    host->pid = spawn(host, NULL, "log");
    for (int ms = 0; ms < WAIT_MS; ms += 20) {
        FILE *file = fopen(path, "r");
        if (file != NULL) {
            size_t size = fread(host->endpoint, 1, sizeof host->endpoint - 1, file);
            (void)fclose(file);
            host->endpoint[size] = '\0';
            if (size > 0) {
                return;
            }
        }
        pause_ms(20);
    }
    fail_msg("the broker did not start");
}

static int start(void **state)
{
    static struct host host;
    char fingerprint[TB_ID_HEX_CHARS + 1];
    char text[512];
    char path[PATH_MAX_BYTES];
    memset(&host, 0, sizeof host);
    snprintf(host.folder, sizeof host.folder, "/tmp/tongbao-broker-XXXXXX");
    assert_non_null(mkdtemp(host.folder));
    fix_init(&host.fix);
    tb_buf_init(&host.frame, TB_FRAME_BYTES_MAX);
    tb_buf_init(&host.packed, TB_FRAME_BYTES_MAX);
    tb_arena_init(&host.arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_hex(fingerprint, tb_bytes_of(host.fix.fingerprint.byte, TB_ID_BYTES));
    path_of(&host, "broker.conf", host.conf);
    snprintf(text, sizeof text,
             "[broker]\nname = sx-1\nlisten = tcp://127.0.0.1:0\ndata = data\n"
             "sign_key = sign.key\nlink_key = link.key\n[roots]\n14 = %s\n"
             "[directories]\nfile = 14.directory\n",
             fingerprint);
    write_file(host.conf, tb_bytes_text(text));
    assert_int_equal(ended(spawn(&host, "--init", "public.json")), 0);
    path_of(&host, "public.json", path);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "name")), "sx-1");
    assert_true(
        tb_unhex(host.server, TB_KEY_BYTES, json_string_value(json_object_get(json, "link"))));
    json_decref(json);
    write_directory(&host, 1);
    serve(&host);
    *state = &host;
    return 0;
}

static int stop(void **state)
{
    struct host *host = *state;
    static const char *const names[] = {"data/broker.db",
                                        "data/broker.db-wal",
                                        "data/broker.db-shm",
                                        "data/endpoint",
                                        "data/lock",
                                        "data/reserve",
                                        "data",
                                        "sign.key",
                                        "link.key",
                                        "public.json",
                                        "log",
                                        "14.directory",
                                        "broker.conf",
                                        "status.json"};
    char path[PATH_MAX_BYTES];
    if (host->pid != 0) {
        (void)kill(host->pid, SIGKILL);
        (void)ended(host->pid);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(host, names[i], path);
        (void)remove(path);
    }
    assert_int_equal(rmdir(host->folder), 0);
    tb_buf_fini(&host->frame);
    tb_buf_fini(&host->packed);
    tb_arena_fini(&host->arena);
    return 0;
}

static struct officelink *join_with(struct host *host, const struct fix_key *key)
{
    return officelink_open(host->endpoint, host->server, key->link, key->link_secret);
}

static void send_frame(struct host *host, struct officelink *link, const Tongbao__Frame *frame)
{
    assert_int_equal(tb_frame_pack(&host->packed, frame), TB_OK);
    assert_true(officelink_send(link, tb_buf_bytes(&host->packed), WAIT_MS));
}

/* The next frame of ${kind}, passing over others; it must come. */
static const Tongbao__Frame *expect(struct host *host, struct officelink *link,
                                    Tongbao__Frame__KindCase kind)
{
    for (int i = 0; i < 32; i++) {
        const Tongbao__Frame *frame;
        if (!officelink_recv(link, &host->frame, WAIT_MS)) {
            break;
        }
        tb_arena_reset(&host->arena);
        assert_int_equal(tb_frame_read(tb_buf_bytes(&host->frame), &host->arena, &frame), TB_OK);
        if (frame->kind_case == kind) {
            return frame;
        }
    }
    fail_msg("no frame of kind %d came", (int)kind);
    return NULL;
}

static void send_hello(struct host *host, struct officelink *link, uint32_t office,
                       const uint8_t *epoch, uint64_t seq, const struct tb_id *id)
{
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    Tongbao__Cursor cursor = TONGBAO__CURSOR__INIT;
    Tongbao__Cursor *cursors[] = {&cursor};
    Tongbao__Hello hello;
    tongbao__hello__init(&hello);
    hello.version = TB_LINK_VERSION;
    hello.office = office;
    if (epoch != NULL) {
        cursor.lane = TB_LANE_FIRST;
        cursor.seq = seq;
        cursor.id = tb_wire_id(id);
        hello.epoch = tb_wire_data(tb_bytes_of(epoch, EPOCH_BYTES));
        hello.n_cursors = 1;
        hello.cursors = cursors;
    }
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    send_frame(host, link, &frame);
}

/* Link an office and say Hello; its Welcome's epoch goes to ${epoch}. */
static struct officelink *join(struct host *host, uint32_t office, uint8_t epoch[EPOCH_BYTES])
{
    struct officelink *link = join_with(host, &fix_office(&host->fix, office)->key);
    send_hello(host, link, office, NULL, 0, NULL);
    const Tongbao__Frame *frame = expect(host, link, TONGBAO__FRAME__KIND_WELCOME);
    assert_int_equal(frame->welcome->epoch.len, EPOCH_BYTES);
    if (epoch != NULL) {
        memcpy(epoch, frame->welcome->epoch.data, EPOCH_BYTES);
    }
    return link;
}

static void offer(struct host *host, struct officelink *link, struct tb_id *id)
{
    struct fix_say say = {.origin = 140925, .directory_version = 1, .to = {140926}};
    Tongbao__Offer offered = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&host->fix, &say, &bytes, id);
    offered.tag = 1;
    offered.envelope = tb_wire_data(tb_buf_bytes(&bytes));
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offered;
    send_frame(host, link, &frame);
    tb_buf_fini(&bytes);
    const Tongbao__Frame *reply = expect(host, link, TONGBAO__FRAME__KIND_ANSWER);
    assert_int_equal(reply->answer->status, TB_OK);
}

static void expect_delivery(struct host *host, struct officelink *link, uint64_t seq,
                            const struct tb_id *id)
{
    const Tongbao__Frame *frame = expect(host, link, TONGBAO__FRAME__KIND_DELIVER);
    struct tb_envelope envelope;
    assert_int_equal(frame->deliver->seq, seq);
    assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(frame->deliver->envelope)), TB_OK);
    assert_true(tb_id_equal(&envelope.id, id));
}

static void i1_what_was_answered_is_delivered_after_kill_9(void **state)
{
    struct host *host = *state;
    uint8_t epoch[EPOCH_BYTES];
    struct tb_id id[2];
    struct officelink *sender = join(host, 140925, NULL);
    struct officelink *reader = join(host, 140926, epoch);
    offer(host, sender, &id[0]);
    expect_delivery(host, reader, 1, &id[0]);
    officelink_close(reader);
    offer(host, sender, &id[1]);
    assert_int_equal(kill(host->pid, SIGKILL), 0);
    (void)ended(host->pid);
    officelink_close(sender);
    serve(host);
    reader = join_with(host, &fix_office(&host->fix, 140926)->key);
    send_hello(host, reader, 140926, epoch, 1, &id[0]);
    assert_false(expect(host, reader, TONGBAO__FRAME__KIND_WELCOME)->welcome->repair);
    expect_delivery(host, reader, 2, &id[1]);
    officelink_close(reader);
}

static void an_unknown_key_does_not_get_past_the_door(void **state)
{
    struct host *host = *state;
    struct fix_key stranger;
    struct tb_buf frame;
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame ask = TONGBAO__FRAME__INIT;
    fix_key(&stranger, "a stranger");
    beat.answer = true;
    ask.kind_case = TONGBAO__FRAME__KIND_BEAT;
    ask.beat = &beat;
    tb_buf_init(&frame, TB_FRAME_BYTES_MAX);
    assert_int_equal(tb_frame_pack(&host->packed, &ask), TB_OK);
    struct officelink *link = join_with(host, &stranger);
    assert_false(officelink_send(link, tb_buf_bytes(&host->packed), QUIET_MS));
    assert_false(officelink_recv(link, &frame, QUIET_MS));
    officelink_close(link);
    /* While an office's gets in and is answered without waiting for a turn. */
    link = join(host, 140900, NULL);
    send_frame(host, link, &ask);
    assert_false(expect(host, link, TONGBAO__FRAME__KIND_BEAT)->beat->answer);
    officelink_close(link);
    tb_buf_fini(&frame);
}

static void a_key_revoked_by_a_reload_is_refused_at_its_next_frame(void **state)
{
    struct host *host = *state;
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame ask = TONGBAO__FRAME__INIT;
    struct officelink *other = join(host, 140900, NULL);
    struct officelink *link = join(host, 140926, NULL);
    fix_office(&host->fix, 140926)->key.state = TONGBAO__KEY_STATE__REVOKED;
    write_directory(host, 2);
    assert_int_equal(kill(host->pid, SIGHUP), 0);
    /* Everybody else is told of the new directory. */
    const Tongbao__Frame *told = expect(host, other, TONGBAO__FRAME__KIND_HAVE);
    assert_int_equal(told->have->directories[0]->version, 2);
    beat.answer = true;
    ask.kind_case = TONGBAO__FRAME__KIND_BEAT;
    ask.beat = &beat;
    send_frame(host, link, &ask);
    assert_int_equal(expect(host, link, TONGBAO__FRAME__KIND_REFUSAL)->refusal->status, TB_REVOKED);
    officelink_close(link);
    officelink_close(other);
}

static void sigterm_ends_it_in_order_and_status_tells_what_waits(void **state)
{
    struct host *host = *state;
    char path[PATH_MAX_BYTES];
    struct tb_id id;
    struct officelink *sender = join(host, 140925, NULL);
    offer(host, sender, &id);
    assert_int_equal(kill(host->pid, SIGTERM), 0);
    int status = ended(host->pid);
    host->pid = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    officelink_close(sender);
    assert_int_equal(ended(spawn(host, "--status", "status.json")), 0);
    path_of(host, "status.json", path);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    json_t *lane = json_array_get(json_object_get(json, "lanes"), 0);
    assert_string_equal(json_string_value(json_object_get(lane, "office")), "140926");
    assert_int_equal(json_integer_value(json_object_get(lane, "waiting")), 1);
    assert_true(json_is_integer(json_object_get(lane, "oldest_s")));
    json_decref(json);
}

static void a_damaged_store_is_found_by_the_check_and_stops_the_broker(void **state)
{
    struct host *host = *state;
    char path[PATH_MAX_BYTES];
    uint8_t rubbish[4096];
    struct tb_id id;
    struct officelink *sender = join(host, 140925, NULL);
    for (size_t i = 0; i < 20; i++) {
        offer(host, sender, &id);
    }
    officelink_close(sender);
    assert_int_equal(kill(host->pid, SIGTERM), 0);
    assert_int_equal(ended(host->pid), 0);
    /* The last page is one of envelopes, which no start needs to read. */
    path_of(host, "data/broker.db", path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    memset(rubbish, 0xa5, sizeof rubbish);
    assert_int_equal(fseek(file, -(long)sizeof rubbish, SEEK_END), 0);
    assert_int_equal(fwrite(rubbish, 1, sizeof rubbish, file), sizeof rubbish);
    assert_int_equal(fclose(file), 0);
    serve(host);
    int status = ended(host->pid);
    host->pid = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
}

static void a_second_broker_on_one_store_does_not_start(void **state)
{
    struct host *host = *state;
    int status = ended(spawn(host, NULL, "status.json"));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void keys_are_never_made_over_old_ones(void **state)
{
    struct host *host = *state;
    int status = ended(spawn(host, "--init", "status.json"));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(i1_what_was_answered_is_delivered_after_kill_9),
        TEST(an_unknown_key_does_not_get_past_the_door),
        TEST(a_key_revoked_by_a_reload_is_refused_at_its_next_frame),
        TEST(sigterm_ends_it_in_order_and_status_tells_what_waits),
        TEST(a_damaged_store_is_found_by_the_check_and_stops_the_broker),
        TEST(a_second_broker_on_one_store_does_not_start),
        TEST(keys_are_never_made_over_old_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
