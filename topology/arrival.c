#include "topology/arrival_inner.h"

#include <math.h>
#include <string.h>

#include "base/fault.h"

/* A place that is known to a tenth of what lies above it in the county: sections
 * and works are put on the line of the river by their positions. */
#define OFFSET_ERROR 0.1
/* Two banks are entered at one kilometre when they differ by less. */
#define SAME_KM 0.05

const char *tb_arrival_refusal_text(enum tb_arrival_refusal refusal)
{
    static const char *const words[] = {
        [TB_ARRIVAL_GIVEN] = "",   [TB_ARRIVAL_GATED] = "闸控",        [TB_ARRIVAL_DRY] = "断流",
        [TB_ARRIVAL_ICE] = "冰封", [TB_ARRIVAL_NO_BASIS] = "不可估算",
    };
    tb_assert(refusal <= TB_ARRIVAL_NO_BASIS);
    return words[refusal];
}

const char *tb_arrival_kind_name(enum tb_arrival_kind kind)
{
    static const char *const words[] = {"county", "border", "section", "intake", "gate"};
    tb_assert(kind <= TB_ARRIVAL_GATE);
    return words[kind];
}

/* ------------------------------------------------------------- lengths */

struct tb_stretch tb_arrival_whole(const struct tb_rivers *rivers, const struct tb_reach *reach)
{
    double charted = tb_rivers_charted_km(rivers, reach->nth, reach->from, reach->to);
    double km = charted > 0 ? charted : reach->length_m / 1000.0;
    double error = reach->water.length_error;
    return (struct tb_stretch){km * (1 - error), km, km * (1 + error)};
}

struct tb_stretch tb_arrival_rest(const struct tb_stretch *whole, const struct tb_stretch *offset)
{
    return (struct tb_stretch){
        fmax(0, whole->min_km - offset->max_km),
        fmax(0, whole->likely_km - offset->likely_km),
        fmax(0, whole->max_km - offset->min_km),
    };
}

struct tb_stretch tb_arrival_anywhere(const struct tb_stretch *whole)
{
    return (struct tb_stretch){0, whole->likely_km / 2, whole->max_km};
}

double tb_arrival_span_km(const struct tb_rivers *rivers, const struct tb_place *place)
{
    double longest = 0;
    size_t count;
    const struct tb_reach *out = tb_rivers_along(rivers, place->county, TB_DOWN, &count);
    for (size_t i = 0; i < count; i++) {
        if (out[i].nth == place->nth) {
            longest = fmax(longest, tb_arrival_whole(rivers, &out[i]).likely_km);
        }
    }
    return longest;
}

static struct tb_stretch somewhere_in(const struct tb_rivers *rivers, const struct tb_place *place)
{
    double span = tb_arrival_span_km(rivers, place);
    return (struct tb_stretch){0, span / 2, span};
}

static struct tb_stretch about(double km)
{
    return (struct tb_stretch){km * (1 - OFFSET_ERROR), km, km * (1 + OFFSET_ERROR)};
}

struct tb_stretch tb_arrival_offset(const struct tb_rivers *rivers, const struct tb_place *place,
                                    const struct tb_layer *layer)
{
    double entry = tb_rivers_entry_km(rivers, place->nth, place->county);
    if (layer->nth != place->nth || layer->river_km < 0 || entry < 0) {
        return somewhere_in(rivers, place);
    }
    return about(fmax(0, layer->river_km - entry));
}

/* -------------------------------------------------------------- starts */

static enum tb_status no_such_river(const struct tb_rivers *rivers, const char *river,
                                    struct tb_diag *diag)
{
    tb_diag_set(diag, 0, "unknown river '%.64s'; write its name as rivers.csv does, e.g. %s", river,
                rivers->rivers > 0 ? rivers->river[0].key : "汾河");
    return TB_INPUT;
}

static enum tb_status start_at_section(const struct tb_rivers *rivers, uint32_t nth,
                                       const char *name, struct tb_arrival_start *start,
                                       struct tb_diag *diag)
{
    const struct tb_layer *section = tb_rivers_layer(rivers, TB_LAYER_SECTION, name);
    if (section == NULL) {
        tb_diag_set(diag, 0,
                    "unknown section '%.64s'; write its name as sections.csv does, or the county",
                    name);
        return TB_INPUT;
    }
    const struct tb_place *place = tb_rivers_place(rivers, section->county, nth);
    if (place == NULL || (section->nth != TB_RIVERS_NONE && section->nth != nth)) {
        tb_diag_set(diag, 0, "the section '%.64s' is not on %s; it lies in %06u on %s", name,
                    rivers->river[nth].key, section->county,
                    section->nth == TB_RIVERS_NONE ? "a water without reaches here"
                                                   : rivers->river[section->nth].key);
        return TB_INPUT;
    }
    *start = (struct tb_arrival_start){place, tb_arrival_offset(rivers, place, section)};
    return TB_OK;
}

static enum tb_status start_in_county(const struct tb_rivers *rivers, uint32_t nth, uint32_t county,
                                      struct tb_arrival_start *start, struct tb_diag *diag)
{
    const struct tb_place *place = tb_rivers_place(rivers, county, nth);
    if (place == NULL) {
        tb_diag_set(diag, 0,
                    "%s does not run through %06u; tongbao-topology rivers %06u tells its "
                    "rivers",
                    rivers->river[nth].key, county, county);
        return TB_INPUT;
    }
    *start = (struct tb_arrival_start){place, somewhere_in(rivers, place)};
    return TB_OK;
}

/* The counties, facing each other, that the river entered last above ${km}. */
static enum tb_status start_at_km(const struct tb_rivers *rivers, uint32_t nth, double km,
                                  struct tb_arrival_start starts[], size_t *count,
                                  struct tb_diag *diag)
{
    double last = -1;
    double mouth = rivers->river[nth].length_km;
    for (size_t i = 0; i < rivers->entries; i++) {
        const struct tb_entry *entry = &rivers->entry[i];
        if (entry->nth != nth) {
            continue;
        }
        const struct tb_place *place = tb_rivers_place(rivers, entry->county, nth);
        mouth = fmax(mouth, entry->km + tb_arrival_span_km(rivers, place));
        if (entry->km <= km) {
            last = fmax(last, entry->km);
        }
    }
    if (last < 0 || km > mouth) {
        tb_diag_set(diag, 0, "kilometre %.10g is not on %s; write 0 to %.10g, counted downstream",
                    km, rivers->river[nth].key, mouth);
        return TB_INPUT;
    }
    for (size_t i = 0; i < rivers->entries && *count < TB_ARRIVAL_STARTS_MAX; i++) {
        const struct tb_entry *entry = &rivers->entry[i];
        if (entry->nth == nth && fabs(entry->km - last) < SAME_KM) {
            starts[(*count)++] = (struct tb_arrival_start){
                tb_rivers_place(rivers, entry->county, nth), about(fmax(0, km - entry->km))};
        }
    }
    return TB_OK;
}

enum tb_status tb_arrival_starts(const struct tb_rivers *rivers,
                                 const struct tb_arrival_place *place,
                                 struct tb_arrival_start starts[], size_t *count,
                                 struct tb_diag *diag)
{
    *count = 0;
    uint32_t nth = tb_rivers_nth(rivers, place->river);
    if (nth == TB_RIVERS_NONE) {
        return no_such_river(rivers, place->river, diag);
    }
    if (place->section != NULL) {
        *count = 1;
        return start_at_section(rivers, nth, place->section, starts, diag);
    }
    if (place->county != 0) {
        *count = 1;
        return start_in_county(rivers, nth, place->county, starts, diag);
    }
    return start_at_km(rivers, nth, place->river_km, starts, count, diag);
}

/* --------------------------------------------------------------- speed */

static const struct tb_water_fact *reported(const struct tb_arrival_question *question,
                                            enum tb_water_fact_kind kind, const char *name)
{
    const struct tb_water_fact *newest = NULL;
    for (size_t i = 0; i < question->fact_count; i++) {
        const struct tb_water_fact *fact = &question->facts[i];
        if (fact->kind == kind && fact->age_h <= fact->valid_h && strcmp(fact->name, name) == 0 &&
            (newest == NULL || fact->age_h < newest->age_h)) {
            newest = fact;
        }
    }
    return newest;
}

bool tb_arrival_reported(const struct tb_arrival_question *question, enum tb_water_fact_kind kind,
                         const char *name)
{
    const struct tb_water_fact *fact = reported(question, kind, name);
    if (fact == NULL || kind != TB_WATER_GATE_OPEN) {
        return fact != NULL;
    }
    const struct tb_water_fact *closed = reported(question, TB_WATER_GATE_CLOSED, name);
    return closed == NULL || fact->age_h < closed->age_h;
}

/* The first gate or dam of the river ${nth} between two of its kilometres that is not
 * known to be open; NULL when there is none. */
static const struct tb_layer *first_bar(const struct tb_rivers *rivers,
                                        const struct tb_arrival_question *question, uint32_t nth,
                                        double from_km, double to_km)
{
    size_t low = 0;
    size_t high = rivers->bars;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tb_bar *bar = &rivers->bar[middle];
        bool before = bar->nth < nth || (bar->nth == nth && bar->km <= from_km);
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    for (; low < rivers->bars && rivers->bar[low].nth == nth && rivers->bar[low].km <= to_km;
         low++) {
        const struct tb_layer *work = &rivers->layer[rivers->bar[low].layer];
        if (!tb_arrival_reported(question, TB_WATER_GATE_OPEN, work->name)) {
            return work;
        }
    }
    return NULL;
}

bool tb_arrival_bar(const struct tb_rivers *rivers, const struct tb_arrival_question *question,
                    const struct tb_reach *reach, double from_km, struct tb_arrival_bar *bar)
{
    double entry = tb_rivers_entry_km(rivers, reach->nth, reach->from);
    struct tb_stretch whole = tb_arrival_whole(rivers, reach);
    const struct tb_layer *first = entry < 0 ? NULL
                                             : first_bar(rivers, question, reach->nth,
                                                         entry + from_km, entry + whole.likely_km);
    if (first != NULL) {
        *bar = (struct tb_arrival_bar){first->name, true, about(first->river_km - entry)};
        return true;
    }
    if (*reach->gate == '\0' || tb_arrival_reported(question, TB_WATER_GATE_OPEN, reach->gate)) {
        return false;
    }
    const struct tb_layer *named = tb_rivers_layer(rivers, TB_LAYER_GATE, reach->gate);
    named = named != NULL ? named : tb_rivers_layer(rivers, TB_LAYER_DAM, reach->gate);
    if (named != NULL && named->river_km >= 0) {
        return false;
    }
    *bar = (struct tb_arrival_bar){reach->gate, false, tb_arrival_anywhere(&whole)};
    return true;
}

bool tb_arrival_speed(const struct tb_arrival_question *question, const struct tb_reach *reach,
                      struct tb_speed *speed)
{
    const struct tb_reach_water *water = &reach->water;
    const struct tb_water_fact *fact = reported(question, TB_WATER_DISCHARGE, reach->river);
    struct tb_flow flow = {
        .discharge_m3_s = fact != NULL ? fact->discharge_m3_s : question->discharge_m3_s,
        .mean_discharge_m3_s = water->mean_discharge_m3_s,
        .area_km2 = water->area_km2,
        .slope = water->slope,
    };
    if (flow.discharge_m3_s > 0 && water->rating_a > 0 && water->rating_b > 0) {
        *speed = tb_speed_of_rating(water->rating_a, water->rating_b, &flow);
    } else if (flow.discharge_m3_s > 0) {
        *speed = tb_speed_of_flow(&flow);
    } else if (water->low_m_s > 0) {
        *speed = tb_speed_of_class(water->low_m_s, water->normal_m_s, water->flood_m_s,
                                   question->regime);
    } else {
        return false;
    }
    return true;
}

enum tb_status tb_arrival_check(const struct tb_arrival_question *question, struct tb_diag *diag)
{
    struct tb_flow flow = {.discharge_m3_s = question->discharge_m3_s};
    tb_assert(question->fact_count <= TB_ARRIVAL_FACTS_MAX);
    tb_assert(question->sighting_count <= TB_ARRIVAL_SIGHTINGS_MAX);
    if (question->discharge_m3_s > 0 || question->discharge_m3_s < 0) {
        enum tb_status status = tb_flow_check(&flow, diag);
        if (status != TB_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < question->fact_count; i++) {
        if (!(question->facts[i].age_h >= 0)) {
            tb_diag_set(diag, 0,
                        "what is reported of %.64s lies in the future; write when it was "
                        "seen",
                        question->facts[i].name);
            return TB_INPUT;
        }
        flow.discharge_m3_s = question->facts[i].discharge_m3_s;
        if (question->facts[i].kind == TB_WATER_DISCHARGE && tb_flow_check(&flow, diag) != TB_OK) {
            return TB_INPUT;
        }
    }
    return TB_OK;
}
