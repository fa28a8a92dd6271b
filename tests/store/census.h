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
enum { CENSUS_TEXTS_MAX = 512, CENSUS_EXCUSES_MAX = 32 };

void census_clear(void);
/* ${each} is called before each statement that runs on ${handle}. */
void census_follow(struct sqlite3 *handle, void (*each)(struct sqlite3 *handle));
/* How many statements are known; how many of them were run. */
size_t census_known(void);
size_t census_run(void);

/* Statements that have these words and need not run, and why. */
struct census_excuse {
    const char *words;
    const char *reason;
};
/* True when each known statement was run or is excused, and each excuse is needed;
 * prints those of which this does not hold. */
bool census_complete(const struct census_excuse *excuses, size_t excuses_count);

#endif
