#ifndef TB_ROWS_H
#define TB_ROWS_H

#include <jansson.h>

#include "base/wall.h"

/*
 * rows - notices one a line, as lists of the API give them.
 */

/* Print the list ${rows} to stdout as a table; nothing for an empty one but the
 * heading. */
void tb_rows_print(const json_t *rows, struct tb_wall now);

#endif
