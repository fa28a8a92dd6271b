#ifndef TB_DATA_H
#define TB_DATA_H

#include <stddef.h>

#include "topology/rivers.h"

/*
 * data - the product's own river data, carried inside the program.
 *
 * The ${count} tables of topology/data, for tb_rivers_load; borrowed for ever.
 * topology/data/SOURCES.md says what of it is verified, estimated and doubtful.
 */
const struct tb_rivers_file *tb_data_files(size_t *count);

#endif
