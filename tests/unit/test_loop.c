/* The reactor: sources, signals, and callbacks that change the table. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/io/clock.h"
#include "base/io/loop.h"

struct pipe_source {
    struct tb_loop *loop;
    struct tb_loop_source source;
    struct tb_loop_source *victim; /* removed when this one is called */
    int ends[2];
    int calls;
    int order;
};

static int call_order;

static void on_ready(void *context)
{
    struct pipe_source *p = context;
    p->calls++;
    p->order = ++call_order;
    if (p->victim != NULL) {
        tb_loop_remove(p->loop, *p->victim);
    }
}

static int setup(void **state)
{
    struct tb_loop *loop;
    call_order = 0;
    assert_int_equal(tb_loop_open(&loop, NULL), TB_OK);
    *state = loop;
    return 0;
}

static int teardown(void **state)
{
    tb_loop_close(*state);
    return 0;
}

static void add_pipe(struct tb_loop *loop, struct pipe_source *p)
{
    *p = (struct pipe_source){.loop = loop};
    assert_int_equal(pipe(p->ends), 0);
    assert_int_equal(tb_loop_add_fd(loop, p->ends[0], TB_LOOP_READ, on_ready, p, &p->source),
                     TB_OK);
}

static void close_pipe(struct pipe_source *p)
{
    close(p->ends[0]);
    close(p->ends[1]);
}

static void make_ready(struct pipe_source *p)
{
    assert_int_equal(write(p->ends[1], "x", 1), 1);
}

static void a_source_is_called_as_long_as_it_is_ready(void **state)
{
    struct pipe_source p;
    char byte;
    int called;
    add_pipe(*state, &p);
    assert_int_equal(tb_loop_wait(*state, 0, &called), TB_OK);
    assert_int_equal(called, 0);
    make_ready(&p);
    assert_int_equal(tb_loop_wait(*state, 1000, &called), TB_OK);
    assert_int_equal(called, 1);
    assert_int_equal(tb_loop_wait(*state, 1000, &called), TB_OK);
    assert_int_equal(p.calls, 2);
    assert_int_equal(read(p.ends[0], &byte, 1), 1);
    assert_int_equal(tb_loop_wait(*state, 0, NULL), TB_OK);
    assert_int_equal(p.calls, 2);
    close_pipe(&p);
}

static void waiting_ends_at_its_time(void **state)
{
    uint64_t start_ms = tb_clock_read().mono_ms;
    assert_int_equal(tb_loop_wait(*state, 60, NULL), TB_OK);
    uint64_t waited_ms = tb_clock_read().mono_ms - start_ms;
    assert_in_range(waited_ms, 55, 5000);
}

static void each_source_is_first_in_its_turn(void **state)
{
    struct pipe_source p[3];
    int firsts[3] = {0};
    for (int i = 0; i < 3; i++) {
        add_pipe(*state, &p[i]);
        make_ready(&p[i]);
    }
    for (int round = 0; round < 6; round++) {
        call_order = 0;
        assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
        for (int i = 0; i < 3; i++) {
            firsts[i] += p[i].order == 1;
        }
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(firsts[i], 2);
        assert_int_equal(p[i].calls, 6);
        close_pipe(&p[i]);
    }
}

static void a_source_removed_by_another_is_not_called(void **state)
{
    struct pipe_source a;
    struct pipe_source b;
    add_pipe(*state, &a);
    add_pipe(*state, &b);
    a.victim = &b.source;
    make_ready(&a);
    make_ready(&b);
    assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    a.victim = &a.source;
    assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
    assert_int_equal(tb_loop_wait(*state, 0, NULL), TB_OK);
    assert_int_equal(a.calls, 2);
    close_pipe(&a);
    close_pipe(&b);
}

/* I10. */
static void the_table_is_bounded_and_places_are_used_again(void **state)
{
    struct pipe_source p;
    struct tb_loop_source source = {0};
    add_pipe(*state, &p);
    for (int i = 1; i < TB_LOOP_SOURCES_MAX; i++) {
        assert_int_equal(tb_loop_add_fd(*state, p.ends[1], 0, on_ready, &p, &source), TB_OK);
    }
    assert_int_equal(tb_loop_add_fd(*state, p.ends[1], 0, on_ready, &p, NULL), TB_FULL);
    tb_loop_remove(*state, source);
    assert_int_equal(tb_loop_add_fd(*state, p.ends[1], 0, on_ready, &p, NULL), TB_OK);
    assert_int_equal(tb_loop_add_fd(*state, p.ends[1], 0, on_ready, &p, NULL), TB_FULL);
    tb_loop_remove(*state, source);
    close_pipe(&p);
}

static void what_a_source_is_watched_for_can_change(void **state)
{
    struct pipe_source p;
    add_pipe(*state, &p);
    struct pipe_source out = {.loop = *state};
    assert_int_equal(tb_loop_add_fd(*state, p.ends[1], 0, on_ready, &out, &out.source), TB_OK);
    assert_int_equal(tb_loop_wait(*state, 0, NULL), TB_OK);
    assert_int_equal(out.calls, 0);
    tb_loop_want(*state, out.source, TB_LOOP_WRITE);
    assert_int_equal(tb_loop_wait(*state, 0, NULL), TB_OK);
    assert_int_equal(out.calls, 1);
    close_pipe(&p);
}

static void sockets_and_descriptors_are_watched_together(void **state)
{
    struct pipe_source p;
    struct pipe_source s = {.loop = *state};
    void *context = zmq_ctx_new();
    void *a = zmq_socket(context, ZMQ_PAIR);
    void *b = zmq_socket(context, ZMQ_PAIR);
    add_pipe(*state, &p);
    assert_int_equal(zmq_bind(a, "inproc://loop"), 0);
    assert_int_equal(zmq_connect(b, "inproc://loop"), 0);
    assert_int_equal(tb_loop_add_zmq(*state, a, on_ready, &s, &s.source), TB_OK);
    assert_int_equal(tb_loop_wait(*state, 0, NULL), TB_OK);
    assert_int_equal(s.calls, 0);
    zmq_send(b, "1", 1, 0);
    zmq_send(b, "2", 1, 0);
    make_ready(&p);
    char byte;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
        assert_int_equal(s.calls, i + 1);
        assert_int_equal(zmq_recv(a, &byte, 1, ZMQ_DONTWAIT), 1);
    }
    assert_int_equal(p.calls, 2);
    tb_loop_remove(*state, s.source);
    zmq_close(a);
    zmq_close(b);
    zmq_ctx_term(context);
    close_pipe(&p);
}

static void signals_ask_for_stop_and_reload(void **state)
{
    assert_false(tb_loop_stopping(*state));
    assert_false(tb_loop_take_reload(*state));
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
    assert_true(tb_loop_take_reload(*state));
    assert_false(tb_loop_take_reload(*state));
    assert_false(tb_loop_stopping(*state));
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(tb_loop_wait(*state, 1000, NULL), TB_OK);
    assert_true(tb_loop_stopping(*state));
}

static void a_stop_can_be_asked_for_from_inside(void **state)
{
    tb_loop_stop(*state);
    assert_true(tb_loop_stopping(*state));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_source_is_called_as_long_as_it_is_ready),
        TEST(waiting_ends_at_its_time),
        TEST(each_source_is_first_in_its_turn),
        TEST(a_source_removed_by_another_is_not_called),
        TEST(the_table_is_bounded_and_places_are_used_again),
        TEST(what_a_source_is_watched_for_can_change),
        TEST(sockets_and_descriptors_are_watched_together),
        TEST(signals_ask_for_stop_and_reload),
        TEST(a_stop_can_be_asked_for_from_inside),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
