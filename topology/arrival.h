#ifndef TB_ARRIVAL_H
#define TB_ARRIVAL_H

#include "topology/rivers.h"
#include "topology/rivers_layers.h"
#include "topology/travel.h"

/*
 * arrival - when the water gets there: for an incident at a place, every county,
 * section, border, gate and intake below, with its window or with the reason why
 * there is none; and the way back, from a sighting to where it may come from.
 *
 *     place ──pass reach──> county ──pass reach──> county …
 *                 │
 *                 └ gate not known to be open, dry bed, ice: everything below is
 *                   refused, with the window of the gate and whom to ask
 *
 * A refusal is an answer, and never takes a recipient away: who must hear it is the
 * rule's alone (I5). Pure; hours since the release throughout.
 */
enum tb_arrival_refusal {
    TB_ARRIVAL_GIVEN,    /* there is a window */
    TB_ARRIVAL_GATED,    /* 闸控: a gate or reservoir between, and not known to be open */
    TB_ARRIVAL_DRY,      /* 断流 */
    TB_ARRIVAL_ICE,      /* 冰封 */
    TB_ARRIVAL_NO_BASIS, /* 不可估算: no velocity class and no discharge */
};

enum tb_arrival_kind {
    TB_ARRIVAL_COUNTY,
    TB_ARRIVAL_BORDER, /* of a city or a province */
    TB_ARRIVAL_SECTION,
    TB_ARRIVAL_INTAKE,
    TB_ARRIVAL_GATE,
};

/* What an office has reported of the water. */
enum tb_water_fact_kind {
    TB_WATER_DISCHARGE,
    TB_WATER_GATE_OPEN,
    TB_WATER_GATE_CLOSED,
    TB_WATER_DRY,
    TB_WATER_ICE,
};

struct tb_water_fact {
    enum tb_water_fact_kind kind;
    const char *name;      /* of the river, or of the gate as reaches.csv writes it */
    double discharge_m3_s; /* of TB_WATER_DISCHARGE */
    double age_h;
    double valid_h; /* older than this it counts as missing */
};

/* The peak (hours after the release) at a section, or where the river enters a
 * county when ${section} is NULL. */
struct tb_water_sighting {
    uint32_t county;
    const char *river;
    const char *section;
    double hours;
};

/* Where it happened: exactly one of section, km and county. */
struct tb_arrival_place {
    const char *river;
    const char *section; /* NULL if not by section */
    double river_km;     /* below 0 if not by kilometre */
    uint32_t county;     /* somewhere in it; 0 if not by county */
};

struct tb_arrival_question {
    struct tb_arrival_place place;
    enum tb_travel_regime regime;
    double discharge_m3_s; /* 0: not known, the regime's velocity classes are used */
    const struct tb_water_fact *facts;
    size_t fact_count;
    const struct tb_water_sighting *sightings;
    size_t sighting_count;
};

struct tb_arrival_row {
    enum tb_arrival_kind kind;
    const char *place; /* borrowed */
    uint32_t code;     /* of the county that it lies in; of a border, of the county below */
    const char *river; /* by which the water comes; borrowed */
    double km;         /* along the water from the incident */
    enum tb_arrival_refusal refusal;
    const char *gate;               /* with TB_ARRIVAL_GATED: which. Its own row has its window */
    struct tb_travel_window window; /* with a refusal: that of the place where it begins */
    bool sample;                    /* the place is a made-up example of its layer */
};

/* Where a sighting may come from. */
struct tb_trace_row {
    uint32_t county;
    const char *river;
    double nearest_km, farthest_km; /* above the sighting */
    double latest_h, earliest_h;    /* the release was so many hours before it, from … to */
    const char *gate;               /* one on the way, where times mean little; "" for none */
    const struct tb_layer *risk;    /* its risk sources, ${risks} of them in a row */
    size_t risks;
};

enum { TB_ARRIVAL_ROWS_MAX = 4096, TB_ARRIVAL_FACTS_MAX = 256, TB_ARRIVAL_SIGHTINGS_MAX = 64 };
/* How far back a trace looks, and how far down an arrival: a month. */
#define TB_ARRIVAL_HOURS_MAX 720.0

/*
 * The rows below ${question}, by the likely first arrival, refused ones after all
 * that are given. TB_INPUT, told in ${diag}: no such river or section, a section
 * on another river, a kilometre off the river, a discharge out of range, a sighting
 * that cannot be. TB_TOOBIG when there are more than ${rows_max}. On failure
 * ${count} is 0.
 */
enum tb_status tb_arrival_down(const struct tb_rivers *rivers,
                               const struct tb_arrival_question *question,
                               struct tb_arrival_row *rows, size_t rows_max, size_t *count,
                               struct tb_diag *diag) TB_MUST_USE;

/*
 * Where what was seen at ${place} may come from; a second sighting at ${other},
 * ${other_h} hours after the first (below 0: before it; ignored when ${other} is
 * NULL), leaves only what explains both. By distance. Errors as above; a gate on
 * the way widens and never ends a trace.
 */
enum tb_status tb_arrival_trace(const struct tb_rivers *rivers,
                                const struct tb_arrival_question *question,
                                const struct tb_arrival_place *other, double other_h,
                                struct tb_trace_row *rows, size_t rows_max, size_t *count,
                                struct tb_diag *diag) TB_MUST_USE;

/* "闸控"; "" for TB_ARRIVAL_GIVEN. */
const char *tb_arrival_refusal_text(enum tb_arrival_refusal refusal);
const char *tb_arrival_kind_name(enum tb_arrival_kind kind);

#endif
