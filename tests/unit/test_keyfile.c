/* Key files: both halves, their protection, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/io/files.h"
#include "base/io/keyring.h"
#include "scratch.h"

static const struct tb_bytes none;

static void a_signing_key_signs_what_its_public_half_verifies(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    uint8_t signature[crypto_sign_BYTES];
    struct tb_sign_key *key;
    struct stat st;
    scratch_path(path, *state, "sign.key");
    assert_int_equal(tb_keyfile_create_sign(path, none, public_key, NULL), TB_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(tb_keyfile_load_sign(path, none, &key, NULL), TB_OK);
    assert_memory_equal(key->public_key, public_key, TB_KEY_BYTES);
    crypto_sign_detached(signature, NULL, (const uint8_t *)"x", 1, key->secret.byte);
    assert_int_equal(crypto_sign_verify_detached(signature, (const uint8_t *)"x", 1, public_key),
                     0);
    tb_keyfile_free_sign(key);
    assert_false(tb_keyfile_protected(path));
}

static void a_link_key_has_both_halves(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    uint8_t derived[TB_KEY_BYTES];
    struct tb_link_secret *secret;
    scratch_path(path, *state, "link.key");
    assert_int_equal(tb_keyfile_create_link(path, public_key, NULL), TB_OK);
    assert_int_equal(tb_keyfile_load_link(path, &secret, NULL), TB_OK);
    assert_memory_equal(secret->public_key, public_key, TB_KEY_BYTES);
    assert_int_equal(crypto_scalarmult_base(derived, secret->secret_key), 0);
    assert_memory_equal(derived, public_key, TB_KEY_BYTES);
    tb_keyfile_free_link(secret);
}

static void a_key_is_never_overwritten(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t first[TB_KEY_BYTES];
    uint8_t second[TB_KEY_BYTES];
    struct tb_link_secret *secret;
    struct tb_diag diag = {.text = ""};
    scratch_path(path, *state, "link.key");
    assert_int_equal(tb_keyfile_create_link(path, first, NULL), TB_OK);
    assert_int_equal(tb_keyfile_create_link(path, second, &diag), TB_CONFLICT);
    assert_non_null(strstr(diag.text, path));
    assert_int_equal(tb_keyfile_load_link(path, &secret, NULL), TB_OK);
    assert_memory_equal(secret->public_key, first, TB_KEY_BYTES);
    tb_keyfile_free_link(secret);
}

static void a_key_that_others_may_read_is_refused_with_the_cure(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_sign_key *key;
    scratch_path(path, *state, "sign.key");
    assert_int_equal(tb_keyfile_create_sign(path, none, public_key, NULL), TB_OK);
    static const mode_t open_modes[] = {0640, 0604, 0660, 0601};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        struct tb_diag diag = {.text = ""};
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_int_equal(tb_keyfile_load_sign(path, none, &key, &diag), TB_INPUT);
        assert_null(key);
        assert_non_null(strstr(diag.text, "chmod 600"));
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(tb_keyfile_load_sign(path, none, &key, NULL), TB_OK);
    tb_keyfile_free_sign(key);
}

static void a_passphrase_opens_and_nothing_else_does(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_sign_key *key;
    struct tb_diag diag = {.text = ""};
    scratch_path(path, *state, "root.key");
    assert_int_equal(tb_keyfile_create_sign(path, tb_bytes_text("滹沱河"), public_key, NULL),
                     TB_OK);
    assert_true(tb_keyfile_protected(path));
    assert_int_equal(tb_keyfile_load_sign(path, none, &key, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "passphrase"));
    assert_int_equal(tb_keyfile_load_sign(path, tb_bytes_text("汾河"), &key, NULL), TB_SESSION);
    assert_null(key);
    assert_int_equal(tb_keyfile_load_sign(path, tb_bytes_text("滹沱河"), &key, NULL), TB_OK);
    assert_memory_equal(key->public_key, public_key, TB_KEY_BYTES);
    tb_keyfile_free_sign(key);
}

static void the_file_says_whether_it_is_protected(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_buf text;
    tb_buf_init(&text, TB_KEYFILE_BYTES_MAX);
    scratch_path(path, *state, "a.key");
    assert_int_equal(tb_keyfile_create_sign(path, none, public_key, NULL), TB_OK);
    assert_int_equal(tb_files_read(path, &text, NULL), TB_OK);
    assert_int_equal(tb_buf_add(&text, tb_bytes_of("", 1)), TB_OK);
    assert_non_null(strstr((const char *)text.data, "\nprotection unprotected\n"));
    tb_buf_fini(&text);
}

static void the_wrong_kind_is_refused(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_sign_key *key;
    struct tb_diag diag = {.text = ""};
    scratch_path(path, *state, "link.key");
    assert_int_equal(tb_keyfile_create_link(path, public_key, NULL), TB_OK);
    assert_int_equal(tb_keyfile_load_sign(path, none, &key, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "is a link key"));
}

static void a_damaged_file_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "tongbao-key 2\n",
        "tongbao-key 1\nkind other\n",
        "tongbao-key 1\nkind sign\npublic 12\n",
        "tongbao-key 1\nkind sign\npublic "
        "0000000000000000000000000000000000000000000000000000000000000000\n"
        "protection argon2id 3 99999999999 00000000000000000000000000000000\nsecret 00\n",
        "tongbao-key 1\nkind sign\npublic "
        "0000000000000000000000000000000000000000000000000000000000000000\n"
        "protection unprotected\nsecret "
        "0000000000000000000000000000000000000000000000000000000000000000\n",
    };
    char path[SCRATCH_PATH_BYTES];
    struct tb_sign_key *key;
    scratch_path(path, *state, "bad.key");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tb_diag diag = {.text = ""};
        assert_int_equal(tb_files_write(path, tb_bytes_text(bad[i]), TB_FILES_PRIVATE, NULL),
                         TB_OK);
        assert_int_equal(tb_keyfile_load_sign(path, none, &key, &diag), TB_INPUT);
        assert_null(key);
        assert_non_null(strstr(diag.text, path));
    }
    assert_int_equal(tb_keyfile_load_sign("/nowhere/x", none, &key, NULL), TB_UNKNOWN);
}

static void a_keyring_holds_both_keys_of_a_daemon(void **state)
{
    char sign_path[SCRATCH_PATH_BYTES];
    char link_path[SCRATCH_PATH_BYTES];
    uint8_t sign[TB_KEY_BYTES];
    uint8_t link[TB_KEY_BYTES];
    struct tb_keyring keyring;
    struct tb_diag diag = {.text = ""};
    scratch_path(sign_path, *state, "sign.key");
    scratch_path(link_path, *state, "link.key");
    assert_int_equal(tb_keyring_create(sign_path, link_path, sign, link, &diag), TB_OK);
    assert_int_equal(tb_keyring_load(&keyring, sign_path, link_path, &diag), TB_OK);
    assert_memory_equal(keyring.sign->public_key, sign, TB_KEY_BYTES);
    assert_memory_equal(keyring.sign->secret.byte + TB_KEY_BYTES, sign, TB_KEY_BYTES);
    assert_memory_equal(keyring.link->public_key, link, TB_KEY_BYTES);
    assert_int_equal(keyring.locked, keyring.sign->locked && keyring.link->locked);
    tb_keyring_free(&keyring);
    assert_null(keyring.sign);
    assert_int_equal(tb_keyring_create(sign_path, link_path, sign, link, &diag), TB_CONFLICT);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(tb_keyring_load(&keyring, sign_path, link_path, &diag), TB_UNKNOWN);
    assert_null(keyring.sign);
    assert_null(keyring.link);
}

static void a_daemon_refuses_a_signing_key_that_needs_a_passphrase(void **state)
{
    char sign_path[SCRATCH_PATH_BYTES];
    char link_path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_keyring keyring;
    struct tb_diag diag = {.text = ""};
    scratch_path(sign_path, *state, "sign.key");
    scratch_path(link_path, *state, "link.key");
    assert_int_equal(tb_keyfile_create_sign(sign_path, tb_bytes_text("汾河"), public_key, NULL),
                     TB_OK);
    assert_int_equal(tb_keyfile_create_link(link_path, public_key, NULL), TB_OK);
    assert_int_equal(tb_keyring_load(&keyring, sign_path, link_path, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "a daemon has nobody to ask"));
    assert_null(keyring.sign);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_signing_key_signs_what_its_public_half_verifies),
        TEST(a_link_key_has_both_halves),
        TEST(a_key_is_never_overwritten),
        TEST(a_key_that_others_may_read_is_refused_with_the_cure),
        TEST(a_passphrase_opens_and_nothing_else_does),
        TEST(the_file_says_whether_it_is_protected),
        TEST(the_wrong_kind_is_refused),
        TEST(a_damaged_file_is_refused),
        TEST(a_keyring_holds_both_keys_of_a_daemon),
        TEST(a_daemon_refuses_a_signing_key_that_needs_a_passphrase),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
