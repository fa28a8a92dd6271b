#include <string.h>

#include "base/limits.h"
#include "proto/request.h"
#include "proto/signing.h"
#include "proto/wire.h"
#include "sample.h"
#include "tests/fuzz/fuzz.h"

/*
 * A stranger's request to be admitted, read at the province. The first byte chooses:
 * 'r' a whole one as it came; 's' the bytes of its office, which the target signs
 * with the key that its seeds bring.
 */
static void sign_office(struct tb_bytes office, const struct sample_key *key, struct tb_buf *out)
{
    static const uint8_t asked_at[8] = {0, 1, 2, 3, 4, 0, 0, 0};
    uint8_t signature[TB_SIGNATURE_BYTES];
    struct tb_buf signed_bytes;
    tb_buf_init(&signed_bytes, TB_REQUEST_BYTES_MAX);
    sample_signed(&signed_bytes, "tongbao/1/request", office,
                  tb_bytes_of(asked_at, sizeof asked_at));
    tb_signing_sign(signature, tb_buf_bytes(&signed_bytes), &key->secret);
    tb_buf_fini(&signed_bytes);
    tb_assert(tb_wire_put(out, 1, office) == TB_OK);
    tb_assert(tb_wire_put_u64(out, 2, UINT64_C(0x0403020100)) == TB_OK);
    tb_assert(tb_wire_put(out, 3, tb_bytes_of(signature, sizeof signature)) == TB_OK);
}

static void open_one(struct tb_bytes bytes)
{
    struct tb_diag diag = {0};
    struct tb_id digest;
    struct tb_id again;
    const Tongbao__Request *request;
    enum tb_status status = tb_request_open(bytes, fuzz_arena(0), &request, &digest, &diag);
    fuzz_ended(status);
    tb_assert((status == TB_OK) == (request != NULL));
    fuzz_told(status, &diag, 0);
    if (status == TB_OK) {
        tb_assert(bytes.size <= TB_REQUEST_BYTES_MAX);
        tb_assert(request->office->code >= TB_OFFICE_CODE_MIN);
        tb_assert(request->office->code <= TB_OFFICE_CODE_MAX);
        tb_assert(request->office->n_keys == 1);
        tb_assert(strlen(request->office->name) <= TB_NAME_BYTES_MAX);
        /* What two people compare over the telephone is the same each time. */
        tb_assert(tb_request_open(bytes, fuzz_arena(1), &request, &again, NULL) == TB_OK);
        tb_assert(tb_id_equal(&digest, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample_key key;
    struct tb_buf out;
    if (size < 2 || size > TB_REQUEST_BYTES_MAX - 256) {
        return 0;
    }
    if (data[0] != 's') {
        open_one((struct tb_bytes){data + 1, size - 1});
        return 0;
    }
    sample_key(&key, "fuzz");
    tb_buf_init(&out, TB_REQUEST_BYTES_MAX);
    sign_office((struct tb_bytes){data + 1, size - 1}, &key, &out);
    open_one(tb_buf_bytes(&out));
    tb_buf_fini(&out);
    return 0;
}
