#include <string.h>

#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/wire.h"
#include "sample.h"
#include "tests/fuzz/fuzz.h"

/*
 * The outer envelope, which any linked office hands to a broker and any broker to an
 * office, before a signature has been looked at. What is read lies within the bytes
 * and within the limits, has exactly one encoding, and its id depends on head and
 * body alone.
 */
static bool inside(struct tb_bytes part, struct tb_bytes whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void check_parts(const struct tb_envelope *envelope, struct tb_bytes bytes)
{
    tb_assert(inside(envelope->head, bytes));
    tb_assert(inside(envelope->body, bytes));
    tb_assert(inside(envelope->signature, bytes));
    tb_assert(inside(envelope->personal, bytes));
    tb_assert(envelope->world <= TB_WORLD_TEST);
    tb_assert(envelope->origin <= TB_OFFICE_CODE_MAX);
}

/* "So nobody can add to an envelope on its way; the personal part alone can be taken
 * off", and the id stays. */
static void pack_again(const struct tb_envelope *envelope)
{
    struct tb_buf out;
    struct tb_envelope bare;
    tb_buf_init(&out, TB_ENVELOPE_BYTES_MAX + 64);
    tb_assert(tb_wire_put(&out, 1, envelope->head) == TB_OK);
    tb_assert(tb_wire_put(&out, 2, envelope->body) == TB_OK);
    tb_assert(tb_wire_put(&out, 3, envelope->signature) == TB_OK);
    tb_assert(tb_envelope_read(&bare, tb_buf_bytes(&out)) == TB_OK);
    tb_assert(tb_id_equal(&bare.id, &envelope->id));
    tb_assert(tb_wire_put(&out, 4, envelope->personal) == TB_OK);
    tb_assert(tb_bytes_equal(tb_buf_bytes(&out), envelope->bytes));
    static const uint8_t more[] = {5u << 3, 1};
    tb_assert(tb_buf_add(&out, tb_bytes_of(more, sizeof more)) == TB_OK);
    tb_assert(tb_envelope_read(&bare, tb_buf_bytes(&out)) != TB_OK);
    tb_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample_key key;
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    struct tb_bytes bytes = {data, size};
    enum tb_status status = tb_envelope_read(&envelope, bytes);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_MALFORMED || status == TB_TOOBIG ||
              status == TB_VERSION);
    if (status != TB_OK && status != TB_VERSION) {
        return 0;
    }
    check_parts(&envelope, bytes);
    sample_key(&key, "fuzz");
    /* Only what the sample's golden envelopes hold verifies; nobody has this key. */
    tb_assert(tb_envelope_verify(&envelope, key.public_key) == TB_SIGNATURE);
    if (status == TB_OK) {
        tb_assert(size <= TB_ENVELOPE_BYTES_MAX);
        tb_assert(!tb_id_zero(&envelope.id));
        pack_again(&envelope);
        status = tb_envelope_body(&envelope, fuzz_arena(0), &body);
        tb_assert((status == TB_OK) == (body != NULL));
    }
    return 0;
}
