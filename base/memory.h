#ifndef TB_MEMORY_H
#define TB_MEMORY_H

#include <stddef.h>

/*
 * memory - what is asked for is there, or the process stops.
 * For libraries that pass a failed allocation on as an absent value, which our code
 * would take for an answer: a JSON object without a key. "A failed allocation … sends
 * nothing and stops."
 */

/* ${size} bytes, to be given back with free; never NULL. */
void *tb_memory_take(size_t size);

#endif
