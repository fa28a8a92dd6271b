#ifndef TB_WIRE_H
#define TB_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

/*
 * wire - protobuf bytes from outside, looked at before they are unpacked.
 *
 * protobuf-c has no depth limit, multiplies its input by up to 68 in memory,
 * cuts text at an embedded NUL and takes broken UTF-8 and repeated singular
 * fields (measured). So every input is walked first, by its descriptor and
 * within TB_WIRE_DEPTH_MAX, and only then unpacked into an arena with a budget:
 * decoding is bounded twice.
 */

/* How a field stands on the wire; groups (3, 4) are refused. */
enum tb_wire_type {
    TB_WIRE_VARINT = 0,
    TB_WIRE_FIXED64 = 1,
    TB_WIRE_BYTES = 2,
    TB_WIRE_FIXED32 = 5,
};

/* One field as it stands on the wire, taken without any allocation. */
struct tb_wire_field {
    uint32_t number;
    enum tb_wire_type type;
    uint64_t value;        /* of a varint or fixed field; else 0 */
    struct tb_bytes bytes; /* borrowed, of a length-prefixed field; else empty */
};

/*
 * Take the first field off ${rest}, which is not empty. TB_MALFORMED, with
 * ${rest} unchanged, for field number 0, a group, a tag or length of more than
 * 5 bytes or 32 bits, a varint of more than 10 bytes or 64 bits, or a field
 * that reaches past the end.
 */
enum tb_status tb_wire_next(struct tb_bytes *rest, struct tb_wire_field *field) TB_MUST_USE;

/*
 * Check ${bytes} as a message of ${type} without unpacking: whole fields,
 * known fields of the wire type they were declared with, values within the
 * declared width, repeated numbers packed or not, singular fields and oneofs at
 * most once, text valid (base/text.h) and at most TB_TEXT_BYTES_MAX, nesting
 * within the limit. Unknown fields and unknown enum values pass. TB_MALFORMED
 * or TB_TOOBIG.
 */
enum tb_status tb_wire_check(const ProtobufCMessageDescriptor *type,
                             struct tb_bytes bytes) TB_MUST_USE;

/* Check, then unpack into ${arena}; the result lives as long as the arena's
 * content and borrows nothing. NULL in ${out} on failure: TB_MALFORMED,
 * TB_TOOBIG, or TB_MEMORY when the arena's budget is used up. */
enum tb_status tb_wire_unpack(const ProtobufCMessageDescriptor *type, struct tb_bytes bytes,
                              struct tb_arena *arena, const ProtobufCMessage **out) TB_MUST_USE;

/* Append ${message} packed to ${out}; TB_TOOBIG past its limit. */
enum tb_status tb_wire_pack(struct tb_buf *out, const ProtobufCMessage *message) TB_MUST_USE;

/*
 * The one encoding of a bytes field in an object whose outer form is fixed
 * (Envelope, Directory): tag, shortest length, content, and nothing when it is
 * empty. ${number} ≤ 15. tb_wire_put returns TB_TOOBIG past the buffer's limit.
 */
size_t tb_wire_size(struct tb_bytes content);
enum tb_status tb_wire_put(struct tb_buf *out, uint32_t number,
                           struct tb_bytes content) TB_MUST_USE;
/* The same for a number; absent when 0. */
size_t tb_wire_size_u64(uint64_t value);
enum tb_status tb_wire_put_u64(struct tb_buf *out, uint32_t number, uint64_t value) TB_MUST_USE;

/* A bytes field as tb_bytes, and back (borrowed both ways). */
struct tb_bytes tb_wire_bytes(ProtobufCBinaryData data);
ProtobufCBinaryData tb_wire_data(struct tb_bytes bytes);
ProtobufCBinaryData tb_wire_id(const struct tb_id *id);

#endif
