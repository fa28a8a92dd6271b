/* The door itself: its table, its manners towards bad requests, its self-test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/io/clock.h"
#include "base/io/random.h"
#include "base/io/keyfile.h"
#include "base/io/zap.h"

static int setup(void **state)
{
    *state = tb_sock_context_open();
    return 0;
}

static int teardown(void **state)
{
    tb_sock_context_close(*state);
    return 0;
}

static void the_selftest_proves_the_door_and_leaves_nothing_behind(void **state)
{
    struct tb_diag diag = {.text = ""};
    uint64_t start_ms = tb_clock_read().mono_ms;
    for (int i = 0; i < 3; i++) {
        enum tb_status status = tb_zap_selftest(*state, &diag);
        assert_string_equal(diag.text, "");
        assert_int_equal(status, TB_OK);
    }
    assert_true(tb_clock_read().mono_ms - start_ms < 3 * 3 * TB_ZAP_SELFTEST_MS_MAX);
    struct tb_zap *zap;
    assert_int_equal(tb_zap_open(*state, &zap, &diag), TB_OK);
    tb_zap_close(zap);
}

static void a_second_door_in_one_process_is_refused(void **state)
{
    struct tb_zap *zap;
    struct tb_zap *second;
    assert_int_equal(tb_zap_open(*state, &zap, NULL), TB_OK);
    assert_int_equal(tb_zap_open(*state, &second, NULL), TB_CONFLICT);
    assert_null(second);
    assert_int_equal(tb_zap_selftest(*state, NULL), TB_CONFLICT);
    tb_zap_close(zap);
}

static void the_table_holds_exactly_the_keys_it_was_given(void **state)
{
    enum { COUNT = 1000 };
    struct tb_zap *zap;
    static uint8_t keys[COUNT][TB_KEY_BYTES];
    tb_random_fill(keys, sizeof keys);
    assert_int_equal(tb_zap_open(*state, &zap, NULL), TB_OK);
    assert_false(tb_zap_allowed(zap, keys[0]));
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(keys, sizeof keys)), TB_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(tb_zap_allowed(zap, keys[i]));
        uint8_t near[TB_KEY_BYTES];
        memcpy(near, keys[i], sizeof near);
        near[31] ^= 1;
        assert_false(tb_zap_allowed(zap, near));
    }
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(keys[7], TB_KEY_BYTES)), TB_OK);
    assert_true(tb_zap_allowed(zap, keys[7]));
    assert_false(tb_zap_allowed(zap, keys[8]));
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(NULL, 0)), TB_OK);
    assert_false(tb_zap_allowed(zap, keys[7]));
    tb_zap_close(zap);
}

/* I10. */
static void a_table_over_its_limit_changes_nothing(void **state)
{
    struct tb_zap *zap;
    size_t size = ((size_t)TB_ZAP_KEYS_MAX + 1) * TB_KEY_BYTES;
    uint8_t *many = calloc(1, size);
    uint8_t key[TB_KEY_BYTES] = {1};
    assert_int_equal(tb_zap_open(*state, &zap, NULL), TB_OK);
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(key, sizeof key)), TB_OK);
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(many, size)), TB_TOOBIG);
    assert_true(tb_zap_allowed(zap, key));
    free(many);
    tb_zap_close(zap);
}

/* Send ${parts}, each a text, and let the door judge them. */
static void ask(struct tb_zap *zap, void *dealer, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int more = i + 1 < count ? ZMQ_SNDMORE : 0;
        assert_true(zmq_send(dealer, parts[i], strlen(parts[i]), more) >= 0);
    }
    zmq_pollitem_t item = {.socket = tb_zap_raw(zap), .events = ZMQ_POLLIN};
    assert_true(zmq_poll(&item, 1, 2000) > 0);
    tb_zap_step(zap);
}

/* Read an answer; its status, or "" when there is none, and its user id. */
static void read_answer(void *dealer, char status[4], char user_id[80])
{
    status[0] = '\0';
    user_id[0] = '\0';
    for (int i = 0; i < 7; i++) {
        char part[80];
        int size = zmq_recv(dealer, part, sizeof part, ZMQ_DONTWAIT);
        if (size < 0) {
            return;
        }
        if (i == 3) {
            memcpy(status, part, 3);
            status[3] = '\0';
        } else if (i == 5) {
            memcpy(user_id, part, (size_t)size);
            user_id[size] = '\0';
        }
    }
}

static void requests_that_are_not_zap_with_curve_are_dropped_or_refused(void **state)
{
    struct tb_zap *zap;
    char status[4];
    char user_id[80];
    static const char key[] = "0123456789abcdef0123456789abcdef";
    assert_int_equal(tb_zap_open(*state, &zap, NULL), TB_OK);
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(key, TB_KEY_BYTES)), TB_OK);
    void *dealer = zmq_socket(tb_sock_context_raw(*state), ZMQ_DEALER);
    assert_int_equal(zmq_connect(dealer, "inproc://zeromq.zap.01"), 0);
    const char *good[] = {"", "1.0", "1", "tongbao", "127.0.0.1", "", "CURVE", key};
    ask(zap, dealer, good, 8);
    read_answer(dealer, status, user_id);
    assert_string_equal(status, "200");
    assert_string_equal(user_id,
                        "3031323334353637383961626364656630313233343536373839616263646566");
    const char *version[] = {"", "2.0", "1", "tongbao", "127.0.0.1", "", "CURVE", key};
    const char *too_long[] = {"", "1.0", "1", "tongbao", "127.0.0.1", "", "CURVE", key, key};
    const char *short_key[] = {"", "1.0", "1", "tongbao", "127.0.0.1", "", "CURVE", "short"};
    ask(zap, dealer, version, 8);
    ask(zap, dealer, too_long, 9);
    ask(zap, dealer, short_key, 8);
    ask(zap, dealer, good, 2);
    ask(zap, dealer, good, 7);
    read_answer(dealer, status, user_id);
    assert_string_equal(status, "");
    assert_int_equal(tb_zap_counts(zap)->malformed, 5);
    const char *plain[] = {"", "1.0", "1", "tongbao", "127.0.0.1", "", "PLAIN", key};
    ask(zap, dealer, plain, 8);
    read_answer(dealer, status, user_id);
    assert_string_equal(status, "400");
    assert_string_equal(user_id, "");
    assert_int_equal(tb_zap_counts(zap)->refused, 1);
    assert_int_equal(tb_zap_counts(zap)->accepted, 1);
    zmq_close(dealer);
    tb_zap_close(zap);
}

/* I10: one admitted key cannot take all connections, nor try routing ids by the
 * thousand; a key beside it is let in as before. */
static void i10_a_key_that_knocks_too_often_has_to_wait(void **state)
{
    struct tb_zap *zap;
    char status[4];
    char user_id[80];
    static const char keys[] = "0123456789abcdef0123456789abcdefFEDCBA9876543210FEDCBA9876543210";
    static const char one[] = "0123456789abcdef0123456789abcdef";
    assert_int_equal(tb_zap_open(*state, &zap, NULL), TB_OK);
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(keys, 2 * TB_KEY_BYTES)), TB_OK);
    void *dealer = zmq_socket(tb_sock_context_raw(*state), ZMQ_DEALER);
    assert_int_equal(zmq_connect(dealer, "inproc://zeromq.zap.01"), 0);
    const char *knock[] = {"", "1.0", "1", "tongbao", "127.0.0.1", "", "CURVE", one};
    for (int i = 0; i < TB_ZAP_KNOCKS_MAX; i++) {
        ask(zap, dealer, knock, 8);
        read_answer(dealer, status, user_id);
        assert_string_equal(status, "200");
    }
    /* Nor is it forgotten when the table is made anew. */
    assert_int_equal(tb_zap_allow(zap, tb_bytes_of(keys, 2 * TB_KEY_BYTES)), TB_OK);
    ask(zap, dealer, knock, 8);
    read_answer(dealer, status, user_id);
    assert_string_equal(status, "300");
    assert_string_equal(user_id, "");
    assert_int_equal(tb_zap_counts(zap)->limited, 1);
    assert_memory_equal(tb_zap_counts(zap)->limited_key, one, TB_KEY_BYTES);
    knock[7] = keys + TB_KEY_BYTES;
    ask(zap, dealer, knock, 8);
    read_answer(dealer, status, user_id);
    assert_string_equal(status, "200");
    zmq_close(dealer);
    tb_zap_close(zap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_selftest_proves_the_door_and_leaves_nothing_behind,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_door_in_one_process_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_holds_exactly_the_keys_it_was_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_table_over_its_limit_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(i10_a_key_that_knocks_too_often_has_to_wait, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(requests_that_are_not_zap_with_curve_are_dropped_or_refused,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
