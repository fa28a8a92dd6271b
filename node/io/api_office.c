#include "node/io/api_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "topology/rule.h"

/* The reading paths about others: directories, offices, rivers, recipients by rule. */

static const char *level_text(enum tb_level level)
{
    static const char *const texts[] = {
        [TB_LEVEL_COUNTY] = "county", [TB_LEVEL_CITY] = "city", [TB_LEVEL_PROVINCE] = "province"};
    return texts[level];
}

const struct tb_rivers *tb_api_rivers(struct tb_api *api)
{
    struct tb_node *node = api->parts.node;
    return tb_atlas_for(tb_node_atlas(node), tb_node_directories(node), tb_node_office(node));
}

const char *tb_api_office_name(struct tb_api *api, uint32_t code)
{
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    const Tongbao__Office *office = tb_directories_office(set, code);
    if (office != NULL) {
        return office->name;
    }
    const struct tb_rivers *rivers = tb_api_rivers(api);
    return rivers == NULL ? "" : tb_rivers_name(rivers, code);
}

json_t *tb_api_phones(const Tongbao__Office *office)
{
    json_t *list = json_array();
    for (size_t i = 0; office != NULL && i < office->n_phones; i++) {
        json_t *phone = json_object();
        tb_json_put_text(phone, "label", office->phones[i]->label);
        tb_json_put_text(phone, "number", office->phones[i]->number);
        tb_json_put_time(phone, "proved_at", office->phones[i]->proved_at_ms);
        (void)json_array_append_new(list, phone);
    }
    return list;
}

/* --------------------------------------------------------- directories */

static json_t *files_of(const Tongbao__DirectoryBody *body)
{
    json_t *list = json_array();
    for (size_t i = 0; i < body->n_files; i++) {
        json_t *file = json_object();
        tb_json_put_text(file, "name", body->files[i]->name);
        tb_json_put_number(file, "bytes", (int64_t)body->files[i]->content.len);
        (void)json_array_append_new(list, file);
    }
    return list;
}

/* The pinned fingerprint of ${prefix}, to be compared over the telephone. */
static void put_root(struct tb_api *api, json_t *object, uint32_t prefix)
{
    const struct tb_roots *roots = &api->parts.config->roots;
    for (size_t i = 0; i < roots->count; i++) {
        if (roots->pinned[i].prefix == prefix) {
            tb_json_put_id(object, "root", &roots->pinned[i].fingerprint);
        }
    }
}

void tb_read_directories(const struct tb_ask *ask)
{
    const struct tb_directories *set = tb_node_directories(ask->api->parts.node);
    json_t *list = json_array();
    for (size_t i = 0; i < tb_directories_count(set); i++) {
        const struct tb_directory *directory = tb_directories_at(set, i);
        const Tongbao__DirectoryBody *body = tb_directory_body(directory);
        uint32_t prefix = tb_directory_prefix(directory);
        json_t *row = json_object();
        tb_json_put_number(row, "prefix", prefix);
        tb_json_put_number(row, "version", (int64_t)tb_directory_version(directory));
        tb_json_put_id(row, "digest", tb_directory_digest(directory));
        tb_json_put_text(row, "name", body->name);
        tb_json_put_time(row, "issued_at", body->issued_at_ms);
        put_root(ask->api, row, prefix);
        tb_json_put_number(row, "offices", (int64_t)body->n_offices);
        tb_json_put_number(row, "brokers", (int64_t)body->n_brokers);
        (void)json_object_set_new(row, "files", files_of(body));
        (void)json_array_append_new(list, row);
    }
    json_t *answer = json_object();
    (void)json_object_set_new(answer, "directories", list);
    tb_ask_answer(ask, answer);
}

/* ------------------------------------------------------------- offices */

static json_t *keys_of(const Tongbao__Office *office)
{
    json_t *list = json_array();
    for (size_t i = 0; i < office->n_keys; i++) {
        const Tongbao__Key *key = office->keys[i];
        uint8_t id[TB_KEY_ID_BYTES] = {0};
        char state[TB_JSON_KEY_BYTES_MAX];
        if (key->sign.len == TB_KEY_BYTES) {
            tb_key_id(id, key->sign.data);
        }
        tb_json_enum_text(&tongbao__key_state__descriptor, (int)key->state, state);
        json_t *row = json_object();
        tb_json_put_hex(row, "key_id", tb_bytes_of(id, sizeof id));
        tb_json_put_text(row, "state", state);
        tb_json_put_time(row, "since", key->since_ms);
        (void)json_array_append_new(list, row);
    }
    return list;
}

static json_t *office_of(struct tb_api *api, const Tongbao__Office *office)
{
    json_t *row = json_object();
    json_t *brokers = json_array();
    for (size_t i = 0; i < office->n_brokers; i++) {
        (void)json_array_append_new(brokers, tb_json_text(office->brokers[i]));
    }
    int64_t until_ms = office->valid_until_ms;
    tb_json_put_office(row, "code", office->code);
    tb_json_put_text(row, "name", office->name);
    tb_json_put_number(row, "province", office->code / 10000);
    (void)json_object_set_new(row, "brokers", brokers);
    (void)json_object_set_new(row, "phones", tb_api_phones(office));
    (void)json_object_set_new(row, "keys", keys_of(office));
    tb_json_put_time(row, "valid_until", until_ms);
    tb_json_put_bool(row, "expired", until_ms != 0 && until_ms < api->now.wall.ms);
    tb_json_put_number(row, "version_max", office->version_max);
    return row;
}

static int by_code(const void *a, const void *b)
{
    uint32_t left = (*(const Tongbao__Office *const *)a)->code;
    uint32_t right = (*(const Tongbao__Office *const *)b)->code;
    return left < right ? -1 : left > right;
}

/* All offices of all directories with a code of at least ${from}, by code. The caller frees. */
static const Tongbao__Office **offices_from(struct tb_api *api, uint32_t from, size_t *count)
{
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    const Tongbao__Office **offices =
        tb_ask_rows((size_t)TB_ROOTS_MAX * TB_OFFICES_MAX, sizeof *offices);
    *count = 0;
    for (size_t i = 0; i < tb_directories_count(set); i++) {
        const Tongbao__DirectoryBody *body = tb_directory_body(tb_directories_at(set, i));
        for (size_t j = 0; j < body->n_offices; j++) {
            if (body->offices[j]->code >= from) {
                offices[(*count)++] = body->offices[j];
            }
        }
    }
    qsort(offices, *count, sizeof *offices, by_code);
    return offices;
}

void tb_read_offices(const struct tb_ask *ask)
{
    uint32_t after;
    uint32_t code;
    int64_t limit;
    if (!tb_ask_office(ask, "after", &after) || !tb_ask_office(ask, "code", &code) ||
        !tb_ask_number(ask, "limit", 1, TB_PAGE_ROWS_MAX, TB_API_PAGE_ROWS, &limit)) {
        return;
    }
    size_t count;
    const Tongbao__Office **offices = offices_from(ask->api, code != 0 ? code : after + 1, &count);
    json_t *body = json_object();
    json_t *list = json_array();
    size_t end = count < (size_t)limit ? count : (size_t)limit;
    if (code != 0) {
        end = count > 0 && offices[0]->code == code;
        count = end;
    }
    for (size_t i = 0; i < end; i++) {
        (void)json_array_append_new(list, office_of(ask->api, offices[i]));
    }
    (void)json_object_set_new(body, "offices", list);
    if (end < count) {
        tb_json_put_office(body, "next_after", offices[end - 1]->code);
    }
    free(offices);
    tb_ask_answer(ask, body);
}

/* -------------------------------------------------------------- rivers */

static json_t *step_of(const struct tb_rivers *rivers, uint32_t county, const char *river,
                       enum tb_direction direction)
{
    struct tb_river_state states[TB_RIVERS_NEIGHBOURS_MAX];
    size_t count = 0;
    json_t *list = json_array();
    if (tb_rivers_step(rivers, county, river, direction, states, TB_RIVERS_NEIGHBOURS_MAX,
                       &count) != TB_OK) {
        return list;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        tb_json_put_office(row, "code", states[i].county);
        tb_json_put_text(row, "name", tb_rivers_name(rivers, states[i].county));
        tb_json_put_text(row, "river", states[i].river);
        (void)json_array_append_new(list, row);
    }
    return list;
}

void tb_read_rivers(const struct tb_ask *ask)
{
    const struct tb_rivers *rivers = tb_api_rivers(ask->api);
    uint32_t office = tb_node_office(ask->api->parts.node);
    const char *keys[TB_RIVERS_OF_COUNTY_MAX];
    size_t count = 0;
    json_t *list = json_array();
    if (rivers != NULL &&
        tb_rivers_of(rivers, office, keys, TB_RIVERS_OF_COUNTY_MAX, &count) != TB_OK) {
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        tb_json_put_text(row, "name", keys[i]);
        (void)json_object_set_new(row, "down", step_of(rivers, office, keys[i], TB_DOWN));
        (void)json_object_set_new(row, "up", step_of(rivers, office, keys[i], TB_UP));
        (void)json_array_append_new(list, row);
    }
    json_t *body = json_object();
    tb_json_put_office(body, "office", office);
    (void)json_object_set_new(body, "rivers", list);
    tb_ask_answer(ask, body);
}

/* ----------------------------------------------------------------- who */

static json_t *recipients_of(struct tb_api *api, const struct tb_rule_row *rows, size_t count)
{
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct tb_rule_row *row = &rows[i];
        json_t *recipient = json_object();
        tb_json_put_office(recipient, "code", row->code);
        tb_json_put_text(recipient, "name", tb_api_office_name(api, row->code));
        tb_json_put_text(recipient, "level", level_text(row->level));
        tb_json_put_text(recipient, "river", row->river);
        tb_json_put_number(recipient, "hops", row->hops);
        tb_json_put_text(recipient, "clause", row->clause);
        tb_json_put_bool(recipient, "required", row->required);
        tb_json_put_bool(recipient, "outside", tb_directories_office(set, row->code) == NULL);
        (void)json_array_append_new(list, recipient);
    }
    return list;
}

void tb_read_who(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    const struct tb_rivers *rivers = tb_api_rivers(api);
    const char *river = tb_http_query(ask->call, "river");
    const char *up_text = tb_http_query(ask->call, "up");
    bool up = up_text != NULL && (strcmp(up_text, "true") == 0 || strcmp(up_text, "1") == 0);
    bool named = river != NULL && river[0] != '\0';
    struct tb_diag diag = {0};
    size_t count = 0;
    struct tb_rule_row *rows = tb_ask_rows(TB_RULE_ROWS_MAX, sizeof *rows);
    uint32_t office = tb_node_office(api->parts.node);
    enum tb_status status = TB_OK;
    if (rivers != NULL) {
        status = tb_rule_who(rivers, office, named ? river : NULL, up ? TB_UP : TB_DOWN, rows,
                             TB_RULE_ROWS_MAX, &count, &diag);
    }
    if (status != TB_OK) {
        tb_ask_fail(ask, status, named ? "river" : NULL, 0, "%s", diag.text);
    } else {
        json_t *body = json_object();
        tb_json_put_office(body, "office", office);
        tb_json_put_text(body, "river", named ? river : "");
        tb_json_put_bool(body, "up", up);
        tb_json_put_bool(body, "rivers_known", rivers != NULL);
        (void)json_object_set_new(body, "recipients", recipients_of(api, rows, count));
        tb_ask_answer(ask, body);
    }
    free(rows);
}
