#include "base/io/keyfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/fault.h"
#include "base/io/files.h"
#include "base/io/random.h"
#include "base/text.h"

/*
 * The secret half of every key is 32 bytes: an Ed25519 seed or an X25519
 * scalar. In the file they stand in hex, or as nonce and secretbox in hex.
 */
enum {
    SEED_BYTES = 32,
    BOX_BYTES = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + SEED_BYTES,
    FIELD_CHARS = 2 * BOX_BYTES + 1,
    /* A file from elsewhere must not choose how much memory and time we spend. */
    OPS_MAX = 16,
    KIB_MAX = 1024 * 1024,
};

enum kind { KIND_SIGN, KIND_LINK };

static const char *const kind_word[] = {[KIND_SIGN] = "sign", [KIND_LINK] = "link"};

/* A key file's contents, parsed. */
struct parsed {
    enum kind kind;
    uint8_t public_key[TB_KEY_BYTES];
    bool protected;
    unsigned long long ops;
    size_t kib;
    uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t secret[BOX_BYTES];
    size_t secret_bytes;
};

_Static_assert((int)TB_SIGN_SECRET_BYTES == (int)crypto_sign_SECRETKEYBYTES, "libsodium's form");

/* The public half of ${seed}; for signing also the secret in libsodium's form. */
static void derive(enum kind kind, const uint8_t seed[SEED_BYTES], uint8_t public_key[TB_KEY_BYTES],
                   struct tb_sign_secret *sign)
{
    int failed = kind == KIND_SIGN ? crypto_sign_seed_keypair(public_key, sign->byte, seed)
                                   : crypto_scalarmult_base(public_key, seed);
    tb_assert(failed == 0);
}

/* The key of the box, from the passphrase; TB_MEMORY when the machine is too
 * small for it. */
static enum tb_status box_key(uint8_t key[crypto_secretbox_KEYBYTES], struct tb_bytes passphrase,
                              const struct parsed *p, struct tb_diag *diag)
{
    if (passphrase.size > TB_KEYFILE_PASSPHRASE_BYTES_MAX) {
        tb_diag_set(diag, 0, "the passphrase is longer than %d bytes",
                    TB_KEYFILE_PASSPHRASE_BYTES_MAX);
        return TB_INPUT;
    }
    if (crypto_pwhash(key, crypto_secretbox_KEYBYTES, (const char *)passphrase.data,
                      passphrase.size, p->salt, p->ops, p->kib * 1024u,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        tb_diag_set(diag, 0, "no memory for the passphrase: it needs %zu KiB", p->kib);
        return TB_MEMORY;
    }
    return TB_OK;
}

static enum tb_status protect(struct parsed *p, const uint8_t seed[SEED_BYTES],
                              struct tb_bytes passphrase, struct tb_diag *diag)
{
    p->protected = true;
    p->ops = crypto_pwhash_OPSLIMIT_MODERATE;
    p->kib = crypto_pwhash_MEMLIMIT_MODERATE / 1024u;
    tb_random_fill(p->salt, sizeof p->salt);
    uint8_t key[crypto_secretbox_KEYBYTES];
    enum tb_status status = box_key(key, passphrase, p, diag);
    if (status == TB_OK) {
        tb_random_fill(p->secret, crypto_secretbox_NONCEBYTES);
        int failed = crypto_secretbox_easy(p->secret + crypto_secretbox_NONCEBYTES, seed,
                                           SEED_BYTES, p->secret, key);
        tb_assert(failed == 0);
        p->secret_bytes = BOX_BYTES;
    }
    sodium_memzero(key, sizeof key);
    return status;
}

static enum tb_status unprotect(uint8_t seed[SEED_BYTES], const struct parsed *p,
                                struct tb_bytes passphrase, struct tb_diag *diag)
{
    if (!p->protected) {
        memcpy(seed, p->secret, SEED_BYTES);
        return TB_OK;
    }
    if (passphrase.size == 0) {
        tb_diag_set(diag, 0, "this key needs its passphrase");
        return TB_INPUT;
    }
    uint8_t key[crypto_secretbox_KEYBYTES];
    enum tb_status status = box_key(key, passphrase, p, diag);
    if (status == TB_OK &&
        crypto_secretbox_open_easy(seed, p->secret + crypto_secretbox_NONCEBYTES,
                                   BOX_BYTES - crypto_secretbox_NONCEBYTES, p->secret, key) != 0) {
        tb_diag_set(diag, 0, "the passphrase is wrong");
        status = TB_SESSION;
    }
    sodium_memzero(key, sizeof key);
    return status;
}

/* Write the file's text; the caller wipes it. */
static int print(char text[TB_KEYFILE_BYTES_MAX], const struct parsed *p)
{
    char public_hex[2 * TB_KEY_BYTES + 1];
    char salt_hex[2 * crypto_pwhash_SALTBYTES + 1];
    char secret_hex[FIELD_CHARS];
    char protection[sizeof salt_hex + 64] = "unprotected";
    tb_hex(public_hex, tb_bytes_of(p->public_key, TB_KEY_BYTES));
    tb_hex(secret_hex, tb_bytes_of(p->secret, p->secret_bytes));
    if (p->protected) {
        tb_hex(salt_hex, tb_bytes_of(p->salt, sizeof p->salt));
        snprintf(protection, sizeof protection, "argon2id %llu %zu %s", p->ops, p->kib, salt_hex);
    }
    int length = snprintf(text, TB_KEYFILE_BYTES_MAX,
                          "tongbao-key 1\nkind %s\npublic %s\nprotection %s\nsecret %s\n",
                          kind_word[p->kind], public_hex, protection, secret_hex);
    sodium_memzero(secret_hex, sizeof secret_hex);
    return length;
}

static enum tb_status create(enum kind kind, const char *path, struct tb_bytes passphrase,
                             uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag)
{
    struct parsed p = {.kind = kind, .secret_bytes = SEED_BYTES};
    uint8_t seed[SEED_BYTES];
    struct tb_sign_secret sign;
    tb_random_fill(seed, sizeof seed);
    derive(kind, seed, p.public_key, &sign);
    memcpy(p.secret, seed, SEED_BYTES);
    enum tb_status status = passphrase.size > 0 ? protect(&p, seed, passphrase, diag) : TB_OK;
    char text[TB_KEYFILE_BYTES_MAX];
    if (status == TB_OK) {
        int length = print(text, &p);
        status = tb_files_create(path, tb_bytes_of(text, (size_t)length), TB_FILES_PRIVATE, diag);
    }
    memcpy(public_key, p.public_key, TB_KEY_BYTES);
    sodium_memzero(text, sizeof text);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(&sign, sizeof sign);
    sodium_memzero(&p, sizeof p);
    return status;
}

enum tb_status tb_keyfile_create_sign(const char *path, struct tb_bytes passphrase,
                                      uint8_t public_key[TB_KEY_BYTES], struct tb_diag *diag)
{
    return create(KIND_SIGN, path, passphrase, public_key, diag);
}

enum tb_status tb_keyfile_create_link(const char *path, uint8_t public_key[TB_KEY_BYTES],
                                      struct tb_diag *diag)
{
    return create(KIND_LINK, path, tb_bytes_of(NULL, 0), public_key, diag);
}

/* Cut the next line "${name} value" out of *${text}; the value, or NULL. */
static char *next_value(char **text, const char *name)
{
    char *line = *text;
    char *end = strchr(line, '\n');
    size_t length = strlen(name);
    if (end == NULL || strncmp(line, name, length) != 0 || line[length] != ' ') {
        return NULL;
    }
    *end = '\0';
    *text = end + 1;
    return line + length + 1;
}

/* "argon2id <ops> <KiB> <salt>" */
static bool parse_protection(struct parsed *p, char *value)
{
    if (strcmp(value, "unprotected") == 0) {
        return true;
    }
    p->protected = true;
    char ops_text[24];
    char kib_text[24];
    char salt_hex[2 * crypto_pwhash_SALTBYTES + 1];
    int used = 0;
    if (sscanf(value, "argon2id %23s %23s %32s%n", ops_text, kib_text, salt_hex, &used) != 3 ||
        value[used] != '\0') {
        return false;
    }
    uint64_t ops_number;
    uint64_t kib_number;
    if (!tb_text_u64(ops_text, OPS_MAX, &ops_number) || ops_number < crypto_pwhash_OPSLIMIT_MIN ||
        !tb_text_u64(kib_text, KIB_MAX, &kib_number) ||
        kib_number < crypto_pwhash_MEMLIMIT_MIN / 1024u) {
        return false;
    }
    p->ops = ops_number;
    p->kib = (size_t)kib_number;
    return tb_unhex(p->salt, sizeof p->salt, salt_hex);
}

/* Parse the whole file in ${text}, which is cut up; the number of the line that
 * is wrong, or 0. */
static int parse(struct parsed *p, char *text)
{
    const char *value = next_value(&text, "tongbao-key");
    if (value == NULL || strcmp(value, "1") != 0) {
        return 1;
    }
    value = next_value(&text, "kind");
    if (value == NULL || (strcmp(value, "sign") != 0 && strcmp(value, "link") != 0)) {
        return 2;
    }
    p->kind = strcmp(value, "sign") == 0 ? KIND_SIGN : KIND_LINK;
    value = next_value(&text, "public");
    if (value == NULL || !tb_unhex(p->public_key, TB_KEY_BYTES, value)) {
        return 3;
    }
    char *protection = next_value(&text, "protection");
    if (protection == NULL || !parse_protection(p, protection)) {
        return 4;
    }
    p->secret_bytes = p->protected ? BOX_BYTES : SEED_BYTES;
    value = next_value(&text, "secret");
    if (value == NULL || !tb_unhex(p->secret, p->secret_bytes, value)) {
        return 5;
    }
    return *text == '\0' ? 0 : 6;
}

/* "Refused when group or others may read it." */
static enum tb_status check_mode(const char *path, struct tb_diag *diag)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        tb_diag_set(diag, 0, "cannot read the key %s: %s", path, strerror(errno));
        return errno == ENOENT || errno == ENOTDIR ? TB_UNKNOWN : TB_IO;
    }
    if (!S_ISREG(st.st_mode)) {
        tb_diag_set(diag, 0, "%s is not a file", path);
        return TB_INPUT;
    }
    if ((st.st_mode & 077) != 0) {
        tb_diag_set(diag, 0, "the key %s can be read by others: chmod 600 %s", path, path);
        return TB_INPUT;
    }
    return TB_OK;
}

static enum tb_status read_parsed(const char *path, struct parsed *p, struct tb_diag *diag)
{
    enum tb_status status = check_mode(path, diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_buf buf;
    tb_buf_init(&buf, TB_KEYFILE_BYTES_MAX);
    char text[TB_KEYFILE_BYTES_MAX + 1] = "";
    status = tb_files_read(path, &buf, diag);
    if (status == TB_OK && buf.size > 0) {
        memcpy(text, buf.data, buf.size);
        sodium_memzero(buf.data, buf.size);
    }
    tb_buf_fini(&buf);
    int line = status == TB_OK ? parse(p, text) : 0;
    sodium_memzero(text, sizeof text);
    if (line != 0) {
        tb_diag_set(diag, line, "%s is not a key file: its line %d is wrong", path, line);
        status = TB_INPUT;
    }
    return status == TB_TOOBIG ? TB_INPUT : status;
}

/* Load the seed of a ${kind} key and prove that both halves belong together. */
static enum tb_status load(enum kind kind, const char *path, struct tb_bytes passphrase,
                           uint8_t seed[SEED_BYTES], uint8_t public_key[TB_KEY_BYTES],
                           struct tb_sign_secret *sign, struct tb_diag *diag)
{
    tb_assert(sodium_init() >= 0);
    struct parsed p = {.protected = false};
    enum tb_status status = read_parsed(path, &p, diag);
    if (status == TB_OK && p.kind != kind) {
        tb_diag_set(diag, 0, "%s is a %s key; a %s key belongs here", path, kind_word[p.kind],
                    kind_word[kind]);
        status = TB_INPUT;
    }
    if (status == TB_OK) {
        status = unprotect(seed, &p, passphrase, diag);
    }
    if (status == TB_OK) {
        derive(kind, seed, public_key, sign);
        if (sodium_memcmp(public_key, p.public_key, TB_KEY_BYTES) != 0) {
            tb_diag_set(diag, 3, "%s: the public half does not belong to the secret", path);
            status = TB_INPUT;
        }
    }
    sodium_memzero(&p, sizeof p);
    return status;
}

/* Guarded memory; ${locked} says whether it can never be swapped out. */
static void *guarded(size_t size, bool *locked)
{
    tb_assert(sodium_init() >= 0);
    void *memory = sodium_malloc(size);
    tb_assert(memory != NULL);
    *locked = sodium_mlock(memory, size) == 0;
    memset(memory, 0, size);
    return memory;
}

enum tb_status tb_keyfile_load_sign(const char *path, struct tb_bytes passphrase,
                                    struct tb_sign_key **out, struct tb_diag *diag)
{
    *out = NULL;
    bool locked;
    struct tb_sign_key *key = guarded(sizeof *key, &locked);
    key->locked = locked;
    uint8_t seed[SEED_BYTES];
    enum tb_status status =
        load(KIND_SIGN, path, passphrase, seed, key->public_key, &key->secret, diag);
    sodium_memzero(seed, sizeof seed);
    if (status != TB_OK) {
        tb_keyfile_free_sign(key);
        return status;
    }
    *out = key;
    return TB_OK;
}

enum tb_status tb_keyfile_load_link(const char *path, struct tb_link_secret **out,
                                    struct tb_diag *diag)
{
    *out = NULL;
    bool locked;
    struct tb_link_secret *secret = guarded(sizeof *secret, &locked);
    secret->locked = locked;
    enum tb_status status = load(KIND_LINK, path, tb_bytes_of(NULL, 0), secret->secret_key,
                                 secret->public_key, NULL, diag);
    if (status != TB_OK) {
        tb_keyfile_free_link(secret);
        return status;
    }
    *out = secret;
    return TB_OK;
}

bool tb_keyfile_protected(const char *path)
{
    struct parsed p = {.protected = false};
    bool protected = read_parsed(path, &p, NULL) == TB_OK && p.protected;
    sodium_memzero(&p, sizeof p);
    return protected;
}

struct tb_link_secret *tb_keyfile_draw_link(void)
{
    bool locked;
    struct tb_link_secret *secret = guarded(sizeof *secret, &locked);
    secret->locked = locked;
    tb_random_fill(secret->secret_key, SEED_BYTES);
    derive(KIND_LINK, secret->secret_key, secret->public_key, NULL);
    return secret;
}

void tb_keyfile_free_sign(struct tb_sign_key *key)
{
    sodium_free(key);
}

void tb_keyfile_free_link(struct tb_link_secret *secret)
{
    sodium_free(secret);
}
