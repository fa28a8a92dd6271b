#ifndef TB_TABLE_H
#define TB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * table - columns that line up, Chinese characters being two columns wide.
 *
 * Cells are given row by row; printing pads every column but the last to its
 * widest cell, with two blanks between. Line breaks, tabs and whatever could
 * move the cursor of a terminal become blanks.
 */
enum { TB_TABLE_CELLS_MAX = 128 * 1024 };

struct tb_table {
    size_t columns;
    size_t count; /* of cells */
    size_t room;
    char **cell;
    bool cut; /* the limit was reached: what came after is not shown */
};

void tb_table_init(struct tb_table *table, size_t columns);
void tb_table_fini(struct tb_table *table);
/* Append a copy of ${text} as the next cell; NULL counts as "". */
void tb_table_add(struct tb_table *table, const char *text);
void tb_table_addf(struct tb_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Print to ${out}, every line after ${indent} blanks, without trailing blanks. */
void tb_table_print(const struct tb_table *table, FILE *out, size_t indent);

/* Terminal columns of the UTF-8 text ${text}: 2 for a Chinese character or a
 * full-width sign, 0 for a combining one, 1 for everything else. */
size_t tb_table_width(const char *text);

/* Print ${text} to ${out} with control characters, of C1 and of writing
 * direction too, made blanks; line breaks stay when ${lines}. */
void tb_table_text(FILE *out, const char *text, bool lines);

#endif
