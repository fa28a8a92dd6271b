#include "node/io/where.h"

#include <stdbool.h>
#include <string.h>

/* A place in the text that moves forward and counts lines. */
struct scan {
    const uint8_t *at;
    const uint8_t *end;
    int line;
};

static void step(struct scan *s)
{
    s->line += *s->at == '\n';
    s->at++;
}

static void skip_blank(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at) != NULL && *s->at != '\0') {
        step(s);
    }
}

/* True when ${c} stands here; it is then passed. */
static bool pass(struct scan *s, char c)
{
    skip_blank(s);
    if (s->at == s->end || *s->at != (uint8_t)c) {
        return false;
    }
    step(s);
    return true;
}

/* Pass a string and give what stands between its quotes, escapes as they are. */
static struct tb_bytes take_string(struct scan *s)
{
    skip_blank(s);
    if (s->at < s->end) {
        step(s);
    }
    const uint8_t *start = s->at;
    while (s->at < s->end && *s->at != '"') {
        bool escape = *s->at == '\\' && s->at + 1 < s->end;
        step(s);
        if (escape) {
            step(s);
        }
    }
    struct tb_bytes inside = tb_bytes_of(start, (size_t)(s->at - start));
    if (s->at < s->end) {
        step(s);
    }
    return inside;
}

/* Pass one value, whatever it holds. */
static void skip_value(struct scan *s)
{
    size_t depth = 0;
    skip_blank(s);
    while (s->at < s->end) {
        uint8_t c = *s->at;
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return;
        }
        if (c == '"') {
            (void)take_string(s);
            continue;
        }
        depth += c == '{' || c == '[';
        step(s);
        if (c == '}' || c == ']') {
            depth--;
        }
    }
}

/* Go to the value of the member ${key}; false, with ${s} as it was, if there
 * is none. ${line} becomes that of the key. */
static bool enter_member(struct scan *s, struct tb_bytes key, int *line)
{
    struct scan look = *s;
    if (!pass(&look, '{')) {
        return false;
    }
    skip_blank(&look);
    while (look.at < look.end && *look.at == '"') {
        int here = look.line;
        struct tb_bytes name = take_string(&look);
        if (!pass(&look, ':')) {
            return false;
        }
        if (tb_bytes_equal(name, key)) {
            *s = look;
            *line = here;
            return true;
        }
        skip_value(&look);
        if (!pass(&look, ',')) {
            return false;
        }
        skip_blank(&look);
    }
    return false;
}

static bool enter_element(struct scan *s, size_t index, int *line)
{
    struct scan look = *s;
    if (!pass(&look, '[')) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        skip_value(&look);
        if (!pass(&look, ',')) {
            return false;
        }
    }
    skip_blank(&look);
    *s = look;
    *line = look.line;
    return true;
}

int tb_where_line(struct tb_bytes text, const char *path)
{
    struct scan s = {text.data, text.data + text.size, 1};
    skip_blank(&s);
    int line = s.line;
    bool found = true;
    while (found && *path != '\0') {
        if (*path == '[') {
            size_t index = 0;
            for (path++; *path >= '0' && *path <= '9'; path++) {
                index = index * 10 + (size_t)(*path - '0');
            }
            path += *path == ']';
            found = enter_element(&s, index, &line);
        } else {
            path += *path == '.';
            size_t length = strcspn(path, ".[");
            found = enter_member(&s, tb_bytes_of(path, length), &line);
            path += length;
        }
    }
    return line;
}
