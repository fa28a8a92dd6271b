#ifndef TB_RIVERS_H
#define TB_RIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/limits.h"
#include "base/status.h"

/*
 * rivers - which water flows from which county into which, checked once and
 * then never changed.
 *
 * A county lies on several rivers, so the places of this graph are states
 * (county, river). Within a county a river passes, without a hop, into the
 * river it flows into, and so on down; the next states of (c, r) are the ends
 * of all reaches that leave c on r or on any of those. Up is the exact reverse.
 * Walking counties alone would warn the wrong basin: from 宁武 the 汾河 goes to
 * 静乐 and the 恢河 to 朔城.
 *
 *     (静乐, 岚河) ··passes··> (静乐, 汾河) ──reach──> (娄烦, 汾河)
 */
enum tb_level { TB_LEVEL_COUNTY, TB_LEVEL_CITY, TB_LEVEL_PROVINCE };
enum tb_direction { TB_DOWN, TB_UP };

enum {
    TB_RIVERS_DIVISIONS_MAX = 8 * 1024,
    TB_RIVERS_KEYS_MAX = 16 * 1024,    /* rivers */
    TB_RIVERS_REACHES_MAX = 64 * 1024, /* and as many facing banks, both ways */
    TB_RIVERS_DEPTH_MAX = 16,          /* rivers from a source to the sea */
    TB_RIVERS_OF_COUNTY_MAX = 64,      /* rivers that touch one county */
    TB_RIVERS_NEIGHBOURS_MAX = 64,     /* reaches and banks that touch one county */
};

/* One table of a topology, by its name: "…/reaches.csv". Borrowed. */
struct tb_rivers_file {
    const char *name;
    struct tb_bytes bytes;
};

/* A division of GB/T 2260, and which offices stand above it. */
struct tb_division {
    uint32_t code;
    const char *name;
    enum tb_level level;
    bool office;          /* false: a code without a bureau, never a recipient */
    uint32_t parent;      /* the division above by code; 0 above a province */
    uint32_t city;        /* the office that is its city: its own code for a city;
                             the province where no city has a bureau; 0 for a province */
    uint32_t province;    /* its own code for a province */
    const char *circular; /* of a province: its circular on telling downstream, "" if none */
    const char *basin;    /* "none" for a county that no reach and no bank touches */
    int32_t lon_microdeg;
    int32_t lat_microdeg;
    int line; /* of divisions.csv */
};

/* What the travel of water along a reach goes by; 0 for what is not known. */
struct tb_reach_water {
    double length_error;                   /* of length_m, as a part of it */
    double low_m_s, normal_m_s, flood_m_s; /* of its velocity class */
    double mean_discharge_m3_s, area_km2, slope;
    double rating_a, rating_b; /* u = a Q^b in m/s and m3/s, calibrated here */
};

/* A stretch of one river from the upstream entry of one county to that of the
 * next. */
struct tb_reach {
    uint32_t from;
    uint32_t to;
    uint32_t nth; /* of the river, in the order of rivers.csv */
    const char *river;
    uint32_t length_m; /* estimated */
    const char *velocity_class;
    const char *gate; /* the reservoir or gate on it, "" for none */
    struct tb_reach_water water;
    int line; /* of reaches.csv */
};

struct tb_river_state {
    uint32_t county;
    const char *river;
};

struct tb_rivers;

/*
 * Read and check the ${count} tables ${files}, known by the last part of their
 * names: divisions.csv, rivers.csv, reaches.csv, banks.csv and ends.csv are
 * needed; velocity_classes.csv, chainage.csv, sections.csv and works.csv are read
 * where they are given; other names are let be. Nothing is borrowed but, by ${diag}, a file's
 * name. TB_INPUT for the first mistake, told in ${diag} with file and line and
 * what to write instead; ${out} is then NULL. The caller frees ${out}.
 */
enum tb_status tb_rivers_load(struct tb_rivers **out, const struct tb_rivers_file *files,
                              size_t count, struct tb_diag *diag) TB_MUST_USE;
void tb_rivers_free(struct tb_rivers *rivers);

/* The division ${code}; NULL when it is in no table. */
const struct tb_division *tb_rivers_division(const struct tb_rivers *rivers, uint32_t code);
/* All of them by code, and all reaches by (from, river, to). */
const struct tb_division *tb_rivers_divisions(const struct tb_rivers *rivers, size_t *count);
const struct tb_reach *tb_rivers_reaches(const struct tb_rivers *rivers, size_t *count);

/* Its name; "" for an unknown code. */
const char *tb_rivers_name(const struct tb_rivers *rivers, uint32_t code);
/* The office above ${code}: 140926 → 140900 → 140000 → 0, but 110109 → 110000;
 * 0 for an unknown code. */
uint32_t tb_rivers_parent(const struct tb_rivers *rivers, uint32_t code);
/* The province of ${code}; 0 for an unknown code. */
uint32_t tb_rivers_province(const struct tb_rivers *rivers, uint32_t code);

/*
 * The rivers of a county, or of all counties of a city or province, each once,
 * in the order of rivers.csv; borrowed. TB_UNKNOWN for an unknown code,
 * TB_TOOBIG when there are more than ${keys_max}.
 */
enum tb_status tb_rivers_of(const struct tb_rivers *rivers, uint32_t code, const char **keys,
                            size_t keys_max, size_t *count) TB_MUST_USE;

/*
 * The states one hop from (county, river), by (river, county). A state's river
 * is the one by which the water arrives there (or, up, by which it comes).
 * TB_UNKNOWN for a river that is not one of the county's, TB_TOOBIG when there
 * are more than ${states_max}.
 */
enum tb_status tb_rivers_step(const struct tb_rivers *rivers, uint32_t county, const char *river,
                              enum tb_direction direction, struct tb_river_state *states,
                              size_t states_max, size_t *count) TB_MUST_USE;

#endif
