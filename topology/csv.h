#ifndef TB_CSV_H
#define TB_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/status.h"

/*
 * csv - tables that people write, read as RFC 4180 says.
 *
 *     open ──next──> a row ──next──> a row … ──next──> the end
 *        └────────────┴──── TB_INPUT: the table is not to be used
 *
 * UTF-8 without a byte order mark, a header in row 1, fields apart by commas,
 * quoted with " where they hold a comma, a quote or a line break, every row as
 * wide as the header. Lines end with LF or CR LF; the last may lack its end. A
 * line break inside a quoted field is kept as LF. Every mistake is one sentence
 * with file and line.
 */
enum {
    TB_CSV_FILE_BYTES_MAX = 4 * 1024 * 1024,
    TB_CSV_COLUMNS_MAX = 32,
    TB_CSV_FIELD_BYTES_MAX = 1024,
    TB_CSV_ROW_BYTES_MAX = 8 * 1024,
    TB_CSV_ROWS_MAX = 100 * 1000,
};

struct tb_csv {
    struct tb_bytes bytes; /* borrowed */
    size_t at;             /* the next byte to read */
    int line_next;         /* of the byte at ${at} */
    int line;              /* where the present row begins */
    size_t columns;
    size_t rows; /* read so far, the header not among them */
    struct tb_diag *diag;
    size_t field[TB_CSV_COLUMNS_MAX]; /* starts in ${text} */
    char text[TB_CSV_ROW_BYTES_MAX];  /* the present row */
    size_t name[TB_CSV_COLUMNS_MAX];  /* starts in ${names} */
    char names[TB_CSV_ROW_BYTES_MAX]; /* the header */
};

/*
 * Begin to read ${bytes}, which outlive ${csv}; mistakes are told to ${diag},
 * whose file becomes ${file} (both borrowed as long as ${csv} is used, ${diag}
 * may be NULL). TB_INPUT when the header is missing, too long, or names a
 * column twice or not at all, or when the bytes begin with a byte order mark.
 */
enum tb_status tb_csv_open(struct tb_csv *csv, const char *file, struct tb_bytes bytes,
                           struct tb_diag *diag) TB_MUST_USE;

#define TB_CSV_OPTIONAL '?'

/*
 * The place of each of the ${count} columns ${names}, in any order in the file;
 * other columns are let be. A column may be missing whose name begins with
 * TB_CSV_OPTIONAL: its place is then TB_CSV_COLUMNS_MAX. TB_INPUT names the first
 * that is missing and may not.
 */
enum tb_status tb_csv_columns(struct tb_csv *csv, const char *const names[], size_t count,
                              size_t places[]) TB_MUST_USE;

/* Read the next row; ${more} is false at the end. TB_INPUT as told in diag. */
enum tb_status tb_csv_next(struct tb_csv *csv, bool *more) TB_MUST_USE;

/* The field of the present row at ${column}, "" when empty or at
 * TB_CSV_COLUMNS_MAX; borrowed until the next tb_csv_next. */
const char *tb_csv_field(const struct tb_csv *csv, size_t column);

/*
 * The decimal number ${text} times 10^${places}: "112.3521" with 4 places is
 * 1123521. False when it is not a plain decimal number, has more digits behind
 * the point than ${places}, or its whole part exceeds ${whole_max}.
 */
bool tb_csv_decimal(const char *text, int places, int64_t whole_max, int64_t *out);

#endif
