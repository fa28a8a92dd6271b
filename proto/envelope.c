#include "proto/envelope.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "proto/signing.h"
#include "proto/statement.h"
#include "proto/wire.h"

enum {
    CONTEXT_BYTES_MAX = 64,
    SIGNED_BYTES_MAX = TB_HEAD_BYTES_MAX + TB_BODY_BYTES_MAX + CONTEXT_BYTES_MAX + 12,
    BODY_PERSONAL_DIGEST = 8,
};

static const char *const world_text[] = {
    [TB_WORLD_NONE] = "none",
    [TB_WORLD_ACTUAL] = "actual",
    [TB_WORLD_EXERCISE] = "exercise",
    [TB_WORLD_TEST] = "test",
};

const char *tb_world_text(enum tb_world world)
{
    tb_assert(world >= TB_WORLD_NONE);
    tb_assert(world <= TB_WORLD_TEST);
    return world_text[world];
}

bool tb_world_parse(const char *text, enum tb_world *world)
{
    for (int i = TB_WORLD_ACTUAL; i <= TB_WORLD_TEST; i++) {
        if (strcmp(text, world_text[i]) == 0) {
            *world = (enum tb_world)i;
            return true;
        }
    }
    return false;
}

/* What the head says, before it is known whether this program understands it. */
struct head {
    uint64_t version;
    uint64_t world;
    uint64_t origin;
    struct tb_bytes key_id;
    uint64_t algorithm;
    uint64_t directory_version;
    bool broken; /* a known field twice or of another wire type */
};

static void head_field(struct head *head, const struct tb_wire_field *field, unsigned *seen)
{
    uint64_t *const numbers[] = {NULL,
                                 &head->version,
                                 &head->world,
                                 &head->origin,
                                 NULL,
                                 &head->algorithm,
                                 &head->directory_version};
    if (field->number >= sizeof numbers / sizeof numbers[0]) {
        return;
    }
    uint64_t *number = numbers[field->number];
    enum tb_wire_type type = number != NULL ? TB_WIRE_VARINT : TB_WIRE_BYTES;
    if (field->type != type || (*seen & 1u << field->number) != 0) {
        head->broken = true;
        return;
    }
    *seen |= 1u << field->number;
    if (number != NULL) {
        *number = field->value;
    } else {
        head->key_id = field->bytes;
    }
}

static enum tb_status head_read(struct head *head, struct tb_bytes rest)
{
    unsigned seen = 0;
    *head = (struct head){0};
    while (rest.size > 0) {
        struct tb_wire_field field;
        enum tb_status status = tb_wire_next(&rest, &field);
        if (status != TB_OK) {
            return status;
        }
        head_field(head, &field, &seen);
    }
    return TB_OK;
}

/* The context of ${head}, as it would be named in its own version. */
static void context_of(char out[CONTEXT_BYTES_MAX], const struct head *head)
{
    if (head->world == TB_WORLD_NONE) {
        snprintf(out, CONTEXT_BYTES_MAX, "tongbao/%llu/broker", (unsigned long long)head->version);
    } else if (head->world <= TB_WORLD_TEST) {
        snprintf(out, CONTEXT_BYTES_MAX, "tongbao/%llu/%s", (unsigned long long)head->version,
                 world_text[head->world]);
    } else {
        snprintf(out, CONTEXT_BYTES_MAX, "tongbao/%llu/%llu", (unsigned long long)head->version,
                 (unsigned long long)head->world);
    }
}

static void context_known(char out[CONTEXT_BYTES_MAX], const struct tb_envelope *envelope)
{
    struct head head = {.version = envelope->version, .world = (uint64_t)envelope->world};
    context_of(out, &head);
}

/* Take the outer fields apart. Each stands once, in order; whether they are all
 * there is, and in their shortest form, the caller sees by their size. */
static enum tb_status outer_read(struct tb_envelope *envelope)
{
    struct tb_bytes *const parts[] = {NULL, &envelope->head, &envelope->body, &envelope->signature,
                                      &envelope->personal};
    struct tb_bytes rest = envelope->bytes;
    uint32_t last = 0;
    while (rest.size > 0) {
        struct tb_wire_field field;
        enum tb_status status = tb_wire_next(&rest, &field);
        if (status != TB_OK) {
            return status;
        }
        if (field.number >= sizeof parts / sizeof parts[0]) {
            continue;
        }
        if (field.type != TB_WIRE_BYTES || field.number <= last) {
            return TB_MALFORMED;
        }
        last = field.number;
        *parts[field.number] = field.bytes;
    }
    bool whole = envelope->head.size > 0 && envelope->body.size > 0 && envelope->signature.size > 0;
    return whole ? TB_OK : TB_MALFORMED;
}

static size_t outer_size(const struct tb_envelope *envelope)
{
    return tb_wire_size(envelope->head) + tb_wire_size(envelope->body) +
           tb_wire_size(envelope->signature) + tb_wire_size(envelope->personal);
}

/* What version 1 demands beside what every version must have. */
static enum tb_status check_version_1(const struct tb_envelope *envelope, const struct head *head)
{
    bool shaped = envelope->signature.size == TB_SIGNATURE_BYTES &&
                  outer_size(envelope) == envelope->bytes.size;
    bool salted = envelope->personal.size == 0 || envelope->personal.size > TB_PERSONAL_SALT_BYTES;
    return shaped && salted && head->algorithm != 0 ? TB_OK : TB_MALFORMED;
}

/* Carry over what of the head this program can hold. */
static enum tb_status head_take(struct tb_envelope *envelope, const struct head *head)
{
    if (head->broken || head->version == 0 || head->version > UINT32_MAX ||
        head->world > INT32_MAX || head->algorithm > UINT32_MAX ||
        head->origin < TB_OFFICE_CODE_MIN || head->origin > TB_OFFICE_CODE_MAX ||
        head->directory_version > INT64_MAX || head->key_id.size != TB_KEY_ID_BYTES) {
        return TB_MALFORMED;
    }
    envelope->version = (uint32_t)head->version;
    envelope->world = head->world <= TB_WORLD_TEST ? (enum tb_world)head->world : TB_WORLD_NONE;
    envelope->origin = (uint32_t)head->origin;
    memcpy(envelope->key_id, head->key_id.data, TB_KEY_ID_BYTES);
    envelope->algorithm = (uint32_t)head->algorithm;
    envelope->directory_version = head->directory_version;
    return TB_OK;
}

/* The head of a newer major version may have changed in any field but its
 * version: what of it can still be held is held, so that it can be shown "that
 * one came and from whom". */
static void head_guess(struct tb_envelope *envelope, const struct head *head)
{
    envelope->version = head->version > UINT32_MAX ? UINT32_MAX : (uint32_t)head->version;
    envelope->origin = head->origin > TB_OFFICE_CODE_MAX ? 0 : (uint32_t)head->origin;
    envelope->world = head->world <= TB_WORLD_TEST ? (enum tb_world)head->world : TB_WORLD_NONE;
    envelope->algorithm = head->algorithm > UINT32_MAX ? UINT32_MAX : (uint32_t)head->algorithm;
    if (head->key_id.size == TB_KEY_ID_BYTES) {
        memcpy(envelope->key_id, head->key_id.data, TB_KEY_ID_BYTES);
    }
}

enum tb_status tb_envelope_read(struct tb_envelope *envelope, struct tb_bytes bytes)
{
    struct head head;
    char context[CONTEXT_BYTES_MAX];
    *envelope = (struct tb_envelope){.bytes = bytes};
    if (bytes.size > TB_ENVELOPE_BYTES_MAX) {
        return TB_TOOBIG;
    }
    enum tb_status status = outer_read(envelope);
    if (status != TB_OK) {
        return status;
    }
    if (envelope->head.size > TB_HEAD_BYTES_MAX || envelope->body.size > TB_BODY_BYTES_MAX ||
        envelope->personal.size > TB_PERSONAL_BYTES_MAX) {
        return TB_TOOBIG;
    }
    status = head_read(&head, envelope->head);
    if (status != TB_OK) {
        return status;
    }
    context_of(context, &head);
    tb_signing_id(&envelope->id, context, envelope->head, envelope->body);
    if (head.version > TB_ENVELOPE_VERSION) {
        head_guess(envelope, &head);
        return TB_VERSION;
    }
    status = head_take(envelope, &head);
    if (status == TB_OK) {
        status = check_version_1(envelope, &head);
    }
    if (status != TB_OK) {
        return status;
    }
    bool known = head.world <= TB_WORLD_TEST && head.algorithm == TB_ALGORITHM_ED25519;
    return known ? TB_OK : TB_VERSION;
}

/* True when the signed ${body} binds the personal part: its digest field stands
 * there once and is the digest of ${personal}. */
static bool binds(struct tb_bytes body, struct tb_bytes personal)
{
    struct tb_id digest;
    struct tb_bytes named = {0};
    unsigned count = 0;
    while (body.size > 0) {
        struct tb_wire_field field;
        if (tb_wire_next(&body, &field) != TB_OK) {
            return false;
        }
        if (field.number == BODY_PERSONAL_DIGEST) {
            count++;
            named = field.bytes;
        }
    }
    tb_digest(&digest, personal);
    return count == 1 && tb_bytes_equal(named, tb_bytes_of(digest.byte, TB_ID_BYTES));
}

enum tb_status tb_envelope_verify(const struct tb_envelope *envelope,
                                  const uint8_t key[TB_KEY_BYTES])
{
    uint8_t place[SIGNED_BYTES_MAX];
    char context[CONTEXT_BYTES_MAX];
    uint8_t key_id[TB_KEY_ID_BYTES];
    if (envelope->version != TB_ENVELOPE_VERSION || envelope->algorithm != TB_ALGORITHM_ED25519 ||
        envelope->signature.size != TB_SIGNATURE_BYTES) {
        return TB_SIGNATURE;
    }
    tb_key_id(key_id, key);
    if (memcmp(key_id, envelope->key_id, TB_KEY_ID_BYTES) != 0) {
        return TB_SIGNATURE;
    }
    context_known(context, envelope);
    struct tb_bytes bytes =
        tb_signing_bytes(place, sizeof place, context, envelope->head, envelope->body);
    if (!tb_signing_holds(envelope->signature, bytes, key)) {
        return TB_SIGNATURE;
    }
    if (envelope->personal.size > 0 && !binds(envelope->body, envelope->personal)) {
        return TB_SIGNATURE;
    }
    return TB_OK;
}

enum tb_status tb_envelope_body(const struct tb_envelope *envelope, struct tb_arena *arena,
                                const Tongbao__Body **body)
{
    const ProtobufCMessage *base;
    *body = NULL;
    enum tb_status status =
        tb_wire_unpack(&tongbao__body__descriptor, envelope->body, arena, &base);
    if (status != TB_OK) {
        return status;
    }
    const Tongbao__Body *unpacked = (const Tongbao__Body *)base;
    status = tb_statement_check(unpacked);
    if (status == TB_OK) {
        *body = unpacked;
    }
    return status;
}

static enum tb_status pack_head(struct tb_buf *out, const struct tb_seal *seal)
{
    uint8_t key_id[TB_KEY_ID_BYTES];
    tb_key_id(key_id, tb_signing_public(seal->secret));
    Tongbao__Head head = TONGBAO__HEAD__INIT;
    head.version = TB_ENVELOPE_VERSION;
    head.world = (Tongbao__World)seal->world;
    head.origin = seal->origin;
    head.key_id = tb_wire_data(tb_bytes_of(key_id, sizeof key_id));
    head.algorithm = TB_ALGORITHM_ED25519;
    head.directory_version = seal->directory_version;
    return tb_wire_pack(out, &head.base);
}

/* Pack the body and look at it as a reader will. */
static enum tb_status pack_body(struct tb_buf *out, const struct tb_seal *seal,
                                const Tongbao__Body *body)
{
    enum tb_status status = tb_statement_check(body);
    if (status == TB_OK) {
        status = tb_wire_pack(out, &body->base);
    }
    if (status == TB_OK) {
        status = tb_wire_check(&tongbao__body__descriptor, tb_buf_bytes(out));
    }
    if (status == TB_OK && out->size == 0) {
        status = TB_MALFORMED; /* a body that says nothing is none */
    }
    if (status != TB_OK || seal->personal.size == 0) {
        return status;
    }
    if (seal->personal.size > TB_PERSONAL_BYTES_MAX) {
        return TB_TOOBIG;
    }
    bool bound =
        seal->personal.size > TB_PERSONAL_SALT_BYTES && binds(tb_buf_bytes(out), seal->personal);
    return bound ? TB_OK : TB_MALFORMED;
}

static enum tb_status put_parts(struct tb_buf *out, const struct tb_envelope *envelope)
{
    const struct tb_bytes parts[] = {envelope->head, envelope->body, envelope->signature,
                                     envelope->personal};
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        enum tb_status status = tb_wire_put(out, i + 1, parts[i]);
        if (status != TB_OK) {
            return status;
        }
    }
    return TB_OK;
}

enum tb_status tb_envelope_seal(struct tb_buf *out, const struct tb_seal *seal,
                                const Tongbao__Body *body, struct tb_id *id)
{
    struct tb_buf head;
    struct tb_buf content;
    uint8_t place[SIGNED_BYTES_MAX];
    char context[CONTEXT_BYTES_MAX];
    uint8_t signature[TB_SIGNATURE_BYTES];
    size_t start = out->size;
    tb_buf_init(&head, TB_HEAD_BYTES_MAX);
    tb_buf_init(&content, TB_BODY_BYTES_MAX);
    enum tb_status status = pack_head(&head, seal);
    if (status == TB_OK) {
        status = pack_body(&content, seal, body);
    }
    if (status == TB_OK) {
        struct tb_envelope envelope = {.head = tb_buf_bytes(&head),
                                       .body = tb_buf_bytes(&content),
                                       .signature = {signature, sizeof signature},
                                       .personal = seal->personal,
                                       .version = TB_ENVELOPE_VERSION,
                                       .world = seal->world};
        context_known(context, &envelope);
        tb_signing_id(id, context, envelope.head, envelope.body);
        tb_signing_sign(
            signature, tb_signing_bytes(place, sizeof place, context, envelope.head, envelope.body),
            seal->secret);
        status = put_parts(out, &envelope);
    }
    if (status != TB_OK) {
        tb_buf_cut(out, start);
    }
    tb_buf_fini(&content);
    tb_buf_fini(&head);
    return status;
}

void tb_key_id(uint8_t out[TB_KEY_ID_BYTES], const uint8_t key[TB_KEY_BYTES])
{
    struct tb_id digest;
    tb_digest(&digest, tb_bytes_of(key, TB_KEY_BYTES));
    memcpy(out, digest.byte, TB_KEY_ID_BYTES);
}

void tb_digest(struct tb_id *out, struct tb_bytes bytes)
{
    int rc = crypto_generichash(out->byte, TB_ID_BYTES, bytes.data, bytes.size, NULL, 0);
    tb_assert(rc == 0);
}

void tb_draw(uint8_t *out, size_t size, const uint8_t seed[TB_SEED_BYTES], const char *label)
{
    uint8_t drawn[crypto_generichash_BYTES_MAX];
    tb_assert(size <= sizeof drawn);
    struct tb_bytes text = tb_bytes_text(label);
    int rc = crypto_generichash(drawn, sizeof drawn, text.data, text.size, seed, TB_SEED_BYTES);
    tb_assert(rc == 0);
    memcpy(out, drawn, size);
    sodium_memzero(drawn, sizeof drawn);
}
