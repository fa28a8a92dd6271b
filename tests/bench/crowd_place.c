#include "tests/bench/crowd_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/io/files.h"
#include "base/io/keyring.h"
#include "tests/system/child.h"

enum { INIT_MS = 20000 };

static struct tb_place *add_place(struct tb_world *world, const char *name)
{
    assert_true(world->count < TB_WORLD_PLACES_MAX);
    struct tb_place *place = &world->places[world->count++];
    snprintf(place->name, sizeof place->name, "%s", name);
    snprintf(place->folder, sizeof place->folder, "%s", tb_world_path(world, name));
    snprintf(place->log, sizeof place->log, "%s.log", tb_world_path(world, name));
    assert_int_equal(mkdir(place->folder, 0700), 0);
    return place;
}

static void print_trust(const struct tb_crowd *crowd, FILE *conf)
{
    fprintf(conf, "\n[roots]\n");
    for (size_t i = 0; i < crowd->provinces; i++) {
        char hex[TB_ID_HEX_CHARS + 1];
        tb_crowd_fingerprint(crowd, i, hex);
        fprintf(conf, "%02u = %s\n", tb_crowd_prefix(i), hex);
    }
    fprintf(conf, "\n[directories]\nfile =");
    for (size_t i = 0; i < crowd->provinces; i++) {
        fprintf(conf, "%s ../%02u.directory", i == 0 ? "" : ",", tb_crowd_prefix(i));
    }
    fprintf(conf, "\n");
}

static void take_key(uint8_t out[TB_KEY_BYTES], const json_t *keys, const char *name)
{
    const char *hex = json_string_value(json_object_get(keys, name));
    assert_non_null(hex);
    assert_true(tb_unhex(out, TB_KEY_BYTES, hex));
}

void tb_crowd_broker(struct tb_crowd *crowd, struct tb_world *world, unsigned long mailbox_rows)
{
    struct tb_place *place = add_place(world, TB_CROWD_BROKER);
    place->port = tb_world_port();
    snprintf(crowd->endpoint, sizeof crowd->endpoint, "tcp://127.0.0.1:%u", place->port);
    snprintf(place->conf, sizeof place->conf, "%s/broker.conf", place->folder);
    FILE *conf = fopen(place->conf, "w");
    assert_non_null(conf);
    fprintf(conf,
            "[broker]\nname = %s\nlisten = %s\ndata = data\nsign_key = sign.key\n"
            "link_key = link.key\n\n[limits]\nmailbox_rows = %lu\n",
            place->name, crowd->endpoint, mailbox_rows);
    print_trust(crowd, conf);
    fclose(conf);
    struct tb_told told =
        tb_child_run(tb_words(TB_SYSTEM_BROKER, "--init", "--config", place->conf), NULL, NULL,
                     world->folder, INIT_MS);
    if (told.exit_status != 0) {
        fail_msg("tongbao-broker --init: %s", told.err);
    }
    json_t *keys = json_loads(told.out, 0, NULL);
    take_key(crowd->broker_sign, keys, "sign");
    take_key(crowd->broker_link, keys, "link");
    json_decref(keys);
    tb_child_told_free(&told);
}

struct tb_place *tb_crowd_node(struct tb_crowd *crowd, struct tb_world *world, size_t index)
{
    struct tb_crowd_office *office = &crowd->offices[index];
    char name[16];
    char sign[TB_FILES_PATH_BYTES_MAX];
    char link[TB_FILES_PATH_BYTES_MAX];
    snprintf(name, sizeof name, "%u", office->code);
    struct tb_place *place = add_place(world, name);
    place->office = true;
    snprintf(place->conf, sizeof place->conf, "%s/node.conf", place->folder);
    snprintf(place->socket, sizeof place->socket, "%s/data/tongbao.sock", place->folder);
    snprintf(sign, sizeof sign, "%s/sign.key", place->folder);
    snprintf(link, sizeof link, "%s/link.key", place->folder);
    enum tb_status status =
        tb_keyring_create(sign, link, office->sign_key, office->link.public_key, NULL);
    assert_int_equal(status, TB_OK);
    FILE *conf = fopen(place->conf, "w");
    assert_non_null(conf);
    fprintf(conf, "[node]\noffice = %u\ndata = data\nsign_key = sign.key\nlink_key = link.key\n",
            office->code);
    print_trust(crowd, conf);
    fclose(conf);
    return place;
}
