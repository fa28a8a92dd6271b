#ifndef TB_BENCH_NATION_H
#define TB_BENCH_NATION_H

#include <stdint.h>

#include "topology/rivers.h"

/*
 * nation - a made-up country of rivers as large as the real one: 30 provinces, 300
 * cities, 3,000 counties in a grid of 100 by 30 through which the water runs east,
 * 10,000 reaches, drawn from a seed. The same seed gives the same tables.
 */
enum {
    NATION_COLUMNS = 100,
    NATION_ROWS = 30,
    NATION_COUNTIES = NATION_COLUMNS * NATION_ROWS,
    NATION_REACHES = 10000,
};

struct nation;

struct nation *nation_make(uint64_t seed);
void nation_free(struct nation *nation);

/* Borrowed from ${nation}. */
const struct tb_rivers_file *nation_files(const struct nation *nation, size_t *count);

/* The county in the grid, and the name of the main river of its row: that of ${row}. */
uint32_t nation_county(int column, int row);
void nation_river(int row, char name[16]);

#endif
