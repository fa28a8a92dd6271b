#ifndef TB_CLOCKROWS_H
#define TB_CLOCKROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/wall.h"

/*
 * clockrows - clocks one a line, as the API gives them: how long there is yet, or by
 * how much it is over, with the time of day beside it.
 */
enum { TB_CLOCKROWS_CHIP_BYTES = 160 };

/* "还有 2 h 12 min（05:24）", "已超 …": how the clock ${json} stands at ${now}. */
void tb_clockrows_chip(char out[TB_CLOCKROWS_CHIP_BYTES], const json_t *json, struct tb_wall now);

/* What has to be done: "report to own government", "press conference". */
const char *tb_clockrows_task(const json_t *json);

/* Print the list ${rows} to stdout as a table with ${indent} blanks before each line. */
void tb_clockrows_print(const json_t *rows, struct tb_wall now, size_t indent);

/* One line for ${json}, the worst clock; nothing for NULL. */
void tb_clockrows_worst(const json_t *json, struct tb_wall now);

#endif
