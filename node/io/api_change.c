#include "node/io/api_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/say.h"
#include "base/text.h"

/* The changing paths: what stands in their bodies, and what their good results are told as. */

/* A notice must fit an envelope of TB_BODY_BYTES_MAX; unpacked it takes a little more. */
enum { ARENA_BYTES = 3 * TB_BODY_BYTES_MAX, ARENA_COUNT = 8 * 1024 };

/* One body on its way into a request. */
struct reading {
    const struct tb_ask *ask;
    struct tb_pending *pending;
    struct tb_json_input input;
    struct tb_diag diag;
};

/* Answer the mistake that was found; false, for the callers to return. */
static bool tell_mistake(struct reading *r, enum tb_status status)
{
    if (status == TB_INPUT) {
        tb_ask_fail(r->ask, status, r->input.path, r->diag.line, "%s", r->diag.text);
    } else {
        tb_ask_fail(r->ask, status, NULL, 0, "the notice is too long for one envelope");
    }
    return false;
}

static bool begin(struct reading *r, const struct tb_ask *ask, struct tb_pending *pending)
{
    *r = (struct reading){.ask = ask, .pending = pending};
    r->input =
        (struct tb_json_input){.text = ask->call->body, .arena = &pending->arena, .diag = &r->diag};
    tb_arena_init(&pending->arena, ARENA_BYTES, ARENA_COUNT);
    pending->arena_used = true;
    pending->body = tb_json_parse(ask->call->body, &r->diag);
    return pending->body != NULL ? true : tell_mistake(r, TB_INPUT);
}

/* The text under ${key}; NULL without one; false, answered, when it is no text. */
static bool take_text(struct reading *r, const char *key, bool needed, const char **out)
{
    const json_t *value = json_object_get(r->pending->body, key);
    *out = json_string_value(value);
    size_t size = json_string_length(value);
    if (value == NULL || json_is_null(value)) {
        return !needed || tell_mistake(r, tb_json_mistake(&r->input, key, "is needed here"));
    }
    if (*out == NULL || size >= TB_NAME_BYTES_MAX || !tb_text_valid(tb_bytes_of(*out, size))) {
        return tell_mistake(r, tb_json_mistake(&r->input, key, "write text of at most %d bytes",
                                               TB_NAME_BYTES_MAX - 1));
    }
    return true;
}

static bool only(struct reading *r, const char *const *keys)
{
    enum tb_status status = tb_json_only(&r->input, r->pending->body, keys);
    return status == TB_OK || tell_mistake(r, status);
}

/* -------------------------------------------------------------- notices */

static bool take_world(struct reading *r)
{
    int value = 0;
    const char *word = json_string_value(json_object_get(r->pending->body, "world"));
    if (word == NULL || !tb_json_enum_parse(&tongbao__world__descriptor, word, &value) ||
        value == TONGBAO__WORLD__WORLD_NONE) {
        return tell_mistake(r, tb_json_mistake(&r->input, "world",
                                               "write one of \"actual\", \"exercise\", \"test\""));
    }
    r->pending->request.issue.world = (enum tb_world)value;
    return true;
}

/* "regards" may be any NAME; the schema wants the id. */
static bool resolve_regards(struct reading *r, json_t *notice)
{
    const char *name = json_string_value(json_object_get(notice, "regards"));
    struct tb_id id;
    if (name == NULL || name[0] == '\0') {
        return true;
    }
    enum tb_status status = tb_ask_find(r->ask->api, name, &id);
    bool whole = strlen(name) == TB_ID_HEX_CHARS && tb_unhex(id.byte, sizeof id.byte, name);
    if (status != TB_OK && !whole) {
        (void)tb_json_mistake(&r->input, "notice.regards",
                              status == TB_CONFLICT
                                  ? "several notices have this number: write the first hex digits "
                                    "of the id"
                                  : "no notice here is called so");
        return tell_mistake(r, TB_INPUT);
    }
    tb_json_put_id(notice, "regards", &id);
    return true;
}

static bool take_notice(struct reading *r)
{
    static const char *const filled[] = {"number", "duty_officer", "reporting_office", NULL};
    json_t *notice = json_object_get(r->pending->body, "notice");
    if (!json_is_object(notice)) {
        return tell_mistake(r, tb_json_mistake(&r->input, "notice",
                                               "write what happened: {\"kind\": \"first\", ...}"));
    }
    if (!resolve_regards(r, notice)) {
        return false;
    }
    ProtobufCMessage *read = NULL;
    r->input.filled = filled;
    snprintf(r->input.path, sizeof r->input.path, "notice");
    enum tb_status status = tb_json_read(&r->input, &tongbao__notice__descriptor, notice, &read);
    if (status != TB_OK) {
        return tell_mistake(r, status);
    }
    const Tongbao__Notice *made = (const Tongbao__Notice *)read;
    if (made->kind == TONGBAO__NOTICE__KIND__KIND_UNKNOWN) {
        return tell_mistake(
            r, tb_json_mistake(&r->input, "kind",
                               "write one of \"first\", \"follow_up\", \"correction\", "
                               "\"all_clear\", \"final\", \"inquiry\", \"release\": it decides "
                               "who hears it"));
    }
    r->pending->request.issue.notice = made;
    r->input.path[0] = '\0';
    return true;
}

static bool take_incident(struct reading *r)
{
    const json_t *value = json_object_get(r->pending->body, "incident");
    const char *text = json_string_value(value);
    struct tb_issue *issue = &r->pending->request.issue;
    if (value == NULL || json_is_null(value) || (text != NULL && text[0] == '\0')) {
        return true;
    }
    if (text == NULL || !tb_unhex(issue->incident, sizeof issue->incident, text)) {
        return tell_mistake(r, tb_json_mistake(&r->input, "incident",
                                               "write the incident's 32 hex digits, or leave it "
                                               "out"));
    }
    return true;
}

static bool take_added(struct reading *r)
{
    const json_t *list = json_object_get(r->pending->body, "add");
    struct tb_issue *issue = &r->pending->request.issue;
    size_t count = json_array_size(list);
    if (list == NULL || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list) || count > TB_ADDED_MAX) {
        return tell_mistake(r, tb_json_mistake(&r->input, "add",
                                               "write a list of at most %d offices, "
                                               "[\"140121\", ...]",
                                               TB_ADDED_MAX));
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        uint64_t code = 0;
        char place[24];
        if (text == NULL || strlen(text) != 6 || !tb_text_u64(text, 999999, &code) ||
            code < 100000) {
            snprintf(place, sizeof place, "add[%zu]", i);
            return tell_mistake(r, tb_json_mistake(&r->input, place,
                                                   "write an office's code of six digits: "
                                                   "\"140926\""));
        }
        issue->added[issue->added_count++] = (uint32_t)code;
    }
    return true;
}

/* Beside the notice, not in it: it can be destroyed (I11). */
static bool take_personal(struct reading *r)
{
    const json_t *value = json_object_get(r->pending->body, "personal");
    const char *text = json_string_value(value);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (text == NULL || strlen(text) != json_string_length(value) ||
        !tb_text_valid(tb_bytes_text(text))) {
        return tell_mistake(r, tb_json_mistake(&r->input, "personal",
                                               "write names and telephones of people as text, or "
                                               "leave it out"));
    }
    r->pending->request.issue.personal = text;
    return true;
}

bool tb_change_issue(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const keys[] = {"world", "notice", "incident", "add", "personal", NULL};
    struct reading r;
    pending->request.verb = TB_VERB_ISSUE;
    return begin(&r, ask, pending) && only(&r, keys) && take_world(&r) && take_notice(&r) &&
           take_incident(&r) && take_added(&r) && take_personal(&r);
}

/* ----------------------------------------- acknowledgements and calls */

/* Read the body as a message of ${type} without the keys ${filled}. */
static bool take_message(struct reading *r, const ProtobufCMessageDescriptor *type,
                         const char *const *filled, ProtobufCMessage **out)
{
    r->input.filled = filled;
    enum tb_status status = tb_json_read(&r->input, type, r->pending->body, out);
    return status == TB_OK || tell_mistake(r, status);
}

bool tb_change_acknowledge(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const filled[] = {"notice", "officer", "given_at", NULL};
    struct tb_acknowledge *acknowledge = &pending->request.acknowledge;
    struct reading r;
    ProtobufCMessage *read = NULL;
    struct tb_id id;
    if (!tb_ask_notice(ask, &id) || !begin(&r, ask, pending) ||
        !take_message(&r, &tongbao__acknowledgement__descriptor, filled, &read)) {
        return false;
    }
    const Tongbao__Acknowledgement *said = (const Tongbao__Acknowledgement *)read;
    if (said->level == TONGBAO__ACKNOWLEDGEMENT__LEVEL__LEVEL_UNKNOWN) {
        return tell_mistake(&r, tb_json_mistake(&r.input, "level",
                                                "write one of \"received\", \"assessed\", "
                                                "\"acted\""));
    }
    pending->request.verb = TB_VERB_ACKNOWLEDGE;
    acknowledge->notice = id;
    acknowledge->level = said->level;
    acknowledge->note = said->note;
    return true;
}

bool tb_change_call(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const filled[] = {"notice", "caller", "entered_at", NULL};
    struct tb_call *call = &pending->request.call;
    struct reading r;
    ProtobufCMessage *read = NULL;
    struct tb_id id;
    if (!tb_ask_notice(ask, &id) || !begin(&r, ask, pending) ||
        !take_message(&r, &tongbao__call__descriptor, filled, &read)) {
        return false;
    }
    const Tongbao__Call *said = (const Tongbao__Call *)read;
    if (said->office == 0) {
        return tell_mistake(&r, tb_json_mistake(&r.input, "office",
                                                "write whom you called: an office's code of six "
                                                "digits"));
    }
    int64_t claimed_ms = said->claimed_at_ms != 0 ? said->claimed_at_ms : ask->api->now.wall.ms;
    pending->request.verb = TB_VERB_CALL;
    *call = (struct tb_call){.notice = id,
                             .office = said->office,
                             .person = said->person,
                             .phone = said->phone,
                             .claimed = {claimed_ms},
                             .read_back = said->read_back,
                             .result = said->result};
    return true;
}

/* ------------------------------------------------------ duty, officers */

/* Look at the password before the core is asked: it costs time that no turn has. */
static bool check_password(struct reading *r, const char *officer, const char *password)
{
    struct tb_api *api = r->ask->api;
    const char *hash = tb_query_password(api->parts.node, officer);
    if (hash == NULL) {
        tb_say(TB_NOTE_SESSION_REFUSED, officer, "unknown");
        tb_ask_fail(r->ask, TB_SESSION, NULL, 0, "no such officer, or the password is wrong");
        return false;
    }
    enum tb_status status =
        tb_password_check(&api->guard, officer, hash, password, api->now.mono_ms);
    if (status == TB_FULL) {
        tb_say(TB_NOTE_SESSION_REFUSED, officer, "tries");
        tb_ask_fail(r->ask, TB_FULL, NULL, 0, "too many wrong passwords: wait a minute");
    } else if (status != TB_OK) {
        tb_say(TB_NOTE_SESSION_REFUSED, officer, "password");
        tb_ask_fail(r->ask, TB_SESSION, NULL, 0, "no such officer, or the password is wrong");
    }
    return status == TB_OK;
}

bool tb_change_duty_open(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const keys[] = {"officer", "password", "hours", NULL};
    struct reading r;
    const char *officer = NULL;
    const char *password = NULL;
    if (!begin(&r, ask, pending) || !only(&r, keys) || !take_text(&r, "officer", true, &officer) ||
        !take_text(&r, "password", true, &password)) {
        return false;
    }
    const json_t *hours = json_object_get(pending->body, "hours");
    pending->hours = json_is_integer(hours) ? json_integer_value(hours) : TB_API_DUTY_HOURS;
    if ((hours != NULL && !json_is_integer(hours)) || pending->hours < 1 ||
        pending->hours > TB_SESSION_HOURS_MAX) {
        return tell_mistake(
            &r, tb_json_mistake(&r.input, "hours", "write 1 to %d", TB_SESSION_HOURS_MAX));
    }
    if (!check_password(&r, officer, password)) {
        return false;
    }
    tb_text_copy(pending->officer, sizeof pending->officer, officer);
    pending->request.verb = TB_VERB_DUTY_OPEN;
    pending->request.duty = (struct tb_duty_open){pending->officer, pending->hours};
    return true;
}

bool tb_change_duty_close(const struct tb_ask *ask, struct tb_pending *pending)
{
    if (ask->call->token == NULL) {
        tb_ask_fail(ask, TB_SESSION, NULL, 0, "send the token of the session to be closed");
        return false;
    }
    pending->request.verb = TB_VERB_DUTY_CLOSE;
    return true;
}

bool tb_change_officer(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const keys[] = {"name", "number", "password", "active", NULL};
    struct tb_officer_set *set = &pending->request.officer;
    struct reading r;
    const char *name = NULL;
    const char *number = NULL;
    const char *password = NULL;
    if (!begin(&r, ask, pending) || !only(&r, keys) || !take_text(&r, "name", true, &name) ||
        !take_text(&r, "number", false, &number) || !take_text(&r, "password", false, &password)) {
        return false;
    }
    const json_t *active = json_object_get(pending->body, "active");
    if (active != NULL && !json_is_boolean(active)) {
        return tell_mistake(&r, tb_json_mistake(&r.input, "active", "write true or false"));
    }
    if (password != NULL && tb_password_hash(password, pending->hash) != TB_OK) {
        return tell_mistake(&r,
                            tb_json_mistake(&r.input, "password", "a password has %d to %d bytes",
                                            TB_PASSWORD_BYTES_MIN, TB_PASSWORD_BYTES_MAX));
    }
    if (password == NULL && tb_query_password(ask->api->parts.node, name) == NULL &&
        !json_is_false(active)) {
        return tell_mistake(&r,
                            tb_json_mistake(&r.input, "password", "is needed for a new officer"));
    }
    pending->request.verb = TB_VERB_OFFICER_SET;
    tb_text_copy(pending->officer, sizeof pending->officer, name);
    *set = (struct tb_officer_set){.name = pending->officer,
                                   .number = number,
                                   .password_hash = password == NULL ? NULL : pending->hash,
                                   .active = active == NULL || json_is_true(active)};
    return true;
}

bool tb_change_directory(const struct tb_ask *ask, struct tb_pending *pending)
{
    if (ask->call->body.size == 0) {
        tb_ask_fail(ask, TB_INPUT, NULL, 0, "send the directory's file as the body");
        return false;
    }
    pending->request.verb = TB_VERB_DIRECTORY_TAKE;
    pending->request.directory = ask->call->body;
    return true;
}

/* -------------------------------------------------------- good results */

/* One of the brokers where ${office} reads is linked now. */
static bool reachable(struct tb_api *api, const Tongbao__Office *office)
{
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        if (tb_links_up(api->parts.links, office->brokers[i])) {
            return true;
        }
    }
    return false;
}

/*
 * "issue succeeds at once and says plainly that the notice has not left the
 * building and whom to telephone" (I6): everybody when no recipient's broker is
 * linked, else those who are outside.
 */
static void put_way_out(struct tb_api *api, json_t *body, const json_t *deliveries)
{
    const struct tb_directories *set = tb_node_directories(api->parts.node);
    bool left = false;
    size_t index;
    json_t *delivery;
    json_array_foreach((json_t *)(uintptr_t)deliveries, index, delivery)
    {
        uint64_t code = 0;
        (void)tb_text_u64(json_string_value(json_object_get(delivery, "office")), 999999, &code);
        left = left || reachable(api, tb_directories_office(set, (uint32_t)code));
    }
    json_t *telephone = json_array();
    json_array_foreach((json_t *)(uintptr_t)deliveries, index, delivery)
    {
        uint64_t code = 0;
        (void)tb_text_u64(json_string_value(json_object_get(delivery, "office")), 999999, &code);
        const Tongbao__Office *office = tb_directories_office(set, (uint32_t)code);
        if (!left || office == NULL) {
            json_t *row = json_object();
            (void)json_object_set(row, "office", json_object_get(delivery, "office"));
            (void)json_object_set(row, "name", json_object_get(delivery, "name"));
            (void)json_object_set_new(row, "phones", tb_api_phones(office));
            (void)json_array_append_new(telephone, row);
        }
    }
    tb_json_put_number(body, "links_up", (int64_t)tb_links_up_count(api->parts.links));
    tb_json_put_bool(body, "left_building", left);
    if (json_array_size(telephone) > 0) {
        (void)json_object_set(body, "telephone", telephone);
    }
    json_decref(telephone);
}

static void put_issued(struct tb_api *api, json_t *body, const struct tb_result *result)
{
    struct tb_notice_row row;
    const Tongbao__Body *said = NULL;
    tb_json_put_text(body, "number", result->number);
    tb_arena_reset(&api->arena);
    if (tb_query_notice(api->parts.node, &result->id, &api->arena, &row, &said) && said != NULL &&
        said->statement_case == TONGBAO__BODY__STATEMENT_NOTICE) {
        (void)json_object_set_new(body, "missing", tb_api_missing(said->notice));
    }
    json_t *deliveries = tb_api_deliveries(api, &result->id);
    put_way_out(api, body, deliveries);
    tb_json_put_bool(body, "disk_full", api->parts.keep->full);
    (void)json_object_set_new(body, "deliveries", deliveries);
}

json_t *tb_change_told(struct tb_api *api, const struct tb_pending *pending,
                       const struct tb_result *result)
{
    json_t *body = json_object();
    tb_json_put_bool(body, "repeated", result->repeated);
    if (!tb_id_zero(&result->id)) {
        tb_json_put_id(body, "id", &result->id);
    }
    if (result->text[0] != '\0') {
        tb_json_put_text(body, "text", result->text);
    }
    switch (result->verb) {
    case TB_VERB_ISSUE:
        put_issued(api, body, result);
        break;
    case TB_VERB_ACKNOWLEDGE:
        tb_json_put_id(body, "notice", &pending->request.acknowledge.notice);
        break;
    case TB_VERB_CALL:
        tb_json_put_id(body, "notice", &pending->request.call.notice);
        break;
    case TB_VERB_DUTY_OPEN:
        tb_json_put_text(body, "token", result->token);
        tb_json_put_text(body, "officer", pending->officer);
        tb_json_put_number(body, "hours", pending->hours);
        break;
    case TB_VERB_OFFICER_SET:
        tb_json_put_text(body, "name", pending->officer);
        break;
    case TB_VERB_DISCLOSE:
        tb_json_put_id(body, "notice", &pending->request.disclose.notice);
        break;
    case TB_VERB_DEED:
        tb_json_put_id(body, "notice", &pending->request.deed.notice);
        break;
    case TB_VERB_DESTROY:
        tb_json_put_id(body, "notice", &pending->request.destroy.notice);
        break;
    case TB_VERB_PERSONAL_READ:
        tb_api_put_personal(api, body, &pending->request.destroy.notice);
        break;
    case TB_VERB_DUTY_CLOSE:
    case TB_VERB_RECOVER:
    case TB_VERB_DIRECTORY_TAKE:
    case TB_VERB_ALARM_ENDED:
        break;
    }
    return body;
}
