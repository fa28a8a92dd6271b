#include <string.h>

#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/statement.h"
#include "proto/wire.h"
#include "sample.h"
#include "tests/fuzz/fuzz.h"

/*
 * The body of an envelope whose signature held: what any office with a key can make
 * us parse. Its shape and authority are judged; what is taken can be sealed, and the
 * sealed envelope verifies and says the same. Every bit that is turned in it is seen.
 */
static void judge(const Tongbao__Body *body)
{
    static const uint32_t origins[] = {0, 140121, 140100, 140000, 130700};
    struct tb_envelope envelope = {.origin = 140121};
    struct tb_id subject;
    for (int world = TB_WORLD_NONE; world <= TB_WORLD_TEST; world++) {
        envelope.world = (enum tb_world)world;
        enum tb_lane lane = tb_statement_lane(envelope.world, tb_statement_kind(body));
        tb_assert(lane == TB_LANE_FIRST || lane == TB_LANE_REST);
        for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
            enum tb_status office =
                tb_statement_authority(&envelope, body, origins[i], TB_WORLD_ACTUAL, false);
            enum tb_status broker =
                tb_statement_authority(&envelope, body, origins[i], TB_WORLD_ACTUAL, true);
            tb_assert(office == TB_OK || office == TB_AUTHORITY);
            tb_assert(broker == TB_OK || broker == TB_AUTHORITY);
            /* "Offices speak in a world, brokers in none": never both. */
            tb_assert(office != TB_OK || broker != TB_OK);
        }
    }
    (void)tb_statement_subject(body, &subject);
    tb_assert(body->n_recipients <= TB_RECIPIENTS_MAX);
    for (size_t i = 0; i < body->n_recipients; i++) {
        tb_assert(tb_statement_names(body, body->recipients[i]->office));
    }
    tb_assert(!tb_statement_names(body, 0));
}

/* Seal ${body} anew; false when packing makes it too large or, of nothing but zeros,
 * empty. */
static bool seal(const Tongbao__Body *body, const struct sample_key *key, struct tb_buf *out,
                 struct tb_id *id)
{
    const struct tb_seal how = {.world = TB_WORLD_EXERCISE,
                                .origin = 140121,
                                .directory_version = 7,
                                .secret = &key->secret};
    enum tb_status status = tb_envelope_seal(out, &how, body, id);
    size_t packed = protobuf_c_message_get_packed_size(&body->base);
    tb_assert(status == TB_OK || (status == TB_TOOBIG && packed > 0) ||
              (status == TB_MALFORMED && packed == 0));
    return status == TB_OK;
}

static void read_back(struct tb_buf *out, const struct sample_key *key, const struct tb_id *id,
                      enum tb_kind kind, struct tb_arena *arena)
{
    struct tb_envelope envelope;
    const Tongbao__Body *again;
    tb_assert(tb_envelope_read(&envelope, tb_buf_bytes(out)) == TB_OK);
    tb_assert(tb_id_equal(&envelope.id, id));
    tb_assert(tb_envelope_verify(&envelope, key->public_key) == TB_OK);
    tb_assert(tb_envelope_body(&envelope, arena, &again) == TB_OK);
    tb_assert(tb_statement_kind(again) == kind);
    /* Packing is idempotent: the same body gives the same id. */
    struct tb_buf twice;
    struct tb_id second;
    tb_buf_init(&twice, TB_ENVELOPE_BYTES_MAX);
    tb_assert(seal(again, key, &twice, &second));
    tb_assert(tb_id_equal(&second, id));
    tb_buf_fini(&twice);
    /* I3: not one bit of what was signed can be another. */
    size_t at = (size_t)(envelope.body.data - out->data) + id->byte[0] % envelope.body.size;
    out->data[at] ^= (uint8_t)(1u << id->byte[1] % 8);
    tb_assert(tb_envelope_read(&envelope, tb_buf_bytes(out)) == TB_OK);
    tb_assert(!tb_id_equal(&envelope.id, id));
    tb_assert(tb_envelope_verify(&envelope, key->public_key) == TB_SIGNATURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample_key key;
    const struct tb_envelope envelope = {.body = {data, size}};
    const Tongbao__Body *body;
    if (size > TB_BODY_BYTES_MAX) {
        return 0;
    }
    sample_key(&key, "fuzz");
    enum tb_status status = tb_envelope_body(&envelope, fuzz_arena(0), &body);
    fuzz_ended(status);
    tb_assert((status == TB_OK) == (body != NULL));
    tb_assert(status == TB_OK || status == TB_MALFORMED || status == TB_TOOBIG ||
              status == TB_MEMORY);
    if (status == TB_OK) {
        struct tb_buf out;
        struct tb_id id;
        tb_buf_init(&out, TB_ENVELOPE_BYTES_MAX);
        judge(body);
        if (seal(body, &key, &out, &id)) {
            read_back(&out, &key, &id, tb_statement_kind(body), fuzz_arena(1));
        }
        tb_buf_fini(&out);
    }
    return 0;
}
