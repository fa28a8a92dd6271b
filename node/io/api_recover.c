#include "node/io/api_inner.h"

#include <stdlib.h>

/* An office that lost its disk: to ask for what it lost, and what has come back. */

enum { GAPS_SHOWN = 64 };

bool tb_change_recover(const struct tb_ask *ask, struct tb_pending *pending)
{
    if (ask->call->body.size > 0) {
        tb_ask_fail(ask, TB_INPUT, NULL, 0, "nothing is to be said with it: send no body");
        return false;
    }
    pending->request.verb = TB_VERB_RECOVER;
    return true;
}

static json_t *gaps_of(struct tb_api *api)
{
    struct tb_recover_gap *rows = tb_ask_rows(GAPS_SHOWN, sizeof *rows);
    size_t count = tb_query_recover_gaps(api->parts.node, rows, GAPS_SHOWN);
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        tb_json_put_office(row, "office", rows[i].origin);
        tb_json_put_text(row, "name", tb_api_office_name(api, rows[i].origin));
        tb_json_put_text(row, "world", tb_world_text(rows[i].world));
        tb_json_put_number(row, "first", rows[i].first);
        tb_json_put_number(row, "last", rows[i].last);
        tb_json_put_time(row, "before", rows[i].before_ms);
        (void)json_object_set_new(row, "phones",
                                  tb_api_phones(tb_directories_office(set, rows[i].origin)));
        (void)json_array_append_new(list, row);
    }
    free(rows);
    return list;
}

static json_t *province_of(struct tb_api *api, const struct tb_recover_row *row)
{
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    json_t *province = json_object();
    tb_json_put_office(province, "office", row->province);
    tb_json_put_text(province, "name", tb_api_office_name(api, row->province));
    (void)json_object_set_new(province, "phones",
                              tb_api_phones(tb_directories_office(set, row->province)));
    tb_json_put_bool(province, "asked", row->asked);
    tb_json_put_time(province, "asked_at", row->asked_ms);
    tb_json_put_bool(province, "answered", row->answered);
    tb_json_put_time(province, "answered_at", row->answered_ms);
    tb_json_put_number(province, "own", row->given_own);
    tb_json_put_number(province, "addressed", row->given_addressed);
    tb_json_put_number(province, "refused", row->given_refused);
    return province;
}

/* From when on nothing of this office's own is missing: "" while it is its newest that is. */
static json_t *own_of(const struct tb_recover_row *row)
{
    json_t *own = json_object();
    tb_json_put_number(own, "back", row->own);
    tb_json_put_number(own, "here", row->own_here);
    tb_json_put_number(own, "missing", row->own_missing);
    tb_json_put_bool(own, "known", row->own_known);
    tb_json_put_bool(own, "whole", row->own_known && row->own_missing == 0);
    tb_json_put_bool(own, "newest_missing", row->own_heads_missing > 0);
    tb_json_put_time(own, "whole_from", row->own_since_ms);
    return own;
}

void tb_read_recovered(const struct tb_ask *ask)
{
    struct tb_recover_row row;
    tb_query_recover(ask->api->parts.node, ask->api->now.wall, &row);
    json_t *body = json_object();
    json_t *received = json_object();
    if (row.province != 0) {
        (void)json_object_set_new(body, "province", province_of(ask->api, &row));
    }
    tb_json_put_number(body, "brokers", row.brokers);
    tb_json_put_number(body, "brokers_met", row.brokers_met);
    (void)json_object_set_new(body, "own", own_of(&row));
    tb_json_put_number(received, "here", row.received);
    tb_json_put_time(received, "held_from", row.held_since_ms);
    tb_json_put_time(received, "whole_from", row.received_since_ms);
    tb_json_put_number(received, "gaps", row.gaps);
    (void)json_object_set_new(received, "ask", gaps_of(ask->api));
    (void)json_object_set_new(body, "received", received);
    tb_ask_answer(ask, body);
}
