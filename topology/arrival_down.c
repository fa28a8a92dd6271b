#include "topology/arrival_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* An incident so near above a gate of known place, or below it, is below it: the
 * outlet's section is put on the river to about that. */
#define AT_GATE_KM 1.0

/* A state below the incident: what the water is when it enters, or, at the start,
 * at the incident itself. */
struct stop {
    const struct tb_place *place;
    struct tb_plume plume; /* where refused: of where the refusal begins */
    enum tb_arrival_refusal refusal;
    const char *gate;
    const char *border; /* the city or province that is entered here; NULL for none */
    bool start;
    bool reached;
    struct tb_stretch offset; /* of the start below the entry; else nothing */
};

struct walk {
    const struct tb_rivers *rivers;
    const struct tb_arrival_question *question;
    struct tb_diag *diag;
    struct stop *stop;
    size_t stops;
    uint32_t *stop_of; /* by place: 1 + its stop, 0 for none */
    uint32_t *order;   /* stops, each before all that lie below it, from the end */
    size_t ordered;
    struct tb_arrival_row *row;
    size_t rows;
    size_t rows_max;
    bool full;
    bool used[TB_ARRIVAL_SIGHTINGS_MAX];
};

/* ----------------------------------------------------------------- stops */

static struct stop *stop_at(const struct walk *walk, const struct tb_place *place)
{
    uint32_t at = walk->stop_of[place - walk->rivers->place];
    return at == 0 ? NULL : &walk->stop[at - 1];
}

/* Find all states below ${place}, and put each into the order after those below. */
static void find(struct walk *walk, const struct tb_place *place)
{
    if (stop_at(walk, place) != NULL) {
        return;
    }
    size_t own = walk->stops++;
    walk->stop[own] = (struct stop){.place = place};
    walk->stop_of[place - walk->rivers->place] = (uint32_t)own + 1;
    size_t count;
    const struct tb_reach *out = tb_rivers_along(walk->rivers, place->county, TB_DOWN, &count);
    for (size_t i = 0; i < count; i++) {
        if (tb_rivers_on_path(walk->rivers, place->nth, out[i].nth, TB_DOWN)) {
            find(walk, tb_rivers_place(walk->rivers, out[i].to, out[i].nth));
        }
    }
    walk->order[walk->ordered++] = (uint32_t)own;
}

/* The earlier of two ways into a state, for each of its times. */
static void earlier(struct tb_plume *into, const struct tb_plume *other)
{
    double earliest = fmin(into->peak_earliest_h, other->peak_earliest_h);
    double latest = fmin(into->peak_latest_h, other->peak_latest_h);
    if (other->peak_h < into->peak_h) {
        *into = *other;
    }
    into->peak_earliest_h = earliest;
    into->peak_latest_h = fmax(latest, into->peak_h);
}

/* The water comes into ${stop} like this too. What is given stands before what is
 * refused: the other way may be the open one. */
static void arrive(struct stop *stop, const struct tb_plume *plume, enum tb_arrival_refusal refusal,
                   const char *gate)
{
    bool better =
        !stop->reached || (stop->refusal != TB_ARRIVAL_GIVEN && refusal == TB_ARRIVAL_GIVEN);
    bool same = (stop->refusal == TB_ARRIVAL_GIVEN) == (refusal == TB_ARRIVAL_GIVEN);
    if (stop->start) {
        return;
    }
    if (better) {
        stop->plume = *plume;
        stop->refusal = refusal;
        stop->gate = gate;
    } else if (same && refusal == TB_ARRIVAL_GIVEN) {
        earlier(&stop->plume, plume);
    } else if (same && plume->peak_earliest_h < stop->plume.peak_earliest_h) {
        stop->plume = *plume;
        stop->refusal = refusal;
        stop->gate = gate;
    }
    stop->reached = true;
}

/* ------------------------------------------------------------------ rows */

static void add_row(struct walk *walk, enum tb_arrival_kind kind, const char *name,
                    const struct stop *stop, const struct tb_plume *plume, bool sample)
{
    if (walk->rows == walk->rows_max) {
        walk->full = true;
        return;
    }
    struct tb_arrival_row *row = &walk->row[walk->rows++];
    *row = (struct tb_arrival_row){
        .kind = kind,
        .place = name,
        .code = stop->place->county,
        .river = walk->rivers->river[stop->place->nth].key,
        .km = plume->km,
        .refusal = stop->refusal,
        .gate = stop->gate,
        .sample = sample,
    };
    tb_plume_window(plume, &row->window);
}

/* ------------------------------------------------------------------ ways */

/* The peak was seen where ${here} is; that lifts any refusal above: the water has
 * come. */
static enum tb_status sighted(const struct walk *walk, struct stop *here,
                              const struct tb_water_sighting *seen)
{
    if (here->refusal == TB_ARRIVAL_GIVEN) {
        return tb_plume_seen(&here->plume, seen->hours, walk->diag);
    }
    if (!(seen->hours > 0) || seen->hours > TB_TRAVEL_HOURS_MAX || here->plume.km <= 0) {
        tb_diag_set(walk->diag, 0, "the peak at kilometre %.10g: write hours since the release",
                    here->plume.km);
        return TB_INPUT;
    }
    tb_plume_resume(&here->plume, here->plume.km, seen->hours);
    here->refusal = TB_ARRIVAL_GIVEN;
    here->gate = NULL;
    return TB_OK;
}

static enum tb_status seen_at_entry(struct walk *walk, struct stop *stop)
{
    const struct tb_arrival_question *question = walk->question;
    const char *river = walk->rivers->river[stop->place->nth].key;
    for (size_t i = 0; i < question->sighting_count; i++) {
        const struct tb_water_sighting *seen = &question->sightings[i];
        if (seen->section != NULL || seen->county != stop->place->county ||
            strcmp(seen->river, river) != 0 || stop->start) {
            continue;
        }
        walk->used[i] = true;
        return sighted(walk, stop, seen);
    }
    return TB_OK;
}

/* The next sighting at a section of this county below ${from_km} and not below
 * ${to_km}, both below the entry; NULL when there is none. */
static const struct tb_water_sighting *next_seen(struct walk *walk, const struct stop *stop,
                                                 double from_km, double to_km, double *at_km)
{
    size_t next = TB_ARRIVAL_SIGHTINGS_MAX;
    for (size_t i = 0; i < walk->question->sighting_count; i++) {
        const struct tb_water_sighting *seen = &walk->question->sightings[i];
        const struct tb_layer *section =
            seen->section == NULL ? NULL
                                  : tb_rivers_layer(walk->rivers, TB_LAYER_SECTION, seen->section);
        if (section == NULL || section->county != stop->place->county ||
            section->nth != stop->place->nth) {
            continue;
        }
        double km = tb_arrival_offset(walk->rivers, stop->place, section).likely_km;
        if (km > from_km && km <= to_km && (next == TB_ARRIVAL_SIGHTINGS_MAX || km < *at_km)) {
            next = i;
            *at_km = km;
        }
    }
    if (next == TB_ARRIVAL_SIGHTINGS_MAX) {
        return NULL;
    }
    walk->used[next] = true;
    return &walk->question->sightings[next];
}

/* What is reported of ${river} that ends all reckoning. */
static enum tb_arrival_refusal barred(const struct walk *walk, const char *river)
{
    if (tb_arrival_reported(walk->question, TB_WATER_DRY, river)) {
        return TB_ARRIVAL_DRY;
    }
    if (tb_arrival_reported(walk->question, TB_WATER_ICE, river)) {
        return TB_ARRIVAL_ICE;
    }
    return TB_ARRIVAL_GIVEN;
}

/* The row of a gate: one for each gate, however many reaches lead to it. */
static void add_gate(struct walk *walk, const struct stop *at, const char *gate)
{
    for (size_t i = 0; i < walk->rows; i++) {
        if (walk->row[i].kind == TB_ARRIVAL_GATE && strcmp(walk->row[i].place, gate) == 0) {
            return;
        }
    }
    add_row(walk, TB_ARRIVAL_GATE, gate, at, &at->plume, false);
}

/* What the water of a county meets on one way out of it. */
struct local {
    const struct tb_reach *reach; /* NULL when there is none */
    struct tb_speed speed;
    enum tb_arrival_refusal refusal; /* of the whole way */
    struct tb_arrival_bar bar;
    bool barred;
};

static struct local local_of(const struct walk *walk, const struct stop *stop,
                             const struct tb_reach *reach)
{
    struct local local = {.reach = reach, .refusal = barred(walk, reach->river)};
    bool own = reach->nth == stop->place->nth;
    double from_km = own && stop->start ? stop->offset.likely_km + AT_GATE_KM : 0;
    if (!tb_arrival_speed(walk->question, reach, &local.speed) &&
        local.refusal == TB_ARRIVAL_GIVEN) {
        local.refusal = TB_ARRIVAL_NO_BASIS;
    }
    local.barred = tb_arrival_bar(walk->rivers, walk->question, reach, from_km, &local.bar);
    return local;
}

/* ${here} goes on between two places below the entry, which is ${entry_km} below the
 * incident; a bar between them, or one of unknown place, ends the reckoning at it. */
static void advance(struct walk *walk, const struct local *local, double entry_km,
                    const struct tb_stretch *from, const struct tb_stretch *to, struct stop *here)
{
    const struct tb_arrival_bar *bar = &local->bar;
    bool stopped = local->barred && (!bar->placed || bar->offset.likely_km < to->likely_km);
    if (here->refusal == TB_ARRIVAL_GIVEN && local->refusal != TB_ARRIVAL_GIVEN) {
        here->refusal = local->refusal;
    } else if (here->refusal == TB_ARRIVAL_GIVEN) {
        struct tb_stretch way = tb_arrival_rest(stopped ? &bar->offset : to, from);
        tb_plume_pass(&here->plume, &way, &local->speed);
        if (stopped) {
            add_gate(walk, here, bar->name);
            here->refusal = TB_ARRIVAL_GATED;
            here->gate = bar->name;
        }
    }
    if (here->refusal != TB_ARRIVAL_GIVEN) {
        here->plume.km = fmax(0, entry_km + to->likely_km);
    }
}

/* From the entry, or the incident, to ${to} below the entry of the own river, from
 * sighting to sighting; a sighting lifts the refusal above it. */
static enum tb_status go_to(struct walk *walk, const struct stop *stop, const struct local *way,
                            const struct tb_stretch *to, struct stop *here)
{
    struct local local = *way;
    struct tb_stretch from = stop->offset;
    double entry_km = stop->plume.km - from.likely_km;
    double at_km = 0;
    const struct tb_water_sighting *seen;
    *here = *stop;
    while ((seen = next_seen(walk, stop, from.likely_km, to->likely_km, &at_km)) != NULL) {
        struct tb_stretch at = {at_km, at_km, at_km};
        advance(walk, &local, entry_km, &from, &at, here);
        enum tb_status status = sighted(walk, here, seen);
        if (status != TB_OK) {
            return status;
        }
        from = at;
        local.barred = local.barred &&
                       tb_arrival_bar(walk->rivers, walk->question, local.reach, at_km, &local.bar);
    }
    advance(walk, &local, entry_km, &from, to, here);
    return TB_OK;
}

/* The water of ${stop} goes on by ${reach}. */
static enum tb_status pass(struct walk *walk, const struct stop *stop, const struct local *local)
{
    const struct tb_reach *reach = local->reach;
    struct stop *next = stop_at(walk, tb_rivers_place(walk->rivers, reach->to, reach->nth));
    struct tb_stretch whole = tb_arrival_whole(walk->rivers, reach);
    struct stop here = *stop;
    if (reach->nth == stop->place->nth) {
        enum tb_status status = go_to(walk, stop, local, &whole, &here);
        if (status != TB_OK) {
            return status;
        }
    } else {
        struct tb_stretch somewhere = tb_arrival_anywhere(&whole);
        advance(walk, local, stop->plume.km, &(struct tb_stretch){0}, &somewhere, &here);
    }
    arrive(next, &here.plume, here.refusal, here.gate);
    return TB_OK;
}

/* True when ${layer} is to be told of at ${stop}: a section on the stop's own river,
 * an intake on any that it passes into, for nobody may drink by mistake. */
static bool told(const struct walk *walk, const struct stop *stop, const struct tb_layer *layer)
{
    if (layer->nth == TB_RIVERS_NONE) {
        return false;
    }
    return layer->kind == TB_LAYER_SECTION
               ? layer->nth == stop->place->nth
               : layer->kind == TB_LAYER_INTAKE &&
                     tb_rivers_passes(walk->rivers, stop->place->nth, layer->nth);
}

/* The sections and intakes of the county below the incident. */
static enum tb_status add_layers(struct walk *walk, const struct stop *stop,
                                 const struct local *local)
{
    size_t count;
    const struct tb_layer *layer = tb_rivers_layers(walk->rivers, stop->place->county, &count);
    for (size_t i = 0; i < count; i++) {
        struct tb_stretch way = tb_arrival_offset(walk->rivers, stop->place, &layer[i]);
        if (!told(walk, stop, &layer[i]) ||
            (stop->start && way.max_km < stop->offset.min_km)) { /* above the incident */
            continue;
        }
        struct stop here;
        enum tb_status status = go_to(walk, stop, local, &way, &here);
        if (status != TB_OK) {
            return status;
        }
        add_row(walk, layer[i].kind == TB_LAYER_SECTION ? TB_ARRIVAL_SECTION : TB_ARRIVAL_INTAKE,
                layer[i].name, &here, &here.plume, layer[i].sample);
    }
    return TB_OK;
}

/* The city or province that water going from ${from} to ${to} enters; NULL when it
 * stays. */
static const char *border(const struct tb_rivers *rivers, const struct tb_place *from,
                          const struct tb_place *to)
{
    if (from->province != to->province) {
        return tb_rivers_name(rivers, to->province);
    }
    return from->city != to->city ? tb_rivers_name(rivers, to->city) : NULL;
}

static enum tb_status go_on(struct walk *walk, struct stop *stop)
{
    uint32_t nth = stop->place->nth;
    struct local own = {0}; /* along the own river; else the first that the water takes */
    size_t count;
    enum tb_status status = seen_at_entry(walk, stop);
    const struct tb_reach *out =
        tb_rivers_along(walk->rivers, stop->place->county, TB_DOWN, &count);
    for (size_t i = 0; i < count && status == TB_OK; i++) {
        if (!tb_rivers_on_path(walk->rivers, nth, out[i].nth, TB_DOWN)) {
            continue;
        }
        const struct tb_place *to = tb_rivers_place(walk->rivers, out[i].to, out[i].nth);
        const char *entered = border(walk->rivers, stop->place, to);
        struct stop *next = stop_at(walk, to);
        next->border = next->border == NULL ? entered : next->border;
        struct local local = local_of(walk, stop, &out[i]);
        status = pass(walk, stop, &local);
        if (own.reach == NULL || (out[i].nth == nth && (own.reach->nth != nth || !own.barred))) {
            own = local;
        }
    }
    if (status != TB_OK) {
        return status;
    }
    if (!stop->start) {
        add_row(walk, TB_ARRIVAL_COUNTY, tb_rivers_name(walk->rivers, stop->place->county), stop,
                &stop->plume, false);
        if (stop->border != NULL) {
            add_row(walk, TB_ARRIVAL_BORDER, stop->border, stop, &stop->plume, false);
        }
    }
    if (own.reach == NULL || own.reach->nth != nth) {
        own.barred = false;
        own.refusal = barred(walk, walk->rivers->river[nth].key);
    }
    if (own.refusal == TB_ARRIVAL_GIVEN && own.speed.peak_m_s <= 0) {
        own.refusal = TB_ARRIVAL_NO_BASIS;
    }
    return add_layers(walk, stop, &own);
}

/* ------------------------------------------------------------------- all */

static int by_time(const void *left, const void *right)
{
    const struct tb_arrival_row *a = left;
    const struct tb_arrival_row *b = right;
    bool given = a->refusal == TB_ARRIVAL_GIVEN;
    if (given != (b->refusal == TB_ARRIVAL_GIVEN)) {
        return given ? -1 : 1;
    }
    double x = given ? a->window.likely_h : a->km;
    double y = given ? b->window.likely_h : b->km;
    if (x < y || x > y) {
        return x < y ? -1 : 1;
    }
    if (a->code != b->code) {
        return a->code < b->code ? -1 : 1;
    }
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->place, b->place);
}

static enum tb_status run(struct walk *walk, const struct tb_arrival_start starts[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        find(walk, starts[i].place);
    }
    for (size_t i = 0; i < count; i++) {
        struct stop *stop = stop_at(walk, starts[i].place);
        stop->start = true;
        stop->reached = true;
        stop->offset = starts[i].offset;
        tb_plume_start(&stop->plume);
    }
    enum tb_status status = TB_OK;
    for (size_t i = walk->ordered; i-- > 0 && status == TB_OK;) {
        struct stop *stop = &walk->stop[walk->order[i]];
        if (stop->plume.peak_earliest_h <= TB_ARRIVAL_HOURS_MAX && stop->reached) {
            status = go_on(walk, stop);
        }
    }
    return status == TB_OK && walk->full ? TB_TOOBIG : status;
}

/* Every sighting must lie on the way: one that does not would be let be unseen. */
static enum tb_status all_used(const struct walk *walk)
{
    for (size_t i = 0; i < walk->question->sighting_count; i++) {
        const struct tb_water_sighting *seen = &walk->question->sightings[i];
        if (!walk->used[i]) {
            tb_diag_set(walk->diag, 0,
                        "the sighting at '%.64s' does not lie on the water below the incident, or "
                        "stands twice; write each place below it once",
                        seen->section != NULL ? seen->section
                                              : tb_rivers_name(walk->rivers, seen->county));
            return TB_INPUT;
        }
    }
    return TB_OK;
}

enum tb_status tb_arrival_down(const struct tb_rivers *rivers,
                               const struct tb_arrival_question *question,
                               struct tb_arrival_row *rows, size_t rows_max, size_t *count,
                               struct tb_diag *diag)
{
    struct tb_arrival_start starts[TB_ARRIVAL_STARTS_MAX];
    size_t start_count;
    *count = 0;
    enum tb_status status = tb_arrival_check(question, diag);
    if (status == TB_OK) {
        status = tb_arrival_starts(rivers, &question->place, starts, &start_count, diag);
    }
    if (status != TB_OK) {
        return status;
    }
    struct walk walk = {
        .rivers = rivers,
        .question = question,
        .diag = diag,
        .stop = calloc(rivers->places, sizeof *walk.stop),
        .stop_of = calloc(rivers->places, sizeof *walk.stop_of),
        .order = calloc(rivers->places, sizeof *walk.order),
        .row = rows,
        .rows_max = rows_max,
    };
    tb_assert(walk.stop != NULL && walk.stop_of != NULL && walk.order != NULL);
    status = run(&walk, starts, start_count);
    if (status == TB_OK) {
        status = all_used(&walk);
    }
    free(walk.stop);
    free(walk.stop_of);
    free(walk.order);
    if (status == TB_OK) {
        *count = walk.rows;
        qsort(rows, walk.rows, sizeof *rows, by_time);
    }
    return status;
}
