#include <string.h>

#include "base/limits.h"
#include "proto/directory.h"
#include "proto/signing.h"
#include "proto/wire.h"
#include "sample.h"
#include "tests/fuzz/fuzz.h"

/*
 * A province's directory. The first byte chooses: 'r' a whole one as it came, which
 * no fuzzer can sign; 's' the body of one, which the target signs with the root that
 * it pins, so that what stands behind the signature is reached.
 */
enum { PREFIX = 14, VERSION = 3 };

static void sign_body(struct tb_bytes body, const struct sample_key *root, struct tb_buf *out)
{
    uint8_t head[12] = {PREFIX, 0, 0, 0, VERSION};
    uint8_t signature[TB_SIGNATURE_BYTES];
    struct tb_buf signed_bytes;
    tb_buf_init(&signed_bytes, TB_DIRECTORY_BYTES_MAX + 256);
    sample_signed(&signed_bytes, "tongbao/1/directory", tb_bytes_of(head, sizeof head), body);
    tb_signing_sign(signature, tb_buf_bytes(&signed_bytes), &root->secret);
    tb_buf_fini(&signed_bytes);
    tb_assert(tb_wire_put_u64(out, 1, PREFIX) == TB_OK);
    tb_assert(tb_wire_put_u64(out, 2, VERSION) == TB_OK);
    tb_assert(tb_wire_put(out, 3, body) == TB_OK);
    tb_assert(tb_wire_put(out, 4, tb_bytes_of(signature, sizeof signature)) == TB_OK);
    tb_assert(tb_wire_put(out, 5, tb_bytes_of(root->public_key, TB_KEY_BYTES)) == TB_OK);
}

/* Everything in it is found by its name, and by nothing else. */
static void look_around(const struct tb_directory *directory)
{
    const Tongbao__DirectoryBody *body = tb_directory_body(directory);
    size_t holders;
    const struct tb_holder *holder = tb_directory_holders(directory, &holders);
    tb_assert(body->n_offices <= TB_OFFICES_MAX);
    tb_assert(body->n_brokers <= TB_DIRECTORY_BROKERS_MAX);
    tb_assert(body->n_files <= TB_DIRECTORY_FILES_MAX);
    for (size_t i = 0; i < body->n_offices; i++) {
        const Tongbao__Office *office = body->offices[i];
        tb_assert(office->code / 10000 == tb_directory_prefix(directory));
        tb_assert(office->n_keys <= TB_OFFICE_KEYS_MAX);
        tb_assert(tb_directory_office(directory, office->code) == office);
    }
    for (size_t i = 0; i < body->n_brokers; i++) {
        tb_assert(tb_directory_broker(directory, body->brokers[i]->name) == body->brokers[i]);
    }
    for (size_t i = 0; i < holders; i++) {
        uint8_t key_id[TB_KEY_ID_BYTES];
        uint32_t code = holder[i].office != NULL ? holder[i].office->code : 0;
        tb_assert((holder[i].office != NULL) != (holder[i].broker != NULL));
        tb_key_id(key_id, holder[i].key->sign.data);
        tb_assert(tb_directory_signer(directory, code, key_id) == holder[i].key);
    }
    for (size_t i = 0; i < body->n_files; i++) {
        struct tb_bytes file = tb_directory_file(directory, body->files[i]->name);
        tb_assert(file.size == body->files[i]->content.len);
    }
    tb_assert(tb_directory_office(directory, 0) == NULL);
}

/* The set takes it once, and then knows it. */
static void take_twice(struct tb_bytes bytes, const struct tb_id *root)
{
    enum tb_taken taken;
    struct tb_directories *set = tb_directories_new();
    tb_assert(tb_directories_trust(set, PREFIX, root) == TB_OK);
    tb_assert(tb_directories_take(set, bytes, &taken, NULL) == TB_OK);
    tb_assert(taken == TB_TAKEN_NEW);
    tb_assert(tb_directories_take(set, bytes, &taken, NULL) == TB_OK);
    tb_assert(taken == TB_TAKEN_SAME);
    tb_directories_free(set);
}

static void open_one(struct tb_bytes bytes, const struct tb_id *root, bool ours)
{
    struct tb_directory *directory;
    struct tb_diag diag = {0};
    uint32_t prefix = 0;
    uint64_t version = 0;
    enum tb_status peeked = tb_directory_peek(bytes, &prefix, &version);
    enum tb_status status = tb_directory_open(&directory, bytes, root, &diag);
    fuzz_ended(status);
    tb_assert((status == TB_OK) == (directory != NULL));
    fuzz_told(status, &diag, 0);
    tb_assert(peeked == TB_OK || status == peeked);
    tb_assert(ours || status != TB_OK);
    if (status == TB_OK) {
        tb_assert(tb_directory_prefix(directory) == prefix);
        tb_assert(tb_directory_version(directory) == version);
        tb_assert(tb_bytes_equal(tb_directory_bytes(directory), bytes));
        look_around(directory);
        take_twice(bytes, root);
    }
    tb_directory_free(directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample_key root;
    struct tb_id fingerprint;
    struct tb_buf out;
    if (size < 2 || size > TB_DIRECTORY_BYTES_MAX / 2) {
        return 0;
    }
    sample_key(&root, "fuzz root");
    tb_root_fingerprint(&fingerprint, root.public_key);
    if (data[0] == 's') {
        tb_buf_init(&out, TB_DIRECTORY_BYTES_MAX);
        sign_body((struct tb_bytes){data + 1, size - 1}, &root, &out);
        open_one(tb_buf_bytes(&out), &fingerprint, true);
        tb_buf_fini(&out);
    } else {
        open_one((struct tb_bytes){data + 1, size - 1}, &fingerprint, false);
    }
    return 0;
}
