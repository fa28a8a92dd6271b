#include "node/cli/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/io/files.h"
#include "base/text.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "node/cli/when.h"
#include "proto/envelope.h"

enum { ARTICLE4_MAX = 6 };

static const struct tb_args_option options[] = {
    {"file", TB_ARGS_VALUE},
    {"world", TB_ARGS_VALUE},
    {"kind", TB_ARGS_VALUE},
    {"regards", TB_ARGS_VALUE},
    {"incident", TB_ARGS_VALUE},
    {"add", TB_ARGS_VALUE},
    {"yes", TB_ARGS_FLAG},
    {"json", TB_ARGS_FLAG},
    {"personal-file", TB_ARGS_VALUE},
    {"request-id", TB_ARGS_VALUE},
    {"river", TB_ARGS_VALUE},
    {"place", TB_ARGS_VALUE},
    {"section", TB_ARGS_VALUE},
    {"bank", TB_ARGS_VALUE},
    {"occurred", TB_ARGS_VALUE},
    {"about", TB_ARGS_FLAG},
    {"known", TB_ARGS_VALUE},
    {"grade", TB_ARGS_VALUE},
    {"grade-reason", TB_ARGS_VALUE},
    {"sensitive", TB_ARGS_FLAG},
    {"article4", TB_ARGS_VALUE},
    {"title", TB_ARGS_VALUE},
    {"source", TB_ARGS_VALUE},
    {"cause", TB_ARGS_VALUE},
    {"course", TB_ARGS_VALUE},
    {"substance", TB_ARGS_VALUE},
    {"amount", TB_ARGS_VALUE},
    {"unit", TB_ARGS_VALUE},
    {"basis", TB_ARGS_VALUE},
    {"cas", TB_ARGS_VALUE},
    {"casualties", TB_ARGS_VALUE},
    {"trend", TB_ARGS_VALUE},
    {"sensitive-points", TB_ARGS_VALUE},
    {"actions", TB_ARGS_VALUE},
    {"planned", TB_ARGS_VALUE},
    {"advice", TB_ARGS_VALUE},
    {"flow", TB_ARGS_VALUE},
    {"next-report", TB_ARGS_VALUE},
    {"signed-by", TB_ARGS_VALUE},
    {"contact", TB_ARGS_VALUE},
    {"contact-phone", TB_ARGS_VALUE},
};

/* The first of these say to whom and how, the others what happened. */
enum { OPTIONS_AROUND = 10 };

/* Options that are one key of the notice each. */
struct entry {
    const char *option;
    const char *key;
    bool time;
};

static const struct entry entries[] = {
    {"kind", "kind", false},
    {"regards", "regards", false},
    {"river", "river", false},
    {"place", "place", false},
    {"section", "section", false},
    {"bank", "bank", false},
    {"occurred", "occurred_at", true},
    {"known", "known_at", true},
    {"grade", "grade", false},
    {"grade-reason", "grade_reason", false},
    {"title", "title", false},
    {"source", "source", false},
    {"cause", "cause", false},
    {"course", "course", false},
    {"casualties", "casualties", false},
    {"sensitive-points", "sensitive_points", false},
    {"trend", "trend", false},
    {"actions", "actions", false},
    {"planned", "planned", false},
    {"advice", "advice", false},
    {"flow", "flow", false},
    {"next-report", "next_report_at", true},
    {"signed-by", "signed_by", false},
    {"contact", "contact", false},
    {"contact-phone", "contact_phone", false},
};

const struct tb_args_option *tb_form_options(size_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

bool tb_form_described(const struct tb_args *args)
{
    for (size_t i = OPTIONS_AROUND; i < sizeof options / sizeof options[0]; i++) {
        if (tb_args_has(args, options[i].name)) {
            return true;
        }
    }
    return false;
}

const char *tb_form_world(const char *text)
{
    static const char *const worlds[][2] = {
        {"actual", "实战"}, {"exercise", "演练"}, {"test", "测试"}};
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        if (strcmp(text, worlds[i][0]) == 0 || strcmp(text, worlds[i][1]) == 0) {
            return worlds[i][0];
        }
    }
    return NULL;
}

static enum tb_status put_text(json_t *object, const char *key, const char *option,
                               const char *value, struct tb_diag *diag)
{
    if (json_object_set_new(object, key, json_string(value)) != 0) {
        tb_diag_set(diag, 0, _("--%s is not UTF-8 text"), option);
        return TB_INPUT;
    }
    return TB_OK;
}

static bool unknown(const char *value)
{
    return strcmp(value, "不明") == 0 || strcmp(value, "unknown") == 0;
}

static enum tb_status put_time(json_t *object, const struct entry *entry, const char *value,
                               struct tb_wall now, struct tb_diag *diag)
{
    struct tb_wall at;
    char text[TB_WALL_TEXT_CHARS];
    /* 不明 is an answer: the time is then left out and shown as missing. */
    if (unknown(value)) {
        return TB_OK;
    }
    if (tb_when_parse(value, now, &at) != TB_OK) {
        tb_diag_set(diag, 0, _("--%s: a time such as now, 03:10 or \"2025-01-17 03:10\""),
                    entry->option);
        return TB_INPUT;
    }
    tb_wall_text(text, at);
    return put_text(object, entry->key, entry->option, text, diag);
}

/* --substance begins one, --amount, --unit, --basis and --cas belong to it. */
static enum tb_status put_substances(json_t *notice, const struct tb_args *args,
                                     struct tb_diag *diag)
{
    static const char *const parts[] = {"amount", "unit", "basis", "cas"};
    json_t *list = json_array();
    json_t *last = NULL;
    enum tb_status status = TB_OK;
    for (size_t i = 0; i < args->count && status == TB_OK; i++) {
        const struct tb_args_item *item = &args->item[i];
        if (item->name == NULL) {
            continue;
        }
        if (strcmp(item->name, "substance") == 0) {
            last = json_object();
            json_array_append_new(list, last);
            status = put_text(last, "name", item->name, item->value, diag);
        }
        for (size_t p = 0; p < sizeof parts / sizeof parts[0] && status == TB_OK; p++) {
            if (strcmp(item->name, parts[p]) != 0) {
                continue;
            }
            if (last == NULL) {
                tb_diag_set(diag, 0, _("--%s belongs behind the --substance that it is about"),
                            parts[p]);
                status = TB_INPUT;
            } else {
                status = put_text(last, parts[p], parts[p], item->value, diag);
            }
        }
    }
    if (status == TB_OK && json_array_size(list) > 0) {
        json_object_set(notice, "substances", list);
    }
    json_decref(list);
    return status;
}

static enum tb_status put_article4(json_t *notice, const char *value, struct tb_diag *diag)
{
    json_t *list = json_array();
    for (const char *at = value; *at != '\0'; at += at[1] == ',' ? 2 : 1) {
        if (*at < '1' || *at > '0' + ARTICLE4_MAX || (at[1] != '\0' && at[1] != ',')) {
            json_decref(list);
            tb_diag_set(diag, 0, "%s", _("--article4: conditions 1 to 6, such as 1,3"));
            return TB_INPUT;
        }
        json_array_append_new(list, json_integer(*at - '0'));
    }
    json_object_set_new(notice, "article4", list);
    return TB_OK;
}

static enum tb_status fill_notice(json_t *notice, const struct tb_args *args, struct tb_wall now,
                                  struct tb_diag *diag)
{
    enum tb_status status = TB_OK;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0] && status == TB_OK; i++) {
        const char *value = tb_args_value(args, entries[i].option);
        if (value != NULL && strcmp(entries[i].option, "river") == 0 && unknown(value)) {
            continue; /* an empty river is told to the union */
        }
        if (value != NULL && entries[i].time) {
            status = put_time(notice, &entries[i], value, now, diag);
        } else if (value != NULL) {
            status = put_text(notice, entries[i].key, entries[i].option, value, diag);
        }
    }
    if (!tb_args_has(args, "kind")) {
        /* What answers an earlier notice continues it. */
        json_object_set_new(notice, "kind",
                            json_string(tb_args_has(args, "regards") ? "follow_up" : "first"));
    }
    if (tb_args_has(args, "sensitive")) {
        json_object_set_new(notice, "sensitive", json_true());
    }
    if (tb_args_has(args, "occurred") && json_object_get(notice, "occurred_at") != NULL) {
        json_object_set_new(notice, "occurred_precision",
                            json_string(tb_args_has(args, "about") ? "about" : "exact"));
    }
    const char *article4 = tb_args_value(args, "article4");
    if (status == TB_OK && article4 != NULL) {
        status = put_article4(notice, article4, diag);
    }
    return status != TB_OK ? status : put_substances(notice, args, diag);
}

/* Names and telephones of people come out of a file, so that no history of commands
 * keeps them. */
static enum tb_status put_personal(json_t *body, const char *path, struct tb_diag *diag)
{
    struct tb_buf text;
    tb_buf_init(&text, TB_PERSONAL_TEXT_BYTES_MAX + 1);
    enum tb_status status = tb_files_read(path, &text, diag);
    if (status == TB_OK) {
        json_t *value = json_stringn((const char *)text.data, text.size);
        if (value == NULL || !tb_text_valid(tb_buf_bytes(&text))) {
            tb_diag_set(diag, 0, _("%s is not UTF-8 text"), path);
            json_decref(value);
            status = TB_INPUT;
        } else {
            json_object_set_new(body, "personal", value);
        }
    }
    tb_buf_fini(&text);
    return status;
}

/* "world", "incident" and "add" of ${args} into ${body}, where they were written. */
static enum tb_status fill_around(json_t *body, const struct tb_args *args, struct tb_diag *diag)
{
    const char *world = tb_args_value(args, "world");
    const char *incident = tb_args_value(args, "incident");
    if (world != NULL && tb_form_world(world) == NULL) {
        tb_diag_set(diag, 0, "%s", _("--world: actual, exercise or test"));
        return TB_INPUT;
    }
    if (world != NULL) {
        json_object_set_new(body, "world", json_string(tb_form_world(world)));
    }
    json_t *add = json_array();
    size_t at = 0;
    for (const char *code; (code = tb_args_each(args, "add", &at)) != NULL;) {
        uint64_t number;
        if (strlen(code) != 6 || !tb_text_u64(code, 999999, &number)) {
            json_decref(add);
            tb_diag_set(diag, 0, _("--add %s: a six-digit code, such as 140727"), code);
            return TB_INPUT;
        }
        json_array_append_new(add, json_string(code));
    }
    if (json_array_size(add) > 0) {
        json_object_set(body, "add", add);
    }
    json_decref(add);
    const char *personal = tb_args_value(args, "personal-file");
    enum tb_status status = personal == NULL ? TB_OK : put_personal(body, personal, diag);
    if (status != TB_OK || incident == NULL) {
        return status;
    }
    return put_text(body, "incident", "incident", incident, diag);
}

enum tb_status tb_form_make(const struct tb_args *args, struct tb_wall now, json_t **out,
                            struct tb_diag *diag)
{
    json_t *body = json_object();
    json_t *notice = json_object();
    json_object_set_new(body, "world", json_string("actual"));
    enum tb_status status = fill_around(body, args, diag);
    status = status != TB_OK ? status : fill_notice(notice, args, now, diag);
    json_object_set_new(body, "notice", notice);
    if (status != TB_OK) {
        json_decref(body);
        body = NULL;
    }
    *out = body;
    return status;
}

/* The keys of ${extra} as text without the braces, followed by a comma. */
static enum tb_status add_keys(struct tb_buf *text, const json_t *extra)
{
    char *keys = json_dumps(extra, JSON_COMPACT);
    struct tb_bytes inner = tb_bytes_of(keys + 1, strlen(keys) - 2);
    enum tb_status status = inner.size == 0 ? TB_OK : tb_buf_add(text, inner);
    if (status == TB_OK && inner.size > 0) {
        status = tb_buf_add(text, tb_bytes_text(","));
    }
    free(keys);
    return status;
}

/* Put ${extra} in front of what the file says, without moving a line. */
static enum tb_status wrap(struct tb_buf *text, struct tb_bytes file, const json_t *extra,
                           bool whole)
{
    size_t brace = 0;
    while (brace < file.size && file.data[brace] != '{') {
        brace++;
    }
    enum tb_status status = tb_buf_add(text, tb_bytes_text("{"));
    status = status != TB_OK ? status : add_keys(text, extra);
    if (status == TB_OK && !whole) {
        status = tb_buf_add(text, tb_bytes_text("\"notice\":"));
        status = status != TB_OK ? status : tb_buf_add(text, file);
        return status != TB_OK ? status : tb_buf_add(text, tb_bytes_text("}"));
    }
    /* Line breaks before the brace count too. */
    for (size_t i = 0; i < brace && status == TB_OK; i++) {
        status = tb_buf_add(text, tb_bytes_of(file.data + i, 1));
    }
    return status != TB_OK
               ? status
               : tb_buf_add(text, tb_bytes_of(file.data + brace + 1, file.size - brace - 1));
}

/* What the options add to the file, and whether the two agree on the world (I7). */
static enum tb_status extras(json_t *extra, const struct tb_args *args, const json_t *json,
                             struct tb_diag *diag)
{
    const char *said = tb_pick_text(json, "world");
    const char *wanted = tb_args_value(args, "world");
    enum tb_status status = fill_around(extra, args, diag);
    if (status != TB_OK) {
        return status;
    }
    if (wanted != NULL && said[0] != '\0') {
        const char *same = tb_form_world(said);
        if (same == NULL || strcmp(same, tb_form_world(wanted)) != 0) {
            tb_diag_set(diag, 0, _("the file says world \"%s\", the command line --world %s"), said,
                        wanted);
            return TB_INPUT;
        }
    }
    if (said[0] != '\0') {
        json_object_del(extra, "world");
    } else if (wanted == NULL) {
        json_object_set_new(extra, "world", json_string("actual"));
    }
    if (json_object_get(json, "add") != NULL && json_object_get(extra, "add") != NULL) {
        tb_diag_set(diag, 0, "%s", _("the file has \"add\" already; write the offices there"));
        return TB_INPUT;
    }
    return TB_OK;
}

/* What is in ${file} without the mark that some editors put in front of UTF-8. */
static struct tb_bytes without_mark(const struct tb_buf *file)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    struct tb_bytes bytes = tb_buf_bytes(file);
    bool marked = bytes.size >= sizeof mark && memcmp(bytes.data, mark, sizeof mark) == 0;
    size_t skip = marked ? sizeof mark : 0;
    return bytes.size == 0 ? tb_bytes_text("") : tb_bytes_of(bytes.data + skip, bytes.size - skip);
}

static enum tb_status parse_file(struct tb_bytes file, json_t **json, struct tb_diag *diag)
{
    json_error_t error;
    *json = json_loadb((const char *)file.data, file.size, JSON_REJECT_DUPLICATES, &error);
    if (*json == NULL) {
        bool other = json_error_code(&error) == json_error_invalid_utf8;
        tb_diag_set(diag, error.line, "%s",
                    other ? _("this is not UTF-8: save the file in UTF-8") : error.text);
        return TB_INPUT;
    }
    if (!json_is_object(*json)) {
        tb_diag_set(diag, 1, "%s", _("a notice is an object: { … }"));
        return TB_INPUT;
    }
    return TB_OK;
}

enum tb_status tb_form_file(const struct tb_args *args, const char *path, struct tb_buf *text,
                            json_t **json, struct tb_diag *diag)
{
    struct tb_buf file;
    *json = NULL;
    tb_buf_init(&file, TB_FORM_FILE_BYTES_MAX);
    enum tb_status status = tb_files_read(path, &file, diag);
    struct tb_bytes content = without_mark(&file);
    if (status == TB_OK) {
        diag->file = path;
        status = parse_file(content, json, diag);
    }
    json_t *extra = json_object();
    if (status == TB_OK) {
        status = extras(extra, args, *json, diag);
    }
    if (status == TB_OK) {
        bool whole = json_object_get(*json, "notice") != NULL;
        status = wrap(text, content, extra, whole);
        if (!whole) {
            json_t *bare = *json;
            *json = json_pack("{s:o}", "notice", bare);
        }
        json_object_update(*json, extra);
    }
    json_decref(extra);
    tb_buf_fini(&file);
    if (status != TB_OK) {
        json_decref(*json);
        *json = NULL;
    }
    return status;
}
