#include "topology/rivers_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static bool no_basin(const struct tb_division *division)
{
    return strcmp(division->basin, "none") == 0;
}

static int by_county(const void *left, const void *right)
{
    const struct tb_place *a = left;
    const struct tb_place *b = right;
    if (a->county != b->county) {
        return a->county < b->county ? -1 : 1;
    }
    if (a->nth != b->nth) {
        return a->nth < b->nth ? -1 : 1;
    }
    return (int)b->reached - (int)a->reached;
}

static void add_place(struct tb_rivers *rivers, uint32_t county, uint32_t nth, bool reached)
{
    const struct tb_division *division = tb_rivers_division(rivers, county);
    rivers->place[rivers->places++] = (struct tb_place){.county = county,
                                                        .nth = nth,
                                                        .city = division->city,
                                                        .province = division->province,
                                                        .reached = reached};
}

/* The states: what a reach begins or ends at, and what faces a bank. */
static void find_places(struct tb_rivers *rivers)
{
    rivers->place = calloc(2 * rivers->reaches + rivers->banks + 1, sizeof *rivers->place);
    tb_assert(rivers->place != NULL);
    for (size_t i = 0; i < rivers->reaches; i++) {
        add_place(rivers, rivers->out[i].from, rivers->out[i].nth, true);
        add_place(rivers, rivers->out[i].to, rivers->out[i].nth, true);
    }
    for (size_t i = 0; i < rivers->banks; i++) {
        add_place(rivers, rivers->bank[i].county, rivers->bank[i].nth, false);
    }
    qsort(rivers->place, rivers->places, sizeof *rivers->place, by_county);
    size_t kept = 0;
    for (size_t i = 0; i < rivers->places; i++) {
        const struct tb_place *place = &rivers->place[i];
        if (kept == 0 || rivers->place[kept - 1].county != place->county ||
            rivers->place[kept - 1].nth != place->nth) {
            rivers->place[kept++] = *place;
        }
    }
    rivers->places = kept;
}

static enum tb_status check_orphans(const struct tb_rivers_load *load)
{
    const struct tb_rivers *rivers = load->rivers;
    for (size_t i = 0; i < rivers->divisions; i++) {
        const struct tb_division *d = &rivers->division[i];
        size_t places;
        tb_rivers_places(rivers, d->code, &places);
        if (d->level == TB_LEVEL_COUNTY && places == 0 && !no_basin(d)) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                                     "no reach and no facing bank names %06u %s; add one, or write "
                                     "none as its basin",
                                     d->code, d->name);
        }
        if (places > 0 && no_basin(d)) {
            return TB_RIVERS_MISTAKE(
                load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                "%06u %s lies on %s but its basin is none; write its basin", d->code, d->name,
                rivers->river[tb_rivers_places(rivers, d->code, &places)->nth].key);
        }
        size_t out, in, banks;
        tb_rivers_along(rivers, d->code, TB_DOWN, &out);
        tb_rivers_along(rivers, d->code, TB_UP, &in);
        tb_rivers_facing(rivers, d->code, &banks);
        if (places > TB_RIVERS_OF_COUNTY_MAX || out + in + banks > TB_RIVERS_NEIGHBOURS_MAX) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                                     "%06u %s has more than %d rivers, or more than %d reaches "
                                     "and banks; leave the smallest out",
                                     d->code, d->name, (int)TB_RIVERS_OF_COUNTY_MAX,
                                     (int)TB_RIVERS_NEIGHBOURS_MAX);
        }
    }
    for (size_t i = 0; i < rivers->rivers; i++) {
        if (!rivers->river[i].used) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_RIVERS, rivers->river[i].line,
                                     "no reach, no facing bank and no tributary names %s; add "
                                     "one, or delete the row",
                                     rivers->river[i].key);
        }
    }
    return TB_OK;
}

static struct tb_end *end_at(const struct tb_rivers_load *load, const struct tb_place *place)
{
    size_t low = 0;
    size_t high = load->ends;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tb_end *end = &load->end[middle];
        bool before =
            end->county != place->county ? end->county < place->county : end->nth < place->nth;
        if (before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < load->ends && load->end[low].county == place->county &&
                 load->end[low].nth == place->nth;
    return found ? &load->end[low] : NULL;
}

static bool has_way_on(const struct tb_rivers *rivers, const struct tb_place *place)
{
    size_t count;
    const struct tb_reach *reach = tb_rivers_along(rivers, place->county, TB_DOWN, &count);
    for (size_t i = 0; i < count; i++) {
        if (tb_rivers_passes(rivers, place->nth, reach[i].nth)) {
            return true;
        }
    }
    return false;
}

/* The line of a reach that arrives at ${place}. */
static int line_into(const struct tb_rivers *rivers, const struct tb_place *place)
{
    size_t count;
    const struct tb_reach *reach = tb_rivers_along(rivers, place->county, TB_UP, &count);
    for (size_t i = 0; i < count; i++) {
        if (reach[i].nth == place->nth) {
            return reach[i].line;
        }
    }
    return 0;
}

/*
 * Where the water stops, the table says so on purpose. A state that only a
 * facing bank names needs no way on: the far bank hears, and the reaches of
 * that river begin elsewhere.
 */
static enum tb_status check_ends(const struct tb_rivers_load *load)
{
    const struct tb_rivers *rivers = load->rivers;
    for (size_t i = 0; i < rivers->places; i++) {
        const struct tb_place *place = &rivers->place[i];
        struct tb_end *end = end_at(load, place);
        bool way_on = has_way_on(rivers, place);
        const char *name = tb_rivers_name(rivers, place->county);
        const char *key = rivers->river[place->nth].key;
        if (end != NULL && way_on) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_ENDS, end->line,
                                     "%06u %s on %s has a way on; delete the row, or the reach "
                                     "that leaves it",
                                     place->county, name, key);
        }
        if (end == NULL && !way_on && place->reached) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_REACHES, line_into(rivers, place),
                                     "the water stops in %06u %s on %s; add the reach that leaves "
                                     "it, or list it in ends.csv",
                                     place->county, name, key);
        }
        if (end != NULL) {
            end->met = true;
        }
    }
    for (size_t i = 0; i < load->ends; i++) {
        if (!load->end[i].met) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_ENDS, load->end[i].line,
                                     "nothing reaches %06u on %s; delete the row, or add the reach",
                                     load->end[i].county, rivers->river[load->end[i].nth].key);
        }
    }
    return TB_OK;
}

/* One state on the walk, and which reach of its county comes next. */
struct step {
    size_t place;
    size_t next;
    const struct tb_reach *by; /* the reach that led here; NULL at the start */
};

enum mark { MARK_NEW, MARK_ON_WALK, MARK_DONE };

/* The next reach on the path of ${step}; NULL when all were taken. */
static const struct tb_reach *next_reach(const struct tb_rivers *rivers, struct step *step)
{
    const struct tb_place *place = &rivers->place[step->place];
    size_t count;
    const struct tb_reach *reach = tb_rivers_along(rivers, place->county, TB_DOWN, &count);
    while (step->next < count) {
        const struct tb_reach *one = &reach[step->next++];
        if (tb_rivers_passes(rivers, place->nth, one->nth)) {
            return one;
        }
    }
    return NULL;
}

/* Walk from ${start} depth first; the reach that closes a circle, or NULL. */
static const struct tb_reach *walk(const struct tb_rivers *rivers, size_t start,
                                   unsigned char *mark, struct step *stack, size_t *depth)
{
    *depth = 0;
    stack[(*depth)++] = (struct step){.place = start};
    mark[start] = MARK_ON_WALK;
    while (*depth > 0) {
        struct step *top = &stack[*depth - 1];
        const struct tb_reach *reach = next_reach(rivers, top);
        if (reach == NULL) {
            mark[top->place] = MARK_DONE;
            (*depth)--;
            continue;
        }
        const struct tb_place *to = tb_rivers_place(rivers, reach->to, reach->nth);
        size_t place = (size_t)(to - rivers->place);
        if (mark[place] == MARK_ON_WALK) {
            stack[*depth] = (struct step){.place = place, .by = reach};
            return reach;
        }
        if (mark[place] == MARK_NEW) {
            mark[place] = MARK_ON_WALK;
            stack[(*depth)++] = (struct step){.place = place, .by = reach};
        }
    }
    return NULL;
}

/* "清徐县 → 文水县 → 清徐县", at most as much as fits; the value is the last line
 * that has a part in it, most often the one that was added last. */
static int tell_circle(const struct tb_rivers *rivers, const struct step *stack, size_t depth,
                       char *out, size_t out_bytes)
{
    size_t first = 0;
    while (stack[first].place != stack[depth].place) {
        first++;
    }
    int line = 0;
    for (size_t i = first + 1; i <= depth; i++) {
        line = stack[i].by->line > line ? stack[i].by->line : line;
    }
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = first; i <= depth; i++) {
        const char *name = tb_rivers_name(rivers, rivers->place[stack[i].place].county);
        const char *arrow = i == first ? "" : " → ";
        if (used + strlen(arrow) + strlen(name) + sizeof " …" > out_bytes) {
            memcpy(out + used, " …", sizeof " …");
            break;
        }
        memcpy(out + used, arrow, strlen(arrow));
        used += strlen(arrow);
        memcpy(out + used, name, strlen(name) + 1);
        used += strlen(name);
    }
    return line;
}

/* Water never comes back: no walk over states returns to where it was. */
static enum tb_status check_circles(const struct tb_rivers_load *load)
{
    const struct tb_rivers *rivers = load->rivers;
    enum tb_status status = TB_OK;
    unsigned char *mark = calloc(rivers->places + 1, 1);
    tb_assert(mark != NULL);
    struct step *stack = calloc(rivers->places + 1, sizeof *stack);
    tb_assert(stack != NULL);
    for (size_t i = 0; i < rivers->places && status == TB_OK; i++) {
        size_t depth;
        const struct tb_reach *closing =
            mark[i] == MARK_NEW ? walk(rivers, i, mark, stack, &depth) : NULL;
        if (closing != NULL) {
            char circle[160];
            int line = tell_circle(rivers, stack, depth, circle, sizeof circle);
            status = TB_RIVERS_MISTAKE(
                load, TB_RIVERS_TABLE_REACHES, line,
                "the water comes back to where it was (%s); delete the "
                "reach that is wrong, and list a shared bank in banks.csv instead",
                circle);
        }
    }
    free(mark);
    free(stack);
    return status;
}

enum tb_status tb_rivers_check(struct tb_rivers_load *load)
{
    find_places(load->rivers);
    enum tb_status status = check_orphans(load);
    if (status == TB_OK) {
        status = check_circles(load);
    }
    return status == TB_OK ? check_ends(load) : status;
}
