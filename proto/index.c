#include "proto/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

void tb_index_init(struct tb_index *index, size_t room)
{
    *index = (struct tb_index){.room = room};
    index->rows = calloc(room + 1, sizeof index->rows[0]);
    tb_assert(index->rows != NULL);
}

void tb_index_fini(struct tb_index *index)
{
    free(index->rows);
    *index = (struct tb_index){0};
}

static void fill(uint8_t out[TB_INDEX_KEY_BYTES], const void *key, size_t key_bytes)
{
    tb_assert(key_bytes <= TB_INDEX_KEY_BYTES);
    memset(out, 0, TB_INDEX_KEY_BYTES);
    memcpy(out, key, key_bytes);
}

void tb_index_add(struct tb_index *index, const void *key, size_t key_bytes, const void *what,
                  const void *whose)
{
    tb_assert(index->count < index->room);
    struct tb_index_row *row = &index->rows[index->count];
    fill(row->key, key, key_bytes);
    row->order = (uint32_t)index->count++;
    row->what = what;
    row->whose = whose;
}

static bool before(const struct tb_index_row *a, const struct tb_index_row *b)
{
    int order = memcmp(a->key, b->key, TB_INDEX_KEY_BYTES);
    return order < 0 || (order == 0 && a->order < b->order);
}

/* Let the row at ${at} sink in the heap of ${count} rows, the last on top. */
static void sink(struct tb_index_row *rows, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&rows[child], &rows[child + 1])) {
            child++;
        }
        if (!before(&rows[at], &rows[child])) {
            return;
        }
        struct tb_index_row row = rows[at];
        rows[at] = rows[child];
        rows[child] = row;
        at = child;
    }
}

/* A heap sort: in place, without recursion, never slower than n log n. */
void tb_index_sort(struct tb_index *index)
{
    for (size_t i = index->count / 2; i > 0; i--) {
        sink(index->rows, i - 1, index->count);
    }
    for (size_t last = index->count; last > 1; last--) {
        struct tb_index_row row = index->rows[0];
        index->rows[0] = index->rows[last - 1];
        index->rows[last - 1] = row;
        sink(index->rows, 0, last - 1);
    }
}

const struct tb_index_row *tb_index_find(const struct tb_index *index, const void *key,
                                         size_t key_bytes)
{
    uint8_t wanted[TB_INDEX_KEY_BYTES];
    size_t low = 0;
    size_t high = index->count;
    fill(wanted, key, key_bytes);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(index->rows[middle].key, wanted, TB_INDEX_KEY_BYTES) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found =
        low < index->count && memcmp(index->rows[low].key, wanted, TB_INDEX_KEY_BYTES) == 0;
    return found ? &index->rows[low] : NULL;
}

const struct tb_index_row *tb_index_twice(const struct tb_index *index)
{
    for (size_t i = 1; i < index->count; i++) {
        if (memcmp(index->rows[i - 1].key, index->rows[i].key, TB_INDEX_KEY_BYTES) == 0) {
            return &index->rows[i];
        }
    }
    return NULL;
}
