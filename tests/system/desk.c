#include "tests/system/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

enum {
    CALL_MS = 20000,
    ANSWER_BYTES_MAX = 16 * 1024 * 1024,
    STREAM_QUIET_MS = 300, /* nothing more comes from the store */
    STREAM_FIRST_MS = 3000,
    PATH_BYTES_MAX = 256,
};

struct answer {
    char *text;
    size_t size;
};

static size_t collect(char *data, size_t one, size_t size, void *context)
{
    struct answer *answer = context;
    if (answer->size + size > ANSWER_BYTES_MAX) {
        return 0;
    }
    char *grown = realloc(answer->text, answer->size + size + 1);
    if (grown == NULL) {
        return 0;
    }
    memcpy(grown + answer->size, data, size * one);
    answer->text = grown;
    answer->size += size;
    answer->text[answer->size] = '\0';
    return size;
}

static CURL *handle_of(const struct tb_place *place, const char *path, struct answer *answer)
{
    char url[PATH_BYTES_MAX + 16];
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    snprintf(url, sizeof url, "http://node%s", path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, place->socket);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CALL_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    return curl;
}

static long call_place(const struct tb_place *place, const char *method, const char *path,
                       const json_t *body, const char *request, json_t **out)
{
    struct answer answer = {NULL, 0};
    struct curl_slist *headers = NULL;
    char line[2 * TB_WORLD_TEXT_BYTES_MAX];
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    long status = 0;

    CURL *curl = handle_of(place, path, &answer);
    if (place->token[0] != '\0') {
        snprintf(line, sizeof line, "Authorization: Bearer %s", place->token);
        headers = curl_slist_append(headers, line);
    }
    if (request != NULL) {
        snprintf(line, sizeof line, "Request-Id: %s", request);
        headers = curl_slist_append(headers, line);
    }
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text == NULL ? "" : text);
    }
    if (curl_easy_perform(curl) == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(text);
    if (out != NULL) {
        *out = status == 0 || answer.text == NULL ? NULL : json_loads(answer.text, 0, NULL);
    }
    free(answer.text);
    return status;
}

static json_t *status_of(struct tb_place *place)
{
    json_t *status = NULL;
    if (access(place->socket, F_OK) != 0) {
        return NULL;
    }
    if (call_place(place, "GET", "/v1/status", NULL, NULL, &status) != 200) {
        json_decref(status);
        return NULL;
    }
    return status;
}

bool tb_desk_answers(struct tb_place *place)
{
    json_t *status = status_of(place);
    bool yes = status != NULL;
    json_decref(status);
    return yes;
}

bool tb_desk_in_directory(struct tb_place *place)
{
    json_t *status = status_of(place);
    bool yes = json_is_true(json_object_get(status, "in_directory"));
    json_decref(status);
    return yes;
}

bool tb_desk_linked(struct tb_place *place)
{
    json_t *status = status_of(place);
    const json_t *links = json_object_get(status, "links");
    bool yes = json_array_size(links) > 0;
    for (size_t i = 0; i < json_array_size(links); i++) {
        yes = yes && json_is_true(json_object_get(json_array_get(links, i), "up"));
    }
    json_decref(status);
    return yes;
}

long tb_desk_call(struct tb_world *world, const char *office, const char *method, const char *path,
                  const json_t *body, const char *request, json_t **answer)
{
    return call_place(tb_world_place(world, office), method, path, body, request, answer);
}

json_t *tb_desk_get(struct tb_world *world, const char *office, const char *path)
{
    json_t *answer = NULL;
    long status = tb_desk_call(world, office, "GET", path, NULL, NULL, &answer);
    if (status != 200) {
        char *text = json_dumps(answer, 0);
        fail_msg("GET %s at %s: %ld %s", path, office, status, text == NULL ? "" : text);
    }
    return answer;
}

json_int_t tb_desk_status(struct tb_world *world, const char *office, const char *key)
{
    json_t *status = tb_desk_get(world, office, "/v1/status");
    assert_true(json_is_integer(json_object_get(status, key)));
    json_int_t number = json_integer_value(json_object_get(status, key));
    json_decref(status);
    return number;
}

const char *tb_desk_request(void)
{
    static char ids[4][48];
    static unsigned counter = 0;
    char *id = ids[++counter % 4];
    snprintf(id, sizeof ids[0], "test-%ld-%u", (long)getpid(), counter);
    return id;
}

void tb_desk_duty(struct tb_world *world, const char *office)
{
    struct tb_place *place = tb_world_place(world, office);
    json_t *officer = json_pack("{s:s, s:s, s:s}", "name", TB_DESK_OFFICER, "number", "0351",
                                "password", TB_DESK_PASSWORD);
    json_t *duty = json_pack("{s:s, s:s, s:i}", "officer", TB_DESK_OFFICER, "password",
                             TB_DESK_PASSWORD, "hours", 12);
    json_t *answer = NULL;
    long status = call_place(place, "POST", "/v1/officers", officer, tb_desk_request(), NULL);
    if (status != 200 && status != 201) {
        fail_msg("adding the officer at %s: %ld", office, status);
    }
    status = call_place(place, "POST", "/v1/duty", duty, tb_desk_request(), &answer);
    if (status != 201 && status != 200) {
        fail_msg("opening the duty session at %s: %ld", office, status);
    }
    const char *token = json_string_value(json_object_get(answer, "token"));
    assert_non_null(token);
    snprintf(place->token, sizeof place->token, "%s", token);
    json_decref(officer);
    json_decref(duty);
    json_decref(answer);
}

json_t *tb_desk_first(const char *world_name, const char *river, const char *title)
{
    json_t *body = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:[{s:s, s:s}], s:s}}", "world",
                             world_name, "notice", "kind", "first", "river", river, "title", title,
                             "place", "韩武村断面上游", "substances", "name", "氨氮", "amount",
                             "不明", "signed_by", "李签发");
    assert_non_null(body);
    return body;
}

void tb_desk_issue(struct tb_world *world, const char *office, json_t *body,
                   char id[TB_DESK_ID_CHARS])
{
    json_t *answer = NULL;
    long status =
        tb_desk_call(world, office, "POST", "/v1/notices", body, tb_desk_request(), &answer);
    if (status != 201) {
        char *text = json_dumps(answer, 0);
        fail_msg("issue at %s: %ld %s", office, status, text == NULL ? "" : text);
    }
    snprintf(id, TB_DESK_ID_CHARS, "%s", json_string_value(json_object_get(answer, "id")));
    json_decref(answer);
    json_decref(body);
}

void tb_desk_issue_first(struct tb_world *world, const char *office, const char *river,
                         char id[TB_DESK_ID_CHARS])
{
    tb_desk_issue(world, office, tb_desk_first("actual", river, "死鱼"), id);
}

long tb_desk_acknowledge(struct tb_world *world, const char *office, const char *id)
{
    char path[PATH_BYTES_MAX];
    json_t *body = json_pack("{s:s}", "level", "received");
    snprintf(path, sizeof path, "/v1/notices/%s/acknowledgements", id);
    long status = tb_desk_call(world, office, "POST", path, body, tb_desk_request(), NULL);
    json_decref(body);
    return status;
}

json_t *tb_desk_notice(struct tb_world *world, const char *office, const char *id)
{
    char path[PATH_BYTES_MAX];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/notices/%s", id);
    if (tb_desk_call(world, office, "GET", path, NULL, NULL, &answer) != 200) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

bool tb_desk_has(struct tb_world *world, const char *office, const char *id)
{
    json_t *notice = tb_desk_notice(world, office, id);
    json_decref(notice);
    return notice != NULL;
}

/* One text key of the delivery to ${to}, copied. */
static const char *delivery_text(struct tb_world *world, const char *at, const char *id,
                                 const char *to, const char *key)
{
    static char texts[4][TB_WORLD_TEXT_BYTES_MAX];
    static unsigned turn = 0;
    char *text = texts[++turn % 4];
    json_t *notice = tb_desk_notice(world, at, id);
    size_t i;
    const json_t *delivery;
    text[0] = '\0';
    json_array_foreach(json_object_get(notice, "deliveries"), i, delivery)
    {
        const char *office = json_string_value(json_object_get(delivery, "office"));
        const char *value = json_string_value(json_object_get(delivery, key));
        if (office != NULL && value != NULL && strcmp(office, to) == 0) {
            snprintf(text, sizeof texts[0], "%s", value);
        }
    }
    json_decref(notice);
    return text;
}

const char *tb_desk_state(struct tb_world *world, const char *at, const char *id, const char *to)
{
    return delivery_text(world, at, id, to, "state");
}

bool tb_desk_state_is(struct tb_world *world, const char *at, const char *id, const char *to,
                      const char *state)
{
    return strcmp(tb_desk_state(world, at, id, to), state) == 0;
}

const char *tb_desk_time(struct tb_world *world, const char *at, const char *id, const char *to,
                         const char *key)
{
    return delivery_text(world, at, id, to, key);
}

bool tb_desk_held_by_all(struct tb_world *world, const char *at, const char *id)
{
    json_t *notice = tb_desk_notice(world, at, id);
    const json_t *deliveries = json_object_get(notice, "deliveries");
    size_t owed = 0;
    size_t held = 0;
    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        const char *state =
            json_string_value(json_object_get(json_array_get(deliveries, i), "state"));
        assert_non_null(state);
        if (strcmp(state, "outside") != 0) {
            owed++;
            held += strcmp(state, "held") == 0 || strcmp(state, "acknowledged") == 0;
        }
    }
    json_decref(notice);
    return owed > 0 && held == owed;
}

/* Read the server-sent events from the beginning until nothing more comes. */
static char *read_stream(const struct tb_place *place)
{
    struct answer answer = {NULL, 0};
    CURL *curl = handle_of(place, "/v1/stream?after=0", &answer);
    CURLM *multi = curl_multi_init();
    assert_non_null(multi);
    curl_multi_add_handle(multi, curl);
    unsigned long long quiet_since = tb_child_now_ms();
    size_t size = 0;
    int running = 1;
    while (running > 0) {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        unsigned long long now = tb_child_now_ms();
        if (answer.size != size) {
            size = answer.size;
            quiet_since = now;
        }
        if (now - quiet_since > (size == 0 ? STREAM_FIRST_MS : STREAM_QUIET_MS)) {
            break;
        }
        curl_multi_poll(multi, NULL, 0, 20, NULL);
    }
    curl_multi_remove_handle(multi, curl);
    curl_multi_cleanup(multi);
    curl_easy_cleanup(curl);
    return answer.text;
}

json_t *tb_desk_stream(struct tb_world *world, const char *office)
{
    char *text = read_stream(tb_world_place(world, office));
    json_t *list = json_array();
    char *rest = text;
    for (char *line = text; line != NULL && *line != '\0'; line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        if (strncmp(line, "data:", 5) == 0) {
            json_t *event = json_loads(line + 5, 0, NULL);
            assert_non_null(event);
            json_array_append_new(list, event);
        }
        if (rest == NULL) {
            break;
        }
    }
    free(text);
    return list;
}

static size_t count_shown(const json_t *stream, const char *kind, const char *id)
{
    size_t count = 0;
    size_t i;
    const json_t *event;
    json_array_foreach(stream, i, event)
    {
        const char *event_kind = json_string_value(json_object_get(event, "kind"));
        const char *event_id = json_string_value(json_object_get(event, "id"));
        if (event_kind != NULL && strcmp(event_kind, kind) == 0 &&
            (id == NULL || (event_id != NULL && strcmp(event_id, id) == 0))) {
            count++;
        }
    }
    return count;
}

size_t tb_desk_shown(struct tb_world *world, const char *office, const char *kind, const char *id)
{
    json_t *stream = tb_desk_stream(world, office);
    size_t count = count_shown(stream, kind, id);
    json_decref(stream);
    return count;
}

void tb_desk_shown_once(struct tb_world *world, const char *office, char (*ids)[TB_DESK_ID_CHARS],
                        size_t count)
{
    json_t *stream = tb_desk_stream(world, office);
    for (size_t i = 0; i < count; i++) {
        size_t shown = count_shown(stream, "notice", ids[i]);
        if (shown != 1) {
            fail_msg("%s shows %s %zu times", office, ids[i], shown);
        }
    }
    json_decref(stream);
}
