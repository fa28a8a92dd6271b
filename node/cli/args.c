#include "node/cli/args.h"

#include <libintl.h>
#include <string.h>

#include "base/fault.h"
#include "node/cli/tell.h"

enum { NAME_BYTES_MAX = 48, NEAR_MAX = 3 };

size_t tb_args_distance(const char *a, const char *b)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t columns = strlen(b);
    if (strlen(a) > NAME_BYTES_MAX || columns > NAME_BYTES_MAX) {
        return NAME_BYTES_MAX;
    }
    for (size_t j = 0; j <= columns; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
        }
    }
    return row[columns];
}

static const char *nearest(const struct tb_args_option *options, size_t count, const char *name)
{
    const char *best = NULL;
    size_t best_distance = NEAR_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = tb_args_distance(name, options[i].name);
        if (distance < best_distance) {
            best_distance = distance;
            best = options[i].name;
        }
    }
    return best;
}

static enum tb_status unknown(const struct tb_args_option *options, size_t count, const char *name,
                              struct tb_diag *diag)
{
    const char *near = nearest(options, count, name);
    if (near != NULL) {
        tb_diag_set(diag, 0, _("unknown option --%s; did you mean --%s?"), name, near);
    } else {
        tb_diag_set(diag, 0, _("unknown option --%s"), name);
    }
    return TB_INPUT;
}

static const struct tb_args_option *find(const struct tb_args_option *options, size_t count,
                                         const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == name_bytes &&
            strncmp(options[i].name, name, name_bytes) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* Take the option in ${word}, whose value may be ${next}; ${used_next} says that
 * it was. */
static enum tb_status take(struct tb_args_item *item, const struct tb_args_option *options,
                           size_t count, const char *word, const char *next, bool *used_next,
                           struct tb_diag *diag)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t name_bytes = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct tb_args_option *option = find(options, count, name, name_bytes);
    *used_next = false;
    if (option == NULL) {
        char plain[NAME_BYTES_MAX + 1] = "";
        memcpy(plain, name, name_bytes < NAME_BYTES_MAX ? name_bytes : NAME_BYTES_MAX);
        return unknown(options, count, plain, diag);
    }
    item->name = option->name;
    item->value = equals != NULL ? equals + 1 : "";
    if (option->kind == TB_ARGS_FLAG && equals != NULL) {
        tb_diag_set(diag, 0, _("option --%s takes no value"), option->name);
        return TB_INPUT;
    }
    if (option->kind == TB_ARGS_VALUE && equals == NULL) {
        if (next == NULL || (next[0] == '-' && next[1] == '-')) {
            tb_diag_set(diag, 0, _("option --%s needs a value"), option->name);
            return TB_INPUT;
        }
        item->value = next;
        *used_next = true;
    }
    return TB_OK;
}

enum tb_status tb_args_parse(struct tb_args *args, const struct tb_args_option *options,
                             size_t count, int argc, const char *const *argv, struct tb_diag *diag)
{
    tb_assert(count <= TB_ARGS_OPTIONS_MAX);
    args->count = 0;
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        if (args->count == TB_ARGS_ITEMS_MAX) {
            tb_diag_set(diag, 0, _("more than %d words on the command line"), TB_ARGS_ITEMS_MAX);
            return TB_INPUT;
        }
        struct tb_args_item *item = &args->item[args->count++];
        if (options_end || argv[i][0] != '-' || argv[i][1] != '-') {
            *item = (struct tb_args_item){.name = NULL, .value = argv[i]};
            continue;
        }
        bool used_next = false;
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        enum tb_status status = take(item, options, count, argv[i], next, &used_next, diag);
        if (status != TB_OK) {
            return status;
        }
        i += used_next ? 1 : 0;
    }
    return TB_OK;
}

const char *tb_args_value(const struct tb_args *args, const char *name)
{
    const char *value = NULL;
    size_t at = 0;
    for (const char *next; (next = tb_args_each(args, name, &at)) != NULL;) {
        value = next;
    }
    return value;
}

bool tb_args_has(const struct tb_args *args, const char *name)
{
    return tb_args_value(args, name) != NULL;
}

const char *tb_args_each(const struct tb_args *args, const char *name, size_t *at)
{
    while (*at < args->count) {
        const struct tb_args_item *item = &args->item[(*at)++];
        if (item->name != NULL && strcmp(item->name, name) == 0) {
            return item->value;
        }
    }
    return NULL;
}

const char *tb_args_word(const struct tb_args *args, size_t index)
{
    for (size_t i = 0; i < args->count; i++) {
        if (args->item[i].name == NULL && index-- == 0) {
            return args->item[i].value;
        }
    }
    return NULL;
}

size_t tb_args_words(const struct tb_args *args)
{
    size_t words = 0;
    for (size_t i = 0; i < args->count; i++) {
        words += args->item[i].name == NULL ? 1 : 0;
    }
    return words;
}
