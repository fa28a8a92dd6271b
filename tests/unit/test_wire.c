#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "proto/wire.h"
#include "sample.h"

#define BYTES(...)                                                                                 \
    ((struct tb_bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static enum tb_status next(struct tb_bytes bytes, struct tb_wire_field *field)
{
    struct tb_bytes rest = bytes;
    enum tb_status status = tb_wire_next(&rest, field);
    if (status != TB_OK) {
        assert_ptr_equal(rest.data, bytes.data);
        assert_int_equal(rest.size, bytes.size);
    }
    return status;
}

static enum tb_status check_notice(struct tb_bytes bytes)
{
    return tb_wire_check(&tongbao__notice__descriptor, bytes);
}

static void a_varint_has_at_most_ten_bytes_and_64_bits(void **state)
{
    (void)state;
    struct tb_wire_field field;
    assert_int_equal(
        next(BYTES(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), &field),
        TB_OK);
    assert_true(field.value == UINT64_MAX);
    assert_int_equal(
        next(BYTES(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02), &field),
        TB_MALFORMED);
    assert_int_equal(
        next(BYTES(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), &field),
        TB_MALFORMED);
    assert_int_equal(next(BYTES(0x08), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x08, 0x80), &field), TB_MALFORMED);
}

static void field_number_0_groups_and_unknown_wire_types_are_refused(void **state)
{
    (void)state;
    struct tb_wire_field field;
    assert_int_equal(next(BYTES(0x00, 0x01), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x02, 0x00), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0b, 0x0c), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0c), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0e, 0x00), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0f, 0x00), &field), TB_MALFORMED);
}

static void a_tag_or_length_has_at_most_five_bytes_and_32_bits(void **state)
{
    (void)state;
    struct tb_wire_field field;
    assert_int_equal(next(BYTES(0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01), &field), TB_OK);
    assert_int_equal(field.number, (1 << 29) - 1);
    assert_int_equal(next(BYTES(0xf8, 0xff, 0xff, 0xff, 0x1f, 0x01), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0a, 0x81, 0x80, 0x80, 0x80, 0x00, 'x'), &field), TB_OK);
    assert_int_equal(field.bytes.size, 1);
}

static void a_field_that_reaches_past_the_end_is_refused(void **state)
{
    (void)state;
    struct tb_wire_field field;
    assert_int_equal(next(BYTES(0x0a, 0x03, 'a', 'b'), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0d, 1, 2, 3), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x09, 1, 2, 3, 4, 5, 6, 7), &field), TB_MALFORMED);
    assert_int_equal(next(BYTES(0x0d, 1, 2, 3, 4), &field), TB_OK);
    assert_true(field.value == 0x04030201u);
}

static void a_singular_field_stands_at_most_once(void **state)
{
    (void)state;
    assert_int_equal(check_notice(BYTES(0x12, 1, 'a')), TB_OK);
    assert_int_equal(check_notice(BYTES(0x12, 1, 'a', 0x12, 1, 'b')), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x08, 1, 0x08, 1)), TB_MALFORMED);
    /* A submessage would be merged: duty_officer. */
    assert_int_equal(check_notice(BYTES(0xfa, 0x01, 0, 0xfa, 0x01, 0)), TB_MALFORMED);
}

static void a_oneof_stands_at_most_once(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *frame = &tongbao__frame__descriptor;
    assert_int_equal(tb_wire_check(frame, BYTES(0x1a, 0)), TB_OK);
    assert_int_equal(tb_wire_check(frame, BYTES(0x1a, 0, 0x1a, 0)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(frame, BYTES(0x1a, 0, 0x22, 0)), TB_MALFORMED);
}

static void a_known_field_of_another_wire_type_is_refused(void **state)
{
    (void)state;
    assert_int_equal(check_notice(BYTES(0x0a, 1, 1)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x10, 1)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x0d, 1, 0, 0, 0)), TB_MALFORMED);
}

static void repeated_numbers_are_read_packed_and_unpacked(void **state)
{
    (void)state;
    struct tb_arena arena;
    const ProtobufCMessage *base;
    const struct tb_bytes both[] = {BYTES(0x7a, 2, 1, 6), BYTES(0x78, 1, 0x78, 6)};
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    for (size_t i = 0; i < 2; i++) {
        tb_arena_reset(&arena);
        assert_int_equal(tb_wire_unpack(&tongbao__notice__descriptor, both[i], &arena, &base),
                         TB_OK);
        const Tongbao__Notice *notice = (const Tongbao__Notice *)base;
        assert_int_equal(notice->n_article4, 2);
        assert_int_equal(notice->article4[0], 1);
        assert_int_equal(notice->article4[1], 6);
    }
    assert_int_equal(check_notice(BYTES(0x7a, 0)), TB_OK);
    assert_int_equal(check_notice(BYTES(0x7a, 2, 1, 0x80)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x7a, 5, 0x80, 0x80, 0x80, 0x80, 0x10)), TB_MALFORMED);
    tb_arena_fini(&arena);
}

/* No field of the schema is of fixed width yet: the walk must be right on the day that
 * one is. */
static void numbers_of_fixed_width_are_walked_by_their_width(void **state)
{
    (void)state;
    static const ProtobufCFieldDescriptor fields[] = {
        {.name = "four",
         .id = 1,
         .label = PROTOBUF_C_LABEL_REPEATED,
         .type = PROTOBUF_C_TYPE_FIXED32},
        {.name = "eight",
         .id = 2,
         .label = PROTOBUF_C_LABEL_REPEATED,
         .type = PROTOBUF_C_TYPE_SFIXED64},
    };
    static const ProtobufCIntRange ranges[] = {{1, 0}, {0, 2}};
    static const ProtobufCMessageDescriptor type = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                    .name = "Widths",
                                                    .n_fields = 2,
                                                    .fields = fields,
                                                    .n_field_ranges = 1,
                                                    .field_ranges = ranges};
    assert_int_equal(tb_wire_check(&type, BYTES(0x0d, 1, 2, 3, 4)), TB_OK);
    assert_int_equal(tb_wire_check(&type, BYTES(0x11, 1, 2, 3, 4, 5, 6, 7, 8)), TB_OK);
    assert_int_equal(tb_wire_check(&type, BYTES(0x0a, 8, 1, 2, 3, 4, 5, 6, 7, 8)), TB_OK);
    assert_int_equal(tb_wire_check(&type, BYTES(0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8)), TB_OK);
    assert_int_equal(tb_wire_check(&type, BYTES(0x0d, 1, 2, 3)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(&type, BYTES(0x11, 1, 2, 3, 4)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(&type, BYTES(0x0a, 7, 1, 2, 3, 4, 5, 6, 7)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(&type, BYTES(0x12, 4, 1, 2, 3, 4)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(&type, BYTES(0x08, 1)), TB_MALFORMED);
    assert_int_equal(tb_wire_check(&type, BYTES(0x09, 1, 2, 3, 4, 5, 6, 7, 8)), TB_MALFORMED);
}

static void a_number_too_wide_for_its_field_is_refused(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *call = &tongbao__call__descriptor;
    assert_int_equal(tb_wire_check(call, BYTES(0x10, 0xff, 0xff, 0xff, 0xff, 0x0f)), TB_OK);
    assert_int_equal(tb_wire_check(call, BYTES(0x10, 0x80, 0x80, 0x80, 0x80, 0x10)), TB_MALFORMED);
}

static void an_unknown_enum_value_passes(void **state)
{
    (void)state;
    assert_int_equal(check_notice(BYTES(0x08, 99)), TB_OK);
    assert_int_equal(
        check_notice(BYTES(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)),
        TB_OK);
    assert_int_equal(check_notice(BYTES(0x08, 0x80, 0x80, 0x80, 0x80, 0x08)), TB_MALFORMED);
}

static void text_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_int_equal(check_notice(BYTES(0x12, 5, 'a', 'd', 0, 'm', 'n')), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 2, 0xff, 0xfe)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 2, 0xc0, 0x80)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 3, 0xed, 0xa0, 0x80)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 1, 0x1b)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 2, 0xe6, 0xb1)), TB_MALFORMED);
    assert_int_equal(check_notice(BYTES(0x12, 3, 0xe6, 0xb1, 0xbe)), TB_OK);
    assert_int_equal(check_notice(BYTES(0x12, 3, 'a', '\n', '\t')), TB_OK);
}

static void text_has_a_limit(void **state)
{
    (void)state;
    struct tb_buf buf;
    uint8_t text[TB_TEXT_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    tb_buf_init(&buf, 2 * sizeof text);
    sample_field(&buf, 25, tb_bytes_of(text, TB_TEXT_BYTES_MAX));
    assert_int_equal(check_notice(tb_buf_bytes(&buf)), TB_OK);
    tb_buf_cut(&buf, 0);
    sample_field(&buf, 25, tb_bytes_of(text, TB_TEXT_BYTES_MAX + 1));
    assert_int_equal(check_notice(tb_buf_bytes(&buf)), TB_TOOBIG);
    tb_buf_fini(&buf);
}

static void an_unknown_field_passes_and_is_kept(void **state)
{
    (void)state;
    struct tb_arena arena;
    const ProtobufCMessage *base;
    struct tb_bytes bytes = BYTES(0x08, 1, 0xc2, 0x3e, 2, 'h', 'i');
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    assert_int_equal(tb_wire_unpack(&tongbao__notice__descriptor, bytes, &arena, &base), TB_OK);
    assert_int_equal(base->n_unknown_fields, 1);
    assert_int_equal(base->unknown_fields[0].tag, 1000);
    struct tb_buf again;
    tb_buf_init(&again, 64);
    assert_int_equal(tb_wire_pack(&again, base), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&again), bytes));
    tb_buf_fini(&again);
    tb_arena_fini(&arena);
}

/* A type that holds itself. Tongbao has none; the walk must not depend on it. */
struct node {
    ProtobufCMessage base;
    struct node *child;
};

static void node_init(struct node *node);
static const ProtobufCMessageDescriptor node_type;
static const ProtobufCFieldDescriptor node_fields[] = {{
    .name = "child",
    .id = 1,
    .label = PROTOBUF_C_LABEL_NONE,
    .type = PROTOBUF_C_TYPE_MESSAGE,
    .offset = offsetof(struct node, child),
    .descriptor = &node_type,
}};
static const unsigned node_by_name[] = {0};
static const ProtobufCIntRange node_ranges[] = {{1, 0}, {0, 1}};
static const ProtobufCMessageDescriptor node_type = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "node",
    .short_name = "node",
    .c_name = "node",
    .package_name = "",
    .sizeof_message = sizeof(struct node),
    .n_fields = 1,
    .fields = node_fields,
    .fields_sorted_by_name = node_by_name,
    .n_field_ranges = 1,
    .field_ranges = node_ranges,
    .message_init = (ProtobufCMessageInit)node_init,
};

static void node_init(struct node *node)
{
    *node = (struct node){.base = PROTOBUF_C_MESSAGE_INIT(&node_type)};
}

/* ${depth} messages inside the outermost, written from the end. */
static struct tb_bytes nest(uint8_t *place, size_t room, size_t depth)
{
    size_t start = room;
    for (size_t i = 0; i < depth; i++) {
        uint8_t length[5];
        size_t used = 0;
        size_t size = room - start;
        for (; size >= 0x80; size >>= 7) {
            length[used++] = (uint8_t)(size | 0x80);
        }
        length[used++] = (uint8_t)size;
        start -= used + 1;
        place[start] = 0x0a;
        memcpy(place + start + 1, length, used);
    }
    return tb_bytes_of(place + start, room - start);
}

/* I10. */
static void a_nesting_bomb_of_42_kB_is_refused_without_recursion(void **state)
{
    (void)state;
    enum { ROOM = 64 * 1024 };
    uint8_t *place = malloc(ROOM);
    struct tb_arena arena;
    const ProtobufCMessage *base;
    assert_non_null(place);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    assert_int_equal(
        tb_wire_unpack(&node_type, nest(place, ROOM, TB_WIRE_DEPTH_MAX - 1), &arena, &base), TB_OK);
    assert_int_equal(
        tb_wire_unpack(&node_type, nest(place, ROOM, TB_WIRE_DEPTH_MAX), &arena, &base), TB_TOOBIG);
    struct tb_bytes bomb = nest(place, ROOM, 12000);
    assert_in_range(bomb.size, 40000, ROOM);
    assert_int_equal(tb_wire_unpack(&node_type, bomb, &arena, &base), TB_TOOBIG);
    assert_null(base);
    /* As a statement it is deeper than any that Tongbao has: bytes to it. */
    assert_int_not_equal(tb_wire_unpack(&tongbao__frame__descriptor, bomb, &arena, &base), TB_OK);
    tb_arena_fini(&arena);
    free(place);
}

/* I10: both inputs would take 44 to 68 times their size. */
static void amplification_ends_at_the_arena(void **state)
{
    (void)state;
    enum { INPUT_BYTES = 1024 * 1024 };
    static const uint8_t pairs[2][2] = {{0x1a, 0x00}, {0x78, 0x01}};
    uint8_t *bytes = malloc(INPUT_BYTES);
    struct tb_arena arena;
    const ProtobufCMessage *base;
    assert_non_null(bytes);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < INPUT_BYTES; i += 2) {
            memcpy(bytes + i, pairs[kind], 2);
        }
        tb_arena_reset(&arena);
        assert_int_equal(tb_wire_unpack(&tongbao__directory_body__descriptor,
                                        tb_bytes_of(bytes, INPUT_BYTES), &arena, &base),
                         TB_MEMORY);
        assert_null(base);
        assert_true(arena.used <= TB_PARSE_BYTES_MAX);
    }
    /* It harms nobody else: the same arena serves the next. */
    tb_arena_reset(&arena);
    assert_int_equal(
        tb_wire_unpack(&tongbao__directory_body__descriptor, tb_bytes_of(bytes, 2), &arena, &base),
        TB_OK);
    tb_arena_fini(&arena);
    free(bytes);
}

/* Whatever allocation of an unpacking fails, it ends in TB_MEMORY. */
static void every_failing_allocation_ends_cleanly(void **state)
{
    (void)state;
    static struct sample sample;
    struct tb_buf buf;
    tb_buf_init(&buf, TB_BODY_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FOLLOW_UP);
    sample_pack(&buf, &sample.body.base);
    size_t failed = 0;
    enum tb_status status = TB_MEMORY;
    for (size_t count = 0; status != TB_OK; count++) {
        struct tb_arena arena;
        const ProtobufCMessage *base;
        tb_arena_init(&arena, TB_PARSE_BYTES_MAX, count);
        status = tb_wire_unpack(&tongbao__body__descriptor, tb_buf_bytes(&buf), &arena, &base);
        if (status != TB_OK) {
            assert_int_equal(status, TB_MEMORY);
            assert_null(base);
            failed++;
        }
        tb_arena_fini(&arena);
    }
    assert_true(failed > 20);
    tb_buf_fini(&buf);
}

/* A fixed sequence of numbers, so that every run is the same. */
static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* "Decoding is bounded twice": the walk must be no laxer than protobuf-c, or
 * bytes would pass the one and fail the other. */
static void whatever_passes_the_walk_unpacks(void **state)
{
    (void)state;
    static struct sample sample;
    struct tb_buf buf;
    struct tb_arena arena;
    uint64_t seed = 20190048;
    size_t passed = 0;
    tb_buf_init(&buf, TB_BODY_BYTES_MAX);
    sample_notice(&sample, TONGBAO__NOTICE__KIND__FIRST);
    sample_pack(&buf, &sample.body.base);
    uint8_t *bytes = malloc(buf.size);
    assert_non_null(bytes);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    for (size_t round = 0; round < 20000; round++) {
        const ProtobufCMessage *base;
        memcpy(bytes, buf.data, buf.size);
        for (uint32_t i = draw(&seed) % 3; i < 3; i++) {
            bytes[draw(&seed) % buf.size] = (uint8_t)draw(&seed);
        }
        struct tb_bytes cut = tb_bytes_of(bytes, buf.size - draw(&seed) % 2 * (draw(&seed) % 9));
        enum tb_status walked = tb_wire_check(&tongbao__body__descriptor, cut);
        tb_arena_reset(&arena);
        assert_int_equal(tb_wire_unpack(&tongbao__body__descriptor, cut, &arena, &base), walked);
        passed += walked == TB_OK;
    }
    assert_true(passed > 100);
    assert_true(passed < 19000);
    tb_arena_fini(&arena);
    free(bytes);
    tb_buf_fini(&buf);
}

static void packing_past_a_limit_changes_nothing(void **state)
{
    (void)state;
    Tongbao__Officer officer;
    struct tb_buf buf;
    tongbao__officer__init(&officer);
    officer.name = sample_text("abcdef");
    tb_buf_init(&buf, 10);
    assert_int_equal(tb_wire_pack(&buf, &officer.base), TB_OK);
    assert_int_equal(buf.size, 8);
    assert_int_equal(tb_wire_pack(&buf, &officer.base), TB_TOOBIG);
    assert_int_equal(tb_wire_put(&buf, 1, tb_bytes_text("a")), TB_TOOBIG);
    assert_int_equal(buf.size, 8);
    tb_buf_fini(&buf);
}

static void the_fixed_form_is_what_a_packer_writes(void **state)
{
    (void)state;
    Tongbao__Directory directory = TONGBAO__DIRECTORY__INIT;
    uint8_t content[300] = {1};
    struct tb_buf packed;
    struct tb_buf put;
    tb_buf_init(&packed, 1024);
    tb_buf_init(&put, 1024);
    directory.prefix = 14;
    directory.version = 300;
    directory.body = tb_wire_data(tb_bytes_of(content, sizeof content));
    sample_pack(&packed, &directory.base);
    assert_int_equal(tb_wire_put_u64(&put, 1, 14), TB_OK);
    assert_int_equal(tb_wire_put_u64(&put, 2, 300), TB_OK);
    assert_int_equal(tb_wire_put(&put, 3, tb_bytes_of(content, sizeof content)), TB_OK);
    assert_int_equal(tb_wire_put(&put, 4, tb_bytes_of(NULL, 0)), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&packed), tb_buf_bytes(&put)));
    assert_int_equal(put.size, tb_wire_size_u64(14) + tb_wire_size_u64(300) +
                                   tb_wire_size(tb_bytes_of(content, sizeof content)));
    tb_buf_fini(&put);
    tb_buf_fini(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_varint_has_at_most_ten_bytes_and_64_bits),
        cmocka_unit_test(field_number_0_groups_and_unknown_wire_types_are_refused),
        cmocka_unit_test(a_tag_or_length_has_at_most_five_bytes_and_32_bits),
        cmocka_unit_test(a_field_that_reaches_past_the_end_is_refused),
        cmocka_unit_test(a_singular_field_stands_at_most_once),
        cmocka_unit_test(a_oneof_stands_at_most_once),
        cmocka_unit_test(a_known_field_of_another_wire_type_is_refused),
        cmocka_unit_test(repeated_numbers_are_read_packed_and_unpacked),
        cmocka_unit_test(numbers_of_fixed_width_are_walked_by_their_width),
        cmocka_unit_test(a_number_too_wide_for_its_field_is_refused),
        cmocka_unit_test(an_unknown_enum_value_passes),
        cmocka_unit_test(text_that_is_none_is_refused),
        cmocka_unit_test(text_has_a_limit),
        cmocka_unit_test(an_unknown_field_passes_and_is_kept),
        cmocka_unit_test(a_nesting_bomb_of_42_kB_is_refused_without_recursion),
        cmocka_unit_test(amplification_ends_at_the_arena),
        cmocka_unit_test(every_failing_allocation_ends_cleanly),
        cmocka_unit_test(whatever_passes_the_walk_unpacks),
        cmocka_unit_test(packing_past_a_limit_changes_nothing),
        cmocka_unit_test(the_fixed_form_is_what_a_packer_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
