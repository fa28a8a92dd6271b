#include "proto/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/text.h"
#include "proto/index.h"
#include "proto/roster.h"
#include "proto/signing.h"
#include "proto/wire.h"

static const char context[] = "tongbao/1/directory";

enum {
    HEAD_BYTES = 12,
    SIGNER_BYTES = 4 + TB_KEY_ID_BYTES,
    /* The budget of unpacking: what a body within its limits needs, as a
     * multiple of its size, and the pieces of a full one. */
    PARSE_MULTIPLE = 4,
    PARSE_BYTES_MORE = 256 * 1024,
    PARSE_COUNT_MAX = 128 * 1024,
    FIELD_PREFIX = 1,
    FIELD_VERSION,
    FIELD_BODY,
    FIELD_SIGNATURE,
    FIELD_ROOT,
};

struct tb_directory {
    uint8_t *copy; /* of the whole, owned */
    size_t copy_bytes;
    struct tb_id digest;
    uint32_t prefix;
    uint64_t version;
    struct tb_arena arena;
    const Tongbao__DirectoryBody *body; /* in the arena */
    struct tb_holder *holders;          /* one for each key */
    size_t holder_count;
    struct tb_index codes;   /* code -> office */
    struct tb_index signers; /* code or 0, key id -> key */
};

/* The outer fields, borrowed. */
struct outer {
    uint64_t prefix;
    uint64_t version;
    struct tb_bytes body;
    struct tb_bytes signature;
    struct tb_bytes root;
};

static size_t outer_size(const struct outer *outer)
{
    return tb_wire_size_u64(outer->prefix) + tb_wire_size_u64(outer->version) +
           tb_wire_size(outer->body) + tb_wire_size(outer->signature) + tb_wire_size(outer->root);
}

/* Take the outer fields apart. As with an envelope they have exactly one
 * encoding, so that nobody can make a second object of the same version. */
static enum tb_status outer_read(struct outer *outer, struct tb_bytes bytes)
{
    uint64_t *const numbers[] = {NULL, &outer->prefix, &outer->version};
    struct tb_bytes *const parts[] = {
        [FIELD_BODY] = &outer->body,
        [FIELD_SIGNATURE] = &outer->signature,
        [FIELD_ROOT] = &outer->root,
    };
    struct tb_bytes rest = bytes;
    uint32_t last = 0;
    *outer = (struct outer){0};
    if (bytes.size > TB_DIRECTORY_BYTES_MAX) {
        return TB_TOOBIG;
    }
    while (rest.size > 0) {
        struct tb_wire_field field;
        enum tb_status status = tb_wire_next(&rest, &field);
        if (status != TB_OK) {
            return status;
        }
        bool number = field.number <= FIELD_VERSION;
        if (field.number > FIELD_ROOT || field.number <= last ||
            field.type != (number ? TB_WIRE_VARINT : TB_WIRE_BYTES)) {
            return TB_MALFORMED;
        }
        last = field.number;
        if (number) {
            *numbers[field.number] = field.value;
        } else {
            *parts[field.number] = field.bytes;
        }
    }
    bool whole = outer->prefix >= TB_PREFIX_MIN && outer->prefix <= TB_PREFIX_MAX &&
                 outer->version > 0 && outer->version <= INT64_MAX &&
                 outer->signature.size == TB_SIGNATURE_BYTES && outer->root.size == TB_KEY_BYTES &&
                 outer_size(outer) == bytes.size;
    return whole ? TB_OK : TB_MALFORMED;
}

enum tb_status tb_directory_peek(struct tb_bytes bytes, uint32_t *prefix, uint64_t *version)
{
    struct outer outer;
    enum tb_status status = outer_read(&outer, bytes);
    if (status == TB_OK) {
        *prefix = (uint32_t)outer.prefix;
        *version = outer.version;
    }
    return status;
}

/* The signed bytes; the caller frees them. */
static struct tb_bytes signed_bytes(uint8_t **place, uint64_t prefix, uint64_t version,
                                    struct tb_bytes body)
{
    uint8_t head[HEAD_BYTES];
    tb_put_u32(head, (uint32_t)prefix);
    tb_put_u32(head + 4, (uint32_t)(version & UINT32_MAX));
    tb_put_u32(head + 8, (uint32_t)(version >> 32));
    struct tb_bytes first = tb_bytes_of(head, sizeof head);
    size_t room = tb_signing_size(context, first, body);
    *place = malloc(room);
    tb_assert(*place != NULL);
    return tb_signing_bytes(*place, room, context, first, body);
}

static enum tb_status outer_verify(const struct outer *outer, const struct tb_id *root,
                                   struct tb_diag *diag)
{
    struct tb_id fingerprint;
    tb_root_fingerprint(&fingerprint, outer->root.data);
    if (!tb_id_equal(&fingerprint, root)) {
        tb_diag_set(diag, 0, "the directory of %u carries another root than the one pinned",
                    (unsigned)outer->prefix);
        return TB_SIGNER;
    }
    uint8_t *place;
    struct tb_bytes bytes = signed_bytes(&place, outer->prefix, outer->version, outer->body);
    bool holds = tb_signing_holds(outer->signature, bytes, outer->root.data);
    free(place);
    if (!holds) {
        tb_diag_set(diag, 0, "the signature of the directory of %u does not verify",
                    (unsigned)outer->prefix);
        return TB_SIGNATURE;
    }
    return TB_OK;
}

static void signer_of(uint8_t out[SIGNER_BYTES], uint32_t code,
                      const uint8_t key_id[TB_KEY_ID_BYTES])
{
    tb_put_u32(out, code);
    memcpy(out + 4, key_id, TB_KEY_ID_BYTES);
}

static void add_holder(struct tb_directory *directory, struct tb_holder holder)
{
    uint8_t key_id[TB_KEY_ID_BYTES];
    uint8_t signer[SIGNER_BYTES];
    directory->holders[directory->holder_count++] = holder;
    tb_key_id(key_id, holder.key->sign.data);
    signer_of(signer, holder.office != NULL ? holder.office->code : 0, key_id);
    tb_index_add(&directory->signers, signer, sizeof signer, holder.key, NULL);
}

static void make_indexes(struct tb_directory *directory)
{
    const Tongbao__DirectoryBody *body = directory->body;
    size_t keys = body->n_brokers;
    for (size_t i = 0; i < body->n_offices; i++) {
        keys += body->offices[i]->n_keys;
    }
    directory->holders = calloc(keys + 1, sizeof directory->holders[0]);
    tb_assert(directory->holders != NULL);
    tb_index_init(&directory->codes, body->n_offices);
    tb_index_init(&directory->signers, keys);
    for (size_t i = 0; i < body->n_offices; i++) {
        const Tongbao__Office *office = body->offices[i];
        uint8_t code[4];
        tb_put_u32(code, office->code);
        tb_index_add(&directory->codes, code, sizeof code, office, NULL);
        for (size_t j = 0; j < office->n_keys; j++) {
            add_holder(directory, (struct tb_holder){.office = office,
                                                     .key = office->keys[j],
                                                     .directory = directory});
        }
    }
    for (size_t i = 0; i < body->n_brokers; i++) {
        add_holder(directory, (struct tb_holder){.broker = body->brokers[i],
                                                 .key = body->brokers[i]->key,
                                                 .directory = directory});
    }
    tb_index_sort(&directory->codes);
    tb_index_sort(&directory->signers);
}

static void holder_name(char *out, size_t out_bytes, const struct tb_holder *holder)
{
    struct tb_buf name;
    tb_buf_init(&name, TB_NAME_BYTES_MAX + 16);
    enum tb_status status = holder->office != NULL
                                ? tb_buf_print(&name, "office %u", holder->office->code)
                                : tb_buf_print(&name, "broker %s", holder->broker->name);
    tb_assert(status == TB_OK);
    *tb_buf_grow(&name, 1) = '\0';
    tb_text_copy(out, out_bytes, (const char *)name.data);
    tb_buf_fini(&name);
}

/* Does a sign or link key stand anywhere twice? A key signs for one office and
 * links one peer; otherwise nobody could say whose it is. */
static bool keys_apart(const struct tb_directory *directory, bool link, struct tb_diag *diag)
{
    struct tb_index keys;
    tb_index_init(&keys, directory->holder_count);
    for (size_t i = 0; i < directory->holder_count; i++) {
        const struct tb_holder *holder = &directory->holders[i];
        const uint8_t *key = link ? holder->key->link.data : holder->key->sign.data;
        tb_index_add(&keys, key, TB_KEY_BYTES, holder, NULL);
    }
    tb_index_sort(&keys);
    const struct tb_index_row *twice = tb_index_twice(&keys);
    if (twice != NULL) {
        char name[TB_NAME_BYTES_MAX + 16];
        holder_name(name, sizeof name, twice->what);
        tb_diag_set(diag, 0, "a %s key of %s is there twice; every key belongs to one entry",
                    link ? "link" : "sign", name);
    }
    tb_index_fini(&keys);
    return twice == NULL;
}

static bool check_indexes(const struct tb_directory *directory, struct tb_diag *diag)
{
    const struct tb_index_row *twice = tb_index_twice(&directory->codes);
    if (twice != NULL) {
        const Tongbao__Office *office = twice->what;
        tb_diag_set(diag, 0, "office %u is there twice", office->code);
        return false;
    }
    if (!keys_apart(directory, false, diag) || !keys_apart(directory, true, diag)) {
        return false;
    }
    if (tb_index_twice(&directory->signers) != NULL) {
        tb_diag_set(diag, 0, "two keys of one office have the same key id; make another key");
        return false;
    }
    return true;
}

static enum tb_status unpack(struct tb_directory *directory, struct tb_bytes body,
                             struct tb_diag *diag)
{
    const ProtobufCMessage *base;
    tb_arena_init(&directory->arena, body.size * PARSE_MULTIPLE + PARSE_BYTES_MORE,
                  PARSE_COUNT_MAX);
    enum tb_status status =
        tb_wire_unpack(&tongbao__directory_body__descriptor, body, &directory->arena, &base);
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "the directory's body cannot be read: %s", tb_status_text(status));
        return TB_MALFORMED;
    }
    directory->body = (const Tongbao__DirectoryBody *)base;
    if (!tb_roster_check(directory->prefix, directory->body, diag)) {
        return TB_MALFORMED;
    }
    make_indexes(directory);
    return check_indexes(directory, diag) ? TB_OK : TB_MALFORMED;
}

enum tb_status tb_directory_open(struct tb_directory **out, struct tb_bytes bytes,
                                 const struct tb_id *root, struct tb_diag *diag)
{
    struct outer outer;
    *out = NULL;
    enum tb_status status = outer_read(&outer, bytes);
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "this is no directory: %s", tb_status_text(status));
        return status;
    }
    status = outer_verify(&outer, root, diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_directory *directory = calloc(1, sizeof *directory);
    tb_assert(directory != NULL);
    directory->copy = malloc(bytes.size);
    tb_assert(directory->copy != NULL);
    memcpy(directory->copy, bytes.data, bytes.size);
    directory->copy_bytes = bytes.size;
    directory->prefix = (uint32_t)outer.prefix;
    directory->version = outer.version;
    tb_digest(&directory->digest, bytes);
    status = unpack(directory, outer.body, diag);
    if (status != TB_OK) {
        tb_directory_free(directory);
        return status;
    }
    *out = directory;
    return TB_OK;
}

void tb_directory_free(struct tb_directory *directory)
{
    if (directory == NULL) {
        return;
    }
    tb_index_fini(&directory->signers);
    tb_index_fini(&directory->codes);
    free(directory->holders);
    tb_arena_fini(&directory->arena);
    free(directory->copy);
    free(directory);
}

uint32_t tb_directory_prefix(const struct tb_directory *directory)
{
    return directory->prefix;
}

uint64_t tb_directory_version(const struct tb_directory *directory)
{
    return directory->version;
}

const struct tb_id *tb_directory_digest(const struct tb_directory *directory)
{
    return &directory->digest;
}

struct tb_bytes tb_directory_bytes(const struct tb_directory *directory)
{
    return tb_bytes_of(directory->copy, directory->copy_bytes);
}

const Tongbao__DirectoryBody *tb_directory_body(const struct tb_directory *directory)
{
    return directory->body;
}

const Tongbao__Office *tb_directory_office(const struct tb_directory *directory, uint32_t code)
{
    uint8_t key[4];
    tb_put_u32(key, code);
    const struct tb_index_row *row = tb_index_find(&directory->codes, key, sizeof key);
    return row != NULL ? row->what : NULL;
}

const Tongbao__Broker *tb_directory_broker(const struct tb_directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->body->n_brokers; i++) {
        if (strcmp(directory->body->brokers[i]->name, name) == 0) {
            return directory->body->brokers[i];
        }
    }
    return NULL;
}

const Tongbao__Key *tb_directory_signer(const struct tb_directory *directory, uint32_t code,
                                        const uint8_t key_id[TB_KEY_ID_BYTES])
{
    uint8_t signer[SIGNER_BYTES];
    signer_of(signer, code, key_id);
    const struct tb_index_row *row = tb_index_find(&directory->signers, signer, sizeof signer);
    return row != NULL ? row->what : NULL;
}

const struct tb_holder *tb_directory_holders(const struct tb_directory *directory, size_t *count)
{
    *count = directory->holder_count;
    return directory->holders;
}

struct tb_bytes tb_directory_file(const struct tb_directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->body->n_files; i++) {
        if (strcmp(directory->body->files[i]->name, name) == 0) {
            return tb_wire_bytes(directory->body->files[i]->content);
        }
    }
    return tb_bytes_of(NULL, 0);
}

static enum tb_status put_outer(struct tb_buf *out, const struct outer *outer)
{
    enum tb_status status = tb_wire_put_u64(out, FIELD_PREFIX, outer->prefix);
    if (status == TB_OK) {
        status = tb_wire_put_u64(out, FIELD_VERSION, outer->version);
    }
    if (status == TB_OK) {
        status = tb_wire_put(out, FIELD_BODY, outer->body);
    }
    if (status == TB_OK) {
        status = tb_wire_put(out, FIELD_SIGNATURE, outer->signature);
    }
    return status == TB_OK ? tb_wire_put(out, FIELD_ROOT, outer->root) : status;
}

enum tb_status tb_directory_seal(struct tb_buf *out, uint32_t prefix, uint64_t version,
                                 const Tongbao__DirectoryBody *body,
                                 const struct tb_sign_secret *root)
{
    struct tb_buf packed;
    uint8_t signature[TB_SIGNATURE_BYTES];
    size_t start = out->size;
    tb_buf_init(&packed, TB_DIRECTORY_BYTES_MAX);
    enum tb_status status = tb_wire_pack(&packed, &body->base);
    if (status == TB_OK) {
        struct outer outer = {.prefix = prefix,
                              .version = version,
                              .body = tb_buf_bytes(&packed),
                              .signature = {signature, sizeof signature},
                              .root = {tb_signing_public(root), TB_KEY_BYTES}};
        uint8_t *place;
        struct tb_bytes bytes = signed_bytes(&place, prefix, version, outer.body);
        tb_signing_sign(signature, bytes, root);
        free(place);
        status = outer_size(&outer) > TB_DIRECTORY_BYTES_MAX ? TB_TOOBIG : put_outer(out, &outer);
    }
    if (status != TB_OK) {
        tb_buf_cut(out, start);
    }
    tb_buf_fini(&packed);
    return status;
}

void tb_root_fingerprint(struct tb_id *out, const uint8_t root[TB_KEY_BYTES])
{
    tb_digest(out, tb_bytes_of(root, TB_KEY_BYTES));
}
