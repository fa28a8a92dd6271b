#include "tests/bench/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>
#include <zmq.h>

#include "tests/bench/figures.h"
#include "tests/system/child.h"

enum {
    PARCEL_BYTES = 1024,
    VERIFICATIONS = 2,
    COMMITS = 3,
    WAIT_MS = 5000,
    NAME_BYTES = 1,
    KEY_CHARS = 41, /* of a CURVE key in Z85, with its NUL */
    PATH_BYTES_MAX = 512,
};

/* How the whole divides; the hops are two. */
enum part { PART_SIGN, PART_VERIFY, PART_COMMIT, PART_HOPS, PARTS };

struct keys {
    char public_key[KEY_CHARS];
    char secret_key[KEY_CHARS];
};

/* Milliseconds of the whole and of its parts. */
struct times {
    struct tb_samples whole;
    struct tb_samples part[PARTS];
};

struct tb_floor {
    struct tb_child relay;
    int port_pipe[2]; /* the relay tells its endpoint */
    struct keys server;
    struct keys client;
    void *context;
    void *sender;
    void *receiver;
    int file;
    char path[PATH_BYTES_MAX];
    unsigned char sign_public[crypto_sign_PUBLICKEYBYTES];
    unsigned char sign_secret[crypto_sign_SECRETKEYBYTES];
    unsigned char parcel[PARCEL_BYTES];
    struct times tight;
    struct times rested;
};

/* --------------------------------------------------------------- relay */

static void set(void *socket, int option, const void *value, size_t size)
{
    assert_int_equal(zmq_setsockopt(socket, option, value, size), 0);
}

/* In its own process: whatever "a" sends goes to "b", until the bench ends it. */
static void relay(void *work)
{
    struct tb_floor *floor = work;
    const int on = 1;
    char endpoint[PATH_BYTES_MAX];
    size_t room = sizeof endpoint;
    unsigned char name[NAME_BYTES];
    unsigned char parcel[PARCEL_BYTES];
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    set(socket, ZMQ_CURVE_SERVER, &on, sizeof on);
    set(socket, ZMQ_CURVE_SECRETKEY, floor->server.secret_key, KEY_CHARS - 1);
    assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &room), 0);
    assert_true(write(floor->port_pipe[1], endpoint, room) == (ssize_t)room);
    close(floor->port_pipe[1]);
    for (;;) {
        if (zmq_recv(socket, name, sizeof name, 0) < 0) {
            _exit(1);
        }
        int size = zmq_recv(socket, parcel, sizeof parcel, 0);
        if (size == PARCEL_BYTES) {
            zmq_send(socket, "b", NAME_BYTES, ZMQ_SNDMORE);
            zmq_send(socket, parcel, PARCEL_BYTES, 0);
        }
    }
}

static void *dealer(struct tb_floor *floor, const char *name, const char *endpoint)
{
    const int none = 0;
    const int wait_ms = WAIT_MS;
    void *socket = zmq_socket(floor->context, ZMQ_DEALER);
    assert_non_null(socket);
    set(socket, ZMQ_ROUTING_ID, name, NAME_BYTES);
    set(socket, ZMQ_CURVE_SERVERKEY, floor->server.public_key, KEY_CHARS - 1);
    set(socket, ZMQ_CURVE_PUBLICKEY, floor->client.public_key, KEY_CHARS - 1);
    set(socket, ZMQ_CURVE_SECRETKEY, floor->client.secret_key, KEY_CHARS - 1);
    set(socket, ZMQ_LINGER, &none, sizeof none);
    set(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

/* Both ends are linked when a parcel comes through; the first ones may find
 * nobody at the other end and are lost. */
static void warm(struct tb_floor *floor)
{
    unsigned char got[PARCEL_BYTES];
    unsigned long long until = tb_child_now_ms() + WAIT_MS;
    do {
        assert_true(tb_child_now_ms() < until);
        assert_int_equal(zmq_send(floor->receiver, "", 0, 0), 0); /* makes itself known */
        assert_int_equal(zmq_send(floor->sender, floor->parcel, PARCEL_BYTES, 0), PARCEL_BYTES);
        tb_child_rest(50);
    } while (zmq_recv(floor->receiver, got, sizeof got, ZMQ_DONTWAIT) != PARCEL_BYTES);
    tb_child_rest(50);
    while (zmq_recv(floor->receiver, got, sizeof got, ZMQ_DONTWAIT) == PARCEL_BYTES) {
    }
}

struct tb_floor *tb_floor_open(const char *folder)
{
    char endpoint[PATH_BYTES_MAX];
    struct tb_floor *floor = calloc(1, sizeof *floor);
    assert_non_null(floor);
    assert_true(sodium_init() >= 0);
    randombytes_buf(floor->parcel, sizeof floor->parcel);
    assert_int_equal(crypto_sign_keypair(floor->sign_public, floor->sign_secret), 0);
    assert_int_equal(zmq_curve_keypair(floor->server.public_key, floor->server.secret_key), 0);
    assert_int_equal(zmq_curve_keypair(floor->client.public_key, floor->client.secret_key), 0);
    snprintf(floor->path, sizeof floor->path, "%s/floor.dat", folder);
    floor->file = open(floor->path, O_CREAT | O_WRONLY | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    assert_true(floor->file >= 0);
    assert_int_equal(pipe(floor->port_pipe), 0);
    tb_child_fork(&floor->relay, relay, floor);
    close(floor->port_pipe[1]);
    ssize_t size = read(floor->port_pipe[0], endpoint, sizeof endpoint - 1);
    assert_true(size > 0);
    endpoint[size] = '\0';
    close(floor->port_pipe[0]);
    floor->context = zmq_ctx_new();
    floor->sender = dealer(floor, "a", endpoint);
    floor->receiver = dealer(floor, "b", endpoint);
    warm(floor);
    return floor;
}

static void free_times(struct times *times)
{
    tb_samples_free(&times->whole);
    for (int i = 0; i < PARTS; i++) {
        tb_samples_free(&times->part[i]);
    }
}

void tb_floor_close(struct tb_floor *floor)
{
    zmq_close(floor->sender);
    zmq_close(floor->receiver);
    zmq_ctx_term(floor->context);
    tb_child_end(&floor->relay, SIGKILL, WAIT_MS);
    close(floor->file);
    (void)unlink(floor->path);
    free_times(&floor->tight);
    free_times(&floor->rested);
    free(floor);
}

/* ----------------------------------------------------------- measuring */

static void sign(struct tb_floor *floor, unsigned char signature[crypto_sign_BYTES])
{
    assert_int_equal(
        crypto_sign_detached(signature, NULL, floor->parcel, PARCEL_BYTES, floor->sign_secret), 0);
}

static void verify(struct tb_floor *floor, const unsigned char signature[crypto_sign_BYTES])
{
    for (int i = 0; i < VERIFICATIONS; i++) {
        assert_int_equal(
            crypto_sign_verify_detached(signature, floor->parcel, PARCEL_BYTES, floor->sign_public),
            0);
    }
}

static void commit(struct tb_floor *floor)
{
    for (int i = 0; i < COMMITS; i++) {
        assert_true(write(floor->file, floor->parcel, PARCEL_BYTES) == PARCEL_BYTES);
        assert_int_equal(fdatasync(floor->file), 0);
    }
}

static void hop(struct tb_floor *floor)
{
    unsigned char got[PARCEL_BYTES];
    assert_int_equal(zmq_send(floor->sender, floor->parcel, PARCEL_BYTES, 0), PARCEL_BYTES);
    assert_int_equal(zmq_recv(floor->receiver, got, sizeof got, 0), PARCEL_BYTES);
}

static void once(struct tb_floor *floor, struct times *times)
{
    unsigned char signature[crypto_sign_BYTES];
    uint64_t at[PARTS + 1];
    floor->parcel[0]++;
    at[0] = tb_figures_now_us();
    sign(floor, signature);
    at[PART_SIGN + 1] = tb_figures_now_us();
    verify(floor, signature);
    at[PART_VERIFY + 1] = tb_figures_now_us();
    commit(floor);
    at[PART_COMMIT + 1] = tb_figures_now_us();
    hop(floor);
    at[PART_HOPS + 1] = tb_figures_now_us();
    for (int i = 0; i < PARTS; i++) {
        tb_samples_add(&times->part[i], (double)(at[i + 1] - at[i]) / 1000.0);
    }
    tb_samples_add(&times->whole, (double)(at[PARTS] - at[0]) / 1000.0);
}

void tb_floor_run(struct tb_floor *floor, int times)
{
    for (int i = 0; i < times; i++) {
        once(floor, &floor->tight);
    }
}

void tb_floor_run_rested(struct tb_floor *floor, int times, int rest_ms)
{
    for (int i = 0; i < times; i++) {
        tb_child_rest(rest_ms);
        once(floor, &floor->rested);
    }
}

static double commit_ms(struct times *times)
{
    return tb_samples_at(&times->part[PART_COMMIT], 50) / COMMITS;
}

void tb_floor_print(struct tb_floor *floor)
{
    struct times *times = &floor->tight;
    tb_figures_print("floor_ms", tb_samples_at(&times->whole, 50));
    tb_figures_beside("floor_p99_ms", tb_samples_at(&times->whole, 99));
    tb_figures_beside("floor_sign_ms", tb_samples_at(&times->part[PART_SIGN], 50));
    tb_figures_beside("floor_verify_ms", tb_samples_at(&times->part[PART_VERIFY], 50));
    tb_figures_beside("floor_commit_ms", commit_ms(times));
    tb_figures_beside("floor_hops_ms", tb_samples_at(&times->part[PART_HOPS], 50));
    tb_figures_beside("floor_rested_ms", tb_samples_at(&floor->rested.whole, 50));
    tb_figures_beside("floor_rested_commit_ms", commit_ms(&floor->rested));
    tb_figures_beside("floor_rested_hops_ms", tb_samples_at(&floor->rested.part[PART_HOPS], 50));
}
