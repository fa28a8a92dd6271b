#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "base/limits.h"
#include "proto/directory.h"
#include "proto/envelope.h"
#include "proto/request.h"
#include "proto/statement.h"
#include "proto/wire.h"
#include "sample.h"

/*
 * The vectors of tests/golden, made from the fixed inputs of tests/unit/sample.c.
 * A change in the bytes of the protocol shows here first.
 */
static const char envelopes_path[] = "tests/golden/envelopes.json";
static const char directory_path[] = "tests/golden/directory.json";
static const char request_path[] = "tests/golden/request.json";

enum { VERSION = 7, HEX_BYTES_MAX = 128 * 1024 };
#define ASKED_AT ((struct tb_wall){INT64_C(1737054764000)})

/* 16 bytes of salt and what is to be protected. */
static const char personal_text[] = "saltsaltsaltsalt中毒人员：张三，13800000000";

static void put(json_t *object, const char *name, struct tb_bytes bytes)
{
    char *hex = malloc(2 * bytes.size + 1);
    assert_non_null(hex);
    tb_hex(hex, bytes);
    assert_int_equal(json_object_set_new(object, name, json_string(hex)), 0);
    free(hex);
}

/* The bytes of a field, in memory that lives for the next seven calls. */
static struct tb_bytes get(const json_t *object, const char *name)
{
    static uint8_t ring[8][HEX_BYTES_MAX];
    static size_t turn;
    const char *hex = json_string_value(json_object_get(object, name));
    if (hex == NULL) {
        fail_msg("no field %s", name);
    }
    size_t size = strlen(hex) / 2;
    uint8_t *place = ring[turn++ % 8];
    assert_true(size <= HEX_BYTES_MAX);
    assert_true(tb_unhex(place, size, hex));
    return tb_bytes_of(place, size);
}

static json_t *begin(const char *name, const char *context, const struct sample_key *key)
{
    json_t *object = json_object();
    assert_non_null(object);
    json_object_set_new(object, "name", json_string(name));
    put(object, "seed", tb_bytes_of(key->seed, sizeof key->seed));
    put(object, "public_key", tb_bytes_of(key->public_key, TB_KEY_BYTES));
    json_object_set_new(object, "context", json_string(context));
    return object;
}

/* Add the signed bytes of two parts to ${object}. */
static void put_signed(json_t *object, const char *context, struct tb_bytes first,
                       struct tb_bytes second)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, HEX_BYTES_MAX);
    sample_signed(&bytes, context, first, second);
    put(object, "signed_bytes", tb_buf_bytes(&bytes));
    tb_buf_fini(&bytes);
}

static json_t *envelope_vector(const char *name, enum tb_world world, uint32_t origin,
                               const char *key_name, struct sample *sample,
                               struct tb_bytes personal)
{
    struct sample_key key;
    struct tb_buf sealed;
    struct tb_envelope envelope;
    struct tb_id id;
    char context[64];
    sample_key(&key, key_name);
    struct tb_seal seal = {.world = world,
                           .origin = origin,
                           .directory_version = VERSION,
                           .secret = &key.secret,
                           .personal = personal};
    snprintf(context, sizeof context, "tongbao/1/%s",
             world == TB_WORLD_NONE ? "broker" : tb_world_text(world));
    tb_buf_init(&sealed, TB_ENVELOPE_BYTES_MAX);
    assert_int_equal(tb_envelope_seal(&sealed, &seal, &sample->body, &id), TB_OK);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&sealed)), TB_OK);
    json_t *object = begin(name, context, &key);
    put(object, "head", envelope.head);
    put(object, "body", envelope.body);
    put_signed(object, context, envelope.head, envelope.body);
    put(object, "signature", envelope.signature);
    put(object, "id", tb_bytes_of(id.byte, TB_ID_BYTES));
    put(object, "personal", personal);
    put(object, "envelope", tb_buf_bytes(&sealed));
    tb_buf_fini(&sealed);
    return object;
}

static void add_notices(json_t *list)
{
    static struct sample sample;
    const struct tb_bytes none = {0};
    for (int kind = TONGBAO__NOTICE__KIND__FIRST; kind <= TONGBAO__NOTICE__KIND__RELEASE; kind++) {
        char name[64];
        sample_notice(&sample, (Tongbao__Notice__Kind)kind);
        snprintf(name, sizeof name, "notice, %s, actual",
                 tb_notice_kind_text((Tongbao__Notice__Kind)kind));
        json_array_append_new(
            list, envelope_vector(name, TB_WORLD_ACTUAL, 140926, "sign 140926/0", &sample, none));
    }
    for (int world = TB_WORLD_EXERCISE; world <= TB_WORLD_TEST; world++) {
        char name[64];
        sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
        sample.notice.number = sample_text(world == TB_WORLD_EXERCISE ? "演140926-20250117-01"
                                                                      : "试140926-20250117-01");
        snprintf(name, sizeof name, "notice, first, %s", tb_world_text((enum tb_world)world));
        json_array_append_new(list, envelope_vector(name, (enum tb_world)world, 140926,
                                                    "sign 140926/0", &sample, none));
    }
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample_personal(&sample, tb_bytes_text(personal_text));
    json_array_append_new(list, envelope_vector("notice, first, actual, with a personal part",
                                                TB_WORLD_ACTUAL, 140926, "sign 140926/0", &sample,
                                                tb_bytes_text(personal_text)));
}

static json_t *make_envelopes(void)
{
    static const struct {
        const char *name;
        void (*fill)(struct sample *);
        enum tb_world world;
        uint32_t origin;
        const char *key;
    } rows[] = {
        {"receipt", sample_receipt, TB_WORLD_ACTUAL, 140925, "sign 140925/0"},
        {"acknowledgement", sample_acknowledgement, TB_WORLD_ACTUAL, 140925, "sign 140925/0"},
        {"call", sample_call, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
        {"objection", sample_objection, TB_WORLD_ACTUAL, 140925, "sign 140925/0"},
        {"widening", sample_widening, TB_WORLD_NONE, 140000, "sign sx-1"},
        {"disclosure", sample_disclosure, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
        {"deed", sample_deed, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
        {"destruction", sample_destruction, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
        {"recall", sample_recall, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
        {"recall answered", sample_recall_answer, TB_WORLD_ACTUAL, 140000, "sign 140000/0"},
        {"unknown kind", sample_unknown, TB_WORLD_ACTUAL, 140926, "sign 140926/0"},
    };
    static struct sample sample;
    json_t *list = json_array();
    add_notices(list);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i].fill(&sample);
        json_array_append_new(list, envelope_vector(rows[i].name, rows[i].world, rows[i].origin,
                                                    rows[i].key, &sample, tb_bytes_of(NULL, 0)));
    }
    return list;
}

static json_t *make_directory(void)
{
    static struct sample_directory shanxi;
    struct tb_buf sealed;
    struct tb_id fingerprint;
    struct tb_directory *directory;
    static const uint8_t head[12] = {14, 0, 0, 0, VERSION};
    sample_directory(&shanxi, 14);
    tb_root_fingerprint(&fingerprint, shanxi.root.public_key);
    tb_buf_init(&sealed, TB_DIRECTORY_BYTES_MAX);
    assert_int_equal(tb_directory_seal(&sealed, 14, VERSION, &shanxi.body, &shanxi.root.secret),
                     TB_OK);
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&sealed), &fingerprint, NULL),
                     TB_OK);
    Tongbao__Directory *outer = tongbao__directory__unpack(NULL, sealed.size, sealed.data);
    assert_non_null(outer);
    json_t *object = begin("directory of 14", "tongbao/1/directory", &shanxi.root);
    json_object_set_new(object, "prefix", json_integer(14));
    json_object_set_new(object, "version", json_integer(VERSION));
    put(object, "fingerprint", tb_bytes_of(fingerprint.byte, TB_ID_BYTES));
    put(object, "head", tb_bytes_of(head, sizeof head));
    put(object, "body", tb_wire_bytes(outer->body));
    put_signed(object, "tongbao/1/directory", tb_bytes_of(head, sizeof head),
               tb_wire_bytes(outer->body));
    put(object, "signature", tb_wire_bytes(outer->signature));
    put(object, "directory", tb_buf_bytes(&sealed));
    put(object, "digest", tb_bytes_of(tb_directory_digest(directory)->byte, TB_ID_BYTES));
    tongbao__directory__free_unpacked(outer, NULL);
    tb_directory_free(directory);
    tb_buf_fini(&sealed);
    return object;
}

static json_t *make_request(void)
{
    static struct sample_directory shanxi;
    struct tb_buf sealed;
    struct tb_buf office;
    struct tb_arena arena;
    struct tb_id digest;
    const Tongbao__Request *request;
    uint8_t time[8];
    sample_directory(&shanxi, 14);
    for (int i = 0; i < 8; i++) {
        time[i] = (uint8_t)((uint64_t)ASKED_AT.ms >> (8 * i));
    }
    tb_buf_init(&sealed, TB_REQUEST_BYTES_MAX);
    tb_buf_init(&office, TB_REQUEST_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    sample_pack(&office, &shanxi.office[2].base);
    assert_int_equal(
        tb_request_seal(&sealed, &shanxi.office[2], ASKED_AT, &shanxi.sign[2][0].secret), TB_OK);
    assert_int_equal(tb_request_open(tb_buf_bytes(&sealed), &arena, &request, &digest, NULL),
                     TB_OK);
    json_t *object = begin("request of 140925", "tongbao/1/request", &shanxi.sign[2][0]);
    put(object, "office", tb_buf_bytes(&office));
    put(object, "asked_at", tb_bytes_of(time, sizeof time));
    put_signed(object, "tongbao/1/request", tb_buf_bytes(&office), tb_bytes_of(time, sizeof time));
    put(object, "signature", tb_wire_bytes(request->signature));
    put(object, "request", tb_buf_bytes(&sealed));
    put(object, "digest", tb_bytes_of(digest.byte, TB_ID_BYTES));
    tb_arena_fini(&arena);
    tb_buf_fini(&office);
    tb_buf_fini(&sealed);
    return object;
}

static json_t *committed(const char *path)
{
    json_error_t error;
    json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return value;
}

/* Compare, or with TB_GOLDEN_WRITE write, the file at ${path}. */
static void same_as(const char *path, json_t *made)
{
    if (getenv("TB_GOLDEN_WRITE") != NULL) {
        assert_int_equal(json_dump_file(made, path, JSON_INDENT(2)), 0);
    }
    json_t *held = committed(path);
    assert_int_equal(json_array_size(held), json_array_size(made));
    for (size_t i = 0; i < json_array_size(made); i++) {
        if (!json_equal(json_array_get(held, i), json_array_get(made, i))) {
            fail_msg("%s: %s differs", path,
                     json_string_value(json_object_get(json_array_get(made, i), "name")));
        }
    }
    assert_true(json_equal(held, made));
    json_decref(held);
    json_decref(made);
}

static void the_same_inputs_still_give_the_committed_bytes(void **state)
{
    (void)state;
    same_as(envelopes_path, make_envelopes());
    same_as(directory_path, make_directory());
    same_as(request_path, make_request());
}

/* The signature of ${object} over ${first} and ${second}, by libsodium alone. */
static void holds_alone(const json_t *object, struct tb_bytes first, struct tb_bytes second)
{
    struct tb_buf bytes;
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    tb_buf_init(&bytes, HEX_BYTES_MAX);
    sample_signed(&bytes, json_string_value(json_object_get(object, "context")), first, second);
    assert_true(tb_bytes_equal(tb_buf_bytes(&bytes), get(object, "signed_bytes")));
    assert_int_equal(get(object, "seed").size, crypto_sign_SEEDBYTES);
    crypto_sign_seed_keypair(public_key, secret, get(object, "seed").data);
    assert_int_equal(get(object, "public_key").size, sizeof public_key);
    assert_memory_equal(get(object, "public_key").data, public_key, sizeof public_key);
    assert_int_equal(get(object, "signature").size, crypto_sign_BYTES);
    assert_int_equal(crypto_sign_verify_detached(get(object, "signature").data, bytes.data,
                                                 bytes.size, public_key),
                     0);
    tb_buf_fini(&bytes);
}

/* BLAKE2b-256 of ${bytes} is what the field ${name} says. */
static void digests_to(const json_t *object, const char *name, struct tb_bytes bytes)
{
    uint8_t digest[32];
    crypto_generichash(digest, sizeof digest, bytes.data, bytes.size, NULL, 0);
    assert_int_equal(get(object, name).size, sizeof digest);
    assert_memory_equal(get(object, name).data, digest, sizeof digest);
}

static void the_committed_bytes_hold_by_libsodium_alone(void **state)
{
    (void)state;
    json_t *list = committed(envelopes_path);
    assert_int_equal(json_array_size(list), 21);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        struct tb_buf whole;
        holds_alone(object, get(object, "head"), get(object, "body"));
        digests_to(object, "id", get(object, "signed_bytes"));
        tb_buf_init(&whole, TB_ENVELOPE_BYTES_MAX);
        sample_field(&whole, 1, get(object, "head"));
        sample_field(&whole, 2, get(object, "body"));
        sample_field(&whole, 3, get(object, "signature"));
        if (get(object, "personal").size > 0) {
            sample_field(&whole, 4, get(object, "personal"));
        }
        assert_true(tb_bytes_equal(tb_buf_bytes(&whole), get(object, "envelope")));
        tb_buf_fini(&whole);
    }
    json_decref(list);
    json_t *directory = committed(directory_path);
    holds_alone(directory, get(directory, "head"), get(directory, "body"));
    digests_to(directory, "digest", get(directory, "directory"));
    digests_to(directory, "fingerprint", get(directory, "public_key"));
    json_decref(directory);
    json_t *request = committed(request_path);
    holds_alone(request, get(request, "office"), get(request, "asked_at"));
    digests_to(request, "digest", get(request, "signed_bytes"));
    json_decref(request);
}

static void the_committed_bytes_are_taken(void **state)
{
    (void)state;
    struct tb_arena arena;
    json_t *list = committed(envelopes_path);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        struct tb_envelope envelope;
        const Tongbao__Body *body;
        struct tb_id id;
        struct tb_bytes bytes = get(object, "envelope");
        tb_arena_reset(&arena);
        assert_int_equal(tb_envelope_read(&envelope, bytes), TB_OK);
        assert_int_equal(tb_envelope_verify(&envelope, get(object, "public_key").data), TB_OK);
        assert_int_equal(tb_envelope_body(&envelope, &arena, &body), TB_OK);
        assert_true(tb_id_take(&id, get(object, "id")));
        assert_true(tb_id_equal(&id, &envelope.id));
    }
    tb_arena_fini(&arena);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_inputs_still_give_the_committed_bytes),
        cmocka_unit_test(the_committed_bytes_hold_by_libsodium_alone),
        cmocka_unit_test(the_committed_bytes_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
