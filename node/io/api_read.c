#include "node/io/api_inner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io/files.h"
#include "base/text.h"
#include "node/io/api_clock.h"

/* The reading paths about this machine: status, links, alarms, officers, stream. */

enum { OFFICERS_MAX = TB_PAGE_ROWS_MAX };

json_t *tb_api_links(struct tb_api *api, int64_t *skew_ms)
{
    struct tb_link_row *rows = tb_ask_rows(TB_LINKS_MAX, sizeof *rows);
    size_t count = tb_query_links(api->parts.node, rows, TB_LINKS_MAX);
    json_t *list = json_array();
    *skew_ms = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tb_link_row *row = &rows[i];
        json_t *link = json_object();
        tb_json_put_text(link, "broker", row->broker);
        tb_json_put_text(link, "endpoint", tb_links_endpoint(api->parts.links, row->broker));
        tb_json_put_bool(link, "up", row->up);
        tb_json_put_bool(link, "reads", row->reads);
        tb_json_put_bool(link, "refused", tb_links_refused(api->parts.links, row->broker));
        tb_json_put_time(link, "since", row->since_ms);
        tb_json_put_number(link, "skew_ms", row->skew_ms);
        tb_json_put_number(link, "waiting", row->waiting);
        tb_json_put_time(link, "oldest_at", row->oldest_ms);
        (void)json_array_append_new(list, link);
        if (llabs(row->skew_ms) > llabs(*skew_ms)) {
            *skew_ms = row->skew_ms;
        }
    }
    free(rows);
    return list;
}

void tb_read_links(const struct tb_ask *ask)
{
    int64_t skew_ms;
    json_t *body = json_object();
    (void)json_object_set_new(body, "links", tb_api_links(ask->api, &skew_ms));
    tb_ask_answer(ask, body);
}

json_t *tb_api_alarms(struct tb_api *api, const struct tb_status_row *status)
{
    json_t *alarms = json_object();
    tb_json_put_bool(alarms, "configured", api->parts.config->alarm[0] != '\0');
    tb_json_put_text(alarms, "command", api->parts.config->alarm);
    tb_json_put_bool(alarms, "running", tb_siren_busy(api->parts.siren));
    tb_json_put_number(alarms, "waiting", status->waiting);
    if (status->alarm_last_exit >= 0) {
        tb_json_put_number(alarms, "last_exit", status->alarm_last_exit);
        tb_json_put_time(alarms, "last_at", status->alarm_last_ms);
    }
    return alarms;
}

void tb_read_alarms(const struct tb_ask *ask)
{
    struct tb_status_row status;
    tb_query_status(ask->api->parts.node, &status);
    tb_ask_answer(ask, tb_api_alarms(ask->api, &status));
}

/* ------------------------------------------------------------ officers */

static json_t *officer_of(const struct tb_officer_row *row)
{
    json_t *officer = json_object();
    tb_json_put_text(officer, "name", row->name);
    tb_json_put_text(officer, "number", row->number);
    tb_json_put_time(officer, "duty_until", row->duty_until_ms);
    return officer;
}

/* All officers, or those on duty. */
static json_t *officers(struct tb_api *api, bool on_duty)
{
    struct tb_officer_row *rows = tb_ask_rows(OFFICERS_MAX, sizeof *rows);
    size_t count = tb_query_officers(api->parts.node, api->now.wall, rows, OFFICERS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (on_duty && !rows[i].on_duty) {
            continue;
        }
        json_t *officer = officer_of(&rows[i]);
        if (!on_duty) {
            tb_json_put_bool(officer, "active", rows[i].active);
            tb_json_put_bool(officer, "on_duty", rows[i].on_duty);
        }
        (void)json_array_append_new(list, officer);
    }
    free(rows);
    return list;
}

json_t *tb_api_on_duty(struct tb_api *api)
{
    return officers(api, true);
}

void tb_read_officers(const struct tb_ask *ask)
{
    json_t *body = json_object();
    (void)json_object_set_new(body, "officers", officers(ask->api, false));
    tb_ask_answer(ask, body);
}

void tb_read_duty(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    struct tb_officer_row officer;
    const char *token = ask->call->token;
    json_t *body = json_object();
    (void)json_object_set_new(body, "on_duty", tb_api_on_duty(api));
    if (token != NULL && tb_query_session(api->parts.node, token, api->now.wall, &officer)) {
        (void)json_object_set_new(body, "session", officer_of(&officer));
    }
    tb_ask_answer(ask, body);
}

/* -------------------------------------------------------------- status */

static const char *key_state_text(const Tongbao__Office *office, const uint8_t *sign_key)
{
    for (size_t i = 0; office != NULL && i < office->n_keys; i++) {
        const Tongbao__Key *key = office->keys[i];
        if (key->sign.len == TB_KEY_BYTES && memcmp(key->sign.data, sign_key, TB_KEY_BYTES) == 0) {
            return key->state == TONGBAO__KEY_STATE__ACTIVE    ? "active"
                   : key->state == TONGBAO__KEY_STATE__RETIRED ? "retired"
                                                               : "revoked";
        }
    }
    return "unknown";
}

/* The size of the file ${name}${tail} of the data folder; 0 when it is not there. */
static int64_t file_bytes(const struct tb_keep *keep, const char *name, const char *tail)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct stat about;
    if (tb_keep_path(path, keep->settings.folder, name, NULL) != TB_OK ||
        strlen(path) + strlen(tail) >= sizeof path) {
        return 0;
    }
    memcpy(path + strlen(path), tail, strlen(tail) + 1);
    return stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
}

static json_t *disk_of(struct tb_api *api)
{
    const struct tb_keep *keep = api->parts.keep;
    uint64_t free_bytes = 0;
    json_t *disk = json_object();
    if (tb_files_free_bytes(keep->settings.folder, &free_bytes, NULL) == TB_OK) {
        tb_json_put_number(disk, "free_bytes", (int64_t)free_bytes);
    }
    tb_json_put_number(disk, "store_bytes", file_bytes(keep, keep->settings.store, ""));
    tb_json_put_number(disk, "wal_bytes", file_bytes(keep, keep->settings.store, "-wal"));
    tb_json_put_bool(disk, "full", keep->full);
    tb_json_put_bool(disk, "reserve", file_bytes(keep, TB_KEEP_RESERVE_NAME, "") > 0);
    return disk;
}

static void put_entry(struct tb_api *api, json_t *body)
{
    uint32_t code = tb_node_office(api->parts.node);
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    const Tongbao__Office *office = tb_directories_office(set, code);
    const struct tb_directory *directory = tb_directories_for(set, code);
    int64_t until_ms = office == NULL ? 0 : office->valid_until_ms;
    tb_json_put_office(body, "office", code);
    tb_json_put_text(body, "name", tb_api_office_name(api, code));
    tb_json_put_bool(body, "in_directory", office != NULL);
    tb_json_put_bool(body, "entry_expired", until_ms != 0 && until_ms < api->now.wall.ms);
    tb_json_put_time(body, "valid_until", until_ms);
    tb_json_put_text(body, "key_state", key_state_text(office, api->parts.sign_key));
    tb_json_put_number(body, "directory_version",
                       directory == NULL ? 0 : (int64_t)tb_directory_version(directory));
    tb_json_put_bool(body, "rivers_known", tb_api_rivers(api) != NULL);
}

static void put_ledger(json_t *body, const struct tb_status_row *row)
{
    json_t *chain = json_object();
    tb_json_put_hex(chain, "id", tb_bytes_of(row->chain, sizeof row->chain));
    tb_json_put_number(chain, "seq", row->chain_seq);
    (void)json_object_set_new(body, "chain", chain);
    tb_json_put_number(body, "ledger_rows", row->ledger_rows);
    tb_json_put_number(body, "owed", row->owed);
    tb_json_put_time(body, "owed_oldest_at", row->owed_oldest_ms);
    tb_json_put_number(body, "waiting", row->waiting);
    tb_json_put_number(body, "parked", row->parked);
    tb_json_put_number(body, "forks", row->forks);
    tb_json_put_number(body, "gaps", row->gaps);
}

void tb_read_status(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    struct tb_status_row row;
    int64_t skew_ms;
    tb_query_status(api->parts.node, &row);
    json_t *body = json_object();
    put_entry(api, body);
    tb_json_put_text(body, "version", TB_VERSION_TEXT);
    tb_json_put_text(body, "language", api->parts.config->language);
    tb_json_put_time(body, "now", api->now.wall.ms);
    tb_json_put_time(body, "started_at", api->started_ms);
    put_ledger(body, &row);
    (void)json_object_set_new(body, "links", tb_api_links(api, &skew_ms));
    tb_json_put_number(body, "links_up", (int64_t)tb_links_up_count(api->parts.links));
    tb_json_put_number(body, "skew_ms", skew_ms);
    (void)json_object_set_new(body, "disk", disk_of(api));
    (void)json_object_set_new(body, "alarm", tb_api_alarms(api, &row));
    (void)json_object_set_new(body, "on_duty", tb_api_on_duty(api));
    json_t *clock = tb_api_worst_clock(api);
    if (clock != NULL) {
        (void)json_object_set_new(body, "clock", clock);
    }
    tb_json_put_number(body, "streams", (int64_t)tb_sse_count(api->parts.sse));
    tb_json_put_number(body, "connections", tb_http_connections(api->http));
    tb_ask_answer(ask, body);
}

/* -------------------------------------------------------------- stream */

/* The number of the stream's last row: the greatest after which nothing comes, found by halving,
 * for the numbers only grow. */
static int64_t last_of_stream(struct tb_api *api)
{
    struct tb_stream_row row;
    int64_t some = 0; /* something comes after `some` − 1, or it is 0 */
    int64_t none = 1; /* nothing comes after this */
    while (tb_query_stream(api->parts.node, none, &row, 1) > 0) {
        some = row.n;
        none = row.n < INT64_MAX / 2 ? row.n * 2 : INT64_MAX;
    }
    while (some < none) {
        int64_t middle = some + (none - some) / 2;
        if (tb_query_stream(api->parts.node, middle, &row, 1) > 0) {
            some = row.n;
        } else {
            none = middle;
        }
    }
    return none;
}

void tb_read_stream(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    const char *last = tb_http_header(ask->call, "Last-Event-ID");
    uint64_t number = 0;
    int64_t after = -1;
    if (!tb_ask_number(ask, "after", 0, INT64_MAX, -1, &after)) {
        return;
    }
    if (last != NULL && tb_text_u64(last, INT64_MAX, &number)) {
        after = (int64_t)number;
    }
    if (after < 0) {
        after = last_of_stream(api);
    }
    if (tb_sse_open(api->parts.sse, ask->call, after, api->now.mono_ms) != TB_OK) {
        tb_ask_fail(ask, TB_FULL, NULL, 0, "there are %d streams already", TB_HTTP_STREAMS_MAX);
    }
}
