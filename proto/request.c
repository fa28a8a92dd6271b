#include "proto/request.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "proto/signing.h"
#include "proto/statement.h"
#include "proto/wire.h"

static const char context[] = "tongbao/1/request";

enum {
    TIME_BYTES = 8,
    FIELD_OFFICE = 1,
    FIELD_ASKED_AT = 2,
    FIELD_SIGNATURE = 3,
    SIGNED_BYTES_MAX = TB_REQUEST_BYTES_MAX + sizeof context + TIME_BYTES + 12,
};

static struct tb_bytes put_time(uint8_t out[TIME_BYTES], int64_t ms)
{
    tb_put_u32(out, (uint32_t)((uint64_t)ms & UINT32_MAX));
    tb_put_u32(out + 4, (uint32_t)((uint64_t)ms >> 32));
    return tb_bytes_of(out, TIME_BYTES);
}

/* True when the shape of ${request} is right; else ${diag} says what is not. */
static bool check(const Tongbao__Request *request, struct tb_diag *diag)
{
    const Tongbao__Office *office = request->office;
    if (office == NULL || office->code < TB_OFFICE_CODE_MIN || office->code > TB_OFFICE_CODE_MAX) {
        tb_diag_set(diag, 0, "the request names no office by its six-digit code");
        return false;
    }
    if (office->name[0] == '\0' || strlen(office->name) > TB_NAME_BYTES_MAX) {
        tb_diag_set(diag, 0, "office %u: its name is empty or longer than %d bytes", office->code,
                    TB_NAME_BYTES_MAX);
        return false;
    }
    if (office->n_keys != 1 || office->keys[0]->sign.len != TB_KEY_BYTES ||
        office->keys[0]->link.len != TB_KEY_BYTES ||
        office->keys[0]->state != TONGBAO__KEY_STATE__ACTIVE) {
        tb_diag_set(diag, 0, "office %u: a request brings exactly one active key", office->code);
        return false;
    }
    if (request->asked_at_ms < 0 || request->asked_at_ms > TB_TIME_MS_MAX) {
        tb_diag_set(diag, 0, "office %u: the request's time is none", office->code);
        return false;
    }
    return true;
}

/* The bytes of the office as they stand in the request, which was checked. */
static struct tb_bytes office_bytes(struct tb_bytes rest)
{
    while (rest.size > 0) {
        struct tb_wire_field field;
        enum tb_status status = tb_wire_next(&rest, &field);
        tb_assert(status == TB_OK);
        if (field.number == FIELD_OFFICE) {
            return field.bytes;
        }
    }
    return rest;
}

enum tb_status tb_request_open(struct tb_bytes bytes, struct tb_arena *arena,
                               const Tongbao__Request **request, struct tb_id *digest,
                               struct tb_diag *diag)
{
    const ProtobufCMessage *base;
    uint8_t place[SIGNED_BYTES_MAX];
    uint8_t time[TIME_BYTES];
    *request = NULL;
    enum tb_status status = TB_TOOBIG;
    if (bytes.size <= TB_REQUEST_BYTES_MAX) {
        status = tb_wire_unpack(&tongbao__request__descriptor, bytes, arena, &base);
    }
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "the request cannot be read: %s", tb_status_text(status));
        return status;
    }
    const Tongbao__Request *unpacked = (const Tongbao__Request *)base;
    if (!check(unpacked, diag)) {
        return TB_MALFORMED;
    }
    struct tb_bytes asked_at = put_time(time, unpacked->asked_at_ms);
    struct tb_bytes office = office_bytes(bytes);
    struct tb_bytes signed_bytes = tb_signing_bytes(place, sizeof place, context, office, asked_at);
    if (!tb_signing_holds(tb_wire_bytes(unpacked->signature), signed_bytes,
                          unpacked->office->keys[0]->sign.data)) {
        tb_diag_set(diag, 0, "office %u: the request is not signed by the key that it brings",
                    unpacked->office->code);
        return TB_SIGNATURE;
    }
    tb_digest(digest, signed_bytes);
    *request = unpacked;
    return TB_OK;
}

/* Pack the parts of a request around the ${office} that was signed. */
static enum tb_status put_parts(struct tb_buf *out, struct tb_bytes office, int64_t asked_at_ms,
                                struct tb_bytes signature)
{
    enum tb_status status = tb_wire_put(out, FIELD_OFFICE, office);
    if (status == TB_OK) {
        status = tb_wire_put_u64(out, FIELD_ASKED_AT, (uint64_t)asked_at_ms);
    }
    return status == TB_OK ? tb_wire_put(out, FIELD_SIGNATURE, signature) : status;
}

enum tb_status tb_request_seal(struct tb_buf *out, const Tongbao__Office *office,
                               struct tb_wall asked_at, const struct tb_sign_secret *secret)
{
    uint8_t place[SIGNED_BYTES_MAX];
    uint8_t time[TIME_BYTES];
    uint8_t signature[TB_SIGNATURE_BYTES];
    struct tb_buf packed;
    struct tb_buf whole;
    struct tb_arena arena;
    const Tongbao__Request *read_back;
    struct tb_id digest;
    size_t start = out->size;
    tb_buf_init(&packed, TB_REQUEST_BYTES_MAX);
    tb_buf_init(&whole, TB_REQUEST_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    enum tb_status status = tb_wire_pack(&packed, &office->base);
    if (status == TB_OK) {
        tb_signing_sign(signature,
                        tb_signing_bytes(place, sizeof place, context, tb_buf_bytes(&packed),
                                         put_time(time, asked_at.ms)),
                        secret);
        status = put_parts(&whole, tb_buf_bytes(&packed), asked_at.ms,
                           tb_bytes_of(signature, sizeof signature));
    }
    if (status == TB_OK) {
        status = tb_request_open(tb_buf_bytes(&whole), &arena, &read_back, &digest, NULL);
        tb_assert(status != TB_SIGNATURE); /* the office's key is that of the secret */
    }
    if (status == TB_OK) {
        status = tb_buf_add(out, tb_buf_bytes(&whole));
    }
    if (status != TB_OK) {
        tb_buf_cut(out, start);
    }
    tb_arena_fini(&arena);
    tb_buf_fini(&whole);
    tb_buf_fini(&packed);
    return status;
}
