#include "base/io/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <zmq.h>

#include "base/fault.h"

struct source {
    unsigned long number; /* 0: removed, to be closed up after the round */
    void *zmq;            /* or */
    int fd;
    unsigned want;
    void (*ready)(void *context);
    void *context;
};

struct tb_loop {
    struct source sources[TB_LOOP_SOURCES_MAX];
    /* What zmq_poll is given: beside each source its own line, then the signals'. */
    zmq_pollitem_t items[TB_LOOP_SOURCES_MAX + 1];
    size_t count;
    size_t first; /* where the next round begins */
    unsigned long last_number;
    int signal_fd;
    sigset_t old_mask;
    struct sigaction old_pipe;
    bool stopping;
    bool reload;
};

enum tb_status tb_loop_open(struct tb_loop **out, struct tb_diag *diag)
{
    *out = NULL;
    struct tb_loop *loop = calloc(1, sizeof *loop);
    tb_assert(loop != NULL);
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    tb_assert(sigprocmask(SIG_BLOCK, &ours, &loop->old_mask) == 0);
    tb_assert(sigaction(SIGPIPE, &ignore, &loop->old_pipe) == 0);
    loop->signal_fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop->signal_fd < 0) {
        tb_diag_set(diag, 0, "cannot receive signals: %s", strerror(errno));
        tb_loop_close(loop);
        return TB_IO;
    }
    *out = loop;
    return TB_OK;
}

void tb_loop_close(struct tb_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    if (loop->signal_fd >= 0) {
        close(loop->signal_fd);
    }
    (void)sigaction(SIGPIPE, &loop->old_pipe, NULL);
    (void)sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
    free(loop);
}

/* A place for one more source: at the end, or that of a removed one, which must
 * not inherit what its predecessor was ready for. NULL when all are taken. */
static struct source *place(struct tb_loop *loop)
{
    if (loop->count < TB_LOOP_SOURCES_MAX) {
        return &loop->sources[loop->count++];
    }
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->sources[i].number == 0) {
            loop->items[i].revents = 0;
            return &loop->sources[i];
        }
    }
    return NULL;
}

static enum tb_status add(struct tb_loop *loop, struct source source, struct tb_loop_source *out)
{
    struct source *free_place = place(loop);
    if (free_place == NULL) {
        return TB_FULL;
    }
    source.number = ++loop->last_number;
    *free_place = source;
    if (out != NULL) {
        out->number = source.number;
    }
    return TB_OK;
}

enum tb_status tb_loop_add_zmq(struct tb_loop *loop, void *socket, void (*ready)(void *context),
                               void *context, struct tb_loop_source *out)
{
    tb_assert(socket != NULL);
    return add(
        loop,
        (struct source){.zmq = socket, .want = TB_LOOP_READ, .ready = ready, .context = context},
        out);
}

enum tb_status tb_loop_add_fd(struct tb_loop *loop, int fd, unsigned want,
                              void (*ready)(void *context), void *context,
                              struct tb_loop_source *out)
{
    tb_assert(fd >= 0);
    return add(loop, (struct source){.fd = fd, .want = want, .ready = ready, .context = context},
               out);
}

static struct source *find(struct tb_loop *loop, struct tb_loop_source source)
{
    for (size_t i = 0; source.number != 0 && i < loop->count; i++) {
        if (loop->sources[i].number == source.number) {
            return &loop->sources[i];
        }
    }
    return NULL;
}

void tb_loop_want(struct tb_loop *loop, struct tb_loop_source source, unsigned want)
{
    struct source *found = find(loop, source);
    if (found != NULL) {
        found->want = want;
    }
}

void tb_loop_remove(struct tb_loop *loop, struct tb_loop_source source)
{
    struct source *found = find(loop, source);
    if (found != NULL) {
        /* Its place stays until the next wait, so that a round is not disturbed. */
        found->number = 0;
    }
}

/* Forget the places of removed sources. */
static void close_up(struct tb_loop *loop)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->sources[i].number != 0) {
            loop->sources[kept++] = loop->sources[i];
        }
    }
    loop->count = kept;
}

static short poll_events(unsigned want)
{
    return (short)((want & TB_LOOP_READ ? ZMQ_POLLIN : 0) |
                   (want & TB_LOOP_WRITE ? ZMQ_POLLOUT : 0) | ZMQ_POLLERR);
}

static void take_signals(struct tb_loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            loop->reload = true;
        } else {
            loop->stopping = true;
        }
    }
}

/* Call the ready sources, ${count} of which were polled. Those that a callback
 * adds come later; those that it removes are not called any more. */
static int call_ready(struct tb_loop *loop, size_t count)
{
    int called = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = (loop->first + i) % count;
        const struct source *source = &loop->sources[at];
        if (loop->items[at].revents != 0 && source->number != 0) {
            source->ready(source->context);
            called++;
        }
    }
    loop->first = count == 0 ? 0 : (loop->first + 1) % count;
    return called;
}

enum tb_status tb_loop_wait(struct tb_loop *loop, int timeout_ms, int *called)
{
    close_up(loop);
    size_t count = loop->count;
    for (size_t i = 0; i < count; i++) {
        const struct source *source = &loop->sources[i];
        loop->items[i] = (zmq_pollitem_t){
            .socket = source->zmq, .fd = source->fd, .events = poll_events(source->want)};
    }
    loop->items[count] = (zmq_pollitem_t){.fd = loop->signal_fd, .events = ZMQ_POLLIN};
    int ready = zmq_poll(loop->items, (int)count + 1, timeout_ms);
    if (called != NULL) {
        *called = 0;
    }
    if (ready < 0) {
        return errno == EINTR ? TB_OK : TB_IO;
    }
    if (loop->items[count].revents != 0) {
        take_signals(loop);
    }
    int done = ready > 0 ? call_ready(loop, count) : 0;
    if (called != NULL) {
        *called = done;
    }
    return TB_OK;
}

bool tb_loop_stopping(const struct tb_loop *loop)
{
    return loop->stopping;
}

void tb_loop_stop(struct tb_loop *loop)
{
    loop->stopping = true;
}

bool tb_loop_take_reload(struct tb_loop *loop)
{
    bool reload = loop->reload;
    loop->reload = false;
    return reload;
}
