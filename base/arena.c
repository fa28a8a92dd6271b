#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { ALIGN = _Alignof(max_align_t) };

void tb_arena_init(struct tb_arena *arena, size_t bytes_max, size_t count_max)
{
    *arena = (struct tb_arena){.bytes_max = bytes_max, .count_max = count_max};
    arena->block = malloc(bytes_max);
    tb_assert(arena->block != NULL);
}

void tb_arena_fini(struct tb_arena *arena)
{
    free(arena->block);
    *arena = (struct tb_arena){0};
}

void *tb_arena_take(struct tb_arena *arena, size_t size)
{
    size_t start = (arena->used + ALIGN - 1) / ALIGN * ALIGN;
    if (arena->count == arena->count_max || start > arena->bytes_max ||
        size > arena->bytes_max - start) {
        arena->spent = true;
        return NULL;
    }
    arena->count++;
    arena->used = start + size;
    memset(arena->block + start, 0, size);
    return arena->block + start;
}

char *tb_arena_text(struct tb_arena *arena, const char *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : tb_arena_take(arena, size + 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void tb_arena_reset(struct tb_arena *arena)
{
    arena->used = 0;
    arena->count = 0;
    arena->spent = false;
}
