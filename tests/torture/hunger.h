#ifndef TB_HUNGER_H
#define TB_HUNGER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * hunger - one allocation of the whole process fails, SQLite's, jansson's and
 * protobuf-c's included.
 *
 * malloc, calloc and realloc of the program are those of hunger.c, which hand on to the
 * C library's and count. Only the thread that asked is counted.
 */

/* From now on count, and let the ${nth} allocation fail, from 1; 0: none. */
void hunger_begin(size_t nth);
void hunger_end(void);
/* Do not count what follows, which is the test's own; then go on. */
void hunger_rest(void);
void hunger_resume(void);
size_t hunger_count(void); /* since hunger_begin */
bool hunger_failed(void);  /* the one was refused */

#endif
