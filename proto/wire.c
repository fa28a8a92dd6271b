#include "proto/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/text.h"

enum {
    TAG_BYTES_MAX = 5, /* protobuf-c reads no more of a tag or a length */
    VARINT_BYTES_MAX = 10,
    WIRE_FIELDS_MAX = 64, /* known fields of one message: bits of a set */
};

/* Take a varint of at most ${bytes_max} bytes and ${value_max}. */
static bool take_varint(struct tb_bytes *rest, size_t bytes_max, uint64_t value_max,
                        uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes_max && i < rest->size; i++) {
        uint8_t byte = rest->data[i];
        uint64_t part = byte & 0x7fu;
        /* The tenth byte has room for one bit only. */
        if (i == VARINT_BYTES_MAX - 1 && part > 1) {
            return false;
        }
        sum |= part << (7 * i);
        if (byte < 0x80) {
            *rest = tb_bytes_of(rest->data + i + 1, rest->size - i - 1);
            *value = sum;
            return sum <= value_max;
        }
    }
    return false;
}

/* Take a number of ${size} bytes, least significant first. */
static bool take_fixed(struct tb_bytes *rest, size_t size, uint64_t *value)
{
    if (rest->size < size) {
        return false;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum |= (uint64_t)rest->data[i] << (8 * i);
    }
    *rest = tb_bytes_of(rest->data + size, rest->size - size);
    *value = sum;
    return true;
}

/* Take ${length} bytes, which a length before them announced. */
static bool take_bytes(struct tb_bytes *rest, uint64_t length, struct tb_bytes *bytes)
{
    if (length > rest->size) {
        return false;
    }
    *bytes = tb_bytes_of(rest->data, (size_t)length);
    *rest = tb_bytes_of(rest->data + length, rest->size - (size_t)length);
    return true;
}

enum tb_status tb_wire_next(struct tb_bytes *rest, struct tb_wire_field *field)
{
    struct tb_bytes left = *rest;
    struct tb_wire_field got = {.bytes = {left.data, 0}};
    uint64_t tag = 0;
    uint64_t length = 0;
    bool whole = false;
    if (!take_varint(&left, TAG_BYTES_MAX, UINT32_MAX, &tag) || tag >> 3 == 0) {
        return TB_MALFORMED;
    }
    got.number = (uint32_t)(tag >> 3);
    switch (tag & 7u) {
    case TB_WIRE_VARINT:
        got.type = TB_WIRE_VARINT;
        whole = take_varint(&left, VARINT_BYTES_MAX, UINT64_MAX, &got.value);
        break;
    case TB_WIRE_FIXED64:
        got.type = TB_WIRE_FIXED64;
        whole = take_fixed(&left, 8, &got.value);
        break;
    case TB_WIRE_BYTES:
        got.type = TB_WIRE_BYTES;
        whole = take_varint(&left, TAG_BYTES_MAX, UINT32_MAX, &length) &&
                take_bytes(&left, length, &got.bytes);
        break;
    case TB_WIRE_FIXED32:
        got.type = TB_WIRE_FIXED32;
        whole = take_fixed(&left, 4, &got.value);
        break;
    default:
        break;
    }
    if (!whole) {
        return TB_MALFORMED;
    }
    *rest = left;
    *field = got;
    return TB_OK;
}

/* One message on the way down. */
struct level {
    const ProtobufCMessageDescriptor *type;
    struct tb_bytes rest;
    uint64_t seen; /* known fields, by their place in the descriptor */
};

static enum tb_wire_type declared(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return TB_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return TB_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return TB_WIRE_BYTES;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return TB_WIRE_VARINT;
    }
    tb_assert(false);
    return TB_WIRE_VARINT;
}

/* Does a varint fit the type? Readers cut what is too wide, each in its own
 * way, and two that cut differently would disagree about signed bytes. */
static bool fits(ProtobufCType type, uint64_t value)
{
    if (type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_SINT32) {
        return value <= UINT32_MAX;
    }
    if (type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_ENUM) {
        return value <= INT32_MAX || value >= UINT64_MAX - INT32_MAX;
    }
    return true;
}

static bool fits_packed(ProtobufCType type, struct tb_bytes rest)
{
    while (rest.size > 0) {
        uint64_t value = 0;
        bool whole = false;
        switch (declared(type)) {
        case TB_WIRE_VARINT:
            whole = take_varint(&rest, VARINT_BYTES_MAX, UINT64_MAX, &value) && fits(type, value);
            break;
        case TB_WIRE_FIXED64:
            whole = take_fixed(&rest, 8, &value);
            break;
        case TB_WIRE_FIXED32:
            whole = take_fixed(&rest, 4, &value);
            break;
        case TB_WIRE_BYTES:
            break;
        }
        if (!whole) {
            return false;
        }
    }
    return true;
}

/* Mark ${known} as seen in ${level}: false when it, or another of its oneof,
 * was there before. */
static bool mark(struct level *level, const ProtobufCFieldDescriptor *known)
{
    const ProtobufCFieldDescriptor *fields = level->type->fields;
    tb_assert(level->type->n_fields <= WIRE_FIELDS_MAX);
    uint64_t same = UINT64_C(1) << (known - fields);
    if ((known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        for (unsigned i = 0; i < level->type->n_fields; i++) {
            bool sibling = (fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                           fields[i].quantifier_offset == known->quantifier_offset;
            same |= sibling ? UINT64_C(1) << i : 0;
        }
    }
    bool first = (level->seen & same) == 0;
    level->seen |= same;
    return first;
}

/* Check one known field of ${level}, all but the inside of a message. */
static enum tb_status check_known(struct level *level, const ProtobufCFieldDescriptor *known,
                                  const struct tb_wire_field *field)
{
    enum tb_wire_type type = declared(known->type);
    if (known->label == PROTOBUF_C_LABEL_REPEATED) {
        if (type != TB_WIRE_BYTES && field->type == TB_WIRE_BYTES) {
            return fits_packed(known->type, field->bytes) ? TB_OK : TB_MALFORMED;
        }
    } else if (!mark(level, known)) {
        return TB_MALFORMED;
    }
    if (field->type != type) {
        return TB_MALFORMED;
    }
    if (type == TB_WIRE_VARINT && !fits(known->type, field->value)) {
        return TB_MALFORMED;
    }
    if (known->type == PROTOBUF_C_TYPE_STRING) {
        if (field->bytes.size > TB_TEXT_BYTES_MAX) {
            return TB_TOOBIG;
        }
        return tb_text_valid(field->bytes) ? TB_OK : TB_MALFORMED;
    }
    return TB_OK;
}

enum tb_status tb_wire_check(const ProtobufCMessageDescriptor *type, struct tb_bytes bytes)
{
    struct level stack[TB_WIRE_DEPTH_MAX] = {{type, bytes, 0}};
    size_t depth = 1;
    while (depth > 0) {
        struct level *level = &stack[depth - 1];
        if (level->rest.size == 0) {
            depth--;
            continue;
        }
        struct tb_wire_field field;
        enum tb_status status = tb_wire_next(&level->rest, &field);
        if (status != TB_OK) {
            return status;
        }
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(level->type, field.number);
        if (known == NULL) {
            continue;
        }
        status = check_known(level, known, &field);
        if (status != TB_OK) {
            return status;
        }
        if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (depth == TB_WIRE_DEPTH_MAX) {
                return TB_TOOBIG;
            }
            stack[depth] = (struct level){known->descriptor, field.bytes, 0};
            depth++;
        }
    }
    return TB_OK;
}

static void *take(void *arena, size_t size)
{
    return tb_arena_take(arena, size);
}

/* An arena gives all back at once. */
static void give(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

enum tb_status tb_wire_unpack(const ProtobufCMessageDescriptor *type, struct tb_bytes bytes,
                              struct tb_arena *arena, const ProtobufCMessage **out)
{
    *out = NULL;
    enum tb_status status = tb_wire_check(type, bytes);
    if (status != TB_OK) {
        return status;
    }
    static const uint8_t nothing[1];
    ProtobufCAllocator allocator = {.alloc = take, .free = give, .allocator_data = arena};
    *out = protobuf_c_message_unpack(type, &allocator, bytes.size,
                                     bytes.size == 0 ? nothing : bytes.data);
    if (*out != NULL) {
        return TB_OK;
    }
    return arena->spent ? TB_MEMORY : TB_MALFORMED;
}

enum tb_status tb_wire_pack(struct tb_buf *out, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size == 0) {
        return TB_OK;
    }
    uint8_t *place = tb_buf_grow(out, size);
    if (place == NULL) {
        return TB_TOOBIG;
    }
    size_t packed = protobuf_c_message_pack(message, place);
    tb_assert(packed == size);
    return TB_OK;
}

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7) {
        size++;
    }
    return size;
}

static size_t put_varint(uint8_t out[VARINT_BYTES_MAX], uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) {
        out[size++] = (uint8_t)(value | 0x80u);
    }
    out[size++] = (uint8_t)value;
    return size;
}

size_t tb_wire_size(struct tb_bytes content)
{
    return content.size == 0 ? 0 : 1 + varint_size(content.size) + content.size;
}

size_t tb_wire_size_u64(uint64_t value)
{
    return value == 0 ? 0 : 1 + varint_size(value);
}

/* Append tag and number. */
static enum tb_status put_pair(struct tb_buf *out, uint32_t number, enum tb_wire_type type,
                               uint64_t value)
{
    uint8_t pair[1 + VARINT_BYTES_MAX];
    tb_assert(number >= 1);
    tb_assert(number <= 15);
    pair[0] = (uint8_t)(number << 3 | (uint32_t)type);
    size_t size = put_varint(pair + 1, value);
    return tb_buf_add(out, tb_bytes_of(pair, 1 + size));
}

enum tb_status tb_wire_put(struct tb_buf *out, uint32_t number, struct tb_bytes content)
{
    size_t start = out->size;
    if (content.size == 0) {
        return TB_OK;
    }
    enum tb_status status = put_pair(out, number, TB_WIRE_BYTES, content.size);
    if (status == TB_OK) {
        status = tb_buf_add(out, content);
    }
    if (status != TB_OK) {
        tb_buf_cut(out, start);
    }
    return status;
}

enum tb_status tb_wire_put_u64(struct tb_buf *out, uint32_t number, uint64_t value)
{
    return value == 0 ? TB_OK : put_pair(out, number, TB_WIRE_VARINT, value);
}

struct tb_bytes tb_wire_bytes(ProtobufCBinaryData data)
{
    return tb_bytes_of(data.data, data.len);
}

ProtobufCBinaryData tb_wire_data(struct tb_bytes bytes)
{
    /* protobuf-c has no const; what is packed is only read. */
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

ProtobufCBinaryData tb_wire_id(const struct tb_id *id)
{
    return tb_wire_data(tb_bytes_of(id->byte, TB_ID_BYTES));
}
