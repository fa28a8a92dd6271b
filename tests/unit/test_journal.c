/* Notes on standard error, captured through a file; clocks, chance, and what
 * the service manager is told, through a socket of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/io/clock.h"
#include "base/io/files.h"
#include "base/io/journal.h"
#include "base/io/random.h"
#include "base/io/service.h"
#include "scratch.h"

static char captured[65536];
static char capture_path[SCRATCH_PATH_BYTES];
static int real_stderr;

static void capture(const char *folder)
{
    scratch_path(capture_path, folder, "stderr");
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    assert_non_null(freopen(capture_path, "w", stderr));
}

static const char *release(void)
{
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    struct tb_buf buf;
    tb_buf_init(&buf, sizeof captured - 1);
    assert_int_equal(tb_files_read(capture_path, &buf, NULL), TB_OK);
    memcpy(captured, buf.data == NULL ? (const uint8_t *)"" : buf.data, buf.size);
    captured[buf.size] = '\0';
    tb_buf_fini(&buf);
    return captured;
}

static void a_note_is_one_line_with_its_level(void **state)
{
    unsetenv("JOURNAL_STREAM");
    capture(*state);
    tb_journal_write(TB_JOURNAL_WARN, "office=140926 link silent");
    tb_journal_write(TB_JOURNAL_INFO, "two\nlines\x1b[31m");
    tb_journal_write(TB_JOURNAL_DEBUG, "not shown");
    tb_journal_limit(TB_JOURNAL_DEBUG);
    tb_journal_write(TB_JOURNAL_DEBUG, "shown");
    tb_journal_limit(TB_JOURNAL_INFO);
    tb_journal_flush();
    assert_string_equal(release(), "warn office=140926 link silent\ninfo two lines [31m\n"
                                   "debug shown\n");
}

static void the_systems_journal_gets_its_priority(void **state)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    capture(*state);
    tb_journal_write(TB_JOURNAL_ERROR, "e");
    tb_journal_write(TB_JOURNAL_WARN, "w");
    tb_journal_write(TB_JOURNAL_INFO, "i");
    tb_journal_flush();
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(release(), "<3>error e\n<4>warn w\n<6>info i\n");
}

/* I10. */
static void repeats_are_counted_and_not_written(void **state)
{
    capture(*state);
    for (int i = 0; i < 1000; i++) {
        tb_journal_write(TB_JOURNAL_WARN, "same");
    }
    tb_journal_write(TB_JOURNAL_ERROR, "same");
    tb_journal_settle();
    tb_journal_flush();
    tb_journal_write(TB_JOURNAL_WARN, "same");
    tb_journal_flush();
    assert_string_equal(release(), "warn same\nerror same\nwarn same (repeated 999 times)\n"
                                   "warn same\n");
}

/* I10. */
static void many_different_notes_and_long_ones_are_bounded(void **state)
{
    static char text[3 * TB_JOURNAL_LINE_BYTES_MAX];
    capture(*state);
    for (int i = 0; i < 3 * TB_JOURNAL_REPEATS_MAX; i++) {
        snprintf(text, sizeof text, "note %d", i);
        tb_journal_write(TB_JOURNAL_INFO, text);
    }
    memset(text, 'x', sizeof text - 1);
    tb_journal_write(TB_JOURNAL_INFO, text);
    tb_journal_write(TB_JOURNAL_INFO, text);
    tb_journal_flush();
    const char *all = release();
    int lines = 0;
    for (const char *c = all; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, 3 * TB_JOURNAL_REPEATS_MAX + 2);
    assert_true(strlen(all) < 6000);
}

static void both_clocks_are_read_and_the_monotonic_one_never_goes_back(void **state)
{
    (void)state;
    struct tb_now before = tb_clock_read();
    for (int i = 0; i < 1000; i++) {
        struct tb_now now = tb_clock_read();
        assert_true(now.mono_ms >= before.mono_ms);
        before = now;
    }
    int64_t seconds = (int64_t)time(NULL);
    assert_in_range(before.wall.ms / 1000, seconds - 2, seconds + 2);
}

static void chance_differs_each_time_and_fills_exactly_what_it_is_given(void **state)
{
    (void)state;
    uint8_t a[34] = {0};
    uint8_t b[34] = {0};
    tb_random_fill(a + 1, 32);
    tb_random_fill(b + 1, 32);
    assert_memory_not_equal(a + 1, b + 1, 32);
    assert_int_equal(a[0] + a[33] + b[0] + b[33], 0);
}

static void the_service_manager_is_told(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char path[SCRATCH_PATH_BYTES];
    char got[512];
    scratch_path(path, *state, "notify");
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    tb_service_ready();
    ssize_t size = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_int_equal(size, 7);
    assert_memory_equal(got, "READY=1", 7);
    tb_service_status("3 offices\nREADY=1");
    size = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_memory_equal(got, "STATUS=3 offices READY=1", 24);
    tb_service_ping();
    size = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_memory_equal(got, "WATCHDOG=1", 10);
    assert_int_equal(size, 10);
    unsetenv("NOTIFY_SOCKET");
    tb_service_stopping();
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), -1);
    close(fd);
    assert_int_equal(tb_service_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(tb_service_watchdog_ms(), 15000);
    unsetenv("WATCHDOG_USEC");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_note_is_one_line_with_its_level),
        TEST(the_systems_journal_gets_its_priority),
        TEST(repeats_are_counted_and_not_written),
        TEST(many_different_notes_and_long_ones_are_bounded),
        TEST(both_clocks_are_read_and_the_monotonic_one_never_goes_back),
        TEST(chance_differs_each_time_and_fills_exactly_what_it_is_given),
        TEST(the_service_manager_is_told),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
