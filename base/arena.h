#ifndef TB_ARENA_H
#define TB_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * arena - memory for one parsing, with a budget (I10).
 *
 * A parse takes what it needs from the arena and gives everything back at
 * once. Two budgets hold it: bytes and the count of allocations. When one is
 * used up tb_arena_take returns NULL and `spent` is set: that is the peer's
 * doing, so it is an answer and not a fault.
 */
struct tb_arena {
    unsigned char *block;
    size_t used;
    size_t bytes_max;
    size_t count;
    size_t count_max;
    bool spent;
};

/* Room for ${bytes_max} in at most ${count_max} pieces, allocated now. */
void tb_arena_init(struct tb_arena *arena, size_t bytes_max, size_t count_max);
void tb_arena_fini(struct tb_arena *arena);
/* ${size} zeroed bytes, aligned for anything; NULL when a budget is used up. */
void *tb_arena_take(struct tb_arena *arena, size_t size);
/* A NUL-terminated copy of ${size} bytes at ${text}; NULL likewise. */
char *tb_arena_text(struct tb_arena *arena, const char *text, size_t size);
/* Give all back; the block stays for the next parse. */
void tb_arena_reset(struct tb_arena *arena);

#endif
