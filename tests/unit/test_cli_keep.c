#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/db.h"
#include "base/io/files.h"
#include "node/cli/fingerprint.h"
#include "node/cli/home.h"
#include "node/cli/restore.h"
#include "node/cli/session.h"
#include "node/core/node.h"
#include "tests/unit/scratch.h"

static void write_text(const char *path, const char *text)
{
    assert_int_equal(tb_files_write(path, tb_bytes_text(text), TB_FILES_PRIVATE, NULL), TB_OK);
}

/* A node's folder with ${config}, found as ${home}. */
static enum tb_status node_in(const char *folder, const char *config, struct tb_home *home,
                              struct tb_diag *diag)
{
    char path[SCRATCH_PATH_BYTES];
    *diag = (struct tb_diag){.file = NULL};
    write_text(scratch_path(path, folder, "node.conf"), config);
    return tb_home_find(home, folder, NULL, diag);
}

static void a_node_is_found_by_its_folder_or_its_configuration(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    char path[SCRATCH_PATH_BYTES];
    char wanted[SCRATCH_PATH_BYTES];
    assert_int_equal(node_in(*state,
                             "# comment\n[node]\noffice = 140926\ndata = store\nlanguage = en\n"
                             "[roots]\n14 = aa\n",
                             &home, &diag),
                     TB_OK);
    assert_int_equal(home.office, 140926);
    assert_int_equal(home.language, TB_LANGUAGE_EN);
    assert_string_equal(home.data, scratch_path(wanted, *state, "store"));
    assert_string_equal(home.socket, scratch_path(wanted, *state, "store/tongbao.sock"));
    scratch_path(path, *state, "node.conf");
    assert_int_equal(tb_home_find(&home, path, "/elsewhere", &diag), TB_OK);
    assert_int_equal(tb_home_find(&home, NULL, path, &diag), TB_OK);
    assert_string_equal(home.config, path);
    assert_int_equal(
        node_in(*state, "[node]\noffice=140926\n[http]\nsocket=/run/t.sock\n", &home, &diag),
        TB_OK);
    assert_string_equal(home.socket, "/run/t.sock");
    assert_string_equal(home.data, scratch_path(wanted, *state, "data"));
}

static void a_missing_or_broken_configuration_is_told(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    char path[SCRATCH_PATH_BYTES];
    assert_int_equal(tb_home_find(&home, scratch_path(path, *state, "none"), NULL, &diag),
                     TB_UNKNOWN);
    assert_non_null(strstr(diag.text, path));
    assert_int_equal(node_in(*state, "[node]\ndata = data\n", &home, &diag), TB_INPUT);
    assert_int_equal(node_in(*state, "[node]\noffice = 140926\nnonsense\n", &home, &diag),
                     TB_INPUT);
    assert_int_equal(diag.line, 3);
}

static void a_session_is_kept_for_its_owner_alone(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    struct stat st;
    char path[TB_FILES_PATH_BYTES_MAX];
    char token[TB_SESSION_TOKEN_BYTES_MAX];
    assert_int_equal(node_in(*state, "[node]\noffice = 140926\ndata = .\n", &home, &diag), TB_OK);
    assert_int_equal(tb_session_path(path, &home, NULL, NULL), TB_OK);
    assert_non_null(strstr(path, "tongbao-140926.session"));
    assert_int_equal(tb_session_load(path, token, &diag), TB_UNKNOWN);
    assert_int_equal(tb_session_keep(path, "00ff", &diag), TB_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(tb_session_load(path, token, &diag), TB_OK);
    assert_string_equal(token, "00ff");
    assert_int_equal(tb_session_keep(path, "ee", &diag), TB_OK);
    assert_int_equal(tb_session_load(path, token, &diag), TB_OK);
    assert_string_equal(token, "ee");
    tb_session_drop(path);
    assert_int_equal(tb_session_load(path, token, &diag), TB_UNKNOWN);
}

static void a_session_that_others_may_read_is_refused(void **state)
{
    struct tb_diag diag = {.file = NULL};
    char path[SCRATCH_PATH_BYTES];
    char token[TB_SESSION_TOKEN_BYTES_MAX];
    scratch_path(path, *state, "session");
    assert_int_equal(tb_session_keep(path, "00ff", &diag), TB_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(tb_session_load(path, token, &diag), TB_INPUT);
    assert_string_equal(token, "");
    assert_non_null(strstr(diag.text, "chmod 600"));
    write_text(path, "no token\n");
    assert_int_equal(tb_session_load(path, token, &diag), TB_INPUT);
}

static void the_place_of_a_session_is_chosen_in_order(void **state)
{
    (void)state;
    static struct tb_home home = {.office = 140926, .data = "/d"};
    char path[TB_FILES_PATH_BYTES_MAX];
    assert_int_equal(tb_session_path(path, &home, "/x/s", "/run/user/1"), TB_OK);
    assert_string_equal(path, "/x/s");
    assert_int_equal(tb_session_path(path, &home, NULL, "/run/user/1"), TB_OK);
    assert_string_equal(path, "/run/user/1/tongbao-140926.session");
    assert_int_equal(tb_session_path(path, &home, NULL, ""), TB_OK);
    assert_string_equal(path, "/d/tongbao-140926.session");
}

static void a_fingerprint_is_read_as_it_is_spoken(void **state)
{
    (void)state;
    struct tb_id id;
    struct tb_id again;
    char text[TB_FINGERPRINT_TEXT_BYTES];
    for (size_t i = 0; i < sizeof id.byte; i++) {
        id.byte[i] = (uint8_t)(i * 7 + 1);
    }
    tb_fingerprint_show(text, &id);
    assert_int_equal(strlen(text), 79);
    assert_true(tb_fingerprint_read(&again, text));
    assert_true(tb_id_equal(&id, &again));
    for (size_t i = 0; text[i] != '\0'; i++) {
        text[i] = text[i] == ' ' ? '-' : text[i] >= 'a' ? (char)(text[i] - 32) : text[i];
    }
    assert_true(tb_fingerprint_read(&again, text));
    assert_true(tb_id_equal(&id, &again));
    text[78] = '\0';
    assert_false(tb_fingerprint_read(&again, text));
    assert_false(tb_fingerprint_read(&again, "xyz"));
}

/* A backup of the office ${office} whose newest row is of ${at_ms}: a store as
 * the node's core makes it, with one row. */
static void make_backup(const char *path, uint32_t office, int64_t at_ms)
{
    static const uint8_t seed[TB_SEED_BYTES] = {7};
    const struct tb_node_config config = {.office = office};
    struct tb_db db;
    struct tb_diag diag = {.file = NULL};
    char sql[512];
    assert_int_equal(tb_db_open(&db, path, tb_node_schema(), &diag), TB_OK);
    struct tb_directories *set = tb_directories_new();
    struct tb_node *node = tb_node_new(&db, &config, set, seed);
    assert_non_null(node);
    tb_node_free(node);
    tb_directories_free(set);
    snprintf(sql, sizeof sql,
             "INSERT INTO ledger (id, bytes, destroyed, origin, world, kind, own, issued_ms, at_ms,"
             " admitted_ms, mark) VALUES (x'01', x'01', 0, 140926, 1, 1, 1, 1, %lld, 0, 0)",
             (long long)at_ms);
    assert_int_equal(sqlite3_exec(db.handle, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)tb_db_checkpoint(&db);
    tb_db_close(&db);
}

static int count_rows(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int count = -1;
    if (sqlite3_open(path, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        count = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return count;
}

/* I1: a restore deletes nothing that was there; I8: it opens new chains, one for
 * each world, and shows that it did. */
static void a_restore_opens_new_chains_and_keeps_the_old_store(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    struct tb_restored restored;
    char backup[SCRATCH_PATH_BYTES];
    char store[SCRATCH_PATH_BYTES];
    assert_int_equal(node_in(*state, "[node]\noffice = 140926\ndata = .\n", &home, &diag), TB_OK);
    scratch_path(backup, *state, "backup.db");
    scratch_path(store, *state, "node.db");
    make_backup(backup, 140926, 1737054764000);
    write_text(store, "the old one");
    assert_int_equal(
        tb_restore_put(&home, backup, (struct tb_wall){.ms = 1737054999000}, &restored, &diag),
        TB_OK);
    assert_int_equal(restored.newest.ms, 1737054764000);
    assert_int_equal(access(restored.kept, F_OK), 0);
    assert_int_equal(count_rows(store, "SELECT count(*) FROM happening"), 3);
    assert_int_equal(count_rows(backup, "SELECT count(*) FROM happening"), 0);
    assert_int_equal(count_rows(store, "SELECT count(*) FROM ledger"), 1);
}

static void a_restore_refuses_what_is_not_this_offices_sound_backup(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    struct tb_restored restored;
    const struct tb_wall now = {.ms = 1737054999000};
    char backup[SCRATCH_PATH_BYTES];
    char store[SCRATCH_PATH_BYTES];
    assert_int_equal(node_in(*state, "[node]\noffice = 140926\ndata = .\n", &home, &diag), TB_OK);
    scratch_path(backup, *state, "backup.db");
    scratch_path(store, *state, "node.db");
    write_text(store, "the old one");
    assert_int_equal(tb_restore_put(&home, backup, now, &restored, &diag), TB_INPUT);
    write_text(backup, "no database at all, but long enough to be looked at twice or more");
    assert_int_equal(tb_restore_put(&home, backup, now, &restored, &diag), TB_INPUT);
    assert_int_equal(unlink(backup), 0);
    make_backup(backup, 140121, 1);
    assert_int_equal(tb_restore_put(&home, backup, now, &restored, &diag), TB_INPUT);
    struct tb_buf buf;
    tb_buf_init(&buf, 64);
    assert_int_equal(tb_files_read(store, &buf, NULL), TB_OK);
    assert_int_equal(buf.size, strlen("the old one"));
    tb_buf_fini(&buf);
}

static void a_restore_beside_a_running_node_is_refused(void **state)
{
    struct tb_home home;
    struct tb_diag diag;
    struct tb_restored restored;
    char backup[SCRATCH_PATH_BYTES];
    char lock[SCRATCH_PATH_BYTES];
    assert_int_equal(node_in(*state, "[node]\noffice = 140926\ndata = .\n", &home, &diag), TB_OK);
    make_backup(scratch_path(backup, *state, "backup.db"), 140926, 1);
    int fd = open(scratch_path(lock, *state, "lock"), O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(tb_restore_put(&home, backup, (struct tb_wall){.ms = 1}, &restored, &diag),
                     TB_STATE);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_is_found_by_its_folder_or_its_configuration,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_missing_or_broken_configuration_is_told, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_session_is_kept_for_its_owner_alone, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_session_that_others_may_read_is_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(the_place_of_a_session_is_chosen_in_order),
        cmocka_unit_test(a_fingerprint_is_read_as_it_is_spoken),
        cmocka_unit_test_setup_teardown(a_restore_opens_new_chains_and_keeps_the_old_store,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_restore_refuses_what_is_not_this_offices_sound_backup,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_restore_beside_a_running_node_is_refused, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
