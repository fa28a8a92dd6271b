#include "node/cli/deliveries.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/clause.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { NOTE_BYTES_MAX = 512 };

enum tb_deliveries_rank tb_deliveries_rank_of(const char *state)
{
    if (strcmp(state, "outside") == 0) {
        return TB_DELIVERIES_OUTSIDE;
    }
    if (strcmp(state, "acknowledged") == 0) {
        return TB_DELIVERIES_ACKNOWLEDGED;
    }
    return strcmp(state, "held") == 0 ? TB_DELIVERIES_HELD : TB_DELIVERIES_NOT_HELD;
}

/* Beyond this office's own disk: at a broker, at the office, or answered by it. */
static bool has_left(const char *state)
{
    return strcmp(state, "outside") != 0 && strcmp(state, "queued") != 0 &&
           strcmp(state, "full") != 0;
}

struct tb_deliveries_count tb_deliveries_count_of(const json_t *deliveries)
{
    struct tb_deliveries_count count = {.total = json_array_size(deliveries)};
    for (size_t i = 0; i < count.total; i++) {
        const char *state = tb_pick_text(json_array_get(deliveries, i), "state");
        count.rank[tb_deliveries_rank_of(state)]++;
        count.left += has_left(state) ? 1 : 0;
    }
    return count;
}

static void summary(const struct tb_deliveries_count *count)
{
    printf(ngettext("%zu office:", "%zu offices:", count->total), count->total);
    printf(_(" acknowledged %zu, held %zu, not held %zu, outside %zu"),
           count->rank[TB_DELIVERIES_ACKNOWLEDGED], count->rank[TB_DELIVERIES_HELD],
           count->rank[TB_DELIVERIES_NOT_HELD], count->rank[TB_DELIVERIES_OUTSIDE]);
    putchar('\n');
}

static void append(char out[NOTE_BYTES_MAX], const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, NOTE_BYTES_MAX - used, "%s%s", used > 0 && text[0] != '\0' ? _(", ") : "",
             text);
}

/* What else is to be known of one delivery: who acknowledged, or why not. */
static void note(char out[NOTE_BYTES_MAX], const json_t *delivery)
{
    const char *officer = tb_pick_text(delivery, "officer");
    out[0] = '\0';
    if (officer[0] != '\0') {
        snprintf(out, NOTE_BYTES_MAX, "%s %s", tb_words_of(delivery, "level", tb_words_level),
                 officer);
    }
    append(out, tb_words_reason(tb_pick_text(delivery, "reason")));
    append(out, tb_pick_bool(delivery, "widened") ? _("named by a broker") : "");
    append(out, tb_pick_bool(delivery, "required") ? "" : _("added by the sender"));
}

static void add_row(struct tb_table *table, const json_t *delivery, const char *issued_at,
                    struct tb_wall now, bool clauses)
{
    char at[TB_WHEN_TEXT_BYTES];
    char span[TB_WHEN_TEXT_BYTES];
    char text[NOTE_BYTES_MAX];
    enum tb_deliveries_rank rank = tb_deliveries_rank_of(tb_pick_text(delivery, "state"));
    const char *since = rank == TB_DELIVERIES_ACKNOWLEDGED
                            ? tb_pick_text(delivery, "acknowledged_at")
                        : rank == TB_DELIVERIES_HELD ? tb_pick_text(delivery, "held_at")
                                                     : issued_at;
    tb_when_short(at, since, now);
    tb_when_span(span, now.ms - tb_when_ms(since));
    note(text, delivery);
    tb_table_add(table, tb_words_state(tb_pick_text(delivery, "state")));
    tb_table_add(table, tb_pick_text(delivery, "office"));
    tb_table_add(table, tb_pick_text(delivery, "name"));
    tb_table_add(table, at);
    /* How long it has been so matters only while something is still awaited. */
    tb_table_add(table, rank == TB_DELIVERIES_ACKNOWLEDGED ? "" : span);
    tb_table_add(table, text);
    tb_clause_shown(text, sizeof text, tb_pick_text(delivery, "clause"));
    tb_table_add(table, clauses ? text : "");
}

void tb_deliveries_print(const json_t *deliveries, const char *issued_at, struct tb_wall now,
                         bool clauses)
{
    struct tb_deliveries_count count = tb_deliveries_count_of(deliveries);
    summary(&count);
    struct tb_table table;
    tb_table_init(&table, 7);
    tb_table_add(&table, _("State"));
    tb_table_add(&table, _("Code"));
    tb_table_add(&table, _("Office"));
    tb_table_add(&table, _("Since (+08:00)"));
    tb_table_add(&table, _("For"));
    tb_table_add(&table, _("By whom, or why"));
    tb_table_add(&table, clauses ? _("Rule") : "");
    for (int rank = TB_DELIVERIES_OUTSIDE; rank < TB_DELIVERIES_RANKS; rank++) {
        for (size_t i = 0; i < count.total; i++) {
            const json_t *delivery = json_array_get(deliveries, i);
            if ((int)tb_deliveries_rank_of(tb_pick_text(delivery, "state")) == rank) {
                add_row(&table, delivery, issued_at, now, clauses);
            }
        }
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}

static void phone_text(char out[NOTE_BYTES_MAX], const json_t *phones)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(phones) && used < NOTE_BYTES_MAX - 1; i++) {
        const json_t *phone = json_array_get(phones, i);
        int size = snprintf(out + used, NOTE_BYTES_MAX - used, "%s%s %s", i > 0 ? _(", ") : "",
                            tb_pick_text(phone, "label"), tb_pick_text(phone, "number"));
        used += size > 0 ? (size_t)size : 0;
    }
    if (out[0] == '\0') {
        snprintf(out, NOTE_BYTES_MAX, "%s", _("no number in the directory: ask the province"));
    }
}

void tb_deliveries_phones(const json_t *telephone)
{
    struct tb_table table;
    tb_table_init(&table, 3);
    for (size_t i = 0; i < json_array_size(telephone); i++) {
        const json_t *office = json_array_get(telephone, i);
        char text[NOTE_BYTES_MAX];
        phone_text(text, tb_pick_list(office, "phones"));
        tb_table_add(&table, tb_pick_text(office, "office"));
        tb_table_add(&table, tb_pick_text(office, "name"));
        tb_table_add(&table, text);
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}
