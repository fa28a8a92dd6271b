#ifndef TB_INDEX_H
#define TB_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * index - a sorted table of fixed keys, made once and searched often.
 *
 *     init --> add … add --> sort --> find, find …
 *
 * Used inside proto alone. Keys are compared byte by byte; shorter ones are
 * filled up with zeros. Equal keys keep the order in which they were added.
 */
enum { TB_INDEX_KEY_BYTES = 32 };

struct tb_index_row {
    uint8_t key[TB_INDEX_KEY_BYTES];
    uint32_t order;   /* set by tb_index_add */
    const void *what; /* borrowed, the user's */
    const void *whose;
};

struct tb_index {
    struct tb_index_row *rows;
    size_t count;
    size_t room;
};

/* An empty table for at most ${room} rows. */
void tb_index_init(struct tb_index *index, size_t room);
void tb_index_fini(struct tb_index *index);

void tb_index_add(struct tb_index *index, const void *key, size_t key_bytes, const void *what,
                  const void *whose);
void tb_index_sort(struct tb_index *index);
/* The first row with ${key}; NULL when there is none. */
const struct tb_index_row *tb_index_find(const struct tb_index *index, const void *key,
                                         size_t key_bytes);
/* The first row of a sorted table whose key stands in the row before it; NULL
 * when every key stands once. */
const struct tb_index_row *tb_index_twice(const struct tb_index *index);

#endif
