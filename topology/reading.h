#ifndef TB_READING_H
#define TB_READING_H

#include "topology/csv.h"
#include "topology/rivers_table.h"

/*
 * reading - one table of a topology while its rows are read: where it stands,
 * its columns, and what every table needs (codes, names, places on the map).
 */
enum { TB_READING_COLUMNS_MAX = 16 };

/* What divides keys in a list of rivers: in banks.csv, and in what people see. */
#define TB_READING_DIVIDER      ";"
#define TB_READING_DIVIDER_SEEN "、"

struct tb_reading {
    struct tb_rivers_load *load;
    enum tb_rivers_table which;
    struct tb_csv csv;
    size_t place[TB_READING_COLUMNS_MAX];
};

/* Tell the mistake in the present row; the value is TB_INPUT. */
#define TB_READING_MISTAKE(r, ...)                                                                 \
    TB_RIVERS_MISTAKE((r)->load, (r)->which, (r)->csv.line, __VA_ARGS__)

/* Begin to read the table ${which}, which was given, by its ${count} columns; one
 * whose name begins with TB_CSV_OPTIONAL may be missing and is then empty. */
enum tb_status tb_reading_begin(struct tb_reading *r, struct tb_rivers_load *load,
                                enum tb_rivers_table which, const char *const names[],
                                size_t count) TB_MUST_USE;
/* Begin, and call ${row} for every row to the end or the first mistake. */
enum tb_status tb_reading_rows(struct tb_reading *r, struct tb_rivers_load *load,
                               enum tb_rivers_table which, const char *const names[], size_t count,
                               enum tb_status (*row)(struct tb_reading *r)) TB_MUST_USE;
/* The field of the present row in the column named ${column}th at the start. */
const char *tb_reading_at(const struct tb_reading *r, size_t column);
/* Zeroed room for as many ${size}s as the table ${which} can have rows. */
void *tb_reading_room(const struct tb_rivers_load *load, enum tb_rivers_table which, size_t size);
/* A copy of ${text} that lives as long as the tables. */
const char *tb_reading_keep(struct tb_rivers *rivers, const char *text);
/* Six digits that do not begin with 0; 0 for anything else. */
uint32_t tb_reading_code(const char *text);
/* A known county in ${column} and its name in the next; TB_INPUT otherwise. */
enum tb_status tb_reading_county(const struct tb_reading *r, size_t column,
                                 uint32_t *code) TB_MUST_USE;
/* Degrees in the columns ${lon} and ${lat}; ${microdeg} are longitude, latitude. */
enum tb_status tb_reading_position(const struct tb_reading *r, size_t lon, size_t lat,
                                   int32_t microdeg[2]) TB_MUST_USE;

#endif
