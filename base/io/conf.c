#include "base/io/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/io/files.h"
#include "base/text.h"

enum { WORDS_BYTES_MAX = 200 };

/* One reading: inih asks `next_line` for lines and calls `take` for values. */
struct reading {
    const struct tb_conf_key *keys;
    size_t count;
    unsigned char *out;
    struct tb_diag *diag;
    char folder[TB_FILES_PATH_BYTES_MAX];
    const char *at; /* what of the text has not been read */
    size_t left;
    int line;                       /* the one that inih is at, 1 is the first */
    bool indented;                  /* it begins with a blank */
    const struct tb_conf_key *last; /* the key of the line before */
    bool seen[TB_CONF_KEYS_MAX];
    bool failed; /* `diag` holds the first mistake */
};

static void mistake(struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keep the first mistake; a person mends one line at a time. */
static void mistake(struct reading *r, const char *format, ...)
{
    if (r->failed) {
        return;
    }
    char text[TB_DIAG_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->failed = true;
    tb_diag_set(r->diag, r->line, "%s", text);
}

/* Append ${word} to the list of words ${out}, as far as it fits. */
static void add_word(char out[WORDS_BYTES_MAX], const char *word)
{
    size_t used = strlen(out);
    snprintf(out + used, WORDS_BYTES_MAX - used, "%s%s", used == 0 ? "" : ", ", word);
}

static bool section_known(const struct reading *r, const char *section)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

static void unknown_section(struct reading *r, const char *section)
{
    char words[WORDS_BYTES_MAX] = "";
    for (size_t i = 0; i < r->count; i++) {
        bool told = false;
        for (size_t k = 0; k < i; k++) {
            told = told || strcmp(r->keys[k].section, r->keys[i].section) == 0;
        }
        if (!told) {
            add_word(words, r->keys[i].section);
        }
    }
    mistake(r, "there is no section [%s]; write one of: %s", section, words);
}

static void unknown_name(struct reading *r, const char *section, const char *name)
{
    char words[WORDS_BYTES_MAX] = "";
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->keys[i].section, section) == 0) {
            add_word(words, r->keys[i].name);
        }
    }
    mistake(r, "section [%s] knows no \"%s\"; write one of: %s", section, name, words);
}

/* inih tells nothing of a section without keys, so the line itself is looked at. */
static void check_section(struct reading *r, const char *text, size_t size)
{
    const char *end = memchr(text, ']', size);
    char section[TB_CONF_NAME_BYTES_MAX + 1];
    if (end == NULL || (size_t)(end - text) > TB_CONF_NAME_BYTES_MAX) {
        mistake(r, "a section is written [name], its name at most %d bytes",
                TB_CONF_NAME_BYTES_MAX);
        return;
    }
    size_t length = (size_t)(end - text) - 1;
    memcpy(section, text + 1, length);
    section[length] = '\0';
    if (!section_known(r, section)) {
        unknown_section(r, section);
    }
}

/* inih's reader, used like fgets: the next line with its newline, or NULL at
 * the end and at a mistake. inih would cut a long line in two silently. */
static char *next_line(char *out, int room, void *context)
{
    struct reading *r = context;
    if (r->failed || r->left == 0) {
        return NULL;
    }
    r->line++;
    const char *end = memchr(r->at, '\n', r->left);
    size_t whole = end == NULL ? r->left : (size_t)(end - r->at) + 1;
    size_t size = end == NULL ? whole : whole - 1;
    const char *text = r->at;
    r->at += whole;
    r->left -= whole;
    if (size > 0 && text[size - 1] == '\r') {
        size--;
    }
    tb_assert(room > TB_CONF_LINE_BYTES_MAX + 1);
    if (size > TB_CONF_LINE_BYTES_MAX) {
        mistake(r, "the line is longer than %d bytes; a list may go on in indented lines",
                TB_CONF_LINE_BYTES_MAX);
    } else if (r->line > TB_CONF_LINES_MAX) {
        mistake(r, "the file has more than %d lines", TB_CONF_LINES_MAX);
    } else if (!tb_text_valid(tb_bytes_of(text, size))) {
        mistake(r, "the line is not UTF-8 text; save the file as UTF-8");
    } else if (size > 0 && text[0] == '[') {
        check_section(r, text, size);
    }
    if (r->failed) {
        return NULL;
    }
    r->indented = size > 0 && (text[0] == ' ' || text[0] == '\t');
    memcpy(out, text, size);
    memcpy(out + size, "\n", 2);
    return out;
}

/* "name = ${value}" is wrong: say what, and what a right one looks like. */
static void wrong(struct reading *r, const struct tb_conf_key *key, const char *value,
                  const char *what)
{
    if (key->example != NULL) {
        mistake(r, "%s = %s: %s; write for example: %s = %s", key->name, value, what, key->name,
                key->example);
    } else {
        mistake(r, "%s = %s: %s", key->name, value, what);
    }
}

static bool passes(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    const char *what = key->check == NULL ? NULL : key->check(value);
    if (what != NULL) {
        wrong(r, key, value, what);
    }
    return what == NULL;
}

static void set_text(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    const char *folder = "";
    const char *slash = "";
    if (key->kind == TB_CONF_PATH && value[0] != '/') {
        folder = r->folder;
        slash = "/";
    }
    char *field = (char *)r->out + key->offset;
    int length = snprintf(field, key->room, "%s%s%s", folder, slash, value);
    if (length < 0 || (size_t)length >= key->room) {
        mistake(r, "%s is longer than %zu bytes", key->name, key->room - 1);
    }
}

static void set_number(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    uint64_t number;
    if (!tb_text_u64(value, key->number_max, &number) || number < key->number_min) {
        char what[80];
        snprintf(what, sizeof what, "is not a whole number from %llu to %llu",
                 (unsigned long long)key->number_min, (unsigned long long)key->number_max);
        wrong(r, key, value, what);
        return;
    }
    memcpy(r->out + key->offset, &number, sizeof number);
}

static void set_choice(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    char words[WORDS_BYTES_MAX] = "";
    for (int i = 0; key->choices[i] != NULL; i++) {
        if (strcmp(key->choices[i], value) == 0) {
            memcpy(r->out + key->offset, &i, sizeof i);
            return;
        }
        add_word(words, key->choices[i]);
    }
    mistake(r, "%s = %s: write one of: %s", key->name, value, words);
}

static void set_bool(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0) {
        mistake(r, "%s = %s: write yes or no", key->name, value);
        return;
    }
    memcpy(r->out + key->offset, &yes, sizeof yes);
}

/* Append the items of one line of a list; a comma at its end is allowed. */
static void add_items(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    struct tb_conf_list *list = (void *)(r->out + key->offset);
    while (*value != '\0' && !r->failed) {
        size_t whole = strcspn(value, ",");
        size_t skip = strspn(value, " \t");
        size_t size = whole > skip ? whole - skip : 0;
        const char *item = value + skip;
        while (size > 0 && (item[size - 1] == ' ' || item[size - 1] == '\t')) {
            size--;
        }
        value += whole + (value[whole] == ',' ? 1 : 0);
        if (size == 0) {
            continue;
        }
        if (list->count == TB_CONF_ITEMS_MAX) {
            mistake(r, "%s has more than %d items", key->name, TB_CONF_ITEMS_MAX);
            return;
        }
        if (size >= TB_CONF_ITEM_BYTES_MAX) {
            mistake(r, "an item of %s is longer than %d bytes", key->name,
                    TB_CONF_ITEM_BYTES_MAX - 1);
            return;
        }
        char *place = list->item[list->count++];
        memcpy(place, item, size);
        place[size] = '\0';
        (void)passes(r, key, place);
    }
}

static void set(struct reading *r, const struct tb_conf_key *key, const char *value)
{
    if (key->kind == TB_CONF_LIST) {
        add_items(r, key, value);
        return;
    }
    if (value[0] == '\0') {
        wrong(r, key, "", "has no value");
        return;
    }
    if (!passes(r, key, value)) {
        return;
    }
    switch (key->kind) {
    case TB_CONF_TEXT:
    case TB_CONF_PATH:
        set_text(r, key, value);
        break;
    case TB_CONF_NUMBER:
        set_number(r, key, value);
        break;
    case TB_CONF_CHOICE:
        set_choice(r, key, value);
        break;
    case TB_CONF_BOOL:
        set_bool(r, key, value);
        break;
    case TB_CONF_LIST:
        break;
    }
}

/* inih's handler. It always answers "good": mistakes are kept by ourselves, with
 * better words. */
static int take(void *context, const char *section, const char *name, const char *value)
{
    struct reading *r = context;
    const struct tb_conf_key *key = NULL;
    size_t index = 0;
    for (size_t i = 0; i < r->count && key == NULL; i++) {
        if (strcmp(r->keys[i].section, section) == 0 && strcmp(r->keys[i].name, name) == 0) {
            key = &r->keys[i];
            index = i;
        }
    }
    if (r->indented && (key == NULL || key != r->last || key->kind != TB_CONF_LIST)) {
        mistake(r, "only a list goes on in an indented line; begin the line without a blank");
    } else if (section[0] == '\0') {
        mistake(r, "\"%s\" stands before the first [section]", name);
    } else if (key == NULL) {
        unknown_name(r, section, name);
    } else if (strstr(value, " #") != NULL) {
        mistake(r, "a comment behind a value begins with a blank and ;");
    } else if (r->seen[index] && !r->indented) {
        mistake(r, "\"%s\" is written a second time; keep one of the two", name);
    } else {
        r->seen[index] = true;
        set(r, key, value);
    }
    r->last = key;
    return 1;
}

/* After the last line: what was left out. */
static void fill_missing(struct reading *r)
{
    r->line = 0;
    for (size_t i = 0; i < r->count && !r->failed; i++) {
        const struct tb_conf_key *key = &r->keys[i];
        if (r->seen[i]) {
            continue;
        }
        if (key->required) {
            mistake(r, "\"%s\" is missing; write in section [%s]: %s = %s", key->name, key->section,
                    key->name, key->example == NULL ? "..." : key->example);
        } else if (key->fallback != NULL) {
            set(r, key, key->fallback);
            tb_assert(!r->failed); /* a default that its own table refuses */
        }
    }
}

/* A table that inih could not serve is our mistake, not the person's. */
static void check_table(const struct tb_conf_key *keys, size_t count, size_t out_bytes)
{
    tb_assert(count <= TB_CONF_KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tb_conf_key *key = &keys[i];
        tb_assert(strlen(key->section) > 0);
        tb_assert(strlen(key->section) <= TB_CONF_NAME_BYTES_MAX);
        tb_assert(strlen(key->name) <= TB_CONF_NAME_BYTES_MAX);
        tb_assert(key->offset < out_bytes);
        tb_assert(key->kind != TB_CONF_CHOICE || key->choices != NULL);
        tb_assert((key->kind != TB_CONF_TEXT && key->kind != TB_CONF_PATH) || key->room > 0);
    }
}

static enum tb_status read_text(struct reading *r, const struct tb_buf *text)
{
    r->at = (const char *)text->data;
    r->left = text->size;
    int wrong_line = ini_parse_stream(next_line, r, take, r);
    if (wrong_line < 0) {
        return TB_MEMORY;
    }
    if (wrong_line > 0 && (!r->failed || wrong_line < r->line)) {
        r->failed = false;
        r->line = wrong_line;
        mistake(r, "the line is neither \"name = value\" nor \"[section]\"");
    }
    if (!r->failed) {
        fill_missing(r);
    }
    return r->failed ? TB_INPUT : TB_OK;
}

enum tb_status tb_conf_read(const char *path, const struct tb_conf_key *keys, size_t count,
                            void *out, size_t out_bytes, struct tb_diag *diag)
{
    check_table(keys, count, out_bytes);
    memset(out, 0, out_bytes);
    struct reading r = {.keys = keys, .count = count, .out = out, .diag = diag};
    enum tb_status status = tb_files_parent(path, r.folder);
    struct tb_buf text;
    tb_buf_init(&text, (size_t)TB_CONF_LINES_MAX * TB_CONF_LINE_BYTES_MAX);
    if (status == TB_OK) {
        status = tb_files_read(path, &text, diag);
    }
    if (status == TB_OK) {
        if (diag != NULL) {
            diag->file = path;
        }
        status = read_text(&r, &text);
    }
    tb_buf_fini(&text);
    return status;
}
