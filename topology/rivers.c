#include "topology/rivers_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static const char *const table_names[TB_RIVERS_TABLES] = {
    [TB_RIVERS_TABLE_DIVISIONS] = "divisions.csv",
    [TB_RIVERS_TABLE_RIVERS] = "rivers.csv",
    [TB_RIVERS_TABLE_VELOCITIES] = "velocity_classes.csv",
    [TB_RIVERS_TABLE_REACHES] = "reaches.csv",
    [TB_RIVERS_TABLE_BANKS] = "banks.csv",
    [TB_RIVERS_TABLE_ENDS] = "ends.csv",
    [TB_RIVERS_TABLE_CHAINAGE] = "chainage.csv",
    [TB_RIVERS_TABLE_SECTIONS] = "sections.csv",
    [TB_RIVERS_TABLE_WORKS] = "works.csv",
};

void tb_rivers_blame(const struct tb_rivers_load *load, enum tb_rivers_table which)
{
    if (load->diag != NULL) {
        const struct tb_rivers_file *file = load->file[which];
        load->diag->file = file != NULL ? file->name : table_names[which];
    }
}

/* Sort the given files out by the last part of their names. */
static enum tb_status sort_out(struct tb_rivers_load *load, const struct tb_rivers_file *files,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(files[i].name, '/');
        const char *name = slash != NULL ? slash + 1 : files[i].name;
        for (enum tb_rivers_table which = 0; which < TB_RIVERS_TABLES; which++) {
            if (strcmp(name, table_names[which]) != 0) {
                continue;
            }
            if (load->file[which] != NULL) {
                load->file[which] = &files[i];
                return TB_RIVERS_MISTAKE(load, which, 0, "%s is given twice; give it once", name);
            }
            load->file[which] = &files[i];
        }
    }
    for (enum tb_rivers_table which = 0; which < TB_RIVERS_TABLES; which++) {
        bool needed = which != TB_RIVERS_TABLE_VELOCITIES && which < TB_RIVERS_TABLE_CHAINAGE;
        if (needed && load->file[which] == NULL) {
            return TB_RIVERS_MISTAKE(load, which, 0,
                                     "the file is missing; a topology needs divisions.csv, "
                                     "rivers.csv, reaches.csv, banks.csv and ends.csv");
        }
    }
    return TB_OK;
}

static enum tb_status read_tables(struct tb_rivers_load *load)
{
    struct tb_rivers *rivers = load->rivers;
    for (enum tb_rivers_table which = 0; which < TB_RIVERS_TABLES; which++) {
        if (load->file[which] != NULL) {
            rivers->text_room += load->file[which]->bytes.size + 1;
        }
    }
    rivers->text = malloc(rivers->text_room);
    tb_assert(rivers->text != NULL);
    enum tb_status status = tb_rivers_read_divisions(load);
    if (status == TB_OK) {
        status = tb_rivers_read_rivers(load);
    }
    return status == TB_OK ? tb_rivers_read_water(load) : status;
}

enum tb_status tb_rivers_load(struct tb_rivers **out, const struct tb_rivers_file *files,
                              size_t count, struct tb_diag *diag)
{
    struct tb_rivers_load load = {.diag = diag};
    if (diag != NULL) {
        *diag = (struct tb_diag){0};
    }
    *out = NULL;
    load.rivers = calloc(1, sizeof *load.rivers);
    tb_assert(load.rivers != NULL);
    enum tb_status status = sort_out(&load, files, count);
    if (status == TB_OK) {
        status = read_tables(&load);
    }
    if (status == TB_OK) {
        status = tb_rivers_check(&load);
    }
    if (status == TB_OK) {
        status = tb_rivers_read_layers(&load);
    }
    free(load.velocity);
    free(load.end);
    if (status == TB_OK) {
        *out = load.rivers;
    } else {
        tb_rivers_free(load.rivers);
    }
    return status;
}

void tb_rivers_free(struct tb_rivers *rivers)
{
    if (rivers == NULL) {
        return;
    }
    free(rivers->text);
    free(rivers->division);
    free(rivers->river);
    free(rivers->key);
    free(rivers->out);
    free(rivers->in);
    free(rivers->bank);
    free(rivers->place);
    free(rivers->entry);
    free(rivers->layer);
    free(rivers->bar);
    free(rivers);
}

const struct tb_division *tb_rivers_division(const struct tb_rivers *rivers, uint32_t code)
{
    size_t low = 0;
    size_t high = rivers->divisions;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rivers->division[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < rivers->divisions && rivers->division[low].code == code;
    return found ? &rivers->division[low] : NULL;
}

const struct tb_division *tb_rivers_divisions(const struct tb_rivers *rivers, size_t *count)
{
    *count = rivers->divisions;
    return rivers->division;
}

const struct tb_reach *tb_rivers_reaches(const struct tb_rivers *rivers, size_t *count)
{
    *count = rivers->reaches;
    return rivers->out;
}

const char *tb_rivers_name(const struct tb_rivers *rivers, uint32_t code)
{
    const struct tb_division *division = tb_rivers_division(rivers, code);
    return division != NULL ? division->name : "";
}

uint32_t tb_rivers_parent(const struct tb_rivers *rivers, uint32_t code)
{
    const struct tb_division *division = tb_rivers_division(rivers, code);
    if (division == NULL || division->level == TB_LEVEL_PROVINCE) {
        return 0;
    }
    return division->level == TB_LEVEL_COUNTY ? division->city : division->province;
}

uint32_t tb_rivers_province(const struct tb_rivers *rivers, uint32_t code)
{
    const struct tb_division *division = tb_rivers_division(rivers, code);
    return division != NULL ? division->province : 0;
}

uint32_t tb_rivers_nth(const struct tb_rivers *rivers, const char *key)
{
    size_t low = 0;
    size_t high = rivers->rivers;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(rivers->key[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < rivers->rivers && strcmp(rivers->key[low].key, key) == 0;
    return found ? rivers->key[low].nth : TB_RIVERS_NONE;
}

bool tb_rivers_passes(const struct tb_rivers *rivers, uint32_t upper, uint32_t lower)
{
    while (upper != lower && upper != TB_RIVERS_NONE) {
        upper = rivers->river[upper].into;
    }
    return upper == lower;
}

bool tb_rivers_on_path(const struct tb_rivers *rivers, uint32_t from, uint32_t other,
                       enum tb_direction direction)
{
    return direction == TB_DOWN ? tb_rivers_passes(rivers, from, other)
                                : tb_rivers_passes(rivers, other, from);
}

static uint32_t near_end(const struct tb_reach *reach, enum tb_direction direction)
{
    return direction == TB_DOWN ? reach->from : reach->to;
}

const struct tb_reach *tb_rivers_along(const struct tb_rivers *rivers, uint32_t county,
                                       enum tb_direction direction, size_t *count)
{
    const struct tb_reach *reach = direction == TB_DOWN ? rivers->out : rivers->in;
    size_t low = 0;
    size_t high = rivers->reaches;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (near_end(&reach[middle], direction) < county) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (*count = 0; low + *count < rivers->reaches; (*count)++) {
        if (near_end(&reach[low + *count], direction) != county) {
            break;
        }
    }
    return reach + low;
}

const struct tb_bank *tb_rivers_facing(const struct tb_rivers *rivers, uint32_t county,
                                       size_t *count)
{
    size_t low = 0;
    size_t high = rivers->banks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rivers->bank[middle].county < county) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (*count = 0; low + *count < rivers->banks; (*count)++) {
        if (rivers->bank[low + *count].county != county) {
            break;
        }
    }
    return rivers->bank + low;
}

const struct tb_place *tb_rivers_places(const struct tb_rivers *rivers, uint32_t county,
                                        size_t *count)
{
    size_t low = 0;
    size_t high = rivers->places;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rivers->place[middle].county < county) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (*count = 0; low + *count < rivers->places; (*count)++) {
        if (rivers->place[low + *count].county != county) {
            break;
        }
    }
    return rivers->place + low;
}

const struct tb_place *tb_rivers_place(const struct tb_rivers *rivers, uint32_t county,
                                       uint32_t nth)
{
    size_t count;
    const struct tb_place *place = tb_rivers_places(rivers, county, &count);
    for (size_t i = 0; i < count; i++) {
        if (place[i].nth == nth) {
            return &place[i];
        }
    }
    return NULL;
}

static bool lies_in(const struct tb_place *place, const struct tb_division *division)
{
    if (division->level == TB_LEVEL_COUNTY) {
        return place->county == division->code;
    }
    return division->level == TB_LEVEL_CITY ? place->city == division->code
                                            : place->province == division->code;
}

enum tb_status tb_rivers_of(const struct tb_rivers *rivers, uint32_t code, const char **keys,
                            size_t keys_max, size_t *count)
{
    const struct tb_division *division = tb_rivers_division(rivers, code);
    *count = 0;
    if (division == NULL) {
        return TB_UNKNOWN;
    }
    bool *on = calloc(rivers->rivers + 1, sizeof *on);
    tb_assert(on != NULL);
    for (size_t i = 0; i < rivers->places; i++) {
        if (lies_in(&rivers->place[i], division)) {
            on[rivers->place[i].nth] = true;
        }
    }
    enum tb_status status = TB_OK;
    for (size_t nth = 0; nth < rivers->rivers && status == TB_OK; nth++) {
        if (on[nth] && *count == keys_max) {
            status = TB_TOOBIG;
        } else if (on[nth]) {
            keys[(*count)++] = rivers->river[nth].key;
        }
    }
    free(on);
    return status;
}

enum tb_status tb_rivers_step(const struct tb_rivers *rivers, uint32_t county, const char *river,
                              enum tb_direction direction, struct tb_river_state *states,
                              size_t states_max, size_t *count)
{
    uint32_t nth = tb_rivers_nth(rivers, river);
    *count = 0;
    if (nth == TB_RIVERS_NONE || tb_rivers_place(rivers, county, nth) == NULL) {
        return TB_UNKNOWN;
    }
    size_t reaches;
    const struct tb_reach *reach = tb_rivers_along(rivers, county, direction, &reaches);
    for (size_t i = 0; i < reaches; i++) {
        if (!tb_rivers_on_path(rivers, nth, reach[i].nth, direction)) {
            continue;
        }
        if (*count == states_max) {
            return TB_TOOBIG;
        }
        uint32_t other = direction == TB_DOWN ? reach[i].to : reach[i].from;
        states[(*count)++] = (struct tb_river_state){other, reach[i].river};
    }
    return TB_OK;
}
