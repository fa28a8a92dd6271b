#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/keyfile.h"
#include "base/limits.h"
#include "node/cli/draft.h"
#include "node/cli/pick.h"
#include "proto/directory.h"
#include "tests/unit/scratch.h"

#define SIGN "1111111111111111111111111111111111111111111111111111111111111111"
#define LINK "2222222222222222222222222222222222222222222222222222222222222222"

static json_t *sample(void)
{
    json_t *draft = json_loads(
        "{\"prefix\": 14, \"version\": 3, \"name\": \"山西省\", \"offices\": [{\"code\": 140926,"
        " \"name\": \"静乐分局\", \"keys\": [{\"sign\": \"" SIGN "\", \"link\": \"" LINK "\","
        " \"state\": \"retired\", \"since\": \"2025-01-17T03:12:44+08:00\"}],"
        " \"brokers\": [\"sx-1\"], \"phones\": [{\"label\": \"值班\", \"number\": \"0350-1\","
        " \"proved_at\": \"2025-01-01T00:00:00+08:00\"}],"
        " \"valid_until\": \"2027-01-01T00:00:00+08:00\", \"version_max\": 1}],"
        " \"brokers\": [{\"name\": \"sx-1\", \"sign\": \"" LINK "\", \"link\": \"" SIGN "\","
        " \"state\": \"active\", \"since\": \"2025-01-01T00:00:00+08:00\","
        " \"endpoints\": [\"tcp://127.0.0.1:1\"]}],"
        " \"files\": [{\"name\": \"rivers.csv\", \"lines\": [\"a,b\", \"汾河,1\\r\", \"\"]}]}",
        0, NULL);
    assert_non_null(draft);
    return draft;
}

static enum tb_status body_of(const json_t *draft, struct tb_arena *arena,
                              Tongbao__DirectoryBody **body, struct tb_diag *diag)
{
    tb_arena_init(arena, TB_DRAFT_ARENA_BYTES, TB_DRAFT_ARENA_COUNT);
    *diag = (struct tb_diag){.file = NULL};
    return tb_draft_body(draft, (struct tb_wall){.ms = 1737054764000}, arena, body, diag);
}

static void a_draft_becomes_a_body_and_the_same_draft_again(void **state)
{
    (void)state;
    struct tb_arena arena;
    struct tb_diag diag;
    Tongbao__DirectoryBody *body = NULL;
    json_t *draft = sample();
    assert_int_equal(body_of(draft, &arena, &body, &diag), TB_OK);
    assert_int_equal(body->n_offices, 1);
    assert_int_equal(body->offices[0]->code, 140926);
    assert_int_equal(body->offices[0]->keys[0]->state, TONGBAO__KEY_STATE__RETIRED);
    assert_int_equal(body->offices[0]->keys[0]->since_ms, 1737054764000);
    assert_int_equal(body->files[0]->content.len, strlen("a,b\n汾河,1\r\n"));
    assert_memory_equal(body->files[0]->content.data, "a,b\n汾河,1\r\n",
                        body->files[0]->content.len);
    json_t *again = tb_draft_of_body(14, 3, body);
    assert_true(json_equal(draft, again));
    json_decref(again);
    json_decref(draft);
    tb_arena_fini(&arena);
}

/* Every piece that the arena refuses ends the making, and none is made do without. */
static void a_draft_too_large_for_its_arena_is_told_wherever_it_ends(void **state)
{
    (void)state;
    json_t *draft = sample();
    enum tb_status status = TB_MEMORY;
    size_t pieces = 0;
    for (; status == TB_MEMORY; pieces++) {
        struct tb_arena arena;
        struct tb_diag diag = {.file = NULL};
        Tongbao__DirectoryBody *body = NULL;
        tb_arena_init(&arena, TB_PARSE_BYTES_MAX, pieces);
        status = tb_draft_body(draft, (struct tb_wall){.ms = 1737054764000}, &arena, &body, &diag);
        assert_true(status == TB_OK || status == TB_MEMORY);
        assert_true(status == TB_OK || strstr(diag.text, "too large") != NULL);
        tb_arena_fini(&arena);
    }
    assert_in_range(pieces, 20, 200);
    json_decref(draft);
}

static void a_draft_is_signed_and_opens_as_the_directory_it_describes(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_sign_key *root = NULL;
    struct tb_arena arena;
    struct tb_diag diag;
    struct tb_id fingerprint;
    struct tb_buf bytes;
    struct tb_directory *directory = NULL;
    Tongbao__DirectoryBody *body = NULL;
    json_t *draft = sample();
    scratch_path(path, *state, "root.key");
    assert_int_equal(tb_keyfile_create_sign(path, tb_bytes_text(""), public_key, &diag), TB_OK);
    assert_int_equal(tb_keyfile_load_sign(path, tb_bytes_text(""), &root, &diag), TB_OK);
    tb_root_fingerprint(&fingerprint, public_key);
    assert_int_equal(body_of(draft, &arena, &body, &diag), TB_OK);
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    assert_int_equal(tb_directory_seal(&bytes, 14, 4, body, &root->secret), TB_OK);
    assert_int_equal(tb_directory_open(&directory, tb_buf_bytes(&bytes), &fingerprint, &diag),
                     TB_OK);
    assert_int_equal(tb_directory_version(directory), 4);
    json_t *again = tb_draft_of_body(14, 3, tb_directory_body(directory));
    assert_true(json_equal(draft, again));
    json_decref(again);
    json_decref(draft);
    tb_directory_free(directory);
    tb_keyfile_free_sign(root);
    tb_buf_fini(&bytes);
    tb_arena_fini(&arena);
}

static void a_mistake_in_a_draft_names_the_entry_and_the_key(void **state)
{
    (void)state;
    struct tb_arena arena;
    struct tb_diag diag;
    Tongbao__DirectoryBody *body = NULL;
    json_t *draft = sample();
    json_t *office = tb_draft_office(draft, 140926);
    json_t *key = json_array_get(json_object_get(office, "keys"), 0);
    json_object_set_new(key, "link", json_string("12"));
    assert_int_equal(body_of(draft, &arena, &body, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "静乐分局"));
    assert_non_null(strstr(diag.text, "link"));
    tb_arena_fini(&arena);
    json_object_set_new(key, "link", json_string(LINK));
    json_object_set_new(key, "state", json_string("lost"));
    assert_int_equal(body_of(draft, &arena, &body, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "state"));
    tb_arena_fini(&arena);
    json_object_set_new(key, "state", json_string("active"));
    json_object_set_new(office, "valid_until", json_string("tomorrow"));
    assert_int_equal(body_of(draft, &arena, &body, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "valid_until"));
    tb_arena_fini(&arena);
    json_decref(draft);
}

/* I10: a draft beyond the arena's budget is refused, and nothing else happens. */
static void a_draft_beyond_the_budget_is_refused(void **state)
{
    (void)state;
    struct tb_arena arena;
    struct tb_diag diag = {.file = NULL};
    Tongbao__DirectoryBody *body = NULL;
    json_t *draft = sample();
    tb_arena_init(&arena, 512, 64);
    assert_int_equal(tb_draft_body(draft, (struct tb_wall){.ms = 1}, &arena, &body, &diag),
                     TB_MEMORY);
    tb_arena_fini(&arena);
    json_decref(draft);
}

static void a_draft_is_kept_and_read_back(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct tb_diag diag = {.file = NULL};
    json_t *draft = sample();
    json_t *read = NULL;
    scratch_path(path, *state, "draft.json");
    assert_int_equal(tb_draft_load(path, &read, &diag), TB_OK); /* none yet: an empty one */
    assert_int_equal(json_array_size(tb_pick_list(read, "offices")), 0);
    json_decref(read);
    assert_int_equal(tb_draft_save(path, draft, &diag), TB_OK);
    assert_int_equal(tb_draft_load(path, &read, &diag), TB_OK);
    assert_true(json_equal(draft, read));
    json_decref(read);
    json_decref(draft);
}

static void bytes_that_are_not_text_do_not_enter_a_draft(void **state)
{
    (void)state;
    struct tb_diag diag = {.file = NULL};
    json_t *draft = sample();
    assert_int_equal(tb_draft_put_file(draft, "x.csv", tb_bytes_of("a\n\xff", 3), &diag), TB_INPUT);
    assert_int_equal(json_array_size(tb_pick_list(draft, "files")), 1);
    assert_int_equal(tb_draft_put_file(draft, "rivers.csv", tb_bytes_text("new"), &diag), TB_OK);
    assert_int_equal(json_array_size(tb_pick_list(draft, "files")), 1);
    json_decref(draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_becomes_a_body_and_the_same_draft_again),
        cmocka_unit_test_setup_teardown(a_draft_is_signed_and_opens_as_the_directory_it_describes,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(a_mistake_in_a_draft_names_the_entry_and_the_key),
        cmocka_unit_test(a_draft_beyond_the_budget_is_refused),
        cmocka_unit_test(a_draft_too_large_for_its_arena_is_told_wherever_it_ends),
        cmocka_unit_test_setup_teardown(a_draft_is_kept_and_read_back, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(bytes_that_are_not_text_do_not_enter_a_draft),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
