#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/limits.h"
#include "proto/directory.h"
#include "proto/wire.h"
#include "sample.h"

static struct sample_directory shanxi;
static struct sample_directory hebei;
static struct tb_buf buf;
static struct tb_id root14;
static struct tb_id root13;
static struct tb_diag diag;

static int set_up(void **state)
{
    (void)state;
    sample_directory(&shanxi, 14);
    sample_directory(&hebei, 13);
    tb_root_fingerprint(&root14, shanxi.root.public_key);
    tb_root_fingerprint(&root13, hebei.root.public_key);
    tb_buf_init(&buf, 2 * TB_DIRECTORY_BYTES_MAX);
    diag = (struct tb_diag){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tb_buf_fini(&buf);
    return 0;
}

/* Seal ${sample} as ${version} into the emptied buffer. */
static struct tb_bytes seal(const struct sample_directory *sample, uint32_t prefix,
                            uint64_t version)
{
    tb_buf_cut(&buf, 0);
    assert_int_equal(tb_directory_seal(&buf, prefix, version, &sample->body, &sample->root.secret),
                     TB_OK);
    return tb_buf_bytes(&buf);
}

static void a_sealed_directory_is_opened_and_searched(void **state)
{
    (void)state;
    struct tb_directory *directory;
    uint32_t prefix;
    uint64_t version;
    struct tb_bytes bytes = seal(&shanxi, 14, UINT64_C(0x123456789));
    struct tb_id digest;
    tb_digest(&digest, bytes);
    assert_int_equal(tb_directory_peek(bytes, &prefix, &version), TB_OK);
    assert_int_equal(prefix, 14);
    assert_true(version == UINT64_C(0x123456789));
    assert_int_equal(tb_directory_open(&directory, bytes, &root14, &diag), TB_OK);
    assert_int_equal(tb_directory_prefix(directory), 14);
    assert_true(tb_directory_version(directory) == UINT64_C(0x123456789));
    assert_true(tb_id_equal(tb_directory_digest(directory), &digest));
    assert_true(tb_bytes_equal(tb_directory_bytes(directory), bytes));
    /* It owns its bytes. */
    assert_ptr_not_equal(tb_directory_bytes(directory).data, bytes.data);
    assert_string_equal(tb_directory_body(directory)->name, "山西省");
    for (size_t i = 0; i < SAMPLE_OFFICES; i++) {
        const Tongbao__Office *office = tb_directory_office(directory, shanxi.office[i].code);
        assert_non_null(office);
        assert_string_equal(office->name, shanxi.office[i].name);
    }
    assert_null(tb_directory_office(directory, 140927));
    assert_null(tb_directory_office(directory, 0));
    assert_non_null(tb_directory_broker(directory, "sx-2"));
    assert_null(tb_directory_broker(directory, "sx-3"));
    assert_int_equal(tb_directory_file(directory, "reaches.csv").size, shanxi.file.content.len);
    assert_int_equal(tb_directory_file(directory, "policy.csv").size, 0);
    tb_directory_free(directory);
}

static void the_signed_bytes_are_as_documented(void **state)
{
    (void)state;
    struct tb_buf body;
    struct tb_buf bytes;
    static const uint8_t head[12] = {14, 0, 0, 0, 0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0};
    tb_buf_init(&body, TB_DIRECTORY_BYTES_MAX);
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    sample_pack(&body, &shanxi.body.base);
    sample_signed(&bytes, "tongbao/1/directory", tb_bytes_of(head, sizeof head),
                  tb_buf_bytes(&body));
    struct tb_bytes sealed = seal(&shanxi, 14, UINT64_C(0x123456789));
    Tongbao__Directory *outer = tongbao__directory__unpack(NULL, sealed.size, sealed.data);
    assert_non_null(outer);
    assert_int_equal(outer->signature.len, TB_SIGNATURE_BYTES);
    assert_int_equal(crypto_sign_verify_detached(outer->signature.data, bytes.data, bytes.size,
                                                 shanxi.root.public_key),
                     0);
    tongbao__directory__free_unpacked(outer, NULL);
    tb_buf_fini(&bytes);
    tb_buf_fini(&body);
}

static void I3_every_alteration_of_one_byte_fails(void **state)
{
    (void)state;
    struct tb_directory *directory;
    seal(&shanxi, 14, 1);
    for (size_t i = 0; i < buf.size; i++) {
        buf.data[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(tb_directory_open(&directory, tb_buf_bytes(&buf), &root14, &diag),
                             TB_OK);
        assert_null(directory);
        buf.data[i] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&buf), &root14, &diag), TB_OK);
    tb_directory_free(directory);
}

static void nothing_can_be_added_outside_the_signature(void **state)
{
    (void)state;
    struct tb_directory *directory;
    static const uint8_t unknown[] = {0x30, 0x01};
    seal(&shanxi, 14, 1);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(unknown, 2)), TB_OK);
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&buf), &root14, &diag),
                     TB_MALFORMED);
    /* Nor said in a longer form, which would look like another of one version. */
    static const uint8_t long_prefix[] = {0x08, 0x8e, 0x00};
    struct tb_bytes bytes = seal(&shanxi, 14, 1);
    struct tb_buf longer;
    tb_buf_init(&longer, TB_DIRECTORY_BYTES_MAX);
    assert_int_equal(bytes.data[1], 14);
    assert_int_equal(tb_buf_add(&longer, tb_bytes_of(long_prefix, sizeof long_prefix)), TB_OK);
    assert_int_equal(tb_buf_add(&longer, tb_bytes_of(bytes.data + 2, bytes.size - 2)), TB_OK);
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&longer), &root14, &diag),
                     TB_MALFORMED);
    tb_buf_fini(&longer);
}

static void another_root_is_told_from_a_bad_signature(void **state)
{
    (void)state;
    struct tb_directory *directory;
    struct tb_bytes bytes = seal(&shanxi, 14, 1);
    assert_int_equal(tb_directory_open(&directory, bytes, &root13, &diag), TB_SIGNER);
    /* The last byte of the body's last text, well before signature and root. */
    buf.data[buf.size - TB_KEY_BYTES - TB_SIGNATURE_BYTES - 8] ^= 1;
    assert_int_equal(tb_directory_open(&directory, bytes, &root14, &diag), TB_SIGNATURE);
}

/* Seal shanxi as it has been spoilt, and look for ${word} in the diagnosis. */
static void refused(const char *word)
{
    struct tb_directory *directory;
    diag = (struct tb_diag){0};
    assert_int_equal(tb_directory_open(&directory, seal(&shanxi, 14, 1), &root14, &diag),
                     TB_MALFORMED);
    assert_null(directory);
    if (strstr(diag.text, word) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", diag.text, word);
    }
    sample_directory(&shanxi, 14);
}

static void a_mistake_in_an_office_is_named(void **state)
{
    (void)state;
    static char name[TB_NAME_BYTES_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    shanxi.office[2].code = 130926;
    refused("130926 lies outside prefix 14");
    shanxi.office[2].code = 140926;
    refused("office 140926 is there twice");
    shanxi.office[1].name = name;
    refused("140900");
    shanxi.office[1].name = sample_text("");
    refused("140900");
    shanxi.office[1].valid_until_ms = -1;
    refused("valid_until");
    shanxi.key[3][1].sign.len = 31;
    refused("key 2 needs 32 bytes");
    shanxi.key[3][1].link.len = 0;
    refused("key 2 needs 32 bytes");
    shanxi.key[3][1].since_ms = INT64_MAX;
    refused("key 2 needs");
    memset(shanxi.link[3][0].public_key, 0, TB_KEY_BYTES);
    refused("key 1 needs");
    shanxi.phone.number = sample_text("");
    refused("telephone 1");
    shanxi.phone.label = name;
    refused("telephone 1");
    shanxi.reads[1] = shanxi.reads[0];
    refused("broker 2");
    shanxi.reads[0] = sample_text("");
    refused("broker 1");
}

static void a_key_that_stands_twice_is_named(void **state)
{
    (void)state;
    shanxi.key[0][0].sign = shanxi.key[3][1].sign;
    refused("a sign key of office");
    shanxi.key[0][0].link = shanxi.key[3][1].link;
    refused("a link key of office");
    shanxi.broker_key[1].link = shanxi.key[3][1].link;
    refused("a link key of broker sx-2");
    shanxi.key[3][2].sign = shanxi.key[3][0].sign;
    refused("a sign key of office 140926");
}

static void a_mistake_in_a_broker_or_a_file_is_named(void **state)
{
    (void)state;
    static Tongbao__File second;
    static Tongbao__File *files[2];
    shanxi.broker[1].name = shanxi.broker[0].name;
    refused("broker sx-1 is there twice");
    shanxi.broker[1].name = sample_text("");
    refused("broker 2");
    shanxi.broker[1].key = NULL;
    refused("broker sx-2 needs a key");
    shanxi.broker[1].n_endpoints = 0;
    refused("endpoints");
    shanxi.endpoints[0] = sample_text("ipc:///tmp/x");
    refused("endpoints");
    second = shanxi.file;
    files[0] = &shanxi.file;
    files[1] = &second;
    shanxi.body.files = files;
    shanxi.body.n_files = 2;
    refused("file 2");
    shanxi.file.name = sample_text("");
    refused("file 1");
    shanxi.body.issued_at_ms = -5;
    refused("time");
}

static void I10_more_of_something_than_its_limit_is_refused(void **state)
{
    (void)state;
    static Tongbao__Office *offices[TB_OFFICES_MAX + 1];
    static Tongbao__Broker *brokers[TB_DIRECTORY_BROKERS_MAX + 1];
    static Tongbao__File *files[TB_DIRECTORY_FILES_MAX + 1];
    static Tongbao__Key *keys[TB_OFFICE_KEYS_MAX + 1];
    static Tongbao__Phone *phones[TB_OFFICE_PHONES_MAX + 1];
    static char *reads[TB_OFFICE_BROKERS_MAX + 1];
    static char *endpoints[TB_BROKER_ENDPOINTS_MAX + 1];
    for (size_t i = 0; i <= TB_OFFICES_MAX; i++) {
        offices[i] = &shanxi.office[0];
        brokers[i % (TB_DIRECTORY_BROKERS_MAX + 1)] = &shanxi.broker[0];
        files[i % (TB_DIRECTORY_FILES_MAX + 1)] = &shanxi.file;
        keys[i % (TB_OFFICE_KEYS_MAX + 1)] = &shanxi.key[0][0];
        phones[i % (TB_OFFICE_PHONES_MAX + 1)] = &shanxi.phone;
        reads[i % (TB_OFFICE_BROKERS_MAX + 1)] = shanxi.reads[0];
        endpoints[i % (TB_BROKER_ENDPOINTS_MAX + 1)] = shanxi.endpoints[0];
    }
    shanxi.body.offices = offices;
    shanxi.body.n_offices = TB_OFFICES_MAX + 1;
    refused("401 offices");
    shanxi.body.brokers = brokers;
    shanxi.body.n_brokers = TB_DIRECTORY_BROKERS_MAX + 1;
    refused("17 brokers");
    shanxi.body.files = files;
    shanxi.body.n_files = TB_DIRECTORY_FILES_MAX + 1;
    refused("33 files");
    shanxi.office[0].keys = keys;
    shanxi.office[0].n_keys = TB_OFFICE_KEYS_MAX + 1;
    refused("17 keys");
    shanxi.office[0].phones = phones;
    shanxi.office[0].n_phones = TB_OFFICE_PHONES_MAX + 1;
    refused("9 telephones");
    shanxi.office[0].brokers = reads;
    shanxi.office[0].n_brokers = TB_OFFICE_BROKERS_MAX + 1;
    refused("5 brokers");
    shanxi.broker[0].endpoints = endpoints;
    shanxi.broker[0].n_endpoints = TB_BROKER_ENDPOINTS_MAX + 1;
    refused("endpoints");
}

static void I10_a_directory_has_at_most_4_MiB(void **state)
{
    (void)state;
    struct tb_directory *directory;
    uint8_t *large = calloc(1, TB_DIRECTORY_BYTES_MAX + 1);
    assert_non_null(large);
    tb_buf_cut(&buf, 0);
    shanxi.file.content = (ProtobufCBinaryData){.len = TB_DIRECTORY_BYTES_MAX, .data = large};
    assert_int_equal(tb_directory_seal(&buf, 14, 1, &shanxi.body, &shanxi.root.secret), TB_TOOBIG);
    assert_int_equal(buf.size, 0);
    shanxi.file.content.len = TB_DIRECTORY_BYTES_MAX - 4096;
    assert_int_equal(tb_directory_open(&directory, seal(&shanxi, 14, 1), &root14, &diag), TB_OK);
    tb_directory_free(directory);
    assert_int_equal(tb_directory_open(&directory, tb_bytes_of(large, TB_DIRECTORY_BYTES_MAX + 1),
                                       &root14, &diag),
                     TB_TOOBIG);
    /* What multiplies in memory ends at the budget: a million empty offices,
     * the first with its tag from here and the rest as they stand. */
    enum { BOMB_BYTES = 2 * 1024 * 1024 };
    for (size_t i = 0; i < BOMB_BYTES; i++) {
        large[i] = i % 2 == 0 ? 0x00 : 0x1a;
    }
    Tongbao__DirectoryBody bomb;
    ProtobufCMessageUnknownField whole = {.tag = 3,
                                          .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                          .len = BOMB_BYTES - 1,
                                          .data = large};
    tongbao__directory_body__init(&bomb);
    bomb.base.n_unknown_fields = 1;
    bomb.base.unknown_fields = &whole;
    tb_buf_cut(&buf, 0);
    assert_int_equal(tb_directory_seal(&buf, 14, 1, &bomb, &shanxi.root.secret), TB_OK);
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&buf), &root14, &diag),
                     TB_MALFORMED);
    assert_non_null(strstr(diag.text, "memory"));
    free(large);
}

static void a_prefix_or_version_that_is_none_is_malformed(void **state)
{
    (void)state;
    uint32_t prefix;
    uint64_t version;
    static const uint32_t prefixes[] = {0, 9, 100};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tb_directory_peek(seal(&shanxi, prefixes[i], 1), &prefix, &version),
                         TB_MALFORMED);
    }
    assert_int_equal(tb_directory_peek(seal(&shanxi, 14, 0), &prefix, &version), TB_MALFORMED);
    assert_int_equal(
        tb_directory_peek(seal(&shanxi, 14, (uint64_t)INT64_MAX + 1), &prefix, &version),
        TB_MALFORMED);
    assert_int_equal(tb_directory_peek(tb_bytes_text("hello"), &prefix, &version), TB_MALFORMED);
    assert_int_equal(tb_directory_peek(tb_bytes_of(NULL, 0), &prefix, &version), TB_MALFORMED);
}

static struct tb_directories *trusting(void)
{
    struct tb_directories *set = tb_directories_new();
    assert_int_equal(tb_directories_trust(set, 14, &root14), TB_OK);
    assert_int_equal(tb_directories_trust(set, 13, &root13), TB_OK);
    return set;
}

static enum tb_taken take(struct tb_directories *set, struct tb_bytes bytes)
{
    enum tb_taken taken;
    assert_int_equal(tb_directories_take(set, bytes, &taken, &diag), TB_OK);
    return taken;
}

static void the_newest_is_in_force_and_the_first_of_a_version_stays(void **state)
{
    (void)state;
    struct tb_directories *set = trusting();
    enum tb_taken taken;
    assert_int_equal(tb_directories_count(set), 0);
    assert_null(tb_directories_prefix(set, 14));
    assert_int_equal(take(set, seal(&shanxi, 14, 2)), TB_TAKEN_NEW);
    assert_int_equal(take(set, seal(&shanxi, 14, 2)), TB_TAKEN_SAME);
    assert_int_equal(take(set, seal(&shanxi, 14, 1)), TB_TAKEN_OLD);
    shanxi.body.name = sample_text("山西");
    assert_int_equal(take(set, seal(&shanxi, 14, 2)), TB_TAKEN_CLASH);
    assert_string_equal(tb_directory_body(tb_directories_prefix(set, 14))->name, "山西省");
    assert_int_equal(take(set, seal(&shanxi, 14, 3)), TB_TAKEN_NEW);
    assert_string_equal(tb_directory_body(tb_directories_prefix(set, 14))->name, "山西");
    assert_int_equal(tb_directories_count(set), 1);
    assert_int_equal(take(set, seal(&hebei, 13, 1)), TB_TAKEN_NEW);
    assert_int_equal(tb_directories_count(set), 2);
    assert_int_equal(tb_directory_prefix(tb_directories_at(set, 0)), 14);
    assert_int_equal(tb_directory_prefix(tb_directories_at(set, 1)), 13);
    /* A forged newer one changes nothing. */
    tb_buf_cut(&buf, 0);
    assert_int_equal(tb_directory_seal(&buf, 14, 9, &shanxi.body, &hebei.root.secret), TB_OK);
    assert_int_equal(tb_directories_take(set, tb_buf_bytes(&buf), &taken, &diag), TB_SIGNER);
    assert_int_equal(tb_directory_version(tb_directories_for(set, 140926)), 3);
    tb_directories_free(set);
}

static void only_a_pinned_root_is_trusted(void **state)
{
    (void)state;
    struct tb_directories *set = tb_directories_new();
    enum tb_taken taken;
    struct tb_bytes bytes = seal(&shanxi, 14, 1);
    assert_false(tb_directories_trusted(set, 14));
    assert_int_equal(tb_directories_take(set, bytes, &taken, &diag), TB_SIGNER);
    assert_int_equal(tb_directories_trust(set, 14, &root14), TB_OK);
    assert_int_equal(tb_directories_trust(set, 14, &root14), TB_OK);
    assert_int_equal(tb_directories_trust(set, 14, &root13), TB_CONFLICT);
    assert_int_equal(tb_directories_trust(set, 9, &root13), TB_INPUT);
    assert_true(tb_directories_trusted(set, 14));
    assert_false(tb_directories_trusted(set, 13));
    for (uint32_t prefix = 15; prefix < 14 + TB_ROOTS_MAX; prefix++) {
        assert_int_equal(tb_directories_trust(set, prefix, &root13), TB_OK);
    }
    assert_int_equal(tb_directories_trust(set, 90, &root13), TB_TOOBIG);
    assert_int_equal(take(set, bytes), TB_TAKEN_NEW);
    tb_directories_free(set);
}

static struct tb_envelope signed_by(const struct sample_key *key, enum tb_world world,
                                    uint32_t origin)
{
    struct tb_envelope envelope = {.world = world, .origin = origin};
    tb_key_id(envelope.key_id, key->public_key);
    return envelope;
}

static void I3_a_key_signs_only_for_its_own_office(void **state)
{
    (void)state;
    struct tb_directories *set = trusting();
    take(set, seal(&shanxi, 14, 1));
    take(set, seal(&hebei, 13, 1));
    for (size_t i = 0; i < SAMPLE_OFFICES; i++) {
        for (size_t j = 0; j < SAMPLE_OFFICES; j++) {
            struct tb_envelope envelope =
                signed_by(&shanxi.sign[i][0], TB_WORLD_ACTUAL, shanxi.office[j].code);
            const Tongbao__Key *key = tb_directories_signer(set, &envelope);
            assert_int_equal(key != NULL, i == j);
            if (key != NULL) {
                assert_memory_equal(key->sign.data, shanxi.sign[i][0].public_key, TB_KEY_BYTES);
            }
        }
        struct tb_envelope abroad =
            signed_by(&shanxi.sign[i][0], TB_WORLD_ACTUAL, hebei.office[i].code);
        assert_null(tb_directories_signer(set, &abroad));
        struct tb_envelope as_broker = signed_by(&shanxi.sign[i][0], TB_WORLD_NONE, 140000);
        assert_null(tb_directories_signer(set, &as_broker));
    }
    struct tb_envelope nowhere = signed_by(&shanxi.sign[0][0], TB_WORLD_ACTUAL, 650000);
    assert_null(tb_directories_signer(set, &nowhere));
    tb_directories_free(set);
}

static void a_broker_signs_only_in_no_world_and_for_its_province(void **state)
{
    (void)state;
    struct tb_directories *set = trusting();
    take(set, seal(&shanxi, 14, 1));
    take(set, seal(&hebei, 13, 1));
    struct tb_envelope envelope = signed_by(&shanxi.broker_sign[1], TB_WORLD_NONE, 140000);
    assert_non_null(tb_directories_signer(set, &envelope));
    envelope.origin = 130000;
    assert_null(tb_directories_signer(set, &envelope));
    envelope.origin = 140900;
    assert_null(tb_directories_signer(set, &envelope));
    envelope = signed_by(&shanxi.broker_sign[1], TB_WORLD_ACTUAL, 140000);
    assert_null(tb_directories_signer(set, &envelope));
    tb_directories_free(set);
}

static void retired_and_revoked_keys_are_found_with_their_state(void **state)
{
    (void)state;
    static const Tongbao__KeyState states[SAMPLE_KEYS] = {
        TONGBAO__KEY_STATE__ACTIVE, TONGBAO__KEY_STATE__RETIRED, TONGBAO__KEY_STATE__REVOKED};
    struct tb_directories *set = trusting();
    struct tb_holder holder;
    take(set, seal(&shanxi, 14, 1));
    for (size_t i = 0; i < SAMPLE_KEYS; i++) {
        struct tb_envelope envelope = signed_by(&shanxi.sign[3][i], TB_WORLD_TEST, 140926);
        const Tongbao__Key *key = tb_directories_signer(set, &envelope);
        assert_non_null(key);
        assert_int_equal(key->state, states[i]);
        assert_true(tb_directories_holder(set, shanxi.link[3][i].public_key, &holder));
        assert_int_equal(holder.office->code, 140926);
        assert_null(holder.broker);
        assert_ptr_equal(holder.key, key);
        assert_int_equal(tb_directory_prefix(holder.directory), 14);
    }
    assert_true(tb_directories_holder(set, shanxi.broker_link[0].public_key, &holder));
    assert_null(holder.office);
    assert_string_equal(holder.broker->name, "sx-1");
    assert_false(tb_directories_holder(set, hebei.broker_link[0].public_key, &holder));
    assert_false(tb_directories_holder(set, shanxi.sign[3][0].public_key, &holder));
    tb_directories_free(set);
}

static void lookups_cross_provinces(void **state)
{
    (void)state;
    struct tb_directories *set = trusting();
    struct tb_holder holder;
    take(set, seal(&shanxi, 14, 1));
    take(set, seal(&hebei, 13, 1));
    assert_int_equal(tb_directories_office(set, 140926)->code, 140926);
    assert_int_equal(tb_directories_office(set, 130926)->code, 130926);
    assert_null(tb_directories_office(set, 150926));
    assert_null(tb_directories_office(set, 140927));
    assert_string_equal(tb_directories_broker(set, "he-2")->name, "he-2");
    assert_null(tb_directories_broker(set, "he-3"));
    assert_true(tb_directories_holder(set, hebei.link[0][0].public_key, &holder));
    assert_int_equal(holder.office->code, 130000);
    tb_directories_free(set);
}

/* A province that names a key of another's office takes nothing from it. */
static void the_root_pinned_first_has_a_link_key_that_two_name(void **state)
{
    (void)state;
    struct tb_holder holder;
    hebei.key[0][0].link = shanxi.key[3][0].link;
    for (int order = 0; order < 2; order++) {
        struct tb_directories *set = trusting();
        take(set, order == 0 ? seal(&shanxi, 14, 1) : seal(&hebei, 13, 1));
        take(set, order == 0 ? seal(&hebei, 13, 1) : seal(&shanxi, 14, 1));
        assert_true(tb_directories_holder(set, shanxi.link[3][0].public_key, &holder));
        assert_int_equal(holder.office->code, 140926);
        tb_directories_free(set);
    }
}

struct admitted {
    size_t count;
    bool retired;
    bool revoked;
};

static void count_link(void *context, const uint8_t link[TB_KEY_BYTES])
{
    struct admitted *admitted = context;
    admitted->count++;
    admitted->retired |= memcmp(link, shanxi.link[3][1].public_key, TB_KEY_BYTES) == 0;
    admitted->revoked |= memcmp(link, shanxi.link[3][2].public_key, TB_KEY_BYTES) == 0;
}

static void a_retired_keys_link_closes_after_30_days_and_a_revoked_ones_at_once(void **state)
{
    (void)state;
    struct tb_directories *set = trusting();
    int64_t since = shanxi.key[3][1].since_ms;
    int64_t end = since + INT64_C(30) * 24 * 3600 * 1000;
    take(set, seal(&shanxi, 14, 1));
    struct admitted before = {0};
    tb_directories_links(set, (struct tb_wall){end - 1}, count_link, &before);
    assert_int_equal(before.count, SAMPLE_OFFICES + SAMPLE_BROKERS + 1);
    assert_true(before.retired);
    assert_false(before.revoked);
    struct admitted after = {0};
    tb_directories_links(set, (struct tb_wall){end}, count_link, &after);
    assert_int_equal(after.count, SAMPLE_OFFICES + SAMPLE_BROKERS);
    assert_false(after.retired);
    assert_false(after.revoked);
    Tongbao__Key newer = shanxi.key[3][0];
    newer.state = (Tongbao__KeyState)9;
    assert_false(tb_directories_admits(&newer, (struct tb_wall){since}));
    tb_directories_free(set);
}

/* The signer is looked up for every envelope, the holder for every frame: a full
 * directory must be searched right at every place of its tables. */
static void every_key_of_a_full_directory_is_found(void **state)
{
    (void)state;
    enum { OFFICES = TB_OFFICES_MAX, KEYS = 4 };
    static Tongbao__Office offices[OFFICES];
    static Tongbao__Office *list[OFFICES];
    static Tongbao__Key keys[OFFICES][KEYS];
    static Tongbao__Key *key_list[OFFICES][KEYS];
    static uint8_t bytes[OFFICES][KEYS][2][TB_KEY_BYTES];
    for (uint32_t i = 0; i < OFFICES; i++) {
        tongbao__office__init(&offices[i]);
        offices[i].code = 140000 + (i * 7919) % 10000;
        offices[i].name = sample_text("某局");
        offices[i].keys = key_list[i];
        offices[i].n_keys = KEYS;
        list[i] = &offices[i];
        for (uint32_t j = 0; j < KEYS; j++) {
            for (uint32_t k = 0; k < 2; k++) {
                char name[32];
                snprintf(name, sizeof name, "%u %u %u", i, j, k);
                sample_id(bytes[i][j][k], name);
            }
            tongbao__key__init(&keys[i][j]);
            keys[i][j].sign = tb_wire_data(tb_bytes_of(bytes[i][j][0], TB_KEY_BYTES));
            keys[i][j].link = tb_wire_data(tb_bytes_of(bytes[i][j][1], TB_KEY_BYTES));
            key_list[i][j] = &keys[i][j];
        }
    }
    shanxi.body.offices = list;
    shanxi.body.n_offices = OFFICES;
    struct tb_directories *set = trusting();
    take(set, seal(&shanxi, 14, 1));
    for (uint32_t i = 0; i < OFFICES; i++) {
        assert_int_equal(tb_directories_office(set, offices[i].code)->code, offices[i].code);
        for (uint32_t j = 0; j < KEYS; j++) {
            struct tb_envelope envelope = {.world = TB_WORLD_ACTUAL, .origin = offices[i].code};
            struct tb_holder holder;
            tb_key_id(envelope.key_id, bytes[i][j][0]);
            const Tongbao__Key *key = tb_directories_signer(set, &envelope);
            assert_non_null(key);
            assert_memory_equal(key->sign.data, bytes[i][j][0], TB_KEY_BYTES);
            assert_true(tb_directories_holder(set, bytes[i][j][1], &holder));
            assert_int_equal(holder.office->code, offices[i].code);
        }
    }
    tb_directories_free(set);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_sealed_directory_is_opened_and_searched),
        TEST(the_signed_bytes_are_as_documented),
        TEST(I3_every_alteration_of_one_byte_fails),
        TEST(nothing_can_be_added_outside_the_signature),
        TEST(another_root_is_told_from_a_bad_signature),
        TEST(a_mistake_in_an_office_is_named),
        TEST(a_key_that_stands_twice_is_named),
        TEST(a_mistake_in_a_broker_or_a_file_is_named),
        TEST(I10_more_of_something_than_its_limit_is_refused),
        TEST(I10_a_directory_has_at_most_4_MiB),
        TEST(a_prefix_or_version_that_is_none_is_malformed),
        TEST(the_newest_is_in_force_and_the_first_of_a_version_stays),
        TEST(only_a_pinned_root_is_trusted),
        TEST(I3_a_key_signs_only_for_its_own_office),
        TEST(a_broker_signs_only_in_no_world_and_for_its_province),
        TEST(retired_and_revoked_keys_are_found_with_their_state),
        TEST(lookups_cross_provinces),
        TEST(the_root_pinned_first_has_a_link_key_that_two_name),
        TEST(a_retired_keys_link_closes_after_30_days_and_a_revoked_ones_at_once),
        TEST(every_key_of_a_full_directory_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
