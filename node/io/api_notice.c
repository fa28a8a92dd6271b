#include "node/io/api_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/io/api_clock.h"
#include "node/io/missing.h"

/* The reading paths about notices. */

enum {
    SHORT_ID_BYTES = 2,
    DETAIL_ROWS_MAX = TB_RECIPIENTS_MAX,
    DELIVERIES_USUAL = 24, /* most notices have fewer: room for all is asked for the others */
};

static void put_enum(json_t *object, const char *key, const ProtobufCEnumDescriptor *type,
                     int value)
{
    char text[TB_JSON_KEY_BYTES_MAX];
    tb_json_enum_text(type, value, text);
    bool known = protobuf_c_enum_descriptor_get_value(type, value) != NULL;
    (void)json_object_set_new(object, key, known ? tb_json_text(text) : json_integer(value));
}

static json_t *marks_of(const struct tb_notice_row *row)
{
    json_t *list = json_array();
    const struct {
        bool is;
        const char *name;
    } marks[] = {
        {row->key_retired, "key_retired"},
        {row->key_revoked, "key_revoked"},
        {row->forked, "forked"},
        {row->gap_before, "gap_before"},
        {row->subject_missing, "subject_missing"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i].is) {
            (void)json_array_append_new(list, tb_json_text(marks[i].name));
        }
    }
    return list;
}

json_t *tb_api_missing(const Tongbao__Notice *notice)
{
    const char *names[TB_MISSING_MAX];
    size_t count = tb_missing_list(notice, names);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, tb_json_text(names[i]));
    }
    return list;
}

/* The notice of a body; NULL when it says something else. */
static const Tongbao__Notice *notice_of(const Tongbao__Body *body)
{
    return body != NULL && body->statement_case == TONGBAO__BODY__STATEMENT_NOTICE ? body->notice
                                                                                   : NULL;
}

json_t *tb_api_notice_row(struct tb_api *api, const struct tb_notice_row *row, bool with_missing)
{
    json_t *object = json_object();
    json_t *counts = json_object();
    tb_json_put_number(object, "n", row->n);
    tb_json_put_id(object, "id", &row->id);
    tb_json_put_text(object, "number", row->number);
    if (row->twin) {
        tb_json_put_hex(object, "short_id", tb_bytes_of(row->id.byte, SHORT_ID_BYTES));
    }
    tb_json_put_text(object, "world", tb_world_text(row->world));
    put_enum(object, "kind", &tongbao__notice__kind__descriptor, (int)row->kind);
    put_enum(object, "grade", &tongbao__notice__grade__descriptor, (int)row->grade);
    tb_json_put_office(object, "origin", row->origin);
    tb_json_put_text(object, "origin_name", row->origin_name);
    tb_json_put_hex(object, "incident_id", tb_bytes_of(row->incident, sizeof row->incident));
    tb_json_put_text(object, "title", row->title);
    tb_json_put_text(object, "river", row->river);
    tb_json_put_time(object, "issued_at", row->issued_ms);
    tb_json_put_time(object, "received_at", row->received_ms);
    tb_json_put_bool(object, "own", row->own);
    tb_json_put_bool(object, "acknowledged", row->mine_acknowledged);
    (void)json_object_set_new(object, "marks", marks_of(row));
    tb_json_put_number(counts, "deliveries", row->deliveries);
    tb_json_put_number(counts, "held", row->held);
    tb_json_put_number(counts, "acknowledged", row->acknowledged);
    tb_json_put_number(counts, "outside", row->outside);
    (void)json_object_set_new(object, "counts", counts);
    if (with_missing) {
        const Tongbao__Body *body = NULL;
        struct tb_notice_row again;
        tb_arena_reset(&api->arena);
        (void)tb_query_notice(api->parts.node, &row->id, &api->arena, &again, &body);
        const Tongbao__Notice *notice = notice_of(body);
        (void)json_object_set_new(object, "missing",
                                  notice == NULL ? json_array() : tb_api_missing(notice));
    }
    return object;
}

static json_t *list_of(struct tb_api *api, const struct tb_notice_row *rows, size_t count,
                       bool with_missing)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, tb_api_notice_row(api, &rows[i], with_missing));
    }
    return list;
}

void tb_read_notices(const struct tb_ask *ask)
{
    int64_t before;
    int64_t limit;
    if (!tb_ask_number(ask, "before", 0, INT64_MAX, 0, &before) ||
        !tb_ask_number(ask, "limit", 1, TB_PAGE_ROWS_MAX, TB_API_PAGE_ROWS, &limit)) {
        return;
    }
    struct tb_notice_row *rows = tb_ask_rows((size_t)limit, sizeof *rows);
    size_t count = tb_query_notices(ask->api->parts.node, before, rows, (size_t)limit);
    json_t *body = json_object();
    (void)json_object_set_new(body, "notices", list_of(ask->api, rows, count, true));
    if (count == (size_t)limit) {
        tb_json_put_number(body, "next_before", rows[count - 1].n);
    }
    free(rows);
    tb_ask_answer(ask, body);
}

void tb_read_waiting(const struct tb_ask *ask)
{
    struct tb_notice_row *rows = tb_ask_rows(TB_PAGE_ROWS_MAX, sizeof *rows);
    size_t count = tb_query_waiting(ask->api->parts.node, rows, TB_PAGE_ROWS_MAX);
    json_t *body = json_object();
    (void)json_object_set_new(body, "notices", list_of(ask->api, rows, count, true));
    free(rows);
    tb_ask_answer(ask, body);
}

/* -------------------------------------------------------- one notice */

json_t *tb_api_deliveries(struct tb_api *api, const struct tb_id *id)
{
    struct tb_delivery_row *rows = tb_ask_rows(DELIVERIES_USUAL, sizeof *rows);
    size_t count = tb_query_deliveries(api->parts.node, id, rows, DELIVERIES_USUAL);
    json_t *list = json_array();
    if (count == DELIVERIES_USUAL) {
        free(rows);
        rows = tb_ask_rows(TB_RECIPIENTS_MAX, sizeof *rows);
        count = tb_query_deliveries(api->parts.node, id, rows, TB_RECIPIENTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const struct tb_delivery_row *row = &rows[i];
        json_t *delivery = json_object();
        tb_json_put_office(delivery, "office", row->office);
        tb_json_put_text(delivery, "name", row->name);
        tb_json_put_bool(delivery, "required", row->required);
        tb_json_put_text(delivery, "clause", row->clause);
        tb_json_put_bool(delivery, "widened", row->widened);
        tb_json_put_text(delivery, "river", row->river);
        tb_json_put_number(delivery, "hops", row->hops);
        tb_json_put_text(delivery, "state", tb_delivery_state_text(row->state));
        if (row->reason != TB_OK) {
            tb_json_put_text(delivery, "reason", tb_status_name(row->reason));
        }
        tb_json_put_time(delivery, "held_at", row->held_ms);
        tb_json_put_time(delivery, "acknowledged_at", row->acknowledged_ms);
        if (row->state == TB_DELIVERY_ACKNOWLEDGED) {
            tb_json_put_text(delivery, "officer", row->officer);
            put_enum(delivery, "level", &tongbao__acknowledgement__level__descriptor,
                     (int)row->level);
        }
        (void)json_array_append_new(list, delivery);
    }
    free(rows);
    return list;
}

static json_t *acknowledgements_of(struct tb_api *api, const struct tb_id *id)
{
    struct tb_acknowledgement_row *rows = tb_ask_rows(DETAIL_ROWS_MAX, sizeof *rows);
    size_t count = tb_query_acknowledgements(api->parts.node, id, rows, DETAIL_ROWS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct tb_acknowledgement_row *row = &rows[i];
        json_t *object = json_object();
        tb_json_put_office(object, "office", row->office);
        tb_json_put_text(object, "name", row->name);
        put_enum(object, "level", &tongbao__acknowledgement__level__descriptor, (int)row->level);
        tb_json_put_text(object, "officer", row->officer);
        tb_json_put_text(object, "officer_number", row->officer_number);
        tb_json_put_text(object, "note", row->note);
        tb_json_put_time(object, "given_at", row->given_ms);
        tb_json_put_time(object, "received_at", row->received_ms);
        (void)json_array_append_new(list, object);
    }
    free(rows);
    return list;
}

static json_t *calls_of(struct tb_api *api, const struct tb_id *id)
{
    struct tb_call_row *rows = tb_ask_rows(TB_PAGE_ROWS_MAX, sizeof *rows);
    size_t count = tb_query_calls(api->parts.node, id, rows, TB_PAGE_ROWS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct tb_call_row *row = &rows[i];
        json_t *object = json_object();
        tb_json_put_office(object, "by", row->by);
        tb_json_put_office(object, "office", row->office);
        tb_json_put_text(object, "person", row->person);
        tb_json_put_text(object, "phone", row->phone);
        tb_json_put_text(object, "caller", row->caller);
        tb_json_put_time(object, "claimed_at", row->claimed_ms);
        tb_json_put_time(object, "entered_at", row->entered_ms);
        put_enum(object, "read_back", &tongbao__call__read_back__descriptor, (int)row->read_back);
        tb_json_put_text(object, "result", row->result);
        (void)json_array_append_new(list, object);
    }
    free(rows);
    return list;
}

static json_t *incident_of(struct tb_api *api, const uint8_t incident[TB_INCIDENT_BYTES],
                           enum tb_world world)
{
    struct tb_notice_row *rows = tb_ask_rows(TB_PAGE_ROWS_MAX, sizeof *rows);
    size_t count = tb_query_incident(api->parts.node, incident, world, rows, TB_PAGE_ROWS_MAX);
    json_t *list = list_of(api, rows, count, false);
    free(rows);
    return list;
}

void tb_read_one_notice(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    struct tb_id id;
    struct tb_notice_row row;
    const Tongbao__Body *body = NULL;
    if (!tb_ask_notice(ask, &id)) {
        return;
    }
    tb_arena_reset(&api->arena);
    if (!tb_query_notice(api->parts.node, &id, &api->arena, &row, &body)) {
        tb_ask_fail(ask, TB_UNKNOWN, NULL, 0, "no notice here is called \"%s\"", ask->name);
        return;
    }
    json_t *object = tb_api_notice_row(api, &row, false);
    const Tongbao__Notice *notice = notice_of(body);
    if (notice != NULL) {
        (void)json_object_set_new(object, "missing", tb_api_missing(notice));
        (void)json_object_set_new(object, "notice", tb_json_of(&notice->base));
    }
    (void)json_object_set_new(object, "deliveries", tb_api_deliveries(api, &id));
    (void)json_object_set_new(object, "acknowledgements", acknowledgements_of(api, &id));
    (void)json_object_set_new(object, "calls", calls_of(api, &id));
    (void)json_object_set_new(object, "disclosures",
                              tb_api_statements(api, &id, TB_KIND_DISCLOSURE));
    (void)json_object_set_new(object, "deeds", tb_api_statements(api, &id, TB_KIND_DEED));
    tb_api_put_personal_state(api, object, &id);
    (void)json_object_set_new(object, "clocks",
                              tb_api_incident_clocks(api, row.incident, row.world));
    (void)json_object_set_new(object, "incident", incident_of(api, row.incident, row.world));
    tb_ask_answer(ask, object);
}

void tb_read_incident(const struct tb_ask *ask)
{
    uint8_t incident[TB_INCIDENT_BYTES];
    const char *world_text = tb_http_query(ask->call, "world");
    enum tb_world world = TB_WORLD_ACTUAL;
    if (!tb_unhex(incident, sizeof incident, ask->name)) {
        tb_ask_fail(ask, TB_INPUT, NULL, 0, "write the incident's 32 hex digits");
        return;
    }
    if (world_text != NULL && !tb_world_parse(world_text, &world)) {
        tb_ask_fail(ask, TB_INPUT, "world", 0, "write one of actual, exercise, test");
        return;
    }
    json_t *list = incident_of(ask->api, incident, world);
    if (json_array_size(list) == 0) {
        json_decref(list);
        tb_ask_fail(ask, TB_UNKNOWN, NULL, 0, "no notice of this incident is here");
        return;
    }
    json_t *body = json_object();
    tb_json_put_text(body, "incident_id", ask->name);
    tb_json_put_text(body, "world", tb_world_text(world));
    (void)json_object_set_new(body, "notices", list);
    tb_ask_answer(ask, body);
}
