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

/* The sections and intakes of the county below the incident; behind a bar that lies
 * above them they are refused. ${bar} is NULL when there is none. */
static void add_layers(struct walk *walk, const struct stop *stop, const struct tb_speed *speed,
                       const struct tb_arrival_bar *bar)
{
    size_t count;
    const struct tb_layer *layer = tb_rivers_layers(walk->rivers, stop->place->county, &count);
    for (size_t i = 0; i < count; i++) {
        struct tb_stretch way = tb_arrival_offset(walk->rivers, stop->place, &layer[i]);
        if (!told(walk, stop, &layer[i]) ||
            (stop->start && way.max_km < stop->offset.min_km)) { /* above the incident */
            continue;
        }
        struct stop here = *stop;
        if (here.refusal == TB_ARRIVAL_GIVEN && bar != NULL &&
            (!bar->placed || way.likely_km > bar->offset.likely_km)) {
            way = bar->offset;
            here.refusal = TB_ARRIVAL_GATED;
            here.gate = bar->name;
        }
        struct tb_plume plume = stop->plume;
        if (stop->refusal == TB_ARRIVAL_GIVEN) {
            way = tb_arrival_rest(&way, &stop->offset);
            tb_plume_pass(&plume, &way, speed);
        }
        add_row(walk, layer[i].kind == TB_LAYER_SECTION ? TB_ARRIVAL_SECTION : TB_ARRIVAL_INTAKE,
                layer[i].name, &here, &plume, layer[i].sample);
    }
}

/* ------------------------------------------------------------------ ways */

/* A sighting where the river enters the county lifts any refusal above it: the
 * water has come. */
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
        if (stop->refusal == TB_ARRIVAL_GIVEN) {
            return tb_plume_seen(&stop->plume, seen->hours, walk->diag);
        }
        if (seen->hours > 0 && stop->plume.km > 0) {
            tb_plume_resume(&stop->plume, stop->plume.km, seen->hours);
            stop->refusal = TB_ARRIVAL_GIVEN;
            stop->gate = NULL;
        }
    }
    return TB_OK;
}

/* The next sighting at a section of this county below ${from_km} and above
 * ${to_km}, both below the entry; NULL when there is none. */
static const struct tb_water_sighting *next_seen(const struct walk *walk, const struct stop *stop,
                                                 double from_km, double to_km, double *at_km)
{
    const struct tb_water_sighting *next = NULL;
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
        if (km > from_km && km <= to_km && (next == NULL || km < *at_km)) {
            next = seen;
            *at_km = km;
        }
    }
    return next;
}

/* Along ${reach} on the stop's own river, from sighting to sighting. */
static enum tb_status pass_seen(const struct walk *walk, const struct stop *stop,
                                const struct tb_reach *reach, const struct tb_speed *speed,
                                struct tb_plume *plume)
{
    struct tb_stretch whole = tb_arrival_whole(walk->rivers, reach);
    struct tb_stretch from = stop->offset;
    double at_km = 0;
    const struct tb_water_sighting *seen;
    while ((seen = next_seen(walk, stop, from.likely_km, whole.likely_km, &at_km)) != NULL) {
        struct tb_stretch part = {at_km - from.likely_km, at_km - from.likely_km,
                                  at_km - from.likely_km};
        tb_plume_pass(plume, &part, speed);
        enum tb_status status = tb_plume_seen(plume, seen->hours, walk->diag);
        if (status != TB_OK) {
            return status;
        }
        from = (struct tb_stretch){at_km, at_km, at_km};
    }
    struct tb_stretch rest = tb_arrival_rest(&whole, &from);
    tb_plume_pass(plume, &rest, speed);
    return TB_OK;
}

/* What is reported of ${reach} that ends all reckoning; the river's own word. */
static enum tb_arrival_refusal barred(const struct walk *walk, const struct tb_reach *reach)
{
    if (tb_arrival_reported(walk->question, TB_WATER_DRY, reach->river)) {
        return TB_ARRIVAL_DRY;
    }
    if (tb_arrival_reported(walk->question, TB_WATER_ICE, reach->river)) {
        return TB_ARRIVAL_ICE;
    }
    return TB_ARRIVAL_GIVEN;
}

/* The row of a gate: one for each gate, however many reaches lead to it. */
static void add_gate(struct walk *walk, const struct stop *stop, const char *gate,
                     const struct tb_plume *plume)
{
    for (size_t i = 0; i < walk->rows; i++) {
        if (walk->row[i].kind == TB_ARRIVAL_GATE && strcmp(walk->row[i].place, gate) == 0) {
            return;
        }
    }
    add_row(walk, TB_ARRIVAL_GATE, gate, stop, plume, false);
}

/* What bars the way of ${stop} by ${reach}; false when nothing does. */
static bool barred_by(const struct walk *walk, const struct stop *stop,
                      const struct tb_reach *reach, struct tb_arrival_bar *bar)
{
    bool own = reach->nth == stop->place->nth;
    double from_km = own && stop->start ? stop->offset.likely_km + AT_GATE_KM : 0;
    return tb_arrival_bar(walk->rivers, walk->question, reach, from_km, bar);
}

/* The water of ${stop} goes on by ${reach}. */
static enum tb_status pass(struct walk *walk, const struct stop *stop, const struct tb_reach *reach)
{
    struct stop *next = stop_at(walk, tb_rivers_place(walk->rivers, reach->to, reach->nth));
    struct tb_plume plume = stop->plume;
    struct tb_speed speed;
    if (stop->refusal != TB_ARRIVAL_GIVEN) {
        plume.km += reach->length_m / 1000.0;
        arrive(next, &plume, stop->refusal, stop->gate);
        return TB_OK;
    }
    enum tb_arrival_refusal refusal = barred(walk, reach);
    if (refusal == TB_ARRIVAL_GIVEN && !tb_arrival_speed(walk->question, reach, &speed)) {
        refusal = TB_ARRIVAL_NO_BASIS;
    }
    if (refusal != TB_ARRIVAL_GIVEN) {
        plume.km += reach->length_m / 1000.0;
        arrive(next, &plume, refusal, NULL);
        return TB_OK;
    }
    struct tb_stretch whole = tb_arrival_whole(walk->rivers, reach);
    bool own = reach->nth == stop->place->nth;
    struct tb_stretch rest =
        own ? tb_arrival_rest(&whole, &stop->offset) : tb_arrival_anywhere(&whole);
    struct tb_arrival_bar bar;
    if (barred_by(walk, stop, reach, &bar)) {
        struct tb_stretch to_bar =
            own && bar.placed ? tb_arrival_rest(&bar.offset, &stop->offset) : bar.offset;
        tb_plume_pass(&plume, &to_bar, &speed);
        add_gate(walk, stop, bar.name, &plume);
        arrive(next, &plume, TB_ARRIVAL_GATED, bar.name);
        return TB_OK;
    }
    if (own) {
        enum tb_status status = pass_seen(walk, stop, reach, &speed, &plume);
        if (status != TB_OK) {
            return status;
        }
    } else {
        tb_plume_pass(&plume, &rest, &speed);
    }
    arrive(next, &plume, TB_ARRIVAL_GIVEN, NULL);
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
    struct tb_speed here = {0};
    bool known = false;
    struct tb_arrival_bar bar;
    bool has_bar = false;
    size_t count;
    enum tb_status status = seen_at_entry(walk, stop);
    const struct tb_reach *out =
        tb_rivers_along(walk->rivers, stop->place->county, TB_DOWN, &count);
    for (size_t i = 0; i < count && status == TB_OK; i++) {
        if (!tb_rivers_on_path(walk->rivers, stop->place->nth, out[i].nth, TB_DOWN)) {
            continue;
        }
        const struct tb_place *to = tb_rivers_place(walk->rivers, out[i].to, out[i].nth);
        const char *entered = border(walk->rivers, stop->place, to);
        struct stop *next = stop_at(walk, to);
        next->border = next->border == NULL ? entered : next->border;
        status = pass(walk, stop, &out[i]);
        known = known || tb_arrival_speed(walk->question, &out[i], &here);
        has_bar =
            has_bar || (out[i].nth == stop->place->nth && barred_by(walk, stop, &out[i], &bar));
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
    if (known) {
        add_layers(walk, stop, &here, has_bar ? &bar : NULL);
    }
    return TB_OK;
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
    free(walk.stop);
    free(walk.stop_of);
    free(walk.order);
    if (status == TB_OK) {
        *count = walk.rows;
        qsort(rows, walk.rows, sizeof *rows, by_time);
    }
    return status;
}
