/* Small files: whole or not at all, with limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io/files.h"
#include "scratch.h"

static void what_is_written_is_read_and_replaced_whole(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct tb_buf buf;
    struct stat st;
    tb_buf_init(&buf, 100);
    scratch_path(path, *state, "f");
    assert_int_equal(tb_files_write(path, tb_bytes_text("first"), TB_FILES_PUBLIC, NULL), TB_OK);
    assert_int_equal(tb_files_write(path, tb_bytes_text("2nd"), TB_FILES_PRIVATE, NULL), TB_OK);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&buf), tb_bytes_text("2nd")));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    tb_buf_fini(&buf);
}

/* I10. */
static void reading_stops_at_the_limit(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct tb_buf buf;
    static uint8_t big[40000];
    scratch_path(path, *state, "f");
    assert_int_equal(tb_files_write(path, tb_bytes_of(big, sizeof big), 0600, NULL), TB_OK);
    tb_buf_init(&buf, sizeof big - 1);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_TOOBIG);
    assert_int_equal(buf.size, 0);
    tb_buf_fini(&buf);
    tb_buf_init(&buf, sizeof big);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_OK);
    assert_int_equal(buf.size, sizeof big);
    tb_buf_fini(&buf);
}

static void what_is_not_a_file_is_not_read(void **state)
{
    struct tb_buf buf;
    char path[SCRATCH_PATH_BYTES];
    tb_buf_init(&buf, 10);
    assert_int_equal(tb_files_read(*state, &buf, NULL), TB_IO);
    assert_int_equal(tb_files_read(scratch_path(path, *state, "none"), &buf, NULL), TB_UNKNOWN);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_IO);
    tb_buf_fini(&buf);
}

static void creating_never_overwrites(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct tb_buf buf;
    tb_buf_init(&buf, 10);
    scratch_path(path, *state, "f");
    assert_int_equal(tb_files_create(path, tb_bytes_text("a"), 0600, NULL), TB_OK);
    assert_int_equal(tb_files_create(path, tb_bytes_text("b"), 0600, NULL), TB_CONFLICT);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&buf), tb_bytes_text("a")));
    tb_buf_fini(&buf);
}

/* A limit on the size of files makes write(2) fail in the middle. */
static void a_write_that_fails_leaves_the_old_file(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    char temp[SCRATCH_PATH_BYTES];
    struct tb_buf buf;
    static uint8_t big[20000];
    struct rlimit old;
    tb_buf_init(&buf, 10);
    scratch_path(path, *state, "f");
    assert_int_equal(tb_files_write(path, tb_bytes_text("old"), 0600, NULL), TB_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit small = {.rlim_cur = 8192, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum tb_status write = tb_files_write(path, tb_bytes_of(big, sizeof big), 0600, NULL);
    char other[SCRATCH_PATH_BYTES];
    scratch_path(other, *state, "other");
    enum tb_status create = tb_files_create(other, tb_bytes_of(big, sizeof big), 0600, NULL);
    enum tb_status reserve = tb_files_reserve(other, sizeof big, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_not_equal(write, TB_OK);
    assert_int_not_equal(create, TB_OK);
    assert_int_not_equal(reserve, TB_OK);
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(access(scratch_path(temp, *state, "f.new"), F_OK), -1);
    assert_int_equal(tb_files_read(path, &buf, NULL), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&buf), tb_bytes_text("old")));
    tb_buf_fini(&buf);
}

static void a_reserve_really_holds_the_disk_and_is_given_up_once(void **state)
{
    enum { RESERVE_BYTES = 1 << 20 };
    char path[SCRATCH_PATH_BYTES];
    struct stat st;
    uint64_t free_bytes = 0;
    scratch_path(path, *state, "reserve");
    assert_int_equal(tb_files_free_bytes(*state, &free_bytes, NULL), TB_OK);
    assert_true(free_bytes > RESERVE_BYTES);
    assert_int_equal(tb_files_reserve(path, RESERVE_BYTES, NULL), TB_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, RESERVE_BYTES);
    assert_true((uint64_t)st.st_blocks * 512u >= RESERVE_BYTES);
    assert_int_equal(tb_files_reserve(path, RESERVE_BYTES, NULL), TB_OK);
    assert_int_equal(tb_files_release(path, NULL), TB_OK);
    assert_int_equal(tb_files_release(path, NULL), TB_UNKNOWN);
}

static void a_folder_is_private_or_refused(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    struct stat st;
    struct tb_diag diag = {.text = ""};
    scratch_path(path, *state, "folder");
    assert_int_equal(tb_files_folder(path, NULL), TB_OK);
    assert_int_equal(tb_files_folder(path, NULL), TB_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(chmod(path, 0750), 0);
    assert_int_equal(tb_files_folder(path, &diag), TB_INPUT);
    assert_non_null(strstr(diag.text, "chmod 700"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(tb_files_create(path, tb_bytes_text(""), 0600, NULL), TB_OK);
    assert_int_equal(tb_files_folder(path, &diag), TB_INPUT);
    assert_int_equal(tb_files_folder("/nowhere/at/all", &diag), TB_UNKNOWN);
}

static void the_parent_of_a_path_is_its_folder(void **state)
{
    (void)state;
    char out[TB_FILES_PATH_BYTES_MAX];
    assert_int_equal(tb_files_parent("a/b/c", out), TB_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(tb_files_parent("c", out), TB_OK);
    assert_string_equal(out, ".");
    assert_int_equal(tb_files_parent("/c", out), TB_OK);
    assert_string_equal(out, "/");
}

static void a_lock_keeps_others_out_until_it_is_closed(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    int first;
    int second;
    scratch_path(path, *state, "lock");
    assert_int_equal(tb_files_lock(path, &first, NULL), TB_OK);
    assert_int_equal(tb_files_lock(path, &second, NULL), TB_STATE);
    assert_int_equal(second, -1);
    assert_int_equal(close(first), 0);
    assert_int_equal(tb_files_lock(path, &second, NULL), TB_OK);
    assert_int_equal(close(second), 0);
    assert_int_equal(tb_files_lock("/nowhere/lock", &first, NULL), TB_UNKNOWN);
    assert_int_equal(first, -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_and_replaced_whole),
        TEST(reading_stops_at_the_limit),
        TEST(what_is_not_a_file_is_not_read),
        TEST(creating_never_overwrites),
        TEST(a_write_that_fails_leaves_the_old_file),
        TEST(a_lock_keeps_others_out_until_it_is_closed),
        TEST(a_reserve_really_holds_the_disk_and_is_given_up_once),
        TEST(a_folder_is_private_or_refused),
        TEST(the_parent_of_a_path_is_its_folder),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
