/* The pure ground floor: status, bytes, text, wall, arena, diag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/text.h"
#include "base/wall.h"

static void every_status_has_its_own_name_and_text(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= TB_STATE; i++) {
        assert_string_not_equal(tb_status_name((enum tb_status)i), "?");
        assert_string_not_equal(tb_status_text((enum tb_status)i), "?");
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(tb_status_name((enum tb_status)i),
                                    tb_status_name((enum tb_status)k));
        }
    }
    assert_string_equal(tb_status_name(TB_SIGNATURE), "signature");
    assert_string_equal(tb_status_text((enum tb_status)9999), "?");
    assert_string_equal(tb_status_name((enum tb_status) - 1), "?");
}

static void the_numbers_of_the_wire_do_not_move(void **state)
{
    (void)state;
    assert_int_equal(TB_OK, 0);
    assert_int_equal(TB_MALFORMED, 1);
    assert_int_equal(TB_SIGNATURE, 3);
    assert_int_equal(TB_FULL, 9);
    assert_int_equal(TB_STATE, 17);
}

static void bytes_are_equal_only_with_size_and_contents(void **state)
{
    (void)state;
    assert_true(tb_bytes_equal(tb_bytes_of(NULL, 0), tb_bytes_text("")));
    assert_true(tb_bytes_equal(tb_bytes_text("ab"), tb_bytes_of("abc", 2)));
    assert_false(tb_bytes_equal(tb_bytes_text("ab"), tb_bytes_text("abc")));
    assert_false(tb_bytes_equal(tb_bytes_text("ab"), tb_bytes_text("ac")));
}

static void an_id_is_taken_only_from_exactly_32_bytes(void **state)
{
    (void)state;
    uint8_t raw[33] = {7};
    struct tb_id id = {{0}};
    assert_true(tb_id_zero(&id));
    assert_false(tb_id_take(&id, tb_bytes_of(raw, 31)));
    assert_false(tb_id_take(&id, tb_bytes_of(raw, 33)));
    assert_true(tb_id_zero(&id));
    assert_true(tb_id_take(&id, tb_bytes_of(raw, 32)));
    assert_int_equal(id.byte[0], 7);
    assert_false(tb_id_zero(&id));
}

static void hex_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t all[256];
    uint8_t back[256];
    char hex[513];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)i;
    }
    tb_hex(hex, tb_bytes_of(all, sizeof all));
    assert_int_equal(strlen(hex), 512);
    assert_true(tb_unhex(back, sizeof back, hex));
    assert_memory_equal(back, all, sizeof all);
    assert_true(tb_unhex(back, 2, "aBfF"));
    assert_int_equal(back[1], 0xff);
    tb_hex(hex, tb_bytes_of(NULL, 0));
    assert_string_equal(hex, "");
}

static void what_is_not_hex_is_refused(void **state)
{
    (void)state;
    uint8_t out[4];
    static const char *const bad[] = {"", "a", "abc", "abcde", "ag", "0x", " a", "a ", "-1", "：a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(tb_unhex(out, strlen(bad[i]) == 2 ? 1 : 2, bad[i]));
    }
    assert_false(tb_unhex(out, 1, "abcd"));
}

/* I10. */
static void a_buffer_never_grows_past_its_limit(void **state)
{
    (void)state;
    struct tb_buf buf;
    static const uint8_t block[300];
    tb_buf_init(&buf, 700);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 300)), TB_OK);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 300)), TB_OK);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 101)), TB_TOOBIG);
    assert_int_equal(buf.size, 600);
    assert_null(tb_buf_grow(&buf, 101));
    assert_null(tb_buf_grow(&buf, SIZE_MAX));
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 100)), TB_OK);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 0)), TB_OK);
    assert_int_equal(tb_buf_add(&buf, tb_bytes_of(block, 1)), TB_TOOBIG);
    tb_buf_cut(&buf, 10);
    assert_int_equal(tb_buf_bytes(&buf).size, 10);
    tb_buf_fini(&buf);
    assert_int_equal(buf.size, 0);
}

static void printing_fills_a_buffer_to_its_last_byte(void **state)
{
    (void)state;
    struct tb_buf buf;
    tb_buf_init(&buf, 10);
    assert_int_equal(tb_buf_print(&buf, "%s-%d", "abc", 42), TB_OK);
    assert_int_equal(buf.size, 6);
    assert_int_equal(tb_buf_print(&buf, "%s", "12345"), TB_TOOBIG);
    assert_int_equal(buf.size, 6);
    assert_int_equal(tb_buf_print(&buf, "%s", "1234"), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&buf), tb_bytes_text("abc-421234")));
    assert_int_equal(tb_buf_print(&buf, "%s", ""), TB_OK);
    assert_int_equal(tb_buf_print(&buf, "x"), TB_TOOBIG);
    tb_buf_fini(&buf);
}

static void numbers_lie_least_significant_byte_first(void **state)
{
    (void)state;
    uint8_t out[4];
    tb_put_u32(out, 0x04030281u);
    assert_memory_equal(out, "\x81\2\3\4", 4);
    assert_int_equal(tb_get_u32(out), 0x04030281u);
    tb_put_u32(out, UINT32_MAX);
    assert_int_equal(tb_get_u32(out), UINT32_MAX);
}

#define BYTES(literal) tb_bytes_of(literal, sizeof(literal) - 1)

static void text_is_utf8_in_shortest_form(void **state)
{
    (void)state;
    assert_true(tb_text_valid(BYTES("")));
    assert_true(tb_text_valid(BYTES("水质\t异常\n 140926")));
    assert_true(tb_text_valid(BYTES("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd")));
    assert_true(tb_text_valid(BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
    assert_true(tb_text_valid(BYTES("\xed\x9f\xbf\xee\x80\x80")));
    const struct tb_bytes bad[] = {
        BYTES("a\0b"),             /* NUL */
        BYTES("\r"),               /* control */
        BYTES("\x1b[31m"),         /* escape */
        BYTES("\x7f"),             /* delete */
        BYTES("\xc2\x80"),         /* C1 */
        BYTES("\xc2\x9f"),         /* C1 */
        BYTES("\xc0\xaf"),         /* overlong, 2 bytes */
        BYTES("\xc1\xbf"),         /* overlong, 2 bytes */
        BYTES("\xe0\x9f\xbf"),     /* overlong, 3 bytes */
        BYTES("\xf0\x8f\xbf\xbf"), /* overlong, 4 bytes */
        BYTES("\xed\xa0\x80"),     /* surrogate */
        BYTES("\xed\xbf\xbf"),     /* surrogate */
        BYTES("\xf4\x90\x80\x80"), /* past U+10FFFF */
        BYTES("\xf5\x80\x80\x80"), /* no such lead byte */
        BYTES("\x80"),             /* continuation alone */
        BYTES("\xe6\xb0"),         /* cut short */
        BYTES("\xe6\xb0\x41"),     /* broken off */
        BYTES("ok\xff"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(tb_text_valid(bad[i]));
    }
}

static void a_number_is_the_whole_text_and_within_its_limit(void **state)
{
    (void)state;
    uint64_t n = 99;
    assert_true(tb_text_u64("0", 0, &n) && n == 0);
    assert_true(tb_text_u64("000140926", 999999, &n) && n == 140926);
    assert_true(tb_text_u64("18446744073709551615", UINT64_MAX, &n) && n == UINT64_MAX);
    assert_false(tb_text_u64("18446744073709551616", UINT64_MAX, &n));
    assert_false(tb_text_u64("99999999999999999999", UINT64_MAX, &n));
    assert_false(tb_text_u64("6", 5, &n));
    assert_false(tb_text_u64("50", 49, &n));
    assert_false(tb_text_u64("", 9, &n));
    assert_false(tb_text_u64("-1", 9, &n));
    assert_false(tb_text_u64("+1", 9, &n));
    assert_false(tb_text_u64(" 1", 9, &n));
    assert_false(tb_text_u64("1 ", 9, &n));
    assert_false(tb_text_u64("0x1", 9, &n));
}

static void text_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    char out[8];
    tb_text_copy(out, sizeof out, "abc");
    assert_string_equal(out, "abc");
    tb_text_copy(out, sizeof out, "水质异常");
    assert_string_equal(out, "水质");
    tb_text_copy(out, sizeof out, "abcdefgh");
    assert_string_equal(out, "abcdefg");
    tb_text_copy(out, 1, "水");
    assert_string_equal(out, "");
}

static void wall_texts_are_beijing_time(void **state)
{
    (void)state;
    char out[TB_WALL_TEXT_CHARS];
    char day[9];
    tb_wall_text(out, (struct tb_wall){0});
    assert_string_equal(out, "1970-01-01T08:00:00+08:00");
    tb_wall_text(out, (struct tb_wall){-1});
    assert_string_equal(out, "1970-01-01T07:59:59+08:00");
    struct tb_wall at;
    assert_int_equal(tb_wall_parse("2025-01-17T03:12:44.123+08:00", &at), TB_OK);
    assert_int_equal(at.ms, INT64_C(1737054764123));
    tb_wall_text_ms(out, at);
    assert_string_equal(out, "2025-01-17 03:12:44.123 +08:00");
    tb_wall_day(day, at);
    assert_string_equal(day, "20250117");
    assert_int_equal(tb_wall_midnight(at).ms, INT64_C(1737043200000));
    assert_int_equal(tb_wall_midnight((struct tb_wall){1737043199999}).ms,
                     INT64_C(1737043200000) - TB_DAY_MS);
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The days of 1900…2100 counted one by one, and the texts of their edges. */
static void every_day_from_1900_to_2100_goes_there_and_back(void **state)
{
    (void)state;
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char *const time[] = {"00:00:00", "23:59:59"};
    struct tb_wall first;
    assert_int_equal(tb_wall_parse("1900-01-01T00:00:00", &first), TB_OK);
    int64_t midnight = first.ms;
    for (int year = 1900; year <= 2100; year++) {
        for (int month = 1; month <= 12; month++) {
            int days = length[month - 1] + (month == 2 && leap(year) ? 1 : 0);
            for (int day = 1; day <= days; day++, midnight += TB_DAY_MS) {
                for (int edge = 0; edge < 2; edge++) {
                    char text[TB_WALL_TEXT_CHARS];
                    char back[TB_WALL_TEXT_CHARS];
                    struct tb_wall at;
                    snprintf(text, sizeof text, "%04d-%02d-%02dT%s+08:00", year, month, day,
                             time[edge]);
                    assert_int_equal(tb_wall_parse(text, &at), TB_OK);
                    assert_int_equal(at.ms, midnight + edge * (TB_DAY_MS - 1000));
                    tb_wall_text(back, at);
                    assert_string_equal(back, text);
                    assert_int_equal(tb_wall_midnight(at).ms, midnight);
                }
            }
        }
    }
}

static void a_time_may_be_written_in_several_ways(void **state)
{
    (void)state;
    static const char *const same[] = {
        "2025-01-17T03:12:00+08:00", "2025-01-17 03:12",        "2025-01-17T03:12:00",
        "2025-01-16T19:12:00Z",      "2025-01-16T19:12Z",       "2025-01-17 03:12:00 +08:00",
        "2025-01-17T03:12:00+0800",  "2025-01-16T14:12-05:00",  "2025-01-17T03:12:00.0+08:00",
        "2025-01-17T03:12:00.000",   "2025-01-17T03:12:00.0009"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct tb_wall at = {0};
        assert_int_equal(tb_wall_parse(same[i], &at), TB_OK);
        assert_int_equal(at.ms, INT64_C(1737054720000));
    }
}

static void a_time_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2025",
                                      "2025-01-17",
                                      "2025-02-29T00:00:00",
                                      "2100-02-29T00:00:00",
                                      "2025-04-31T00:00:00",
                                      "2025-13-01T00:00:00",
                                      "2025-00-01T00:00:00",
                                      "2025-01-00T00:00:00",
                                      "2025-01-17T24:00:00",
                                      "2025-01-17T23:60:00",
                                      "2025-01-17T23:59:60",
                                      "2025-1-17T03:12:44",
                                      "2025-01-17T3:12:44",
                                      "2025-01-17T03:12:",
                                      "2025-01-17T03:12:44.",
                                      "2025-01-17T03:12:44.Z",
                                      "2025-01-17T03:12:44+8",
                                      "2025-01-17T03:12:44+15:00",
                                      "2025-01-17T03:12:44+08:60",
                                      "2025-01-17T03:12:44 ",
                                      "2025-01-17T03:12:44+08:00x",
                                      "0000-01-01T00:00:00",
                                      "0001-01-01T00:00:00+14:00",
                                      "9999-12-31T23:59:59-14:00",
                                      "9999-12-31T16:00:00Z",
                                      "-025-01-17T03:12:44",
                                      "２０２５-01-17T03:12:44"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tb_wall at = {5};
        assert_int_equal(tb_wall_parse(bad[i], &at), TB_INPUT);
        assert_int_equal(at.ms, 5);
    }
}

static void any_number_at_all_has_a_text(void **state)
{
    (void)state;
    char out[TB_WALL_TEXT_CHARS];
    char day[9];
    tb_wall_text(out, (struct tb_wall){INT64_MAX});
    assert_string_equal(out, "9999-12-31T23:59:59+08:00");
    tb_wall_text_ms(out, (struct tb_wall){INT64_MIN});
    assert_string_equal(out, "0001-01-01 00:00:00.000 +08:00");
    tb_wall_day(day, (struct tb_wall){INT64_MAX});
    assert_string_equal(day, "99991231");
    assert_true(tb_wall_midnight((struct tb_wall){INT64_MIN}).ms > INT64_MIN);
}

/* I10. */
static void an_arena_keeps_both_budgets(void **state)
{
    (void)state;
    struct tb_arena arena;
    tb_arena_init(&arena, 64, 3);
    uint8_t *a = tb_arena_take(&arena, 10);
    uint8_t *b = tb_arena_take(&arena, 1);
    assert_non_null(a);
    assert_int_equal((uintptr_t)b % _Alignof(max_align_t), 0);
    assert_true(b >= a + 10);
    assert_null(tb_arena_take(&arena, 64));
    assert_true(arena.spent);
    tb_arena_reset(&arena);
    assert_false(arena.spent);
    for (int i = 0; i < 3; i++) {
        assert_non_null(tb_arena_take(&arena, 0));
    }
    assert_null(tb_arena_take(&arena, 0));
    assert_true(arena.spent);
    tb_arena_reset(&arena);
    assert_null(tb_arena_take(&arena, SIZE_MAX));
    assert_null(tb_arena_text(&arena, "x", SIZE_MAX));
    tb_arena_reset(&arena);
    assert_non_null(tb_arena_take(&arena, 64));
    assert_null(tb_arena_take(&arena, 1));
    tb_arena_fini(&arena);
}

static void what_an_arena_gives_is_zeroed_and_text_ends(void **state)
{
    (void)state;
    struct tb_arena arena;
    tb_arena_init(&arena, 64, 8);
    memset(tb_arena_take(&arena, 64), 0xff, 64);
    tb_arena_reset(&arena);
    const uint8_t *again = tb_arena_take(&arena, 16);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(again[i], 0);
    }
    assert_string_equal(tb_arena_text(&arena, "abcdef", 3), "abc");
    tb_arena_fini(&arena);
}

static void a_diagnosis_names_file_and_line_as_far_as_there_are(void **state)
{
    (void)state;
    char out[400];
    struct tb_diag diag = {.file = "node.conf"};
    tb_diag_set(NULL, 1, "nobody asked");
    tb_diag_set(&diag, 7, "port = %s is no number", "x");
    tb_diag_print(&diag, out, sizeof out);
    assert_string_equal(out, "node.conf:7: port = x is no number");
    diag.line = 0;
    tb_diag_print(&diag, out, sizeof out);
    assert_string_equal(out, "node.conf: port = x is no number");
    diag.file = NULL;
    tb_diag_print(&diag, out, 7);
    assert_string_equal(out, "port =");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name_and_text),
        cmocka_unit_test(the_numbers_of_the_wire_do_not_move),
        cmocka_unit_test(bytes_are_equal_only_with_size_and_contents),
        cmocka_unit_test(an_id_is_taken_only_from_exactly_32_bytes),
        cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(what_is_not_hex_is_refused),
        cmocka_unit_test(a_buffer_never_grows_past_its_limit),
        cmocka_unit_test(printing_fills_a_buffer_to_its_last_byte),
        cmocka_unit_test(numbers_lie_least_significant_byte_first),
        cmocka_unit_test(text_is_utf8_in_shortest_form),
        cmocka_unit_test(a_number_is_the_whole_text_and_within_its_limit),
        cmocka_unit_test(text_is_cut_at_a_whole_character),
        cmocka_unit_test(wall_texts_are_beijing_time),
        cmocka_unit_test(every_day_from_1900_to_2100_goes_there_and_back),
        cmocka_unit_test(a_time_may_be_written_in_several_ways),
        cmocka_unit_test(a_time_that_does_not_exist_is_refused),
        cmocka_unit_test(any_number_at_all_has_a_text),
        cmocka_unit_test(an_arena_keeps_both_budgets),
        cmocka_unit_test(what_an_arena_gives_is_zeroed_and_text_ends),
        cmocka_unit_test(a_diagnosis_names_file_and_line_as_far_as_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
