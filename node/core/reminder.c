#include "node/core/reminder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/query_clock.h"
#include "node/core/views.h"

void tb_reminder_start(struct tb_node *node)
{
    node->desk.reminder = (struct tb_reminding){.soonest_ms = INT64_MAX};
}

/* The first that meets it, in the word of JSON; "?" for one that nothing here meets. */
static void put_task(char out[TB_NAME_BYTES_MAX], const struct tb_clock *clock)
{
    bool measure = clock->measures != 0;
    unsigned bits = measure ? clock->measures : clock->duties;
    const ProtobufCEnumDescriptor *words =
        measure ? &tongbao__disclosure__measure__descriptor : &tongbao__deed__duty__descriptor;
    int bit = 0;
    while (bit < TB_CLOCK_WORDS_MAX - 1 && (bits >> bit & 1u) == 0) {
        bit++;
    }
    const ProtobufCEnumValue *word = protobuf_c_enum_descriptor_get_value(words, bit);
    snprintf(out, TB_NAME_BYTES_MAX, "%s", word == NULL ? "?" : word->name);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
}

/* Say of ${clock} that it is ${step}, unless that was said. */
static void tell(struct tb_node *node, const struct tb_at *at, const struct tb_clock *clock,
                 const char *step)
{
    struct sqlite3_stmt *sql = TB_SQL(node, HAPPENING_SAID);
    char task[TB_NAME_BYTES_MAX];
    char due[TB_WALL_TEXT_CHARS];
    char text[TB_TITLE_BYTES_MAX];
    put_task(task, clock);
    tb_wall_text(due, (struct tb_wall){clock->due_ms});
    snprintf(text, sizeof text, "%s %s %s %s", task, step, due, clock->rule);
    bool said = tb_db_one(node->db, sql, "idit", (int64_t)TB_STREAM_CLOCK, &clock->notice,
                          (int64_t)clock->owner, text);
    tb_db_done(sql);
    if (!said) {
        struct tb_happening happening = {
            .kind = TB_STREAM_CLOCK,
            .id = &clock->notice,
            .office = clock->owner,
            .world = clock->world,
            .text = text,
        };
        tb_views_happen(node, at, &happening);
    }
}

/* Tell of one clock what there is to tell, and when there will be more. */
static void look_at(struct tb_node *node, const struct tb_at *at, const struct tb_clock *clock)
{
    int64_t now_ms = at->now->wall.ms;
    int64_t next_ms = clock->due_ms + 1; /* at the due time itself it is still in time */
    if (clock->due_ms == 0) {
        return; /* no hours */
    }
    if (clock->state == TB_CLOCK_OVERDUE) {
        tell(node, at, clock, "overdue");
        return;
    }
    if (clock->reminder_ms > now_ms) {
        next_ms = clock->reminder_ms;
    } else if (clock->reminder_ms != 0) {
        tell(node, at, clock, "reminder");
    }
    if (next_ms < node->desk.reminder.soonest_ms) {
        node->desk.reminder.soonest_ms = next_ms;
    }
}

/* The incident after those seen in this round, newest first; false when there is none. */
static bool next_incident(struct tb_node *node, uint8_t incident[TB_INCIDENT_BYTES],
                          enum tb_world *world)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CLOCK_INCIDENT_AT);
    bool more = node->desk.reminder.seen < TB_CLOCK_INCIDENTS_MAX &&
                tb_db_one(node->db, sql, "i", (int64_t)node->desk.reminder.seen);
    if (more) {
        tb_assert(tb_db_bytes(sql, 0).size == TB_INCIDENT_BYTES);
        memcpy(incident, tb_db_bytes(sql, 0).data, TB_INCIDENT_BYTES);
        *world = (enum tb_world)tb_db_int(sql, 1);
    }
    tb_db_done(sql);
    return more;
}

/* All were looked at: sleep until the next clock has something to tell. */
static void end_round(struct tb_node *node, const struct tb_at *at)
{
    struct tb_reminding *reminder = &node->desk.reminder;
    int64_t wait_ms = reminder->soonest_ms - at->now->wall.ms;
    wait_ms = wait_ms < TB_REMINDER_MS ? wait_ms : TB_REMINDER_MS;
    *reminder = (struct tb_reminding){
        .due_ms = at->now->mono_ms + (wait_ms > 0 ? (uint64_t)wait_ms : 0),
        .soonest_ms = INT64_MAX,
    };
}

void tb_reminder_due(struct tb_node *node, const struct tb_at *at)
{
    uint8_t incident[TB_INCIDENT_BYTES];
    enum tb_world world;
    if (at->now->mono_ms < node->desk.reminder.due_ms) {
        return;
    }
    if (!next_incident(node, incident, &world)) {
        end_round(node, at);
        return;
    }
    struct tb_clock_ask ask = {.now = at->now->wall, .unmet = true};
    struct tb_clock_list list = {.rows_max = TB_REMINDER_CLOCKS_MAX};
    list.rows = malloc(TB_REMINDER_CLOCKS_MAX * sizeof *list.rows);
    tb_assert(list.rows != NULL);
    tb_query_incident_clocks(node, incident, world, &ask, &list);
    for (size_t i = 0; i < list.count; i++) {
        look_at(node, at, &list.rows[i]);
    }
    free(list.rows);
    node->desk.reminder.seen++;
}
