#include "node/cli/rows.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

/* What the officer should see at once about one notice. */
static void remark(char *out, size_t out_bytes, const json_t *row)
{
    const json_t *counts = tb_pick_object(row, "counts");
    bool own = tb_pick_bool(row, "own");
    bool actual = strcmp(tb_pick_text(row, "world"), "actual") == 0;
    char marks[512];
    tb_words_join(marks, sizeof marks, tb_pick_list(row, "marks"), tb_words_mark);
    const char *desk = own                                 ? _("own")
                       : tb_pick_bool(row, "acknowledged") ? _("acknowledged here")
                       : actual                            ? _("TO BE ACKNOWLEDGED")
                                                           : _("not acknowledged here");
    int64_t outside = tb_pick_int(counts, "outside");
    char outsiders[64] = "";
    if (outside > 0 && own) {
        snprintf(outsiders, sizeof outsiders, _(", telephone %lld outside"), (long long)outside);
    }
    snprintf(out, out_bytes, "%s%s%s%s", desk, outsiders, marks[0] != '\0' ? _(", ") : "", marks);
}

static void add_row(struct tb_table *table, const json_t *row, struct tb_wall now)
{
    const json_t *counts = tb_pick_object(row, "counts");
    const char *short_id = tb_pick_text(row, "short_id");
    const char *title = tb_pick_text(row, "title");
    char text[1024];
    tb_table_addf(table, "%s%s%s", tb_pick_text(row, "number"), short_id[0] != '\0' ? "/" : "",
                  short_id);
    tb_table_add(table, tb_words_world(tb_pick_text(row, "world")));
    tb_table_add(table, tb_words_of(row, "kind", tb_words_kind));
    tb_table_add(table, tb_pick_text(row, "origin_name"));
    tb_table_add(table, title[0] != '\0' ? title : tb_pick_text(row, "river"));
    tb_when_short(text, tb_pick_text(row, "issued_at"), now);
    tb_table_add(table, text);
    tb_table_addf(table, "%lld/%lld/%lld", (long long)tb_pick_int(counts, "acknowledged"),
                  (long long)tb_pick_int(counts, "held"),
                  (long long)tb_pick_int(counts, "deliveries"));
    remark(text, sizeof text, row);
    tb_table_add(table, text);
}

void tb_rows_print(const json_t *rows, struct tb_wall now)
{
    struct tb_table table;
    tb_table_init(&table, 8);
    tb_table_add(&table, _("Number"));
    tb_table_add(&table, _("World"));
    tb_table_add(&table, _("Kind"));
    tb_table_add(&table, _("From"));
    tb_table_add(&table, _("Subject"));
    tb_table_add(&table, _("Issued (+08:00)"));
    tb_table_add(&table, _("Ack/held/all"));
    tb_table_add(&table, _("Remark"));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        add_row(&table, json_array_get(rows, i), now);
    }
    tb_table_print(&table, stdout, 0);
    tb_table_fini(&table);
}
