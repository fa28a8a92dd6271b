#include "topology/data.h"

#define TABLES(X)                                                                                  \
    X(divisions)                                                                                   \
    X(rivers)                                                                                      \
    X(reaches)                                                                                     \
    X(banks)                                                                                       \
    X(ends)                                                                                        \
    X(velocity_classes)                                                                            \
    X(chainage)                                                                                    \
    X(sections)                                                                                    \
    X(works)                                                                                       \
    X(fen_chainage)                                                                                \
    X(cases)

#define DECLARE(table)                                                                             \
    extern const unsigned char tb_data_##table[];                                                  \
    extern const size_t tb_data_##table##_bytes;
TABLES(DECLARE)
#undef DECLARE

const struct tb_rivers_file *tb_data_files(size_t *count)
{
#define COUNT(table) +1
    enum { FILES = TABLES(COUNT) };
#undef COUNT
    static struct tb_rivers_file files[FILES];
    size_t used = 0;
    /* The sizes are objects of other files, so the list is filled here; every
     * call writes the same. */
#define FILL(table)                                                                                \
    files[used++] =                                                                                \
        (struct tb_rivers_file){#table ".csv", {tb_data_##table, tb_data_##table##_bytes}};
    TABLES(FILL)
#undef FILL
    *count = used;
    return files;
}
