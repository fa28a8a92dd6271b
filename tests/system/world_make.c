#include "tests/system/world.h"

#include <arpa/inet.h>
#include <fcntl.h>
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

#include "tests/system/tree.h"

/* Making a world: what a province, the hosts of brokers and the offices do once,
 * by hand, with the product's own programs. */
enum {
    RUN_MS = 20000,
    PORT_FIRST = 20000, /* below what the system gives to outgoing connections */
    PORT_BLOCK_SIZE = 64,
    PORT_BLOCKS = 180,
};

static void must(struct tb_world *world, const char *const arguments[])
{
    free(tb_world_must(world, NULL, arguments));
}

/* True when this process alone may use the block of ports from now on. What says
 * so is an abstract socket's name, which goes with the process. */
static bool claim_block(unsigned block)
{
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "tongbao-test-ports-%u", block);
    int claim = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(claim >= 0);
    fcntl(claim, F_SETFD, FD_CLOEXEC);
    if (bind(claim, (struct sockaddr *)&name, sizeof name) == 0) {
        return true; /* never closed */
    }
    close(claim);
    return false;
}

/* A port that nobody listens on: bound and released. It stays ours while a broker
 * that was killed does not hold it, because no other test takes of our block. */
unsigned tb_world_port(void)
{
    static unsigned block = PORT_BLOCKS;
    static unsigned used = 0;
    for (unsigned b = 0; block == PORT_BLOCKS && b < PORT_BLOCKS; b++) {
        block = claim_block(b) ? b : PORT_BLOCKS;
    }
    assert_true(block < PORT_BLOCKS);
    for (unsigned tries = 0; tries < PORT_BLOCK_SIZE; tries++) {
        unsigned port = PORT_FIRST + block * PORT_BLOCK_SIZE + used++ % PORT_BLOCK_SIZE;
        struct sockaddr_in address;
        memset(&address, 0, sizeof address);
        address.sin_family = AF_INET;
        address.sin_port = htons((uint16_t)port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int try = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(try >= 0);
        bool had = bind(try, (struct sockaddr *)&address, sizeof address) == 0;
        close(try);
        if (had) {
            return port;
        }
    }
    fail_msg("no free port");
    return 0;
}

/* ------------------------------------------------------------ provinces */

static const char *prefix_text(unsigned prefix)
{
    static char texts[4][12];
    static unsigned turn = 0;
    turn = (turn + 1) % 4;
    snprintf(texts[turn], sizeof texts[turn], "%02u", prefix);
    return texts[turn];
}

/* "140926" belongs to 14. */
static unsigned prefix_of(const char *code)
{
    return (unsigned)(code[0] - '0') * 10u + (unsigned)(code[1] - '0');
}

static const char *province_file(const struct tb_world *world, unsigned prefix, const char *kind)
{
    char name[TB_WORLD_TEXT_BYTES_MAX];
    snprintf(name, sizeof name, "%s.%s", prefix_text(prefix), kind);
    return tb_world_path(world, name);
}

/* The fingerprint in what `directory root` printed: the line that is nothing but
 * 64 hex digits, in groups for reading over the telephone. */
static void read_fingerprint(char out[TB_WORLD_TEXT_BYTES_MAX], const char *text)
{
    for (const char *line = text; line != NULL;) {
        const char *at = line;
        size_t digits = 0;
        for (; *at != '\0' && strchr("0123456789abcdef ", *at) != NULL; at++) {
            if (*at != ' ' && digits < 64) {
                out[digits++] = *at;
            }
        }
        if (digits == 64 && *at == '\n') {
            out[64] = '\0';
            return;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    fail_msg("no fingerprint in: %s", text);
}

static void add_province(struct tb_world *world, unsigned prefix)
{
    for (size_t i = 0; i < world->provinces; i++) {
        if (world->prefixes[i] == prefix) {
            return;
        }
    }
    assert_true(world->provinces < TB_WORLD_PROVINCES_MAX);
    char *text =
        tb_world_must(world, NULL,
                      tb_words("directory", "root", "--prefix", prefix_text(prefix), "--key",
                               province_file(world, prefix, "key"), "--unprotected"));
    read_fingerprint(world->fingerprints[world->provinces], text);
    free(text);
    world->prefixes[world->provinces++] = prefix;
}

void tb_world_admit(struct tb_world *world, const char *office)
{
    const struct tb_place *place = tb_world_place(world, office);
    must(world, tb_words("directory", "admit", "--draft",
                         province_file(world, place->prefix, "draft"), "--yes", place->request));
}

void tb_world_rivers(struct tb_world *world, unsigned prefix, const char *folder)
{
    must(world, tb_words("directory", "rivers", "--draft", province_file(world, prefix, "draft"),
                         "--from", folder));
}

void tb_world_sign(struct tb_world *world, unsigned prefix)
{
    must(world, tb_words("directory", "sign", "--draft", province_file(world, prefix, "draft"),
                         "--key", province_file(world, prefix, "key"), "--out",
                         province_file(world, prefix, "directory")));
}

void tb_world_hand(struct tb_world *world, const char *name, unsigned prefix)
{
    struct tb_place *place = tb_world_place(world, name);
    if (place->office) {
        free(tb_world_must(
            world, name, tb_words("directory", "take", province_file(world, prefix, "directory"))));
    } else if (place->child.pid != 0) {
        kill(place->child.pid, SIGHUP);
    }
}

/* --------------------------------------------------------------- places */

static struct tb_place *add_place(struct tb_world *world, const char *name, unsigned prefix)
{
    assert_true(world->count < TB_WORLD_PLACES_MAX);
    struct tb_place *place = &world->places[world->count++];
    snprintf(place->name, sizeof place->name, "%s", name);
    place->prefix = prefix;
    snprintf(place->folder, sizeof place->folder, "%s", tb_world_path(world, name));
    snprintf(place->log, sizeof place->log, "%s.log", tb_world_path(world, name));
    return place;
}

/* "[roots]" and "[directories]" of a place's configuration. */
static void print_trust(const struct tb_world *world, const struct tb_place *place, FILE *out)
{
    fprintf(out, "\n[roots]\n");
    for (size_t i = 0; i < world->provinces; i++) {
        if (!place->narrow || world->prefixes[i] == place->prefix) {
            fprintf(out, "%02u = %s\n", world->prefixes[i], world->fingerprints[i]);
        }
    }
    fprintf(out, "\n[directories]\nfile =");
    for (size_t i = 0; i < world->provinces; i++) {
        fprintf(out, "%s ../%02u.directory", i == 0 ? "" : ",", world->prefixes[i]);
    }
    fprintf(out, "\n");
}

static void make_broker(struct tb_world *world, const struct tb_world_broker *row)
{
    struct tb_place *place = add_place(world, row->name, row->prefix);
    place->port = tb_world_port();
    assert_int_equal(mkdir(place->folder, 0700), 0);
    snprintf(place->conf, sizeof place->conf, "%s/broker.conf", place->folder);
    FILE *conf = fopen(place->conf, "w");
    assert_non_null(conf);
    fprintf(conf,
            "[broker]\nname = %s\nlisten = tcp://127.0.0.1:%u\ndata = data\n"
            "sign_key = sign.key\nlink_key = link.key\n",
            row->name, place->port);
    print_trust(world, place, conf);
    fprintf(conf, "\n%s", row->settings == NULL ? "" : row->settings);
    fclose(conf);

    struct tb_told told =
        tb_child_run(tb_words(TB_SYSTEM_BROKER, "--init", "--config", place->conf), NULL, NULL,
                     world->folder, RUN_MS);
    if (told.exit_status != 0) {
        fail_msg("tongbao-broker --init: %s%s", told.out, told.err);
    }
    json_t *keys = json_loads(told.out, 0, NULL);
    assert_non_null(keys);
    unsigned reached = place->port;
    if (row->wired) {
        reached = tb_world_port();
        place->wire = tb_wire_lay(world->folder, reached, place->port);
    }
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", reached);
    must(world, tb_words("directory", "broker", "--draft",
                         province_file(world, row->prefix, "draft"), "--name", row->name, "--sign",
                         json_string_value(json_object_get(keys, "sign")), "--link",
                         json_string_value(json_object_get(keys, "link")), "--endpoint", endpoint));
    json_decref(keys);
    tb_child_told_free(&told);
}

/* Run `tongbao init` for ${place}, an office. */
static void init_office(struct tb_world *world, struct tb_place *place,
                        const struct tb_world_office *row)
{
    const char *words[TB_CHILD_ARGUMENTS_MAX + 1];
    size_t count = 0;
    char brokers[TB_WORLD_TEXT_BYTES_MAX];
    char roots[TB_WORLD_PROVINCES_MAX][TB_WORLD_TEXT_BYTES_MAX + 8];
    char phone[TB_WORLD_TEXT_BYTES_MAX];
    const char *first[] = {"init",    "--office", row->code,    "--name",
                           row->name, "--dir",    place->folder};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        words[count++] = first[i];
    }
    for (size_t i = 0; i < world->provinces; i++) {
        if (!place->narrow || world->prefixes[i] == place->prefix) {
            snprintf(roots[i], sizeof roots[i], "%02u=%s", world->prefixes[i],
                     world->fingerprints[i]);
            words[count++] = "--root";
            words[count++] = roots[i];
        }
    }
    snprintf(brokers, sizeof brokers, "%s", row->brokers);
    for (char *name = brokers, *comma = brokers; comma != NULL; name = comma + 1) {
        comma = strchr(name, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        words[count++] = "--broker";
        words[count++] = name;
    }
    snprintf(phone, sizeof phone, "值班=0351-%s", row->code);
    words[count++] = "--phone";
    words[count++] = phone;
    words[count] = NULL;
    must(world, words);
    snprintf(place->conf, sizeof place->conf, "%s/node.conf", place->folder);
    snprintf(place->socket, sizeof place->socket, "%s/data/tongbao.sock", place->folder);
    snprintf(place->request, sizeof place->request, "%s/%s.request", place->folder, row->code);
}

static void make_office(struct tb_world *world, const struct tb_world_office *row)
{
    struct tb_place *place = add_place(world, row->code, prefix_of(row->code));
    place->office = true;
    place->narrow = row->narrow;
    init_office(world, place, row);
    if (!row->stranger) {
        tb_world_admit(world, row->code);
    }
}

static void name_directories(struct tb_world *world, const struct tb_place *place)
{
    FILE *conf = fopen(place->conf, "a");
    assert_non_null(conf);
    fprintf(conf, "\n[directories]\nfile =");
    bool first = true;
    for (size_t p = 0; p < world->provinces; p++) {
        if (!place->narrow || world->prefixes[p] == place->prefix) {
            fprintf(conf, "%s ../%02u.directory", first ? "" : ",", world->prefixes[p]);
            first = false;
        }
    }
    fprintf(conf, "\n");
    fclose(conf);
}

void tb_world_remake(struct tb_world *world, const struct tb_world_office *row)
{
    struct tb_place *place = tb_world_place(world, row->code);
    assert_int_equal(place->child.pid, 0);
    tb_tree_remove(place->folder);
    place->token[0] = '\0';
    init_office(world, place, row);
    name_directories(world, place);
}

/* The folder of river tables for the first directories. */
static const char *first_rivers(struct tb_world *world, const struct tb_world_plan *plan)
{
    const char *a = plan->unaware[0];
    const char *b = plan->unaware[1];
    if (a == NULL) {
        return TB_SYSTEM_DATA;
    }
    tb_tree_copy(TB_SYSTEM_DATA, tb_world_path(world, "rivers"));
    int dropped = tb_tree_drop_lines(tb_world_path(world, "rivers/reaches.csv"), a, b) +
                  tb_tree_drop_lines(tb_world_path(world, "rivers/banks.csv"), a, b);
    assert_true(dropped > 0);
    return tb_world_path(world, "rivers");
}

struct tb_world *tb_world_make(const struct tb_world_plan *plan)
{
    struct tb_world *world = tb_world_begin();
    for (const struct tb_world_broker *row = plan->brokers; row->name != NULL; row++) {
        add_province(world, row->prefix);
    }
    for (const struct tb_world_office *row = plan->offices; row->name != NULL; row++) {
        add_province(world, prefix_of(row->code));
    }
    for (const struct tb_world_broker *row = plan->brokers; row->name != NULL; row++) {
        make_broker(world, row);
    }
    for (const struct tb_world_office *row = plan->offices; row->name != NULL; row++) {
        make_office(world, row);
    }
    char rivers[TB_WORLD_PATH_BYTES_MAX];
    snprintf(rivers, sizeof rivers, "%s", first_rivers(world, plan));
    for (size_t i = 0; i < world->provinces; i++) {
        tb_world_rivers(world, world->prefixes[i], rivers);
        tb_world_sign(world, world->prefixes[i]);
    }
    for (size_t i = 0; i < world->count; i++) {
        if (world->places[i].office) {
            name_directories(world, &world->places[i]);
        }
    }
    return world;
}
