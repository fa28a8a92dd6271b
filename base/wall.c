#include "base/wall.h"

#include <stdio.h>
#include <stddef.h>

enum { BEIJING_MS = 8 * 3600 * 1000 };

struct civil {
    int64_t year;
    int month;
    int day;
};

/* Days since 1970-01-01 of a civil date, and back: Howard Hinnant's
 * "chrono-compatible low-level date algorithms", years from March. */
static int64_t days_of(struct civil c)
{
    int64_t y = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static struct civil civil_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){yoe + era * 400 + (month <= 2), month,
                          (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* A peer's claim may be any number; what people see stays within the years
 * 0001 to 9999, Beijing time, and no sum below overflows. */
static int64_t local_ms(struct tb_wall at)
{
    const int64_t first_ms = INT64_C(-62135596800000);
    const int64_t last_ms = INT64_C(253402300799999);
    if (at.ms < first_ms - BEIJING_MS) {
        return first_ms;
    }
    return at.ms > last_ms - BEIJING_MS ? last_ms : at.ms + BEIJING_MS;
}

static struct civil split(struct tb_wall at, int *second_of_day, int *ms)
{
    int64_t local = local_ms(at);
    int64_t days = floor_div(local, TB_DAY_MS);
    int64_t rest = local - days * TB_DAY_MS;
    *second_of_day = (int)(rest / 1000);
    *ms = (int)(rest % 1000);
    return civil_of(days);
}

void tb_wall_text(char out[TB_WALL_TEXT_CHARS], struct tb_wall at)
{
    int s;
    int ms;
    struct civil c = split(at, &s, &ms);
    snprintf(out, TB_WALL_TEXT_CHARS, "%04lld-%02d-%02dT%02d:%02d:%02d+08:00", (long long)c.year,
             c.month, c.day, s / 3600, s / 60 % 60, s % 60);
}

void tb_wall_text_ms(char out[TB_WALL_TEXT_CHARS], struct tb_wall at)
{
    int s;
    int ms;
    struct civil c = split(at, &s, &ms);
    snprintf(out, TB_WALL_TEXT_CHARS, "%04lld-%02d-%02d %02d:%02d:%02d.%03d +08:00",
             (long long)c.year, c.month, c.day, s / 3600, s / 60 % 60, s % 60, ms);
}

void tb_wall_day(char out[9], struct tb_wall at)
{
    int s;
    int ms;
    struct civil c = split(at, &s, &ms);
    snprintf(out, 9, "%04d%02d%02d", (int)((unsigned)c.year % 10000u), c.month, c.day);
}

struct tb_wall tb_wall_midnight(struct tb_wall at)
{
    int64_t local = local_ms(at);
    return (struct tb_wall){floor_div(local, TB_DAY_MS) * TB_DAY_MS - BEIJING_MS};
}

/* ${count} digits at *${text}, stepping over them; -1 if they are not there. */
static int digits(const char **text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    *text += count;
    return value;
}

static bool skip(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    (*text)++;
    return true;
}

/* The offset at the end of a time, in minutes; false if it is none. */
static bool offset(const char **text, int *minutes)
{
    *minutes = 8 * 60;
    if (**text == '\0') {
        return true;
    }
    if (skip(text, 'Z')) {
        *minutes = 0;
        return true;
    }
    (void)skip(text, ' ');
    int sign = **text == '-' ? -1 : 1;
    if (**text != '+' && **text != '-') {
        return false;
    }
    (*text)++;
    int hour = digits(text, 2);
    (void)skip(text, ':');
    int minute = digits(text, 2);
    *minutes = sign * (hour * 60 + minute);
    return hour >= 0 && hour <= 14 && minute >= 0 && minute < 60;
}

/* ".123" at *${text}, as milliseconds; 0 when there is no fraction. A point
 * without digits is left where it is, so that the caller refuses it. */
static int fraction(const char **text)
{
    int ms = 0;
    int scale = 100;
    if ((*text)[0] != '.' || (*text)[1] < '0' || (*text)[1] > '9') {
        return 0;
    }
    (*text)++;
    while (**text >= '0' && **text <= '9') {
        ms += (**text - '0') * scale;
        scale /= 10;
        (*text)++;
    }
    return ms;
}

enum tb_status tb_wall_parse(const char *text, struct tb_wall *out)
{
    struct civil c = {.year = digits(&text, 4)};
    bool ok = skip(&text, '-');
    c.month = ok ? digits(&text, 2) : -1;
    ok = ok && skip(&text, '-');
    c.day = ok ? digits(&text, 2) : -1;
    ok = ok && (skip(&text, 'T') || skip(&text, ' '));
    int hour = ok ? digits(&text, 2) : -1;
    ok = ok && skip(&text, ':');
    int minute = ok ? digits(&text, 2) : -1;
    int second = 0;
    int ms = 0;
    if (ok && skip(&text, ':')) {
        second = digits(&text, 2);
        ms = fraction(&text);
    }
    int zone;
    ok = ok && offset(&text, &zone) && *text == '\0';
    if (!ok || c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59) {
        return TB_INPUT;
    }
    int64_t days = days_of(c);
    struct civil back = civil_of(days);
    if (back.month != c.month || back.day != c.day) {
        return TB_INPUT;
    }
    const struct tb_wall at = {((days * 24 + hour) * 60 + minute - zone) * 60000 + second * 1000 +
                               ms};
    /* An offset may lead past the first or last day that can be written again. */
    if (local_ms(at) != at.ms + BEIJING_MS) {
        return TB_INPUT;
    }
    *out = at;
    return TB_OK;
}
