#ifndef TB_JSON_FIELD_H
#define TB_JSON_FIELD_H

#include "node/io/json.h"

/*
 * json_field - how one field of the schema stands in JSON; shared by writing
 * (json.c) and reading (json_read.c), so that they cannot differ.
 */
enum tb_json_kind {
    TB_JSON_TEXT,
    TB_JSON_HEX,
    TB_JSON_TIME,   /* int64 whose name ends in _ms */
    TB_JSON_OFFICE, /* uint32 named office, origin or code */
    TB_JSON_U32,
    TB_JSON_U64,
    TB_JSON_BOOL,
    TB_JSON_ENUM,
    TB_JSON_MESSAGE,
};

enum tb_json_kind tb_json_field_kind(const ProtobufCFieldDescriptor *field);
/* Its key: the name, of a time without _ms. */
void tb_json_field_key(const ProtobufCFieldDescriptor *field, char out[TB_JSON_KEY_BYTES_MAX]);
/* How much memory one value takes in the message or its list. */
size_t tb_json_field_bytes(const ProtobufCFieldDescriptor *field);

#endif
