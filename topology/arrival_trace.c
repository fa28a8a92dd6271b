#include "topology/arrival_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/*
 * The way up from one sighting. A state's water goes down to the sighting from the
 * lower end of its county (near) to its upper end (far): the release lies between.
 */
struct source {
    const struct tb_place *place;
    struct tb_plume near;
    struct tb_plume far;
    double near_km, far_km;
    const char *gate; /* "" for none */
    bool reached;
};

struct climb {
    const struct tb_rivers *rivers;
    const struct tb_arrival_question *question;
    struct source *source;
    size_t sources;
    uint32_t *source_of; /* by place: 1 + its source */
    uint32_t *order;     /* each before all that lie above it, from the end */
    size_t ordered;
};

static struct source *source_at(const struct climb *climb, const struct tb_place *place)
{
    uint32_t at = climb->source_of[place - climb->rivers->place];
    return at == 0 ? NULL : &climb->source[at - 1];
}

static void find(struct climb *climb, const struct tb_place *place)
{
    if (source_at(climb, place) != NULL) {
        return;
    }
    size_t own = climb->sources++;
    climb->source[own] = (struct source){.place = place, .gate = ""};
    climb->source_of[place - climb->rivers->place] = (uint32_t)own + 1;
    size_t count;
    const struct tb_reach *in = tb_rivers_along(climb->rivers, place->county, TB_UP, &count);
    for (size_t i = 0; i < count; i++) {
        if (tb_rivers_on_path(climb->rivers, place->nth, in[i].nth, TB_UP)) {
            find(climb, tb_rivers_place(climb->rivers, in[i].from, in[i].nth));
        }
    }
    climb->order[climb->ordered++] = (uint32_t)own;
}

/* The nearest of two ways for the near end, the farthest for the far one. */
static void join(struct source *source, const struct tb_plume *near, const struct tb_plume *far,
                 const char *gate)
{
    if (!source->reached) {
        source->near = *near;
        source->far = *far;
        source->near_km = near->km;
        source->far_km = far->km;
    } else {
        source->near_km = fmin(source->near_km, near->km);
        source->far_km = fmax(source->far_km, far->km);
        if (near->peak_earliest_h < source->near.peak_earliest_h) {
            source->near = *near;
        }
        if (far->peak_latest_h > source->far.peak_latest_h) {
            source->far = *far;
        }
    }
    source->gate = *source->gate != '\0' ? source->gate : gate;
    source->reached = true;
}

/* From ${below}, up along ${reach} into the county that it leaves. */
static void climb_reach(struct climb *climb, const struct source *below,
                        const struct tb_reach *reach)
{
    struct tb_speed speed;
    if (!tb_arrival_speed(climb->question, reach, &speed)) {
        return; /* nothing to reckon with: neither near nor far */
    }
    struct source *above =
        source_at(climb, tb_rivers_place(climb->rivers, reach->from, reach->nth));
    /* The lower end of the county above is the upper end of this one. */
    struct tb_plume far = below->far;
    struct tb_stretch whole = tb_arrival_whole(climb->rivers, reach);
    tb_plume_pass(&far, &whole, &speed);
    struct tb_arrival_bar bar;
    bool barred = tb_arrival_bar(climb->rivers, climb->question, reach, 0, &bar);
    join(above, &below->far, &far, barred ? bar.name : below->gate);
}

static void start(struct source *source, const struct tb_arrival_start *at,
                  const struct tb_speed *speed)
{
    tb_plume_start(&source->near);
    tb_plume_start(&source->far);
    tb_plume_pass(&source->far, &at->offset, speed);
    source->far_km = source->far.km;
    source->reached = true;
}

/* What goes by in the county of the sighting: a reach that leaves it, or comes. */
static bool speed_at(const struct climb *climb, const struct tb_place *place,
                     struct tb_speed *speed)
{
    for (int direction = TB_DOWN; direction <= TB_UP; direction++) {
        size_t count;
        const struct tb_reach *reach =
            tb_rivers_along(climb->rivers, place->county, (enum tb_direction)direction, &count);
        for (size_t i = 0; i < count; i++) {
            if (reach[i].nth == place->nth && tb_arrival_speed(climb->question, &reach[i], speed)) {
                return true;
            }
        }
    }
    return false;
}

static void free_climb(struct climb *climb)
{
    free(climb->source);
    free(climb->source_of);
    free(climb->order);
}

static enum tb_status go_up(struct climb *climb, const struct tb_arrival_place *place,
                            struct tb_diag *diag)
{
    struct tb_arrival_start starts[TB_ARRIVAL_STARTS_MAX];
    size_t count;
    size_t places = climb->rivers->places;
    enum tb_status status = tb_arrival_starts(climb->rivers, place, starts, &count, diag);
    if (status != TB_OK) {
        return status;
    }
    climb->source = calloc(places, sizeof *climb->source);
    climb->source_of = calloc(places, sizeof *climb->source_of);
    climb->order = calloc(places, sizeof *climb->order);
    tb_assert(climb->source != NULL && climb->source_of != NULL && climb->order != NULL);
    for (size_t i = 0; i < count; i++) {
        find(climb, starts[i].place);
    }
    for (size_t i = 0; i < count; i++) {
        struct tb_speed speed;
        if (!speed_at(climb, starts[i].place, &speed)) {
            tb_diag_set(diag, 0,
                        "%s in %06u: 不可估算, no reach and no discharge; give --discharge",
                        place->river, starts[i].place->county);
            return TB_INPUT;
        }
        start(source_at(climb, starts[i].place), &starts[i], &speed);
    }
    for (size_t i = climb->ordered; i-- > 0;) {
        const struct source *below = &climb->source[climb->order[i]];
        size_t reaches;
        const struct tb_reach *in =
            tb_rivers_along(climb->rivers, below->place->county, TB_UP, &reaches);
        for (size_t r = 0; r < reaches && below->reached; r++) {
            if (tb_rivers_on_path(climb->rivers, below->place->nth, in[r].nth, TB_UP)) {
                climb_reach(climb, below, &in[r]);
            }
        }
    }
    return TB_OK;
}

/* Hours before the sighting between which the release lies; behind a gate there is
 * no earliest but the limit. */
static void release(const struct source *source, struct tb_trace_row *row)
{
    struct tb_travel_window near;
    struct tb_travel_window far;
    tb_plume_window(&source->near, &near);
    tb_plume_window(&source->far, &far);
    row->latest_h = near.earliest_h;
    row->earliest_h = *source->gate != '\0' ? TB_ARRIVAL_HOURS_MAX
                                            : fmin(far.peak_latest_h, TB_ARRIVAL_HOURS_MAX);
}

/* What ${other} leaves of ${row}: the release before both sightings. False when
 * nothing. */
static bool narrow(const struct climb *other, const struct source *source, double other_h,
                   struct tb_trace_row *row)
{
    const struct source *same = source_at(other, source->place);
    struct tb_trace_row second = {0};
    if (same == NULL || !same->reached) {
        return false;
    }
    release(same, &second);
    row->earliest_h = fmin(row->earliest_h, second.earliest_h - other_h);
    row->latest_h = fmax(row->latest_h, second.latest_h - other_h);
    return row->latest_h <= row->earliest_h;
}

static void risks_of(const struct tb_rivers *rivers, const struct tb_place *place,
                     struct tb_trace_row *row)
{
    size_t count;
    const struct tb_layer *layer = tb_rivers_layers(rivers, place->county, &count);
    for (size_t i = 0; i < count; i++) {
        if (layer[i].kind != TB_LAYER_RISK || layer[i].nth != place->nth) {
            if (row->risks > 0) {
                return; /* the row tells those that stand together */
            }
            continue;
        }
        row->risk = row->risks == 0 ? &layer[i] : row->risk;
        row->risks++;
    }
}

static int by_distance(const void *left, const void *right)
{
    const struct tb_trace_row *a = left;
    const struct tb_trace_row *b = right;
    if (a->nearest_km < b->nearest_km || a->nearest_km > b->nearest_km) {
        return a->nearest_km < b->nearest_km ? -1 : 1;
    }
    if (a->county != b->county) {
        return a->county < b->county ? -1 : 1;
    }
    return strcmp(a->river, b->river);
}

static enum tb_status collect(const struct climb *climb, const struct climb *other, double other_h,
                              struct tb_trace_row *rows, size_t rows_max, size_t *count)
{
    for (size_t i = 0; i < climb->sources; i++) {
        const struct source *source = &climb->source[i];
        struct tb_trace_row row = {
            .county = source->place->county,
            .river = climb->rivers->river[source->place->nth].key,
            .nearest_km = source->near_km,
            .farthest_km = source->far_km,
            .gate = source->gate,
        };
        if (!source->reached) {
            continue;
        }
        release(source, &row);
        if (row.latest_h > TB_ARRIVAL_HOURS_MAX ||
            (other != NULL && !narrow(other, source, other_h, &row))) {
            continue;
        }
        if (*count == rows_max) {
            *count = 0;
            return TB_TOOBIG;
        }
        risks_of(climb->rivers, source->place, &row);
        rows[(*count)++] = row;
    }
    qsort(rows, *count, sizeof *rows, by_distance);
    return TB_OK;
}

enum tb_status tb_arrival_trace(const struct tb_rivers *rivers,
                                const struct tb_arrival_question *question,
                                const struct tb_arrival_place *other, double other_h,
                                struct tb_trace_row *rows, size_t rows_max, size_t *count,
                                struct tb_diag *diag)
{
    struct climb first = {.rivers = rivers, .question = question};
    struct climb second = first;
    *count = 0;
    enum tb_status status = tb_arrival_check(question, diag);
    if (status == TB_OK) {
        status = go_up(&first, &question->place, diag);
    }
    if (status == TB_OK && other != NULL) {
        status = go_up(&second, other, diag);
    }
    if (status == TB_OK) {
        status = collect(&first, other != NULL ? &second : NULL, other_h, rows, rows_max, count);
    }
    free_climb(&first);
    free_climb(&second);
    return status;
}
