#ifndef TB_CONF_H
#define TB_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * conf - one strict configuration file.
 *
 * "[section]", "name = value", comments with ; or #. The caller gives a table
 * of keys and a struct to fill; whatever the table does not know is a mistake,
 * told with file, line and what to write instead. A reload fills a new struct
 * and swaps it: nothing is ever half applied. Paths are relative to the folder
 * of the file. A list is written with commas and may go on in indented lines.
 */
enum {
    TB_CONF_LINE_BYTES_MAX = 197, /* of inih's line, without the line's end */
    TB_CONF_NAME_BYTES_MAX = 48,  /* of a section or key; inih cuts beyond */
    TB_CONF_LINES_MAX = 4096,
    TB_CONF_KEYS_MAX = 64,
    TB_CONF_ITEMS_MAX = 64,
    TB_CONF_ITEM_BYTES_MAX = 192, /* with the NUL */
};

enum tb_conf_kind {
    TB_CONF_TEXT,   /* char[room] */
    TB_CONF_PATH,   /* char[room], made relative to the file's folder */
    TB_CONF_NUMBER, /* uint64_t, number_min…number_max */
    TB_CONF_CHOICE, /* int, the index in `choices` */
    TB_CONF_BOOL,   /* bool: yes or no */
    TB_CONF_LIST,   /* struct tb_conf_list */
};

struct tb_conf_list {
    size_t count;
    char item[TB_CONF_ITEMS_MAX][TB_CONF_ITEM_BYTES_MAX];
};

struct tb_conf_key {
    const char *section;
    const char *name;
    enum tb_conf_kind kind;
    size_t offset;        /* of the field in the caller's struct */
    size_t room;          /* sizeof the field, for TEXT and PATH */
    bool required;        /* no default: missing is a mistake */
    const char *fallback; /* the default as it would be written; NULL leaves the
                             field zeroed */
    uint64_t number_min;
    uint64_t number_max;
    const char *const *choices; /* NULL-terminated */
    const char *example;        /* a right value, for the sentence to a person */
    /* Optional last check of one value (of each item of a list): NULL when it
     * is good, else what is wrong with it, e.g. "is not a six-digit code". */
    const char *(*check)(const char *value);
};

/*
 * Read ${path} by the table ${keys} into ${out}, a struct of ${out_bytes}
 * which is zeroed first. TB_OK, TB_INPUT with ${diag} for a mistake in the
 * file, TB_UNKNOWN when it does not exist, TB_TOOBIG over a limit, TB_IO. On
 * failure ${out} must not be used. ${path} stays borrowed by ${diag}.
 */
enum tb_status tb_conf_read(const char *path, const struct tb_conf_key *keys, size_t count,
                            void *out, size_t out_bytes, struct tb_diag *diag) TB_MUST_USE;

#endif
