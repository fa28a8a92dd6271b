#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "node/io/json.h"
#include "proto/tongbao.pb-c.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

/*
 * What a person or program writes to be said, as JSON: the first byte chooses the
 * schema. What is taken packs into a body that a reader takes, and written as JSON
 * and read again is the same; what is refused is told with its path and line.
 */
static const ProtobufCMessageDescriptor *type_of(uint8_t letter)
{
    switch (letter) {
    case 'a':
        return &tongbao__acknowledgement__descriptor;
    case 'c':
        return &tongbao__call__descriptor;
    case 'd':
        return &tongbao__disclosure__descriptor;
    case 'e':
        return &tongbao__deed__descriptor;
    case 'b':
        return &tongbao__body__descriptor;
    default:
        return &tongbao__notice__descriptor;
    }
}

static enum tb_status read_text(struct tb_bytes text, const ProtobufCMessageDescriptor *type,
                                struct tb_arena *arena, ProtobufCMessage **message,
                                struct tb_diag *diag)
{
    *message = NULL;
    json_t *root = tb_json_parse(text, diag);
    if (root == NULL) {
        return TB_INPUT;
    }
    struct tb_json_input input = {.text = text, .arena = arena, .diag = diag};
    enum tb_status status = tb_json_read(&input, type, root, message);
    tb_assert((status == TB_OK) == (*message != NULL));
    tb_assert(memchr(input.path, '\0', sizeof input.path) != NULL);
    tb_assert(status != TB_OK || input.path[0] == '\0');
    json_decref(root);
    return status;
}

static void write_and_read(const ProtobufCMessage *message)
{
    struct tb_buf first;
    struct tb_buf second;
    struct tb_diag diag = {0};
    ProtobufCMessage *again;
    tb_buf_init(&first, TB_PARSE_BYTES_MAX);
    tb_buf_init(&second, TB_PARSE_BYTES_MAX);
    tb_assert(tb_wire_pack(&first, message) == TB_OK);
    tb_assert(tb_wire_check(message->descriptor, tb_buf_bytes(&first)) == TB_OK);
    json_t *object = tb_json_of(message);
    char *text = json_dumps(object, JSON_COMPACT);
    tb_assert(text != NULL);
    enum tb_status status =
        read_text(tb_bytes_text(text), message->descriptor, fuzz_arena(1), &again, &diag);
    tb_assert(status == TB_OK);
    tb_assert(tb_wire_pack(&second, again) == TB_OK);
    tb_assert(tb_bytes_equal(tb_buf_bytes(&first), tb_buf_bytes(&second)));
    free(text);
    json_decref(object);
    tb_buf_fini(&second);
    tb_buf_fini(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tb_diag diag = {0};
    ProtobufCMessage *message;
    if (size < 1 || size > 16 * 1024) {
        return 0;
    }
    struct tb_bytes text = {data + 1, size - 1};
    enum tb_status status = read_text(text, type_of(data[0]), fuzz_arena(0), &message, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT || status == TB_MEMORY);
    if (status == TB_INPUT) {
        fuzz_told(status, &diag, fuzz_lines(text));
    }
    if (status == TB_OK) {
        write_and_read(message);
    }
    return 0;
}
