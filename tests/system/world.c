#include "tests/system/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/system/desk.h"
#include "tests/system/tree.h"

enum {
    READY_MS = 20000, /* a sanitized program on a busy machine */
    RUN_MS = 20000,
    STOP_MS = 10000,
    LOG_LINES_SHOWN = 25,
};

/* The one world of the running test, for the teardown. */
static struct tb_world *open_world;

const char *tb_world_path(const struct tb_world *world, const char *file)
{
    static char paths[4][TB_WORLD_PATH_BYTES_MAX + TB_WORLD_TEXT_BYTES_MAX];
    static unsigned turn = 0;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", world->folder, file);
    return paths[turn];
}

struct tb_place *tb_world_place(struct tb_world *world, const char *name)
{
    for (size_t i = 0; i < world->count; i++) {
        if (strcmp(world->places[i].name, name) == 0) {
            return &world->places[i];
        }
    }
    fail_msg("this world has no place %s", name);
    return NULL;
}

static bool answers(unsigned port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int socket_file = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(socket_file >= 0);
    bool up = connect(socket_file, (struct sockaddr *)&address, sizeof address) == 0;
    close(socket_file);
    return up;
}

/* ------------------------------------------------------------- programs */

static struct tb_told run_tongbao(struct tb_world *world, const char *office,
                                  const char *const environment[], const char *input,
                                  const char *const arguments[])
{
    static const char *const plain[] = {"LANGUAGE=en", "LC_ALL", "TONGBAO_NODE", "XDG_RUNTIME_DIR",
                                        NULL};
    const char *words[TB_CHILD_ARGUMENTS_MAX + 1];
    size_t count = 0;
    words[count++] = TB_SYSTEM_TONGBAO;
    if (office != NULL) {
        words[count++] = "--node";
        words[count++] = tb_world_place(world, office)->conf;
    }
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(count < TB_CHILD_ARGUMENTS_MAX);
        words[count++] = arguments[i];
    }
    words[count] = NULL;
    return tb_child_run(words, environment == NULL ? plain : environment, input, world->folder,
                        RUN_MS);
}

struct tb_told tb_world_tongbao(struct tb_world *world, const char *office,
                                const char *const environment[], const char *input,
                                const char *const arguments[])
{
    return run_tongbao(world, office, environment, input, arguments);
}

/* The output of a run that had to succeed. */
static char *told_out(struct tb_told told, const char *const arguments[])
{
    if (told.exit_status != 0) {
        fail_msg("tongbao %s %s: exit %d: %s%s", arguments[0],
                 arguments[1] == NULL ? "" : arguments[1], told.exit_status, told.out, told.err);
    }
    free(told.err);
    return told.out;
}

char *tb_world_must(struct tb_world *world, const char *office, const char *const arguments[])
{
    return told_out(run_tongbao(world, office, NULL, NULL, arguments), arguments);
}

struct tb_world *tb_world_begin(void)
{
    struct tb_world *world = calloc(1, sizeof *world);
    const char *base = getenv("TMPDIR");
    assert_non_null(world);
    assert_null(open_world);
    /* A Unix socket's path is short: the folder lies right below the base. */
    snprintf(world->folder, sizeof world->folder, "%s/tbw-XXXXXX",
             base == NULL || strlen(base) > 40 ? "/tmp" : base);
    assert_non_null(mkdtemp(world->folder));
    open_world = world;
    return world;
}

struct tb_world *tb_world_open(const struct tb_world_plan *plan)
{
    struct tb_world *world = tb_world_make(plan);
    tb_world_start_all(world);
    return world;
}

/* -------------------------------------------------------------- running */

void tb_world_launch(struct tb_world *world, const char *name)
{
    struct tb_place *place = tb_world_place(world, name);
    tb_child_start(
        &place->child,
        tb_words(place->office ? TB_SYSTEM_NODE : TB_SYSTEM_BROKER, "--config", place->conf),
        place->log);
}

static bool is_ready(struct tb_place *place)
{
    if (!tb_child_alive(&place->child)) {
        fail_msg("%s ended by itself while it should have come up", place->name);
    }
    return place->office ? tb_desk_answers(place) : answers(place->port);
}

void tb_world_ready(struct tb_world *world, const char *name)
{
    struct tb_place *place = tb_world_place(world, name);
    tb_world_until(READY_MS, is_ready(place));
}

void tb_world_start(struct tb_world *world, const char *name)
{
    tb_world_launch(world, name);
    tb_world_ready(world, name);
}

void tb_world_stop(struct tb_world *world, const char *name)
{
    struct tb_place *place = tb_world_place(world, name);
    int status = tb_child_end(&place->child, SIGTERM, STOP_MS);
    if (status != 0) {
        fail_msg("%s ended with %d after SIGTERM", name, status);
    }
}

void tb_world_kill(struct tb_world *world, const char *name)
{
    int status = tb_child_end(&tb_world_place(world, name)->child, SIGKILL, STOP_MS);
    if (status != 256 + SIGKILL) {
        fail_msg("%s was to be killed, but had ended by itself with %d", name, status);
    }
}

void tb_world_start_all(struct tb_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        if (world->places[i].child.pid == 0) {
            tb_world_launch(world, world->places[i].name);
        }
    }
    for (size_t i = 0; i < world->count; i++) {
        tb_world_ready(world, world->places[i].name);
    }
    for (size_t i = 0; i < world->count; i++) {
        struct tb_place *place = &world->places[i];
        if (place->office && tb_desk_in_directory(place)) {
            tb_world_until(READY_MS, tb_desk_linked(place));
        }
    }
}

void tb_world_save(struct tb_world *world, const char *name, const char *as)
{
    assert_int_equal(tb_world_place(world, name)->child.pid, 0);
    tb_tree_copy(tb_world_place(world, name)->folder, tb_world_path(world, as));
}

void tb_world_restore(struct tb_world *world, const char *name, const char *as)
{
    struct tb_place *place = tb_world_place(world, name);
    assert_int_equal(place->child.pid, 0);
    tb_tree_remove(place->folder);
    tb_tree_copy(tb_world_path(world, as), place->folder);
}

void tb_world_forget(struct tb_world *world, const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct tb_place *place = tb_world_place(world, name);
    char path[TB_WORLD_PATH_BYTES_MAX + TB_WORLD_TEXT_BYTES_MAX];
    assert_int_equal(place->child.pid, 0);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/%s%s", place->folder,
                 place->office ? TB_SYSTEM_NODE_STORE : TB_SYSTEM_BROKER_STORE, ends[i]);
        tb_tree_remove(path);
    }
}

void tb_world_configure(struct tb_world *world, const char *name, const char *lines)
{
    tb_tree_append(tb_world_place(world, name)->conf, lines);
}

size_t tb_world_log_size(struct tb_world *world, const char *name)
{
    struct stat look;
    return stat(tb_world_place(world, name)->log, &look) == 0 ? (size_t)look.st_size : 0;
}

bool tb_world_log_has(struct tb_world *world, const char *name, const char *text, size_t from)
{
    char *log = tb_tree_read(tb_world_place(world, name)->log);
    bool has = strlen(log) >= from && strstr(log + from, text) != NULL;
    free(log);
    return has;
}

/* ------------------------------------------------------------------ end */

static void end_processes(struct tb_world *world, int signal)
{
    for (size_t i = 0; i < world->count; i++) {
        struct tb_place *place = &world->places[i];
        tb_child_end(&place->child, signal, STOP_MS);
        tb_wire_remove(place->wire);
        place->wire = NULL;
    }
}

void tb_world_close(struct tb_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        if (world->places[i].child.pid != 0) {
            tb_world_stop(world, world->places[i].name);
        }
    }
    end_processes(world, SIGKILL);
    tb_tree_remove(world->folder);
    free(world);
    open_world = NULL;
}

struct tb_world *tb_world_share(const struct tb_world_plan *plan)
{
    struct tb_world *world = open_world == NULL ? tb_world_open(plan) : open_world;
    world->passed = false;
    return world;
}

void tb_world_pass(struct tb_world *world)
{
    world->passed = true;
}

int tb_world_teardown_shared(void **state)
{
    (void)state;
    if (open_world != NULL) {
        tb_world_close(open_world);
    }
    return 0;
}

int tb_world_teardown(void **state)
{
    struct tb_world *world = open_world;
    (void)state;
    if (world == NULL || world->passed) {
        return 0;
    }
    end_processes(world, SIGKILL);
    fprintf(stderr, "--- the world of the failed test is left in %s\n", world->folder);
    for (size_t i = 0; i < world->count; i++) {
        tb_tree_show_end(world->places[i].log, LOG_LINES_SHOWN);
    }
    free(world);
    open_world = NULL;
    return 0;
}
