#include "topology/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { DEGREES_MAX = 180, DEGREE_PLACES = 6 };

const char *tb_reading_at(const struct tb_reading *r, size_t column)
{
    tb_assert(column < TB_READING_COLUMNS_MAX);
    return tb_csv_field(&r->csv, r->place[column]);
}

enum tb_status tb_reading_begin(struct tb_reading *r, struct tb_rivers_load *load,
                                enum tb_rivers_table which, const char *const names[], size_t count)
{
    tb_assert(count <= TB_READING_COLUMNS_MAX);
    r->load = load;
    r->which = which;
    tb_rivers_blame(load, which);
    const struct tb_rivers_file *file = load->file[which];
    enum tb_status status = tb_csv_open(&r->csv, file->name, file->bytes, load->diag);
    return status == TB_OK ? tb_csv_columns(&r->csv, names, count, r->place) : status;
}

enum tb_status tb_reading_rows(struct tb_reading *r, struct tb_rivers_load *load,
                               enum tb_rivers_table which, const char *const names[], size_t count,
                               enum tb_status (*row)(struct tb_reading *r))
{
    bool more = true;
    enum tb_status status = tb_reading_begin(r, load, which, names, count);
    while (status == TB_OK) {
        status = tb_csv_next(&r->csv, &more);
        if (status != TB_OK || !more) {
            break;
        }
        status = row(r);
    }
    return status;
}

void *tb_reading_room(const struct tb_rivers_load *load, enum tb_rivers_table which, size_t size)
{
    const struct tb_bytes bytes = load->file[which]->bytes;
    size_t lines = 1;
    for (size_t i = 0; i < bytes.size; i++) {
        lines += bytes.data[i] == '\n';
    }
    void *room = calloc(lines, size);
    tb_assert(room != NULL);
    return room;
}

const char *tb_reading_keep(struct tb_rivers *rivers, const char *text)
{
    /* A field is kept at most once, and has a comma or a line end behind it or
     * is the last of its file: with a NUL it fits into the room that the files
     * themselves take and a byte more for each. */
    size_t size = strlen(text) + 1;
    tb_assert(size <= rivers->text_room - rivers->text_used);
    char *copy = rivers->text + rivers->text_used;
    memcpy(copy, text, size);
    rivers->text_used += size;
    return copy;
}

uint32_t tb_reading_code(const char *text)
{
    uint32_t code = 0;
    size_t digits = 0;
    for (; digits < 6 && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        code = code * 10 + (uint32_t)(text[digits] - '0');
    }
    return digits == 6 && text[6] == '\0' && text[0] != '0' ? code : 0;
}

enum tb_status tb_reading_county(const struct tb_reading *r, size_t column, uint32_t *code)
{
    const char *text = tb_reading_at(r, column);
    const char *name = tb_reading_at(r, column + 1);
    const struct tb_division *division = tb_rivers_division(r->load->rivers, tb_reading_code(text));
    if (division == NULL) {
        return TB_READING_MISTAKE(r,
                                  "unknown code '%.32s'; write one of divisions.csv, or add it "
                                  "there",
                                  text);
    }
    if (division->level != TB_LEVEL_COUNTY) {
        return TB_READING_MISTAKE(r,
                                  "%06u %s is no county; rivers run through counties, write "
                                  "the county's code",
                                  division->code, division->name);
    }
    if (strcmp(division->name, name) != 0) {
        return TB_READING_MISTAKE(r,
                                  "%06u is %s in divisions.csv, not '%.64s'; correct the code "
                                  "or the name",
                                  division->code, division->name, name);
    }
    *code = division->code;
    return TB_OK;
}

enum tb_status tb_reading_position(const struct tb_reading *r, size_t lon, size_t lat,
                                   int32_t microdeg[2])
{
    for (size_t i = 0; i < 2; i++) {
        const char *text = tb_reading_at(r, i == 0 ? lon : lat);
        int64_t degrees_max = i == 0 ? DEGREES_MAX : DEGREES_MAX / 2;
        int64_t value;
        if (!tb_csv_decimal(text, DEGREE_PLACES, degrees_max, &value)) {
            return TB_READING_MISTAKE(
                r, "'%.32s' is no %s; write degrees of WGS-84 with at most %d places, e.g. 35.3521",
                text, i == 0 ? "longitude" : "latitude", (int)DEGREE_PLACES);
        }
        microdeg[i] = (int32_t)value;
    }
    return TB_OK;
}
