#ifndef TB_WORLD_H
#define TB_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/system/child.h"
#include "tests/system/wire.h"

/*
 * world - provinces, brokers and offices as real processes in a fresh folder.
 *
 *   plan --tb_world_make--> keys, requests, signed directories, nothing running
 *        --tb_world_start--> processes --tb_world_close--> nothing, folder gone
 *
 * Everything is made by the product's own programs: root keys, requests,
 * drafts, signatures, brokers. A place is a broker ("sx-1") or an office
 * ("140121") and is named by that text. A world that is not closed when its
 * test ends belongs to a test that failed: tb_world_teardown prints the ends of
 * the logs and leaves the folder.
 */
enum {
    TB_WORLD_PLACES_MAX = 40,
    TB_WORLD_PROVINCES_MAX = 4,
    TB_WORLD_PATH_BYTES_MAX = 300,
    TB_WORLD_TEXT_BYTES_MAX = 128,
};

/* One row of a plan; the lists end with a row whose name is NULL. */
struct tb_world_broker {
    const char *name;
    unsigned prefix;      /* whose directory names it */
    bool wired;           /* a wire lies in front of it */
    const char *settings; /* more lines for its configuration, or NULL */
};

struct tb_world_office {
    const char *code;
    const char *name;
    const char *brokers; /* where it reads: "sx-1" or "sx-1,sx-2" */
    bool stranger;       /* not in the directory until tb_world_admit */
    bool narrow;         /* trusts the root of its own province only */
};

struct tb_world_plan {
    const struct tb_world_broker *brokers;
    const struct tb_world_office *offices;
    /* Two county codes whose reaches and facing banks the first directories do
     * not know, as with a topology that is out of date; NULL: all is known. */
    const char *unaware[2];
};

struct tb_place {
    char name[TB_WORLD_TEXT_BYTES_MAX];
    bool office;
    bool narrow;
    unsigned prefix;
    struct tb_child child;
    struct tb_wire *wire;
    unsigned port;
    char folder[TB_WORLD_PATH_BYTES_MAX];
    char conf[TB_WORLD_PATH_BYTES_MAX];
    char log[TB_WORLD_PATH_BYTES_MAX];
    char socket[TB_WORLD_PATH_BYTES_MAX];
    char request[TB_WORLD_PATH_BYTES_MAX];
    char token[TB_WORLD_TEXT_BYTES_MAX]; /* of the open duty session; "" without one */
};

struct tb_world {
    char folder[TB_WORLD_PATH_BYTES_MAX];
    struct tb_place places[TB_WORLD_PLACES_MAX];
    size_t count;
    unsigned prefixes[TB_WORLD_PROVINCES_MAX];
    char fingerprints[TB_WORLD_PROVINCES_MAX][TB_WORLD_TEXT_BYTES_MAX];
    size_t provinces;
    bool passed; /* the test that shares it came to its end */
};

/* An empty world in a fresh folder. */
struct tb_world *tb_world_begin(void);

/* Make the world of ${plan}, running nothing. Fails the test when a program
 * refuses. */
struct tb_world *tb_world_make(const struct tb_world_plan *plan);

/* The same, then start everything and wait until every office is linked. */
struct tb_world *tb_world_open(const struct tb_world_plan *plan);

/* The test has passed: end every process, remove the folder. */
void tb_world_close(struct tb_world *world);

/*
 * A world for several tests of one program: the first call opens it, later ones
 * give the same; each test ends with tb_world_pass, and the program with
 * tb_world_teardown_shared as its group's teardown. A test that fails takes the
 * world with it, and the next opens a new one.
 */
struct tb_world *tb_world_share(const struct tb_world_plan *plan);
void tb_world_pass(struct tb_world *world);
int tb_world_teardown_shared(void **state);

/* For every cmocka test that makes a world: cleans up after one that failed. */
int tb_world_teardown(void **state);

/* A test of these programs: its name is a sentence that is true when it passes. */
#define tb_world_test(sentence, function)                                                          \
    {                                                                                              \
        sentence, function, NULL, tb_world_teardown, NULL                                          \
    }

struct tb_place *tb_world_place(struct tb_world *world, const char *name);

/* A port of the loopback address that nobody else of the tests uses. */
unsigned tb_world_port(void);

/* Start a place and wait until it answers (an office) or listens (a broker). */
void tb_world_start(struct tb_world *world, const char *name);
/* Only start it. */
void tb_world_launch(struct tb_world *world, const char *name);
/* Wait until a place that was launched is ready. */
void tb_world_ready(struct tb_world *world, const char *name);
/* An orderly end: SIGTERM; fails the test if the exit status is not 0. */
void tb_world_stop(struct tb_world *world, const char *name);
/* kill -9. */
void tb_world_kill(struct tb_world *world, const char *name);

/* Every broker and office that is not running; then every link is up. */
void tb_world_start_all(struct tb_world *world);

/* Copy the folder of a stopped place aside, under ${as}; put that copy back, with
 * whatever the folder holds now thrown away; throw the folder's store away. */
void tb_world_save(struct tb_world *world, const char *name, const char *as);
void tb_world_restore(struct tb_world *world, const char *name, const char *as);
void tb_world_forget(struct tb_world *world, const char *name);

/* The machine of a stopped office is lost with all that was on it, its keys too: make
 * another with new keys. It is in no directory until tb_world_admit and a signature. */
void tb_world_remake(struct tb_world *world, const struct tb_world_office *row);

/* Add lines to the configuration of a stopped place. */
void tb_world_configure(struct tb_world *world, const char *name, const char *lines);

/* The path of a file of this world, e.g. "14.directory"; one static buffer each
 * of the last four calls. */
const char *tb_world_path(const struct tb_world *world, const char *file);

/* Put an office's request into its province's draft. */
void tb_world_admit(struct tb_world *world, const char *office);
/* Put the tables of ${folder} into the draft of ${prefix}. */
void tb_world_rivers(struct tb_world *world, unsigned prefix, const char *folder);
/* Sign the draft of ${prefix} as the next version: PREFIX.directory. */
void tb_world_sign(struct tb_world *world, unsigned prefix);
/* Give the signed directory to a running office, or to a broker (SIGHUP). */
void tb_world_hand(struct tb_world *world, const char *name, unsigned prefix);

/*
 * Run `tongbao` for ${office} (NULL: for nobody) with the arguments up to NULL;
 * the language is English unless ${environment} says otherwise.
 */
struct tb_told tb_world_tongbao(struct tb_world *world, const char *office,
                                const char *const environment[], const char *input,
                                const char *const arguments[]);
/* The same, and it must exit with 0; what it printed, to be freed. */
char *tb_world_must(struct tb_world *world, const char *office, const char *const arguments[]);

/* True when the log of a place has ${text} after ${from} bytes; the log's size now. */
bool tb_world_log_has(struct tb_world *world, const char *name, const char *text, size_t from);
size_t tb_world_log_size(struct tb_world *world, const char *name);

/* Poll ${condition} until it holds; fail the test after ${ms}. */
#define tb_world_until(ms, condition)                                                              \
    do {                                                                                           \
        unsigned long long tb_until = tb_child_now_ms() + (unsigned long long)(ms);                \
        while (!(condition)) {                                                                     \
            if (tb_child_now_ms() >= tb_until) {                                                   \
                fail_msg("not within %d ms: %s", (int)(ms), #condition);                           \
            }                                                                                      \
            tb_child_rest(10);                                                                     \
        }                                                                                          \
    } while (0)

/* A list of words for an arguments parameter. */
#define tb_words(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
