#include "node/cli/clockrows.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/tell.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { MINUTE_PLACES = 3 }; /* of "05:24:00", the ":00" */

/* "05:24", "01-17 05:24", or with its seconds where they are not zero. */
static void time_of(char out[TB_WHEN_TEXT_BYTES], const char *json, struct tb_wall now)
{
    tb_when_short(out, json, now);
    size_t length = strlen(out);
    if (length > MINUTE_PLACES && strcmp(out + length - MINUTE_PLACES, ":00") == 0) {
        out[length - MINUTE_PLACES] = '\0';
    }
}

void tb_clockrows_chip(char out[TB_CLOCKROWS_CHIP_BYTES], const json_t *json, struct tb_wall now)
{
    const char *state = tb_pick_text(json, "state");
    const char *due = tb_pick_text(json, "due_at");
    int64_t due_ms = tb_when_ms(due);
    char at[TB_WHEN_TEXT_BYTES];
    char met[TB_WHEN_TEXT_BYTES];
    char span[TB_WHEN_TEXT_BYTES];
    time_of(at, due, now);
    time_of(met, tb_pick_text(json, "met_at"), now);
    if (strcmp(state, "running") == 0 && due_ms == 0) {
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, "%s", _("to be done, no hours"));
    } else if (strcmp(state, "running") == 0) {
        tb_when_span(span, due_ms - now.ms);
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, _("%s left (%s)"), span, at);
    } else if (strcmp(state, "overdue") == 0) {
        tb_when_span(span, now.ms - due_ms);
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, _("OVERDUE by %s (%s)"), span, at);
    } else if (strcmp(state, "met") == 0) {
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, _("done (%s)"), met);
    } else if (strcmp(state, "met_late") == 0) {
        tb_when_span(span, tb_pick_int(json, "late_s") * 1000);
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, _("done %s late (%s)"), span, met);
    } else if (strcmp(state, "not_counted") == 0) {
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, "%s",
                 _("not counted: graded lower before it was due"));
    } else {
        snprintf(out, TB_CLOCKROWS_CHIP_BYTES, "%s", state);
    }
}

const char *tb_clockrows_task(const json_t *json)
{
    const char *first = json_string_value(json_array_get(tb_pick_list(json, "meets"), 0));
    return tb_words_task(first != NULL ? first : "");
}

static void add_row(struct tb_table *table, const json_t *row, struct tb_wall now)
{
    char chip[TB_CLOCKROWS_CHIP_BYTES];
    const char *world = tb_pick_text(row, "world");
    bool actual = strcmp(world, "actual") == 0;
    tb_clockrows_chip(chip, row, now);
    /* What is not actual says so first (I7). */
    if (actual) {
        tb_table_add(table, chip);
    } else {
        tb_table_addf(table, _("[%s] %s"), tb_words_world(world), chip);
    }
    tb_table_addf(table, "%s%s", tb_clockrows_task(row),
                  tb_pick_bool(row, "provisional") ? _(" (provisional)") : "");
    tb_table_addf(table, "%s %s", tb_pick_text(row, "owner"), tb_pick_text(row, "owner_name"));
    tb_table_add(table, tb_pick_text(row, "number"));
    tb_table_add(table, tb_pick_text(row, "clause"));
}

void tb_clockrows_print(const json_t *rows, struct tb_wall now, size_t indent)
{
    struct tb_table table;
    tb_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        add_row(&table, json_array_get(rows, i), now);
    }
    tb_table_print(&table, stdout, indent);
    tb_table_fini(&table);
}

void tb_clockrows_worst(const json_t *json, struct tb_wall now)
{
    char chip[TB_CLOCKROWS_CHIP_BYTES];
    if (json == NULL) {
        return;
    }
    tb_clockrows_chip(chip, json, now);
    printf(_("Time limit: %s: %s, %s %s, %s\n"), chip, tb_clockrows_task(json),
           tb_pick_text(json, "owner"), tb_pick_text(json, "owner_name"),
           tb_pick_text(json, "number"));
}
