#include "topology/rivers_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "topology/reading.h"

enum {
    LENGTH_KM_MAX = 1000, /* of a reach */
    LENGTH_PLACES = 3,
    REACH_WATER = 8, /* the first optional column that is a number */
    WATER_PLACES = 6,
};

/* Of a length of which nobody said how it was found: SOURCES.md, est. */
#define LENGTH_ERROR_UNKNOWN 0.4

/* The river in ${column}; TB_INPUT when rivers.csv has no such key. */
static enum tb_status river_of(const struct tb_reading *r, const char *key, uint32_t *nth)
{
    *nth = tb_rivers_nth(r->load->rivers, key);
    if (*nth == TB_RIVERS_NONE) {
        return TB_READING_MISTAKE(r,
                                  "unknown river '%.64s'; write a key of rivers.csv, or add it "
                                  "there with what it flows into",
                                  key);
    }
    return TB_OK;
}

/* A number of the reach in ${column}: "" is not known, 0. */
static enum tb_status water_number(const struct tb_reading *r, size_t column, const char *unit,
                                   int64_t whole_max, double *out)
{
    const char *text = tb_reading_at(r, column);
    int64_t millionths = 0;
    if (*text != '\0' &&
        (!tb_csv_decimal(text, WATER_PLACES, whole_max, &millionths) || millionths <= 0)) {
        return TB_READING_MISTAKE(r, "'%.32s' is no number of %s above 0; write one, or nothing",
                                  text, unit);
    }
    *out = (double)millionths / 1e6;
    return TB_OK;
}

/* Where its class was read and what the optional columns say of the water. */
static enum tb_status read_reach_water(const struct tb_reading *r, struct tb_reach *reach)
{
    struct tb_reach_water *water = &reach->water;
    const struct {
        const char *unit;
        int64_t whole_max;
        double *out;
    } columns[] = {{"percent", 100, &water->length_error},
                   {"cubic metres a second", 300000, &water->mean_discharge_m3_s},
                   {"square kilometres", 7000000, &water->area_km2},
                   {"metres a metre", 1, &water->slope},
                   {"metres a second at 1 m3/s", 20, &water->rating_a},
                   {"1 (the exponent of Q)", 2, &water->rating_b}};
    const struct tb_velocity *velocity = tb_rivers_velocity(r->load, reach->velocity_class);
    if (velocity != NULL) {
        water->low_m_s = velocity->low_m_s;
        water->normal_m_s = velocity->normal_m_s;
        water->flood_m_s = velocity->flood_m_s;
    } else if (r->load->file[TB_RIVERS_TABLE_VELOCITIES] != NULL) {
        return TB_READING_MISTAKE(
            r, "unknown velocity class '%.32s'; write one of velocity_classes.csv",
            reach->velocity_class);
    }
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        enum tb_status status =
            water_number(r, REACH_WATER + i, columns[i].unit, columns[i].whole_max, columns[i].out);
        if (status != TB_OK) {
            return status;
        }
    }
    water->length_error =
        water->length_error > 0 ? water->length_error / 100 : LENGTH_ERROR_UNKNOWN;
    return TB_OK;
}

static enum tb_status read_reach(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    struct tb_reach reach = {.line = r->csv.line};
    int64_t length_m;
    enum tb_status status = tb_reading_county(r, 0, &reach.from);
    if (status == TB_OK) {
        status = tb_reading_county(r, 2, &reach.to);
    }
    if (status == TB_OK) {
        status = river_of(r, tb_reading_at(r, 4), &reach.nth);
    }
    if (status != TB_OK) {
        return status;
    }
    if (reach.from == reach.to) {
        return TB_READING_MISTAKE(r, "the reach leads from %06u to itself; delete it", reach.to);
    }
    if (!tb_csv_decimal(tb_reading_at(r, 5), LENGTH_PLACES, LENGTH_KM_MAX, &length_m) ||
        length_m <= 0) {
        return TB_READING_MISTAKE(r, "'%.32s' is no length; write kilometres above 0, e.g. 18.9",
                                  tb_reading_at(r, 5));
    }
    if (rivers->reaches == TB_RIVERS_REACHES_MAX) {
        return TB_READING_MISTAKE(r, "more than %d reaches", (int)TB_RIVERS_REACHES_MAX);
    }
    reach.length_m = (uint32_t)length_m;
    reach.river = rivers->river[reach.nth].key;
    reach.velocity_class = tb_reading_keep(rivers, tb_reading_at(r, 6));
    reach.gate = tb_reading_keep(rivers, tb_reading_at(r, 7));
    status = read_reach_water(r, &reach);
    rivers->river[reach.nth].used = true;
    rivers->out[rivers->reaches++] = reach;
    return status;
}

static int order(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_from(const void *left, const void *right)
{
    const struct tb_reach *a = left;
    const struct tb_reach *b = right;
    int by = order(a->from, b->from);
    by = by != 0 ? by : order(a->nth, b->nth);
    by = by != 0 ? by : order(a->to, b->to);
    return by != 0 ? by : (a->line > b->line) - (a->line < b->line);
}

static int by_to(const void *left, const void *right)
{
    const struct tb_reach *a = left;
    const struct tb_reach *b = right;
    int by = order(a->to, b->to);
    by = by != 0 ? by : order(a->nth, b->nth);
    return by != 0 ? by : order(a->from, b->from);
}

static enum tb_status read_reaches(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"from",           "from_name", "to",
                                          "to_name",        "river",     "length_km",
                                          "velocity_class", "?gate",     "?length_error_percent",
                                          "?mean_m3_s",     "?area_km2", "?slope",
                                          "?rating_a",      "?rating_b"};
    struct tb_reading r;
    struct tb_rivers *rivers = load->rivers;
    rivers->out = tb_reading_room(load, TB_RIVERS_TABLE_REACHES, sizeof *rivers->out);
    rivers->in = tb_reading_room(load, TB_RIVERS_TABLE_REACHES, sizeof *rivers->in);
    enum tb_status status =
        tb_reading_rows(&r, load, TB_RIVERS_TABLE_REACHES, columns, 14, read_reach);
    if (status != TB_OK) {
        return status;
    }
    qsort(rivers->out, rivers->reaches, sizeof *rivers->out, by_from);
    for (size_t i = 1; i < rivers->reaches; i++) {
        const struct tb_reach *reach = &rivers->out[i];
        if (reach[-1].from == reach->from && reach[-1].nth == reach->nth &&
            reach[-1].to == reach->to) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_REACHES, reach->line,
                                     "the reach %06u to %06u on %s stands in line %d already; "
                                     "delete one",
                                     reach->from, reach->to, reach->river, reach[-1].line);
        }
    }
    memcpy(rivers->in, rivers->out, rivers->reaches * sizeof *rivers->in);
    qsort(rivers->in, rivers->reaches, sizeof *rivers->in, by_to);
    return TB_OK;
}

/* One pair of banks, once for each river of its list and each side. */
static enum tb_status read_bank(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    uint32_t a;
    uint32_t b;
    enum tb_status status = tb_reading_county(r, 0, &a);
    if (status == TB_OK) {
        status = tb_reading_county(r, 2, &b);
    }
    if (status != TB_OK) {
        return status;
    }
    if (a == b) {
        return TB_READING_MISTAKE(r, "%06u faces itself; delete the row", a);
    }
    for (const char *list = tb_reading_at(r, 4); list != NULL;) {
        char key[TB_NAME_BYTES_MAX];
        const char *end = strstr(list, TB_READING_DIVIDER);
        size_t size = end != NULL ? (size_t)(end - list) : strlen(list);
        size = size < sizeof key ? size : sizeof key - 1;
        memcpy(key, list, size);
        key[size] = '\0';
        list = end != NULL ? end + 1 : NULL;
        uint32_t nth;
        status = river_of(r, key, &nth);
        if (status != TB_OK) {
            return status;
        }
        if (rivers->banks + 2 > TB_RIVERS_REACHES_MAX) {
            return TB_READING_MISTAKE(r, "more than %d facing banks", (int)TB_RIVERS_REACHES_MAX);
        }
        rivers->river[nth].used = true;
        rivers->bank[rivers->banks++] = (struct tb_bank){a, nth, b, r->csv.line};
        rivers->bank[rivers->banks++] = (struct tb_bank){b, nth, a, r->csv.line};
    }
    return TB_OK;
}

static int by_county(const void *left, const void *right)
{
    const struct tb_bank *a = left;
    const struct tb_bank *b = right;
    int by = order(a->county, b->county);
    by = by != 0 ? by : order(a->nth, b->nth);
    by = by != 0 ? by : order(a->other, b->other);
    return by != 0 ? by : (a->line > b->line) - (a->line < b->line);
}

static enum tb_status read_banks(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"a", "a_name", "b", "b_name", "rivers"};
    struct tb_reading r;
    struct tb_rivers *rivers = load->rivers;
    const struct tb_bytes bytes = load->file[TB_RIVERS_TABLE_BANKS]->bytes;
    /* Each row and each divider in it may add a river, and each river two. */
    size_t rooms = 1;
    for (size_t i = 0; i < bytes.size; i++) {
        rooms += bytes.data[i] == '\n' || bytes.data[i] == TB_READING_DIVIDER[0];
    }
    rivers->bank = calloc(2 * rooms, sizeof *rivers->bank);
    tb_assert(rivers->bank != NULL);
    enum tb_status status = tb_reading_rows(&r, load, TB_RIVERS_TABLE_BANKS, columns, 5, read_bank);
    if (status != TB_OK) {
        return status;
    }
    qsort(rivers->bank, rivers->banks, sizeof *rivers->bank, by_county);
    for (size_t i = 1; i < rivers->banks; i++) {
        const struct tb_bank *bank = &rivers->bank[i];
        if (bank[-1].county == bank->county && bank[-1].nth == bank->nth &&
            bank[-1].other == bank->other) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_BANKS, bank->line,
                                     "%06u and %06u face each other on %s in line %d already; "
                                     "delete one",
                                     bank->county, bank->other, rivers->river[bank->nth].key,
                                     bank[-1].line);
        }
    }
    return TB_OK;
}

static enum tb_status read_end(struct tb_reading *r)
{
    struct tb_rivers_load *load = r->load;
    struct tb_end end = {.line = r->csv.line};
    enum tb_status status = tb_reading_county(r, 0, &end.county);
    if (status == TB_OK) {
        status = river_of(r, tb_reading_at(r, 2), &end.nth);
    }
    if (status == TB_OK) {
        load->end[load->ends++] = end;
    }
    return status;
}

static int by_state(const void *left, const void *right)
{
    const struct tb_end *a = left;
    const struct tb_end *b = right;
    int by = order(a->county, b->county);
    by = by != 0 ? by : order(a->nth, b->nth);
    return by != 0 ? by : (a->line > b->line) - (a->line < b->line);
}

static enum tb_status read_ends(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"county", "county_name", "river"};
    struct tb_reading r;
    load->end = tb_reading_room(load, TB_RIVERS_TABLE_ENDS, sizeof *load->end);
    enum tb_status status = tb_reading_rows(&r, load, TB_RIVERS_TABLE_ENDS, columns, 3, read_end);
    qsort(load->end, load->ends, sizeof *load->end, by_state);
    for (size_t i = 1; i < load->ends && status == TB_OK; i++) {
        const struct tb_end *end = &load->end[i];
        if (end[-1].county == end->county && end[-1].nth == end->nth) {
            status =
                TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_ENDS, end->line,
                                  "%06u on %s stands in line %d already; delete one", end->county,
                                  load->rivers->river[end->nth].key, end[-1].line);
        }
    }
    return status;
}

enum tb_status tb_rivers_read_water(struct tb_rivers_load *load)
{
    enum tb_status status = tb_rivers_read_velocities(load);
    if (status == TB_OK) {
        status = read_reaches(load);
    }
    if (status == TB_OK) {
        status = read_banks(load);
    }
    return status == TB_OK ? read_ends(load) : status;
}
