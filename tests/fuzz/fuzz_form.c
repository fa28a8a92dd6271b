#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "node/cli/draft.h"
#include "node/cli/form.h"
#include "node/io/json.h"
#include "tests/fuzz/fuzz.h"

/*
 * What the command line reads. The first byte chooses: 'f' a notice's file, with
 * options on its first line; 'w' the words of `tongbao issue`, one a line; 'd' a
 * province's draft. What is taken is JSON that the node's own reader can parse.
 */
enum { WORDS_MAX = 64 };

struct words {
    size_t count;
    char *word[WORDS_MAX + 1];
    struct tb_args args;
};

static enum tb_status sort_words(struct words *words, struct tb_bytes rest, struct tb_diag *diag)
{
    size_t count;
    const struct tb_args_option *options = tb_form_options(&count);
    words->count = 0;
    words->word[words->count++] = fuzz_text(tb_bytes_text("issue"));
    while (rest.size > 0 && words->count < WORDS_MAX) {
        words->word[words->count++] = fuzz_text(fuzz_line(&rest));
    }
    return tb_args_parse(&words->args, options, count, (int)words->count,
                         (const char *const *)words->word, diag);
}

static void drop_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->word[i]);
    }
}

/* The node parses what was made, and finds a notice in it. */
static void parse(struct tb_bytes text)
{
    struct tb_diag diag = {0};
    json_t *body = tb_json_parse(text, &diag);
    tb_assert(body != NULL);
    tb_assert(json_object_get(body, "notice") != NULL);
    json_decref(body);
}

static void read_words(struct tb_bytes rest)
{
    static struct words words;
    struct tb_diag diag = {0};
    json_t *body = NULL;
    enum tb_status status = sort_words(&words, rest, &diag);
    fuzz_ended(status);
    fuzz_told(status, &diag, 0);
    if (status == TB_OK) {
        (void)tb_form_described(&words.args);
        status = tb_form_make(&words.args, (struct tb_wall){INT64_C(1737054764000)}, &body, &diag);
        fuzz_ended(status);
        tb_assert((status == TB_OK) == (body != NULL));
        fuzz_told(status, &diag, 0);
    }
    if (status == TB_OK) {
        char *text = json_dumps(body, 0);
        tb_assert(text != NULL);
        fuzz_said(tb_bytes_text(text));
        parse(tb_bytes_text(text));
        free(text);
    }
    json_decref(body);
    drop_words(&words);
}

static void read_file(struct tb_bytes rest)
{
    static struct words words;
    struct tb_diag diag = {0};
    struct tb_buf text;
    json_t *json = NULL;
    struct tb_bytes option = fuzz_line(&rest);
    enum tb_status status = sort_words(&words, option, &diag);
    if (status == TB_OK) {
        tb_buf_init(&text, 2 * TB_FORM_FILE_BYTES_MAX);
        status = tb_form_file(&words.args, fuzz_file(rest), &text, &json, &diag);
        fuzz_ended(status);
        tb_assert((status == TB_OK) == (json != NULL));
        fuzz_told(status, &diag, 0);
        if (status == TB_OK) {
            fuzz_said(tb_buf_bytes(&text));
            parse(tb_buf_bytes(&text));
            tb_assert(fuzz_lines(tb_buf_bytes(&text)) == fuzz_lines(rest));
        }
        json_decref(json);
        tb_buf_fini(&text);
    }
    drop_words(&words);
}

static void read_draft(struct tb_bytes rest)
{
    struct tb_diag diag = {0};
    json_t *draft = NULL;
    Tongbao__DirectoryBody *body = NULL;
    enum tb_status status = tb_draft_load(fuzz_file(rest), &draft, &diag);
    fuzz_ended(status);
    tb_assert((status == TB_OK) == (draft != NULL));
    fuzz_told(status, &diag, 0);
    if (status != TB_OK) {
        return;
    }
    status =
        tb_draft_body(draft, (struct tb_wall){INT64_C(1737054764000)}, fuzz_arena(0), &body, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT || status == TB_MEMORY);
    fuzz_told(status, &diag, 0);
    if (status == TB_OK) {
        json_t *again = tb_draft_of_body(14, 1, body);
        json_decref(again);
    }
    json_decref(draft);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TB_FORM_FILE_BYTES_MAX / 2) {
        return 0;
    }
    struct tb_bytes rest = {data + 1, size - 1};
    if (data[0] == 'f') {
        read_file(rest);
    } else if (data[0] == 'w') {
        read_words(rest);
    } else {
        read_draft(rest);
    }
    return 0;
}
