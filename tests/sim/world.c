#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "tests/sim/sim.h"

static bool before(const struct sim_item *a, const struct sim_item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->serial < b->serial;
}

static void swap(struct sim_item *a, struct sim_item *b)
{
    struct sim_item item = *a;
    *a = *b;
    *b = item;
}

void sim_at(struct sim *sim, uint64_t at_ms,
            void (*run)(struct sim *sim, const struct sim_item *item), uint32_t a, uint32_t b,
            uint64_t c, struct tb_bytes bytes)
{
    struct sim_item item = {.at_ms = at_ms < sim->now_ms ? sim->now_ms : at_ms,
                            .serial = ++sim->serial,
                            .run = run,
                            .a = a,
                            .b = b,
                            .c = c};
    if (bytes.size > 0) {
        uint8_t *copy = malloc(bytes.size);
        tb_assert(copy != NULL);
        memcpy(copy, bytes.data, bytes.size);
        item.bytes = tb_bytes_of(copy, bytes.size);
    }
    if (sim->heap_count == sim->heap_room) {
        sim->heap_room = sim->heap_room == 0 ? 1024 : 2 * sim->heap_room;
        struct sim_item *grown = realloc(sim->heap, sim->heap_room * sizeof *grown);
        tb_assert(grown != NULL);
        sim->heap = grown;
    }
    size_t i = sim->heap_count++;
    sim->heap[i] = item;
    while (i > 0 && before(&sim->heap[i], &sim->heap[(i - 1) / 2])) {
        swap(&sim->heap[i], &sim->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static struct sim_item take(struct sim *sim)
{
    struct sim_item item = sim->heap[0];
    sim->heap[0] = sim->heap[--sim->heap_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < sim->heap_count && before(&sim->heap[child], &sim->heap[least])) {
                least = child;
            }
        }
        if (least == i) {
            return item;
        }
        swap(&sim->heap[i], &sim->heap[least]);
        i = least;
    }
}

static void forget(const struct sim_item *item)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } owned = {.in = item->bytes.data};
    free(owned.out);
}

void sim_run(struct sim *sim, uint64_t until_ms)
{
    while (!sim->failed && sim->heap_count > 0 && sim->heap[0].at_ms <= until_ms) {
        struct sim_item item = take(sim);
        sim->now_ms = item.at_ms;
        tb_disk_clock(SIM_AT_WALL + (int64_t)sim->now_ms);
        sim->stats.items++;
        item.run(sim, &item);
        forget(&item);
    }
    if (!sim->failed) {
        sim->now_ms = until_ms;
    }
}

void sim_drop(struct sim *sim)
{
    for (size_t i = 0; i < sim->heap_count; i++) {
        forget(&sim->heap[i]);
    }
    free(sim->heap);
    sim->heap = NULL;
    sim->heap_count = 0;
    sim->heap_room = 0;
}

uint64_t sim_draw(struct sim *sim, uint64_t below)
{
    return tb_disk_draw(&sim->luck) % below;
}

bool sim_once_in(struct sim *sim, uint64_t times)
{
    return sim_draw(sim, times) == 0;
}

void sim_wrong(struct sim *sim, const char *checker, const char *format, ...)
{
    if (sim->failed) {
        return;
    }
    va_list args;
    int size = snprintf(sim->why, sizeof sim->why, "%s: ", checker);
    va_start(args, format);
    vsnprintf(sim->why + size, sizeof sim->why - (size_t)size, format, args);
    va_end(args);
    sim->failed = true;
    sim_trace(sim->now_ms, "WRONG %s", sim->why);
}
