#ifndef TB_RIVERS_TABLE_H
#define TB_RIVERS_TABLE_H

#include "topology/rivers.h"
#include "topology/rivers_layers.h"

/*
 * rivers_table - the tables inside struct tb_rivers, for rivers*.c and rule.c.
 *
 * Every table is a sorted array, found in by halving. A river is known by its
 * row in rivers.csv, counted from 0, its nth.
 */
#define TB_RIVERS_NONE UINT32_MAX

struct tb_river {
    const char *key;
    uint32_t into;    /* nth of the river it flows into; TB_RIVERS_NONE for none */
    bool used;        /* a reach, a bank or a tributary names it */
    double length_km; /* 0 when not known */
    int line;         /* of rivers.csv */
};

struct tb_river_key {
    const char *key;
    uint32_t nth;
};

/* A facing bank, as ${county} sees it. */
struct tb_bank {
    uint32_t county;
    uint32_t nth;
    uint32_t other;
    int line; /* of banks.csv */
};

struct tb_place {
    uint32_t county;
    uint32_t nth;
    uint32_t city;
    uint32_t province;
    bool reached; /* false: only a facing bank names it */
};

/* Where a river enters a county: a row of chainage.csv. */
struct tb_entry {
    uint32_t nth;
    uint32_t county;
    double km;
    int line;
};

/* A gate or dam whose kilometre is known. */
struct tb_bar {
    uint32_t nth;
    double km;
    uint32_t layer; /* its place in the array of layers */
};

/* The metres a second of a velocity class. */
struct tb_velocity {
    const char *name;
    double low_m_s, normal_m_s, flood_m_s;
    int line;
};

struct tb_rivers {
    char *text; /* every string of the tables */
    size_t text_used;
    size_t text_room;
    struct tb_division *division; /* by code */
    size_t divisions;
    struct tb_river *river; /* by nth */
    struct tb_river_key *key;
    size_t rivers;
    struct tb_reach *out; /* by (from, nth, to) */
    struct tb_reach *in;  /* the same by (to, nth, from) */
    size_t reaches;
    struct tb_bank *bank; /* both ways, by (county, nth, other) */
    size_t banks;
    struct tb_place *place; /* the states, by (county, nth) */
    size_t places;
    struct tb_entry *entry; /* by (nth, county) */
    size_t entries;
    struct tb_layer *layer; /* by (county, nth, river_km, name) */
    size_t layers;
    struct tb_bar *bar; /* by (nth, km) */
    size_t bars;
};

/* The files of a load, by what they are. */
enum tb_rivers_table {
    TB_RIVERS_TABLE_DIVISIONS,
    TB_RIVERS_TABLE_RIVERS,
    TB_RIVERS_TABLE_VELOCITIES,
    TB_RIVERS_TABLE_REACHES,
    TB_RIVERS_TABLE_BANKS,
    TB_RIVERS_TABLE_ENDS,
    TB_RIVERS_TABLE_CHAINAGE,
    TB_RIVERS_TABLE_SECTIONS,
    TB_RIVERS_TABLE_WORKS,
    TB_RIVERS_TABLES,
};

/* A state that may have no way on. */
struct tb_end {
    uint32_t county;
    uint32_t nth;
    bool met;
    int line;
};

/* What a load carries about, and gives up at its end. */
struct tb_rivers_load {
    struct tb_rivers *rivers;
    const struct tb_rivers_file *file[TB_RIVERS_TABLES]; /* NULL where not given */
    struct tb_diag *diag;
    struct tb_velocity *velocity; /* the classes, by name */
    size_t velocities;
    struct tb_end *end; /* by (county, nth) */
    size_t ends;
};

/* Tell the mistake in ${line} of the table ${which}; the value is TB_INPUT. */
#define TB_RIVERS_MISTAKE(load, which, line, ...)                                                  \
    (tb_rivers_blame((load), (which)), tb_diag_set((load)->diag, (line), __VA_ARGS__), TB_INPUT)
void tb_rivers_blame(const struct tb_rivers_load *load, enum tb_rivers_table which);

/* rivers_read.c and rivers_water.c: the rows of the tables, each checked by
 * itself and against the tables before it. */
enum tb_status tb_rivers_read_divisions(struct tb_rivers_load *load) TB_MUST_USE;
enum tb_status tb_rivers_read_rivers(struct tb_rivers_load *load) TB_MUST_USE;
enum tb_status tb_rivers_read_water(struct tb_rivers_load *load) TB_MUST_USE;
/* rivers_layers.c: velocity classes, needed by reaches; what lies along a river,
 * once the states are known. */
enum tb_status tb_rivers_read_velocities(struct tb_rivers_load *load) TB_MUST_USE;
enum tb_status tb_rivers_read_layers(struct tb_rivers_load *load) TB_MUST_USE;
/* The class ${name}; NULL when there is none. */
const struct tb_velocity *tb_rivers_velocity(const struct tb_rivers_load *load, const char *name);
/* rivers_check.c: what only the whole can show: orphans, ends, cycles. */
enum tb_status tb_rivers_check(struct tb_rivers_load *load) TB_MUST_USE;

/* The nth of the river ${key}; TB_RIVERS_NONE when there is none. */
uint32_t tb_rivers_nth(const struct tb_rivers *rivers, const char *key);
/* True when ${upper} is ${lower} or passes into it, over however many. */
bool tb_rivers_passes(const struct tb_rivers *rivers, uint32_t upper, uint32_t lower);
/* The reaches that leave (or, up, enter) ${county}. */
const struct tb_reach *tb_rivers_along(const struct tb_rivers *rivers, uint32_t county,
                                       enum tb_direction direction, size_t *count);
const struct tb_bank *tb_rivers_facing(const struct tb_rivers *rivers, uint32_t county,
                                       size_t *count);
const struct tb_place *tb_rivers_places(const struct tb_rivers *rivers, uint32_t county,
                                        size_t *count);
/* The place (county, nth); NULL when it is none. */
const struct tb_place *tb_rivers_place(const struct tb_rivers *rivers, uint32_t county,
                                       uint32_t nth);
/* True when water on ${from} leaves by (or, up, comes by) a reach or faces a
 * bank on ${other} within one county. */
bool tb_rivers_on_path(const struct tb_rivers *rivers, uint32_t from, uint32_t other,
                       enum tb_direction direction);

#endif
