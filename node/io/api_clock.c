#include "node/io/api_clock.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Clocks as JSON, and the two acts that meet them. */

enum {
    ARENA_BYTES = 3 * TB_BODY_BYTES_MAX,
    ARENA_COUNT = 8 * 1024,
    SECOND_MS = 1000,
    STATEMENTS_MAX = TB_PAGE_ROWS_MAX,
    STATUS_INCIDENTS_MAX = 32, /* `status` is asked often and must cost little */
};

/* ------------------------------------------------------------------ clocks */

static void put_times(json_t *object, const struct tb_clock *clock, struct tb_wall now)
{
    bool open = clock->state == TB_CLOCK_RUNNING || clock->state == TB_CLOCK_OVERDUE;
    tb_json_put_text(object, "basis", tb_clocks_basis_text(clock->basis));
    tb_json_put_time(object, "start_at", clock->start_ms);
    tb_json_put_time(object, "due_at", clock->due_ms);
    tb_json_put_time(object, "reminder_at", clock->reminder_ms);
    tb_json_put_time(object, "occurred_at", clock->occurred_ms);
    tb_json_put_time(object, "known_at", clock->known_ms);
    tb_json_put_time(object, "graded_at", clock->graded_ms);
    tb_json_put_time(object, "acknowledged_at", clock->acknowledged_ms);
    tb_json_put_text(object, "state", tb_clocks_state_text(clock->state));
    tb_json_put_time(object, "met_at", clock->met_ms);
    tb_json_put_time(object, "met_entered_at", clock->met_entered_ms);
    if (clock->late_ms > 0) {
        tb_json_put_number(object, "late_s", clock->late_ms / SECOND_MS);
    }
    if (clock->state == TB_CLOCK_RUNNING && clock->due_ms != 0) {
        tb_json_put_number(object, "left_s", (clock->due_ms - now.ms) / SECOND_MS);
    }
    tb_json_put_bool(object, "reminder",
                     open && clock->reminder_ms != 0 && now.ms >= clock->reminder_ms);
}

/* The words of the bits ${set} at the end of ${list}. */
static void add_words(json_t *list, const ProtobufCEnumDescriptor *type, unsigned set)
{
    for (unsigned value = 1; value < TB_CLOCK_WORDS_MAX; value++) {
        char word[TB_JSON_KEY_BYTES_MAX];
        if ((set >> value & 1) != 0) {
            tb_json_enum_text(type, (int)value, word);
            (void)json_array_append_new(list, tb_json_text(word));
        }
    }
}

static json_t *clock_of(struct tb_api *api, const struct tb_clock *clock)
{
    struct tb_notice_row notice;
    json_t *object = json_object();
    json_t *evidence = json_array();
    tb_json_put_text(object, "rule", clock->rule);
    tb_json_put_text(object, "clause", clock->clause);
    tb_json_put_text(object, "source", clock->source);
    tb_json_put_text(object, "policy", clock->policy);
    tb_json_put_bool(object, "policy_held", clock->policy_held);
    tb_json_put_text(object, "world", tb_world_text(clock->world));
    tb_json_put_hex(object, "incident_id", tb_bytes_of(clock->incident, sizeof clock->incident));
    tb_json_put_id(object, "notice", &clock->notice);
    if (tb_query_notice(api->parts.node, &clock->notice, NULL, &notice, NULL)) {
        tb_json_put_text(object, "number", notice.number);
        tb_json_put_text(object, "title", notice.title);
    }
    tb_json_put_office(object, "owner", clock->owner);
    tb_json_put_text(object, "owner_name", tb_api_office_name(api, clock->owner));
    tb_json_put_text(object, "addressee", tb_policy_addressee_text(clock->addressee));
    if (clock->addressee_office != 0) {
        tb_json_put_office(object, "addressee_office", clock->addressee_office);
        tb_json_put_text(object, "addressee_name",
                         tb_api_office_name(api, clock->addressee_office));
    }
    json_t *meets = json_array();
    add_words(meets, &tongbao__disclosure__measure__descriptor, clock->measures);
    add_words(meets, &tongbao__deed__duty__descriptor, clock->duties);
    (void)json_object_set_new(object, "meets", meets);
    tb_json_put_bool(object, "in_net", clock->in_net);
    tb_json_put_bool(object, "provisional", clock->provisional);
    put_times(object, clock, api->now.wall);
    if (!tb_id_zero(&clock->evidence)) {
        char hex[TB_ID_HEX_CHARS + 1];
        tb_hex(hex, tb_bytes_of(clock->evidence.byte, TB_ID_BYTES));
        (void)json_array_append_new(evidence, tb_json_text(hex));
    }
    (void)json_object_set_new(object, "evidence", evidence);
    return object;
}

static json_t *clocks_of(struct tb_api *api, const struct tb_clock_list *list)
{
    json_t *clocks = json_array();
    for (size_t i = 0; i < list->count; i++) {
        (void)json_array_append_new(clocks, clock_of(api, &list->rows[i]));
    }
    return clocks;
}

/* True or false in the query, ${fallback} without it. */
static bool take_flag(const struct tb_ask *ask, const char *name, bool *out)
{
    const char *text = tb_http_query(ask->call, name);
    *out = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !*out && strcmp(text, "false") != 0) {
        tb_ask_fail(ask, TB_INPUT, name, 0, "write true or false");
        return false;
    }
    return true;
}

void tb_read_clocks(const struct tb_ask *ask)
{
    struct tb_clock_ask asked = {.now = ask->api->now.wall};
    const char *world = tb_http_query(ask->call, "world");
    int64_t limit;
    if (world != NULL && !tb_world_parse(world, &asked.world)) {
        tb_ask_fail(ask, TB_INPUT, "world", 0, "write one of actual, exercise, test");
        return;
    }
    if (!tb_ask_office(ask, "owner", &asked.owner) || !take_flag(ask, "unmet", &asked.unmet) ||
        !tb_ask_number(ask, "limit", 1, TB_PAGE_ROWS_MAX, TB_PAGE_ROWS_MAX, &limit)) {
        return;
    }
    struct tb_clock_list list = {.rows = tb_ask_rows((size_t)limit, sizeof *list.rows),
                                 .rows_max = (size_t)limit};
    tb_query_clocks(ask->api->parts.node, &asked, &list);
    json_t *body = json_object();
    tb_json_put_time(body, "now", asked.now.ms);
    (void)json_object_set_new(body, "clocks", clocks_of(ask->api, &list));
    tb_json_put_number(body, "left_off", (int64_t)list.left_off);
    tb_json_put_bool(body, "more_incidents", list.more_incidents);
    free(list.rows);
    tb_ask_answer(ask, body);
}

json_t *tb_api_incident_clocks(struct tb_api *api, const uint8_t incident[TB_INCIDENT_BYTES],
                               enum tb_world world)
{
    struct tb_clock_ask asked = {.now = api->now.wall};
    struct tb_clock_list list = {.rows = tb_ask_rows(TB_PAGE_ROWS_MAX, sizeof *list.rows),
                                 .rows_max = TB_PAGE_ROWS_MAX};
    tb_query_incident_clocks(api->parts.node, incident, world, &asked, &list);
    json_t *clocks = clocks_of(api, &list);
    free(list.rows);
    return clocks;
}

json_t *tb_api_worst_clock(struct tb_api *api)
{
    struct tb_clock worst;
    struct tb_clock_ask asked = {.now = api->now.wall,
                                 .world = TB_WORLD_ACTUAL,
                                 .owner = tb_node_office(api->parts.node),
                                 .unmet = true,
                                 .incidents_max = STATUS_INCIDENTS_MAX};
    struct tb_clock_list list = {.rows = &worst, .rows_max = 1};
    tb_query_clocks(api->parts.node, &asked, &list);
    if (list.count == 0) {
        /* Nothing of its own: what it watches over. */
        asked.owner = 0;
        tb_query_clocks(api->parts.node, &asked, &list);
    }
    return list.count == 0 ? NULL : clock_of(api, &worst);
}

/* ------------------------------------------------------- disclosures, deeds */

json_t *tb_api_statements(struct tb_api *api, const struct tb_id *notice, enum tb_kind kind)
{
    int64_t rows[STATEMENTS_MAX];
    size_t count = tb_query_statements(api->parts.node, notice, kind, rows, STATEMENTS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const Tongbao__Body *body = NULL;
        struct tb_statement_row row;
        tb_arena_reset(&api->arena);
        if (!tb_query_statement(api->parts.node, rows[i], &api->arena, &row, &body)) {
            continue;
        }
        json_t *object = tb_json_of(kind == TB_KIND_DISCLOSURE    ? &body->disclosure->base
                                    : kind == TB_KIND_DESTRUCTION ? &body->destruction->base
                                                                  : &body->deed->base);
        tb_json_put_id(object, "id", &row.id);
        tb_json_put_office(object, "office", row.office);
        tb_json_put_text(object, "name", row.name);
        tb_json_put_time(object, "received_at", row.received_ms);
        (void)json_array_append_new(list, object);
    }
    return list;
}

/* Read the body of ${ask} as a message of ${type} without the keys ${filled}; false,
 * answered, when it has a mistake. */
static bool take_statement(const struct tb_ask *ask, struct tb_pending *pending,
                           const ProtobufCMessageDescriptor *type, const char *const *filled,
                           ProtobufCMessage **out)
{
    struct tb_diag diag = {.line = 0};
    struct tb_json_input input = {
        .text = ask->call->body, .arena = &pending->arena, .filled = filled, .diag = &diag};
    tb_arena_init(&pending->arena, ARENA_BYTES, ARENA_COUNT);
    pending->arena_used = true;
    pending->body = tb_json_parse(ask->call->body, &diag);
    enum tb_status status =
        pending->body == NULL ? TB_INPUT : tb_json_read(&input, type, pending->body, out);
    if (status != TB_OK) {
        tb_ask_fail(ask, status, status == TB_INPUT ? input.path : NULL, diag.line, "%s",
                    status == TB_INPUT ? diag.text : "this is too long for one envelope");
    }
    return status == TB_OK;
}

bool tb_change_disclose(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const filled[] = {"notice", "officer", "entered_at", NULL};
    struct tb_disclose *disclose = &pending->request.disclose;
    ProtobufCMessage *read = NULL;
    struct tb_id id;
    if (!tb_ask_notice(ask, &id) ||
        !take_statement(ask, pending, &tongbao__disclosure__descriptor, filled, &read)) {
        return false;
    }
    pending->request.verb = TB_VERB_DISCLOSE;
    *disclose = (struct tb_disclose){.notice = id, .said = (const Tongbao__Disclosure *)read};
    return true;
}

bool tb_change_deed(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const filled[] = {"notice", "officer", "entered_at", NULL};
    struct tb_deed *deed = &pending->request.deed;
    ProtobufCMessage *read = NULL;
    struct tb_id id;
    if (!tb_ask_notice(ask, &id) ||
        !take_statement(ask, pending, &tongbao__deed__descriptor, filled, &read)) {
        return false;
    }
    pending->request.verb = TB_VERB_DEED;
    *deed = (struct tb_deed){.notice = id, .said = (const Tongbao__Deed *)read};
    return true;
}
