#include "node/cli/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "node/cli/tell.h"

enum { CELL_BYTES_MAX = 1024, GAP = 2 };

struct range {
    uint32_t first;
    uint32_t last;
};

/* East Asian wide and full-width, after Unicode's EastAsianWidth.txt. */
static const struct range wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* Combining marks and signs without a width of their own. */
static const struct range narrow[] = {
    {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
};

static bool within(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* The next character of ${text}, whose bytes it moves past. A byte that begins
 * none counts as one character. */
static uint32_t next_point(const char **text)
{
    const unsigned char *byte = (const unsigned char *)*text;
    size_t more = byte[0] >= 0xf0 ? 3 : byte[0] >= 0xe0 ? 2 : byte[0] >= 0xc0 ? 1 : 0;
    uint32_t point = more == 3   ? byte[0] & 0x07u
                     : more == 2 ? byte[0] & 0x0fu
                     : more == 1 ? byte[0] & 0x1fu
                                 : byte[0];
    size_t i = 1;
    for (; i <= more && (byte[i] & 0xc0) == 0x80; i++) {
        point = point << 6 | (byte[i] & 0x3fu);
    }
    *text += i;
    return point;
}

size_t tb_table_width(const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        uint32_t point = next_point(&text);
        if (within(wide, sizeof wide / sizeof wide[0], point)) {
            width += 2;
        } else if (!within(narrow, sizeof narrow / sizeof narrow[0], point)) {
            width += 1;
        }
    }
    return width;
}

/* What would move a terminal's cursor or turn its writing direction. */
static bool moves(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

void tb_table_text(FILE *out, const char *text, bool lines)
{
    while (*text != '\0') {
        const char *start = text;
        uint32_t point = next_point(&text);
        if (moves(point) && !(lines && point == '\n')) {
            fputc(' ', out);
        } else {
            fwrite(start, 1, (size_t)(text - start), out);
        }
    }
}

void tb_table_init(struct tb_table *table, size_t columns)
{
    tb_assert(columns > 0);
    *table = (struct tb_table){.columns = columns};
}

void tb_table_fini(struct tb_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->cell[i]);
    }
    free(table->cell);
    *table = (struct tb_table){.columns = 1};
}

void tb_table_add(struct tb_table *table, const char *text)
{
    if (table->count == TB_TABLE_CELLS_MAX) {
        table->cut = true;
        return;
    }
    if (table->count == table->room) {
        table->room = table->room == 0 ? 64 : table->room * 2;
        table->cell = realloc(table->cell, table->room * sizeof table->cell[0]);
        tb_assert(table->cell != NULL);
    }
    char *copy = strdup(text != NULL ? text : "");
    tb_assert(copy != NULL);
    table->cell[table->count++] = copy;
}

void tb_table_addf(struct tb_table *table, const char *format, ...)
{
    char text[CELL_BYTES_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    tb_table_add(table, text);
}

/* The last cell of a row that is not empty; nothing after it is padded. */
static size_t last_cell(const struct tb_table *table, size_t row)
{
    size_t last = row * table->columns;
    for (size_t i = last; i < (row + 1) * table->columns && i < table->count; i++) {
        last = table->cell[i][0] != '\0' ? i : last;
    }
    return last;
}

void tb_table_print(const struct tb_table *table, FILE *out, size_t indent)
{
    size_t *width = calloc(table->columns, sizeof width[0]);
    tb_assert(width != NULL);
    for (size_t i = 0; i < table->count; i++) {
        size_t cell = tb_table_width(table->cell[i]);
        size_t *column = &width[i % table->columns];
        *column = cell > *column ? cell : *column;
    }
    size_t rows = (table->count + table->columns - 1) / table->columns;
    for (size_t row = 0; row < rows; row++) {
        size_t last = last_cell(table, row);
        fprintf(out, "%*s", (int)indent, "");
        for (size_t i = row * table->columns; i <= last; i++) {
            tb_table_text(out, table->cell[i], false);
            if (i < last) {
                size_t pad = width[i % table->columns] - tb_table_width(table->cell[i]) + GAP;
                fprintf(out, "%*s", (int)pad, "");
            }
        }
        fputc('\n', out);
    }
    if (table->cut) {
        fprintf(out, "%*s%s\n", (int)indent, "", _("(more rows than can be shown)"));
    }
    free(width);
}
