#ifndef TB_RIVERS_LAYERS_H
#define TB_RIVERS_LAYERS_H

#include "topology/rivers.h"

/*
 * rivers_layers - what lies along a river: sections, and the works of 一河一策一图
 * (intakes, gates, dams, bridges, storage spaces, risk sources), each on a river in
 * a county, with its river kilometre where it is known.
 *
 * A river kilometre counts along one river from the zero that chainage.csv gives
 * it; a river without rows there counts from the entry of its uppermost county.
 */
enum tb_layer_kind {
    TB_LAYER_SECTION, /* 断面 */
    TB_LAYER_INTAKE,  /* 取水口 */
    TB_LAYER_GATE,    /* 闸坝 */
    TB_LAYER_DAM,     /* 水库大坝 */
    TB_LAYER_BRIDGE,  /* 桥梁 */
    TB_LAYER_STORAGE, /* 应急空间 */
    TB_LAYER_RISK,    /* 风险源 */
    TB_LAYER_KINDS
};

struct tb_layer {
    enum tb_layer_kind kind;
    const char *name;
    uint32_t county;
    uint32_t nth;    /* of the river; UINT32_MAX when its name is no key of rivers.csv */
    double river_km; /* below 0: not known */
    bool sample;     /* shown as one: no real place */
    int line;
};

/* The layers of ${county}, by (county, nth, river_km, name). Borrowed. */
const struct tb_layer *tb_rivers_layers(const struct tb_rivers *rivers, uint32_t county,
                                        size_t *count);
/* The first of ${kind} that is called ${name}, or whose name says more of it in
 * brackets: 寨上 finds 寨上(水文站). NULL when there is none. */
const struct tb_layer *tb_rivers_layer(const struct tb_rivers *rivers, enum tb_layer_kind kind,
                                       const char *name);
const char *tb_layer_kind_name(enum tb_layer_kind kind);

/* The kilometre of the river ${nth} where it enters ${county}; below 0 when the
 * river does not run there. */
double tb_rivers_entry_km(const struct tb_rivers *rivers, uint32_t nth, uint32_t county);
/* The kilometres between two entries, one below the other, by chainage.csv; below 0
 * when it has not both. */
double tb_rivers_charted_km(const struct tb_rivers *rivers, uint32_t nth, uint32_t from,
                            uint32_t to);

#endif
