#include "topology/rivers_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "topology/reading.h"

enum {
    LENGTH_KM_MAX = 10000, /* of a river */
    LENGTH_PLACES = 3,     /* so that it is read in metres */
    LENGTH_SCALE = 1000,
};

static enum tb_level level_of_code(uint32_t code)
{
    if (code % 10000 == 0) {
        return TB_LEVEL_PROVINCE;
    }
    return code % 100 == 0 ? TB_LEVEL_CITY : TB_LEVEL_COUNTY;
}

static const char *const division_columns[] = {"code",     "name", "level", "parent", "office",
                                               "circular", "lon",  "lat",   "basin"};

static enum tb_status read_division(struct tb_reading *r)
{
    static const char *const word[] = {"county", "city", "province"};
    struct tb_rivers *rivers = r->load->rivers;
    struct tb_division division = {.code = tb_reading_code(tb_reading_at(r, 0)),
                                   .line = r->csv.line};
    if (division.code == 0) {
        return TB_READING_MISTAKE(r, "'%.32s' is no code; write the six digits of GB/T 2260",
                                  tb_reading_at(r, 0));
    }
    if (*tb_reading_at(r, 1) == '\0' || strlen(tb_reading_at(r, 1)) >= TB_NAME_BYTES_MAX) {
        return TB_READING_MISTAKE(r, "%06u needs a name of at most %d bytes", division.code,
                                  (int)TB_NAME_BYTES_MAX - 1);
    }
    division.level = level_of_code(division.code);
    if (strcmp(tb_reading_at(r, 2), word[division.level]) != 0) {
        return TB_READING_MISTAKE(r, "%06u is a %s by its digits, not '%.32s'; write %s",
                                  division.code, word[division.level], tb_reading_at(r, 2),
                                  word[division.level]);
    }
    division.parent = tb_reading_code(tb_reading_at(r, 3));
    bool province = division.level == TB_LEVEL_PROVINCE;
    if (province ? *tb_reading_at(r, 3) != '\0'
                 : division.parent / 10000 != division.code / 10000) {
        return TB_READING_MISTAKE(
            r, "'%.32s' cannot be above %06u; write %s", tb_reading_at(r, 3), division.code,
            province ? "nothing: a province has no parent" : "the code of its city or province");
    }
    division.office = strcmp(tb_reading_at(r, 4), "yes") == 0;
    if (!division.office && strcmp(tb_reading_at(r, 4), "no") != 0) {
        return TB_READING_MISTAKE(r,
                                  "office is '%.32s'; write yes, or no for a code without a bureau",
                                  tb_reading_at(r, 4));
    }
    if (province && !division.office) {
        return TB_READING_MISTAKE(
            r,
            "the province %06u has no office, and its counties report to it; write "
            "yes",
            division.code);
    }
    int32_t microdeg[2];
    enum tb_status status = tb_reading_position(r, 6, 7, microdeg);
    if (status != TB_OK) {
        return status;
    }
    division.lon_microdeg = microdeg[0];
    division.lat_microdeg = microdeg[1];
    if (rivers->divisions == TB_RIVERS_DIVISIONS_MAX) {
        return TB_READING_MISTAKE(r, "more than %d divisions", (int)TB_RIVERS_DIVISIONS_MAX);
    }
    division.name = tb_reading_keep(rivers, tb_reading_at(r, 1));
    division.circular = tb_reading_keep(rivers, tb_reading_at(r, 5));
    division.basin = tb_reading_keep(rivers, tb_reading_at(r, 8));
    rivers->division[rivers->divisions++] = division;
    return TB_OK;
}

static int by_code(const void *left, const void *right)
{
    const struct tb_division *a = left;
    const struct tb_division *b = right;
    if (a->code != b->code) {
        return a->code < b->code ? -1 : 1;
    }
    return (a->line > b->line) - (a->line < b->line);
}

/* Which offices stand above each division. */
static enum tb_status join_divisions(const struct tb_rivers_load *load)
{
    struct tb_rivers *rivers = load->rivers;
    qsort(rivers->division, rivers->divisions, sizeof *rivers->division, by_code);
    for (size_t i = 0; i < rivers->divisions; i++) {
        struct tb_division *d = &rivers->division[i];
        if (i > 0 && d[-1].code == d->code) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                                     "%06u stands in line %d already; delete one", d->code,
                                     d[-1].line);
        }
    }
    for (size_t i = 0; i < rivers->divisions; i++) {
        struct tb_division *d = &rivers->division[i];
        const struct tb_division *parent =
            d->level == TB_LEVEL_PROVINCE ? d : tb_rivers_division(rivers, d->parent);
        if (parent == NULL) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                                     "%06u has the unknown parent %06u; add its row", d->code,
                                     d->parent);
        }
        if (d->level != TB_LEVEL_PROVINCE && parent->level <= d->level) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_DIVISIONS, d->line,
                                     "%06u is no %s, so it cannot be above %06u", d->parent,
                                     d->level == TB_LEVEL_CITY ? "province" : "city or province",
                                     d->code);
        }
        /* The code of a province ends in 0000, so the province of a county
         * whose city row lacks its own is found by the city's check. */
        d->province = d->code / 10000 * 10000;
        if (d->level == TB_LEVEL_CITY) {
            d->city = d->code;
        } else if (d->level == TB_LEVEL_COUNTY) {
            d->city = parent->office ? parent->code : d->province;
        }
    }
    return TB_OK;
}

static enum tb_status read_river(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    const char *key = tb_reading_at(r, 0);
    const char *km = tb_reading_at(r, 2);
    int64_t length = 0;
    if (*key == '\0' || strlen(key) >= TB_NAME_BYTES_MAX ||
        strstr(key, TB_READING_DIVIDER) != NULL || strstr(key, TB_READING_DIVIDER_SEEN) != NULL) {
        return TB_READING_MISTAKE(r,
                                  "'%.64s' is no river's key; write its name in at most %d bytes, "
                                  "without " TB_READING_DIVIDER " and " TB_READING_DIVIDER_SEEN,
                                  key, (int)TB_NAME_BYTES_MAX - 1);
    }
    if (*km != '\0' && !tb_csv_decimal(km, LENGTH_PLACES, LENGTH_KM_MAX, &length)) {
        return TB_READING_MISTAKE(
            r, "'%.32s' is no length; write kilometres, e.g. 57.6, or nothing", km);
    }
    if (rivers->rivers == TB_RIVERS_KEYS_MAX) {
        return TB_READING_MISTAKE(r, "more than %d rivers", (int)TB_RIVERS_KEYS_MAX);
    }
    uint32_t nth = (uint32_t)rivers->rivers++;
    key = tb_reading_keep(rivers, key);
    rivers->river[nth] = (struct tb_river){.key = key,
                                           .into = TB_RIVERS_NONE,
                                           .length_km = (double)length / LENGTH_SCALE,
                                           .line = r->csv.line};
    rivers->key[nth] = (struct tb_river_key){key, nth};
    return TB_OK;
}

static int by_key(const void *left, const void *right)
{
    const struct tb_river_key *a = left;
    const struct tb_river_key *b = right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->nth > b->nth) - (a->nth < b->nth);
}

/* The second pass, when every key is known. */
static enum tb_status read_into(struct tb_reading *r)
{
    struct tb_rivers *rivers = r->load->rivers;
    if (*tb_reading_at(r, 1) == '\0') {
        return TB_OK;
    }
    uint32_t into = tb_rivers_nth(rivers, tb_reading_at(r, 1));
    if (into == TB_RIVERS_NONE) {
        return TB_READING_MISTAKE(r, "%.64s flows into the unknown river '%.64s'; add its row",
                                  tb_reading_at(r, 0), tb_reading_at(r, 1));
    }
    rivers->river[tb_rivers_nth(rivers, tb_reading_at(r, 0))].into = into;
    rivers->river[into].used = true;
    return TB_OK;
}

/* Rivers end in the sea or at the edge of the table, never in themselves. */
static enum tb_status check_depths(const struct tb_rivers_load *load)
{
    const struct tb_rivers *rivers = load->rivers;
    for (uint32_t i = 0; i < rivers->rivers; i++) {
        uint32_t nth = i;
        int depth = 0;
        for (; nth != TB_RIVERS_NONE && depth <= TB_RIVERS_DEPTH_MAX; depth++) {
            nth = rivers->river[nth].into;
        }
        if (depth <= TB_RIVERS_DEPTH_MAX) {
            continue;
        }
        /* Too deep, or a circle: who walks on as many rivers as there are and
         * has not come out is on it. */
        for (size_t n = 0; n < rivers->rivers && nth != TB_RIVERS_NONE; n++) {
            nth = rivers->river[nth].into;
        }
        if (nth == TB_RIVERS_NONE) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_RIVERS, rivers->river[i].line,
                                     "%s is more than %d rivers from the sea; correct flows_into",
                                     rivers->river[i].key, (int)TB_RIVERS_DEPTH_MAX);
        }
        return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_RIVERS, rivers->river[nth].line,
                                 "%s flows into %s and so on back into itself; correct flows_into "
                                 "in one of these rows",
                                 rivers->river[nth].key,
                                 rivers->river[rivers->river[nth].into].key);
    }
    return TB_OK;
}

enum tb_status tb_rivers_read_divisions(struct tb_rivers_load *load)
{
    struct tb_reading r;
    struct tb_rivers *rivers = load->rivers;
    rivers->division = tb_reading_room(load, TB_RIVERS_TABLE_DIVISIONS, sizeof *rivers->division);
    enum tb_status status =
        tb_reading_rows(&r, load, TB_RIVERS_TABLE_DIVISIONS, division_columns,
                        sizeof division_columns / sizeof *division_columns, read_division);
    return status == TB_OK ? join_divisions(load) : status;
}

enum tb_status tb_rivers_read_rivers(struct tb_rivers_load *load)
{
    static const char *const columns[] = {"river", "flows_into", "length_km"};
    struct tb_reading r;
    struct tb_rivers *rivers = load->rivers;
    rivers->river = tb_reading_room(load, TB_RIVERS_TABLE_RIVERS, sizeof *rivers->river);
    rivers->key = tb_reading_room(load, TB_RIVERS_TABLE_RIVERS, sizeof *rivers->key);
    enum tb_status status =
        tb_reading_rows(&r, load, TB_RIVERS_TABLE_RIVERS, columns, 3, read_river);
    if (status != TB_OK) {
        return status;
    }
    qsort(rivers->key, rivers->rivers, sizeof *rivers->key, by_key);
    for (size_t i = 1; i < rivers->rivers; i++) {
        const struct tb_river_key *key = &rivers->key[i];
        if (strcmp(key[-1].key, key->key) == 0) {
            return TB_RIVERS_MISTAKE(load, TB_RIVERS_TABLE_RIVERS, rivers->river[key->nth].line,
                                     "%s stands in line %d already; delete one", key->key,
                                     rivers->river[key[-1].nth].line);
        }
    }
    status = tb_reading_rows(&r, load, TB_RIVERS_TABLE_RIVERS, columns, 3, read_into);
    return status == TB_OK ? check_depths(load) : status;
}
