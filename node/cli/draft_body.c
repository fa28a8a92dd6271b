#include <string.h>

#include "base/bytes.h"
#include "base/event.h"
#include "node/cli/draft.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"

/* What is being made, and of what: carried down, so that every mistake can name
 * its place. */
struct making {
    struct tb_arena *arena;
    struct tb_diag *diag;
    const char *place; /* the office's or broker's name */
};

static enum tb_status mistake(const struct making *m, const char *key)
{
    tb_diag_set(m->diag, 0, _("%s: \"%s\" is missing or is not as it should be"), m->place, key);
    return TB_INPUT;
}

static enum tb_status spent(const struct making *m)
{
    tb_diag_set(m->diag, 0, "%s", _("the draft is too large"));
    return TB_MEMORY;
}

/* A zeroed list of ${count} pointers; one even for none, so that NULL is an
 * empty arena alone. */
static void *pointers(const struct making *m, size_t count)
{
    return tb_arena_take(m->arena, (count + 1) * sizeof(void *));
}

static enum tb_status text(const struct making *m, const json_t *object, const char *key,
                           char **out)
{
    const char *value = tb_pick_text(object, key);
    if (value[0] == '\0') {
        return mistake(m, key);
    }
    *out = tb_arena_text(m->arena, value, strlen(value));
    return *out != NULL ? TB_OK : spent(m);
}

static enum tb_status texts(const struct making *m, const json_t *object, const char *key,
                            char ***out, size_t *count)
{
    const json_t *list = tb_pick_list(object, key);
    *count = json_array_size(list);
    *out = pointers(m, *count);
    if (*out == NULL) {
        return spent(m);
    }
    for (size_t i = 0; i < *count; i++) {
        const char *value = json_string_value(json_array_get(list, i));
        if (value == NULL) {
            return mistake(m, key);
        }
        (*out)[i] = tb_arena_text(m->arena, value, strlen(value));
        if ((*out)[i] == NULL) {
            return spent(m);
        }
    }
    return TB_OK;
}

/* A time that may be absent. */
static enum tb_status time_of(const struct making *m, const json_t *object, const char *key,
                              int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    struct tb_wall at = {0};
    if (value != NULL && (json_string_value(value) == NULL ||
                          tb_wall_parse(json_string_value(value), &at) != TB_OK)) {
        return mistake(m, key);
    }
    *out = at.ms;
    return TB_OK;
}

static enum tb_status hex_key(const struct making *m, const json_t *object, const char *key,
                              ProtobufCBinaryData *out)
{
    out->data = tb_arena_take(m->arena, TB_KEY_BYTES);
    out->len = TB_KEY_BYTES;
    if (out->data == NULL) {
        return spent(m);
    }
    return tb_unhex(out->data, TB_KEY_BYTES, tb_pick_text(object, key)) ? TB_OK : mistake(m, key);
}

static enum tb_status make_key(const struct making *m, const json_t *object, Tongbao__Key **out)
{
    static const char *const states[] = {"active", "retired", "revoked"};
    const char *state = tb_pick_text(object, "state");
    Tongbao__Key *key = tb_arena_take(m->arena, sizeof *key);
    if (key == NULL) {
        return spent(m);
    }
    tongbao__key__init(key);
    *out = key;
    enum tb_status status = hex_key(m, object, "sign", &key->sign);
    status = status != TB_OK ? status : hex_key(m, object, "link", &key->link);
    status = status != TB_OK ? status : time_of(m, object, "since", &key->since_ms);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i], state) == 0) {
            key->state = (Tongbao__KeyState)i;
            return status;
        }
    }
    return status != TB_OK ? status : mistake(m, "state");
}

static enum tb_status make_phones(const struct making *m, const json_t *list,
                                  Tongbao__Office *office)
{
    office->n_phones = json_array_size(list);
    office->phones = pointers(m, office->n_phones);
    enum tb_status status = office->phones == NULL ? spent(m) : TB_OK;
    for (size_t i = 0; i < office->n_phones && status == TB_OK; i++) {
        const json_t *object = json_array_get(list, i);
        Tongbao__Phone *phone = tb_arena_take(m->arena, sizeof *phone);
        if (phone == NULL) {
            return spent(m);
        }
        tongbao__phone__init(phone);
        office->phones[i] = phone;
        status = text(m, object, "label", &phone->label);
        status = status != TB_OK ? status : text(m, object, "number", &phone->number);
        status = status != TB_OK ? status : time_of(m, object, "proved_at", &phone->proved_at_ms);
    }
    return status;
}

static enum tb_status make_office(struct making *m, const json_t *object, Tongbao__Office **out)
{
    const json_t *keys = tb_pick_list(object, "keys");
    Tongbao__Office *office = tb_arena_take(m->arena, sizeof *office);
    if (office == NULL) {
        return spent(m);
    }
    tongbao__office__init(office);
    *out = office;
    m->place = tb_pick_text(object, "name");
    int64_t code = tb_pick_int(object, "code");
    if (code < 100000 || code > 999999) {
        return mistake(m, "code");
    }
    office->code = (uint32_t)code;
    office->n_keys = json_array_size(keys);
    office->keys = pointers(m, office->n_keys);
    enum tb_status status =
        office->keys == NULL ? spent(m) : text(m, object, "name", &office->name);
    for (size_t i = 0; i < office->n_keys && status == TB_OK; i++) {
        status = make_key(m, json_array_get(keys, i), &office->keys[i]);
    }
    status = status != TB_OK ? status
                             : texts(m, object, "brokers", &office->brokers, &office->n_brokers);
    status = status != TB_OK ? status : make_phones(m, tb_pick_list(object, "phones"), office);
    status = status != TB_OK ? status : time_of(m, object, "valid_until", &office->valid_until_ms);
    int64_t version = tb_pick_int(object, "version_max");
    office->version_max = version > 0 && version <= UINT32_MAX ? (uint32_t)version : 1;
    return status;
}

static enum tb_status make_broker(struct making *m, const json_t *object, Tongbao__Broker **out)
{
    Tongbao__Broker *broker = tb_arena_take(m->arena, sizeof *broker);
    if (broker == NULL) {
        return spent(m);
    }
    tongbao__broker__init(broker);
    *out = broker;
    m->place = tb_pick_text(object, "name");
    enum tb_status status = text(m, object, "name", &broker->name);
    status = status != TB_OK ? status : make_key(m, object, &broker->key);
    return status != TB_OK
               ? status
               : texts(m, object, "endpoints", &broker->endpoints, &broker->n_endpoints);
}

/* The bytes of a file are its lines with a line feed between each two. */
static enum tb_status make_file(struct making *m, const json_t *object, Tongbao__File **out)
{
    const json_t *lines = tb_pick_list(object, "lines");
    size_t count = json_array_size(lines);
    size_t total = count > 0 ? count - 1 : 0;
    Tongbao__File *file = tb_arena_take(m->arena, sizeof *file);
    if (file == NULL) {
        return spent(m);
    }
    tongbao__file__init(file);
    *out = file;
    m->place = tb_pick_text(object, "name");
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(lines, i))) {
            return mistake(m, "lines");
        }
        total += json_string_length(json_array_get(lines, i));
    }
    file->content.data = tb_arena_take(m->arena, total + 1);
    if (file->content.data == NULL) {
        return spent(m);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *line = json_array_get(lines, i);
        if (i > 0) {
            file->content.data[file->content.len++] = '\n';
        }
        memcpy(file->content.data + file->content.len, json_string_value(line),
               json_string_length(line));
        file->content.len += json_string_length(line);
    }
    return text(m, object, "name", &file->name);
}

enum tb_status tb_draft_body(const json_t *draft, struct tb_wall issued_at, struct tb_arena *arena,
                             Tongbao__DirectoryBody **out, struct tb_diag *diag)
{
    struct making m = {.arena = arena, .diag = diag, .place = ""};
    const json_t *offices = tb_pick_list(draft, "offices");
    const json_t *brokers = tb_pick_list(draft, "brokers");
    const json_t *files = tb_pick_list(draft, "files");
    const char *name = tb_pick_text(draft, "name");
    Tongbao__DirectoryBody *body = tb_arena_take(arena, sizeof *body);
    if (body == NULL) {
        return spent(&m);
    }
    tongbao__directory_body__init(body);
    body->issued_at_ms = issued_at.ms;
    body->name = tb_arena_text(arena, name, strlen(name));
    body->n_offices = json_array_size(offices);
    body->offices = pointers(&m, body->n_offices);
    body->n_brokers = json_array_size(brokers);
    body->brokers = pointers(&m, body->n_brokers);
    body->n_files = json_array_size(files);
    body->files = pointers(&m, body->n_files);
    enum tb_status status = arena->spent ? spent(&m) : TB_OK;
    for (size_t i = 0; i < body->n_offices && status == TB_OK; i++) {
        status = make_office(&m, json_array_get(offices, i), &body->offices[i]);
    }
    for (size_t i = 0; i < body->n_brokers && status == TB_OK; i++) {
        status = make_broker(&m, json_array_get(brokers, i), &body->brokers[i]);
    }
    for (size_t i = 0; i < body->n_files && status == TB_OK; i++) {
        status = make_file(&m, json_array_get(files, i), &body->files[i]);
    }
    *out = body;
    return status;
}
