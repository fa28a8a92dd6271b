#include "node/cli/when.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/tell.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, DAYS_FROM_HOURS = 48 };

/* Two clocks in one building differ: what lies so little ahead is meant as today. */
enum { AHEAD_MS = 10 * MINUTE_MS };

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "03:10" or "3:10" in minutes of the day. */
static bool clock_minutes(const char *text, int *minutes)
{
    int hour = 0;
    size_t i = 0;
    for (; i < 2 && digit(text[i]); i++) {
        hour = hour * 10 + (text[i] - '0');
    }
    if (i == 0 || text[i] != ':' || !digit(text[i + 1]) || !digit(text[i + 2]) ||
        text[i + 3] != '\0') {
        return false;
    }
    int minute = (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
    *minutes = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

enum tb_status tb_when_parse(const char *text, struct tb_wall now, struct tb_wall *out)
{
    int minutes = 0;
    if (strcmp(text, "now") == 0 || strcmp(text, "刚刚") == 0) {
        *out = now;
        return TB_OK;
    }
    if (clock_minutes(text, &minutes)) {
        out->ms = tb_wall_midnight(now).ms + (int64_t)minutes * MINUTE_MS;
        out->ms -= out->ms > now.ms + AHEAD_MS ? TB_DAY_MS : 0;
        return TB_OK;
    }
    return tb_wall_parse(text, out);
}

int64_t tb_when_ms(const char *json)
{
    struct tb_wall at = {0};
    if (json == NULL || json[0] == '\0' || tb_wall_parse(json, &at) != TB_OK) {
        return 0;
    }
    return at.ms;
}

void tb_when_show(char out[TB_WHEN_TEXT_BYTES], const char *json)
{
    struct tb_wall at = {0};
    if (json == NULL || json[0] == '\0') {
        out[0] = '\0';
    } else if (tb_wall_parse(json, &at) != TB_OK) {
        tb_text_copy(out, TB_WHEN_TEXT_BYTES, json);
    } else {
        /* 2025-01-17T03:12:44+08:00 */
        char text[TB_WALL_TEXT_CHARS];
        tb_wall_text(text, at);
        snprintf(out, TB_WHEN_TEXT_BYTES, "%.10s %.8s %s", text, text + 11, text + 19);
    }
}

void tb_when_short(char out[TB_WHEN_TEXT_BYTES], const char *json, struct tb_wall now)
{
    char day[9];
    char today[9];
    struct tb_wall at = {.ms = tb_when_ms(json)};
    tb_when_show(out, json);
    tb_wall_day(day, at);
    tb_wall_day(today, now);
    if (at.ms != 0 && strlen(out) >= 19) {
        bool same = strcmp(day, today) == 0;
        char text[TB_WHEN_TEXT_BYTES];
        /* Beside today's times "01-17 03:12:44" is enough for another day. */
        snprintf(text, sizeof text, "%.*s", same ? 8 : 14, out + (same ? 11 : 5));
        tb_text_copy(out, TB_WHEN_TEXT_BYTES, text);
    }
}

void tb_when_span(char out[TB_WHEN_TEXT_BYTES], int64_t ms)
{
    ms = ms < 0 ? 0 : ms;
    long long hours = (long long)(ms / HOUR_MS);
    int minutes = (int)(ms / MINUTE_MS % 60);
    if (ms < MINUTE_MS) {
        snprintf(out, TB_WHEN_TEXT_BYTES, _("%d s"), (int)(ms / 1000));
    } else if (hours == 0) {
        snprintf(out, TB_WHEN_TEXT_BYTES, _("%d min"), minutes);
    } else if (hours < DAYS_FROM_HOURS) {
        snprintf(out, TB_WHEN_TEXT_BYTES, _("%lld h %d min"), hours, minutes);
    } else {
        snprintf(out, TB_WHEN_TEXT_BYTES, _("%lld days"), hours / 24);
    }
}
