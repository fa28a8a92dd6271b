#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/io/shut.h"

static struct tb_shut shut;

/* I1: after one frame that did not leave no later one may, however many peers are
 * stuck at one time. */
static void i1_every_peer_that_was_shut_stays_shut_until_the_next_flush(void **state)
{
    (void)state;
    tb_shut_clear(&shut);
    for (size_t i = 0; i < TB_SHUT_MAX; i++) {
        uint64_t peer = (i * 7919) % 100003 + 1; /* in no order, none twice */
        assert_int_equal(tb_shut_state(&shut, peer), TB_SHUT_OPEN);
        tb_shut_add(&shut, peer, i % 3 == 0);
    }
    for (size_t i = 0; i < TB_SHUT_MAX; i++) {
        uint64_t peer = (i * 7919) % 100003 + 1;
        assert_int_equal(tb_shut_state(&shut, peer), i % 3 == 0 ? TB_SHUT_GONE : TB_SHUT_FULL);
    }
    assert_int_equal(tb_shut_state(&shut, 200000), TB_SHUT_OPEN);
    assert_int_equal(tb_shut_state(&shut, 0), TB_SHUT_OPEN);
    tb_shut_clear(&shut);
    assert_int_equal(tb_shut_state(&shut, 1), TB_SHUT_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_every_peer_that_was_shut_stays_shut_until_the_next_flush),
    };
    return cmocka_run_group_tests_name("broker: shut", tests, NULL, NULL);
}
