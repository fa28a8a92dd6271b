#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/statement.h"
#include "proto/wire.h"
#include "sample.h"

static struct sample sample;
static struct sample_key key;
static struct tb_buf buf;
static struct tb_arena arena;

static int set_up(void **state)
{
    (void)state;
    sample_key(&key, "sign 140926");
    tb_buf_init(&buf, 4 * TB_ENVELOPE_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tb_arena_fini(&arena);
    tb_buf_fini(&buf);
    return 0;
}

static struct tb_seal seal_of(enum tb_world world)
{
    return (struct tb_seal){
        .world = world, .origin = 140926, .directory_version = 3, .secret = &key.secret};
}

/* Seal the sample's body into the emptied buffer. */
static struct tb_id seal(struct tb_seal with)
{
    struct tb_id id;
    tb_buf_cut(&buf, 0);
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_OK);
    return id;
}

/* The first step that refuses ${bytes}, or TB_OK when all take them. */
static enum tb_status take(struct tb_bytes bytes)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    enum tb_status status = tb_envelope_read(&envelope, bytes);
    if (status == TB_OK) {
        status = tb_envelope_verify(&envelope, key.public_key);
    }
    if (status == TB_OK) {
        tb_arena_reset(&arena);
        status = tb_envelope_body(&envelope, &arena, &body);
    }
    return status;
}

static void head_of(struct tb_buf *head, uint32_t version, uint32_t world, uint32_t algorithm)
{
    Tongbao__Head fields = TONGBAO__HEAD__INIT;
    uint8_t key_id[TB_KEY_ID_BYTES];
    tb_key_id(key_id, key.public_key);
    fields.version = version;
    fields.world = (Tongbao__World)world;
    fields.origin = 140926;
    fields.key_id = tb_wire_data(tb_bytes_of(key_id, sizeof key_id));
    fields.algorithm = algorithm;
    fields.directory_version = 3;
    tb_buf_cut(head, 0);
    sample_pack(head, &fields.base);
}

/* Craft an envelope of the sample's body behind ${head}, signed in ${context}. */
static void craft(struct tb_bytes head, const char *context)
{
    struct tb_buf body;
    tb_buf_init(&body, 2 * TB_BODY_BYTES_MAX);
    sample_pack(&body, &sample.body.base);
    tb_buf_cut(&buf, 0);
    sample_craft(&buf, context, head, tb_buf_bytes(&body), &key);
    tb_buf_fini(&body);
}

static void what_was_sealed_is_read_back_in_every_world(void **state)
{
    (void)state;
    for (int world = TB_WORLD_ACTUAL; world <= TB_WORLD_TEST; world++) {
        struct tb_envelope envelope;
        const Tongbao__Body *body;
        sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
        struct tb_id id = seal(seal_of((enum tb_world)world));
        assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
        assert_int_equal(envelope.version, 1);
        assert_int_equal(envelope.world, world);
        assert_int_equal(envelope.origin, 140926);
        assert_int_equal(envelope.algorithm, TB_ALGORITHM_ED25519);
        assert_int_equal(envelope.directory_version, 3);
        assert_true(tb_id_equal(&envelope.id, &id));
        assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_OK);
        tb_arena_reset(&arena);
        assert_int_equal(tb_envelope_body(&envelope, &arena, &body), TB_OK);
        assert_string_equal(body->notice->title, "汾河静乐段苯胺泄漏");
        assert_int_equal(body->n_recipients, SAMPLE_RECIPIENTS);
    }
}

static void every_kind_of_statement_is_sealed_and_taken(void **state)
{
    (void)state;
    void (*const fill[])(struct sample *) = {sample_receipt, sample_acknowledgement,
                                             sample_call,    sample_objection,
                                             sample_unknown, sample_widening};
    for (size_t i = 0; i < sizeof fill / sizeof fill[0]; i++) {
        fill[i](&sample);
        seal(seal_of(fill[i] == sample_widening ? TB_WORLD_NONE : TB_WORLD_ACTUAL));
        assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
    }
}

static void the_id_and_the_signature_cover_the_signed_bytes(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_buf bytes;
    struct tb_id id;
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    seal(seal_of(TB_WORLD_EXERCISE));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    sample_signed(&bytes, "tongbao/1/exercise", envelope.head, envelope.body);
    crypto_generichash(id.byte, TB_ID_BYTES, bytes.data, bytes.size, NULL, 0);
    assert_true(tb_id_equal(&id, &envelope.id));
    assert_int_equal(crypto_sign_verify_detached(envelope.signature.data, bytes.data, bytes.size,
                                                 key.public_key),
                     0);
    tb_buf_fini(&bytes);
}

static void I3_every_alteration_of_one_byte_fails(void **state)
{
    (void)state;
    static const uint8_t personal[] = "0123456789abcdef张三 13800000000";
    struct tb_seal with = seal_of(TB_WORLD_ACTUAL);
    sample_acknowledgement(&sample);
    with.personal = tb_bytes_of(personal, sizeof personal - 1);
    sample_personal(&sample, with.personal);
    seal(with);
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
    for (size_t i = 0; i < buf.size; i++) {
        uint8_t was = buf.data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            buf.data[i] = (uint8_t)(was ^ 1u << bit);
            assert_int_not_equal(take(tb_buf_bytes(&buf)), TB_OK);
        }
        buf.data[i] = (uint8_t)(was + 0x55);
        assert_int_not_equal(take(tb_buf_bytes(&buf)), TB_OK);
        buf.data[i] = was;
    }
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
}

static void every_cut_and_every_addition_fails(void **state)
{
    (void)state;
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    seal(seal_of(TB_WORLD_ACTUAL));
    for (size_t size = 0; size < buf.size; size++) {
        assert_int_equal(take(tb_bytes_of(buf.data, size)), TB_MALFORMED);
    }
    size_t whole = buf.size;
    for (uint32_t number = 1; number < 40; number++) {
        tb_buf_cut(&buf, whole);
        sample_field(&buf, number, tb_bytes_text("xxxxxxxxxxxxxxxxxxxx"));
        assert_int_not_equal(take(tb_buf_bytes(&buf)), TB_OK);
    }
}

/* The outer Envelope is not signed, so it has exactly one form. */
static void the_outer_form_is_the_only_one(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_buf other;
    static const uint8_t long_form[] = {0x1a, 0xc0, 0x00};
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    seal(seal_of(TB_WORLD_ACTUAL));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    tb_buf_init(&other, TB_ENVELOPE_BYTES_MAX);
    sample_field(&other, 2, envelope.body);
    sample_field(&other, 1, envelope.head);
    sample_field(&other, 3, envelope.signature);
    assert_int_equal(take(tb_buf_bytes(&other)), TB_MALFORMED);
    tb_buf_cut(&other, 0);
    sample_field(&other, 1, envelope.head);
    sample_field(&other, 2, envelope.body);
    assert_int_equal(tb_buf_add(&other, tb_bytes_of(long_form, sizeof long_form)), TB_OK);
    assert_int_equal(tb_buf_add(&other, envelope.signature), TB_OK);
    assert_int_equal(take(tb_buf_bytes(&other)), TB_MALFORMED);
    tb_buf_cut(&other, 0);
    sample_field(&other, 1, envelope.head);
    sample_field(&other, 2, envelope.body);
    sample_field(&other, 3, envelope.signature);
    assert_int_equal(take(tb_buf_bytes(&other)), TB_OK);
    sample_field(&other, 4, tb_bytes_of(NULL, 0));
    assert_int_equal(take(tb_buf_bytes(&other)), TB_MALFORMED);
    tb_buf_fini(&other);
}

static void I7_an_exercise_does_not_verify_as_actual(void **state)
{
    (void)state;
    static const char *const contexts[] = {"tongbao/1/broker", "tongbao/1/actual",
                                           "tongbao/1/exercise", "tongbao/1/test"};
    struct tb_buf head;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    for (uint32_t world = TB_WORLD_ACTUAL; world <= TB_WORLD_TEST; world++) {
        for (size_t i = 0; i < 4; i++) {
            head_of(&head, 1, world, 1);
            craft(tb_buf_bytes(&head), contexts[i]);
            assert_int_equal(take(tb_buf_bytes(&buf)), i == world ? TB_OK : TB_SIGNATURE);
        }
    }
    /* Nor does it become one by changing the world in the head. */
    struct tb_envelope envelope;
    seal(seal_of(TB_WORLD_EXERCISE));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    uint8_t *world = buf.data + (envelope.head.data - buf.data) + 3;
    assert_int_equal(*world, TB_WORLD_EXERCISE);
    *world = TB_WORLD_ACTUAL;
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_SIGNATURE);
    tb_buf_fini(&head);
}

static void I3_another_key_does_not_verify(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct sample_key other;
    static const uint8_t zero[TB_KEY_BYTES];
    static const uint8_t one[TB_KEY_BYTES] = {1};
    sample_key(&other, "sign 140925");
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    seal(seal_of(TB_WORLD_ACTUAL));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    assert_int_equal(tb_envelope_verify(&envelope, other.public_key), TB_SIGNATURE);
    /* Even when the key id has been made to fit, keys of small order included. */
    const uint8_t *const keys[] = {other.public_key, zero, one};
    for (size_t i = 0; i < 3; i++) {
        tb_key_id(envelope.key_id, keys[i]);
        assert_int_equal(tb_envelope_verify(&envelope, keys[i]), TB_SIGNATURE);
    }
}

/* The key id is what signers are looked up by; it must not lead elsewhere. */
static void I3_a_head_that_names_another_key_is_refused(void **state)
{
    (void)state;
    struct sample_key other;
    struct tb_buf head;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample_key(&other, "sign 140925");
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    /* version, world, origin: 2, 2 and 4 bytes; then tag and length of the key id */
    assert_int_equal(head.data[8], 0x22);
    assert_int_equal(head.data[9], TB_KEY_ID_BYTES);
    tb_key_id(head.data + 10, other.public_key);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_SIGNATURE);
    tb_buf_fini(&head);
}

/* Ed25519's S and S + L both satisfy the equation; only the smaller is taken. */
static void a_second_signature_cannot_be_made_from_the_first(void **state)
{
    (void)state;
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    struct tb_envelope envelope;
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    seal(seal_of(TB_WORLD_ACTUAL));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    uint8_t *half = buf.data + (envelope.signature.data - buf.data) + 32;
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)half[i] + order[i];
        half[i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_SIGNATURE);
}

static void I3_an_unknown_field_under_the_signature_is_kept(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    const Tongbao__Body *unpacked;
    struct tb_buf head;
    struct tb_buf body;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    tb_buf_init(&body, TB_BODY_BYTES_MAX);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    sample_field(&head, 50, tb_bytes_text("of a newer program"));
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample_pack(&body, &sample.body.base);
    sample_field(&body, 100, tb_bytes_text("of a newer program"));
    tb_buf_cut(&buf, 0);
    sample_craft(&buf, "tongbao/1/actual", tb_buf_bytes(&head), tb_buf_bytes(&body), &key);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_OK);
    assert_int_equal(tb_envelope_body(&envelope, &arena, &unpacked), TB_OK);
    assert_int_equal(unpacked->base.n_unknown_fields, 1);
    assert_int_equal(tb_statement_kind(unpacked), TB_KIND_NOTICE);
    assert_true(tb_bytes_equal(envelope.bytes, tb_buf_bytes(&buf)));
    /* Added after the signature it fails. */
    struct tb_buf forged;
    tb_buf_init(&forged, TB_ENVELOPE_BYTES_MAX);
    sample_field(&body, 101, tb_bytes_text("forged"));
    sample_field(&forged, 1, tb_buf_bytes(&head));
    sample_field(&forged, 2, tb_buf_bytes(&body));
    sample_field(&forged, 3, envelope.signature);
    assert_int_equal(take(tb_buf_bytes(&forged)), TB_SIGNATURE);
    tb_buf_fini(&forged);
    tb_buf_fini(&body);
    tb_buf_fini(&head);
}

static void an_unknown_statement_is_taken_as_unknown(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    sample_unknown(&sample);
    seal(seal_of(TB_WORLD_ACTUAL));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_OK);
    assert_int_equal(tb_envelope_body(&envelope, &arena, &body), TB_OK);
    assert_int_equal(tb_statement_kind(body), TB_KIND_UNKNOWN);
    assert_int_equal(body->base.n_unknown_fields, 1);
}

static void I11_the_personal_part_can_go_but_not_change(void **state)
{
    (void)state;
    static const uint8_t personal[] = "0123456789abcdef张三 13800000000";
    struct tb_envelope envelope;
    struct tb_id id;
    struct tb_seal with = seal_of(TB_WORLD_ACTUAL);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    with.personal = tb_bytes_of(personal, sizeof personal - 1);
    /* Not without its digest in the signed body. */
    tb_buf_cut(&buf, 0);
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_MALFORMED);
    assert_int_equal(buf.size, 0);
    sample_personal(&sample, with.personal);
    id = seal(with);
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    assert_true(tb_bytes_equal(envelope.personal, with.personal));
    /* Destroyed: same id, same signature. */
    size_t without = buf.size - tb_wire_size(envelope.personal);
    assert_int_equal(take(tb_bytes_of(buf.data, without)), TB_OK);
    assert_int_equal(tb_envelope_read(&envelope, tb_bytes_of(buf.data, without)), TB_OK);
    assert_true(tb_id_equal(&envelope.id, &id));
    /* Another in its place. */
    tb_buf_cut(&buf, without);
    sample_field(&buf, 4, tb_bytes_text("0123456789abcdef李四 13800000000"));
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_SIGNATURE);
    /* One that is no more than salt, or less. */
    tb_buf_cut(&buf, without);
    sample_field(&buf, 4, tb_bytes_text("0123456789abcdef"));
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_MALFORMED);
}

static void a_personal_part_without_one_digest_is_refused(void **state)
{
    (void)state;
    static const uint8_t personal[] = "0123456789abcdef张三";
    struct tb_buf head;
    struct tb_buf body;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    tb_buf_init(&body, TB_BODY_BYTES_MAX);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    for (int digests = 0; digests <= 2; digests++) {
        tb_buf_cut(&body, 0);
        sample_pack(&body, &sample.body.base);
        uint8_t digest[TB_ID_BYTES];
        crypto_generichash(digest, sizeof digest, personal, sizeof personal - 1, NULL, 0);
        for (int i = 0; i < digests; i++) {
            sample_field(&body, 8, tb_bytes_of(digest, sizeof digest));
        }
        tb_buf_cut(&buf, 0);
        sample_craft(&buf, "tongbao/1/actual", tb_buf_bytes(&head), tb_buf_bytes(&body), &key);
        sample_field(&buf, 4, tb_bytes_of(personal, sizeof personal - 1));
        assert_int_equal(take(tb_buf_bytes(&buf)), digests == 1 ? TB_OK : TB_SIGNATURE);
    }
    tb_buf_fini(&body);
    tb_buf_fini(&head);
}

static void a_newer_version_is_told_from_a_broken_one(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_buf head;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    head_of(&head, 2, TB_WORLD_ACTUAL, 1);
    craft(tb_buf_bytes(&head), "tongbao/2/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_VERSION);
    assert_int_equal(envelope.version, 2);
    assert_int_equal(envelope.origin, 140926);
    assert_int_equal(envelope.world, TB_WORLD_ACTUAL);
    assert_false(tb_id_zero(&envelope.id));
    assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_SIGNATURE);
    /* The outer Envelope of a newer version may have more in it. */
    sample_field(&buf, 9, tb_bytes_text("new"));
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_VERSION);
    head_of(&head, 1, 4, 1);
    craft(tb_buf_bytes(&head), "tongbao/1/4");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_VERSION);
    assert_int_equal(envelope.world, TB_WORLD_NONE);
    assert_int_equal(envelope.origin, 140926);
    head_of(&head, 1, TB_WORLD_ACTUAL, 2);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_VERSION);
    assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_SIGNATURE);
    head_of(&head, 0, TB_WORLD_ACTUAL, 1);
    craft(tb_buf_bytes(&head), "tongbao/0/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_MALFORMED);
    tb_buf_fini(&head);
}

static void a_broken_head_is_refused(void **state)
{
    (void)state;
    struct tb_buf head;
    struct tb_envelope envelope;
    static const uint8_t version_again[] = {0x08, 0x01};
    tb_buf_init(&head, 2 * TB_HEAD_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    assert_int_equal(tb_buf_add(&head, tb_bytes_of(version_again, 2)), TB_OK);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_MALFORMED);
    /* Without a key id. */
    Tongbao__Head fields = TONGBAO__HEAD__INIT;
    fields.version = 1;
    fields.world = TONGBAO__WORLD__ACTUAL;
    fields.origin = 140926;
    fields.algorithm = 1;
    tb_buf_cut(&head, 0);
    sample_pack(&head, &fields.base);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_MALFORMED);
    /* With an origin that is no office's code. */
    static const uint32_t none[] = {0, 14, 99999, 1000000};
    fields.key_id = tb_wire_data(tb_bytes_of(key.public_key, TB_KEY_ID_BYTES));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        fields.origin = none[i];
        tb_buf_cut(&head, 0);
        sample_pack(&head, &fields.base);
        craft(tb_buf_bytes(&head), "tongbao/1/actual");
        assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_MALFORMED);
    }
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    uint8_t filling[TB_HEAD_BYTES_MAX] = {0};
    sample_field(&head, 50, tb_bytes_of(filling, TB_HEAD_BYTES_MAX - head.size - 4));
    assert_int_equal(head.size, TB_HEAD_BYTES_MAX);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    sample_field(&head, 50, tb_bytes_of(filling, TB_HEAD_BYTES_MAX - head.size - 3));
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_TOOBIG);
    tb_buf_fini(&head);
}

static void I10_what_is_over_a_limit_is_neither_sealed_nor_read(void **state)
{
    (void)state;
    static char text[TB_TEXT_BYTES_MAX + 2];
    static uint8_t personal[TB_PERSONAL_BYTES_MAX + 1];
    struct tb_envelope envelope;
    struct tb_id id;
    struct tb_seal with = seal_of(TB_WORLD_ACTUAL);
    memset(text, 'a', sizeof text - 1);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    tb_buf_cut(&buf, 0);
    sample.notice.course = text;
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_TOOBIG);
    text[TB_TEXT_BYTES_MAX] = '\0';
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_OK);
    /* Eight texts of 8 KiB are more than a body of 64 KiB. */
    sample.notice.title = sample.notice.source = sample.notice.cause = sample.notice.trend = text;
    sample.notice.actions = sample.notice.planned = sample.notice.advice = text;
    size_t size = buf.size;
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_TOOBIG);
    assert_int_equal(buf.size, size);
    struct tb_buf head;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_TOOBIG);
    tb_buf_fini(&head);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    with.personal = tb_bytes_of(personal, sizeof personal);
    sample_personal(&sample, with.personal);
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_TOOBIG);
    seal(seal_of(TB_WORLD_ACTUAL));
    sample_field(&buf, 4, with.personal);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_TOOBIG);
    uint8_t *large = calloc(1, TB_ENVELOPE_BYTES_MAX + 1);
    assert_non_null(large);
    assert_int_equal(tb_envelope_read(&envelope, tb_bytes_of(large, TB_ENVELOPE_BYTES_MAX + 1)),
                     TB_TOOBIG);
    free(large);
}

/* What is within every limit must be readable within the budget of a parse. */
static void I1_a_body_at_all_its_limits_is_taken(void **state)
{
    (void)state;
    static Tongbao__Recipient recipient[TB_RECIPIENTS_MAX];
    static Tongbao__Recipient *recipients[TB_RECIPIENTS_MAX];
    static Tongbao__Substance *substances[TB_SUBSTANCES_MAX];
    static Tongbao__Measurement *measurements[TB_MEASUREMENTS_MAX];
    static Tongbao__Attachment *attachments[TB_ATTACHMENTS_MAX];
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    for (uint32_t i = 0; i < TB_RECIPIENTS_MAX; i++) {
        recipient[i] = sample.recipient[0];
        recipient[i].office = 140000 + i;
        recipient[i].clause = sample_text("晋环发〔2019〕48号 二");
        recipients[i] = &recipient[i];
        substances[i % TB_SUBSTANCES_MAX] = &sample.substance;
        measurements[i % TB_MEASUREMENTS_MAX] = &sample.measurement;
        attachments[i % TB_ATTACHMENTS_MAX] = &sample.attachment;
    }
    sample.measurement.method = sample.measurement.note = sample_text("x");
    sample.body.recipients = recipients;
    sample.body.n_recipients = TB_RECIPIENTS_MAX;
    sample.notice.substances = substances;
    sample.notice.n_substances = TB_SUBSTANCES_MAX;
    sample.notice.measurements = measurements;
    sample.notice.n_measurements = TB_MEASUREMENTS_MAX;
    sample.notice.attachments = attachments;
    sample.notice.n_attachments = TB_ATTACHMENTS_MAX;
    seal(seal_of(TB_WORLD_ACTUAL));
    assert_in_range(buf.size, 32 * 1024, TB_ENVELOPE_BYTES_MAX);
    assert_int_equal(take(tb_buf_bytes(&buf)), TB_OK);
}

static void I1_what_no_reader_would_take_is_not_sealed(void **state)
{
    (void)state;
    struct tb_id id;
    struct tb_seal with = seal_of(TB_WORLD_ACTUAL);
    tb_buf_cut(&buf, 0);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample.notice.title = sample_text("\xff");
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_MALFORMED);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample.body.chain_seq = 0;
    assert_int_equal(tb_envelope_seal(&buf, &with, &sample.body, &id), TB_MALFORMED);
    const Tongbao__Body nothing = TONGBAO__BODY__INIT; /* packs into no bytes at all */
    assert_int_equal(tb_envelope_seal(&buf, &with, &nothing, &id), TB_MALFORMED);
    assert_int_equal(buf.size, 0);
}

static void a_signed_body_that_is_broken_is_refused_after_the_signature(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    struct tb_buf head;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    head_of(&head, 1, TB_WORLD_ACTUAL, 1);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample.notice.place = sample_text("\xc3\x28");
    craft(tb_buf_bytes(&head), "tongbao/1/actual");
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&buf)), TB_OK);
    assert_int_equal(tb_envelope_verify(&envelope, key.public_key), TB_OK);
    assert_int_equal(tb_envelope_body(&envelope, &arena, &body), TB_MALFORMED);
    assert_null(body);
    tb_buf_fini(&head);
}

static void worlds_have_names(void **state)
{
    (void)state;
    enum tb_world world = TB_WORLD_NONE;
    for (int i = TB_WORLD_ACTUAL; i <= TB_WORLD_TEST; i++) {
        assert_true(tb_world_parse(tb_world_text((enum tb_world)i), &world));
        assert_int_equal(world, i);
    }
    assert_string_equal(tb_world_text(TB_WORLD_NONE), "none");
    assert_false(tb_world_parse("none", &world));
    assert_false(tb_world_parse("Actual", &world));
    assert_false(tb_world_parse("", &world));
}

static void what_is_drawn_depends_on_seed_and_label_alone(void **state)
{
    (void)state;
    uint8_t seed[TB_SEED_BYTES] = {7};
    uint8_t a[64];
    uint8_t b[64];
    tb_draw(a, sizeof a, seed, "chain");
    tb_draw(b, sizeof b, seed, "chain");
    assert_memory_equal(a, b, sizeof a);
    tb_draw(b, sizeof b, seed, "incident");
    assert_memory_not_equal(a, b, sizeof a);
    seed[0] = 8;
    tb_draw(b, sizeof b, seed, "chain");
    assert_memory_not_equal(a, b, sizeof a);
    tb_draw(b, 3, seed, "chain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_read_back_in_every_world),
        cmocka_unit_test(every_kind_of_statement_is_sealed_and_taken),
        cmocka_unit_test(the_id_and_the_signature_cover_the_signed_bytes),
        cmocka_unit_test(I3_every_alteration_of_one_byte_fails),
        cmocka_unit_test(every_cut_and_every_addition_fails),
        cmocka_unit_test(the_outer_form_is_the_only_one),
        cmocka_unit_test(I7_an_exercise_does_not_verify_as_actual),
        cmocka_unit_test(I3_another_key_does_not_verify),
        cmocka_unit_test(I3_a_head_that_names_another_key_is_refused),
        cmocka_unit_test(a_second_signature_cannot_be_made_from_the_first),
        cmocka_unit_test(I3_an_unknown_field_under_the_signature_is_kept),
        cmocka_unit_test(an_unknown_statement_is_taken_as_unknown),
        cmocka_unit_test(I11_the_personal_part_can_go_but_not_change),
        cmocka_unit_test(a_personal_part_without_one_digest_is_refused),
        cmocka_unit_test(a_newer_version_is_told_from_a_broken_one),
        cmocka_unit_test(a_broken_head_is_refused),
        cmocka_unit_test(I10_what_is_over_a_limit_is_neither_sealed_nor_read),
        cmocka_unit_test(I1_a_body_at_all_its_limits_is_taken),
        cmocka_unit_test(I1_what_no_reader_would_take_is_not_sealed),
        cmocka_unit_test(a_signed_body_that_is_broken_is_refused_after_the_signature),
        cmocka_unit_test(worlds_have_names),
        cmocka_unit_test(what_is_drawn_depends_on_seed_and_label_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
