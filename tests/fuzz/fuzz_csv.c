#include <string.h>

#include "base/text.h"
#include "tests/fuzz/fuzz.h"
#include "topology/csv.h"

/*
 * A table as people write it. What is read can be written down again with every
 * field in quotes, and reads the same: no row, field or byte of it is lost.
 */
enum { QUOTED_BYTES_MAX = 8 * 1024 * 1024 };

static void quote(struct tb_buf *out, const char *text, bool last)
{
    enum tb_status status = tb_buf_add(out, tb_bytes_text("\""));
    for (; *text != '\0' && status == TB_OK; text++) {
        status = tb_buf_add(out, tb_bytes_of(text, 1));
        if (status == TB_OK && *text == '"') {
            status = tb_buf_add(out, tb_bytes_text("\""));
        }
    }
    tb_assert(status == TB_OK);
    tb_assert(tb_buf_add(out, tb_bytes_text(last ? "\"\r\n" : "\",")) == TB_OK);
}

static void check_field(const char *text)
{
    tb_assert(strlen(text) <= TB_CSV_FIELD_BYTES_MAX);
    tb_assert(tb_text_valid(tb_bytes_text(text)));
}

/* Read ${bytes} whole; into ${quoted}, which may be NULL, what it says. */
static enum tb_status read_all(struct tb_csv *csv, struct tb_bytes bytes, struct tb_buf *quoted,
                               struct tb_diag *diag)
{
    bool more = false;
    enum tb_status status = tb_csv_open(csv, "table.csv", bytes, diag);
    if (status != TB_OK) {
        return status;
    }
    tb_assert(csv->columns >= 1);
    tb_assert(csv->columns <= TB_CSV_COLUMNS_MAX);
    for (size_t i = 0; i < csv->columns; i++) {
        const char *name = csv->names + csv->name[i];
        size_t place;
        check_field(name);
        /* A name that begins with the mark of an optional column cannot be asked for. */
        bool askable = name[0] != TB_CSV_OPTIONAL;
        tb_assert(!askable || tb_csv_columns(csv, &name, 1, &place) == TB_OK);
        tb_assert(!askable || place == i);
        quote(quoted, name, i + 1 == csv->columns);
    }
    for (status = tb_csv_next(csv, &more); status == TB_OK && more;
         status = tb_csv_next(csv, &more)) {
        for (size_t i = 0; i < csv->columns; i++) {
            check_field(tb_csv_field(csv, i));
            quote(quoted, tb_csv_field(csv, i), i + 1 == csv->columns);
        }
    }
    tb_assert(status == TB_OK || !more);
    return status;
}

static void check_number(const struct tb_csv *csv)
{
    enum { PLACES = 6, WHOLE_MAX = 1000 };
    int64_t number;
    for (size_t i = 0; i < csv->columns; i++) {
        if (tb_csv_decimal(csv->text + csv->field[i], PLACES, WHOLE_MAX, &number)) {
            tb_assert(number > -(WHOLE_MAX + 1) * INT64_C(1000000));
            tb_assert(number < (WHOLE_MAX + 1) * INT64_C(1000000));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tb_csv csv;
    struct tb_bytes bytes = {data, size};
    struct tb_diag diag = {0};
    struct tb_buf quoted;
    struct tb_buf again;
    if (size > TB_CSV_FILE_BYTES_MAX / 8) {
        return 0;
    }
    tb_buf_init(&quoted, QUOTED_BYTES_MAX);
    enum tb_status status = read_all(&csv, bytes, &quoted, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT);
    fuzz_told(status, &diag, fuzz_lines(bytes));
    if (status == TB_OK) {
        size_t rows = csv.rows;
        if (rows > 0) {
            check_number(&csv);
        }
        tb_buf_init(&again, QUOTED_BYTES_MAX);
        tb_assert(read_all(&csv, tb_buf_bytes(&quoted), &again, &diag) == TB_OK);
        tb_assert(csv.rows == rows);
        tb_assert(tb_bytes_equal(tb_buf_bytes(&quoted), tb_buf_bytes(&again)));
        tb_buf_fini(&again);
    }
    tb_buf_fini(&quoted);
    return 0;
}
