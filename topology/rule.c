#include "topology/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "topology/clause.h"
#include "topology/rivers_table.h"

_Static_assert((int)TB_CLAUSE_BYTES_MAX <= (int)TB_TEXT_BYTES_MAX,
               "a clause is one text of a statement");

/* The counties that one office stands for, at one of its levels. */
struct territory {
    enum tb_level level;
    uint32_t office;
};

/* A reason to tell ${code}: because of the origin's river ${nth}, and, for an
 * office above a county, because of the county ${via}. */
struct reason {
    uint32_t code;
    uint32_t nth; /* TB_RIVERS_NONE where the origin has no river */
    uint32_t via; /* 0 for none */
    unsigned basis;
};

struct reasons {
    struct reason *item;
    size_t count;
    size_t room;
};

/* One question being answered. */
struct inquiry {
    const struct tb_rivers *rivers;
    const struct tb_division *origin;
    enum tb_direction direction;
    struct reasons counties; /* outside the origin, next to it or facing it */
    struct reasons offices;  /* those to be told */
    uint32_t *seen;          /* by place: the last walk that came there */
    uint32_t walks;
    size_t *walk; /* the places of the present walk */
};

static void add(struct reasons *reasons, struct reason reason)
{
    if (reasons->count == reasons->room) {
        reasons->room = reasons->room == 0 ? 64 : 2 * reasons->room;
        struct reason *item = realloc(reasons->item, reasons->room * sizeof *item);
        tb_assert(item != NULL);
        reasons->item = item;
    }
    reasons->item[reasons->count++] = reason;
}

static int by_code(const void *left, const void *right)
{
    const struct reason *a = left;
    const struct reason *b = right;
    if (a->code != b->code) {
        return a->code < b->code ? -1 : 1;
    }
    return (a->nth > b->nth) - (a->nth < b->nth);
}

static bool lies_in(const struct territory *territory, const struct tb_division *county)
{
    switch (territory->level) {
    case TB_LEVEL_COUNTY:
        return county->code == territory->office;
    case TB_LEVEL_CITY:
        return county->city == territory->office;
    case TB_LEVEL_PROVINCE:
        return county->province == territory->office;
    }
    return false;
}

static bool place_lies_in(const struct territory *territory, const struct tb_place *place)
{
    switch (territory->level) {
    case TB_LEVEL_COUNTY:
        return place->county == territory->office;
    case TB_LEVEL_CITY:
        return place->city == territory->office;
    case TB_LEVEL_PROVINCE:
        return place->province == territory->office;
    }
    return false;
}

/* The places among which those of ${territory} are. */
static void span(const struct tb_rivers *rivers, const struct territory *territory, size_t *first,
                 size_t *end)
{
    *first = 0;
    *end = rivers->places;
    if (territory->level == TB_LEVEL_COUNTY) {
        size_t count;
        *first = (size_t)(tb_rivers_places(rivers, territory->office, &count) - rivers->place);
        *end = *first + count;
    }
}

/* The office of ${level} to which ${county} belongs. */
static uint32_t office_of(const struct tb_division *county, enum tb_level level)
{
    if (level == TB_LEVEL_COUNTY) {
        return county->code;
    }
    return level == TB_LEVEL_CITY ? county->city : county->province;
}

static uint32_t far_end(const struct tb_reach *reach, enum tb_direction direction)
{
    return direction == TB_DOWN ? reach->to : reach->from;
}

/* Begin a walk at the places of ${territory} on the river ${nth}. */
static size_t start(struct inquiry *inquiry, const struct territory *territory, uint32_t nth)
{
    const struct tb_rivers *rivers = inquiry->rivers;
    size_t count = 0;
    size_t first, end;
    inquiry->walks++;
    span(rivers, territory, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct tb_place *place = &rivers->place[i];
        if (place->nth == nth && place_lies_in(territory, place)) {
            inquiry->seen[i] = inquiry->walks;
            inquiry->walk[count++] = i;
        }
    }
    return count;
}

/* Follow the ${count} places of the walk on through ${territory}, never leaving
 * it; the number of places then. */
static size_t follow(struct inquiry *inquiry, const struct territory *territory, size_t count)
{
    const struct tb_rivers *rivers = inquiry->rivers;
    for (size_t i = 0; i < count; i++) {
        const struct tb_place *place = &rivers->place[inquiry->walk[i]];
        size_t reaches;
        const struct tb_reach *reach =
            tb_rivers_along(rivers, place->county, inquiry->direction, &reaches);
        for (size_t j = 0; j < reaches; j++) {
            uint32_t county = far_end(&reach[j], inquiry->direction);
            if (!tb_rivers_on_path(rivers, place->nth, reach[j].nth, inquiry->direction) ||
                !lies_in(territory, tb_rivers_division(rivers, county))) {
                continue;
            }
            size_t to = (size_t)(tb_rivers_place(rivers, county, reach[j].nth) - rivers->place);
            if (inquiry->seen[to] != inquiry->walks) {
                inquiry->seen[to] = inquiry->walks;
                inquiry->walk[count++] = to;
            }
        }
    }
    return count;
}

/* ${county}, outside ${territory}, is next to it or faces it: it brings in the
 * office of the same level, and, for a county, its city. */
static void bring_in(struct inquiry *inquiry, const struct territory *territory, uint32_t county,
                     uint32_t nth, unsigned basis)
{
    const struct tb_division *d = tb_rivers_division(inquiry->rivers, county);
    if (lies_in(territory, d)) {
        return;
    }
    bool abroad = d->province != inquiry->origin->province;
    unsigned crossing = abroad ? TB_CLAUSE_CROSSING : 0;
    add(&inquiry->counties, (struct reason){county, nth, 0, basis});
    if (territory->level != TB_LEVEL_COUNTY) {
        add(&inquiry->offices, (struct reason){office_of(d, territory->level), nth, county,
                                               basis | crossing | TB_CLAUSE_FOR_COUNTY});
        return;
    }
    if (d->office) {
        add(&inquiry->offices, (struct reason){county, nth, county, basis});
    }
    if (d->city != inquiry->origin->city) {
        add(&inquiry->offices,
            (struct reason){d->city, nth, county, basis | crossing | TB_CLAUSE_FOR_COUNTY});
    }
}

/* What one hop out of the first ${count} places of the walk brings in. */
static void look_out(struct inquiry *inquiry, const struct territory *territory, size_t count,
                     uint32_t nth)
{
    const struct tb_rivers *rivers = inquiry->rivers;
    for (size_t i = 0; i < count; i++) {
        const struct tb_place *place = &rivers->place[inquiry->walk[i]];
        size_t reaches, banks;
        const struct tb_reach *reach =
            tb_rivers_along(rivers, place->county, inquiry->direction, &reaches);
        for (size_t j = 0; j < reaches; j++) {
            if (tb_rivers_on_path(rivers, place->nth, reach[j].nth, inquiry->direction)) {
                bring_in(inquiry, territory, far_end(&reach[j], inquiry->direction), nth,
                         TB_CLAUSE_NEXT);
            }
        }
        const struct tb_bank *bank = tb_rivers_facing(rivers, place->county, &banks);
        for (size_t j = 0; j < banks; j++) {
            if (tb_rivers_on_path(rivers, place->nth, bank[j].nth, inquiry->direction)) {
                bring_in(inquiry, territory, bank[j].other, nth, TB_CLAUSE_FACING);
            }
        }
    }
}

/* The adjacent cities where the walk through the own city leaves the province. */
static void look_beyond(struct inquiry *inquiry, size_t count, uint32_t nth)
{
    const struct tb_rivers *rivers = inquiry->rivers;
    for (size_t i = 0; i < count; i++) {
        const struct tb_place *place = &rivers->place[inquiry->walk[i]];
        size_t reaches;
        const struct tb_reach *reach =
            tb_rivers_along(rivers, place->county, inquiry->direction, &reaches);
        for (size_t j = 0; j < reaches; j++) {
            const struct tb_division *d =
                tb_rivers_division(rivers, far_end(&reach[j], inquiry->direction));
            if (tb_rivers_on_path(rivers, place->nth, reach[j].nth, inquiry->direction) &&
                d->province != inquiry->origin->province) {
                add(&inquiry->offices, (struct reason){d->city, nth, 0, TB_CLAUSE_CROSSING});
            }
        }
    }
}

static void look_up_superiors(struct inquiry *inquiry, uint32_t nth)
{
    const struct tb_division *origin = inquiry->origin;
    if (origin->level == TB_LEVEL_COUNTY) {
        add(&inquiry->offices, (struct reason){origin->city, nth, 0, TB_CLAUSE_CITY});
    }
    if (origin->level != TB_LEVEL_PROVINCE) {
        add(&inquiry->offices, (struct reason){origin->province, nth, 0, TB_CLAUSE_PROVINCE});
    }
}

/* Everything that the origin's river ${nth} gives reason for. */
static void look(struct inquiry *inquiry, uint32_t nth)
{
    const struct tb_division *origin = inquiry->origin;
    struct territory own = {origin->level, origin->code};
    size_t first = start(inquiry, &own, nth);
    tb_assert(first > 0);
    look_out(inquiry, &own, follow(inquiry, &own, first), nth);
    if (origin->level == TB_LEVEL_COUNTY) {
        struct territory city = {TB_LEVEL_CITY, origin->city};
        first = start(inquiry, &own, nth);
        look_beyond(inquiry, follow(inquiry, &city, first), nth);
    }
    if (origin->level == TB_LEVEL_PROVINCE) {
        /* City and province in one: its own counties without a city between. */
        struct territory city = {TB_LEVEL_CITY, origin->code};
        first = start(inquiry, &city, nth);
        look_out(inquiry, &city, follow(inquiry, &city, first), nth);
    }
}

/* Next beats facing: who is both is one hop away. */
static uint32_t hops_of_county(const struct inquiry *inquiry, uint32_t county)
{
    const struct reasons *counties = &inquiry->counties;
    size_t low = 0;
    size_t high = counties->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (counties->item[middle].code < county) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < counties->count && counties->item[low].code == county; low++) {
        if ((counties->item[low].basis & TB_CLAUSE_NEXT) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Append a river to the list of a row, or 等 where it no longer fits. */
static void join(char river[TB_RIVER_TEXT_BYTES_MAX], const char *key)
{
    static const char others[] = "等";
    size_t used = strlen(river);
    const char *between = used == 0 ? "" : "、";
    size_t size = strlen(between) + strlen(key);
    if (used >= sizeof others - 1 && strcmp(river + used - (sizeof others - 1), others) == 0) {
        return;
    }
    if (used + size + sizeof others > TB_RIVER_TEXT_BYTES_MAX) {
        memcpy(river + used, others, sizeof others);
        return;
    }
    snprintf(river + used, TB_RIVER_TEXT_BYTES_MAX - used, "%s%s", between, key);
}

/* The row of the ${count} reasons at ${reason}, all for one office. */
static void make_row(const struct inquiry *inquiry, const struct reason *reason, size_t count,
                     struct tb_rule_row *row)
{
    const struct tb_division *office = tb_rivers_division(inquiry->rivers, reason->code);
    unsigned basis = 0;
    *row = (struct tb_rule_row){.code = office->code,
                                .name = office->name,
                                .level = office->level,
                                .hops = UINT32_MAX,
                                .required = true};
    for (size_t i = 0; i < count; i++) {
        basis |= reason[i].basis;
        if (reason[i].via != 0) {
            uint32_t hops = hops_of_county(inquiry, reason[i].via);
            row->hops = hops < row->hops ? hops : row->hops;
        }
        bool again = i > 0 && reason[i - 1].nth == reason[i].nth;
        if (reason[i].nth != TB_RIVERS_NONE && !again) {
            join(row->river, inquiry->rivers->river[reason[i].nth].key);
        }
    }
    if ((basis & (TB_CLAUSE_CITY | TB_CLAUSE_PROVINCE)) != 0) {
        row->hops = 0;
    } else if (row->hops == UINT32_MAX) {
        row->hops = 1; /* an adjacent city further down */
    }
    tb_clause_text(row->clause, sizeof row->clause, inquiry->rivers, inquiry->origin,
                   inquiry->direction, office, basis);
}

static int by_hops(const void *left, const void *right)
{
    const struct tb_rule_row *a = left;
    const struct tb_rule_row *b = right;
    if (a->hops != b->hops) {
        return a->hops < b->hops ? -1 : 1;
    }
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    return (a->code > b->code) - (a->code < b->code);
}

static enum tb_status make_rows(struct inquiry *inquiry, struct tb_rule_row *rows, size_t rows_max,
                                size_t *count)
{
    struct reasons *offices = &inquiry->offices;
    if (inquiry->counties.count > 0) {
        qsort(inquiry->counties.item, inquiry->counties.count, sizeof *inquiry->counties.item,
              by_code);
    }
    if (offices->count > 0) {
        qsort(offices->item, offices->count, sizeof *offices->item, by_code);
    }
    for (size_t i = 0, next; i < offices->count; i = next) {
        for (next = i; next < offices->count && offices->item[next].code == offices->item[i].code;
             next++) {
        }
        if (*count == rows_max) {
            *count = 0;
            return TB_TOOBIG;
        }
        make_row(inquiry, &offices->item[i], next - i, &rows[(*count)++]);
    }
    qsort(rows, *count, sizeof *rows, by_hops);
    return TB_OK;
}

/* "汾河、潇河…", at most as much as fits. */
static void list_rivers(const struct tb_rivers *rivers, uint32_t code, char out[128])
{
    const char **keys = calloc(rivers->rivers + 1, sizeof *keys);
    tb_assert(keys != NULL);
    size_t count;
    enum tb_status status = tb_rivers_of(rivers, code, keys, rivers->rivers, &count);
    tb_assert(status == TB_OK);
    size_t used = 0;
    tb_text_copy(out, 128, count == 0 ? "none in this data" : "");
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : "、";
        if (used + strlen(between) + strlen(keys[i]) + sizeof "…" > 128) {
            tb_text_copy(out + used, 128 - used, "…");
            break;
        }
        used += (size_t)snprintf(out + used, 128 - used, "%s%s", between, keys[i]);
    }
    free(keys);
}

/* The rivers of the question: all of the origin's, or the one that is named. */
static enum tb_status look_at_rivers(struct inquiry *inquiry, const char *river,
                                     struct tb_diag *diag)
{
    const struct tb_rivers *rivers = inquiry->rivers;
    const struct tb_division *origin = inquiry->origin;
    bool *on = calloc(rivers->rivers + 1, sizeof *on);
    tb_assert(on != NULL);
    struct territory own = {origin->level, origin->code};
    size_t first, end;
    span(rivers, &own, &first, &end);
    for (size_t i = first; i < end; i++) {
        on[rivers->place[i].nth] |= place_lies_in(&own, &rivers->place[i]);
    }
    enum tb_status status = TB_OK;
    bool any = false;
    uint32_t only = river != NULL ? tb_rivers_nth(rivers, river) : TB_RIVERS_NONE;
    if (river != NULL && (only == TB_RIVERS_NONE || !on[only])) {
        char list[128];
        list_rivers(rivers, origin->code, list);
        tb_diag_set(diag, 0, "'%.64s' is no river of %06u %s; its rivers: %s", river, origin->code,
                    origin->name, list);
        status = TB_INPUT;
    }
    for (uint32_t nth = 0; nth < rivers->rivers && status == TB_OK; nth++) {
        if (on[nth] && (river == NULL || nth == only)) {
            look(inquiry, nth);
            look_up_superiors(inquiry, nth);
            any = true;
        }
    }
    if (!any && status == TB_OK) {
        look_up_superiors(inquiry, TB_RIVERS_NONE);
    }
    free(on);
    return status;
}

enum tb_status tb_rule_who(const struct tb_rivers *rivers, uint32_t origin, const char *river,
                           enum tb_direction direction, struct tb_rule_row *rows, size_t rows_max,
                           size_t *count, struct tb_diag *diag)
{
    struct inquiry inquiry = {.rivers = rivers, .direction = direction};
    *count = 0;
    if (diag != NULL) {
        *diag = (struct tb_diag){0};
    }
    inquiry.origin = tb_rivers_division(rivers, origin);
    if (inquiry.origin == NULL) {
        tb_diag_set(diag, 0, "%06u is no code of this data; write one of divisions.csv", origin);
        return TB_UNKNOWN;
    }
    if (!inquiry.origin->office) {
        uint32_t above = tb_rivers_parent(rivers, origin);
        above = above == origin ? inquiry.origin->province : above;
        tb_diag_set(diag, 0, "%06u %s has no bureau of its own; write %06u %s", origin,
                    inquiry.origin->name, above, tb_rivers_name(rivers, above));
        return TB_UNKNOWN;
    }
    inquiry.seen = calloc(rivers->places + 1, sizeof *inquiry.seen);
    tb_assert(inquiry.seen != NULL);
    inquiry.walk = calloc(rivers->places + 1, sizeof *inquiry.walk);
    tb_assert(inquiry.walk != NULL);
    enum tb_status status = look_at_rivers(&inquiry, river, diag);
    if (status == TB_OK) {
        status = make_rows(&inquiry, rows, rows_max, count);
    }
    if (status == TB_TOOBIG) {
        tb_diag_set(diag, 0, "%06u %s must tell more than %zu offices", origin,
                    inquiry.origin->name, rows_max);
    }
    free(inquiry.seen);
    free(inquiry.walk);
    free(inquiry.counties.item);
    free(inquiry.offices.item);
    return status;
}
