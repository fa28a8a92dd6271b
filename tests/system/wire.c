#include "tests/system/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/system/child.h"

enum { PAIRS_MAX = 64, HOLD_BYTES = 64 * 1024, LOOK_MS = 10 };

/* What the test and the wire's process share. */
struct page {
    _Atomic int mode;
    _Atomic uint64_t from_broker;
    _Atomic uint64_t to_broker;
};

struct tb_wire {
    struct tb_child child;
    struct page *page;
    int listener;
    unsigned broker_port;
};

/* One direction of a connection: read from `in`, held, written to `out`. */
struct way {
    size_t held;
    size_t sent;
    char hold[HOLD_BYTES];
};

struct pair {
    int office;
    int broker;
    struct way up;
    struct way down;
};

static struct sockaddr_in local(unsigned port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void unblock(int socket)
{
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

static void drop(struct pair *pair)
{
    close(pair->office);
    close(pair->broker);
    memset(pair, 0, sizeof *pair);
}

static void take(const struct tb_wire *wire, struct pair pairs[])
{
    int office = accept(wire->listener, NULL, NULL);
    if (office < 0) {
        return;
    }
    struct sockaddr_in address = local(wire->broker_port);
    int broker = socket(AF_INET, SOCK_STREAM, 0);
    size_t i = 0;
    while (i < PAIRS_MAX && pairs[i].office != 0) {
        i++;
    }
    if (i == PAIRS_MAX || atomic_load(&wire->page->mode) == TB_WIRE_CUT || broker < 0 ||
        connect(broker, (struct sockaddr *)&address, sizeof address) != 0) {
        close(office);
        if (broker >= 0) {
            close(broker);
        }
        return;
    }
    unblock(office);
    unblock(broker);
    pairs[i].office = office;
    pairs[i].broker = broker;
}

/* Move what can be moved; false when either side is gone. */
static bool carry(struct way *way, int in, int out, _Atomic uint64_t *count)
{
    if (way->sent == way->held) {
        ssize_t got = read(in, way->hold, sizeof way->hold);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return false;
        }
        way->sent = 0;
        way->held = got < 0 ? 0 : (size_t)got;
    }
    if (way->sent < way->held) {
        ssize_t put = send(out, way->hold + way->sent, way->held - way->sent, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        if (put > 0) {
            way->sent += (size_t)put;
            atomic_fetch_add(count, (uint64_t)put);
        }
    }
    return true;
}

/* Wait until one of the connections has something to do. */
static void wait_work(const struct tb_wire *wire, const struct pair pairs[], bool passing)
{
    struct pollfd polls[1 + 2 * PAIRS_MAX];
    nfds_t count = 0;
    polls[count++] = (struct pollfd){.fd = wire->listener, .events = POLLIN};
    for (size_t i = 0; passing && i < PAIRS_MAX; i++) {
        if (pairs[i].office == 0) {
            continue;
        }
        bool up = pairs[i].up.sent < pairs[i].up.held;
        bool down = pairs[i].down.sent < pairs[i].down.held;
        short office = (short)((up ? 0 : POLLIN) | (down ? POLLOUT : 0));
        short broker = (short)((down ? 0 : POLLIN) | (up ? POLLOUT : 0));
        polls[count++] = (struct pollfd){.fd = pairs[i].office, .events = office};
        polls[count++] = (struct pollfd){.fd = pairs[i].broker, .events = broker};
    }
    poll(polls, count, LOOK_MS);
}

static void run(void *context)
{
    struct tb_wire *wire = context;
    struct pair *pairs = calloc(PAIRS_MAX, sizeof *pairs);
    if (pairs == NULL) {
        return;
    }
    for (;;) {
        int mode = atomic_load(&wire->page->mode);
        wait_work(wire, pairs, mode == TB_WIRE_OPEN);
        take(wire, pairs);
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            if (pairs[i].office == 0 || mode == TB_WIRE_SILENT) {
                continue;
            }
            if (mode == TB_WIRE_CUT ||
                !carry(&pairs[i].up, pairs[i].office, pairs[i].broker, &wire->page->to_broker) ||
                !carry(&pairs[i].down, pairs[i].broker, pairs[i].office,
                       &wire->page->from_broker)) {
                drop(&pairs[i]);
            }
        }
    }
}

static struct page *share(const char *folder, unsigned port)
{
    char path[TB_CHILD_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/wire-%u", folder, port);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, sizeof(struct page)), 0);
    struct page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(page != MAP_FAILED);
    close(file);
    return page;
}

struct tb_wire *tb_wire_lay(const char *folder, unsigned port, unsigned broker_port)
{
    struct tb_wire *wire = calloc(1, sizeof *wire);
    struct sockaddr_in address = local(port);
    int one = 1;
    assert_non_null(wire);
    wire->page = share(folder, port);
    wire->broker_port = broker_port;
    wire->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(wire->listener >= 0);
    setsockopt(wire->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(wire->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(wire->listener, PAIRS_MAX) != 0) {
        fail_msg("the wire cannot have port %u: %s", port, strerror(errno));
    }
    fcntl(wire->listener, F_SETFD, FD_CLOEXEC);
    unblock(wire->listener);
    tb_child_fork(&wire->child, run, wire);
    return wire;
}

void tb_wire_remove(struct tb_wire *wire)
{
    if (wire == NULL) {
        return;
    }
    tb_child_end(&wire->child, SIGKILL, 5000);
    close(wire->listener);
    munmap(wire->page, sizeof *wire->page);
    free(wire);
}

void tb_wire_set(struct tb_wire *wire, enum tb_wire_mode mode)
{
    atomic_store(&wire->page->mode, (int)mode);
    tb_child_rest(2 * LOOK_MS);
}

uint64_t tb_wire_bytes_from_broker(const struct tb_wire *wire)
{
    return atomic_load(&wire->page->from_broker);
}

uint64_t tb_wire_bytes_to_broker(const struct tb_wire *wire)
{
    return atomic_load(&wire->page->to_broker);
}
