#include "node/io/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "node/io/json_field.h"
#include "node/io/where.h"
#include "proto/statement.h"

enum { NAMES_MAX = 64, NAME_DISTANCE_MAX = 3, CHOICES_BYTES_MAX = 160 };

/* ------------------------------------------------------------ mistakes */

json_t *tb_json_parse(struct tb_bytes text, struct tb_diag *diag)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        tb_diag_set(
            diag, error.line > 0 ? error.line : 1,
            "this is not JSON here (column %d): %s; write one object, {\"key\": value, ...}",
            error.column, error.text);
    } else if (!json_is_object(root)) {
        tb_diag_set(diag, 1, "write one object, {\"key\": value, ...}");
        json_decref(root);
        root = NULL;
    }
    return root;
}

/* Go one step down the path; gives the length to cut back to. */
static size_t enter(struct tb_json_input *input, const char *key)
{
    size_t length = strlen(input->path);
    snprintf(input->path + length, sizeof input->path - length, "%s%s",
             length > 0 && key[0] != '[' ? "." : "", key);
    return length;
}

static size_t enter_index(struct tb_json_input *input, size_t index)
{
    char key[24];
    snprintf(key, sizeof key, "[%zu]", index);
    return enter(input, key);
}

enum tb_status tb_json_mistake(struct tb_json_input *input, const char *key, const char *format,
                               ...)
{
    char text[TB_DIAG_TEXT_BYTES_MAX];
    if (key != NULL) {
        (void)enter(input, key);
    }
    va_list args;
    va_start(args, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop
    va_end(args);
    tb_diag_set(input->diag, tb_where_line(input->text, input->path), "%s", text);
    return TB_INPUT;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added or left out. */
static size_t distance(const char *a, const char *b)
{
    size_t row[TB_JSON_KEY_BYTES_MAX + 1];
    size_t width = strlen(b);
    if (width > TB_JSON_KEY_BYTES_MAX) {
        return width;
    }
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

const char *tb_json_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    size_t best = NAME_DISTANCE_MAX + 1;
    for (size_t i = 0; strlen(word) < TB_JSON_KEY_BYTES_MAX && names[i] != NULL; i++) {
        size_t far = distance(word, names[i]);
        /* A short word is near to every other short one: at most half of it. */
        if (far < best && far <= strlen(word) / 2) {
            best = far;
            nearest = names[i];
        }
    }
    return nearest;
}

static enum tb_status unknown_key(struct tb_json_input *input, const char *key,
                                  const char *const *names)
{
    const char *nearest = tb_json_nearest(key, names);
    char shown[TB_JSON_KEY_BYTES_MAX];
    tb_text_copy(shown, sizeof shown, key);
    if (nearest != NULL) {
        return tb_json_mistake(input, shown, "is not a key here: did you mean \"%s\"?", nearest);
    }
    char list[CHOICES_BYTES_MAX] = "";
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return tb_json_mistake(input, shown, "is not a key here; the keys are %s", list);
}

static bool among(const char *key, const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], key) == 0) {
            return true;
        }
    }
    return false;
}

enum tb_status tb_json_only(struct tb_json_input *input, const json_t *object,
                            const char *const *known)
{
    const char *key;
    json_t *value;
    /* jansson's own walk takes a pointer that is not const but changes nothing. */
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!among(key, known)) {
            return unknown_key(input, key, known);
        }
    }
    return TB_OK;
}

/* -------------------------------------------------------------- values */

static enum tb_status read_text(struct tb_json_input *input, const char *key, const json_t *value,
                                char **out)
{
    if (!json_is_string(value)) {
        return tb_json_mistake(input, NULL, "write text in quotation marks");
    }
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    if (size > TB_TEXT_BYTES_MAX) {
        return tb_json_mistake(input, NULL, "is too long: at most %d bytes", TB_TEXT_BYTES_MAX);
    }
    if (!tb_text_valid(tb_bytes_of(text, size))) {
        return tb_json_mistake(input, NULL, "holds a control character: leave it out");
    }
    if (strcmp(key, "amount") == 0) {
        bool unknown = strcmp(text, "不明") == 0 || strcmp(text, "unknown") == 0;
        size = unknown ? 0 : size;
        size_t digits = strspn(text, "0123456789");
        size_t point = text[digits] == '.';
        size_t after = point ? strspn(text + digits + 1, "0123456789") : 0;
        bool number = digits > 0 && digits + point + after == size && (!point || after > 0);
        if (size > 0 && !number) {
            return tb_json_mistake(input, NULL,
                                   "write a decimal number such as \"3.5\", or \"不明\"");
        }
    }
    *out = tb_arena_text(input->arena, text, size);
    return *out == NULL ? TB_MEMORY : TB_OK;
}

static enum tb_status read_hex(struct tb_json_input *input, const json_t *value,
                               ProtobufCBinaryData *out)
{
    const char *text = json_string_value(value);
    size_t size = text == NULL ? 0 : strlen(text) / 2;
    if (size == 0 && text != NULL && text[0] == '\0') {
        return TB_OK;
    }
    out->data = text == NULL ? NULL : tb_arena_take(input->arena, size + 1);
    if (text != NULL && out->data == NULL) {
        return TB_MEMORY;
    }
    if (text == NULL || !tb_unhex(out->data, size, text)) {
        return tb_json_mistake(input, NULL, "write hex digits, two for each byte");
    }
    out->len = size;
    return TB_OK;
}

static enum tb_status read_time(struct tb_json_input *input, const json_t *value, int64_t *out)
{
    struct tb_wall at;
    const char *text = json_string_value(value);
    if (text == NULL || tb_wall_parse(text, &at) != TB_OK) {
        return tb_json_mistake(input, NULL, "write a time such as \"2025-01-17T03:12:44+08:00\"");
    }
    if (at.ms < 0 || at.ms > TB_TIME_MS_MAX) {
        return tb_json_mistake(input, NULL, "write a time of the years 1970 to 9999");
    }
    *out = at.ms;
    return TB_OK;
}

static enum tb_status read_number(struct tb_json_input *input, const json_t *value, uint64_t max,
                                  uint64_t *out)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > max) {
        return tb_json_mistake(input, NULL, "write a whole number from 0 to %llu",
                               (unsigned long long)max);
    }
    *out = (uint64_t)number;
    return TB_OK;
}

static enum tb_status read_office(struct tb_json_input *input, const json_t *value, uint32_t *out)
{
    uint64_t code = 0;
    const char *text = json_string_value(value);
    bool good = text != NULL && strlen(text) == 6 && tb_text_u64(text, 999999, &code);
    if (!good || code < 100000) {
        return tb_json_mistake(input, NULL, "write an office's code of six digits: \"140926\"");
    }
    *out = (uint32_t)code;
    return TB_OK;
}

static enum tb_status read_enum(struct tb_json_input *input, const ProtobufCEnumDescriptor *type,
                                const json_t *value, int *out)
{
    char word[TB_JSON_KEY_BYTES_MAX];
    word[0] = '\0';
    if (json_is_string(value)) {
        tb_text_copy(word, sizeof word, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(word, sizeof word, "%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(word, sizeof word, "%s", json_is_true(value) ? "yes" : "no");
    }
    if (tb_json_enum_parse(type, word, out)) {
        return TB_OK;
    }
    char list[CHOICES_BYTES_MAX] = "";
    for (unsigned i = 0; i < type->n_values; i++) {
        char name[TB_JSON_KEY_BYTES_MAX];
        tb_json_enum_text(type, type->values[i].value, name);
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s\"%s\"", i > 0 ? ", " : "", name);
    }
    return tb_json_mistake(input, NULL, "write one of %s", list);
}

/* ------------------------------------------------------------- objects */

static enum tb_status read_object(struct tb_json_input *input,
                                  const ProtobufCMessageDescriptor *type, const json_t *object,
                                  size_t depth, ProtobufCMessage **out);

/* Read one value into ${place}, which holds the field's default. */
static enum tb_status read_value(struct tb_json_input *input, const ProtobufCFieldDescriptor *field,
                                 const json_t *value, size_t depth, void *place)
{
    uint64_t number = 0;
    enum tb_status status = TB_OK;
    switch (tb_json_field_kind(field)) {
    case TB_JSON_TEXT:
        return read_text(input, field->name, value, place);
    case TB_JSON_HEX:
        return read_hex(input, value, place);
    case TB_JSON_TIME:
        return read_time(input, value, place);
    case TB_JSON_OFFICE:
        return read_office(input, value, place);
    case TB_JSON_U32:
        status = read_number(input, value, UINT32_MAX, &number);
        *(uint32_t *)place = (uint32_t)number;
        return status;
    case TB_JSON_U64:
        return read_number(input, value, INT64_MAX, place);
    case TB_JSON_BOOL:
        if (!json_is_boolean(value)) {
            return tb_json_mistake(input, NULL, "write true or false");
        }
        *(protobuf_c_boolean *)place = json_is_true(value);
        return TB_OK;
    case TB_JSON_ENUM:
        return read_enum(input, field->descriptor, value, place);
    case TB_JSON_MESSAGE:
        return read_object(input, field->descriptor, value, depth + 1, place);
    }
    return TB_INPUT;
}

static enum tb_status read_list(struct tb_json_input *input, const ProtobufCFieldDescriptor *field,
                                const json_t *value, size_t depth, uint8_t *base)
{
    if (!json_is_array(value)) {
        return tb_json_mistake(input, NULL, "write a list, [...]");
    }
    size_t count = json_array_size(value);
    size_t each = tb_json_field_bytes(field);
    uint8_t *items = count == 0 ? NULL : tb_arena_take(input->arena, count * each);
    if (count > 0 && items == NULL) {
        return TB_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        size_t cut = enter_index(input, i);
        enum tb_status status =
            read_value(input, field, json_array_get(value, i), depth, items + i * each);
        if (status != TB_OK) {
            return status;
        }
        input->path[cut] = '\0';
    }
    memcpy(base + field->quantifier_offset, &count, sizeof count);
    memcpy(base + field->offset, &items, sizeof items);
    return TB_OK;
}

static enum tb_status read_field(struct tb_json_input *input, const ProtobufCFieldDescriptor *field,
                                 const json_t *value, size_t depth, uint8_t *base)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return read_list(input, field, value, depth, base);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t set;
        memcpy(&set, base + field->quantifier_offset, sizeof set);
        if (set != 0) {
            return tb_json_mistake(input, NULL, "only one kind of statement can stand here");
        }
        memcpy(base + field->quantifier_offset, &field->id, sizeof field->id);
    }
    return read_value(input, field, value, depth, base + field->offset);
}

/* Every key of ${object} is one of the schema's, and none that the program fills in. */
static enum tb_status check_keys(struct tb_json_input *input,
                                 const ProtobufCMessageDescriptor *type, const json_t *object,
                                 size_t depth)
{
    char keys[NAMES_MAX][TB_JSON_KEY_BYTES_MAX];
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t count = least(type->n_fields, NAMES_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        tb_json_field_key(&type->fields[i], keys[kept]);
        bool filled = depth == 0 && among(keys[kept], input->filled);
        if (filled && json_object_get(object, keys[kept]) != NULL) {
            return tb_json_mistake(input, keys[kept],
                                   "is filled in by the program: leave this key out");
        }
        if (!filled) {
            names[kept] = keys[kept];
            kept++;
        }
    }
    return tb_json_only(input, object, names);
}

static enum tb_status read_object(struct tb_json_input *input,
                                  const ProtobufCMessageDescriptor *type, const json_t *object,
                                  size_t depth, ProtobufCMessage **out)
{
    *out = NULL;
    if (!json_is_object(object) || depth > TB_JSON_DEPTH_MAX) {
        return tb_json_mistake(input, NULL, "write an object, {\"key\": value, ...}");
    }
    enum tb_status status = check_keys(input, type, object, depth);
    ProtobufCMessage *message = tb_arena_take(input->arena, type->sizeof_message);
    if (status == TB_OK && message == NULL) {
        return TB_MEMORY;
    }
    if (message != NULL) {
        protobuf_c_message_init(type, message);
    }
    for (unsigned i = 0; status == TB_OK && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char key[TB_JSON_KEY_BYTES_MAX];
        tb_json_field_key(field, key);
        const json_t *value = json_object_get(object, key);
        if (value == NULL || json_is_null(value)) {
            continue;
        }
        size_t cut = enter(input, key);
        status = read_field(input, field, value, depth, (uint8_t *)message);
        if (status == TB_OK) {
            input->path[cut] = '\0';
        }
    }
    *out = status == TB_OK ? message : NULL;
    return status;
}

enum tb_status tb_json_read(struct tb_json_input *input, const ProtobufCMessageDescriptor *type,
                            const json_t *object, ProtobufCMessage **out)
{
    return read_object(input, type, object, 0, out);
}
