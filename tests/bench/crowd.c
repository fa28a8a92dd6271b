#include "tests/bench/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/io/clock.h"
#include "base/io/files.h"
#include "base/limits.h"
#include "proto/directory.h"
#include "proto/wire.h"

enum { CODES_EACH = 10000, DIRECTORY_VERSION = 1 };

unsigned tb_crowd_prefix(size_t province)
{
    static const unsigned prefixes[TB_CROWD_PROVINCES_MAX] = {14, 13, 15, 61, 41, 37, 42, 34};
    return prefixes[province];
}

/* protobuf-c has no const and only reads. */
static char *text(const char *words)
{
    union {
        const char *in;
        char *out;
    } same = {.in = words};
    return same.out;
}

struct tb_crowd *tb_crowd_make(size_t provinces, size_t offices_each)
{
    struct tb_crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    assert_true(provinces <= TB_CROWD_PROVINCES_MAX && offices_each <= TB_CROWD_OFFICES_EACH_MAX);
    assert_true(sodium_init() >= 0);
    crowd->provinces = provinces;
    crowd->offices_each = offices_each;
    crowd->count = provinces * offices_each;
    crowd->offices = calloc(crowd->count, sizeof *crowd->offices);
    assert_non_null(crowd->offices);
    for (size_t i = 0; i < provinces; i++) {
        assert_int_equal(crypto_sign_keypair(crowd->root_key[i], crowd->root[i].byte), 0);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        struct tb_crowd_office *office = &crowd->offices[i];
        office->province = i / offices_each;
        office->code =
            tb_crowd_prefix(office->province) * CODES_EACH + (uint32_t)(i % offices_each);
        assert_int_equal(crypto_sign_keypair(office->sign_key, office->secret.byte), 0);
        assert_int_equal(crypto_box_keypair(office->link.public_key, office->link.secret_key), 0);
    }
    return crowd;
}

void tb_crowd_free(struct tb_crowd *crowd)
{
    if (crowd != NULL) {
        free(crowd->offices);
        free(crowd);
    }
}

void tb_crowd_fingerprint(const struct tb_crowd *crowd, size_t province,
                          char out[TB_ID_HEX_CHARS + 1])
{
    struct tb_id fingerprint;
    tb_root_fingerprint(&fingerprint, crowd->root_key[province]);
    tb_hex(out, tb_bytes_of(fingerprint.byte, TB_ID_BYTES));
}

/* --------------------------------------------------------- directories */

/* A directory's body with all that it points at. */
struct draft {
    Tongbao__DirectoryBody body;
    Tongbao__Office office[TB_CROWD_OFFICES_EACH_MAX];
    Tongbao__Office *offices[TB_CROWD_OFFICES_EACH_MAX];
    char names[TB_CROWD_OFFICES_EACH_MAX][32];
    Tongbao__Key key[TB_CROWD_OFFICES_EACH_MAX];
    Tongbao__Key *keys[TB_CROWD_OFFICES_EACH_MAX];
    char *reads[1];
    Tongbao__Broker broker;
    Tongbao__Broker *brokers[1];
    Tongbao__Key broker_key;
    char *endpoints[1];
};

static void put_key(Tongbao__Key *out, const uint8_t sign[TB_KEY_BYTES],
                    const uint8_t link[TB_KEY_BYTES])
{
    tongbao__key__init(out);
    out->sign = tb_wire_data(tb_bytes_of(sign, TB_KEY_BYTES));
    out->link = tb_wire_data(tb_bytes_of(link, TB_KEY_BYTES));
    out->state = TONGBAO__KEY_STATE__ACTIVE;
    out->since_ms = tb_clock_read().wall.ms;
}

static void put_office(struct draft *draft, const struct tb_crowd_office *office)
{
    size_t i = draft->body.n_offices++;
    Tongbao__Office *out = &draft->office[i];
    tongbao__office__init(out);
    put_key(&draft->key[i], office->sign_key, office->link.public_key);
    snprintf(draft->names[i], sizeof draft->names[i], "单位 %u", office->code);
    draft->keys[i] = &draft->key[i];
    draft->offices[i] = out;
    out->code = office->code;
    out->name = draft->names[i];
    out->n_keys = 1;
    out->keys = &draft->keys[i];
    out->n_brokers = 1;
    out->brokers = draft->reads;
    out->version_max = TB_ENVELOPE_VERSION;
}

/* Only the first province's directory names the broker: its name is unique. */
static void put_broker(struct draft *draft, const struct tb_crowd *crowd)
{
    tongbao__broker__init(&draft->broker);
    put_key(&draft->broker_key, crowd->broker_sign, crowd->broker_link);
    draft->broker.name = text(TB_CROWD_BROKER);
    draft->broker.key = &draft->broker_key;
    draft->endpoints[0] = text(crowd->endpoint);
    draft->broker.n_endpoints = 1;
    draft->broker.endpoints = draft->endpoints;
    draft->brokers[0] = &draft->broker;
    draft->body.n_brokers = 1;
    draft->body.brokers = draft->brokers;
}

static void publish_one(const struct tb_crowd *crowd, const char *folder, size_t province)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct tb_buf out;
    struct draft *draft = calloc(1, sizeof *draft);
    assert_non_null(draft);
    tongbao__directory_body__init(&draft->body);
    draft->body.issued_at_ms = tb_clock_read().wall.ms;
    draft->body.name = text("省");
    draft->body.offices = draft->offices;
    draft->reads[0] = text(TB_CROWD_BROKER);
    for (size_t i = 0; i < crowd->offices_each; i++) {
        put_office(draft, &crowd->offices[province * crowd->offices_each + i]);
    }
    if (province == 0) {
        put_broker(draft, crowd);
    }
    tb_buf_init(&out, TB_DIRECTORY_BYTES_MAX);
    enum tb_status status = tb_directory_seal(&out, tb_crowd_prefix(province), DIRECTORY_VERSION,
                                              &draft->body, &crowd->root[province]);
    assert_int_equal(status, TB_OK);
    snprintf(path, sizeof path, "%s/%02u.directory", folder, tb_crowd_prefix(province));
    status = tb_files_write(path, tb_buf_bytes(&out), TB_FILES_PUBLIC, NULL);
    assert_int_equal(status, TB_OK);
    tb_buf_fini(&out);
    free(draft);
}

void tb_crowd_publish(const struct tb_crowd *crowd, const char *folder)
{
    for (size_t i = 0; i < crowd->provinces; i++) {
        publish_one(crowd, folder, i);
    }
}
