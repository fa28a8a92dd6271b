#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/later.h"

/* Frames for which nobody waits: they lose no order, no bytes, and never more than
 * their time. */

static struct tb_later later;
static char sent[1024];

static void send(void *context, uint64_t to, struct tb_bytes frame)
{
    assert_ptr_equal(context, &later);
    size_t used = strlen(sent);
    snprintf(sent + used, sizeof sent - used, "%u:%.*s ", (unsigned)to, (int)frame.size,
             (const char *)frame.data);
}

static bool put(uint64_t to, const char *text, uint64_t now_ms)
{
    return tb_later_put(&later, to, tb_bytes_text(text), now_ms);
}

static int begin(void **state)
{
    (void)state;
    tb_later_init(&later);
    sent[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    tb_later_fini(&later);
    return 0;
}

static void what_waits_goes_with_the_next_frame_to_its_peer_in_order(void **state)
{
    (void)state;
    assert_true(put(1, "a", 0) && put(2, "b", 0) && put(1, "c", 5));
    tb_later_take(&later, 1, send, &later);
    assert_string_equal(sent, "1:a 1:c ");
    tb_later_take(&later, 1, send, &later);
    assert_string_equal(sent, "1:a 1:c ");
    tb_later_take(&later, 2, send, &later);
    assert_string_equal(sent, "1:a 1:c 2:b ");
    assert_true(tb_later_due_ms(&later) == UINT64_MAX);
}

static void nothing_waits_longer_than_its_time(void **state)
{
    (void)state;
    assert_true(put(1, "a", 100) && put(2, "b", 110) && put(1, "c", 120));
    assert_true(tb_later_due_ms(&later) == 100 + TB_LATER_MS);
    tb_later_take_due(&later, 100 + TB_LATER_MS - 1, send, &later);
    assert_string_equal(sent, "");
    tb_later_take_due(&later, 100 + TB_LATER_MS, send, &later);
    assert_string_equal(sent, "1:a 1:c "); /* the whole peer: one waking of it, not two */
    assert_true(tb_later_due_ms(&later) == 110 + TB_LATER_MS);
    tb_later_take_due(&later, UINT64_MAX, send, &later);
    assert_string_equal(sent, "1:a 1:c 2:b ");
}

static void a_connection_that_is_another_gets_nothing_of_the_old(void **state)
{
    (void)state;
    assert_true(put(1, "a", 0) && put(2, "b", 0));
    tb_later_drop(&later, 1);
    tb_later_take_due(&later, UINT64_MAX, send, &later);
    assert_string_equal(sent, "2:b ");
}

static void bulk_and_crowds_are_told_to_go_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < TB_LATER_FRAMES_OF_PEER_MAX; i++) {
        assert_true(put(1, "x", 0));
    }
    assert_false(put(1, "x", 0));
    uint64_t to = 2;
    while (put(to, "y", 0)) {
        to++;
    }
    assert_true(later.count == TB_LATER_FRAMES_MAX);
    static char big[TB_LATER_BYTES_MAX];
    tb_later_take_due(&later, UINT64_MAX, send, &later);
    assert_false(tb_later_put(&later, 1, tb_bytes_of(big, TB_LATER_BYTES_MAX), 0) &&
                 put(1, "z", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_goes_with_the_next_frame_to_its_peer_in_order,
                                        begin, end),
        cmocka_unit_test_setup_teardown(nothing_waits_longer_than_its_time, begin, end),
        cmocka_unit_test_setup_teardown(a_connection_that_is_another_gets_nothing_of_the_old, begin,
                                        end),
        cmocka_unit_test_setup_teardown(bulk_and_crowds_are_told_to_go_at_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
