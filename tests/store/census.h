#ifndef TB_STORE_CENSUS_H
#define TB_STORE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>

struct sqlite3;

/*
 * census - which of the statements that the product prepared were run.
 *
 * It follows a connection from its opening on, and knows a statement when it, or
 * another beside it, runs for the first time.
 */
enum { CENSUS_TEXTS_MAX = 512 };

void census_clear(void);
/* ${each} is called before each statement that runs on ${handle}. */
void census_follow(struct sqlite3 *handle, void (*each)(struct sqlite3 *handle));
/* How many statements are known; how many of them were run. */
size_t census_known(void);
size_t census_run(void);
/* The statement ${text} was run. */
bool census_was_run(const char *text);
/* The next that was not; start with *${at} = 0; NULL at the end. */
const char *census_missing(size_t *at);

#endif
