#include "topology/csv.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"

/* How one field ended. */
enum ending { ENDING_COMMA, ENDING_LINE, ENDING_FILE };

static int peek(const struct tb_csv *csv)
{
    return csv->at < csv->bytes.size ? csv->bytes.data[csv->at] : -1;
}

/* True when a line ends at ${at}: LF, or CR LF. */
static bool line_ends(const struct tb_csv *csv, size_t *length)
{
    const uint8_t *data = csv->bytes.data;
    if (csv->at < csv->bytes.size && data[csv->at] == '\n') {
        *length = 1;
        return true;
    }
    if (csv->at + 1 < csv->bytes.size && data[csv->at] == '\r' && data[csv->at + 1] == '\n') {
        *length = 2;
        return true;
    }
    return false;
}

/* Add ${byte} to the field that began at ${start} of the row's text. */
static enum tb_status put(struct tb_csv *csv, size_t start, size_t *used, char byte)
{
    if (*used - start >= TB_CSV_FIELD_BYTES_MAX) {
        tb_diag_set(csv->diag, csv->line_next,
                    "a field is longer than %d bytes; shorten it, or close its quote (\")",
                    (int)TB_CSV_FIELD_BYTES_MAX);
        return TB_INPUT;
    }
    if (*used + 1 >= sizeof csv->text) {
        tb_diag_set(csv->diag, csv->line_next,
                    "the row is longer than %d bytes; shorten its fields",
                    (int)TB_CSV_ROW_BYTES_MAX);
        return TB_INPUT;
    }
    csv->text[(*used)++] = byte;
    return TB_OK;
}

/* What stands between two quotes; ${at} is behind the first and ends behind
 * the last. */
static enum tb_status quoted(struct tb_csv *csv, size_t start, size_t *used)
{
    int opened = csv->line_next;
    for (;;) {
        size_t length;
        int byte = peek(csv);
        if (byte < 0) {
            tb_diag_set(csv->diag, opened,
                        "a quoted field begins here and never ends; write the closing \"");
            return TB_INPUT;
        }
        if (byte == '"') {
            csv->at++;
            if (peek(csv) != '"') {
                return TB_OK;
            }
            csv->at++;
        } else if (line_ends(csv, &length)) {
            csv->at += length;
            csv->line_next++;
            byte = '\n';
        } else {
            csv->at++;
        }
        enum tb_status status = put(csv, start, used, (char)byte);
        if (status != TB_OK) {
            return status;
        }
    }
}

static enum tb_status plain(struct tb_csv *csv, size_t start, size_t *used)
{
    size_t length;
    for (int byte = peek(csv); byte >= 0 && byte != ',' && !line_ends(csv, &length);
         byte = peek(csv)) {
        if (byte == '"') {
            tb_diag_set(csv->diag, csv->line_next,
                        "a quote inside a field that does not begin with one; write the whole "
                        "field in quotes and each quote in it twice");
            return TB_INPUT;
        }
        if (byte == '\r') {
            tb_diag_set(csv->diag, csv->line_next,
                        "a carriage return that ends no line; end lines with LF or CR LF");
            return TB_INPUT;
        }
        csv->at++;
        enum tb_status status = put(csv, start, used, (char)byte);
        if (status != TB_OK) {
            return status;
        }
    }
    return TB_OK;
}

/* One field and what ends it. */
static enum tb_status field(struct tb_csv *csv, size_t *used, enum ending *ending)
{
    size_t start = *used;
    int line = csv->line_next;
    bool in_quotes = peek(csv) == '"';
    if (in_quotes) {
        csv->at++;
    }
    enum tb_status status = in_quotes ? quoted(csv, start, used) : plain(csv, start, used);
    if (status != TB_OK) {
        return status;
    }
    if (!tb_text_valid(tb_bytes_of(csv->text + start, *used - start))) {
        tb_diag_set(csv->diag, line,
                    "a field is not plain UTF-8 text; save the file as UTF-8 without control "
                    "characters");
        return TB_INPUT;
    }
    csv->text[(*used)++] = '\0';

    size_t length;
    if (peek(csv) == ',') {
        csv->at++;
        *ending = ENDING_COMMA;
    } else if (line_ends(csv, &length)) {
        csv->at += length;
        csv->line_next++;
        *ending = ENDING_LINE;
    } else if (peek(csv) < 0) {
        *ending = ENDING_FILE;
    } else {
        tb_diag_set(csv->diag, csv->line_next,
                    "text behind a closing quote; put a comma there, or write each quote inside "
                    "the field twice");
        return TB_INPUT;
    }
    return TB_OK;
}

/* One row into ${text}; ${columns} is how many fields it has. */
static enum tb_status row(struct tb_csv *csv, size_t *columns)
{
    enum ending ending = ENDING_COMMA;
    size_t used = 0;
    csv->line = csv->line_next;
    for (*columns = 0; ending == ENDING_COMMA; (*columns)++) {
        if (*columns == TB_CSV_COLUMNS_MAX) {
            tb_diag_set(csv->diag, csv->line, "more than %d columns; leave some out",
                        (int)TB_CSV_COLUMNS_MAX);
            return TB_INPUT;
        }
        csv->field[*columns] = used;
        enum tb_status status = field(csv, &used, &ending);
        if (status != TB_OK) {
            return status;
        }
        /* The field's NUL was written in the last byte: no room for another. */
        if (used == sizeof csv->text && ending == ENDING_COMMA) {
            tb_diag_set(csv->diag, csv->line, "the row is longer than %d bytes; shorten its fields",
                        (int)TB_CSV_ROW_BYTES_MAX);
            return TB_INPUT;
        }
    }
    return TB_OK;
}

enum tb_status tb_csv_open(struct tb_csv *csv, const char *file, struct tb_bytes bytes,
                           struct tb_diag *diag)
{
    *csv = (struct tb_csv){.bytes = bytes, .line_next = 1, .line = 1, .diag = diag};
    if (diag != NULL) {
        diag->file = file;
    }
    if (bytes.size > TB_CSV_FILE_BYTES_MAX) {
        tb_diag_set(diag, 0, "the file is larger than %d bytes; split or shorten it",
                    (int)TB_CSV_FILE_BYTES_MAX);
        return TB_INPUT;
    }
    if (bytes.size >= 3 && memcmp(bytes.data, "\xef\xbb\xbf", 3) == 0) {
        tb_diag_set(diag, 1,
                    "the file begins with a byte order mark (BOM); save it as UTF-8 without BOM");
        return TB_INPUT;
    }
    if (bytes.size == 0) {
        tb_diag_set(diag, 1, "the file is empty; row 1 must name the columns");
        return TB_INPUT;
    }
    enum tb_status status = row(csv, &csv->columns);
    if (status != TB_OK) {
        return status;
    }
    memcpy(csv->names, csv->text, sizeof csv->names);
    memcpy(csv->name, csv->field, sizeof csv->name);
    for (size_t i = 0; i < csv->columns; i++) {
        const char *name = csv->names + csv->name[i];
        if (*name == '\0') {
            tb_diag_set(diag, 1, "column %zu has no name; row 1 must name the columns", i + 1);
            return TB_INPUT;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name, csv->names + csv->name[j]) == 0) {
                tb_diag_set(diag, 1, "the column '%.64s' is named twice; rename one", name);
                return TB_INPUT;
            }
        }
    }
    return TB_OK;
}

enum tb_status tb_csv_columns(struct tb_csv *csv, const char *const names[], size_t count,
                              size_t places[])
{
    for (size_t i = 0; i < count; i++) {
        bool optional = names[i][0] == TB_CSV_OPTIONAL;
        const char *name = names[i] + optional;
        size_t column = 0;
        while (column < csv->columns && strcmp(csv->names + csv->name[column], name) != 0) {
            column++;
        }
        if (column == csv->columns && !optional) {
            tb_diag_set(csv->diag, 1, "the column '%s' is missing; row 1 must name it", name);
            return TB_INPUT;
        }
        places[i] = column < csv->columns ? column : TB_CSV_COLUMNS_MAX;
    }
    return TB_OK;
}

enum tb_status tb_csv_next(struct tb_csv *csv, bool *more)
{
    *more = false;
    if (csv->at == csv->bytes.size) {
        return TB_OK;
    }
    size_t columns;
    enum tb_status status = row(csv, &columns);
    if (status != TB_OK) {
        return status;
    }
    if (columns != csv->columns) {
        tb_diag_set(csv->diag, csv->line,
                    "the row has %zu fields, the header %zu; add or remove commas, or delete an "
                    "empty line",
                    columns, csv->columns);
        return TB_INPUT;
    }
    if (csv->rows == TB_CSV_ROWS_MAX) {
        tb_diag_set(csv->diag, csv->line, "more than %d rows; split the table",
                    (int)TB_CSV_ROWS_MAX);
        return TB_INPUT;
    }
    csv->rows++;
    *more = true;
    return TB_OK;
}

const char *tb_csv_field(const struct tb_csv *csv, size_t column)
{
    if (column == TB_CSV_COLUMNS_MAX) {
        return "";
    }
    tb_assert(column < csv->columns);
    return csv->text + csv->field[column];
}

bool tb_csv_decimal(const char *text, int places, int64_t whole_max, int64_t *out)
{
    bool negative = *text == '-';
    const char *at = negative ? text + 1 : text;
    int64_t value = 0;
    if (*at < '0' || *at > '9') {
        return false;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (*at - '0');
        if (value > whole_max) {
            return false;
        }
    }
    int digits = 0;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++, digits++) {
            if (digits == places) {
                return false;
            }
            value = value * 10 + (*at - '0');
        }
        if (digits == 0) {
            return false;
        }
    }
    if (*at != '\0') {
        return false;
    }
    for (; digits < places; digits++) {
        value *= 10;
    }
    *out = negative ? -value : value;
    return true;
}
