#ifndef TB_COURIER_H
#define TB_COURIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/system/desk.h"

/*
 * courier - one connection to an office's API that times what passes.
 *
 *   open --ask--> waiting --answer read--> open
 *   open --listen--> listening, until it is closed
 *
 * It waits for nothing by itself: many couriers are polled together. An answer's
 * time is taken when read(2) has returned its last byte, a shown event's when
 * read(2) has returned the end of its line.
 */
enum {
    TB_COURIER_BYTES_MAX = 256 * 1024,
    TB_COURIER_REQUEST_BYTES_MAX = 32 * 1024,
    TB_COURIER_KIND_BYTES_MAX = 24,
};

struct tb_courier {
    int fd;
    char *bytes; /* read and not yet taken */
    size_t size;
    bool listening;
};

struct tb_answered {
    long status;
    char id[TB_DESK_ID_CHARS]; /* of the notice that was made; "" without one */
    uint64_t at_us;
};

/* What the numbered event stream showed. */
struct tb_shown {
    char kind[TB_COURIER_KIND_BYTES_MAX];
    char id[TB_DESK_ID_CHARS];
    char subject[TB_DESK_ID_CHARS];
    uint64_t at_us;
};

/* Connect to the Unix socket of ${place}. */
void tb_courier_open(struct tb_courier *courier, const struct tb_place *place);
void tb_courier_close(struct tb_courier *courier);

/* Write the head and body of a POST /v1/notices in one write; returns the time just before it. */
uint64_t tb_courier_issue(struct tb_courier *courier, const struct tb_place *place,
                          const char *body);
/* Ask for the stream: from its beginning when ${all}, else of what comes next.
 * Returns when its first line is here. */
void tb_courier_listen(struct tb_courier *courier, bool all);

/* Read what is there; the couriers of ${list} that are not NULL are waited for,
 * at most ${wait_ms}. */
void tb_courier_wait(struct tb_courier *const list[], size_t count, int wait_ms);
/* The answer, when all of it is here. */
bool tb_courier_answer(struct tb_courier *courier, struct tb_answered *out);
/* The next event, when one is here. */
bool tb_courier_shown(struct tb_courier *courier, struct tb_shown *out);

#endif
