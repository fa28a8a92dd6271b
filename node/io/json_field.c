#include "node/io/json_field.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "proto/tongbao.pb-c.h"

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

static bool names_office(const char *name)
{
    return strcmp(name, "office") == 0 || strcmp(name, "origin") == 0 || strcmp(name, "code") == 0;
}

enum tb_json_kind tb_json_field_kind(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return TB_JSON_TEXT;
    case PROTOBUF_C_TYPE_BYTES:
        return TB_JSON_HEX;
    case PROTOBUF_C_TYPE_MESSAGE:
        return TB_JSON_MESSAGE;
    case PROTOBUF_C_TYPE_ENUM:
        return TB_JSON_ENUM;
    case PROTOBUF_C_TYPE_BOOL:
        return TB_JSON_BOOL;
    case PROTOBUF_C_TYPE_UINT32:
        return names_office(field->name) ? TB_JSON_OFFICE : TB_JSON_U32;
    case PROTOBUF_C_TYPE_UINT64:
        return TB_JSON_U64;
    case PROTOBUF_C_TYPE_INT64:
        return ends_in(field->name, "_ms") ? TB_JSON_TIME : TB_JSON_U64;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    /* The schema uses no other type; one that is added must be decided here. */
    tb_assert(false);
    return TB_JSON_U32;
}

void tb_json_field_key(const ProtobufCFieldDescriptor *field, char out[TB_JSON_KEY_BYTES_MAX])
{
    bool time = tb_json_field_kind(field) == TB_JSON_TIME;
    size_t length = strlen(field->name) - (time ? strlen("_ms") : 0);
    snprintf(out, TB_JSON_KEY_BYTES_MAX, "%.*s", (int)length, field->name);
}

size_t tb_json_field_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (tb_json_field_kind(field)) {
    case TB_JSON_TEXT:
        return sizeof(char *);
    case TB_JSON_HEX:
        return sizeof(ProtobufCBinaryData);
    case TB_JSON_TIME:
    case TB_JSON_U64:
        return sizeof(uint64_t);
    case TB_JSON_OFFICE:
    case TB_JSON_U32:
        return sizeof(uint32_t);
    case TB_JSON_BOOL:
        return sizeof(protobuf_c_boolean);
    case TB_JSON_ENUM:
        return sizeof(int);
    case TB_JSON_MESSAGE:
        break;
    }
    return sizeof(ProtobufCMessage *);
}

/* The words of people for the values of the schema. */
struct word {
    const ProtobufCEnumDescriptor *type;
    const char *text;
    int value;
};

static const struct word words[] = {
    {&tongbao__world__descriptor, "实战", TONGBAO__WORLD__ACTUAL},
    {&tongbao__world__descriptor, "演练", TONGBAO__WORLD__EXERCISE},
    {&tongbao__world__descriptor, "测试", TONGBAO__WORLD__TEST},
    {&tongbao__notice__kind__descriptor, "不明", TONGBAO__NOTICE__KIND__KIND_UNKNOWN},
    {&tongbao__notice__kind__descriptor, "初报", TONGBAO__NOTICE__KIND__FIRST},
    {&tongbao__notice__kind__descriptor, "续报", TONGBAO__NOTICE__KIND__FOLLOW_UP},
    {&tongbao__notice__kind__descriptor, "更正", TONGBAO__NOTICE__KIND__CORRECTION},
    {&tongbao__notice__kind__descriptor, "解除", TONGBAO__NOTICE__KIND__ALL_CLEAR},
    {&tongbao__notice__kind__descriptor, "终报", TONGBAO__NOTICE__KIND__FINAL},
    {&tongbao__notice__kind__descriptor, "溯源协查", TONGBAO__NOTICE__KIND__INQUIRY},
    {&tongbao__notice__kind__descriptor, "调水/泄洪预告", TONGBAO__NOTICE__KIND__RELEASE},
    {&tongbao__notice__kind__descriptor, "调水预告", TONGBAO__NOTICE__KIND__RELEASE},
    {&tongbao__notice__kind__descriptor, "泄洪预告", TONGBAO__NOTICE__KIND__RELEASE},
    {&tongbao__notice__kind__descriptor, "调水", TONGBAO__NOTICE__KIND__RELEASE},
    {&tongbao__notice__kind__descriptor, "泄洪", TONGBAO__NOTICE__KIND__RELEASE},
    {&tongbao__notice__grade__descriptor, "不明", TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN},
    {&tongbao__notice__grade__descriptor, "特别重大", TONGBAO__NOTICE__GRADE__I},
    {&tongbao__notice__grade__descriptor, "重大", TONGBAO__NOTICE__GRADE__II},
    {&tongbao__notice__grade__descriptor, "较大", TONGBAO__NOTICE__GRADE__III},
    {&tongbao__notice__grade__descriptor, "一般", TONGBAO__NOTICE__GRADE__IV},
    {&tongbao__notice__grade__descriptor, "Ⅰ", TONGBAO__NOTICE__GRADE__I},
    {&tongbao__notice__grade__descriptor, "Ⅱ", TONGBAO__NOTICE__GRADE__II},
    {&tongbao__notice__grade__descriptor, "Ⅲ", TONGBAO__NOTICE__GRADE__III},
    {&tongbao__notice__grade__descriptor, "Ⅳ", TONGBAO__NOTICE__GRADE__IV},
    {&tongbao__notice__grade__descriptor, "1", TONGBAO__NOTICE__GRADE__I},
    {&tongbao__notice__grade__descriptor, "2", TONGBAO__NOTICE__GRADE__II},
    {&tongbao__notice__grade__descriptor, "3", TONGBAO__NOTICE__GRADE__III},
    {&tongbao__notice__grade__descriptor, "4", TONGBAO__NOTICE__GRADE__IV},
    {&tongbao__notice__precision__descriptor, "不明",
     TONGBAO__NOTICE__PRECISION__PRECISION_UNKNOWN},
    {&tongbao__notice__precision__descriptor, "准确", TONGBAO__NOTICE__PRECISION__EXACT},
    {&tongbao__notice__precision__descriptor, "约", TONGBAO__NOTICE__PRECISION__ABOUT},
    {&tongbao__notice__flow__descriptor, "不明", TONGBAO__NOTICE__FLOW__FLOW_UNKNOWN},
    {&tongbao__notice__flow__descriptor, "持续", TONGBAO__NOTICE__FLOW__CONTINUING},
    {&tongbao__notice__flow__descriptor, "停止", TONGBAO__NOTICE__FLOW__STOPPED},
    {&tongbao__acknowledgement__level__descriptor, "收到",
     TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED},
    {&tongbao__acknowledgement__level__descriptor, "研判",
     TONGBAO__ACKNOWLEDGEMENT__LEVEL__ASSESSED},
    {&tongbao__acknowledgement__level__descriptor, "处置", TONGBAO__ACKNOWLEDGEMENT__LEVEL__ACTED},
    {&tongbao__disclosure__measure__descriptor, "权威信息",
     TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION},
    {&tongbao__disclosure__measure__descriptor, "新闻发布会",
     TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE},
    {&tongbao__disclosure__measure__descriptor, "回应", TONGBAO__DISCLOSURE__MEASURE__RESPONSE},
    {&tongbao__disclosure__state__descriptor, "建议已报", TONGBAO__DISCLOSURE__STATE__PROPOSED},
    {&tongbao__disclosure__state__descriptor, "政府已定", TONGBAO__DISCLOSURE__STATE__DECIDED},
    {&tongbao__disclosure__state__descriptor, "已发布", TONGBAO__DISCLOSURE__STATE__PUBLISHED},
    {&tongbao__disclosure__state__descriptor, "已续发", TONGBAO__DISCLOSURE__STATE__UPDATED},
    {&tongbao__deed__duty__descriptor, "报告本级政府", TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT},
    {&tongbao__deed__duty__descriptor, "报告上一级", TONGBAO__DEED__DUTY__REPORT_SUPERIOR},
    {&tongbao__deed__duty__descriptor, "报告省级", TONGBAO__DEED__DUTY__REPORT_PROVINCE},
    {&tongbao__deed__duty__descriptor, "报告生态环境部", TONGBAO__DEED__DUTY__REPORT_MINISTRY},
    {&tongbao__deed__duty__descriptor, "建议通报相邻政府",
     TONGBAO__DEED__DUTY__PROPOSE_NEIGHBOUR_GOVERNMENT},
    {&tongbao__deed__duty__descriptor, "政务舆情", TONGBAO__DEED__DUTY__OPINION_KNOWN},
    {&tongbao__call__read_back__descriptor, "不明", TONGBAO__CALL__READ_BACK__READ_BACK_UNKNOWN},
    {&tongbao__call__read_back__descriptor, "yes", TONGBAO__CALL__READ_BACK__READ_BACK},
    {&tongbao__call__read_back__descriptor, "no", TONGBAO__CALL__READ_BACK__NOT_READ_BACK},
};

void tb_json_enum_text(const ProtobufCEnumDescriptor *type, int value,
                       char out[TB_JSON_KEY_BYTES_MAX])
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known == NULL) {
        snprintf(out, TB_JSON_KEY_BYTES_MAX, "%d", value);
        return;
    }
    bool unknown = ends_in(known->name, "_UNKNOWN");
    snprintf(out, TB_JSON_KEY_BYTES_MAX, "%s", unknown ? "unknown" : known->name);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
}

bool tb_json_enum_parse(const ProtobufCEnumDescriptor *type, const char *word, int *value)
{
    char lower[TB_JSON_KEY_BYTES_MAX];
    char name[TB_JSON_KEY_BYTES_MAX];
    tb_text_copy(lower, sizeof lower, word);
    for (char *c = lower; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    for (unsigned i = 0; i < type->n_values; i++) {
        tb_json_enum_text(type, type->values[i].value, name);
        if (strcmp(name, lower) == 0) {
            *value = type->values[i].value;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].type == type && strcmp(words[i].text, lower) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}
