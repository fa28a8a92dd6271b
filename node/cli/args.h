#ifndef TB_ARGS_H
#define TB_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * args - the words after a command's name, sorted into options and the rest.
 *
 * An option is "--name", "--name VALUE" or "--name=VALUE"; "--" ends them. The
 * order in which they were written is kept, so that "--amount" can belong to
 * the "--substance" before it. What no table names is a mistake, told with the
 * nearest name that there is.
 */
enum {
    TB_ARGS_ITEMS_MAX = 256,
    TB_ARGS_OPTIONS_MAX = 64,
};

enum tb_args_kind {
    TB_ARGS_FLAG,     /* takes no value */
    TB_ARGS_VALUE,    /* takes one, attached or as the next word */
    TB_ARGS_ATTACHED, /* may take one, only as --name=VALUE */
};

struct tb_args_option {
    const char *name; /* without the dashes */
    enum tb_args_kind kind;
};

struct tb_args_item {
    const char *name;  /* of the option; NULL for a plain word */
    const char *value; /* "" for a flag */
};

struct tb_args {
    size_t count;
    struct tb_args_item item[TB_ARGS_ITEMS_MAX];
};

/*
 * Sort ${argv}[1] to ${argv}[${argc} - 1] by the table ${options} of ${count}
 * entries. The result borrows from both. TB_INPUT with ${diag} for an unknown
 * option, a missing or an unwanted value, or more than TB_ARGS_ITEMS_MAX words.
 */
enum tb_status tb_args_parse(struct tb_args *args, const struct tb_args_option *options,
                             size_t count, int argc, const char *const *argv,
                             struct tb_diag *diag) TB_MUST_USE;

/* The last value of the option ${name}; NULL when it was not written. */
const char *tb_args_value(const struct tb_args *args, const char *name);
bool tb_args_has(const struct tb_args *args, const char *name);
/* The value of the next ${name} from item *${at} on, which moves past it; NULL
 * at the end. Begin with 0. */
const char *tb_args_each(const struct tb_args *args, const char *name, size_t *at);
/* The plain word number ${index}, from 0; NULL when there are fewer. */
const char *tb_args_word(const struct tb_args *args, size_t index);
size_t tb_args_words(const struct tb_args *args);

/* How many letters must be changed, put in or left out to make ${a} of ${b}. */
size_t tb_args_distance(const char *a, const char *b);

#endif
