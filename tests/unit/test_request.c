#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/limits.h"
#include "proto/request.h"
#include "proto/wire.h"
#include "sample.h"

#define ASKED_AT ((struct tb_wall){INT64_C(1737054764000)})

static struct sample_directory shanxi;
static struct tb_buf buf;
static struct tb_arena arena;
static struct tb_diag diag;

static int set_up(void **state)
{
    (void)state;
    sample_directory(&shanxi, 14);
    tb_buf_init(&buf, 4 * TB_REQUEST_BYTES_MAX);
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

static enum tb_status seal(void)
{
    tb_buf_cut(&buf, 0);
    return tb_request_seal(&buf, &shanxi.office[2], ASKED_AT, &shanxi.sign[2][0].secret);
}

static enum tb_status open_request(struct tb_bytes bytes, const Tongbao__Request **request,
                                   struct tb_id *digest)
{
    tb_arena_reset(&arena);
    return tb_request_open(bytes, &arena, request, digest, &diag);
}

static void a_sealed_request_is_opened(void **state)
{
    (void)state;
    const Tongbao__Request *request;
    struct tb_id digest;
    assert_int_equal(seal(), TB_OK);
    assert_int_equal(open_request(tb_buf_bytes(&buf), &request, &digest), TB_OK);
    assert_int_equal(request->office->code, 140925);
    assert_true(request->asked_at_ms == ASKED_AT.ms);
    assert_memory_equal(request->office->keys[0]->link.data, shanxi.link[2][0].public_key,
                        TB_KEY_BYTES);
}

static void the_signed_bytes_are_as_documented(void **state)
{
    (void)state;
    const Tongbao__Request *request;
    struct tb_buf office;
    struct tb_buf bytes;
    struct tb_id digest;
    struct tb_id expected;
    uint8_t time[8];
    for (int i = 0; i < 8; i++) {
        time[i] = (uint8_t)((uint64_t)ASKED_AT.ms >> (8 * i));
    }
    tb_buf_init(&office, TB_REQUEST_BYTES_MAX);
    tb_buf_init(&bytes, TB_REQUEST_BYTES_MAX);
    sample_pack(&office, &shanxi.office[2].base);
    sample_signed(&bytes, "tongbao/1/request", tb_buf_bytes(&office),
                  tb_bytes_of(time, sizeof time));
    assert_int_equal(seal(), TB_OK);
    assert_int_equal(open_request(tb_buf_bytes(&buf), &request, &digest), TB_OK);
    assert_int_equal(crypto_sign_verify_detached(request->signature.data, bytes.data, bytes.size,
                                                 shanxi.sign[2][0].public_key),
                     0);
    crypto_generichash(expected.byte, TB_ID_BYTES, bytes.data, bytes.size, NULL, 0);
    assert_true(tb_id_equal(&digest, &expected));
    tb_buf_fini(&bytes);
    tb_buf_fini(&office);
}

static void I3_every_alteration_of_one_byte_fails(void **state)
{
    (void)state;
    const Tongbao__Request *request;
    struct tb_id digest;
    assert_int_equal(seal(), TB_OK);
    for (size_t i = 0; i < buf.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            buf.data[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(open_request(tb_buf_bytes(&buf), &request, &digest), TB_OK);
            assert_null(request);
            buf.data[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void a_request_brings_a_code_a_name_and_one_active_key(void **state)
{
    (void)state;
    shanxi.office[2].code = 0;
    assert_int_equal(seal(), TB_MALFORMED);
    assert_int_equal(buf.size, 0);
    sample_directory(&shanxi, 14);
    shanxi.office[2].name = sample_text("");
    assert_int_equal(seal(), TB_MALFORMED);
    sample_directory(&shanxi, 14);
    shanxi.office[2].n_keys = 0;
    assert_int_equal(seal(), TB_MALFORMED);
    shanxi.office[2].n_keys = 2;
    assert_int_equal(seal(), TB_MALFORMED);
    sample_directory(&shanxi, 14);
    shanxi.key[2][0].state = TONGBAO__KEY_STATE__RETIRED;
    assert_int_equal(seal(), TB_MALFORMED);
    sample_directory(&shanxi, 14);
    shanxi.key[2][0].sign.len = 16;
    assert_int_equal(seal(), TB_MALFORMED);
}

static void a_request_signed_by_another_key_is_refused(void **state)
{
    (void)state;
    const Tongbao__Request *request;
    struct tb_id digest;
    struct tb_bytes bytes;
    assert_int_equal(seal(), TB_OK);
    /* The office of this request with the signature of another time. */
    Tongbao__Request *forged = tongbao__request__unpack(NULL, buf.size, buf.data);
    assert_non_null(forged);
    forged->asked_at_ms++;
    tb_buf_cut(&buf, 0);
    sample_pack(&buf, &forged->base);
    tongbao__request__free_unpacked(forged, NULL);
    bytes = tb_buf_bytes(&buf);
    assert_int_equal(open_request(bytes, &request, &digest), TB_SIGNATURE);
}

static void I10_a_request_has_a_limit(void **state)
{
    (void)state;
    static uint8_t large[TB_REQUEST_BYTES_MAX + 1];
    static char *many[4096];
    const Tongbao__Request *request;
    struct tb_id digest;
    assert_int_equal(open_request(tb_bytes_of(large, sizeof large), &request, &digest), TB_TOOBIG);
    assert_int_equal(open_request(tb_bytes_of(large, 0), &request, &digest), TB_MALFORMED);
    for (size_t i = 0; i < 4096; i++) {
        many[i] = sample_text("abcdef");
    }
    shanxi.office[2].brokers = many;
    shanxi.office[2].n_brokers = 4096;
    assert_int_equal(seal(), TB_TOOBIG);
    assert_int_equal(buf.size, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_sealed_request_is_opened),
        TEST(the_signed_bytes_are_as_documented),
        TEST(I3_every_alteration_of_one_byte_fails),
        TEST(a_request_brings_a_code_a_name_and_one_active_key),
        TEST(a_request_signed_by_another_key_is_refused),
        TEST(I10_a_request_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
