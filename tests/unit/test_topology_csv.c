#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "topology/csv.h"

static struct tb_csv csv;
static struct tb_diag diag;

static enum tb_status open_text(const char *text)
{
    diag = (struct tb_diag){0};
    return tb_csv_open(&csv, "table.csv", tb_bytes_text(text), &diag);
}

static void row_is(const char *first, const char *second)
{
    bool more = false;
    assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
    assert_true(more);
    assert_string_equal(tb_csv_field(&csv, 0), first);
    assert_string_equal(tb_csv_field(&csv, 1), second);
}

static void ends(void)
{
    bool more = true;
    assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
    assert_false(more);
}

static void refused(int line, const char *why)
{
    bool more;
    assert_int_equal(tb_csv_next(&csv, &more), TB_INPUT);
    assert_false(more);
    assert_string_equal(diag.file, "table.csv");
    assert_int_equal(diag.line, line);
    assert_non_null(strstr(diag.text, why));
}

static void header_refused(const char *text, int line, const char *why)
{
    assert_int_equal(open_text(text), TB_INPUT);
    assert_string_equal(diag.file, "table.csv");
    assert_int_equal(diag.line, line);
    assert_non_null(strstr(diag.text, why));
}

static void plain_quoted_and_empty_fields_are_read(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n清徐县,汾河\n\"x,y\",\"say \"\"汾\"\"\"\n,\n\"\",z\n"), TB_OK);
    row_is("清徐县", "汾河");
    row_is("x,y", "say \"汾\"");
    row_is("", "");
    row_is("", "z");
    ends();
    ends();
}

static void lines_may_end_with_cr_lf_and_the_last_with_nothing(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\r\n1,2\r\n3,4"), TB_OK);
    row_is("1", "2");
    row_is("3", "4");
    ends();
}

static void a_line_break_in_quotes_is_kept_and_counted(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n\"one\r\ntwo\",x\ny\n"), TB_OK);
    row_is("one\ntwo", "x");
    assert_int_equal(csv.line, 2);
    refused(4, "the row has 1 fields, the header 2");
}

static void columns_are_found_by_name_in_any_order(void **state)
{
    (void)state;
    static const char *const names[] = {"river", "from"};
    size_t place[2];
    assert_int_equal(open_text("from,to,river\n"), TB_OK);
    assert_int_equal(tb_csv_columns(&csv, names, 2, place), TB_OK);
    assert_int_equal(place[0], 2);
    assert_int_equal(place[1], 0);
}

static void a_missing_column_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"from", "river"};
    size_t place[2];
    assert_int_equal(open_text("from,to\n"), TB_OK);
    assert_int_equal(tb_csv_columns(&csv, names, 2, place), TB_INPUT);
    assert_int_equal(diag.line, 1);
    assert_non_null(strstr(diag.text, "the column 'river' is missing"));
}

static void a_byte_order_mark_is_refused_in_words(void **state)
{
    (void)state;
    header_refused("\xef\xbb\xbf"
                   "a,b\n",
                   1, "byte order mark (BOM); save it as UTF-8 without BOM");
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    header_refused("", 1, "the file is empty");
}

static void a_column_named_twice_or_not_at_all_is_refused(void **state)
{
    (void)state;
    header_refused("a,b,a\n", 1, "the column 'a' is named twice");
    header_refused("a,,b\n", 1, "column 2 has no name");
}

static void a_row_of_another_width_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n1,2,3\n"), TB_OK);
    refused(2, "the row has 3 fields, the header 2");
    assert_int_equal(open_text("a,b\n1,2\n\n3,4\n"), TB_OK);
    row_is("1", "2");
    refused(3, "the row has 1 fields");
}

static void an_open_quote_names_the_line_where_it_opened(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n1,2\nx,\"never\nclosed\n"), TB_OK);
    row_is("1", "2");
    refused(3, "a quoted field begins here and never ends");
}

static void a_quote_in_a_plain_field_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n1,say \"no\"\n"), TB_OK);
    refused(2, "a quote inside a field that does not begin with one");
}

static void text_behind_a_closing_quote_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n\"1\"x,2\n"), TB_OK);
    refused(2, "text behind a closing quote");
}

static void a_lonely_carriage_return_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n1\r2,3\n"), TB_OK);
    refused(2, "a carriage return that ends no line");
}

static void what_is_not_utf_8_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text("a,b\n\xc7\xe5,2\n"), TB_OK);
    refused(2, "not plain UTF-8 text");
    static const char nul[] = "a,b\n1\0,2\n";
    diag = (struct tb_diag){0};
    assert_int_equal(tb_csv_open(&csv, "table.csv", tb_bytes_of(nul, sizeof nul - 1), &diag),
                     TB_OK);
    refused(2, "not plain UTF-8 text");
}

/* A table whose second row is ${fields} fields of ${bytes} bytes each. */
static char *wide(size_t fields, size_t bytes)
{
    char *text = calloc(1, fields * (bytes + 8) + 64);
    assert_non_null(text);
    char *at = text;
    for (size_t i = 0; i < fields; i++) {
        *at++ = (char)('a' + (int)(i / 26));
        *at++ = (char)('a' + (int)(i % 26));
        *at++ = i + 1 < fields ? ',' : '\n';
    }
    for (size_t i = 0; i < fields; i++) {
        memset(at, 'x', bytes);
        at += bytes;
        *at++ = i + 1 < fields ? ',' : '\n';
    }
    return text;
}

static void limits_hold_for_columns_fields_and_rows_of_bytes_I10(void **state)
{
    (void)state;
    char *text = wide(TB_CSV_COLUMNS_MAX, 1);
    assert_int_equal(open_text(text), TB_OK);
    bool more;
    assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
    free(text);
    text = wide(TB_CSV_COLUMNS_MAX + 1, 1);
    header_refused(text, 1, "more than 32 columns");
    free(text);
    text = wide(2, TB_CSV_FIELD_BYTES_MAX);
    assert_int_equal(open_text(text), TB_OK);
    assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
    assert_int_equal(strlen(tb_csv_field(&csv, 1)), TB_CSV_FIELD_BYTES_MAX);
    free(text);
    text = wide(2, TB_CSV_FIELD_BYTES_MAX + 1);
    assert_int_equal(open_text(text), TB_OK);
    refused(2, "a field is longer than 1024 bytes");
    free(text);
    /* Eight fields and their NULs fill the row to the last byte but none over. */
    text = wide(8, TB_CSV_ROW_BYTES_MAX / 8 - 1);
    assert_int_equal(open_text(text), TB_OK);
    assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
    free(text);
    text = wide(8, TB_CSV_ROW_BYTES_MAX / 8);
    assert_int_equal(open_text(text), TB_OK);
    refused(2, "the row is longer than 8192 bytes");
    free(text);
}

static void limits_hold_for_rows_and_for_the_file_I10(void **state)
{
    (void)state;
    size_t size = 4 + 2 * ((size_t)TB_CSV_ROWS_MAX + 1);
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = i % 2 == 0 ? 'a' : '\n';
    }
    diag = (struct tb_diag){0};
    assert_int_equal(tb_csv_open(&csv, "table.csv", tb_bytes_of(text, size), &diag), TB_OK);
    bool more = true;
    for (int i = 0; i < TB_CSV_ROWS_MAX; i++) {
        assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
        assert_true(more);
    }
    refused(TB_CSV_ROWS_MAX + 2, "more than 100000 rows");
    free(text);
    /* Only the size is looked at, so that the bytes need not be there. */
    static const char small[] = "a\n";
    assert_int_equal(
        tb_csv_open(&csv, "table.csv", tb_bytes_of(small, TB_CSV_FILE_BYTES_MAX + 1), &diag),
        TB_INPUT);
    assert_non_null(strstr(diag.text, "the file is larger than"));
}

static void mistakes_may_go_untold(void **state)
{
    (void)state;
    bool more;
    assert_int_equal(tb_csv_open(&csv, "table.csv", tb_bytes_text("a,b\n1\n"), NULL), TB_OK);
    assert_int_equal(tb_csv_next(&csv, &more), TB_INPUT);
    assert_int_equal(tb_csv_open(&csv, "table.csv", tb_bytes_text(""), NULL), TB_INPUT);
}

static void decimals_are_read_exactly(void **state)
{
    (void)state;
    int64_t value;
    assert_true(tb_csv_decimal("112.3521", 6, 180, &value));
    assert_int_equal(value, 112352100);
    assert_true(tb_csv_decimal("-0.5", 3, 10, &value));
    assert_int_equal(value, -500);
    assert_true(tb_csv_decimal("180", 6, 180, &value));
    assert_int_equal(value, 180000000);
    static const char *const bad[] = {"",    "-",      ".5", "1.",
                                      "1,5", " 1",     "1 ", "1e3",
                                      "181", "0.1234", "+1", "9999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(tb_csv_decimal(bad[i], 3, 180, &value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_quoted_and_empty_fields_are_read),
        cmocka_unit_test(lines_may_end_with_cr_lf_and_the_last_with_nothing),
        cmocka_unit_test(a_line_break_in_quotes_is_kept_and_counted),
        cmocka_unit_test(columns_are_found_by_name_in_any_order),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(a_byte_order_mark_is_refused_in_words),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(a_column_named_twice_or_not_at_all_is_refused),
        cmocka_unit_test(a_row_of_another_width_is_refused),
        cmocka_unit_test(an_open_quote_names_the_line_where_it_opened),
        cmocka_unit_test(a_quote_in_a_plain_field_is_refused),
        cmocka_unit_test(text_behind_a_closing_quote_is_refused),
        cmocka_unit_test(a_lonely_carriage_return_is_refused),
        cmocka_unit_test(what_is_not_utf_8_text_is_refused),
        cmocka_unit_test(limits_hold_for_columns_fields_and_rows_of_bytes_I10),
        cmocka_unit_test(limits_hold_for_rows_and_for_the_file_I10),
        cmocka_unit_test(mistakes_may_go_untold),
        cmocka_unit_test(decimals_are_read_exactly),
    };
    return cmocka_run_group_tests_name("topology_csv", tests, NULL, NULL);
}
