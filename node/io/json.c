#include "node/io/json.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "node/io/json_field.h"

json_t *tb_json_text(const char *text)
{
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("");
}

void tb_json_put_text(json_t *object, const char *key, const char *text)
{
    (void)json_object_set_new(object, key, tb_json_text(text));
}

void tb_json_put_number(json_t *object, const char *key, int64_t number)
{
    (void)json_object_set_new(object, key, json_integer(number));
}

void tb_json_put_bool(json_t *object, const char *key, bool value)
{
    (void)json_object_set_new(object, key, json_boolean(value));
}

/* A new hex text of ${bytes}. */
static json_t *hex_value(struct tb_bytes bytes)
{
    struct tb_buf text;
    tb_buf_init(&text, 2 * bytes.size + 1);
    uint8_t *place = tb_buf_grow(&text, 2 * bytes.size + 1);
    tb_assert(place != NULL);
    tb_hex((char *)place, bytes);
    json_t *value = tb_json_text((const char *)place);
    tb_buf_fini(&text);
    return value;
}

void tb_json_put_hex(json_t *object, const char *key, struct tb_bytes bytes)
{
    (void)json_object_set_new(object, key, hex_value(bytes));
}

void tb_json_put_id(json_t *object, const char *key, const struct tb_id *id)
{
    tb_json_put_hex(object, key, tb_bytes_of(id->byte, sizeof id->byte));
}

static json_t *office_value(uint32_t office)
{
    char text[16];
    snprintf(text, sizeof text, "%06u", office);
    return tb_json_text(text);
}

void tb_json_put_office(json_t *object, const char *key, uint32_t office)
{
    (void)json_object_set_new(object, key, office_value(office));
}

/* Milliseconds are written only where there are any: people read the rest. */
static json_t *time_value(int64_t wall_ms)
{
    enum { SECONDS_CHARS = 19, SECOND_MS = 1000 };
    char whole[TB_WALL_TEXT_CHARS];
    char text[TB_WALL_TEXT_CHARS + 8];
    int64_t part_ms = (wall_ms % SECOND_MS + SECOND_MS) % SECOND_MS;
    tb_wall_text(whole, (struct tb_wall){wall_ms - part_ms});
    if (part_ms == 0 || strlen(whole) <= SECONDS_CHARS) {
        return tb_json_text(whole);
    }
    snprintf(text, sizeof text, "%.*s.%03d%s", SECONDS_CHARS, whole, (int)part_ms,
             whole + SECONDS_CHARS);
    return tb_json_text(text);
}

void tb_json_put_time(json_t *object, const char *key, int64_t wall_ms)
{
    if (wall_ms != 0) {
        (void)json_object_set_new(object, key, time_value(wall_ms));
    }
}

/* One value at ${place} as JSON; NULL when it is absent (an unset time, office or message). */
static json_t *value_of(const ProtobufCFieldDescriptor *field, const void *place)
{
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    switch (tb_json_field_kind(field)) {
    case TB_JSON_TEXT: {
        const char *text = *(char *const *)place;
        return tb_json_text(text == NULL ? "" : text);
    }
    case TB_JSON_HEX: {
        const ProtobufCBinaryData *data = place;
        return hex_value(tb_bytes_of(data->data, data->len));
    }
    case TB_JSON_TIME: {
        int64_t ms;
        memcpy(&ms, place, sizeof ms);
        return ms == 0 ? NULL : time_value(ms);
    }
    case TB_JSON_OFFICE:
        memcpy(&u32, place, sizeof u32);
        return u32 == 0 ? NULL : office_value(u32);
    case TB_JSON_U32:
        memcpy(&u32, place, sizeof u32);
        return json_integer(u32);
    case TB_JSON_U64:
        memcpy(&u64, place, sizeof u64);
        return json_integer((json_int_t)u64);
    case TB_JSON_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)place);
    case TB_JSON_ENUM: {
        int value;
        char text[TB_JSON_KEY_BYTES_MAX];
        memcpy(&value, place, sizeof value);
        const ProtobufCEnumDescriptor *type = field->descriptor;
        tb_json_enum_text(type, value, text);
        return protobuf_c_enum_descriptor_get_value(type, value) == NULL ? json_integer(value)
                                                                         : tb_json_text(text);
    }
    case TB_JSON_MESSAGE: {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *)place;
        return inner == NULL ? NULL : tb_json_of(inner);
    }
    }
    return NULL;
}

static json_t *list_of(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const uint8_t *base = (const uint8_t *)message;
    size_t count;
    const uint8_t *items;
    memcpy(&count, base + field->quantifier_offset, sizeof count);
    memcpy(&items, base + field->offset, sizeof items);
    json_t *list = json_array();
    size_t each = tb_json_field_bytes(field);
    for (size_t i = 0; i < count; i++) {
        json_t *value = value_of(field, items + i * each);
        (void)json_array_append_new(list, value != NULL ? value : json_null());
    }
    return list;
}

json_t *tb_json_of(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const uint8_t *base = (const uint8_t *)message;
    json_t *object = json_object();
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char key[TB_JSON_KEY_BYTES_MAX];
        tb_json_field_key(field, key);
        json_t *value = NULL;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            value = list_of(field, message);
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            uint32_t set;
            memcpy(&set, base + field->quantifier_offset, sizeof set);
            value = set == field->id ? value_of(field, base + field->offset) : NULL;
        } else {
            value = value_of(field, base + field->offset);
        }
        if (value != NULL) {
            (void)json_object_set_new(object, key, value);
        }
    }
    return object;
}
