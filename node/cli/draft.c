#include "node/cli/draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/io/files.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "proto/envelope.h"

static enum tb_status empty_draft(json_t **draft)
{
    *draft = json_pack("{s:i, s:i, s:s, s:[], s:[], s:[]}", "prefix", 0, "version", 0, "name", "",
                       "offices", "brokers", "files");
    tb_assert(*draft != NULL);
    return TB_OK;
}

enum tb_status tb_draft_load(const char *path, json_t **draft, struct tb_diag *diag)
{
    struct tb_buf buf;
    json_error_t error;
    *draft = NULL;
    tb_buf_init(&buf, TB_DRAFT_FILE_BYTES_MAX);
    enum tb_status status = tb_files_read(path, &buf, diag);
    if (status == TB_UNKNOWN) {
        tb_buf_fini(&buf);
        return empty_draft(draft);
    }
    if (status == TB_OK) {
        *draft = json_loadb(buf.size > 0 ? (const char *)buf.data : "", buf.size,
                            JSON_REJECT_DUPLICATES, &error);
        diag->file = path;
        if (*draft == NULL) {
            tb_diag_set(diag, error.line, "%s", error.text);
            status = TB_INPUT;
        } else if (tb_pick_list(*draft, "offices") == NULL ||
                   tb_pick_list(*draft, "brokers") == NULL ||
                   tb_pick_list(*draft, "files") == NULL) {
            tb_diag_set(diag, 1, "%s",
                        _("this is no draft: \"offices\", \"brokers\" and \"files\" are lists"));
            status = TB_INPUT;
        }
    }
    tb_buf_fini(&buf);
    if (status != TB_OK) {
        json_decref(*draft);
        *draft = NULL;
    }
    return status;
}

enum tb_status tb_draft_save(const char *path, const json_t *draft, struct tb_diag *diag)
{
    char *text = json_dumps(draft, JSON_INDENT(2));
    tb_assert(text != NULL);
    enum tb_status status = tb_files_write(path, tb_bytes_text(text), TB_FILES_PUBLIC, diag);
    free(text);
    return status;
}

json_t *tb_draft_office(const json_t *draft, uint32_t code)
{
    const json_t *list = tb_pick_list(draft, "offices");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *office = json_array_get(list, i);
        if (tb_pick_int(office, "code") == (int64_t)code) {
            return office;
        }
    }
    return NULL;
}

json_t *tb_draft_broker(const json_t *draft, const char *name)
{
    const json_t *list = tb_pick_list(draft, "brokers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *broker = json_array_get(list, i);
        if (strcmp(tb_pick_text(broker, "name"), name) == 0) {
            return broker;
        }
    }
    return NULL;
}

void tb_draft_key_id(char out[TB_DRAFT_KEY_ID_BYTES], const json_t *key)
{
    uint8_t sign[TB_KEY_BYTES];
    uint8_t id[TB_KEY_ID_BYTES];
    out[0] = '\0';
    if (tb_unhex(sign, sizeof sign, tb_pick_text(key, "sign"))) {
        tb_key_id(id, sign);
        tb_hex(out, tb_bytes_of(id, sizeof id));
    }
}

/* --------------------------------------------------- directory to draft */

static const char *const states[] = {"active", "retired", "revoked"};

static void set_time(json_t *object, const char *key, int64_t ms)
{
    char text[TB_WALL_TEXT_CHARS];
    if (ms != 0) {
        tb_wall_text(text, (struct tb_wall){.ms = ms});
        json_object_set_new(object, key, json_string(text));
    }
}

static void set_hex(json_t *object, const char *key, ProtobufCBinaryData data)
{
    char hex[2 * 64 + 1];
    if (data.len <= 64) {
        tb_hex(hex, tb_bytes_of(data.data, data.len));
        json_object_set_new(object, key, json_string(hex));
    }
}

static void set_key(json_t *object, const Tongbao__Key *key)
{
    if (key != NULL) {
        set_hex(object, "sign", key->sign);
        set_hex(object, "link", key->link);
        unsigned state = (unsigned)key->state;
        json_object_set_new(
            object, "state",
            json_string(state < sizeof states / sizeof states[0] ? states[state] : "revoked"));
        set_time(object, "since", key->since_ms);
    }
}

static json_t *text_list(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(texts[i]));
    }
    return list;
}

json_t *tb_draft_of_office(const Tongbao__Office *office)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < office->n_keys; i++) {
        json_t *key = json_object();
        set_key(key, office->keys[i]);
        json_array_append_new(keys, key);
    }
    json_t *phones = json_array();
    for (size_t i = 0; i < office->n_phones; i++) {
        json_t *phone = json_pack("{s:s, s:s}", "label", office->phones[i]->label, "number",
                                  office->phones[i]->number);
        set_time(phone, "proved_at", office->phones[i]->proved_at_ms);
        json_array_append_new(phones, phone);
    }
    json_t *out = json_pack("{s:i, s:s, s:o, s:o, s:o}", "code", (int)office->code, "name",
                            office->name, "keys", keys, "brokers",
                            text_list(office->brokers, office->n_brokers), "phones", phones);
    set_time(out, "valid_until", office->valid_until_ms);
    json_object_set_new(out, "version_max", json_integer(office->version_max));
    return out;
}

static json_t *of_broker(const Tongbao__Broker *broker)
{
    json_t *out = json_pack("{s:s}", "name", broker->name);
    set_key(out, broker->key);
    json_object_set_new(out, "endpoints", text_list(broker->endpoints, broker->n_endpoints));
    return out;
}

json_t *tb_draft_of_body(uint32_t prefix, uint64_t version, const Tongbao__DirectoryBody *body)
{
    json_t *draft = NULL;
    (void)empty_draft(&draft);
    json_object_set_new(draft, "prefix", json_integer(prefix));
    json_object_set_new(draft, "version", json_integer((json_int_t)version));
    json_object_set_new(draft, "name", json_string(body->name));
    for (size_t i = 0; i < body->n_offices; i++) {
        json_array_append_new(json_object_get(draft, "offices"),
                              tb_draft_of_office(body->offices[i]));
    }
    for (size_t i = 0; i < body->n_brokers; i++) {
        json_array_append_new(json_object_get(draft, "brokers"), of_broker(body->brokers[i]));
    }
    bool good = true;
    for (size_t i = 0; i < body->n_files; i++) {
        struct tb_bytes bytes =
            tb_bytes_of(body->files[i]->content.data, body->files[i]->content.len);
        good = good && tb_draft_put_file(draft, body->files[i]->name, bytes, NULL) == TB_OK;
    }
    if (!good) {
        json_decref(draft);
        return NULL;
    }
    return draft;
}

enum tb_status tb_draft_put_file(json_t *draft, const char *name, struct tb_bytes bytes,
                                 struct tb_diag *diag)
{
    json_t *lines = json_array();
    size_t start = 0;
    for (size_t i = 0; i <= bytes.size; i++) {
        if (i < bytes.size && bytes.data[i] != '\n') {
            continue;
        }
        json_t *line =
            json_stringn(bytes.size > 0 ? (const char *)bytes.data + start : "", i - start);
        if (json_array_append_new(lines, line) != 0) {
            tb_diag_set(diag, (int)json_array_size(lines) + 1, _("%s is not UTF-8 text"), name);
            json_decref(lines);
            return TB_INPUT;
        }
        start = i + 1;
    }
    json_t *files = json_object_get(draft, "files");
    json_t *file = json_pack("{s:s, s:o}", "name", name, "lines", lines);
    for (size_t i = 0; i < json_array_size(files); i++) {
        if (strcmp(tb_pick_text(json_array_get(files, i), "name"), name) == 0) {
            json_array_set_new(files, i, file);
            return TB_OK;
        }
    }
    json_array_append_new(files, file);
    return TB_OK;
}
