#include "topology/rivers_layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "topology/reading.h"

enum {
    VELOCITY_M_S_MAX = 20,
    RIVER_KM_MAX = 10000,
    DECIMALS = 3, /* of velocities and kilometres */
};

static const char *const kind_names[TB_LAYER_KINDS] = {
    [TB_LAYER_SECTION] = "section", [TB_LAYER_INTAKE] = "intake", [TB_LAYER_GATE] = "gate",
    [TB_LAYER_DAM] = "dam",         [TB_LAYER_BRIDGE] = "bridge", [TB_LAYER_STORAGE] = "storage",
    [TB_LAYER_RISK] = "risk",
};

const char *tb_layer_kind_name(enum tb_layer_kind kind)
{
    tb_assert(kind < TB_LAYER_KINDS);
    return kind_names[kind];
}

/* ---------------------------------------------------- velocity classes */

static int by_class(const void *left, const void *right)
{
    const struct tb_velocity *a = left;
    const struct tb_velocity *b = right;
    return strcmp(a->name, b->name);
}

static enum tb_status read_velocity(struct tb_reading *r)
{
    struct tb_rivers_load *load = r->load;
    struct tb_velocity velocity = {.line = r->csv.line};
    double *const out[] = {&velocity.low_m_s, &velocity.normal_m_s, &velocity.flood_m_s};
    int64_t last = 1;
    if (*tb_reading_at(r, 0) == '\0') {
        return TB_READING_MISTAKE(r, "the class has no name; write one, e.g. FU");
    }
    for (size_t i = 0; i < 3; i++) {
        const char *text = tb_reading_at(r, i + 1);
        int64_t mm_s;
        if (!tb_csv_decimal(text, DECIMALS, VELOCITY_M_S_MAX, &mm_s) || mm_s < last) {
            return TB_READING_MISTAKE(r,
                                      "'%.32s' is no velocity; write metres a second above 0, low "
                                      "not above normal and normal not above flood",
                                      text);
        }
        last = mm_s;
        *out[i] = (double)mm_s / 1000;
    }
    velocity.name = tb_reading_keep(load->rivers, tb_reading_at(r, 0));
    load->velocity[load->velocities++] = velocity;
    return TB_OK;
}

enum tb_status tb_rivers_read_velocities(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"velocity_class", "low_m_s", "normal_m_s", "flood_m_s"};
    struct tb_reading r;
    if (load->file[TB_RIVERS_TABLE_VELOCITIES] == NULL) {
        return TB_OK;
    }
    load->velocity = tb_reading_room(load, TB_RIVERS_TABLE_VELOCITIES, sizeof *load->velocity);
    enum tb_status status =
        tb_reading_rows(&r, load, TB_RIVERS_TABLE_VELOCITIES, columns, 4, read_velocity);
    qsort(load->velocity, load->velocities, sizeof *load->velocity, by_class);
    for (size_t i = 1; i < load->velocities && status == TB_OK; i++) {
        const struct tb_velocity *one = &load->velocity[i - 1];
        if (strcmp(one->name, one[1].name) == 0) {
            int line = one->line > one[1].line ? one->line : one[1].line;
            status = TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_VELOCITIES, line,
                                       "the class %s stands twice; delete one", one->name);
        }
    }
    return status;
}

const struct tb_velocity *tb_rivers_velocity(const struct tb_rivers_load *load, const char *name)
{
    const struct tb_velocity key = {.name = name};
    return load->velocities == 0
               ? NULL
               : bsearch(&key, load->velocity, load->velocities, sizeof key, by_class);
}

/* ------------------------------------------------------------ chainage */

/* Kilometres in ${column}; -1 when it is empty. */
static enum tb_status read_km(const struct tb_reading *r, size_t column, double *km)
{
    const char *text = tb_reading_at(r, column);
    int64_t metres = -1000;
    if (*text != '\0' && (!tb_csv_decimal(text, DECIMALS, RIVER_KM_MAX, &metres) || metres < 0)) {
        return TB_READING_MISTAKE(r, "'%.32s' is no river kilometre; write 0 to %d, e.g. 296.5",
                                  text, (int)RIVER_KM_MAX);
    }
    *km = (double)metres / 1000;
    return TB_OK;
}

/* A known county on a known river of its: the river in ${column}, the county next. */
static enum tb_status read_state(const struct tb_reading *r, size_t column, uint32_t *nth,
                                 uint32_t *county)
{
    const struct tb_rivers *rivers = r->load->rivers;
    enum tb_status status = tb_reading_county(r, column + 1, county);
    if (status != TB_OK) {
        return status;
    }
    *nth = tb_rivers_nth(rivers, tb_reading_at(r, column));
    if (*nth == TB_RIVERS_NONE || tb_rivers_place(rivers, *county, *nth) == NULL) {
        return TB_READING_MISTAKE(r,
                                  "'%.64s' is no river of %06u in reaches.csv or banks.csv; "
                                  "correct the river or the county",
                                  tb_reading_at(r, column), *county);
    }
    return TB_OK;
}

static enum tb_status read_entry(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    struct tb_entry entry = {.line = r->csv.line};
    enum tb_status status = read_state(r, 0, &entry.nth, &entry.county);
    if (status == TB_OK) {
        status = read_km(r, 3, &entry.km);
    }
    if (status == TB_OK && entry.km < 0) {
        status = TB_READING_MISTAKE(r, "the row has no kilometre; write where the river enters");
    }
    rivers->entry[rivers->entries++] = entry;
    return status;
}

static int by_river(const void *left, const void *right)
{
    const struct tb_entry *a = left;
    const struct tb_entry *b = right;
    if (a->nth != b->nth) {
        return a->nth < b->nth ? -1 : 1;
    }
    if (a->county != b->county) {
        return a->county < b->county ? -1 : 1;
    }
    return (a->line > b->line) - (a->line < b->line);
}

static enum tb_status read_chainage(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"river", "county", "county_name", "enters_km"};
    struct tb_rivers *rivers = load->rivers;
    struct tb_reading r;
    if (load->file[TB_RIVERS_TABLE_CHAINAGE] == NULL) {
        return TB_OK;
    }
    rivers->entry = tb_reading_room(load, TB_RIVERS_TABLE_CHAINAGE, sizeof *rivers->entry);
    enum tb_status status =
        tb_reading_rows(&r, load, TB_RIVERS_TABLE_CHAINAGE, columns, 4, read_entry);
    qsort(rivers->entry, rivers->entries, sizeof *rivers->entry, by_river);
    for (size_t i = 1; i < rivers->entries && status == TB_OK; i++) {
        const struct tb_entry *one = &rivers->entry[i - 1];
        if (one->nth == one[1].nth && one->county == one[1].county) {
            status = TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_CHAINAGE, one[1].line,
                                       "%s enters %06u in line %d already; delete one",
                                       rivers->river[one->nth].key, one->county, one->line);
        }
    }
    return status;
}

/* By the reaches alone: the longest way from an uppermost county on the river, in
 * ${known} by place, below 0 where not reckoned yet. The graph has no circles. */
static double reckoned_km(const struct tb_rivers *rivers, const struct tb_place *place,
                          double known[])
{
    double *km = &known[place - rivers->place];
    if (*km >= 0) {
        return *km;
    }
    double longest = 0;
    size_t count;
    const struct tb_reach *in = tb_rivers_along(rivers, place->county, TB_UP, &count);
    for (size_t i = 0; i < count; i++) {
        if (in[i].nth == place->nth) {
            const struct tb_place *above = tb_rivers_place(rivers, in[i].from, place->nth);
            double here = reckoned_km(rivers, above, known) + in[i].length_m / 1000.0;
            longest = here > longest ? here : longest;
        }
    }
    *km = longest;
    return longest;
}

/* Every state of a river that chainage.csv does not have. */
static void reckon_entries(struct tb_rivers *rivers)
{
    bool *charted = calloc(rivers->rivers + 1, sizeof *charted);
    double *known = calloc(rivers->places + 1, sizeof *known);
    size_t rows = rivers->entries;
    rivers->entry = realloc(rivers->entry, (rows + rivers->places + 1) * sizeof *rivers->entry);
    tb_assert(charted != NULL && known != NULL && rivers->entry != NULL);
    for (size_t i = 0; i < rows; i++) {
        charted[rivers->entry[i].nth] = true;
    }
    for (size_t i = 0; i < rivers->places; i++) {
        known[i] = -1;
    }
    for (size_t i = 0; i < rivers->places; i++) {
        const struct tb_place *place = &rivers->place[i];
        if (!charted[place->nth]) {
            rivers->entry[rivers->entries++] =
                (struct tb_entry){place->nth, place->county, reckoned_km(rivers, place, known), 0};
        }
    }
    qsort(rivers->entry, rivers->entries, sizeof *rivers->entry, by_river);
    free(charted);
    free(known);
}

static const struct tb_entry *entry_of(const struct tb_rivers *rivers, uint32_t nth,
                                       uint32_t county)
{
    size_t low = 0;
    size_t high = rivers->entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tb_entry *entry = &rivers->entry[middle];
        if (entry->nth < nth || (entry->nth == nth && entry->county < county)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < rivers->entries && rivers->entry[low].nth == nth &&
                 rivers->entry[low].county == county;
    return found ? &rivers->entry[low] : NULL;
}

double tb_rivers_entry_km(const struct tb_rivers *rivers, uint32_t nth, uint32_t county)
{
    const struct tb_entry *entry = entry_of(rivers, nth, county);
    return entry != NULL ? entry->km : -1;
}

double tb_rivers_charted_km(const struct tb_rivers *rivers, uint32_t nth, uint32_t from,
                            uint32_t to)
{
    const struct tb_entry *upper = entry_of(rivers, nth, from);
    const struct tb_entry *lower = entry_of(rivers, nth, to);
    bool charted = upper != NULL && lower != NULL && upper->line > 0 && lower->line > 0;
    return charted && lower->km > upper->km ? lower->km - upper->km : -1;
}

/* -------------------------------------------------------------- layers */

static void add_layer(struct tb_rivers *rivers, const struct tb_layer *layer)
{
    rivers->layer[rivers->layers++] = *layer;
}

/* A section's county and place must be right; its water may be one that no reach
 * names, and it then lies on no river here. */
static enum tb_status read_section(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    struct tb_layer layer = {.kind = TB_LAYER_SECTION, .line = r->csv.line};
    int32_t microdeg[2];
    enum tb_status status = tb_reading_county(r, 0, &layer.county);
    if (status == TB_OK) {
        status = tb_reading_position(r, 2, 3, microdeg);
    }
    if (status == TB_OK) {
        status = read_km(r, 6, &layer.river_km);
    }
    if (status != TB_OK) {
        return status;
    }
    layer.nth = tb_rivers_nth(rivers, tb_reading_at(r, 5));
    if (layer.nth != TB_RIVERS_NONE && tb_rivers_place(rivers, layer.county, layer.nth) == NULL) {
        layer.nth = TB_RIVERS_NONE;
    }
    layer.name = tb_reading_keep(rivers, tb_reading_at(r, 4));
    add_layer(rivers, &layer);
    return TB_OK;
}

static enum tb_status read_work(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    struct tb_layer layer = {.kind = TB_LAYER_INTAKE, .line = r->csv.line};
    const char *kind = tb_reading_at(r, 0);
    while (layer.kind < TB_LAYER_KINDS && strcmp(kind, kind_names[layer.kind]) != 0) {
        layer.kind++;
    }
    if (layer.kind == TB_LAYER_KINDS) {
        return TB_READING_MISTAKE(r,
                                  "'%.32s' is no kind; write intake, gate, dam, bridge, storage or "
                                  "risk",
                                  kind);
    }
    if (*tb_reading_at(r, 1) == '\0') {
        return TB_READING_MISTAKE(r, "it has no name; write what people on the river call it");
    }
    enum tb_status status = read_state(r, 2, &layer.nth, &layer.county);
    if (status == TB_OK) {
        status = read_km(r, 5, &layer.river_km);
    }
    const char *sample = tb_reading_at(r, 6);
    if (status == TB_OK && strcmp(sample, "yes") != 0 && strcmp(sample, "no") != 0) {
        status = TB_READING_MISTAKE(r,
                                    "'%.32s' in the column sample; write yes for what is made "
                                    "up to show the layer, no for what is there",
                                    sample);
    }
    if (status == TB_OK) {
        layer.sample = strcmp(sample, "yes") == 0;
        layer.name = tb_reading_keep(rivers, tb_reading_at(r, 1));
        add_layer(rivers, &layer);
    }
    return status;
}

static int by_place(const void *left, const void *right)
{
    const struct tb_layer *a = left;
    const struct tb_layer *b = right;
    if (a->county != b->county) {
        return a->county < b->county ? -1 : 1;
    }
    if (a->nth != b->nth) {
        return a->nth < b->nth ? -1 : 1;
    }
    if (a->river_km < b->river_km || a->river_km > b->river_km) {
        return a->river_km < b->river_km ? -1 : 1;
    }
    int by = strcmp(a->name, b->name);
    return by != 0 ? by : (int)a->kind - (int)b->kind;
}

static int by_river_km(const void *left, const void *right)
{
    const struct tb_bar *a = left;
    const struct tb_bar *b = right;
    if (a->nth != b->nth) {
        return a->nth < b->nth ? -1 : 1;
    }
    if (a->km < b->km || a->km > b->km) {
        return a->km < b->km ? -1 : 1;
    }
    return (a->layer > b->layer) - (a->layer < b->layer);
}

/* What bars a river, in its order: a reach looks for its own without seeing all. */
static void index_bars(struct tb_rivers *rivers)
{
    rivers->bar = calloc(rivers->layers + 1, sizeof *rivers->bar);
    tb_assert(rivers->bar != NULL);
    for (size_t i = 0; i < rivers->layers; i++) {
        const struct tb_layer *layer = &rivers->layer[i];
        if ((layer->kind == TB_LAYER_GATE || layer->kind == TB_LAYER_DAM) && layer->river_km >= 0) {
            rivers->bar[rivers->bars++] = (struct tb_bar){layer->nth, layer->river_km, (uint32_t)i};
        }
    }
    qsort(rivers->bar, rivers->bars, sizeof *rivers->bar, by_river_km);
}

enum tb_status tb_rivers_read_layers(struct tb_rivers_load *load)
{
    static const char *const sections[] = {"county", "county_name", "lon",      "lat",
                                           "?name",  "?water",      "?river_km"};
    static const char *const works[] = {"kind",        "name",     "river", "county",
                                        "county_name", "river_km", "sample"};
    struct tb_rivers *rivers = load->rivers;
    struct tb_reading r;
    size_t rooms = 1;
    for (enum tb_rivers_table t = TB_RIVERS_TABLE_SECTIONS; t <= TB_RIVERS_TABLE_WORKS; t++) {
        const struct tb_rivers_file *file = load->file[t];
        for (size_t i = 0; file != NULL && i < file->bytes.size; i++) {
            rooms += file->bytes.data[i] == '\n';
        }
        rooms++;
    }
    rivers->layer = calloc(rooms, sizeof *rivers->layer);
    tb_assert(rivers->layer != NULL);
    enum tb_status status = read_chainage(load);
    if (status == TB_OK) {
        reckon_entries(rivers);
    }
    if (status == TB_OK && load->file[TB_RIVERS_TABLE_SECTIONS] != NULL) {
        status = tb_reading_rows(&r, load, TB_RIVERS_TABLE_SECTIONS, sections, 7, read_section);
    }
    if (status == TB_OK && load->file[TB_RIVERS_TABLE_WORKS] != NULL) {
        status = tb_reading_rows(&r, load, TB_RIVERS_TABLE_WORKS, works, 7, read_work);
    }
    qsort(rivers->layer, rivers->layers, sizeof *rivers->layer, by_place);
    index_bars(rivers);
    return status;
}

const struct tb_layer *tb_rivers_layers(const struct tb_rivers *rivers, uint32_t county,
                                        size_t *count)
{
    size_t low = 0;
    size_t high = rivers->layers;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rivers->layer[middle].county < county) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (*count = 0; low + *count < rivers->layers; (*count)++) {
        if (rivers->layer[low + *count].county != county) {
            break;
        }
    }
    return rivers->layer + low;
}

const struct tb_layer *tb_rivers_layer(const struct tb_rivers *rivers, enum tb_layer_kind kind,
                                       const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < rivers->layers; i++) {
        const char *other = rivers->layer[i].name;
        if (rivers->layer[i].kind == kind && size > 0 && strncmp(other, name, size) == 0 &&
            (other[size] == '\0' || other[size] == '(')) {
            return &rivers->layer[i];
        }
    }
    return NULL;
}
